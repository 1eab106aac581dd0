// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// How the kernels of sorting out are launched; as engine/ops/cuda/launch.h. They leave `gpu` the calling thread's
// current one; the message of a launch that failed, or nullptr. Arrays live until the stream is past the kernel.
#pragma once

#include "engine/factors/sift_arithmetic.h"

namespace engine::cuda {

const char* launchMultiply(const sift::Tile& tile, int gpu, void* stream);
const char* launchSortOut(const sift::Tile& tile, int gpu, void* stream);
const char* launchGather(const sift::Tile& tile, int gpu, void* stream);

}  // namespace engine::cuda
