// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Metrics as plain values, each with the protocol that it was measured by (method: evaluation protocol). All rates are
// in percent, ranks count from 1. Values only: copied freely, safe to pass between threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/base/option_table.h"
#include "engine/space/modality.h"
#include "engine/store/workspace.h"

namespace engine {

// What equal scores (|difference| <= 1e-12 in float64) count for.
enum class TieRule {
    Expected,     // the expected value over a random order of the tied candidates
    Optimistic,   // the positive comes first
    Pessimistic,  // the positive comes last
    ByIndex,      // the lower row comes first
};

struct EvalOptions {
    std::string ties = "expected";  // expected, optimistic, pessimistic, index
    bool class_retrieval = true;    // classification sets also report their classes as queries for items
};

const OptionTable<EvalOptions>& evalOptionTable();
TieRule tieRule(const std::string& name);  // throws Error{InvalidInput} with the nearest known name
const char* tieRuleName(TieRule rule);     // "expected"
const char* setKindName(SetKind kind);     // "retrieval", "classification", "multi-label"

// What a figure was measured on and how; printed and stored with it.
struct Protocol {
    SetKind kind = SetKind::Retrieval;
    std::string set;
    Modality first, second;
    std::size_t first_items = 0, second_items = 0, pairs = 0;
    std::string score;        // "inner product of unit rows in ImageBind"
    double length_error = 0;  // the furthest that any row's length is from 1; rows are not scaled again
    std::string hit_rule;
    std::string tie_rule;
    std::string average;  // how directions or classes are averaged
    std::string prompt;   // classification: template of the class prompts, where known
    std::string sample;   // which queries were asked, where not all; empty: all
};

// One direction of retrieval: every query looks for its positives among all candidates of the other side.
struct DirectionMetrics {
    std::string name;          // "audio→text"
    std::size_t queries = 0;   // with at least one positive; the others are left out
    std::size_t left_out = 0;  // queries without a positive
    std::size_t candidates = 0;
    double positives_per_query = 0;
    double r1 = 0, r5 = 0, r10 = 0;     // percent
    std::optional<double> median_rank;  // of the best positive among the non-positives; not known from hits alone
    std::size_t tied_queries = 0;       // whose best positive ties with a non-positive
};

struct RetrievalMetrics {
    DirectionMetrics forward, backward;  // first -> second, second -> first
    double r1 = 0, r5 = 0, r10 = 0;      // means of the two directions
};

struct ClassificationMetrics {
    std::size_t items = 0, left_out = 0, classes = 0, tied_items = 0;
    double top1 = 0, top5 = 0;                 // percent
    std::optional<DirectionMetrics> by_class;  // each class as a query for items: any item of the class counts
};

struct MultiLabelMetrics {
    std::size_t items = 0, classes = 0;
    std::size_t classes_without_items = 0;  // left out of the mean
    std::size_t tied_classes = 0;           // with a tie between a positive and a negative
    double mean_average_precision = 0;      // percent, macro mean
};

using MetricMap = std::map<std::string, double>;

// The figures of one evaluation set. One of the three is present, as protocol.kind says.
struct SetMetrics {
    Protocol protocol;
    std::optional<RetrievalMetrics> retrieval;
    std::optional<ClassificationMetrics> classification;
    std::optional<MultiLabelMetrics> multi_label;

    // By name: "R@1" (mean of both directions), "R@1 audio→text", "median rank audio→text", "top-1", "top-5", "mAP".
    MetricMap values() const;
    // One of values(); throws Error{NotFound} naming the set and the metrics that it has.
    double value(const std::string& metric) const;
};

// Figures of several sets for one subject: a space, or a product at a setting.
struct MetricsTable {
    std::string subject;     // "ImageBind", "ImageBind++ at sigma_a=0.8, sigma_t=0.5"
    bool synthetic = false;  // measured on a synthetic world: printed with every figure
    Json setting;            // of a product; null for a space
    std::vector<SetMetrics> sets;

    const SetMetrics* find(const std::string& set) const;
    const SetMetrics& at(const std::string& set) const;  // throws Error{NotFound} with the nearest name
};

Json toJson(const Protocol& protocol);
Json toJson(const DirectionMetrics& metrics);
Json toJson(const SetMetrics& metrics);  // {"set", "kind", "metrics": {name: value}, "protocol": {...}, ...}
Json toJson(const MetricsTable& table);
std::string protocolText(const Protocol& protocol);  // one paragraph
// A table for reading, two decimals, with the protocols under it.
std::string toText(const MetricsTable& table, bool with_protocol = true);

}  // namespace engine
