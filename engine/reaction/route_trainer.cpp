// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/reaction/route_trainer.h"

#include <algorithm>
#include <optional>
#include <sstream>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/version.h"
#include "engine/eval/product_bases.h"
#include "engine/ops/device.h"
#include "engine/pairs/pseudo_pairs.h"
#include "engine/projector/train_projector.h"
#include "engine/projector/tuning_step.h"
#include "engine/reaction/product_rows.h"
#include "engine/reaction/tuning.h"
#include "engine/reaction/validation.h"
#include "engine/recipe/projector_head.h"
#include "engine/recipe/reaction_files.h"
#include "engine/recipe/reaction_identity.h"
#include "engine/recipe/reuse.h"
#include "engine/recipe/stages.h"

namespace engine {
namespace {

namespace fs = std::filesystem;
constexpr const char* kRunFormat = "molspace run 1";

// Widths and rows without the rows: for estimates before anything is there.
class ShapeOnly : public EmbeddingSource {
public:
    ShapeOnly(std::size_t rows, std::size_t cols) : rows_(rows), cols_(cols) {}
    std::size_t rows() const override { return rows_; }
    std::size_t cols() const override { return cols_; }
    void read(std::size_t, std::size_t, float*) const override { ENGINE_CHECK(false, "a shape has no rows"); }

private:
    std::size_t rows_, cols_;
};

class RouteTrainer {
public:
    RouteTrainer(const TrainRequest& request, const JobContext& job)
        : request_(request),
          job_(job),
          workspace_(request.workspace),
          plan_(planRoute(request.recipe, spacesOf(workspace_))),
          model_(request.recipe, plan_),
          folder_(request.product),
          device_(resolveDevice(request.run.device)),
          memory_(request.run.memory_gib > 0 ? bytesOfGib(request.run.memory_gib)
                                             : std::min(availableMemoryBytes(), freeMemory(device_)) / 2) {}

    void run() {
        const WriterLock lock(folder_);
        // A run that is refused leaves the folder as it was.
        checkSettings();
        checkFolder();
        stages_ = stages();
        setGoals();
        choose();
        estimate();
        begin();
        for (const auto& reaction : plan_.reactions) {
            tuneBefore(reaction.step);
            if (!react(reaction)) return;  // pairs only, and this reaction needs earlier ones trained
        }
        if (request_.pairs_only) return;
        tuneBefore(request_.recipe.route.size());
        writeBases(workspace_, model_, folder_, !goals_.empty(), job_);
        writeProduct();
        fs::remove_all(folder_ / "pairs");
        fs::remove_all(folder_ / "product-rows");
        fs::remove(folder_ / "continue.json");
    }

private:
    // A setting that cannot be would be found out when it is asked for, after the training.
    void checkSettings() const {
        for (const auto& [name, setting] : request_.recipe.settings) withSetting(request_.recipe, plan_, setting);
    }

    Json runRecord() const {
        Json run{{"format", kRunFormat},
                 {"recipe", recipeToJson(request_.recipe)},
                 {"workspace", workspace_.fingerprint()},
                 {"seed", request_.run.seed}};
        run["spaces"] = Json::array();
        for (const auto& s : plan_.spaces) run["spaces"].push_back({s.name, s.width, s.modalities, s.pools});
        // With what it was begun; it may go on with others.
        run["options"] = runOptionTable().toJson(request_.run);
        run["device"] = device_;
        run["version"] = programVersion();
        run["commit"] = programCommit();
        return run;
    }

    // As many as the run was begun with.
    std::int64_t stages() const {
        const auto path = folder_ / "run.json";
        if (!fs::exists(path)) return request_.run.stages;
        const Json there = readJsonFile(path);
        return there.contains("options") ? there["options"].value("stages", std::int64_t{0}) : 0;
    }

    std::vector<ProjectorTask::Stage> stagesOf(const ProjectorPlace& place, bool joint) const {
        std::vector<ProjectorTask::Stage> out;
        for (std::int64_t part = 0; part < stages_; ++part) {
            const auto folder = stageFolder(folder_, part);
            out.push_back({part, stages_, projectorPath(folder, place),
                           joint ? projectorPath(folder, {baseHeadKey(place.key), place.subset}) : fs::path()});
        }
        return out;
    }

