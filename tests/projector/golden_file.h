// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What PyTorch computed, from tests/data, and comparison with it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/store/safetensors.h"

namespace engine::test {

class GoldenFile {
public:
    explicit GoldenFile(const std::string& name) : file_(std::string(MOLSPACE_SOURCE_DIR) + "/tests/data/" + name) {}

    const std::vector<std::uint64_t>& shapeOf(const std::string& name) const { return file_.at(name).shape; }
    std::vector<float> tensor(const std::string& name) const {
        const auto v = file_.at(name).f32();
        return {v.begin(), v.end()};
    }

    // Within 1e-5 of the largest.
    void expectNear(const std::vector<float>& found, const std::string& name) const {
        const auto expected = tensor(name);
        ASSERT_EQ(found.size(), expected.size()) << name;
        float most = 0, worst = 0;
        for (std::size_t i = 0; i < found.size(); ++i) {
            most = std::max(most, std::abs(expected[i]));
            worst = std::max(worst, std::abs(expected[i] - found[i]));
        }
        EXPECT_LE(worst, 1e-5f * std::max(most, 1e-3f)) << name;
    }

private:
    SafetensorsFile file_;
};

}  // namespace engine::test
