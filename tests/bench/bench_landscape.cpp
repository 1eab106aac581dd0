// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Landscapes of a product: time and memory to build them and to read them again, settings never asked before, steps of
// 0.05, whole grids; some settings compared with a direct evaluation. bench_landscape.py puts PyTorch beside it.
//
//   bench_landscape PRODUCT [--settings N] [--check N] [--check-grids] [--sets A,B] [--fine] [--json FILE]
//
// --fine: a 101 x 101 grid too. --check-grids: every figure at every node of 21 x 21 grids of sigma_a, sigma_t and of
// lambda_v, lambda_t is compared too. The settings are random in all live factors; nothing is remembered between them.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/rng.h"
#include "engine/eval/workspace_evaluation.h"
#include "engine/factors/flips.h"
#include "engine/factors/landscape_evaluator.h"
#include "engine/factors/sweep.h"
#include "engine/factors/why.h"

namespace {

using namespace engine;
using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

double peakMegabytes() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.rfind("VmHWM:", 0) == 0) return std::stod(line.substr(6)) / 1024;
    }
    return 0;
}

struct Percentiles {
    double p50, p95, most;
};
Percentiles percentiles(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return {values[values.size() / 2], values[values.size() * 95 / 100], values.back()};
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

int run(int argc, char** argv) {
    std::string product_folder, only, json_file;
    std::size_t settings = 1000, check = 3;
    bool fine = false, check_grids = false;
    for (int i = 1; i < argc; ++i) {
        const auto is = [&](const char* flag) { return std::strcmp(argv[i], flag) == 0; };
        if (is("--settings")) settings = std::stoul(argv[++i]);
        else if (is("--check")) check = std::stoul(argv[++i]);
        else if (is("--sets")) only = std::string(",") + argv[++i] + ",";
        else if (is("--json")) json_file = argv[++i];
        else if (is("--fine")) fine = true;
        else if (is("--check-grids")) check_grids = true;
        else product_folder = argv[i];
    }
    const LoadedProduct product = loadProduct(product_folder);
    const Workspace workspace(product.record.workspace);
    const JobContext job;
    std::vector<SetComponents> sets, labels;
    for (const auto& name : setsOfProduct(workspace, *product.model)) {
        if (!only.empty() && only.find("," + name + ",") == std::string::npos) continue;
        SetComponents set = loadSetComponents(workspace, product, name, job);
        (set.set.kind == SetKind::MultiLabel ? labels : sets).push_back(std::move(set));
    }
    std::vector<std::string> names;
    for (const auto& f : product.model->plan().factors) {
        if (f.live) names.push_back(f.name);
    }
    const std::filesystem::path cache = std::filesystem::temp_directory_path() / "molspace-bench-landscapes";
    std::filesystem::remove_all(cache);
    LandscapeEvaluator::Options options;
    options.cache = cache;
    options.memory_bytes = std::uint64_t{16} << 30;
    options.synthetic = workspace.synthetic();
    Json out{{"product", product.folder.string()}, {"settings", Json::array()}};

    LandscapeEvaluator evaluator(product.model, sets, options);
    const double before = peakMegabytes();
    auto built = evaluator.prepare({}, job);
    std::printf("%s, %zu sets%s\n", evaluator.subject().c_str(), sets.size(),
                workspace.synthetic() ? " (synthetic world)" : "");
    describe(evaluator);
    std::printf("built in %.2f s, %.0f MB, peak memory %.0f MB (before %.0f MB)\n", built.seconds, built.bytes / 1e6,
                peakMegabytes(), before);
    for (const auto& [set, why] : built.direct) std::printf("no landscape of %s: %s\n", set.c_str(), why.c_str());
    out["build_seconds"] = built.seconds;
    out["bytes"] = built.bytes;
    out["peak_megabytes"] = peakMegabytes();
    {
        LandscapeEvaluator again(product.model, sets, options);
        const auto read = again.prepare({}, job);
        std::printf("read again in %.2f s (%zu of %zu sets from the cache)\n", read.seconds, read.from_cache.size(),
                    sets.size());
        out["reopen_seconds"] = read.seconds;
    }

    // Nothing is remembered: landscapes are asked, not the evaluator.
    Rng rng(1, "settings");
    const auto randomSetting = [&] {
        Setting s;
        for (const auto& n : names) s.factors[n] = rng.uniform();
        return s;
    };
    const auto measure = [&](const Setting& s, std::vector<SetPoint>& points) {
        points.clear();
        const auto begin = Clock::now();
        for (std::size_t i = 0; i < sets.size(); ++i) {
            if (const auto landscape = evaluator.landscape(i))
                points.push_back(landscape->at(evaluator.pointOf(i, s).data(), evaluator.ties()));
        }
        return 1e3 * since(begin);
    };
    std::vector<SetPoint> points;
    std::vector<double> times;
    double evaluated = 0, resolved = 0;
    for (std::size_t i = 0; i < settings; ++i) {
        times.push_back(measure(randomSetting(), points));
        for (const auto& p : points) {
            evaluated += p.forward.count.evaluated + p.backward.count.evaluated;
            resolved += p.forward.count.resolved + p.backward.count.resolved;
        }
    }
    const double first = times.front();
    const Percentiles point = percentiles(times);
    std::printf(
        "%zu settings: first %.3f ms, p50 %.3f ms, p95 %.3f ms, most %.3f ms; %.0f scores a setting, %.1f in float64\n",
        settings, first, point.p50, point.p95, point.most, evaluated / settings, resolved / settings);
    out["point_ms"] = {{"p50", point.p50}, {"p95", point.p95}, {"first", first}};
    times.clear();
    Setting walk = randomSetting();
    for (std::size_t i = 0; i < settings; ++i) {
        double& value = walk.factors[names[rng.below(names.size())]];
        value = std::clamp(value + (rng.below(2) ? 0.05 : -0.05), 0.0, 1.0);
        times.push_back(measure(walk, points));
    }
    const Percentiles step = percentiles(times);
    std::printf("steps of 0.05 in one factor: p50 %.3f ms, p95 %.3f ms\n", step.p50, step.p95);
    out["step_ms"] = {{"p50", step.p50}, {"p95", step.p95}};

    if (!labels.empty()) {
        LandscapeEvaluator of_labels(product.model, labels, options);
        const auto label_build = of_labels.prepare({}, job);
        times.clear();
        for (int i = 0; i < 20; ++i) {
            const Setting s = randomSetting();
            const auto begin = Clock::now();
            of_labels.figures(s, job);
            times.push_back(1e3 * since(begin));
        }
        const Percentiles map = percentiles(times);
        std::printf("mAP of %s: built in %.2f s, %.0f MB; p50 %.1f ms, p95 %.1f ms\n", labels[0].set.name.c_str(),
                    label_build.seconds, label_build.bytes / 1e6, map.p50, map.p95);
        out["map_ms"] = {{"p50", map.p50}, {"p95", map.p95}};
        const Setting s = randomSetting();
        const auto fast = of_labels.figures(s, job);
        DirectEvaluator direct(product.model, labels, {});
        const auto slow = direct.figures(s, job);
        if (std::fabs(fast[0].at("mAP") - slow[0].at("mAP")) > 1e-9)
            std::printf("DIFFERS: mAP %.9f, should be %.9f\n", fast[0].at("mAP"), slow[0].at("mAP"));
    }

    // Surfaces as the studio asks for them: the retrieval sets' three groups against the product's own setting.
    std::vector<SetComponents> retrieval;
    for (const auto& set : sets) {
        if (set.set.kind == SetKind::Retrieval) retrieval.push_back(set);
    }
    LandscapeEvaluator surfaces(product.model, retrieval, options);
    surfaces.prepare({}, job);
    const auto baseline = surfaces.evaluate({}, job);
    for (const char* steps : {"0.05", "0.01"}) {
        if (!fine && steps[3] == '1') break;
        for (const auto& pair : {std::pair{"sigma_a", "sigma_t"}, {"lambda_v", "lambda_t"}}) {
            if (std::find(names.begin(), names.end(), pair.first) == names.end()) continue;
            SweepRequest request;
            request.axes = {parseAxis(pair.first + std::string("=0:1:") + steps),
                            parseAxis(pair.second + std::string("=0:1:") + steps)};
            request.baseline = baseline;
            const auto begin = Clock::now();
            const SweepSurface surface = sweep(surfaces, request, job);
            const double seconds = since(begin);
            std::printf("grid of %zu x %zu over %s and %s, %zu surfaces: %.3f s\n", surface.axes[0].steps,
                        surface.axes[1].steps, pair.first, pair.second, surface.groups.size(), seconds);
            out["grids"].push_back(
                {{"axes", {pair.first, pair.second}}, {"points", surface.total}, {"seconds", seconds}});
        }
    }

    // Every flip along each factor's line through the middle of the box; and why hits moved between two settings.
    std::size_t flips = 0, lines = 0;
    auto started = Clock::now();
    for (std::size_t i = 0; i < sets.size(); ++i) {
        const auto landscape = evaluator.landscape(i);
        for (std::size_t d = 0; landscape && d < landscape->grid().dims(); ++d) {
            const FactorLine line{std::vector<double>(landscape->grid().dims(), 0.5), d, 0, 1};
            for (const bool forward : {true, false}) {
                if (landscape->cells(forward).queries == 0) continue;
                flips += flipsAlong(*landscape, line, forward, evaluator.ties(), job).flips.size();
                ++lines;
            }
        }
    }
    std::printf("%zu exact flips along %zu lines in %.2f s\n", flips, lines, since(started));
    Setting low, high;
    for (const auto& n : names) {
        low.factors[n] = 0.1;
        high.factors[n] = 0.6;
    }
    started = Clock::now();
    std::size_t changed = 0;
    for (std::size_t i = 0; i < sets.size(); ++i) {
        const auto landscape = evaluator.landscape(i);
        if (!landscape) continue;
        const SetChange change =
            explainChange(*product.model, sets[i], low, high, {}, job, landscapeRanks(evaluator, i));
        for (const auto* direction : {&change.forward, &change.backward})
            changed += direction->gained.size() + direction->lost.size();
    }
    std::printf("why %zu queries were gained or lost between two settings: %.2f s\n", changed, since(started));

    std::size_t differ = 0;
    DirectEvaluator direct(product.model, sets, {});
    for (std::size_t i = 0; i < check; ++i) {
        Setting s = randomSetting();
        if (i < 2) {
            for (auto& [name, value] : s.factors) value = static_cast<double>(i);
        }
        const auto fast = evaluator.figures(s, job), slow = direct.figures(s, job);
        Json values = Json::object();
        for (std::size_t k = 0; k < sets.size(); ++k) {
            for (const auto& [metric, value] : fast[k]) {
                if (std::fabs(value - slow[k].at(metric)) < 1e-9) continue;
                ++differ;
                std::printf("DIFFERS: %s %s %.6f, should be %.6f\n", sets[k].set.name.c_str(), metric.c_str(), value,
                            slow[k].at(metric));
            }
            values[sets[k].set.name] = fast[k];
        }
        out["settings"].push_back({{"factors", s.factors}, {"figures", values}});
    }
    std::printf("%zu settings compared with direct evaluation: %zu figures differ\n", check, differ);
    for (const auto& pair : {std::pair{"sigma_a", "sigma_t"}, {"lambda_v", "lambda_t"}}) {
        if (!check_grids || std::find(names.begin(), names.end(), pair.first) == names.end()) continue;
        std::size_t compared = 0, different = 0;
        for (int i = 0; i <= 20; ++i) {
            for (int j = 0; j <= 20; ++j) {
                Setting s;
                s.factors[pair.first] = i / 20.0;
                s.factors[pair.second] = j / 20.0;
                const auto fast = evaluator.figures(s, job), slow = direct.figures(s, job);
                for (std::size_t k = 0; k < sets.size(); ++k) {
                    for (const auto& [metric, value] : fast[k]) {
                        ++compared;
                        different += std::fabs(value - slow[k].at(metric)) > 1e-9;
                    }
                }
            }
        }
        differ += different;
        std::printf("21 x 21 over %s and %s: %zu figures compared, %zu differ\n", pair.first, pair.second, compared,
                    different);
    }
    if (!json_file.empty()) writeFileWhole(json_file, out.dump(1));
    std::filesystem::remove_all(cache);
    return differ == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const Error& error) {
        std::fprintf(stderr, "%s: %s\n", error.where().c_str(), error.message().c_str());
        return 1;
    }
}
