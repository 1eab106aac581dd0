// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/survivors.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <mutex>

#include "engine/base/matrix.h"
#include "engine/eval/score_kernel.h"

namespace engine {

namespace {

constexpr std::size_t kTileQueries = 256;
constexpr std::size_t kTileCandidates = 2048;
constexpr std::size_t kSumBlock = 128;  // inner products are summed in blocks, which bounds their rounding
constexpr double kUnit = 0x1p-24;

// One row of the coarse grid's nodes: all candidate nodes that go with one query node.
struct NodeRow {
    std::size_t query_node;
    std::vector<std::size_t> candidate_nodes, nodes;
};

std::vector<NodeRow> nodeRows(const FactorGrid& grid, const SideTables& queries, const SideTables& candidates) {
    const std::size_t along = coarseCells(grid.dims()) + 1;
    std::size_t total = 1;
    for (std::size_t d = 0; d < grid.dims(); ++d) total *= along;
    std::vector<NodeRow> rows(queries.coarseNodes());
    for (std::size_t q = 0; q < rows.size(); ++q) rows[q].query_node = q;
    for (std::size_t node = 0; node < total; ++node) {
        std::size_t place[kMostDims] = {}, rest = node;
        for (std::size_t d = grid.dims(); d-- > 0; rest /= along) place[d] = rest % along;
        auto& row = rows[queries.coarseNode(place)];
        row.candidate_nodes.push_back(candidates.coarseNode(place));
        row.nodes.push_back(node);
    }
    return rows;
}

// What one query asks of a tile's candidates.
struct RowThresholds {
    std::vector<float> best, top;  // per node: score of the leading positive, of the best positive
    float slack_best = 0, slack_top = 0;
    float most[kMostAtoms], error[kMostAtoms];  // of the query's weights
    float arithmetic = 0;
};

struct RowScratch {
    std::vector<float> mixed, highest, lowest, slack;
};

// highest[c] and lowest[c]: the range of D_c over the nodes; slack[c]: how far outside of it D_c can be.
__attribute__((target_clones("arch=x86-64-v4", "default"))) void rangeOfRow(
    const float* const* products, std::size_t qa, std::size_t ca, std::size_t first, std::size_t count,
    std::uint32_t query, const std::vector<NodeRow>& rows, const SideTables& queries, const SideTables& candidates,
    const RowThresholds& thresholds, RowScratch& scratch) {
    float* __restrict highest = scratch.highest.data();
    float* __restrict lowest = scratch.lowest.data();
    std::fill_n(highest, count, -std::numeric_limits<float>::infinity());
    std::fill_n(lowest, count, std::numeric_limits<float>::infinity());
    for (const auto& row : rows) {
        for (std::size_t j = 0; j < ca; ++j) {
            float* __restrict v = scratch.mixed.data() + j * count;
            for (std::size_t i = 0; i < qa; ++i) {
                const float a = queries.coarse(row.query_node, i)[query];
                const float* __restrict p = products[i * ca + j];
                if (i == 0) {
                    for (std::size_t c = 0; c < count; ++c) v[c] = a * p[c];
                } else {
                    for (std::size_t c = 0; c < count; ++c) v[c] += a * p[c];
                }
            }
        }
        for (std::size_t k = 0; k < row.nodes.size(); ++k) {
            const float best = thresholds.best[row.nodes[k]], top = thresholds.top[row.nodes[k]];
            const float* __restrict v = scratch.mixed.data();
            const float* __restrict b0 = candidates.coarse(row.candidate_nodes[k], 0) + first;
            if (ca == 1) {
                for (std::size_t c = 0; c < count; ++c) {
                    const float s = b0[c] * v[c];
                    highest[c] = std::max(highest[c], s - best);
                    lowest[c] = std::min(lowest[c], s - top);
                }
            } else if (ca == 2) {
                const float* __restrict b1 = candidates.coarse(row.candidate_nodes[k], 1) + first;
                for (std::size_t c = 0; c < count; ++c) {
                    const float s = b0[c] * v[c] + b1[c] * v[count + c];
                    highest[c] = std::max(highest[c], s - best);
                    lowest[c] = std::min(lowest[c], s - top);
                }
            } else {
                float* __restrict s = scratch.slack.data();
                for (std::size_t c = 0; c < count; ++c) s[c] = b0[c] * v[c];
                for (std::size_t j = 1; j < ca; ++j) {
                    const float* __restrict b = candidates.coarse(row.candidate_nodes[k], j) + first;
                    const float* __restrict vj = v + j * count;
                    for (std::size_t c = 0; c < count; ++c) s[c] += b[c] * vj[c];
                }
                for (std::size_t c = 0; c < count; ++c) {
                    highest[c] = std::max(highest[c], s[c] - best);
                    lowest[c] = std::min(lowest[c], s[c] - top);
                }
            }
        }
    }
    float* __restrict slack = scratch.slack.data();
    for (std::size_t c = 0; c < count; ++c) slack[c] = thresholds.arithmetic * candidates.reach(first + c);
    for (std::size_t i = 0; i < qa; ++i) {
        for (std::size_t j = 0; j < ca; ++j) {
            const float* __restrict p = products[i * ca + j];
            const float* __restrict error = candidates.coarseError(j) + first;
            const float* __restrict most = candidates.coarseMost(j) + first;
            const float a = thresholds.most[i], e = thresholds.error[i];
            for (std::size_t c = 0; c < count; ++c) slack[c] += std::fabs(p[c]) * (a * error[c] + e * most[c]);
        }
    }
}

}  // namespace

PositiveLists positivesOf(const PairList& pairs, std::size_t queries, bool query_is_second) {
    PairList sorted = pairs;
    const std::size_t q = query_is_second ? 1 : 0;
    std::sort(sorted.begin(), sorted.end(), [q](const auto& a, const auto& b) {
        return a[q] != b[q] ? a[q] < b[q] : a[1 - q] < b[1 - q];
    });
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    PositiveLists out;
    out.offset.assign(queries + 1, 0);
    for (const auto& pair : sorted) {
        ++out.offset[pair[q] + 1];
        out.rows.push_back(pair[1 - q]);
    }
    for (std::size_t i = 0; i < queries; ++i) out.offset[i + 1] += out.offset[i];
    return out;
}

QueryEntries Survivors::entries(std::size_t query) const {
    QueryEntries out;
    out.query = static_cast<std::uint32_t>(query);
    out.positives = positives[query];
    out.always = always[query];
    out.count = offset[query + 1] - offset[query];
    out.items = items.data() + offset[query];
    out.products = inner.data() + offset[query] * products;
    out.product_error = product_error;
    return out;
}

std::uint64_t Survivors::bytes() const {
    return offset.size() * 8 + positives.size() * 8 + items.size() * 4 + inner.size() * 4;
}

Survivors sortOut(const SideTables& queries, const SideTables& candidates, const FactorGrid& grid,
                  const PositiveLists& positives, bool keep, const SurvivorVisit& visit, ProgressMeter& meter,
                  const JobContext& job) {
    const BlendSide& q_side = queries.side();
    const BlendSide& c_side = candidates.side();
    const std::size_t qa = q_side.atoms(), ca = c_side.atoms(), width = q_side.width();
    const std::size_t n_queries = q_side.items(), n_candidates = c_side.items();
    Survivors out;
    out.products = qa * ca;
    // Blocks of kSumBlock terms, then the blocks; and the few roundings of weighting and adding up in float32.
    out.product_error = kUnit * (static_cast<double>(std::min(width, kSumBlock) + width / kSumBlock) + 26);
    std::vector<std::uint64_t> offset{0};
    std::vector<std::uint32_t> kept_positives, kept_always, kept_items;
    std::vector<float> kept_inner;
    const std::vector<NodeRow> rows = nodeRows(grid, queries, candidates);
    std::size_t total_nodes = 0;
    for (const auto& row : rows) total_nodes += row.nodes.size();

    std::vector<std::vector<float>> tiles(qa * ca, std::vector<float>(kTileQueries * kTileCandidates));
    struct Row {
        std::vector<std::uint32_t> items;
        std::vector<float> inner;      // [entries][products], then turned
        std::vector<float> turned;
        std::uint32_t positives = 0, always = 0;
        RowThresholds thresholds;
    };
    std::vector<Row> block(kTileQueries);
    std::vector<RowScratch> scratch(static_cast<std::size_t>(omp_get_max_threads()));
    for (auto& s : scratch) {
        s.mixed.resize(ca * kTileCandidates);
        s.highest.resize(kTileCandidates);
        s.lowest.resize(kTileCandidates);
        s.slack.resize(kTileCandidates);
    }
    std::exception_ptr failure;
    std::mutex guard;
    for (std::size_t q0 = 0; q0 < n_queries; q0 += kTileQueries) {
        const std::size_t nq = std::min(kTileQueries, n_queries - q0);
#pragma omp parallel for schedule(dynamic, 8)
        for (std::size_t r = 0; r < nq; ++r) {
            Row& row = block[r];
            const std::size_t q = q0 + r;
            const std::size_t begin = positives.offset[q], end = positives.offset[q + 1];
            row.items.assign(positives.rows.begin() + static_cast<std::ptrdiff_t>(begin),
                             positives.rows.begin() + static_cast<std::ptrdiff_t>(end));
            row.inner.clear();
            row.positives = static_cast<std::uint32_t>(end - begin);
            row.always = 0;
            if (row.positives == 0) continue;
            RowThresholds& t = row.thresholds;
            t.best.assign(total_nodes, 0);
            t.top.assign(total_nodes, -std::numeric_limits<float>::infinity());
            t.slack_top = 0;
            t.arithmetic = static_cast<float>(out.product_error * queries.reach(q) * (1 + 1e-6));
            for (std::size_t i = 0; i < qa; ++i) {
                t.most[i] = queries.coarseMost(i)[q];
                t.error[i] = queries.coarseError(i)[q];
            }
            double leading = -std::numeric_limits<double>::infinity();
            std::vector<float> scores(total_nodes);
            for (std::uint32_t p = 0; p < row.positives; ++p) {
                const std::uint32_t item = row.items[p];
                float inner[kMostAtoms * kMostAtoms];
                for (std::size_t i = 0; i < qa; ++i) {
                    for (std::size_t j = 0; j < ca; ++j) {
                        inner[i * ca + j] = static_cast<float>(
                            score::dot(q_side.atom(i).row(q), c_side.atom(j).row(item), width));
                        row.inner.push_back(inner[i * ca + j]);
                    }
                }
                float slack = t.arithmetic * candidates.reach(item);
                for (std::size_t i = 0; i < qa; ++i) {
                    for (std::size_t j = 0; j < ca; ++j) {
                        slack += std::fabs(inner[i * ca + j]) * (t.most[i] * candidates.coarseError(j)[item] +
                                                                t.error[i] * candidates.coarseMost(j)[item]);
                    }
                }
                double sum = 0;
                for (const auto& nodes : rows) {
                    for (std::size_t k = 0; k < nodes.nodes.size(); ++k) {
                        float s = 0;
                        for (std::size_t j = 0; j < ca; ++j) {
                            float v = 0;
                            for (std::size_t i = 0; i < qa; ++i)
                                v += queries.coarse(nodes.query_node, i)[q] * inner[i * ca + j];
                            s += candidates.coarse(nodes.candidate_nodes[k], j)[item] * v;
                        }
                        scores[nodes.nodes[k]] = s;
                        t.top[nodes.nodes[k]] = std::max(t.top[nodes.nodes[k]], s);
                        sum += s;
                    }
                }
                t.slack_top = std::max(t.slack_top, slack);
                sum -= static_cast<double>(slack) * static_cast<double>(total_nodes);
                if (sum > leading) {
                    leading = sum;
                    t.best = scores;
                    t.slack_best = slack;
                }
            }
        }
        for (std::size_t c0 = 0; c0 < n_candidates; c0 += kTileCandidates) {
            job.checkStop();
            const std::size_t nc = std::min(kTileCandidates, n_candidates - c0);
            for (std::size_t i = 0; i < qa; ++i) {
                for (std::size_t j = 0; j < ca; ++j) {
                    const MatrixView x = q_side.atom(i), y = c_side.atom(j);
                    for (std::size_t d = 0; d < width; d += kSumBlock) {
                        gemmNT(nq, nc, std::min(kSumBlock, width - d), 1, x.row(q0) + d, x.stride, y.row(c0) + d,
                               y.stride, d == 0 ? 0.0f : 1.0f, tiles[i * ca + j].data(), kTileCandidates);
                    }
                }
            }
#pragma omp parallel for schedule(dynamic, 8)
            for (std::size_t r = 0; r < nq; ++r) {
                Row& row = block[r];
                if (row.positives == 0) continue;
                RowScratch& own = scratch[static_cast<std::size_t>(omp_get_thread_num())];
                const float* products[kMostAtoms * kMostAtoms];
                for (std::size_t ij = 0; ij < qa * ca; ++ij) products[ij] = tiles[ij].data() + r * kTileCandidates;
                rangeOfRow(products, qa, ca, c0, nc, static_cast<std::uint32_t>(q0 + r), rows, queries, candidates,
                           row.thresholds, own);
                constexpr auto kMargin = static_cast<float>(kDecided);
                constexpr float kSums = 1 + 1e-5f;  // the float32 sums of the slack itself
                const float best = row.thresholds.slack_best * kSums + kMargin;
                const float top = row.thresholds.slack_top * kSums + kMargin;
                const auto* positive = positives.rows.data() + positives.offset[q0 + r];
                for (std::size_t c = 0; c < nc; ++c) {
                    if (own.highest[c] + own.slack[c] * kSums + best < 0) continue;
                    const auto item = static_cast<std::uint32_t>(c0 + c);
                    if (std::binary_search(positive, positive + row.positives, item)) continue;
                    if (own.lowest[c] - own.slack[c] * kSums - top > 0) {
                        ++row.always;
                        continue;
                    }
                    row.items.push_back(item);
                    for (std::size_t ij = 0; ij < qa * ca; ++ij) row.inner.push_back(products[ij][c]);
                }
            }
            meter.advance(nq * nc);
        }
#pragma omp parallel for schedule(dynamic, 4)
        for (std::size_t r = 0; r < nq; ++r) {
            Row& row = block[r];
            const std::size_t n = row.items.size();
            row.turned.resize(n * out.products);
            for (std::size_t e = 0; e < n; ++e) {
                for (std::size_t ij = 0; ij < out.products; ++ij) row.turned[ij * n + e] = row.inner[e * out.products + ij];
            }
            if (row.positives == 0 || job.stopRequested()) continue;
            QueryEntries entries;
            entries.query = static_cast<std::uint32_t>(q0 + r);
            entries.positives = row.positives;
            entries.always = row.always;
            entries.items = row.items.data();
            entries.products = row.turned.data();
            entries.count = n;
            entries.product_error = out.product_error;
            try {
                visit(entries, omp_get_thread_num());
            } catch (...) {
                const std::scoped_lock lock(guard);
                if (!failure) failure = std::current_exception();
            }
        }
        if (failure) std::rethrow_exception(failure);
        job.checkStop();
        for (std::size_t r = 0; keep && r < nq; ++r) {
            const Row& row = block[r];
            kept_items.insert(kept_items.end(), row.items.begin(), row.items.end());
            kept_inner.insert(kept_inner.end(), row.turned.begin(), row.turned.end());
            offset.push_back(kept_items.size());
            kept_positives.push_back(row.positives);
            kept_always.push_back(row.always);
        }
    }
    if (!keep) return out;
    out.offset = Array<std::uint64_t>(std::move(offset));
    out.positives = Array<std::uint32_t>(std::move(kept_positives));
    out.always = Array<std::uint32_t>(std::move(kept_always));
    out.items = Array<std::uint32_t>(std::move(kept_items));
    out.inner = Array<float>(std::move(kept_inner));
    return out;
}

}  // namespace engine
