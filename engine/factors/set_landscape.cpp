// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/set_landscape.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <limits>
#include <new>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/first_error.h"
#include "engine/eval/score_kernel.h"

namespace engine {

namespace {

constexpr std::size_t kTaskQueries = 1024;     // open queries that one thread takes at a time
constexpr std::uint64_t kManyEntries = 12000;  // below it a second thread costs more than it brings
constexpr std::size_t kCloseUpDims = 2;        // factors from which closer looks are taken
constexpr std::size_t kCloseUpParts = 8;       // of a leaf along each factor
// Questions before it is worth making: a gathered leaf costs one more, a cut some five that it would save.
constexpr std::uint32_t kAskedToGather = 1, kAskedToCut = 3;

// Open queries of each leaf as they are found, by one thread. Entries count within the query's own pairs.
struct LeafBuffer {
    std::vector<OpenQuery> open;
    std::vector<std::uint32_t> entries;
};

struct ThreadBuffers {
    std::vector<LeafBuffer> leaves;
    std::vector<float> pairs;  // of the queries that this thread had
    std::unique_ptr<QueryCutter> cutter;
    std::vector<LeafPart> parts;
    std::vector<std::uint32_t> place;  // of each of a query's entries among its pairs
};

// Cuts every query as it is sorted out, and keeps exact products of what stays open.
class CellBuilder {
public:
    CellBuilder(const FactorGrid& grid, const SideTables& queries, const SideTables& candidates)
        : queries_(queries.side()),
          candidates_(candidates.side()),
          leaves_(grid.leaves()),
          record_(1 + queries_.atoms() * candidates_.atoms()) {
        buffers_.resize(static_cast<std::size_t>(omp_get_max_threads()));
        sure_of_.assign(leaves_ * queries_.items(), 0);
        pairs_.resize(queries_.items());
        for (auto& b : buffers_) {
            b.leaves.resize(leaves_);
            b.cutter = std::make_unique<QueryCutter>(grid, queries, candidates);
        }
    }

    void add(const QueryEntries& query, int thread) {
        constexpr std::uint32_t kNone = ~0u;
        ThreadBuffers& b = buffers_[static_cast<std::size_t>(thread)];
        b.parts.clear();
        b.cutter->cut(query, b.parts, sure_of_.data() + query.query, queries_.items());
        b.place.assign(query.count, kNone);
        QueryPairs& pairs = pairs_[query.query];
        pairs.thread = thread;
        pairs.first = b.pairs.size() / record_;
        for (const auto& part : b.parts) {
            LeafBuffer& leaf = b.leaves[part.leaf];
            leaf.open.push_back(
                {query.query, static_cast<std::uint32_t>(leaf.entries.size()), part.positives, part.beaten});
            for (const std::uint32_t e : part.entries) {
                if (b.place[e] == kNone) {
                    b.place[e] = static_cast<std::uint32_t>(b.pairs.size() / record_ - pairs.first);
                    addPair(query.query, query.items[e], b);
                }
                leaf.entries.push_back(b.place[e]);
            }
        }
        pairs.count = b.pairs.size() / record_ - pairs.first;
    }

