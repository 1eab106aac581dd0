// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The claims' readings against the paper's own figures, and their verdicts on made-up measurements with known answers.
#include "engine/report/claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"
#include "engine/report/published.h"
#include "engine/store/synthetic_world.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

// Published value of a row's figure, in whichever table has it.
std::optional<double> publishedValue(const RowSpec& row, const std::string& figure) {
    for (const int number : row.tables) {
        for (const auto& r : publishedPaper().table(number).rows) {
            if (r.row != row.row || (!row.group.empty() && r.group != row.group)) continue;
            for (const auto* f : r.figures) {
                if (f->place.name() == figure && f->value) return f->value;
            }
        }
    }
    return std::nullopt;
}

TEST(Claims, AreTrueOfThePapersOwnFigures) {
    const ReportSpec& spec = reportSpec();
    std::size_t compared = 0;
    for (const auto& claim : spec.claims) {
        for (const auto& test : claim.tests) {
            if (!test.rows) continue;
            double sum = 0;
            std::size_t n = 0;
            for (const auto& figure : test.rows->figures) {
                const auto a = publishedValue(spec.row(test.rows->left), figure);
                const auto b = publishedValue(spec.row(test.rows->right), figure);
                if (!a || !b) continue;  // a setting that no table has
                ++compared;
                ++n;
                sum += *a - *b;
                if (test.rows->mean) continue;
                EXPECT_GT(*a - *b, test.rows->margin) << claim.id << ": " << testText(test);
            }
            if (test.rows->mean && n == test.rows->figures.size()) {
                EXPECT_GT(sum / static_cast<double>(n), test.rows->margin) << claim.id << ": " << testText(test);
            }
        }
    }
    EXPECT_GT(compared, 150u);
}

TEST(Claims, ADamagedDescriptionIsRefusedWithEveryProblem) {
    const auto folder = std::filesystem::path(MOLSPACE_SOURCE_DIR) / "resources/report";
    Json rows = readJsonFile(folder / "rows.json"), surfaces = readJsonFile(folder / "surfaces.json"),
         claims = readJsonFile(folder / "claims.json");
    EXPECT_EQ(readReportSpec(rows, surfaces, claims).claims.size(), claims["claims"].size());
    rows["rows"].erase(0);                                       // a published row without its own
    claims["claims"][0]["tests"][0]["better"] = "ImageBindd";    // an unknown row
    claims["claims"][1]["tests"][0]["on"][0] = "AudioCaps R@2";  // an unknown column
    surfaces["surfaces"][0]["plane"]["group"] = "XY";            // an unknown group
    for (auto& claim : claims["claims"]) {
        if (claim["id"] == "figure5-all-improve") {
            claim["tests"][0]["where"]["lambda_v"] = {0, 1};  // no axis of the figure
            claim["tests"][0]["points"] = "evry";
        }
        if (claim["id"] == "figure5-beyond-clap") claim["tests"][0]["group"] = "AV";  // its plane is another group's
    }
    try {
        readReportSpec(rows, surfaces, claims);
        FAIL() << "not refused";
    } catch (const Error& error) {
        for (const char* what : {"Table 3, InternVL", "ImageBindd", "AudioCaps R@2", "XY", "'lambda_v' is no axis",
                                 "'evry'", "no plane of CLAP_g in Δ_AV"})
            EXPECT_THAT(std::string(error.what()), testing::HasSubstr(what));
    }
}

// Measurements made by hand, in a tiny world whose sets say how many queries there are.
class JudgedClaims : public testing::Test {
protected:
    static void SetUpTestSuite() {
        folder_ = new test::TestFolder;
        makeWorld(folder_->path() / "world", {"tiny", 0}, {});
    }
    static void TearDownTestSuite() {
        delete folder_;
        folder_ = nullptr;
    }

    JudgedClaims()
        : workspace_(folder_->path() / "world"), plan_(planReport(reportSpec(), workspace_, options_, Json::object())) {
        options_.resamples = 200;
    }

    // A row whose R@1 on a set is `rate` percent at each seed, by as many hits of single queries.
    void row(const std::string& id, const std::string& set, const std::vector<double>& rates, bool trained = true) {
        const SetInfo& info = workspace_.set(set);
        measured_.trained[id] = trained;
        auto& rows = measured_.rows[id];
        rows.resize(rates.size());
        for (std::size_t s = 0; s < rates.size(); ++s) {
            auto& of = rows[s].sets[set];
            of.figures["R@1"] = rates[s];
            of.first_items = info.first.rows;
            of.second_items = info.second.rows;
            auto& hits = rows[s].hits[set];
            const auto fill = [&](std::size_t n, auto& to) {
                to.resize(n);
                for (std::size_t i = 0; i < n; ++i)
                    to[i][0] = static_cast<double>(i * 37 % n) < rates[s] / 100 * static_cast<double>(n) ? 1.0f : 0.0f;
            };
            fill(info.first.rows, hits.forward);
            fill(info.second.rows, hits.backward);
        }
    }

