// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the LibTorch parts share: views of host memory, and LibTorch's errors as the engine's. Includes ATen: only for
// the few files that call it.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <c10/util/Exception.h>

#include <string>
#include <utility>

#include "engine/base/error.h"

namespace engine {

// A tensor over rows that the caller keeps; const rows must only be read.
inline at::Tensor hostView(const float* data, std::int64_t rows, std::int64_t cols) {
    return at::from_blob(const_cast<float*>(data), {rows, cols}, at::TensorOptions().dtype(at::kFloat));
}

template <typename Call>
auto torchCall(Call&& call) -> decltype(call()) {
    try {
        return std::forward<Call>(call)();
    } catch (const c10::OutOfMemoryError& e) {
        throw Error(ErrorCode::Device, "GPU", std::string("out of memory: ") + e.what_without_backtrace(),
                    "lower the memory budget or the batch size, or use --device cpu");
    } catch (const c10::Error& e) {
        throw Error(ErrorCode::Device, "LibTorch", e.what_without_backtrace());
    }
}

}  // namespace engine
