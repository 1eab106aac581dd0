// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/close_up.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

namespace engine {

namespace {

constexpr std::uint64_t kSlotBytes = 160;  // of a slot without a close-up
constexpr std::size_t kMostWaiting = 64;   // tasks
constexpr std::uint32_t kLastPlace = kHitPlaces.back();
constexpr std::uint32_t kNone = ~0u;

// Numbers rows in the order in which they are met.
class RowNumbers {
public:
    RowNumbers(std::size_t rows, std::vector<std::uint32_t>& met) : number_(rows, kNone), met_(met) {}
    std::uint32_t of(std::uint32_t row) {
        std::uint32_t& n = number_[row];
        if (n == kNone) {
            n = static_cast<std::uint32_t>(met_.size());
            met_.push_back(row);
        }
        return n;
    }

private:
    std::vector<std::uint32_t> number_;
    std::vector<std::uint32_t>& met_;
};

// One side's corners of a cell; the other factors stay where they are.
class Corners {
public:
    Corners(const BlendSide& side, const FactorCell& cell, BlendSide::Part part)
        : side_(side), cell_(cell), part_(part), points_(std::size_t{1} << side.dims().size(), cell.low) {
        for (std::size_t c = 0; c < points_.size(); ++c) {
            for (std::size_t l = 0; l < side.dims().size(); ++l) {
                const std::size_t d = side.dims()[l];
                if (c >> l & 1) points_[c][d] = cell.high[d];
            }
            levels_.push_back(side.level(points_[c].data(), part));
        }
        if (!side.hasWeights()) side.boundAll(cell.low.data(), cell.high.data(), part, error_of_all_);
    }
    std::size_t count() const { return points_.size(); }
    // Levelled weights [atom][corner]; their error from the interpolation between the corners, and the most that they
    // are in the cell, [atom]. Gives the sum of the last.
    double take(std::size_t item, double* weights, double* error, double* most) const {
        const std::size_t n = side_.atoms();
        std::fill_n(most, n, 0.0);
        for (std::size_t c = 0; c < points_.size(); ++c) {
            double b[kMostAtoms];
            if (part_ == BlendSide::Part::Direction) side_.direction(item, points_[c].data(), b);
            else if (!side_.weights(item, points_[c].data(), b)) std::fill_n(b, n, 0.0);  // without bounds there
            for (std::size_t j = 0; j < n; ++j) {
                const double w = b[j] * levels_[c];
                weights[j * points_.size() + c] = w;
                most[j] = std::max(most[j], w);
            }
        }
        // Experts differ too much from item to item for one bound that holds for all.
        if (side_.hasWeights()) side_.bound(item, cell_.low.data(), cell_.high.data(), part_, true, error, nullptr);
        double sum = 0;
        for (std::size_t j = 0; j < n; ++j) {
            if (!side_.hasWeights()) error[j] = error_of_all_[j] * side_.inverseLength(item, j);
            sum += most[j] += error[j];
        }
        return sum;
    }

private:
    const BlendSide& side_;
    const FactorCell& cell_;
    const BlendSide::Part part_;
    std::vector<std::array<double, kMostDims>> points_;
    std::vector<double> levels_;
    double error_of_all_[kMostAtoms];
};

// One query within the cell: weights [atom][corner], and what Corners says of them.
struct CutQuery {
    std::size_t corners = 1;
    double weights[kMostAtoms << (kMostAtoms - 1)], error[kMostAtoms], most[kMostAtoms], sum = 0;
};

// What candidates are within a cell, side by side for each item.
struct CandidateTable {
    std::size_t atoms, corners, record;
    std::vector<double> values;  // [item]: weights [atom][corner], error [atom], most [atom], sum

