// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/report/svg_plots.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "engine/report/text.h"

namespace engine {
namespace {

std::string num(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", value);
    return text;
}

std::string tick(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    return text;
}

// Strength of a colour, so that the page's own background is the middle of the scale.
std::string strength(double value, double scale) {
    char text[16];
    std::snprintf(text, sizeof text, "%.3f", std::clamp(std::fabs(value) / scale, 0.0, 1.0) * 0.9);
    return text;
}

std::string fill(double value, double scale) {
    return std::string("fill=\"var(--") + (value < 0 ? "neg" : "pos") + ")\" fill-opacity=\"" + strength(value, scale) +
           "\"";
}

// A name in a picture, its subscript lower and smaller.
std::string svgName(const std::string& name) {
    const auto underscore = name.find('_');
    if (underscore == std::string::npos) return htmlText(name);
    return htmlText(name.substr(0, underscore)) + "<tspan dy=\"3\" font-size=\"75%\">" +
           htmlText(name.substr(underscore + 1)) + "</tspan>";
}

std::string textAt(double x, double y, const std::string& anchor, const std::string& content, const char* more = "") {
    return "<text x=\"" + num(x) + "\" y=\"" + num(y) + "\" text-anchor=\"" + anchor + "\"" + more + ">" + content +
           "</text>";
}

std::string openSvg(double width, double height, const std::string& label, const char* kind) {
    return "<svg class=\"" + std::string(kind) + "\" viewBox=\"0 0 " + num(width) + " " + num(height) +
           "\" role=\"img\" aria-label=\"" + htmlText(label) + "\">";
}

std::string pointTitle(const GridPlot& p, std::size_t i, std::size_t j) {
    const std::size_t at = i * p.values.size() + j;
    std::string text = p.first + " = " + tick(p.values[i]) + ", " + p.second + " = " + tick(p.values[j]) + ": " +
                       signedText(p.change[at]);
    if (p.spread[at] > 0) text += " ± " + fixedText(p.spread[at]);
    return "<title>" + htmlText(text) + "</title>";
}

// Where a level crosses the grid of points, as line pieces in units of grid steps (first axis to the right, second up).
std::vector<std::array<double, 4>> levelLines(const GridPlot& p, double level) {
    std::vector<std::array<double, 4>> out;
    const std::size_t n = p.values.size();
    const auto at = [&](std::size_t i, std::size_t j) { return p.change[i * n + j] - level; };
    for (std::size_t i = 0; i + 1 < n; ++i) {
        for (std::size_t j = 0; j + 1 < n; ++j) {
            const auto x = static_cast<double>(i), y = static_cast<double>(j);
            std::vector<std::array<double, 2>> cut;
            const auto edge = [&](double a, double b, double x0, double y0, double x1, double y1) {
                if ((a < 0) == (b < 0)) return;
                const double t = a / (a - b);
                cut.push_back({x0 + t * (x1 - x0), y0 + t * (y1 - y0)});
            };
            edge(at(i, j), at(i + 1, j), x, y, x + 1, y);
            edge(at(i + 1, j), at(i + 1, j + 1), x + 1, y, x + 1, y + 1);
            edge(at(i + 1, j + 1), at(i, j + 1), x + 1, y + 1, x, y + 1);
            edge(at(i, j + 1), at(i, j), x, y + 1, x, y);
            for (std::size_t k = 0; k + 1 < cut.size(); k += 2)
                out.push_back({cut[k][0], cut[k][1], cut[k + 1][0], cut[k + 1][1]});
        }
    }
    return out;
}

std::string colourBar(double x, double y, double height, double scale) {
    std::string out;
    constexpr int kParts = 20;
    for (int i = 0; i < kParts; ++i) {
        const double value = scale * (1 - 2 * (i + 0.5) / kParts);
        out += "<rect x=\"" + num(x) + "\" y=\"" + num(y + height * i / kParts) + "\" width=\"10\" height=\"" +
               num(height / kParts + 0.3) + "\" " + fill(value, scale) + "/>";
    }
    out +=
        "<rect class=\"frame\" x=\"" + num(x) + "\" y=\"" + num(y) + "\" width=\"10\" height=\"" + num(height) + "\"/>";
    out += textAt(x + 14, y + 7, "start", signedText(scale, 1)) + textAt(x + 14, y + height / 2 + 3, "start", "0") +
           textAt(x + 14, y + height, "start", signedText(-scale, 1));
    return out;
}

}  // namespace

std::string factorSymbol(const std::string& factor) {
    const auto underscore = factor.find('_');
    const std::string kind = factor.substr(0, underscore);
    const std::string letter = kind.starts_with("sigma")    ? "σ" + kind.substr(5)
                               : kind.starts_with("lambda") ? "λ" + kind.substr(6)
                                                            : kind;
    return letter + (underscore == std::string::npos ? "" : factor.substr(underscore));
}

std::string heatMapSvg(const GridPlot& p) {
    constexpr double kLeft = 38, kTop = 8, kSide = 220;
    const std::size_t n = p.values.size();
    const double cell = kSide / static_cast<double>(n);
    std::string out = openSvg(kLeft + kSide + 60, kTop + kSide + 36, p.label, "map");
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            out += "<rect x=\"" + num(kLeft + cell * static_cast<double>(i)) + "\" y=\"" +
                   num(kTop + kSide - cell * static_cast<double>(j + 1)) + "\" width=\"" + num(cell + 0.2) +
                   "\" height=\"" + num(cell + 0.2) + "\" " + fill(p.change[i * n + j], p.scale) + ">" +
                   pointTitle(p, i, j) + "</rect>";
        }
    }
    const auto lines = [&](double level, const char* kind, const std::string& title) {
        std::string path;
        for (const auto& piece : levelLines(p, level)) {
            path += "M" + num(kLeft + cell * (piece[0] + 0.5)) + " " + num(kTop + kSide - cell * (piece[1] + 0.5)) +
                    "L" + num(kLeft + cell * (piece[2] + 0.5)) + " " + num(kTop + kSide - cell * (piece[3] + 0.5));
        }
        if (!path.empty())
            out += std::string("<path class=\"") + kind + "\" d=\"" + path + "\"><title>" + htmlText(title) +
                   "</title></path>";
    };
    lines(0, "zero", "no change");
    if (p.plane && *p.plane != 0) lines(*p.plane, "planeline", p.plane_name + ": " + signedText(*p.plane));
    out += "<rect class=\"frame\" x=\"" + num(kLeft) + "\" y=\"" + num(kTop) + "\" width=\"" + num(kSide) +
           "\" height=\"" + num(kSide) + "\"/>";
    for (const std::size_t i : {std::size_t{0}, n / 2, n - 1}) {
        const double at = cell * (static_cast<double>(i) + 0.5);
        out += textAt(kLeft + at, kTop + kSide + 14, "middle", tick(p.values[i])) +
               textAt(kLeft - 5, kTop + kSide - at + 3, "end", tick(p.values[i]));
    }
    out += textAt(kLeft + kSide / 2, kTop + kSide + 30, "middle", svgName(p.first), " class=\"axis\"") +
           textAt(12, kTop + kSide / 2 - 14, "middle", svgName(p.second), " class=\"axis\"");
    return out + colourBar(kLeft + kSide + 10, kTop, kSide, p.scale) + "</svg>";
}

