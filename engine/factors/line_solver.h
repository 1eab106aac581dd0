// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One thread's search for the flips of one query after another along a line (flips.h says what they are and how they
// are found). Internal to engine/factors.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "engine/factors/exact_atoms.h"
#include "engine/factors/flips.h"

namespace engine {

inline constexpr double kLocated = 1e-12;  // flips are found this well; nothing narrower is looked at

struct LinePiece {  // of the line, in one leaf
    double low, high;
    std::size_t leaf;
};
std::vector<LinePiece> piecesOf(const FactorGrid& grid, const FactorLine& line);

using PlaceHits = std::array<double, kHitPlaces.size()>;

// Queries from low to high along the line. Everything that it is given must outlive it.
class LineSolver {
public:
    LineSolver(const SetLandscape& landscape, const FactorLine& line, const std::vector<LinePiece>& pieces,
               bool forward, TieRule ties);

    // Queries are asked for in ascending order from here on.
    void seek(std::uint32_t query);
    // Appends its flips; `start`: its hits right above the line's low end.
    void solve(std::uint32_t query, PlaceHits& start, std::vector<Flip>& flips);

private:
    struct QueryAt {
        double a[kMostAtoms] = {}, sum = 0;
        double length = 1;  // of the query before the last normalisation, where exact
        bool exact = false;
    };
    struct Entry {
        std::uint32_t item = 0, kind = 0;
        BlendSide::Shape shape{};
        bool exact = false;
    };
    struct Score {
        double value = 0, sum = 0;  // sum of the candidate's weights
    };
    // An entry on an interval.
    struct Active {
        std::uint32_t entry = 0;
        bool exact = false;  // low and high are from float64 products
        Score low, high, middle;
        double slack = 0, doubt = 0;  // off the interpolation; error of the products
    };
    struct Level {
        std::vector<Active> active;  // positives first
        std::size_t positives = 0;
    };
    struct Exact {
        std::uint32_t item = 0;
        double inverse[kMostAtoms], cosine[(kMostAtoms - 1) * kMostAtoms], inner[kMostAtoms * kMostAtoms];
    };
    enum State : signed char { Below = -1, Tied = 0, Above = 1 };
    struct Event {  // a pair's state from `at` on
        double at;
        std::size_t pair;
        State state;
    };
    void solvePiece(const LinePiece& piece, std::uint64_t at);
    Level& levelAt(std::size_t depth);
    QueryAt queryAt(double t);
    Score scoreAt(std::uint32_t e, double t, const QueryAt& query);

    // From here on the entry's products, lengths and cosines are those of the components in float64.
    void makeExact(std::uint32_t e);

    // How far each entry's score can be from the interpolation between the ends, as QueryCutter bounds it with all but
    // one factor fixed.
    void measure(double l, double h, const QueryAt& low, const QueryAt& high, Level& level);

    // Leaves out what cannot matter on the interval; adds to `beaten` what surely beats every positive.
    void cut(Level& level, std::uint32_t& beaten) const;

    // The difference of two entries' inner products with the query of unit length, to which the tie tolerance applies.
    double differenceAt(std::uint32_t c, std::uint32_t p, double t);
    bool isFlat(std::uint32_t c, std::uint32_t p);
    void solveInterval(double l, double h, QueryAt low, QueryAt high, std::uint32_t beaten, std::size_t depth);

    // The state of every pair of a non-positive and a positive at l, and the pairs that cross. False if the interval
    // must be halved first; `wanted_`: entries whose products must be exact first.
    bool classify(double l, double h, double low_length, double high_length, const Level& level);
    void divide(double l, double h, const QueryAt& low, const QueryAt& high, std::uint32_t beaten, std::size_t depth);

    // Where a pair that changes monotonely passes through 0; or, if it is within the tie tolerance for a while, where
    // it comes into it and where it leaves it.
    void cross(double l, double h, double low_length, double high_length, const Level& level, std::size_t pair);

    // The hits between one event and the next.
    void segments(double l, double h, double low_length, double high_length, const Level& level, std::uint32_t beaten);

    // The best positive's place by the pairs' states.
    QueryRank rankHere(const Level& level, std::uint32_t beaten);
    PlaceHits hitsOf(const QueryRank& rank) const;

    // The hits right above `at`.
    void emit(double at, const PlaceHits& hits);

    const DirectionCells& cells_;
    const BlendSide& queries_;
    const BlendSide& candidates_;
    const FactorLine& line_;
    const std::vector<LinePiece>& pieces_;
    TieRule ties_;
    const Components& q_components_;
    const Components& c_components_;
    ExactAtoms exact_queries_, exact_candidates_;
    std::size_t qa_, ca_;
    int q_own_ = -1, c_own_ = -1;  // the line's factor among each side's own dims
    std::vector<double> point_, low_, high_;
    std::vector<std::uint64_t> cursors_;

    // The query in hand.
    std::uint32_t query_ = 0;
    bool query_exact_ = false, started_ = false;
    ExactAtoms::Item exact_query_, scratch_;
    std::deque<Exact> known_;  // stays where it is while it grows
    PlaceHits start_{}, now_{};
    std::vector<Flip>* flips_ = nullptr;
    // The piece in hand.
    LinePiece piece_{};
    std::vector<Entry> entries_;
    std::vector<double> inner_;  // [entries][products]
    std::vector<std::pair<std::uint32_t, std::uint32_t>> flat_;
    std::deque<Level> levels_;
    std::vector<std::uint32_t> wanted_;
    std::vector<State> states_;
    std::vector<std::size_t> crossing_;
    std::vector<Event> events_;
    std::vector<std::uint32_t> tied_;
};

}  // namespace engine
