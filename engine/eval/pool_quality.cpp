// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/pool_quality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <set>

#include "engine/base/error.h"
#include "engine/base/matrix.h"
#include "engine/base/rng.h"
#include "engine/space/centring.h"

namespace engine {
namespace {

constexpr std::size_t kBlock = 4096;      // rows of a pool that are read at once
constexpr std::size_t kShownNearest = 3;  // of an example

struct Pool {
    Modality modality;
    std::string name;
    std::size_t rows = 0;
    std::vector<std::uint32_t> asked;  // ascending
};

// One query's softmax over a pool as it streams by: log-sum-exp, the mean logit under it, and the nearest rows.
class RunningSoftmax {
public:
    explicit RunningSoftmax(std::size_t nearest) : most_(nearest) {}

    void add(std::uint32_t row, double similarity, double tau) {
        const double logit = similarity / tau;
        if (logit > top_) {
            const double shrink = std::exp(top_ - logit);  // 0 at the first one
            mean_ = sum_ == 0 ? 0 : shrink * (mean_ + (top_ - logit) * sum_);
            sum_ *= shrink;
            top_ = logit;
        }
        const double e = std::exp(logit - top_);
        sum_ += e;
        mean_ += e * (logit - top_);
        // The lower row first where two are equal.
        if (nearest_.size() == most_ && similarity <= nearest_.back().first) return;
        const auto at = std::upper_bound(nearest_.begin(), nearest_.end(), similarity,
                                         [](double s, const auto& other) { return s > other.first; });
        nearest_.insert(at, {similarity, row});
        if (nearest_.size() > most_) nearest_.pop_back();
    }

    // log Σ - Σ w·logit, with logits counted from the largest.
    double rowsAveraged() const { return std::exp(std::log(sum_) - mean_ / sum_); }
    double weight(double similarity, double tau) const { return std::exp(similarity / tau - top_) / sum_; }
    const std::vector<std::pair<double, std::uint32_t>>& nearest() const { return nearest_; }

private:
    std::size_t most_;
    double top_ = -std::numeric_limits<double>::infinity(), sum_ = 0, mean_ = 0;
    std::vector<std::pair<double, std::uint32_t>> nearest_;  // similarity, row; the nearest first
};

std::vector<std::uint32_t> drawRows(std::size_t rows, std::size_t count, std::uint64_t seed, const Modality& modality) {
    Rng rng(seed, "rows of " + modality);
    std::set<std::uint32_t> drawn;
    while (drawn.size() < std::min(rows, count)) drawn.insert(static_cast<std::uint32_t>(rng.below(rows)));
    return {drawn.begin(), drawn.end()};
}

double length(const std::vector<double>& v) {
    double sum = 0;
    for (const double x : v) sum += x * x;
    return std::sqrt(sum);
}

// One space: its pools, their means, the rows that ask.
struct SpacePools {
    std::string name;
    std::vector<std::size_t> pools;  // indices
    std::map<std::size_t, EmbeddingSourcePtr> rows;
    std::map<std::size_t, std::vector<double>> means;
    std::map<std::size_t, Matrix> asking;
};

using Key = std::array<std::size_t, 3>;  // space, from, to

class Measuring {
public:
    Measuring(const Workspace& workspace, const std::vector<std::string>& names, const PoolQualityOptions& options,
              const JobContext& job)
        : workspace_(workspace), options_(options), job_(job) {
        for (const auto& info : workspace.pools()) {
            if (info.paired) continue;  // for tuning
            const ItemTable& table = info.tables.front();
            tables_.push_back(&table);
            pools_.push_back(
                {table.modality, info.name, table.rows,
                 drawRows(table.rows, static_cast<std::size_t>(options.asked_rows), options.seed, table.modality)});
        }
        for (const auto& name : names) {
            SpacePools space;
            space.name = name;
            for (std::size_t p = 0; p < pools_.size(); ++p) {
                if (!tables_[p]->find(name)) continue;
                space.pools.push_back(p);
                space.rows[p] = workspace.pool(pools_[p].name, pools_[p].modality, name);
            }
            if (!space.pools.empty()) spaces_.push_back(std::move(space));
        }
        if (spaces_.empty()) {
            throw Error(ErrorCode::InvalidInput, workspace.folder().string(), "no pool holds rows of these spaces",
                        "`molspace inspect` lists pools and spaces");
        }
    }

