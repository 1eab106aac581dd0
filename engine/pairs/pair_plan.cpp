// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/pairs/pair_plan.h"

#include <algorithm>

#include "engine/base/error.h"

namespace engine {
namespace {

bool has(const std::vector<Modality>& list, const Modality& m) {
    return std::find(list.begin(), list.end(), m) != list.end();
}

std::vector<Modality> others(const std::vector<Modality>& list, const std::vector<Modality>& without) {
    std::vector<Modality> out;
    for (const auto& m : list) {
        if (!has(without, m)) out.push_back(m);
    }
    return out;
}

const char* sideName(PairSide side) {
    return side == PairSide::Unified ? "u" : "e";
}
std::string poolName(PairSide side, const Modality& m) {
    return modalityLetter(m) + sideName(side);
}

}  // namespace

std::string cellName(const PairCell& cell) {
    return modalityLetter(cell.modality) + "~" + sideName(cell.side);
}

std::vector<PairCell> PairPlan::made() const {
    std::vector<PairCell> cells;
    for (const auto& step : steps) {
        for (const auto side : step.value_sides) cells.push_back({side, step.memory});
    }
    return cells;
}

std::string PairPlan::text() const {
    std::string out;
    const auto line = [&](const std::string& text) { out += (out.empty() ? "" : "\n") + text; };
    for (const auto& cell : own) line(cellName(cell) + " = " + poolName(cell.side, cell.modality));
    for (const auto& step : steps) {
        const bool is_own = has({start}, step.query.modality);
        const std::string query = is_own ? poolName(step.query.side, step.query.modality) : cellName(step.query);
        for (const auto side : step.value_sides) {
            line(cellName({side, step.memory}) + " = W(" + query + ", " + poolName(step.key_side, step.memory) + ") " +
                 poolName(side, step.memory));
        }
    }
    return out;
}

PairPlan planPairs(const Modality& start, const std::vector<Modality>& unified, const std::vector<Modality>& expert,
                   const std::string& guidance, const std::string& hub) {
    constexpr auto U = PairSide::Unified, E = PairSide::Expert;
    std::vector<Modality> shared;
    for (const auto& m : unified) {
        if (has(expert, m)) shared.push_back(m);
    }
    if (shared.empty()) throw Error(ErrorCode::InvalidInput, "pseudo pairs", "the two spaces share no modality");
    if (hub != "auto" && !has(unified, hub)) {
        throw Error(ErrorCode::InvalidInput, "hub",
                    "expected auto or a modality of the unified space, found '" + hub + "'");
    }
    const Modality wanted = hub != "auto" ? hub : has(unified, "image") ? "image" : unified.front();
    const bool own = guidance == "own" || (guidance == "auto" && has(shared, wanted));
    const Modality h = has(shared, wanted) ? wanted : shared.front();
    const Modality& first = shared.front();
    const auto alone = others(unified, shared), expert_alone = others(expert, shared);

    PairPlan plan;
    plan.start = start;
    if (has(unified, start)) plan.own.push_back({U, start});
    if (has(expert, start)) plan.own.push_back({E, start});
    if (plan.own.empty()) throw Error(ErrorCode::InvalidInput, "pseudo pairs", "neither space has " + start);
    auto& steps = plan.steps;
    if (has(shared, start)) {
        for (const auto& y : others(shared, {start})) {
            if (own) {
                steps.push_back({{E, start}, y, E, {E}});
                steps.push_back({{U, start}, y, U, {U}});
            } else {
                steps.push_back({{E, start}, y, E, {E, U}});
            }
        }
        for (const auto& z : alone) steps.push_back({{U, own ? h : start}, z, U, {U}});
        for (const auto& q : expert_alone) steps.push_back({{E, start}, q, E, {E}});
    } else if (has(unified, start)) {
        if (own) {
            steps.push_back({{U, start}, h, U, {U, E}});
            for (const auto& y : others(shared, {h})) steps.push_back({{U, h}, y, U, {U, E}});
        } else {
            for (const auto& y : shared) steps.push_back({{U, start}, y, U, {U, E}});
        }
        for (const auto& z : others(alone, {start})) steps.push_back({{U, own ? h : start}, z, U, {U}});
        for (const auto& q : expert_alone) steps.push_back({{E, first}, q, E, {E}});
    } else {
        for (const auto& y : shared) steps.push_back({{E, start}, y, E, {E, U}});
        for (const auto& z : alone) steps.push_back({{U, first}, z, U, {U}});
        for (const auto& q : others(expert_alone, {start})) steps.push_back({{E, start}, q, E, {E}});
    }
    return plan;
}

}  // namespace engine
