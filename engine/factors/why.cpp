// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/why.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/first_error.h"
#include "engine/factors/query_field.h"
#include "engine/factors/shapley.h"
#include "engine/factors/survivors.h"

namespace engine {

namespace {

constexpr std::size_t kTileQueries = 256, kTileCandidates = 2048;
constexpr std::size_t kFieldQueries = 32;  // whose products are held at a time

// True if the mover is a share or a part of one of the set's sides; the others cannot move anything.
bool concerns(const ProductModel& model, const SetComponents& set, const Mover& mover) {
    for (const Components* side : {&set.first, &set.second}) {
        for (const auto& layer : side->layers) {
            if (mover.expert || !mover.projectors_of.empty()) {
                for (const auto& part : layer.parts) {
                    if (part.expert == (mover.expert ? mover.name : mover.projectors_of)) return true;
                }
            } else {
                const FactorInfo* factor = model.plan().factor(mover.name);
                if (factor->step == layer.step && factor->modality == side->modality) return true;
            }
        }
    }
    return false;
}

// Both sides of a set at one setting of a product.
struct Point {
    Point(const ProductModel& model, const SetComponents& of, const Setting& at, RankSource known_ranks = {})
        : set(of),
          setting(at),
          known(std::move(known_ranks)),
          first(model.weights(set.first.modality, set.first, at)),
          second(model.weights(set.second.modality, set.second, at)) {}
    void blend(const JobContext& job) {
        if (x) return;
        x = std::make_unique<ProductRows>(set.first, first, job);
        y = std::make_unique<ProductRows>(set.second, second, job);
    }
    std::vector<QueryRank> ranks(bool forward, const JobContext& job) {
        if (known) {
            auto out = known(setting, forward);
            if (!out.empty()) return out;
        }
        if (!direct) {
            blend(job);
            direct = rankPairs(x->source(), y->source(), set.set.pairs, Directions::Both, set.set.name, job);
        }
        return forward ? direct->forward : direct->backward;
    }

