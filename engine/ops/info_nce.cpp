// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/info_nce.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/matrix.h"
#include "engine/ops/vector_math.h"

namespace engine {
namespace {

constexpr std::int64_t kChunk = 256;    // rows of logits that one thread takes at a time
constexpr std::int64_t kTile = 1024;    // columns between two looks for a stop

at::Tensor viewOf(float* data, std::int64_t rows, std::int64_t cols, std::int64_t stride) {
    return at::from_blob(data, {rows, cols}, {stride, 1}, at::kFloat);
}

class OnProcessor {
public:
    OnProcessor(const at::Tensor& x, const at::Tensor& y, const InfoNceOptions& options, at::Tensor& dx, const JobContext& job)
        : options_(options), job_(job), b_(x.size(0)), d_(x.size(1)), chunks_((b_ + kChunk - 1) / kChunk),
          x_(x.data_ptr<float>()), y_(y.data_ptr<float>()), dx_(dx.data_ptr<float>()),
          scale_(static_cast<float>(1 / options.temperature)) {
        const auto bytes = static_cast<std::uint64_t>(b_) * static_cast<std::uint64_t>(b_) * sizeof(float);
        keep_all_ = bytes <= options.memory_bytes / 4;
        if (keep_all_) all_ = Matrix(static_cast<std::size_t>(b_), static_cast<std::size_t>(b_));
    }

    double run() {
        row_sums_.assign(static_cast<std::size_t>(b_), 0.0);
        diagonal_.assign(static_cast<std::size_t>(b_), 0.0);
        partial_.assign(static_cast<std::size_t>(chunks_ * b_), 0.0f);
        overChunks([&](std::int64_t c, float* e) { exponentials(c, e, true); });
        // In the order of the chunks, whatever thread made them.
        column_sums_.assign(static_cast<std::size_t>(b_), 0.0);
        for (std::int64_t c = 0; c < chunks_; ++c) {
            for (std::int64_t j = 0; j < b_; ++j) column_sums_[static_cast<std::size_t>(j)] += static_cast<double>(partial_[static_cast<std::size_t>(c * b_ + j)]);
        }
        column_factors_.resize(static_cast<std::size_t>(b_));
        for (std::size_t j = 0; j < column_factors_.size(); ++j) column_factors_[j] = static_cast<float>(options_.target_weight / column_sums_[j]);
        overChunks([&](std::int64_t c, float* e) { gradient(c, e); });
        double loss = 0;
        for (std::size_t i = 0; i < row_sums_.size(); ++i) {
            loss += options_.source_weight * std::log(row_sums_[i]) + options_.target_weight * std::log(column_sums_[i]) - diagonal_[i];
        }
        return loss / static_cast<double>(b_);
    }

private:
    template <class Work>
    void overChunks(Work work) {
        at::parallel_for(0, chunks_, 1, [&](std::int64_t begin, std::int64_t end) {
            const c10::InferenceMode guard;
            Matrix own;
            if (!keep_all_) own = Matrix(kChunk, static_cast<std::size_t>(b_));
            for (std::int64_t c = begin; c < end; ++c) {
                work(c, keep_all_ ? all_.row(static_cast<std::size_t>(c * kChunk)) : own.data());
            }
        });
    }

    std::int64_t rowsOf(std::int64_t chunk) const { return std::min(kChunk, b_ - chunk * kChunk); }

    // e = exp(x y^T / τ) for one chunk; sums of rows and columns and the diagonal at the first time.
    void exponentials(std::int64_t chunk, float* e, bool sums) {
        const std::int64_t first = chunk * kChunk, rows = rowsOf(chunk);
        const at::Tensor x = viewOf(x_ + first * d_, rows, d_, d_);
        for (std::int64_t tile = 0; tile < b_; tile += kTile) {
            job_.checkStop();
            const std::int64_t cols = std::min(kTile, b_ - tile);
            at::Tensor s = viewOf(e + tile, rows, cols, b_);
            at::mm_out(s, x, viewOf(y_ + tile * d_, cols, d_, d_).t());
            for (std::int64_t i = 0; i < rows; ++i) {
                float* row = e + i * b_ + tile;
                const std::int64_t own = first + i - tile;
                if (sums && own >= 0 && own < cols) diagonal_[static_cast<std::size_t>(first + i)] = static_cast<double>(row[own]) * scale_;
                const float sum = expInPlace(row, static_cast<std::size_t>(cols), scale_, 0);
                if (!sums) continue;
                row_sums_[static_cast<std::size_t>(first + i)] += static_cast<double>(sum);
                addTo(partial_.data() + chunk * b_ + tile, row, static_cast<std::size_t>(cols));
            }
        }
    }

