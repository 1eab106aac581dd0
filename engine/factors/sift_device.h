// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What sorting candidates out needs of a device, and which devices there are. GPUs come from a library of their own,
// libmolspace_factors_cuda, that brings the CUDA runtime and is loaded when the first one is asked for: without it, and
// where there is no GPU, all runs on the CPU. No LibTorch. Internal to engine/factors.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "engine/factors/sift_arithmetic.h"

namespace engine {

// Not thread-safe, but any thread may call it. Messages: what went wrong, nullptr if nothing did; steps are queued, so
// a mistake of one may be told by a later call.
class SiftDevice {
public:
    virtual ~SiftDevice() = default;
    virtual std::string name() const = 0;  // "cuda:0"
    // nullptr where there is not that much memory.
    virtual void* allocate(std::size_t bytes) = 0;
    virtual void release(void* memory) = 0;
    // Both return when the bytes are there.
    virtual const char* upload(void* to, const void* from, std::size_t bytes) = 0;
    virtual const char* download(void* to, const void* from, std::size_t bytes) = 0;
    // The steps of sift_arithmetic.h, in the order of the calls. At least one row, one column, and one unit to gather.
    virtual const char* multiply(const sift::Tile& tile) = 0;
    virtual const char* sortOut(const sift::Tile& tile) = 0;
    virtual const char* gather(const sift::Tile& tile) = 0;
};

// Some memory of a device.
class SiftMemory {
public:
    SiftMemory() = default;
    SiftMemory(SiftDevice& device, std::size_t bytes) : device_(&device), data_(device.allocate(bytes)) {}
    ~SiftMemory() {
        if (data_) device_->release(data_);
    }
    SiftMemory(SiftMemory&& other) noexcept : device_(other.device_), data_(std::exchange(other.data_, nullptr)) {}
    SiftMemory& operator=(SiftMemory&& other) noexcept {
        std::swap(device_, other.device_);
        std::swap(data_, other.data_);
        return *this;
    }
    explicit operator bool() const { return data_ != nullptr; }
    void* get() const { return data_; }

private:
    SiftDevice* device_ = nullptr;
    void* data_ = nullptr;
};

// Throws Error{Device} for a message.
void siftStep(const SiftDevice& device, const char* message);

// How many GPUs there are, 0 with the reason in `why`. Loads the library.
int siftGpus(std::string& why);
// `wanted`: auto, cpu, cuda, cuda:N; nullptr for the CPU. The first time that a GPU is opened it has to make of a small
// tile of random numbers what the twins make of it, to the bit; throws Error{Device} where it does not, or is not
// there.
std::unique_ptr<SiftDevice> openSiftDevice(const std::string& wanted);

// What a device makes wrong of that tile; empty if nothing.
std::string siftMistake(SiftDevice& device);

}  // namespace engine
