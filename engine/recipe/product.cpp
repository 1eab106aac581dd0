// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/product.h"

#include <algorithm>
#include <mutex>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace engine {
namespace {

constexpr const char* kFormat = "molspace product";
constexpr int kMajor = 1, kMinor = 0;
constexpr std::size_t kStopRows = 2048;  // rows between two looks for a stop

bool has(const RoutePlan& plan, const std::string& space, const Modality& modality) {
    const SpaceInfo* s = plan.space(space);
    return s && std::find(s->modalities.begin(), s->modalities.end(), modality) != s->modalities.end();
}

double shareOf(const ReactionStep& step, const Modality& modality) {
    const auto it = step.factors.find(modality);
    return it == step.factors.end() ? defaultFactor(step.kind) : it->second;
}

BlendWeights weightsOf(const Recipe& recipe, const RoutePlan& plan, const Components& c) {
    BlendWeights out;
    const auto brought = broughtByStep(recipe, plan, c.modality);
    for (const auto& layer : c.layers) {
        const ReactionStep& step = recipe.route.at(layer.step);
        BlendWeights::Layer use;
        bool any = false;
        for (const auto& part : layer.parts) {
            double weight = 0;
            for (std::size_t e = 0; e < step.experts.size(); ++e) {
                if (expertKey(recipe, layer.step, e) == part.expert && step.experts[e].enabled)
                    weight = step.experts[e].weight;
            }
            any = any || weight > 0;
            use.weights.push_back(weight);
        }
        use.share = any ? (brought == layer.step ? 1.0 : shareOf(step, c.modality)) : 0.0;
        out.layers.push_back(std::move(use));
    }
    return out;
}

// Components while they are made: the matrices live as long as the components that look at them.
struct Owned {
    std::vector<std::shared_ptr<Matrix>> matrices;
    MatrixView keep(Matrix m) {
        matrices.push_back(std::make_shared<Matrix>(std::move(m)));
        return matrices.back()->view();
    }
};

}  // namespace

struct ProductModel::LazyProjector {
    std::filesystem::path path;
    std::once_flag once;
    std::unique_ptr<const FoldedProjector> projector;

    const FoldedProjector& get() {
        std::call_once(once, [this] {
            if (!projector) projector = std::make_unique<FoldedProjector>(readProjector(path));
        });
        return *projector;
    }
};

ProductModel::ProductModel(Recipe recipe, RoutePlan plan) : recipe_(std::move(recipe)), plan_(std::move(plan)) {}

void ProductModel::addProjector(const std::string& reaction_key, const std::string& subset,
                                const ProjectorWeights& weights) {
    for (const auto& tuning : plan_.tunings) {
        if (tuning.key != reaction_key) continue;
        adapters_[reaction_key] = std::make_shared<const ResidualAdapter>(weights);
        return;
    }
    auto lazy = std::make_shared<LazyProjector>();
    lazy->projector = std::make_unique<FoldedProjector>(weights);
    projectors_[reaction_key][subset] = std::move(lazy);
}

void ProductModel::addProjectorFile(const std::string& reaction_key, const std::string& subset,
                                    const std::filesystem::path& path) {
    for (const auto& tuning : plan_.tunings) {
        if (tuning.key == reaction_key) return addProjector(reaction_key, subset, readProjector(path));
    }
    auto lazy = std::make_shared<LazyProjector>();
    lazy->path = path;
    projectors_[reaction_key][subset] = std::move(lazy);
}

void ProductModel::addProjectorFiles(const std::filesystem::path& folder) {
    for (const auto& place : projectorPlaces(plan_)) {
        addProjectorFile(place.key, place.subset, projectorPath(folder, place));
    }
}

bool ProductModel::hasReaction(const std::string& reaction_key) const {
    const auto it = projectors_.find(reaction_key);
    return (it != projectors_.end() && !it->second.empty()) || adapters_.contains(reaction_key);
}

std::vector<std::string> ProductModel::spacesNeeded(const Modality& modality) const {
    std::vector<std::string> names;
    if (has(plan_, recipe_.base, modality)) names.push_back(recipe_.base);
    for (const auto& step : recipe_.route) {
        for (const auto& use : step.experts) {
            const bool there = std::find(names.begin(), names.end(), use.space) != names.end();
            if (!there && has(plan_, use.space, modality)) names.push_back(use.space);
        }
    }
    return names;
}

