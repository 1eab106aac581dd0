// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/label_landscape.h"

#include <cblas.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <new>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/first_error.h"
#include "engine/base/wide_vectors.h"
#include "engine/eval/average_precision.h"
#include "engine/eval/score_kernel.h"
#include "engine/factors/exact_atoms.h"

namespace engine {

namespace {

constexpr std::size_t kItemBlock = 512;
constexpr unsigned kDigitBits = 12;  // of two digits: their counts stay in the first-level cache
constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;
constexpr double kMostScore = 1.01;
// Scores as whole numbers of two digits, which fall as the score rises; a step is 1.2e-7.
constexpr double kPlaceScale = 0x1p23 / kMostScore;
constexpr std::size_t kTile = 1024;       // items whose scores stay in the first-level cache
constexpr std::size_t kFewKeys = 1024;    // that are sorted faster by comparing
constexpr std::size_t kSpans = 1u << 12;  // that the places of a class are divided into

// A place in the upper 32 bits; below it the item and whether it is positive.
std::uint64_t keyOf(std::int32_t place, std::uint32_t item, bool positive) {
    return static_cast<std::uint64_t>(place) << 32 | static_cast<std::uint64_t>(item) << 1 | (positive ? 1u : 0u);
}
std::uint32_t placeOf(std::uint64_t key) {
    return static_cast<std::uint32_t>(key >> 32);
}
std::uint32_t itemOf(std::uint64_t key) {
    return static_cast<std::uint32_t>(key) >> 1;
}

// Two passes over the upper 32 bits; keys come in the order of their items.
void sortKeys(std::vector<std::uint64_t>& keys, std::vector<std::uint64_t>& spare) {
    if (keys.size() <= kFewKeys) return std::sort(keys.begin(), keys.end());
    spare.resize(keys.size());
    std::array<std::array<std::uint32_t, kDigits>, 2> counts{};
    for (const std::uint64_t key : keys) {
        for (unsigned d = 0; d < 2; ++d) ++counts[d][key >> (32 + kDigitBits * d) & (kDigits - 1)];
    }
    for (unsigned d = 0; d < 2; ++d) {
        std::uint32_t sum = 0;
        for (auto& c : counts[d]) sum += std::exchange(c, sum);
        for (const std::uint64_t key : keys) spare[counts[d][key >> (32 + kDigitBits * d) & (kDigits - 1)]++] = key;
        keys.swap(spare);
    }
}

// scores[i] = Σ_k b_k[i] Σ_j a_j p_jk[i] of the items from..from + count; products [class atom j][item atom k][n].
ENGINE_WIDE_VECTORS void weigh(const float* products, const double* b, const double* a, std::size_t class_atoms,
                               std::size_t item_atoms, std::size_t n, std::size_t from, std::size_t count,
                               double* scores) {
    std::fill_n(scores, count, 0.0);
    for (std::size_t k = 0; k < item_atoms; ++k) {
        const double* weights = b + k * n + from;
        const float* p = products + k * n + from;
        if (class_atoms == 2) {
            const float* q = p + item_atoms * n;
            for (std::size_t i = 0; i < count; ++i)
                scores[i] += weights[i] * (a[0] * static_cast<double>(p[i]) + a[1] * static_cast<double>(q[i]));
            continue;
        }
        for (std::size_t j = 0; j < class_atoms; ++j) {
            const float* q = p + j * item_atoms * n;
            for (std::size_t i = 0; i < count; ++i) scores[i] += weights[i] * (a[j] * static_cast<double>(q[i]));
        }
    }
}

ENGINE_WIDE_VECTORS void placeScores(const double* scores, std::size_t n, std::int32_t* places, std::int32_t& least,
                                     std::int32_t& most) {
    std::int32_t low = least, high = most;
    for (std::size_t i = 0; i < n; ++i) {
        double score = scores[i] < 1e-6 - kMostScore ? 1e-6 - kMostScore : scores[i];
        score = score > kMostScore ? kMostScore : score;
        const auto place = static_cast<std::int32_t>((kMostScore - score) * kPlaceScale);
        places[i] = place;
        low = place < low ? place : low;
        high = place > high ? place : high;
    }
    least = low;
    most = high;
}

// Items of a class in the order of their scores, as far as average precision asks for it: of the items in whose span no
// positive lies, nor near it, only the number.
class Order {
public:
    // `doubt`: how many places apart two items may be whose order is not certain.
    void take(const std::vector<std::int32_t>& places, std::int32_t least, std::int32_t most,
              const std::vector<std::uint32_t>& members, std::uint32_t doubt) {
        const auto range = static_cast<std::uint32_t>(most - least);
        least_ = least;
        shift_ = 0;
        while (range >> shift_ >= kSpans || (1u << shift_) <= doubt) ++shift_;
        counts_.fill(0);
        near_.fill(0);
        for (const std::uint32_t i : members) {
            const auto place = static_cast<std::uint32_t>(places[i] - least);
            const std::uint32_t last = std::min(range, place + doubt) >> shift_;
            for (std::uint32_t span = (place - std::min(place, doubt)) >> shift_; span <= last; ++span) near_[span] = 1;
        }
        items_.resize(places.size() + 1);
        std::size_t kept = 0;
        for (std::size_t i = 0; i < places.size(); ++i) {
            const std::uint32_t span = static_cast<std::uint32_t>(places[i] - least) >> shift_;
            ++counts_[span];
            items_[kept] = static_cast<std::uint32_t>(i);
            kept += near_[span];
        }
        keys_.resize(kept);
        auto member = members.begin();
        for (std::size_t k = 0; k < kept; ++k) {
            const std::uint32_t item = items_[k];
            const bool positive = member != members.end() && *member == item;
            if (positive) ++member;
            keys_[k] = keyOf(places[item], item, positive);
        }
        sortKeys(keys_, spare_);
        span_ = left_out_ = 0;
    }

