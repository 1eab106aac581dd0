// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Proves a package: every file is there with its size and hash, formats and versions are known, recipe and product
// agree, and the engine computes every probe again to within kProbeTolerance.
#pragma once

#include <filesystem>

#include "engine/base/job.h"
#include "engine/base/json.h"

namespace engine {

// {"package", "name", "synthetic", "format_version", "files", "bytes", "tolerance", "modalities": {name: {"probes",
// "worst_difference"}}, "warnings"}. Throws Error{InvalidInput} that lists every problem, the differences included.
Json verifyPackage(const std::filesystem::path& folder, const JobContext& job);

}  // namespace engine
