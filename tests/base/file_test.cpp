// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/file.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "engine/base/error.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

namespace fs = std::filesystem;

std::size_t entriesIn(const fs::path& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator{}));
}

TEST(Staging, LeavesNothingWithoutCommit) {
    const test::TestFolder folder;
    {
        Staging staging(folder.path() / "result");
        std::ofstream(staging.path()) << "half";
    }
    EXPECT_EQ(entriesIn(folder.path()), 0u);
}

TEST(Staging, ReplacesFilesAndFoldersWhole) {
    const test::TestFolder folder;
    const auto file = folder.path() / "file";
    writeFileWhole(file, "old");
    writeFileWhole(file, "new");
    EXPECT_EQ(readFile(file), "new");

    const auto target = folder.path() / "package";
    for (const char* content : {"first", "second"}) {
        Staging staging(target);
        fs::create_directories(staging.path());
        writeFileWhole(staging.path() / content, content);
        staging.commit();
    }
    EXPECT_TRUE(fs::exists(target / "second"));
    EXPECT_FALSE(fs::exists(target / "first"));
    EXPECT_EQ(entriesIn(folder.path()), 2u);
}

// As a shell completes a folder's name.
TEST(Staging, AFolderMayBeNamedWithASlashBehind) {
    const test::TestFolder folder;
    for (const char* content : {"first", "second"}) {
        Staging staging(folder.path() / "package/");
        fs::create_directories(staging.path());
        writeFileWhole(staging.path() / content, content);
        staging.commit();
    }
    EXPECT_TRUE(fs::exists(folder / "package/second"));
    EXPECT_FALSE(fs::exists(folder / "package/first"));
    EXPECT_EQ(entriesIn(folder.path()), 1u);
}

TEST(Staging, RemovesWhatAKilledProcessLeft) {
    const test::TestFolder folder;
    const pid_t child = fork();
    if (child == 0) {
        Staging staging(folder.path() / "result");
        std::ofstream(staging.path()) << "half";
        _exit(0);  // as after a kill: no destructor runs
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_EQ(entriesIn(folder.path()), 1u);
    const Staging staging(folder.path() / "result");
    EXPECT_EQ(entriesIn(folder.path()), 0u);
}

TEST(Staging, ErrorsNameThePlace) {
    try {
        writeFileWhole("/proc/molspace-cannot-be-here/x", "y");
        FAIL() << "writing there must fail";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::Io);
        EXPECT_NE(std::string(error.what()).find("/proc"), std::string::npos);
    }
}

TEST(WriterLock, RefusesASecondWriterAndEndsWithItsProcess) {
    const test::TestFolder folder;
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        const WriterLock lock(folder.path());
        if (write(ready[1], "x", 1) != 1) _exit(1);
        pause();
        _exit(0);
    }
    char byte = 0;
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    try {
        const WriterLock second(folder.path());
        FAIL() << "a second writer must be refused";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::Busy);
        EXPECT_NE(std::string(error.what()).find(std::to_string(child)), std::string::npos) << error.what();
    }
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_NO_THROW(WriterLock{folder.path()});
    close(ready[0]);
    close(ready[1]);
}

TEST(File, EstimatesRefuseWithBothFigures) {
    const test::TestFolder folder;
    try {
        requireDisk(folder.path(), std::uint64_t{1} << 60, "the test");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::NoSpace);
        EXPECT_NE(std::string(error.what()).find("1.0 EiB"), std::string::npos) << error.what();
    }
    EXPECT_THROW(requireMemory(10, 9, "the test"), Error);
    EXPECT_NO_THROW(requireMemory(9, 9, "the test"));
    EXPECT_GT(availableMemoryBytes(), std::uint64_t{1} << 26);
    EXPECT_EQ(humanBytes(1536), "1.5 KiB");
}

TEST(File, ReadsAtMostWhatIsAllowed) {
    const test::TestFolder folder;
    const auto path = folder.path() / "x";
    writeFileWhole(path, std::string(100, 'a'));
    EXPECT_EQ(readFile(path).size(), 100u);
    EXPECT_THROW(readFile(path, 99), Error);
    EXPECT_THROW(readFile(folder.path() / "none"), Error);
    EXPECT_THROW(readFile(folder.path()), Error);
    const MappedFile mapped(path);
    EXPECT_EQ(mapped.size(), 100u);
    EXPECT_EQ(static_cast<char>(mapped.data()[99]), 'a');
}

}  // namespace
}  // namespace engine