    const SetComponents& set;
    Setting setting;
    RankSource known;
    BlendWeights first, second;
    std::unique_ptr<ProductRows> x, y;
    std::optional<PairRanks> direct;
};

std::vector<std::uint32_t> positivesFor(const PositiveLists& lists, std::uint32_t query) {
    return {lists.rows.begin() + static_cast<std::ptrdiff_t>(lists.offset[query]),
            lists.rows.begin() + static_cast<std::ptrdiff_t>(lists.offset[query + 1])};
}

// The best answers of a few queries from float32 rows.
std::vector<BestAnswers> bestAnswers(const Point& at, const std::vector<QueryChange>& changes,
                                     const PositiveLists& positives, bool forward, const JobContext& job) {
    const MatrixView queries = (forward ? at.x : at.y)->source().rows;
    const MatrixView candidates = (forward ? at.y : at.x)->source().rows;
    const auto none = -std::numeric_limits<double>::infinity();
    std::vector<BestAnswers> out(changes.size());
    FirstError failure;
    const auto take = [&](std::size_t q0) {
        Matrix x(kTileQueries, queries.cols), tile(kTileQueries, kTileCandidates);
        const std::size_t nq = std::min(kTileQueries, changes.size() - q0);
        for (std::size_t i = 0; i < nq; ++i) {
            out[q0 + i].positive = out[q0 + i].wrong = none;
            std::copy_n(queries.row(changes[q0 + i].query), queries.cols, x.row(i));
        }
        for (std::size_t c0 = 0; c0 < candidates.rows && !job.stopRequested(); c0 += kTileCandidates) {
            const std::size_t nc = std::min(kTileCandidates, candidates.rows - c0);
            gemmNT(nq, nc, queries.cols, 1, x.data(), x.cols(), candidates.row(c0), candidates.stride, 0, tile.data(),
                   kTileCandidates);
            for (std::size_t i = 0; i < nq; ++i) {
                const std::uint32_t query = changes[q0 + i].query;
                const auto begin = positives.rows.begin() + static_cast<std::ptrdiff_t>(positives.offset[query]);
                const auto end = positives.rows.begin() + static_cast<std::ptrdiff_t>(positives.offset[query + 1]);
                BestAnswers& best = out[q0 + i];
                float* scores = tile.row(i);
                for (auto p = std::lower_bound(begin, end, c0); p != end && *p < c0 + nc; ++p) {
                    const auto score = static_cast<double>(scores[*p - c0]);
                    if (score > best.positive) best.positive = score, best.positive_row = *p;
                    scores[*p - c0] = -std::numeric_limits<float>::infinity();  // the rest are wrong answers
                }
                const float* top = std::max_element(scores, scores + nc);
                if (static_cast<double>(*top) <= best.wrong) continue;
                best.wrong = static_cast<double>(*top);
                best.wrong_row = static_cast<std::uint32_t>(c0 + static_cast<std::size_t>(top - scores));
            }
        }
    };
    // Blocks of queries by one thread each, as in sortOut(): no thread waits for another.
#pragma omp parallel for schedule(dynamic, 1)
    for (std::size_t q0 = 0; q0 < changes.size(); q0 += kTileQueries) failure.guard([&] { take(q0); });
    failure.rethrow();
    job.checkStop();
    return out;
}

void put(const BestAnswers& best, bool after, QueryChange& to) {
    (after ? to.positive_after : to.positive_before) = best.positive_row;
    (after ? to.wrong_after : to.wrong_before) = best.wrong_row;
    (after ? to.margin_after : to.margin_before) = best.margin();
}

double distance(const QueryChange& change) {
    return std::fabs(change.margin_after - change.margin_before);
}

void sortByDistance(std::vector<QueryChange>::iterator begin, std::vector<QueryChange>::iterator end) {
    std::stable_sort(begin, end, [](const QueryChange& a, const QueryChange& b) { return distance(a) > distance(b); });
}

// The queries whose hits at K differ, the furthest moved first.
std::vector<QueryChange> changedQueries(Point& before, Point& after, const PositiveLists& positives, bool forward,
                                        std::size_t place, TieRule ties, const JobContext& job) {
    const auto was = before.ranks(forward, job), is = after.ranks(forward, job);
    std::vector<QueryChange> changes;
    for (std::uint32_t q = 0; q < was.size(); ++q) {
        if (was[q].positives == 0) continue;
        QueryChange change;
        change.query = q;
        change.hit_before = hitAt(was[q], place, ties);
        change.hit_after = hitAt(is[q], place, ties);
        if (change.hit_before == change.hit_after) continue;
        change.rank_before = rankOf(was[q], ties);
        change.rank_after = rankOf(is[q], ties);
        changes.push_back(std::move(change));
    }
    if (changes.empty()) return changes;
    for (Point* point : {&before, &after}) {
        point->blend(job);
        const auto best = bestAnswers(*point, changes, positives, forward, job);
        for (std::size_t i = 0; i < changes.size(); ++i) put(best[i], point == &after, changes[i]);
    }
    sortByDistance(changes.begin(), changes.end());
    return changes;
}

DirectionChange partedChange(const SetDescription& set, bool forward, std::vector<QueryChange> changes) {
    DirectionChange out;
    out.name = directionName(set, forward);
    for (auto& change : changes)
        (change.hit_after > change.hit_before ? out.gained : out.lost).push_back(std::move(change));
    return out;
}

class Explainer {
public:
    Explainer(const ProductModel& model, const SetComponents& set, const Setting& before, const Setting& after,
              const WhyOptions& options, const JobContext& job, const RankSource& ranks)
        : model_(model),
          set_(set),
          options_(options),
          ties_(tieRule(options.ties)),
          job_(job),
          before_(model, set, before, ranks),
          after_(model, set, after, ranks),
          movers_(moversBetween(model, before, after)) {
        for (std::size_t m = 0; m < movers_.size(); ++m) {
            if (!concerns(model, set, movers_[m])) continue;
            players_.push_back(movers_[m]);
            player_at_.push_back(m);
        }
        plan_ = std::make_unique<ShapleyPlan>(players_.size(), static_cast<std::size_t>(options.exact_players),
                                              static_cast<std::size_t>(options.orders),
                                              static_cast<std::uint64_t>(options.seed));
    }

