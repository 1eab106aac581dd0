// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The model card of a package (Markdown): what it is, what it takes and gives, the formula in force, how it was trained
// and measured, its limits.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/recipe/product.h"

namespace engine {

struct CardInput {
    const std::map<std::string, double>& trained;  // factors at which later projectors were trained, by name
    const LoadedProduct& product;                  // with the factors in force
    std::string setting_name;
    const Json& evaluation;  // null: not measured
    const Json& probes;      // {modality: {"rows", "source"}}
    std::vector<std::string> notes;
};

std::string modelCard(const CardInput& input);

}  // namespace engine