    // dx += 1/(Bτ) (E ∘ (a/r + b/c) − 1) y, chunk by chunk.
    void gradient(std::int64_t chunk, float* e) {
        const std::int64_t first = chunk * kChunk, rows = rowsOf(chunk);
        if (!keep_all_) exponentials(chunk, e, false);
        at::Tensor out = viewOf(dx_ + first * d_, rows, d_, d_);
        for (std::int64_t i = 0; i < rows; ++i) {
            float* row = e + i * b_;
            scaleByRowAndColumns(row, static_cast<std::size_t>(b_),
                                 static_cast<float>(options_.source_weight / row_sums_[static_cast<std::size_t>(first + i)]),
                                 column_factors_.data());
            row[first + i] -= 1.0f;
        }
        const double factor = 1 / (options_.temperature * static_cast<double>(b_));
        for (std::int64_t tile = 0; tile < b_; tile += kTile) {
            job_.checkStop();
            const std::int64_t cols = std::min(kTile, b_ - tile);
            out.addmm_(viewOf(e + tile, rows, cols, b_), viewOf(y_ + tile * d_, cols, d_, d_), 1, factor);
        }
    }

    const InfoNceOptions& options_;
    const JobContext& job_;
    std::int64_t b_, d_, chunks_;
    float *x_, *y_, *dx_;
    float scale_;
    bool keep_all_ = false;
    Matrix all_;
    std::vector<double> row_sums_, column_sums_, diagonal_;
    std::vector<float> partial_, column_factors_;
};

// The same by tensor operations, in chunks of rows that fit the budget; the exponentials are made twice if more than one.
double onDevice(const at::Tensor& x, const at::Tensor& y, const InfoNceOptions& options, at::Tensor& dx, const JobContext& job) {
    const c10::InferenceMode guard;
    const std::int64_t b = x.size(0);
    const auto fit = static_cast<std::int64_t>(options.memory_bytes / 4 / (sizeof(float) * static_cast<std::uint64_t>(b)));
    const std::int64_t rows = std::clamp<std::int64_t>(fit, 1, b);
    const double scale = 1 / options.temperature;
    const auto exponentials = [&](std::int64_t first) {
        job.checkStop();
        return at::mm(x.slice(0, first, first + rows), y.t()).mul_(scale).exp_();
    };
    const at::Tensor diagonal = (x * y).sum(1, false, at::kDouble) * scale;
    at::Tensor row_sums = at::empty({b}, x.options().dtype(at::kDouble));
    at::Tensor column_sums = row_sums.new_zeros({b});
    at::Tensor e;
    for (std::int64_t first = 0; first < b; first += rows) {
        e = exponentials(first);
        row_sums.slice(0, first, first + rows).copy_(e.sum(1, false, at::kDouble));
        column_sums.add_(e.sum(0, false, at::kDouble));
    }
    const at::Tensor of_rows = (options.source_weight / row_sums).to(at::kFloat);
    const at::Tensor of_columns = (options.target_weight / column_sums).to(at::kFloat);
    const double factor = 1 / (options.temperature * static_cast<double>(b));
    for (std::int64_t first = 0; first < b; first += rows) {
        if (rows < b) e = exponentials(first);
        e.mul_(of_rows.slice(0, first, first + rows).unsqueeze(1) + of_columns.unsqueeze(0));
        at::Tensor out = dx.slice(0, first, first + rows);
        out.addmm_(e, y, 1, factor);
        out.sub_(y.slice(0, first, first + rows), factor);
    }
    const at::Tensor loss = (row_sums.log() * options.source_weight + column_sums.log() * options.target_weight - diagonal).sum();
    return loss.item<double>() / static_cast<double>(b);
}

}  // namespace

void setDirection(InfoNceOptions& options, const std::string& direction) {
    options.source_weight = direction == "symmetric" ? 0.5 : direction == "source_to_target" ? 1.0 : 0.0;
    options.target_weight = 1 - options.source_weight;
}

double infoNce(const at::Tensor& x, const at::Tensor& y, const InfoNceOptions& options, at::Tensor& dx, const JobContext& job) {
    ENGINE_CHECK(x.sizes() == y.sizes() && x.sizes() == dx.sizes(), "InfoNCE of different shapes");
    ENGINE_CHECK(options.temperature >= kLowestInfoTemperature, "InfoNCE at a temperature that overflows");
    if (x.is_cpu() && !options.tensor_ops) return OnProcessor(x, y, options, dx, job).run();
    return onDevice(x, y, options, dx, job);
}

}  // namespace engine
