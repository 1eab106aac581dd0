// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/attend.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <c10/core/DeviceGuard.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include "engine/base/error.h"
#include "engine/ops/device.h"
#include "engine/ops/softmax_tile.h"
#include "engine/ops/split_product.h"
#include "engine/ops/torch_support.h"
#include "engine/ops/vector_math.h"

namespace engine {
namespace {

constexpr std::int64_t kQueryChunk = 256;   // rows of Q that one thread takes at a time
constexpr std::int64_t kMemoryTile = 1024;  // rows of K and V between two looks at the running maximum
constexpr std::int64_t kGpuTile = 32768;
constexpr std::int64_t kSplitTerms = 2048;  // weights have one sign, and columns of values may

at::Tensor viewOf(float* data, std::int64_t rows, std::int64_t cols, std::int64_t stride) {
    return at::from_blob(data, {rows, cols}, {stride, 1}, at::kFloat);
}
at::Tensor viewOf(const float* data, std::int64_t rows, std::int64_t cols) {
    return viewOf(const_cast<float*>(data), rows, cols, cols);  // read only
}

// Some rows of a source in memory: where they are already, or in a buffer.
class Block {
public:
    const float* load(const EmbeddingSource& source, std::size_t first, std::size_t count, const JobContext& job) {
        if (const MatrixView all = source.resident(); all.data && all.stride == all.cols) return all.row(first);
        if (buffer_.rows() < count || buffer_.cols() != source.cols()) buffer_ = Matrix(count, source.cols());
        for (std::size_t row = 0; row < count; row += kMemoryTile) {
            job.checkStop();
            source.read(first + row, std::min<std::size_t>(kMemoryTile, count - row), buffer_.row(row));
        }
        return buffer_.data();
    }

private:
    Matrix buffer_;
};

}  // namespace

struct PoolsOnDevice::Kept {
    struct Pool {
        at::Tensor rows;         // all of them on the device; undefined where there was no room
        std::size_t filled = 0;  // the first so many are there
    };
    std::map<const EmbeddingSource*, Pool> pools;
    std::uint64_t room = 0;
};

PoolsOnDevice::PoolsOnDevice(std::uint64_t bytes) : kept_(std::make_unique<Kept>()) {
    kept_->room = bytes;
}
PoolsOnDevice::~PoolsOnDevice() = default;

namespace {

// Rows of a source on a device, tile after tile: kept ones, or copies made for this tile.
class DeviceRows {
public:
    DeviceRows(const EmbeddingSource& source, const at::Device& device, PoolsOnDevice* pools)
        : source_(source), device_(device) {
        if (!pools) return;
        auto& kept = pools->kept();
        const auto [it, first_time] = kept.pools.try_emplace(&source);
        if (first_time) {
            const std::uint64_t bytes = std::uint64_t{source.rows()} * source.cols() * sizeof(float);
            if (bytes > kept.room) return;
            const auto rows = static_cast<std::int64_t>(source.rows()), cols = static_cast<std::int64_t>(source.cols());
            try {
                it->second.rows = at::empty({rows, cols}, at::TensorOptions().dtype(at::kFloat).device(device));
                kept.room -= bytes;
            } catch (const c10::OutOfMemoryError&) {
                kept.room = 0;
            }
        }
        if (it->second.rows.defined()) pool_ = &it->second;
    }

