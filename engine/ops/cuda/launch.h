// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// How the kernels are launched: all need at least one row and column, the GPU's number, and the stream (a cudaStream_t)
// that they are queued on. They leave `gpu` the calling thread's current one. The message of a launch that failed, or
// nullptr. Arrays live until the stream is past the kernel.
#pragma once

#include "engine/ops/info_tile.h"
#include "engine/ops/softmax_tile.h"
#include "engine/ops/split_tile.h"

namespace engine::cuda {

const char* launchSoftmaxTile(const SoftmaxTile& tile, int gpu, void* stream);
const char* launchInfoSums(const InfoTile& tile, int gpu, void* stream);
const char* launchInfoWeights(const InfoTile& tile, int gpu, void* stream);
const char* launchSplitTile(const SplitTile& tile, int gpu, void* stream);
// The first number of the GPU's compute capability.
const char* computeCapability(int gpu, int* major);

}  // namespace engine::cuda
