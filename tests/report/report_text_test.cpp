// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/report/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <regex>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/report/svg_plots.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ReportText, NumbersHaveTheirSigns) {
    EXPECT_EQ(fixedText(29.156), "29.16");
    EXPECT_EQ(fixedText(-0.001), "0.00");
    EXPECT_EQ(fixedText(-1), "−1.00");
    EXPECT_EQ(signedText(0.25), "+0.25");
    EXPECT_EQ(signedText(-0.25), "−0.25");
    EXPECT_EQ(signedText(0.001), "0.00");
    EXPECT_EQ(levelText(0.95), "95 %");
    EXPECT_EQ(levelText(0.999), "99.9 %");
    EXPECT_EQ(marginText(0), "0");
    EXPECT_EQ(marginText(-0.25), "−0.25");
    EXPECT_EQ(plainNumber(0.1), "0.1");
    EXPECT_EQ(plainNumber(std::nan("")), "");
    EXPECT_EQ(durationText(43.4), "43 s");
    EXPECT_EQ(durationText(125), "2 min 5 s");
    EXPECT_EQ(durationText(2 * 3600 + 61), "2 h 1 min");
}

TEST(ReportText, NamesAreSetAsInThePaper) {
    EXPECT_EQ(htmlName("InternVL_IB†++(AT E.)"), "InternVL<sub>IB</sub>†++(AT E.)");
    EXPECT_EQ(htmlName("ψ_VAT"), "ψ<sub>VAT</sub>");
    EXPECT_EQ(htmlName("Seq.&Para. <b>"), "Seq.&amp;Para. &lt;b&gt;");
    EXPECT_EQ(htmlName("_x a_ b__c"), "_x a_ b_<sub>c</sub>");
    EXPECT_EQ(latexName("CLAP_g & 5 %"), "CLAP\\textsubscript{g} \\& 5 \\%");
    EXPECT_EQ(latexText("σ† \\~"), "$\\sigma$\\textsuperscript{\\dag} \\textbackslash{}\\textasciitilde{}");
    EXPECT_EQ(csvField("a,\"b\""), "\"a,\"\"b\"\"\"");
    EXPECT_EQ(markdownText("a|b_c*"), "a\\|b\\_c\\*");
    EXPECT_EQ(factorSymbol("sigma2_a"), "σ2_a");
    EXPECT_EQ(factorSymbol("lambda_v"), "λ_v");
}

// A report made by hand: one table with what is measured, missing and not in the paper, one surface, one claim.
Report sample() {
    Report report;
    report.workspace = "/data/<world>";
    report.synthetic = true;
    report.origin = {{"synthetic_world", {{"preset", "tiny"}, {"seed", 0}}}};
    report.seeds = {0, 1};
    report.seeds_done = 2;
    const PublishedTable& published = publishedPaper().table(5);
    ReportTable table;
    table.published = &published;
    for (const auto& r : published.rows) {
        ReportRow row{r.group, r.row, r.row, "", "space ImageBind", "", {}};
        for (const auto* f : r.figures) {
            ReportCell cell;
            cell.published = f;
            if (r.row == "+Dr(InternVL)") cell.missing = "space InternVL is missing";
            else cell.measured = MeasuredFigure{{*f->value - 1, *f->value - 3}, *f->value - 2, 1.41};
            row.cells.push_back(cell);
        }
        table.rows.push_back(row);
    }
    report.tables.push_back(table);
    ReportSurface surface;
    surface.spec = &reportSpec().surfaces.at(2);
    surface.values = {0, 0.5, 1};
    ReportSurface::Group g;
    g.group = reportSpec().groups.front();
    g.change = {-2, 0, 1, 0, 3, 4, 1, 4, 6};
    g.spread.assign(9, 0.1);
    g.error.assign(9, 0.2);
    g.baseline = 8;
    g.plane = 2.5;
    surface.groups.push_back(g);
    report.surfaces.push_back(surface);
    ClaimResult claim;
    claim.claim = &reportSpec().claims.front();
    claim.verdict = Verdict::Holds;
    claim.measured = 1;
    Comparison c;
    c.what = "A_b − B, COCO R@1";
    c.evidence = {{1, 2}, 0.1};
    c.difference = 1.5;
    c.low = 1;
    c.high = 2;
    c.verdict = Verdict::Holds;
    claim.comparisons = {c};
    c.missing = "space <X> is missing";
    claim.comparisons.push_back(c);
    report.claims.push_back(claim);
    report.sets.push_back({"COCO", "COCO-500", "all of it", 500, 3000, 5000});
    return report;
}

// Every element that is opened is closed, in order.
void expectWellFormed(const std::string& html) {
    static const std::regex kTag("<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*?(/?)>");
    std::vector<std::string> open;
    for (auto it = std::sregex_iterator(html.begin(), html.end(), kTag); it != std::sregex_iterator(); ++it) {
        const std::string name = (*it)[2];
        if ((*it)[3].length() || name == "meta" || name == "br") continue;
        if (!(*it)[1].length()) {
            open.push_back(name);
            continue;
        }
        ASSERT_FALSE(open.empty()) << "closed but not opened: " << name;
        ASSERT_EQ(open.back(), name) << "at " << html.substr(static_cast<std::size_t>(it->position()), 80);
        open.pop_back();
    }
    EXPECT_TRUE(open.empty());
}

