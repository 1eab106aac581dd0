// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/ops/empty.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "engine/base/device_name.h"
#include "engine/base/file.h"
#include "engine/base/matrix_kernels.h"
#include "engine/ops/torch_support.h"

namespace engine {
namespace {

std::string processorName() {
    std::ifstream in("/proc/cpuinfo");
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    }
    return "processor";
}

constexpr const char* kNoGpu = "no GPU that CUDA can use was found";

int gpuCount() {
    try {
        return at::globalContext().hasCUDA() ? at::detail::getCUDAHooks().deviceCount() : 0;
    } catch (const std::exception&) {
        return 0;  // a driver that is too old, or none
    }
}

std::string cudaVersion() {
    try {
        const long version = at::detail::getCUDAHooks().versionCUDART();
        return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
    } catch (const std::exception&) {
        return "unknown";
    }
}

}  // namespace

std::vector<DeviceInfo> listDevices() {
    std::vector<DeviceInfo> out;
    const int gpus = gpuCount();
    for (int i = 0; i < gpus; ++i) {
        DeviceInfo gpu;
        gpu.name = "cuda:" + std::to_string(i);
        gpu.description = "NVIDIA GPU " + std::to_string(i) + ", CUDA " + cudaVersion();
        try {
            gpu.memory_bytes = freeMemory(gpu.name);
        } catch (const Error& e) {  // seen, but not to be used now
            gpu.usable = false;
            gpu.description += "; " + std::string(e.what());
        }
        gpu.why = i == 0 ? "taken by --device auto" : "taken by --device " + gpu.name;
        out.push_back(std::move(gpu));
    }
    DeviceInfo cpu;
    cpu.name = "cpu";
    cpu.description = processorName() + ", " + std::to_string(std::thread::hardware_concurrency()) +
                      " threads, matrix kernels " + matrixKernels();
    cpu.memory_bytes = availableMemoryBytes();
    cpu.why = gpus == 0 ? std::string("taken by --device auto: ") + kNoGpu : "taken by --device cpu";
    out.push_back(std::move(cpu));
    return out;
}

std::string resolveDevice(const std::string& wanted) {
    const int gpu = gpuNamed(wanted, gpuCount());
    return gpu < 0 ? "cpu" : "cuda:" + std::to_string(gpu);
}

std::string whyCpu(const std::string& wanted, const std::string& resolved) {
    return wanted == "auto" && resolved == "cpu" ? kNoGpu : "";
}

std::uint64_t freeMemory(const std::string& device) {
    if (device == "cpu") return availableMemoryBytes();
    return torchCall([&] {
        const c10::Device gpu(device);
        return std::uint64_t{at::getDeviceAllocator(gpu.type())->getMemoryInfo(gpu.index()).first};
    });
}

Matrix hostMatrix(std::size_t rows, std::size_t cols, const std::string& device) {
    if (device == "cpu" || rows * cols == 0) return {rows, cols};
    try {
        const at::Tensor pinned = at::empty({static_cast<std::int64_t>(rows * cols)},
                                            at::TensorOptions().dtype(at::kFloat).pinned_memory(true));
        return {rows, cols, Matrix::Memory(pinned.data_ptr<float>(), [pinned](float*) {})};
    } catch (const c10::Error&) {
        return {rows, cols};
    }
}

void setThreads(std::int64_t threads) {
    // LibTorch remembers a number for every thread to come: the next run in this process must not inherit it.
    static const int all = at::get_num_threads();
    at::set_num_threads(threads > 0 ? static_cast<int>(threads) : all);
}

}  // namespace engine
