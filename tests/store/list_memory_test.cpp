// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>
#include <malloc.h>

#include <fstream>

#include "engine/base/error.h"
#include "engine/store/row_readers.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

namespace fs = std::filesystem;

// A list of ids as each kind of file holds it.
fs::path writeList(const fs::path& folder, const std::string& extension, int rows) {
    const fs::path path = folder / ("ids" + extension);
    std::ofstream out(path);
    if (extension == ".csv") out << "id,path\n";
    if (extension == ".json") out << "[";
    for (int i = 0; i < rows; ++i) {
        const std::string id = "item-" + std::to_string(100000000 + i);
        if (extension == ".csv") out << id << ",clips/" << id << ".wav\n";
        else if (extension == ".json") out << (i ? ",\"" : "\"") << id << "\"";
        else if (extension == ".jsonl") out << "{\"id\": \"" << id << "\"}\n";
        else out << id << "\n";
    }
    if (extension == ".json") out << "]";
    return path;
}

SourceSpec specOf(const fs::path& path) {
    SourceSpec spec;
    spec.file = path;
    if (path.extension() == ".csv" || path.extension() == ".jsonl") spec.column = "id";
    return spec;
}

TEST(ListMemory, AListThatCannotFitIsRefusedWithBothFigures) {
    const test::TestFolder folder;
    for (const char* extension : {".csv", ".json", ".jsonl", ".txt"}) {
        const fs::path path = writeList(folder.path(), extension, 1000);
        const std::uint64_t needed = listMemoryBytes(path, fs::file_size(path));
        try {
            SourceFiles(needed - 1).readList(specOf(path));
            ADD_FAILURE() << extension;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::NoSpace);
            EXPECT_EQ(error.where(), path.string());
            EXPECT_NE(error.message().find(humanBytes(needed)), std::string::npos) << error.message();
            EXPECT_NE(error.message().find(humanBytes(needed - 1)), std::string::npos) << error.message();
        }
        EXPECT_EQ(SourceFiles(needed).readList(specOf(path)).size(), 1000U) << extension;
    }
}

// What is kept is within what was asked for; the peak is above it.
TEST(ListMemory, TheEstimateCoversWhatIsHeld) {
    const test::TestFolder folder;
    for (const char* extension : {".csv", ".json", ".jsonl", ".txt"}) {
        const fs::path path = writeList(folder.path(), extension, 200000);
        const auto held = [] {
            const auto info = mallinfo2();
            return info.uordblks + info.hblkhd;
        };
        const std::size_t before = held();
        SourceFiles files;
        const auto items = files.readList(specOf(path));
        const std::size_t after = held();
        if (after <= before) GTEST_SKIP() << "this allocator does not count";  // sanitizers bring their own
        EXPECT_LE(after - before, listMemoryBytes(path, fs::file_size(path))) << extension;
    }
}

}  // namespace
}  // namespace engine
