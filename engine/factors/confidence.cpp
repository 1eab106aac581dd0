// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/confidence.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/rng.h"

namespace engine {

namespace {

// Resamples that are weighed and multiplied together. A fixed number: sums must not depend on the threads.
constexpr std::size_t kBlock = 64;
constexpr std::size_t kMostEnumerated = 20;  // units; a million sums take a few milliseconds
// Percentage points under which a standard error or a difference is rounding: one query of 10^6 counts 1e-4.
constexpr double kNegligible = 1e-6;
// Parts of hits are kept in float32, good to 1e-7: two results of a unit within so many hits are the same, as are two
// sums within so much of all that they sum.
constexpr double kSameHits = 1e-5, kSameSum = 1e-6;

void check(const GroupHits& group, const ConfidenceOptions& options, bool divides_units) {
    throwIfAny(confidenceOptionTable().validate(options), "confidence of " + group.name());
    group.requireComplete();
    if (!divides_units) return;
    std::vector<std::string> problems;
    for (const auto& set : group.sets()) {
        if (set.units.count >= 2) continue;
        problems.push_back("'" + set.name + "': expected at least 2 units (items with all their queries), found " +
                           std::to_string(set.units.count));
    }
    if (!problems.empty()) {
        throw joinProblems(ErrorCode::InvalidInput, "confidence of " + group.name(), problems,
                           "a set of one unit says nothing about others");
    }
}

// How often each unit of a set counts in resample r, into weights[units].
using Weigher = void (*)(std::uint64_t seed, const GroupHits::Set& set, std::size_t r, float* weights);

void drawWithReplacement(std::uint64_t seed, const GroupHits::Set& set, std::size_t r, float* weights) {
    const std::size_t n = set.units.count;
    std::fill_n(weights, n, 0.0f);
    Rng rng(seed, "bootstrap " + set.name, r);
    // A 32-bit word scaled to 0..n-1: uneven by n / 2^32 at most.
    for (std::size_t i = 0; i < n; ++i) weights[std::uint64_t{rng.next()} * n >> 32] += 1;
}

void drawHalf(std::uint64_t seed, const GroupHits::Set& set, std::size_t r, float* weights) {
    const std::size_t n = set.units.count;
    std::fill_n(weights, n, 0.0f);
    Rng rng(seed, "halves " + set.name, r);
    const auto order = randomOrder(n, rng);
    for (std::size_t i = 0; i < n / 2; ++i) weights[order[i]] = 1;
}

void drawOtherHalf(std::uint64_t seed, const GroupHits::Set& set, std::size_t r, float* weights) {
    drawHalf(seed, set, r, weights);
    for (std::size_t u = 0; u < set.units.count; ++u) weights[u] = 1 - weights[u];
}

// v of the rows `rows` of the group's sums in every resample: [rows][resamples], percent. Whole hits are summed exactly
// (float32 holds whole numbers up to 2^24).
std::vector<double> resampled(const GroupHits& group, const std::vector<std::size_t>& rows, std::size_t resamples,
                              std::uint64_t seed, Weigher weigh, const JobContext& job) {
    std::vector<double> out(rows.size() * resamples, 0.0);
    const std::size_t cols = rows.size() + 1, blocks = (resamples + kBlock - 1) / kBlock;
    for (const auto& set : group.sets()) {
        const std::size_t n = set.units.count;
        std::vector<Matrix> chosen;  // the rows asked for, then the queries
        for (const auto& direction : set.directions) {
            Matrix m(cols, n);
            for (std::size_t i = 0; i < cols; ++i)
                std::copy_n(direction.sums.row(i < rows.size() ? rows[i] : group.rows()), n, m.row(i));
            chosen.push_back(std::move(m));
        }
        const double scale = set.share * 100 / static_cast<double>(set.directions.size());
        std::vector<Matrix> weights, sums;  // of each thread
        for (int t = 0; t < omp_get_max_threads(); ++t) {
            weights.emplace_back(kBlock, n);
            sums.emplace_back(kBlock, cols);
        }
        // Inside the loop a product runs on its own thread: its shape, and so its rounding, is always the same.
#pragma omp parallel for schedule(dynamic, 1)
        for (std::size_t b = 0; b < blocks; ++b) {
            if (job.stopRequested()) continue;
            const auto thread = static_cast<std::size_t>(omp_get_thread_num());
            const std::size_t begin = b * kBlock, count = std::min(kBlock, resamples - begin);
            Matrix &w = weights[thread], &s = sums[thread];
            for (std::size_t r = 0; r < count; ++r) weigh(seed, set, begin + r, w.row(r));
            for (const auto& hits : chosen) {
                gemmNT(count, cols, n, 1, w.data(), n, hits.data(), n, 0, s.data(), cols);
                for (std::size_t r = 0; r < count; ++r) {
                    // Every unit has a query in each direction: never 0.
                    const double each = scale / static_cast<double>(s.row(r)[rows.size()]);
                    for (std::size_t i = 0; i < rows.size(); ++i)
                        out[i * resamples + begin + r] += each * static_cast<double>(s.row(r)[i]);
                }
            }
        }
        job.checkStop();
    }
    return out;
}

std::vector<std::size_t> allRows(const GroupHits& group) {
    std::vector<std::size_t> rows(group.rows());
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    return rows;
}

// Linear between the order statistics around (n - 1) p. `sorted` is ascending and not empty.
double quantile(const std::vector<double>& sorted, double p) {
    const double at = p * static_cast<double>(sorted.size() - 1);
    const auto i = static_cast<std::size_t>(at);
    if (i + 1 >= sorted.size()) return sorted.back();
    return sorted[i] + (at - static_cast<double>(i)) * (sorted[i + 1] - sorted[i]);
}

Interval intervalOf(double estimate, std::vector<double> values, double level) {
    Interval out;
    out.estimate = estimate;
    const double n = static_cast<double>(values.size());
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
    double squares = 0;
    for (const double v : values) squares += (v - mean) * (v - mean);
    out.standard_error = n < 2 ? 0 : std::sqrt(squares / (n - 1));
    std::sort(values.begin(), values.end());
    out.low = quantile(values, (1 - level) / 2);
    out.high = quantile(values, (1 + level) / 2);
    return out;
}

// Values of row 0, less those of row 1 where there is one.
Interval intervalOfRows(const GroupHits& group, const std::vector<std::size_t>& rows, double estimate,
                        const ConfidenceOptions& options, const JobContext& job) {
    std::vector<double> values = resampled(group, rows, options.resamples, options.seed, drawWithReplacement, job);
    if (rows.size() == 2) {
        for (std::size_t r = 0; r < options.resamples; ++r) values[r] -= values[options.resamples + r];
    }
    values.resize(options.resamples);
    return intervalOf(estimate, std::move(values), options.level);
}

// Every sum of ±d over the first or the last units of a list: index bit i set means that unit i is exchanged.
std::vector<double> signedSums(const double* d, std::size_t n) {
    std::vector<double> out{0};
    for (std::size_t i = 0; i < n; ++i) {
        const std::size_t half = out.size();
        out.resize(2 * half);
        for (std::size_t j = 0; j < half; ++j) {
            out[half + j] = out[j] - d[i];
            out[j] += d[i];
        }
    }
    return out;
}

}  // namespace

const OptionTable<ConfidenceOptions>& confidenceOptionTable() {
    static const OptionTable<ConfidenceOptions> table = [] {
        OptionTable<ConfidenceOptions> t;
        t.add("level", &ConfidenceOptions::level,
              {.help = "Coverage of intervals and of the region tied with the best.",
               .min = 0.5,
               .max = 0.999,
               .step = 0.01});
        t.add("resamples", &ConfidenceOptions::resamples,
              {.help = "Resamples of the bootstrap: units of a set drawn with replacement.",
               .min = 100,
               .max = 1e6,
               .scale = OptionScale::Log});
        t.add("permutations", &ConfidenceOptions::permutations,
              {.help = "Random exchanges of a paired test, where too many units differ to try all.",
               .min = 99,
               .max = 1e7,
               .scale = OptionScale::Log,
               .advanced = true});
        t.add("splits", &ConfidenceOptions::splits,
              {.help = "How often the units are split into a half to choose on and a half to report on.",
               .min = 1,
               .max = 1e5,
               .scale = OptionScale::Log,
               .advanced = true});
        t.add("seed", &ConfidenceOptions::seed,
              {.help = "Seed of all draws; the same seed gives the same figures.", .min = 0, .advanced = true});
        return t;
    }();
    return table;
}

bool canBeDrawn(const GroupHits& group) {
    return std::all_of(group.sets().begin(), group.sets().end(), [](const auto& set) { return set.units.count >= 2; });
}

Interval bootstrap(const GroupHits& group, std::size_t setting, const ConfidenceOptions& options,
                   const JobContext& job) {
    check(group, options, true);
    std::vector<std::size_t> rows{group.rowOf(setting)};
    if (group.hasBaseline()) rows.push_back(group.rowOf(GroupHits::kBaseline));
    return intervalOfRows(group, rows, group.figure(setting), options, job);
}

Interval bootstrapDifference(const GroupHits& group, std::size_t a, std::size_t b, const ConfidenceOptions& options,
                             const JobContext& job) {
    check(group, options, true);
    return intervalOfRows(group, {group.rowOf(a), group.rowOf(b)}, group.value(a) - group.value(b), options, job);
}

PermutationTest permutationTest(const GroupHits& group, std::size_t a, std::size_t b, const ConfidenceOptions& options,
                                const JobContext& job) {
    check(group, options, false);
    const std::size_t row_a = group.rowOf(a), row_b = group.rowOf(b);
    std::vector<double> parts;  // d_u of units that differ
    for (const auto& set : group.sets()) {
        std::vector<double> d(set.units.count, 0.0);
        double query = 0;  // what the rarest query counts
        for (const auto& direction : set.directions) {
            const float* queries = direction.sums.row(group.rows());
            const double each = set.share * 100 / static_cast<double>(set.directions.size()) /
                                std::accumulate(queries, queries + d.size(), 0.0);
            query = query == 0 ? each : std::min(query, each);
            const float *of_a = direction.sums.row(row_a), *of_b = direction.sums.row(row_b);
            for (std::size_t u = 0; u < d.size(); ++u)
                d[u] += each * (static_cast<double>(of_a[u]) - static_cast<double>(of_b[u]));
        }
        // Thirds of a hit are rounded, and directions of equal and opposite parts cancel but for rounding.
        const double least = kSameHits * query;
        for (const double v : d)
            if (std::fabs(v) > least) parts.push_back(v);
    }
    PermutationTest out;
    out.difference = group.value(a) - group.value(b);
    out.differing = parts.size();
    double whole = 0, size = 0;
    for (const double v : parts) {
        whole += v;
        size += std::fabs(v);
    }
    const double reached = std::fabs(whole) - kSameSum * size;
    if (parts.size() <= kMostEnumerated) {
        const std::size_t half = parts.size() / 2;
        const auto low = signedSums(parts.data(), half), high = signedSums(parts.data() + half, parts.size() - half);
        std::size_t count = 0;
        for (const double h : high)
            for (const double l : low) count += std::fabs(h + l) >= reached;
        out.exact = true;
        out.p_value = static_cast<double>(count) / static_cast<double>(low.size() * high.size());
        return out;
    }
    std::size_t count = 0;
#pragma omp parallel for schedule(static) reduction(+ : count)
    for (std::size_t i = 0; i < options.permutations; ++i) {
        if (job.stopRequested()) continue;
        Rng rng(options.seed, "permutation " + group.name(), i);
        double kept = 0;  // Σ ±d = 2 Σ kept - Σ d
        for (std::size_t u = 0; u < parts.size(); u += 32) {
            const std::uint32_t bits = rng.next();
            const std::size_t end = std::min<std::size_t>(32, parts.size() - u);
            for (std::size_t j = 0; j < end; ++j) kept += (bits >> j & 1u) != 0 ? parts[u + j] : 0.0;
        }
        count += std::fabs(2 * kept - whole) >= reached;
    }
    job.checkStop();
    out.p_value = (1 + static_cast<double>(count)) / (1 + static_cast<double>(options.permutations));
    return out;
}

TiedRegion tiedRegion(const GroupHits& group, const ConfidenceOptions& options, const JobContext& job) {
    check(group, options, true);
    const std::size_t settings = group.settings(), n = options.resamples;
    std::vector<double> value(settings);
    for (std::size_t p = 0; p < settings; ++p) value[p] = group.value(p);
    // The baseline adds the same to every setting: left out.
    std::vector<std::size_t> rows(settings);
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    Matrix deviation(settings, n);  // v*(p) - v(p), about its mean
    {
        const std::vector<double> drawn = resampled(group, rows, n, options.seed, drawWithReplacement, job);
        for (std::size_t p = 0; p < settings; ++p) {
            const double* from = drawn.data() + p * n;
            const double mean = std::accumulate(from, from + n, 0.0) / static_cast<double>(n);
            for (std::size_t r = 0; r < n; ++r) deviation.row(p)[r] = static_cast<float>(from[r] - mean);
        }
    }
    TiedRegion out;
    out.best = static_cast<std::size_t>(std::max_element(value.begin(), value.end()) - value.begin());
    out.behind.resize(settings);
    out.lead.assign(settings, 0);
    out.p_value.assign(settings, 1);
    out.tied.assign(settings, 1);
    std::vector<std::vector<float>> scratch(static_cast<std::size_t>(omp_get_max_threads()), std::vector<float>(n));
#pragma omp parallel for schedule(dynamic, 4)
    for (std::size_t q = 0; q < settings; ++q) {
        if (job.stopRequested()) continue;
        out.behind[q] = value[out.best] - value[q];
        float* largest = scratch[static_cast<std::size_t>(omp_get_thread_num())].data();  // T_q* of each resample
        std::fill_n(largest, n, 0.0f);                                                    // p = q
        const float* own = deviation.row(q);
        double lead = 0;
        for (std::size_t p = 0; p < settings; ++p) {
            const float* other = deviation.row(p);
            float squares = 0;
#pragma omp simd reduction(+ : squares)
            for (std::size_t r = 0; r < n; ++r) squares += (other[r] - own[r]) * (other[r] - own[r]);
            const double error = std::sqrt(static_cast<double>(squares) / static_cast<double>(n - 1));
            const double ahead = value[p] - value[q];
            if (error < kNegligible) {
                // The same in every resample: equal, or ahead for sure.
                if (ahead > kNegligible) lead = std::numeric_limits<double>::infinity();
                continue;
            }
            lead = std::max(lead, ahead / error);
            const float scale = static_cast<float>(1 / error);
#pragma omp simd
            for (std::size_t r = 0; r < n; ++r) {
                const float t = (other[r] - own[r]) * scale;
                largest[r] = largest[r] < t ? t : largest[r];
            }
        }
        std::size_t count = 0;
        for (std::size_t r = 0; r < n; ++r) count += static_cast<double>(largest[r]) >= lead;
        out.lead[q] = lead;
        out.p_value[q] = (1 + static_cast<double>(count)) / (1 + static_cast<double>(n));
        out.tied[q] = out.p_value[q] > 1 - options.level;
    }
    job.checkStop();
    return out;
}

HeldOut heldOut(const GroupHits& group, const ConfidenceOptions& options, const JobContext& job) {
    check(group, options, true);
    const std::size_t n = options.splits;
    const auto rows = allRows(group);
    const auto here = resampled(group, rows, n, options.seed, drawHalf, job);
    const auto there = resampled(group, rows, n, options.seed, drawOtherHalf, job);
    HeldOut out;
    for (std::size_t r = 0; r < n; ++r) {
        const auto best = [&](const std::vector<double>& values) {
            std::size_t p = 0;
            for (std::size_t i = 1; i < group.settings(); ++i)
                if (values[i * n + r] > values[p * n + r]) p = i;
            return p;
        };
        const auto figure = [&](const std::vector<double>& values, std::size_t p) {
            return values[p * n + r] - (group.hasBaseline() ? values[group.settings() * n + r] : 0);
        };
        HeldOutSplit split;
        split.chosen = best(here);
        split.tuned = figure(here, split.chosen);
        split.held_out = figure(there, split.chosen);
        split.possible = figure(there, best(there));
        out.tuned += split.tuned / static_cast<double>(n);
        out.held_out += split.held_out / static_cast<double>(n);
        out.possible += split.possible / static_cast<double>(n);
        out.splits.push_back(split);
    }
    return out;
}

}  // namespace engine
