// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/projector/script_encoder.h"

#include <torch/csrc/jit/serialization/import.h>
#include <torch/script.h>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace engine {
namespace {

// The first line: the rest is a trace of the interpreter.
std::string firstLine(const std::exception& e) {
    const auto* of_torch = dynamic_cast<const c10::Error*>(&e);
    std::string text = of_torch ? of_torch->what_without_backtrace() : e.what();
    if (const auto at = text.find("RuntimeError: "); at != std::string::npos) text = text.substr(at);
    return text.substr(0, text.find('\n'));
}

}  // namespace

struct ScriptEncoder::Module {
    mutable torch::jit::Module script;
};

ScriptEncoder::ScriptEncoder(const std::filesystem::path& path, const at::Device& device) : path_(path.string()) {
    if (!std::filesystem::exists(path)) throw Error(ErrorCode::NotFound, path_, "there is no such file");
    try {
        module_ = std::make_unique<Module>(Module{torch::jit::load(path_, device)});
        module_->script.eval();
        for (const auto& p : module_->script.named_parameters()) {
            if (p.value.requires_grad()) trained_.emplace_back(p.name, p.value);
            else ++frozen_;
        }
    } catch (const std::exception& e) {
        throw Error(ErrorCode::InvalidInput, path_, "expected a TorchScript module: " + firstLine(e),
                    "save it with torch.jit.script(module).save(path)");
    }
    if (trained_.empty()) {
        throw Error(ErrorCode::InvalidInput, path_,
                    "none of its parameters asks for a gradient, so nothing can be tuned",
                    "call requires_grad_() on what should move before saving it; a frozen script has no parameters");
    }
    for (const auto& [name, value] : trained_) {
        if (value.scalar_type() != at::kFloat) {
            throw Error(ErrorCode::InvalidInput, path_ + ":" + name,
                        std::string("expected float32, found ") + c10::toString(value.scalar_type()),
                        "save the module with .float()");
        }
    }
}

ScriptEncoder::~ScriptEncoder() = default;

at::Tensor ScriptEncoder::forward(const at::Tensor& x) const {
    at::Tensor out;
    try {
        const auto value = module_->script.forward({x});
        if (!value.isTensor()) {
            throw Error(ErrorCode::InvalidInput, path_,
                        "expected the encoder to give a tensor, found " + value.tagKind());
        }
        out = value.toTensor();
    } catch (const c10::OutOfMemoryError&) {
        throw;
    } catch (const Error&) {
        throw;
    } catch (const std::exception& e) {
        throw Error(ErrorCode::InvalidInput, path_, "the encoder refuses its input: " + firstLine(e),
                    "each item must have the shape that the encoder takes");
    }
    if (out.dim() != 2 || out.size(0) != x.size(0) || out.scalar_type() != at::kFloat) {
        std::string shape;
        for (const auto n : out.sizes()) shape += (shape.empty() ? "" : ", ") + std::to_string(n);
        throw Error(ErrorCode::InvalidInput, path_,
                    "expected float32 embeddings [" + std::to_string(x.size(0)) + ", width], found " +
                        c10::toString(out.scalar_type()) + " [" + shape + "]");
    }
    return out;
}

void ScriptEncoder::save(const std::filesystem::path& path) const {
    Staging staging(path);
    try {
        torch::jit::Module copy = module_->script.deepcopy();
        copy.to(at::kCPU);
        copy.save(staging.path().string());
    } catch (const std::exception& e) {
        throw Error(ErrorCode::Io, path.string(), "cannot write the tuned encoder: " + firstLine(e),
                    "free some disk space and run the same command again");
    }
    staging.commit();
}

}  // namespace engine
