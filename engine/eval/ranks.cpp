// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/ranks.h"

#include <cblas.h>
#include <immintrin.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <span>

#include "engine/base/error.h"
#include "engine/base/first_error.h"
#include "engine/eval/score_kernel.h"

namespace engine {

namespace {

constexpr std::size_t kTileRows = 96;  // a row block and its scores stay in the second-level cache
constexpr std::size_t kTileCols = 512;
constexpr std::size_t kUnitCols = 4096;  // columns of one piece of work: a few milliseconds
constexpr std::size_t kPackedBytes = std::size_t{128} << 20;
constexpr std::size_t kCachedRows = 256;  // exact rows a thread keeps for each side

// For each query its positives, ascending and without duplicates.
struct Positives {
    std::vector<std::size_t> offset;
    std::vector<std::uint32_t> rows;

    std::size_t count(std::size_t q) const { return offset[q + 1] - offset[q]; }
    const std::uint32_t* begin(std::size_t q) const { return rows.data() + offset[q]; }
    const std::uint32_t* end(std::size_t q) const { return rows.data() + offset[q + 1]; }
    bool contains(std::size_t q, std::uint32_t row) const { return std::binary_search(begin(q), end(q), row); }
};

Positives groupPairs(const PairList& pairs, std::size_t queries, int query_side) {
    PairList sorted = pairs;
    const auto q = static_cast<std::size_t>(query_side);
    std::sort(sorted.begin(), sorted.end(),
              [q](const auto& a, const auto& b) { return a[q] != b[q] ? a[q] < b[q] : a[1 - q] < b[1 - q]; });
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    Positives out;
    out.offset.assign(queries + 1, 0);
    out.rows.reserve(sorted.size());
    for (const auto& pair : sorted) {
        ++out.offset[pair[q] + 1];
        out.rows.push_back(pair[1 - q]);
    }
    for (std::size_t i = 0; i < queries; ++i) out.offset[i + 1] += out.offset[i];
    return out;
}

void checkInput(const RowSource& first, const RowSource& second, const PairList& pairs, const std::string& name) {
    if (first.rows.cols != second.rows.cols) {
        throw Error(ErrorCode::InvalidInput, name,
                    "expected rows of one width on both sides, found " + std::to_string(first.rows.cols) + " and " +
                        std::to_string(second.rows.cols),
                    "evaluate both sides in the same space");
    }
    for (const auto& pair : pairs) {
        if (pair[0] >= first.rows.rows || pair[1] >= second.rows.rows) {
            throw Error(ErrorCode::InvalidInput, name,
                        "expected pairs within " + std::to_string(first.rows.rows) + " x " +
                            std::to_string(second.rows.rows) + " rows, found (" + std::to_string(pair[0]) + ", " +
                            std::to_string(pair[1]) + ")");
        }
    }
}

// Exact rows that a thread has lately used.
class RowCache {
public:
    explicit RowCache(const RowSource& source)
        : source_(source), slots_(kCachedRows, kNone), values_(kCachedRows * source.rows.cols) {}
    // Valid until the next call.
    const double* get(std::size_t row) {
        const std::size_t slot = row % kCachedRows;
        double* values = values_.data() + slot * source_.rows.cols;
        if (slots_[slot] != row) {
            slots_[slot] = kNone;
            exactRow(source_, row, values);
            slots_[slot] = row;
        }
        return values;
    }

private:
    static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
    const RowSource& source_;
    std::vector<std::size_t> slots_;
    std::vector<double> values_;
};

struct ThreadState {
    ThreadState(const RowSource& first, const RowSource& second)
        : scores((kTileRows + score::kRowPanel) * kTileCols),
          above(kTileCols),
          reach(kTileCols),
          first_rows(first),
          second_rows(second) {}
    score::Packed packed;
    std::vector<float> scores;
    std::vector<std::int32_t> above, reach;  // per column of the tile
    RowCache first_rows, second_rows;
    std::uint64_t rechecked = 0, resolved = 0;
};

void add(std::uint32_t& counter, std::uint32_t n) {
    if (n != 0) std::atomic_ref<std::uint32_t>(counter).fetch_add(n, std::memory_order_relaxed);
}

// One direction: thresholds and counters of its queries.
class Direction {
public:
    // query_side 0: rows of first look for rows of second.
    Direction(const RowSource& first, const RowSource& second, const PairList& pairs, int query_side, double decided,
              double exact_error)
        : first_(first),
          second_(second),
          query_side_(query_side),
          queries_(query_side == 0 ? first.rows.rows : second.rows.rows),
          positives_(groupPairs(pairs, queries_, query_side)),
          near_(2 * exact_error + kTieTolerance),
          best_(queries_, std::numeric_limits<double>::infinity()),
          low_(queries_, std::numeric_limits<float>::infinity()),
          high_(queries_, std::numeric_limits<float>::infinity()),
          ranks_(queries_),
          exact_(queries_),
          exact_once_(new std::once_flag[queries_]) {
#pragma omp parallel for schedule(dynamic, 64)
        for (std::size_t q = 0; q < queries_; ++q) {
            ranks_[q].positives = static_cast<std::uint32_t>(positives_.count(q));
            if (ranks_[q].positives == 0) continue;
            double best = -std::numeric_limits<double>::infinity();
            for (auto p = positives_.begin(q); p != positives_.end(q); ++p) best = std::max(best, product(q, *p));
            best_[q] = best;
            const double band = decided + near_;
            low_[q] = std::nextafter(static_cast<float>(best - band), -2.0f);
            high_[q] = std::nextafter(static_cast<float>(best + band), 2.0f);
        }
    }

