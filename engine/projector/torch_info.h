// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// InfoNCE and its gradient as LibTorch calls on any device, between which the kernels of engine/ops/info_tile.h stand
// where they are built for it; meaning and formula are those of engine/projector/info_loss.h. Includes ATen.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <memory>

#include "engine/base/job.h"
#include "engine/projector/info_loss.h"

namespace engine {

struct TorchInfoOptions {
    double temperature = 0.02;
    InfoDirection direction = InfoDirection::Symmetric;
    bool keep_logits = true;   // one B×B matrix, else logits are computed twice, some rows at a time
    bool tile_kernels = true;  // where they are built for the device
};

// p, q [B, width] float32, unit rows, on one device; adds d info(P, Q) / dP to d [B, width]. Gives the loss as a
// float64 tensor without dimensions on the device, so that reading it is the caller's choice. A stop is looked for at
// every chunk of rows (Cancelled). No autograd.
at::Tensor torchInfo(const at::Tensor& p, const at::Tensor& q, at::Tensor& d, const TorchInfoOptions& options,
                     const JobContext& job);

// The same where gradients of both sides may be wanted: by InfoLoss on CPU, which is faster there, else by torchInfo().
// Not thread-safe.
class TensorInfo {
public:
    TensorInfo(std::size_t batch, std::size_t width, const TorchInfoOptions& options, const at::Device& device);
    // info(P, Q); adds weight · d info(P, Q) / dP to d.
    double towardsSource(const at::Tensor& p, const at::Tensor& q, double weight, at::Tensor& d, const JobContext& job);
    // Adds weight · d info(P, Q) / dQ to d.
    void towardsTarget(const at::Tensor& p, const at::Tensor& q, double weight, at::Tensor& d, const JobContext& job);

private:
    double run(const at::Tensor& p, const at::Tensor& q, bool swapped, double weight, at::Tensor& d,
               const JobContext& job);

    std::size_t batch_, width_;
    TorchInfoOptions options_[2];         // the second with the direction the other way round
    std::unique_ptr<InfoLoss> plain_[2];  // on CPU, made when first asked for
    bool on_cpu_;
};

}  // namespace engine
