// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/principal_axes.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/base/rng.h"
#include "engine/eval/score_kernel.h"

namespace engine {
namespace {

constexpr std::size_t kSmall = 96;               // up to it all axes are computed
constexpr std::size_t kBlock = 8, kBlocks = 10;  // of a cycle of the iteration
constexpr int kCycles = 40;
constexpr double kResidual = 1e-9;

using Vectors = std::vector<std::vector<double>>;

// Eigenvectors as rows, values falling.
struct Spectrum {
    std::vector<double> values;
    Vectors vectors;
};

Spectrum jacobi(std::vector<double> a, std::size_t n, const JobContext& job) {
    std::vector<double> v(n * n, 0.0);
    for (std::size_t i = 0; i < n; ++i) v[i * n + i] = 1;
    double size = 0;
    for (const double x : a) size += x * x;
    for (int sweep = 0; sweep < 60; ++sweep) {
        job.checkStop();
        double off = 0;
        for (std::size_t p = 0; p < n; ++p) {
            for (std::size_t q = p + 1; q < n; ++q) off += a[p * n + q] * a[p * n + q];
        }
        if (off <= 1e-30 * size) break;
        for (std::size_t p = 0; p < n; ++p) {
            for (std::size_t q = p + 1; q < n; ++q) {
                const double apq = a[p * n + q];
                if (apq == 0) continue;
                const double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
                const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
                const double c = 1 / std::sqrt(t * t + 1), s = t * c;
                for (std::size_t k = 0; k < n; ++k) {
                    const double x = a[k * n + p], y = a[k * n + q];
                    a[k * n + p] = c * x - s * y;
                    a[k * n + q] = s * x + c * y;
                }
                for (std::size_t k = 0; k < n; ++k) {
                    const double x = a[p * n + k], y = a[q * n + k];
                    a[p * n + k] = c * x - s * y;
                    a[q * n + k] = s * x + c * y;
                }
                for (std::size_t k = 0; k < n; ++k) {
                    const double x = v[p * n + k], y = v[q * n + k];
                    v[p * n + k] = c * x - s * y;
                    v[q * n + k] = s * x + c * y;
                }
            }
        }
    }
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t x, std::size_t y) { return a[x * n + x] > a[y * n + y]; });
    Spectrum out;
    for (const std::size_t i : order) {
        out.values.push_back(a[i * n + i]);
        out.vectors.emplace_back(v.begin() + static_cast<std::ptrdiff_t>(i * n),
                                 v.begin() + static_cast<std::ptrdiff_t>((i + 1) * n));
    }
    return out;
}

// Out of `x` what lies in `basis`, twice for rounding's sake, and to unit length. False where nothing is left.
bool orthonormalise(const Vectors& basis, std::vector<double>& x, double size) {
    const std::size_t n = x.size();
    for (int pass = 0; pass < 2; ++pass) {
        for (const auto& b : basis) {
            const double along = score::dot(b.data(), x.data(), n);
            for (std::size_t i = 0; i < n; ++i) x[i] -= along * b[i];
        }
    }
    const double length = std::sqrt(score::dot(x.data(), x.data(), n));
    if (!(length > 1e-11 * size)) return false;
    for (double& v : x) v /= length;
    return true;
}

// The matrix times vectors from..to-1 of a basis, all in one pass over it.
Vectors times(const std::vector<double>& matrix, const Vectors& basis, std::size_t from, std::size_t to) {
    const std::size_t n = basis[from].size();
    Vectors out(to - from, std::vector<double>(n));
#pragma omp parallel for schedule(static)
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t v = from; v < to; ++v)
            out[v - from][i] = score::dot(matrix.data() + i * n, basis[v].data(), n);
    }
    return out;
}