    const float* low() const {
        return low_.data();
    }
    const float* high() const {
        return high_.data();
    }
    void beaten(std::size_t q, std::uint32_t n) {
        add(ranks_[q].beaten_by, n);
    }

    // A candidate whose approximate score lies between low and high.
    void recheck(std::size_t q, std::uint32_t candidate, ThreadState& state) {
        if (positives_.contains(q, candidate)) return;
        ++state.rechecked;
        const double difference = product(q, candidate) - best_[q];
        if (difference > near_) return beaten(q, 1);
        if (difference < -near_) return;
        ++state.resolved;
        std::call_once(exact_once_[q], [&] { findExactBest(q, state); });
        const double exact = exactProduct(q, candidate, state) - exact_[q].score;
        if (exact > kTieTolerance) return beaten(q, 1);
        if (exact < -kTieTolerance) return;
        add(ranks_[q].tied, 1);
        if (candidate < exact_[q].row) add(ranks_[q].tied_before, 1);
    }

    std::vector<QueryRank> finish() {
        for (std::size_t q = 0; q < queries_; ++q) {
            if (ranks_[q].tied != 0) ranks_[q].tied_positives = exact_[q].tied;
        }
        return std::move(ranks_);
    }

private:
    struct ExactBest {
        double score = 0;
        std::uint32_t tied = 1;  // positives that tie for best
        std::uint32_t row = 0;   // the lowest of them
    };

    double product(std::size_t q, std::uint32_t candidate) const {
        const float* x = query_side_ == 0 ? first_.rows.row(q) : first_.rows.row(candidate);
        const float* y = query_side_ == 0 ? second_.rows.row(candidate) : second_.rows.row(q);
        return score::dot(x, y, first_.rows.cols);
    }
    double exactProduct(std::size_t q, std::uint32_t candidate, ThreadState& state) const {
        const double* x = state.first_rows.get(query_side_ == 0 ? q : candidate);
        const double* y = state.second_rows.get(query_side_ == 0 ? candidate : q);
        return score::dot(x, y, first_.rows.cols);
    }
    void findExactBest(std::size_t q, ThreadState& state) {
        std::vector<std::pair<double, std::uint32_t>> near;
        for (auto p = positives_.begin(q); p != positives_.end(q); ++p) {
            if (product(q, *p) >= best_[q] - near_) near.emplace_back(exactProduct(q, *p, state), *p);
        }
        ExactBest best;
        best.score = std::max_element(near.begin(), near.end())->first;
        best.tied = 0;
        for (const auto& [score, row] : near) {
            if (score < best.score - kTieTolerance) continue;
            if (best.tied++ == 0) best.row = row;  // rows come ascending
        }
        exact_[q] = best;
    }

    const RowSource& first_;
    const RowSource& second_;
    int query_side_;
    std::size_t queries_;
    Positives positives_;
    double near_;               // within it the reference decides
    std::vector<double> best_;  // float64 product of the float32 rows
    std::vector<float> low_, high_;
    std::vector<QueryRank> ranks_;
    std::vector<ExactBest> exact_;
    std::unique_ptr<std::once_flag[]> exact_once_;
};

int sum8(__m256i v) {
    alignas(32) std::int32_t lanes[8];
    _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), v);
    int sum = 0;
    for (const int lane : lanes) sum += lane;
    return sum;
}

