// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The kernels of ops/cuda on CPU: the same expressions in the same order, thread by thread of a block. One thread;
// slow.
#pragma once

#include "engine/ops/info_tile.h"
#include "engine/ops/softmax_tile.h"
#include "engine/ops/split_tile.h"

namespace engine::twin {

void softmaxTile(const SoftmaxTile& tile);
void infoSums(const InfoTile& tile);
void infoWeights(const InfoTile& tile);
void splitTile(const SplitTile& tile);

}  // namespace engine::twin
