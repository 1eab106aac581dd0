// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Arrays in a device's memory for tests, and skipping where there is no GPU.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/ops/device.h"
#include "engine/ops/softmax_tile.h"

namespace engine {

template <typename T>
class DeviceArray {
public:
    DeviceArray(const std::vector<T>& values, const std::string& device)
        : tensor_(at::from_blob(const_cast<T*>(values.data()), {static_cast<std::int64_t>(values.size())},
                                c10::CppTypeToScalarType<T>::value)
                      .to(at::Device(device), /*non_blocking=*/false, /*copy=*/true)) {}
    T* data() { return tensor_.data_ptr<T>(); }
    std::vector<T> host() const {
        const at::Tensor here = tensor_.to(at::kCPU);
        return {here.data_ptr<T>(), here.data_ptr<T>() + here.numel()};
    }

private:
    at::Tensor tensor_;
};

// Tests of kernels, by their twins on "cpu" and by themselves on "cuda:0".
class TileTest : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        if (device() == "cpu") return;
        if (!haveTileKernels(device())) GTEST_SKIP() << "built without CUDA kernels";
        try {
            resolveDevice(device());
        } catch (const Error& error) {
            GTEST_SKIP() << error.what();
        }
    }
    static std::string device() { return GetParam(); }
};

inline std::string deviceTestName(const testing::TestParamInfo<const char*>& info) {
    return std::string(info.param) == "cpu" ? "Cpu" : "Gpu";
}

}  // namespace engine
