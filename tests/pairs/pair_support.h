// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Small pools with shared structure, for the tests of pairs and projectors.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/base/rng.h"
#include "engine/pairs/pseudo_pairs.h"
#include "tests/support/test_folder.h"

namespace engine::test {

// Unit rows around latents that the same rows of every space share.
inline Matrix pool(const Modality& modality, const std::string& space, std::size_t rows, std::size_t width) {
    constexpr std::size_t kLatent = 6;
    Rng items(7, "items/" + modality), map(7, "map/" + space), noise(7, "noise/" + modality + space);
    Matrix latents(rows, kLatent), mixing(kLatent, width), out(rows, width);
    items.fillNormal(latents.data(), latents.size());
    map.fillNormal(mixing.data(), mixing.size());
    noise.fillNormal(out.data(), out.size(), 0.4f);
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t k = 0; k < kLatent; ++k) {
            for (std::size_t j = 0; j < width; ++j) out.row(i)[j] += latents.row(i)[k] * mixing.row(k)[j];
        }
    }
    normalizeRows(out);
    return out;
}

// A source that is not resident, so that blocks are read, and that counts the rows read.
class StreamedSource : public EmbeddingSource {
public:
    explicit StreamedSource(Matrix m) : matrix_(std::move(m)) {}
    std::size_t rows() const override { return matrix_.rows(); }
    std::size_t cols() const override { return matrix_.cols(); }
    void read(std::size_t first, std::size_t count, float* out) const override {
        std::copy(matrix_.row(first), matrix_.row(first) + count * matrix_.cols(), out);
    }

private:
    Matrix matrix_;
};

struct PoolSizes {
    std::map<Modality, std::size_t> rows;
    std::vector<Modality> unified, expert;
    std::size_t unified_width = 24, expert_width = 16;
};

inline PairRequest request(const PoolSizes& sizes, const std::filesystem::path& folder, bool streamed = false) {
    PairRequest r;
    const auto add = [&](auto& side, const std::vector<Modality>& modalities, const std::string& space,
                         std::size_t width) {
        for (const auto& m : modalities) {
            Matrix rows = pool(m, space, sizes.rows.at(m), width);
            if (streamed) side[m] = std::make_shared<StreamedSource>(std::move(rows));
            else side[m] = std::make_shared<MatrixSource>(std::move(rows));
        }
    };
    add(r.unified, sizes.unified, "unified", sizes.unified_width);
    add(r.expert, sizes.expert, "expert", sizes.expert_width);
    for (const auto& [m, rows] : sizes.rows) r.starts.push_back(m);
    r.folder = folder;
    r.fingerprint = "inputs";
    return r;
}

inline PoolSizes audioTextExpert() {
    return {{{"audio", 300}, {"image", 260}, {"text", 330}}, {"audio", "image", "text"}, {"audio", "text"}};
}

}  // namespace engine::test
