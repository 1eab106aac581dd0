// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/peek.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zip.h>

#include <fstream>
#include <limits>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/session/session.h"
#include "engine/store/half.h"
#include "engine/store/hdf5_file.h"
#include "engine/store/npy.h"
#include "engine/store/safetensors.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();

class PeekTest : public testing::Test {
protected:
    test::TestFolder folder_;
    std::filesystem::path at(const std::string& name) const { return folder_.path() / name; }
    void npy(const std::string& name, std::size_t rows, std::size_t width) const {
        const std::vector<float> values(rows * width, 1.0F);
        writeNpy(at(name), {values.data(), rows, width});
    }
    // The only array of a file, or the one of that name.
    ValuesPeek look(const std::string& file, const std::string& dataset = {}, std::int64_t index = -1) const {
        for (const auto& a : peekArrays(at(file), {})) {
            if (dataset.empty() || a.dataset == dataset) return peekValues(a, index, {});
        }
        ADD_FAILURE() << "no array " << dataset;
        return {};
    }
    // Of so many bytes on no disk: all values are 0 but those of the first row (1) and the last (NaN).
    ArrayPeek sparse(const std::string& name, std::uint64_t rows, std::uint64_t width) const {
        const std::string header = npyHeader("<f4", {rows, width});
        const std::vector<float> first(width, 1.0F), last(width, kNan);
        const auto bytes = static_cast<std::streamsize>(width * sizeof(float));
        std::ofstream out(at(name), std::ios::binary);
        out << header;
        out.write(reinterpret_cast<const char*>(first.data()), bytes);
        out.seekp(static_cast<std::streamoff>(header.size() + (rows - 1) * width * sizeof(float)));
        out.write(reinterpret_cast<const char*>(last.data()), bytes);
        out.close();
        return peekArrays(at(name), {})[0];
    }
};

TEST_F(PeekTest, HeadersOfNpyAndSafetensors) {
    npy("a.npy", 5, 3);
    const auto a = peekArrays(at("a.npy"), {});
    ASSERT_EQ(a.size(), 1U);
    EXPECT_EQ(a[0].describe(), "float32 [5, 3]");
    EXPECT_TRUE(a[0].rows && !a[0].list && a[0].dataset.empty());

    const std::vector<float> values(12, 1.0F);
    const std::vector<std::int64_t> numbers(6, 1);
    SafetensorsWriter writer;
    writer.add("text", TensorType::F32, {4, 3}, values.data());
    writer.add("labels", TensorType::I64, {6}, numbers.data());
    writer.write(at("b.safetensors"));
    const auto b = peekArrays(at("b.safetensors"), {});
    ASSERT_EQ(b.size(), 2U);
    EXPECT_EQ(b[0].dataset, "labels");
    EXPECT_FALSE(b[0].rows || b[0].list);
    EXPECT_EQ(b[1].dataset, "text");
    EXPECT_TRUE(b[1].rows);
}

TEST_F(PeekTest, ColumnsOfTablesAreLists) {
    writeFileWhole(at("t.csv"), "id,class\na,1\nb,1\n");
    const auto t = peekArrays(at("t.csv"), {});
    ASSERT_EQ(t.size(), 2U);
    EXPECT_TRUE(t[0].column && t[0].list && t[0].distinct);
    EXPECT_THAT(t[0].examples, ElementsAre("a", "b"));
    EXPECT_EQ(t[1].dataset, "class");
    EXPECT_FALSE(t[1].distinct);
    writeFileWhole(at("t.jsonl"), "{\"key\": \"x\", \"n\": 1}\n{\"key\": \"y\", \"n\": 2}\n");
    EXPECT_EQ(peekArrays(at("t.jsonl"), {}).size(), 2U);
    writeFileWhole(at("names.txt"), "dog\ncat\nfox\n");
    EXPECT_EQ(peekArrays(at("names.txt"), {})[0].describe(), "text [3]");
}

TEST_F(PeekTest, FoldersOfPartsAreOneArray) {
    for (const char* part : {"img_emb", "text_emb", "metadata"}) std::filesystem::create_directories(at("clip") / part);
    npy("clip/img_emb/img_emb_0.npy", 4, 2);
    npy("clip/img_emb/img_emb_1.npy", 3, 2);
    npy("clip/text_emb/text_emb_0.npy", 7, 2);
    writeFileWhole(at("clip/metadata/metadata_0.csv"), "key,image_path\n1,a\n2,b\n3,c\n4,d\n5,e\n6,f\n7,g\n");
    const auto arrays = peekArrays(at("clip"), {});
    ASSERT_EQ(arrays.size(), 4U);
    EXPECT_EQ(arrays[0].describe(), "float32 [7, 2]");
    EXPECT_EQ(arrays[0].file.filename(), "img_emb");
    EXPECT_EQ(arrays[2].dataset, "key");
    EXPECT_EQ(arrays[2].shape[0], 7U);
}

