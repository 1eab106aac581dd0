// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/workspace.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/matrix.h"
#include "engine/base/rng.h"
#include "engine/store/hdf5_file.h"
#include "tests/store/reader_of.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

using test::readerOf;
using test::TestFolder;

Matrix unitRows(std::size_t rows, std::size_t width, std::uint64_t seed) {
    Matrix m(rows, width);
    Rng(seed, "rows").fillNormal(m.data(), m.size());
    normalizeRows(m);
    return m;
}

PoolInput pool(const std::string& name, const Matrix& rows, StoredType type = StoredType::Float32) {
    return {name, {{"text", {}, {}, {{"A", readerOf(rows, type)}}}}};
}

void write(const std::filesystem::path& folder, const PoolInput& input) {
    WorkspaceWriter writer(folder, Json{{"made", "by a test"}}, false);
    writer.addPool(input, {});
    writer.finish();
}

TEST(Workspace, GivesBackWhatWasWritten) {
    const TestFolder folder;
    const Matrix rows = unitRows(37, 5, 1);
    write(folder / "w", pool("text", rows));
    const Workspace workspace(folder / "w");
    EXPECT_FALSE(workspace.synthetic());
    EXPECT_EQ(workspace.origin()["made"], "by a test");
    const auto source = workspace.pool("text", "text", "A");
    EXPECT_NE(source->resident().data, nullptr) << "float32 unit rows are mapped, not copied";
    std::vector<float> read(7 * 5);
    source->read(30, 7, read.data());
    EXPECT_EQ(std::memcmp(read.data(), rows.row(30), sizeof(float) * read.size()), 0);
    EXPECT_EQ(workspace.poolIds("text", "text", 35, 2), (std::vector<std::string>{"text/35", "text/36"}));
}

TEST(Workspace, NormalisesRowsThatAreFarFromUnitLengthAndNoOthers) {
    const TestFolder folder;
    Matrix near = unitRows(20, 6, 2), far = unitRows(20, 6, 2);
    for (std::size_t i = 0; i < near.size(); ++i) {
        near.data()[i] *= 1.0009f;
        far.data()[i] *= 1.002f;
    }
    write(folder / "near", pool("text", near));
    write(folder / "far", pool("text", far));
    const Matrix a = readAll(*Workspace(folder / "near").pool("text", "text", "A"));
    const Matrix b = readAll(*Workspace(folder / "far").pool("text", "text", "A"));
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a.data()[i], near.data()[i]);
    for (std::size_t i = 0; i < b.rows(); ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < b.cols(); ++j) sum += static_cast<double>(b.row(i)[j]) * b.row(i)[j];
        EXPECT_NEAR(sum, 1, 1e-6);
    }
}

TEST(Workspace, HalfPrecisionIsWithinItsRounding) {
    const TestFolder folder;
    const Matrix rows = unitRows(50, 16, 3);
    write(folder / "w", pool("text", rows, StoredType::Float16));
    const auto source = Workspace(folder / "w").pool("text", "text", "A");
    EXPECT_EQ(source->resident().data, nullptr);
    const Matrix read = readAll(*source);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_NEAR(read.data()[i], rows.data()[i], std::abs(rows.data()[i]) * 0x1p-11 + 1e-7);
    }
}

TEST(Workspace, ASourceOutlivesItsWorkspaceAndAReplacedPool) {
    const TestFolder folder;
    const Matrix first = unitRows(30, 4, 4), second = unitRows(31, 4, 5);
    write(folder / "w", pool("text", first));
    const auto old = Workspace(folder / "w").pool("text", "text", "A");
    write(folder / "w", pool("text", second));
    EXPECT_EQ(readAll(*old).row(29)[3], first.row(29)[3]);
    EXPECT_EQ(Workspace(folder / "w").pool("text", "text", "A")->rows(), 31u);
}

TEST(Workspace, ManyThreadsReadOne) {
    const TestFolder folder;
    const Matrix rows = unitRows(500, 8, 6);
    Matrix longer = unitRows(500, 8, 6);
    for (std::size_t i = 0; i < longer.size(); ++i) longer.data()[i] *= 2;
    {
        WorkspaceWriter writer(folder / "w", Json::object(), false);
        writer.addPool(pool("mapped", rows), {});
        writer.addPool({"scaled", {{"audio", {}, {}, {{"A", readerOf(longer)}}}}}, {});
        writer.finish();
    }
    const Workspace workspace(folder / "w");
    std::vector<int> wrong(6);
    {
        std::vector<std::jthread> threads;
        for (std::size_t t = 0; t < wrong.size(); ++t) {
            threads.emplace_back([&, t] {
                for (std::size_t i = 0; i < 40; ++i) {
                    const auto source =
                        t % 2 ? workspace.pool("mapped", "text", "A") : workspace.pool("scaled", "audio", "A");
                    std::array<float, 8> row{};
                    const std::size_t at = (i * 37 + t * 11) % 500;
                    source->read(at, 1, row.data());
                    for (std::size_t j = 0; j < 8; ++j) wrong[t] += std::abs(row[j] - rows.row(at)[j]) > 1e-6f;
                    wrong[t] += workspace.poolIds("mapped", "text", at, 1)[0] != "mapped/" + std::to_string(at);
                    wrong[t] += Workspace(folder / "w").pools().size() != 2;
                }
            });
        }
    }
    EXPECT_EQ(wrong, std::vector<int>(6));
}

TEST(WorkspaceWriter, ASecondOneIsRefused) {
    const TestFolder folder;
    const WorkspaceWriter first(folder / "w", Json::object(), false);
    try {
        const WorkspaceWriter second(folder / "w", Json::object(), false);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::Busy);
    }
}

