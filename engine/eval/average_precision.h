// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Average precision of each class over all items (multi-label sets: AudioSet's mAP). All scores are float64 products of
// the reference's rows; each class's items are sorted once. Scores within 1e-12 of their neighbour in that order form a
// tie; "expected" is the mean over all random orders of each tie, in closed form. Error of a score about 1e-13, so only
// differences that lie at 1e-12 itself can be read as a tie by one way of summing and not by another.
// Memory: 8 bytes a score for as many classes at a time as fit 256 MiB, items in blocks of 256.
//
// How sure mAP is of its items: with weights w of the items, 1 each, AP of a class is
//     AP(w) = Σ_p w_p F_p/N_p / Σ_p w_p,   F_p the positives' and N_p all items' weights up to and with p,
// and mAP(w) its mean over classes. The *influence* of an item is ∂mAP/∂w at 1; the influences sum to 0. A bootstrap
// draws w from a multinomial, so to first order its variance of mAP is the sum of their squares (the infinitesimal
// jackknife), and of a difference of two mAPs that of the differences. Ties stand in the order of their rows there.
#pragma once

#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/eval/metrics.h"
#include "engine/eval/ranks.h"

namespace engine {

struct ClassPrecision {
    std::size_t positives = 0;  // 0: no average precision, left out of means
    double value = 0;           // 0..1
    bool tied = false;          // a positive ties with a negative
};

struct ClassPrecisions {
    std::vector<ClassPrecision> classes;
    double length_error = 0;  // the furthest that any row's length is from 1
};

// AP = 1/P sum over positives of (positives up to and with it) / (items up to and with it). pairs: (item, class).
// `influence`, where it is not null, gets that of every item on mAP (0..1).
ClassPrecisions averagePrecisions(const RowSource& items, const RowSource& classes, const PairList& pairs, TieRule ties,
                                  const std::string& name, const JobContext& job,
                                  std::vector<float>* influence = nullptr);

// Standard error over items of mAP(a) − mAP(b), 0..1, from the influences of the same items; `b` empty: of mAP(a).
double precisionError(const std::vector<float>& a, const std::vector<float>& b);

// One class: scores of all items (any order) and which are positive.
ClassPrecision averagePrecision(const std::vector<double>& scores, const std::vector<char>& positive, TieRule ties);

// The part of the sum of AP (before the division by P) that items in a row of the order add, `ahead` items and `found`
// positives coming before them. Items in ascending order of their rows.
struct PrecisionPart {
    double sum = 0;
    bool tied = false;
};
PrecisionPart precisionPart(const std::vector<double>& scores, const std::vector<char>& positive, std::size_t ahead,
                            std::size_t found, TieRule ties);

}  // namespace engine
