// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/sweep.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/factors/sweep_output.h"
#include "engine/store/hdf5_file.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

// Figures by a formula instead of vectors: the sweep must not care where they come from.
class FormulaEvaluator : public FactorEvaluator {
public:
    FormulaEvaluator() {
        sets_ = {
            {"AudioCaps", SetKind::Retrieval, "audio", "text"},   {"Clotho", SetKind::Retrieval, "text", "audio"},
            {"VGG-SS", SetKind::Retrieval, "audio", "image"},     {"Depths", SetKind::Retrieval, "audio", "depth"},
            {"ESC-50", SetKind::Classification, "audio", "text"}, {"AudioSet", SetKind::MultiLabel, "audio", "text"}};
        factors_ = {{"sigma_a", "σ_a", 1, "audio", 0.5, true},
                    {"sigma_t", "σ_t", 1, "text", 0.1, true},
                    {"lambda_t", "λ_t", 0, "text", 0.9, false},
                    {"lambda_v", "λ_v", 0, "image", 0, true},
                    {"mu_a", "μ_a", 0, "audio", 0, true}};
    }
    static double figure(double a, double t, std::size_t set) {
        return 40 + 10 * a - 7 * t * t + 3 * a * t + static_cast<double>(set);
    }
    MetricsTable evaluate(const Setting& setting, const JobContext& job) override {
        job.checkStop();
        ++evaluations;
        const auto get = [&](const char* name, double own) {
            const auto found = setting.factors.find(name);
            return found == setting.factors.end() ? own : found->second;
        };
        MetricsTable table;
        table.subject = "formula";
        for (std::size_t s = 0; s < sets_.size(); ++s) {
            const double v =
                figure(get("sigma_a", 0.5), get("sigma_t", 0.1), s) + 4 * get("lambda_v", 0) - get("mu_a", 0);
            SetMetrics m;
            m.protocol.set = sets_[s].name;
            m.protocol.kind = sets_[s].kind;
            if (sets_[s].kind == SetKind::Retrieval) {
                RetrievalMetrics r;
                r.forward.name = "there";
                r.forward.median_rank = 100 - v;
                r.backward.name = "back";
                r.r1 = v;
                r.r5 = v + 20;
                m.retrieval = r;
            } else if (sets_[s].kind == SetKind::Classification) {
                m.classification = ClassificationMetrics{};
                m.classification->top1 = v;
            } else {
                m.multi_label = MultiLabelMetrics{};
                m.multi_label->mean_average_precision = v;
            }
            table.sets.push_back(m);
        }
        return table;
    }
    const std::vector<SetOutline>& sets() const override { return sets_; }
    const std::vector<FactorInfo>& factors() const override { return factors_; }
    std::string subject() const override { return "formula"; }
    bool synthetic() const override { return true; }

    std::size_t evaluations = 0;

private:
    std::vector<SetOutline> sets_;
    std::vector<FactorInfo> factors_;
};

SweepRequest requestOf(FormulaEvaluator& evaluator, std::vector<FactorAxis> axes) {
    SweepRequest request;
    request.axes = std::move(axes);
    request.baseline = evaluator.evaluate({{{"sigma_a", 0}, {"sigma_t", 0}}, {}}, {});
    request.baseline.subject = "the base";
    return request;
}

TEST(ProgressiveOrder, VisitsEveryPointOnceCoarseFirst) {
    for (const auto& steps : std::vector<std::vector<std::size_t>>{
             {21, 21}, {1, 1}, {1, 17}, {2, 9}, {30, 7}, {101, 3}, {17}, {9, 2, 5}, {3, 4, 1, 9}}) {
        const auto levels = progressiveOrder(steps);
        std::size_t total = 1;
        for (const std::size_t n : steps) total *= n;
        std::set<std::size_t> seen;
        std::size_t count = 0;
        for (const auto& level : levels) {
            seen.insert(level.begin(), level.end());
            count += level.size();
        }
        EXPECT_EQ(count, total);
        EXPECT_EQ(seen.size(), total);
        const std::set<std::size_t> first(levels[0].begin(), levels[0].end());
        const std::size_t row = total / steps[0];
        for (const std::size_t corner : {std::size_t{0}, row - 1, total - row, total - 1})
            EXPECT_TRUE(first.contains(corner));
        EXPECT_LE(first.size(), static_cast<std::size_t>(std::pow(5, steps.size())));
    }
}