std::string surfaceSvg(const GridPlot& p) {
    constexpr double kWidth = 330, kHeight = 270, kBase = 128, kUp = 105;
    const std::size_t n = p.values.size();
    const auto [least, most] = std::minmax_element(p.change.begin(), p.change.end());
    double low = std::min(0.0, *least), high = std::max(0.0, *most);
    if (p.plane) {
        low = std::min(low, *p.plane);
        high = std::max(high, *p.plane);
    }
    if (high - low < 1e-9) high = low + 1;
    // First axis to the lower right, second to the upper right, change upwards.
    const auto project = [&](double u, double v, double z) {
        const double x = kWidth / 2 + (u - 1 + v) * kBase + 4;
        const double y = kHeight - 94 + (u - v) * kBase * 0.36 - (z - low) / (high - low) * kUp + 10;
        return std::array<double, 2>{x, y};
    };
    const auto point = [](const std::array<double, 2>& at) { return num(at[0]) + "," + num(at[1]); };
    const auto polygon = [&](const std::vector<std::array<double, 2>>& corners) {
        std::string list;
        for (const auto& c : corners) list += (list.empty() ? "" : " ") + point(c);
        return "points=\"" + list + "\"";
    };
    const auto square = [&](double z) {
        return std::vector<std::array<double, 2>>{project(0, 0, z), project(1, 0, z), project(1, 1, z),
                                                  project(0, 1, z)};
    };
    std::string out = openSvg(kWidth, kHeight, p.label + ", as a surface", "surface");
    out += "<polygon class=\"floor\" " + polygon(square(low)) + "/>";
    // Back to front: the second axis goes away from the eye, the first comes nearer.
    std::vector<std::array<std::size_t, 2>> order;
    for (std::size_t i = 0; i + 1 < n; ++i) {
        for (std::size_t j = 0; j + 1 < n; ++j) order.push_back({i, j});
    }
    std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
        const auto depth = [](const auto& q) { return static_cast<long>(q[0]) - static_cast<long>(q[1]); };
        return depth(a) != depth(b) ? depth(a) < depth(b) : a < b;
    });
    const auto quads = [&](bool over) {
        for (const auto& [i, j] : order) {
            const double mean = (p.change[i * n + j] + p.change[(i + 1) * n + j] + p.change[(i + 1) * n + j + 1] +
                                 p.change[i * n + j + 1]) /
                                4;
            if (p.plane && (mean >= *p.plane) != over) continue;
            if (!p.plane && !over) continue;
            std::vector<std::array<double, 2>> corners;
            for (const auto& [a, b] :
                 {std::pair{i, j}, std::pair{i + 1, j}, std::pair{i + 1, j + 1}, std::pair{i, j + 1}})
                corners.push_back(project(p.values[a], p.values[b], p.change[a * n + b]));
            const std::string shape = polygon(corners);
            out += "<polygon class=\"back\" " + shape + "/><polygon class=\"quad\" " + shape + " " +
                   fill(mean, p.scale) + ">" + pointTitle(p, i, j) + "</polygon>";
        }
    };
    quads(false);
    if (p.plane)
        out += "<polygon class=\"plane\" " + polygon(square(*p.plane)) + "><title>" +
               htmlText(p.plane_name + ": " + signedText(*p.plane)) + "</title></polygon>";
    quads(true);
    const auto label = [&](double u, double v, double dx, double dy, const std::string& text, const char* anchor) {
        const auto at = project(u, v, low);
        out += textAt(at[0] + dx, at[1] + dy, anchor, text);
    };
    label(0, 0, -2, 14, "0", "middle");
    label(1, 0, 0, 16, "1", "middle");
    label(1, 1, 8, 6, "1", "start");
    label(0.5, 0, -16, 20, svgName(p.first), "middle");
    label(1, 0.5, 14, 18, svgName(p.second), "middle");
    const auto top = project(0, 0, high), bottom = project(0, 0, low);
    out += "<path class=\"rule\" d=\"M" + num(top[0]) + " " + num(top[1]) + "L" + num(bottom[0]) + " " +
           num(bottom[1]) + "\"/>";
    out += textAt(top[0] - 4, top[1] + 3, "end", signedText(high, 1)) +
           textAt(bottom[0] - 4, bottom[1] - 2, "end", signedText(low, 1));
    return out + "</svg>";
}

