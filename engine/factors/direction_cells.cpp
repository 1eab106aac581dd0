// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/direction_cells.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/eval/score_kernel.h"

namespace engine {

namespace {

// The reference's own arithmetic for the entries that are too near: float64 rows, ties within kTieTolerance.
QueryRank decideExactly(const std::vector<ScoredEntry>& entries, std::size_t positives, std::uint32_t query,
                        std::uint32_t beaten, double best, double best_doubt, const ExactRows& exact,
                        bool query_is_second) {
    thread_local std::vector<double> x, y;
    x.resize(exact.width());
    y.resize(exact.width());
    exact.row(query_is_second, query, x.data());
    const auto score = [&](const ScoredEntry& entry) {
        exact.row(!query_is_second, entry.item, y.data());
        // In the order of the sides, so that both directions see the same number.
        return query_is_second ? score::dot(y.data(), x.data(), x.size()) : score::dot(x.data(), y.data(), x.size());
    };
    double top = -2;
    std::vector<std::pair<double, std::uint32_t>> near;
    for (std::size_t e = 0; e < positives; ++e) {
        if (entries[e].score + entries[e].doubt < best - best_doubt) continue;
        near.emplace_back(score(entries[e]), entries[e].item);
        top = std::max(top, near.back().first);
    }
    QueryRank rank;
    rank.positives = static_cast<std::uint32_t>(positives);
    rank.beaten_by = beaten;
    rank.tied_positives = 0;
    std::uint32_t row = ~0u;
    for (const auto& [value, item] : near) {
        if (value < top - kTieTolerance) continue;
        ++rank.tied_positives;
        row = std::min(row, item);
    }
    for (std::size_t e = positives; e < entries.size(); ++e) {
        const double margin = entries[e].score - best, doubt = entries[e].doubt + best_doubt;
        if (margin < -doubt) continue;
        if (margin > doubt) {
            ++rank.beaten_by;
            continue;
        }
        const double difference = score(entries[e]) - top;
        if (difference > kTieTolerance) ++rank.beaten_by;
        else if (difference >= -kTieTolerance) {
            ++rank.tied;
            rank.tied_before += entries[e].item < row;
        }
    }
    if (rank.tied == 0) rank.tied_positives = 1;
    return rank;
}

}  // namespace

OpenView DirectionCells::view(std::size_t leaf) const {
    OpenView out;
    out.open = open.data() + open_at[leaf];
    out.queries = open_at[leaf + 1] - open_at[leaf];
    out.entries = entries_at[leaf + 1] - entries_at[leaf];
    out.products = products;
    out.index = entries.data() + entries_at[leaf];
    out.pairs = pairs.data();
    return out;
}

std::uint64_t DirectionCells::bytes() const {
    return sure.size() * 4 + sure_of.size() + (open_at.size() + entries_at.size()) * 8 +
           open.size() * sizeof(OpenQuery) + entries.size() * 4 + pairs.size() * 4;
}

void HitCount::operator+=(const HitCount& other) {
    for (std::size_t k = 0; k < hits.size(); ++k) hits[k] += other.hits[k];
    tied += other.tied;
    evaluated += other.evaluated;
    resolved += other.resolved;
}

QueryRank rankEntries(const std::vector<ScoredEntry>& entries, std::size_t positives, std::uint32_t query,
                      std::uint32_t beaten, bool whole, const BlendSide& candidates, const ExactRows& exact,
                      bool query_is_second, bool& in_doubt) {
    double best = -2, best_doubt = 0;
    for (std::size_t e = 0; e < positives; ++e) {
        best = std::max(best, entries[e].score);
        best_doubt = std::max(best_doubt, entries[e].doubt);
    }
    QueryRank rank;
    rank.positives = static_cast<std::uint32_t>(positives);
    rank.beaten_by = beaten;
    std::uint32_t near = 0;
    for (std::size_t e = positives; e < entries.size(); ++e) {
        const double margin = entries[e].score - best, doubt = entries[e].doubt + best_doubt;
        rank.beaten_by += margin > doubt;
        near += std::fabs(margin) <= doubt;
    }
    in_doubt = whole && near > 0;
    for (const std::uint32_t k : kHitPlaces) {
        in_doubt = in_doubt || (rank.beaten_by < k && rank.beaten_by + near >= k);
    }
    if (!in_doubt) return rank;
    // Entries of equal rows tie whatever the point, which needs no arithmetic.
    bool alike = true;
    std::uint32_t kind = ~0u, row = ~0u, positives_near = 0;
    for (std::size_t e = 0; alike && e < entries.size(); ++e) {
        if (std::fabs(entries[e].score - best) > entries[e].doubt + best_doubt) continue;
        const std::uint32_t of = candidates.rowClass(entries[e].item);
        if (kind == ~0u) kind = of;
        alike = of == kind;
        if (e < positives) {
            ++positives_near;
            row = std::min(row, entries[e].item);
        }
    }
    if (!alike) {
        return decideExactly(entries, positives, query, beaten, best, best_doubt, exact, query_is_second);
    }
    in_doubt = false;
    rank.tied = near;
    rank.tied_positives = positives_near;
    for (std::size_t e = positives; e < entries.size(); ++e) {
        const bool tied = std::fabs(entries[e].score - best) <= entries[e].doubt + best_doubt;
        rank.tied_before += tied && entries[e].item < row;
    }
    return rank;
}

std::vector<double> weightTable(const BlendSide& side, const double* point, const std::uint32_t* items,
                                std::size_t count) {
    const std::size_t n = side.atoms(), total = items ? count : side.items();
    std::vector<double> table(total * (n + 1));
    for (std::size_t i = 0; i < total; ++i) {
        double* b = table.data() + i * (n + 1);
        const bool there = side.weights(items ? items[i] : i, point, b);
        b[n] = there ? std::accumulate(b, b + n, 0.0) : std::numeric_limits<double>::infinity();
        if (!there) std::fill_n(b, n, 0.0);
    }
    return table;
}

namespace {

// Σ_ij a_i b_j p_ij; the usual numbers of atoms as constants.
template <std::size_t QA, std::size_t CA>
double scoreOf(const double* a, const double* b, const float* p) {
    double score = 0;
    for (std::size_t j = 0; j < CA; ++j) {
        double v = 0;
        for (std::size_t i = 0; i < QA; ++i) v += a[i] * static_cast<double>(p[i * CA + j]);
        score += b[j] * v;
    }
    return score;
}

// Scores of the entries first..first+entries.size()-1 with weights from a table.
template <std::size_t QA, std::size_t CA>
void scoreEntries(const OpenView& view, std::size_t first, const double* a, double sum_a, const double* table,
                  std::vector<ScoredEntry>& entries) {
    for (std::size_t e = 0; e < entries.size(); ++e) {
        const std::size_t at = first + e;
        if (view.index && at + kAhead < view.entries) view.fetch(at + kAhead);
        const float* p = view.pair(at);
        const auto candidate = std::bit_cast<std::uint32_t>(*p);
        const double* b = table + candidate * (CA + 1);
        entries[e] = {scoreOf<QA, CA>(a, b, p + 1), kProductError * sum_a * b[CA], view.row(candidate)};
    }
}

using ScoreEntries = void (*)(const OpenView&, std::size_t, const double*, double, const double*,
                              std::vector<ScoredEntry>&);
ScoreEntries scorer(std::size_t qa, std::size_t ca) {
    constexpr ScoreEntries kOf[3][3] = {{scoreEntries<1, 1>, scoreEntries<1, 2>, scoreEntries<1, 3>},
                                        {scoreEntries<2, 1>, scoreEntries<2, 2>, scoreEntries<2, 3>},
                                        {scoreEntries<3, 1>, scoreEntries<3, 2>, scoreEntries<3, 3>}};
    return qa <= 3 && ca <= 3 ? kOf[qa - 1][ca - 1] : nullptr;
}

}  // namespace

HitCount countOpen(const OpenView& view, std::size_t first, std::size_t last, const BlendSide& queries,
                   const BlendSide& candidates, const double* point, const double* table, const ExactRows& exact,
                   bool query_is_second, TieRule ties, std::vector<std::array<float, kHitPlaces.size()>>* hits) {
    HitCount out;
    const std::size_t qa = queries.atoms(), ca = candidates.atoms();
    const ScoreEntries known = table ? scorer(qa, ca) : nullptr;
    thread_local std::vector<ScoredEntry> entries;
    for (std::size_t q = first; q < last; ++q) {
        const OpenQuery& open = view.open[q];
        const std::size_t end = q + 1 < view.queries ? view.open[q + 1].first_entry : view.entries;
        double a[kMostAtoms], sum_a = 0;
        queries.direction(open.query, point, a);
        for (std::size_t i = 0; i < qa; ++i) sum_a += a[i];
        entries.resize(end - open.first_entry);
        if (known) known(view, open.first_entry, a, sum_a, table, entries);
        for (std::size_t e = 0; !known && e < entries.size(); ++e) {
            const std::size_t at = open.first_entry + e;
            if (view.index && at + kAhead < view.entries) view.fetch(at + kAhead);
            const float* p = view.pair(at) + 1;
            const std::uint32_t candidate = view.candidate(at);
            ScoredEntry& entry = entries[e];
            entry.item = view.row(candidate);
            double own[kMostAtoms + 1];
            const double* b = own;
            if (table) {
                b = table + candidate * (ca + 1);
            } else if (candidates.weights(entry.item, point, own)) {
                own[ca] = std::accumulate(own, own + ca, 0.0);
            } else {
                // blend() will say why.
                std::fill_n(own, ca, 0.0);
                own[ca] = std::numeric_limits<double>::infinity();
            }
            double score = 0;
            for (std::size_t j = 0; j < ca; ++j) {
                double v = 0;
                for (std::size_t i = 0; i < qa; ++i) v += a[i] * static_cast<double>(p[i * ca + j]);
                score += b[j] * v;
            }
            entry.score = score;
            entry.doubt = kProductError * sum_a * b[ca];
        }
        out.evaluated += static_cast<std::uint32_t>(entries.size());
        bool in_doubt = false;
        const QueryRank rank = rankEntries(entries, open.positives, open.query, open.beaten, false, candidates, exact,
                                           query_is_second, in_doubt);
        out.resolved += in_doubt;
        out.tied += rank.tied != 0;
        for (std::size_t k = 0; k < kHitPlaces.size(); ++k) {
            const double hit = hitAt(rank, kHitPlaces[k], ties);
            out.hits[k] += hit;
            if (hits) (*hits)[open.query][k] = static_cast<float>(hit);
        }
    }
    return out;
}

}  // namespace engine
