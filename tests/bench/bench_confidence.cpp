// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What an answer of engine/factors/confidence.h takes at the size of the paper's largest group: sets of 5,000 and 1,000
// images with five captions each, a grid of 21 x 21 settings, simulated hits.
//
//   bench_confidence [SETTINGS]
#include <omp.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/factors/confidence.h"

namespace {

using namespace engine;

template <class Call>
void timed(const char* what, const Call& call) {
    const auto begin = std::chrono::steady_clock::now();
    call();
    std::printf("%-48s %7.3f s\n", what,
                std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t settings = argc > 1 ? std::stoul(argv[1]) : 441;
    try {
        std::vector<GroupHits::SetSize> sets;
        for (const std::size_t images : {5000, 1000}) {
            sets.push_back({{std::to_string(images), SetKind::Retrieval, "image", "text", {}, ""}, images, 5 * images});
            for (std::uint32_t i = 0; i < 5 * images; ++i) sets.back().set.pairs.push_back({i / 5, i});
        }
        GroupHits group({"TV", {"5000", "1000"}, "R@1", {}}, sets, settings, true);
        timed("sums of hits per unit", [&] {
            for (std::size_t s = 0; s < sets.size(); ++s) {
                Rng rng(s);
                QueryHits hits;
                hits.forward.resize(sets[s].first_items);
                hits.backward.resize(sets[s].second_items);
                std::vector<double> luck(6 * sets[s].first_items);
                for (auto& l : luck) l = rng.uniform();
                for (std::size_t i = 0; i <= settings; ++i) {
                    const double at = static_cast<double>(i) / static_cast<double>(settings);
                    const double strength = 0.55 - 0.3 * (at - 0.6) * (at - 0.6);
                    std::size_t q = 0;
                    for (auto* side : {&hits.forward, &hits.backward})
                        for (auto& h : *side) h.fill(luck[q++] < strength + 0.02 * (rng.uniform() - 0.5) ? 1 : 0);
                    group.put(s, i < settings ? i : GroupHits::kBaseline, hits);
                }
            }
        });
        const JobContext job;
        ConfidenceOptions options;
        for (const int threads : {1, omp_get_max_threads()}) {
            omp_set_num_threads(threads);
            std::printf("%d threads\n", threads);
            timed("bootstrap, 2000 resamples", [&] { bootstrap(group, 1, options, job); });
            timed("permutation test, 9999 exchanges",
                  [&] { permutationTest(group, 1, GroupHits::kBaseline, options, job); });
            ConfidenceOptions fewer = options;
            fewer.resamples = 1000;
            timed("tied region, 1000 resamples", [&] { tiedRegion(group, fewer, job); });
            timed("held out, 100 splits", [&] { heldOut(group, options, job); });
        }
    } catch (const Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return 0;
}
