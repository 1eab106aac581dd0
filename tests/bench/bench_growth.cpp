// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// How landscapes grow with items, factors and the box, and what becomes of a set that does not fit.
//
//   bench_growth PRODUCT [--sets A,B] [--large [FIRST SECOND WIDTH]] [--memory-gib G] [--device D]
//
// Each retrieval set of the product at a quarter, half and all of its items (the first ones), over the whole box; then
// all items over boxes of half and a quarter of the width around the middle. --large: a made-up set of FIRST items and
// SECOND texts (20,000 x 200,000 of width 512), in topics as captions have them, with the layers that the product has
// for audio and text, within G GiB (4): a sample of the queries, and twice it. Landscapes are built on D (auto).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/eval/workspace_evaluation.h"
#include "engine/factors/landscape_evaluator.h"
#include "tests/bench/bench_support.h"

namespace {

using namespace bench;
using namespace engine;

// The first rows of a side: views of the same matrices.
Components firstRows(const Components& side, std::size_t rows) {
    Components out = side;
    out.base.rows = rows;
    for (auto& layer : out.layers) {
        for (auto& part : layer.parts) part.rows.rows = rows;
    }
    return out;
}

SetComponents firstItems(const SetComponents& set, double share) {
    SetComponents out = set;
    const auto rows = [&](const Components& side) {
        return std::max<std::size_t>(10, static_cast<std::size_t>(std::lround(share * double(side.rows()))));
    };
    out.first = firstRows(set.first, rows(set.first));
    out.second = firstRows(set.second, rows(set.second));
    out.set.pairs.clear();
    for (const auto& pair : set.set.pairs) {
        if (pair[0] < out.first.rows() && pair[1] < out.second.rows()) out.set.pairs.push_back(pair);
    }
    return out;
}

Setting randomSetting(const std::vector<FactorRange>& box, Rng& rng) {
    Setting setting;
    for (const auto& range : box) setting.factors[range.factor] = range.low + (range.high - range.low) * rng.uniform();
    return setting;
}

Percentiles timePoints(const LandscapeEvaluator& evaluator, const std::vector<FactorRange>& box, int settings) {
    Rng rng(1, "settings");
    std::vector<double> times;
    for (int i = 0; i < settings; ++i) {
        const Setting setting = randomSetting(box, rng);
        const auto begin = Clock::now();
        evaluator.readyFigures(0, setting);
        times.push_back(1e3 * since(begin));
    }
    return percentiles(times);
}

std::vector<FactorRange> boxOf(const LandscapeEvaluator& evaluator) {
    std::vector<FactorRange> out;
    const auto landscape = evaluator.landscape(0);
    if (!landscape) return out;
    const FactorGrid& grid = landscape->grid();
    for (std::size_t d = 0; d < grid.dims(); ++d) out.push_back({grid.factors[d], grid.low[d], grid.high[d]});
    return out;
}

void row(const std::shared_ptr<const ProductModel>& model, const SetComponents& set, double width,
         const std::string& device) {
    LandscapeEvaluator::Options options;
    options.device = device;
    options.memory_bytes = std::uint64_t{16} << 30;
    for (const auto& factor : model->plan().factors) {
        if (factor.live) options.box[factor.name] = {factor.name, 0.5 - width / 2, 0.5 + width / 2};
    }
    LandscapeEvaluator evaluator(model, {set}, options);
    const auto built = evaluator.prepare({}, JobContext{});
    const auto landscape = evaluator.landscape(0);
    if (!landscape) {
        std::printf("%-11s no landscape: %s\n", set.set.name.c_str(), built.direct.begin()->second.c_str());
        return;
    }
    double survivors = 0, entries = 0;
    for (const bool forward : {true, false}) {
        survivors += double(landscape->survivors(forward).items.size());
        entries += double(landscape->cells(forward).entries.size()) / double(landscape->grid().leaves());
    }
    const Percentiles point = timePoints(evaluator, boxOf(evaluator), 500);
    const double queries = double(set.first.rows() + set.second.rows());
    std::printf("%-11s%7zu x%7zu%8zu%8.2f%9.2f%9.1f%11.1f%14.0f%10.3f%10.3f\n", set.set.name.c_str(), set.first.rows(),
                set.second.rows(), landscape->grid().dims(), width, built.seconds, double(built.bytes) / 1e6,
                survivors / queries, entries, point.p50, point.p95);
    std::fflush(stdout);
}

// --- A set that does not fit
// Rows in topics: direction of a topic, of the item, and noise of each matrix; unit length.
struct MadeUp {
    Matrix base, part;
};

MadeUp madeUp(std::size_t rows, std::size_t width, std::size_t items, const std::string& name) {
    constexpr std::size_t kTopics = 2000;
    MadeUp out{Matrix(rows, width), Matrix(rows, width)};
    const auto fill = [&](Matrix& matrix, float own, const std::string& noise) {
#pragma omp parallel for schedule(static)
        for (std::size_t r = 0; r < rows; ++r) {
            const std::size_t item = r * items / rows;
            Rng topic(item % kTopics, "topic"), one(item, "item"), mine(r, noise + name);
            double length = 0;
            float* at = matrix.row(r);
            for (std::size_t c = 0; c < width; ++c) {
                at[c] = float(topic.normal()) + 0.7f * float(one.normal()) + own * float(mine.normal());
                length += double(at[c]) * at[c];
            }
            for (std::size_t c = 0; c < width; ++c) at[c] = float(at[c] / std::sqrt(length));
        }
    };
    fill(out.base, 2.5f, "base");
    fill(out.part, 1.5f, "expert");
    return out;
}

Components sideOf(const std::shared_ptr<MadeUp>& rows, const Modality& modality, const Recipe& recipe) {
    Components side;
    side.modality = modality;
    side.base = rows->base.view();
    side.layers = {{0, ReactionKind::Combination, {{expertKey(recipe, 0, 0), rows->part.view()}}}};
    side.owner = rows;
    return side;
}

void large(const LoadedProduct& product, std::size_t first, std::size_t second, std::size_t width, double memory_gib,
           const std::string& device) {
    const auto one = std::make_shared<MadeUp>(madeUp(first, width, first, "first"));
    const auto two = std::make_shared<MadeUp>(madeUp(second, width, first, "second"));
    SetComponents set;
    set.set.name = "made up";
    set.set.first = "audio";
    set.set.second = "text";
    for (std::size_t r = 0; r < second; ++r)
        set.set.pairs.push_back({static_cast<std::uint32_t>(r * first / second), static_cast<std::uint32_t>(r)});
    set.first = sideOf(one, "audio", product.model->recipe());
    set.second = sideOf(two, "text", product.model->recipe());
    LandscapeEvaluator::Options options;
    options.memory_bytes = static_cast<std::uint64_t>(memory_gib * 0x1p30);
    options.sample_queries = true;
    options.device = device;
    LandscapeEvaluator evaluator(product.model, {set}, options);
    std::printf("%zu x %zu, width %zu, %.1f GiB for landscapes; rows %.1f GB\n", first, second, width, memory_gib,
                double((first + second) * width * 8) / 1e9);
    const auto tell = [&](double seconds) {
        const auto sample = evaluator.sample(0);
        const auto landscape = evaluator.landscape(0);
        if (!landscape) return;
        const Percentiles point = timePoints(evaluator, boxOf(evaluator), 200);
        std::printf("%.1f s: %s, %.0f MB; a setting p50 %.2f ms, p95 %.2f ms; peak memory %.1f GB\n", seconds,
                    sample ? sample->text().c_str() : "all queries", double(landscape->bytes()) / 1e6, point.p50,
                    point.p95, peakMegabytes() / 1024);
        const auto intervals = evaluator.readyIntervals(0, {});
        const MetricMap figures = evaluator.readyFigures(0, {}).value_or(MetricMap{});
        for (const auto& [metric, value] : figures) {
            const auto found = intervals.find(metric);
            if (found == intervals.end()) std::printf("    %s %.2f\n", metric.c_str(), value);
            else
                std::printf("    %s %.2f [%.2f, %.2f]\n", metric.c_str(), value, found->second.low, found->second.high);
        }
        std::fflush(stdout);
    };
    auto begin = Clock::now();
    const auto built = evaluator.prepare({}, JobContext{});
    for (const auto& [name, estimate] : built.expected)
        std::printf("expected of the whole: %.1f GB, %.0f s\n", double(estimate.bytes()) / 1e9, estimate.seconds());
    for (const auto& [name, why] : built.direct) std::printf("no landscape: %s\n", why.c_str());
    tell(since(begin));
    if (!evaluator.sample(0)) return;  // all of it fits
    begin = Clock::now();
    if (evaluator.enlargeSample(0, {}, options.memory_bytes, JobContext{})) tell(since(begin));
    else std::printf("twice the sample does not fit\n");
}

}  // namespace