TEST(ParseAxis, ReadsRangesAndRefusesNonsense) {
    const FactorAxis whole = parseAxis("sigma_a");
    EXPECT_EQ(whole.steps, 21u);
    const FactorAxis axis = parseAxis("lambda_v=0.5:1:0.1");
    EXPECT_EQ(axis.factor, "lambda_v");
    EXPECT_EQ(axis.steps, 6u);
    EXPECT_EQ(axis.value(0), 0.5);
    EXPECT_EQ(axis.value(3), 0.8);
    EXPECT_EQ(axis.value(5), 1.0);
    EXPECT_EQ(parseAxis("s=1:0:-0.25").value(1), 0.75);
    for (const char* bad : {"", "=0:1", "a=", "a=0", "a=0:1:0", "a=0:1:0.3", "a=0:1:-0.1", "a=0:1:0.1:2", "a=x:1",
                            "a=0:nan", "a=0:1:1e-9", "a=0:1:"}) {
        EXPECT_THROW(parseAxis(bad), Error) << bad;
    }
}

TEST(DefaultGroups, AreOneForEachPairOfModalities) {
    FormulaEvaluator evaluator;
    const auto groups = defaultGroups(evaluator.sets());
    ASSERT_EQ(groups.size(), 3u);
    EXPECT_EQ(groups[0].name, "A-depth");
    EXPECT_EQ(groups[1].name, "AT");
    EXPECT_EQ(groups[1].sets, (std::vector<std::string>{"AudioCaps", "Clotho"}));
    EXPECT_EQ(groups[2].name, "AV");
}

TEST(Sweep, FillsSurfacesRowMajor) {
    FormulaEvaluator evaluator;
    auto request = requestOf(evaluator, {{"sigma_a", 0, 1, 5}, {"sigma_t", 0, 0.5, 6}});
    request.groups = {{"AT", {"AudioCaps", "Clotho"}, "R@1", {}},
                      {"mixed", {"AudioSet", "AudioSet"}, "mAP", {1, 3}},
                      {"zero-shot", {"ESC-50"}, "top-1", {}}};
    evaluator.evaluations = 0;
    const auto surface = sweep(evaluator, request, {});
    EXPECT_EQ(evaluator.evaluations, 31u);  // one for the protocols
    EXPECT_TRUE(surface.complete());
    EXPECT_EQ(surface.baseline, "the base");
    for (std::size_t i = 0; i < 5; ++i) {
        for (std::size_t j = 0; j < 6; ++j) {
            const double a = 0.25 * static_cast<double>(i), t = 0.1 * static_cast<double>(j);
            const std::size_t index = i * 6 + j;
            EXPECT_NEAR(surface.at(index)[0], a, 1e-12);
            EXPECT_NEAR(surface.at(index)[1], t, 1e-12);
            for (const auto& group : surface.groups)
                EXPECT_NEAR(group.change[index], 10 * a - 7 * t * t + 3 * a * t, 1e-9);
            EXPECT_NEAR(surface.sets[2].values.at("R@5")[index], FormulaEvaluator::figure(a, t, 2) + 20, 1e-9);
        }
    }
    EXPECT_NEAR(surface.groups[1].baseline, 45, 1e-12);
    EXPECT_EQ(bestPoint(surface.groups[0]), 4u * 6 + 2);  // 10 + 3t - 7t²: best at 3/14
}

TEST(Sweep, TakesOneFactorAndDefaultGroups) {
    FormulaEvaluator evaluator;
    auto request = requestOf(evaluator, {{"sigma_t", 0, 1, 3}});
    request.fixed.factors["sigma_a"] = 1;
    const auto surface = sweep(evaluator, request, {});
    ASSERT_EQ(surface.groups.size(), 3u);
    EXPECT_EQ(surface.columns(), 1u);
    EXPECT_NEAR(surface.groups[1].change[2], 10 - 7 + 3, 1e-9);
}

TEST(Sweep, FillsGridsOfFourFactors) {
    FormulaEvaluator evaluator;
    const auto request =
        requestOf(evaluator, {{"sigma_a", 0, 1, 2}, {"sigma_t", 0, 1, 3}, {"lambda_v", 0, 1, 2}, {"mu_a", 0, 1, 5}});
    const auto surface = sweep(evaluator, request, {});
    ASSERT_EQ(surface.total, 60u);
    EXPECT_TRUE(surface.complete());
    EXPECT_EQ(surface.columns(), 30u);
    const auto& at = surface.groups[1];
    const Json json = toJson(surface);
    std::size_t index = 0;
    for (std::size_t i = 0; i < 2; ++i) {
        for (std::size_t j = 0; j < 3; ++j) {
            for (std::size_t k = 0; k < 2; ++k) {
                for (std::size_t l = 0; l < 5; ++l, ++index) {
                    const double a = static_cast<double>(i), t = 0.5 * static_cast<double>(j),
                                 v = static_cast<double>(k), m = 0.25 * static_cast<double>(l);
                    EXPECT_EQ(surface.at(index), (std::vector<double>{a, t, v, m}));
                    EXPECT_NEAR(at.change[index], 10 * a - 7 * t * t + 3 * a * t + 4 * v - m, 1e-9);
                    EXPECT_EQ(json["groups"][1]["change"][i][j][k][l].get<double>(), at.change[index]);
                }
            }
        }
    }
    EXPECT_NE(toText(surface).find("at sigma_a=1, sigma_t=0, lambda_v=1, mu_a=0\n"), std::string::npos)
        << toText(surface);
    const test::TestFolder folder;
    writeSweep(folder / "grid.h5", surface);
    EXPECT_EQ(Hdf5File::open(folder / "grid.h5").dataset("groups/AT").shape, (std::vector<std::uint64_t>{2, 3, 2, 5}));
    std::istringstream csv(toCsv(surface));
    std::size_t rows = 0;
    for (std::string line; std::getline(csv, line);) rows += line.starts_with("#") ? 0 : 1;
    EXPECT_EQ(rows, 1 + surface.total);
    EXPECT_NE(toCsv(surface).find("\n0,0.5,1,0.75,"), std::string::npos);
}

