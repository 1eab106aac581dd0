// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <zip.h>

#include <cmath>
#include <fstream>

#include "engine/base/error.h"
#include "engine/base/matrix.h"
#include "engine/base/rng.h"
#include "engine/store/import_flags.h"
#include "engine/store/import_manifest.h"
#include "engine/store/npy.h"
#include "engine/store/row_readers.h"
#include "engine/store/row_selection.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

Matrix randomRows(std::size_t rows, std::size_t width, std::uint64_t seed) {
    Matrix m(rows, width);
    Rng(seed, "rows").fillNormal(m.data(), m.size());
    return m;
}

// A column "id" of these texts.
void writeColumn(const fs::path& path, const std::vector<std::string>& texts) {
    std::ofstream out(path);
    out << "id\n";
    for (const auto& text : texts) out << text << "\n";
}

// As np.savez writes one array "x".
void writeNpz(const fs::path& path, const Matrix& rows) {
    const fs::path array = path.string() + ".npy";
    writeNpy(array, rows);
    const std::string bytes = readFile(array);
    fs::remove(array);
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE, nullptr);
    zip_file_add(archive, "x.npy", zip_source_buffer(archive, bytes.data(), bytes.size(), 0), 0);
    ASSERT_EQ(zip_close(archive), 0);
}

template <class Step>
std::string refusalOf(Step step) {
    try {
        step();
    } catch (const Error& error) {
        return error.what();
    }
    ADD_FAILURE() << "nothing was refused";
    return {};
}

class Import : public testing::Test {
protected:
    ImportPlan plan(const char* manifest) const {
        return planImport(parseJson(manifest, "m.json"), "m.json", folder.path(), {}, {});
    }
    ImportSummary bring(const char* manifest) const {
        return importWorkspace(parseJson(manifest, "m.json"), "m.json", folder.path(), folder / "w", {}, {});
    }
    // A classification set of four items and four classes: its pairs.
    std::vector<std::array<std::uint32_t, 2>> pairsOf(const std::string& labels, const std::string& classes) const {
        writeNpy(folder / "four.npy", randomRows(4, 3, 1));
        const std::string manifest = R"({"sets": [{"name": "s", "kind": "classification", "labels": )" + labels +
                                     R"(, "first": {"modality": "audio", "spaces": {"A": "four.npy"}},)" +
                                     R"( "second": {"modality": "text", )" + classes +
                                     R"("spaces": {"A": "four.npy"}}}]})";
        return plan(manifest.c_str()).sets.at(0).pairs;
    }

    test::TestFolder folder;
};

using Pairs = std::vector<std::array<std::uint32_t, 2>>;

TEST_F(Import, AListNamesRowsByIdOrByNumberAndNotByBoth) {
    const std::string from_one = R"("ids": ["1", "2", "3", "4"], )";
    EXPECT_EQ(pairsOf(R"(["0", "1", "2", "3"])", ""), (Pairs{{0, 0}, {1, 1}, {2, 2}, {3, 3}}));
    EXPECT_EQ(pairsOf(R"(["1", "2", "3", "4"])", from_one), (Pairs{{0, 0}, {1, 1}, {2, 2}, {3, 3}}));
    EXPECT_EQ(pairsOf(R"([0, 1, 2, 3])", R"("ids": ["3", "2", "1", "0"], )"), (Pairs{{0, 3}, {1, 2}, {2, 1}, {3, 0}}));
    EXPECT_EQ(pairsOf(R"([0, 1, 2, 3])", R"("ids": ["a", "b", "c", "d"], )"), (Pairs{{0, 0}, {1, 1}, {2, 2}, {3, 3}}));
    writeColumn(folder / "labels.csv", {"3", "0", "1", "2"});
    EXPECT_THAT(refusalOf([&] { pairsOf(R"("labels.csv#id")", from_one); }),
                AllOf(HasSubstr("labels.csv#id row 1 (item 1)"), HasSubstr("expected an id"), HasSubstr("found '0'"),
                      HasSubstr("name all by id")));
    EXPECT_THAT(refusalOf([&] { pairsOf(R"(["0", "1", "2", "4"])", ""); }),
                AllOf(HasSubstr("the list in the manifest entry 3"), HasSubstr("below 4"), HasSubstr("'4'")));
}

TEST_F(Import, PairsThatNameNoRowSayFileAndRow) {
    writeNpy(folder / "four.npy", randomRows(4, 3, 1));
    writeColumn(folder / "a.csv", {"p", "q", "0"});
    writeColumn(folder / "b.csv", {"0", "1", "9"});
    const auto said = refusalOf([&] {
        plan(R"({"sets": [{"name": "s", "kind": "retrieval",
                           "positives": {"pairs": {"first": "a.csv#id", "second": "b.csv#id"}},
                           "first": {"modality": "audio", "ids": ["p", "q", "r", "s"], "spaces": {"A": "four.npy"}},
                           "second": {"modality": "text", "spaces": {"A": "four.npy"}}}]})");
    });
    EXPECT_THAT(said, AllOf(HasSubstr("a.csv#id row 2"), HasSubstr("found '0'")));
    EXPECT_THAT(said, AllOf(HasSubstr("b.csv#id row 2"), HasSubstr("below 4"), HasSubstr("found '9'")));
}

