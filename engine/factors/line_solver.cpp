// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/line_solver.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/base/error.h"
#include "engine/eval/score_kernel.h"

namespace engine {

namespace {

constexpr double kFloat64Error = 4e-15;  // of a score from float64 products
constexpr double kInstant = 1e-9;        // scores that tie for no longer than this cross in one flip
constexpr double kStraight = 1e-13;      // a difference this near its interpolation is taken for it
constexpr std::size_t kFlatProbes = 16;  // scores that tie at so many places of a leaf tie all along it
constexpr std::size_t kManyPairs = 64;   // beyond it an interval is halved first: most of them go away

// A root of f in [l, h] within kLocated; fl and fh have different signs. (Chandrupatla 1997: inverse quadratic steps,
// halving where they are not sure to pay.)
template <class Function>
double rootOf(const Function& f, double l, double h, double fl, double fh) {
    double a = h, fa = fh, b = l, fb = fl, t = fl / (fl - fh);
    t = std::clamp(1 - t, 0.01, 0.99);  // from a towards b
    for (int step = 0;; ++step) {
        const double x = a + t * (b - a), fx = f(x);
        double c = a, fc = fa;
        if ((fx > 0) != (fa > 0)) {
            c = b, fc = fb;
            b = a, fb = fa;
        }
        a = x, fa = fx;
        const double best = std::fabs(fa) < std::fabs(fb) ? a : b;
        const double least = kLocated / 4 / std::fabs(b - a);
        if (least > 0.5 || fa == 0 || step > 200) return best;
        const double xi = (a - b) / (c - b), phi = (fa - fb) / (fc - fb);
        t = phi * phi < xi && (1 - phi) * (1 - phi) < 1 - xi
                ? fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
                : 0.5;
        t = std::clamp(t, least, 1 - least);
    }
}

}  // namespace

std::vector<LinePiece> piecesOf(const FactorGrid& grid, const FactorLine& line) {
    std::vector<LinePiece> out;
    std::vector<double> point = line.point;
    const std::size_t cells = grid.leavesAlong();
    for (std::size_t i = 0; i < cells; ++i) {
        const double low = std::max(line.low, grid.border(line.dim, i, cells));
        const double high = std::min(line.high, grid.border(line.dim, i + 1, cells));
        if (high - low <= kLocated) continue;
        point[line.dim] = (low + high) / 2;
        out.push_back({low, high, grid.leafOf(point.data())});
    }
    return out;
}

LineSolver::LineSolver(const SetLandscape& landscape, const FactorLine& line, const std::vector<LinePiece>& pieces,
                       bool forward, TieRule ties)
    : cells_(landscape.cells(forward)),
      queries_(forward ? landscape.first() : landscape.second()),
      candidates_(forward ? landscape.second() : landscape.first()),
      line_(line),
      pieces_(pieces),
      ties_(ties),
      q_components_(forward ? landscape.set().first : landscape.set().second),
      c_components_(forward ? landscape.set().second : landscape.set().first),
      exact_queries_(q_components_, queries_),
      exact_candidates_(c_components_, candidates_),
      qa_(queries_.atoms()),
      ca_(candidates_.atoms()),
      point_(line.point),
      cursors_(pieces.size()) {
    const auto own = [&](const BlendSide& side) {
        const auto at = std::find(side.dims().begin(), side.dims().end(), line.dim);
        return at == side.dims().end() ? -1 : static_cast<int>(at - side.dims().begin());
    };
    q_own_ = own(queries_);
    c_own_ = own(candidates_);
}

void LineSolver::seek(std::uint32_t query) {
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
        const OpenQuery* begin = cells_.open.data() + cells_.open_at[pieces_[i].leaf];
        const OpenQuery* end = cells_.open.data() + cells_.open_at[pieces_[i].leaf + 1];
        cursors_[i] = static_cast<std::uint64_t>(
            std::lower_bound(begin, end, query, [](const OpenQuery& o, std::uint32_t q) { return o.query < q; }) -
            cells_.open.data());
    }
}

void LineSolver::solve(std::uint32_t query, PlaceHits& start, std::vector<Flip>& flips) {
    query_ = query;
    flips_ = &flips;
    started_ = false;
    query_exact_ = false;
    known_.clear();
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
        const std::size_t leaf = pieces_[i].leaf;
        std::uint64_t& at = cursors_[i];
        if (at < cells_.open_at[leaf + 1] && cells_.open[at].query == query) {
            solvePiece(pieces_[i], at);
            ++at;
        } else {
            const std::uint8_t bits = cells_.sure_of[leaf * queries_.items() + query];
            PlaceHits hits;
            for (std::size_t k = 0; k < hits.size(); ++k) hits[k] = bits >> k & 1;
            emit(pieces_[i].low, hits);
        }
    }
    start = start_;
}

