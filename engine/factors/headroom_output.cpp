// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cstdio>

#include "engine/base/text.h"
#include "engine/factors/headroom.h"

namespace engine {

namespace {

constexpr const char* kNote =
    "oracles look at the answers: upper bounds, no figures that can be had; the candidates stand at the best setting";
// Below it a difference of figures is nothing to be shared out.
constexpr double kNothing = 0.005;

std::string number(double value, const char* format = "%7.2f") {
    char text[32];
    std::snprintf(text, sizeof text, format, value);
    return text;
}

// Padded by characters, not bytes.
std::string padded(std::string text, std::size_t width) {
    const auto characters = static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
    return text + std::string(characters < width ? width - characters : 0, ' ');
}

Json ratesJson(const HeadroomResult& r, const HeadroomRates& rates) {
    Json out = Json::object();
    for (std::size_t k = 0; k < kHitPlaces.size(); ++k) {
        if (r.metrics[k].empty()) continue;
        out[r.metrics[k]] = {{"current", rates.current[k]},
                             {"best", rates.best[k]},
                             {"oracle_own_factors", rates.by_own[k]},
                             {"oracle_all_factors", rates.by_all[k]}};
    }
    return out;
}

std::string verdict(const HeadroomResult& r) {
    if (r.helps()) {
        const double room = r.of_settings - r.one;
        return "the router helps" + (room > kNothing ? ": it gets " + number(100 * (r.router - r.one) / room, "%.0f") +
                                                           " % of what these settings have beyond the one"
                                                     : std::string());
    }
    if (r.harms()) return "the router does harm: keep the one setting";
    bool believed = false;
    for (const auto& set : r.sets)
        for (const auto& d : set.directions) believed = believed || d.believed > 0;
    return believed ? "the router does not help: its gain cannot be told from none"
                    : "the router does not help: cross-validation finds nothing to go by and keeps one setting";
}

}  // namespace

std::string toText(const HeadroomResult& r) {
    std::string text = "headroom of single queries (" + r.figure + ")" + (r.synthetic ? "  [synthetic world]" : "") +
                       "\n  " + kNote + "\n  " + padded("", 34);
    for (const auto& metric : r.metrics)
        if (!metric.empty()) text += " " + padded(metric, 7);
    text += "\n";
    const auto line = [&](const std::string& name, const std::array<double, kHitPlaces.size()>& values) {
        text += "  " + padded(name, 34);
        for (std::size_t k = 0; k < values.size(); ++k)
            if (!r.metrics[k].empty()) text += " " + number(values[k]);
        text += "\n";
    };
    line("where the search began", r.rates.current);
    line("best setting", r.rates.best);
    line("oracle, the query's own factors", r.rates.by_own);
    line("oracle, all factors", r.rates.by_all);
    if (!r.routed) return text + "  router: no direction has a factor of its queries' own\n";
    text += "  router by the query's own embedding, on halves that it was not fitted on (" + std::to_string(r.splits) +
            " splits)\n";
    const auto figure = [&](const std::string& name, double value) {
        text += "  " + padded(name, 34) + " " + number(value);
    };
    figure("one setting of the other half", r.one);
    text += "\n";
    figure("router of the other half", r.router);
    text += "   " + number(r.gain.estimate, "%+.2f") + " [" + number(r.gain.low, "%+.2f") + ", " +
            number(r.gain.high, "%+.2f") + "], p = " + number(r.test.p_value, "%.2g") + "; " +
            number(r.router_fitted, "%.2f") + " where it was fitted\n";
    figure("oracle of the router's settings", r.of_settings);
    text += "\n  " + verdict(r) + "\n";
    for (const auto& set : r.sets) {
        for (const auto& d : set.directions) {
            text += "    " + padded(set.name + " " + d.name, 32);
            if (d.own_factors.empty()) {
                text += " no factor of its queries' own\n";
                continue;
            }
            text += " " + number(d.one) + " → router " + number(d.router, "%.2f") + ", oracle " +
                    number(d.of_settings, "%.2f") + " of " + std::to_string(d.settings) + " settings of " +
                    joined(d.own_factors) + "; they differ for " + std::to_string(d.differing) + " of " +
                    std::to_string(d.queries) + " queries\n";
        }
    }
    return text;
}

Json toJson(const HeadroomResult& r) {
    Json sets = Json::array();
    for (const auto& set : r.sets) {
        Json directions = Json::array();
        for (const auto& d : set.directions) {
            Json one = {{"name", d.name},
                        {"queries", d.queries},
                        {"own_factors", d.own_factors},
                        {"exact", d.exact},
                        {"own_points", d.own_points},
                        {"all_points", d.all_points},
                        {"rates", ratesJson(r, d.rates)}};
            if (d.settings > 1) {
                Json settings = Json::array();
                for (std::size_t m = 0; m < d.settings; ++m)
                    settings.push_back({{"values", d.values[m]}, {"chosen", d.share[m]}});
                one["router"] = {{"settings", settings},
                                 {"queries_that_differ", d.differing},
                                 {"believed", d.believed},
                                 {"one_setting", d.one},
                                 {"router", d.router},
                                 {"router_where_fitted", d.router_fitted},
                                 {"oracle_of_settings", d.of_settings}};
            }
            directions.push_back(std::move(one));
        }
        sets.push_back({{"set", set.name}, {"weight", set.weight}, {"directions", directions}});
    }
    Json out = {{"figure", r.figure},
                {"synthetic", r.synthetic},
                {"note", kNote},
                {"rates", ratesJson(r, r.rates)},
                {"sets", sets}};
    if (!r.routed) return out;
    out["router"] = {{"splits", r.splits},
                     {"one_setting", r.one},
                     {"router", r.router},
                     {"router_where_fitted", r.router_fitted},
                     {"oracle_of_settings", r.of_settings},
                     {"gain", {{"difference", r.gain.estimate}, {"low", r.gain.low}, {"high", r.gain.high}}},
                     {"p_value", r.test.p_value},
                     {"helps", r.helps()},
                     {"verdict", verdict(r)}};
    return out;
}

}  // namespace engine