// Counts, for one row of scores, those above `high` and those that reach `low`; with column thresholds, counts for each
// column too. An empty Columns counts the row only.
struct Columns {
    const float* low = nullptr;
    const float* high = nullptr;
    std::int32_t* above = nullptr;
    std::int32_t* reach = nullptr;
};

std::pair<int, int> countRow(const float* s, std::size_t n, float low, float high, const Columns& columns) {
    const __m256 lows = _mm256_set1_ps(low), highs = _mm256_set1_ps(high);
    __m256i above = _mm256_setzero_si256(), reach = _mm256_setzero_si256();
    std::size_t j = 0;
    for (; j + 8 <= n; j += 8) {
        const __m256 v = _mm256_loadu_ps(s + j);
        above = _mm256_sub_epi32(above, _mm256_castps_si256(_mm256_cmp_ps(v, highs, _CMP_GT_OQ)));
        reach = _mm256_sub_epi32(reach, _mm256_castps_si256(_mm256_cmp_ps(v, lows, _CMP_GE_OQ)));
        if (columns.low == nullptr) continue;
        auto* column_above = reinterpret_cast<__m256i*>(columns.above + j);
        auto* column_reach = reinterpret_cast<__m256i*>(columns.reach + j);
        const __m256 gt = _mm256_cmp_ps(v, _mm256_loadu_ps(columns.high + j), _CMP_GT_OQ);
        const __m256 ge = _mm256_cmp_ps(v, _mm256_loadu_ps(columns.low + j), _CMP_GE_OQ);
        _mm256_storeu_si256(column_above, _mm256_sub_epi32(_mm256_loadu_si256(column_above), _mm256_castps_si256(gt)));
        _mm256_storeu_si256(column_reach, _mm256_sub_epi32(_mm256_loadu_si256(column_reach), _mm256_castps_si256(ge)));
    }
    int total_above = sum8(above), total_reach = sum8(reach);
    for (; j < n; ++j) {
        total_above += s[j] > high;
        total_reach += s[j] >= low;
        if (columns.low == nullptr) continue;
        columns.above[j] += s[j] > columns.high[j];
        columns.reach[j] += s[j] >= columns.low[j];
    }
    return {total_above, total_reach};
}

// Scores of rows i0.. by columns j0.. lie in state.scores; each direction takes what it needs of them.
void countTile(std::size_t i0, std::size_t rows, std::size_t j0, std::size_t cols, Direction* forward,
               Direction* backward, ThreadState& state) {
    Columns columns;
    if (backward != nullptr) {
        std::fill_n(state.above.begin(), cols, 0);
        std::fill_n(state.reach.begin(), cols, 0);
        columns = {backward->low() + j0, backward->high() + j0, state.above.data(), state.reach.data()};
    }
    constexpr float kNever = std::numeric_limits<float>::infinity();
    for (std::size_t i = 0; i < rows; ++i) {
        const float* s = state.scores.data() + i * kTileCols;
        const float low = forward != nullptr ? forward->low()[i0 + i] : kNever;
        const float high = forward != nullptr ? forward->high()[i0 + i] : kNever;
        const auto [above, reach] = countRow(s, cols, low, high, columns);
        if (forward == nullptr || reach == 0) continue;
        forward->beaten(i0 + i, static_cast<std::uint32_t>(above));
        if (above == reach) continue;
        for (std::size_t j = 0; j < cols; ++j) {
            if (s[j] >= low && s[j] <= high) forward->recheck(i0 + i, static_cast<std::uint32_t>(j0 + j), state);
        }
    }
    if (backward == nullptr) return;
    for (std::size_t j = 0; j < cols; ++j) {
        if (state.reach[j] == 0) continue;
        backward->beaten(j0 + j, static_cast<std::uint32_t>(state.above[j]));
        if (state.above[j] == state.reach[j]) continue;
        for (std::size_t i = 0; i < rows; ++i) {
            const float s = state.scores[i * kTileCols + j];
            if (s >= columns.low[j] && s <= columns.high[j]) {
                backward->recheck(j0 + j, static_cast<std::uint32_t>(i0 + i), state);
            }
        }
    }
}