    CandidateTable(const std::vector<std::uint32_t>& items, const BlendSide& side, const FactorCell& cell)
        : atoms(side.atoms()) {
        const Corners of(side, cell, BlendSide::Part::Weights);
        corners = of.count();
        record = atoms * (corners + 2) + 1;
        values.resize(items.size() * record);
        for (std::size_t i = 0; i < items.size(); ++i) {
            double* to = values.data() + i * record;
            to[record - 1] = of.take(items[i], to, to + atoms * corners, to + atoms * (corners + 1));
        }
    }
};

// Levelled scores of a query's entries at the cell's corners, [corner][entry] with the candidate's corners running
// fastest, and how far they can be from the interpolation between these. QA, CA: atoms, or 0 where it is not a usual
// number.
template <std::size_t QA, std::size_t CA, std::size_t CC>
void scoreCorners(const float* pairs, std::size_t n, std::size_t query_atoms, const CutQuery& query,
                  const CandidateTable& table, double* scores, double* slack) {
    const std::size_t qa = QA ? QA : query_atoms, ca = CA ? CA : table.atoms;
    const std::size_t pair_record = 1 + qa * ca;
    for (std::size_t e = 0; e < n; ++e) {
        const float* p = pairs + e * pair_record;
        const double* item = table.values.data() + std::bit_cast<std::uint32_t>(*p++) * table.record;
        for (std::size_t c = 0; c < query.corners; ++c) {
            double s[CC] = {};
            for (std::size_t j = 0; j < ca; ++j) {
                double v = 0;
                for (std::size_t i = 0; i < qa; ++i)
                    v += query.weights[i * query.corners + c] * static_cast<double>(p[i * ca + j]);
                for (std::size_t k = 0; k < CC; ++k) s[k] += v * item[j * CC + k];
            }
            for (std::size_t k = 0; k < CC; ++k) scores[(c * CC + k) * n + e] = s[k];
        }
        const double* error = item + ca * CC;
        const double* most = error + ca;
        double sum = kProductError * query.sum * item[table.record - 1];
        for (std::size_t i = 0; i < qa; ++i) {
            for (std::size_t j = 0; j < ca; ++j) {
                const double size = std::fabs(static_cast<double>(p[i * ca + j]));
                sum += size * (query.most[i] * error[j] + query.error[i] * most[j]);
            }
        }
        slack[e] = sum * (1 + 1e-9);
    }
}

using ScoreCorners = void (*)(const float*, std::size_t, std::size_t, const CutQuery&, const CandidateTable&, double*,
                              double*);
template <std::size_t CC>
ScoreCorners cornerScorer(std::size_t qa, std::size_t ca) {
    if (qa == 2 && ca == 3) return scoreCorners<2, 3, CC>;
    if (qa == 3 && ca == 2) return scoreCorners<3, 2, CC>;
    if (qa == 3 && ca == 3) return scoreCorners<3, 3, CC>;
    return scoreCorners<0, 0, CC>;
}
ScoreCorners cornerScorer(std::size_t qa, std::size_t ca, std::size_t corners) {
    switch (corners) {
        case 1:
            return cornerScorer<1>(qa, ca);
        case 2:
            return cornerScorer<2>(qa, ca);
        case 4:
            return cornerScorer<4>(qa, ca);
        case 8:
            return cornerScorer<8>(qa, ca);
        default:
            return cornerScorer<16>(qa, ca);
    }
}

// Cuts one query after another.
class Cutter {
public:
    Cutter(const CloseUp& from, const BlendSide& queries, const BlendSide& candidates, const FactorCell& cell)
        : from_(from),
          queries_(queries),
          corners_(queries, cell, BlendSide::Part::Direction),
          table_(from.items, candidates, cell),
          score_(cornerScorer(queries.atoms(), candidates.atoms(), table_.corners)),
          numbers_(from.items.size(), met_) {
        out_.products = from.products;
        out_.sure = from.sure;
    }

    CloseUp run() {
        for (std::size_t q = 0; q < from_.open.size(); ++q) cut(q);
        for (const std::uint32_t local : met_) out_.items.push_back(from_.items[local]);
        out_.pairs.shrink_to_fit();
        return std::move(out_);
    }

private:
    void cut(std::size_t q) {
        const OpenQuery& open = from_.open[q];
        const std::size_t end = q + 1 < from_.open.size() ? from_.open[q + 1].first_entry : from_.entries();
        const std::size_t n = end - open.first_entry, corners = corners_.count() * table_.corners;
        const float* pairs = from_.pairs.data() + open.first_entry * (1 + from_.products);
        query_.corners = corners_.count();
        query_.sum = corners_.take(open.query, query_.weights, query_.error, query_.most);
        scores_.resize(n * corners);
        slack_.resize(n);
        score_(pairs, n, queries_.atoms(), query_, table_, scores_.data(), slack_.data());
        decide(open, pairs, n, corners);
    }

