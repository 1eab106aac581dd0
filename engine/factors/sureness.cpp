// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/sureness.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "engine/base/error.h"

namespace engine {
namespace {

constexpr std::size_t kComparedSettings = 200;  // of a front, besides the highest of each group
// Of a surface: 21 x 21 take a second or two on sets of the paper's sizes, and time grows with the square.
constexpr std::size_t kMostTiedPoints = 500;

std::string number(double value, const char* format = "%+.2f") {
    char text[32];
    std::snprintf(text, sizeof text, format, value);
    return text;
}

}  // namespace

Sureness sureness(const LandscapeEvaluator& evaluator, const DeltaGroup& group, const TuneResult& result,
                  const Setting& fixed, const ConfidenceOptions& options, const JobContext& job) {
    std::vector<Setting> settings{settingOf(result, result.best, fixed), settingOf(result, result.start, fixed)};
    const auto& front = result.front;
    std::set<std::size_t> compared;
    for (std::size_t i = 0; i < front.size(); i += front.size() / kComparedSettings + 1) compared.insert(i);
    for (std::size_t g = 0; !front.empty() && g < result.groups.size(); ++g) {
        const auto highest = std::max_element(front.begin(), front.end(), [g](const TunePoint& a, const TunePoint& b) {
            return a.change[g] < b.change[g];
        });
        compared.insert(static_cast<std::size_t>(highest - front.begin()));
    }
    for (const std::size_t i : compared) settings.push_back(settingOf(result, front[i], fixed));
    const GroupHits hits = groupHits(evaluator, group, settings, {}, job);
    Sureness out;
    out.group = hits.name();
    out.options = options;
    out.gain = bootstrapDifference(hits, 0, 1, options, job);
    out.test = permutationTest(hits, 0, 1, options, job);
    const TiedRegion region = tiedRegion(hits, options, job);
    // Of the front alone: the best under constraints and the start need not be on it.
    out.front = settings.size() - 2;
    out.tied = static_cast<std::size_t>(std::count(region.tied.begin() + 2, region.tied.end(), 1));
    out.held_out = heldOut(hits, options, job);
    const auto after = queryHits(evaluator, group, settings[0]), before = queryHits(evaluator, group, settings[1]);
    for (const auto& set : hits.sets())
        out.moved.emplace_back(set.name, hitsMoved(set, before.at(set.name), after.at(set.name)));
    return out;
}

void tellSureness(SweepSurface& surface, const LandscapeEvaluator* evaluator, const JobContext& job) {
    if (surface.total < 2) return;
    std::vector<Setting> settings;
    for (std::size_t i = 0; i < surface.total && surface.total <= kMostTiedPoints; ++i)
        settings.push_back(surface.settingAt(i));
    for (auto& group : surface.groups) {
        BestSureness& sure = group.sureness.emplace();
        if (settings.empty()) {
            sure.not_told = "that is told of up to " + std::to_string(kMostTiedPoints) + " points only";
            continue;
        }
        if (!evaluator) {
            sure.not_told = "that needs landscapes of the group's sets";
            continue;
        }
        try {
            const GroupHits hits = groupHits(*evaluator, group.group, settings, {}, job);
            const TiedRegion region = tiedRegion(hits, {}, job);
            const HeldOut halves = heldOut(hits, {}, job);
            sure.tied = static_cast<std::size_t>(std::count(region.tied.begin(), region.tied.end(), 1));
            sure.tuned = halves.tuned;
            sure.held_out = halves.held_out;
        } catch (const Error& error) {
            sure.not_told = error.message();
        }
    }
}

std::string toText(const Sureness& sure) {
    std::string moved;
    for (const auto& [set, queries] : sure.moved)
        moved += "  " + set + " +" + number(queries.gained, "%.0f") + " −" + number(queries.lost, "%.0f");
    return "how sure (" + sure.group + ", items drawn " + std::to_string(sure.options.resamples) + " times)\n" +
           "  against the start   " + number(sure.gain.estimate) + " [" + number(sure.gain.low) + ", " +
           number(sure.gain.high) + "], p = " + number(sure.test.p_value, "%.2g") +
           ", neither corrected for the search; items that differ: " + std::to_string(sure.test.differing) +
           "; queries won and lost:" + moved + "\n" + "  of the front        " + std::to_string(sure.tied) + " of " +
           std::to_string(sure.front) + " settings tie with its highest\n" +
           "  held out            highest of the front, chosen on one half " + number(sure.held_out.tuned, "%.2f") +
           ", on the other " + number(sure.held_out.held_out, "%.2f") + ", best there " +
           number(sure.held_out.possible, "%.2f") + "\n";
}

Json toJson(const Sureness& sure) {
    Json queries = Json::array();
    for (const auto& [set, moved] : sure.moved)
        queries.push_back({{"set", set}, {"gained", moved.gained}, {"lost", moved.lost}});
    return {{"group", sure.group},
            {"level", sure.options.level},
            {"seed", sure.options.seed},
            {"against_start",
             {{"difference", sure.gain.estimate},
              {"low", sure.gain.low},
              {"high", sure.gain.high},
              {"p_value", sure.test.p_value},
              {"corrected_for_search", false},
              {"items_that_differ", sure.test.differing},
              {"queries", queries}}},
            {"front", {{"settings", sure.front}, {"tied_with_its_highest", sure.tied}}},
            {"held_out",
             {{"splits", sure.held_out.splits.size()},
              {"chosen_on_one_half", sure.held_out.tuned},
              {"on_the_other_half", sure.held_out.held_out},
              {"best_there", sure.held_out.possible}}}};
}

}  // namespace engine
