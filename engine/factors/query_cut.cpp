// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/query_cut.h"

#include <algorithm>
#include <cmath>

namespace engine {

namespace {

constexpr std::uint32_t kLastPlace = kHitPlaces.back();

std::size_t power(std::size_t base, std::size_t exponent) {
    std::size_t out = 1;
    for (std::size_t i = 0; i < exponent; ++i) out *= base;
    return out;
}

// out[e] = Σ_j w_j[e] v_j[e]
void weightedSum(const float* w, const float* v, std::size_t terms, std::size_t n, float* out) {
    for (std::size_t e = 0; e < n; ++e) out[e] = w[e] * v[e];
    for (std::size_t j = 1; j < terms; ++j) {
        for (std::size_t e = 0; e < n; ++e) out[e] += w[j * n + e] * v[j * n + e];
    }
}

}  // namespace

QueryCutter::QueryCutter(const FactorGrid& grid, const SideTables& queries, const SideTables& candidates)
    : grid_(grid), queries_(queries), candidates_(candidates), levels_(grid.levels() + 1) {
    const auto& a = queries.side().dims();
    for (const std::size_t d : candidates.side().dims()) {
        if (std::find(a.begin(), a.end(), d) != a.end()) shared_.push_back(d);
    }
}

std::size_t QueryCutter::leafNumber(const Place& leaf) const {
    std::size_t number = 0;
    for (std::size_t d = 0; d < grid_.dims(); ++d) number = number * grid_.leavesAlong() + leaf[d];
    return number;
}

void QueryCutter::addSure(std::size_t level, const Place& cell, std::uint32_t beaten) const {
    if (beaten >= kLastPlace) return;
    std::uint8_t hits = 0;
    for (std::size_t k = 0; k < kHitPlaces.size(); ++k)
        hits |= static_cast<std::uint8_t>((beaten < kHitPlaces[k]) << k);
    const std::size_t span = grid_.leavesAlong() / grid_.cellsAlong(level);
    const std::size_t total = power(span, grid_.dims());
    for (std::size_t i = 0; i < total; ++i) {
        Place leaf{};
        std::size_t rest = i;
        for (std::size_t d = grid_.dims(); d-- > 0; rest /= span) leaf[d] = cell[d] * span + rest % span;
        sure_[leafNumber(leaf) * stride_] = hits;
    }
}

void QueryCutter::cut(const QueryEntries& query, std::vector<LeafPart>& parts, std::uint8_t* sure, std::size_t stride) {
    sure_ = sure;
    stride_ = stride;
    if (query.positives == 0 || query.always >= kLastPlace) return;
    Alive alive;
    alive.entries.resize(query.count);
    for (std::uint32_t e = 0; e < query.count; ++e) alive.entries[e] = e;
    alive.positives = query.positives;
    alive.beaten = query.always;
    if (query.count == query.positives) return addSure(0, {}, alive.beaten);
    if (grid_.levels() == 0) {
        parts.push_back({0, alive.beaten, alive.positives, alive.entries});
        return;
    }
    cutCell(query, 0, {}, alive, parts);
}

// Divides a cell of `level` into those of the next.
void QueryCutter::cutCell(const QueryEntries& query, std::size_t level, const Place& cell, const Alive& alive,
                          std::vector<LeafPart>& parts) {
    const std::size_t dims = grid_.dims(), divide = grid_.parts[level], along = divide + 1;
    const std::size_t n = alive.entries.size(), qa = queries_.atoms(), ca = candidates_.atoms();
    const std::size_t nodes = power(along, dims), corners = std::size_t{1} << dims;
    const std::size_t stride = grid_.leavesAlong() / grid_.cellsAlong(level + 1);
    Level& scratch = levels_[level];
    scratch.scores.resize(nodes * n);
    scratch.weights.resize(ca * n);
    scratch.mixed.resize(ca * n);
    scratch.products.resize(qa * ca * n);
    scratch.highest.resize(n);
    scratch.lowest.resize(n);
    scratch.slack.resize(n);
    for (std::size_t ij = 0; ij < qa * ca; ++ij) {
        const float* from = query.products + ij * query.count;
        float* to = scratch.products.data() + ij * n;
        for (std::size_t e = 0; e < n; ++e) to[e] = from[alive.entries[e]];
    }
    const auto nodePlace = [&](std::size_t node) {
        Place place{};
        for (std::size_t d = dims; d-- > 0; node /= along) place[d] = (cell[d] * divide + node % along) * stride;
        return place;
    };
    for (std::size_t node = 0; node < nodes; ++node) {
        const Place place = nodePlace(node);
        const float* a = queries_.node(query.query, place.data());
        for (std::size_t j = 0; j < ca; ++j) {
            float* v = scratch.mixed.data() + j * n;
            const float* p = scratch.products.data() + j * n;
            for (std::size_t e = 0; e < n; ++e) v[e] = a[0] * p[e];
            for (std::size_t i = 1; i < qa; ++i) {
                p = scratch.products.data() + (i * ca + j) * n;
                for (std::size_t e = 0; e < n; ++e) v[e] += a[i] * p[e];
            }
        }
        for (std::size_t e = 0; e < n; ++e) {
            const float* b = candidates_.node(query.items[alive.entries[e]], place.data());
            for (std::size_t j = 0; j < ca; ++j) scratch.weights[j * n + e] = b[j];
        }
        weightedSum(scratch.weights.data(), scratch.mixed.data(), ca, n, scratch.scores.data() + node * n);
    }

    const std::size_t children = power(divide, dims);
    Alive& child = scratch.child;
    for (std::size_t c = 0; c < children; ++c) {
        Place place{};
        std::size_t first_node = 0;
        {
            std::size_t rest = c, unit = 1;
            for (std::size_t d = dims; d-- > 0; rest /= divide, unit *= along) {
                place[d] = cell[d] * divide + rest % divide;
                first_node += rest % divide * unit;
            }
        }
        const float* at[std::size_t{1} << kMostDims];
        float most_a[kMostAtoms] = {};
        for (std::size_t k = 0; k < corners; ++k) {
            std::size_t node = first_node, unit = 1;
            Place corner{};
            for (std::size_t d = dims; d-- > 0; unit *= along) {
                node += (k >> d & 1) * unit;
                corner[d] = (place[d] + (k >> d & 1)) * stride;
            }
            at[k] = scratch.scores.data() + node * n;
            const float* a = queries_.node(query.query, corner.data());
            for (std::size_t i = 0; i < qa; ++i) most_a[i] = std::max(most_a[i], a[i]);
        }
        const float* error_a = queries_.error(query.query, level + 1, place.data());
        for (std::size_t i = 0; i < qa; ++i) most_a[i] += error_a[i];

        // How far an entry's score may be from the interpolation, and the error of its products.
        const auto arithmetic = static_cast<float>(query.product_error * queries_.reach(query.query));
        const bool plain = queries_.exact() && shared_.empty();
        for (std::size_t e = 0; e < n; ++e) {
            const std::uint32_t item = query.items[alive.entries[e]];
            const float* error_b = candidates_.error(item, level + 1, place.data());
            const float* p = scratch.products.data() + e;
            float slack = arithmetic * candidates_.reach(item);
            for (std::size_t i = 0; i < qa; ++i) {
                float sum = 0;
                for (std::size_t j = 0; j < ca; ++j) sum += error_b[j] * std::fabs(p[(i * ca + j) * n]);
                slack += most_a[i] * sum;
            }
            if (!plain) {
                float most_b[kMostAtoms] = {};
                for (std::size_t k = 0; k < corners; ++k) {
                    Place corner{};
                    for (std::size_t d = 0; d < dims; ++d) corner[d] = (place[d] + (k >> d & 1)) * stride;
                    const float* b = candidates_.node(item, corner.data());
                    for (std::size_t j = 0; j < ca; ++j) most_b[j] = std::max(most_b[j], b[j]);
                }
                for (std::size_t i = 0; i < qa; ++i) {
                    for (std::size_t j = 0; j < ca; ++j)
                        slack += error_a[i] * (most_b[j] + error_b[j]) * std::fabs(p[(i * ca + j) * n]);
                }
                // A factor of both sides: the product of two weights curves by 2 a' b' too.
                for (const std::size_t d : shared_) {
                    const auto own = [&](const SideTables& side) {
                        const auto& list = side.side().dims();
                        return static_cast<std::size_t>(std::find(list.begin(), list.end(), d) - list.begin());
                    };
                    const float* slope_a = queries_.slope(query.query, level + 1, place.data()) + own(queries_) * qa;
                    const float* slope_b = candidates_.slope(item, level + 1, place.data()) + own(candidates_) * ca;
                    const double h = (grid_.high[d] - grid_.low[d]) / static_cast<double>(grid_.cellsAlong(level + 1));
                    const auto quarter = static_cast<float>(h * h / 4 * (1 + 1e-6));
                    for (std::size_t i = 0; i < qa; ++i) {
                        for (std::size_t j = 0; j < ca; ++j)
                            slack += quarter * slope_a[i] * slope_b[j] * std::fabs(p[(i * ca + j) * n]);
                    }
                }
            }
            scratch.slack[e] = slack * (1 + 1e-5f);  // the float32 sums above
        }

        // The positive that is best on the whole stands for all of them from below; from above it is the best at each
        // corner.
        std::size_t best = 0;
        float best_mean = -std::numeric_limits<float>::infinity(), positives_slack = 0;
        float top[std::size_t{1} << kMostDims];
        std::fill_n(top, corners, -std::numeric_limits<float>::infinity());
        for (std::size_t e = 0; e < alive.positives; ++e) {
            float mean = -scratch.slack[e] * static_cast<float>(corners);
            for (std::size_t k = 0; k < corners; ++k) {
                mean += at[k][e];
                top[k] = std::max(top[k], at[k][e]);
            }
            positives_slack = std::max(positives_slack, scratch.slack[e]);
            if (mean > best_mean) {
                best_mean = mean;
                best = e;
            }
        }
        float* highest = scratch.highest.data();
        float* lowest = scratch.lowest.data();
        for (std::size_t k = 0; k < corners; ++k) {
            const float of_best = at[k][best], of_top = top[k];
            if (k == 0) {
                for (std::size_t e = 0; e < n; ++e) {
                    highest[e] = at[k][e] - of_best;
                    lowest[e] = at[k][e] - of_top;
                }
            } else {
                for (std::size_t e = 0; e < n; ++e) {
                    highest[e] = std::max(highest[e], at[k][e] - of_best);
                    lowest[e] = std::min(lowest[e], at[k][e] - of_top);
                }
            }
        }
        constexpr auto kMargin = static_cast<float>(kDecided);
        const float best_slack = scratch.slack[best] + kMargin, top_slack = positives_slack + kMargin;
        child.entries.clear();
        child.beaten = alive.beaten;
        for (std::size_t e = 0; e < alive.positives; ++e) {
            if (e == best || !(highest[e] + scratch.slack[e] + best_slack < 0))
                child.entries.push_back(alive.entries[e]);
        }
        child.positives = static_cast<std::uint32_t>(child.entries.size());
        for (std::size_t e = alive.positives; e < n && child.beaten < kLastPlace; ++e) {
            if (highest[e] + scratch.slack[e] + best_slack < 0) continue;
            if (lowest[e] - scratch.slack[e] - top_slack > 0) ++child.beaten;
            else child.entries.push_back(alive.entries[e]);
        }
        const std::uint32_t may_beat = static_cast<std::uint32_t>(child.entries.size()) - child.positives;
        const bool open = std::any_of(kHitPlaces.begin(), kHitPlaces.end(), [&](std::uint32_t k) {
            return child.beaten < k && child.beaten + may_beat >= k;
        });
        if (!open) {
            addSure(level + 1, place, child.beaten);
        } else if (level + 1 == grid_.levels()) {
            parts.push_back({leafNumber(place), child.beaten, child.positives, child.entries});
        } else {
            cutCell(query, level + 1, place, child, parts);
        }
    }
}

}  // namespace engine