    const std::vector<std::uint64_t>& keys() const { return keys_; }
    // Items before keys()[k], whether kept or not; asked with rising k.
    std::size_t ahead(std::size_t k) {
        const std::uint32_t span = (placeOf(keys_[k]) - static_cast<std::uint32_t>(least_)) >> shift_;
        for (; span_ < span; ++span_) left_out_ += near_[span_] ? 0 : counts_[span_];
        return k + left_out_;
    }

private:
    std::int32_t least_ = 0;
    unsigned shift_ = 0;
    std::array<std::uint32_t, kSpans> counts_;
    std::array<std::uint8_t, kSpans> near_;  // 1: a positive lies in it or within the doubt
    std::vector<std::uint32_t> items_;
    std::vector<std::uint64_t> keys_, spare_;
    std::size_t span_ = 0, left_out_ = 0;
};

struct Scratch {
    std::vector<double> exact_item, exact_class;
    std::vector<std::int32_t> places;
    std::array<double, kTile> scores;
    Order order;
};

}  // namespace

std::shared_ptr<const LabelLandscape> LabelLandscape::build(LandscapeRequest request, const JobContext& job) {
    const std::string name = request.set.set.name;
    try {
        return std::shared_ptr<const LabelLandscape>(new LabelLandscape(std::move(request), job));
    } catch (const std::bad_alloc&) {
        throw Error(ErrorCode::NoSpace, name, "the machine has no memory left to build the landscape",
                    "close other programs");
    }
}

LabelLandscape::LabelLandscape(LandscapeRequest request, const JobContext& job)
    : request_(std::move(request)), grid_(request_.grid()) {
    const SetComponents& set = request_.set;
    items_ = std::make_unique<BlendSide>(set.first, request_.first, request_.first_dims, job);
    classes_ = std::make_unique<BlendSide>(set.second, request_.second, request_.second_dims, job);
    const std::size_t n = items_->items(), classes = classes_->items(), width = items_->width();
    const std::size_t ia = items_->atoms(), ca = classes_->atoms();
    const std::string name = "landscape of " + set.set.name;
    requireMemory(static_cast<std::uint64_t>(n) * classes * ia * ca * sizeof(float), request_.memory_bytes, name);
    members_.resize(classes);
    for (const auto& pair : set.set.pairs) members_.at(pair[1]).push_back(pair[0]);
    for (auto& m : members_) {
        std::sort(m.begin(), m.end());
        m.erase(std::unique(m.begin(), m.end()), m.end());
    }
    inner_.resize(classes * ca * ia * n);
    ProgressMeter meter(job, name, "pairs", static_cast<std::uint64_t>(n) * classes);
    const ExactAtoms exact_items(set.first, *items_);
    const ExactAtoms exact_classes(set.second, *classes_);
    item_inverse_.resize(n * ia);
    item_cosine_.resize(n * (ia - 1) * ia);
    class_inverse_.resize(classes * ca);
    class_cosine_.resize(classes * (ca - 1) * ca);
    // Rows of `count` items from `begin` by atom, [atom][count][width]; their shapes go to `inverse` and `cosine`.
    const auto take = [&](const ExactAtoms& exact, std::size_t atoms, std::size_t begin, std::size_t count,
                          std::vector<std::vector<double>>& rows, std::vector<double>& inverse,
                          std::vector<double>& cosine) {
        FirstError failure;  // memory may run out
#pragma omp parallel
        {
            ExactAtoms::Item item;
#pragma omp for schedule(static)
            for (std::size_t i = 0; i < count; ++i) {
                failure.guard([&] {
                    exact.take(begin + i, item);
                    for (std::size_t k = 0; k < atoms; ++k)
                        std::copy_n(item.rows.data() + k * width, width, rows[k].data() + i * width);
                    std::copy_n(item.inverse, atoms, inverse.data() + (begin + i) * atoms);
                    std::copy_n(item.cosine, (atoms - 1) * atoms, cosine.data() + (begin + i) * (atoms - 1) * atoms);
                });
            }
        }
        failure.rethrow();
    };
    std::vector<std::vector<double>> class_rows(ca, std::vector<double>(classes * width));
    take(exact_classes, ca, 0, classes, class_rows, class_inverse_, class_cosine_);
    std::vector<std::vector<double>> block(ia, std::vector<double>(kItemBlock * width));
    std::vector<double> products(classes * kItemBlock);
    for (std::size_t i0 = 0; i0 < n; i0 += kItemBlock) {
        job.checkStop();
        const std::size_t rows = std::min(kItemBlock, n - i0);
        take(exact_items, ia, i0, rows, block, item_inverse_, item_cosine_);
        for (std::size_t a = 0; a < ia; ++a) {
            for (std::size_t j = 0; j < ca; ++j) {
                cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(classes), static_cast<int>(rows),
                            static_cast<int>(width), 1, class_rows[j].data(), static_cast<int>(width), block[a].data(),
                            static_cast<int>(width), 0, products.data(), static_cast<int>(kItemBlock));
                double most = 0;
#pragma omp parallel for schedule(static) reduction(max : most)
                for (std::size_t c = 0; c < classes; ++c) {
                    float* to = inner_.data() + ((c * ca + j) * ia + a) * n + i0;
                    for (std::size_t i = 0; i < rows; ++i) {
                        to[i] = static_cast<float>(products[c * kItemBlock + i]);
                        most = std::max(most, std::fabs(products[c * kItemBlock + i]));
                    }
                }
                most_inner_ = std::max(most_inner_, most);
            }
        }
        meter.advance(rows * classes);
    }
    meter.finish();
}

