// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rows as seen from the mean of their modality: c(x) = N(x - mu), N to unit length. A space keeps each modality in a
// cone of its own (the modality gap, Liang et al. 2022); what all rows of a cone have in common says nothing of which
// of them belong together. Thread-safe; the same bits whatever the number of threads.
#pragma once

#include <vector>

#include "engine/base/job.h"
#include "engine/space/embedding_source.h"

namespace engine {

// The mean of rows as they come, summed in float64 in their order.
class RunningMean {
public:
    explicit RunningMean(std::size_t width) : sum_(width) {}
    void add(const float* rows, std::size_t count);  // [count, width]
    std::vector<double> mean() const;                // [width]; 0 of no rows

private:
    std::vector<double> sum_;
    std::size_t count_ = 0;
};

// mu of a whole source, read once by blocks; `meter`, if given, advances by its rows. A stop ends it within a block.
std::vector<double> meanOf(const EmbeddingSource& source, const JobContext& job, ProgressMeter* meter = nullptr);

// c(x) of each of x [rows, width] in place. A row that is the mean itself becomes 0.
void centreRows(float* x, std::size_t rows, const std::vector<double>& mean);

// The rows c(x) of another source, made as they are read: never resident.
class CentredSource : public EmbeddingSource {
public:
    CentredSource(EmbeddingSourcePtr rows, std::vector<double> mean);
    std::size_t rows() const override { return rows_->rows(); }
    std::size_t cols() const override { return rows_->cols(); }
    void read(std::size_t first, std::size_t count, float* out) const override;
    const std::vector<double>& mean() const { return mean_; }

private:
    EmbeddingSourcePtr rows_;
    std::vector<double> mean_;
};

}  // namespace engine