TEST(ReportText, HtmlIsOneFileWithItsPicturesAndFetchesNothing) {
    const std::string html = toHtml(sample());
    expectWellFormed(html.substr(html.find("<html")));
    EXPECT_THAT(html, HasSubstr("on a synthetic world (preset tiny, seed 0)"));
    EXPECT_THAT(html, HasSubstr("<svg class=\"surface\""));
    EXPECT_THAT(html, HasSubstr("<svg class=\"map\""));
    EXPECT_THAT(html, HasSubstr("prefers-color-scheme: dark"));
    EXPECT_THAT(html, HasSubstr("InternVL<sub>IB</sub>"));
    EXPECT_THAT(html, HasSubstr("space InternVL is missing"));
    EXPECT_THAT(html, HasSubstr("7.24</b>"));   // measured
    EXPECT_THAT(html, HasSubstr(">9.24<i"));    // published, in its own place
    EXPECT_THAT(html, HasSubstr("−2.00</i>"));  // and their difference
    for (const char* no : {"<script", "http:", "https:", "url(", "@import", "src=", "<world>", "<X>"})
        EXPECT_THAT(html, Not(HasSubstr(no)));
}

// The best of a column is the best of the paper's rows: a space that the paper does not have takes part in no contest.
TEST(ReportText, TheBestAreAmongThePapersRows) {
    Report report = sample();
    auto& rows = report.tables.front().rows;
    for (auto& row : rows) {
        for (auto& cell : row.cells) cell.measured = MeasuredFigure{{10}, 10, std::nullopt};
    }
    rows[0].cells[0].measured->mean = 20;
    rows[1].cells[0].measured->mean = 15;
    ReportRow other{"Other spaces of this workspace", "mine", "mine", "", "space mine", "", {}};
    other.cells.assign(rows[0].cells.size(), ReportCell{});
    other.cells[0].measured = MeasuredFigure{{90}, 90, std::nullopt};
    rows.push_back(other);
    const std::string html = toHtml(report);
    EXPECT_THAT(html, HasSubstr("<b class=\"bold\">20.00</b>"));
    EXPECT_THAT(html, HasSubstr("<b class=\"underline\">15.00</b>"));
    EXPECT_THAT(html, HasSubstr("<b>90.00</b>"));
}

TEST(ReportText, EveryFormHasMeasuredAndPublishedApart) {
    const Report report = sample();
    const std::string markdown = toMarkdown(report), latex = toLatex(report), csv = tablesToCsv(report);
    EXPECT_THAT(markdown, HasSubstr("| ImageBind | **7.24** ± 1.41 (9.24) |"));
    EXPECT_THAT(markdown, HasSubstr("| +Dr(InternVL) | · (11.17) |"));
    EXPECT_THAT(latex, HasSubstr("ImageBind & 7.24\\,\\spread{1.41}\\,\\pub{9.24} &"));
    EXPECT_THAT(latex, HasSubstr("\\pub{11.17}"));
    EXPECT_THAT(csv, HasSubstr("5,,ImageBind,Audio-Text,AudioCaps,R@1,9.24,7.24,1.41,8.24 6.24,space ImageBind,\n"));
    EXPECT_THAT(csv, HasSubstr("11.17,,,,space ImageBind,space InternVL is missing\n"));
    const Json json = toJson(report);
    EXPECT_EQ(json["tables"][0]["rows"][0]["figures"][0]["published"], 9.24);
    EXPECT_NEAR(json["tables"][0]["rows"][0]["figures"][0]["measured"]["mean"].get<double>(), 7.24, 1e-9);
    EXPECT_TRUE(json["tables"][0]["rows"][2]["figures"][0]["measured"].is_null());
    EXPECT_EQ(json["figures_measured"], 12);
    EXPECT_EQ(json["figures_published"], 18);
    EXPECT_EQ(json["verdicts"]["holds"], 1);
    EXPECT_THAT(surfacesToCsv(report),
                HasSubstr("5,ImageBind++,AT,AudioCaps Clotho,sigma_a,sigma_t,0.5,0.5,3,0.1,0.2,8,2.5\n"));
    EXPECT_THAT(claimsToCsv(report), HasSubstr("> 0,1.5,1,2,1 2,0.1,holds,\n"));
    for (const auto& text : {markdown, csv, claimsToCsv(report), json.dump()})
        EXPECT_THAT(text, HasSubstr("synthetic"));
}

TEST(ReportText, AReportReplacesAReportAndNothingElse) {
    const test::TestFolder folder;
    writeReport(folder.path() / "report", sample());
    const std::string first = readFile(folder.path() / "report" / "report.html");
    writeReport(folder.path() / "report", sample());
    EXPECT_EQ(readFile(folder.path() / "report" / "report.html"), first);
    writeFileWhole(folder.path() / "report" / "mine.txt", "keep");
    EXPECT_THROW(writeReport(folder.path() / "report", sample()), Error);
    EXPECT_EQ(readFile(folder.path() / "report" / "mine.txt"), "keep");
}

TEST(ReportText, PicturesOfExtremeSurfacesHaveNoBrokenNumbers) {
    GridPlot plot;
    plot.values = {0, 1};
    plot.first = "σ_a";
    plot.second = "σ_t";
    plot.spread.assign(4, 0);
    for (const auto& change :
         std::vector<std::vector<double>>{{0, 0, 0, 0}, {-50, 50, -50, 50}, {1e-9, 0, 0, 0}, {5, 5, 5, 5}}) {
        plot.change = change;
        for (const std::optional<double> plane :
             {std::optional<double>(), std::optional<double>(0.0), std::optional<double>(-90.0)}) {
            plot.plane = plane;
            for (const auto& svg : {heatMapSvg(plot), surfaceSvg(plot)}) {
                expectWellFormed(svg);
                EXPECT_THAT(svg, Not(HasSubstr("nan")));
                EXPECT_THAT(svg, Not(HasSubstr("inf")));
            }
        }
    }
}

}  // namespace
}  // namespace engine
