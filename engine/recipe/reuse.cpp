// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/reuse.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/recipe/reaction_files.h"
#include "engine/recipe/reaction_identity.h"

namespace engine {
namespace {

namespace fs = std::filesystem;

// A reaction or tuning, as both are compared.
struct Work {
    std::string key, name;  // name: "Cr(CLAP_g)", "tuning of audio"
    std::size_t step = 0;
    bool follows = false;  // from the steps before it
    std::vector<std::string> subsets, spaces;
    std::int64_t epochs = 0;
    std::string validation;
    Json identity;
};

void addSpaces(const Recipe& recipe, std::size_t steps, std::vector<std::string>& spaces) {
    for (std::size_t s = 0; s < steps; ++s) {
        for (const auto& use : recipe.route[s].experts) spaces.push_back(use.space);
        if (!recipe.route[s].space.empty()) spaces.push_back(recipe.route[s].space);
    }
}

std::vector<Work> workOf(const Recipe& recipe, const RoutePlan& plan) {
    std::vector<Work> out;
    for (const auto& r : plan.reactions) {
        const std::string& expert = recipe.route[r.step].experts[r.expert].space;
        Work w{r.key,
               std::string(r.kind == ReactionKind::Displacement ? "Dr(" : "Cr(") + expert + ")",
               r.step,
               !againstBase(recipe, r),
               r.subsets,
               {recipe.base, expert},
               r.epochs,
               recipe.route[r.step].options.validation_set,
               reactionIdentity(recipe, plan, r)};
        if (w.follows) addSpaces(recipe, r.step, w.spaces);
        out.push_back(std::move(w));
    }
    for (const auto& t : plan.tunings) {
        Work w{t.key, "tuning of " + t.modality,      t.step, t.step > 0, {t.modality}, {recipe.base}, t.epochs,
               {},    tuningIdentity(recipe, plan, t)};
        addSpaces(recipe, t.step, w.spaces);
        out.push_back(std::move(w));
    }
    std::stable_sort(out.begin(), out.end(), [](const Work& a, const Work& b) { return a.step < b.step; });
    return out;
}

// {pool/modality: hash} of the pools in one space.
std::map<std::string, std::string> rowsIn(const Json& pools, const std::string& space) {
    std::map<std::string, std::string> out;
    for (const auto& [pool, modalities] : pools.items()) {
        for (const auto& [modality, spaces] : modalities.items()) {
            const auto it = spaces.find(space);
            if (it != spaces.end()) out[pool + "/" + modality] = it->get<std::string>();
        }
    }
    return out;
}

bool known(const std::map<std::string, std::string>& rows) {
    return std::all_of(rows.begin(), rows.end(), [](const auto& r) { return !r.second.empty(); });
}

// How projectors were trained, which is not known of those from checkpoints.
void forgetTraining(Json& identity) {
    identity.erase("epochs");
    identity.erase("stream");
    for (const char* own : {"reaction", "tuning"}) {
        if (identity.contains(own)) identity[own].erase("options");
    }
    for (auto& step : identity["before"]) step.erase("options");
}

std::string differingKeys(const Json& a, const Json& b) {
    std::string keys;
    for (const auto& [key, value] : a.items()) {
        if (!b.contains(key) || b.at(key) != value) keys += (keys.empty() ? "" : ", ") + key;
    }
    return keys;
}

class Planner {
public:
    Planner(const Recipe& recipe, const RoutePlan& plan, const Workspace& workspace, std::uint64_t seed,
            const LoadedProduct& source)
        : work_(workOf(recipe, plan)),
          theirs_(workOf(source.model->recipe(), source.model->plan())),
          source_(source),
          seed_(seed),
          same_workspace_(workspace.fingerprint() == source.record.fingerprint),
          pools_(poolContents(workspace, plan)) {}

    Reuse run() {
        Reuse out;
        for (const auto& w : work_) {
            std::string why;
            if (const Work* from = sourceOf(w, out, why)) {
                out.taken.push_back({w.key, from->key, w.subsets, w.epochs});
            } else {
                out.trained.push_back({w.key, why});
            }
        }
        return out;
    }

private:
    bool brought(const Work& w) const {
        const auto it = source_.record.training.find(w.key);
        return it != source_.record.training.end() &&
               std::none_of(it->begin(), it->end(), [](const Json& r) { return r.contains("target_epochs"); });
    }

    const Work* sourceOf(const Work& w, const Reuse& so_far, std::string& why) const {
        const Work* best = nullptr;
        for (const auto& t : theirs_) {
            if (t.name != w.name) continue;
            why = difference(w, t);
            best = &t;
            if (why.empty()) break;
        }
        if (!best) {
            why = source_.record.name + " has no " + w.name;
            return nullptr;
        }
        if (!why.empty()) return nullptr;
        for (const auto& trained : so_far.trained) {
            const auto earlier =
                std::find_if(work_.begin(), work_.end(), [&](const Work& other) { return other.key == trained.key; });
            if (!w.follows || earlier->step >= w.step) continue;
            why = "it is trained against the product so far, and " + trained.key + " before it is trained anew";
            return nullptr;
        }
        return best;
    }

