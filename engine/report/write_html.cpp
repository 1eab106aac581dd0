// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A report as one HTML file: style and pictures inside, nothing is fetched, no script.
#include <algorithm>
#include <cmath>
#include <functional>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/resources.h"
#include "engine/base/text.h"
#include "engine/report/svg_plots.h"
#include "engine/report/text.h"

namespace engine {
namespace {

constexpr const char* kFiles[] = {"report.html", "report.md",    "report.tex", "report.json",
                                  "tables.csv",  "surfaces.csv", "claims.csv"};

std::string badge(Verdict verdict) {
    const std::string name = verdictName(verdict);
    return "<span class=\"badge " + (verdict == Verdict::NotMeasured ? "none" : name) + "\">" + name + "</span>";
}

std::string fact(const std::string& value, const std::string& what, const std::string& more = {}) {
    return "<div class=\"fact\"><b>" + htmlText(value) + "</b><span>" + htmlText(what) + "</span>" + more + "</div>";
}

std::string verdictBar(const Report& report) {
    std::string out = "<div class=\"bar\" role=\"img\" aria-label=\"verdicts\">";
    for (const Verdict v : {Verdict::Holds, Verdict::Fails, Verdict::Undecided, Verdict::NotMeasured}) {
        const std::size_t n = report.count(v);
        if (n == 0) continue;
        const std::string name = verdictName(v);
        out += "<i class=\"" + (v == Verdict::NotMeasured ? "none" : name) + "\" style=\"flex:" + std::to_string(n) +
               "\" title=\"" + std::to_string(n) + " " + name + "\"></i>";
    }
    return out + "</div>";
}

std::string head(const Report& report) {
    std::string out = "<header><div>";
    if (report.synthetic) out += "<span class=\"world\">Measured " + htmlText(worldText(report)) + "</span>";
    out += "<h1>Molecule-Space: the paper’s tables, figures and claims</h1><p class=\"lead\">" +
           htmlText(summaryText(report)) + "</p><div class=\"facts\">";
    out += fact(std::to_string(report.filled()) + " / " + std::to_string(report.published()),
                "published figures have a measured one beside them");
    if (!report.claims.empty()) {
        out += fact(std::to_string(report.count(Verdict::Holds)) + " / " + std::to_string(report.claims.size()),
                    "claims of the text hold here", verdictBar(report));
    }
    out += fact(seedsText(report), "of each training");
    out += fact(report.training_seconds > 0 ? durationText(report.training_seconds) : "none",
                "of training in all, " + std::to_string(report.reactions) + " distinct reactions for each seed");
    return out + "</div></div></header>";
}

std::string navigation(const Report& report) {
    std::string out = "<nav aria-label=\"Contents\"><div><a href=\"#overview\">Overview</a>";
    for (const auto& table : report.tables) {
        const std::string number = std::to_string(table.published->number);
        out += "<a href=\"#table" + number + "\">Table " + number + "</a>";
    }
    for (const auto& s : report.surfaces) {
        const std::string number = std::to_string(s.spec->figure);
        out += "<a href=\"#figure" + number + "\">Figure " + number + "</a>";
    }
    return out + "<a href=\"#claims\">Claims</a><a href=\"#protocol\">Protocol</a></div></nav>";
}

std::string overview(const Report& report) {
    std::string out =
        "<section id=\"overview\" class=\"card\"><div class=\"two\"><figure>" + scatterSvg(report) +
        "</figure><div><h2>Measured against published</h2><p>Each point is one figure of the tables: rings are "
        "single spaces, discs are products. On the dashed line both are the same.</p>";
    if (report.synthetic) {
        out +=
            "<p>In a synthetic world single spaces are <em>fitted</em> to the published figures; products, routes, "
            "ablations and surfaces are trained and measured, and may differ.</p>";
    }
    out +=
        "<p class=\"legend\">In the tables: <b>measured here</b>, the mean over seeds <span class=\"sd\">± standard "
        "deviation</span>; below it, small, the figure <em>as published</em> and measured − published with its sign. "
        "A middle dot: not measured, with the reason under the table. A dash: the paper has none.</p>";
    for (const auto& warning : report.warnings) out += "<p class=\"note\">" + htmlText(warning) + "</p>";
    return out + "</div></div></section>";
}

// Best and second of a column, among rows of the paper.
std::pair<double, double> bestTwo(const ReportTable& table, std::size_t column) {
    std::vector<double> values;
    for (const auto& row : table.rows) {
        const ReportCell& cell = row.cells[column];
        if (cell.measured && cell.published) values.push_back(cell.measured->mean);
    }
    std::sort(values.begin(), values.end(), std::greater<>());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return {values.size() > 2 ? values[0] : 1e9, values.size() > 2 ? values[1] : 1e9};
}

std::string cellHtml(const ReportCell& cell, std::pair<double, double> best) {
    const bool published = cell.published && cell.published->value;
    if (!cell.measured) {
        if (!published) return "<td class=\"empty\">–</td>";
        return "<td class=\"empty\" title=\"" + htmlText(cell.missing) + "\">·<span class=\"pub\">" +
               cell.published->text + "</span></td>";
    }
    const double mean = cell.measured->mean;
    const bool of_paper = cell.published != nullptr;  // the best two are among these
    std::string out = "<td title=\"by seed:";
    for (const double v : cell.measured->by_seed) out += " " + fixedText(v);
    out += "\"><b" +
           std::string(of_paper && mean >= best.first    ? " class=\"bold\""
                       : of_paper && mean >= best.second ? " class=\"underline\""
                                                         : "") +
           ">" + fixedText(mean) + "</b>";
    if (cell.measured->spread) out += "<span class=\"sd\">±" + fixedText(*cell.measured->spread) + "</span>";
    if (published) {
        const double difference = mean - *cell.published->value;
        out += "<span class=\"pub\">" + cell.published->text + "<i class=\"" + (difference < 0 ? "down" : "up") +
               "\">" + signedText(difference) + "</i></span>";
    }
    return out + "</td>";
}

std::string tableHtml(const ReportTable& table) {
    const PublishedTable& published = *table.published;
    const std::string number = std::to_string(published.number);
    std::string out = "<section id=\"table" + number + "\" class=\"card\"><h2>Table " + number +
                      "</h2><p class=\"legend\">" + htmlName(published.caption) +
                      "</p><div class=\"scroll\"><table><thead><tr class=\"groups\"><td></td>";
    for (std::size_t c = 0; c < published.columns.size();) {
        std::size_t end = c;
        while (end < published.columns.size() && published.columns[end].group == published.columns[c].group) ++end;
        out += "<th scope=\"colgroup\" colspan=\"" + std::to_string(end - c) + "\">" +
               htmlText(published.columns[c].group) + "</th>";
        c = end;
    }
    out += "</tr><tr><td></td>";
    for (const auto& column : published.columns)
        out += "<th scope=\"col\">" + htmlText(column.column) + "<small>" + htmlText(column.metric) + "</small></th>";
    out += "</tr></thead><tbody>";
    std::vector<std::pair<double, double>> best;
    for (std::size_t c = 0; c < published.columns.size(); ++c) best.push_back(bestTwo(table, c));
    std::string group;
    for (const auto& row : table.rows) {
        if (row.group != group) {
            group = row.group;
            out += "<tr class=\"group\"><th scope=\"rowgroup\" colspan=\"" +
                   std::to_string(published.columns.size() + 1) + "\">" + htmlText(group) + "</th></tr>";
        }
        out += "<tr><th scope=\"row\" title=\"" + htmlText(row.subject) + "\">" + htmlName(row.row) + "</th>";
        for (std::size_t c = 0; c < row.cells.size(); ++c) out += cellHtml(row.cells[c], best[c]);
        out += "</tr>";
    }
    out += "</tbody></table></div>";
    for (const auto& text : missingTexts(table)) out += "<p class=\"note\">Not measured: " + htmlName(text) + ".</p>";
    for (const auto& row : table.rows) {
        if (!row.note.empty()) out += "<p class=\"note\">" + htmlName(row.row + ": " + row.note) + "</p>";
    }
    return out + "</section>";
}

std::string surfaceHtml(const ReportSurface& s) {
    const std::string number = std::to_string(s.spec->figure);
    std::string out = "<section id=\"figure" + number + "\" class=\"card\"><h2>Figure " + number +
                      "</h2><p class=\"legend\">" + htmlName(s.spec->title) +
                      ": change of the mean R@1, in points, against " + htmlName(s.spec->baseline) + ".</p>";
    if (!s.spec->note.empty()) out += "<p class=\"note\">" + htmlName(s.spec->note) + "</p>";
    if (!s.missing.empty()) return out + "<p class=\"note\">Not measured: " + htmlName(s.missing) + ".</p></section>";
    out += "<div class=\"panels\">";
    for (const auto& g : s.groups) {
        GridPlot plot;
        plot.values = s.values;
        plot.change = g.change;
        plot.spread = g.spread;
        plot.first = factorSymbol(s.spec->axes[0]);
        plot.second = factorSymbol(s.spec->axes[1]);
        plot.label = "Δ_" + g.group.name + " over " + plot.first + " and " + plot.second;
        plot.plane = g.plane;
        plot.plane_name = s.spec->plane_row;
        for (const double v : g.change) plot.scale = std::max(plot.scale, std::fabs(v));
        const std::string sets = joined(g.group.sets);
        out += "<figure><h3>" + htmlName("Δ_" + g.group.name) + "</h3>" + surfaceSvg(plot) + heatMapSvg(plot) +
               "<figcaption>Mean of " + htmlText(sets) + "; the baseline has " + fixedText(g.baseline) + ".";
        if (g.plane) {
            out += " Grey plane and solid line: " + htmlName(s.spec->plane_row) + " at " + signedText(*g.plane) + ".";
        }
        out += " Dashed: no change.</figcaption></figure>";
    }
    return out + "</div></section>";
}

std::string comparisonHtml(const Comparison& c, double low, double high) {
    std::string out = "<tr><td class=\"what\">" + htmlName(c.what);
    if (c.points) {
        out += "<br><small>" + std::to_string(c.points_held) + " of " + std::to_string(c.points) +
               " points lie on that side; shown is the one that decides</small>";
    }
    out += "</td>";
    if (!c.missing.empty())
        return out + "<td colspan=\"4\" class=\"what\">not measured: " + htmlName(c.missing) + "</td></tr>";
    return out + "<td>" + (c.above ? "&gt; " : "&lt; ") + marginText(c.margin) + "</td><td class=\"n\">" +
           signedText(c.difference) + " <small>[" + signedText(c.low) + ", " + signedText(c.high) +
           "]</small></td><td>" + intervalSvg(c, low, high) + "</td><td>" + badge(c.verdict) + "</td></tr>";
}

std::string claimHtml(const ClaimResult& claim, double level) {
    std::string out = "<details><summary>" + badge(claim.verdict) + "<q>" + htmlName(claim.claim->sentence) +
                      "</q><span class=\"where\">" + htmlText(claim.claim->place) + "</span></summary><div><p>" +
                      htmlName(claim.claim->reading) + "</p>";
    double low = 0, high = 0;
    for (const auto& c : claim.comparisons) {
        if (!c.missing.empty()) continue;
        low = std::min({low, c.low, c.margin});
        high = std::max({high, c.high, c.margin});
    }
    out += "<div class=\"scroll\"><table><thead><tr><th>difference</th><th>expected</th><th>measured, " +
           levelText(level) + " interval</th><th></th><th></th></tr></thead><tbody>";
    for (const auto& c : claim.comparisons) out += comparisonHtml(c, low, high);
    out += "</tbody></table></div><p class=\"note\">Test: ";
    for (std::size_t t = 0; t < claim.claim->tests.size(); ++t)
        out += (t ? "; " : "") + std::string("<code>") + htmlText(testText(claim.claim->tests[t])) + "</code>";
    return out + "</p></div></details>";
}

std::string claimsHtml(const Report& report) {
    std::string out =
        "<section id=\"claims\" class=\"card\"><h2>Claims of the text</h2><p>A claim holds where each of its "
        "comparisons "
        "does: the whole interval lies on the side that the claim names. It fails where one lies wholly on the other "
        "side, "
        "at a level divided by the number of comparisons. Else it is undecided at this sample size. Intervals have the "
        "spread between seeds (Student’s quantile) and that over items: the bootstrap, and for AudioSet’s "
        "mAP its first order, the influence of each item.</p>" +
        verdictBar(report);
    for (const auto& claim : report.claims) out += claimHtml(claim, report.options.level);
    return out + "</section>";
}

std::string protocolHtml(const Report& report) {
    std::string out =
        "<section id=\"protocol\" class=\"card\"><h2>Protocol</h2><div class=\"scroll\"><table><thead><tr>"
        "<th>set</th><th>items here</th><th>items in the paper</th><th>queries</th></tr></thead><tbody>";
    for (const auto& set : report.sets) {
        out += "<tr><th scope=\"row\">" + htmlText(set.set + (set.here == set.set ? "" : " (here: " + set.here + ")")) +
               "</th><td>" + std::to_string(set.items) + "</td><td>" + std::to_string(set.published_items) +
               "</td><td>" + std::to_string(set.queries) + "</td></tr>";
    }
    out += "</tbody></table></div>";
    for (const auto& set : report.sets) out += "<p class=\"note\">" + htmlText(set.set + ": " + set.protocol) + "</p>";
    out += "<h3>How it was made</h3><dl>";
    const auto entry = [&](const std::string& name, const std::string& value) {
        out += "<dt>" + htmlText(name) + "</dt><dd>" + htmlText(value) + "</dd>";
    };
    entry("workspace", report.workspace);
    entry("fingerprint", report.fingerprint);
    if (report.synthetic) entry("synthetic world", report.origin.dump());
    entry("options", reportOptionTable().toJson(report.options).dump());
    entry("reaction options over the paper’s",
          report.reaction_options.empty() ? "none" : report.reaction_options.dump());
    entry("program", "molspace " + report.version + " (" + report.commit + ")");
    entry("machine", report.machine + (report.device.empty() ? "" : "; trained on " + report.device));
    entry("time", "training " + durationText(report.training_seconds) + " in all; this run " +
                      durationText(report.total_seconds));
    entry("made", report.created);
    entry("published figures", publishedPaper().source);
    return out + "</dl></section>";
}

}  // namespace

std::string toHtml(const Report& report) {
    const std::string style = readFile(resourceFolder() / "report" / "report.css");
    std::string out =
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
        "content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<title>Molecule-Space: report" +
        std::string(report.synthetic ? " (synthetic world)" : "") + "</title>\n<style>\n" + style +
        "</style>\n</head>\n<body>\n";
    out += head(report) + "\n" + navigation(report) + "\n<main>\n" + overview(report) + "\n";
    for (const auto& table : report.tables) out += tableHtml(table) + "\n";
    for (const auto& s : report.surfaces) out += surfaceHtml(s) + "\n";
    out +=
        claimsHtml(report) + "\n" + protocolHtml(report) +
        "\n<footer>Measured figures are of this workspace; published ones are the paper’s and stand beside them only."
        "</footer>\n</main>\n</body>\n</html>\n";
    return out;
}

void checkReportFolder(const std::filesystem::path& folder) {
    namespace fs = std::filesystem;
    if (!fs::exists(folder)) return;
    if (!fs::is_directory(folder)) {
        throw Error(ErrorCode::InvalidInput, folder.string(), "expected a folder, found a file",
                    "choose another with --output");
    }
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (std::find(std::begin(kFiles), std::end(kFiles), name) != std::end(kFiles)) continue;
        throw Error(ErrorCode::InvalidInput, folder.string(), "it holds '" + name + "', which is not of a report",
                    "choose another folder with --output");
    }
}

void writeReport(const std::filesystem::path& folder, const Report& report) {
    checkReportFolder(folder);
    Staging staged(folder);
    std::filesystem::create_directories(staged.path());
    const std::string contents[] = {toHtml(report),         toMarkdown(report),  toLatex(report),
                                    toJson(report).dump(1), tablesToCsv(report), surfacesToCsv(report),
                                    claimsToCsv(report)};
    static_assert(std::size(contents) == std::size(kFiles));
    for (std::size_t i = 0; i < std::size(kFiles); ++i) writeFileWhole(staged.path() / kFiles[i], contents[i]);
    staged.commit();
}

}  // namespace engine