// (1/|active|) Σ_j ψ_j(x), each output of unit length, the mean not normalised (method §1.4).
Matrix ProductModel::ensembleMean(std::size_t step, std::size_t expert, const std::string& key,
                                  const Modality& modality, MatrixView x, const JobContext& job) const {
    const ExpertUse& use = recipe_.route[step].experts[expert];
    const auto it = projectors_.find(key);
    if (it == projectors_.end() || it->second.empty()) {
        throw Error(ErrorCode::NotFound, "product " + recipe_.name, "the reaction " + key + " has no trained projector",
                    "run `molspace train` to its end");
    }
    std::vector<LazyProjector*> active;
    for (const auto& [subset, projector] : it->second) {
        const auto& chosen = use.projectors;
        if (chosen.empty() || std::find(chosen.begin(), chosen.end(), subset) != chosen.end())
            active.push_back(projector.get());
    }
    if (active.empty()) {
        throw Error(ErrorCode::NotFound, "product " + recipe_.name,
                    "none of the active projectors of " + key + " is trained");
    }
    const std::size_t width = active.front()->get().out();
    Matrix mean(x.rows, width);
    Matrix y(std::min(kStopRows, x.rows), width);
    const float scale = 1.0f / static_cast<float>(active.size());
    for (std::size_t first = 0; first < x.rows; first += kStopRows) {
        const std::size_t count = std::min(kStopRows, x.rows - first);
        float* out = mean.row(first);
        for (std::size_t p = 0; p < active.size(); ++p) {
            job.checkStop();
            active[p]->get().forward(x.slice(first, count), y.data(), modality);
            const std::size_t n = count * width;
            if (p == 0) std::copy_n(y.data(), n, out);
            else
                for (std::size_t i = 0; i < n; ++i) out[i] += y.data()[i];
        }
        for (std::size_t i = 0; i < count * width; ++i) out[i] *= scale;
    }
    return mean;
}

Matrix ProductModel::moved(const Components& so_far, std::size_t step, const std::string& key,
                           const JobContext& job) const {
    const Matrix z = blendAll(so_far, weightsOf(recipe_, plan_, so_far));
    Matrix out = ensembleMean(step, 0, key, so_far.modality, z.view(), job);
    normalizeRows(out);
    return out;
}

Components ProductModel::components(const Modality& modality, const SpaceRows& rows, const JobContext& job,
                                    std::size_t steps) const {
    const std::string where = "product " + recipe_.name + ", " + modality;
    const auto missing = [&](const std::string& space) {
        return Error(ErrorCode::NotFound, where, "the rows of space " + space + " are missing",
                     "bring embeddings of " + space + " for these items, or set its share to 0");
    };
    auto owned = std::make_shared<Owned>();
    Components c;
    c.modality = modality;
    std::size_t count = 0;
    for (const auto& [space, view] : rows) {
        if (count != 0 && view.rows != count) {
            throw Error(
                ErrorCode::InvalidInput, where,
                "space " + space + " has " + std::to_string(view.rows) + " rows, others have " + std::to_string(count));
        }
        count = view.rows;
        const SpaceInfo* info = plan_.space(space);
        if (info && view.cols != info->width) {
            throw Error(
                ErrorCode::InvalidInput, where + ", space " + space,
                "expected rows of width " + std::to_string(info->width) + ", found " + std::to_string(view.cols));
        }
    }
    if (has(plan_, recipe_.base, modality)) {
        const auto it = rows.find(recipe_.base);
        if (it == rows.end()) throw missing(recipe_.base);
        c.base = it->second;
    }
    const auto zeros = [&](std::size_t width) {
        Matrix z(count, width);
        std::fill(z.data(), z.data() + z.size(), 0.0f);
        return owned->keep(std::move(z));
    };
    const std::size_t last = std::min(steps, recipe_.route.size());
    for (const auto& tuning : plan_.tunings) {
        if (tuning.step >= last || tuning.modality != modality) continue;
        const auto it = adapters_.find(tuning.key);
        if (it == adapters_.end()) {
            throw Error(ErrorCode::NotFound, "product " + recipe_.name, "the tuning " + tuning.key + " is not trained",
                        "run `molspace train` to its end");
        }
        Matrix tuned(c.base.rows, c.base.cols);
        it->second->apply(c.base, tuned.data());
        job.checkStop();
        c.base = owned->keep(std::move(tuned));
    }
    for (std::size_t i = 0; i < last; ++i) {
        const ReactionStep& step = recipe_.route[i];
        const bool displaces = step.kind == ReactionKind::Displacement;
        const auto keyOf = [&](std::size_t e) { return std::to_string(i + 1) + "-" + step.experts[e].space; };
        Components::Layer layer{i, step.kind, {}};
        for (std::size_t e = 0; e < step.experts.size(); ++e) {
            const ExpertUse& use = step.experts[e];
            if (!has(plan_, use.space, modality)) continue;
            const auto it = rows.find(use.space);
            if (it == rows.end()) {
                if (use.enabled && use.weight > 0 && shareOf(step, modality) > 0) throw missing(use.space);
                continue;
            }
            const MatrixView part =
                displaces ? it->second : owned->keep(ensembleMean(i, e, keyOf(e), modality, it->second, job));
            layer.parts.push_back({expertKey(recipe_, i, e), part});
        }
        if (movesProduct(step) && !c.base.empty()) {
            Matrix z = moved(c, i, displaces ? keyOf(0) : baseHeadKey(keyOf(0)), job);
            c.layers.clear();
            c.base = owned->keep(std::move(z));
        } else if (c.base.empty() && !layer.parts.empty()) {
            c.base = zeros(layer.parts.front().rows.cols);
        }
        if (!layer.parts.empty()) c.layers.push_back(std::move(layer));
    }
    if (c.base.cols == 0) {
        throw Error(ErrorCode::InvalidInput, where, "the product has no such modality",
                    "it has those of its base and of its experts");
    }
    c.owner = owned;
    return c;
}