TEST(WorkspaceWriter, AStopLeavesWhatWasThere) {
    const TestFolder folder;
    const Matrix rows = unitRows(200, 4, 7), more = unitRows(300, 4, 8);
    write(folder / "w", pool("text", rows));
    const std::string before = Workspace(folder / "w").fingerprint();
    std::stop_source stop;
    RowReader reader = readerOf(more);
    reader.read = [&](std::size_t first, std::size_t count, float* out) {
        stop.request_stop();
        std::copy_n(more.row(first), count * more.cols(), out);
    };
    const JobContext job(stop.get_token());
    {
        WorkspaceWriter writer(folder / "w", Json::object(), false);
        const auto addBoth = [&] {
            writer.addPool({"text", {{"text", {}, {}, {{"A", reader}}}}}, job);
            writer.addPool({"again", {{"text", {}, {}, {{"A", reader}}}}}, job);
            writer.finish();
        };
        EXPECT_THROW(addBoth(), Cancelled);
    }
    EXPECT_EQ(Workspace(folder / "w").fingerprint(), before);
    EXPECT_EQ(Workspace(folder / "w").pool("text", "text", "A")->rows(), 200u);
}

TEST(Workspace, ANewerMajorVersionIsRefusedUntouchedAndAMinorOneRead) {
    const TestFolder folder;
    write(folder / "w", pool("text", unitRows(10, 4, 9)));
    const auto index = folder / "w" / "workspace.h5";
    const auto withVersion = [&](const char* version) {
        std::ifstream in(index, std::ios::binary);
        std::string bytes{std::istreambuf_iterator<char>(in), {}};
        const auto at = bytes.find("1.0");
        ASSERT_NE(at, std::string::npos);
        bytes.replace(at, 3, version);
        std::ofstream(index, std::ios::binary) << bytes;
    };
    withVersion("1.7");
    EXPECT_EQ(Workspace(folder / "w").warnings().size(), 1u);
    std::ifstream in(index, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    bytes.replace(bytes.find("1.7"), 3, "2.0");
    std::ofstream(index, std::ios::binary) << bytes;
    EXPECT_THROW(Workspace(folder / "w"), Error);
    EXPECT_THROW(write(folder / "w", pool("text", unitRows(10, 4, 9))), Error);
    std::ifstream again(index, std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(again), {}), bytes);
}

TEST(WorkspaceWriter, AReaderIsToldWhenItsRowsAreWritten) {
    const TestFolder folder;
    const Matrix rows = unitRows(20, 4, 10);
    RowReader reader = readerOf(rows);
    std::size_t read = 0, released_at = 0;
    reader.read = [&](std::size_t first, std::size_t count, float* out) {
        std::copy_n(rows.row(first), count * rows.cols(), out);
        read = first + count;
    };
    reader.release = [&] { released_at = read; };
    write(folder / "w", {"text", {{"text", {}, {}, {{"A", reader}}}}});
    EXPECT_EQ(released_at, 20u);
}

std::filesystem::path poolFile(const std::filesystem::path& folder) {
    return std::filesystem::directory_iterator(folder / "pools")->path();
}

TEST(WorkspaceWriter, AFileOfTheSameNameThatWasDamagedIsWrittenAgain) {
    const TestFolder folder;
    const Matrix rows = unitRows(40, 8, 11);
    write(folder / "w", pool("text", rows));
    const auto path = poolFile(folder / "w");
    std::ifstream in(path, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    const auto at = bytes.find(std::string(reinterpret_cast<const char*>(rows.row(3)), 32));
    ASSERT_NE(at, std::string::npos);
    bytes.replace(at, 32, 32, '\0');
    std::ofstream(path, std::ios::binary) << bytes;
    write(folder / "w", pool("text", rows));
    EXPECT_EQ(poolFile(folder / "w"), path);
    const Matrix read = readAll(*Workspace(folder / "w").pool("text", "text", "A"));
    EXPECT_EQ(std::memcmp(read.data(), rows.data(), rows.size() * sizeof(float)), 0);
}

// A second writer's trouble must not take a file away that the workspace has.
TEST(WorkspaceWriter, WhatWasWrittenAgainStaysWhenTheWriterGivesUp) {
    const TestFolder folder;
    const Matrix rows = unitRows(40, 8, 12);
    write(folder / "w", pool("text", rows));
    { WorkspaceWriter(folder / "w", Json::object(), false).addPool(pool("text", rows), {}); }
    EXPECT_EQ(Workspace(folder / "w").pool("text", "text", "A")->rows(), 40u);
}

TEST(Workspace, WhatADamagedOneSaysHelps) {
    const TestFolder folder;
    const Matrix rows = unitRows(10, 4, 13);
    write(folder / "w", pool("text", rows));
    {
        Hdf5File file = Hdf5File::create(poolFile(folder / "w"));
        file.setAttribute("/", "version", std::string("1.0"));
        file.close();
    }
    try {
        write(folder / "w", pool("text", rows));
        FAIL();
    } catch (const Error& error) {
        for (const char* name : {"remove", "workspace.h5", "pools/", "sets/"})
            EXPECT_NE(error.hint().find(name), std::string::npos) << error.hint();
    }
    for (const char* name : {"workspace.h5", "pools", "sets"}) std::filesystem::remove_all(folder / "w" / name);
    write(folder / "w", pool("text", rows));
    EXPECT_EQ(Workspace(folder / "w").pools().size(), 1u);
}

}  // namespace
}  // namespace engine