    SetChange run() {
        SetChange out;
        out.movers = movers_;
        out.exact = plan_->exact();
        out.forward = direction(true);
        out.backward = direction(false);
        return out;
    }

private:
    DirectionChange direction(bool forward) {
        if (players_.empty()) return partedChange(set_.set, forward, {});
        const Components& queries = forward ? set_.first : set_.second;
        const PositiveLists positives = positivesOf(set_.set.pairs, queries.rows(), !forward);
        auto changes =
            changedQueries(before_, after_, positives, forward, static_cast<std::size_t>(options_.place), ties_, job_);
        const std::size_t explained = std::min(changes.size(), static_cast<std::size_t>(options_.explained));
        for (std::size_t first = 0; first < explained; first += kFieldQueries)
            explain(changes.data() + first, std::min(kFieldQueries, explained - first), positives, forward);
        sortByDistance(changes.begin(), changes.begin() + static_cast<std::ptrdiff_t>(explained));
        return partedChange(set_.set, forward, std::move(changes));
    }

    // Made at first use and shared by all queries of a direction; each side is the candidates' once.
    const PartGrams& candidateGrams(bool forward) {
        auto& grams = grams_[forward];
        if (!grams) {
            const Components& side = forward ? set_.second : set_.first;
            std::vector<std::uint32_t> all(side.rows());
            std::iota(all.begin(), all.end(), 0u);
            grams = std::make_unique<PartGrams>(side, std::move(all), job_);
        }
        return *grams;
    }

    void explain(QueryChange* changes, std::size_t count, const PositiveLists& positives, bool forward) {
        std::vector<std::uint32_t> rows;
        std::vector<std::vector<std::uint32_t>> of_query;
        for (std::size_t i = 0; i < count; ++i) {
            rows.push_back(changes[i].query);
            of_query.push_back(positivesFor(positives, changes[i].query));
        }
        const PartGrams queries(forward ? set_.first : set_.second, rows, job_);
        const PartGrams& candidates = candidateGrams(forward);
        const QueryField field(queries, candidates, job_);
        const auto& coalitions = plan_->coalitions();
        const std::uint64_t all = (std::uint64_t{1} << players_.size()) - 1;
        std::vector<double> margins(count * coalitions.size());
        for (std::size_t s = 0; s < coalitions.size(); ++s) {
            job_.checkStop();
            const Point at(model_, set_, withMoved(before_.setting, players_, coalitions[s]));
            const auto a = coefficientsOf(queries, forward ? at.first : at.second);
            const auto b = coefficientsOf(candidates, forward ? at.second : at.first);
#pragma omp parallel for schedule(dynamic, 1)
            for (std::size_t i = 0; i < count; ++i) {
                const BestAnswers best = field.best(i, a.data() + i * queries.parts(), b, of_query[i]);
                margins[i * coalitions.size() + s] = best.margin();
                if (coalitions[s] == 0) put(best, false, changes[i]);
                if (coalitions[s] == all) put(best, true, changes[i]);
            }
        }
        for (std::size_t i = 0; i < count; ++i) {
            const ShapleyValues values =
                plan_->values(std::span(margins).subspan(i * coalitions.size(), coalitions.size()));
            changes[i].shares.assign(movers_.size(), 0);
            changes[i].errors.assign(movers_.size(), 0);
            for (std::size_t p = 0; p < players_.size(); ++p) {
                changes[i].shares[player_at_[p]] = values.shares[p];
                changes[i].errors[player_at_[p]] = values.errors[p];
            }
        }
    }

