// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/pool_findings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>

namespace engine {
namespace {

using Kind = PoolFinding::Kind;

// An average over so many rows, or such a share of a small pool, is more the pool's mean than an item.
constexpr double kBlurredRows = 100, kBlurredShare = 0.2;
// Below, a pseudo pair is one item's row and no average.
constexpr double kSingleRow = 1.2;
// Of the share of queries that would have a nearest row of their own if every row were as likely to be the nearest.
constexpr double kCrowded = 0.5;
// Neighbours that two spaces share: less than so many times what chance shares, or than this share, is nothing to build
// on.
constexpr double kTimesChance = 2, kLeastShared = 0.02;
// Between the means of unit rows, at most 2: from here on the gap weighs in similarities about as much as the content.
constexpr double kWideGap = 0.5;

template <class... Values>
std::string line(const char* format, Values... values) {
    std::array<char, 512> text{};
    std::snprintf(text.data(), text.size(), format, values...);
    return text.data();
}

std::string percent(double share) {
    return line(100 * share < 10 ? "%.1f %%" : "%.0f %%", 100 * share);
}

// "3.2", "140"
std::string rows(double count) {
    return line(count < 10 ? "%.1f" : "%.0f", count);
}

std::string direction(const Modality& from, const Modality& to) {
    return from + " > " + to;
}

// "a, b and c".
std::string inProse(const std::vector<std::string>& parts) {
    std::string text;
    for (std::size_t i = 0; i < parts.size(); ++i)
        text += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
    return text;
}

struct Range {
    double least = 0, most = 0;
    bool any = false;
    void add(double value) {
        least = any ? std::min(least, value) : value;
        most = any ? std::max(most, value) : value;
        any = true;
    }
    std::string text(std::string (*shown)(double)) const {
        const std::string a = shown(least), b = shown(most);
        return a == b ? a : a + " to " + b;
    }
};

class Findings {
public:
    explicit Findings(const PoolQuality& quality) : quality_(quality) {}

    std::vector<PoolFinding> all() {
        agreements();
        averages();
        gaps();
        std::stable_sort(found_.begin(), found_.end(), [](const auto& a, const auto& b) { return a.kind < b.kind; });
        return std::move(found_);
    }

private:
    void add(Kind kind, std::string text) { found_.push_back({kind, std::move(text)}); }

    void agreements() {
        std::map<std::pair<std::string, std::string>, std::vector<const SpaceAgreement*>> pairs;
        for (const auto& a : quality_.agreements) pairs[{a.one, a.other}].push_back(&a);
        for (const auto& [spaces, list] : pairs) {
            const std::string names = spaces.first + " and " + spaces.second;
            const std::string nearest = "the nearest " + std::to_string(list.front()->neighbours) + " rows";
            std::vector<std::string> apart;
            Range shared, chance;
            for (const auto* a : list) {
                chance.add(a->by_chance);
                if (a->shared < std::max(kTimesChance * a->by_chance, kLeastShared))
                    apart.push_back(direction(a->from, a->to) + " (" + percent(a->shared) + ")");
                else shared.add(a->shared);
            }
            if (!apart.empty()) {
                add(Kind::Bad, names + " do not agree on " + inProse(apart) + ", as shares of " + nearest + "; " +
                                   chance.text(percent) +
                                   " are shared by chance. The rows of their pools may not belong together, or one of "
                                   "them does not know this pair of modalities.");
            }
            if (shared.any) {
                add(Kind::Good, names + (apart.empty() ? " agree on what belongs together: " : " agree otherwise: ") +
                                    shared.text(percent) + " of " + nearest + " are the same, " + chance.text(percent) +
                                    " by chance.");
            }
        }
    }

    void averages() {
        std::map<std::string, std::vector<const RetrievalQuality*>> spaces;
        for (const auto& r : quality_.retrievals) spaces[r.space].push_back(&r);
        for (const auto& [space, list] : spaces) {
            std::vector<std::string> blurred, single, crowded;
            Range sharp;
            for (const auto* r : list) {
                const auto memory = static_cast<double>(r->memory), queries = static_cast<double>(r->queries);
                const std::string way = direction(r->from, r->to);
                if (r->rows_averaged >= std::max(2.0, std::min(kBlurredRows, kBlurredShare * memory)))
                    blurred.push_back(way + " (" + rows(r->rows_averaged) + " of " + std::to_string(r->memory) + ")");
                else if (r->rows_averaged < kSingleRow)
                    single.push_back(way + " (" + rows(r->rows_averaged) + " averaged)");
                else sharp.add(r->rows_averaged);
                const double own = std::exp(-(queries - 1) / memory);
                if (r->distinct < kCrowded * own)
                    crowded.push_back(way + " (" + percent(r->distinct) +
                                      " of the queries have a nearest row of their own, " + percent(own) +
                                      " if rows were drawn)");
            }
            if (!blurred.empty()) {
                add(Kind::Bad, space + " averages over many rows for " + inProse(blurred) +
                                   ": the retrieval temperature " +
                                   line("(%g) ", quality_.options.retrieval_temperature) +
                                   "is too high for it, or it cannot tell these rows apart.");
            }
            if (!crowded.empty()) {
                add(Kind::Bad, "In " + space + " a few rows answer for many queries of " + inProse(crowded) +
                                   ": pseudo pairs will repeat them.");
            }
            if (!single.empty()) {
                add(Kind::Note, space + " takes almost a single row for " + inProse(single) +
                                    ": pseudo pairs are single items there, not averages.");
            }
            if (sharp.any)
                add(Kind::Good, space + " tells rows apart: its averages are over " + sharp.text(rows) + " rows.");
        }
    }

    void gaps() {
        std::map<std::string, std::vector<const ModalityGap*>> spaces;
        for (const auto& g : quality_.gaps) spaces[g.space].push_back(&g);
        const auto distance = [](double d) { return line("%.2f", d); };
        for (const auto& [space, list] : spaces) {
            std::vector<std::string> wide;
            Range close;
            for (const auto* g : list) {
                if (g->distance >= kWideGap) wide.push_back(g->one + " and " + g->other + " " + distance(g->distance));
                else close.add(g->distance);
            }
            if (wide.empty()) {
                add(Kind::Good, space + " keeps its modalities close together: their means are " +
                                    close.text(distance) + " apart, at most 2.");
                continue;
            }
            const std::string apart = space + " keeps " + inProse(wide) + " apart (a modality gap; at most 2)";
            if (quality_.options.centred)
                add(Kind::Note, apart + "; these figures are of centred weights, from which it is taken out.");
            else
                add(Kind::Note, apart +
                                    ": what all rows of a modality share favours the same rows for every query. "
                                    "Look at the centred figures too, and train with the option centred where they "
                                    "are better.");
        }
    }

    const PoolQuality& quality_;
    std::vector<PoolFinding> found_;
};

}  // namespace

const char* findingName(Kind kind) {
    return kind == Kind::Bad ? "bad" : kind == Kind::Note ? "note" : "good";
}

std::vector<PoolFinding> poolFindings(const PoolQuality& quality) {
    return Findings(quality).all();
}

}  // namespace engine
