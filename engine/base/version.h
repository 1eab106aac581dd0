// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What made a result: written into every product, package and table.
#pragma once

#include <string>

namespace engine {

std::string programVersion();  // "0.1.0"
std::string programCommit();   // of the checkout it was built from; "unknown" outside one

}  // namespace engine