int main(int argc, char** argv) {
    std::string product, sets, device = "auto";
    bool big = false;
    std::size_t sizes[3] = {20000, 200000, 512};
    double memory_gib = 4;
    for (int i = 1; i < argc; ++i) {
        const auto is = [&](const char* flag) { return std::strcmp(argv[i], flag) == 0; };
        if (is("--sets")) sets = std::string(",") + argv[++i] + ",";
        else if (is("--memory-gib")) memory_gib = std::stod(argv[++i]);
        else if (is("--device")) device = argv[++i];
        else if (is("--large")) {
            big = true;
            for (int k = 0; k < 3 && i + 1 < argc && std::isdigit(argv[i + 1][0]); ++k)
                sizes[k] = std::stoul(argv[++i]);
        } else product = argv[i];
    }
    try {
        const LoadedProduct loaded = loadProduct(product);
        if (big) {
            large(loaded, sizes[0], sizes[1], sizes[2], memory_gib, device);
            return 0;
        }
        const Workspace workspace(loaded.record.workspace);
        std::printf("%s%s\n%-11s%7s  %7s%8s%8s%9s%9s%11s%14s%10s%10s\n", loaded.record.name.c_str(),
                    workspace.synthetic() ? " (synthetic world)" : "", "set", "first", "second", "factors", "box",
                    "built s", "MB", "survivors", "entries/point", "p50 ms", "p95 ms");
        for (const auto& name : setsOfProduct(workspace, *loaded.model)) {
            if (!sets.empty() && sets.find("," + name + ",") == std::string::npos) continue;
            const SetComponents set = loadSetComponents(workspace, loaded, name, JobContext{});
            if (set.set.kind != SetKind::Retrieval) continue;
            for (const double share : {0.25, 0.5, 1.0}) row(loaded.model, firstItems(set, share), 1, device);
            for (const double width : {0.5, 0.25}) row(loaded.model, set, width, device);
        }
    } catch (const Error& error) {
        std::fprintf(stderr, "%s: %s\n", error.where().c_str(), error.message().c_str());
        return 1;
    }
    return 0;
}
