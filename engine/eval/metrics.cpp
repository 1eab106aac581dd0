// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/metrics.h"

#include <algorithm>
#include <cstdio>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace engine {

namespace {

const std::vector<std::string>& tieNames() {
    static const std::vector<std::string> names{"expected", "optimistic", "pessimistic", "index"};
    return names;
}

// Columns on screen, not bytes: names hold arrows and Greek letters.
std::size_t displayWidth(const std::string& text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string padRight(const std::string& text, std::size_t width) {
    const std::size_t shown = displayWidth(text);
    return text + std::string(width > shown ? width - shown : 0, ' ');
}

std::string padLeft(const std::string& text, std::size_t width) {
    const std::size_t shown = displayWidth(text);
    return std::string(width > shown ? width - shown : 0, ' ') + text;
}

void putDirection(MetricMap& map, const DirectionMetrics& d) {
    map["R@1 " + d.name] = d.r1;
    map["R@5 " + d.name] = d.r5;
    map["R@10 " + d.name] = d.r10;
    if (d.median_rank) map["median rank " + d.name] = *d.median_rank;
}

// Said only where it can change a rank that anybody would notice.
std::string lengthNote(const Protocol& p) {
    if (p.length_error < 1e-6) return {};
    char text[80];
    std::snprintf(text, sizeof text, " (as stored: lengths within %.1e of 1)", p.length_error);
    return text;
}

using Row = std::vector<std::string>;

Row directionRow(const std::string& set, const DirectionMetrics& d) {
    return {set,
            d.name,
            fixed(d.r1),
            fixed(d.r5),
            fixed(d.r10),
            d.median_rank ? fixed(*d.median_rank, 1) : "-",
            std::to_string(d.queries),
            std::to_string(d.candidates),
            std::to_string(d.tied_queries)};
}

void appendTable(std::string& out, const std::vector<Row>& rows, std::size_t text_columns) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], displayWidth(row[c]));
    }
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t c = 0; c < row.size(); ++c) {
            if (c != 0) line += "  ";
            line += c < text_columns ? padRight(row[c], widths[c]) : padLeft(row[c], widths[c]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
}

}  // namespace

const OptionTable<EvalOptions>& evalOptionTable() {
    static const OptionTable<EvalOptions> table = [] {
        OptionTable<EvalOptions> t;
        t.add("ties", &EvalOptions::ties,
              {.help = "What equal scores count for: their expected value over a random order, the positive first, the "
                       "positive last, or the lower row first.",
               .choices = tieNames()});
        t.add("class_retrieval", &EvalOptions::class_retrieval,
              {.help = "Classification sets also report every class as a query for its items.", .advanced = true});
        return t;
    }();
    return table;
}

TieRule tieRule(const std::string& name) {
    const auto& names = tieNames();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
        const std::string near = nearestName(name, names);
        throw Error(ErrorCode::InvalidInput, "ties",
                    "expected expected, optimistic, pessimistic or index, found '" + name + "'",
                    near.empty() ? "" : "did you mean '" + near + "'?");
    }
    return static_cast<TieRule>(found - names.begin());
}

const char* tieRuleName(TieRule rule) {
    return tieNames()[static_cast<std::size_t>(rule)].c_str();
}

const char* setKindName(SetKind kind) {
    switch (kind) {
        case SetKind::Retrieval:
            return "retrieval";
        case SetKind::Classification:
            return "classification";
        case SetKind::MultiLabel:
            return "multi-label";
    }
    return "";
}

MetricMap SetMetrics::values() const {
    MetricMap map;
    if (retrieval) {
        map["R@1"] = retrieval->r1;
        map["R@5"] = retrieval->r5;
        map["R@10"] = retrieval->r10;
        putDirection(map, retrieval->forward);
        putDirection(map, retrieval->backward);
    }
    if (classification) {
        map["top-1"] = classification->top1;
        map["top-5"] = classification->top5;
        if (classification->by_class) putDirection(map, *classification->by_class);
    }
    if (multi_label) map["mAP"] = multi_label->mean_average_precision;
    return map;
}

double SetMetrics::value(const std::string& metric) const {
    const MetricMap map = values();
    if (const auto found = map.find(metric); found != map.end()) return found->second;
    std::string known;
    for (const auto& [name, ignored] : map) known += (known.empty() ? "" : ", ") + name;
    throw Error(ErrorCode::NotFound, protocol.set,
                "expected a metric of this set (" + known + "), found '" + metric + "'");
}

const SetMetrics* MetricsTable::find(const std::string& set) const {
    for (const auto& metrics : sets) {
        if (metrics.protocol.set == set) return &metrics;
    }
    return nullptr;
}

const SetMetrics& MetricsTable::at(const std::string& set) const {
    if (const SetMetrics* found = find(set)) return *found;
    std::vector<std::string> known;
    for (const auto& metrics : sets) known.push_back(metrics.protocol.set);
    const std::string near = nearestName(set, known);
    throw Error(ErrorCode::NotFound, subject, "no figures of an evaluation set '" + set + "'",
                near.empty() ? "" : "did you mean '" + near + "'?");
}