    ClaimResult judgeOne(const std::string& id) {
        for (auto& claim : judgeClaims(reportSpec(), plan_, measured_, workspace_, NameMap(), options_, {})) {
            if (claim.claim->id == id) return claim;
        }
        ADD_FAILURE() << id;
        return {};
    }

    static test::TestFolder* folder_;
    ReportOptions options_;
    Workspace workspace_;
    ReportPlan plan_;
    Measurements measured_;
};
test::TestFolder* JudgedClaims::folder_ = nullptr;

TEST_F(JudgedClaims, FollowWhatWasMeasured) {
    for (const char* set : {"COCO", "Flickr30K"}) {
        row("InternVL_IB", set, {80, 81, 79});
        row("ImageBind", set, {40}, false);
    }
    const ClaimResult better = judgeOne("dr-image-text");
    EXPECT_EQ(better.verdict, Verdict::Holds);
    ASSERT_EQ(better.comparisons.size(), 2u);
    EXPECT_NEAR(better.comparisons[0].difference, 40, 1e-9);
    EXPECT_LT(better.comparisons[0].low, 40);
    EXPECT_GT(better.comparisons[0].high, 40);
    EXPECT_GT(better.comparisons[0].evidence.item_error, 0);

    row("ImageBind", "COCO", {95}, false);
    EXPECT_EQ(judgeOne("dr-image-text").verdict, Verdict::Fails);
    row("ImageBind", "COCO", {80}, false);
    EXPECT_EQ(judgeOne("dr-image-text").verdict, Verdict::Undecided);
    // Seeds that disagree decide nothing, whatever their mean.
    row("ImageBind", "COCO", {40}, false);
    row("InternVL_IB", "COCO", {95, 45, 20});
    EXPECT_EQ(judgeOne("dr-image-text").verdict, Verdict::Undecided);
}

TEST_F(JudgedClaims, SayWhatIsMissing) {
    row("InternVL_IB", "COCO", {80, 81, 79});
    const ClaimResult claim = judgeOne("dr-image-text");
    EXPECT_EQ(claim.verdict, Verdict::NotMeasured);
    EXPECT_EQ(claim.measured, 0u);
    EXPECT_THAT(claim.comparisons[0].missing, testing::HasSubstr("ImageBind"));
}

TEST_F(JudgedClaims, SurfacesAreDecidedAtTheirWeakestPoint) {
    MeasuredSurface surface;
    surface.axes = {"sigma_a", "sigma_t"};
    for (int i = 0; i <= 10; ++i) surface.values.push_back(i / 10.0);
    auto& at = surface.groups["AT"];
    at.baseline = 10;
    for (int i = 0; i < 121; ++i) {
        at.change.push_back(i / 11 == 0 || i % 11 == 0 ? -5 : 3);  // on the rim without one share it is worse
        at.error.push_back(0.2);
    }
    measured_.surfaces[5] = {surface, surface, surface};
    ClaimResult claim = judgeOne("figure5-all-improve");
    EXPECT_EQ(claim.verdict, Verdict::Holds);  // the rim is not asked for
    EXPECT_EQ(claim.comparisons[0].points, 100u);
    EXPECT_EQ(claim.comparisons[0].points_held, 100u);
    for (auto& s : measured_.surfaces[5]) s.groups["AT"].change[5 * 11 + 5] = -3;
    claim = judgeOne("figure5-all-improve");
    EXPECT_EQ(claim.verdict, Verdict::Fails);
    EXPECT_EQ(claim.comparisons[0].points_held, 99u);
    EXPECT_NEAR(claim.comparisons[0].difference, -3, 1e-9);
    EXPECT_THAT(claim.comparisons[0].what, testing::HasSubstr("sigma_a = 0.5, sigma_t = 0.5"));
    for (auto& s : measured_.surfaces[5]) s.groups["AT"].change[5 * 11 + 5] = 0.1;
    EXPECT_EQ(judgeOne("figure5-all-improve").verdict, Verdict::Undecided);
    // Without a plane, what is said of it is not measured.
    EXPECT_EQ(judgeOne("figure5-beyond-clap").verdict, Verdict::NotMeasured);
    for (auto& s : measured_.surfaces[5]) {
        s.groups["AT"].plane = 1;
        s.groups["AT"].plane_error.assign(121, 0.2);
    }
    EXPECT_EQ(judgeOne("figure5-beyond-clap").verdict, Verdict::Holds);
}

