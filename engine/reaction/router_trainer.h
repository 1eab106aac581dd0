// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Learns the routers of a product (engine/recipe/space_router.h) on tuples of pool items: some items are drawn from
// each pool; to each belong, of every other modality, the drawn item that is nearest in the product as the recipe
// blends it (pseudo item pairs by retrieval, as OmniBind makes them, method §6). Projectors run once for the drawn
// items and stay as they are. Nothing is written until it is done; a stop leaves what was there. On CPU the same seed
// gives the same bits with any number of threads. Blocking job.
#pragma once

#include "engine/recipe/reactor.h"

namespace engine {

void trainSpaceRouter(const RouterRequest& request, const JobContext& job);

}  // namespace engine
