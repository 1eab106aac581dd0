// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/report/published.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <type_traits>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/report/report.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

TEST(Published, AllFiguresOfTheTablesAreThereWithTheirPlaces) {
    const PublishedPaper& paper = publishedPaper();
    EXPECT_EQ(paper.figures.size(), 376u);
    std::map<int, std::size_t> count, dashes;
    std::set<std::string> places;
    for (const auto& f : paper.figures) {
        ++count[f.table];
        dashes[f.table] += !f.value;
        places.insert(std::to_string(f.table) + "|" + f.row_group + "|" + f.row + "|" + f.place.name());
        if (f.value) {
            EXPECT_GT(*f.value, 0) << f.row;
            EXPECT_LE(*f.value, 100) << f.row;
        }
    }
    EXPECT_EQ(places.size(), paper.figures.size());
    EXPECT_EQ(count, (std::map<int, std::size_t>{{3, 48}, {4, 192}, {5, 18}, {6, 18}, {7, 16}, {8, 48}, {9, 36}}));
    EXPECT_EQ(dashes, (std::map<int, std::size_t>{{3, 4}, {4, 24}, {5, 0}, {6, 0}, {7, 0}, {8, 0}, {9, 0}}));
    // Every table is whole: rows × columns are its figures.
    for (const auto& table : paper.tables)
        EXPECT_EQ(table.rows.size() * table.columns.size(), count[table.number]) << table.number;
}

double value(int table, const std::string& row, const std::string& column, const std::string& group = "") {
    for (const auto& r : publishedPaper().table(table).rows) {
        if (r.row != row || (!group.empty() && r.group != group)) continue;
        for (const auto* f : r.figures)
            if (f->place.name() == column) return f->value.value();
    }
    ADD_FAILURE() << row << " " << column;
    return -1;
}

TEST(Published, FiguresAreThoseOfThePaper) {
    EXPECT_EQ(value(4, "InternVL_IB†++(AT E.)", "AudioCaps R@1"), 43.10);
    EXPECT_EQ(value(3, "WAV2CLIP", "AudioSet mAP"), 0.71);
    EXPECT_EQ(value(6, "Only Seq.", "COCO R@1"), 33.77);
    EXPECT_EQ(value(7, "+Cr(CLAP_m)", "ESC-50 Acc"), 88.40);
    EXPECT_EQ(value(8, "ψ_AT", "FlickrNet R@1"), 6.68);
    EXPECT_EQ(value(9, "C-MCR", "VGG-SS R@1", "Displacement Reaction: IB + Dr(InternVL)"), 11.60);
    // Rows that stand in several tables agree.
    for (const char* column :
         {"AudioCaps R@1", "Clotho R@1", "VGG-SS R@1", "FlickrNet R@1", "COCO R@1", "Flickr30K R@1"}) {
        EXPECT_EQ(value(4, "ImageBind", column), value(5, "ImageBind", column));
        EXPECT_EQ(value(4, "InternVL_IB", column), value(5, "+Dr(InternVL)", column));
        EXPECT_EQ(value(4, "InternVL_IB", column), value(8, "Ψ", column));
        EXPECT_EQ(value(4, "InternVL_IB", column),
                  value(9, "Ours", column, "Displacement Reaction: IB + Dr(InternVL)"));
        EXPECT_EQ(value(5, "+Cr(InternVL)", column),
                  value(9, "Ours", column, "Combination Reaction: IB + Cr(InternVL)"));
        EXPECT_EQ(value(4, "InternVL_IB†++(Ver.)", column), value(6, "Seq.&Para.", column));
    }
}

TEST(Published, AreNoMeasuredFigures) {
    // Neither type turns into the other, so no table can hold one in the other's place.
    static_assert(!std::is_convertible_v<PublishedFigure, MeasuredFigure>);
    static_assert(!std::is_convertible_v<MeasuredFigure, PublishedFigure>);
    static_assert(!std::is_constructible_v<MeasuredFigure, PublishedFigure>);
    static_assert(!std::is_constructible_v<PublishedFigure, MeasuredFigure>);
    SUCCEED();
}

TEST(Published, DamagedFilesAreRefusedWithTheirPlace) {
    const Json good = readJsonFile(std::filesystem::path(MOLSPACE_SOURCE_DIR) / "resources/published/figures.json");
    const auto refused = [](const Json& json, const std::string& what) {
        try {
            readPublished(json.dump(), "figures.json");
            ADD_FAILURE() << "not refused: " << what;
        } catch (const Error& error) {
            EXPECT_THAT(std::string(error.what()), testing::HasSubstr(what));
        }
    };
    EXPECT_EQ(readPublished(good.dump(), "figures.json").figures.size(), 376u);
    Json bad = good;
    bad["figures"][7]["value"] = 99.0;
    refused(bad, "the printed text '23.08' is not that of the value");
    bad = good;
    bad["figures"].push_back(bad["figures"].back());
    refused(bad, "the place comes twice");
    bad = good;
    bad["figures"].erase(100);
    refused(bad, "is missing");
    bad = good;
    bad["figures"].push_back(bad["figures"][0]);
    refused(bad, "are not together");
    bad = good;
    bad["figures"][3].erase("row");
    refused(bad, "damaged");
    bad = good;
    bad["format"] = "another";
    refused(bad, "expected format");
}

}  // namespace
}  // namespace engine
