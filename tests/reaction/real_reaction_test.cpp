// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A reaction on real embeddings: CLAP (audio, text) is combined into CLIP B/32's text space through class names that
// both spaces have. Of 32 classes some are held out, audio and text, from everything that is trained on; their clips
// are then named among the held-out classes in CLIP's space. Beside it: chance, and a ridge map from CLAP to CLIP
// fitted on the same anchor texts. What comes out is printed; the test asks only that no class leaked and that audio
// arrived better than by chance.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <set>

#include "engine/base/rng.h"
#include "engine/eval/workspace_evaluation.h"
#include "engine/factors/landscape_evaluator.h"
#include "engine/reaction/route_trainer.h"
#include "engine/store/csv.h"
#include "engine/store/npy.h"
#include "tests/factors/landscape_support.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kSplits = 10, kHeldOut = 8;

Matrix readRows(const fs::path& path) {
    const NpyArray array(path);
    std::uint64_t rows = 0, width = 0;
    array.checkMatrix(-1, rows, width);
    Matrix out(rows, width);
    array.readRows(-1, 0, rows, out.data());
    normalizeRows(out);
    return out;
}

// Everything of the folder that the experiment uses, class by class.
struct RealData {
    std::vector<std::string> classes;     // the 32
    Matrix clap_text, clip_text;          // a row for each class
    Matrix clap_audio;                    // every clip of those classes
    std::vector<std::size_t> clip_class;  // of each clip, index into classes
    std::vector<std::string> clip_name;

    explicit RealData(const fs::path& folder) {
        const CsvTable anchors(folder / "esc50-to-class-names.csv");
        const CsvTable clips(folder / "esc50-clap/metadata.csv");
        const Matrix audio = readRows(folder / "esc50-clap/audio_embeddings.npy");
        const Matrix text = readRows(folder / "esc50-clap/text_embeddings.npy");
        classes = anchors.column("esc50_class");
        const auto vocabulary = anchors.column("vocabulary"), row = anchors.column("row");
        const std::map<std::string, std::string> files = {{"coco", "coco_clip_a+cname"},
                                                          {"lvis_v1", "lvis_v1_clip_a+cname"},
                                                          {"o365", "o365_clip_a+cnamefix"},
                                                          {"oid", "oid_clip_a+cname"}};
        std::map<std::string, Matrix> names;
        const auto clip_classes = clips.column("class_name"), file_names = clips.column("audio_filename");
        clap_text = Matrix(classes.size(), text.cols());
        for (std::size_t c = 0; c < classes.size(); ++c) {
            if (!names.count(vocabulary[c]))
                names.emplace(vocabulary[c],
                              readRows(folder / "class-names-clip" / (files.at(vocabulary[c]) + ".npy")));
            const Matrix& table = names.at(vocabulary[c]);
            if (c == 0) clip_text = Matrix(classes.size(), table.cols());
            std::copy_n(table.row(std::stoul(row[c])), table.cols(), clip_text.row(c));
            for (std::size_t i = 0; i < clip_classes.size(); ++i) {
                if (clip_classes[i] != classes[c]) continue;
                std::copy_n(text.row(i), text.cols(), clap_text.row(c));  // the same for every clip of the class
                clip_class.push_back(c);
                clip_name.push_back(file_names[i]);
                rows_.push_back(i);
            }
        }
        clap_audio = Matrix(rows_.size(), audio.cols());
        for (std::size_t i = 0; i < rows_.size(); ++i)
            std::copy_n(audio.row(rows_[i]), audio.cols(), clap_audio.row(i));
    }

private:
    std::vector<std::size_t> rows_;
};

RowReader pick(const Matrix& from, std::vector<std::size_t> rows, const std::string& origin) {
    RowReader reader;
    reader.rows = rows.size();
    reader.width = from.cols();
    reader.origin = origin;
    reader.read = [&from, rows = std::move(rows)](std::size_t first, std::size_t count, float* out) {
        for (std::size_t i = 0; i < count; ++i)
            std::copy_n(from.row(rows[first + i]), from.cols(), out + i * from.cols());
    };
    return reader;
}

