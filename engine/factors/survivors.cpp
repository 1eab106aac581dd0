// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/survivors.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <span>

#include "engine/base/file.h"
#include "engine/base/first_error.h"
#include "engine/base/matrix.h"
#include "engine/base/wide_vectors.h"
#include "engine/eval/score_kernel.h"
#include "engine/factors/tile_sifter.h"

namespace engine {

namespace {

constexpr std::size_t kTileShape = 4;               // candidates of a tile for each of its queries
constexpr std::size_t kSumBlock = sift::kSumBlock;  // inner products are summed in blocks, which bounds their rounding
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

SiftNodes siftNodes(const std::vector<NodeRow>& rows) {
    SiftNodes out;
    for (const auto& row : rows) {
        out.begin.push_back(static_cast<std::uint32_t>(out.candidate_node.size()));
        for (const std::size_t node : row.candidate_nodes)
            out.candidate_node.push_back(static_cast<std::uint32_t>(node));
    }
    out.begin.push_back(static_cast<std::uint32_t>(out.candidate_node.size()));
    return out;
}

// What one query asks of a tile's candidates.
struct RowThresholds {
    std::vector<float> best, top;  // per node: score of the leading positive, of the best positive
    float slack_best = 0, slack_top = 0;
    float most[kMostAtoms], error[kMostAtoms];  // of the query's weights
    float arithmetic = 0;

