// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/tune.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"

namespace engine {
namespace {

// Three groups by formulas of up to four factors.
class Hills : public FactorEvaluator {
public:
    explicit Hills(std::size_t factors) {
        sets_ = {{"A", SetKind::Retrieval, "audio", "text"},
                 {"B", SetKind::Retrieval, "audio", "image"},
                 {"C", SetKind::Retrieval, "image", "text"}};
        for (std::size_t f = 0; f < factors; ++f)
            factors_.push_back({"f" + std::to_string(f), "f", f, "audio", 0.5, true});
    }
    MetricsTable evaluate(const Setting& setting, const JobContext& job) override {
        job.checkStop();
        ++evaluations;
        double x[4] = {0.5, 0.5, 0.5, 0.5};
        for (const auto& [name, value] : setting.factors) x[name[1] - '0'] = value;
        double far = 0;
        for (std::size_t f = 0; f < factors_.size(); ++f) {
            const double d = x[f] - (0.73 - 0.11 * static_cast<double>(f));
            far += d * d;
        }
        const double figures[] = {40 - 30 * far, 20 - 10 * x[0], 50 + 5 * x[1] - 20 * x[1] * x[1]};
        MetricsTable table;
        table.subject = "hills";
        for (std::size_t s = 0; s < sets_.size(); ++s) {
            SetMetrics m;
            m.protocol.set = sets_[s].name;
            m.protocol.kind = SetKind::Retrieval;
            m.retrieval = RetrievalMetrics{};
            m.retrieval->r1 = figures[s];
            m.retrieval->forward.name = "there";
            m.retrieval->forward.median_rank = 60 - figures[s];
            table.sets.push_back(m);
        }
        return table;
    }
    const std::vector<SetOutline>& sets() const override { return sets_; }
    const std::vector<FactorInfo>& factors() const override { return factors_; }
    std::string subject() const override { return "hills"; }
    bool synthetic() const override { return true; }
    std::size_t evaluations = 0;

private:
    std::vector<SetOutline> sets_;
    std::vector<FactorInfo> factors_;
};

TuneRequest requestOf(Hills& hills) {
    TuneRequest request;
    request.baseline = hills.evaluate({}, {});
    request.maximize = {{"AT", 1}};
    return request;
}

TEST(Tune, FindsTheTopOfOneToFourFactors) {
    for (std::size_t factors = 1; factors <= 4; ++factors) {
        Hills hills(factors);
        TuneRequest request = requestOf(hills);
        const TuneResult result = tune(hills, request, {});
        for (std::size_t f = 0; f < factors; ++f)
            EXPECT_NEAR(result.best.factors[f], 0.73 - 0.11 * static_cast<double>(f), 0.005 + 1e-9) << factors;
        EXPECT_LE(result.evaluated, request.most_points);
        EXPECT_EQ(result.start.factors, std::vector<double>(factors, 0.5));
    }
}

TEST(Tune, KeepsItsConstraints) {
    Hills hills(2);
    TuneRequest request = requestOf(hills);
    request.constraints = {{"AV", 0}};  // 20 - 10 x0 may not fall below its value at 0.5
    const TuneResult result = tune(hills, request, {});
    EXPECT_TRUE(result.feasible());
    EXPECT_DOUBLE_EQ(result.best.factors[0], 0.5);
    EXPECT_NEAR(result.best.factors[1], 0.62, 0.005 + 1e-9);
}

TEST(Tune, ReachesATargetAtLeastCost) {
    Hills hills(1);
    TuneRequest request = requestOf(hills);
    // AV falls with f0, AT rises to 0.73: the least f0 that reaches the target.
    request.maximize = {{"AV", 1}};
    request.constraints = {{"AT", 1.0}};
    const TuneResult result = tune(hills, request, {});
    EXPECT_TRUE(result.feasible());
    const double x = 0.73 - std::sqrt(0.23 * 0.23 - 1.0 / 30);
    EXPECT_NEAR(result.best.factors[0], std::ceil(x * 100) / 100, 1e-9);
}

TEST(Tune, SaysWhereNothingMeetsTheConstraints) {
    Hills hills(1);
    TuneRequest request = requestOf(hills);
    request.constraints = {{"AT", 50}};
    const TuneResult result = tune(hills, request, {});
    EXPECT_FALSE(result.feasible());
    EXPECT_NEAR(result.best.factors[0], 0.73, 1e-9) << "the nearest to the constraint";
    EXPECT_NE(toText(result).find("no setting meets"), std::string::npos);
}

TEST(Tune, TheFrontHoldsEveryTrade) {
    Hills hills(2);
    const TuneResult result = tune(hills, requestOf(hills), {});
    ASSERT_GT(result.front.size(), 3u);
    for (const auto& p : result.front) {
        for (const auto& q : result.front) {
            bool as_good = true, better = false;
            for (std::size_t g = 0; g < p.change.size(); ++g) {
                as_good = as_good && q.change[g] >= p.change[g] - 1e-9;
                better = better || q.change[g] > p.change[g] + 1e-9;
            }
            EXPECT_FALSE(as_good && better);
        }
    }
}

TEST(Tune, IsTheSameEveryTime) {
    Hills hills(3);
    TuneRequest request = requestOf(hills);
    request.maximize = {{"AT", 1}, {"TV", 0.5}};
    EXPECT_EQ(toJson(tune(hills, request, {})).dump(), toJson(tune(hills, request, {})).dump());
}

TEST(Tune, TheBestIsNeverWorseThanAStartBetweenPlacesOfTheLattice) {
    Hills hills(2);
    TuneRequest request = requestOf(hills);
    request.fixed.factors = {{"f0", 0.73}, {"f1", 0.62}};  // the very top
    request.step = 0.1;
    const TuneResult result = tune(hills, request, {});
    EXPECT_EQ(result.start.factors, (std::vector<double>{0.73, 0.62}));
    EXPECT_EQ(result.best.factors, result.start.factors);
    // Another start is where it was put, and the places of the lattice are looked at all the same.
    request.fixed.factors = {{"f0", 0.74}, {"f1", 0.1}};
    const TuneResult other = tune(hills, request, {});
    EXPECT_EQ(other.start.factors, (std::vector<double>{0.74, 0.1}));
    EXPECT_EQ(other.best.factors, (std::vector<double>{0.7, 0.6}));
}

TEST(Tune, LeavesMedianRanksOutUnlessTheyAreAskedFor) {
    Hills hills(1);
    TuneRequest request = requestOf(hills);
    request.groups = {{"AT", {"A"}, "R@1", {}}, {"M", {"A"}, "median rank there", {}}};
    const TuneResult result = tune(hills, request, {});
    ASSERT_EQ(result.groups.size(), 1u);
    EXPECT_EQ(result.groups[0].name, "AT");
    request.constraints = {{"M", 0}};
    hills.evaluations = 0;
    try {
        tune(hills, request, {});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::InvalidInput);
        EXPECT_NE(error.message().find("the better the larger"), std::string::npos) << error.message();
    }
    EXPECT_EQ(hills.evaluations, 0u);
}

TEST(Tune, TakesStepsThatDivideTheRange) {
    Hills hills(1);
    TuneRequest request = requestOf(hills);
    for (const double step : {0.3, 0.03, 0.15}) {
        request.step = step;
        try {
            tune(hills, request, {});
            ADD_FAILURE() << step;
        } catch (const Error& error) {
            EXPECT_NE(error.message().find("divides 1"), std::string::npos) << error.message();
        }
    }
    for (const double step : {0.5, 0.2, 0.001, 1.0 / 3}) {
        request.step = step;
        EXPECT_NO_THROW(tune(hills, request, {})) << step;
    }
}

TEST(Tune, ListsEveryProblemAndStops) {
    Hills hills(2);
    TuneRequest request = requestOf(hills);
    request.factors = {"f0", "f0", "g"};
    request.maximize = {{"AX", 1}};
    request.constraints = {{"TW", 1}};
    request.step = 2;
    try {
        tune(hills, request, {});
        FAIL();
    } catch (const Error& error) {
        for (const char* part : {"twice", "'g'", "'AX'", "'TW'", "step"})
            EXPECT_NE(error.message().find(part), std::string::npos) << part << " in " << error.message();
    }
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(tune(hills, requestOf(hills), JobContext(stop.get_token())), Cancelled);
}

}  // namespace
}  // namespace engine
