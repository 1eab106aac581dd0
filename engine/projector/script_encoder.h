// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A user's own encoder as a TorchScript module: the one place that loads one. A TorchScript file is a program: loading
// and running it runs what its maker wrote. Load only what you trust. Not thread-safe. Includes LibTorch, but not its
// compiler of scripts.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace engine {

class ScriptEncoder {
public:
    // In evaluation mode: no dropout, BatchNorm at its running statistics. Throws Error{InvalidInput} for a file that
    // is no TorchScript module, has no parameter that asks for a gradient, or such a one that is not float32.
    ScriptEncoder(const std::filesystem::path& path, const at::Device& device);
    ~ScriptEncoder();

    // x [n, ...] float32 -> [n, width] float32, in autograd's sight; not normalised. Throws Error{InvalidInput} with
    // what the script says, or where it gives something else.
    at::Tensor forward(const at::Tensor& x) const;

    // Parameters that ask for a gradient, by name: what is tuned. The others stay.
    const std::vector<std::pair<std::string, at::Tensor>>& trained() const { return trained_; }
    std::size_t frozen() const { return frozen_; }  // how many do not

    // As a TorchScript file, on CPU, whole and then renamed.
    void save(const std::filesystem::path& path) const;

private:
    struct Module;
    std::string path_;
    std::unique_ptr<Module> module_;
    std::vector<std::pair<std::string, at::Tensor>> trained_;
    std::size_t frozen_ = 0;
};

}  // namespace engine