TEST(Sweep, RefusesGridsThatAreTooLarge) {
    FormulaEvaluator evaluator;
    auto request = requestOf(evaluator, {{"sigma_a", 0, 1, 1001}, {"sigma_t", 0, 1, 1001}});
    evaluator.evaluations = 0;
    try {
        sweep(evaluator, request, {});
        FAIL();
    } catch (const Error& e) {
        EXPECT_NE(e.message().find("at most 1000000 points, found 1002001"), std::string::npos) << e.message();
    }
    request.axes.assign(5, {"sigma_a", 0, 1, 2});
    try {
        sweep(evaluator, request, {});
        FAIL();
    } catch (const Error& e) {
        EXPECT_NE(e.message().find("one to four factors, found 5"), std::string::npos) << e.message();
    }
    EXPECT_EQ(evaluator.evaluations, 0u);
}

TEST(Sweep, OfMedianRanksTheLeastIsTheBest) {
    FormulaEvaluator evaluator;
    auto request = requestOf(evaluator, {{"sigma_a", 0, 1, 5}, {"sigma_t", 0, 0.5, 6}});
    request.groups = {{"M", {"AudioCaps"}, "median rank there", {}}};
    const auto surface = sweep(evaluator, request, {});
    EXPECT_EQ(bestPoint(surface.groups[0]), 4u * 6 + 2);
    EXPECT_LT(surface.groups[0].change[4 * 6 + 2], 0);
}

TEST(Sweep, DeliversCoarseSurfacesAndStops) {
    FormulaEvaluator evaluator;
    const auto request = requestOf(evaluator, {{"sigma_a", 0, 1, 21}, {"sigma_t", 0, 1, 21}});
    std::vector<SweepSurface> seen;
    std::stop_source stop;
    EXPECT_THROW(sweep(evaluator, request, JobContext(stop.get_token()),
                       [&](const SweepSurface& surface) {
                           seen.push_back(surface);
                           stop.request_stop();
                       }),
                 Cancelled);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_FALSE(seen[0].complete());
    EXPECT_FALSE(std::isnan(seen[0].groups[0].change[0]));
    EXPECT_FALSE(std::isnan(seen[0].groups[0].change[440]));
    EXPECT_TRUE(std::isnan(seen[0].groups[0].change[1]));
    EXPECT_NE(toCsv(seen[0]).find("0,0.05,,"), std::string::npos);
    EXPECT_TRUE(toJson(seen[0])["groups"][0]["change"][0][1].is_null());
}

TEST(Sweep, ListsEveryProblemBeforeComputing) {
    FormulaEvaluator evaluator;
    auto request = requestOf(evaluator, {{"sigma_x", 0, 1, 3}, {"sigma_t", 0, 1.5, 3}});
    request.groups = {{"AT", {"AudioCap"}, "R@1", {}}, {"E", {"ESC-50"}, "R@1", {}}, {"W", {"Clotho"}, "R@1", {1, 2}}};
    evaluator.evaluations = 0;
    try {
        sweep(evaluator, request, {});
        FAIL();
    } catch (const Error& e) {
        const std::string what = e.what();
        for (const char* part : {"sigma_x", "found 1.5", "did you mean 'AudioCaps'", "no metric 'R@1'", "one weight"}) {
            EXPECT_NE(what.find(part), std::string::npos) << part << " is not in: " << what;
        }
    }
    EXPECT_EQ(evaluator.evaluations, 0u);
    auto fixed = requestOf(evaluator, {{"lambda_t", 0, 1, 3}});
    EXPECT_THROW(sweep(evaluator, fixed, {}), Error);  // not live
    fixed.axes = {{"sigma_a", 0, 1, 3}};
    fixed.fixed.factors["sigma_a"] = 0.5;
    EXPECT_THROW(sweep(evaluator, fixed, {}), Error);
    fixed.axes = {{"sigma_t", 0, 1, 3}, {"sigma_t", 0, 1, 3}};
    EXPECT_THROW(sweep(evaluator, fixed, {}), Error);
}