std::size_t ceilDivide(std::size_t a, std::size_t b) {
    return (a + b - 1) / b;
}

}  // namespace

void exactRow(const RowSource& source, std::size_t row, double* out) {
    if (source.exact) source.exact(row, out);
    else std::copy_n(source.rows.row(row), source.rows.cols, out);
}

PairRanks rankPairs(const RowSource& first, const RowSource& second, const PairList& pairs, Directions directions,
                    const std::string& name, const JobContext& job) {
    checkInput(first, second, pairs, name);
    job.checkStop();
    const std::size_t width = first.rows.cols, rows = first.rows.rows, cols = second.rows.rows;
    const auto stats_first = score::measureSide(first.rows, name + " first side", job);
    const auto stats_second = score::measureSide(second.rows, name + " second side", job);
    // |<x, y> - <x', y'>| <= |x - x'| |y| + |x'| |y - y'| for rounded rows x, y and exact rows x', y'.
    const double error_first = first.exact ? first.error : 0, error_second = second.exact ? second.error : 0;
    const double exact_error = error_first * stats_second.length +
                               (stats_first.length + error_first) * error_second * (1 + 1e-9) +
                               static_cast<double>(width + 8) * 0x1p-50;
    const double decided = score::approximateBound(stats_first, stats_second, width);
    const auto inverse = static_cast<float>(1 / (stats_first.scale * stats_second.scale));

    std::unique_ptr<Direction> forward, backward;
    if (directions != Directions::Backward) {
        forward = std::make_unique<Direction>(first, second, pairs, 0, decided, exact_error);
    }
    if (directions != Directions::Forward) {
        backward = std::make_unique<Direction>(first, second, pairs, 1, decided, exact_error);
    }

    const std::size_t panel = score::panelValues(width, score::kColPanel);
    const std::size_t block_cols =
        std::max<std::size_t>(1, kPackedBytes / (panel / score::kColPanel * 2) / kUnitCols) * kUnitCols;
    const std::size_t row_blocks = ceilDivide(rows, kTileRows);
    ProgressMeter meter(job, "ranks of " + name, "scores", static_cast<std::uint64_t>(rows) * cols);
    std::atomic<std::uint64_t> done{0}, rechecked{0}, resolved{0};
    FirstError failure;
    score::Packed packed;
    for (std::size_t start = 0; start < cols; start += block_cols) {
        const std::size_t count = std::min(block_cols, cols - start);
        const std::size_t panels = ceilDivide(count, score::kColPanel);
        const std::size_t units = ceilDivide(count, kUnitCols);
        packed.resize(panels * panel);
#pragma omp parallel
        {
            std::unique_ptr<ThreadState> state;
            failure.guard([&] {
                state = std::make_unique<ThreadState>(first, second);
                state->packed.resize(kTileRows / score::kRowPanel * score::panelValues(width, score::kRowPanel));
            });
#pragma omp for schedule(dynamic, 8)
            for (std::size_t p = 0; p < panels; ++p) {
                if (failure.any() || job.stopRequested()) continue;
                const std::size_t from = p * score::kColPanel;
                score::pack(second.rows, start + from, std::min(score::kColPanel, count - from), stats_second.scale,
                            score::kColPanel, packed.data() + p * panel);
            }
#pragma omp for schedule(dynamic)
            for (std::size_t unit = 0; unit < row_blocks * units; ++unit) {
                if (failure.any() || job.stopRequested()) continue;
                failure.guard([&] {
                    const std::size_t i0 = unit / units * kTileRows, from = unit % units * kUnitCols;
                    const std::size_t tile_rows = std::min(kTileRows, rows - i0);
                    const std::size_t to = std::min(count, from + kUnitCols);
                    score::pack(first.rows, i0, tile_rows, stats_first.scale, score::kRowPanel, state->packed.data());
                    for (std::size_t j = from; j < to && !job.stopRequested(); j += kTileCols) {
                        const std::size_t tile_cols = std::min(kTileCols, to - j);
                        score::scoreTile(state->packed.data(), ceilDivide(tile_rows, score::kRowPanel),
                                         packed.data() + j / score::kColPanel * panel,
                                         ceilDivide(tile_cols, score::kColPanel), width, inverse, state->scores.data(),
                                         kTileCols);
                        countTile(i0, tile_rows, start + j, tile_cols, forward.get(), backward.get(), *state);
                    }
                    done.fetch_add(tile_rows * (to - from), std::memory_order_relaxed);
                    if (omp_get_thread_num() == 0) meter.set(done.load(std::memory_order_relaxed));
                });
            }
            if (state) {
                rechecked += state->rechecked;
                resolved += state->resolved;
            }
        }
        failure.rethrow();
        job.checkStop();
    }
    meter.set(done);
    PairRanks out;
    if (forward) out.forward = forward->finish();
    if (backward) out.backward = backward->finish();
    out.rechecked = rechecked;
    out.resolved = resolved;
    out.length_error = std::max(stats_first.length_error, stats_second.length_error);
    return out;
}

