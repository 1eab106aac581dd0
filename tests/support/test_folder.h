// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>

namespace engine::test {

// A fresh folder, removed at the end of the scope.
class TestFolder {
public:
    TestFolder();
    ~TestFolder();
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

// The folder of real embeddings (MOLSPACE_REAL_DATA, or ../shared/real-data beside the source), where there is one.
std::optional<std::filesystem::path> realDataFolder();

}  // namespace engine::test

// Skips the test, with the reason, where the real embeddings are absent; else declares `folder`.
#define REQUIRE_REAL_DATA(folder)                                                               \
    const auto folder##_found = ::engine::test::realDataFolder();                               \
    if (!folder##_found) GTEST_SKIP() << "real embeddings are absent (set MOLSPACE_REAL_DATA)"; \
    const std::filesystem::path folder = *folder##_found
