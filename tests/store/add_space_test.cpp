// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/add_space.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/base/matrix.h"
#include "engine/store/encoder_inputs.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

namespace fs = std::filesystem;

// Row i is scale · (i + 1, j, ...): of no length in particular.
RowReader rowsOf(std::size_t rows, std::size_t width, float scale, StoredType type = StoredType::Float32) {
    RowReader out;
    out.rows = rows;
    out.width = width;
    out.type = type;
    out.origin = "test";
    out.read = [=](std::size_t first, std::size_t count, float* to) {
        for (std::size_t i = 0; i < count; ++i) {
            for (std::size_t j = 0; j < width; ++j)
                to[i * width + j] = scale * static_cast<float>((first + i + 1) * (j + 1) % 7 + 1);
        }
    };
    return out;
}

TableInput table(const Modality& modality, std::size_t rows, const std::string& prefix) {
    TableInput out;
    out.modality = modality;
    for (std::size_t i = 0; i < rows; ++i) {
        out.ids.push_back(prefix + std::to_string(i));
        out.paths.push_back("/" + out.ids.back());
    }
    out.embeddings = {{"A", rowsOf(rows, 4, 1)}, {"B", rowsOf(rows, 3, 0.125f, StoredType::Float16)}};
    return out;
}

void makeWorkspace(const fs::path& folder) {
    WorkspaceWriter writer(folder, {{"made", "here"}}, true);
    writer.addPool({"sounds", {table("audio", 9, "s")}}, {});
    writer.addPool({"words", {table("text", 5, "w")}}, {});
    SetInput set{"pairs", SetKind::Retrieval, table("audio", 6, "a"), table("text", 6, "t"), {}, {}};
    for (std::uint32_t i = 0; i < 6; ++i) set.pairs.push_back({i, 5 - i});
    writer.addSet(set, {});
    writer.finish();
}

const ItemTable& soundsOf(const Workspace& workspace) {
    for (const auto& pool : workspace.pools()) {
        if (pool.name == "sounds") return pool.tables.front();
    }
    throw Error(ErrorCode::NotFound, "sounds", "no pool");
}

TEST(AddSpace, LeavesTheOthersBitsAsTheyAre) {
    const test::TestFolder folder;
    makeWorkspace(folder / "w");
    const Workspace before(folder / "w");
    ASSERT_FALSE(soundsOf(before).find("A")->content.empty());
    AddedSpace space;
    space.name = "C";
    space.pools["sounds"].emplace("audio", rowsOf(9, 2, 3));
    space.sets["pairs"].emplace(Workspace::Side::First, rowsOf(6, 2, 3));
    space.origin = {{"why", "a test"}};
    addSpace(folder / "w", space, {});

    const Workspace after(folder / "w");
    EXPECT_NE(after.fingerprint(), before.fingerprint());
    for (const char* name : {"A", "B"}) {
        const auto *was = soundsOf(before).find(name), *is = soundsOf(after).find(name);
        EXPECT_EQ(is->content, was->content) << name;
        EXPECT_EQ(is->type, was->type);
        EXPECT_EQ(is->norm_max, was->norm_max);
        EXPECT_EQ(after.set("pairs").first.find(name)->content, before.set("pairs").first.find(name)->content);
    }
    EXPECT_EQ(after.set("pairs").second.find("C"), nullptr);
    EXPECT_EQ(soundsOf(after).find("C")->width, 2u);
    EXPECT_TRUE(after.synthetic());
    EXPECT_EQ(after.origin().at("made"), "here");
    EXPECT_EQ(after.origin().at("added").at("C").at("why"), "a test");
    EXPECT_EQ(after.poolIds("sounds", "audio", 0, 9), before.poolIds("sounds", "audio", 0, 9));
    EXPECT_EQ(after.setPaths("pairs", Workspace::Side::First), before.setPaths("pairs", Workspace::Side::First));
    EXPECT_EQ(after.pairs("pairs"), before.pairs("pairs"));

    // Again: in place of the first.
    space.pools["sounds"].at("audio") = rowsOf(9, 2, 5);
    addSpace(folder / "w", space, {});
    const Workspace again(folder / "w");
    EXPECT_EQ(soundsOf(again).embeddings.size(), 3u);
    EXPECT_NE(soundsOf(again).find("C")->content, soundsOf(after).find("C")->content);

    // What fails changes nothing.
    space.pools["sounds"].at("audio").read = [](std::size_t, std::size_t, float*) { throw Cancelled(); };
    EXPECT_THROW(addSpace(folder / "w", space, {}), Cancelled);
    EXPECT_EQ(Workspace(folder / "w").fingerprint(), again.fingerprint());
}

TEST(EncoderInputs, ItemsOfAnyShapeAreReadByRows) {
    const test::TestFolder folder;
    makeWorkspace(folder / "w");
    const Workspace workspace(folder / "w");
    std::vector<double> numbers;
    for (int i = 0; i < 9 * 2 * 3; ++i) numbers.push_back(i);
    const auto make = [&](const fs::path& path, const std::vector<std::uint64_t>& shape) {
        Hdf5File file = Hdf5File::create(path);
        file.makeGroup("/pools");
        file.makeGroup("/pools/sounds");
        file.writeDoubles("/pools/sounds/audio",
                          {numbers.begin(), numbers.begin() + static_cast<long>(shape[0] * shape[1] *
                                                                                (shape.size() > 2 ? shape[2] : 1))},
                          shape);
        file.close();
    };
    make(folder / "inputs.h5", {9, 2, 3});
    const EncoderInputs inputs(folder / "inputs.h5");
    EXPECT_EQ(inputs.shape(), (std::vector<std::int64_t>{2, 3}));
    EXPECT_EQ(inputs.numbers(), 6u);
    const auto found = inputs.pool(workspace.pools().front(), "audio");
    ASSERT_TRUE(found);
    std::vector<float> out(2 * 6);
    inputs.read(*found, 3, 2, out.data());
    for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], static_cast<float>(18 + i));
    EXPECT_FALSE(inputs.set(workspace.set("pairs"), Workspace::Side::First));
    make(folder / "short.h5", {8, 2, 3});
    EXPECT_THROW(EncoderInputs(folder / "short.h5").pool(workspace.pools().front(), "audio"), Error);
    Hdf5File::create(folder / "empty.h5").close();
    EXPECT_THROW(EncoderInputs(folder / "empty.h5"), Error);
    EXPECT_THROW(EncoderInputs(folder / "none.h5"), Error);
}

}  // namespace
}  // namespace engine
