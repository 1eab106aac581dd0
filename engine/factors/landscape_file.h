// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Landscapes on disk: one file for each set, experts' weights and box, named by the hash of what it was made from. A
// file that is damaged or stale is made anew. Two processes may share a folder: each writes a file whole, then renames.
#pragma once

#include <filesystem>
#include <memory>

#include "engine/base/job.h"
#include "engine/factors/set_landscape.h"

namespace engine {

// From `folder` if it is there (`cached`), else built and put there; null if `build` is false. An empty folder: built.
// A file that cannot be written is logged, not an error.
std::shared_ptr<const SetLandscape> landscapeFromCache(const std::filesystem::path& folder, LandscapeRequest request,
                                                       bool build, const JobContext& job, bool& cached);

}  // namespace engine
