// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/test_folder.h"

#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace engine::test {

TestFolder::TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "molspace-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
    path_ = name;
}

TestFolder::~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::optional<std::filesystem::path> realDataFolder() {
    std::filesystem::path folder;
    if (const char* named = std::getenv("MOLSPACE_REAL_DATA")) folder = named;
    else folder = std::filesystem::path(MOLSPACE_SOURCE_DIR) / ".." / "shared" / "real-data";
    if (!std::filesystem::is_directory(folder / "esc50-clap")) return std::nullopt;
    return std::filesystem::canonical(folder);
}

}  // namespace engine::test