std::string scatterSvg(const Report& report) {
    constexpr double kLeft = 44, kTop = 10, kSide = 330;
    // Figures crowd near 0: the axes are of their square roots.
    const auto place = [&](double value) { return std::sqrt(std::clamp(value, 0.0, 100.0) / 100) * kSide; };
    std::string out =
        openSvg(kLeft + kSide + 14, kTop + kSide + 40, "Measured figures against published ones", "scatter");
    for (const double t : {1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0}) {
        const double at = place(t);
        out += "<path class=\"rule\" d=\"M" + num(kLeft + at) + " " + num(kTop) + "V" + num(kTop + kSide) + "M" +
               num(kLeft) + " " + num(kTop + kSide - at) + "H" + num(kLeft + kSide) + "\"/>" +
               textAt(kLeft + at, kTop + kSide + 14, "middle", tick(t)) +
               textAt(kLeft - 6, kTop + kSide - at + 3, "end", tick(t));
    }
    out += "<path class=\"zero\" d=\"M" + num(kLeft) + " " + num(kTop + kSide) + "L" + num(kLeft + kSide) + " " +
           num(kTop) + "\"/>";
    out += "<rect class=\"frame\" x=\"" + num(kLeft) + "\" y=\"" + num(kTop) + "\" width=\"" + num(kSide) +
           "\" height=\"" + num(kSide) + "\"/>";
    for (const auto& table : report.tables) {
        for (const auto& row : table.rows) {
            for (std::size_t c = 0; c < row.cells.size(); ++c) {
                const ReportCell& cell = row.cells[c];
                if (!cell.measured || !cell.published || !cell.published->value) continue;
                const bool space = row.subject.starts_with("space ");
                out += "<circle class=\"" + std::string(space ? "space" : "product") + "\" cx=\"" +
                       num(kLeft + place(*cell.published->value)) + "\" cy=\"" +
                       num(kTop + kSide - place(cell.measured->mean)) + "\" r=\"3.2\"><title>" +
                       htmlText("Table " + std::to_string(table.published->number) + ", " + row.row + ", " +
                                table.published->columns[c].name() + ": published " + cell.published->text +
                                ", measured " + fixedText(cell.measured->mean)) +
                       "</title></circle>";
            }
        }
    }
    out += textAt(kLeft + kSide / 2, kTop + kSide + 32, "middle", "published, %", " class=\"axis\"") +
           "<text class=\"axis\" text-anchor=\"middle\" transform=\"translate(13," + num(kTop + kSide / 2) +
           ") rotate(-90)\">measured, %</text>";
    return out + "</svg>";
}

