// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One factor setting of an ImageBind++-like product at the paper's evaluation sizes: blend, rank both ways, count. Run
// bench_evaluation.py, which has PyTorch do the same work on the same vectors and prints both.
//
//   bench_evaluation --dump FOLDER   writes the vectors (raw float32) and results.json into FOLDER
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/eval/product_evaluation.h"

namespace {

using namespace engine;

constexpr std::size_t kWidth = 1024;
constexpr double kShareAudio = 0.5, kShareText = 0.3;

struct SetSize {
    const char* name;
    const char* first;
    const char* second;
    std::size_t items;
    std::size_t captions;  // of second for each of first
};

constexpr SetSize kSets[] = {{"AudioCaps", "audio", "text", 964, 5}, {"Clotho", "audio", "text", 1045, 5},
                             {"VGG-SS", "audio", "image", 5158, 1},  {"FlickrNet", "audio", "image", 5000, 1},
                             {"COCO", "image", "text", 5000, 5},     {"Flickr30K", "image", "text", 1000, 5}};

// Unit rows around the latents of their items; `copies` rows for each latent.
Matrix around(const Matrix& latents, std::size_t copies, float noise, std::uint64_t seed, const std::string& name) {
    Matrix out(latents.rows() * copies, kWidth);
#pragma omp parallel for schedule(static)
    for (std::size_t i = 0; i < out.rows(); ++i) {
        Rng rng(seed, name, i);
        rng.fillNormal(out.row(i), kWidth, noise);
        const float* latent = latents.row(i / copies);
        for (std::size_t k = 0; k < kWidth; ++k) out.row(i)[k] += latent[k];
    }
    normalizeRows(out);
    return out;
}

struct Side {
    Matrix base, first, second;
    Components components;
    BlendWeights weights;

    Side(const Modality& modality, const Matrix& latents, std::size_t copies, const std::string& name)
        : base(around(latents, copies, 4.5f, 1, name + "/base")) {
        components.modality = modality;
        components.base = base.view();
        if (modality == "image") return;  // the experts are audio-text
        first = around(latents, copies, 3.5f, 1, name + "/first");
        second = around(latents, copies, 3.5f, 1, name + "/second");
        components.layers.push_back(
            {0, ReactionKind::Combination, {{"CLAP_g", first.view()}, {"CLAP_m", second.view()}}});
        weights.layers.push_back({modality == "audio" ? kShareAudio : kShareText, {1, 1}});
    }

    void dump(const std::filesystem::path& folder, const std::string& name) const {
        const auto write = [&](const Matrix& m, const char* part) {
            if (m.empty()) return;
            std::ofstream out(folder / (name + "." + part + ".f32"), std::ios::binary);
            out.write(reinterpret_cast<const char*>(m.data()), static_cast<std::streamsize>(m.size() * sizeof(float)));
        };
        write(base, "base");
        write(first, "first");
        write(second, "second");
    }
};

int run(const std::filesystem::path& dump) {
    Json results{{"width", kWidth}, {"share_audio", kShareAudio}, {"share_text", kShareText}, {"sets", Json::array()}};
    double total = 0;
    for (const SetSize& size : kSets) {
        const std::string name = size.name;
        Matrix latents(size.items, kWidth);
#pragma omp parallel for schedule(static)
        for (std::size_t i = 0; i < size.items; ++i) {
            Rng rng(1, name + "/latent", i);
            rng.fillNormal(latents.row(i), kWidth);
        }
        const Side first(size.first, latents, 1, name + "/first side"),
            second(size.second, latents, size.captions, name);
        SetComponents set;
        set.set.name = name;
        set.set.first = size.first;
        set.set.second = size.second;
        set.first = first.components;
        set.second = second.components;
        for (std::uint32_t j = 0; j < second.base.rows(); ++j) {
            set.set.pairs.push_back({static_cast<std::uint32_t>(j / size.captions), j});
        }
        double seconds = 1e30;
        SetMetrics metrics;
        for (int round = 0; round < 3; ++round) {
            const auto start = std::chrono::steady_clock::now();
            metrics = evaluateProductSet(set, first.weights, second.weights, "inner product", {}, {});
            seconds =
                std::min(seconds, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        }
        total += seconds;
        std::printf("%-10s %6zu x %6zu  %8.1f ms   R@1 %.2f  R@5 %.2f  R@10 %.2f\n", size.name, first.base.rows(),
                    second.base.rows(), 1000 * seconds, metrics.value("R@1"), metrics.value("R@5"),
                    metrics.value("R@10"));
        std::fflush(stdout);
        results["sets"].push_back({{"name", name},
                                   {"first", size.first},
                                   {"second", size.second},
                                   {"items", size.items},
                                   {"captions", size.captions},
                                   {"seconds", seconds},
                                   {"metrics", toJson(metrics)["metrics"]}});
        if (!dump.empty()) {
            first.dump(dump, name + ".1");
            second.dump(dump, name + ".2");
        }
    }
    results["seconds"] = total;
    std::printf("all sets   %8.1f ms (best of 3 each)\n", 1000 * total);
    if (!dump.empty()) std::ofstream(dump / "results.json") << results.dump(1) << "\n";
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    std::filesystem::path dump;
    if (argc == 3 && std::strcmp(argv[1], "--dump") == 0) {
        dump = argv[2];
        std::filesystem::create_directories(dump);
    } else if (argc != 1) {
        std::fprintf(stderr, "usage: bench_evaluation [--dump FOLDER]\n");
        return 2;
    }
    try {
        return run(dump);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
