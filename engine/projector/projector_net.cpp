// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/projector/projector_net.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/native_batch_norm.h>
#include <ATen/ops/native_batch_norm_backward.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/threshold_backward.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <cstring>

#include "engine/base/error.h"

namespace engine {
namespace {

constexpr double kEps = 1e-5, kMomentum = 0.1;
enum : std::size_t { kW1, kB1, kGamma1, kBeta1, kW2, kB2, kGamma2, kBeta2 };

at::Tensor uniform(std::int64_t rows, std::int64_t cols, double bound, Rng& rng) {
    at::Tensor t = cols == 0 ? at::empty({rows}, at::kFloat) : at::empty({rows, cols}, at::kFloat);
    float* data = t.data_ptr<float>();
    for (std::int64_t i = 0; i < t.numel(); ++i) data[i] = static_cast<float>((2 * rng.uniform() - 1) * bound);
    return t;
}

at::Tensor tensorOf(const std::vector<float>& v, at::IntArrayRef shape, const at::Device& device) {
    return at::from_blob(const_cast<float*>(v.data()), shape, at::kFloat).clone().to(device);
}

std::vector<float> vectorOf(const at::Tensor& t) {
    const at::Tensor host = t.to(at::kCPU).contiguous();
    return {host.data_ptr<float>(), host.data_ptr<float>() + host.numel()};
}

}  // namespace

ProjectorNet::ProjectorNet(std::size_t in_, std::size_t hidden_, std::size_t out_, Rng& rng, const at::Device& device) {
    const auto in = static_cast<std::int64_t>(in_), hidden = static_cast<std::int64_t>(hidden_), out = static_cast<std::int64_t>(out_);
    const auto xavier = [](std::int64_t a, std::int64_t b) { return std::sqrt(6.0 / static_cast<double>(a + b)); };
    learned_[kW1] = uniform(hidden, in, xavier(in, hidden), rng);
    learned_[kB1] = uniform(hidden, 0, 1 / std::sqrt(static_cast<double>(in)), rng);
    learned_[kGamma1] = at::ones({hidden}, at::kFloat);
    learned_[kBeta1] = at::zeros({hidden}, at::kFloat);
    learned_[kW2] = uniform(out, hidden, xavier(hidden, out), rng);
    learned_[kB2] = uniform(out, 0, 1 / std::sqrt(static_cast<double>(hidden)), rng);
    learned_[kGamma2] = at::ones({out}, at::kFloat);
    learned_[kBeta2] = at::zeros({out}, at::kFloat);
    for (std::size_t i = 0; i < kLearned; ++i) {
        learned_[i] = learned_[i].to(device);
        gradients_[i] = at::zeros_like(learned_[i]);
    }
    norm1_.mean = at::zeros({hidden}, learned_[kW1].options());
    norm1_.variance = at::ones({hidden}, learned_[kW1].options());
    norm2_.mean = at::zeros({out}, learned_[kW1].options());
    norm2_.variance = at::ones({out}, learned_[kW1].options());
}

ProjectorNet::ProjectorNet(const ProjectorWeights& w, const at::Device& device) {
    const auto in = static_cast<std::int64_t>(w.in), hidden = static_cast<std::int64_t>(w.hidden), out = static_cast<std::int64_t>(w.out);
    learned_ = {tensorOf(w.w1, {hidden, in}, device),   tensorOf(w.b1, {hidden}, device), tensorOf(w.gamma1, {hidden}, device),
                tensorOf(w.beta1, {hidden}, device),    tensorOf(w.w2, {out, hidden}, device), tensorOf(w.b2, {out}, device),
                tensorOf(w.gamma2, {out}, device),      tensorOf(w.beta2, {out}, device)};
    for (std::size_t i = 0; i < kLearned; ++i) gradients_[i] = at::zeros_like(learned_[i]);
    norm1_.mean = tensorOf(w.mean1, {hidden}, device);
    norm1_.variance = tensorOf(w.variance1, {hidden}, device);
    norm1_.batches = w.batches1;
    norm2_.mean = tensorOf(w.mean2, {out}, device);
    norm2_.variance = tensorOf(w.variance2, {out}, device);
    norm2_.batches = w.batches2;
}

at::Tensor ProjectorNet::normForward(Norm& norm, const at::Tensor& gamma, const at::Tensor& beta, const at::Tensor& x, std::int64_t groups) {
    norm.input.clear();
    norm.saved_mean.clear();
    norm.saved_inverse.clear();
    std::vector<at::Tensor> out;
    for (const at::Tensor& part : x.chunk(groups)) {
        auto [y, mean, inverse] = at::native_batch_norm(part, gamma, beta, norm.mean, norm.variance, true, kMomentum, kEps);
        out.push_back(y);
        norm.input.push_back(part);
        norm.saved_mean.push_back(mean);
        norm.saved_inverse.push_back(inverse);
        ++norm.batches;
    }
    return out.size() == 1 ? out[0] : at::cat(out);
}

at::Tensor ProjectorNet::normBackward(Norm& norm, std::size_t gamma, const at::Tensor& dy) {
    std::vector<at::Tensor> out;
    at::Tensor dgamma, dbeta;
    const auto parts = dy.chunk(static_cast<std::int64_t>(norm.input.size()));
    for (std::size_t i = 0; i < parts.size(); ++i) {
        auto [dx, dg, db] = at::native_batch_norm_backward(parts[i].contiguous(), norm.input[i], learned_[gamma], norm.mean, norm.variance,
                                                           norm.saved_mean[i], norm.saved_inverse[i], true, kEps, {true, true, true});
        out.push_back(dx);
        dgamma = i == 0 ? dg : dgamma + dg;
        dbeta = i == 0 ? db : dbeta + db;
    }
    gradients_[gamma] = dgamma;
    gradients_[gamma + 1] = dbeta;
    return out.size() == 1 ? out[0] : at::cat(out);
}

at::Tensor ProjectorNet::forward(const at::Tensor& x, std::int64_t modalities, bool joint) {
    const std::int64_t groups = joint ? 1 : modalities;
    x_ = x;
    h_ = normForward(norm1_, learned_[kGamma1], learned_[kBeta1], at::addmm(learned_[kB1], x, learned_[kW1].t()), groups);
    h_.clamp_min_(0);
    y_ = normForward(norm2_, learned_[kGamma2], learned_[kBeta2], at::addmm(learned_[kB2], h_, learned_[kW2].t()), groups);
    length_ = y_.norm(2, 1, true).clamp_min_(1e-12);
    z_ = y_ / length_;
    return z_;
}

void ProjectorNet::backward(const at::Tensor& dz) {
    const at::Tensor dy = (dz - z_ * (z_ * dz).sum(1, true)) / length_;
    const at::Tensor d2 = normBackward(norm2_, kGamma2, dy);
    gradients_[kW2] = at::mm(d2.t(), h_);
    gradients_[kB2] = d2.sum(0);
    const at::Tensor dh = at::threshold_backward(at::mm(d2, learned_[kW2]), h_, 0);
    const at::Tensor d1 = normBackward(norm1_, kGamma1, dh);
    gradients_[kW1] = at::mm(d1.t(), x_);
    gradients_[kB1] = d1.sum(0);
}

ProjectorWeights ProjectorNet::statistics() const {
    ProjectorWeights w;
    w.mean1 = vectorOf(norm1_.mean);
    w.variance1 = vectorOf(norm1_.variance);
    w.mean2 = vectorOf(norm2_.mean);
    w.variance2 = vectorOf(norm2_.variance);
    w.batches1 = norm1_.batches;
    w.batches2 = norm2_.batches;
    return w;
}

void ProjectorNet::restoreStatistics(const ProjectorWeights& w) {
    const at::Device device = learned_[kW1].device();
    const auto length = [](const std::vector<float>& v) { return static_cast<std::int64_t>(v.size()); };
    norm1_.mean = tensorOf(w.mean1, {length(w.mean1)}, device);
    norm1_.variance = tensorOf(w.variance1, {length(w.variance1)}, device);
    norm2_.mean = tensorOf(w.mean2, {length(w.mean2)}, device);
    norm2_.variance = tensorOf(w.variance2, {length(w.variance2)}, device);
    norm1_.batches = w.batches1;
    norm2_.batches = w.batches2;
}

ProjectorWeights ProjectorNet::weights() const {
    ProjectorWeights w = statistics();
    w.in = static_cast<std::size_t>(learned_[kW1].size(1));
    w.hidden = static_cast<std::size_t>(learned_[kW1].size(0));
    w.out = static_cast<std::size_t>(learned_[kW2].size(0));
    w.w1 = vectorOf(learned_[kW1]);
    w.b1 = vectorOf(learned_[kB1]);
    w.gamma1 = vectorOf(learned_[kGamma1]);
    w.beta1 = vectorOf(learned_[kBeta1]);
    w.w2 = vectorOf(learned_[kW2]);
    w.b2 = vectorOf(learned_[kB2]);
    w.gamma2 = vectorOf(learned_[kGamma2]);
    w.beta2 = vectorOf(learned_[kBeta2]);
    return w;
}

Adam::Adam(const Learned& like, double beta1, double beta2, double epsilon, double weight_decay)
    : beta1_(beta1), beta2_(beta2), epsilon_(epsilon), weight_decay_(weight_decay) {
    for (std::size_t i = 0; i < kLearned; ++i) {
        first[i] = at::zeros_like(like[i]);
        second[i] = at::zeros_like(like[i]);
    }
}

void Adam::step(Learned& parameters, const Learned& gradients, double learning_rate) {
    ++steps;
    const double correction1 = 1 - std::pow(beta1_, static_cast<double>(steps));
    const double correction2 = 1 - std::pow(beta2_, static_cast<double>(steps));
    for (std::size_t i = 0; i < kLearned; ++i) {
        const at::Tensor g = weight_decay_ != 0 ? gradients[i].add(parameters[i], weight_decay_) : gradients[i];
        first[i].mul_(beta1_).add_(g, 1 - beta1_);
        second[i].mul_(beta2_).addcmul_(g, g, 1 - beta2_);
        const at::Tensor root = second[i].sqrt().div_(std::sqrt(correction2)).add_(epsilon_);
        parameters[i].addcdiv_(first[i], root, -learning_rate / correction1);
    }
}

}  // namespace engine
