// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Landscapes of a product's evaluation sets: build time and size, settings never asked before, all flips along lines.
//
//   bench_landscape PRODUCT [WORKSPACE] [--settings N] [--check N] [--sets A,B] [--json FILE]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/eval/workspace_evaluation.h"
#include "engine/factors/flips.h"
#include "engine/factors/why.h"

namespace {

using namespace engine;
using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
    std::string product_folder, workspace_folder, only;
    std::size_t settings = 1000, check = 3;
    for (int i = 1; i < argc; ++i) {
        if (!std::strcmp(argv[i], "--settings")) settings = std::stoul(argv[++i]);
        else if (!std::strcmp(argv[i], "--check")) check = std::stoul(argv[++i]);
        else if (!std::strcmp(argv[i], "--sets")) only = std::string(",") + argv[++i] + ",";
        else (product_folder.empty() ? product_folder : workspace_folder) = argv[i];
    }
    try {
        const LoadedProduct product = loadProduct(product_folder);
        const Workspace workspace(workspace_folder.empty() ? product.record.workspace : workspace_folder);
        const JobContext job;
        std::vector<std::shared_ptr<const SetLandscape>> all;
        double total = 0;
        for (const auto& name : setsOfProduct(workspace, *product.model)) {
            if (!only.empty() && only.find("," + name + ",") == std::string::npos) continue;
            SetLandscape::Request request;
            request.set = loadSetComponents(workspace, product, name, job);
            if (request.set.set.kind == SetKind::MultiLabel) continue;
            request.first = product.model->weights("", request.set.first);
            request.second = product.model->weights("", request.set.second);
            const auto dimsOf = [&](const Components& c) {
                std::vector<int> dims;
                for (const auto& layer : c.layers) {
                    int dim = -1;
                    for (const auto& f : product.model->plan().factors) {
                        if (f.step != layer.step || f.modality != c.modality || !f.live) continue;
                        dim = static_cast<int>(request.box.size());
                        for (std::size_t b = 0; b < request.box.size(); ++b)
                            if (request.box[b].factor == f.name) dim = static_cast<int>(b);
                        if (dim == static_cast<int>(request.box.size())) request.box.push_back({f.name, 0, 1});
                    }
                    dims.push_back(dim);
                }
                return dims;
            };
            request.first_dims = dimsOf(request.set.first);
            request.second_dims = dimsOf(request.set.second);
            const auto begin = Clock::now();
            all.push_back(SetLandscape::build(std::move(request), job));
            const double seconds = since(begin);
            total += seconds;
            const auto& l = *all.back();
            std::printf("%-10s dims %zu  %6.2f s  %7.1f MB", name.c_str(), l.grid().dims(), seconds, l.bytes() / 1e6);
            for (const bool forward : {true, false}) {
                const auto& c = l.cells(forward);
                const auto& s = l.survivors(forward);
                if (c.queries == 0) continue;
                std::printf(" | %u queries x %u: survivors %.1f/query, open %.1f %%, entries %.2f/open", c.queries,
                            c.candidates, double(s.items.size()) / c.queries,
                            100.0 * c.open.size() / l.grid().leaves() / c.queries,
                            double(c.items.size()) / std::max<std::size_t>(1, c.open.size()));
            }
            std::printf("\n");
            std::fflush(stdout);
        }
        std::printf("built in %.2f s\n", total);
        Rng rng(1, "settings");
        std::vector<double> times;
        double sum = 0, evaluated = 0, resolved = 0;
        const auto query = [&](const Setting& s) {
            std::vector<SetPoint> out;
            for (const auto& l : all) {
                double point[kMostDims];
                for (std::size_t d = 0; d < l->grid().dims(); ++d) point[d] = s.factors.at(l->grid().factors[d]);
                out.push_back(l->at(point, TieRule::Expected));
            }
            return out;
        };
        std::vector<std::string> names;
        for (const auto& f : product.model->plan().factors)
            if (f.live) names.push_back(f.name);
        for (std::size_t i = 0; i < settings; ++i) {
            Setting s;
            for (const auto& n : names) s.factors[n] = rng.uniform();
            const auto begin = Clock::now();
            const auto out = query(s);
            times.push_back(1e3 * since(begin));
            for (const auto& p : out) {
                sum += p.forward.rate(0);
                evaluated += p.forward.count.evaluated + p.backward.count.evaluated;
                resolved += p.forward.count.resolved + p.backward.count.resolved;
            }
        }
        std::sort(times.begin(), times.end());
        std::printf("%zu settings: p50 %.3f ms, p95 %.3f ms, max %.3f ms; %.0f entries, %.1f exact (%.1f)\n", settings,
                    times[times.size() / 2], times[times.size() * 95 / 100], times.back(), evaluated / settings,
                    resolved / settings, sum);
        for (std::size_t i = 0; i < check; ++i) {
            Setting s;
            for (const auto& n : names) s.factors[n] = i == 0 ? 0.0 : i == 1 ? 1.0 : rng.uniform();
            const auto out = query(s);
            for (std::size_t l = 0; l < all.size(); ++l) {
                const auto& set = all[l]->set();
                const auto m = evaluateProductSet(set, product.model->weights("", set.first, s),
                                                  product.model->weights("", set.second, s), "", {}, job);
                const auto compare = [&](const char* what, double a, double b) {
                    if (std::fabs(a - b) > 1e-9)
                        std::printf("DIFFERS %s %s: %.6f, should be %.6f\n", set.set.name.c_str(), what, a, b);
                };
                if (m.retrieval) {
                    const auto& f = m.retrieval->forward;
                    const auto& b = m.retrieval->backward;
                    compare("forward R@1", out[l].forward.rate(0), f.r1);
                    compare("forward R@5", out[l].forward.rate(1), f.r5);
                    compare("forward R@10", out[l].forward.rate(2), f.r10);
                    compare("backward R@1", out[l].backward.rate(0), b.r1);
                    compare("backward R@5", out[l].backward.rate(1), b.r5);
                    compare("backward R@10", out[l].backward.rate(2), b.r10);
                }
                if (m.classification) {
                    compare("top-1", out[l].forward.rate(0), m.classification->top1);
                    compare("top-5", out[l].forward.rate(1), m.classification->top5);
                    compare("by class R@1", out[l].backward.rate(0), m.classification->by_class->r1);
                    compare("by class R@10", out[l].backward.rate(2), m.classification->by_class->r10);
                }
            }
        }
        std::printf("%zu settings compared\n", check);
        // All flips along each factor's line through the middle of the box.
        for (const auto& l : all) {
            for (std::size_t d = 0; d < l->grid().dims(); ++d) {
                const FactorLine line{std::vector<double>(l->grid().dims(), 0.5), d, 0, 1};
                for (const bool forward : {true, false}) {
                    if (l->cells(forward).queries == 0) continue;
                    const auto begin = Clock::now();
                    const LineHits found = flipsAlong(*l, line, forward, TieRule::Expected, job);
                    std::printf("%-10s %-10s %s: %zu flips of %u queries in %.3f s\n", l->set().set.name.c_str(),
                                l->grid().factors[d].c_str(), forward ? "forward " : "backward", found.flips.size(),
                                found.queries, since(begin));
                    for (std::size_t i = 0; i < check; ++i) {
                        auto point = line.point;
                        point[d] = rng.uniform();
                        const SetPoint want = l->at(point.data(), TieRule::Expected);
                        for (std::size_t k = 0; k < kHitPlaces.size(); ++k) {
                            const double rate = (forward ? want.forward : want.backward).rate(k);
                            const double have = hitCurve(found, k).at(point[d]);
                            if (std::fabs(rate - have) > 1e-9)
                                std::printf("DIFFERS K %u at %.6f: %.6f, should be %.6f\n", kHitPlaces[k], point[d],
                                            have, rate);
                        }
                    }
                }
            }
        }
        // What a change of every factor and of one expert did.
        Setting before, after;
        for (const auto& n : names) before.factors[n] = 0.1, after.factors[n] = 0.6;
        after.expert_weights[expertKey(product.model->recipe(), 0, 0)] = 0;
        for (const auto& l : all) {
            const auto begin = Clock::now();
            const SetChange change = explainChange(*product.model, l->set(), before, after, {}, job);
            std::printf("%-10s %zu gained, %zu lost, %zu movers in %.3f s\n", l->set().set.name.c_str(),
                        change.forward.gained.size() + change.backward.gained.size(),
                        change.forward.lost.size() + change.backward.lost.size(), change.movers.size(), since(begin));
        }
    } catch (const Error& e) {
        std::fprintf(stderr, "%s: %s\n", e.where().c_str(), e.message().c_str());
        return 1;
    }
    return 0;
}
