// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Learned routing (OmniBind, method §6): in place of hand-set factors a small network of each modality weighs the
// spaces of a product anew for every item. Of an item with rows x_1 ... x_K (Components: the base's, then each
// expert's):
//   w = softmax( s · sigmoid( L3( tanh( BN(L2( ReLU( BN(L1 [x_1 ... x_K]) ) )) ) ) ),   z = N( Σ_k w_k x_k )
// with s = 10 for text and 1 for others, L Linear. An expert's row is the mean of its projectors' unit outputs, not
// normalised again. It is trained with the projectors as they are. Unlike the router of engine/factors, which chooses
// among settings for a query, this one changes both sides of a comparison.
//
// Folder of a router, in the product's: routers/<name>/router.json and <modality>.safetensors where it has more than
// one space. Immutable and thread-safe once read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/option_table.h"
#include "engine/recipe/product.h"

namespace engine {

struct SpaceRouterOptions {
    std::int64_t examples = 10000;  // items drawn from each pool
    std::int64_t hidden_width = 512, second_width = 100;
    double text_sharpness = 10, sharpness = 1;  // s
    double temperature = 0.02;                  // of InfoNCE
    std::int64_t batch_size = 1024;
    std::int64_t epochs = 20;
    double learning_rate = 1e-3;
};
const OptionTable<SpaceRouterOptions>& spaceRouterOptionTable();

// The rows that are weighed, of items of one modality: each [n, width]. The views are those of the components.
struct RoutedRows {
    std::vector<std::string> spaces;  // the base's name where it has the modality, then expert keys by step
    std::vector<MatrixView> rows;
};
// Experts that the recipe switches off are left out.
RoutedRows routedRows(const ProductModel& model, const Components& components);
// The share that a blend by hand gives each of these spaces, in their order: what stands beside a router's weights. A
// layer of share s leaves 1 − s to what comes before it, and divides s among its experts by their weights. Sum 1 unless
// the weights switch on an expert that the recipe has off.
std::vector<double> sharesByHand(const ProductModel& model, const Components& components, const BlendWeights& weights);

// Of one modality.
struct ModalityRouter {
    std::vector<std::string> spaces;
    double sharpness = 1;
    std::optional<ProjectorWeights> network;  // three layers; nothing where there is one space
};

class SpaceRouter {
public:
    explicit SpaceRouter(std::map<Modality, ModalityRouter> routers) : routers_(std::move(routers)) {}

    const std::map<Modality, ModalityRouter>& modalities() const { return routers_; }
    // w [n, K], rows of sum 1. Throws Error{InvalidInput} where the rows are of other spaces than it was trained on.
    Matrix weights(const Modality& modality, const RoutedRows& rows, const JobContext& job) const;

private:
    std::map<Modality, ModalityRouter> routers_;
};

// z [n, width], unit rows. A vector of length 0 is refused.
Matrix routedVectors(const RoutedRows& rows, const Matrix& weights);

struct SpaceRouterRecord {
    Json options, training;  // training: losses by epoch, examples, seconds
    std::uint64_t seed = 0;
};

// Written whole, then renamed. Reading refuses a router of other projectors or another recipe than the product has now.
void writeSpaceRouter(const std::filesystem::path& folder, const LoadedProduct& product, const SpaceRouter& router,
                      const SpaceRouterRecord& record);
SpaceRouter readSpaceRouter(const std::filesystem::path& folder, const LoadedProduct& product,
                            SpaceRouterRecord* record = nullptr);
std::filesystem::path spaceRouterFolder(const std::filesystem::path& product, const std::string& name);

}  // namespace engine