void LineSolver::solvePiece(const LinePiece& piece, std::uint64_t at) {
    piece_ = piece;
    const OpenQuery& open = cells_.open[at];
    const std::uint64_t entries_at = cells_.entries_at[piece.leaf];
    const std::uint64_t begin = entries_at + open.first_entry;
    const std::uint64_t end = at + 1 < cells_.open_at[piece.leaf + 1] ? entries_at + cells_.open[at + 1].first_entry
                                                                      : cells_.entries_at[piece.leaf + 1];
    const std::size_t count = end - begin, products = cells_.products;
    entries_.resize(count);
    inner_.resize(count * products);
    flat_.clear();
    for (std::size_t e = 0; e < count; ++e) {
        const std::uint32_t item = cells_.item(begin + e);
        entries_[e] = {item, candidates_.rowClass(item), candidates_.shape(item), false};
        for (std::size_t ij = 0; ij < products; ++ij)
            inner_[e * products + ij] = static_cast<double>(cells_.innerOf(begin + e)[ij]);
    }
    const QueryAt low = queryAt(piece.low), high = queryAt(piece.high);
    Level& level = levelAt(0);
    level.active.resize(count);
    level.positives = open.positives;
    for (std::size_t e = 0; e < count; ++e) {
        Active& active = level.active[e];
        active = {};
        active.entry = static_cast<std::uint32_t>(e);
        active.low = scoreAt(active.entry, piece.low, low);
        active.high = scoreAt(active.entry, piece.high, high);
    }
    solveInterval(piece.low, piece.high, low, high, open.beaten, 0);
}

LineSolver::Level& LineSolver::levelAt(std::size_t depth) {
    while (levels_.size() <= depth) levels_.emplace_back();
    return levels_[depth];
}

LineSolver::QueryAt LineSolver::queryAt(double t) {
    QueryAt out;
    point_[line_.dim] = t;
    const BlendSide::Shape shape = query_exact_ ? exact_query_.shape() : queries_.shape(query_);
    queries_.direction(shape, point_.data(), out.a);
    out.sum = std::accumulate(out.a, out.a + qa_, 0.0);
    out.exact = query_exact_;
    double unit[kMostAtoms];
    if (out.exact && queries_.weights(shape, point_.data(), unit))
        out.length = out.sum / std::accumulate(unit, unit + qa_, 0.0);
    return out;
}

LineSolver::Score LineSolver::scoreAt(std::uint32_t e, double t, const QueryAt& query) {
    double b[kMostAtoms];
    point_[line_.dim] = t;
    const Entry& entry = entries_[e];
    if (!candidates_.weights(entry.shape, point_.data(), b)) {
        throw Error(ErrorCode::InvalidInput, c_components_.modality + " row " + std::to_string(entry.item),
                    "the blend has length 0 along the line, so it has no direction",
                    "choose factors and experts that do not cancel each other");
    }
    const double* p = inner_.data() + e * cells_.products;
    Score out;
    for (std::size_t j = 0; j < ca_; ++j) {
        double v = 0;
        for (std::size_t i = 0; i < qa_; ++i) v += query.a[i] * p[i * ca_ + j];
        out.value += b[j] * v;
        out.sum += b[j];
    }
    return out;
}

void LineSolver::makeExact(std::uint32_t e) {
    if (!query_exact_) {
        exact_queries_.take(query_, exact_query_);
        query_exact_ = true;
    }
    Entry& entry = entries_[e];
    auto found = std::find_if(known_.begin(), known_.end(), [&](const Exact& x) { return x.item == entry.item; });
    if (found == known_.end()) {
        exact_candidates_.take(entry.item, scratch_);
        Exact& made = known_.emplace_back();
        made.item = entry.item;
        std::copy_n(scratch_.inverse, ca_, made.inverse);
        std::copy_n(scratch_.cosine, (ca_ - 1) * ca_, made.cosine);
        const std::size_t width = queries_.width();
        for (std::size_t i = 0; i < qa_; ++i) {
            for (std::size_t j = 0; j < ca_; ++j) {
                made.inner[i * ca_ + j] =
                    score::dot(exact_query_.rows.data() + i * width, scratch_.rows.data() + j * width, width);
            }
        }
        found = known_.end() - 1;
    }
    entry.shape = {found->inverse, found->cosine};
    entry.exact = true;
    std::copy_n(found->inner, cells_.products, inner_.data() + e * cells_.products);
}