LabelPoint LabelLandscape::at(const double* point, TieRule ties) const {
    const std::size_t n = items_->items(), classes = classes_->items(), ia = items_->atoms(), ca = classes_->atoms();
    const BlendWeights first = request_.firstAt(point), second = request_.secondAt(point);
    const ExactRows exact(request_.set, first, second);
    // Items' weights, atom by atom; the class's own length does not change the order of its items.
    std::vector<double> weights(ia * n);
    double most = 0;
    FirstError failure;
#pragma omp parallel for schedule(static) reduction(max : most)
    for (std::size_t i = 0; i < n; ++i) {
        double b[kMostAtoms], sum = 0;
        const BlendSide::Shape shape{item_inverse_.data() + i * ia, item_cosine_.data() + i * (ia - 1) * ia};
        if (!items_->weights(shape, point, b)) {
            failure.guard([&] {
                std::vector<double> row(exact.width());
                exact.row(false, i, row.data());  // says why there is no such vector
            });
            continue;
        }
        for (std::size_t a = 0; a < ia; ++a) {
            weights[a * n + i] = b[a];
            sum += b[a];
        }
        most = std::max(most, sum);
    }
    failure.rethrow();

    LabelPoint out;
    out.classes = classes;
    std::vector<double> values(classes, 0);
    std::vector<char> tied(classes, 0);
    std::atomic<std::uint64_t> resolved{0};
    const auto take = [&](std::size_t c, Scratch& s) {
        const auto& members = members_[c];
        if (members.empty()) return;
        s.places.resize(n);
        s.exact_item.resize(exact.width());
        s.exact_class.resize(exact.width());
        double a[kMostAtoms], sum = 0;
        classes_->direction(BlendSide::Shape{class_inverse_.data() + c * ca, class_cosine_.data() + c * (ca - 1) * ca},
                            point, a);
        for (std::size_t j = 0; j < ca; ++j) sum += a[j];
        std::int32_t least = std::numeric_limits<std::int32_t>::max(), furthest = 0;
        for (std::size_t i = 0; i < n; i += kTile) {
            const std::size_t count = std::min(kTile, n - i);
            weigh(inner_.data() + c * ca * ia * n, weights.data(), a, ca, ia, n, i, count, s.scores.data());
            placeScores(s.scores.data(), count, s.places.data() + i, least, furthest);
        }
        // Steps that two scores in doubt can be apart: the rounding of the products, twice, and of the places; and
        // the 1e-12 that tie.
        const double rounding = 0x1.01p-24 * most_inner_ * sum * most;
        const auto doubt = static_cast<std::uint32_t>((2 * rounding + 1e-11) * kPlaceScale + 2);
        s.order.take(s.places, least, furthest, members, doubt);
        const auto& keys = s.order.keys();
        std::size_t found = 0;
        double total = 0;
        bool class_row = false;
        for (std::size_t i = 0; i < keys.size();) {
            std::size_t end = i + 1, positives = keys[i] & 1;
            while (end < keys.size() && placeOf(keys[end]) - placeOf(keys[end - 1]) <= doubt)
                positives += keys[end++] & 1;
            const std::size_t ahead = s.order.ahead(i);
            if (positives == 0 || positives == end - i) {
                for (std::size_t k = 0; positives != 0 && k < end - i; ++k)
                    total += static_cast<double>(found + k + 1) / static_cast<double>(ahead + k + 1);
            } else {
                // Positives and negatives too near to tell apart: ordered by the reference's scores.
                std::vector<double> scores;
                std::vector<char> positive;
                std::vector<std::uint32_t> items;
                for (std::size_t k = i; k < end; ++k) items.push_back(itemOf(keys[k]) << 1 | (keys[k] & 1));
                std::sort(items.begin(), items.end());
                if (!class_row) exact.row(true, c, s.exact_class.data());
                class_row = true;
                for (const std::uint32_t item : items) {
                    exact.row(false, item >> 1, s.exact_item.data());
                    scores.push_back(score::dot(s.exact_item.data(), s.exact_class.data(), exact.width()));
                    positive.push_back(item & 1);
                }
                resolved += scores.size();
                const PrecisionPart part = precisionPart(scores, positive, ahead, found, ties);
                total += part.sum;
                tied[c] = static_cast<char>(tied[c] | static_cast<char>(part.tied));
            }
            found += positives;
            i = end;
        }
        values[c] = total / static_cast<double>(members.size());
    };
#pragma omp parallel
    {
        Scratch s;
#pragma omp for schedule(dynamic, 4)
        for (std::size_t c = 0; c < classes; ++c) failure.guard([&] { take(c, s); });
    }
    failure.rethrow();
    for (std::size_t c = 0; c < classes; ++c) {
        out.classes_without_items += members_[c].empty();
        out.tied_classes += tied[c] != 0;
    }
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    const std::size_t counted = classes - out.classes_without_items;
    out.mean_average_precision = counted == 0 ? 0 : 100 * sum / static_cast<double>(counted);
    out.resolved = resolved;
    return out;
}

}  // namespace engine