    // Why training would not give the same; empty: it would.
    std::string difference(const Work& mine, const Work& theirs) const {
        const bool from_checkpoints = brought(theirs);
        Json a = mine.identity, b = theirs.identity;
        if (from_checkpoints) {
            forgetTraining(a);
            forgetTraining(b);
        }
        if (a.at("before") != b.at("before"))
            return "it is trained against the product so far, and the steps before it are others";
        for (const char* own : {"reaction", "tuning"}) {
            if (!a.contains(own) || a.at(own) == b.at(own)) continue;
            const std::string keys =
                from_checkpoints ? "" : differingKeys(a.at(own).at("options"), b.at(own).at("options"));
            return keys.empty() ? "the step is another: " + differingKeys(a.at(own), b.at(own))
                                : "its options are others: " + keys;
        }
        if (a != b) {
            const std::string keys = differingKeys(a, b);
            return keys == "stream" ? "it stands in another place of the route, where its random numbers are others"
                                    : "what it is made of differs: " + keys;
        }
        if (from_checkpoints) return {};
        if (seed_ != source_.record.seed)
            return "its seed is " + std::to_string(source_.record.seed) + ", not " + std::to_string(seed_);
        for (const auto& subset : theirs.subsets) {
            const Json& record = source_.record.training.at(theirs.key).at(subset);
            const auto epochs = record.value("target_epochs", std::int64_t{0});
            if (epochs != mine.epochs) {
                return "it was trained for " + std::to_string(epochs) + " epochs, and the recipe asks for " +
                       std::to_string(mine.epochs);
            }
        }
        return rowsDifference(mine);
    }

    std::string rowsDifference(const Work& w) const {
        if (same_workspace_) return {};
        if (!w.validation.empty()) return "the workspace has changed, and with it perhaps the set that validates it";
        const Json& written = source_.record.pools.is_object() ? source_.record.pools : kNone;
        for (const auto& space : w.spaces) {
            const auto now = rowsIn(pools_, space), then = rowsIn(written, space);
            if (then.empty() || !known(now) || !known(then)) {
                return "the workspace has changed, and what pools of " + space +
                       " it was trained on was not written down";
            }
            if (now != then) return "the pools of " + space + " are not those that it was trained on";
        }
        return {};
    }

    const Json kNone = Json::object();
    std::vector<Work> work_, theirs_;
    const LoadedProduct& source_;
    std::uint64_t seed_;
    bool same_workspace_;
    Json pools_;
};

}  // namespace

Json poolContents(const Workspace& workspace, const RoutePlan& plan) {
    Json out = Json::object();
    for (const auto& pool : workspace.pools()) {
        for (const auto& table : pool.tables) {
            for (const auto& e : table.embeddings) {
                if (plan.space(e.space)) out[pool.name][table.modality][e.space] = e.content;
            }
        }
    }
    return out;
}

bool Reuse::takes(const std::string& key) const {
    return std::any_of(taken.begin(), taken.end(), [&](const Taken& t) { return t.key == key; });
}

Reuse planReuse(const Recipe& recipe, const RoutePlan& plan, const Workspace& workspace, std::uint64_t seed,
                const LoadedProduct& source) {
    return Planner(recipe, plan, workspace, seed, source).run();
}

void takeReactions(const Reuse& reuse, const LoadedProduct& source, const fs::path& product) {
    for (const auto& t : reuse.taken) {
        const fs::path from = source.folder / "reactions" / t.from, to = product / "reactions" / t.key;
        for (const auto& subset : t.subsets) {
            linkProjector(from, to, subset);
            const fs::path path = to / (subset + ".json");
            if (fs::exists(path)) continue;
            Json record = source.record.training.at(t.from).at(subset);
            Json taken{{"product", source.record.name},
                       {"folder", fs::absolute(source.folder).lexically_normal().string()},
                       {"reaction", t.from},
                       {"hash", hashHex(readFile(to / (subset + ".safetensors")))},
                       {"device", source.record.device},
                       {"version", source.record.version},
                       {"commit", source.record.commit},
                       {"created", source.record.created}};
            if (record.contains("taken")) taken["earlier"] = record["taken"];
            record["reaction"] = t.key;
            record["subset"] = subset;
            if (!record.contains("target_epochs")) record["target_epochs"] = t.epochs;
            record["taken"] = std::move(taken);
            writeJsonFile(path, record);
        }
    }
}

Json reuseToJson(const Reuse& reuse) {
    Json out{{"taken", Json::array()}, {"trained", Json::array()}};
    for (const auto& t : reuse.taken)
        out["taken"].push_back({{"reaction", t.key}, {"from", t.from}, {"projectors", t.subsets}});
    for (const auto& t : reuse.trained) out["trained"].push_back({{"reaction", t.key}, {"why", t.why}});
    return out;
}

std::string reuseText(const Reuse& reuse, const LoadedProduct& source) {
    std::string text;
    for (const auto& t : reuse.taken) {
        text += t.key + ": taken from " + source.record.name + (t.from == t.key ? "" : ", there " + t.from) + " (" +
                std::to_string(t.subsets.size()) + (t.subsets.size() == 1 ? " projector)" : " projectors)") + "\n";
    }
    for (const auto& t : reuse.trained) text += t.key + ": to train, because " + t.why + "\n";
    return text;
}

}  // namespace engine
