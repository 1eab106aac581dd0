// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The landscape of one evaluation set: its hits at every point of a box of factors, exact, without touching an
// embedding again (README.md in this folder explains how). Built once for a product's components and experts' weights;
// immutable and thread-safe afterwards.
//
// Exact: hits at K = 1, 5, 10 of every query equal those of the float64 reference on the stored float32 components
// (engine/eval/ranks.h), ties within 1e-12 included.
//
// With two factors and more leaves are coarse, and at() looks closer where it is asked again (close_up.h):
// - the second question within a leaf has the leaf's open entries gathered, which else lie here and there in memory;
//   after it they count about twice as fast;
// - the fourth within an eighth of a leaf's width along each factor has these entries cut to that part, after which
//   only what is open there is left, a twentieth or so.
// That is done in a thread of its own, so no question waits for it. Hits are the same with and without, for the bounds
// are those of the leaves. What was made is kept within LandscapeRequest::close_up_bytes beside bytes(), what was asked
// for last; a leaf that needs more than half of it is left as it is. Sets whose sides share a factor gather but do not
// cut. lookAhead() cuts the parts around a place before they are asked for.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/eval/product_evaluation.h"
#include "engine/factors/blend_side.h"
#include "engine/factors/close_up.h"
#include "engine/factors/direction_cells.h"
#include "engine/factors/factor_grid.h"
#include "engine/factors/landscape_request.h"
#include "engine/factors/survivors.h"

namespace engine {

// The hits of one direction at a point.
struct DirectionPoint {
    std::uint32_t queries = 0;  // with at least one positive
    HitCount count;             // sure hits included

    double rate(std::size_t place) const { return queries == 0 ? 0 : 100 * count.hits[place] / queries; }
};

struct SetPoint {
    DirectionPoint forward, backward;  // first -> second; backward is empty where it was not asked for
};

class SetLandscape : public std::enable_shared_from_this<SetLandscape> {
public:
    static constexpr std::size_t kLeastTile = 32;
    // Throws Error{NoSpace} with both figures if the budget is too small; Cancelled on a stop, looked at every tile.
    // Where the machine has no memory left it begins again with half the tile, down to kLeastTile; then Error{NoSpace}.
    // Where the request's device fails or has no memory it says so and begins again on the CPU.
    static std::shared_ptr<const SetLandscape> build(LandscapeRequest request, const JobContext& job);
    // A hash of everything that build() depends on, the rows of the components included.
    static std::string key(const LandscapeRequest& request);
    // The landscape as one file, written whole, then renamed; read() maps it. Throws Error{InvalidInput} if the file is
    // damaged or belongs to another key.
    void write(const std::filesystem::path& path, const std::string& key) const;
    static std::shared_ptr<const SetLandscape> read(const std::filesystem::path& path, const std::string& key,
                                                    LandscapeRequest request);

    const SetComponents& set() const { return request_.set; }
    const FactorGrid& grid() const { return grid_; }
    std::uint64_t bytes() const;
    std::uint64_t closeUpBytes() const { return close_ups_ ? close_ups_->bytes() : 0; }
    // For who asks by hand, after an answer: the parts of leaves that hold `point` and the places `step` from it along
    // each factor are cut behind, while nothing else is asked for, so that the next question finds them. Replaces what
    // was to be made ahead before. Does nothing where there are no closer looks.
    void lookAhead(const double* point, double step) const;
    // Waits until all closer looks that were begun are there, of every landscape: for tests and measuring.
    static void finishCloseUps();

    // `point`: the factors in the grid's order, within the box. On all threads of the caller.
    SetPoint at(const double* point, TieRule ties) const;

    // The same for each query of a side: its hits at kHitPlaces (0 or 1; ties may count a part). Rows without a
    // positive have none.
    std::vector<std::array<float, kHitPlaces.size()>> hits(const double* point, bool forward, TieRule ties) const;
    // Where every query stands at a point, beyond the places that at() counts: from the survivors, so slower (some tens
    // of milliseconds). For rows of the first side, or of the second.
    std::vector<QueryRank> ranks(const double* point, bool forward) const;

    const LandscapeRequest& request() const { return request_; }
    // Seconds that building took: what all rows cost once, and what the queries asked cost. 0 of one that was read.
    struct BuildSeconds {
        double rows = 0, queries = 0;
    };
    const BuildSeconds& buildSeconds() const { return seconds_; }
    // What sorted the candidates out: "cpu", "cuda:0"; empty of one that was read.
    const std::string& builtOn() const { return built_on_; }

    const BlendSide& first() const { return *first_; }
    const BlendSide& second() const { return *second_; }
    const DirectionCells& cells(bool forward) const { return forward ? forward_ : backward_; }
    const Survivors& survivors(bool forward) const { return forward ? forward_survivors_ : backward_survivors_; }

private:
    explicit SetLandscape(LandscapeRequest request);
    void make(const JobContext& job);
    struct Part {  // of a leaf
        std::size_t leaf;
        std::uint64_t leaf_key, key;
        FactorCell cell;
        bool inside;  // it holds the point, which rounding may have left outside
    };
    Part partAt(std::size_t leaf, const double* point) const;
    std::uint64_t gatheredBytes(std::size_t leaf) const;
    std::shared_ptr<const CloseUpPair> closeUpAt(std::size_t leaf, const double* point) const;
    void cutAhead(const Part& part) const;
    void makeCloseUp(std::uint64_t key, std::function<CloseUp(bool forward)> make) const;

    LandscapeRequest request_;
    FactorGrid grid_;
    std::unique_ptr<const BlendSide> first_, second_;
    DirectionCells forward_, backward_;
    Survivors forward_survivors_, backward_survivors_;
    BuildSeconds seconds_;
    std::string built_on_;
    std::unique_ptr<CloseUpCache> close_ups_;  // thread-safe; null where leaves are fine already
    struct Gathered {
        std::size_t leaf = 0;
        std::shared_ptr<const CloseUpPair> whole;
    };
    mutable Gathered gathered_;  // the leaf that parts were last cut ahead of: by the thread of CloseUpMaker alone
    std::shared_ptr<const void> file_;  // where the arrays lie, if not in memory
};

}  // namespace engine
