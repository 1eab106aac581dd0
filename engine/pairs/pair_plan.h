// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// How the pseudo pairs of one pool are made (method §4.2), as data: a list of retrievals. For the paper's spaces the
// rules give exactly Eq. 4-6 (image-text expert) and Eq. 11-13 (audio-text expert); for others they are these. U:
// modalities of the unified space, E: the expert's, S: shared, X: where the pool starts, h: the hub (image if shared,
// else first of S).
//
//  own guidance (the expert shares the hub)       expert guidance (it does not)
//   X in S:   Y~e = W(Xe,Ye)Ye                     X in S:   B = W(Xe,Ye): Y~e = B Ye, Y~u = B Yu
//             Y~u = W(Xu,Yu)Yu                               Z~u = W(Xu,Zu)Zu
//             Z~u = W(h~u,Zu)Zu
//   X not in S: B = W(Xu,hu): h~u, h~e             X not in S: B = W(Xu,Yu): Y~u = B Yu, Y~e = B Ye
//             C = W(h~u,Yu): Y~u, Y~e                        Z~u = W(Xu,Zu)Zu
//             Z~u = W(h~u,Zu)Zu
//  with Y: the others of S, Z: the others of U without S. Q, of the expert alone:
//   Q~e = W(Xe,Qe)Qe (X in S), W(Y1~e,Qe)Qe (X of U alone), Y1 the first of S;
//   X = Q:    B = W(Qe,Ye): Y~e, Y~u;  Z~u = W(Y1~u,Zu)Zu;  Q'~e = W(Qe,Q'e)Q'e
#pragma once

#include <string>
#include <vector>

#include "engine/space/modality.h"

namespace engine {

enum class PairSide { Unified, Expert };

// A modality in one of the two spaces: "T~u", "A~e".
struct PairCell {
    PairSide side = PairSide::Unified;
    Modality modality;
    auto operator<=>(const PairCell&) const = default;
};
std::string cellName(const PairCell& cell);

// W(query, pool rows of `memory` in the space of `key_side`), applied to the pool's rows in each of `value_sides`.
struct Retrieval {
    PairCell query;
    Modality memory;
    PairSide key_side = PairSide::Unified;
    std::vector<PairSide> value_sides;
};

// Steps in order: a step's query is the start's own rows or the result of an earlier step.
struct PairPlan {
    Modality start;
    std::vector<PairCell> own;  // the start's rows themselves
    std::vector<Retrieval> steps;

    std::vector<PairCell> made() const;  // results of the steps, in order
    std::string text() const;            // "A~u = W(V~u, Au) Au", a line for each result
};

// `guidance`: auto, own, expert; `hub`: auto or a modality. Throws Error{InvalidInput} for a hub that is no modality of
// the unified space, and where nothing is shared.
PairPlan planPairs(const Modality& start, const std::vector<Modality>& unified, const std::vector<Modality>& expert,
                   const std::string& guidance, const std::string& hub);

}  // namespace engine
