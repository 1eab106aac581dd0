// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/projector_weights.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/base/error.h"
#include "engine/store/safetensors.h"

namespace engine {
namespace {

constexpr double kBatchNormEps = 1e-5;
constexpr std::size_t kBlock = 128;

struct NamedVector {
    const char* name;
    std::vector<float> ProjectorWeights::*field;
    int dims;     // 2: a weight
    bool second;  // of the second half: [out], [out, hidden]
};

// The names of FreeBind's state_dict; index 2 is the ReLU.
constexpr NamedVector kTensors[] = {
    {"Head2.mlps.0.weight", &ProjectorWeights::w1, 2, false},
    {"Head2.mlps.0.bias", &ProjectorWeights::b1, 1, false},
    {"Head2.mlps.1.weight", &ProjectorWeights::gamma1, 1, false},
    {"Head2.mlps.1.bias", &ProjectorWeights::beta1, 1, false},
    {"Head2.mlps.1.running_mean", &ProjectorWeights::mean1, 1, false},
    {"Head2.mlps.1.running_var", &ProjectorWeights::variance1, 1, false},
    {"Head2.mlps.3.weight", &ProjectorWeights::w2, 2, true},
    {"Head2.mlps.3.bias", &ProjectorWeights::b2, 1, true},
    {"Head2.mlps.4.weight", &ProjectorWeights::gamma2, 1, true},
    {"Head2.mlps.4.bias", &ProjectorWeights::beta2, 1, true},
    {"Head2.mlps.4.running_mean", &ProjectorWeights::mean2, 1, true},
    {"Head2.mlps.4.running_var", &ProjectorWeights::variance2, 1, true},
};
constexpr const char* kBatches1 = "Head2.mlps.1.num_batches_tracked";
constexpr const char* kBatches2 = "Head2.mlps.4.num_batches_tracked";

std::string shapeText(const std::vector<std::uint64_t>& shape) {
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

std::vector<std::uint64_t> shapeOf(const NamedVector& t, const ProjectorWeights& w) {
    if (t.dims == 2)
        return t.second ? std::vector<std::uint64_t>{w.out, w.hidden} : std::vector<std::uint64_t>{w.hidden, w.in};
    return {t.second ? w.out : w.hidden};
}

// W' = diag(g / sqrt(v + eps)) W, b' = (b − m) g / sqrt(v + eps) + beta
void fold(const std::vector<float>& w, const std::vector<float>& b, const std::vector<float>& gamma,
          const std::vector<float>& beta, const std::vector<float>& mean, const std::vector<float>& variance,
          Matrix& out_w, std::vector<float>& out_b) {
    out_b.resize(out_w.rows());
    for (std::size_t i = 0; i < out_w.rows(); ++i) {
        const double scale =
            static_cast<double>(gamma[i]) / std::sqrt(static_cast<double>(variance[i]) + kBatchNormEps);
        for (std::size_t j = 0; j < out_w.cols(); ++j) {
            out_w.row(i)[j] = static_cast<float>(scale * static_cast<double>(w[i * out_w.cols() + j]));
        }
        out_b[i] = static_cast<float>((static_cast<double>(b[i]) - static_cast<double>(mean[i])) * scale +
                                      static_cast<double>(beta[i]));
    }
}

}  // namespace

void writeProjector(const std::filesystem::path& path, const ProjectorWeights& weights,
                    const std::map<std::string, std::string>& metadata) {
    SafetensorsWriter writer;
    for (const auto& t : kTensors) {
        const auto shape = shapeOf(t, weights);
        std::uint64_t elements = 1;
        for (const auto n : shape) elements *= n;
        ENGINE_CHECK((weights.*t.field).size() == elements, std::string(t.name) + " has another size than its shape");
        writer.add(t.name, TensorType::F32, shape, (weights.*t.field).data());
    }
    writer.add(kBatches1, TensorType::I64, {}, &weights.batches1);
    writer.add(kBatches2, TensorType::I64, {}, &weights.batches2);
    writer.write(path, metadata);
}

ProjectorWeights readProjector(const std::filesystem::path& path) {
    const SafetensorsFile file(path);
    ProjectorWeights w;
    const auto& first = file.at(kTensors[0].name);
    const auto& second = file.at(kTensors[6].name);
    if (first.shape.size() != 2 || second.shape.size() != 2) {
        throw Error(
            ErrorCode::InvalidInput, path.string(),
            "expected weights of two dimensions, found " + shapeText(first.shape) + " and " + shapeText(second.shape));
    }
    w.hidden = first.shape[0];
    w.in = first.shape[1];
    w.out = second.shape[0];
    if (w.in == 0 || w.hidden == 0 || w.out == 0) {
        throw Error(
            ErrorCode::InvalidInput, path.string(),
            "expected widths of 1 or more, found " + shapeText(first.shape) + " and " + shapeText(second.shape));
    }
    for (const auto& t : kTensors) {
        const TensorView& tensor = file.at(t.name);
        const auto expected = shapeOf(t, w);
        if (tensor.shape != expected) {
            throw Error(ErrorCode::InvalidInput, path.string() + ":" + t.name,
                        "expected shape " + shapeText(expected) + ", found " + shapeText(tensor.shape));
        }
        if (tensor.type != TensorType::F32) {
            throw Error(ErrorCode::InvalidInput, path.string() + ":" + t.name, "expected float32");
        }
        auto& field = w.*t.field;
        field.resize(tensor.bytes.size() / sizeof(float));
        std::memcpy(field.data(), tensor.bytes.data(), tensor.bytes.size());
        const auto bad = std::find_if_not(field.begin(), field.end(), [](float v) { return std::isfinite(v); });
        if (bad != field.end()) {
            throw Error(ErrorCode::InvalidInput, path.string() + ":" + t.name,
                        "expected finite numbers, found " + std::to_string(*bad) + " at element " +
                            std::to_string(bad - field.begin()));
        }
    }
    for (const auto& [name, field] : {std::pair{"variance1", &w.variance1}, std::pair{"variance2", &w.variance2}}) {
        if (std::any_of(field->begin(), field->end(), [](float v) { return v < 0; })) {
            throw Error(ErrorCode::InvalidInput, path.string(),
                        std::string("a running variance is negative (") + name + ")");
        }
    }
    for (const auto& [name, field] : {std::pair{kBatches1, &w.batches1}, std::pair{kBatches2, &w.batches2}}) {
        const auto it = file.tensors().find(name);
        if (it == file.tensors().end()) continue;
        if (it->second.type != TensorType::I64 || it->second.elements() != 1) {
            throw Error(ErrorCode::InvalidInput, path.string() + ":" + name, "expected one int64");
        }
        std::memcpy(field, it->second.bytes.data(), sizeof(std::int64_t));
    }
    return w;
}

FoldedProjector::FoldedProjector(const ProjectorWeights& w) : w1_(w.hidden, w.in), w2_(w.out, w.hidden) {
    fold(w.w1, w.b1, w.gamma1, w.beta1, w.mean1, w.variance1, w1_, b1_);
    fold(w.w2, w.b2, w.gamma2, w.beta2, w.mean2, w.variance2, w2_, b2_);
}

void FoldedProjector::forward(MatrixView x, float* y) const {
    ENGINE_CHECK(x.cols == in(), "rows of another width");
    const std::size_t hidden = w1_.rows(), width = out();
    const auto threads = static_cast<std::size_t>(omp_get_max_threads());
    std::vector<Matrix> scratch;
    for (std::size_t t = 0; t < threads; ++t) scratch.emplace_back(kBlock, in() + hidden + width);
        // Every block has the same shape (the last is filled up with zeros) and is one thread's, so the bits of a row
        // do not depend on the number of threads.
#pragma omp parallel
    {
        Matrix& own = scratch[static_cast<std::size_t>(omp_get_thread_num())];
        float* padded = own.data();
        float* h = padded + kBlock * in();
        float* z = h + kBlock * hidden;
#pragma omp for schedule(static)
        for (std::size_t first = 0; first < x.rows; first += kBlock) {
            const std::size_t count = std::min(kBlock, x.rows - first);
            const float* source = x.row(first);
            std::size_t stride = x.stride;
            if (count < kBlock) {
                std::fill(padded, padded + kBlock * in(), 0.0f);
                for (std::size_t i = 0; i < count; ++i)
                    std::memcpy(padded + i * in(), x.row(first + i), in() * sizeof(float));
                source = padded;
                stride = in();
            }
            gemmNT(kBlock, hidden, in(), 1, source, stride, w1_.data(), in(), 0, h, hidden);
            for (std::size_t i = 0; i < kBlock; ++i) {
                float* row = h + i * hidden;
                for (std::size_t j = 0; j < hidden; ++j) row[j] = std::max(row[j] + b1_[j], 0.0f);
            }
            gemmNT(kBlock, width, hidden, 1, h, hidden, w2_.data(), hidden, 0, z, width);
            for (std::size_t i = 0; i < count; ++i) {
                float* out_row = y + (first + i) * width;
                for (std::size_t j = 0; j < width; ++j) out_row[j] = z[i * width + j] + b2_[j];
                normalizeRows(out_row, 1, width);
            }
        }
    }
}

}  // namespace engine