    PoolQuality run() {
        std::uint64_t all = 0;
        for (const auto& space : spaces_) {
            for (const auto p : space.pools) all += pools_[p].rows * (options_.centred ? 2 : 1);
        }
        ProgressMeter meter(job_, "looking through pools", "rows", all);
        PoolQuality out;
        out.synthetic = workspace_.synthetic();
        out.options = options_;
        for (std::size_t s = 0; s < spaces_.size(); ++s) {
            prepare(spaces_[s], meter);
            for (const auto to : spaces_[s].pools) stream(s, to, meter);
            gaps(spaces_[s], out);
        }
        meter.finish();
        for (const auto& [key, found] : found_) {
            if (key[1] != key[2]) out.retrievals.push_back(quality(key, found));
        }
        agreements(out);
        return out;
    }

private:
    void prepare(SpacePools& space, ProgressMeter& meter) {
        for (const auto p : space.pools) {
            if (options_.centred) space.means[p] = meanOf(*space.rows[p], job_, &meter);
            Matrix asking(pools_[p].asked.size(), space.rows[p]->cols());
            for (std::size_t q = 0; q < asking.rows(); ++q) space.rows[p]->read(pools_[p].asked[q], 1, asking.row(q));
            if (options_.centred) centreRows(asking.data(), asking.rows(), space.means[p]);
            space.asking[p] = std::move(asking);
        }
    }

    void gaps(const SpacePools& space, PoolQuality& out) const {
        for (std::size_t i = 0; i < space.pools.size(); ++i) {
            for (std::size_t k = i + 1; k < space.pools.size(); ++k) {
                const auto& a = space.means.at(space.pools[i]);
                const auto& b = space.means.at(space.pools[k]);
                std::vector<double> difference(a.size());
                for (std::size_t c = 0; c < a.size(); ++c) difference[c] = a[c] - b[c];
                out.gaps.push_back({space.name, pools_[space.pools[i]].modality, pools_[space.pools[k]].modality,
                                    length(difference), length(a), length(b)});
            }
        }
    }

    // A pool as memory: every modality of the space asks.
    void stream(std::size_t s, std::size_t to, ProgressMeter& meter) {
        SpacePools& space = spaces_[s];
        const EmbeddingSource& source = *space.rows[to];
        const std::size_t width = source.cols(),
                          nearest = std::max(static_cast<std::size_t>(options_.neighbours), kShownNearest);
        Matrix block(std::min(kBlock, source.rows()), width);
        Matrix scores(static_cast<std::size_t>(options_.asked_rows), block.rows());
        for (const auto from : space.pools)
            found_[{s, from, to}].assign(space.asking[from].rows(), RunningSoftmax(nearest));
        RunningMean mean(width);
        for (std::size_t first = 0; first < source.rows(); first += kBlock) {
            job_.checkStop();
            const std::size_t count = std::min(kBlock, source.rows() - first);
            source.read(first, count, block.data());
            if (options_.centred) centreRows(block.data(), count, space.means[to]);
            else mean.add(block.data(), count);
            for (const auto from : space.pools) {
                const Matrix& asking = space.asking[from];
                auto& found = found_[{s, from, to}];
                gemmNT(asking.rows(), count, width, 1, asking.data(), width, block.data(), width, 0, scores.data(),
                       scores.cols());
#pragma omp parallel for schedule(static)
                for (std::size_t q = 0; q < asking.rows(); ++q) {
                    for (std::size_t i = 0; i < count; ++i) {
                        const auto row = static_cast<std::uint32_t>(first + i);
                        if (from == to && row == pools_[from].asked[q]) continue;  // itself
                        found[q].add(row, static_cast<double>(scores.row(q)[i]), options_.retrieval_temperature);
                    }
                }
            }
            meter.advance(count);
        }
        if (!options_.centred) space.means[to] = mean.mean();
    }

    std::string idOf(std::size_t pool, std::uint32_t row) const {
        return workspace_.poolIds(pools_[pool].name, pools_[pool].modality, row, 1).front();
    }

