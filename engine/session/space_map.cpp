// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/space_map.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/first_error.h"
#include "engine/base/rng.h"
#include "engine/eval/score_kernel.h"
#include "engine/eval/workspace_evaluation.h"
#include "engine/session/atom_blend.h"
#include "engine/session/principal_axes.h"

namespace engine {
namespace {

constexpr double kShortest = 1e-6;       // as blend()
constexpr std::size_t kBlockRows = 512;  // between two looks for a stop

// body(i) for every i on all threads, with looks for a stop.
template <class Body>
void forBlocks(std::size_t count, const JobContext& job, const Body& body) {
    for (std::size_t begin = 0; begin < count; begin += kBlockRows) {
        job.checkStop();
        const std::size_t end = std::min(count, begin + kBlockRows);
        FirstError failure;
#pragma omp parallel for schedule(static)
        for (std::size_t i = begin; i < end; ++i) failure.guard([&] { body(i); });
        failure.rethrow();
    }
}

}  // namespace

const OptionTable<MapOptions>& mapOptionTable() {
    static const OptionTable<MapOptions> table = [] {
        OptionTable<MapOptions> t;
        t.add("axes", &MapOptions::axes,
              {.help = "what the axes are: principal components, or the modality gap and the first components of what "
                       "is left",
               .choices = {"principal", "gap"}});
        t.add("components", &MapOptions::components, {.help = "axes of the map", .min = 2, .max = 3});
        t.add("most_items", &MapOptions::most_items,
              {.help = "items that are drawn; of a larger set whole pairs are chosen at random",
               .min = 2,
               .max = 1000000,
               .unit = "items"});
        t.add("seed", &MapOptions::seed, {.help = "seed of that choice", .min = 0, .max = 2147483647});
        return t;
    }();
    return table;
}

void SpaceMap::Side::takeGram(const JobContext& job) {
    gram.resize(rows.size() * atoms * atoms);
    forBlocks(rows.size(), job,
              [&](std::size_t i) { atomGram(components, rows[i], atoms, gram.data() + i * atoms * atoms); });
}

void SpaceMap::Side::takePlaces(const std::vector<std::vector<float>>& axes, const JobContext& job) {
    const std::size_t width = components.width();
    places.resize(rows.size() * atoms * axes.size());
    forBlocks(rows.size(), job, [&](std::size_t i) {
        for (std::size_t j = 0; j < atoms; ++j) {
            for (std::size_t c = 0; c < axes.size(); ++c)
                places[(i * atoms + j) * axes.size() + c] =
                    static_cast<float>(score::dot(atom(i, j), axes[c].data(), width));
        }
    });
}

std::shared_ptr<const SpaceMap> SpaceMap::make(const SetComponents& set, const BlendWeights& first,
                                               const BlendWeights& second, const MapOptions& options,
                                               const JobContext& job) {
    throwIfAny(mapOptionTable().validate(options), "map of " + set.set.name);
    checkWeights(set.first, first);
    checkWeights(set.second, second);
    std::shared_ptr<SpaceMap> map(new SpaceMap);
    map->options_ = options;
    for (const bool is_first : {true, false}) {
        Side& side = is_first ? map->first_ : map->second_;
        side.components = is_first ? set.first : set.second;
        side.atoms = atomCount(side.components);
    }
    map->draw(set);
    map->fit(first, second, job);
    for (Side* side : {&map->first_, &map->second_}) {
        side->takeGram(job);
        side->takePlaces(map->axis_, job);
    }
    map->takeCross(job);
    return map;
}

void SpaceMap::draw(const SetComponents& set) {
    const std::size_t n = set.first.rows(), m = set.second.rows();
    const auto most = static_cast<std::size_t>(options_.most_items);
    std::vector<char> in_first(n, 1), in_second(m, 1);
    if (n + m > most) {
        std::fill(in_first.begin(), in_first.end(), 0);
        std::fill(in_second.begin(), in_second.end(), 0);
        Rng rng(static_cast<std::uint64_t>(options_.seed), "map");
        std::size_t count = 0;
        const auto take = [&](char& item) {
            count += item == 0;
            item = 1;
        };
        for (const std::uint32_t p : randomOrder(set.set.pairs.size(), rng)) {
            auto& a = in_first[set.set.pairs[p][0]];
            auto& b = in_second[set.set.pairs[p][1]];
            if (count + (a == 0) + (b == 0) > most) continue;
            take(a);
            take(b);
            if (count == most) break;
        }
        // Room that pairs do not fill.
        for (const std::uint32_t i : randomOrder(n + m, rng)) {
            if (count >= most) break;
            take(i < n ? in_first[i] : in_second[i - n]);
        }
    }
    std::vector<std::uint32_t> at_first(n, 0), at_second(m, 0);
    const auto list = [](const std::vector<char>& in, std::vector<std::uint32_t>& rows,
                         std::vector<std::uint32_t>& at) {
        for (std::uint32_t i = 0; i < in.size(); ++i) {
            if (in[i] == 0) continue;
            at[i] = static_cast<std::uint32_t>(rows.size());
            rows.push_back(i);
        }
    };
    list(in_first, first_.rows, at_first);
    list(in_second, second_.rows, at_second);
    for (const auto& [a, b] : set.set.pairs) {
        if (in_first[a] != 0 && in_second[b] != 0) pairs_.push_back({at_first[a], at_second[b]});
    }
}

void SpaceMap::fit(const BlendWeights& first, const BlendWeights& second, const JobContext& job) {
    const std::size_t n = first_.rows.size(), m = second_.rows.size(), width = first_.components.width();
    const auto count = static_cast<std::size_t>(options_.components);
    ENGINE_CHECK(second_.components.width() == width, "the sides differ in width");
    Matrix rows(n + m, width);
    forBlocks(n + m, job, [&](std::size_t i) {
        std::vector<double> z(width);
        if (i < n) blendRow(first_.components, first, first_.rows[i], z.data());
        else blendRow(second_.components, second, second_.rows[i - n], z.data());
        for (std::size_t d = 0; d < width; ++d) rows.row(i)[d] = static_cast<float>(z[d]);
    });
    std::vector<double> a(width, 0.0), b(width, 0.0), centre(width);
    for (std::size_t i = 0; i < n + m; ++i) {
        auto& sum = i < n ? a : b;
        for (std::size_t d = 0; d < width; ++d) sum[d] += static_cast<double>(rows.row(i)[d]);
    }
    for (std::size_t d = 0; d < width; ++d)
        centre[d] = (a[d] + b[d]) / static_cast<double>(std::max<std::size_t>(n + m, 1));
    forBlocks(n + m, job, [&](std::size_t i) {
        for (std::size_t d = 0; d < width; ++d)
            rows.row(i)[d] = static_cast<float>(static_cast<double>(rows.row(i)[d]) - centre[d]);
    });
    std::vector<double> covariance = covarianceOf(rows.view(), job);
    rows = {};
    double total = 0;
    for (std::size_t d = 0; d < width; ++d) total += covariance[d * width + d];
    std::vector<std::vector<double>> axes;
    std::vector<double> variance;
    if (options_.axes == "gap" && n > 0 && m > 0) {
        std::vector<double> gap(width);
        double square = 0;
        for (std::size_t d = 0; d < width; ++d) {
            gap[d] = b[d] / static_cast<double>(m) - a[d] / static_cast<double>(n);
            square += gap[d] * gap[d];
        }
        if (square > kShortest * kShortest) {
            for (double& g : gap) g /= std::sqrt(square);
            // C without the gap's direction, which comes last of all.
            std::vector<double> cg(width, 0.0);
            for (std::size_t d = 0; d < width; ++d)
                cg[d] = score::dot(covariance.data() + d * width, gap.data(), width);
            const double along = score::dot(cg.data(), gap.data(), width);
            for (std::size_t d = 0; d < width; ++d) {
                for (std::size_t e = 0; e < width; ++e)
                    covariance[d * width + e] += -gap[d] * cg[e] - cg[d] * gap[e] + (along - total) * gap[d] * gap[e];
            }
            axes.push_back(gap);
            variance.push_back(along);
        }
    }
    const PrincipalAxes found = principalAxes(covariance, width, count - axes.size(), job);
    for (std::size_t i = 0; i < found.variance.size(); ++i) {
        axes.emplace_back(found.axis(i), found.axis(i) + width);
        variance.push_back(found.variance[i]);
    }
    for (std::size_t i = 0; i < count; ++i) {
        axis_.emplace_back(width);
        for (std::size_t d = 0; d < width; ++d) axis_[i][d] = static_cast<float>(axes[i][d]);
        double at = 0;
        for (std::size_t d = 0; d < width; ++d) at += static_cast<double>(axis_[i][d]) * centre[d];
        centre_.push_back(at);
        explained_.push_back(total > 0 ? variance[i] / total : 0);
    }
}

void SpaceMap::takeCross(const JobContext& job) {
    const std::size_t na = first_.atoms, nb = second_.atoms, width = first_.components.width();
    cross_.resize(pairs_.size() * na * nb);
    forBlocks(pairs_.size(), job, [&](std::size_t p) {
        for (std::size_t j = 0; j < na; ++j) {
            for (std::size_t k = 0; k < nb; ++k)
                cross_[(p * na + j) * nb + k] =
                    score::dot(first_.atom(pairs_[p][0], j), second_.atom(pairs_[p][1], k), width);
        }
    });
}

MapPlaces SpaceMap::places(const BlendWeights& first, const BlendWeights& second) const {
    checkWeights(first_.components, first);
    checkWeights(second_.components, second);
    const std::size_t k = axes();
    MapPlaces out;
    out.axes = k;
    std::vector<double> weights[2];
    for (const bool is_first : {true, false}) {
        const Side& side = is_first ? first_ : second_;
        const BlendWeights& use = is_first ? first : second;
        auto& places = is_first ? out.first : out.second;
        auto& mean = is_first ? out.first_mean : out.second_mean;
        auto& kept = weights[is_first ? 0 : 1];
        places.resize(side.rows.size() * k);
        kept.resize(side.rows.size() * side.atoms);
        mean.assign(k, 0.0);
        std::size_t placed = 0;
        for (std::size_t i = 0; i < side.rows.size(); ++i) {
            double* a = kept.data() + i * side.atoms;
            const float* p = side.places.data() + i * side.atoms * k;
            if (!side.combine(i, use, a)) {
                a[0] = std::numeric_limits<double>::quiet_NaN();
                std::fill_n(places.data() + i * k, k, std::numeric_limits<float>::quiet_NaN());
                ++out.vanished;
                continue;
            }
            double at[3] = {};
            for (std::size_t j = 0; j < side.atoms; ++j) {
                for (std::size_t c = 0; c < k; ++c) at[c] += a[j] * static_cast<double>(p[j * k + c]);
            }
            for (std::size_t c = 0; c < k; ++c) {
                at[c] -= centre_[c];
                mean[c] += at[c];
                places[i * k + c] = static_cast<float>(at[c]);
            }
            ++placed;
        }
        for (double& v : mean) v /= static_cast<double>(placed);
    }
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t p = 0; p < pairs_.size(); ++p) {
        const double* a = weights[0].data() + pairs_[p][0] * first_.atoms;
        const double* b = weights[1].data() + pairs_[p][1] * second_.atoms;
        const double* g = cross_.data() + p * first_.atoms * second_.atoms;
        if (std::isnan(a[0]) || std::isnan(b[0])) continue;
        for (std::size_t j = 0; j < first_.atoms; ++j) {
            double with = 0;
            for (std::size_t l = 0; l < second_.atoms; ++l) with += b[l] * g[j * second_.atoms + l];
            sum += a[j] * with;
        }
        ++count;
    }
    out.pair_cosine = sum / static_cast<double>(count);
    return out;
}

