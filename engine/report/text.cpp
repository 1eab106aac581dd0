// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/text.h"
#include "engine/report/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace engine {
namespace {

constexpr const char* kMinus = "−";

std::string digits(double value, int decimals) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals, std::fabs(value));
    return text;
}

bool isZero(const std::string& text) {
    return text.find_first_not_of("0.") == std::string::npos;
}

bool isWord(unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// Calls `plain` and `subscript` for the parts of a name: "CLAP_g)" -> "CLAP", sub "g", ")".
template <class Plain, class Subscript>
void splitName(const std::string& name, const Plain& plain, const Subscript& subscript) {
    std::string part;
    for (std::size_t i = 0; i < name.size();) {
        const bool begins =
            name[i] == '_' && i > 0 && i + 1 < name.size() && isWord(static_cast<unsigned char>(name[i + 1]));
        if (!begins) {
            part += name[i++];
            continue;
        }
        plain(part);
        part.clear();
        std::string sub;
        for (++i; i < name.size() && isWord(static_cast<unsigned char>(name[i])); ++i) sub += name[i];
        subscript(sub);
    }
    plain(part);
}

}  // namespace

std::string fixedText(double value, int decimals) {
    if (std::isnan(value)) return "?";
    const std::string text = digits(value, decimals);
    return (value < 0 && !isZero(text) ? kMinus : "") + text;
}

std::string signedText(double value, int decimals) {
    if (std::isnan(value)) return "?";
    const std::string text = digits(value, decimals);
    return isZero(text) ? text : (value < 0 ? kMinus : "+") + text;
}

std::string plainNumber(double value) {
    if (std::isnan(value)) return {};
    char text[32];
    const auto [end, error] = std::to_chars(text, text + sizeof text, value);
    return error == std::errc() ? std::string(text, end) : std::string();
}

std::string marginText(double margin) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", std::fabs(margin));
    return (margin < 0 ? kMinus : "") + std::string(text);
}

std::string levelText(double level) {
    char text[32];
    std::snprintf(text, sizeof text, "%.4g %%", 100 * level);
    return text;
}

std::string durationText(double seconds) {
    const auto total = static_cast<long long>(std::llround(seconds));
    if (total < 60) return std::to_string(total) + " s";
    if (total < 3600) return std::to_string(total / 60) + " min " + std::to_string(total % 60) + " s";
    return std::to_string(total / 3600) + " h " + std::to_string(total % 3600 / 60) + " min";
}

std::string htmlText(const std::string& text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string htmlName(const std::string& name) {
    std::string out;
    splitName(
        name, [&](const std::string& part) { out += htmlText(part); },
        [&](const std::string& sub) { out += "<sub>" + htmlText(sub) + "</sub>"; });
    return out;
}

std::string latexText(const std::string& text) {
    static const std::pair<const char*, const char*> kLetters[] = {{"†", "\\textsuperscript{\\dag}"},
                                                                   {"ψ", "$\\psi$"},
                                                                   {"Ψ", "$\\Psi$"},
                                                                   {"σ", "$\\sigma$"},
                                                                   {"λ", "$\\lambda$"},
                                                                   {"Δ", "$\\Delta$"},
                                                                   {"−", "$-$"},
                                                                   {"→", "$\\to$"},
                                                                   {"±", "$\\pm$"},
                                                                   {"×", "$\\times$"},
                                                                   {"‐", "-"},
                                                                   {"≥", "$\\geq$"}};
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const auto letter = std::find_if(std::begin(kLetters), std::end(kLetters), [&](const auto& l) {
            return text.compare(i, std::char_traits<char>::length(l.first), l.first) == 0;
        });
        if (letter != std::end(kLetters)) {
            out += letter->second;
            i += std::char_traits<char>::length(letter->first);
            continue;
        }
        const char c = text[i++];
        switch (c) {
            case '\\':
                out += "\\textbackslash{}";
                break;
            case '~':
                out += "\\textasciitilde{}";
                break;
            case '^':
                out += "\\textasciicircum{}";
                break;
            case '#':
            case '$':
            case '%':
            case '&':
            case '_':
            case '{':
            case '}':
                out += std::string("\\") + c;
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string latexName(const std::string& name) {
    std::string out;
    splitName(
        name, [&](const std::string& part) { out += latexText(part); },
        [&](const std::string& sub) { out += "\\textsubscript{" + latexText(sub) + "}"; });
    return out;
}

std::string markdownText(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '|' || c == '*' || c == '_' || c == '`' || c == '<' || c == '\\') out += '\\';
        out += c == '\n' || c == '\r' ? ' ' : c;
    }
    return out;
}

std::string csvField(const std::string& text) {
    if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
    std::string out = "\"";
    for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
    return out + "\"";
}

std::string seedsText(const Report& report) {
    std::string list;
    for (const auto seed : report.seeds) list += (list.empty() ? "" : ", ") + std::to_string(seed);
    return report.seeds.size() == 1 ? "seed " + list : std::to_string(report.seeds.size()) + " seeds (" + list + ")";
}

std::string worldText(const Report& report) {
    if (!report.synthetic) return {};
    const Json& origin = report.origin;
    if (!origin.is_object() || !origin.contains("synthetic_world")) return "on a synthetic world";
    const Json& world = origin["synthetic_world"];
    return "on a synthetic world (preset " + world.value("preset", std::string("?")) + ", seed " +
           std::to_string(world.value("seed", std::uint64_t{0})) + ")";
}

std::string summaryText(const Report& report) {
    std::string text = "Measured " + (report.synthetic ? worldText(report) : "in workspace " + report.workspace) +
                       ": " + std::to_string(report.filled()) + " of the " + std::to_string(report.published()) +
                       " figures that the paper prints in these tables, beside them the published ones. Figures of "
                       "trained products are means over " +
                       seedsText(report) + ".";
    if (report.seeds_done < report.seeds.size()) {
        text += " Not finished: " + std::to_string(report.seeds_done) + " of " + std::to_string(report.seeds.size()) +
                " seeds are done.";
    }
    if (!report.claims.empty()) {
        text += " Of " + std::to_string(report.claims.size()) + " claims of the text " +
                std::to_string(report.count(Verdict::Holds)) + " hold, " +
                std::to_string(report.count(Verdict::Fails)) + " fail, " +
                std::to_string(report.count(Verdict::Undecided)) + " are undecided at this sample size, " +
                std::to_string(report.count(Verdict::NotMeasured)) + " are not measured.";
    }
    return text;
}

std::vector<std::string> missingTexts(const ReportTable& table) {
    std::vector<std::pair<std::string, std::vector<std::string>>> reasons;
    for (const auto& row : table.rows) {
        for (const auto& cell : row.cells) {
            if (cell.missing.empty()) continue;
            auto it =
                std::find_if(reasons.begin(), reasons.end(), [&](const auto& r) { return r.first == cell.missing; });
            if (it == reasons.end()) {
                reasons.push_back({cell.missing, {}});
                it = reasons.end() - 1;
            }
            if (std::find(it->second.begin(), it->second.end(), row.row) == it->second.end())
                it->second.push_back(row.row);
        }
    }
    std::vector<std::string> out;
    for (const auto& [why, rows] : reasons) {
        const std::string text = joined(rows);
        out.push_back(text + ": " + why);
    }
    return out;
}

}  // namespace engine
