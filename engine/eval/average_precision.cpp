// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/average_precision.h"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/first_error.h"
#include "engine/eval/score_kernel.h"

namespace engine {

namespace {

constexpr std::size_t kItemBlock = 256;
constexpr std::size_t kScoreBytes = std::size_t{256} << 20;

struct Scored {
    double score;
    std::uint32_t item;
    bool positive;
};

// The part of the sum that one tie adds: `ahead` items and `found` positives come before its `size` items, of which
// `positives` are positive.
double tieSum(std::size_t ahead, std::size_t found, const Scored* items, std::size_t size, std::size_t positives,
              TieRule ties) {
    const auto precision = [&](double positives_so_far, std::size_t place) {
        return positives_so_far / static_cast<double>(ahead + place);
    };
    double sum = 0;
    if (positives == 0) return sum;
    if (ties == TieRule::Expected) {
        const double share = static_cast<double>(positives) / static_cast<double>(size);
        const double others = size > 1 ? static_cast<double>(positives - 1) / static_cast<double>(size - 1) : 0;
        for (std::size_t place = 1; place <= size; ++place) {
            sum += share * precision(static_cast<double>(found) + 1 + static_cast<double>(place - 1) * others, place);
        }
        return sum;
    }
    std::size_t seen = 0;
    for (std::size_t place = 1; place <= size; ++place) {
        bool here = items[place - 1].positive;
        if (ties == TieRule::Optimistic) here = place <= positives;
        if (ties == TieRule::Pessimistic) here = place > size - positives;
        if (here) sum += precision(static_cast<double>(found + ++seen), place);
    }
    return sum;
}

// Orders the items; `found` counts their positives too when it returns.
PrecisionPart sumOf(std::vector<Scored>& items, std::size_t ahead, std::size_t& found, TieRule ties) {
    std::sort(items.begin(), items.end(), [](const Scored& a, const Scored& b) {
        return a.score != b.score ? a.score > b.score : a.item < b.item;
    });
    PrecisionPart out;
    for (std::size_t i = 0; i < items.size();) {
        std::size_t end = i + 1;
        while (end < items.size() && items[end - 1].score - items[end].score <= kTieTolerance) ++end;
        if (ties == TieRule::ByIndex && end - i > 1) {
            std::sort(items.begin() + static_cast<std::ptrdiff_t>(i), items.begin() + static_cast<std::ptrdiff_t>(end),
                      [](const Scored& a, const Scored& b) { return a.item < b.item; });
        }
        std::size_t positives = 0;
        for (std::size_t k = i; k < end; ++k) positives += items[k].positive;
        out.sum += tieSum(ahead + i, found, items.data() + i, end - i, positives, ties);
        found += positives;
        out.tied = out.tied || (positives != 0 && positives != end - i);
        i = end;
    }
    return out;
}

ClassPrecision precisionOf(std::vector<Scored>& items, TieRule ties) {
    ClassPrecision out;
    const PrecisionPart whole = sumOf(items, 0, out.positives, ties);
    out.tied = whole.tied;
    out.value = out.positives == 0 ? 0 : whole.sum / static_cast<double>(out.positives);
    return out;
}

// ∂AP/∂w of each item into out[item], from items in the order that sumOf() left.
void influenceOf(const std::vector<Scored>& ordered, const ClassPrecision& of, double* out) {
    const auto positives = static_cast<double>(of.positives);
    double found = positives, later = 0, later_squares = 0;  // of positives from here on: Σ 1/N, Σ F/N²
    for (std::size_t i = ordered.size(); i-- > 0;) {
        const double place = static_cast<double>(i + 1);
        double own = 0;
        if (ordered[i].positive) {
            later += 1 / place;
            later_squares += found / (place * place);
            own = found / place + later - of.value;
            found -= 1;
        }
        out[ordered[i].item] = (own - later_squares) / positives;
    }
}

std::vector<Scored> scoredItems(const std::vector<double>& scores, const std::vector<char>& positive) {
    std::vector<Scored> items(scores.size());
    for (std::size_t i = 0; i < scores.size(); ++i) {
        items[i] = {scores[i], static_cast<std::uint32_t>(i), positive[i] != 0};
    }
    return items;
}

}  // namespace

ClassPrecision averagePrecision(const std::vector<double>& scores, const std::vector<char>& positive, TieRule ties) {
    std::vector<Scored> items = scoredItems(scores, positive);
    return precisionOf(items, ties);
}

PrecisionPart precisionPart(const std::vector<double>& scores, const std::vector<char>& positive, std::size_t ahead,
                            std::size_t found, TieRule ties) {
    std::vector<Scored> items = scoredItems(scores, positive);
    return sumOf(items, ahead, found, ties);
}

ClassPrecisions averagePrecisions(const RowSource& items, const RowSource& classes, const PairList& pairs, TieRule ties,
                                  const std::string& name, const JobContext& job, std::vector<float>* influence) {
    const std::size_t width = items.rows.cols, n = items.rows.rows, class_count = classes.rows.rows;
    if (width != classes.rows.cols) {
        throw Error(ErrorCode::InvalidInput, name,
                    "expected items and classes of one width, found " + std::to_string(width) + " and " +
                        std::to_string(classes.rows.cols));
    }
    std::vector<std::vector<std::uint32_t>> members(class_count);
    for (const auto& pair : pairs) {
        if (pair[0] >= n || pair[1] >= class_count) {
            throw Error(ErrorCode::InvalidInput, name,
                        "expected labels within " + std::to_string(n) + " items and " + std::to_string(class_count) +
                            " classes, found (" + std::to_string(pair[0]) + ", " + std::to_string(pair[1]) + ")");
        }
        members[pair[1]].push_back(pair[0]);
    }
    ClassPrecisions out;
    out.classes.resize(class_count);
    if (influence) influence->assign(n, 0.0f);
    if (n == 0 || class_count == 0) return out;
    // Refuses rows that are not finite or not unit length.
    out.length_error = std::max(score::measureSide(items.rows, name + " first side", job).length_error,
                                score::measureSide(classes.rows, name + " second side", job).length_error);

    std::vector<double> class_rows(class_count * width);
    for (std::size_t c = 0; c < class_count; ++c) exactRow(classes, c, class_rows.data() + c * width);

    const std::size_t chunk =
        std::clamp<std::size_t>(kScoreBytes / (std::max<std::size_t>(n, 1) * sizeof(double)), 1, class_count);
    std::vector<double> scores(chunk * n), block(kItemBlock * width), influences(influence ? n : 0);
    ProgressMeter meter(job, "mAP of " + name, "scores", static_cast<std::uint64_t>(n) * class_count);
    FirstError failure;
    const auto guarded = [&](const auto& body) {
        failure.guard([&] {
            if (!job.stopRequested()) body();
        });
    };
    const auto settle = [&] {
        failure.rethrow();
        job.checkStop();
    };
    for (std::size_t c0 = 0; c0 < class_count; c0 += chunk) {
        const std::size_t count = std::min(chunk, class_count - c0);
        for (std::size_t i0 = 0; i0 < n; i0 += kItemBlock) {
            const std::size_t rows = std::min(kItemBlock, n - i0);
#pragma omp parallel for schedule(static)
            for (std::size_t i = 0; i < rows; ++i) {
                guarded([&] { exactRow(items, i0 + i, block.data() + i * width); });
            }
            settle();
            cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(count), static_cast<int>(rows),
                        static_cast<int>(width), 1, class_rows.data() + c0 * width, static_cast<int>(width),
                        block.data(), static_cast<int>(width), 0, scores.data() + i0, static_cast<int>(n));
            meter.advance(static_cast<std::uint64_t>(rows) * count);
        }
#pragma omp parallel for schedule(dynamic)
        for (std::size_t c = 0; c < count; ++c) {
            guarded([&] {
                if (members[c0 + c].empty()) return;
                std::vector<Scored> sorted(n);
                for (std::size_t i = 0; i < n; ++i)
                    sorted[i] = {scores[c * n + i], static_cast<std::uint32_t>(i), false};
                for (const auto item : members[c0 + c]) sorted[item].positive = true;
                out.classes[c0 + c] = precisionOf(sorted, ties);
                // In place of the scores, which have done their part.
                if (influence) influenceOf(sorted, out.classes[c0 + c], scores.data() + c * n);
            });
        }
        settle();
        if (!influence) continue;
            // Class after class for each item: the sum does not depend on the threads.
#pragma omp parallel for schedule(static)
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t c = 0; c < count; ++c) {
                if (!members[c0 + c].empty()) influences[i] += scores[c * n + i];
            }
        }
    }
    if (influence) {
        const auto counted = static_cast<double>(
            std::count_if(out.classes.begin(), out.classes.end(), [](const auto& c) { return c.positives != 0; }));
        for (std::size_t i = 0; i < n && counted > 0; ++i)
            (*influence)[i] = static_cast<float>(influences[i] / counted);
    }
    return out;
}

double precisionError(const std::vector<float>& a, const std::vector<float>& b) {
    ENGINE_CHECK(b.empty() || a.size() == b.size(), "influences of the same items");
    double squares = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double d = static_cast<double>(a[i]) - (b.empty() ? 0 : static_cast<double>(b[i]));
        squares += d * d;
    }
    return std::sqrt(squares);
}

}  // namespace engine