// Each point counts where either reading of it holds; more than half of them must, and the one in the middle is shown.
TEST_F(JudgedClaims, MostPointsAreEnoughWhereMostAreSaid) {
    MeasuredSurface surface;
    surface.axes = {"sigma_a", "sigma_t"};
    for (int i = 0; i <= 10; ++i) surface.values.push_back(i / 10.0);
    for (const char* name : {"AT", "AV", "TV"}) {
        auto& g = surface.groups[name];
        g.change.assign(121, std::string(name) == "AT" ? 6 : -6);  // the mean is -2
        g.error.assign(121, 0.2);
    }
    auto& at = surface.groups["AT"];
    at.plane = 3;
    at.plane_error.assign(121, 0.2);
    measured_.surfaces[5] = {surface, surface};
    ClaimResult claim = judgeOne("figure5-most-settings");
    EXPECT_EQ(claim.verdict, Verdict::Holds);  // beyond CLAP_g, though not stronger overall
    EXPECT_EQ(claim.comparisons[0].points, 100u);
    EXPECT_NEAR(claim.comparisons[0].difference, 3, 1e-9);
    const auto each = [&](std::size_t points, auto change) {
        for (auto& s : measured_.surfaces[5]) {
            for (std::size_t i = 0; i < points; ++i) change(s.groups, (1 + i / 10) * 11 + 1 + i % 10);
        }
    };
    each(50, [](auto& groups, std::size_t i) { groups["AT"].change[i] = 1; });  // behind CLAP_g
    claim = judgeOne("figure5-most-settings");
    EXPECT_EQ(claim.verdict, Verdict::Fails);  // half of them are not most
    EXPECT_EQ(claim.comparisons[0].points_held, 50u);
    each(1, [](auto& groups, std::size_t i) { groups["AV"].change[i] = 9; });  // stronger overall
    claim = judgeOne("figure5-most-settings");
    EXPECT_EQ(claim.verdict, Verdict::Holds);
    EXPECT_EQ(claim.comparisons[0].points_held, 51u);
    each(2, [](auto& groups, std::size_t i) { groups["AV"].error[i] = groups["AT"].plane_error[i] = 50; });
    EXPECT_EQ(judgeOne("figure5-most-settings").verdict, Verdict::Undecided);
}

// What is shown is a point that has the verdict, not one that is weaker and less sure.
TEST_F(JudgedClaims, ASurfaceShowsThePointThatDecides) {
    MeasuredSurface surface;
    surface.axes = {"sigma_a", "sigma_t"};
    for (int i = 0; i <= 10; ++i) surface.values.push_back(i / 10.0);
    auto& at = surface.groups["AT"];
    at.change.assign(121, 3);
    at.error.assign(121, 0.2);
    at.change[3 * 11 + 3] = -4;  // the weakest, and unsure
    at.error[3 * 11 + 3] = 50;
    at.change[6 * 11 + 7] = -2;  // surely worse
    measured_.surfaces[5] = {surface};
    const ClaimResult claim = judgeOne("figure5-all-improve");
    EXPECT_EQ(claim.verdict, Verdict::Fails);
    EXPECT_NEAR(claim.comparisons[0].difference, -2, 1e-9);
    EXPECT_THAT(claim.comparisons[0].what, testing::HasSubstr("sigma_a = 0.6, sigma_t = 0.7"));
    EXPECT_LT(claim.comparisons[0].high, 0);
    EXPECT_EQ(claim.comparisons[0].points_held, 98u);
}

TEST_F(JudgedClaims, AFigureThatIsAskedForIsNotMeasuredYet) {
    EXPECT_THAT(judgeOne("figure5-all-improve").comparisons[0].missing, testing::HasSubstr("is not measured yet"));
    options_.figures = {"6"};
    plan_ = planReport(reportSpec(), workspace_, options_, Json::object());
    EXPECT_THAT(judgeOne("figure5-all-improve").comparisons[0].missing, testing::HasSubstr("was not asked for"));
}

// AudioSet's mAP is no mean over queries; its intervals have the items all the same.
TEST_F(JudgedClaims, AveragePrecisionsHaveAnErrorOverItems) {
    const auto put = [&](const std::string& id, double value, std::vector<float> influence, bool trained) {
        measured_.trained[id] = trained;
        auto& rows = measured_.rows[id];
        rows.resize(1);
        rows[0].sets["AudioSet"].figures["mAP"] = value;
        rows[0].influence["AudioSet"] = std::move(influence);
    };
    put("InternVL_IB†++(Ver.)", 20, {0.02f, -0.01f, -0.01f}, true);
    put("ImageBind", 18, {-0.02f, 0.03f, -0.01f}, false);
    const auto audioSet = [&] {
        for (const auto& c : judgeOne("nine-datasets").comparisons) {
            if (c.what.ends_with("AudioSet mAP")) return c;
        }
        ADD_FAILURE() << "no comparison on AudioSet";
        return Comparison{};
    };
    EXPECT_NEAR(audioSet().evidence.item_error, 100 * std::sqrt(0.04 * 0.04 + 0.04 * 0.04), 1e-5);
    EXPECT_EQ(audioSet().verdict, Verdict::Undecided);     // 2 points, of which the items alone take 5.7
    put("ImageBind", 18, {0.02f, -0.01f, -0.01f}, false);  // the same items move both
    EXPECT_EQ(audioSet().verdict, Verdict::Holds);
}

}  // namespace
}  // namespace engine
