// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The façade: what the command line and the studio call. One blocking function for each verb; each takes its request
// and a JobContext and returns what it found as JSON (for machines) and as text (for people), the same facts in both.
// Errors are Error, a user's stop is Cancelled. Functions may be called from any thread; two writers of one folder
// refuse each other. Only pairs(), train(), tuneEncoder(), devices(), demo(), and a report() or learnRouting() that has
// something to train, load LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/base/json.h"
#include "engine/base/option_table.h"
#include "engine/base/version.h"
#include "engine/recipe/recipe.h"

namespace engine {

struct Outcome {
    Json json;
    std::string text;
};

// --- Workspaces ---

// Fields of a generated world that flags set; the store's WorldOptions, by its table's names.
struct SynthRequest {
    std::filesystem::path folder;
    Json options = Json::object();  // see synthOptions()
};
const std::vector<OptionEntry>& synthOptions();
Outcome synth(const SynthRequest& request, const JobContext& job);

// Either a manifest or the flags of small cases (engine/store/import_flags.h).
struct ImportRequest {
    std::filesystem::path workspace;
    std::filesystem::path manifest;  // empty: from the lists below
    std::filesystem::path root;      // where the manifest's files lie; empty: its own "root" or folder
    std::vector<std::string> pools, sets, ids, labels, positives, prompts, from_items, clip_folders;
};
Outcome importEmbeddings(const ImportRequest& request, const JobContext& job);

struct InspectRequest {
    std::filesystem::path workspace;
};
Outcome inspect(const InspectRequest& request, const JobContext& job);

// --- Reactions ---

// A recipe by the path of its file, or by the name of one that ships ("ImageBind++").
Recipe findRecipe(const std::string& recipe);
// Names of the recipes that ship.
std::vector<std::string> shippedRecipes();

struct ReactRequest {
    std::filesystem::path workspace;
    std::string recipe;
    std::filesystem::path product;           // folder to write; empty: <workspace>/products/<name of the recipe>
    Json reaction_options = Json::object();  // over those of every step; see reactionOptionTable()
    Json run_options = Json::object();       // see runOptionTable()
    std::int64_t more_epochs = 0;            // train(): beyond the target
    // train(): an expert later. Reactions that training would make again to the bit are taken from a finished product
    // (engine/recipe/reuse.h). Without a recipe it is that product's, and the seed is its seed unless one is named;
    // `with` (spaces) and `without` (expert keys) change the recipe.
    std::filesystem::path from;
    std::vector<std::string> with, without;
    bool plan = false;  // train and write nothing: say what there is to do
};
Outcome pairs(const ReactRequest& request, const JobContext& job);
// What pseudo pairs the pools can give, before any is made (engine/session/pools.h); `step` counts from 1, 0: the whole
// recipe. Loads no LibTorch, writes nothing.
Outcome poolQuality(const ReactRequest& request, const Json& options, std::int64_t step, const JobContext& job);
const std::vector<OptionEntry>& poolQualityOptions();
Outcome train(const ReactRequest& request, const JobContext& job);
Outcome devices(const JobContext& job);

// --- Measuring ---

// What is measured: a product at a setting, or a space as it is.
struct Subject {
    std::filesystem::path product;      // folder; or
    std::string space;                  // name in the workspace
    std::string setting;                // name of one of the recipe's settings; empty: the recipe's factors
    std::vector<std::string> set;       // "sigma_a=0.8", "CLAP_g=off", "CLAP_g=2", "CLAP_g:TV=off": over it
    std::optional<std::int64_t> stage;  // of the product: as it was then (engine/recipe/stages.h)
};

struct EvaluateRequest {
    std::filesystem::path workspace;  // empty: the one that the product was trained on
    Subject subject;
    std::vector<std::string> sets;  // empty: all that can be measured
    Json options = Json::object();  // see evaluateOptions()
    bool reference = false;         // brute force in float64
};
const std::vector<OptionEntry>& evaluateOptions();
Outcome evaluate(const EvaluateRequest& request, const JobContext& job);

struct SweepRequestText {
    std::filesystem::path workspace;
    Subject subject;                   // a product
    std::vector<std::string> axes;     // "sigma_a=0:1:0.1"; empty: σ (or λ) of audio and text, or the first two
    Subject baseline;                  // a setting alone: of the subject; nothing: the base space of the recipe
    std::vector<std::string> sets;     // empty: those of the Δ groups
    std::filesystem::path output;      // .csv, .json, .h5; empty: not written
    bool keep_part = false;            // a stop writes the points that there are
    Json options = Json::object();     // see evaluateOptions()
    Json landscapes = Json::object();  // see landscapeOptions()
    bool reference = false;            // brute force in float64 at every point
};
const std::vector<OptionEntry>& landscapeOptions();
Outcome sweepFactors(const SweepRequestText& request, const JobContext& job);

// The best setting under constraints (engine/factors/tune.h).
struct TuneRequestText {
    std::filesystem::path workspace;
    Subject subject;                    // a product; the search begins at its setting
    std::vector<std::string> factors;   // empty: all that are live
    std::vector<std::string> maximize;  // Δ groups: "AT", or "AT=2" with a weight
    std::vector<std::string> at_least;  // "TV=-0.5": Δ in percentage points
    Subject baseline;                   // a setting alone: of the subject; nothing: the base space of the recipe
    std::vector<std::string> sets;      // empty: those of the Δ groups
    double step = 0.01;
    std::filesystem::path output;      // .json; empty: not written
    Json options = Json::object();     // see evaluateOptions()
    Json landscapes = Json::object();  // see landscapeOptions()
    Json confidence = Json::object();  // see confidenceOptions()
    bool reference = false;            // brute force in float64 at every point; says nothing of how sure it is
    bool headroom = false;             // also what single queries could have (engine/factors/headroom.h)
    Json routers = Json::object();     // see headroomOptions()
};
const std::vector<OptionEntry>& confidenceOptions();
const std::vector<OptionEntry>& headroomOptions();
Outcome tuneFactors(const TuneRequestText& request, const JobContext& job);

// Which queries a change between two settings gained and lost, and which factor or expert moved them
// (engine/factors/why.h); and where along one factor's line hits change (engine/factors/flips.h).
struct WhyRequestText {
    std::filesystem::path workspace, product;
    std::string from, to;                       // named settings; empty: the recipe's factors
    std::vector<std::string> from_set, to_set;  // "sigma_a=0.8", "CLAP_g=off": over them
    bool compare = true;                        // false: only `along`
    std::string along;                          // "sigma_a" or "sigma_a=0.2:0.8", all else as in `from`; empty: not
    std::vector<std::string> sets;              // empty: all retrieval sets that the product can be measured on
    std::filesystem::path output;               // .json; empty: not written
    Json options = Json::object();              // see whyOptions()
    Json landscapes = Json::object();           // see landscapeOptions()
};
const std::vector<OptionEntry>& whyOptions();
Outcome why(const WhyRequestText& request, const JobContext& job);

// Learned routing beside factors by hand: learns the router where it is not there yet, then measures both, and says
// which weights it gave on each set (engine/recipe/space_router.h).
struct RoutingRequest {
    std::filesystem::path workspace, product;
    std::string name = "learned";
    bool again = false;   // learn it anew
    std::string setting;  // by hand: a named setting, and what is set over it; live factors only
    std::vector<std::string> set;
    std::vector<std::string> sets;      // empty: all that can be measured
    Json options = Json::object();      // see routerOptions()
    Json run_options = Json::object();  // see runOptionTable()
    Json protocol = Json::object();     // see evaluateOptions()
};
const std::vector<OptionEntry>& routerOptions();
Outcome learnRouting(const RoutingRequest& request, const JobContext& job);

// Tuning (†) with a user's own encoder (engine/reaction/encoder_tuner.h). A TorchScript file is a program: it is run.
struct TuneEncoderRequest {
    std::filesystem::path product, workspace;
    std::filesystem::path encoder, inputs;  // TorchScript; HDF5
    std::string modality = "audio", towards = "image", pool;
    std::string space;                  // empty: "<base>_tuned"
    Json options = Json::object();      // see encoderOptions()
    Json run_options = Json::object();  // see runOptionTable()
};
const std::vector<OptionEntry>& encoderOptions();
Outcome tuneEncoder(const TuneEncoderRequest& request, const JobContext& job);

// --- Packages ---

struct ExportRequest {
    std::filesystem::path product, package;
    std::filesystem::path workspace;  // for probes and metrics; empty: the one that it was trained on
    std::string setting;              // the factors that the package has in force
    std::vector<std::string> set;
    bool freebind = false;  // also FreeBind's own folders
    bool metrics = true;    // measure, and put the figures into the package
};
Outcome exportPackage(const ExportRequest& request, const JobContext& job);
Outcome verify(const std::filesystem::path& package, const JobContext& job);

struct ApplyRequest {
    std::filesystem::path package;  // a package or a product
    std::string modality;           // of `inputs`, and of a pool with several; empty: the only one
    // New files, "ImageBind=embeddings.npy"; or the items of a pool; or of a side of an evaluation set.
    std::vector<std::string> inputs;
    std::string pool, evaluation_set;
    bool first_side = true;
    std::filesystem::path workspace;  // of the pool or set; empty: the one that the product was trained on
    std::string setting;
    std::vector<std::string> set;
    std::filesystem::path output;  // .npy, .safetensors or .h5
    bool ids_file = false;         // of a pool or set: also "<output>.ids.txt", an id a line
};
Outcome apply(const ApplyRequest& request, const JobContext& job);

// --- The paper's report ---

// Tables 3 to 9, Figures 3 to 6 and the claims of the paper for a workspace (engine/report/report.h). Trains what is
// missing, then measures; what is finished is not done again. The report is written anew after each seed.
struct ReportVerb {
    std::filesystem::path workspace;
    std::filesystem::path output;            // folder of the report; empty: <workspace>/report
    std::filesystem::path work;              // products and figures; empty: <workspace>/report-work
    Json options = Json::object();           // see reportOptions()
    Json reaction_options = Json::object();  // over those of every step; see reactionOptionTable()
    Json run_options = Json::object();       // see reportRunOptions()
    bool plan = false;                       // train and measure nothing: say what there is to do
    // Told before each product at each seed, in the job's thread (engine/report/report.h).
    std::function<void(std::size_t done, std::size_t all, const std::string& what)> step;
};
const std::vector<OptionEntry>& reportOptions();
const std::vector<OptionEntry>& reportRunOptions();  // those of a run but for its seed
Outcome report(const ReportVerb& request, const JobContext& job);

// Reaction options with which the generated world of a preset ("tiny", "small") is learnt in seconds: narrow
// projectors, small batches, few epochs. The paper's sizes are the defaults everywhere else.
Json demoTraining(const std::string& preset);

// The whole chain on the generated world `small`: make, pair, train, evaluate, sweep, export, verify. In `folder` (made
// if it is not there); what is finished is not done again.
struct DemoRequest {
    std::filesystem::path folder;
    std::string preset = "small";
    Json run_options = Json::object();
};
Outcome demo(const DemoRequest& request, const JobContext& job);

}  // namespace engine
