// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Parts of the program that are loaded at first use, because what they need takes seconds to load or is not everywhere.
#pragma once

#include <filesystem>
#include <string>

namespace engine {

// A function of the library `file` in the folder of the library (or program) that holds `here`; null with the reason in
// `why`. Libraries stay until the process ends: what they bring keeps threads and static state. Thread-safe.
void* functionBeside(const void* here, const std::string& file, const char* name, std::string& why);
// The path that it looks for.
std::filesystem::path pathBeside(const void* here, const std::string& file);

}  // namespace engine
