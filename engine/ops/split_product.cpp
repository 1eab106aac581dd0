// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/split_product.h"

#include <ATen/Context.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>

#include <mutex>

#include "engine/base/error.h"

namespace engine {
namespace {

// Tensor cores for float32 products that this thread queues while it lives.
class TensorCores {
public:
    TensorCores() : lock_(mutex()), before_(at::globalContext().allowTF32CuBLAS()) {
        at::globalContext().setAllowTF32CuBLAS(true);
    }
    ~TensorCores() { at::globalContext().setAllowTF32CuBLAS(before_); }

private:
    static std::mutex& mutex() {
        static std::mutex one;
        return one;
    }
    std::scoped_lock<std::mutex> lock_;
    bool before_;
};

bool isSplit(const Operand& a, const Operand& b) {
    ENGINE_CHECK(a.low.defined() == b.low.defined(), "one matrix of a product is split and the other is not");
    return a.low.defined();
}

}  // namespace

Operand Operand::t() const {
    const auto turned = [](const at::Tensor& of) { return of.defined() ? of.t() : of; };
    return {turned(whole), turned(high), turned(low)};
}

Operand Operand::narrow(std::int64_t dimension, std::int64_t first, std::int64_t count) const {
    const auto part = [&](const at::Tensor& of) { return of.defined() ? of.narrow(dimension, first, count) : of; };
    return {part(whole), part(high), part(low)};
}

Operand operand(const at::Tensor& matrix, bool split) {
    if (!split) return {matrix, {}, {}};
    const at::Tensor x = matrix.contiguous();
    Operand out{x, at::empty_like(x), at::empty_like(x)};
    splitTile({.x = x.const_data_ptr<float>(),
               .high = out.high.data_ptr<float>(),
               .low = out.low.data_ptr<float>(),
               .count = x.numel()},
              x.device().str());
    return out;
}

Operand operandInPlace(const at::Tensor& matrix, bool split) {
    if (!split) return {matrix, {}, {}};
    ENGINE_CHECK(matrix.is_contiguous(), "a matrix with gaps is split in place");
    Operand out{{}, matrix, at::empty_like(matrix)};
    float* const data = matrix.data_ptr<float>();
    splitTile({.x = data, .high = data, .low = out.low.data_ptr<float>(), .count = matrix.numel()},
              matrix.device().str());
    return out;
}

// The small parts first, so that they are summed while the sum is small.
at::Tensor product(const Operand& a, const Operand& b) {
    if (!isSplit(a, b)) return at::mm(a.whole, b.whole);
    const TensorCores on;
    at::Tensor c = at::mm(a.low, b.high);
    c.addmm_(a.high, b.low);
    return c.addmm_(a.high, b.high);
}

void addProduct(at::Tensor& c, const Operand& a, const Operand& b, double scale) {
    if (!isSplit(a, b)) {
        c.addmm_(a.whole, b.whole, 1, scale);
        return;
    }
    const TensorCores on;
    c.addmm_(a.low, b.high, 1, scale);
    c.addmm_(a.high, b.low, 1, scale);
    c.addmm_(a.high, b.high, 1, scale);
}

}  // namespace engine
