// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Sweeps as files. Every form says what was compared with what, by which protocol, and whether on a synthetic world.
#pragma once

#include <filesystem>
#include <string>

#include "engine/factors/sweep.h"

namespace engine {

// One line for each point: the factors, each group's Δ, then every metric of every set ("AudioCaps R@1"). Lines before
// the header begin with '#'. Points that are not computed have empty fields.
std::string toCsv(const SweepSurface& surface);
// {"subject", "baseline", "synthetic", "axes": [{factor, values}], "groups": [{name, sets, metric, weights, baseline,
// change: [[...]]}], "sets": [{set, protocol, baseline, metrics: {name: [[...]]}}]}; lists are as deep as there are
// axes; null: not computed. Of a group also "best_interval" where it is estimated, and "best_how_sure" where that was
// asked for: {points, tied_with_best, chosen_on_one_half, on_the_other_half} or {not_told}.
Json toJson(const SweepSurface& surface);
// The best point of each group and how sure it is, for reading.
std::string toText(const SweepSurface& surface);

// Throws Error{InvalidInput} where a sweep cannot be written under this ending.
void requireSweepFile(const std::filesystem::path& path);
// By the ending of `path`: .csv, .json, .h5 or .hdf5. Written whole, then renamed. HDF5: axes/<i> (attribute factor),
// groups/<name> and sets/<set>/<metric> [steps of axis 0, steps of axis 1, ...] float64, NaN where not computed;
// attributes as the keys of the JSON; '/' in a name becomes '_'.
void writeSweep(const std::filesystem::path& path, const SweepSurface& surface);

}  // namespace engine
