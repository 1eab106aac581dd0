// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/sift_device.h"

#include <filesystem>
#include <mutex>
#include <set>

#include "engine/base/device_name.h"
#include "engine/base/error.h"
#include "engine/base/shared_library.h"
#include "engine/factors/sift_sample.h"
#include "engine/factors/sift_twin.h"

namespace engine {

namespace {

constexpr const char* kHint = "update the driver, or use --device cpu";

// The functions of cuda/open_device.cpp.
struct GpuLibrary {
    int (*count)(const char** why) = nullptr;
    SiftDevice* (*open)(int gpu, const char** why) = nullptr;
    std::string missing;  // why there are none
};

GpuLibrary load() {
    constexpr const char* kLibrary = "libmolspace_factors_cuda.so";
    const auto* here = reinterpret_cast<const void*>(&siftGpus);
    GpuLibrary out;
    if (!std::filesystem::exists(pathBeside(here, kLibrary))) {
        out.missing = "this program was built without kernels for landscapes";
        return out;
    }
    out.count =
        reinterpret_cast<decltype(out.count)>(functionBeside(here, kLibrary, "molspace_sift_gpus", out.missing));
    out.open =
        reinterpret_cast<decltype(out.open)>(functionBeside(here, kLibrary, "molspace_open_sift_gpu", out.missing));
    return out;
}

const GpuLibrary& gpuLibrary() {
    static const GpuLibrary library = load();
    return library;
}

}  // namespace

void siftStep(const SiftDevice& device, const char* message) {
    if (message) throw Error(ErrorCode::Device, device.name(), message, kHint);
}

int siftGpus(std::string& why) {
    const GpuLibrary& library = gpuLibrary();
    if (!library.missing.empty()) {
        why = library.missing;
        return 0;
    }
    const char* reason = nullptr;
    const int count = library.count(&reason);
    why = reason ? reason : "";
    return count;
}

std::unique_ptr<SiftDevice> openSiftDevice(const std::string& wanted) {
    if (wanted == "cpu") return nullptr;
    std::string why;
    const int gpu = gpuNamed(wanted, siftGpus(why), why);
    if (gpu < 0) return nullptr;
    const char* reason = nullptr;
    std::unique_ptr<SiftDevice> device(gpuLibrary().open(gpu, &reason));
    if (!device) throw Error(ErrorCode::Device, "cuda:" + std::to_string(gpu), reason, kHint);
    static std::mutex mutex;
    static std::set<int> right;
    const std::scoped_lock lock(mutex);
    if (right.contains(gpu)) return device;
    if (const std::string mistake = siftMistake(*device); !mistake.empty())
        throw Error(ErrorCode::Device, device->name(), "its kernels were tried and are wrong: " + mistake, kHint);
    right.insert(gpu);
    return device;
}

std::string siftMistake(SiftDevice& device) {
    // Edges that are no multiple of any tile, two segments, a block of terms and a part of one.
    const SiftSample sample(
        {.query_atoms = 2, .candidate_atoms = 2, .query_nodes = 3, .nodes = 7, .items = 2110, .width = 131},
        {.rows = 131, .first = 3, .cols = 2101}, 1);
    SiftTwin twin;
    const SiftSample::Found found = sample.run(device), expected = sample.run(twin);
    if (found.products != expected.products) return "products of rows differ";
    if (found.counts != expected.counts || found.kept != expected.kept) return "other candidates are kept";
    if (found.records != expected.records) return "products of kept candidates differ";
    return {};
}

}  // namespace engine
