// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where what ships with the program lies: recipes/, guide/, package/.
#pragma once

#include <filesystem>

namespace engine {

// <prefix>/share/molspace, found from the place of this library (<prefix>/lib/molspace). Throws Error{NotFound} where
// the installation is incomplete.
std::filesystem::path resourceFolder();

}  // namespace engine
