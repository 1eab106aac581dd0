// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Flags made from option tables: names, help, ranges and defaults come from the table and nowhere else. And flags that
// several verbs have.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/option_table.h"
#include "engine/session/session.h"

namespace app {

// Adds one flag for each entry under `group`; after parsing, the object holds what was given, checked against its
// range.
std::shared_ptr<engine::Json> addOptionFlags(CLI::App& verb, const std::vector<engine::OptionEntry>& entries,
                                             const std::string& group);

// What changes are counted against.
void addBaselineFlags(CLI::App& verb, engine::Subject& baseline);

}  // namespace app
