// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/query_line.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "engine/session/top_answers.h"

namespace engine {
namespace {

// Rows by what is best of them, the lower row where that is equal.
template <class Value>
std::vector<std::uint32_t> highest(const std::map<std::uint32_t, Value>& values, std::size_t count) {
    std::vector<std::pair<Value, std::uint32_t>> order;
    for (const auto& [row, value] : values) order.emplace_back(value, row);
    std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    std::vector<std::uint32_t> rows;
    for (std::size_t i = 0; i < std::min(count, order.size()); ++i) rows.push_back(order[i].second);
    return rows;
}

}  // namespace

std::vector<std::pair<double, double>> QueryLine::Hits::intervals(std::size_t place) const {
    std::vector<std::pair<double, double>> out;
    double from = 0, now = start[place];
    for (const Flip& flip : flips) {
        if (flip.place != place) continue;
        if (now == 1 && flip.at > from) out.emplace_back(from, flip.at);
        from = flip.at;
        now = flip.after;
    }
    if (now == 1) out.emplace_back(from, 1);
    return out;
}

QueryLine queryLine(const LiveProduct& live, std::size_t set, bool forward, std::uint32_t query,
                    const std::string& factor, const Setting& setting, const QueryLineOptions& options,
                    const JobContext& job) {
    const ProductModel& model = live.model();
    const FactorInfo axis = requireAxis(factor, 0, 1, model.plan().axes(), model.recipe().name);
    QueryLine out;
    out.factor = factor;
    const auto items = live.components(set, setting, job);
    const QueryAnswers answers(*items, forward, query, job);
    std::vector<std::vector<double>> scores;
    std::map<std::uint32_t, double> own;         // its best score anywhere
    std::map<std::uint32_t, std::size_t> wrong;  // at how many points it is the best
    for (std::size_t i = 0; i < options.points; ++i) {
        job.checkStop();
        Setting at = setting;
        out.at.push_back(static_cast<double>(i) / static_cast<double>(options.points - 1));
        setFactor(at, axis, out.at.back());
        scores.push_back(answers.scores(model.weights(items->first.modality, items->first, at),
                                        model.weights(items->second.modality, items->second, at)));
        const auto& here = scores.back();
        // The first few: the best one alone would often be the same all along.
        std::vector<std::uint32_t> best;
        for (std::uint32_t row = 0; row < here.size(); ++row) {
            if (answers.isPositive(row)) {
                const auto found = own.emplace(row, here[row]).first;
                found->second = std::max(found->second, here[row]);
                continue;
            }
            const auto place =
                std::find_if(best.begin(), best.end(), [&](auto other) { return here[row] > here[other]; });
            best.insert(place, row);
            if (best.size() > options.wrong) best.pop_back();
        }
        for (std::size_t k = 0; k < best.size(); ++k) wrong[best[k]] += best.size() - k;
    }
    const auto add = [&](std::uint32_t row) {
        QueryLine::Answer answer{row, answers.isPositive(row), {}};
        for (const auto& at : scores) answer.scores.push_back(at[row]);
        out.answers.push_back(std::move(answer));
    };
    for (const auto row : highest(own, options.own)) add(row);
    for (const auto row : highest(wrong, options.wrong)) add(row);

    const auto line = live.sample(set) ? std::nullopt : live.flips(set, forward, factor, setting, job);
    if (line && query < line->start.size()) {
        out.hits.emplace();
        out.hits->start = line->start[query];
        std::copy_if(line->flips.begin(), line->flips.end(), std::back_inserter(out.hits->flips),
                     [&](const Flip& flip) { return flip.query == query; });
    }
    return out;
}

}  // namespace engine