    // The folder belongs to one recipe, workspace and seed; anything else in it is refused, not overwritten.
    void checkFolder() const {
        const auto path = folder_ / "run.json";
        if (!fs::exists(path)) {
            if (fs::exists(folder_ / "product.json")) {
                throw Error(ErrorCode::InvalidInput, folder_.string(),
                            "it holds a product but no record of its training", "choose another folder");
            }
            return;
        }
        const Json run = runRecord();
        Json there = readJsonFile(path);
        // Options that came later have their defaults in a run that was begun before.
        if (there.contains("recipe")) there["recipe"] = recipeToJson(recipeFromJson(there["recipe"], path.string()));
        for (const auto& [key, what] :
             {std::pair{"recipe", "recipe"}, std::pair{"workspace", "content of the workspace"},
              std::pair{"seed", "seed"}, std::pair{"spaces", "shape of the spaces"}}) {
            if (!there.contains(key) || there[key] != run[key]) {
                throw Error(ErrorCode::InvalidInput, folder_.string(),
                            std::string("it holds a run with another ") + what,
                            "choose another folder with --product, or remove this one");
            }
        }
    }

    // Continuing beyond the target sets a new one for each projector, kept in a file so that a stopped run goes on to
    // it.
    void setGoals() {
        const auto path = folder_ / "continue.json";
        if (request_.pairs_only) return;
        if (!fs::exists(path) && request_.more_epochs > 0) {
            if (!fs::exists(folder_ / "product.json")) {
                throw Error(ErrorCode::InvalidInput, folder_.string(),
                            "expected a finished product to train further, found none",
                            "finish it with the same command without --more-epochs");
            }
            goals_ = Json::object();
            begins_to_continue_ = true;
            const auto more = [&](const std::string& key, const std::string& subset, std::int64_t planned) {
                const auto record = recordPath(key, subset);
                if (fs::exists(record) && readJsonFile(record).contains("source")) {
                    throw Error(ErrorCode::InvalidInput, record.string(),
                                "the projector was brought in from a checkpoint, so its training cannot go on",
                                "train the recipe anew");
                }
                goals_[key + "/" + subset] = target(key, subset).value_or(planned) + request_.more_epochs;
            };
            for (const auto& r : plan_.reactions) {
                for (const auto& subset : r.subsets) more(r.key, subset, r.epochs);
            }
            for (const auto& t : plan_.tunings) more(t.key, t.modality, t.epochs);
            return;
        }
        if (fs::exists(path)) goals_ = readJsonFile(path);
    }

    // What is taken from the other product, said before anything is done.
    void choose() {
        if (request_.from.empty()) return;
        if (request_.more_epochs > 0 || fs::exists(folder_ / "continue.json")) {
            throw Error(ErrorCode::InvalidInput, folder_.string(), "a product is made from another or trained further",
                        "do the one, then the other");
        }
        source_ = loadProduct(request_.from);
        if (fs::exists(folder_ / "product.json") && fs::equivalent(folder_, source_->folder)) {
            throw Error(ErrorCode::InvalidInput, folder_.string(), "it is the product to take from",
                        "name another folder with --product");
        }
        reuse_ = planReuse(request_.recipe, plan_, workspace_, request_.run.seed, *source_);
        std::istringstream lines(reuseText(reuse_, *source_));
        for (std::string line; std::getline(lines, line);) job_.log(line);
    }

    void begin() {
        if (!fs::exists(folder_ / "run.json")) writeJsonFile(folder_ / "run.json", runRecord());
        if (source_) takeReactions(reuse_, *source_, folder_);
        if (begins_to_continue_) {
            // A later reaction's pairs and rows come from projectors that change now.
            fs::remove_all(folder_ / "pairs");
            fs::remove_all(folder_ / "product-rows");
            writeJsonFile(folder_ / "continue.json", goals_);
        }
        // From here on the product is not what its record says.
        if (!goals_.empty()) fs::remove(folder_ / "product.json");
    }

    // The epochs that a finished training reached; nothing where it is not finished.
    std::optional<std::int64_t> target(const std::string& key, const std::string& subset) const {
        const auto path = recordPath(key, subset);
        if (!fs::exists(path)) return std::nullopt;
        return readJsonFile(path).at("target_epochs").get<std::int64_t>();
    }
    bool reached(const std::string& key, const std::string& subset, std::int64_t planned) const {
        if (reuse_.takes(key)) return true;
        const auto there = target(key, subset);
        return there && *there >= goals_.value(key + "/" + subset, planned);
    }
    // Of a training that has not reached its goal.
    void setEpochs(ProjectorTask& task, const std::string& key, const std::string& subset, std::int64_t planned) const {
        task.epochs = target(key, subset).value_or(planned);
        task.more_epochs = goals_.value(key + "/" + subset, planned) - task.epochs;
    }

