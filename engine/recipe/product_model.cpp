// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <chrono>
#include <mutex>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/recipe/product.h"

namespace engine {
namespace {

constexpr std::size_t kStopRows = 2048;  // rows between two looks for a stop

bool has(const RoutePlan& plan, const std::string& space, const Modality& modality) {
    const SpaceInfo* s = plan.space(space);
    return s && std::find(s->modalities.begin(), s->modalities.end(), modality) != s->modalities.end();
}

double shareOf(const ReactionStep& step, const Modality& modality) {
    const auto it = step.factors.find(modality);
    return it == step.factors.end() ? defaultFactor(step.kind) : it->second;
}

std::string reactionKey(const Recipe& recipe, std::size_t step, std::size_t expert) {
    return std::to_string(step + 1) + "-" + recipe.route[step].experts[expert].space;
}

// All that a base depends on into which the first `steps` steps, the last of which moves the product, are folded.
std::string foldedHow(const Recipe& recipe, const RoutePlan& plan, std::size_t steps, const Modality& modality) {
    if (steps == 0) return {};
    Json route = Json::array();
    for (std::size_t i = 0; i < steps; ++i) {
        const ReactionStep& step = recipe.route[i];
        Json experts = Json::array();
        for (std::size_t e = 0; e < step.experts.size(); ++e) {
            const ExpertUse& use = step.experts[e];
            Json expert{{"expert", expertKey(recipe, i, e)}, {"projectors", activeProjectors(recipe, plan, i, e)}};
            if (i + 1 < steps && has(plan, use.space, modality)) expert["weight"] = use.enabled ? use.weight : 0;
            experts.push_back(std::move(expert));
        }
        route.push_back({{"experts", experts}});
        if (i + 1 < steps) route.back()["share"] = shareOf(step, modality);  // the last one's is live
    }
    return route.dump();
}

// True if the part is the mean of the projectors that are active in the recipe.
bool isOf(const Components::Part& part, const std::vector<std::string>& active) {
    return part.projectors.empty() || part.projectors == active;
}

// What of the components was made otherwise than the recipe says; empty: nothing that counts.
std::string misfit(const Recipe& recipe, const RoutePlan& plan, const Components& c) {
    if (!c.folded_how.empty() && c.folded_how != foldedHow(recipe, plan, c.folded, c.modality))
        return "the product up to step " + std::to_string(c.folded);
    for (const auto& layer : c.layers) {
        const ReactionStep& step = recipe.route.at(layer.step);
        for (std::size_t e = 0; e < step.experts.size(); ++e) {
            if (!step.experts[e].enabled || step.experts[e].weight == 0) continue;
            const std::string key = expertKey(recipe, layer.step, e);
            const auto active = activeProjectors(recipe, plan, layer.step, e);
            bool there = false, fits = false;
            for (const auto& part : layer.parts) {
                if (part.expert != key) continue;
                there = true;
                fits = fits || isOf(part, active);
            }
            if (there && !fits) return "projectors of " + key;
        }
    }
    return {};
}

BlendWeights weightsOf(const Recipe& recipe, const RoutePlan& plan, const Components& c) {
    if (const std::string other = misfit(recipe, plan, c); !other.empty()) {
        throw Error(ErrorCode::InvalidInput, "product " + recipe.name + ", " + c.modality,
                    "its vectors were computed otherwise than the setting asks for (" + other + ")",
                    "compute them for this setting");
    }
    BlendWeights out;
    // A base that lacks the modality is zero until some layer in force brings it, or a displacement has moved that.
    const auto brought = broughtByStep(recipe, plan, c.modality);
    bool zero =
        brought && !c.layers.empty() && lastDisplacement(recipe, c.layers.front().step + 1).value_or(0) <= *brought;
    for (const auto& layer : c.layers) {
        const ReactionStep& step = recipe.route.at(layer.step);
        BlendWeights::Layer use;
        bool any = false;
        for (const auto& part : layer.parts) {
            double weight = 0;
            for (std::size_t e = 0; e < step.experts.size(); ++e) {
                if (expertKey(recipe, layer.step, e) == part.expert && step.experts[e].enabled &&
                    isOf(part, activeProjectors(recipe, plan, layer.step, e)))
                    weight = step.experts[e].weight;
            }
            any = any || weight > 0;
            use.weights.push_back(weight);
        }
        use.brings = any && zero;
        use.share = !any ? 0 : use.brings ? 1 : shareOf(step, c.modality);
        zero = zero && !any;
        out.layers.push_back(std::move(use));
    }
    return out;
}

std::string hashOfFile(const std::filesystem::path& path) {
    const MappedFile file(path);
    return hashHex({reinterpret_cast<const char*>(file.data()), static_cast<std::size_t>(file.size())});
}

}  // namespace

struct ProductModel::LazyProjector {
    std::filesystem::path path;
    std::once_flag once, hashed;
    std::unique_ptr<const FoldedProjector> projector;
    std::string file_hash;

