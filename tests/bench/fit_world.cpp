// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Finds the constants of the synthetic world (engine/store/synthetic_world_fits.inc) so that single spaces reach the
// paper's published figures on the evaluation sets at preset paper-eval: first each set's difficulty with one space,
// then the own noise of the other spaces on it. Bisection on the measured figure. Prints the constants and a table of
// what was asked and what came out.
//
//   fit_world [--check] [--more] [SET]
//       --check: measure the constants in force, change nothing; --more: only the spaces that no other depends on; SET:
//       this one alone
#include <cstdio>
#include <cstring>

#include "engine/base/error.h"
#include "engine/eval/set_evaluation.h"
#include "engine/store/synthetic_world.h"

namespace {

using engine::Matrix;
using engine::WorldFit;

struct Target {
    const char *set, *space;
    double published;
};
// Tables 3 and 4 of the paper, as published; a set's first row fixes its difficulty.
constexpr Target kTargets[] = {
    {"AudioCaps", "CLAP_g", 40.25},  {"AudioCaps", "CLAP_m", 39.00},   {"AudioCaps", "ImageBind", 9.24},
    {"Clotho", "CLAP_g", 18.46},     {"Clotho", "CLAP_m", 17.90},      {"Clotho", "ImageBind", 6.64},
    {"VGG-SS", "ImageBind", 14.82},  {"FlickrNet", "ImageBind", 7.68}, {"COCO", "InternVL", 61.05},
    {"COCO", "ImageBind", 57.28},    {"Flickr30K", "InternVL", 89.29}, {"Flickr30K", "ImageBind", 86.04},
    {"ESC-50", "CLAP_m", 92.60},     {"ESC-50", "CLAP_g", 90.95},      {"ESC-50", "ImageBind", 67.25},
    {"AudioSet", "CLAP_g", 23.36},   {"AudioSet", "CLAP_m", 23.08},    {"AudioSet", "ImageBind", 13.96},
    {"ImageNet", "InternVL", 81.70}, {"ImageNet", "ImageBind", 76.31},
};
// Spaces that the others know nothing of: their constants can be found later and alone (--more).
constexpr Target kMoreTargets[] = {
    {"AudioCaps", "WAV2CLIP", 0.88}, {"AudioCaps", "AudioCLIP", 3.53}, {"Clotho", "WAV2CLIP", 0.78},
    {"Clotho", "AudioCLIP", 3.20},   {"VGG-SS", "WAV2CLIP", 2.51},     {"VGG-SS", "AudioCLIP", 1.25},
    {"FlickrNet", "WAV2CLIP", 0.82}, {"FlickrNet", "AudioCLIP", 1.37}, {"COCO", "CLIP_B32", 40.24},
    {"COCO", "AudioCLIP", 17.51},    {"Flickr30K", "CLIP_B32", 71.89}, {"Flickr30K", "AudioCLIP", 38.89},
    {"ESC-50", "WAV2CLIP", 17.40},   {"ESC-50", "AudioCLIP", 11.45},   {"AudioSet", "WAV2CLIP", 0.71},
    {"AudioSet", "AudioCLIP", 5.65}, {"ImageNet", "CLIP_B32", 60.58},  {"ImageNet", "AudioCLIP", 24.14},
};

// The CLAPs' own noise where they cannot be measured alone; by hand, so that ImageBind++ comes near its published
// figures.
constexpr struct {
    const char* set;
    double noise;
} kByHand[] = {{"COCO", 5}, {"Flickr30K", 5}, {"ImageNet", 5}};

Matrix rowsOf(const engine::TableInput& table, const std::string& space) {
    for (const auto& [name, reader] : table.embeddings) {
        if (name != space) continue;
        Matrix out(reader.rows, reader.width);
        reader.read(0, reader.rows, out.data());
        return out;
    }
    throw engine::Error(engine::ErrorCode::Internal, space, "no such rows");
}

double measure(const Target& target, const WorldFit& fit) {
    engine::WorldOptions options;
    options.preset = "paper-eval";
    const auto world = engine::describeWorld(options, {{target.set, fit}}, {target.set});
    const auto& set = world.sets.front();
    const Matrix first = rowsOf(set.first, target.space), second = rowsOf(set.second, target.space);
    engine::RowSource x, y;
    x.rows = first.view();
    y.rows = second.view();
    engine::EvalOptions eval;
    eval.class_retrieval = false;
    const auto metrics = engine::evaluateSet(
        {set.name, set.kind, set.first.modality, set.second.modality, set.pairs, {}}, x, y, "fit", eval, {});
    return metrics.value(set.kind == engine::SetKind::Retrieval        ? "R@1"
                         : set.kind == engine::SetKind::Classification ? "top-1"
                                                                       : "mAP");
}

// The value in [low, high] at which the falling figure meets the published one.
template <class Put>
double bisect(const Target& target, WorldFit fit, double low, double high, Put put) {
    for (int i = 0; i < 9; ++i) {
        const double middle = 0.5 * (low + high);
        put(fit, middle);
        (measure(target, fit) > target.published ? low : high) = middle;
    }
    return 0.5 * (low + high);
}

}  // namespace

int main(int argc, char** argv) {
    bool check = false, more = false;
    const char* only = nullptr;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--check") == 0) check = true;
        else if (std::strcmp(argv[i], "--more") == 0) more = true;
        else only = argv[i];
    }
    std::map<std::string, WorldFit> fits = engine::worldFits();
    std::printf("%-10s %-10s %10s %10s\n", "set", "space", "published", "measured");
    const auto line = [&](const Target& t) {
        std::printf("%-10s %-10s %10.2f %10.2f\n", t.set, t.space, t.published, measure(t, fits[t.set]));
        std::fflush(stdout);
    };
    const auto wanted = [&](const Target& t) { return !only || std::strcmp(only, t.set) == 0; };
    for (std::size_t i = 0; i < std::size(kTargets) && !more; ++i) {
        const Target& t = kTargets[i];
        if (!wanted(t)) continue;
        const bool sets_difficulty = i == 0 || std::strcmp(kTargets[i - 1].set, t.set) != 0;
        if (!check) {
            if (sets_difficulty) {
                fits[t.set] = WorldFit{};
                for (const auto& [set, noise] : kByHand) {
                    if (std::strcmp(set, t.set) == 0) fits[t.set].noise = {{"CLAP_g", noise}, {"CLAP_m", noise}};
                }
                fits[t.set].difficulty =
                    bisect(t, fits[t.set], 0.2, 6, [](WorldFit& f, double v) { f.difficulty = v; });
            } else {
                fits[t.set].noise[t.space] =
                    bisect(t, fits[t.set], 0, 12, [&](WorldFit& f, double v) { f.noise[t.space] = v; });
            }
        }
        line(t);
    }
    for (const Target& t : kMoreTargets) {
        if (!wanted(t)) continue;
        if (!check) {
            fits[t.set].noise[t.space] =
                bisect(t, fits[t.set], 0, 24, [&](WorldFit& f, double v) { f.noise[t.space] = v; });
        }
        line(t);
    }
    if (check) return 0;
    for (const auto& [set, fit] : fits) {
        if (only && set != only) continue;
        std::printf("{\"%s\", {%.4f, {", set.c_str(), fit.difficulty);
        bool comma = false;
        for (const auto& [space, noise] : fit.noise) {
            std::printf("%s{\"%s\", %.4f}", comma ? ", " : "", space.c_str(), noise);
            comma = true;
        }
        std::printf("}}},\n");
    }
    return 0;
}