void LineSolver::measure(double l, double h, const QueryAt& low, const QueryAt& high, Level& level) {
    double error_a[kMostAtoms] = {}, slope_a[kMostDims * kMostAtoms] = {}, most_a[kMostAtoms];
    low_ = high_ = line_.point;
    low_[line_.dim] = l;
    high_[line_.dim] = h;
    if (q_own_ >= 0)
        queries_.bound(query_, low_.data(), high_.data(), BlendSide::Part::Direction, false, error_a, slope_a);
    for (std::size_t i = 0; i < qa_; ++i) most_a[i] = std::max(low.a[i], high.a[i]) + error_a[i];
    const double* rate_a = slope_a + static_cast<std::size_t>(std::max(q_own_, 0)) * qa_;
    const bool straight_query = std::all_of(error_a, error_a + qa_, [](double e) { return e == 0; });
    const double most_sum = std::max(low.sum, high.sum), quarter = (h - l) * (h - l) / 4;
    for (Active& active : level.active) {
        const Entry& entry = entries_[active.entry];
        active.doubt =
            (active.exact ? kFloat64Error : kProductError) * most_sum * std::max(active.low.sum, active.high.sum);
        active.slack = 0;
        if (c_own_ < 0 && straight_query) continue;
        double error_b[kMostAtoms] = {}, slope_b[kMostDims * kMostAtoms] = {}, b[kMostAtoms], most_b[kMostAtoms];
        if (c_own_ >= 0)
            candidates_.bound(entry.item, low_.data(), high_.data(), BlendSide::Part::Weights, false, error_b, slope_b);
        const double* rate_b = slope_b + static_cast<std::size_t>(std::max(c_own_, 0)) * ca_;
        if (q_own_ >= 0) {  // a candidate's weights matter only where the query's curve
            candidates_.weights(entry.shape, low_.data(), most_b);
            candidates_.weights(entry.shape, high_.data(), b);
            for (std::size_t j = 0; j < ca_; ++j) most_b[j] = std::max(most_b[j], b[j]) + error_b[j];
        }
        const double* p = inner_.data() + active.entry * cells_.products;
        double slack = 0;
        for (std::size_t i = 0; i < qa_; ++i) {
            for (std::size_t j = 0; j < ca_; ++j) {
                double part = most_a[i] * error_b[j];
                if (q_own_ >= 0) part += error_a[i] * most_b[j] + quarter * rate_a[i] * rate_b[j];
                slack += std::fabs(p[i * ca_ + j]) * part;
            }
        }
        active.slack = slack * (1 + 1e-5);  // bounds are of the stored lengths and cosines
    }
}

void LineSolver::cut(Level& level, std::uint32_t& beaten) const {
    auto& active = level.active;
    const auto room = [](const Active& x) { return x.slack + x.doubt; };
    std::size_t best = 0;
    double best_sum = -std::numeric_limits<double>::infinity(), top_room = 0;
    double top_low = best_sum, top_high = best_sum;
    for (std::size_t p = 0; p < level.positives; ++p) {
        const double sum = active[p].low.value + active[p].high.value - 2 * room(active[p]);
        top_low = std::max(top_low, active[p].low.value);
        top_high = std::max(top_high, active[p].high.value);
        top_room = std::max(top_room, room(active[p]));
        if (sum > best_sum) best_sum = sum, best = p;
    }
    const Active leader = active[best];
    const auto beneath = [&](const Active& x) {
        const double most = std::max(x.low.value - leader.low.value, x.high.value - leader.high.value);
        return most + room(x) + room(leader) + kDecided < 0;
    };
    std::size_t kept = 0;
    for (std::size_t p = 0; p < level.positives; ++p) {
        if (p == best || !beneath(active[p])) active[kept++] = active[p];
    }
    const std::size_t positives = kept;
    for (std::size_t e = level.positives; e < active.size(); ++e) {
        if (beneath(active[e])) continue;
        const double least = std::min(active[e].low.value - top_low, active[e].high.value - top_high);
        if (least - room(active[e]) - top_room - kDecided > 0) ++beaten;
        else active[kept++] = active[e];
    }
    level.positives = positives;
    active.resize(kept);
}

double LineSolver::differenceAt(std::uint32_t c, std::uint32_t p, double t) {
    const QueryAt query = queryAt(t);
    return (scoreAt(c, t, query).value - scoreAt(p, t, query).value) / query.length;
}