    void writeRecord(const ProjectorTask& task, const ProjectorRecord& record, const std::string& key,
                     const std::string& subset, const Json& more) const {
        Json json{{"reaction", key},
                  {"subset", subset},
                  {"steps", record.steps},
                  {"epochs", record.epochs},
                  {"target_epochs", task.epochs + task.more_epochs},
                  {"batch", record.batch},
                  {"final_loss", record.final_loss},
                  {"seconds", record.seconds}};
        json.update(more);
        writeJsonFile(recordPath(key, subset), json);
    }

    const PoolInfo* poolOf(const Modality& modality) const { return workspace_.poolOf(modality); }

    // What the run will put on the disk, before it begins.
    void estimate() {
        std::uint64_t bytes = 0;
        for (const auto& reaction : plan_.reactions) {
            if (finished(reaction)) continue;
            PairRequest shapes = pairRequest(reaction);
            const auto& step = request_.recipe.route[reaction.step];
            const bool displaces = reaction.kind == ReactionKind::Displacement;
            const std::size_t unified = displaces ? reaction.source_width : reaction.target_width;
            const std::size_t expert = displaces ? reaction.target_width : reaction.source_width;
            const bool made = reaction.step > 0 && step.against != "base";
            for (const auto& m : reaction.unified_modalities) {
                const std::size_t rows = poolOf(m)->tables.front().rows;
                shapes.unified[m] = std::make_shared<ShapeOnly>(rows, unified);
                if (made) bytes += static_cast<std::uint64_t>(rows) * unified * sizeof(float);
            }
            for (const auto& m : reaction.expert_modalities) {
                shapes.expert[m] = std::make_shared<ShapeOnly>(poolOf(m)->tables.front().rows, expert);
            }
            bytes += estimatePairBytes(shapes);
            if (!request_.pairs_only) checkTraining(reaction);
            // Weights and the two moments of Adam.
            bytes += projectorPlaces(reaction).size() * sizeof(float) * (3 + static_cast<std::uint64_t>(stages_)) *
                     headParameters(headWidths(step.options, reaction.source_width, reaction.target_width));
        }
        for (const auto& t : plan_.tunings) {
            if (request_.pairs_only || reached(t.key, t.modality, t.epochs)) continue;
            checkTuning(t);
            const auto hidden = static_cast<std::uint64_t>(request_.recipe.route[t.step].options.hidden_width);
            bytes += pairedPoolOf(workspace_, t).tables.front().rows * widthBefore(t.step) * sizeof(float) +
                     6 * t.width * hidden * sizeof(float);
        }
        if (!request_.pairs_only) bytes += basesBytes(workspace_, model_);
        requireDisk(folder_, bytes, "training " + request_.recipe.name);
        const std::string why = whyCpu(request_.run.device, device_);
        job_.log("at most " + humanBytes(bytes) + " of disk in " + folder_.string() + ", memory budget " +
                 humanBytes(memory_) + ", on " + device_ + (why.empty() ? "" : ": " + why));
    }

    // What would end the training after its pairs are made ends it before.
    void checkTraining(const PlannedReaction& r) const {
        const auto& options = request_.recipe.route[r.step].options;
        if (!options.validation_set.empty() && workspace_.set(options.validation_set).kind != SetKind::Retrieval) {
            throw Error(ErrorCode::InvalidInput, "evaluation set " + options.validation_set,
                        "validation needs a retrieval set", "choose another with validation_set");
        }
        if (options.select == "best" && options.validation_set.empty()) {
            throw Error(ErrorCode::InvalidInput, "select",
                        "'best' is chosen by a validation set, of which the reaction " + r.key + " has none",
                        "name one with validation_set, or keep the last weights");
        }
        const bool displaces = r.kind == ReactionKind::Displacement;
        const std::size_t sources = displaces ? r.unified_modalities.size() : r.expert_modalities.size();
        const std::size_t targets = displaces ? r.expert_modalities.size() : r.unified_modalities.size();
        std::size_t most = 0;
        for (const auto& subset : r.subsets) {
            std::size_t rows = 0;
            for (const auto& m : subsetMembers(subset, r.starts)) rows += poolOf(m)->tables.front().rows;
            most = std::max(most, rows);
        }
        const auto needed = trainingBytes(options, r.source_width, r.target_width, sources, targets, most, r.joint);
        requireMemory(needed, memory_,
                      "training " + r.key + " with batches of " +
                          std::to_string(std::min<std::size_t>(static_cast<std::size_t>(options.batch_size), most)) +
                          " rows");
    }

