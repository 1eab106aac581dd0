// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rows of the B×B matrix of a symmetric InfoNCE on their way to loss and gradient (method §1.2), in place: infoSums
// takes two reads for rows and two for columns, infoWeights one read and one write. Kernels and twins as in
// softmax_tile.h.
#pragma once

#include <cstdint>
#include <string>

namespace engine {

// Everything in the memory of one device; no two arrays overlap. Values finite. s = scale · product.
struct InfoTile {
    float* logits = nullptr;  // [rows, cols] products, rows `stride` apart; cols is the batch B
    std::int64_t rows = 0, cols = 0, stride = 0;
    std::int64_t first = 0;  // row of the batch where the tile begins: its positives are at [i, first + i]
    float scale = 1;         // 1/temperature, above 0
    float row_share = 0.5f, column_share = 0.5f;
    float* row_log_sum = nullptr;     // [rows], log of the sum of exp(s) of each row
    float* column_maximum = nullptr;  // [cols], of s of all tiles so far, -infinity before the first
    double* column_sum = nullptr;     // [cols], of exp(s - column_maximum), 0 before the first
    float* column_log_sum = nullptr;  // [cols], log of the sum of exp(s) of each column of the whole matrix
};

// Writes row_log_sum, updates column_maximum and column_sum; logits stay as they are, column_log_sum is not touched.
void infoSums(const InfoTile& tile, const std::string& device);
// From both log sums; logits become row_share·exp(s - row_log_sum) + column_share·exp(s - column_log_sum), less
// row_share + column_share at the positives.
void infoWeights(const InfoTile& tile, const std::string& device);

}  // namespace engine
