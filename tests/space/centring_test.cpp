// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/space/centring.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/rng.h"

namespace engine {
namespace {

constexpr std::size_t kRows = 5000, kWidth = 17;  // more than a block, and no whole number of them

// Unit rows in a cone.
Matrix cone() {
    Matrix m(kRows, kWidth);
    Rng(3, "cone").fillNormal(m.data(), m.size());
    for (std::size_t r = 0; r < kRows; ++r) m.row(r)[2] += 6;
    normalizeRows(m);
    return m;
}

std::vector<double> slowMean(const Matrix& m) {
    std::vector<double> mean(m.cols());
    for (std::size_t c = 0; c < m.cols(); ++c) {
        for (std::size_t r = 0; r < m.rows(); ++r) mean[c] += static_cast<double>(m.row(r)[c]);
        mean[c] /= static_cast<double>(m.rows());
    }
    return mean;
}

TEST(Centring, TheMeanIsThatOfAllRows) {
    const Matrix rows = cone();
    std::uint64_t seen = 0;
    const JobContext job({}, [&](const Progress& p) { seen = p.done; });
    ProgressMeter meter(job, "means", "rows", kRows);
    const auto found = meanOf(MatrixSource(rows.view(), nullptr), job, &meter), expected = slowMean(rows);
    meter.finish();
    EXPECT_EQ(seen, kRows);
    ASSERT_EQ(found.size(), kWidth);
    for (std::size_t c = 0; c < kWidth; ++c) EXPECT_NEAR(found[c], expected[c], 1e-12);
    EXPECT_GT(found[2], 0.5);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(meanOf(MatrixSource(rows.view(), nullptr), JobContext(stop.get_token())), Cancelled);
}

TEST(Centring, RowsAreSeenFromTheMeanAndHaveUnitLength) {
    const Matrix rows = cone();
    const auto mean = slowMean(rows);
    const CentredSource source(std::make_shared<MatrixSource>(rows.view(), nullptr), mean);
    EXPECT_EQ(source.rows(), kRows);
    EXPECT_EQ(source.cols(), kWidth);
    EXPECT_EQ(source.resident().data, nullptr);
    const Matrix found = readAll(source);
    double worst = 0;
    for (std::size_t r = 0; r < kRows; ++r) {
        double length = 0;
        std::vector<double> expected(kWidth);
        for (std::size_t c = 0; c < kWidth; ++c) {
            expected[c] = static_cast<double>(rows.row(r)[c]) - mean[c];
            length += expected[c] * expected[c];
        }
        for (std::size_t c = 0; c < kWidth; ++c)
            worst = std::max(worst, std::abs(static_cast<double>(found.row(r)[c]) - expected[c] / std::sqrt(length)));
    }
    EXPECT_LE(worst, 2e-7);
}

TEST(Centring, ARowDoesNotDependOnWhatIsReadWithIt) {
    const Matrix rows = cone();
    const CentredSource source(std::make_shared<MatrixSource>(rows.view(), nullptr), slowMean(rows));
    const Matrix all = readAll(source);
    Matrix one(1, kWidth);
    for (const std::size_t r : {std::size_t{0}, std::size_t{4095}, std::size_t{4096}, kRows - 1}) {
        source.read(r, 1, one.data());
        EXPECT_EQ(std::memcmp(one.data(), all.row(r), kWidth * sizeof(float)), 0) << r;
    }
}

TEST(Centring, TheMeanItselfIsNothing) {
    Matrix row(1, 3);
    for (std::size_t c = 0; c < 3; ++c) row.row(0)[c] = 0.5f;
    centreRows(row.data(), 1, {0.5, 0.5, 0.5});
    for (std::size_t c = 0; c < 3; ++c) EXPECT_EQ(row.row(0)[c], 0.0f);
    EXPECT_THROW(CentredSource(std::make_shared<MatrixSource>(Matrix(2, 3)), {0.5}), Error);
}

}  // namespace
}  // namespace engine