    void checkTuning(const PlannedTuning& t) const {
        const auto& options = request_.recipe.route[t.step].options;
        const std::size_t rows = pairedPoolOf(workspace_, t).tables.front().rows;
        const auto needed = trainingBytes(
            options, t.width, widthBefore(t.step), 1, 1, rows, false,
            [&](const StepOptions& step_options) { return tuningStepBytes(step_options, frozenWidths(t)); });
        requireMemory(needed, memory_,
                      "training " + t.key + " with batches of " +
                          std::to_string(std::min<std::size_t>(static_cast<std::size_t>(options.batch_size), rows)) +
                          " rows");
    }

    // Of the product, before a step.
    std::size_t widthBefore(std::size_t step) const {
        std::size_t width = plan_.spaces.front().width;
        for (const auto& r : plan_.reactions) {
            if (r.step < step && r.kind == ReactionKind::Displacement) width = r.target_width;
        }
        return width;
    }

    // Layers of the projectors that tuned rows pass.
    std::vector<std::vector<std::size_t>> frozenWidths(const PlannedTuning& t) const {
        std::vector<std::vector<std::size_t>> out;
        for (const auto& r : plan_.reactions) {
            if (r.step >= t.step || r.kind != ReactionKind::Displacement) continue;
            const auto widths = headWidths(request_.recipe.route[r.step].options, r.source_width, r.target_width);
            out.insert(out.end(), activeProjectors(request_.recipe, plan_, r.step, r.expert).size(), widths);
        }
        return out;
    }

    fs::path reactionFolder(const PlannedReaction& r) const { return folder_ / "reactions" / r.key; }
    fs::path recordPath(const std::string& key, const std::string& subset) const {
        return folder_ / "reactions" / key / (subset + ".json");
    }

    bool finished(const PlannedReaction& r) const {
        if (request_.pairs_only) return false;
        return std::all_of(r.subsets.begin(), r.subsets.end(),
                           [&](const std::string& subset) { return reached(r.key, subset, r.epochs); });
    }

    PairRequest pairRequest(const PlannedReaction& r) const {
        PairRequest out;
        out.starts = r.starts;
        out.options = request_.recipe.route[r.step].options;
        out.folder = folder_ / "pairs" / r.key;
        // The product so far depends on all earlier steps and the seed; they are fixed for the folder.
        out.fingerprint = hashHex(workspace_.fingerprint() + r.key + recipeToJson(request_.recipe).dump() +
                                  std::to_string(request_.run.seed));
        out.device = device_;
        out.memory_bytes = memory_;
        return out;
    }

    // False if, for pairs only, the reaction needs earlier ones that are not trained.
    bool react(const PlannedReaction& r) {
        if (finished(r)) {
            for (const auto& subset : r.subsets) registerProjector(r, subset);
            return true;
        }
        const auto& step = request_.recipe.route[r.step];
        const bool made = r.step > 0 && step.against != "base";
        if (request_.pairs_only && made && !earlierTrained(r)) {
            job_.log("the pseudo pairs of " + r.key + " need the reactions before it trained: run `molspace train`");
            return false;
        }
        PairRequest pairs = pairRequest(r);
        for (const auto& m : r.unified_modalities) {
            const PoolInfo* pool = poolOf(m);
            const std::size_t width = r.kind == ReactionKind::Displacement ? r.source_width : r.target_width;
            pairs.unified[m] = made
                                   ? productRows(workspace_, model_, r.step, *pool, m, width,
                                                 folder_ / "product-rows" / std::to_string(r.step) / (m + ".f32"), job_)
                                   : workspace_.pool(pool->name, m, request_.recipe.base);
        }
        const std::string& expert = step.experts[r.expert].space;
        for (const auto& m : r.expert_modalities) pairs.expert[m] = workspace_.pool(poolOf(m)->name, m, expert);
        const auto made_pairs = makePseudoPairs(pairs, job_);
        if (request_.pairs_only) return true;
        for (const auto& subset : r.subsets) {
            trainSubset(r, subset, made_pairs);
            registerProjector(r, subset);
        }
        return true;
    }

