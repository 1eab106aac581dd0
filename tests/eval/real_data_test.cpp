// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Published figures of real embeddings, to the printed digit, straight from the files that came with them.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>

#include "engine/eval/set_evaluation.h"
#include "tests/eval/eval_support.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

// A float32 .npy file, version 1, C order; `count` values from `first` on.
Matrix readNpy(const std::filesystem::path& path, std::size_t rows, std::size_t cols, std::size_t first_row = 0) {
    std::ifstream in(path, std::ios::binary);
    char head[10];
    in.read(head, 10);
    std::uint16_t length = 0;
    std::memcpy(&length, head + 8, 2);
    std::string header(length, ' ');
    in.read(header.data(), length);
    if (!in || header.find("'<f4'") == std::string::npos)
        throw std::runtime_error("not a float32 .npy: " + path.string());
    in.seekg(static_cast<std::streamoff>(10 + length + first_row * cols * sizeof(float)));
    Matrix out(rows, cols);
    in.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size() * sizeof(float)));
    if (!in) throw std::runtime_error("too short: " + path.string());
    return out;
}

std::string printed(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", value);
    return text;
}

// Rows of equal prompts are equal: the class of each clip, and one row for each class.
std::pair<std::vector<std::uint32_t>, Matrix> distinctRows(const Matrix& m) {
    std::map<std::vector<float>, std::uint32_t> seen;
    std::vector<std::uint32_t> of_row, first_row;
    for (std::size_t i = 0; i < m.rows(); ++i) {
        const std::vector<float> row(m.row(i), m.row(i) + m.cols());
        const auto [where, fresh] = seen.emplace(row, static_cast<std::uint32_t>(seen.size()));
        if (fresh) first_row.push_back(static_cast<std::uint32_t>(i));
        of_row.push_back(where->second);
    }
    Matrix rows(first_row.size(), m.cols());
    for (std::size_t c = 0; c < first_row.size(); ++c) std::copy_n(m.row(first_row[c]), m.cols(), rows.row(c));
    return {of_row, std::move(rows)};
}

TEST(RealData, EscFifty) {
    REQUIRE_REAL_DATA(folder);
    const Matrix audio = readNpy(folder / "esc50-clap" / "audio_embeddings.npy", 2000, 512);
    const Matrix prompts = readNpy(folder / "esc50-clap" / "text_embeddings.npy", 2000, 512);
    const auto [label, classes] = distinctRows(prompts);
    ASSERT_EQ(classes.rows(), 50u);
    SetDescription set{"ESC-50", SetKind::Classification, "audio", "text", {}, "This is a sound of {}"};
    for (std::uint32_t i = 0; i < 2000; ++i) set.pairs.push_back({i, label[i]});
    const auto m = evaluateSet(set, test::rawSource(audio), test::rawSource(classes),
                               "inner product of unit rows in CLAP", {}, {});
    EXPECT_EQ(printed(m.value("top-1")), "91.50");
    EXPECT_EQ(printed(m.value("top-5")), "99.35");
    EXPECT_EQ(printed(m.value("R@1 text→audio")), "96.00");
    EXPECT_EQ(printed(m.value("R@5 text→audio")), "98.00");

    set.kind = SetKind::Retrieval;
    const auto retrieval = evaluateSet(set, test::rawSource(audio), test::rawSource(classes), "cosine", {}, {});
    EXPECT_EQ(printed(retrieval.value("R@1 text→audio")), "96.00");
    EXPECT_EQ(printed(retrieval.value("R@1 audio→text")), "91.50");
    const auto slow = evaluateSetReference(set, test::rawSource(audio), test::rawSource(classes), "cosine", {}, {});
    EXPECT_EQ(toJson(retrieval)["metrics"], toJson(slow)["metrics"]);
}

TEST(RealData, CocoFiveHundred) {
    REQUIRE_REAL_DATA(folder);
    const Matrix image = readNpy(folder / "coco500-clip" / "features.npy", 500, 512, 0);
    const Matrix text = readNpy(folder / "coco500-clip" / "features.npy", 500, 512, 500);
    SetDescription set{"COCO-500", SetKind::Retrieval, "image", "text", {}, ""};
    for (std::uint32_t i = 0; i < 500; ++i) set.pairs.push_back({i, i});
    const auto m =
        evaluateSet(set, test::rawSource(image), test::rawSource(text), "inner product of unit rows in CLIP", {}, {});
    const std::map<std::string, std::string> published{{"R@1 image→text", "55.20"},  {"R@5 image→text", "80.80"},
                                                       {"R@10 image→text", "89.20"}, {"R@1 text→image", "50.60"},
                                                       {"R@5 text→image", "76.40"},  {"R@10 text→image", "86.20"}};
    for (const auto& [metric, value] : published) EXPECT_EQ(printed(m.value(metric)), value) << metric;
    const auto slow = evaluateSetReference(set, test::rawSource(image), test::rawSource(text),
                                           "inner product of unit rows in CLIP", {}, {});
    EXPECT_EQ(toJson(m)["directions"], toJson(slow)["directions"]);
    EXPECT_NEAR(m.protocol.length_error, slow.protocol.length_error, 1e-12);

    // These rows are up to 5.7e-4 off unit length. The published figures are of the rows as they are; scaled to unit
    // length, one caption of the 500 moves up by one place.
    EXPECT_NEAR(m.protocol.length_error, 5.7e-4, 1e-5);
    Matrix unit_image = copyOf(image), unit_text = copyOf(text);
    normalizeRows(unit_image);
    normalizeRows(unit_text);
    const auto scaled = evaluateSet(set, test::rawSource(unit_image), test::rawSource(unit_text), "cosine", {}, {});
    EXPECT_EQ(printed(scaled.value("R@5 text→image")), "76.60");
}

}  // namespace
}  // namespace engine