TEST(ImportFlags, TwoThatSayDifferentThingsAreBothNamed) {
    ImportFlags flags;
    flags.pools = {"p:text:A=x.npy", "p:image:B=y.npy", "q:text:A=x.npy", "q:text:A=z.npy"};
    flags.sets = {"s:retrieval:text:A=x.npy", "s:multilabel:image:A=y.npy", "s:retrieval:text:A=y.npy"};
    flags.ids = {"q=a.txt", "q=b.txt"};
    flags.prompts = {"s=one {}", "s=two {}"};
    const auto said = refusalOf([&] { manifestFromFlags(flags); });
    EXPECT_THAT(said, AllOf(HasSubstr("--pool p:text:A=x.npy"), HasSubstr("--pool p:image:B=y.npy")));
    EXPECT_THAT(said, AllOf(HasSubstr("--pool q:text:A=x.npy"), HasSubstr("--pool q:text:A=z.npy")));
    EXPECT_THAT(said, AllOf(HasSubstr("--set s:retrieval:text:A=x.npy"), HasSubstr("--set s:multilabel:image:A=y.npy"),
                            HasSubstr("--set s:retrieval:text:A=y.npy")));
    EXPECT_THAT(said, AllOf(HasSubstr("--ids q=a.txt"), HasSubstr("--ids q=b.txt")));
    EXPECT_THAT(said, AllOf(HasSubstr("--prompt s=one {}"), HasSubstr("--prompt s=two {}")));
    flags = {};
    flags.pools = {"p:text:A=x.npy", "p:text:B=x.npy", "p:text:A=x.npy"};
    EXPECT_EQ(manifestFromFlags(flags)["pools"][0]["spaces"].size(), 2u);
}

TEST_F(Import, IdsOfEverySpaceMustBeTheSameInTheSameOrder) {
    writeNpy(folder / "a.npy", randomRows(3, 4, 1));
    writeNpy(folder / "b.npy", randomRows(3, 5, 2));
    writeColumn(folder / "a.csv", {"x", "y", "z"});
    writeColumn(folder / "b.csv", {"x", "z", "y"});
    writeColumn(folder / "short.csv", {"x", "y"});
    const auto said = refusalOf([&] {
        plan(R"({"pools": [{"name": "text", "modality": "text", "ids": "a.csv#id",
                            "spaces": {"A": "a.npy", "B": {"file": "b.npy", "ids": "b.csv#id"}}}]})");
    });
    EXPECT_THAT(said, AllOf(HasSubstr("b.csv#id row 1"), HasSubstr("a.csv#id row 1"), HasSubstr("'y'"),
                            HasSubstr("found 'z'"), HasSubstr("same order")));
    EXPECT_THAT(refusalOf([&] {
                    plan(R"({"pools": [{"name": "text", "modality": "text", "spaces": {
                               "A": {"file": "a.npy", "ids": "a.csv#id"},
                               "B": {"file": "b.npy", "ids": "short.csv#id"}}}]})");
                }),
                AllOf(HasSubstr("short.csv#id"), HasSubstr("expected 3 ids"), HasSubstr("found 2")));
    // Brought into the table's order, they are the same; and a table without ids has them from its first space.
    const auto good = plan(R"({"pools": [{"name": "text", "modality": "text", "spaces": {
                                 "A": {"file": "a.npy", "ids": "a.csv#id"},
                                 "B": {"file": "b.npy", "ids": "b.csv#id", "rows": [0, 2, 1]}}}]})");
    EXPECT_EQ(good.pools.at(0).tables.at(0).ids, (std::vector<std::string>{"x", "y", "z"}));
}

TEST_F(Import, ASecondClipFolderMustBeInTheOrderOfTheFirst) {
    ImportFlags flags;
    for (const std::string name : {"one", "two"}) {
        for (const char* part : {"img_emb", "text_emb", "metadata"}) fs::create_directories(folder / name / part);
        writeNpy(folder / name / "img_emb" / "img_emb_0.npy", randomRows(2, 4, 1));
        writeNpy(folder / name / "text_emb" / "text_emb_0.npy", randomRows(2, 4, 2));
        std::ofstream(folder / name / "metadata" / "metadata_0.csv") << (name == "one" ? "key\nu\nv\n" : "key\nv\nu\n");
        flags.clip_folders.push_back(name + "=" + (folder / name).string());
    }
    const auto bringThem = [&] { planImport(manifestFromFlags(flags), "flags", folder.path(), {}, {}); };
    EXPECT_THAT(refusalOf(bringThem), AllOf(HasSubstr("two/metadata"), HasSubstr("'u'"), HasSubstr("found 'v'")));
    std::ofstream(folder / "two" / "metadata" / "metadata_0.csv") << "key\nu\nv\n";
    EXPECT_NO_THROW(bringThem());
}