    // Every tuning of the steps before `step`, each once. For pairs only what is trained already counts.
    void tuneBefore(std::size_t step) {
        for (const auto& t : plan_.tunings) {
            if (t.step >= step || model_.hasReaction(t.key)) continue;
            const ProjectorPlace place{t.key, t.modality};
            if (!reached(t.key, t.modality, t.epochs)) {
                if (request_.pairs_only) return;
                tune(t, place);
            }
            model_.addProjectorFile(place.key, place.subset, projectorPath(folder_, place));
        }
    }

    // The active projectors of the displacements that the tuned rows pass, as they are.
    FrozenRoute frozenRoute(const PlannedTuning& t) const {
        FrozenRoute route;
        for (const auto& r : plan_.reactions) {
            if (r.step >= t.step || r.kind != ReactionKind::Displacement) continue;
            auto& projectors = route.emplace_back();
            for (const auto& subset : activeProjectors(request_.recipe, plan_, r.step, r.expert))
                projectors.push_back(readProjector(projectorPath(folder_, {r.key, subset})));
        }
        return route;
    }

    void tune(const PlannedTuning& t, const ProjectorPlace& place) {
        const PoolInfo& pool = pairedPoolOf(workspace_, t);
        const std::size_t width = widthBefore(t.step);
        const auto partner = productRows(workspace_, model_, t.step, pool, t.towards, width,
                                         folder_ / "product-rows" / t.key / (t.towards + ".f32"), job_);
        const auto& options = request_.recipe.route[t.step].options;
        const auto hidden = static_cast<std::size_t>(options.hidden_width);
        const FrozenRoute route = frozenRoute(t);
        ProjectorTask task;
        task.pairs = pairedRows(workspace_.pool(pool.name, t.modality, request_.recipe.base), partner, t,
                                hashHex(workspace_.fingerprint() + t.key + pool.name +
                                        recipeToJson(request_.recipe).dump() + std::to_string(request_.run.seed)));
        task.members = {t.modality};
        task.kind = ReactionKind::Displacement;  // the unified side is what is trained
        task.sources = {t.modality};
        task.targets = {t.towards};
        task.in = t.width;
        task.out = width;
        task.options = options;
        setEpochs(task, t.key, t.modality, t.epochs);
        task.seed = request_.run.seed;
        task.stream = t.key + "/" + t.modality;
        task.device = device_;
        task.memory_bytes = memory_;
        task.weights = projectorPath(folder_, place);
        task.log = folder_ / "reactions" / t.key / (t.modality + ".csv");
        task.checkpoint = folder_ / "reactions" / t.key / (t.modality + ".checkpoint");
        task.metadata = {{"reaction", t.key},
                         {"kind", reactionName(ReactionKind::Tuning)},
                         {"recipe", request_.recipe.name},
                         {"seed", std::to_string(request_.run.seed)}};
        task.label = t.key + " " + t.modality;
        if (task.more_epochs == 0) task.stages = stagesOf(place, false);
        task.custom.emplace();
        task.custom->identity = "tuning";
        task.custom->start = [&] { return initialAdapter(t.width, hidden, task.seed, task.stream); };
        task.custom->step = [&](const StepOptions& step_options, TrainState state) {
            if (device_ == "cpu") return makeCpuTuningStep(step_options, route, t.modality, state);
            return makeTorchTuningStep(step_options, route, t.modality, std::move(state), device_);
        };
        task.custom->bytes = [&](const StepOptions& step_options) {
            return tuningStepBytes(step_options, frozenWidths(t));
        };
        writeRecord(task, trainProjector(task, job_), t.key, t.modality,
                    {{"stands_in_for", "a tuned encoder: embeddings alone"}});
    }

    bool earlierTrained(const PlannedReaction& r) const {
        return std::all_of(plan_.reactions.begin(), plan_.reactions.end(),
                           [&](const PlannedReaction& other) {
                               return other.step >= r.step || model_.hasReaction(other.key);
                           }) &&
               std::all_of(plan_.tunings.begin(), plan_.tunings.end(),
                           [&](const PlannedTuning& t) { return t.step >= r.step || model_.hasReaction(t.key); });
    }

