// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/why.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/factors/flips.h"
#include "engine/factors/landscape_evaluator.h"
#include "engine/factors/sweep.h"
#include "engine/session/session.h"
#include "engine/session/subject.h"

namespace engine {
namespace {

constexpr std::size_t kShown = 5;  // queries of each list in the text; JSON has all

std::string number(double value, const char* format = "%.6g") {
    char text[32];
    std::snprintf(text, sizeof text, format, value);
    return text;
}

struct SetIds {
    std::vector<std::string> first, second;
    const std::string& query(bool forward, std::uint32_t row) const { return (forward ? first : second)[row]; }
    const std::string& answer(bool forward, std::uint32_t row) const { return (forward ? second : first)[row]; }
};

std::string settingName(const std::string& name, const std::vector<std::string>& set) {
    std::string out = name.empty() ? "the recipe's factors" : name;
    for (const auto& item : set) out += ", " + item;
    return out;
}

Json queryJson(const QueryChange& change, const std::vector<Mover>& movers, const SetIds& ids, bool forward) {
    Json out = {{"query", ids.query(forward, change.query)},
                {"row", change.query},
                {"hit_before", change.hit_before},
                {"hit_after", change.hit_after},
                {"rank_before", change.rank_before},
                {"rank_after", change.rank_after},
                {"positive_before", ids.answer(forward, change.positive_before)},
                {"positive_after", ids.answer(forward, change.positive_after)},
                {"wrong_before", ids.answer(forward, change.wrong_before)},
                {"wrong_after", ids.answer(forward, change.wrong_after)},
                {"margin_before", change.margin_before},
                {"margin_after", change.margin_after}};
    if (!change.explained()) return out;
    for (std::size_t m = 0; m < movers.size(); ++m) {
        out["shares"][movers[m].name] = change.shares[m];
        out["errors"][movers[m].name] = change.errors[m];
    }
    return out;
}

std::string queryText(const QueryChange& change, const std::vector<Mover>& movers, const SetIds& ids, bool forward) {
    std::string out = "      " + ids.query(forward, change.query) + "  rank " + number(change.rank_before) + " → " +
                      number(change.rank_after) + "  margin " + number(change.margin_before, "%+.4f") + " → " +
                      number(change.margin_after, "%+.4f");
    for (std::size_t m = 0; change.explained() && m < movers.size(); ++m)
        out += (m == 0 ? "  by " : ", ") + movers[m].name + " " + number(change.shares[m], "%+.4f");
    const bool gained = change.hit_after > change.hit_before;
    return out + (gained ? "  was behind " : "  now behind ") +
           ids.answer(forward, gained ? change.wrong_before : change.wrong_after) + "\n";
}

void tellChange(const SetChange& change, const std::string& set, const SetIds& ids, Json& json, std::string& text) {
    json["exact"] = change.exact;
    json["movers"] = Json::array();
    for (const auto& mover : change.movers) {
        json["movers"].push_back(
            {{"name", mover.name}, {"expert", mover.expert}, {"before", mover.before}, {"after", mover.after}});
        if (mover.projectors_of.empty()) continue;
        json["movers"].back()["active_before"] = mover.active_before;
        json["movers"].back()["active_after"] = mover.active_after;
    }
    for (const DirectionChange* direction : {&change.forward, &change.backward}) {
        const bool forward = direction == &change.forward;
        Json one = {{"name", direction->name}, {"gained", Json::array()}, {"lost", Json::array()}};
        text += "  " + set + " " + direction->name + ": " + std::to_string(direction->gained.size()) + " gained, " +
                std::to_string(direction->lost.size()) + " lost\n";
        for (const auto* list : {&direction->gained, &direction->lost}) {
            const bool gained = list == &direction->gained;
            if (!list->empty()) text += gained ? "    gained, furthest first\n" : "    lost, furthest first\n";
            for (std::size_t i = 0; i < list->size(); ++i) {
                one[gained ? "gained" : "lost"].push_back(queryJson((*list)[i], change.movers, ids, forward));
                if (i < kShown) text += queryText((*list)[i], change.movers, ids, forward);
            }
            if (list->size() > kShown) text += "      and " + std::to_string(list->size() - kShown) + " more\n";
        }
        json["directions"].push_back(std::move(one));
    }
}

// The widest of the highest pieces of a curve: its place among the values.
std::size_t highest(const HitCurve& curve) {
    const auto width = [&](std::size_t i) {
        return (i == curve.breaks.size() ? curve.high : curve.breaks[i]) - (i == 0 ? curve.low : curve.breaks[i - 1]);
    };
    std::size_t best = 0;
    for (std::size_t i = 1; i < curve.values.size(); ++i) {
        const double ahead = curve.values[i] - curve.values[best];
        if (ahead > 1e-9 || (ahead > -1e-9 && width(i) > width(best))) best = i;
    }
    return best;
}

void tellLine(const LandscapeEvaluator& evaluator, const Setting& from, const FactorAxis& axis, std::size_t place,
              const SetIds& ids, const JobContext& job, Json& json, std::string& text) {
    const SetOutline& outline = evaluator.sets()[0];
    const auto landscape = evaluator.landscape(0);
    if (!landscape || !evaluator.ready(0, from)) {
        throw Error(ErrorCode::InvalidInput, outline.name, "there is no landscape, so no line to follow",
                    "raise --memory-gib");
    }
    const auto& names = landscape->grid().factors;
    const auto dim = std::find(names.begin(), names.end(), axis.factor);
    if (dim == names.end()) {
        text += "  " + outline.name + ": " + axis.factor + " moves nothing\n";
        json["along"] = Json();
        return;
    }
    const FactorLine line{evaluator.pointOf(0, from), static_cast<std::size_t>(dim - names.begin()), axis.first,
                          axis.last};
    const std::string k = std::to_string(kHitPlaces[place]);
    Json directions = Json::array();
    std::vector<HitCurve> curves;
    for (const bool forward : {true, false}) {
        if (landscape->cells(forward).queries == 0) continue;
        const LineHits hits = flipsAlong(*landscape, line, forward, evaluator.ties(), job);
        const HitCurve curve = hitCurve(hits, place);
        Json flips = Json::array();
        std::size_t enters = 0, leaves = 0;
        for (const Flip& flip : hits.flips) {
            if (flip.place != place) continue;
            (flip.enters() ? enters : leaves) += 1;
            flips.push_back({{"at", flip.at},
                             {"query", ids.query(forward, flip.query)},
                             {"row", flip.query},
                             {"before", flip.before},
                             {"after", flip.after}});
        }
        const std::string name = directionName(landscape->set().set, forward);
        text += "  " + outline.name + " " + name + " along " + axis.factor + ": " + std::to_string(enters) +
                " hits enter, " + std::to_string(leaves) + " leave\n";
        directions.push_back({{"name", name},
                              {"enters", enters},
                              {"leaves", leaves},
                              {"breaks", curve.breaks},
                              {"values", curve.values},
                              {"flips", flips}});
        curves.push_back(curve);
    }
    const HitCurve mean = curves.size() == 2 ? meanCurve(curves[0], curves[1]) : curves.at(0);
    const std::size_t best = highest(mean);
    const double low = best == 0 ? mean.low : mean.breaks[best - 1],
                 high = best == mean.breaks.size() ? mean.high : mean.breaks[best];
    const double own = line.point[line.dim];
    text += "  " + outline.name + " R@" + k + " along " + axis.factor + ": highest " +
            number(mean.values[best], "%.2f") + " for " + axis.factor + " in " + number(low, "%.6f") + ".." +
            number(high, "%.6f");
    if (own >= mean.low && own <= mean.high) text += "; " + number(mean.at(own), "%.2f") + " at " + number(own);
    text += "\n";
    json["along"] = {{"factor", axis.factor},
                     {"low", axis.first},
                     {"high", axis.last},
                     {"directions", directions},
                     {"highest", {{"value", mean.values[best]}, {"low", low}, {"high", high}}}};
}

}  // namespace

const std::vector<OptionEntry>& whyOptions() {
    return whyOptionTable().entries();
}

Outcome why(const WhyRequestText& request, const JobContext& job) {
    const Workspace workspace = workspaceFor(request.workspace, request.product);
    const LoadedProduct product = loadProduct(request.product);
    const auto options = readOptions(whyOptionTable(), request.options, "options");
    const auto landscapes = readOptions(landscapeOptionTable(), request.landscapes, "landscape options");
    const Setting from = parseSetting(product, request.from, request.from_set);
    const Setting to = parseSetting(product, request.to, request.to_set);
    FactorAxis axis;
    std::size_t place = kHitPlaces.size();
    if (!request.along.empty()) {
        axis = parseAxis(request.along);
        requireAxis(axis.factor, axis.first, axis.last, product.model->plan().axes(), product.model->recipe().name);
        for (std::size_t k = 0; k < kHitPlaces.size(); ++k)
            if (static_cast<std::int64_t>(kHitPlaces[k]) == options.place) place = k;
        if (place == kHitPlaces.size()) {
            throw Error(ErrorCode::InvalidInput, "--place", "hits along a line are known at 1, 5 and 10",
                        "choose one of these, or leave --along out");
        }
    }
    std::vector<std::string> sets = request.sets;
    if (sets.empty()) {
        for (const auto& name : setsOfProduct(workspace, *product.model))
            if (workspace.set(name).kind == SetKind::Retrieval) sets.push_back(name);
    }
    if (sets.empty()) {
        throw Error(ErrorCode::NotFound, workspace.folder().string(),
                    "there is no retrieval set that the product can be measured on", "name one with --sets");
    }
    const bool synthetic = workspace.synthetic() || product.record.synthetic;
    Outcome out{{{"subject", product.model->recipe().name},
                 {"synthetic", synthetic},
                 {"place", options.place},
                 {"from", settingToJson(from)},
                 {"sets", Json::array()}},
                {}};
    out.text = product.model->recipe().name + (synthetic ? "  [synthetic world]" : "") + ", hits at " +
               std::to_string(options.place) + "\n  from " + settingName(request.from, request.from_set) + "\n";
    if (request.compare) {
        out.json["to"] = settingToJson(to);
        out.text += "  to   " + settingName(request.to, request.to_set) + "\n";
    }
    ProgressMeter meter(job, "why", "sets", sets.size());
    for (const auto& name : sets) {
        const std::vector<Setting> both = request.compare ? std::vector{from, to} : std::vector{from};
        const SetComponents set = loadSetComponents(workspace, product, name, both, job);
        if (set.set.kind == SetKind::MultiLabel) {
            throw Error(ErrorCode::InvalidInput, name, "a set of several labels has no hits at K",
                        "choose a retrieval or classification set");
        }
        const SetIds ids{workspace.setIds(name, Workspace::Side::First),
                         workspace.setIds(name, Workspace::Side::Second)};
        EvalOptions eval;
        eval.ties = options.ties;
        LandscapeEvaluator evaluator(product.model, {set},
                                     {.eval = eval,
                                      .synthetic = synthetic,
                                      .memory_bytes = bytesOfGib(landscapes.memory_gib),
                                      .cache = landscapeFolder(product),
                                      .device = landscapes.device,
                                      .free = LandscapeEvaluator::freeFor(product.model->plan(), {axis.factor})});
        evaluator.prepare(from, job, !request.along.empty());
        Json json = {{"set", name}};
        if (request.compare) {
            const SetChange change =
                explainChange(*product.model, set, from, to, options, job, landscapeRanks(evaluator, 0));
            if (name == sets.front()) {
                out.text += change.movers.empty() ? "  nothing differs\n" : "  that changes";
                for (const auto& mover : change.movers) {
                    out.text += (&mover == &change.movers.front() ? " " : ", ") + mover.name + " " +
                                number(mover.before) + " → " + number(mover.after);
                }
                if (!change.movers.empty()) out.text += "\n";
            }
            tellChange(change, name, ids, json, out.text);
        }
        if (!request.along.empty()) tellLine(evaluator, from, axis, place, ids, job, json, out.text);
        out.json["sets"].push_back(std::move(json));
        meter.advance(1);
    }
    meter.finish();
    if (!request.output.empty()) {
        writeJsonFile(request.output, out.json);
        out.text += "written: " + request.output.string() + "\n";
    }
    return out;
}

}  // namespace engine