    const ProductModel& model_;
    const SetComponents& set_;
    const WhyOptions& options_;
    TieRule ties_;
    const JobContext& job_;
    Point before_, after_;
    std::vector<Mover> movers_, players_;  // players: those that the set knows
    std::vector<std::size_t> player_at_;   // among the movers
    std::unique_ptr<ShapleyPlan> plan_;
    std::unique_ptr<PartGrams> grams_[2];
};

}  // namespace

const OptionTable<WhyOptions>& whyOptionTable() {
    static const OptionTable<WhyOptions> table = [] {
        OptionTable<WhyOptions> t;
        t.add("ties", &WhyOptions::ties,
              {.help = "What equal scores count for: their expected value over a random order, the positive first, the "
                       "positive last, or the lower row first.",
               .choices = {"expected", "optimistic", "pessimistic", "index"}});
        t.add("place", &WhyOptions::place,
              {.help = "K: a query hits if one of its positives is among its first K answers.", .min = 1});
        t.add("explained", &WhyOptions::explained,
              {.help = "Queries of each direction whose change is shared out among factors and experts; those whose "
                       "margin moved furthest. The others are listed.",
               .min = 0,
               .unit = "queries"});
        t.add("exact_players", &WhyOptions::exact_players,
              {.help = "Up to so many changed factors and experts every combination is computed; beyond it orders are "
                       "sampled.",
               .min = 0,
               .max = 16,
               .advanced = true});
        t.add("orders", &WhyOptions::orders,
              {.help = "Random orders of the changed factors and experts, where they are sampled.",
               .min = 2,
               .max = 100000,
               .advanced = true});
        t.add("seed", &WhyOptions::seed, {.help = "Of the random orders.", .min = 0, .advanced = true});
        return t;
    }();
    return table;
}

std::vector<Mover> moversBetween(const ProductModel& model, const Setting& before, const Setting& after) {
    std::vector<Mover> out;
    for (const FactorInfo& factor : model.plan().factors) {
        const Mover mover{factor.name, false, factorAt(factor, before), factorAt(factor, after), {}, {}, {}, {}};
        if (mover.before != mover.after) out.push_back(mover);
    }
    const auto byName = [](const Mover& a, const Mover& b) { return a.name < b.name; };
    std::sort(out.begin(), out.end(), byName);
    std::vector<Mover> experts;
    const Recipe& recipe = model.recipe();
    for (std::size_t s = 0; s < recipe.route.size(); ++s) {
        for (std::size_t e = 0; e < recipe.route[s].experts.size(); ++e) {
            const std::string key = expertKey(recipe, s, e);
            const ExpertUse& use = recipe.route[s].experts[e];
            const auto weightAt = [&](const Setting& setting) {
                const auto found = setting.expert_weights.find(key);
                return found != setting.expert_weights.end() ? found->second : use.enabled ? use.weight : 0;
            };
            const Mover mover{key, true, weightAt(before), weightAt(after), {}, {}, {}, {}};
            if (mover.before != mover.after) experts.push_back(mover);
        }
    }
    std::sort(experts.begin(), experts.end(), byName);
    out.insert(out.end(), experts.begin(), experts.end());
    std::vector<Mover> chosen;
    const Recipe from = withSetting(recipe, model.plan(), {{}, {}, before.projectors});
    const Recipe to = withSetting(recipe, model.plan(), {{}, {}, after.projectors});
    for (const auto& r : model.plan().reactions) {
        Mover mover;
        mover.projectors_of = expertKey(recipe, r.step, r.expert);
        mover.name = projectorKey(mover.projectors_of, "*");
        mover.trained = r.subsets;
        mover.active_before = activeProjectors(from, model.plan(), r.step, r.expert);
        mover.active_after = activeProjectors(to, model.plan(), r.step, r.expert);
        mover.before = static_cast<double>(mover.active_before.size());
        mover.after = static_cast<double>(mover.active_after.size());
        if (mover.active_before != mover.active_after) chosen.push_back(std::move(mover));
    }
    std::sort(chosen.begin(), chosen.end(), byName);
    out.insert(out.end(), chosen.begin(), chosen.end());
    return out;
}

Setting withMoved(const Setting& before, const std::vector<Mover>& movers, std::uint64_t coalition) {
    Setting out = before;
    for (std::size_t i = 0; i < movers.size(); ++i) {
        const Mover& mover = movers[i];
        const bool moved = (coalition >> i & 1) != 0;
        if (mover.projectors_of.empty()) {
            (mover.expert ? out.expert_weights : out.factors)[mover.name] = moved ? mover.after : mover.before;
            continue;
        }
        const auto& active = moved ? mover.active_after : mover.active_before;
        for (const auto& subset : mover.trained) {
            out.projectors[projectorKey(mover.projectors_of, subset)] =
                std::find(active.begin(), active.end(), subset) != active.end();
        }
    }
    return out;
}

RankSource landscapeRanks(const LandscapeEvaluator& evaluator, std::size_t set) {
    return [&evaluator, set](const Setting& setting, bool forward) -> std::vector<QueryRank> {
        const auto landscape = evaluator.landscape(set);
        // A sample does not know where all queries stand.
        if (!landscape || !evaluator.ready(set, setting) || landscape->request().sample) return {};
        if (landscape->cells(forward).open_at.size() == 0) return {};
        return landscape->ranks(evaluator.pointOf(set, setting).data(), forward);
    };
}

namespace {

void requireLive(const ProductModel& model, const SetComponents& set, const Setting& setting) {
    checkSetting(setting, model.plan().factors, model.recipe().name);
    if (!set.first.folded_how.empty() || model.isLive(setting)) return;  // else the items say it themselves
    throw Error(ErrorCode::InvalidInput, model.recipe().name,
                "the setting changes something that later reactions were computed from",
                "set it in the recipe and train or evaluate that");
}

void requireHits(const SetComponents& set, const WhyOptions& options) {
    std::vector<std::string> problems;
    for (const auto& problem : whyOptionTable().validate(options)) problems.push_back(problem.message);
    if (!problems.empty()) throw joinProblems(ErrorCode::InvalidInput, "options", problems);
    if (set.set.kind == SetKind::MultiLabel) {
        throw Error(ErrorCode::InvalidInput, set.set.name, "a set of several labels has no hits at K",
                    "choose a retrieval or classification set");
    }
}

}  // namespace

SetChange explainChange(const ProductModel& model, const SetComponents& set, const Setting& before,
                        const Setting& after, const WhyOptions& options, const JobContext& job,
                        const RankSource& ranks) {
    for (const Setting* setting : {&before, &after}) requireLive(model, set, *setting);
    requireHits(set, options);
    return Explainer(model, set, before, after, options, job, ranks).run();
}

SetChange compareProducts(const ProductAt& before, const ProductAt& after, const WhyOptions& options,
                          const JobContext& job) {
    for (const ProductAt* of : {&before, &after}) {
        requireLive(of->model, of->set, of->setting);
        requireHits(of->set, options);
    }
    Point was(before.model, before.set, before.setting, before.ranks),
        is(after.model, after.set, after.setting, after.ranks);
    SetChange out;
    for (const bool forward : {true, false}) {
        const std::size_t queries = (forward ? before.set.first : before.set.second).rows();
        const PositiveLists positives = positivesOf(before.set.set.pairs, queries, !forward);
        auto changes = changedQueries(was, is, positives, forward, static_cast<std::size_t>(options.place),
                                      tieRule(options.ties), job);
        (forward ? out.forward : out.backward) = partedChange(before.set.set, forward, std::move(changes));
    }
    return out;
}

}  // namespace engine
