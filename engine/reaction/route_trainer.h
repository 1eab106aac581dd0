// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Trains every reaction of a recipe in the order of its route: pseudo pairs, then one projector for each union of
// pools, then what evaluation needs. Everything goes to the product's folder:
//
//   run.json                   what is being made: recipe, spaces, seed, workspace; another one is refused
//   product-rows/<step>/       pools as the product gives them after the steps before (nested routes)
//   pairs/<reaction>/          pseudo pairs
//   reactions/<reaction>/      <subset>.safetensors, .csv (log), .json (record), .checkpoint: a projector
//   stages/<part>/            states on the way, where they are asked for (engine/recipe/stages.h)
//   basis/<set>.safetensors    components of the evaluation sets
//   continue.json              epochs to reach, while a finished product is trained further
//   product.json               written last: the product is whole
//
// What is there is not made again, so the same call after a stop or a kill goes on. What is the same in another product
// is taken from there (engine/recipe/reuse.h). Working files (product-rows, pairs) are removed when the product is
// whole. One writer at a time. Blocking job.
#pragma once

#include "engine/recipe/reactor.h"
#include "engine/recipe/route_plan.h"

namespace engine {

void trainRoute(const TrainRequest& request, const JobContext& job);

}  // namespace engine