    // As QueryCutter does.
    void decide(const OpenQuery& open, const float* pairs, std::size_t n, std::size_t corners) {
        std::size_t best = 0;
        double best_mean = -std::numeric_limits<double>::infinity(), top_slack = 0;
        double top[std::size_t{1} << kMostDims];
        std::fill_n(top, corners, -std::numeric_limits<double>::infinity());
        for (std::size_t e = 0; e < open.positives; ++e) {
            double mean = -slack_[e] * static_cast<double>(corners);
            for (std::size_t k = 0; k < corners; ++k) {
                mean += scores_[k * n + e];
                top[k] = std::max(top[k], scores_[k * n + e]);
            }
            top_slack = std::max(top_slack, slack_[e]);
            if (mean > best_mean) {
                best_mean = mean;
                best = e;
            }
        }
        highest_.assign(n, -std::numeric_limits<double>::infinity());
        lowest_.assign(n, std::numeric_limits<double>::infinity());
        for (std::size_t k = 0; k < corners; ++k) {
            const double* at = scores_.data() + k * n;
            const double of_best = at[best], of_top = top[k];
            double* highest = highest_.data();
            double* lowest = lowest_.data();
            for (std::size_t e = 0; e < n; ++e) {
                highest[e] = std::max(highest[e], at[e] - of_best);
                lowest[e] = std::min(lowest[e], at[e] - of_top);
            }
        }
        const double best_slack = slack_[best] + kDecided;
        top_slack += kDecided;
        left_.clear();
        std::uint32_t beaten = open.beaten, positives = 0;
        for (std::size_t e = 0; e < n && beaten < kLastPlace; ++e) {
            const bool loses = highest_[e] + slack_[e] + best_slack < 0;
            if (e < open.positives) {
                if (e != best && loses) continue;
                ++positives;
            } else {
                if (loses) continue;
                if (lowest_[e] - slack_[e] - top_slack > 0) {
                    ++beaten;
                    continue;
                }
            }
            left_.push_back(static_cast<std::uint32_t>(e));
        }
        const std::uint32_t may_beat = static_cast<std::uint32_t>(left_.size()) - positives;
        const bool undecided = std::any_of(kHitPlaces.begin(), kHitPlaces.end(),
                                           [&](std::uint32_t k) { return beaten < k && beaten + may_beat >= k; });
        if (!undecided) {
            for (std::size_t k = 0; k < kHitPlaces.size(); ++k) out_.sure[k] += beaten < kHitPlaces[k];
            return;
        }
        const std::size_t record = 1 + from_.products;
        out_.open.push_back({open.query, static_cast<std::uint32_t>(out_.entries()), positives, beaten});
        for (const std::uint32_t e : left_) {
            const float* pair = pairs + e * record;
            out_.pairs.push_back(std::bit_cast<float>(numbers_.of(std::bit_cast<std::uint32_t>(*pair))));
            out_.pairs.insert(out_.pairs.end(), pair + 1, pair + record);
        }
    }