TEST_F(Import, RowsThatLookMisalignedAreTold) {
    constexpr std::size_t n = 300, k = 6;
    const Matrix latent = randomRows(n, k, 3);
    const auto mixed = [&](std::size_t width, std::size_t shift) {
        const Matrix mix = randomRows(k, width, width);
        Matrix out(n, width);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < width; ++j) {
                float sum = 0;
                for (std::size_t l = 0; l < k; ++l) sum += latent.row((i + shift) % n)[l] * mix.row(l)[j];
                out.row(i)[j] = sum;
            }
        }
        return out;
    };
    writeNpy(folder / "a.npy", mixed(16, 0));
    writeNpy(folder / "b.npy", mixed(12, 0));
    const char* manifest = R"({"pools": [{"name": "t", "modality": "text", "spaces": {"A": "a.npy", "B": "b.npy"}}]})";
    EXPECT_THAT(bring(manifest).warnings, IsEmpty());
    writeNpy(folder / "b.npy", mixed(12, 1));
    EXPECT_THAT(bring(manifest).warnings, testing::ElementsAre(HasSubstr("rows of B and A look misaligned")));
    // Of what was there before an import says nothing.
    EXPECT_THAT(bring(R"({"pools": [{"name": "u", "modality": "text", "spaces": {"A": "a.npy"}}]})").warnings,
                IsEmpty());
}

TEST_F(Import, ABadRowIsCountedInTheFileThatIsNamed) {
    fs::create_directory(folder / "parts");
    Matrix rows = randomRows(5, 3, 1);
    writeNpy(folder / "parts" / "part_0.npy", rows);
    rows.row(2)[1] = NAN;
    writeNpy(folder / "parts" / "part_1.npy", rows);
    EXPECT_THAT(
        refusalOf([&] { bring(R"({"pools": [{"name": "t", "modality": "text", "spaces": {"A": "parts"}}]})"); }),
        HasSubstr("part_1.npy row 2"));
    EXPECT_THAT(
        refusalOf([&] {
            bring(R"({"pools": [{"name": "t", "modality": "text", "rows": [9, 7], "spaces": {"A": "parts"}}]})");
        }),
        HasSubstr("part_1.npy row 2"));
    writeColumn(folder / "ids.csv", {"a", "b", "b", "a", "b"});
    EXPECT_THAT(refusalOf([&] {
                    bring(R"({"pools": [{"name": "t", "modality": "text", "rows": [0, 2, 4], "ids": "ids.csv#id",
                                         "spaces": {"A": "parts/part_0.npy"}}]})");
                }),
                AllOf(HasSubstr("'b' is given twice"), HasSubstr("ids.csv#id row 4"), HasSubstr("leave all ids out")));
    EXPECT_FALSE(fs::exists(folder / "w"));
}

TEST_F(Import, AFolderOfNpzThatCannotFitTheMemoryIsRefusedWithBothFigures) {
    fs::create_directory(folder / "parts");
    for (const char* name : {"part_0.npz", "part_1.npz"}) writeNpz(folder / "parts" / name, randomRows(100, 8, 1));
    SourceSpec spec;
    spec.file = folder / "parts";
    const RowReader reader = SourceFiles().openRows(spec);
    EXPECT_GE(reader.held_bytes, 2u * 100 * 8 * sizeof(float));
    EXPECT_EQ(SourceFiles(reader.held_bytes).openRows(spec).rows, 200u);
    EXPECT_THAT(refusalOf([&] { SourceFiles(reader.held_bytes / 3).openRows(spec); }),
                AllOf(HasSubstr("parts"), HasSubstr(humanBytes(reader.held_bytes)),
                      HasSubstr(humanBytes(reader.held_bytes / 3))));
}

TEST_F(Import, AMemberOfANpzIsGivenBackAfterItsRows) {
    constexpr std::size_t n = 2000, width = 1000;
    writeNpz(folder / "a.npz", randomRows(n, width, 1));
    SourceSpec spec;
    spec.file = folder / "a.npz";
    RowSelection all;
    all.all = false;
    for (std::size_t i = 0; i < n; ++i) all.rows.push_back(n - 1 - i);
    const RowReader reader = selectRows(SourceFiles().openRows(spec), all);
    const auto held = [] {
        const auto info = mallinfo2();
        return info.uordblks + info.hblkhd;
    };
    std::vector<float> row(width), again(width);
    const std::size_t before = held();
    reader.read(0, 1, row.data());
    if (held() < before + n * width * sizeof(float)) GTEST_SKIP() << "this allocator does not count";
    reader.release();
    EXPECT_LT(held(), before + n * width);
    reader.read(0, 1, again.data());
    EXPECT_EQ(row, again);
}

}  // namespace
}  // namespace engine
