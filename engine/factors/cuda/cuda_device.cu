// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Memory, copies and the order of steps on a GPU: one stream, on which every copy is waited for. Waiting threads sleep,
// for the others have work to do.
#include "engine/factors/cuda/cuda_device.h"

#include <cuda_runtime.h>

#include "engine/factors/cuda/launch_sift.h"

namespace engine::cuda {
namespace {

const char* message(cudaError_t error) {
    return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

class GpuDevice final : public SiftDevice {
public:
    explicit GpuDevice(int gpu) : gpu_(gpu) {}
    ~GpuDevice() override {
        if (cudaSetDevice(gpu_) != cudaSuccess) return;
        if (copied_) cudaEventDestroy(copied_);
        if (stream_) cudaStreamDestroy(stream_);
    }

    const char* open() {
        cudaError_t error = cudaSetDevice(gpu_);
        if (error == cudaSuccess) error = cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking);
        if (error == cudaSuccess)
            error = cudaEventCreateWithFlags(&copied_, cudaEventBlockingSync | cudaEventDisableTiming);
        return message(error);
    }

    std::string name() const override { return "cuda:" + std::to_string(gpu_); }

    void* allocate(std::size_t bytes) override {
        void* memory = nullptr;
        if (cudaSetDevice(gpu_) != cudaSuccess || cudaMalloc(&memory, bytes) != cudaSuccess) {
            cudaGetLastError();  // not to be found by the next launch
            return nullptr;
        }
        return memory;
    }

    void release(void* memory) override {
        if (cudaSetDevice(gpu_) == cudaSuccess) cudaFree(memory);
    }

    const char* upload(void* to, const void* from, std::size_t bytes) override {
        return copy(to, from, bytes, cudaMemcpyHostToDevice);
    }
    const char* download(void* to, const void* from, std::size_t bytes) override {
        return copy(to, from, bytes, cudaMemcpyDeviceToHost);
    }

    const char* multiply(const sift::Tile& tile) override { return launchMultiply(tile, gpu_, stream_); }
    const char* sortOut(const sift::Tile& tile) override { return launchSortOut(tile, gpu_, stream_); }
    const char* gather(const sift::Tile& tile) override { return launchGather(tile, gpu_, stream_); }

private:
    const char* copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
        cudaError_t error = cudaSetDevice(gpu_);
        if (error == cudaSuccess) error = cudaMemcpyAsync(to, from, bytes, kind, stream_);
        if (error == cudaSuccess) error = cudaEventRecord(copied_, stream_);
        if (error == cudaSuccess) error = cudaEventSynchronize(copied_);
        return message(error);
    }

    int gpu_;
    cudaStream_t stream_ = nullptr;
    cudaEvent_t copied_ = nullptr;
};

}  // namespace

int gpuCount(const char** why) {
    int count = 0;
    *why = message(cudaGetDeviceCount(&count));
    if (*why) return 0;
    if (count == 0) *why = "no GPU was found";
    return count;
}

SiftDevice* openGpu(int gpu, const char** why) {
    auto device = std::make_unique<GpuDevice>(gpu);
    *why = device->open();
    return *why ? nullptr : device.release();
}

}  // namespace engine::cuda
