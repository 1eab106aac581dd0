// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Products on disk with random projectors, and Python programs run on packages.
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

// A product folder as training leaves it.
inline void writeProduct(const std::filesystem::path& folder, const char* recipe, std::size_t hidden = 24,
                         const std::vector<SpaceInfo>& spaces = paperSpaces()) {
    const Recipe r = recipeOf(recipe);
    const ProductModel model(r, planRoute(r, spaces));
    std::uint64_t seed = 500;
    for (const auto& reaction : model.plan().reactions) {
        for (const auto& place : projectorPlaces(reaction)) {
            const auto to = projectorPath(folder, place);
            std::filesystem::create_directories(to.parent_path());
            writeProjector(to, randomHead(r, reaction, place, hidden, seed++), {});
        }
    }
    for (const auto& tuning : model.plan().tunings) {
        const auto to = projectorPath(folder, {tuning.key, tuning.modality});
        std::filesystem::create_directories(to.parent_path());
        writeProjector(to, filledAtRandom(emptyAdapter(tuning.width, hidden), seed++), {});
    }
    ProductRecord record;
    record.name = r.name;
    record.workspace = "/somebody/private/world";
    record.fingerprint = "f00d";
    record.synthetic = true;
    record.seed = 7;
    record.device = "cpu";
    record.version = "0.1.0";
    record.commit = "abc";
    record.created = "2026-01-02T03:04:05Z";
    for (const auto& reaction : model.plan().reactions) {
        for (const auto& subset : reaction.subsets) {
            record.training[reaction.key][subset] = {
                {"epochs", 20}, {"steps", 400}, {"batch", 64}, {"final_loss", 0.125}};
        }
    }
    writeProductFile(folder, model, record);
}

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
