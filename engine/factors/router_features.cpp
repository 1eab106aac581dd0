// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/router_features.h"

#include <algorithm>
#include <cmath>

#include "engine/base/first_error.h"
#include "engine/base/rng.h"

namespace engine {

namespace {

constexpr std::size_t kSampled = 1000;  // items that principal directions come from
constexpr std::size_t kSpare = 4;       // directions beyond those asked for, so that these come out well
constexpr int kRounds = 6;

double inner(const float* a, const float* b, std::size_t n) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    return sum;
}

// Columns of q [width][k] made orthonormal, in their order; one that vanishes is set to 0.
void orthonormalise(std::vector<double>& q, std::size_t width, std::size_t k) {
    for (std::size_t c = 0; c < k; ++c) {
        double before = 0;
        for (std::size_t w = 0; w < width; ++w) before += q[w * k + c] * q[w * k + c];
        // Twice is enough for what rounding leaves.
        for (int pass = 0; pass < 2; ++pass) {
            for (std::size_t d = 0; d < c; ++d) {
                double along = 0;
                for (std::size_t w = 0; w < width; ++w) along += q[w * k + c] * q[w * k + d];
                for (std::size_t w = 0; w < width; ++w) q[w * k + c] -= along * q[w * k + d];
            }
        }
        double squares = 0;
        for (std::size_t w = 0; w < width; ++w) squares += q[w * k + c] * q[w * k + c];
        const double scale = squares > 1e-20 * before ? 1 / std::sqrt(squares) : 0;
        for (std::size_t w = 0; w < width; ++w) q[w * k + c] *= scale;
    }
}

struct Principal {
    std::vector<double> mean;        // [width]
    std::vector<double> directions;  // [width][k]
    std::size_t k = 0;
};

// Unit rows of a sample, then subspace iteration on their covariance.
Principal principal(MatrixView rows, const std::vector<double>& inverse, std::size_t k, Rng rng,
                    const JobContext& job) {
    const std::size_t width = rows.cols;
    auto order = randomOrder(rows.rows, rng);
    order.resize(std::min(order.size(), kSampled));
    Principal out;
    out.mean.assign(width, 0);
    std::vector<double> x(order.size() * width);
    for (std::size_t i = 0; i < order.size(); ++i) {
        const float* row = rows.row(order[i]);
        for (std::size_t w = 0; w < width; ++w) {
            x[i * width + w] = static_cast<double>(row[w]) * inverse[order[i]];
            out.mean[w] += x[i * width + w] / static_cast<double>(order.size());
        }
    }
    for (std::size_t i = 0; i < order.size(); ++i)
        for (std::size_t w = 0; w < width; ++w) x[i * width + w] -= out.mean[w];
    const std::size_t wide = std::min(k + kSpare, width);
    std::vector<double> q(width * wide), y(wide), next;
    for (double& v : q) v = rng.normal();
    orthonormalise(q, width, wide);
    for (int round = 0; round < kRounds; ++round) {
        job.checkStop();
        next.assign(q.size(), 0);
        for (std::size_t i = 0; i < order.size(); ++i) {
            const double* row = x.data() + i * width;
            std::fill(y.begin(), y.end(), 0.0);
            for (std::size_t w = 0; w < width; ++w)
                for (std::size_t c = 0; c < wide; ++c) y[c] += row[w] * q[w * wide + c];
            for (std::size_t w = 0; w < width; ++w)
                for (std::size_t c = 0; c < wide; ++c) next[w * wide + c] += row[w] * y[c];
        }
        q = next;
        orthonormalise(q, width, wide);
    }
    out.k = std::min(k, wide);
    for (std::size_t w = 0; w < width; ++w)
        for (std::size_t c = 0; c < out.k; ++c) out.directions.push_back(q[w * wide + c]);
    return out;
}

}  // namespace

RouterFeatures routerFeatures(const Components& components, std::size_t directions, std::uint64_t seed,
                              const JobContext& job) {
    std::vector<MatrixView> parts{components.base};
    for (const auto& layer : components.layers)
        for (const auto& part : layer.parts) parts.push_back(part.rows);
    const std::size_t n = components.rows(), count = parts.size();
    std::vector<std::vector<double>> length(count, std::vector<double>(n)), inverse = length;
    std::vector<Principal> axes(count);
    FirstError failure;
#pragma omp parallel for schedule(dynamic, 1)
    for (std::size_t p = 0; p < count; ++p) {
        failure.guard([&] {
            job.checkStop();
            for (std::size_t i = 0; i < n; ++i) {
                length[p][i] = std::sqrt(inner(parts[p].row(i), parts[p].row(i), parts[p].cols));
                inverse[p][i] = length[p][i] > 1e-12 ? 1 / length[p][i] : 0;
            }
            axes[p] = principal(parts[p], inverse[p], std::max<std::size_t>(1, directions / count),
                                Rng(seed, "router directions", p), job);
        });
    }
    failure.rethrow();
    RouterFeatures out;
    out.count = count * (count - 1) / 2 + count;
    for (const auto& of : axes) out.count += of.k;
    out.x.resize(n * out.count);
    const std::size_t shapes = count * (count - 1) / 2 + count, coordinates = out.count - shapes;
    out.spread.assign(out.count, 1);
    if (coordinates > shapes) {
        std::fill(out.spread.begin() + static_cast<std::ptrdiff_t>(shapes), out.spread.end(),
                  std::sqrt(static_cast<double>(shapes) / static_cast<double>(coordinates)));
    }
#pragma omp parallel for schedule(static)
    for (std::size_t i = 0; i < n; ++i) {
        if (job.stopRequested()) continue;
        double* x = out.x.data() + i * out.count;
        for (std::size_t p = 0; p < count; ++p) {
            *x++ = length[p][i];
            for (std::size_t o = 0; o < p; ++o)
                *x++ = inner(parts[p].row(i), parts[o].row(i), parts[p].cols) * inverse[p][i] * inverse[o][i];
        }
        for (std::size_t p = 0; p < count; ++p) {
            const float* row = parts[p].row(i);
            std::fill_n(x, axes[p].k, 0.0);
            for (std::size_t w = 0; w < parts[p].cols; ++w) {
                const double v = static_cast<double>(row[w]) * inverse[p][i] - axes[p].mean[w];
                for (std::size_t c = 0; c < axes[p].k; ++c) x[c] += v * axes[p].directions[w * axes[p].k + c];
            }
            x += axes[p].k;
        }
    }
    job.checkStop();
    return out;
}

}  // namespace engine