namespace {

constexpr std::size_t kReferenceQueries = 32;  // whose scores are in memory at once, for each thread

QueryRank rankReference(std::span<const double> scores, const std::vector<std::uint32_t>& positives) {
    std::vector<char> positive(scores.size(), 0);
    for (const auto p : positives) positive[p] = 1;
    double best = -2;
    for (std::size_t c = 0; c < scores.size(); ++c) {
        if (positive[c]) best = std::max(best, scores[c]);
    }
    QueryRank rank;
    rank.tied_positives = 0;
    bool own_seen = false;
    for (std::size_t c = 0; c < scores.size(); ++c) {
        const bool tied = std::fabs(scores[c] - best) <= kTieTolerance;
        if (positive[c]) {
            ++rank.positives;
            if (tied) ++rank.tied_positives;
            own_seen = own_seen || tied;
        } else if (tied) {
            ++rank.tied;
            if (!own_seen) ++rank.tied_before;
        } else if (scores[c] > best) {
            ++rank.beaten_by;
        }
    }
    if (rank.tied == 0) rank.tied_positives = 1;
    return rank;
}

}  // namespace

PairRanks rankPairsReference(const RowSource& first, const RowSource& second, const PairList& pairs,
                             Directions directions, const JobContext& job) {
    checkInput(first, second, pairs, "reference");
    const std::size_t width = first.rows.cols;
    const auto exactRows = [width](const RowSource& side) {
        std::vector<double> out(side.rows.rows * width);
        for (std::size_t i = 0; i < side.rows.rows; ++i) exactRow(side, i, out.data() + i * width);
        return out;
    };
    const std::vector<double> x = exactRows(first), y = exactRows(second);
    double length_error = 0;
    for (const auto* side : {&x, &y}) {
        for (std::size_t i = 0; i + width <= side->size(); i += width) {
            double sum = 0;
            for (std::size_t k = 0; k < width; ++k) sum += (*side)[i + k] * (*side)[i + k];
            length_error = std::max(length_error, std::fabs(std::sqrt(sum) - 1));
        }
    }

    const auto rankAll = [&](const std::vector<double>& from, std::size_t queries, const std::vector<double>& to,
                             std::size_t candidates, std::size_t side) {
        std::vector<std::vector<std::uint32_t>> positives(queries);
        for (const auto& pair : pairs) positives[pair[side]].push_back(pair[1 - side]);
        std::vector<QueryRank> ranks(queries);
        FirstError failure;
#pragma omp parallel for schedule(dynamic)
        for (std::size_t first_query = 0; first_query < queries; first_query += kReferenceQueries) {
            if (job.stopRequested() || failure.any()) continue;
            failure.guard([&] {
                const std::size_t count = std::min(kReferenceQueries, queries - first_query);
                std::vector<double> scores(count * candidates);
                cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(count),
                            static_cast<int>(candidates), static_cast<int>(width), 1, from.data() + first_query * width,
                            static_cast<int>(width), to.data(), static_cast<int>(width), 0, scores.data(),
                            static_cast<int>(candidates));
                for (std::size_t q = first_query; q < first_query + count; ++q) {
                    if (!positives[q].empty())
                        ranks[q] =
                            rankReference({scores.data() + (q - first_query) * candidates, candidates}, positives[q]);
                }
            });
        }
        failure.rethrow();
        job.checkStop();
        return ranks;
    };
    PairRanks out;
    out.length_error = length_error;
    if (directions != Directions::Backward) out.forward = rankAll(x, first.rows.rows, y, second.rows.rows, 0);
    if (directions != Directions::Forward) out.backward = rankAll(y, second.rows.rows, x, first.rows.rows, 1);
    return out;
}

}  // namespace engine
