// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Values that are either owned or lie in a mapped file. Read only.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace engine {

template <class T>
class Array {
public:
    Array() = default;
    explicit Array(std::vector<T> values) : own_(std::move(values)), view_(own_) {}
    explicit Array(std::span<const T> view) : view_(view) {}
    Array(Array&& other) noexcept { *this = std::move(other); }
    Array& operator=(Array&& other) noexcept {
        own_ = std::move(other.own_);  // a vector's storage stays where it is
        view_ = other.view_;
        return *this;
    }
    const T& operator[](std::size_t i) const { return view_[i]; }
    std::size_t size() const { return view_.size(); }
    const T* data() const { return view_.data(); }
    std::span<const T> span() const { return view_; }

private:
    std::vector<T> own_;
    std::span<const T> view_;
};

}  // namespace engine
