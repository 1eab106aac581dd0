// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Landscapes of a product: time and memory to build them and to read them again, settings never asked before, steps of
// 0.05, whole grids; some settings compared with a direct evaluation. bench_landscape.py puts PyTorch beside it.
//
//   bench_landscape PRODUCT [--settings N] [--check N] [--check-grids] [--reference] [--sets A,B] [--fine]
//                   [--close-ups] [--weight W] [--device D] [--json FILE]
//
// Where there are GPUs, landscapes are built on the CPU and on each of them first, which have to come to the same
// figures; the rest asks those of --device (auto, cpu, cuda, cuda:N).
//
// --close-ups: what closer looks cost and bring where leaves are coarse, in processor time of one thread.
// --fine: a 101 x 101 grid too. --check-grids: every figure at every node of 21 x 21 grids of sigma_a, sigma_t and of
// lambda_v, lambda_t is compared too. --reference: with brute force in float64. The settings are random in all live
// factors; nothing is remembered between them. --weight: of an expert (weight_CLAP_g), a live factor too.
#include <omp.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/rng.h"
#include "engine/eval/workspace_evaluation.h"
#include "engine/factors/flips.h"
#include "engine/factors/landscape_evaluator.h"
#include "engine/factors/sift_device.h"
#include "engine/factors/sweep.h"
#include "engine/factors/why.h"
#include "tests/bench/bench_support.h"