    const FoldedProjector& get() {
        std::call_once(once, [this] {
            if (!projector) projector = std::make_unique<FoldedProjector>(readProjector(path));
        });
        return *projector;
    }
    // Of its file; empty where it has none.
    const std::string& hash() {
        std::call_once(hashed, [this] {
            if (!path.empty()) file_hash = hashOfFile(path);
        });
        return file_hash;
    }
};

struct ProductModel::Work {
    std::mutex mutex;
    double flop = 0, seconds = 0;  // guarded
};

// Where components are made from.
struct ProductModel::Making {
    std::size_t tuned = 0;  // steps whose tunings count, whatever the steps that are made
    std::function<std::optional<MatrixView>(const std::string& space)> rows;  // nothing: the space is absent
    std::size_t count = 0;                                                    // of rows
    const Components* have = nullptr;    // whose rows are shared where they are the same
    const ComputedRows* kept = nullptr;  // where computed ones go; null: memory
    std::string what;                    // in progress; empty: none is shown
};

ProductModel::ProductModel(Recipe recipe, RoutePlan plan)
    : recipe_(std::move(recipe)), plan_(std::move(plan)), work_(std::make_shared<Work>()) {}

void ProductModel::addProjector(const std::string& reaction_key, const std::string& subset,
                                const ProjectorWeights& weights) {
    for (const auto& tuning : plan_.tunings) {
        if (tuning.key != reaction_key) continue;
        adapters_[reaction_key] = {std::make_shared<const ResidualAdapter>(weights), {}};
        return;
    }
    auto lazy = std::make_shared<LazyProjector>();
    lazy->projector = std::make_unique<FoldedProjector>(weights);
    projectors_[reaction_key][subset] = std::move(lazy);
}

void ProductModel::addProjectorFile(const std::string& reaction_key, const std::string& subset,
                                    const std::filesystem::path& path) {
    for (const auto& tuning : plan_.tunings) {
        if (tuning.key != reaction_key) continue;
        addProjector(reaction_key, subset, readProjector(path));
        adapters_[reaction_key].hash = hashOfFile(path);
        return;
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

std::shared_ptr<const ProductModel> ProductModel::at(const Setting& setting) const {
    Recipe recipe = withSetting(recipe_, plan_, setting);
    RoutePlan plan = planRoute(recipe, plan_.spaces);
    auto out = std::make_shared<ProductModel>(std::move(recipe), std::move(plan));
    out->projectors_ = projectors_;
    out->adapters_ = adapters_;
    out->work_ = work_;
    return out;
}

std::vector<std::string> ProductModel::spacesNeeded(const Modality& modality, std::size_t steps) const {
    std::vector<std::string> names;
    if (const TunedRows* tuned = plan_.tunedRows(modality, steps)) names.push_back(tuned->space);
    else if (has(plan_, recipe_.base, modality)) names.push_back(recipe_.base);
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
                                  const Modality& modality, MatrixView x, const JobContext& job,
                                  ProgressMeter* meter) const {
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
    double row_flop = 0;
    for (auto* projector : active) row_flop += projector->get().rowFlop();
    const auto begin = std::chrono::steady_clock::now();
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
        if (meter) meter->advance(count);
    }
    const std::lock_guard lock(work_->mutex);
    work_->flop += row_flop * static_cast<double>(x.rows);
    work_->seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return mean;
}

double ProductModel::measuredSpeed() const {
    const std::lock_guard lock(work_->mutex);
    return work_->seconds > 0 ? work_->flop / work_->seconds : 0;
}

// Of the active projectors; empty where one has no file.
std::string ProductModel::hashesOf(std::size_t step, std::size_t expert, const std::string& key) const {
    const auto reaction = projectors_.find(key);
    std::string out;
    for (const auto& subset : activeProjectors(recipe_, plan_, step, expert)) {
        if (reaction == projectors_.end() || !reaction->second.contains(subset)) return {};
        const std::string& hash = reaction->second.at(subset)->hash();
        if (hash.empty()) return {};
        out += subset + " " + hash + "\n";
    }
    return out;
}

ComputedRows::Rows ProductModel::baseRows(const Modality& modality, MatrixView rows, std::size_t steps,
                                          const JobContext& job) const {
    ComputedRows::Rows out{rows, {}};
    for (const auto& tuning : plan_.tunings) {
        if (tuning.step >= steps || tuning.modality != modality) continue;
        const auto it = adapters_.find(tuning.key);
        if (it == adapters_.end()) {
            throw Error(ErrorCode::NotFound, "product " + recipe_.name, "the tuning " + tuning.key + " is not trained",
                        "run `molspace train` to its end");
        }
        auto tuned = std::make_shared<Matrix>(out.view.rows, out.view.cols);
        it->second.rows->apply(out.view, tuned->data());
        job.checkStop();
        out = {tuned->view(), tuned};
    }
    return out;
}

Components ProductModel::make(const Modality& modality, const Making& from, std::size_t steps,
                              const JobContext& job) const {
    const auto missing = [&](const std::string& space) {
        return Error(ErrorCode::NotFound, "product " + recipe_.name + ", " + modality,
                     "the rows of space " + space + " are missing",
                     "bring embeddings of " + space + " for these items, or set its share to 0");
    };
    const ComputedRows memory;
    const ComputedRows& kept = from.kept ? *from.kept : memory;
    const std::size_t last_step = std::min(steps, recipe_.route.size());
    const auto displaced = lastDisplacement(recipe_, last_step);
    Components c;
    c.modality = modality;
    const auto ownBase = [&](ComputedRows::Rows rows) {
        c.base = rows.view;
        c.owner = std::move(rows.owner);
    };
    const auto shareBase = [&] {
        c.base = from.have->base;
        c.owner = from.have->owner;
    };
    const auto zeros = [&](std::size_t width) {
        auto z = std::make_shared<Matrix>(from.count, width);
        std::fill(z->data(), z->data() + z->size(), 0.0f);
        ownBase({z->view(), z});
    };
    const auto meanOf = [&](std::size_t step, std::size_t expert, const std::string& key, MatrixView x,
                            const std::string& name) {
        if (from.what.empty()) return ensembleMean(step, expert, key, modality, x, job);
        ProgressMeter meter(job, "projectors of " + name + ", " + from.what, "rows", x.rows);
        Matrix mean = ensembleMean(step, expert, key, modality, x, job, &meter);
        meter.finish();
        return mean;
    };
    // A tuned encoder's rows do not follow from projectors, whatever these are now.
    const TunedRows* tuned = plan_.tunedRows(modality, last_step);
    const auto tunedBase = [&] {
        if (from.have) return shareBase();
        const auto rows = from.rows(tuned->space);
        if (!rows) throw missing(tuned->space);
        ownBase({*rows, {}});
    };
    if (displaced) {
        c.folded = *displaced + 1;
        c.folded_how = foldedHow(recipe_, plan_, c.folded, modality);
        if (from.have && from.have->folded == c.folded && from.have->folded_how == c.folded_how) {
            shareBase();
        } else if (tuned && tuned->step > *displaced) {
            tunedBase();
        } else {
            // Of what is folded in, and of the heads that move it.
            const auto movingKey = [&](std::size_t step) {
                const std::string key = reactionKey(recipe_, step, 0);
                return recipe_.route[step].kind == ReactionKind::Displacement ? key : baseHeadKey(key);
            };
            std::string hashes = from.kept ? c.folded_how + "\n" : std::string();
            const auto add = [&](const std::string& hash) { hashes = hash.empty() ? hash : hashes + hash + "\n"; };
            for (std::size_t i = 0; i < c.folded; ++i) {
                for (std::size_t e = 0; e < recipe_.route[i].experts.size() && !hashes.empty(); ++e)
                    add(hashesOf(i, e, reactionKey(recipe_, i, e)));
                if (!hashes.empty() && recipe_.route[i].against == "joint") add(hashesOf(i, 0, movingKey(i)));
            }
            for (const auto& tuning : plan_.tunings) {
                const auto it = adapters_.find(tuning.key);
                if (!hashes.empty() && tuning.modality == modality)
                    add(it == adapters_.end() ? std::string() : it->second.hash);
            }
            // R = N( mean_j ψ_j(z) ): everything before becomes the new base.
            const auto moved = [&] {
                Making before = from;
                before.have = nullptr;
                before.kept = nullptr;
                const Components so_far = make(modality, before, *displaced, job);
                if (so_far.base.cols == 0) return Matrix();
                const Matrix z = blendAll(so_far, weightsOf(recipe_, plan_, so_far));
                Matrix mean =
                    meanOf(*displaced, 0, movingKey(*displaced), z.view(), recipe_.route[*displaced].experts[0].space);
                normalizeRows(mean);
                return mean;
            };
            ownBase(kept.get("base", hashes, from.count, plan_.width, moved, job));
        }
    } else if (from.have && from.have->folded == 0) {
        shareBase();
    } else if (tuned) {
        tunedBase();
    } else if (has(plan_, recipe_.base, modality)) {
        const auto base = from.rows(recipe_.base);
        if (!base) throw missing(recipe_.base);
        ownBase(baseRows(modality, *base, from.tuned, job));
    }
    for (std::size_t i = displaced.value_or(0); i < last_step; ++i) {
        const ReactionStep& step = recipe_.route[i];
        Components::Layer layer{i, step.kind, {}};
        for (std::size_t e = 0; e < step.experts.size(); ++e) {
            const ExpertUse& use = step.experts[e];
            if (!has(plan_, use.space, modality)) continue;
            const bool displaces = step.kind == ReactionKind::Displacement;
            const std::string key = expertKey(recipe_, i, e);
            Components::Part part{key, {}};
            if (!displaces) part.projectors = activeProjectors(recipe_, plan_, i, e);
            const Components::Part* same = nullptr;
            for (std::size_t k = 0; from.have && k < from.have->layers.size(); ++k) {
                for (const auto& p : from.have->layers[k].parts) {
                    if (from.have->layers[k].step == i && p.expert == key && p.projectors == part.projectors) same = &p;
                }
            }
            if (same) {
                part.rows = same->rows;
                part.owner = same->owner ? same->owner : from.have->owner;
            } else if (const auto x = from.rows(use.space); !x) {
                if (use.enabled && use.weight > 0 && shareOf(step, modality) > 0) throw missing(use.space);
                continue;
            } else if (displaces) {
                ENGINE_CHECK(!from.have, "components of another product");
                part.rows = *x;
            } else {
                auto rows = kept.get(
                    reactionKey(recipe_, i, e), from.kept ? hashesOf(i, e, reactionKey(recipe_, i, e)) : std::string(),
                    x->rows, plan_.width, [&] { return meanOf(i, e, reactionKey(recipe_, i, e), *x, key); }, job);
                part.rows = rows.view;
                part.owner = std::move(rows.owner);
            }
            layer.parts.push_back(std::move(part));
        }
        if (c.base.cols == 0 && !layer.parts.empty()) zeros(layer.parts.front().rows.cols);
        if (!layer.parts.empty()) c.layers.push_back(std::move(layer));
    }
    return c;
}

Components ProductModel::components(const Modality& modality, const SpaceRows& rows, const JobContext& job,
                                    std::size_t steps) const {
    const std::string where = "product " + recipe_.name + ", " + modality;
    Making from;
    for (const auto& [space, view] : rows) {
        if (from.count != 0 && view.rows != from.count) {
            throw Error(ErrorCode::InvalidInput, where,
                        "space " + space + " has " + std::to_string(view.rows) + " rows, others have " +
                            std::to_string(from.count));
        }
        from.count = view.rows;
        const SpaceInfo* info = plan_.space(space);
        if (info && view.cols != info->width) {
            throw Error(
                ErrorCode::InvalidInput, where + ", space " + space,
                "expected rows of width " + std::to_string(info->width) + ", found " + std::to_string(view.cols));
        }
    }
    from.rows = [&rows](const std::string& space) {
        const auto it = rows.find(space);
        return it == rows.end() ? std::nullopt : std::optional(it->second);
    };
    from.tuned = std::min(steps, recipe_.route.size());
    Components c = make(modality, from, steps, job);
    if (c.base.cols == 0) {
        throw Error(ErrorCode::InvalidInput, where, "the product has no such modality",
                    "it has those of its base and of its experts");
    }
    return c;
}

Components ProductModel::recomputed(const Components& have, const SpaceReader& rows, const ComputedRows& kept,
                                    const std::string& what, const JobContext& job) const {
    Making from;
    from.rows = [&rows](const std::string& space) { return std::optional(rows(space)); };
    from.count = have.rows();
    from.have = &have;
    from.kept = &kept;
    from.what = what;
    from.tuned = recipe_.route.size();
    return make(have.modality, from, recipe_.route.size(), job);
}

void ProductModel::stamp(Components& components) const {
    const auto last = lastDisplacement(recipe_, recipe_.route.size());
    components.folded = last ? *last + 1 : 0;
    components.folded_how = foldedHow(recipe_, plan_, components.folded, components.modality);
    for (auto& layer : components.layers) {
        if (layer.kind == ReactionKind::Displacement) continue;
        for (auto& part : layer.parts) {
            for (std::size_t e = 0; e < recipe_.route.at(layer.step).experts.size(); ++e) {
                if (expertKey(recipe_, layer.step, e) == part.expert)
                    part.projectors = activeProjectors(recipe_, plan_, layer.step, e);
            }
        }
    }
}

bool ProductModel::fits(const Components& components, const Setting& setting) const {
    return misfit(withSetting(recipe_, plan_, setting), plan_, components).empty();
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

Components merged(const Components& a, const Components& b) {
    if (a.modality != b.modality || a.rows() != b.rows() || a.folded != b.folded || a.folded_how != b.folded_how) {
        throw Error(ErrorCode::InvalidInput, a.modality,
                    "the two settings differ in what a displacement takes as input or is made with, so their vectors "
                    "have no parts in common that could be compared",
                    "compare the figures of the two settings instead");
    }
    Components out = a;
    for (const auto& layer : b.layers) {
        auto into = std::find_if(out.layers.begin(), out.layers.end(),
                                 [&](const Components::Layer& l) { return l.step == layer.step; });
        ENGINE_CHECK(into != out.layers.end(), "components of other routes");
        for (const auto& part : layer.parts) {
            const bool there = std::any_of(into->parts.begin(), into->parts.end(), [&](const Components::Part& p) {
                return p.expert == part.expert && p.projectors == part.projectors;
            });
            if (there) continue;
            into->parts.push_back(part);
            if (!part.owner) into->parts.back().owner = b.owner;
        }
    }
    return out;
}

}  // namespace engine