// The first `count` eigenvectors.
Spectrum krylov(const std::vector<double>& c, std::size_t n, std::size_t count, double size, const JobContext& job) {
    Rng rng(0, "principal axes");
    Vectors start(kBlock, std::vector<double>(n));
    for (auto& x : start) {
        for (double& v : x) v = rng.normal();
    }
    Spectrum found;
    for (int cycle = 0; cycle < kCycles; ++cycle) {
        Vectors basis, image;
        std::size_t from = 0;
        for (auto& x : start) {
            if (orthonormalise(basis, x, 1)) basis.push_back(x);
        }
        for (std::size_t block = 0; block < kBlocks && from < basis.size(); ++block) {
            const std::size_t to = basis.size();
            job.checkStop();
            for (auto& x : times(c, basis, from, to)) image.push_back(std::move(x));
            if (block + 1 == kBlocks) break;
            for (std::size_t i = from; i < to; ++i) {
                auto next = image[i];
                if (orthonormalise(basis, next, size)) basis.push_back(std::move(next));
            }
            from = to;
        }
        const std::size_t m = image.size();
        basis.resize(m);
        std::vector<double> small(m * m);
        for (std::size_t i = 0; i < m; ++i) {
            for (std::size_t j = 0; j <= i; ++j)
                small[i * m + j] = small[j * m + i] = score::dot(basis[i].data(), image[j].data(), n);
        }
        const Spectrum ritz = jacobi(std::move(small), m, job);
        found = {};
        double worst = 0;
        for (std::size_t r = 0; r < std::min(kBlock, m); ++r) {
            std::vector<double> x(n, 0.0), rest(n, 0.0);
            for (std::size_t i = 0; i < m; ++i) {
                const double w = ritz.vectors[r][i];
                for (std::size_t d = 0; d < n; ++d) {
                    x[d] += w * basis[i][d];
                    rest[d] += w * image[i][d];
                }
            }
            if (r < count) {
                for (std::size_t d = 0; d < n; ++d) rest[d] -= ritz.values[r] * x[d];
                worst = std::max(worst, std::sqrt(score::dot(rest.data(), rest.data(), n)));
            }
            found.values.push_back(ritz.values[r]);
            found.vectors.push_back(std::move(x));
        }
        if (worst <= kResidual * size) break;
        start = found.vectors;
    }
    return found;
}

}  // namespace

PrincipalAxes principalAxes(const std::vector<double>& covariance, std::size_t width, std::size_t count,
                            const JobContext& job) {
    PrincipalAxes out;
    out.width = width;
    out.axes.assign(count * width, 0.0);
    out.variance.assign(count, 0.0);
    double size = 0;
    for (const double v : covariance) size += v * v;
    size = std::sqrt(size);
    for (std::size_t i = 0; i < width; ++i) out.total += covariance[i * width + i];
    if (width == 0) return out;
    const Spectrum found = width <= kSmall ? jacobi(covariance, width, job)
                                           : krylov(covariance, width, std::min(count, kBlock), size, job);
    for (std::size_t a = 0; a < std::min(count, found.values.size()); ++a) {
        const auto& x = found.vectors[a];
        std::size_t largest = 0;
        for (std::size_t d = 1; d < width; ++d) {
            if (std::abs(x[d]) > std::abs(x[largest]) * (1 + 1e-9)) largest = d;
        }
        const double sign = x[largest] < 0 ? -1 : 1;
        for (std::size_t d = 0; d < width; ++d) out.axes[a * width + d] = sign * x[d];
        out.variance[a] = std::max(found.values[a], 0.0);
    }
    return out;
}

std::vector<double> covarianceOf(MatrixView centred, const JobContext& job) {
    constexpr std::size_t kRows = 1024;
    const std::size_t width = centred.cols;
    std::vector<double> out(width * width, 0.0);
    Matrix turned(width, std::min(kRows, centred.rows)), product(width, width);
    for (std::size_t first = 0; first < centred.rows; first += kRows) {
        job.checkStop();
        const std::size_t count = std::min(kRows, centred.rows - first);
#pragma omp parallel for schedule(static)
        for (std::size_t d = 0; d < width; ++d) {
            for (std::size_t i = 0; i < count; ++i) turned.data()[d * count + i] = centred.row(first + i)[d];
        }
        gemmNT(width, width, count, 1, turned.data(), count, turned.data(), count, 0, product.data(), width);
#pragma omp parallel for schedule(static)
        for (std::size_t i = 0; i < width * width; ++i) out[i] += static_cast<double>(product.data()[i]);
    }
    // The two halves of a product may be rounded differently.
    const double scale = 1 / static_cast<double>(std::max<std::size_t>(centred.rows, 1));
    for (std::size_t i = 0; i < width; ++i) {
        for (std::size_t j = 0; j <= i; ++j)
            out[i * width + j] = out[j * width + i] = (out[i * width + j] + out[j * width + i]) / 2 * scale;
    }
    return out;
}

}  // namespace engine