    // What a difference to the leading positive, and to the best one, is widened by.
    float widenBest() const { return slack_best * sift::kSlackSums + static_cast<float>(kDecided); }
    float widenTop() const { return slack_top * sift::kSlackSums + static_cast<float>(kDecided); }
};

struct RowScratch {
    std::vector<float> mixed, highest, lowest, slack;
};

// highest[c] and lowest[c]: the range of D_c over the nodes; slack[c]: how far outside of it D_c can be.
ENGINE_WIDE_VECTORS void rangeOfRow(const float* const* products, std::size_t qa, std::size_t ca, std::size_t first,
                                    std::size_t count, std::uint32_t query, const std::vector<NodeRow>& rows,
                                    const SideTables& queries, const SideTables& candidates,
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
    std::sort(sorted.begin(), sorted.end(),
              [q](const auto& a, const auto& b) { return a[q] != b[q] ? a[q] < b[q] : a[1 - q] < b[1 - q]; });
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

namespace {

// One block of queries against all candidates, by one thread: no thread waits for another, but for a GPU that they
// share.
class BlockSorter {
public:
    // `sifter`: the GPU that sorts out, or null.
    BlockSorter(const SideTables& queries, const SideTables& candidates, const FactorGrid& grid,
                const PositiveLists& positives, double product_error, std::size_t tile, TileSifter* sifter)
        : tile_queries_(tile),
          tile_candidates_(tile * kTileShape),
          queries_(queries),
          candidates_(candidates),
          q_side_(queries.side()),
          c_side_(candidates.side()),
          positives_(positives),
          product_error_(product_error),
          products_(q_side_.atoms() * c_side_.atoms()),
          nodes_(nodeRows(grid, queries, candidates)),
          sifter_(sifter),
          rows_(tile_queries_) {
        for (const auto& row : nodes_) total_nodes_ += row.nodes.size();
        if (sifter_) return;
        tiles_.assign(products_, std::vector<float>(tile_queries_ * tile_candidates_));
        scratch_.mixed.resize(c_side_.atoms() * tile_candidates_);
        scratch_.highest.resize(tile_candidates_);
        scratch_.lowest.resize(tile_candidates_);
        scratch_.slack.resize(tile_candidates_);
    }

    // `block`: queries with positives, ascending, at most a tile of them. `advance` is told of every tile's pairs.
    template <class Advance>
    void sort(std::span<const std::uint32_t> block, const JobContext& job, const Advance& advance) {
        for (std::size_t r = 0; r < block.size(); ++r) begin(block[r], rows_[r]);
        sifter_ ? sortOnDevice(block, job, advance) : sortHere(block, job, advance);
        for (std::size_t r = 0; r < block.size(); ++r) turn(rows_[r]);
    }

    QueryEntries entries(std::uint32_t query, std::size_t r) const {
        QueryEntries out;
        out.query = query;
        out.positives = rows_[r].positives;
        out.always = rows_[r].always;
        out.items = rows_[r].items.data();
        out.products = rows_[r].turned.data();
        out.count = rows_[r].items.size();
        out.product_error = product_error_;
        return out;
    }

private:
    struct Row {
        std::vector<std::uint32_t> items;
        std::vector<float> inner, turned;  // by entry, then by pair of atoms; and the other way
        std::uint32_t positives = 0, always = 0;
        RowThresholds thresholds;
    };

    template <class Advance>
    void sortHere(std::span<const std::uint32_t> block, const JobContext& job, const Advance& advance) {
        const std::size_t count = block.size();
        const std::size_t qa = q_side_.atoms(), ca = c_side_.atoms(), width = q_side_.width();
        std::array<MatrixView, kMostAtoms> x;
        for (std::size_t i = 0; i < qa; ++i) x[i] = rowsOf(block, i);
        for (std::size_t c0 = 0; c0 < c_side_.items(); c0 += tile_candidates_) {
            job.checkStop();
            const std::size_t nc = std::min(tile_candidates_, c_side_.items() - c0);
            for (std::size_t i = 0; i < qa; ++i) {
                for (std::size_t j = 0; j < ca; ++j) {
                    const MatrixView y = c_side_.atom(j);
                    for (std::size_t d = 0; d < width; d += kSumBlock) {
                        gemmNT(count, nc, std::min(kSumBlock, width - d), 1, x[i].row(0) + d, x[i].stride,
                               y.row(c0) + d, y.stride, d == 0 ? 0.0f : 1.0f, tiles_[i * ca + j].data(),
                               tile_candidates_);
                    }
                }
            }
            for (std::size_t r = 0; r < count; ++r) takeTile(block[r], r, c0, nc);
            advance(count * nc);
        }
    }

    template <class Advance>
    void sortOnDevice(std::span<const std::uint32_t> block, const JobContext& job, const Advance& advance) {
        const sift::Shape& shape = sifter_->shape();
        const std::size_t qa = q_side_.atoms(), width = q_side_.width(),
                          record = static_cast<std::size_t>(shape.record());
        asked_.rows = block.size();
        asked_.atoms.resize(qa * block.size() * width);
        asked_.records.resize(block.size() * record);
        for (std::size_t r = 0; r < block.size(); ++r) {
            const std::size_t q = block[r];
            for (std::size_t i = 0; i < qa; ++i)
                std::copy_n(q_side_.atom(i).row(q), width, asked_.atoms.data() + (i * block.size() + r) * width);
            const RowThresholds& t = rows_[r].thresholds;
            float* const to = asked_.records.data() + r * record;
            to[sift::Shape::kArithmetic] = t.arithmetic;
            to[sift::Shape::kBest] = t.widenBest();
            to[sift::Shape::kTop] = t.widenTop();
            std::copy_n(t.most, qa, to + shape.mostAt());
            std::copy_n(t.error, qa, to + shape.errorAt());
            float *weights = to + shape.weightsAt(), *best = to + shape.bestAt(), *top = to + shape.topAt();
            for (const auto& nodes : nodes_) {
                for (std::size_t i = 0; i < qa; ++i) *weights++ = queries_.coarse(nodes.query_node, i)[q];
                for (const std::size_t node : nodes.nodes) {
                    *best++ = t.best[node];
                    *top++ = t.top[node];
                }
            }
        }
        const auto take = [&](std::size_t r, std::uint32_t always, std::span<const std::uint32_t> records) {
            Row& row = rows_[r];
            row.always += always;  // no positive among them: none comes before the best one
            for (std::size_t at = 0; at < records.size(); at += 1 + products_) {
                if (isPositive(block[r], row, records[at])) continue;
                row.items.push_back(records[at]);
                for (const std::uint32_t bits : records.subspan(at + 1, products_))
                    row.inner.push_back(std::bit_cast<float>(bits));
            }
        };
        sifter_->sortOut(asked_, take, advance, job);
    }

    // Rows of an atom as they lie, or gathered where others lie between them.
    MatrixView rowsOf(std::span<const std::uint32_t> block, std::size_t atom) {
        const MatrixView all = q_side_.atom(atom);
        if (block.back() - block.front() + 1 == block.size()) return all.slice(block.front(), block.size());
        auto& rows = gathered_[atom];
        rows.resize(tile_queries_ * q_side_.width());
        for (std::size_t r = 0; r < block.size(); ++r)
            std::copy_n(all.row(block[r]), q_side_.width(), rows.data() + r * q_side_.width());
        return {rows.data(), block.size(), q_side_.width()};
    }

    // The positives of a query and what they ask of the others.
    void begin(std::size_t q, Row& row) {
        const std::size_t begin = positives_.offset[q], end = positives_.offset[q + 1];
        const std::size_t qa = q_side_.atoms(), ca = c_side_.atoms();
        row.items.assign(positives_.rows.begin() + static_cast<std::ptrdiff_t>(begin),
                         positives_.rows.begin() + static_cast<std::ptrdiff_t>(end));
        row.inner.clear();
        row.positives = static_cast<std::uint32_t>(end - begin);
        row.always = 0;
        if (row.positives == 0) return;
        RowThresholds& t = row.thresholds;
        t.best.assign(total_nodes_, 0);
        t.top.assign(total_nodes_, -std::numeric_limits<float>::infinity());
        t.slack_top = 0;
        t.arithmetic = static_cast<float>(product_error_ * queries_.reach(q) * (1 + 1e-6));
        for (std::size_t i = 0; i < qa; ++i) {
            t.most[i] = queries_.coarseMost(i)[q];
            t.error[i] = queries_.coarseError(i)[q];
        }
        double leading = -std::numeric_limits<double>::infinity();
        scores_.resize(total_nodes_);
        for (std::uint32_t p = 0; p < row.positives; ++p) {
            const std::uint32_t item = row.items[p];
            float inner[kMostAtoms * kMostAtoms];
            float slack = t.arithmetic * candidates_.reach(item);
            for (std::size_t i = 0; i < qa; ++i) {
                for (std::size_t j = 0; j < ca; ++j) {
                    const auto product = static_cast<float>(
                        score::dot(q_side_.atom(i).row(q), c_side_.atom(j).row(item), q_side_.width()));
                    inner[i * ca + j] = product;
                    row.inner.push_back(product);
                    slack += std::fabs(product) * (t.most[i] * candidates_.coarseError(j)[item] +
                                                   t.error[i] * candidates_.coarseMost(j)[item]);
                }
            }
            double sum = 0;
            for (const auto& nodes : nodes_) {
                for (std::size_t k = 0; k < nodes.nodes.size(); ++k) {
                    float s = 0;
                    for (std::size_t j = 0; j < ca; ++j) {
                        float v = 0;
                        for (std::size_t i = 0; i < qa; ++i)
                            v += queries_.coarse(nodes.query_node, i)[q] * inner[i * ca + j];
                        s += candidates_.coarse(nodes.candidate_nodes[k], j)[item] * v;
                    }
                    scores_[nodes.nodes[k]] = s;
                    t.top[nodes.nodes[k]] = std::max(t.top[nodes.nodes[k]], s);
                    sum += static_cast<double>(s);
                }
            }
            t.slack_top = std::max(t.slack_top, slack);
            sum -= static_cast<double>(slack) * static_cast<double>(total_nodes_);
            if (sum > leading) {
                leading = sum;
                t.best = scores_;
                t.slack_best = slack;
            }
        }
    }

    bool isPositive(std::size_t q, const Row& row, std::uint32_t item) const {
        const auto* positive = positives_.rows.data() + positives_.offset[q];
        return std::binary_search(positive, positive + row.positives, item);
    }

    void takeTile(std::size_t q, std::size_t r, std::size_t c0, std::size_t nc) {
        Row& row = rows_[r];
        const float* tile[kMostAtoms * kMostAtoms];
        for (std::size_t ij = 0; ij < products_; ++ij) tile[ij] = tiles_[ij].data() + r * tile_candidates_;
        rangeOfRow(tile, q_side_.atoms(), c_side_.atoms(), c0, nc, static_cast<std::uint32_t>(q), nodes_, queries_,
                   candidates_, row.thresholds, scratch_);
        const float best = row.thresholds.widenBest(), top = row.thresholds.widenTop();
        for (std::size_t c = 0; c < nc; ++c) {
            if (scratch_.highest[c] + scratch_.slack[c] * sift::kSlackSums + best < 0) continue;
            const auto item = static_cast<std::uint32_t>(c0 + c);
            if (isPositive(q, row, item)) continue;
            if (scratch_.lowest[c] - scratch_.slack[c] * sift::kSlackSums - top > 0) {
                ++row.always;
                continue;
            }
            row.items.push_back(item);
            for (std::size_t ij = 0; ij < products_; ++ij) row.inner.push_back(tile[ij][c]);
        }
    }

    void turn(Row& row) {
        const std::size_t n = row.items.size();
        row.turned.resize(n * products_);
        for (std::size_t e = 0; e < n; ++e) {
            for (std::size_t ij = 0; ij < products_; ++ij) row.turned[ij * n + e] = row.inner[e * products_ + ij];
        }
    }

    std::size_t tile_queries_, tile_candidates_;
    const SideTables& queries_;
    const SideTables& candidates_;
    const BlendSide& q_side_;
    const BlendSide& c_side_;
    const PositiveLists& positives_;
    double product_error_;
    std::size_t products_;
    std::vector<NodeRow> nodes_;
    std::size_t total_nodes_ = 0;
    TileSifter* sifter_;
    SiftQueries asked_;
    std::vector<std::vector<float>> tiles_;
    std::array<std::vector<float>, kMostAtoms> gathered_;
    std::vector<Row> rows_;
    std::vector<float> scores_;
    RowScratch scratch_;
};

// What a block leaves, until all are put together.
struct BlockLeft {
    std::vector<std::uint64_t> counts;
    std::vector<std::uint32_t> positives, always, items;
    std::vector<float> inner;
};

}  // namespace

Survivors sortOut(const SideTables& queries, const SideTables& candidates, const FactorGrid& grid,
                  const PositiveLists& positives, std::size_t tile, std::uint64_t memory_bytes,
                  const SurvivorVisit& visit, SiftDevice* device, ProgressMeter& meter, const JobContext& job) {
    const std::size_t width = queries.side().width(), n = queries.side().items();
    Survivors out;
    out.products = queries.atoms() * candidates.atoms();
    // Blocks of kSumBlock terms, then the blocks; and the few roundings of weighting and adding up in float32.
    out.product_error = kUnit * (static_cast<double>(std::min(width, kSumBlock) + width / kSumBlock) + 26);
    std::vector<std::uint32_t> asked;  // queries with positives
    for (std::uint32_t q = 0; q < n; ++q)
        if (positives.offset[q + 1] != positives.offset[q]) asked.push_back(q);
    const std::size_t blocks = (asked.size() + tile - 1) / tile;
    const auto blockOf = [&](std::size_t b) {
        return std::span<const std::uint32_t>(asked).subspan(b * tile, std::min(tile, asked.size() - b * tile));
    };
    std::optional<TileSifter> sifter;
    if (device && blocks != 0 && candidates.side().items() != 0)
        sifter.emplace(*device, queries, candidates, siftNodes(nodeRows(grid, queries, candidates)), tile, job);
    std::vector<BlockLeft> left(blocks);
    FirstError failure;
    std::atomic<std::uint64_t> pairs{0}, kept{0};
    std::uint64_t reported = 0;  // by the first thread only
#pragma omp parallel
    {
        const int thread = omp_get_thread_num();
        std::unique_ptr<BlockSorter> sorter;
        failure.guard([&] {
            sorter = std::make_unique<BlockSorter>(queries, candidates, grid, positives, out.product_error, tile,
                                                   sifter ? &*sifter : nullptr);
        });
#pragma omp for schedule(dynamic, 1)
        for (std::size_t b = 0; b < blocks; ++b) {
            if (failure.any()) continue;
            failure.guard([&] {
                const auto block = blockOf(b);
                sorter->sort(block, job, [&](std::size_t done) {
                    const std::uint64_t now = pairs += done;
                    if (thread != 0) return;
                    meter.advance(now - reported);
                    reported = now;
                });
                BlockLeft& to = left[b];
                for (std::size_t r = 0; r < block.size(); ++r) {
                    if (r % 16 == 0) job.checkStop();
                    const QueryEntries entries = sorter->entries(block[r], r);
                    visit(entries, thread);
                    to.counts.push_back(entries.count);
                    to.positives.push_back(entries.positives);
                    to.always.push_back(entries.always);
                    to.items.insert(to.items.end(), entries.items, entries.items + entries.count);
                    to.inner.insert(to.inner.end(), entries.products, entries.products + entries.count * out.products);
                }
                // Nothing is concluded from it about the other blocks: which come first depends on the threads.
                kept += to.items.size() * (sizeof(std::uint32_t) + out.products * sizeof(float));
                requireMemory(kept, memory_bytes, "what the landscape keeps so far");
            });
        }
    }
    failure.rethrow();
    meter.advance(pairs - reported);
    std::vector<std::uint64_t> offset(n + 1, 0);
    std::vector<std::uint32_t> all_positives(n, 0), all_always(n, 0), all_items;
    std::vector<float> all_inner;
    std::size_t total = 0;
    for (const auto& block : left) total += block.items.size();
    all_items.reserve(total);
    all_inner.reserve(total * out.products);
    for (std::size_t b = 0; b < blocks; ++b) {
        const auto block = blockOf(b);
        for (std::size_t r = 0; r < block.size(); ++r) {
            offset[block[r] + 1] = left[b].counts[r];
            all_positives[block[r]] = left[b].positives[r];
            all_always[block[r]] = left[b].always[r];
        }
        all_items.insert(all_items.end(), left[b].items.begin(), left[b].items.end());
        all_inner.insert(all_inner.end(), left[b].inner.begin(), left[b].inner.end());
        left[b] = {};
    }
    std::partial_sum(offset.begin(), offset.end(), offset.begin());
    out.offset = Array<std::uint64_t>(std::move(offset));
    out.positives = Array<std::uint32_t>(std::move(all_positives));
    out.always = Array<std::uint32_t>(std::move(all_always));
    out.items = Array<std::uint32_t>(std::move(all_items));
    out.inner = Array<float>(std::move(all_inner));
    return out;
}

}  // namespace engine