TEST_F(PeekTest, AFolderNamesWhatItCannotRead) {
    std::filesystem::create_directories(at("mixed"));
    npy("mixed/good.npy", 2, 2);
    writeFileWhole(at("mixed/bad.npy"), "no array");
    std::vector<std::string> problems;
    const auto arrays = peekArrays(at("mixed"), {}, &problems);
    ASSERT_EQ(arrays.size(), 1U);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_THAT(problems[0], HasSubstr("bad.npy"));
    EXPECT_THROW(peekArrays(at("nowhere"), {}), Error);
    writeFileWhole(at("w.pt"), "x");
    try {
        peekArrays(at("w.pt"), {});
        FAIL();
    } catch (const Error& error) {
        EXPECT_THAT(error.hint(), HasSubstr("torch.load"));
    }
}

TEST_F(PeekTest, ValuesThatAnImportRefusesAreCounted) {
    const std::vector<float> values{3, 4, 0, 0, 0, 1, kNan, 0, 6, 8, 1, -kInf, 0, 1e-13F};
    writeNpy(at("a.npy"), {values.data(), 7, 2});
    const ValuesPeek seen = look("a.npy");
    EXPECT_EQ(seen.of, 7U);
    EXPECT_EQ(seen.rows, 7U);
    EXPECT_FALSE(seen.sampled() || seen.unit_rows);
    EXPECT_EQ(seen.not_finite, 2U);
    EXPECT_EQ(seen.first_not_finite, 3U);
    EXPECT_EQ(seen.zeros, 2U);
    EXPECT_EQ(seen.first_zeros, 1U);
    EXPECT_EQ(seen.norm_min, 0);
    EXPECT_EQ(seen.norm_max, 10);
    EXPECT_NEAR(seen.norm_mean, 16.0 / 5, 1e-9);

    // The import draws the same lines.
    const std::vector<std::pair<std::size_t, const char*>> bad{{3, "NaN"}, {5, "Inf"}, {1, "zeros"}, {6, "zeros"}};
    for (const auto& [row, said] : bad) {
        writeNpy(at("one.npy"), {values.data() + row * 2, 1, 2});
        ImportRequest request;
        request.workspace = at("w");
        request.pools = {"text:A=" + at("one.npy").string()};
        try {
            importEmbeddings(request, {});
            ADD_FAILURE() << "row " << row << " was imported";
        } catch (const Error& error) {
            EXPECT_THAT(error.what(), HasSubstr(said));
        }
    }
}

TEST_F(PeekTest, NormsSayWhetherRowsAreOfUnitLength) {
    const std::vector<float> values{1, 0, 0.6F, 0.8F, 0, 1.0009F};
    writeNpy(at("a.npy"), {values.data(), 3, 2});
    EXPECT_TRUE(look("a.npy").unit_rows);
    const std::vector<float> longer{1, 0, 0, 1.002F};
    writeNpy(at("b.npy"), {longer.data(), 2, 2});
    const ValuesPeek seen = look("b.npy");
    EXPECT_FALSE(seen.unit_rows);
    EXPECT_NEAR(seen.norm_max, 1.002, 1e-6);
    const std::vector<float> lost{kNan, 0};
    writeNpy(at("c.npy"), {lost.data(), 1, 2});
    EXPECT_FALSE(look("c.npy").unit_rows);
    EXPECT_EQ(look("c.npy").norm_max, 0);
}

