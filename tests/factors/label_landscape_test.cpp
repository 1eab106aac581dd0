// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Mean average precision of a landscape against that of all scores in float64, class by class: many items and few, one
// positive and all, copies and near copies among the items, places that all fall together.
#include "engine/factors/label_landscape.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/eval/average_precision.h"
#include "engine/eval/score_kernel.h"
#include "tests/factors/landscape_support.h"

namespace engine {
namespace {

struct LabelCase {
    std::string name;
    RandomSetOptions options;
    std::vector<double> shares;  // of the items that are positives of each class, over and over; below 0: exactly one
    double copies = 0;           // of the items: half of them exact, half moved by 1e-7
    bool one_row = false;        // all items are alike
};

std::vector<LabelCase> cases() {
    const RandomSetOptions few{.first_items = 40, .second_items = 9};
    const RandomSetOptions many{.first_items = 6000, .second_items = 5, .width = 16};
    return {
        {"FewItems", few, {-1, 0.2, 0.9, 0, 1}},
        {"ManyItems", many, {-1, 0.002, 0.02, 0.5, 1}},
        {"Copies", many, {-1, 0.002, 0.02, 0.5, 1}, 0.5},
        {"FewCopies", few, {-1, 0.2, 0.9, 0, 1}, 0.6},
        {"AllAlike", few, {-1, 0.2, 0.9, 0, 1}, 0, true},
        {"ManyAlike", many, {-1, 0.002, 0.02, 0.5, 1}, 0, true},
        {"NestedLayers",
         {.first_items = 500, .second_items = 7, .first_layers = 2, .second_layers = 2},
         {-1, 0.1},
         0.3},
        {"NoFactors", {.first_items = 500, .second_items = 7, .first_layers = 0, .second_layers = 0}, {-1, 0.1}, 0.3},
        {"Weights", {.first_items = 500, .second_items = 7, .noise = 0.6, .weights = true}, {-1, 0.1}, 0.3},
        {"Opposed", {.first_items = 800, .second_items = 6, .noise = 0.5, .opposed = true}, {-1, 0.05, 0.4}, 0.2},
    };
}

class LabelLandscapes : public testing::TestWithParam<LabelCase> {
protected:
    LabelLandscapes() : set_(GetParam().options, 11), rng_(12) {
        const LabelCase& c = GetParam();
        SetDescription& description = set_.request.set.set;
        description.kind = SetKind::MultiLabel;
        description.pairs.clear();
        const std::size_t items = c.options.first_items, classes = c.options.second_items;
        for (std::uint32_t k = 0; k < classes; ++k) {
            const double share = c.shares[k % c.shares.size()];
            const std::size_t only = rng_.below(items);
            for (std::uint32_t i = 0; i < items; ++i) {
                if (share < 0 ? i == only : rng_.uniform() < share) description.pairs.push_back({i, k});
            }
        }
        for (std::size_t i = 1; i < items; ++i) {
            if (c.one_row) copyItem(0, i, 0);
            else if (rng_.uniform() < c.copies) copyItem(rng_.below(i), i, rng_.below(2) ? 1e-7f : 0.f);
        }
    }

    // In every component of the items.
    void copyItem(std::size_t from, std::size_t to, float moved) {
        const auto copy = [&](const MatrixView& view) {
            for (auto& m : set_.rows) {
                if (m.data() != view.data) continue;
                std::copy_n(m.row(from), m.cols(), m.row(to));
                if (m.cols() > 1) m.row(to)[1] += moved;
            }
        };
        copy(set_.request.set.first.base);
        for (const auto& layer : set_.request.set.first.layers) {
            for (const auto& part : layer.parts) copy(part.rows);
        }
    }

    void expectReference(const LabelLandscape& landscape, const std::vector<double>& point) {
        const auto& request = set_.request;
        const BlendWeights first = request.firstAt(point.data()), second = request.secondAt(point.data());
        const ExactRows exact(request.set, first, second);
        const std::size_t items = request.set.first.rows(), classes = request.set.second.rows();
        std::vector<std::vector<double>> rows(items, std::vector<double>(exact.width()));
        for (std::size_t i = 0; i < items; ++i) exact.row(false, i, rows[i].data());
        for (const TieRule ties : {TieRule::Expected, TieRule::Optimistic, TieRule::Pessimistic, TieRule::ByIndex}) {
            double sum = 0;
            std::size_t counted = 0, tied = 0;
            for (std::uint32_t k = 0; k < classes; ++k) {
                std::vector<double> of(exact.width()), scores(items);
                exact.row(true, k, of.data());
                for (std::size_t i = 0; i < items; ++i) scores[i] = score::dot(rows[i].data(), of.data(), of.size());
                std::vector<char> positive(items, 0);
                for (const auto& pair : request.set.set.pairs) {
                    if (pair[1] == k) positive[pair[0]] = 1;
                }
                const ClassPrecision p = averagePrecision(scores, positive, ties);
                tied += p.tied;
                if (p.positives == 0) continue;
                ++counted;
                sum += p.value;
            }
            const LabelPoint fast = landscape.at(point.data(), ties);
            EXPECT_NEAR(fast.mean_average_precision, 100 * sum / static_cast<double>(counted), 1e-10);
            EXPECT_EQ(fast.tied_classes, tied);
            EXPECT_EQ(fast.classes - fast.classes_without_items, counted);
        }
    }

    RandomSet set_;
    Rng rng_;
};

TEST_P(LabelLandscapes, EqualAveragePrecisionOfAllScores) {
    const auto landscape = LabelLandscape::build(set_.request, {});
    const std::size_t dims = set_.request.box.size();
    std::vector<std::vector<double>> points{std::vector<double>(dims, 0.0), std::vector<double>(dims, 1.0)};
    for (int i = 0; i < 6; ++i) points.push_back(set_.randomPoint(rng_));
    for (const auto& point : points) {
        expectReference(*landscape, point);
        if (HasFailure() || dims == 0) break;
    }
}

INSTANTIATE_TEST_SUITE_P(Cases, LabelLandscapes, testing::ValuesIn(cases()),
                         [](const auto& of) { return of.param.name; });

}  // namespace
}  // namespace engine
