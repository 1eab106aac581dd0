// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The kernels' twins on the CPU: the same arithmetic in the same order, slow, for tests and for checking a GPU.
// Internal to engine/factors.
#pragma once

#include "engine/factors/sift_device.h"

namespace engine {

class SiftTwin : public SiftDevice {
public:
    std::string name() const override { return "twin"; }
    void* allocate(std::size_t bytes) override;
    void release(void* memory) override;
    const char* upload(void* to, const void* from, std::size_t bytes) override;
    const char* download(void* to, const void* from, std::size_t bytes) override;
    const char* multiply(const sift::Tile& tile) override;
    const char* sortOut(const sift::Tile& tile) override;
    const char* gather(const sift::Tile& tile) override;
};

}  // namespace engine
