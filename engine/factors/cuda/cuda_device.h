// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/factors/sift_device.h"

namespace engine::cuda {

// How many GPUs CUDA can use; 0 with its reason in `why`.
int gpuCount(const char** why);
// nullptr with the reason in `why`.
SiftDevice* openGpu(int gpu, const char** why);

}  // namespace engine::cuda
