// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// When a result was made.
#pragma once

#include <string>

namespace engine {

std::string utcNow();  // "2026-01-02T03:04:05Z"

}  // namespace engine
