// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A report as CSV, Markdown, LaTeX and JSON.
#include <algorithm>
#include <cmath>

#include "engine/report/text.h"

namespace engine {
namespace {

std::string csvComment(const Report& report) {
    std::string out = "# molspace report " + report.version + " (" + report.commit + "), " + report.created + "; " +
                      seedsText(report);
    if (report.synthetic) out += "; measured " + worldText(report);
    return out + "; published figures: arXiv 2405.04883v1\n";
}

std::string listText(const std::vector<double>& values) {
    std::string out;
    for (const double v : values) out += (out.empty() ? "" : " ") + plainNumber(v);
    return out;
}

// "29.41 ± 0.12 (29.16)"; a dash where the paper has one.
std::string markdownCell(const ReportCell& cell) {
    if (!cell.measured) return cell.published && cell.published->value ? "· (" + cell.published->text + ")" : "–";
    std::string text = "**" + fixedText(cell.measured->mean) + "**";
    if (cell.measured->spread) text += " ± " + fixedText(*cell.measured->spread);
    if (cell.published && cell.published->value) text += " (" + cell.published->text + ")";
    return text;
}

std::string markdownTable(const ReportTable& table) {
    const PublishedTable& published = *table.published;
    std::string out = "## Table " + std::to_string(published.number) + "\n\n" + published.caption + "\n\n|";
    std::string rule = "\n|---|";
    out += " |";
    for (const auto& column : published.columns) {
        out += " " + markdownText(column.name()) + " |";
        rule += "---|";
    }
    out += rule + "\n";
    std::string group;
    for (const auto& row : table.rows) {
        if (row.group != group) {
            group = row.group;
            out += "| *" + markdownText(group) + "* |";
            for (std::size_t c = 0; c < published.columns.size(); ++c) out += " |";
            out += "\n";
        }
        out += "| " + markdownText(row.row) + " |";
        for (const auto& cell : row.cells) out += " " + markdownCell(cell) + " |";
        out += "\n";
    }
    for (const auto& text : missingTexts(table)) out += "\nNot measured: " + markdownText(text) + ".\n";
    for (const auto& row : table.rows) {
        if (!row.note.empty()) out += "\n" + markdownText(row.row + ": " + row.note) + "\n";
    }
    return out + "\n";
}

std::string comparisonText(const Comparison& c, double level) {
    if (!c.missing.empty()) return c.what + ": not measured (" + c.missing + ")";
    std::string text = c.what + ": " + signedText(c.difference) + " [" + signedText(c.low) + ", " + signedText(c.high) +
                       "] at " + levelText(level) + ", expected " + (c.above ? "> " : "< ") + marginText(c.margin) +
                       ": " + verdictName(c.verdict);
    if (c.points)
        text += " (" + std::to_string(c.points_held) + " of " + std::to_string(c.points) + " points on that side)";
    return text;
}

std::string latexCell(const ReportCell& cell) {
    if (!cell.measured) return cell.published && cell.published->value ? "\\pub{" + cell.published->text + "}" : "--";
    std::string text = fixedText(cell.measured->mean);
    if (cell.measured->spread) text += "\\,\\spread{" + fixedText(*cell.measured->spread) + "}";
    if (cell.published && cell.published->value) text += "\\,\\pub{" + cell.published->text + "}";
    return text;
}

std::string latexTable(const ReportTable& table) {
    const PublishedTable& published = *table.published;
    std::string out = "\\begin{table}\n\\centering\\small\n\\caption{" + latexText(published.caption) +
                      " Measured here, \\pub{published} beside it.}\n\\begin{tabular}{l" +
                      std::string(published.columns.size(), 'r') + "}\n\\toprule\n";
    for (const auto& column : published.columns) out += " & " + latexText(column.column);
    out += " \\\\\n";
    for (const auto& column : published.columns) out += " & " + latexText(column.metric);
    out += " \\\\\n\\midrule\n";
    std::string group;
    for (const auto& row : table.rows) {
        if (row.group != group) {
            group = row.group;
            out += "\\multicolumn{" + std::to_string(published.columns.size() + 1) + "}{l}{\\emph{" + latexText(group) +
                   "}} \\\\\n";
        }
        out += latexName(row.row);
        for (const auto& cell : row.cells) out += " & " + latexCell(cell);
        out += " \\\\\n";
    }
    out += "\\bottomrule\n\\end{tabular}\n";
    for (const auto& text : missingTexts(table)) out += "\n{\\footnotesize Not measured: " + latexName(text) + ".}\n";
    return out + "\\end{table}\n\n";
}

Json figureJson(const MeasuredFigure& figure) {
    Json out{{"mean", figure.mean}, {"by_seed", figure.by_seed}};
    if (figure.spread) out["standard_deviation"] = *figure.spread;
    return out;
}

Json tableJson(const ReportTable& table) {
    Json out{{"table", table.published->number},
             {"caption", table.published->caption},
             {"columns", Json::array()},
             {"rows", Json::array()}};
    for (const auto& column : table.published->columns)
        out["columns"].push_back({{"group", column.group}, {"column", column.column}, {"metric", column.metric}});
    for (const auto& row : table.rows) {
        Json r{{"group", row.group}, {"row", row.row}, {"measured_on", row.subject}, {"figures", Json::array()}};
        if (!row.missing.empty()) r["missing"] = row.missing;
        if (!row.note.empty()) r["note"] = row.note;
        for (std::size_t c = 0; c < row.cells.size(); ++c) {
            const ReportCell& cell = row.cells[c];
            Json f{{"figure", table.published->columns[c].name()}};
            f["published"] = cell.published && cell.published->value ? Json(*cell.published->value) : Json();
            if (cell.published) f["in_paper"] = cell.published->text;
            f["measured"] = cell.measured ? figureJson(*cell.measured) : Json();
            if (!cell.missing.empty()) f["missing"] = cell.missing;
            if (cell.missing == kNotMeasuredYet) f["pending"] = true;
            r["figures"].push_back(std::move(f));
        }
        out["rows"].push_back(std::move(r));
    }
    return out;
}

Json numbersJson(const std::vector<double>& values) {
    Json out = Json::array();
    for (const double v : values) out.push_back(std::isnan(v) ? Json() : Json(v));
    return out;
}

Json claimJson(const ClaimResult& claim) {
    Json out{{"id", claim.claim->id},           {"place", claim.claim->place}, {"sentence", claim.claim->sentence},
             {"reading", claim.claim->reading}, {"tests", Json::array()},      {"verdict", verdictName(claim.verdict)},
             {"comparisons", Json::array()}};
    for (const auto& test : claim.claim->tests) out["tests"].push_back(testText(test));
    for (const auto& c : claim.comparisons) {
        Json j{{"what", c.what}, {"verdict", verdictName(c.verdict)}};
        if (!c.missing.empty()) {
            j["missing"] = c.missing;
        } else {
            j["expected"] = std::string(c.above ? "> " : "< ") + plainNumber(c.margin);
            j["difference"] = c.difference;
            j["low"] = c.low;
            j["high"] = c.high;
            j["margin"] = c.margin;
            j["by_seed"] = c.evidence.by_seed;
            j["error_over_items"] = std::isnan(c.evidence.item_error) ? Json() : Json(c.evidence.item_error);
            if (c.points) j["points"] = {{"all", c.points}, {"on_that_side", c.points_held}};
        }
        out["comparisons"].push_back(std::move(j));
    }
    return out;
}

}  // namespace

std::string tablesToCsv(const Report& report) {
    std::string out = csvComment(report) +
                      "table,row_group,row,column_group,column,metric,published,measured,standard_deviation,by_seed,"
                      "measured_on,missing\n";
    for (const auto& table : report.tables) {
        for (const auto& row : table.rows) {
            for (std::size_t c = 0; c < row.cells.size(); ++c) {
                const ReportCell& cell = row.cells[c];
                const PublishedColumn& column = table.published->columns[c];
                out += std::to_string(table.published->number);
                for (const auto& field : {row.group, row.row, column.group, column.column, column.metric})
                    out += "," + csvField(field);
                out += "," + (cell.published ? csvField(cell.published->text) : "");
                if (cell.measured) {
                    out += "," + plainNumber(cell.measured->mean) + "," +
                           (cell.measured->spread ? plainNumber(*cell.measured->spread) : "") + "," +
                           listText(cell.measured->by_seed);
                } else {
                    out += ",,,";
                }
                out += "," + csvField(row.subject) + "," + csvField(cell.missing) + "\n";
            }
        }
    }
    return out;
}

std::string surfacesToCsv(const Report& report) {
    std::string out = csvComment(report) +
                      "figure,product,group,sets,first_factor,second_factor,first,second,change,standard_deviation,"
                      "error_over_items,baseline,plane\n";
    for (const auto& s : report.surfaces) {
        for (const auto& g : s.groups) {
            std::string sets;
            for (const auto& set : g.group.sets) sets += (sets.empty() ? "" : " ") + set;
            const std::size_t n = s.values.size();
            for (std::size_t i = 0; i < n * n; ++i) {
                out += std::to_string(s.spec->figure) + "," + csvField(s.spec->recipe) + "," + g.group.name + "," +
                       csvField(sets) + "," + s.spec->axes[0] + "," + s.spec->axes[1] + "," +
                       plainNumber(s.values[i / n]) + "," + plainNumber(s.values[i % n]) + "," +
                       plainNumber(g.change[i]) + "," + plainNumber(g.spread[i]) + "," + plainNumber(g.error[i]) + "," +
                       plainNumber(g.baseline) + "," + (g.plane ? plainNumber(*g.plane) : "") + "\n";
            }
        }
    }
    return out;
}

std::string claimsToCsv(const Report& report) {
    std::string out = csvComment(report) +
                      "claim,place,sentence,verdict,comparison,expected,difference,low,high,by_seed,error_over_items,"
                      "comparison_verdict,missing\n";
    for (const auto& claim : report.claims) {
        for (const auto& c : claim.comparisons) {
            out += csvField(claim.claim->id) + "," + csvField(claim.claim->place) + "," +
                   csvField(claim.claim->sentence) + "," + verdictName(claim.verdict) + "," + csvField(c.what) + ",";
            if (c.missing.empty()) {
                out += std::string(c.above ? "> " : "< ") + plainNumber(c.margin) + "," + plainNumber(c.difference) +
                       "," + plainNumber(c.low) + "," + plainNumber(c.high) + "," + listText(c.evidence.by_seed) + "," +
                       plainNumber(c.evidence.item_error) + "," + verdictName(c.verdict) + ",\n";
            } else {
                out += std::string(",,,,,,") + verdictName(c.verdict) + "," + csvField(c.missing) + "\n";
            }
        }
    }
    return out;
}

std::string toMarkdown(const Report& report) {
    std::string out = "# Molecule-Space: the paper's report\n\n";
    if (report.synthetic) out += "**Measured " + worldText(report) + ".** Published figures are of real encoders.\n\n";
    out += summaryText(report) + "\n\n";
    out +=
        "Cells: **measured** ± standard deviation between seeds (published); · what is not measured, – what the paper "
        "does not have.\n\n";
    for (const auto& warning : report.warnings) out += "- " + warning + "\n";
    out += "\n";
    for (const auto& table : report.tables) out += markdownTable(table);
    for (const auto& s : report.surfaces) {
        out += "## Figure " + std::to_string(s.spec->figure) + "\n\n" + markdownText(s.spec->title) + "\n\n";
        if (!s.missing.empty()) {
            out += "Not measured: " + markdownText(s.missing) + ".\n\n";
            continue;
        }
        for (const auto& g : s.groups) {
            const std::size_t n = s.values.size();
            const auto best =
                static_cast<std::size_t>(std::max_element(g.change.begin(), g.change.end()) - g.change.begin());
            out +=
                "- Δ" + g.group.name + ": from " + signedText(*std::min_element(g.change.begin(), g.change.end())) +
                " to " + signedText(g.change[best]) + " (at " + markdownText(s.spec->axes[0]) + " = " +
                plainNumber(s.values[best / n]) + ", " + markdownText(s.spec->axes[1]) + " = " +
                plainNumber(s.values[best % n]) + "), against " + fixedText(g.baseline) +
                (g.plane ? "; the plane of " + markdownText(s.spec->plane_row) + " at " + signedText(*g.plane) : "") +
                "\n";
        }
        out += "\n";
    }
    out += "## Claims\n\n";
    for (const auto& claim : report.claims) {
        out += "- **" + std::string(verdictName(claim.verdict)) + "**: “" + markdownText(claim.claim->sentence) +
               "” (" + claim.claim->place + ") " + markdownText(claim.claim->reading) + "\n";
        for (const auto& c : claim.comparisons)
            out += "  - " + markdownText(comparisonText(c, report.options.level)) + "\n";
    }
    out += "\n## Protocol\n\n";
    for (const auto& set : report.sets)
        out += "- " +
               markdownText(set.set + (set.here == set.set ? "" : " (here: " + set.here + ")") + ": " + set.protocol) +
               "\n";
    out += "\nmolspace " + report.version + " (" + report.commit + "), " + report.created + ", " + report.machine +
           "; training took " + durationText(report.training_seconds) + " in all.\n";
    return out;
}

std::string toLatex(const Report& report) {
    std::string out =
        "% Made by molspace " + report.version +
        ". Needs booktabs and xcolor. Stands alone; the tables can be taken out.\n"
        "\\documentclass{article}\n\\usepackage[utf8]{inputenc}\n\\usepackage[T1]{fontenc}\n\\usepackage{textcomp}\n"
        "\\usepackage{booktabs}\n\\usepackage{xcolor}\n\\usepackage[landscape,margin=1cm]{geometry}\n"
        "\\newcommand{\\pub}[1]{{\\color{gray}\\scriptsize #1}}\n"
        "\\newcommand{\\spread}[1]{{\\scriptsize$\\pm$#1}}\n\\begin{document}\n\\section*{Molecule-Space: the paper's "
        "report}\n" +
        latexText(summaryText(report)) + "\n\n";
    for (const auto& table : report.tables) out += latexTable(table);
    out += "\\section*{Claims}\n\\begin{itemize}\n";
    for (const auto& claim : report.claims) {
        out += "\\item \\textbf{" + std::string(verdictName(claim.verdict)) + "}: " + latexName(claim.claim->sentence) +
               " (" + latexText(claim.claim->place) + ") \\emph{" + latexName(claim.claim->reading) + "}\n";
    }
    // A list without items is an error of LaTeX.
    if (report.claims.empty()) out += "\\item none\n";
    return out + "\\end{itemize}\n\\end{document}\n";
}

Json toJson(const Report& report) {
    Json out{{"format", "molspace report"},
             {"workspace", report.workspace},
             {"fingerprint", report.fingerprint},
             {"synthetic", report.synthetic},
             {"origin", report.origin},
             {"published_source", publishedPaper().source},
             {"seeds", report.seeds},
             {"seeds_done", report.seeds_done},
             {"options", reportOptionTable().toJson(report.options)},
             {"reaction_options", report.reaction_options},
             {"version", report.version},
             {"commit", report.commit},
             {"created", report.created},
             {"machine", report.machine},
             {"device", report.device},
             {"training_seconds", report.training_seconds},
             {"seconds", report.total_seconds},
             {"reactions", report.reactions},
             {"products", report.products},
             {"figures_measured", report.filled()},
             {"figures_published", report.published()}};
    for (const Verdict v : {Verdict::Holds, Verdict::Fails, Verdict::Undecided, Verdict::NotMeasured})
        out["verdicts"][verdictName(v)] = report.count(v);
    out["tables"] = Json::array();
    for (const auto& table : report.tables) out["tables"].push_back(tableJson(table));
    out["surfaces"] = Json::array();
    for (const auto& s : report.surfaces) {
        Json j{{"figure", s.spec->figure},    {"title", s.spec->title},        {"product", s.spec->recipe},
               {"against", s.spec->baseline}, {"plane_of", s.spec->plane_row}, {"axes", s.spec->axes},
               {"values", s.values}};
        if (!s.spec->note.empty()) j["note"] = s.spec->note;
        if (!s.missing.empty()) j["missing"] = s.missing;
        if (s.missing == kNotMeasuredYet) j["pending"] = true;
        for (const auto& g : s.groups) {
            j["groups"].push_back({{"name", g.group.name},
                                   {"sets", g.group.sets},
                                   {"baseline", g.baseline},
                                   {"plane", g.plane ? Json(*g.plane) : Json()},
                                   {"change", numbersJson(g.change)},
                                   {"standard_deviation", numbersJson(g.spread)},
                                   {"error_over_items", numbersJson(g.error)}});
        }
        out["surfaces"].push_back(std::move(j));
    }
    out["claims"] = Json::array();
    for (const auto& claim : report.claims) out["claims"].push_back(claimJson(claim));
    out["sets"] = Json::array();
    for (const auto& set : report.sets) {
        out["sets"].push_back({{"set", set.set},
                               {"here", set.here},
                               {"items", set.items},
                               {"published_items", set.published_items},
                               {"queries", set.queries},
                               {"protocol", set.protocol}});
    }
    out["warnings"] = report.warnings;
    for (const auto& t : report.to_train)
        out["to_train"].push_back({{"product", t.product}, {"seed", t.seed}, {"projectors", t.projectors}});
    for (const auto& [name, recipe] : report.recipes) out["recipes"][name] = recipeToJson(recipe);
    return out;
}

}  // namespace engine