    void trainSubset(const PlannedReaction& r, const std::string& subset,
                     const std::shared_ptr<const PseudoPairs>& pairs) {
        if (reached(r.key, subset, r.epochs)) return;
        const auto& options = request_.recipe.route[r.step].options;
        ProjectorTask task;
        task.pairs = pairs;
        task.members = subsetMembers(subset, r.starts);
        task.kind = r.kind;
        const bool displaces = r.kind == ReactionKind::Displacement;
        task.sources = displaces ? r.unified_modalities : r.expert_modalities;
        // Eq. 7: targets are the expert's embeddings; Eq. 8: the unified space's.
        task.targets = displaces ? r.expert_modalities : r.unified_modalities;
        task.in = r.source_width;
        task.out = r.target_width;
        task.options = options;
        setEpochs(task, r.key, subset, r.epochs);
        task.seed = request_.run.seed;
        task.stream = reactionStream(request_.recipe, r) + "/" + subset;
        task.device = device_;
        task.memory_bytes = memory_;
        task.weights = projectorPath(folder_, {r.key, subset});
        if (r.joint) task.base_weights = projectorPath(folder_, {baseHeadKey(r.key), subset});
        task.log = reactionFolder(r) / (subset + ".csv");
        task.checkpoint = reactionFolder(r) / (subset + ".checkpoint");
        task.metadata = {{"reaction", r.key},
                         {"kind", reactionName(r.kind)},
                         {"subset", subset},
                         {"recipe", request_.recipe.name},
                         {"seed", std::to_string(request_.run.seed)}};
        task.label = r.key + " " + subset;
        if (task.more_epochs == 0) task.stages = stagesOf({r.key, subset}, r.joint);
        if (!options.validation_set.empty()) {
            task.validate = projectorValidation(workspace_, model_, r, options.validation_set, job_);
        }
        const ProjectorRecord record = trainProjector(task, job_);
        writeRecord(task, record, r.key, subset,
                    task.validate ? Json{{"best_validation_r1", record.best_validation}} : Json::object());
    }

    void registerProjector(const PlannedReaction& r, const std::string& subset) {
        for (const auto& place : projectorPlaces(r)) {
            if (place.subset == subset) model_.addProjectorFile(place.key, subset, projectorPath(folder_, place));
        }
    }

    void writeProduct() {
        ProductRecord record;
        record.name = request_.recipe.name;
        record.workspace = fs::absolute(request_.workspace).lexically_normal().string();
        record.fingerprint = workspace_.fingerprint();
        record.synthetic = workspace_.synthetic();
        record.seed = request_.run.seed;
        record.device = device_;
        record.version = programVersion();
        record.commit = programCommit();
        record.created = utcNow();
        record.training = Json::object();
        for (const auto& r : plan_.reactions) {
            for (const auto& subset : r.subsets)
                record.training[r.key][subset] = readJsonFile(recordPath(r.key, subset));
        }
        for (const auto& t : plan_.tunings)
            record.training[t.key][t.modality] = readJsonFile(recordPath(t.key, t.modality));
        record.options = runOptionTable().toJson(request_.run);
        record.options["stages"] = stages_;
        record.pools = poolContents(workspace_, plan_);
        // A product on which nothing was done keeps its day.
        if (fs::exists(folder_ / "product.json")) {
            try {
                const ProductRecord there = loadProduct(folder_).record;
                if (there.training == record.training) record.created = there.created;
            } catch (const Error&) {  // damaged: it is written anew
            }
        }
        if (source_) takeStages();
        writeStages(folder_, model_, record, stages_);
        writeProductFile(folder_, model_, record);
    }

    // Of what was taken from another product, where it kept as many.
    void takeStages() const {
        if (engine::stagesOf(source_->folder) != stages_) return;
        for (const auto& t : reuse_.taken) {
            for (std::int64_t part = 0; part < stages_; ++part) {
                const auto from = stageFolder(source_->folder, part) / "reactions" / t.from,
                           to = stageFolder(folder_, part) / "reactions" / t.key;
                for (const auto& subset : t.subsets) linkProjector(from, to, subset);
            }
        }
    }

    const TrainRequest& request_;
    const JobContext& job_;
    Workspace workspace_;
    RoutePlan plan_;
    ProductModel model_;
    fs::path folder_;
    std::string device_;
    std::uint64_t memory_;
    Json goals_ = Json::object();
    bool begins_to_continue_ = false;
    std::int64_t stages_ = 0;
    std::optional<LoadedProduct> source_;  // where `reuse_` takes from
    Reuse reuse_;
};

}  // namespace

void trainRoute(const TrainRequest& request, const JobContext& job) {
    RouteTrainer(request, job).run();
}

}  // namespace engine