    RetrievalQuality quality(const Key& key, const std::vector<RunningSoftmax>& found) const {
        const auto [s, from, to] = key;
        const double tau = options_.retrieval_temperature;
        RetrievalQuality out;
        out.space = spaces_[s].name;
        out.from = pools_[from].modality;
        out.to = pools_[to].modality;
        out.queries = found.size();
        out.memory = pools_[to].rows;
        std::map<std::uint32_t, std::size_t> nearest_of;
        for (const auto& one : found) ++nearest_of[one.nearest().front().second];
        for (const auto& one : found) {
            const auto& [similarity, row] = one.nearest().front();
            out.rows_averaged += one.rowsAveraged();
            out.top_similarity += similarity;
            out.top_weight += one.weight(similarity, tau);
            out.distinct += nearest_of[row] == 1;
        }
        const auto each = static_cast<double>(found.size());
        for (double* mean : {&out.rows_averaged, &out.top_similarity, &out.top_weight, &out.distinct}) *mean /= each;
        // Spread over the queries, which are in the order of the pool.
        const std::size_t shown = std::min(found.size(), static_cast<std::size_t>(options_.examples));
        for (std::size_t i = 0; i < shown; ++i) {
            const std::size_t q = (2 * i + 1) * found.size() / (2 * shown);
            RetrievalQuality::Example example{idOf(from, pools_[from].asked[q]), {}};
            for (std::size_t k = 0; k < std::min(kShownNearest, found[q].nearest().size()); ++k) {
                const auto& [similarity, row] = found[q].nearest()[k];
                example.nearest.push_back({idOf(to, row), found[q].weight(similarity, tau)});
            }
            out.examples.push_back(std::move(example));
        }
        return out;
    }

    void agreements(PoolQuality& out) const {
        for (std::size_t from = 0; from < pools_.size(); ++from) {
            for (std::size_t to = 0; to < pools_.size(); ++to) {
                for (std::size_t a = 0; a < spaces_.size(); ++a) {
                    for (std::size_t b = a + 1; b < spaces_.size(); ++b) {
                        const auto one = found_.find({a, from, to}), other = found_.find({b, from, to});
                        if (one == found_.end() || other == found_.end()) continue;
                        if (from == to && pools_[to].rows < 2) continue;
                        out.agreements.push_back(agreement({a, from, to}, b, one->second, other->second));
                    }
                }
            }
        }
    }

    SpaceAgreement agreement(const Key& key, std::size_t other, const std::vector<RunningSoftmax>& a,
                             const std::vector<RunningSoftmax>& b) const {
        const auto [s, from, to] = key;
        const std::size_t memory = pools_[to].rows - (from == to ? 1 : 0);  // without the row itself
        SpaceAgreement out;
        out.one = spaces_[s].name;
        out.other = spaces_[other].name;
        out.from = pools_[from].modality;
        out.to = pools_[to].modality;
        out.queries = a.size();
        out.neighbours = std::min(static_cast<std::size_t>(options_.neighbours), memory);
        for (std::size_t q = 0; q < a.size(); ++q) {
            std::set<std::uint32_t> rows;
            for (std::size_t k = 0; k < out.neighbours; ++k) rows.insert(a[q].nearest()[k].second);
            for (std::size_t k = 0; k < out.neighbours; ++k) out.shared += rows.count(b[q].nearest()[k].second);
        }
        out.shared /= static_cast<double>(out.neighbours * a.size());
        out.by_chance = static_cast<double>(out.neighbours) / static_cast<double>(memory);
        return out;
    }

