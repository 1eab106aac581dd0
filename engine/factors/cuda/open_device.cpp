// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What sift_device.cpp finds in this library.
#include "engine/factors/cuda/cuda_device.h"

extern "C" int molspace_sift_gpus(const char** why) {
    return engine::cuda::gpuCount(why);
}

extern "C" engine::SiftDevice* molspace_open_sift_gpu(int gpu, const char** why) {
    return engine::cuda::openGpu(gpu, why);
}
