// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/hdf5_trial.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/store/hdf5_file.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

namespace fs = std::filesystem;

void age(const fs::path& path, int seconds) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::seconds(seconds));
}

TEST(Hdf5Trial, AFileThatPassedIsNotTriedAgainUntilItChanges) {
    const test::TestFolder folder;
    const fs::path path = folder / "a.h5";
    Hdf5File::create(path).close();
    age(path, 60);
    const std::size_t before = hdf5Trials();
    for (int i = 0; i < 3; ++i) Hdf5File::open(path);
    EXPECT_EQ(hdf5Trials(), before + 1);
    age(path, 30);  // written again
    Hdf5File::open(path);
    EXPECT_EQ(hdf5Trials(), before + 2);
    // What is put in its place is another file.
    Hdf5File::create(folder / "b.h5").close();
    age(folder / "b.h5", 30);
    fs::rename(folder / "b.h5", path);
    Hdf5File::open(path);
    EXPECT_EQ(hdf5Trials(), before + 3);
}

TEST(Hdf5Trial, WhatWasJustWrittenIsTriedEveryTime) {
    const test::TestFolder folder;
    const fs::path path = folder / "a.h5";
    Hdf5File::create(path).close();
    const std::size_t before = hdf5Trials();
    for (int i = 0; i < 3; ++i) Hdf5File::open(path);
    EXPECT_EQ(hdf5Trials(), before + 3);
}

TEST(Hdf5Trial, AFileDamagedAfterItPassedIsRefused) {
    const test::TestFolder folder;
    const fs::path path = folder / "a.h5";
    Hdf5File::create(path).close();
    age(path, 60);
    Hdf5File::open(path);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << "no longer HDF5";
    EXPECT_THROW(Hdf5File::open(path), Error);
}

// The library copies an attribute's value from wherever its sizes lead: what it reads there, and whether it dies,
// depends on the memory behind the header.
TEST(Hdf5Trial, SizesThatLeadOutOfAnAttributeAreRefused) {
    const test::TestFolder folder;
    const fs::path path = folder / "a.h5";
    {
        Hdf5File file = Hdf5File::create(path);
        file.setAttribute("/", "some_text", "abc");
        file.setAttribute("/", "some_number", 1.5);
        file.close();
    }
    const std::string good = readFile(path);
    EXPECT_NO_THROW(Hdf5File::open(path));
    for (const std::string name : {"some_text", "some_number"}) {
        const std::size_t at = good.find(name + '\0');
        ASSERT_NE(at, std::string::npos);
        const std::size_t message = at - (good[at - 9] == 3 ? 9 : 8);  // where it begins: its version, then sizes
        ASSERT_TRUE(good[message] >= 1 && good[message] <= 3);
        for (const std::size_t size : {2, 4, 6}) {  // of the name, of the type, of the shape
            std::string harmed = good;
            harmed[message + size + 1] = '\x40';
            writeFileWhole(path, harmed);
            EXPECT_THROW(Hdf5File::open(path), Error) << name << ' ' << size;
        }
    }
    writeFileWhole(path, good);
    EXPECT_EQ(Hdf5File::open(path).textAttribute("/", "some_text"), "abc");
}

}  // namespace
}  // namespace engine
