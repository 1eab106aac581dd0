// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/set_evaluation.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/eval/average_precision.h"

namespace engine {

namespace {

double percent(double part, std::size_t whole) {
    return whole == 0 ? 0 : 100 * part / static_cast<double>(whole);
}

DirectionMetrics summarise(const std::vector<QueryRank>& ranks, std::size_t candidates, const std::string& name,
                           TieRule ties) {
    DirectionMetrics out;
    out.name = name;
    out.candidates = candidates;
    double hits1 = 0, hits5 = 0, hits10 = 0, positives = 0;
    std::vector<double> places;
    places.reserve(ranks.size());
    for (const auto& rank : ranks) {
        if (rank.positives == 0) {
            ++out.left_out;
            continue;
        }
        hits1 += hitAt(rank, 1, ties);
        hits5 += hitAt(rank, 5, ties);
        hits10 += hitAt(rank, 10, ties);
        positives += rank.positives;
        out.tied_queries += rank.tied != 0;
        places.push_back(rankOf(rank, ties));
    }
    out.queries = places.size();
    out.r1 = percent(hits1, out.queries);
    out.r5 = percent(hits5, out.queries);
    out.r10 = percent(hits10, out.queries);
    out.positives_per_query = out.queries == 0 ? 0 : positives / static_cast<double>(out.queries);
    out.median_rank = medianOf(std::move(places));
    return out;
}

std::string tieText(TieRule ties) {
    const std::string equal = "scores within 1e-12 in float64 tie; ";
    switch (ties) {
        case TieRule::Expected:
            return equal + "a tie counts its expected value over a random order";
        case TieRule::Optimistic:
            return equal + "the positive comes first in a tie";
        case TieRule::Pessimistic:
            return equal + "the positive comes last in a tie";
        case TieRule::ByIndex:
            return equal + "the lower row comes first in a tie";
    }
    return equal;
}

}  // namespace

double medianOf(std::vector<double> values) {
    if (values.empty()) return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    if (values.size() % 2 == 1) return *middle;
    return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

Protocol protocolOf(const SetDescription& set, std::size_t first_items, std::size_t second_items,
                    const std::string& score, TieRule ties) {
    Protocol p;
    p.kind = set.kind;
    p.set = set.name;
    p.first = set.first;
    p.second = set.second;
    p.first_items = first_items;
    p.second_items = second_items;
    p.pairs = set.pairs.size();
    p.score = score;
    p.tie_rule = tieText(ties);
    p.prompt = set.prompt;
    switch (set.kind) {
        case SetKind::Retrieval:
            p.hit_rule =
                "every item of either side is a query against all items of the other; a hit at K if any of its "
                "positives has fewer than K non-positives before it";
            p.average = "R@K is the mean of the two directions, each over all its queries";
            break;
        case SetKind::Classification:
            p.hit_rule = "every item against all classes; a hit at K if fewer than K other classes come before its own";
            p.average = "over items";
            break;
        case SetKind::MultiLabel:
            p.hit_rule = "every class ranks all items; average precision over the items that have the label";
            p.average = "mAP is the unweighted mean over classes that have any item";
            break;
    }
    return p;
}

namespace {

// One label for each item; `left_out` is what has none.
void checkSingleLabels(const SetDescription& set, const std::vector<QueryRank>& ranks) {
    for (std::size_t i = 0; i < ranks.size(); ++i) {
        if (ranks[i].positives <= 1) continue;
        throw Error(ErrorCode::InvalidInput, set.name + " item " + std::to_string(i),
                    "expected one class for each item, found " + std::to_string(ranks[i].positives),
                    "declare the set as multi-label");
    }
}

template <class RankFunction, class PrecisionFunction>
SetMetrics evaluateWith(const SetDescription& set, const RowSource& first, const RowSource& second,
                        const std::string& score, const EvalOptions& options, const RankFunction& rank,
                        const PrecisionFunction& precisions) {
    const TieRule ties = tieRule(options.ties);
    SetMetrics out;
    out.protocol = protocolOf(set, first.rows.rows, second.rows.rows, score, ties);
    if (set.kind == SetKind::MultiLabel) {
        MultiLabelMetrics m;
        m.items = first.rows.rows;
        m.classes = second.rows.rows;
        double sum = 0;
        const ClassPrecisions found = precisions(ties);
        out.protocol.length_error = found.length_error;
        for (const auto& c : found.classes) {
            sum += c.value;
            m.classes_without_items += c.positives == 0;
            m.tied_classes += c.tied;
        }
        m.mean_average_precision = percent(sum, m.classes - m.classes_without_items);
        out.multi_label = m;
        return out;
    }
    const bool both = set.kind == SetKind::Retrieval || options.class_retrieval;
    const PairRanks ranks = rank(both ? Directions::Both : Directions::Forward);
    out.protocol.length_error = ranks.length_error;
    if (set.kind == SetKind::Retrieval) {
        RetrievalMetrics m;
        m.forward = summarise(ranks.forward, second.rows.rows, directionName(set, true), ties);
        m.backward = summarise(ranks.backward, first.rows.rows, directionName(set, false), ties);
        m.r1 = (m.forward.r1 + m.backward.r1) / 2;
        m.r5 = (m.forward.r5 + m.backward.r5) / 2;
        m.r10 = (m.forward.r10 + m.backward.r10) / 2;
        out.retrieval = m;
        return out;
    }
    checkSingleLabels(set, ranks.forward);
    ClassificationMetrics m;
    const auto items = summarise(ranks.forward, second.rows.rows, directionName(set, true), ties);
    m.items = items.queries;
    m.left_out = items.left_out;
    m.classes = second.rows.rows;
    m.tied_items = items.tied_queries;
    m.top1 = items.r1;
    m.top5 = items.r5;
    if (both) m.by_class = summarise(ranks.backward, first.rows.rows, directionName(set, false), ties);
    out.classification = m;
    return out;
}

}  // namespace

std::string directionName(const SetDescription& set, bool forward) {
    const bool same = set.first == set.second;
    const std::string first = same ? "first" : set.first, second = same ? "second" : set.second;
    return forward ? first + "→" + second : second + "→" + first;
}

double hitAt(const QueryRank& rank, std::size_t k, TieRule ties) {
    if (rank.positives == 0 || rank.beaten_by >= k) return 0;
    const std::size_t room = k - rank.beaten_by;  // a hit if fewer tied non-positives than this come first
    switch (ties) {
        case TieRule::Optimistic:
            return 1;
        case TieRule::Pessimistic:
            return rank.tied < room ? 1 : 0;
        case TieRule::ByIndex:
            return rank.tied_before < room ? 1 : 0;
        case TieRule::Expected:
            break;
    }
    if (rank.tied < room) return 1;
    // In a random order of t tied non-positives and m tied positives, the first `room` are all non-positives.
    double miss = 1;
    for (std::size_t i = 0; i < room; ++i) {
        miss *= static_cast<double>(rank.tied - i) / static_cast<double>(rank.tied + rank.tied_positives - i);
    }
    return 1 - miss;
}

double rankOf(const QueryRank& rank, TieRule ties) {
    const double clear = 1.0 + rank.beaten_by;
    switch (ties) {
        case TieRule::Optimistic:
            return clear;
        case TieRule::Pessimistic:
            return clear + rank.tied;
        case TieRule::ByIndex:
            return clear + rank.tied_before;
        case TieRule::Expected:
            break;
    }
    return clear + static_cast<double>(rank.tied) / (rank.tied_positives + 1.0);
}

SetMetrics evaluateSet(const SetDescription& set, const RowSource& first, const RowSource& second,
                       const std::string& score, const EvalOptions& options, const JobContext& job, PairRanks* ranks) {
    if (ranks) *ranks = {};
    return evaluateWith(
        set, first, second, score, options,
        [&](Directions directions) {
            PairRanks found = rankPairs(first, second, set.pairs, directions, set.name, job);
            if (ranks) *ranks = found;
            return found;
        },
        [&](TieRule ties) {
            return averagePrecisions(first, second, set.pairs, ties, set.name, job,
                                     ranks ? &ranks->influence : nullptr);
        });
}

SetMetrics evaluateSetReference(const SetDescription& set, const RowSource& first, const RowSource& second,
                                const std::string& score, const EvalOptions& options, const JobContext& job) {
    return evaluateWith(
        set, first, second, score, options,
        [&](Directions directions) { return rankPairsReference(first, second, set.pairs, directions, job); },
        [&](TieRule ties) {
            std::vector<std::vector<char>> positive(second.rows.rows, std::vector<char>(first.rows.rows, 0));
            for (const auto& pair : set.pairs) positive.at(pair[1]).at(pair[0]) = 1;
            ClassPrecisions out;
            std::vector<double> x(first.rows.cols), c(first.rows.cols), scores(first.rows.rows);
            for (std::size_t k = 0; k < second.rows.rows; ++k) {
                job.checkStop();
                exactRow(second, k, c.data());
                for (std::size_t i = 0; i < first.rows.rows; ++i) {
                    exactRow(first, i, x.data());
                    scores[i] = 0;
                    for (std::size_t d = 0; d < x.size(); ++d) scores[i] += x[d] * c[d];
                }
                out.classes.push_back(averagePrecision(scores, positive[k], ties));
            }
            return out;
        });
}

}  // namespace engine