// Pools of the kept classes; one set of the held-out classes.
void writeWorkspace(const fs::path& folder, const RealData& data, const std::set<std::size_t>& held_out) {
    std::vector<std::size_t> kept, held(held_out.begin(), held_out.end()), kept_clips, held_clips;
    std::vector<std::string> kept_ids, held_ids, kept_clip_ids, held_clip_ids;
    for (std::size_t c = 0; c < data.classes.size(); ++c) {
        if (!held_out.count(c)) {
            kept.push_back(c);
            kept_ids.push_back(data.classes[c]);
        } else {
            held_ids.push_back(data.classes[c]);
        }
    }
    SetInput set;
    for (std::size_t i = 0; i < data.clip_class.size(); ++i) {
        const std::string id = data.classes[data.clip_class[i]] + "/" + data.clip_name[i];
        if (held_out.count(data.clip_class[i])) {
            const auto label = std::distance(held.begin(), std::find(held.begin(), held.end(), data.clip_class[i]));
            set.pairs.push_back({static_cast<std::uint32_t>(held_clips.size()), static_cast<std::uint32_t>(label)});
            held_clips.push_back(i);
            held_clip_ids.push_back(id);
        } else {
            kept_clips.push_back(i);
            kept_clip_ids.push_back(id);
        }
    }
    WorkspaceWriter writer(folder, {{"test", "CLAP to CLIP"}}, false);
    writer.addPool({"text",
                    {{"text",
                      kept_ids,
                      {},
                      {{"CLIP", pick(data.clip_text, kept, "CLIP")}, {"CLAP", pick(data.clap_text, kept, "CLAP")}}}}},
                   {});
    writer.addPool({"audio", {{"audio", kept_clip_ids, {}, {{"CLAP", pick(data.clap_audio, kept_clips, "CLAP")}}}}},
                   {});
    set.name = "held-out";
    set.kind = SetKind::Classification;
    set.first = {"audio", held_clip_ids, {}, {{"CLAP", pick(data.clap_audio, held_clips, "CLAP")}}};
    set.second = {"text",
                  held_ids,
                  {},
                  {{"CLIP", pick(data.clip_text, held, "CLIP")}, {"CLAP", pick(data.clap_text, held, "CLAP")}}};
    set.prompt = "class names";
    writer.addSet(set, {});
    // The same as retrieval: forty clips answer to a name.
    set.name = "clips and names";
    set.kind = SetKind::Retrieval;
    set.prompt.clear();
    writer.addSet(set, {});
    writer.finish();
}

// Share of held-out clips that are nearest to their own class, in percent.
template <class ToClip>
double accuracy(const RealData& data, const std::set<std::size_t>& held_out, ToClip to_clip) {
    std::size_t right = 0, all = 0;
    for (std::size_t i = 0; i < data.clip_class.size(); ++i) {
        if (!held_out.count(data.clip_class[i])) continue;
        const std::vector<double> z = to_clip(data.clap_audio.row(i));
        double best = -INFINITY;
        std::size_t chosen = 0;
        for (const auto c : held_out) {
            double score = 0;
            for (std::size_t j = 0; j < z.size(); ++j) score += z[j] * static_cast<double>(data.clip_text.row(c)[j]);
            if (score > best) {
                best = score;
                chosen = c;
            }
        }
        right += chosen == data.clip_class[i];
        ++all;
    }
    return 100.0 * static_cast<double>(right) / static_cast<double>(all);
}

// Ridge regression in its dual form: z(x) = k(x)^T (K + r I)^-1 Y over the anchor texts.
double ridgeAccuracy(const RealData& data, const std::set<std::size_t>& held_out, double r) {
    std::vector<std::size_t> kept;
    for (std::size_t c = 0; c < data.classes.size(); ++c) {
        if (!held_out.count(c)) kept.push_back(c);
    }
    const std::size_t n = kept.size(), width = data.clip_text.cols(), source = data.clap_text.cols();
    const auto dot = [&](const float* a, const float* b) {
        double sum = 0;
        for (std::size_t j = 0; j < source; ++j) sum += static_cast<double>(a[j]) * static_cast<double>(b[j]);
        return sum;
    };
    // Gauss-Jordan on [K + r I | Y].
    std::vector<std::vector<double>> a(n, std::vector<double>(n + width));
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j)
            a[i][j] = dot(data.clap_text.row(kept[i]), data.clap_text.row(kept[j])) + (i == j ? r : 0);
        for (std::size_t j = 0; j < width; ++j) a[i][n + j] = static_cast<double>(data.clip_text.row(kept[i])[j]);
    }
    for (std::size_t p = 0; p < n; ++p) {
        const double pivot = a[p][p];
        for (double& v : a[p]) v /= pivot;
        for (std::size_t i = 0; i < n; ++i) {
            const double factor = a[i][p];
            if (i == p || factor == 0) continue;
            for (std::size_t j = 0; j < n + width; ++j) a[i][j] -= factor * a[p][j];
        }
    }
    return accuracy(data, held_out, [&](const float* x) {
        std::vector<double> z(width);
        for (std::size_t i = 0; i < n; ++i) {
            const double k = dot(x, data.clap_text.row(kept[i]));
            for (std::size_t j = 0; j < width; ++j) z[j] += k * a[i][n + j];
        }
        return z;
    });
}

struct Spread {
    double mean = 0, deviation = 0;
    explicit Spread(const std::vector<double>& x) {
        for (const double v : x) mean += v / static_cast<double>(x.size());
        for (const double v : x) deviation += (v - mean) * (v - mean) / static_cast<double>(x.size() - 1);
        deviation = std::sqrt(deviation);
    }
};

std::set<std::size_t> heldOutClasses(const RealData& data, std::size_t split) {
    Rng rng(split, "held-out classes");
    const auto order = randomOrder(data.classes.size(), rng);
    return {order.begin(), order.begin() + kHeldOut};
}