    // By leaf, then by query, whatever thread found it.
    DirectionCells finish() {
        std::vector<std::uint64_t> first_pair(queries_.items() + 1, 0);
        for (std::size_t q = 0; q < queries_.items(); ++q) first_pair[q + 1] = first_pair[q] + pairs_[q].count;
        ENGINE_CHECK(first_pair.back() < ~0u, "more open pairs than an index can tell apart");
        std::vector<float> all_pairs(first_pair.back() * record_);
#pragma omp parallel for schedule(static)
        for (std::size_t q = 0; q < queries_.items(); ++q) {
            const QueryPairs& pairs = pairs_[q];
            if (pairs.count == 0) continue;
            const ThreadBuffers& from = buffers_[static_cast<std::size_t>(pairs.thread)];
            std::copy_n(from.pairs.data() + pairs.first * record_, pairs.count * record_,
                        all_pairs.data() + first_pair[q] * record_);
        }
        std::vector<std::uint64_t> open_at(leaves_ + 1, 0), entries_at(leaves_ + 1, 0);
        for (std::size_t l = 0; l < leaves_; ++l) {
            open_at[l + 1] = open_at[l];
            entries_at[l + 1] = entries_at[l];
            for (const auto& b : buffers_) {
                open_at[l + 1] += b.leaves[l].open.size();
                entries_at[l + 1] += b.leaves[l].entries.size();
            }
        }
        std::vector<OpenQuery> open(open_at.back());
        std::vector<std::uint32_t> entries(entries_at.back()), sure(leaves_ * kHitPlaces.size(), 0);
        FirstError failure;
        const auto collect = [&](std::size_t l) {
            for (std::size_t q = 0; q < queries_.items(); ++q) {
                const std::uint8_t bits = sure_of_[l * queries_.items() + q];
                for (std::size_t k = 0; k < kHitPlaces.size(); ++k) sure[l * kHitPlaces.size() + k] += bits >> k & 1;
            }
            std::vector<std::pair<const LeafBuffer*, std::size_t>> order;
            for (const auto& b : buffers_) {
                for (std::size_t q = 0; q < b.leaves[l].open.size(); ++q) order.emplace_back(&b.leaves[l], q);
            }
            std::sort(order.begin(), order.end(), [](const auto& x, const auto& y) {
                return x.first->open[x.second].query < y.first->open[y.second].query;
            });
            std::uint64_t at = entries_at[l];
            for (std::size_t q = 0; q < order.size(); ++q) {
                const LeafBuffer& from = *order[q].first;
                const std::size_t i = order[q].second, begin = from.open[i].first_entry;
                const std::size_t end = i + 1 < from.open.size() ? from.open[i + 1].first_entry : from.entries.size();
                OpenQuery record = from.open[i];
                record.first_entry = static_cast<std::uint32_t>(at - entries_at[l]);
                open[open_at[l] + q] = record;
                const auto base = static_cast<std::uint32_t>(first_pair[record.query]);
                for (std::size_t e = begin; e < end; ++e) entries[at++] = base + from.entries[e];
            }
            for (auto& b : buffers_) b.leaves[l] = {};
        };
#pragma omp parallel for schedule(dynamic, 1)
        for (std::size_t l = 0; l < leaves_; ++l) failure.guard([&] { collect(l); });
        failure.rethrow();
        DirectionCells out;
        out.products = record_ - 1;
        out.sure = Array<std::uint32_t>(std::move(sure));
        out.sure_of = Array<std::uint8_t>(std::move(sure_of_));
        out.open_at = Array<std::uint64_t>(std::move(open_at));
        out.entries_at = Array<std::uint64_t>(std::move(entries_at));
        out.open = Array<OpenQuery>(std::move(open));
        out.entries = Array<std::uint32_t>(std::move(entries));
        out.pairs = Array<float>(std::move(all_pairs));
        return out;
    }

private:
    struct QueryPairs {
        std::size_t first = 0, count = 0;
        int thread = 0;
    };

    void addPair(std::size_t query, std::uint32_t item, ThreadBuffers& b) {
        b.pairs.push_back(std::bit_cast<float>(item));
        for (std::size_t i = 0; i < queries_.atoms(); ++i) {
            for (std::size_t j = 0; j < candidates_.atoms(); ++j) {
                b.pairs.push_back(static_cast<float>(
                    score::dot(queries_.atom(i).row(query), candidates_.atom(j).row(item), queries_.width())));
            }
        }
    }