bool LineSolver::isFlat(std::uint32_t c, std::uint32_t p) {
    const auto pair = std::make_pair(c, p);
    if (std::find(flat_.begin(), flat_.end(), pair) != flat_.end()) return true;
    for (std::size_t i = 0; i < kFlatProbes; ++i) {
        const double share = (static_cast<double>(i) + 0.5) / static_cast<double>(kFlatProbes);
        const double t = piece_.low + share * (piece_.high - piece_.low);
        if (std::fabs(differenceAt(c, p, t)) > kTieTolerance) return false;
    }
    flat_.push_back(pair);
    return true;
}

void LineSolver::solveInterval(double l, double h, QueryAt low, QueryAt high, std::uint32_t beaten, std::size_t depth) {
    Level& level = levelAt(depth);
    for (;;) {
        if (query_exact_ && !low.exact) low = queryAt(l);
        if (query_exact_ && !high.exact) high = queryAt(h);
        for (Active& active : level.active) {
            if (active.exact == entries_[active.entry].exact) continue;
            active.exact = true;
            active.low = scoreAt(active.entry, l, low);
            active.high = scoreAt(active.entry, h, high);
        }
        measure(l, h, low, high, level);
        cut(level, beaten);
        const auto may_beat = static_cast<std::uint32_t>(level.active.size() - level.positives);
        const bool open = std::any_of(kHitPlaces.begin(), kHitPlaces.end(),
                                      [&](std::uint32_t k) { return beaten < k && beaten + may_beat >= k; });
        if (!open) {
            QueryRank rank;
            rank.positives = 1;
            rank.beaten_by = beaten;
            emit(l, hitsOf(rank));
            return;
        }
        wanted_.clear();
        bool halve = level.positives * may_beat > kManyPairs && h - l > (piece_.high - piece_.low) / 256;
        if (!halve) halve = !classify(l, h, low.length, high.length, level);
        if (halve) {
            divide(l, h, low, high, beaten, depth);
            return;
        }
        if (wanted_.empty()) break;
        for (const std::uint32_t e : wanted_) {
            if (!entries_[e].exact) makeExact(e);
        }
    }
    segments(l, h, low.length, high.length, level, beaten);
}

bool LineSolver::classify(double l, double h, double low_length, double high_length, const Level& level) {
    const std::size_t positives = level.positives, others = level.active.size() - positives;
    states_.assign(positives * others, Below);
    crossing_.clear();
    for (std::size_t c = 0; c < others; ++c) {
        for (std::size_t p = 0; p < positives; ++p) {
            const Active &x = level.active[positives + c], &y = level.active[p];
            State& state = states_[c * positives + p];
            if (entries_[x.entry].kind == entries_[y.entry].kind) {
                state = Tied;
                continue;
            }
            const bool exact = x.exact && y.exact;
            const double from = x.low.value - y.low.value, to = x.high.value - y.high.value;
            const double slack = x.slack + y.slack, doubt = x.doubt + y.doubt;
            const double margin = slack + doubt + (exact ? 2 * kTieTolerance : kDecided);
            state = from > 0 ? Above : Below;
            if (std::min(from, to) > margin || std::max(from, to) < -margin) continue;
            const bool tied_low = std::fabs(from) <= kTieTolerance * low_length;
            const bool tied_high = std::fabs(to) <= kTieTolerance * high_length;
            if (exact && tied_low && tied_high && isFlat(x.entry, y.entry)) {
                state = Tied;
                continue;
            }
            // The slack is at least h²/8 of the curvature, so the slope is off the secant's by at most 8 slack / h.
            const bool certain = std::fabs(to - from) > 8 * slack + 2 * doubt || h - l <= kLocated ||
                                 (exact && slack <= std::max(kStraight, doubt));
            if (!certain && (exact || slack >= doubt)) return false;
            if (!exact) {
                wanted_.push_back(x.entry);
                wanted_.push_back(y.entry);
            } else if ((from > 0) != (to > 0) || tied_low || tied_high) {
                crossing_.push_back(c * positives + p);
            }
        }
    }
    return true;
}

void LineSolver::divide(double l, double h, const QueryAt& low, const QueryAt& high, std::uint32_t beaten,
                        std::size_t depth) {
    const double m = (l + h) / 2;
    const QueryAt middle = queryAt(m);
    Level& level = levelAt(depth);
    for (Active& active : level.active) active.middle = scoreAt(active.entry, m, middle);
    for (const bool second : {false, true}) {
        Level& child = levelAt(depth + 1);
        child.active = level.active;
        child.positives = level.positives;
        for (Active& active : child.active) (second ? active.low : active.high) = active.middle;
        second ? solveInterval(m, h, middle, high, beaten, depth + 1)
               : solveInterval(l, m, low, middle, beaten, depth + 1);
    }
}

