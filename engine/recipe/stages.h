// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Time travel: a product as it was on the way of its training. Stage k of n is a product of its own in
// <product>/stages/<k>/, k = 0..n-1, named "<name> at k of n", with every projector as it was when k of n equal
// parts of its steps were done (0: as it was drawn); k = n is the product itself. Reactions of a route are trained one
// after the other, the later ones against the finished earlier ones: a stage shows all of them at the same part of
// their own time. Weights alone are kept; components of evaluation sets are computed when they are asked for.
#pragma once

#include <cstdint>
#include <filesystem>

#include "engine/recipe/product.h"

namespace engine {

std::filesystem::path stageFolder(const std::filesystem::path& product, std::int64_t part);

// What a projector's file of a stage says of itself.
struct StageMark {
    std::int64_t steps = 0;
    double loss = 0;  // of that step; 0 before the first
};
std::map<std::string, std::string> stageMetadata(const StageMark& mark);

// n of a product, 0 where none are kept.
std::int64_t stagesOf(const std::filesystem::path& product);
// True for the folder of a stage.
bool isStage(const ProductRecord& record);
// The folder to open for part `part`: the product's own for the last. Throws Error{NotFound} saying which there are.
std::filesystem::path productAt(const std::filesystem::path& product, std::int64_t part);

// Makes products of the stages' files, after the product's own record was settled. What a projector has no state of
// (it was finished in another product) is as it is in the end.
void writeStages(const std::filesystem::path& product, const ProductModel& model, const ProductRecord& record,
                 std::int64_t count);

}  // namespace engine