TEST_F(PeekTest, ValuesOfEveryForm) {
    const std::vector<float> values{3, 4, kNan, 1, 0, 0};
    std::vector<std::uint16_t> halves(values.size());
    floatsToHalves(values.data(), values.size(), halves.data());
    SafetensorsWriter writer;
    writer.add("half", TensorType::F16, {3, 2}, halves.data());
    writer.write(at("a.safetensors"));

    auto hdf5 = Hdf5File::create(at("b.h5"));
    for (const bool half : {false, true}) {
        const std::string name = half ? "text/half" : "text/rows";
        hdf5.createRows(name, 3, 2, half);
        hdf5.writeRows(name, 0, 3, 2, values.data());
    }
    hdf5.close();

    writeNpy(at("c.npy"), {values.data(), 3, 2});
    const std::string bytes = readFile(at("c.npy"));
    zip_t* archive = zip_open(at("d.npz").c_str(), ZIP_CREATE, nullptr);
    zip_file_add(archive, "x.npy", zip_source_buffer(archive, bytes.data(), bytes.size(), 0), 0);
    ASSERT_EQ(zip_close(archive), 0);

    // [2, 3, 2]: the second plane has them.
    const std::vector<float> plane(6, 1.0F);
    std::ofstream out(at("e.npy"), std::ios::binary);
    out << npyHeader("<f4", {2, 3, 2});
    for (const auto* part : {&plane, &values})
        out.write(reinterpret_cast<const char*>(part->data()), static_cast<std::streamsize>(6 * sizeof(float)));
    out.close();

    for (const auto& seen : {look("a.safetensors"), look("b.h5", "text/rows"), look("b.h5", "text/half"),
                             look("d.npz", "x"), look("e.npy", {}, 1)}) {
        EXPECT_EQ(seen.rows, 3U);
        EXPECT_EQ(seen.not_finite, 1U);
        EXPECT_EQ(seen.first_not_finite, 1U);
        EXPECT_EQ(seen.zeros, 1U);
        EXPECT_EQ(seen.first_zeros, 2U);
        EXPECT_EQ(seen.norm_max, 5);
    }
    EXPECT_EQ(look("e.npy", {}, 0).not_finite, 0U);
    EXPECT_THROW(look("e.npy"), Error);
    EXPECT_THROW(look("e.npy", {}, 2), Error);
}

TEST_F(PeekTest, OfALargeArrayASampleIsLookedAt) {
    const ArrayPeek whole = sparse("whole.npy", 16384, 1024);
    EXPECT_FALSE(peekValues(whole, -1, {}).sampled());
    const ArrayPeek large = sparse("large.npy", 40000, 1024);
    std::uint64_t done = 0, total = 0;
    const JobContext job({}, [&](const Progress& progress) {
        done = progress.done;
        total = progress.total;
    });
    const ValuesPeek seen = peekValues(large, -1, job);
    EXPECT_EQ(seen.of, 40000U);
    EXPECT_EQ(seen.rows, 8192U);
    EXPECT_TRUE(seen.sampled());
    EXPECT_EQ(done, seen.rows);
    EXPECT_EQ(total, seen.rows);
    EXPECT_EQ(seen.not_finite, 1U);
    EXPECT_EQ(seen.first_not_finite, 39999U);
    EXPECT_EQ(seen.zeros, 8190U);
    EXPECT_EQ(seen.first_zeros, 1U);
    EXPECT_EQ(seen.norm_max, 32);
    EXPECT_EQ(peekValues(large, -1, {}).zeros, seen.zeros);

    std::stop_source stop;
    const JobContext stopped(stop.get_token(), [&](const Progress&) { stop.request_stop(); });
    EXPECT_THROW(peekValues(large, -1, stopped), Cancelled);
    std::filesystem::remove(at("large.npy"));
    EXPECT_THROW(peekValues(large, -1, {}), Error);
}

TEST_F(PeekTest, AWorkspaceIsAnHdf5FileAndHasItems) {
    synth({at("world"), {{"preset", "tiny"}}}, {});
    bool found = false;
    for (const auto& a : peekArrays(at("world") / "workspace.h5", {}))
        found |= a.dataset == "pools/text/text/embeddings/ImageBind" && a.rows;
    EXPECT_TRUE(found);
    const Json names = peekWorkspace(at("world"));
    EXPECT_EQ(names["spaces"].size(), 7U);
    EXPECT_EQ(names["pools"][0]["tables"][0]["modality"], "audio");
    EXPECT_EQ(names["synthetic"], true);
    ItemsRequest request{at("world"), "text", "text", {}, true, 5};
    EXPECT_EQ(previewItems(request, {}).ids.size(), 5U);
    request = {at("world"), {}, {}, "COCO", false, 4};
    EXPECT_EQ(previewItems(request, {}).ids.size(), 4U);
    request = {at("world"), "nothing", "text", {}, true, 5};
    EXPECT_THROW(previewItems(request, {}), Error);
}

}  // namespace
}  // namespace engine