void LineSolver::cross(double l, double h, double low_length, double high_length, const Level& level,
                       std::size_t pair) {
    const Active& x = level.active[level.positives + pair / level.positives];
    const Active& y = level.active[pair % level.positives];
    const double from = (x.low.value - y.low.value) / low_length, to = (x.high.value - y.high.value) / high_length;
    const auto difference = [&](double t) { return differenceAt(x.entry, y.entry, t); };
    const auto sign = [](double d) { return d > 0 ? Above : Below; };
    const auto tied = [](double d) { return std::fabs(d) <= kTieTolerance; };
    const bool passes = sign(from) != sign(to);
    double root = 0;
    if (passes) {
        root = rootOf(difference, l, h, from, to);
        if (!tied(difference(std::max(l, root - kInstant / 2))) &&
            !tied(difference(std::min(h, root + kInstant / 2)))) {
            events_.push_back({root, pair, sign(to)});
            return;
        }
    }
    const auto edge = [&](double level_of) {
        const double fl = from - level_of, fh = to - level_of;
        if ((fl > 0) == (fh > 0)) return std::fabs(fl) < std::fabs(fh) ? l : h;
        return rootOf([&](double t) { return difference(t) - level_of; }, l, h, fl, fh);
    };
    const double enters = tied(from) ? l : edge(std::copysign(kTieTolerance, from));
    const double leaves = tied(to) ? h : edge(std::copysign(kTieTolerance, to));
    if (leaves - enters <= kInstant) {
        if (!tied(from) && tied(to)) return;
        if (tied(from)) states_[pair] = sign(to);
        else if (passes) events_.push_back({root, pair, sign(to)});
        return;
    }
    if (tied(from)) states_[pair] = Tied;
    else events_.push_back({enters, pair, Tied});
    if (!tied(to)) events_.push_back({leaves, pair, sign(to)});
}

void LineSolver::segments(double l, double h, double low_length, double high_length, const Level& level,
                          std::uint32_t beaten) {
    events_.clear();
    for (const std::size_t pair : crossing_) cross(l, h, low_length, high_length, level, pair);
    std::stable_sort(events_.begin(), events_.end(), [](const Event& a, const Event& b) { return a.at < b.at; });
    double from = l;
    for (std::size_t r = 0;; ++r) {
        const double to = r < events_.size() ? events_[r].at : h;
        if (to - from > kLocated) emit(from, hitsOf(rankHere(level, beaten)));
        if (r == events_.size()) break;
        states_[events_[r].pair] = events_[r].state;
        from = to;
    }
}

QueryRank LineSolver::rankHere(const Level& level, std::uint32_t beaten) {
    QueryRank rank;
    const std::size_t positives = level.positives;
    rank.positives = static_cast<std::uint32_t>(positives);
    rank.beaten_by = beaten;
    std::uint32_t own = ~0u;  // the lowest row of the positives that tie for best
    tied_.clear();
    for (std::size_t c = 0; c * positives < states_.size(); ++c) {
        const State* states = states_.data() + c * positives;
        const auto ties = static_cast<std::uint32_t>(std::count(states, states + positives, Tied));
        if (std::find(states, states + positives, Below) != states + positives) continue;
        if (ties == 0) {
            ++rank.beaten_by;
            continue;
        }
        tied_.push_back(entries_[level.active[positives + c].entry].item);
        rank.tied_positives = ties;
        for (std::size_t p = 0; p < positives; ++p) {
            if (states[p] == Tied) own = std::min(own, entries_[level.active[p].entry].item);
        }
    }
    rank.tied = static_cast<std::uint32_t>(tied_.size());
    for (const std::uint32_t item : tied_) rank.tied_before += item < own;
    return rank;
}

PlaceHits LineSolver::hitsOf(const QueryRank& rank) const {
    PlaceHits out;
    for (std::size_t k = 0; k < out.size(); ++k) out[k] = hitAt(rank, kHitPlaces[k], ties_);
    return out;
}

void LineSolver::emit(double at, const PlaceHits& hits) {
    if (!started_ || at <= line_.low + kLocated) {
        start_ = now_ = hits;
        started_ = true;
        return;
    }
    if (at >= line_.high - kLocated) return;
    for (std::size_t k = 0; k < hits.size(); ++k) {
        if (hits[k] == now_[k]) continue;
        flips_->push_back({query_, static_cast<std::uint8_t>(k), at, now_[k], hits[k]});
    }
    now_ = hits;
}

}  // namespace engine
