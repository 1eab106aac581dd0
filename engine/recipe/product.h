// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A product: a recipe with its trained projectors, and what turns embeddings into vectors of the product space.
//
// Folder of a product:  product.json                    recipe, plan, seed, device, version, training records
//                       reactions/<key>/<subset>.safetensors   projectors
//                       reactions/<key>/<subset>.csv           training log
//                       basis/<set>.safetensors                 components of each evaluation set (see Components)
//                       basis/switched/                         what other choices of projectors need (ComputedRows)
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/recipe/computed_rows.h"
#include "engine/recipe/projector_weights.h"
#include "engine/recipe/residual_adapter.h"
#include "engine/recipe/route_plan.h"

namespace engine {

// Fixed vectors of one list of items of one modality, from which every live setting is a weighted sum (design §5):
//   z_0 = N(base);  z_k = N( s_k · N(Σ_e w_e · part_e / Σ_e w_e) + (1 − s_k) · z_{k-1} );  product vector = z_last
// For a displacement layer the part is the expert's own unit vector, for a combination the un-normalised mean of its
// active projectors' unit outputs (Eq. 10 in the code's form, method §1.4). `base` rows are unit length. Everything
// before the last step that moves the product is folded into `base` at the recipe's factors. Where the base space lacks
// the modality, `base` is zero and the share of the first layer in force is 1.
//
// Which projectors are active is no live factor: components know those that they were computed with, and weights of
// others are refused. An expert may be there several times, each time with other projectors; a setting takes one.
struct Components {
    struct Part {
        std::string expert;                        // expert key
        MatrixView rows;                           // [n, width] float32
        std::vector<std::string> projectors = {};  // whose mean it is; empty: not known, or none (a displacement's)
        std::shared_ptr<const void> owner = {};    // keeps the rows alive; null: the components' own does
    };
    struct Layer {
        std::size_t step = 0;
        ReactionKind kind = ReactionKind::Combination;
        std::vector<Part> parts;
    };
    Modality modality;
    MatrixView base;  // [n, width] float32, rows unit length
    std::vector<Layer> layers;
    std::shared_ptr<const void> owner;  // keeps the rows alive (a mapped file or owned matrices)
    std::size_t folded = 0;             // steps in `base`
    std::string folded_how;             // with which projectors, factors and weights; empty: not known, or none

    std::size_t rows() const { return base.rows; }
    std::size_t width() const { return base.cols; }
};

// Shares and weights of one setting for one modality, aligned with Components::layers.
struct BlendWeights {
    struct Layer {
        double share = 0;             // σ or λ; 0 if no expert of the layer is active
        std::vector<double> weights;  // per part, not normalised; 0: off
        bool brings = false;          // all before it is zero: its share is 1, and no factor
    };
    std::vector<Layer> layers;
};

// Product vectors [n, width] float32, unit rows, computed in float64 and rounded once. A vector of length below 1e-6
// is refused with the row. Deterministic whatever the number of threads.
void blend(const Components& components, const BlendWeights& weights, std::size_t first, std::size_t count, float* out);
Matrix blendAll(const Components& components, const BlendWeights& weights);
// The same row in float64, before rounding: the reference of exact evaluation. out [width].
void blendRow(const Components& components, const BlendWeights& weights, std::size_t row, double* out);

// The parts of both, of the same items. Throws Error{InvalidInput} where their bases differ.
Components merged(const Components& a, const Components& b);

// Raw embeddings of the same items in several spaces, unit rows: what a product takes.
using SpaceRows = std::map<std::string, MatrixView>;
// The same, read when asked for.
using SpaceReader = std::function<MatrixView(const std::string& space)>;

// Recipe, plan and projectors in memory. Immutable and thread-safe once loaded.
class ProductModel {
public:
    // A product under construction: reactions of later steps may be missing; componentsUpTo works for the steps
    // present.
    ProductModel(Recipe recipe, RoutePlan plan);

    const Recipe& recipe() const { return recipe_; }
    const RoutePlan& plan() const { return plan_; }

    void addProjector(const std::string& reaction_key, const std::string& subset, const ProjectorWeights& weights);
    // Read at first use: a product that is looked at through its stored components never loads a projector.
    void addProjectorFile(const std::string& reaction_key, const std::string& subset,
                          const std::filesystem::path& path);
    // All of the plan, from a product's folder.
    void addProjectorFiles(const std::filesystem::path& folder);
    bool hasReaction(const std::string& reaction_key) const;  // or tuning

