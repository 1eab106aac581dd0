// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Philox4x32-10 (Salmon et al., SC 2011): random numbers addressed by (seed, stream, counter), so that any block of a
// generated world or any epoch's shuffle can be made alone and in any order, the same on every machine.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace engine {

class Rng {
public:
    explicit Rng(std::uint64_t seed, std::uint64_t stream = 0) : seed_(seed), stream_(stream) {}
    // A stream named by text, e.g. Rng(seed, "shuffle", epoch).
    Rng(std::uint64_t seed, std::string_view name, std::uint64_t index = 0);

    // The generator's whole state, for checkpoints: the counter of the next block (partial blocks are dropped).
    std::uint64_t counter() const { return counter_; }
    void seek(std::uint64_t counter) {
        counter_ = counter;
        left_ = 0;
        has_spare_ = false;
    }

    std::uint32_t next();
    std::uint64_t next64() { return (static_cast<std::uint64_t>(next()) << 32) | next(); }
    double uniform();                          // [0, 1), 53 bits
    std::uint64_t below(std::uint64_t bound);  // [0, bound), unbiased
    double normal();                           // standard normal (Box-Muller)
    void fillNormal(float* out, std::size_t n, float scale = 1.0f);

private:
    std::uint64_t seed_, stream_;
    std::uint64_t counter_ = 0;
    std::array<std::uint32_t, 4> block_{};
    int left_ = 0;
    bool has_spare_ = false;
    double spare_ = 0;
};

// A uniformly random order of 0..n-1 (Fisher-Yates).
std::vector<std::uint32_t> randomOrder(std::size_t n, Rng& rng);

}  // namespace engine
