// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Times training steps on what bench_training.py wrote: <folder>/start.safetensors, x<i>.f32, y<i>.f32. Prints one JSON
// line.
//
//   bench_training FOLDER SOURCES TARGETS BATCH STEPS [DEVICE]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/ops/device.h"
#include "engine/projector/cpu_step.h"

namespace {

std::vector<engine::Matrix> load(const std::filesystem::path& folder, const char* side, std::size_t count,
                                 std::size_t rows, std::size_t width, const std::string& device) {
    std::vector<engine::Matrix> out;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string bytes = engine::readFile(folder / (side + std::to_string(i) + ".f32"));
        if (bytes.size() != rows * width * sizeof(float))
            throw engine::Error(engine::ErrorCode::InvalidInput, folder.string(), "rows of another shape");
        out.push_back(engine::hostMatrix(rows, width, device));
        std::memcpy(out.back().data(), bytes.data(), bytes.size());
    }
    return out;
}

std::vector<const float*> pointers(const std::vector<engine::Matrix>& rows) {
    std::vector<const float*> out;
    for (const auto& r : rows) out.push_back(r.data());
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 6) return 2;
    const std::filesystem::path folder = argv[1];
    engine::TrainState state;
    state.weights = engine::readProjector(folder / "start.safetensors");
    state.first = state.second = engine::zeroParameters(state.weights);
    engine::StepOptions options;
    options.in = state.weights.in();
    options.hidden = state.weights.hidden();
    options.out = state.weights.out();
    options.sources = std::strtoul(argv[2], nullptr, 10);
    options.targets = std::strtoul(argv[3], nullptr, 10);
    options.batch = std::strtoul(argv[4], nullptr, 10);
    const auto steps = std::strtoul(argv[5], nullptr, 10);
    const std::string device = argc > 6 ? argv[6] : "cpu";
    const auto x = load(folder, "x", options.sources, options.batch, options.in, device);
    const auto y = load(folder, "y", options.targets, options.batch, options.out, device);
    const auto step =
        argc > 6 ? engine::makeTorchStep(options, std::move(state), device) : engine::makeCpuStep(options, state);
    std::string losses;
    double best = 1e300;
    for (std::size_t i = 0; i < steps; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        const double loss = step->gradients(pointers(x), pointers(y), {});
        step->update(1e-3);
        best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
        char text[32];
        std::snprintf(text, sizeof text, "%s%.9g", i ? ", " : "", loss);
        losses += text;
    }
    std::printf("{\"seconds\": %.6f, \"losses\": [%s]}\n", best, losses.c_str());
    return 0;
}
