// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// An ImageBind++ in small, with three sets: audio and text have two experts, image has none.
#pragma once

#include <memory>
#include <vector>

#include "engine/base/rng.h"
#include "engine/eval/product_evaluation.h"

namespace engine {

struct SmallProduct {
    static constexpr std::size_t kItems = 60, kWidth = 48;

    // `alike`: the two experts have the same rows, so that they are symmetric.
    explicit SmallProduct(bool alike = false);

    Rng rng{5};
    Matrix latent{kItems, kWidth};
    std::vector<Matrix> kept;
    std::shared_ptr<const ProductModel> model;
    std::vector<SetComponents> sets;  // Clips (audio, text), Sounds (audio, image), Photos (image, text)

private:
    MatrixView rows(float noise);
    Components side(const Modality& modality, bool alike);
};

}  // namespace engine
