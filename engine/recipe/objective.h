// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a projector's training minimises, as data. Of a tuple of a batch, X are its rows in the
// source space (those that are projected), Y in the target space. n counts the terms of its sum.
//
//  freebind  L = Σ_{X,Y} info(Ψ(X), Y)                                                                      (Eq. 7, 8)
//  c-mcr     L = info(Ψ(T), T') + 1/n Σ_{X≠Y, neither text} info(Ψ(X), Y) + λ/n Σ_{X<X'} |Ψ(X) − Ψ(X')|  (method §2.1)
//            with noise on X and Y. T, T' is text in both spaces, or the first modality that they share. Where no two
//            different modalities are left for the second sum, equal ones are taken.
//  ex-mcr    L = 1/n Σ_{X,Y} info(Ψ(X), Y) + λ/n Σ |f_l(X) − X'|                                          (method §2.2)
//            over the modalities X that the target space lacks, which pass f_l (Head1), and X' that it has. Where it
//            lacks none, or the head has no Head1 (engine/recipe/projector_head.h), the second sum is that of c-mcr.
// In a joint space (C-MCR as a system of its own) the targets are projected too, by a head Ψ′ of their own, and the
// last sum of c-mcr is that of both sides: λ/2 of the mean over the pairs of sources, λ/2 of that over the pairs of
// targets. |a − b| is the mean over the batch of the Euclidean distance, not squared. info:
// engine/projector/info_loss.h. How the last two are applied to a reaction is this project's reading; FreeBind's Table
// 9 does not say.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/recipe/reaction_options.h"
#include "engine/space/modality.h"

namespace engine {

struct InfoTerm {
    std::size_t source = 0, target = 0;  // of the lists of modalities
    double weight = 1;
    bool operator==(const InfoTerm&) const = default;
};

// weight · |Ψ(from) − Ψ(to)| of two sources, or before the layers weight · |f_l(from) − to|; or of two targets, which
// are projected then.
struct PullTerm {
    std::size_t from = 0, to = 0;
    double weight = 1;
    bool linear = false, targets = false;
    bool operator==(const PullTerm&) const = default;
};

struct Objective {
    std::vector<InfoTerm> info;
    std::vector<PullTerm> pull;
    bool joint = false;         // targets are projected too
    double noise_variance = 0;  // of each number of a row; the row is brought to unit length again
};

// FreeBind's terms: each of so many sources with each of so many targets, weight 1.
std::vector<InfoTerm> everyPair(std::size_t sources, std::size_t targets);

// The sum that a training on these modalities minimises. Sources and targets are not empty.
Objective objectiveOf(const ReactionOptions& options, const std::vector<Modality>& sources,
                      const std::vector<Modality>& targets, bool joint = false);
// "info(Ψ(T), T) + 0.1·|Ψ(T) − Ψ(A)|": a term for each of its own.
std::string objectiveText(const Objective& objective, const std::vector<Modality>& sources,
                          const std::vector<Modality>& targets);

}  // namespace engine
