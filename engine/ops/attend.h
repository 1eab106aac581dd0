// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Softmax-weighted averages of whole pools (method §4.2):
//   out_v = W(Q, K) V_v,   W(Q, K) = softmax over the rows of K of Q K^T / tau
// in one pass over keys and all values, with a running maximum; the N x M matrix of weights never exists. Error against
// float64: below 1e-5 for unit rows and tau >= 5e-3, and growing as 1/tau below it (logits are float32). On CPU a
// query's result does not depend on which others are computed with it, nor on the number of threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/base/matrix.h"
#include "engine/space/embedding_source.h"

namespace engine {

// Pools in a GPU's memory, so that they are brought there once for many calls of attend(): those that come first, as
// many as fit. Of sources that outlive it and do not change. For one thread at a time.
class PoolsOnDevice {
public:
    explicit PoolsOnDevice(std::uint64_t bytes);
    ~PoolsOnDevice();
    struct Kept;
    Kept& kept() { return *kept_; }

private:
    std::unique_ptr<Kept> kept_;
};

struct AttendOptions {
    double temperature = 0.01;
    bool normalise = true;  // outputs to unit length
    std::string device = "cpu";
    std::uint64_t memory_bytes = std::uint64_t{1} << 30;
    bool tensor_ops = false;   // on CPU: the path of tensor operations that GPUs take (tests compare the two)
    bool tile_kernels = true;  // on that path: the softmax by ops/softmax_tile.h, where it is built for the device
    PoolsOnDevice* pools = nullptr;  // on that path: where keys and values stay, if anywhere
};

// queries [n, d]; keys [m, d]; values: sources of m rows. Returns one [n, width] for each of `values`. `meter`, if
// given, advances by `units` in all. A stop ends it within a tile (Cancelled).
std::vector<Matrix> attend(MatrixView queries, const EmbeddingSource& keys,
                           const std::vector<const EmbeddingSource*>& values, const AttendOptions& options,
                           const JobContext& job, ProgressMeter* meter = nullptr, std::uint64_t units = 0);

}  // namespace engine
