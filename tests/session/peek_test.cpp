// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/peek.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/session/session.h"
#include "engine/store/npy.h"
#include "engine/store/safetensors.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PeekTest : public testing::Test {
protected:
    test::TestFolder folder_;
    std::filesystem::path at(const std::string& name) const { return folder_.path() / name; }
    void npy(const std::string& name, std::size_t rows, std::size_t width) const {
        const std::vector<float> values(rows * width, 1.0F);
        writeNpy(at(name), {values.data(), rows, width});
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
