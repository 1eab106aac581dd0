// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/space/centring.h"

#include <algorithm>

#include "engine/base/error.h"

namespace engine {

namespace {
constexpr std::size_t kBlock = 4096;  // rows that are read at once
}

void RunningMean::add(const float* rows, std::size_t count) {
    const std::size_t width = sum_.size();
    for (std::size_t r = 0; r < count; ++r) {
        const float* row = rows + r * width;
        for (std::size_t c = 0; c < width; ++c) sum_[c] += static_cast<double>(row[c]);
    }
    count_ += count;
}

std::vector<double> RunningMean::mean() const {
    std::vector<double> out = sum_;
    for (double& m : out) m /= static_cast<double>(std::max<std::size_t>(1, count_));
    return out;
}

std::vector<double> meanOf(const EmbeddingSource& source, const JobContext& job, ProgressMeter* meter) {
    RunningMean mean(source.cols());
    Matrix block(std::min(kBlock, source.rows()), source.cols());
    for (std::size_t first = 0; first < source.rows(); first += kBlock) {
        job.checkStop();
        const std::size_t count = std::min(kBlock, source.rows() - first);
        source.read(first, count, block.data());
        mean.add(block.data(), count);
        if (meter) meter->advance(count);
    }
    return mean.mean();
}

void centreRows(float* x, std::size_t rows, const std::vector<double>& mean) {
    const std::size_t width = mean.size();
#pragma omp parallel for schedule(static) if (rows * width > 65536)
    for (std::size_t r = 0; r < rows; ++r) {
        float* row = x + r * width;
        for (std::size_t c = 0; c < width; ++c) row[c] = static_cast<float>(static_cast<double>(row[c]) - mean[c]);
        normalizeRows(row, 1, width);
    }
}

CentredSource::CentredSource(EmbeddingSourcePtr rows, std::vector<double> mean)
    : rows_(std::move(rows)), mean_(std::move(mean)) {
    ENGINE_CHECK(mean_.size() == rows_->cols(), "a mean of another width");
}

void CentredSource::read(std::size_t first, std::size_t count, float* out) const {
    rows_->read(first, count, out);
    centreRows(out, count, mean_);
}

}  // namespace engine