namespace {

using namespace bench;
using namespace engine;

double threadMilliseconds() {
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

void describe(const LandscapeEvaluator& evaluator) {
    std::printf("%-11s%-10s%8s%12s%12s%12s%10s%12s\n", "set", "direction", "factors", "queries", "candidates",
                "survivors", "open", "entries/point");
    for (std::size_t s = 0; s < evaluator.sets().size(); ++s) {
        const auto landscape = evaluator.landscape(s);
        if (!landscape) continue;
        for (const bool forward : {true, false}) {
            const auto& cells = landscape->cells(forward);
            const auto leaves = static_cast<double>(landscape->grid().leaves());
            std::printf("%-11s%-10s%8zu%12u%12u%11.1f %9.1f%%%12.0f\n", evaluator.sets()[s].name.c_str(),
                        forward ? "forward" : "backward", landscape->grid().dims(), cells.queries, cells.candidates,
                        static_cast<double>(landscape->survivors(forward).items.size()) / cells.queries,
                        100.0 * static_cast<double>(cells.open.size()) / leaves / cells.queries,
                        static_cast<double>(cells.entries.size()) / leaves);
        }
    }
}

struct Arguments {
    std::string product, sets, json, weight, device = "auto";
    std::size_t settings = 1000, check = 3;
    bool fine = false, check_grids = false, reference = false, close_ups = false;
};

class Bench {
public:
    explicit Bench(Arguments arguments)
        : arguments_(std::move(arguments)),
          product_(loadProduct(arguments_.product)),
          workspace_(product_.record.workspace),
          cache_(std::filesystem::temp_directory_path() / "molspace-bench-landscapes") {
        for (const auto& name : setsOfProduct(workspace_, *product_.model)) {
            if (!arguments_.sets.empty() && arguments_.sets.find("," + name + ",") == std::string::npos) continue;
            SetComponents set = loadSetComponents(workspace_, product_, name, job_);
            (set.set.kind == SetKind::MultiLabel ? labels_ : sets_).push_back(std::move(set));
        }
        for (const auto& f : product_.model->plan().axes()) {
            if (!f.live || (f.isWeight() && f.name != arguments_.weight)) continue;
            factors_.push_back(f);
            options_.free.push_back(f.name);
        }
        if (!has(arguments_.weight)) options_.free.clear();
        std::filesystem::remove_all(cache_);
        options_.cache = cache_;
        options_.memory_bytes = std::uint64_t{16} << 30;
        options_.synthetic = workspace_.synthetic();
        options_.device = arguments_.device;
        out_ = {{"product", product_.folder.string()}, {"settings", Json::array()}, {"grids", Json::array()}};
    }
    ~Bench() { std::filesystem::remove_all(cache_); }

    int run() {
        LandscapeEvaluator evaluator(product_.model, sets_, options_);
        devices();
        build(evaluator);
        points(evaluator);
        if (arguments_.close_ups) closeUps(evaluator);
        averagePrecision();
        grids();
        flips(evaluator);
        why(evaluator);
        DirectEvaluator direct(product_.model, sets_, {{}, false, arguments_.reference, std::size_t{1} << 30});
        compareSettings(evaluator, direct);
        if (arguments_.check_grids) compareGrids(evaluator, direct);
        if (!arguments_.json.empty()) writeFileWhole(arguments_.json, out_.dump(1));
        return differ_ == 0 ? 0 : 1;
    }

private:
    bool has(const std::string& factor) const {
        return std::any_of(factors_.begin(), factors_.end(), [&](const auto& f) { return f.name == factor; });
    }
    Setting randomSetting() {
        Setting s;
        for (const auto& f : factors_) setFactor(s, f, rng_.uniform());
        return s;
    }

    // What building spent, and where.
    struct Spent {
        double rows = 0, queries = 0;
        std::map<std::string, int> sets;  // by device
    };
    Spent spent(const LandscapeEvaluator& evaluator) const {
        Spent out;
        for (std::size_t i = 0; i < sets_.size(); ++i) {
            const auto landscape = evaluator.landscape(i);
            if (!landscape) continue;
            out.rows += landscape->buildSeconds().rows;
            out.queries += landscape->buildSeconds().queries;
            ++out.sets[landscape->builtOn()];
        }
        return out;
    }

    // What a GPU brings: seconds on each device, and whether they come to the same figures.
    void devices() {
        std::string why;
        std::vector<std::string> names{"cpu"};
        for (int i = 0; i < siftGpus(why); ++i) names.push_back("cuda:" + std::to_string(i));
        if (names.size() == 1) {
            std::printf("no GPU to build on: %s\n", why.c_str());
            return;
        }
        std::vector<MetricMap> expected;
        const Setting setting = randomSetting();
        const JobContext job({}, {}, [](const std::string& line) { std::printf("  %s\n", line.c_str()); });
        for (const std::string& name : names) {
            LandscapeEvaluator::Options options = options_;
            options.cache.clear();
            options.device = name;
            LandscapeEvaluator evaluator(product_.model, sets_, options);
            const double seconds = evaluator.prepare({}, job).seconds;
            const Spent parts = spent(evaluator);
            std::printf("on %s in %.2f s: rows %.2f s, queries %.2f s\n", name.c_str(), seconds, parts.rows,
                        parts.queries);
            for (std::size_t i = 0; i < sets_.size(); ++i) {
                const auto landscape = evaluator.landscape(i);
                if (!landscape) continue;
                std::printf(
                    "  %-11s%7.1f million pairs on %s: rows %.3f s, queries %.3f s\n", sets_[i].set.name.c_str(),
                    1e-6 * static_cast<double>(sets_[i].first.rows() * sets_[i].second.rows()),
                    landscape->builtOn().c_str(), landscape->buildSeconds().rows, landscape->buildSeconds().queries);
            }
            out_["devices"].push_back(
                {{"device", name}, {"seconds", seconds}, {"rows", parts.rows}, {"queries", parts.queries}});
            const auto figures = evaluator.figures(setting, job_);
            if (name == "cpu") expected = figures;
            else compare(sets_, figures, expected);
        }
    }

    void build(LandscapeEvaluator& evaluator) {
        const double before = peakMegabytes();
        const auto built = evaluator.prepare({}, job_);
        std::printf("%s, %zu sets%s\n", evaluator.subject().c_str(), sets_.size(),
                    workspace_.synthetic() ? " (synthetic world)" : "");
        describe(evaluator);
        std::printf("built in %.2f s, %.0f MB, peak memory %.0f MB (before %.0f MB)\n", built.seconds,
                    built.bytes / 1e6, peakMegabytes(), before);
        const Spent parts = spent(evaluator);
        std::printf("  rows %.2f s, queries %.2f s", parts.rows, parts.queries);
        for (const auto& [device, sets] : parts.sets) std::printf("; %d sets on %s", sets, device.c_str());
        std::printf("\n");
        for (const auto& [set, why] : built.direct) std::printf("no landscape of %s: %s\n", set.c_str(), why.c_str());
        LandscapeEvaluator again(product_.model, sets_, options_);
        const auto read = again.prepare({}, job_);
        std::printf("read again in %.2f s (%zu of %zu sets from the cache)\n", read.seconds, read.from_cache.size(),
                    sets_.size());
        out_["build_seconds"] = built.seconds;
        out_["bytes"] = built.bytes;
        out_["peak_megabytes"] = peakMegabytes();
        out_["reopen_seconds"] = read.seconds;
    }

    // Milliseconds for all sets. Nothing is remembered: landscapes are asked, not the evaluator.
    double ask(const LandscapeEvaluator& evaluator, const Setting& setting, std::vector<SetPoint>& found) {
        found.clear();
        const auto begin = Clock::now();
        for (std::size_t i = 0; i < sets_.size(); ++i) {
            const auto landscape = evaluator.landscape(i);
            if (!landscape) continue;
            const auto asked = Clock::now();
            found.push_back(landscape->at(evaluator.pointOf(i, setting).data(), evaluator.ties()));
            auto& spent = spent_[sets_[i].set.name];
            spent.first += 1e3 * since(asked);
            spent.second += found.back().forward.count.evaluated + found.back().backward.count.evaluated;
        }
        return 1e3 * since(begin);
    }

    // What each set took since the last time.
    void tellSpent(std::size_t settings) {
        const auto each = static_cast<double>(settings);
        for (const auto& [name, spent] : spent_)
            std::printf("  %-11s %.3f ms, %.0f scores\n", name.c_str(), spent.first / each, spent.second / each);
        spent_.clear();
    }

    void points(const LandscapeEvaluator& evaluator) {
        spent_.clear();
        const std::size_t n = arguments_.settings;
        std::vector<SetPoint> found;
        std::vector<double> times;
        double evaluated = 0, resolved = 0;
        for (std::size_t i = 0; i < n; ++i) {
            times.push_back(ask(evaluator, randomSetting(), found));
            for (const auto& p : found) {
                evaluated += p.forward.count.evaluated + p.backward.count.evaluated;
                resolved += p.forward.count.resolved + p.backward.count.resolved;
            }
        }
        const double first = times.front(), each = static_cast<double>(n);
        const Percentiles point = percentiles(times);
        std::printf(
            "%zu settings: first %.3f ms, p50 %.3f ms, p95 %.3f ms, most %.3f ms; %.0f scores a setting, %.1f "
            "queries in float64\n",
            n, first, point.p50, point.p95, point.most, evaluated / each, resolved / each);
        tellSpent(n);
        times.clear();
        // As a hand does it: what is made behind a question is there before the next one.
        Setting walk = randomSetting();
        for (std::size_t i = 0; i < n; ++i) {
            const FactorInfo& f = factors_[rng_.below(factors_.size())];
            setFactor(walk, f, std::clamp(factorAt(f, walk) + (rng_.below(2) ? 0.05 : -0.05), 0.0, 1.0));
            times.push_back(ask(evaluator, walk, found));
            evaluator.lookAhead(walk, 0.05);
            SetLandscape::finishCloseUps();
        }
        const Percentiles step = percentiles(times);
        std::printf("steps of 0.05 in one factor: p50 %.3f ms, p95 %.3f ms, most %.3f ms\n", step.p50, step.p95,
                    step.most);
        tellSpent(n);
        out_["point_ms"] = {{"p50", point.p50}, {"p95", point.p95}, {"first", first}};
        out_["step_ms"] = {{"p50", step.p50}, {"p95", step.p95}};
    }

    // Places in leaves drawn at random, of all sets with three factors and more: as often within a leaf and a part of
    // it as it takes to gather and to cut. Then walks by steps of 0.05 and of 0.002 in one factor.
    void closeUps(const LandscapeEvaluator& evaluator) {
        constexpr int kRounds = 100;
        struct Kind {
            const char* name;
            double place;
            std::vector<double> times = {};
            double entries = 0;
        };
        std::vector<Kind> kinds{{"first setting within a leaf", 0.1},
                                {"second, the leaf gathered behind", 0.4},
                                {"first setting within a part of it", 0.6},
                                {"second within the part", 0.605},
                                {"third within the part", 0.61},
                                {"fourth within the part, cut behind", 0.615},
                                {"fifth within the part", 0.62},
                                {"walk by 0.05", 0.05},
                                {"walk by 0.002", 0.002}};
        std::vector<std::shared_ptr<const SetLandscape>> coarse;
        for (std::size_t i = 0; i < sets_.size(); ++i) {
            const auto landscape = evaluator.landscape(i);
            if (landscape && landscape->grid().dims() >= 3) coarse.push_back(landscape);
        }
        if (coarse.empty()) return;
        const int threads = omp_get_max_threads();
        omp_set_num_threads(1);
        // A hand's next question comes when what is made behind the last one is long there.
        const auto askOne = [&](const SetLandscape& landscape, const std::vector<double>& point, Kind& kind) {
            const double begin = threadMilliseconds();
            const SetPoint found = landscape.at(point.data(), evaluator.ties());
            kind.times.back() += threadMilliseconds() - begin;
            SetLandscape::finishCloseUps();
            kind.entries += found.forward.count.evaluated + found.backward.count.evaluated;
        };
        for (int round = 0; round < kRounds; ++round) {
            for (auto& kind : kinds) kind.times.push_back(0);
            for (const auto& landscape : coarse) {
                const FactorGrid& grid = landscape->grid();
                const auto along = static_cast<double>(grid.leavesAlong());
                std::vector<double> base, point(grid.dims());
                for (std::size_t d = 0; d < grid.dims(); ++d)
                    base.push_back(static_cast<double>(rng_.below(grid.leavesAlong())));
                for (std::size_t k = 0; k + 2 < kinds.size(); ++k) {
                    for (std::size_t d = 0; d < grid.dims(); ++d) point[d] = (base[d] + kinds[k].place) / along;
                    askOne(*landscape, point, kinds[k]);
                }
            }
        }
        for (std::size_t k = kinds.size() - 2; k < kinds.size(); ++k) {
            kinds[k].times.clear();
            std::vector<std::vector<double>> at;
            for (const auto& landscape : coarse) at.emplace_back(landscape->grid().dims(), 0.5);
            for (int round = 0; round < kRounds; ++round) {
                kinds[k].times.push_back(0);
                const std::size_t factor = rng_.below(4);
                const double by = rng_.below(2) ? kinds[k].place : -kinds[k].place;
                for (std::size_t i = 0; i < coarse.size(); ++i) {
                    double& value = at[i][factor % at[i].size()];
                    value = std::clamp(value + by, 0.0, 1.0);
                    askOne(*coarse[i], at[i], kinds[k]);
                }
            }
        }
        omp_set_num_threads(threads);
        std::printf("%zu sets of three factors and more, one thread, processor time:\n", coarse.size());
        for (const auto& kind : kinds) {
            const Percentiles p = percentiles(kind.times);
            std::printf("  %-34s p50 %.3f ms, p95 %.3f ms; %.0f scores\n", kind.name, p.p50, p.p95,
                        kind.entries / kRounds);
            out_["close_ups"].push_back({{"what", kind.name}, {"p50", p.p50}, {"p95", p.p95}});
        }
    }

    void averagePrecision() {
        if (labels_.empty()) return;
        LandscapeEvaluator evaluator(product_.model, labels_, options_);
        const auto built = evaluator.prepare({}, job_);
        std::vector<double> times;
        for (int i = 0; i < 20; ++i) {
            const Setting s = randomSetting();
            const auto begin = Clock::now();
            evaluator.figures(s, job_);
            times.push_back(1e3 * since(begin));
        }
        const Percentiles map = percentiles(times);
        std::printf("mAP of %s: built in %.2f s, %.0f MB; p50 %.1f ms, p95 %.1f ms\n", labels_[0].set.name.c_str(),
                    built.seconds, built.bytes / 1e6, map.p50, map.p95);
        out_["map_ms"] = {{"p50", map.p50}, {"p95", map.p95}};
        DirectEvaluator direct(product_.model, labels_, {});
        const Setting s = randomSetting();
        compare(labels_, evaluator.figures(s, job_), direct.figures(s, job_));
    }

    // Surfaces as the studio asks for them: the retrieval sets' groups against the product's own setting.
    void grids() {
        std::vector<SetComponents> retrieval;
        for (const auto& set : sets_) {
            if (set.set.kind == SetKind::Retrieval) retrieval.push_back(set);
        }
        LandscapeEvaluator evaluator(product_.model, retrieval, options_);
        evaluator.prepare({}, job_);
        SweepRequest request;
        request.baseline = evaluator.evaluate({}, job_);
        for (const std::string step : {"0.05", "0.01"}) {
            if (step == "0.01" && !arguments_.fine) continue;
            for (const auto& [one, two] : kPlanes) {
                if (!has(one)) continue;
                request.axes = {parseAxis(one + "=0:1:" + step), parseAxis(two + "=0:1:" + step)};
                const auto begin = Clock::now();
                const SweepSurface surface = sweep(evaluator, request, job_);
                const double seconds = since(begin);
                std::printf("grid of %zu x %zu over %s and %s, %zu surfaces: %.3f s\n", surface.axes[0].steps,
                            surface.axes[1].steps, one.c_str(), two.c_str(), surface.groups.size(), seconds);
                out_["grids"].push_back({{"axes", {one, two}}, {"points", surface.total}, {"seconds", seconds}});
            }
        }
    }

    // Along each factor's line through the middle of the box.
    void flips(const LandscapeEvaluator& evaluator) {
        std::size_t found = 0, lines = 0;
        const auto begin = Clock::now();
        for (std::size_t i = 0; i < sets_.size(); ++i) {
            const auto landscape = evaluator.landscape(i);
            for (std::size_t d = 0; landscape && d < landscape->grid().dims(); ++d) {
                const FactorLine line{std::vector<double>(landscape->grid().dims(), 0.5), d, 0, 1};
                for (const bool forward : {true, false}) {
                    if (landscape->cells(forward).queries == 0) continue;
                    found += flipsAlong(*landscape, line, forward, evaluator.ties(), job_).flips.size();
                    ++lines;
                }
            }
        }
        std::printf("%zu exact flips along %zu lines in %.2f s\n", found, lines, since(begin));
    }

    void why(const LandscapeEvaluator& evaluator) {
        Setting low, high;
        for (const auto& f : factors_) {
            setFactor(low, f, 0.1);
            setFactor(high, f, 0.6);
        }
        std::size_t moved = 0;
        const auto begin = Clock::now();
        for (std::size_t i = 0; i < sets_.size(); ++i) {
            const SetChange change =
                explainChange(*product_.model, sets_[i], low, high, {}, job_, landscapeRanks(evaluator, i));
            for (const auto* direction : {&change.forward, &change.backward})
                moved += direction->gained.size() + direction->lost.size();
        }
        std::printf("why %zu queries were gained or lost between two settings: %.2f s\n", moved, since(begin));
    }

    // Figures of each set that both know; says which differ.
    std::size_t compare(const std::vector<SetComponents>& sets, const std::vector<MetricMap>& fast,
                        const std::vector<MetricMap>& slow) {
        std::size_t compared = 0;
        for (std::size_t k = 0; k < sets.size(); ++k) {
            for (const auto& [metric, value] : fast[k]) {
                ++compared;
                if (std::fabs(value - slow[k].at(metric)) < 1e-9) continue;
                ++differ_;
                std::printf("DIFFERS: %s %s %.6f, should be %.6f\n", sets[k].set.name.c_str(), metric.c_str(), value,
                            slow[k].at(metric));
            }
        }
        return compared;
    }

    const char* against() const { return arguments_.reference ? "brute force in float64" : "direct evaluation"; }

    // The two corners first, then random ones.
    void compareSettings(LandscapeEvaluator& evaluator, DirectEvaluator& direct) {
        std::size_t compared = 0;
        for (std::size_t i = 0; i < arguments_.check; ++i) {
            Setting s = randomSetting();
            if (i < 2) {
                for (const auto& f : factors_) setFactor(s, f, static_cast<double>(i));
            }
            const auto fast = evaluator.figures(s, job_);
            compared += compare(sets_, fast, direct.figures(s, job_));
            Json values = Json::object();
            for (std::size_t k = 0; k < sets_.size(); ++k) values[sets_[k].set.name] = fast[k];
            out_["settings"].push_back({{"factors", s.factors}, {"figures", values}});
        }
        std::printf("%zu settings: %zu figures compared with %s, %zu differ so far\n", arguments_.check, compared,
                    against(), differ_);
    }

    void compareGrids(LandscapeEvaluator& evaluator, DirectEvaluator& direct) {
        for (const auto& [one, two] : kPlanes) {
            if (!has(one)) continue;
            std::size_t compared = 0;
            for (int i = 0; i <= 20; ++i) {
                for (int j = 0; j <= 20; ++j) {
                    Setting s;
                    s.factors = {{one, i / 20.0}, {two, j / 20.0}};
                    compared += compare(sets_, evaluator.figures(s, job_), direct.figures(s, job_));
                }
            }
            std::printf("21 x 21 over %s and %s: %zu figures compared with %s, %zu differ so far\n", one.c_str(),
                        two.c_str(), compared, against(), differ_);
        }
    }

    inline static const std::vector<std::pair<std::string, std::string>> kPlanes{{"sigma_a", "sigma_t"},
                                                                                 {"lambda_v", "lambda_t"}};
    Arguments arguments_;
    LoadedProduct product_;
    Workspace workspace_;
    std::filesystem::path cache_;
    JobContext job_;
    LandscapeEvaluator::Options options_;
    std::vector<SetComponents> sets_, labels_;
    std::vector<FactorInfo> factors_;                         // live ones
    std::map<std::string, std::pair<double, double>> spent_;  // milliseconds and scores, by set
    Rng rng_{1, "settings"};
    Json out_;
    std::size_t differ_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    for (int i = 1; i < argc; ++i) {
        const auto is = [&](const char* flag) { return std::strcmp(argv[i], flag) == 0; };
        if (is("--settings")) arguments.settings = std::max(1ul, std::stoul(argv[++i]));
        else if (is("--check")) arguments.check = std::stoul(argv[++i]);
        else if (is("--sets")) arguments.sets = std::string(",") + argv[++i] + ",";
        else if (is("--json")) arguments.json = argv[++i];
        else if (is("--device")) arguments.device = argv[++i];
        else if (is("--weight")) arguments.weight = argv[++i];
        else if (is("--fine")) arguments.fine = true;
        else if (is("--check-grids")) arguments.check_grids = true;
        else if (is("--reference")) arguments.reference = true;
        else if (is("--close-ups")) arguments.close_ups = true;
        else arguments.product = argv[i];
    }
    try {
        return Bench(std::move(arguments)).run();
    } catch (const Error& error) {
        std::fprintf(stderr, "%s: %s\n", error.where().c_str(), error.message().c_str());
        return 1;
    }
}