    at::Tensor tile(std::size_t first, std::size_t count, const JobContext& job) {
        const auto n = static_cast<std::int64_t>(count);
        const auto host = [&] {
            return viewOf(block_.load(source_, first, count, job), n, static_cast<std::int64_t>(source_.cols()));
        };
        if (!pool_) return host().to(device_);
        const at::Tensor rows = pool_->rows.narrow(0, static_cast<std::int64_t>(first), n);
        if (first + count > pool_->filled) {
            rows.copy_(host());
            pool_->filled = first + count;
        }
        return rows;
    }

private:
    const EmbeddingSource& source_;
    at::Device device_;
    PoolsOnDevice::Kept::Pool* pool_ = nullptr;
    Block block_;
};

// On the processor.
struct State {
    std::vector<float> maximum;  // running, of the scaled logits
    std::vector<double> sum;     // of the exponentials
    std::vector<Matrix> out;     // sums of values, divided at the end
};

// One chunk of queries against one block of memory, by one thread.
void chunkAgainstBlock(MatrixView queries, std::int64_t first, std::int64_t count, const float* keys,
                       const std::vector<const float*>& values, std::int64_t rows, float scale, State& state,
                       std::vector<float>& logits, const JobContext& job) {
    const auto d = static_cast<std::int64_t>(queries.cols);
    const at::Tensor q = viewOf(const_cast<float*>(queries.row(static_cast<std::size_t>(first))), count, d,
                                static_cast<std::int64_t>(queries.stride));
    for (std::int64_t tile = 0; tile < rows; tile += kMemoryTile) {
        job.checkStop();
        const std::int64_t m = std::min(kMemoryTile, rows - tile);
        at::Tensor s = viewOf(logits.data(), count, m, m);
        at::mm_out(s, q, viewOf(keys + tile * d, m, d).t());
        for (std::int64_t i = 0; i < count; ++i) {
            float* row = logits.data() + i * m;
            const auto at_row = static_cast<std::size_t>(first + i);
            const float top = scale * maximum(row, static_cast<std::size_t>(m));
            if (top > state.maximum[at_row]) {
                const float shrink = std::exp(state.maximum[at_row] - top);  // 0 at the first tile
                state.maximum[at_row] = top;
                state.sum[at_row] *= static_cast<double>(shrink);
                for (auto& out : state.out) {
                    float* o = out.row(at_row);
                    for (std::size_t j = 0; j < out.cols(); ++j) o[j] *= shrink;
                }
            }
            state.sum[at_row] +=
                static_cast<double>(expInPlace(row, static_cast<std::size_t>(m), scale, state.maximum[at_row]));
        }
        for (std::size_t v = 0; v < values.size(); ++v) {
            const auto width = static_cast<std::int64_t>(state.out[v].cols());
            at::Tensor out = viewOf(state.out[v].row(static_cast<std::size_t>(first)), count, width, width);
            out.addmm_(s, viewOf(values[v] + tile * width, m, width));
        }
    }
}

std::vector<Matrix> onProcessor(MatrixView queries, const EmbeddingSource& keys,
                                const std::vector<const EmbeddingSource*>& values, const AttendOptions& options,
                                const JobContext& job, ProgressMeter* meter, std::uint64_t units) {
    State state;
    std::size_t floats = keys.cols();
    for (const auto* v : values) {
        floats += v->cols();
        state.out.emplace_back(queries.rows, v->cols());
        std::fill_n(state.out.back().data(), state.out.back().size(), 0.0f);
    }
    state.maximum.assign(queries.rows, -std::numeric_limits<float>::infinity());
    state.sum.assign(queries.rows, 0.0);
    // A quarter of the budget for a block of memory, where it is not resident; always whole tiles.
    const std::size_t fit = options.memory_bytes / 4 / (floats * sizeof(float));
    const std::size_t block_rows = std::max<std::size_t>(kMemoryTile, fit / kMemoryTile * kMemoryTile);
    Block key_block;
    std::vector<Block> value_blocks(values.size());
    const auto n = static_cast<std::int64_t>(queries.rows);
    const std::int64_t chunks = (n + kQueryChunk - 1) / kQueryChunk;
    std::uint64_t reported = 0;
    for (std::size_t first = 0; first < keys.rows(); first += block_rows) {
        const std::size_t rows = std::min(block_rows, keys.rows() - first);
        const float* k = key_block.load(keys, first, rows, job);
        std::vector<const float*> v;
        for (std::size_t i = 0; i < values.size(); ++i) v.push_back(value_blocks[i].load(*values[i], first, rows, job));
        // In rounds of one chunk for each thread, so that progress is seen while a large block is worked on.
        const std::int64_t round = at::get_num_threads();
        for (std::int64_t c0 = 0; c0 < chunks; c0 += round) {
            at::parallel_for(c0, std::min(c0 + round, chunks), 1, [&](std::int64_t begin, std::int64_t end) {
                const c10::InferenceMode guard;
                std::vector<float> logits(kQueryChunk * kMemoryTile);
                for (std::int64_t c = begin; c < end; ++c) {
                    chunkAgainstBlock(queries, c * kQueryChunk, std::min(kQueryChunk, n - c * kQueryChunk), k, v,
                                      static_cast<std::int64_t>(rows), static_cast<float>(1 / options.temperature),
                                      state, logits, job);
                }
            });
            if (!meter) continue;
            const double chunk_share = static_cast<double>(std::min(c0 + round, chunks)) / static_cast<double>(chunks);
            const double share = (static_cast<double>(first) + static_cast<double>(rows) * chunk_share) /
                                 static_cast<double>(keys.rows());
            const auto now = static_cast<std::uint64_t>(share * static_cast<double>(units));
            meter->advance(now - reported);
            reported = now;
        }
    }
    if (meter) meter->advance(units - reported);
    for (auto& out : state.out) {
        if (options.normalise) {
            normalizeRows(out);  // the sum's own scale cancels
            continue;
        }
        for (std::size_t i = 0; i < out.rows(); ++i) {
            const auto inverse = static_cast<float>(1 / state.sum[i]);
            for (std::size_t j = 0; j < out.cols(); ++j) out.row(i)[j] *= inverse;
        }
    }
    return std::move(state.out);
}

// What a tile of products does to the running state on a device: `p` [n, m] float32 becomes its exponentials, `top` [n,
// 1] float32 and `sum` [n, 1] float64 are updated. Returns [n, 1], what sums of values are to be multiplied with.
at::Tensor softmaxOfTile(at::Tensor& p, at::Tensor& top, at::Tensor& sum, double temperature, bool kernels) {
    if (kernels) {
        at::Tensor shrink = at::empty_like(top);
        const SoftmaxTile tile{.logits = p.data_ptr<float>(),
                               .rows = p.size(0),
                               .cols = p.size(1),
                               .stride = p.size(1),
                               .scale = static_cast<float>(1 / temperature),
                               .maximum = top.data_ptr<float>(),
                               .sum = sum.data_ptr<double>(),
                               .shrink = shrink.data_ptr<float>()};
        softmaxTile(tile, p.device().str());
        return shrink;
    }
    p.mul_(1 / temperature);
    const at::Tensor higher = at::maximum(top, p.amax(1, true));
    const at::Tensor shrink = at::exp(top - higher);
    p.sub_(higher).exp_();
    sum.mul_(shrink).add_(p.sum(1, true));
    top = higher;
    return shrink;
}

// out += weights · values, in sums that are short enough for tensor cores.
void addInParts(at::Tensor& out, const Operand& weights, const Operand& values) {
    const std::int64_t terms = weights.size(1), part = weights.low.defined() ? kSplitTerms : terms;
    for (std::int64_t first = 0; first < terms; first += part) {
        const std::int64_t count = std::min(part, terms - first);
        addProduct(out, weights.narrow(1, first, count), values.narrow(0, first, count));
    }
}

// The same on a device, in large tiles.
std::vector<Matrix> onDevice(MatrixView queries, const EmbeddingSource& keys,
                             const std::vector<const EmbeddingSource*>& values, const AttendOptions& options,
                             const JobContext& job, ProgressMeter* meter, std::uint64_t units) {
    const c10::InferenceMode guard;
    const at::Device device(options.device);
    const c10::DeviceGuard current(device);
    const auto n = static_cast<std::int64_t>(queries.rows);
    Matrix packed;
    if (queries.stride != queries.cols) packed = copyOf(queries);
    const at::Tensor q =
        viewOf(packed.empty() ? queries.data : packed.data(), n, static_cast<std::int64_t>(queries.cols)).to(device);
    at::Tensor top = at::full({n, 1}, -std::numeric_limits<float>::infinity(), q.options());
    at::Tensor sum = at::zeros({n, 1}, q.options().dtype(at::kDouble));
    std::vector<at::Tensor> out;
    for (const auto* v : values) out.push_back(at::zeros({n, static_cast<std::int64_t>(v->cols())}, q.options()));
    // Logits and their exponentials are the largest things alive.
    const std::uint64_t fit = options.memory_bytes / 4 / (sizeof(float) * std::max<std::uint64_t>(1, queries.rows));
    const std::size_t tile = std::clamp<std::size_t>(fit, 64, kGpuTile);
    const bool kernels = options.tile_kernels && haveTileKernels(options.device);
    const bool split = options.tile_kernels && haveSplitProducts(q.device().str());
    DeviceRows key_rows(keys, device, options.pools);
    std::vector<DeviceRows> value_rows;
    for (const auto* v : values) value_rows.emplace_back(*v, device, options.pools);
    std::uint64_t reported = 0;
    for (std::size_t first = 0; first < keys.rows(); first += tile) {
        job.checkStop();
        const std::size_t rows = std::min(tile, keys.rows() - first);
        // Divided by the temperature, their errors grow: these products stay float32's own.
        at::Tensor p = at::mm(q, key_rows.tile(first, rows, job).t());
        const at::Tensor shrink = softmaxOfTile(p, top, sum, options.temperature, kernels);
        const Operand weights = operandInPlace(p, split);
        for (std::size_t v = 0; v < values.size(); ++v) {
            out[v].mul_(shrink);
            addInParts(out[v], weights, operand(value_rows[v].tile(first, rows, job), split));
        }
        if (meter) {
            const std::uint64_t now = units * (first + rows) / keys.rows();
            meter->advance(now - reported);
            reported = now;
        }
    }
    std::vector<Matrix> results;
    for (at::Tensor& o : out) {
        const at::Tensor length =
            options.normalise ? at::linalg_vector_norm(o, 2, {1}, true, at::kDouble).clamp_min_(1e-12) : sum;
        o.div_(length.to(at::kFloat));
        Matrix host = hostMatrix(queries.rows, static_cast<std::size_t>(o.size(1)), options.device);
        viewOf(host.data(), n, o.size(1), o.size(1)).copy_(o);
        results.push_back(std::move(host));
    }
    return results;
}

}  // namespace

std::vector<Matrix> attend(MatrixView queries, const EmbeddingSource& keys,
                           const std::vector<const EmbeddingSource*>& values, const AttendOptions& options,
                           const JobContext& job, ProgressMeter* meter, std::uint64_t units) {
    ENGINE_CHECK(queries.cols == keys.cols(), "queries and keys of different widths");
    ENGINE_CHECK(keys.rows() > 0, "retrieval from an empty pool");
    for (const auto* v : values) ENGINE_CHECK(v->rows() == keys.rows(), "values with other rows than the keys");
    if (options.device == "cpu" && !options.tensor_ops)
        return onProcessor(queries, keys, values, options, job, meter, units);
    return torchCall([&] { return onDevice(queries, keys, values, options, job, meter, units); });
}

}  // namespace engine