BlendWeights ProductModel::weights(const Modality&, const Components& components, const Setting& setting) const {
    return weightsOf(withSetting(recipe_, plan_, setting), plan_, components);
}

bool ProductModel::isLive(const Setting& setting) const {
    withSetting(recipe_, plan_, setting);  // refuses unknown names
    const auto last = lastDisplacement(recipe_, recipe_.route.size());
    for (const auto& [name, value] : setting.factors) {
        const FactorInfo* factor = plan_.factor(name);
        if (!factor->live && value != factor->value) return false;
    }
    for (const auto& [key, weight] : setting.expert_weights) {
        for (std::size_t s = 0; s < recipe_.route.size(); ++s) {
            for (std::size_t e = 0; e < recipe_.route[s].experts.size(); ++e) {
                if (expertKey(recipe_, s, e) != key) continue;
                const ExpertUse& use = recipe_.route[s].experts[e];
                const double now = use.enabled ? use.weight : 0;
                if (last && s < *last && weight != now) return false;
            }
        }
    }
    return true;
}

std::filesystem::path projectorPath(const std::filesystem::path& product, const ProjectorPlace& place) {
    return product / "reactions" / place.key / (place.subset + ".safetensors");
}

LoadedProduct loadProduct(const std::filesystem::path& folder) {
    const auto path = folder / "product.json";
    if (!std::filesystem::exists(path)) {
        throw Error(ErrorCode::NotFound, folder.string(), "expected the folder of a product (with product.json)",
                    std::filesystem::exists(folder / "reactions")
                        ? "its training has not finished: run the same `molspace train` again to go on"
                        : "`molspace train` makes one");
    }
    const Json json = readJsonFile(path, 64u << 20);
    LoadedProduct out;
    out.folder = folder;
    try {
        if (json.at("format") != kFormat) {
            throw Error(ErrorCode::InvalidInput, path.string(), "expected format '" + std::string(kFormat) + "'");
        }
        const auto major = json.at("format_version").at(0).get<int>();
        if (major > kMajor) {
            throw Error(ErrorCode::InvalidInput, path.string(),
                        "written by a newer program (format " + std::to_string(major) + "); this one reads up to " +
                            std::to_string(kMajor),
                        "update this program");
        }
        std::vector<SpaceInfo> spaces;
        for (const auto& s : json.at("spaces")) {
            spaces.push_back({s.at("name").get<std::string>(), s.at("width").get<std::size_t>(),
                              s.at("modalities").get<std::vector<Modality>>(),
                              s.at("pools").get<std::vector<Modality>>()});
        }
        const Recipe recipe = recipeFromJson(json.at("recipe"), path.string());
        auto model = std::make_shared<ProductModel>(recipe, planRoute(recipe, spaces));
        for (const auto& place : projectorPlaces(model->plan())) {
            const auto file = projectorPath(folder, place);
            if (!std::filesystem::exists(file)) {
                throw Error(ErrorCode::NotFound, file.string(), "a projector of the product is missing",
                            "run the same `molspace train` again: it makes only what is missing");
            }
        }
        model->addProjectorFiles(folder);
        out.model = std::move(model);
        auto& r = out.record;
        r.name = recipe.name;
        r.workspace = json.at("workspace").get<std::string>();
        r.fingerprint = json.at("fingerprint").get<std::string>();
        r.synthetic = json.at("synthetic").get<bool>();
        r.seed = json.at("seed").get<std::uint64_t>();
        r.device = json.at("device").get<std::string>();
        r.version = json.at("version").get<std::string>();
        r.commit = json.at("commit").get<std::string>();
        r.created = json.at("created").get<std::string>();
        r.training = json.at("training");
        r.options = json.at("options");
    } catch (const Json::exception& error) {
        throw Error(ErrorCode::InvalidInput, path.string(), std::string("the file is damaged: ") + error.what());
    }
    return out;
}

void writeProductFile(const std::filesystem::path& folder, const ProductModel& model, const ProductRecord& record) {
    Json json{{"format", kFormat}, {"format_version", {kMajor, kMinor}}};
    json["recipe"] = recipeToJson(model.recipe());
    json["spaces"] = Json::array();
    for (const auto& s : model.plan().spaces) {
        json["spaces"].push_back(
            {{"name", s.name}, {"width", s.width}, {"modalities", s.modalities}, {"pools", s.pools}});
    }
    json["workspace"] = record.workspace;
    json["fingerprint"] = record.fingerprint;
    json["synthetic"] = record.synthetic;
    json["seed"] = record.seed;
    json["device"] = record.device;
    json["version"] = record.version;
    json["commit"] = record.commit;
    json["created"] = record.created;
    json["options"] = record.options.is_null() ? Json::object() : record.options;
    json["training"] = record.training.is_null() ? Json::object() : record.training;
    writeJsonFile(folder / "product.json", json);
}

}  // namespace engine
