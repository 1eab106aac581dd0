// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/pairs/pseudo_pairs.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <cstring>
#include <numeric>

#include "engine/base/error.h"
#include "tests/pairs/pair_support.h"

namespace engine {
namespace {

using test::audioTextExpert;
using test::request;
using Rows = std::vector<std::vector<double>>;

Rows all(const EmbeddingSource& source) {
    Matrix m = readAll(source);
    Rows rows(m.rows());
    for (std::size_t i = 0; i < m.rows(); ++i) rows[i].assign(m.row(i), m.row(i) + m.cols());
    return rows;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// W(Q, K) V, row by row in float64.
Rows look(const Rows& queries, const Rows& keys, const Rows& values, double temperature, bool normalise) {
    Rows out;
    for (const auto& q : queries) {
        std::vector<double> weights(keys.size()), sum(values[0].size(), 0.0);
        for (std::size_t j = 0; j < keys.size(); ++j) weights[j] = dot(q, keys[j]) / temperature;
        const double most = *std::max_element(weights.begin(), weights.end());
        double total = 0;
        for (auto& w : weights) total += w = std::exp(w - most);
        for (std::size_t j = 0; j < keys.size(); ++j) {
            for (std::size_t d = 0; d < sum.size(); ++d) sum[d] += weights[j] / total * values[j][d];
        }
        const double length = normalise ? std::sqrt(dot(sum, sum)) : 1;
        for (auto& v : sum) v /= length;
        out.push_back(sum);
    }
    return out;
}

std::map<PairCell, Matrix> gathered(const PseudoPairs& pairs, const PairRequest& r, const Modality& start) {
    std::vector<std::uint32_t> rows(pairs.rows(start));
    std::iota(rows.begin(), rows.end(), 0u);
    PairBatch batch;
    for (const auto& [m, s] : r.unified) batch.emplace(PairCell{PairSide::Unified, m}, Matrix(rows.size(), s->cols()));
    for (const auto& [m, s] : r.expert) batch.emplace(PairCell{PairSide::Expert, m}, Matrix(rows.size(), s->cols()));
    pairs.gather(start, rows, batch, 0, {});
    return batch;
}

void expectNear(const Matrix& found, const Rows& expected, double tolerance, const std::string& what) {
    ASSERT_EQ(found.rows(), expected.size());
    double worst = 0;
    for (std::size_t i = 0; i < found.rows(); ++i) {
        for (std::size_t j = 0; j < found.cols(); ++j) {
            worst = std::max(worst, std::abs(static_cast<double>(found.row(i)[j]) - expected[i][j]));
        }
    }
    EXPECT_LE(worst, tolerance) << what;
}

// c(x) of rows of a pool, or of rows made of it: in float64.
Rows centred(const Rows& rows, const Rows& pool) {
    Rows out = rows;
    for (std::size_t d = 0; d < pool[0].size(); ++d) {
        double mean = 0;
        for (const auto& row : pool) mean += row[d] / static_cast<double>(pool.size());
        for (auto& row : out) row[d] -= mean;
    }
    for (auto& row : out) {
        const double length = std::sqrt(dot(row, row));
        for (auto& x : row) x /= length;
    }
    return out;
}

// With a modality gap: each modality of a space lies in a cone of its own.
PairRequest gapped(const test::PoolSizes& sizes, const std::filesystem::path& folder, bool streamed = false) {
    PairRequest r = request(sizes, folder);
    for (auto* side : {&r.unified, &r.expert}) {
        for (auto& [modality, source] : *side) {
            Matrix rows = readAll(*source);
            std::vector<float> axis(rows.cols());
            Rng(5, modality + std::to_string(rows.cols())).fillNormal(axis.data(), axis.size(), 0.3f);
            for (std::size_t i = 0; i < rows.size(); ++i) rows.data()[i] += axis[i % rows.cols()];
            normalizeRows(rows);
            if (streamed) source = std::make_shared<test::StreamedSource>(std::move(rows));
            else source = std::make_shared<MatrixSource>(std::move(rows));
        }
    }
    r.options.centred = true;
    return r;
}

bool sameBits(const std::map<PairCell, Matrix>& a, const std::map<PairCell, Matrix>& b) {
    for (const auto& [cell, m] : a) {
        if (std::memcmp(m.data(), b.at(cell).data(), m.size() * sizeof(float)) != 0) return false;
    }
    return a.size() == b.size();
}

class PseudoPairsCase : public testing::TestWithParam<std::tuple<bool, double>> {};

// Equations 11-13 written out.
TEST_P(PseudoPairsCase, AudioTextPoolsEqualTheEquations) {
    const auto [normalise, temperature] = GetParam();
    const test::TestFolder folder;
    PairRequest r = request(audioTextExpert(), folder.path());
    r.options.normalise_pseudo = normalise;
    r.options.retrieval_temperature = temperature;
    const auto pairs = makePseudoPairs(r, {});
    const auto u = [&](const Modality& m) { return all(*r.unified.at(m)); };
    const auto e = [&](const Modality& m) { return all(*r.expert.at(m)); };
    const auto w = [&, t = temperature, n = normalise](const Rows& q, const Rows& k, const Rows& v) {
        return look(q, k, v, t, n);
    };
    const auto check = [&](const Modality& start, PairSide side, const Modality& m, const Rows& expected) {
        expectNear(gathered(*pairs, r, start).at({side, m}), expected, 1e-5, "D_" + start + " " + m);
    };
    check("text", PairSide::Expert, "text", e("text"));
    check("text", PairSide::Unified, "text", u("text"));
    check("text", PairSide::Expert, "audio", w(e("text"), e("audio"), e("audio")));
    check("text", PairSide::Unified, "audio", w(e("text"), e("audio"), u("audio")));
    check("text", PairSide::Unified, "image", w(u("text"), u("image"), u("image")));
    check("audio", PairSide::Expert, "text", w(e("audio"), e("text"), e("text")));
    check("audio", PairSide::Unified, "text", w(e("audio"), e("text"), u("text")));
    check("audio", PairSide::Unified, "image", w(u("audio"), u("image"), u("image")));
    check("image", PairSide::Unified, "text", w(u("image"), u("text"), u("text")));
    check("image", PairSide::Expert, "text", w(u("image"), u("text"), e("text")));
    check("image", PairSide::Unified, "audio", w(u("image"), u("audio"), u("audio")));
    check("image", PairSide::Expert, "audio", w(u("image"), u("audio"), e("audio")));
}

INSTANTIATE_TEST_SUITE_P(Options, PseudoPairsCase, testing::Combine(testing::Bool(), testing::Values(0.01, 0.07)));

// Equation 6: the text of D_A is reached through the image found, in both spaces.
TEST(PseudoPairs, ChainsThroughTheHub) {
    const test::TestFolder folder;
    PairRequest r = request(
        {{{"audio", 90}, {"image", 80}, {"text", 100}}, {"audio", "image", "text"}, {"image", "text"}}, folder.path());
    const auto pairs = makePseudoPairs(r, {});
    const auto found = gathered(*pairs, r, "audio");
    const Rows au = all(*r.unified.at("audio")), vu = all(*r.unified.at("image")), tu = all(*r.unified.at("text"));
    const Rows image = look(au, vu, vu, 0.01, true);
    expectNear(found.at({PairSide::Unified, "image"}), image, 1e-5, "V~u");
    expectNear(found.at({PairSide::Expert, "image"}), look(au, vu, all(*r.expert.at("image")), 0.01, true), 1e-5,
               "V~e");
    expectNear(found.at({PairSide::Unified, "text"}), look(image, tu, tu, 0.01, true), 1e-5, "T~u");
    expectNear(found.at({PairSide::Expert, "text"}), look(image, tu, all(*r.expert.at("text")), 0.01, true), 1e-5,
               "T~e");
}

// With the option `centred`: queries and keys are seen from their means, what is averaged stays as it is.
TEST_P(PseudoPairsCase, CentringChangesTheWeightsAlone) {
    const auto [normalise, temperature] = GetParam();
    const test::TestFolder folder, other;
    PairRequest r = gapped(audioTextExpert(), folder.path()), plain = gapped(audioTextExpert(), other.path());
    plain.options.centred = false;
    for (auto* options : {&r.options, &plain.options}) {
        options->normalise_pseudo = normalise;
        options->retrieval_temperature = temperature;
    }
    const auto pairs = makePseudoPairs(r, {}), plain_pairs = makePseudoPairs(plain, {});
    const auto u = [&](const Modality& m) { return all(*r.unified.at(m)); };
    const auto e = [&](const Modality& m) { return all(*r.expert.at(m)); };
    const auto w = [&, t = temperature, n = normalise](const Rows& q, const Rows& k, const Rows& v) {
        return look(centred(q, q), centred(k, k), v, t, n);
    };
    double moved = 0;
    const auto check = [&](const Modality& start, PairSide side, const Modality& m, const Rows& expected) {
        const auto found = gathered(*pairs, r, start), without = gathered(*plain_pairs, plain, start);
        expectNear(found.at({side, m}), expected, 1e-5, "D_" + start + " " + m);
        for (std::size_t i = 0; i < found.at({side, m}).size(); ++i)
            moved = std::max(moved, std::abs(double(found.at({side, m}).data()[i]) - without.at({side, m}).data()[i]));
    };
    check("text", PairSide::Expert, "text", e("text"));
    check("text", PairSide::Unified, "text", u("text"));
    EXPECT_EQ(moved, 0) << "the start's own rows";
    check("text", PairSide::Expert, "audio", w(e("text"), e("audio"), e("audio")));
    check("text", PairSide::Unified, "audio", w(e("text"), e("audio"), u("audio")));
    check("text", PairSide::Unified, "image", w(u("text"), u("image"), u("image")));
    check("image", PairSide::Expert, "text", w(u("image"), u("text"), e("text")));
    check("image", PairSide::Unified, "audio", w(u("image"), u("audio"), u("audio")));
    EXPECT_GT(moved, 0.01);
}

// Equation 6: the image found asks as any image does, seen from the mean of the pool's images.
TEST(PseudoPairs, AChainedQueryIsCentredByTheMeanOfItsModality) {
    const test::TestFolder folder;
    PairRequest r = gapped(
        {{{"audio", 90}, {"image", 80}, {"text", 100}}, {"audio", "image", "text"}, {"image", "text"}}, folder.path());
    const auto pairs = makePseudoPairs(r, {});
    const auto found = gathered(*pairs, r, "audio");
    const Rows au = all(*r.unified.at("audio")), vu = all(*r.unified.at("image")), tu = all(*r.unified.at("text"));
    const Rows image = look(centred(au, au), centred(vu, vu), vu, 0.01, true);
    expectNear(found.at({PairSide::Unified, "image"}), image, 1e-5, "V~u");
    expectNear(found.at({PairSide::Expert, "text"}),
               look(centred(image, vu), centred(tu, tu), all(*r.expert.at("text")), 0.01, true), 1e-5, "T~e");
}

TEST(PseudoPairs, SameBitsWhateverMemoryThreadsAndSource) {
    const int threads = omp_get_max_threads();
    for (const bool centring : {false, true}) {
        SCOPED_TRACE(centring ? "centred" : "as they are");
        const test::TestFolder a, b;
        PairRequest first = gapped(audioTextExpert(), a.path()), second = gapped(audioTextExpert(), b.path(), true);
        first.options.centred = second.options.centred = centring;
        const auto expected = gathered(*makePseudoPairs(first, {}), first, "image");
        omp_set_num_threads(1);
        second.memory_bytes = 8u << 20;
        const auto found = gathered(*makePseudoPairs(second, {}), second, "image");
        omp_set_num_threads(threads);
        EXPECT_TRUE(sameBits(expected, found));
    }
}

TEST(PseudoPairs, NothingStoredGivesTheSameRows) {
    for (const bool centring : {false, true}) {
        SCOPED_TRACE(centring ? "centred" : "as they are");
        const test::TestFolder a, b;
        PairRequest stored = gapped(audioTextExpert(), a.path()), none = gapped(audioTextExpert(), b.path());
        stored.options.centred = none.options.centred = centring;
        none.options.pair_storage = "none";
        const auto x = gathered(*makePseudoPairs(stored, {}), stored, "text"),
                   y = gathered(*makePseudoPairs(none, {}), none, "text");
        for (const auto& [cell, m] : x) {
            for (std::size_t i = 0; i < m.size(); ++i) ASSERT_NEAR(m.data()[i], y.at(cell).data()[i], 1e-6);
        }
        EXPECT_TRUE(std::filesystem::is_empty(b.path()));
        EXPECT_EQ(estimatePairBytes(none), 0u);
    }
}

// What is there already asks for no means.
TEST(PseudoPairs, StoredRowsAreNotMadeAgainForTheirMeans) {
    const test::TestFolder folder;
    const PairRequest r = gapped(audioTextExpert(), folder.path());
    makePseudoPairs(r, {});
    std::vector<std::string> stages;
    makePseudoPairs(r, JobContext({}, [&](const Progress& p) { stages.push_back(p.stage); }));
    EXPECT_TRUE(stages.empty());
}

TEST(PseudoPairs, Float16KeepsThreeDigits) {
    const test::TestFolder a, b;
    const PairRequest full = request(audioTextExpert(), a.path());
    PairRequest half = request(audioTextExpert(), b.path());
    half.options.pair_storage = "float16";
    const auto x = gathered(*makePseudoPairs(full, {}), full, "text"),
               y = gathered(*makePseudoPairs(half, {}), half, "text");
    double worst = 0;
    for (const auto& [cell, m] : x) {
        for (std::size_t i = 0; i < m.size(); ++i)
            worst = std::max(worst, std::abs(static_cast<double>(m.data()[i] - y.at(cell).data()[i])));
    }
    EXPECT_GT(worst, 0);
    EXPECT_LT(worst, 1.0 / 2048);
    EXPECT_LT(estimatePairBytes(half), estimatePairBytes(request(audioTextExpert(), a / "other")));
}

// A stop in the second pool: the first is not made again, and the end is the same as without a stop.
TEST(PseudoPairs, GoesOnAfterAStop) {
    const test::TestFolder a, b;
    const PairRequest whole = request(audioTextExpert(), a.path());
    const auto expected = makePseudoPairs(whole, {});
    const PairRequest stopped = request(audioTextExpert(), b.path());
    std::stop_source stop;
    std::string first_stage;
    const JobContext job(stop.get_token(), [&](const Progress& p) {
        if (first_stage.empty()) first_stage = p.stage;
        if (p.stage != first_stage) stop.request_stop();
    });
    EXPECT_THROW(makePseudoPairs(stopped, job), Cancelled);
    std::vector<std::string> stages;
    const JobContext again({}, [&](const Progress& p) { stages.push_back(p.stage); });
    const auto resumed = makePseudoPairs(stopped, again);
    EXPECT_EQ(std::count(stages.begin(), stages.end(), first_stage), 0);
    for (const auto& start : whole.starts)
        EXPECT_TRUE(sameBits(gathered(*expected, whole, start), gathered(*resumed, stopped, start)));
}

TEST(PseudoPairs, OtherInputsMakeThePoolsAnew) {
    const test::TestFolder folder;
    PairRequest r = request(audioTextExpert(), folder.path());
    makePseudoPairs(r, {});
    r.options.retrieval_temperature = 0.2;
    r.fingerprint = "other inputs";
    const auto found = gathered(*makePseudoPairs(r, {}), r, "text");
    const Rows te = all(*r.expert.at("text")), ae = all(*r.expert.at("audio"));
    expectNear(found.at({PairSide::Expert, "audio"}), look(te, ae, ae, 0.2, true), 1e-5, "A~e");
}

TEST(PseudoPairs, RefusesSourcesThatDoNotFitTogether) {
    const test::TestFolder folder;
    PairRequest r = request(audioTextExpert(), folder.path());
    r.expert["text"] = std::make_shared<MatrixSource>(test::pool("text", "expert", 5, 16));
    EXPECT_THROW(makePseudoPairs(r, {}), Error);
}

}  // namespace
}  // namespace engine
