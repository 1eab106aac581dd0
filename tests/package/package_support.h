// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What tests of packages share: rows, and Python programs run on packages.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>

#include "engine/base/file.h"
#include "engine/package/export.h"
#include "engine/store/npy.h"
#include "tests/recipe/recipe_support.h"
#include "tests/support/test_folder.h"

namespace engine::test {

inline Matrix rowsOfAnyLength(std::size_t rows, std::size_t cols, std::uint64_t seed) {
    Matrix m(rows, cols);
    Rng rng(seed, "lengths");
    rng.fillNormal(m.data(), m.size(), 3.0f);
    return m;
}

struct PythonResult {
    int code = -1;
    std::string output;  // stdout and stderr
};

// Runs `program` (the text of a Python program) with `arguments`, each quoted for the shell.
inline PythonResult runPython(const std::string& program, const std::vector<std::string>& arguments) {
    const TestFolder folder;
    std::ofstream(folder / "program.py") << program;
    std::string command = std::string("'") + MOLSPACE_PYTHON + "' '" + (folder / "program.py").string() + "'";
    for (const auto& a : arguments) command += " '" + a + "'";
    PythonResult out;
    FILE* pipe = popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr) return out;
    char buffer[512];
    while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) out.output += buffer;
    const int status = pclose(pipe);
    out.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return out;
}

inline bool pythonHas(const std::string& module) {
    return runPython("import " + module, {}).code == 0;
}

}  // namespace engine::test
