// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/threads_as_gpu.h"

#include "engine/ops/cuda/info_tile.cu"
#include "engine/ops/cuda/softmax_tile.cu"
#include "engine/ops/cuda/split_tile.cu"
