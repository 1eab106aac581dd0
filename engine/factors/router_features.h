// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is known of a query before it is asked, as a few numbers for a router (router.h): of its base vector and of each
// expert's part, scaled to unit length,
//   - the cosines between any two of them, where they agree;
//   - the lengths of the parts as they are stored: a mean over projectors is the shorter, the less these agree;
//   - the coordinates along the directions in which the side's items vary most (principal components, after the mean).
// No labels, no candidates. The directions come from a seeded sample of the side's items, a set's other half included.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/job.h"
#include "engine/recipe/product.h"

namespace engine {

struct RouterFeatures {
    std::size_t count = 0;
    std::vector<double> x;  // [items][count]
    std::vector<double>
        spread;  // [count], for RouterData: lengths and cosines together weigh as much as all coordinates
};

// `directions`: of all parts together; at least one for each part. Memory: 8 bytes times items times features. Blocking
// job on all threads; the same bits on any number of them.
RouterFeatures routerFeatures(const Components& components, std::size_t directions, std::uint64_t seed,
                              const JobContext& job);

}  // namespace engine
