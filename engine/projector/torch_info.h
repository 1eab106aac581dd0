// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// InfoNCE and its gradient as LibTorch calls on any device, between which the kernels of engine/ops/info_tile.h stand
// where they are built for it; meaning and formula are those of engine/projector/info_loss.h. Includes ATen.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>

#include "engine/base/job.h"
#include "engine/ops/split_product.h"
#include "engine/projector/info_loss.h"

namespace engine {

struct TorchInfoOptions {
    double temperature = 0.02;
    InfoDirection direction = InfoDirection::Symmetric;
    bool keep_logits = true;   // one B×B matrix, else logits are computed twice, some rows at a time
    bool tile_kernels = true;  // where they are built for the device
};

// p, q [B, width] float32, unit rows, on one device, both split or both not; adds d info(P, Q) / dP to d [B, width].
// Gives the loss as a float64 tensor without dimensions on the device, so that reading it is the caller's choice. A
// stop is looked for at every chunk of rows (Cancelled). No autograd.
at::Tensor torchInfo(const Operand& p, const Operand& q, at::Tensor& d, const TorchInfoOptions& options,
                     const JobContext& job);

// The same by terms of a loss, where gradients of both sides may be wanted. Not thread-safe.
class TensorInfo {
public:
    explicit TensorInfo(const TorchInfoOptions& options);
    // info(P, Q); adds weight · d info(P, Q) / dP to d.
    double towardsSource(const at::Tensor& p, const at::Tensor& q, double weight, at::Tensor& d, const JobContext& job);
    // Adds weight · d info(P, Q) / dQ to d.
    void towardsTarget(const at::Tensor& p, const at::Tensor& q, double weight, at::Tensor& d, const JobContext& job);

private:
    static double run(const at::Tensor& p, const at::Tensor& q, const TorchInfoOptions& options, double weight,
                      at::Tensor& d, const JobContext& job);

    TorchInfoOptions options_, reversed_;
};

}  // namespace engine