    const BlendSide& queries_;
    const BlendSide& candidates_;
    std::size_t leaves_, record_;  // floats of one pair
    std::vector<ThreadBuffers> buffers_;
    std::vector<QueryPairs> pairs_;
    std::vector<std::uint8_t> sure_of_;  // a query's own bytes are written by the thread that has the query
};

bool sharesFactor(const BlendSide& a, const BlendSide& b) {
    return std::any_of(a.dims().begin(), a.dims().end(),
                       [&](std::size_t d) { return std::find(b.dims().begin(), b.dims().end(), d) != b.dims().end(); });
}

}  // namespace

std::shared_ptr<const SetLandscape> SetLandscape::build(LandscapeRequest request, const JobContext& job) {
    for (;;) {
        try {
            const std::shared_ptr<SetLandscape> made(new SetLandscape(request));
            made->make(job);
            return made;
        } catch (const std::bad_alloc&) {
            const std::string& name = request.set.set.name;
            if (request.tile / 2 < kLeastTile) {
                throw Error(ErrorCode::NoSpace, name,
                            "the machine has no memory left to build the landscape, not even with blocks of " +
                                std::to_string(request.tile) + " queries",
                            "close other programs, or lower --memory-gib so that a sample of the queries is taken");
            }
            request.tile /= 2;
            job.log("landscape of " + name + ": no memory left; trying again with blocks of " +
                    std::to_string(request.tile) + " queries");
        } catch (const Error& error) {
            if (error.code() != ErrorCode::Device) throw;
            job.log("landscape of " + request.set.set.name + ": " + error.where() + ": " + error.message() +
                    "; it is built on the CPU");
            request.open_device = nullptr;
        }
    }
}

SetLandscape::SetLandscape(LandscapeRequest request) : request_(std::move(request)), grid_(request_.grid()) {
    ENGINE_CHECK(grid_.dims() <= kMostDims, "more factors than a landscape has room for");
    ENGINE_CHECK(request_.set.set.kind != SetKind::MultiLabel, "sets of several labels have no cells");
    if (grid_.dims() >= kCloseUpDims && request_.close_up_bytes != 0)
        close_ups_ = std::make_unique<CloseUpCache>(request_.close_up_bytes);
}

void SetLandscape::make(const JobContext& job) {
    const std::string name = "landscape of " + request_.set.set.name;
    using Clock = std::chrono::steady_clock;
    auto since = Clock::now();
    // Adds the time since it was last called.
    const auto spend = [&since](double& on) {
        const auto now = Clock::now();
        on += std::chrono::duration<double>(now - since).count();
        since = now;
    };
    first_ = std::make_unique<BlendSide>(request_.set.first, request_.first, request_.first_dims, job);
    second_ = std::make_unique<BlendSide>(request_.set.second, request_.second, request_.second_dims, job);
    const bool shared = sharesFactor(*first_, *second_);
    std::array<PositiveLists, 2> positives_of;  // [forward]
    std::uint64_t pairs = 0;
    for (const bool forward : {true, false}) {
        if (!forward && !request_.backward) continue;
        const BlendSide& queries = forward ? *first_ : *second_;
        PositiveLists& positives = positives_of[forward];
        positives = positivesOf(request_.set.set.pairs, queries.items(), !forward);
        for (std::size_t q = 0; q < queries.items(); ++q)
            if (positives.offset[q + 1] != positives.offset[q]) pairs += (forward ? *second_ : *first_).items();
    }
    const std::unique_ptr<SiftDevice> device = request_.open_device ? request_.open_device() : nullptr;
    built_on_ = device ? device->name() : "cpu";
    ProgressMeter meter(job, name, "pairs", pairs);
    for (const bool forward : {true, false}) {
        if (!forward && !request_.backward) continue;
        const BlendSide& queries = forward ? *first_ : *second_;
        const BlendSide& candidates = forward ? *second_ : *first_;
        const SideTables q(queries, grid_, SideTables::Part::Query, shared, job);
        const SideTables c(candidates, grid_, SideTables::Part::Candidate, shared, job, shared ? &q : nullptr);
        const PositiveLists& positives = positives_of[forward];
        spend(seconds_.rows);
        CellBuilder builder(grid_, q, c);
        (forward ? forward_survivors_ : backward_survivors_) = sortOut(
            q, c, grid_, positives, request_.tile, request_.memory_bytes - std::min(bytes(), request_.memory_bytes),
            [&](const QueryEntries& entries, int thread) { builder.add(entries, thread); }, device.get(), meter, job);
        DirectionCells cells = builder.finish();
        for (std::size_t i = 0; i < queries.items(); ++i) {
            positives.offset[i] == positives.offset[i + 1] ? ++cells.left_out : ++cells.queries;
        }
        cells.candidates = static_cast<std::uint32_t>(candidates.items());
        cells.positives_per_query = cells.queries == 0 ? 0 : static_cast<double>(positives.rows.size()) / cells.queries;
        (forward ? forward_ : backward_) = std::move(cells);
        spend(seconds_.queries);
        requireMemory(bytes(), request_.memory_bytes, name);
    }
    meter.finish();
}

std::uint64_t SetLandscape::bytes() const {
    return forward_.bytes() + backward_.bytes() + forward_survivors_.bytes() + backward_survivors_.bytes();
}

// What is asked for once is counted as it lies; made is what is asked for again. A caller's own parallel region makes
// it in place, for all threads work there anyway (a sweep); else it is made behind, and used from then on.
std::shared_ptr<const CloseUpPair> SetLandscape::closeUpAt(std::size_t leaf, const double* point) const {
    if (!close_ups_ || !close_ups_->hasRoomFor(gatheredBytes(leaf))) return nullptr;
    const Part part = partAt(leaf, point);
    std::uint32_t asked_part = 0, asked_leaf = 0;
    if (part.inside && !sharesFactor(*first_, *second_)) {
        if (auto found = close_ups_->find(part.key, asked_part)) return found;
    }
    auto whole = close_ups_->find(part.leaf_key, asked_leaf);
    if (!whole && asked_leaf >= kAskedToGather) {
        makeCloseUp(part.leaf_key, [this, leaf](bool forward) {
            return closeUpOfLeaf(cells(forward), leaf, (forward ? *second_ : *first_).items());
        });
        if (omp_in_parallel()) whole = close_ups_->find(part.leaf_key, asked_leaf);
    }
    if (!whole || asked_part < kAskedToCut) return whole;
    makeCloseUp(part.key, [this, whole, cell = part.cell](bool forward) {
        return cutCloseUp(forward ? whole->forward : whole->backward, forward ? *first_ : *second_,
                          forward ? *second_ : *first_, cell);
    });
    auto cut = omp_in_parallel() ? close_ups_->find(part.key, asked_part) : nullptr;
    return cut ? cut : whole;
}

std::uint64_t SetLandscape::gatheredBytes(std::size_t leaf) const {
    std::uint64_t out = 0;
    for (const DirectionCells* cells : {&forward_, &backward_}) {
        if (cells->open_at.size() == 0) continue;
        out += (cells->entries_at[leaf + 1] - cells->entries_at[leaf]) * (1 + cells->products) * sizeof(float);
    }
    return out;
}

SetLandscape::Part SetLandscape::partAt(std::size_t leaf, const double* point) const {
    const std::size_t along = grid_.leavesAlong() * kCloseUpParts;
    std::size_t place[kMostDims];
    grid_.placeOf(point, along, place);
    Part out{leaf, 0, 0, {}, true};
    std::uint64_t parts = 1, number = 0;
    for (std::size_t d = 0; d < grid_.dims(); ++d) {
        out.cell.low[d] = grid_.border(d, place[d], along);
        out.cell.high[d] = grid_.border(d, place[d] + 1, along);
        out.inside = out.inside && point[d] >= out.cell.low[d] && point[d] <= out.cell.high[d];
        number = number * kCloseUpParts + place[d] % kCloseUpParts;
        parts *= kCloseUpParts;
    }
    out.leaf_key = leaf * (parts + 1);
    out.key = out.leaf_key + 1 + number;
    return out;
}

void SetLandscape::lookAhead(const double* point, double step) const {
    if (!close_ups_ || sharesFactor(*first_, *second_)) return;
    std::array<double, kMostDims> from{};
    std::copy_n(point, grid_.dims(), from.begin());
    CloseUpMaker::instance().addAhead(this, [self = shared_from_this(), from, step](std::size_t i) {
        const FactorGrid& grid = self->grid_;
        std::array<double, kMostDims> at = from;
        if (i > 0) {
            const std::size_t d = (i - 1) / 2;
            at[d] = std::clamp(at[d] + ((i - 1) % 2 == 0 ? step : -step), grid.low[d], grid.high[d]);
        }
        self->cutAhead(self->partAt(grid.leafOf(at.data()), at.data()));
        return i < 2 * grid.dims();
    });
}

void SetLandscape::cutAhead(const Part& part) const {
    if (!part.inside || !close_ups_->hasRoomFor(gatheredBytes(part.leaf)) || close_ups_->peek(part.key)) return;
    try {
        auto whole = close_ups_->peek(part.leaf_key);
        if (!whole && gathered_.leaf == part.leaf) whole = gathered_.whole;
        if (!whole) {
            gathered_ = {};  // the old one goes first
            CloseUpPair made;
            for (const bool forward : {true, false})
                (forward ? made.forward : made.backward) =
                    closeUpOfLeaf(cells(forward), part.leaf, (forward ? *second_ : *first_).items());
            whole = std::make_shared<const CloseUpPair>(std::move(made));
            gathered_ = {part.leaf, whole};
            close_ups_->setAside(whole->bytes());
        }
        CloseUpPair pair;
        pair.forward = cutCloseUp(whole->forward, *first_, *second_, part.cell);
        pair.backward = cutCloseUp(whole->backward, *second_, *first_, part.cell);
        close_ups_->keepAhead(part.key, std::make_shared<const CloseUpPair>(std::move(pair)));
    } catch (const std::bad_alloc&) {
        // Questions go on with what there is.
    }
}

void SetLandscape::makeCloseUp(std::uint64_t key, std::function<CloseUp(bool forward)> make) const {
    if (!close_ups_->claim(key)) return;
    auto task = [self = shared_from_this(), key, make = std::move(make)] {
        try {
            CloseUpPair pair;
            pair.forward = make(true);
            pair.backward = make(false);
            self->close_ups_->keep(key, std::move(pair));
        } catch (const std::bad_alloc&) {
            // Questions go on with what there is.
        }
    };
    if (omp_in_parallel()) task();
    else if (!CloseUpMaker::instance().add(std::move(task))) close_ups_->release(key);
}

void SetLandscape::finishCloseUps() {
    CloseUpMaker::instance().wait();
}

SetPoint SetLandscape::at(const double* point, TieRule ties) const {
    const std::size_t leaf = grid_.leafOf(point);
    const auto close = closeUpAt(leaf, point);
    const BlendWeights first = request_.firstAt(point), second = request_.secondAt(point);
    const ExactRows exact(request_.set, first, second);
    SetPoint out;
    struct Task {
        bool forward;
        std::size_t begin, end;
    };
    std::vector<Task> tasks;
    std::array<std::vector<double>, 2> tables;
    std::array<OpenView, 2> views;
    std::uint64_t entries = 0;
    for (const bool forward : {true, false}) {
        const DirectionCells& cells = forward ? forward_ : backward_;
        if (cells.open_at.size() == 0) continue;
        DirectionPoint& to = forward ? out.forward : out.backward;
        to.queries = cells.queries;
        const CloseUp* closer = !close ? nullptr : forward ? &close->forward : &close->backward;
        const std::uint32_t* sure = closer ? closer->sure.data() : cells.sure.data() + leaf * kHitPlaces.size();
        for (std::size_t k = 0; k < kHitPlaces.size(); ++k) to.count.hits[k] = sure[k];
        const OpenView view = views[forward] = closer ? closer->view() : cells.view(leaf);
        const BlendSide& candidates = forward ? *second_ : *first_;
        if (closer) tables[forward] = weightTable(candidates, point, view.items, view.item_count);
        else if (view.entries > candidates.items()) tables[forward] = weightTable(candidates, point);
        entries += view.entries;
        for (std::size_t q = 0; q < view.queries; q += kTaskQueries)
            tasks.push_back({forward, q, std::min(q + kTaskQueries, view.queries)});
    }
    std::vector<HitCount> counts(tasks.size());
    FirstError failure;
    // Reductions of floats would depend on the threads: counts are kept apart and added in order.
#pragma omp parallel for schedule(dynamic, 1) if (entries > kManyEntries)
    for (std::size_t t = 0; t < tasks.size(); ++t) {
        const Task& task = tasks[t];
        failure.guard([&] {
            const auto& table = tables[task.forward];
            counts[t] = countOpen(views[task.forward], task.begin, task.end, task.forward ? *first_ : *second_,
                                  task.forward ? *second_ : *first_, point, table.empty() ? nullptr : table.data(),
                                  exact, !task.forward, ties);
        });
    }
    failure.rethrow();
    for (std::size_t t = 0; t < tasks.size(); ++t) (tasks[t].forward ? out.forward : out.backward).count += counts[t];
    return out;
}

std::vector<std::array<float, kHitPlaces.size()>> SetLandscape::hits(const double* point, bool forward,
                                                                     TieRule ties) const {
    const DirectionCells& of = cells(forward);
    const BlendSide& queries = forward ? *first_ : *second_;
    const BlendSide& candidates = forward ? *second_ : *first_;
    const std::size_t leaf = grid_.leafOf(point), n = queries.items();
    std::vector<std::array<float, kHitPlaces.size()>> out(n);
    if (of.open_at.size() == 0) return out;
    for (std::size_t q = 0; q < n; ++q) {
        const std::uint8_t bits = of.sure_of[leaf * n + q];
        for (std::size_t k = 0; k < kHitPlaces.size(); ++k) out[q][k] = static_cast<float>(bits >> k & 1);
    }
    const BlendWeights first = request_.firstAt(point), second = request_.secondAt(point);
    const ExactRows exact(request_.set, first, second);
    const OpenView view = of.view(leaf);
    countOpen(view, 0, view.queries, queries, candidates, point, nullptr, exact, !forward, ties, &out);
    return out;
}

std::vector<QueryRank> SetLandscape::ranks(const double* point, bool forward) const {
    const BlendSide& queries = forward ? *first_ : *second_;
    const BlendSide& candidates = forward ? *second_ : *first_;
    const Survivors& left = survivors(forward);
    const BlendWeights first = request_.firstAt(point), second = request_.secondAt(point);
    const ExactRows exact(request_.set, first, second);
    const std::size_t qa = queries.atoms(), ca = candidates.atoms();
    std::vector<QueryRank> out(left.positives.size());
    const std::vector<double> weights = weightTable(candidates, point);
    FirstError failure;
#pragma omp parallel for schedule(dynamic, 16)
    for (std::size_t q = 0; q < out.size(); ++q) {
        const QueryEntries query = left.entries(q);
        if (query.positives == 0) continue;
        double a[kMostAtoms];
        queries.direction(q, point, a);
        const double doubt = left.product_error * std::accumulate(a, a + qa, 0.0);
        failure.guard([&] {
            std::vector<ScoredEntry> entries(query.count);
            for (std::size_t e = 0; e < query.count; ++e) {
                const double* b = weights.data() + query.items[e] * (ca + 1);
                double score = 0;
                for (std::size_t j = 0; j < ca; ++j) {
                    double v = 0;
                    for (std::size_t i = 0; i < qa; ++i)
                        v += a[i] * static_cast<double>(query.products[(i * ca + j) * query.count + e]);
                    score += b[j] * v;
                }
                entries[e] = {score, doubt * b[ca], query.items[e]};
            }
            bool in_doubt = false;
            out[q] = rankEntries(entries, query.positives, query.query, query.always, true, candidates, exact, !forward,
                                 in_doubt);
        });
    }
    failure.rethrow();
    return out;
}

}  // namespace engine