TEST(RealReaction, ClapAudioArrivesInClipThroughClassNames) {
    REQUIRE_REAL_DATA(folder);
    const RealData data(folder);
    ASSERT_EQ(data.classes.size(), 32u);
    ASSERT_EQ(data.clip_class.size(), 32u * 40u);
    std::vector<double> reaction, ridge;
    for (std::size_t split = 0; split < kSplits; ++split) {
        const std::set<std::size_t> held_out = heldOutClasses(data, split);
        const test::TestFolder scratch;
        writeWorkspace(scratch / "w", data, held_out);

        // No item of a held-out class is in any pool.
        const Workspace workspace(scratch / "w");
        std::set<std::string> held_names;
        for (const auto c : held_out) held_names.insert(data.classes[c]);
        for (const auto& pool : workspace.pools()) {
            for (const auto& table : pool.tables) {
                for (const auto& id : workspace.poolIds(pool.name, table.modality, 0, table.rows)) {
                    ASSERT_FALSE(held_names.count(id.substr(0, id.find('/'))))
                        << id << " leaked into pool " << pool.name;
                }
            }
        }

        TrainRequest request;
        request.workspace = scratch / "w";
        request.product = scratch / "p";
        request.recipe =
            recipeFromJson(parseJson(R"({"name": "CLIP+CLAP", "base": "CLIP", "route": [{"reaction": "combination",
            "experts": ["CLAP"], "factors": {"text": 0}, "options": {"hidden_width": 512, "batch_size": 64, "epochs": 10}}]})",
                                     "test"),
                           "test");
        request.run.device = "cpu";
        request.run.seed = split;
        trainRoute(request, {});
        const LoadedProduct product = loadProduct(scratch / "p");
        const auto table =
            evaluateProduct(*product.model, {loadSetComponents(workspace, product, "held-out", {})}, {}, {}, {});
        reaction.push_back(table.at("held-out").value("top-1"));
        ridge.push_back(ridgeAccuracy(data, held_out, 0.1));
        std::printf("split %zu: reaction %.2f %%, ridge %.2f %%\n", split, reaction.back(), ridge.back());
    }
    const Spread ours(reaction), theirs(ridge);
    const double chance = 100.0 / kHeldOut;
    std::printf(
        "real embeddings, ESC-50 audio of %zu held-out classes named in CLIP B/32's space, top-1 over %zu splits (mean "
        "± standard "
        "deviation):\n  reaction CLAP -> CLIP  %.2f ± %.2f %%\n  ridge on the anchors   %.2f ± %.2f %%\n  chance       "
        "          %.2f %%\n",
        kHeldOut, kSplits, ours.mean, ours.deviation, theirs.mean, theirs.deviation, chance);
    EXPECT_GT(ours.mean, chance + 5);
}

// CLAP joins CLIP twice, so that audio and text both have a share to set: ranks and hits of every query at every node
// of a grid are those of brute force in float64.
TEST(RealReaction, LandscapesOfTheProductAreExactOverAGrid) {
    REQUIRE_REAL_DATA(folder);
    const RealData data(folder);
    const test::TestFolder scratch;
    writeWorkspace(scratch / "w", data, heldOutClasses(data, 0));
    TrainRequest request;
    request.workspace = scratch / "w";
    request.product = scratch / "p";
    request.recipe = recipeFromJson(parseJson(R"({"name": "CLIP+CLAP+CLAP", "base": "CLIP", "route": [
            {"reaction": "combination", "experts": ["CLAP"], "factors": {"text": 0.3},
             "options": {"hidden_width": 256, "batch_size": 64, "epochs": 4, "projectors": ["T"]}},
            {"reaction": "combination", "experts": ["CLAP"], "factors": {"audio": 0.5, "text": 0.5},
             "options": {"hidden_width": 256, "batch_size": 64, "epochs": 4, "projectors": ["A"]}}]})",
                                              "test"),
                                    "test");
    request.run.device = "cpu";
    trainRoute(request, {});
    const LoadedProduct product = loadProduct(scratch / "p");
    const Workspace workspace(scratch / "w");
    LandscapeEvaluator evaluator(product.model, {loadSetComponents(workspace, product, "clips and names", {})}, {});
    evaluator.prepare({}, {});
    const auto landscape = evaluator.landscape(0);
    ASSERT_TRUE(landscape);
    const auto& factors = landscape->grid().factors;
    const auto dim = [&](const std::string& name) {
        return static_cast<std::size_t>(std::find(factors.begin(), factors.end(), name) - factors.begin());
    };
    const std::size_t audio = dim("sigma2_a"), text = dim("sigma2_t");
    ASSERT_LT(std::max(audio, text), factors.size()) << ::testing::PrintToString(factors);
    std::vector<double> point(factors.size(), 0.3);
    for (int i = 0; i <= 20; ++i) {
        for (int j = 0; j <= 20; ++j) {
            point[audio] = i / 20.0;
            point[text] = j / 20.0;
            expectEqualsReference(*landscape, point);
            ASSERT_FALSE(HasFailure()) << "at " << ::testing::PrintToString(point);
        }
    }
}

}  // namespace
}  // namespace engine
