// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/projector/torch_info.h"

#include <ATen/ATen.h>

#include <limits>

#include "engine/ops/info_tile.h"
#include "engine/ops/softmax_tile.h"

namespace engine {
namespace {

constexpr std::int64_t kChunk = 1024;  // rows of logits at once where the whole matrix is not kept

}  // namespace

at::Tensor torchInfo(const Operand& p, const Operand& q, at::Tensor& d, const TorchInfoOptions& options,
                     const JobContext& job) {
    const at::Tensor& rows_of_p = p.whole;
    const std::int64_t batch = rows_of_p.size(0), chunk = options.keep_logits ? batch : std::min(batch, kChunk);
    const double scale = 1 / options.temperature;
    const double a = options.direction == InfoDirection::Symmetric        ? 0.5
                     : options.direction == InfoDirection::SourceToTarget ? 1.0
                                                                          : 0.0;
    const double b = 1 - a;
    const std::string device = rows_of_p.device().str();
    const bool kernels = options.tile_kernels && haveTileKernels(device);
    const auto products = [&](std::int64_t first) {
        job.checkStop();
        return product(p.narrow(0, first, std::min(chunk, batch - first)), q.t());
    };
    // Of whole columns, and of each chunk's rows.
    at::Tensor columns, kept;
    std::vector<at::Tensor> rows;
    at::Tensor top = at::full({1, batch}, -std::numeric_limits<float>::infinity(), rows_of_p.options());
    at::Tensor sum = at::zeros({1, batch}, rows_of_p.options().dtype(at::kDouble));
    at::Tensor positives = at::zeros({}, sum.options());
    const auto tileOf = [&](const at::Tensor& s, std::int64_t first) {
        return InfoTile{.logits = s.data_ptr<float>(),
                        .rows = s.size(0),
                        .cols = batch,
                        .stride = batch,
                        .first = first,
                        .scale = static_cast<float>(scale),
                        .row_share = static_cast<float>(a),
                        .column_share = static_cast<float>(b),
                        .row_log_sum = rows[static_cast<std::size_t>(first / chunk)].data_ptr<float>(),
                        .column_maximum = top.data_ptr<float>(),
                        .column_sum = sum.data_ptr<double>(),
                        .column_log_sum = columns.defined() ? columns.data_ptr<float>() : nullptr};
    };
    for (std::int64_t first = 0; first < batch; first += chunk) {
        kept = products(first);
        // The positives' own products, so that their rounding goes out of the loss: it never falls below 0.
        positives += kept.diagonal(first).sum(at::kDouble);
        if (kernels) {
            rows.push_back(at::empty({kept.size(0), 1}, rows_of_p.options()));
            infoSums(tileOf(kept, first), device);
            continue;
        }
        kept.mul_(scale);
        rows.push_back(at::logsumexp(kept, {1}, true));
        const at::Tensor part = at::logsumexp(kept, {0}, true);
        columns = columns.defined() ? at::logaddexp(columns, part) : part;
    }
    if (kernels) columns = (top + sum.log_()).to(at::kFloat);
    for (std::int64_t first = 0; first < batch; first += chunk) {
        at::Tensor weight = chunk == batch ? kept : products(first);
        if (kernels) {
            infoWeights(tileOf(weight, first), device);
        } else {
            const at::Tensor s = chunk == batch ? weight : weight.mul_(scale);
            weight = (s - rows[static_cast<std::size_t>(first / chunk)]).exp_().mul_(a);
            if (b != 0) weight.add_((s - columns).exp_(), b);
            weight.diagonal(first).sub_(1);
        }
        at::Tensor part = d.narrow(0, first, weight.size(0));
        addProduct(part, operandInPlace(weight, q.low.defined()), q, scale / static_cast<double>(batch));
    }
    const at::Tensor row_sum = at::cat(rows, 0).sum(at::kDouble), column_sum = columns.sum(at::kDouble);
    return (row_sum * a + column_sum * b - positives * scale) / static_cast<double>(batch);
}

TensorInfo::TensorInfo(const TorchInfoOptions& options) : options_(options), reversed_(options) {
    reversed_.direction = reversed(options.direction);
}

double TensorInfo::towardsSource(const at::Tensor& p, const at::Tensor& q, double weight, at::Tensor& d,
                                 const JobContext& job) {
    return run(p, q, options_, weight, d, job);
}

void TensorInfo::towardsTarget(const at::Tensor& p, const at::Tensor& q, double weight, at::Tensor& d,
                               const JobContext& job) {
    run(q, p, reversed_, weight, d, job);
}

double TensorInfo::run(const at::Tensor& p, const at::Tensor& q, const TorchInfoOptions& options, double weight,
                       at::Tensor& d, const JobContext& job) {
    at::Tensor own = weight == 1 ? d : at::zeros_like(d);
    const bool split = options.tile_kernels && haveSplitProducts(p.device().str());
    const double loss = torchInfo(operand(p, split), operand(q, split), own, options, job).item<double>();
    if (weight != 1) d.add_(own, weight);
    return loss;
}

}  // namespace engine
