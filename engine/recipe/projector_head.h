// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The heads that a reaction can train (method §1.1, §2.1, §2.2), by the widths between their layers:
//   freebind  in → hidden_width → out
//   c-mcr     in → 2·in → out
//   ex-mcr    in → h → out → 2·out → out, h = 2·in where in = out, else out; before them Head1, a Linear in → in that
//             begins as the identity, for the modalities that the target space lacks
// Every layer but Head1 has a BatchNorm, every other one a ReLU.
#pragma once

#include <string>
#include <vector>

#include "engine/recipe/projector_weights.h"
#include "engine/recipe/reaction_options.h"

namespace engine {

// freebind, c-mcr or ex-mcr: the option, or the objective's own where it is "auto". Throws Error{InvalidInput} for
// another word.
std::string headKind(const ReactionOptions& options);

// in, the width after the first layer, ..., out.
std::vector<std::size_t> headWidths(const ReactionOptions& options, std::size_t in, std::size_t out);

// Modalities whose rows pass Head1; none where the head has no Head1.
std::vector<Modality> head1Modalities(const ReactionOptions& options, const std::vector<Modality>& sources,
                                      const std::vector<Modality>& targets);

// The layers, filled as emptyLayer() fills them.
ProjectorWeights emptyHead(const ReactionOptions& options, std::size_t in, std::size_t out,
                           const std::vector<Modality>& sources, const std::vector<Modality>& targets);

// Numbers that an optimiser moves, without Head1's.
std::size_t headParameters(const std::vector<std::size_t>& widths);

}  // namespace engine
