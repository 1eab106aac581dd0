// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/projector/info_loss.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/base/error.h"
#include "engine/projector/exp8.h"
#include "engine/projector/tiles.h"

namespace engine {
namespace {

// e^75 summed over 10^5 columns is still a float, and e^-75 is one with all its bits.
constexpr double kOneExpLimit = 75;
constexpr std::size_t kColumns = 4096;

std::size_t tileRows(std::size_t batch) {
    return batch <= 8192 ? 256 : 64;
}

}  // namespace

InfoDirection infoDirection(const std::string& name) {
    if (name == "symmetric") return InfoDirection::Symmetric;
    if (name == "source_to_target") return InfoDirection::SourceToTarget;
    if (name == "target_to_source") return InfoDirection::TargetToSource;
    throw Error(ErrorCode::InvalidInput, "info_direction",
                "expected symmetric, source_to_target or target_to_source, found " + name);
}

InfoDirection reversed(InfoDirection direction) {
    if (direction == InfoDirection::SourceToTarget) return InfoDirection::TargetToSource;
    if (direction == InfoDirection::TargetToSource) return InfoDirection::SourceToTarget;
    return direction;
}

InfoLoss::InfoLoss(std::size_t batch, std::size_t width, double temperature, InfoDirection direction, bool keep_logits)
    : batch_(batch),
      width_(width),
      tile_rows_(tileRows(batch)),
      scale_(static_cast<float>(1 / temperature)),
      row_share_(direction == InfoDirection::Symmetric        ? 0.5
                 : direction == InfoDirection::SourceToTarget ? 1
                                                              : 0),
      column_share_(1 - row_share_),
      one_exp_(1 / temperature <= kOneExpLimit && batch <= 100000),
      diagonal_(batch),
      row_(batch),
      column_(batch) {
    const std::size_t tiles = (batch + tile_rows_ - 1) / tile_rows_;
    if (keep_logits) kept_ = Matrix(batch, batch);
    tile_sums_ = Matrix(tiles, batch);
    if (!one_exp_) tile_maxima_ = Matrix(tiles, batch);
}

std::size_t InfoLoss::scratchBytes(std::size_t batch, bool keep_logits) {
    const std::size_t tiles = (batch + tileRows(batch) - 1) / tileRows(batch);
    const std::size_t tile = static_cast<std::size_t>(omp_get_max_threads()) * tileRows(batch) * batch;
    return sizeof(float) * ((keep_logits ? batch * batch : tile) + 2 * tiles * batch);
}

// s = P Q^T for some rows.
void InfoLoss::logits(std::size_t first, std::size_t count, const float* p, const float* q, float* out,
                      const JobContext& job) const {
    for (std::size_t j = 0; j < batch_; j += kColumns) {
        if (job.stopRequested()) return;
        tileGemm(Form::ABt, count, std::min(kColumns, batch_ - j), width_, p + first * width_, width_, q + j * width_,
                 width_, false, out + j, batch_);
    }
}

// Row sums, and this tile's part of the column sums; leaves exp(s/τ) in the tile where one exp does.
void InfoLoss::sums(std::size_t first, std::size_t count, float* tile, std::size_t index) {
    float* columns = tile_sums_.row(index);
    for (std::size_t i = 0; i < count; ++i) diagonal_[first + i] = tile[i * batch_ + first + i];
    std::fill(columns, columns + batch_, 0.0f);
    if (one_exp_) {
        for (std::size_t i = 0; i < count; ++i) {
            float* row = tile + i * batch_;
            row_[first + i] = expRow(row, batch_, scale_, 0, row);
            for (std::size_t j = 0; j < batch_; ++j) columns[j] += row[j];
        }
        return;
    }
    std::vector<float> scratch(batch_);
    float* maxima = tile_maxima_.row(index);
    std::memcpy(maxima, tile, batch_ * sizeof(float));
    for (std::size_t i = 0; i < count; ++i) {
        const float* row = tile + i * batch_;
        const float most = maxOf(row, batch_) * scale_;
        row_[first + i] = most + std::log(expRow(row, batch_, scale_, most, scratch.data()));
        for (std::size_t j = 0; j < batch_; ++j) maxima[j] = std::max(maxima[j], row[j]);
    }
    for (std::size_t i = 0; i < count; ++i) {
        const float* row = tile + i * batch_;
        for (std::size_t j = 0; j < batch_; ++j) scratch[j] = row[j] - maxima[j];
        expRow(scratch.data(), batch_, scale_, 0, scratch.data());
        for (std::size_t j = 0; j < batch_; ++j) columns[j] += scratch[j];
    }
}

// The loss from the sums of all tiles, which become what the gradient needs.
double InfoLoss::closeSums() {
    double loss = 0;
    for (std::size_t j = 0; j < batch_; ++j) {
        double most = 0, sum = 0;
        if (!one_exp_) {
            most = static_cast<double>(tile_maxima_.row(0)[j]);
            for (std::size_t t = 1; t < tile_maxima_.rows(); ++t)
                most = std::max(most, static_cast<double>(tile_maxima_.row(t)[j]));
        }
        for (std::size_t t = 0; t < tile_sums_.rows(); ++t) {
            const double shift =
                one_exp_ ? 1
                         : std::exp((static_cast<double>(tile_maxima_.row(t)[j]) - most) * static_cast<double>(scale_));
            sum += shift * static_cast<double>(tile_sums_.row(t)[j]);
        }
        const double column = most * static_cast<double>(scale_) + std::log(sum);
        const double row = one_exp_ ? std::log(static_cast<double>(row_[j])) : static_cast<double>(row_[j]);
        loss +=
            row_share_ * row + column_share_ * column - static_cast<double>(diagonal_[j]) * static_cast<double>(scale_);
        column_[j] = static_cast<float>(one_exp_ ? 1 / sum : column);
        if (one_exp_) row_[j] = 1 / row_[j];
    }
    return loss / static_cast<double>(batch_);
}

// The tile becomes weight · d info / ds of its rows.
void InfoLoss::gradientWeights(std::size_t first, std::size_t count, double weight, float* tile) const {
    const double all = weight * static_cast<double>(scale_) / static_cast<double>(batch_);
    const float a = static_cast<float>(row_share_ * all), b = static_cast<float>(column_share_ * all);
    for (std::size_t i = 0; i < count; ++i) {
        float* row = tile + i * batch_;
        const float own = row_[first + i];
        if (one_exp_) {
            const float share = a * own;
            for (std::size_t j = 0; j < batch_; ++j) row[j] *= share + b * column_[j];
        } else {
            const __m256 scale = _mm256_set1_ps(scale_), mine = _mm256_set1_ps(own);
            const __m256 va = _mm256_set1_ps(a), vb = _mm256_set1_ps(b);
            for (std::size_t j = 0; j < batch_; j += 8) {
                const __m256i lanes = firstLanes(std::min<std::size_t>(8, batch_ - j));
                const __m256 s = _mm256_mul_ps(_mm256_maskload_ps(row + j, lanes), scale);
                const __m256 e = _mm256_mul_ps(va, exp8(_mm256_sub_ps(s, mine)));
                const __m256 f = exp8(_mm256_sub_ps(s, _mm256_maskload_ps(column_.data() + j, lanes)));
                _mm256_maskstore_ps(row + j, lanes, _mm256_fmadd_ps(vb, f, e));
            }
        }
        row[first + i] -= a + b;
    }
}

double InfoLoss::run(const float* p, const float* q, float* grad, const JobContext& job, double weight) {
    const std::size_t tiles = tile_sums_.rows();
    const bool keep = !kept_.empty();
    ThreadScratch scratch(keep ? 1 : tile_rows_ * batch_);
    const auto rowsOf = [&](std::size_t t) { return std::min(tile_rows_, batch_ - t * tile_rows_); };
    parallelTiles(tiles, job, [&](std::size_t t) {
        const std::size_t first = t * tile_rows_;
        float* tile = keep ? kept_.row(first) : scratch.get();
        logits(first, rowsOf(t), p, q, tile, job);
        if (!job.stopRequested()) sums(first, rowsOf(t), tile, t);
    });
    const double loss = closeSums();
    parallelTiles(tiles, job, [&](std::size_t t) {
        const std::size_t first = t * tile_rows_, count = rowsOf(t);
        float* tile = keep ? kept_.row(first) : scratch.get();
        if (!keep) {
            logits(first, count, p, q, tile, job);
            if (one_exp_) {
                for (std::size_t i = 0; i < count; ++i) expRow(tile + i * batch_, batch_, scale_, 0, tile + i * batch_);
            }
        }
        if (job.stopRequested()) return;
        gradientWeights(first, count, weight, tile);
        for (std::size_t j = 0; j < batch_; j += kColumns) {
            if (job.stopRequested()) return;
            tileGemm(Form::AB, count, width_, std::min(kColumns, batch_ - j), tile + j, batch_, q + j * width_, width_,
                     true, grad + first * width_, width_);
        }
    });
    return loss;
}

}  // namespace engine