std::vector<double> SpaceMap::meanOf(const Side& side, const BlendWeights& weights, const JobContext& job) const {
    // Summed in a fixed number of parts, so that the result does not depend on the number of threads.
    constexpr std::size_t kSums = 16;
    const std::size_t width = side.components.width(), n = side.rows.size();
    std::vector<std::vector<double>> sums(kSums, std::vector<double>(width, 0.0));
    std::vector<std::size_t> placed(kSums, 0);
    const std::size_t chunk = (n + kSums - 1) / kSums;
    FirstError failure;
#pragma omp parallel for schedule(dynamic)
    for (std::size_t part = 0; part < kSums; ++part) {
        failure.guard([&] {
            double a[kMostParts];
            for (std::size_t i = part * chunk; i < std::min(n, (part + 1) * chunk); ++i) {
                if (i % 64 == 0) job.checkStop();
                if (!side.combine(i, weights, a)) continue;
                ++placed[part];
                for (std::size_t j = 0; j < side.atoms; ++j) {
                    if (a[j] == 0) continue;
                    const float* x = side.atom(i, j);
                    for (std::size_t d = 0; d < width; ++d) sums[part][d] += a[j] * static_cast<double>(x[d]);
                }
            }
        });
    }
    failure.rethrow();
    std::vector<double> out(width, 0.0);
    const auto count = static_cast<double>(std::accumulate(placed.begin(), placed.end(), std::size_t{0}));
    for (const auto& sum : sums) {
        for (std::size_t d = 0; d < width; ++d) out[d] += sum[d] / count;
    }
    return out;
}

double SpaceMap::gap(const BlendWeights& first, const BlendWeights& second, const JobContext& job) const {
    checkWeights(first_.components, first);
    checkWeights(second_.components, second);
    const auto a = meanOf(first_, first, job), b = meanOf(second_, second, job);
    double square = 0;
    for (std::size_t d = 0; d < a.size(); ++d) square += (a[d] - b[d]) * (a[d] - b[d]);
    return std::sqrt(square);
}

SetComponents spaceComponents(const Workspace& workspace, const std::string& set, const std::string& space,
                              const JobContext& job) {
    SetComponents out;
    out.set = describeSet(workspace, set);
    for (const bool first : {true, false}) {
        job.checkStop();
        const auto source = workspace.setRows(set, first ? Workspace::Side::First : Workspace::Side::Second, space);
        auto rows = std::make_shared<Matrix>(readAll(*source));
        Components& side = first ? out.first : out.second;
        side.modality = first ? out.set.first : out.set.second;
        side.base = rows->view();
        side.owner = std::move(rows);
    }
    return out;
}

}  // namespace engine