Json toJson(const Protocol& p) {
    Json json{{"kind", setKindName(p.kind)},
              {"set", p.set},
              {"first", p.first},
              {"second", p.second},
              {"first_items", p.first_items},
              {"second_items", p.second_items},
              {"pairs", p.pairs},
              {"score", p.score},
              {"length_error", p.length_error},
              {"hit_rule", p.hit_rule},
              {"tie_rule", p.tie_rule},
              {"average", p.average}};
    if (!p.prompt.empty()) json["prompt"] = p.prompt;
    if (!p.sample.empty()) json["sample"] = p.sample;
    return json;
}

Json toJson(const DirectionMetrics& d) {
    return Json{{"name", d.name},
                {"queries", d.queries},
                {"left_out", d.left_out},
                {"candidates", d.candidates},
                {"positives_per_query", d.positives_per_query},
                {"R@1", d.r1},
                {"R@5", d.r5},
                {"R@10", d.r10},
                {"median_rank", d.median_rank ? Json(*d.median_rank) : Json()},
                {"tied_queries", d.tied_queries}};
}

Json toJson(const SetMetrics& m) {
    Json json{{"set", m.protocol.set}, {"kind", setKindName(m.protocol.kind)}, {"metrics", Json::object()}};
    for (const auto& [name, value] : m.values()) json["metrics"][name] = value;
    if (m.retrieval) json["directions"] = Json::array({toJson(m.retrieval->forward), toJson(m.retrieval->backward)});
    if (m.classification) {
        json["items"] = m.classification->items;
        json["left_out"] = m.classification->left_out;
        json["classes"] = m.classification->classes;
        json["tied_items"] = m.classification->tied_items;
        if (m.classification->by_class) json["directions"] = Json::array({toJson(*m.classification->by_class)});
    }
    if (m.multi_label) {
        json["items"] = m.multi_label->items;
        json["classes"] = m.multi_label->classes;
        json["classes_without_items"] = m.multi_label->classes_without_items;
        json["tied_classes"] = m.multi_label->tied_classes;
    }
    json["protocol"] = toJson(m.protocol);
    return json;
}

Json toJson(const MetricsTable& table) {
    Json json{{"subject", table.subject}, {"synthetic", table.synthetic}};
    if (!table.setting.is_null()) json["setting"] = table.setting;
    json["sets"] = Json::array();
    for (const auto& set : table.sets) json["sets"].push_back(toJson(set));
    return json;
}

std::string protocolText(const Protocol& p) {
    std::string text = p.set + ": " + setKindName(p.kind) + ", " + std::to_string(p.first_items) + " " + p.first +
                       " x " + std::to_string(p.second_items) + " " + p.second + ", " + std::to_string(p.pairs) +
                       " pairs; " + p.score + lengthNote(p) + "; " + p.hit_rule + "; " + p.average + "; " + p.tie_rule +
                       ".";
    if (!p.prompt.empty()) text += " Prompt: \"" + p.prompt + "\".";
    if (!p.sample.empty()) text += " Estimated from a " + p.sample + ", against all candidates.";
    return text;
}

std::string toText(const MetricsTable& table, bool with_protocol) {
    std::string out = table.subject + (table.synthetic ? "  [synthetic world]" : "") + "\n";
    std::vector<Row> rows{{"set", "direction", "R@1", "R@5", "R@10", "median", "queries", "candidates", "ties"}};
    std::vector<Row> others{{"set", "metric", "value", "items", "classes", "ties"}};
    for (const auto& m : table.sets) {
        const std::string& set = m.protocol.set;
        if (m.retrieval) {
            rows.push_back(directionRow(set, m.retrieval->forward));
            rows.push_back(directionRow("", m.retrieval->backward));
            rows.push_back({"", "mean", fixed(m.retrieval->r1), fixed(m.retrieval->r5), fixed(m.retrieval->r10)});
        }
        if (m.classification) {
            const auto& c = *m.classification;
            others.push_back({set, "top-1", fixed(c.top1), std::to_string(c.items), std::to_string(c.classes),
                              std::to_string(c.tied_items)});
            others.push_back({"", "top-5", fixed(c.top5)});
            if (c.by_class) rows.push_back(directionRow(set, *c.by_class));
        }
        if (m.multi_label) {
            const auto& c = *m.multi_label;
            others.push_back({set, "mAP", fixed(c.mean_average_precision), std::to_string(c.items),
                              std::to_string(c.classes), std::to_string(c.tied_classes)});
        }
    }
    if (rows.size() > 1) appendTable(out, rows, 2);
    if (rows.size() > 1 && others.size() > 1) out += "\n";
    if (others.size() > 1) appendTable(out, others, 2);
    if (with_protocol && !table.sets.empty()) {
        out += "\n";
        for (const auto& m : table.sets) out += protocolText(m.protocol) + "\n";
    }
    return out;
}

}  // namespace engine