    const CloseUp& from_;
    const BlendSide& queries_;
    const Corners corners_;
    const CandidateTable table_;
    const ScoreCorners score_;
    CutQuery query_;
    std::vector<double> scores_, slack_, highest_, lowest_;
    std::vector<std::uint32_t> left_, met_;
    RowNumbers numbers_;
    CloseUp out_;
};

}  // namespace

OpenView CloseUp::view() const {
    OpenView out;
    out.open = open.data();
    out.queries = open.size();
    out.entries = entries();
    out.pairs = pairs.data();
    out.products = products;
    out.items = items.data();
    out.item_count = items.size();
    return out;
}

std::uint64_t CloseUp::bytes() const {
    return open.capacity() * sizeof(OpenQuery) + (items.capacity() + pairs.capacity()) * 4;
}

CloseUp closeUpOfLeaf(const DirectionCells& cells, std::size_t leaf, std::size_t candidates) {
    CloseUp out;
    out.products = cells.products;
    if (cells.open_at.size() == 0) return out;
    const OpenView from = cells.view(leaf);
    for (std::size_t k = 0; k < kHitPlaces.size(); ++k) out.sure[k] = cells.sure[leaf * kHitPlaces.size() + k];
    out.open.assign(from.open, from.open + from.queries);
    out.pairs.resize(from.entries * (1 + from.products));
    RowNumbers numbers(candidates, out.items);
    float* to = out.pairs.data();
    for (std::size_t e = 0; e < from.entries; ++e, to += 1 + from.products) {
        if (e + kAhead < from.entries) from.fetch(e + kAhead);
        const float* pair = from.pair(e);
        *to = std::bit_cast<float>(numbers.of(std::bit_cast<std::uint32_t>(*pair)));
        std::copy_n(pair + 1, from.products, to + 1);
    }
    return out;
}

CloseUp cutCloseUp(const CloseUp& from, const BlendSide& queries, const BlendSide& candidates, const FactorCell& cell) {
    return Cutter(from, queries, candidates, cell).run();
}

std::shared_ptr<const CloseUpPair> CloseUpCache::find(std::uint64_t key, std::uint32_t& asked) {
    const std::lock_guard lock(mutex_);
    const auto found = at_.find(key);
    if (found != at_.end()) {
        slots_.splice(slots_.begin(), slots_, found->second);
        asked = slots_.front().asked++;
        return slots_.front().pair;
    }
    asked = 0;
    slots_.push_front({key, 1, false, nullptr, kSlotBytes});
    at_[key] = slots_.begin();
    bytes_ += kSlotBytes;
    trim();
    return nullptr;
}

bool CloseUpCache::claim(std::uint64_t key) {
    const std::lock_guard lock(mutex_);
    const auto found = at_.find(key);
    return found != at_.end() && !std::exchange(found->second->claimed, true);
}

void CloseUpCache::release(std::uint64_t key) {
    const std::lock_guard lock(mutex_);
    const auto found = at_.find(key);
    if (found != at_.end()) found->second->claimed = false;
}

void CloseUpCache::keep(std::uint64_t key, CloseUpPair made) {
    auto pair = std::make_shared<const CloseUpPair>(std::move(made));
    if (!hasRoomFor(pair->bytes())) return;
    const std::lock_guard lock(mutex_);
    const auto found = at_.find(key);
    if (found == at_.end() || found->second->pair) return;
    slots_.splice(slots_.begin(), slots_, found->second);
    fill(slots_.front(), std::move(pair));
}

std::shared_ptr<const CloseUpPair> CloseUpCache::peek(std::uint64_t key) const {
    const std::lock_guard lock(mutex_);
    const auto found = at_.find(key);
    return found != at_.end() ? found->second->pair : nullptr;
}

void CloseUpCache::keepAhead(std::uint64_t key, std::shared_ptr<const CloseUpPair> pair) {
    if (!hasRoomFor(pair->bytes())) return;
    const std::lock_guard lock(mutex_);
    const auto found = at_.find(key);
    if (found != at_.end()) {
        if (found->second->pair) return;
        slots_.splice(slots_.begin(), slots_, found->second);
    } else {
        slots_.push_front({key, 0, false, nullptr, kSlotBytes});
        at_[key] = slots_.begin();
        bytes_ += kSlotBytes;
    }
    slots_.front().claimed = true;
    fill(slots_.front(), std::move(pair));
}

void CloseUpCache::setAside(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    bytes_ += bytes - std::exchange(aside_, bytes);
    trim();
}

void CloseUpCache::fill(Slot& slot, std::shared_ptr<const CloseUpPair> pair) {
    const std::uint64_t bytes = pair->bytes();
    slot.pair = std::move(pair);
    slot.bytes += bytes;
    bytes_ += bytes;
    trim();
}

// Readers hold what they use.
void CloseUpCache::trim() {
    while (bytes_ > most_bytes_ && slots_.size() > 1) {
        bytes_ -= slots_.back().bytes;
        at_.erase(slots_.back().key);
        slots_.pop_back();
    }
}

std::uint64_t CloseUpCache::bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

CloseUpMaker& CloseUpMaker::instance() {
    static CloseUpMaker maker;
    return maker;
}

CloseUpMaker::~CloseUpMaker() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
        tasks_.clear();
        ahead_.clear();
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

bool CloseUpMaker::add(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    if (stop_ || tasks_.size() >= kMostWaiting) return false;
    tasks_.push_back(std::move(task));
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    changed_.notify_all();
    return true;
}

void CloseUpMaker::addAhead(const void* owner, std::function<bool(std::size_t)> piece) {
    const std::lock_guard lock(mutex_);
    if (stop_) return;
    ahead_[owner] = {std::move(piece), 0, ++round_};
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    changed_.notify_all();
}

void CloseUpMaker::wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stop_ || (tasks_.empty() && ahead_.empty() && !busy_); });
}

void CloseUpMaker::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return stop_ || !tasks_.empty() || !ahead_.empty(); });
        if (stop_) return;
        if (tasks_.empty()) {
            // A piece at a time: what is asked meanwhile comes first. All owners in turn.
            auto at = ahead_.begin();
            for (auto it = ahead_.begin(); it != ahead_.end(); ++it) {
                if (it->second.next < at->second.next) at = it;
            }
            const void* owner = at->first;
            const std::uint64_t round = at->second.round;
            auto piece = at->second.piece;
            const std::size_t i = at->second.next++;
            busy_ = true;
            lock.unlock();
            const bool more = piece(i);
            piece = nullptr;  // it may be the last that keeps a landscape, which goes without the lock
            lock.lock();
            const auto found = ahead_.find(owner);
            std::function<bool(std::size_t)> done;
            if (!more && found != ahead_.end() && found->second.round == round) {
                done = std::move(found->second.piece);
                ahead_.erase(found);
            }
            lock.unlock();
            done = nullptr;
        } else {
            const auto task = std::move(tasks_.back());
            tasks_.pop_back();
            busy_ = true;
            lock.unlock();
            task();
        }
        lock.lock();
        busy_ = false;
        changed_.notify_all();
    }
}

}  // namespace engine