TEST(SweepOutput, WritesFilesThatReadBack) {
    FormulaEvaluator evaluator;
    auto request = requestOf(evaluator, {{"sigma_a", 0, 1, 3}, {"sigma_t", 0, 1, 2}});
    request.baseline.synthetic = true;
    const auto surface = sweep(evaluator, request, {});
    const test::TestFolder folder;
    writeSweep(folder / "s.csv", surface);
    writeSweep(folder / "s.json", surface);
    EXPECT_THROW(writeSweep(folder / "s.txt", surface), Error);

    writeSweep(folder / "s.h5", surface);
    {
        const Hdf5File h5 = Hdf5File::open(folder / "s.h5");
        EXPECT_EQ(h5.textAttribute("/", "baseline"), "the base");
        EXPECT_EQ(h5.numberAttribute("/", "synthetic"), 1.0);
        EXPECT_EQ(h5.textAttribute("axes/1", "factor"), "sigma_t");
        EXPECT_EQ(h5.dataset("groups/AT").shape, (std::vector<std::uint64_t>{3, 2}));
        EXPECT_EQ(h5.dataset("groups/AT").type, Hdf5Type::Float64);
        EXPECT_NEAR(*h5.numberAttribute("groups/AT", "baseline"), surface.groups[1].baseline, 1e-12);
        std::vector<float> change(6);
        h5.readRows("groups/AT", 0, 3, change.data());
        for (std::size_t i = 0; i < 6; ++i) EXPECT_FLOAT_EQ(change[i], static_cast<float>(surface.groups[1].change[i]));
        EXPECT_TRUE(h5.exists("sets/AudioSet/mAP"));
    }

    const Json json = Json::parse(readFile(folder / "s.json"));
    EXPECT_EQ(json["synthetic"], true);
    EXPECT_EQ(json["axes"][0]["values"], Json({0.0, 0.5, 1.0}));
    EXPECT_DOUBLE_EQ(json["groups"][1]["change"][1][1].get<double>(), surface.groups[1].change[3]);
    EXPECT_DOUBLE_EQ(json["sets"][5]["metrics"]["mAP"][2][0].get<double>(), surface.sets[5].values.at("mAP")[4]);

    std::istringstream csv(readFile(folder / "s.csv"));
    std::string line, header;
    std::vector<std::string> rows;
    bool synthetic = false;
    while (std::getline(csv, line)) {
        if (line.starts_with("#")) synthetic = synthetic || line.find("synthetic world") != std::string::npos;
        else if (header.empty()) header = line;
        else rows.push_back(line);
    }
    EXPECT_TRUE(synthetic);
    EXPECT_TRUE(header.starts_with("sigma_a,sigma_t,ΔA-depth R@1,ΔAT R@1,ΔAV R@1,AudioCaps R@1,")) << header;
    ASSERT_EQ(rows.size(), 6u);
    const auto fields = std::count(header.begin(), header.end(), ',');
    for (const auto& row : rows) EXPECT_EQ(std::count(row.begin(), row.end(), ','), fields);
    EXPECT_TRUE(rows[3].starts_with("0.5,1,")) << rows[3];
    EXPECT_NE(toText(surface).find("best ΔAT of R@1"), std::string::npos);
    EXPECT_FALSE(json["groups"][1].contains("best_how_sure"));
}

TEST(SweepOutput, SaysHowSureTheBestIsOrWhyNot) {
    FormulaEvaluator evaluator;
    auto surface = sweep(evaluator, requestOf(evaluator, {{"sigma_a", 0, 1, 3}, {"sigma_t", 0, 1, 2}}), {});
    surface.groups[0].sureness = BestSureness{.not_told = "of the weather"};
    surface.groups[1].sureness = BestSureness{.tied = 2, .tuned = 45.5, .held_out = 44.25};
    const Json json = toJson(surface);
    EXPECT_EQ(json["groups"][0]["best_how_sure"].dump(), R"({"not_told":"of the weather"})");
    EXPECT_EQ(json["groups"][1]["best_how_sure"]["points"], 6);
    EXPECT_EQ(json["groups"][1]["best_how_sure"]["tied_with_best"], 2);
    EXPECT_EQ(json["groups"][1]["best_how_sure"]["on_the_other_half"], 44.25);
    for (const char* said : {"how sure: not told, because of the weather\n",
                             "2 of 6 points tie with it; chosen on half of the items, R@1 is 45.50 there and 44.25 on"})
        EXPECT_NE(toText(surface).find(said), std::string::npos) << toText(surface);
}

}  // namespace
}  // namespace engine