std::string intervalSvg(const Comparison& c, double low, double high) {
    constexpr double kWidth = 190, kHeight = 18, kRim = 8;
    const auto x = [&](double value) {
        return kRim + (value - low) / std::max(high - low, 1e-9) * (kWidth - 2 * kRim);
    };
    std::string out = openSvg(
        kWidth, kHeight,
        "difference " + signedText(c.difference) + ", interval " + signedText(c.low) + " to " + signedText(c.high),
        "interval");
    out += "<path class=\"rule\" d=\"M" + num(kRim) + " 9H" + num(kWidth - kRim) + "\"/>";
    out += "<path class=\"margin\" d=\"M" + num(x(c.margin)) + " 1V17\"><title>" +
           htmlText("expected " + std::string(c.above ? "above " : "below ") + marginText(c.margin)) +
           "</title></path>";
    const char* kind = c.verdict == Verdict::Holds ? "holds" : c.verdict == Verdict::Fails ? "fails" : "undecided";
    out += std::string("<path class=\"whisker ") + kind + "\" d=\"M" + num(x(c.low)) + " 5V13M" + num(x(c.low)) +
           " 9H" + num(x(c.high)) + "M" + num(x(c.high)) + " 5V13\"/><circle class=\"" + kind + "\" cx=\"" +
           num(x(c.difference)) + "\" cy=\"9\" r=\"3.5\"/>";
    return out + "</svg>";
}

}  // namespace engine