    // The recipe with `setting` put in, live or not; projectors stay as they were trained, and are shared.
    std::shared_ptr<const ProductModel> at(const Setting& setting) const;

    // Spaces whose rows are needed for `modality`: the base, or the tuned encoder's that takes its place within the
    // first `steps` steps, and experts that have it and take part.
    std::vector<std::string> spacesNeeded(const Modality& modality,
                                          std::size_t steps = static_cast<std::size_t>(-1)) const;

    // Components after the first `steps` steps (default all). `rows` must hold spacesNeeded(modality) with equal row
    // counts; a space may be absent if its share is 0. The result looks at them: they must outlive it. Runs projectors:
    // cost 2·n·(in+out)·hidden·projectors FLOP.
    Components components(const Modality& modality, const SpaceRows& rows, const JobContext& job,
                          std::size_t steps = static_cast<std::size_t>(-1)) const;

    // This recipe's components out of those of another choice of projectors, of experts or of factors that are not
    // live (recompute_cost.h): what both have alike is shared, the rest computed, or taken from what is `kept`. Bits
    // are those of components(). `what` names the items in progress ("text of AudioCaps").
    Components recomputed(const Components& have, const SpaceReader& rows, const ComputedRows& kept,
                          const std::string& what, const JobContext& job) const;
    // Says with which projectors components were made that came from a file: those of this recipe.
    void stamp(Components& components) const;
    // True if weights() of `setting` can be had of these components.
    bool fits(const Components& components, const Setting& setting = {}) const;

    // Blend weights of this recipe's own factors, or of the recipe with `setting` put in. Throws Error{InvalidInput} if
    // the components were computed with other projectors.
    BlendWeights weights(const Modality& modality, const Components& components, const Setting& setting = {}) const;

    // FLOP a second of the projectors that this model, and those made of it by at(), have run so far; 0: none yet.
    double measuredSpeed() const;

    // True if `setting` changes only live factors, weights and switches of experts, and perhaps projectors: whether
    // these ask for other components fits() says.
    bool isLive(const Setting& setting) const;

private:
    struct Making;
    Components make(const Modality& modality, const Making& from, std::size_t steps, const JobContext& job) const;
    // The base space's rows, through the adapters of what is tuned within the first `steps` steps.
    ComputedRows::Rows baseRows(const Modality& modality, MatrixView rows, std::size_t steps,
                                const JobContext& job) const;
    // Of the heads `key` (the reaction's, or those of baseHeadKey()).
    Matrix ensembleMean(std::size_t step, std::size_t expert, const std::string& key, const Modality& modality,
                        MatrixView x, const JobContext& job, ProgressMeter* meter = nullptr) const;
    std::string hashesOf(std::size_t step, std::size_t expert, const std::string& key) const;

    Recipe recipe_;
    RoutePlan plan_;
    struct Work;  // done by projectors
    std::shared_ptr<Work> work_;
    struct LazyProjector;
    std::map<std::string, std::map<std::string, std::shared_ptr<LazyProjector>>>
        projectors_;  // reaction -> subset -> ψ
    struct Adapter {
        std::shared_ptr<const ResidualAdapter> rows;
        std::string hash;  // of its file; empty where it has none
    };
    std::map<std::string, Adapter> adapters_;  // by key of the tuning
};

std::filesystem::path projectorPath(const std::filesystem::path& product, const ProjectorPlace& place);

// What product.json says, beside recipe and plan.
struct ProductRecord {
    std::string name;
    std::string workspace;  // path and fingerprint of the workspace it was trained on
    std::string fingerprint;
    bool synthetic = false;  // trained on a synthetic world: every figure says so
    std::uint64_t seed = 0;
    std::string device, version, commit, created;
    Json training;  // per reaction and subset: steps, epochs, final loss, seconds, pseudo-pair figures
    Json options;   // resolved run options
    Json pools;     // what it was trained on (poolContents()); null where that was not written down
};

struct LoadedProduct {
    std::filesystem::path folder;
    std::shared_ptr<const ProductModel> model;
    ProductRecord record;
    std::shared_ptr<const ProductModel> stored = {};  // that made the basis in the folder; null: `model`
};

LoadedProduct loadProduct(const std::filesystem::path& folder);
void writeProductFile(const std::filesystem::path& folder, const ProductModel& model, const ProductRecord& record);

// Components of one side of an evaluation set, stored beside the product (memory-mapped when read).
void writeBasis(const std::filesystem::path& path, const std::vector<std::pair<std::string, Components>>& tables);
std::map<std::string, Components> readBasis(const std::filesystem::path& path);

}  // namespace engine
