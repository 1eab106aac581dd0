// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whether a measured difference says that a claim holds. Two things make it uncertain: another seed trains other
// projectors, and other items would be asked. With D the mean over n seeds, s their standard deviation and e the
// standard error over items (the same items for every seed, so it does not shrink with n),
//
//     se² = s²/n + e²,   interval D ± t·se,
//
// t Student's quantile with Welch and Satterthwaite's degrees of freedom (s²/n has n − 1, e² many). A comparison holds
// where the whole interval is beyond the margin and fails where it is wholly on the other side. A claim of several
// comparisons holds if each does (no correction: each must), and fails if one fails at a level that is divided by their
// number; else it is undecided at this sample size. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace engine {

enum class Verdict { Holds, Fails, Undecided, NotMeasured };
const char* verdictName(Verdict verdict);  // "holds", "fails", "undecided", "not measured"

// Quantile of Student's distribution; `degrees` may be fractional, infinite for the normal one. 0 < p < 1. Error below
// 1e-9.
double studentQuantile(double p, double degrees);

struct Evidence {
    std::vector<double> by_seed;  // the difference at each seed; one value where nothing was trained
    double item_error = 0;        // standard error over items; NaN: not known

    double mean() const;
    double seedError() const;  // s/√n; 0 with one seed, which says nothing of others
    double error() const;      // se; what is not known counts 0
    double degrees() const;
    double halfWidth(double level) const;
};

// `above`: the difference is said to be more than the margin, else less. `together`: how many comparisons the claim
// has.
Verdict judge(const Evidence& evidence, double margin, bool above, double level, std::size_t together);

// Of comparisons that must all hold, or of which one must. Those not measured are left out; NotMeasured if all are.
Verdict allOf(const std::vector<Verdict>& verdicts);

}  // namespace engine
