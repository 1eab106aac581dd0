// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/pools.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/session/subject.h"

namespace engine {

bool baseStandsIn(const Recipe& recipe, std::size_t step) {
    return step > 0 && recipe.route.at(step).against != "base";
}

PoolsAnswer lookAtPools(const PoolsRequest& request, const JobContext& job) {
    const Recipe& recipe = request.recipe;
    if (request.step && *request.step >= recipe.route.size()) {
        throw Error(ErrorCode::InvalidInput, "recipe " + recipe.name,
                    "expected a step from 1 to " + std::to_string(recipe.route.size()) + ", found " +
                        std::to_string(*request.step + 1));
    }
    if (request.step && recipe.route[*request.step].kind == ReactionKind::Tuning) {
        throw Error(ErrorCode::InvalidInput, "step " + std::to_string(*request.step + 1),
                    "a tuning makes no pseudo pairs", "it is trained on the pairs of a paired pool as they are");
    }
    auto options = readOptions(poolQualityOptionTable(), request.options, "quality options");
    options.seed = request.seed;
    std::vector<std::string> spaces{recipe.base};
    const ReactionStep* decides = nullptr;
    for (std::size_t s = 0; s < recipe.route.size(); ++s) {
        const auto& step = recipe.route[s];
        if (step.kind == ReactionKind::Tuning || (request.step && *request.step != s)) continue;
        if (!decides) decides = &step;
        for (const auto& use : step.experts) {
            if (std::find(spaces.begin(), spaces.end(), use.space) == spaces.end()) spaces.push_back(use.space);
        }
    }
    if (decides) {
        options.retrieval_temperature = decides->options.retrieval_temperature;
        options.centred = decides->options.centred;
    }
    PoolsAnswer out;
    out.quality = measurePools(Workspace(request.workspace), spaces, options, job);
    out.findings = poolFindings(out.quality);
    if (request.step && baseStandsIn(recipe, *request.step)) {
        const auto good = std::find_if(out.findings.begin(), out.findings.end(),
                                       [](const auto& f) { return f.kind == PoolFinding::Kind::Good; });
        out.findings.insert(
            good, PoolFinding{PoolFinding::Kind::Note,
                              "Step " + std::to_string(*request.step + 1) +
                                  " is trained against the product of the steps before it, which is not there "
                                  "yet: " +
                                  recipe.base + " stands in for it here."});
    }
    return out;
}

}  // namespace engine
