// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The directions of greatest variance of a covariance: all of it by Jacobi rotations where it is small, else the few
// that are asked for by block Krylov iteration with full orthogonalisation, until they are right to about 1e-9 of the
// largest variance. Deterministic, whatever the number of threads. Blocking jobs.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/base/job.h"
#include "engine/base/matrix.h"

namespace engine {

struct PrincipalAxes {
    std::size_t width = 0;
    std::vector<double> axes;      // [count][width], unit length, at right angles; the largest entry is positive
    std::vector<double> variance;  // along each, falling
    double total = 0;              // along all
    const double* axis(std::size_t i) const { return axes.data() + i * width; }
};

// `covariance` [width][width], symmetric. With fewer dimensions than `count`, the axes that are missing are zero.
PrincipalAxes principalAxes(const std::vector<double>& covariance, std::size_t width, std::size_t count,
                            const JobContext& job);

// [cols][cols] of rows whose mean is zero already, divided by their number. Products are summed in float32 by 1024.
std::vector<double> covarianceOf(MatrixView centred, const JobContext& job);

}  // namespace engine
