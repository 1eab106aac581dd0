// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Probe vectors of a package: for each modality a few input rows in every space that the product needs for it, and the
// product vectors that must come out at the factors in force. Anyone who implements the package can check themselves.
//
// probes.safetensors: "<modality>/input/<space>" [n, width] float32 unit rows, "<modality>/expected" [n, width] float32
// unit rows, blended in float64 and rounded once.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "engine/base/job.h"
#include "engine/base/json.h"
#include "engine/recipe/product.h"
#include "engine/store/workspace.h"

namespace engine {

struct ProbeInputs {
    std::map<std::string, Matrix> rows;  // by space, equal row counts, unit rows
    std::string source;                  // "audio of AudioCaps", "random directions"
};

// Up to `count` items spread evenly over an evaluation set (or else a pool) that has the modality in every needed
// space; random directions where there is none or no workspace.
ProbeInputs chooseProbes(const ProductModel& model, const Modality& modality, const Workspace* workspace,
                         std::size_t count);

// Writes the file; returns {modality: {"rows", "source"}}.
Json writeProbes(const std::filesystem::path& path, const ProductModel& model, const Workspace* workspace,
                 std::size_t count, const JobContext& job);

struct ProbeCheck {
    std::size_t rows = 0;
    double worst = 0;  // the largest |difference| of any value; infinite where something is not finite
};
// Computes every probe again. Throws Error{InvalidInput} where a modality's probes are missing or of the wrong shape.
std::map<Modality, ProbeCheck> checkProbes(const std::filesystem::path& path, const ProductModel& model,
                                           const JobContext& job);

}  // namespace engine
