// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/hdf5_trial.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "engine/base/error.h"
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

}  // namespace
}  // namespace engine