    const Workspace& workspace_;
    const PoolQualityOptions& options_;
    const JobContext& job_;
    std::vector<const ItemTable*> tables_;  // of pools_
    std::vector<Pool> pools_;
    std::vector<SpacePools> spaces_;
    std::map<Key, std::vector<RunningSoftmax>> found_;
};

template <class... Values>
std::string line(const char* format, Values... values) {
    std::array<char, 256> text{};
    std::snprintf(text.data(), text.size(), format, values...);
    return text.data();
}

}  // namespace

const OptionTable<PoolQualityOptions>& poolQualityOptionTable() {
    static const OptionTable<PoolQualityOptions> table = [] {
        OptionTable<PoolQualityOptions> t;
        t.add("asked_rows", &PoolQualityOptions::asked_rows,
              {.help = "Rows of each pool that ask.", .min = 2, .max = 100000, .unit = "rows"});
        t.add("neighbours", &PoolQualityOptions::neighbours,
              {.help = "Nearest rows on which two spaces should agree.", .min = 1, .max = 1000, .unit = "rows"});
        t.add("examples", &PoolQualityOptions::examples,
              {.help = "Queries that are shown with what they would retrieve.", .min = 0, .max = 100});
        return t;
    }();
    return table;
}

PoolQuality measurePools(const Workspace& workspace, std::vector<std::string> spaces, const PoolQualityOptions& options,
                         const JobContext& job) {
    std::vector<std::string> known;
    for (const auto& space : workspace.spaces()) known.push_back(space.name);
    if (spaces.empty()) spaces = known;
    for (const auto& name : spaces) {
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        const std::string near = nearestName(name, known);
        throw Error(ErrorCode::NotFound, workspace.folder().string(), "there is no space '" + name + "'",
                    near.empty() ? "`molspace inspect` lists the spaces" : "did you mean '" + near + "'?");
    }
    throwIfAny(poolQualityOptionTable().validate(options), "pool quality");
    return Measuring(workspace, spaces, options, job).run();
}

Json PoolQuality::toJson() const {
    Json out{{"synthetic", synthetic},
             {"options", poolQualityOptionTable().toJson(options)},
             {"retrieval_temperature", options.retrieval_temperature},
             {"centred", options.centred},
             {"seed", options.seed},
             {"retrievals", Json::array()},
             {"agreements", Json::array()},
             {"gaps", Json::array()}};
    for (const auto& r : retrievals) {
        Json examples = Json::array();
        for (const auto& e : r.examples) {
            Json nearest = Json::array();
            for (const auto& n : e.nearest) nearest.push_back({{"id", n.id}, {"weight", n.weight}});
            examples.push_back({{"id", e.id}, {"nearest", nearest}});
        }
        out["retrievals"].push_back({{"space", r.space},
                                     {"from", r.from},
                                     {"to", r.to},
                                     {"queries", r.queries},
                                     {"memory", r.memory},
                                     {"rows_averaged", r.rows_averaged},
                                     {"top_weight", r.top_weight},
                                     {"top_similarity", r.top_similarity},
                                     {"distinct", r.distinct},
                                     {"examples", examples}});
    }
    for (const auto& a : agreements) {
        out["agreements"].push_back({{"one", a.one},
                                     {"other", a.other},
                                     {"from", a.from},
                                     {"to", a.to},
                                     {"queries", a.queries},
                                     {"neighbours", a.neighbours},
                                     {"shared", a.shared},
                                     {"by_chance", a.by_chance}});
    }
    for (const auto& g : gaps) {
        out["gaps"].push_back({{"space", g.space},
                               {"one", g.one},
                               {"other", g.other},
                               {"distance", g.distance},
                               {"one_cone", g.one_cone},
                               {"other_cone", g.other_cone}});
    }
    return out;
}

std::string PoolQuality::toText() const {
    std::string text = line("%lld rows of each pool ask%s%s, temperature %g, seed %llu\n\n",
                            static_cast<long long>(options.asked_rows), options.centred ? ", modalities centred" : "",
                            synthetic ? " (synthetic world)" : "", options.retrieval_temperature,
                            static_cast<unsigned long long>(options.seed));
    text += line("%-12s%-16s%10s%16s%12s%12s%12s\n", "space", "retrieves", "of", "rows averaged", "top weight",
                 "similarity", "distinct");
    for (const auto& r : retrievals) {
        text += line("%-12s%-16s%10zu%16.1f%12.3f%12.3f%11.1f%%\n", r.space.c_str(), (r.from + " > " + r.to).c_str(),
                     r.memory, r.rows_averaged, r.top_weight, r.top_similarity, 100 * r.distinct);
    }
    if (!agreements.empty()) {
        text += line("\nagreement on the %lld nearest\n", static_cast<long long>(options.neighbours));
        for (const auto& a : agreements) {
            text += line("%-28s%-16s%8.1f%%   (by chance %.2f%%)\n", (a.one + ", " + a.other).c_str(),
                         (a.from + " > " + a.to).c_str(), 100 * a.shared, 100 * a.by_chance);
        }
    }
    if (!gaps.empty()) text += "\nmodality gap: distance of the means, and length of each mean\n";
    for (const auto& g : gaps) {
        text += line("%-12s%-16s%8.3f   (%.3f, %.3f)\n", g.space.c_str(), (g.one + ", " + g.other).c_str(), g.distance,
                     g.one_cone, g.other_cone);
    }
    for (const auto& r : retrievals) {
        if (r.examples.empty()) continue;
        text += "\n" + r.space + ", " + r.from + " > " + r.to + "\n";
        for (const auto& e : r.examples) {
            text += "  " + e.id + ":";
            for (const auto& n : e.nearest) text += "  " + n.id + line(" %.2f", n.weight);
            text += "\n";
        }
    }
    return text;
}

}  // namespace engine
