// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A training step of a user's own encoder f (method §5, the dagger): with x an item and y the row of its partner in the
// product, which is frozen,
//   z = Ψ_D(... Ψ_1(N(f(x)))),   L = info(z, y)
// Gradients pass the displacements' heads, which stay, or are trained with it. Adam as in PyTorch, by LibTorch's
// autograd on any device. Not thread-safe. Includes LibTorch.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/projector/route_heads.h"
#include "engine/projector/script_encoder.h"
#include "engine/projector/torch_info.h"

namespace engine {

struct EncoderStepOptions {
    double temperature = 0.02;
    InfoDirection direction = InfoDirection::Symmetric;
    double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0;
    bool train_heads = false;
};

class EncoderStep {
public:
    EncoderStep(const EncoderStepOptions& options, ScriptEncoder& encoder, const FrozenRoute& route,
                const Modality& modality, const at::Device& device);

    // x [batch, ...], y [batch, out] unit rows, both on the device. Throws Cancelled on a stop; nothing is changed
    // then.
    double step(const at::Tensor& x, const at::Tensor& y, double rate, const JobContext& job);
    // N(f(x)) through the heads, as they are now: [n, out], unit rows. No gradients.
    at::Tensor embed(const at::Tensor& x, const JobContext& job) const;

    FrozenRoute heads() const { return heads_.weights(); }
    std::int64_t steps() const { return steps_; }
    std::size_t tensors() const { return parameters_.size(); }

    // Everything that moves, and Adam's moments, with all their bits.
    void save(const std::filesystem::path& path, std::map<std::string, std::string> about) const;
    // False where the file is of another identity (`about`'s "identity") or shape.
    bool load(const std::filesystem::path& path, const std::string& identity);

private:
    struct Parameter {
        at::Tensor value, first, second;
    };
    EncoderStepOptions options_;
    ScriptEncoder& encoder_;
    RouteHeads heads_;
    TensorInfo info_;
    std::vector<Parameter> parameters_;
    std::int64_t steps_ = 0;
};

}  // namespace engine
