// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Tuning (†) with the encoder itself (method §5): pairs of a paired pool bring the rows of one modality, from a user's
// own encoder through the product's displacements, to their partners in the product as it is. Then every pool and
// evaluation set whose inputs there are is embedded again, and its rows are a space of the workspace: those of the
// product, after the displacements. A recipe that names this space (ReactionStep::space) trains what comes after on
// them. Into product/encoders/<space>/:
//
//   encoder.pt        the tuned encoder, TorchScript
//   heads/<reaction>/<subset>.safetensors     where heads were trained with it
//   log.csv           step, epoch, loss
//   recipe.json       the product's recipe with the tuned rows in it: train it with `--from` the product
//   encoder.json      what was done, written last
//   state.safetensors, product-rows/          while it is under way: the same call goes on from the last whole epoch
//
// The product is not touched, nor are the rows that the workspace has. Blocking job.
#pragma once

#include "engine/recipe/reactor.h"

namespace engine {

// How many of the first steps of a route the rows of a modality pass without being blended or tuned: there its encoder
// can be tuned.
std::size_t stepsBeforeTuning(const Recipe& recipe, const RoutePlan& plan, const Modality& modality);

void tuneEncoder(const EncoderRequest& request, const JobContext& job);

}  // namespace engine
