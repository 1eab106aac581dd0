// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The paper's report for one workspace: Tables 3 to 9 with every measured figure beside the published one, the surfaces
// of Figures 3 to 6, and the claims of the text with their verdicts. makeReport() trains what is missing, measures and
// judges; writeReport() writes it.
//
// Folder of the work, resumable and shared by later reports:
//     products/<recipe>-<hash>/seed-<n>/   products, as `molspace train` writes them
//     reactions/<hash>/                    each distinct trained reaction once, as hard links into the products
//     measured/<hash>.json, .safetensors   figures and hits of rows, surfaces
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/recipe/reaction_options.h"
#include "engine/report/claims.h"
#include "engine/report/published.h"

namespace engine {

// A figure measured here, percent.
struct MeasuredFigure {
    std::vector<double> by_seed;  // one value where nothing was trained
    double mean = 0;
    std::optional<double> spread;  // standard deviation between seeds, of two and more
};

// What is missing of a plan, or of a report that was stopped, and of nothing else.
inline constexpr const char* kNotMeasuredYet = "not measured yet";

struct ReportCell {
    const PublishedFigure* published = nullptr;  // null: the paper has no such row
    std::optional<MeasuredFigure> measured;
    std::string missing;  // why it is not measured, where the paper has a figure
};

struct ReportRow {
    std::string group, row, id, note;
    std::string subject;  // what it was measured on: "ImageBind++ at Versatile"
    std::string missing;  // of the whole row
    std::vector<ReportCell> cells;
};

struct ReportTable {
    const PublishedTable* published = nullptr;
    std::vector<ReportRow> rows;
};

struct ReportSurface {
    const SurfaceSpec* spec = nullptr;
    std::string missing;
    std::vector<double> values;  // of both axes
    struct Group {
        DeltaGroup group;
        std::vector<double> change, spread, error;  // mean over seeds; between them; over items (NaN: not known)
        double baseline = 0;
        std::optional<double> plane;  // as change
    };
    std::vector<Group> groups;
};

// Of an evaluation set: how it was measured, and of how many items where the paper says how many.
struct ReportSet {
    std::string set, here;  // by the paper's name and the workspace's
    std::string protocol;   // of one subject
    std::size_t items = 0, queries = 0, published_items = 0;
};

// Of a plan: what is not trained yet of a product at a seed. What earlier ones of the list train too is left out.
struct ReportTraining {
    std::string product;  // name of its recipe
    std::uint64_t seed = 0;
    std::vector<std::string> projectors;  // as progress names them: "1-InternVL TV"
};

struct Report {
    std::string workspace, fingerprint;
    bool synthetic = false;
    Json origin;  // of the workspace
    std::vector<std::uint64_t> seeds;
    std::size_t seeds_done = 0;
    ReportOptions options;
    Json reaction_options;
    std::string version, commit, created, machine, device;
    double training_seconds = 0, total_seconds = 0;  // of all trainings and tunings whenever they ran; of this call
    std::size_t reactions = 0;                       // distinct, of one seed
    std::vector<ReportTable> tables;
    std::vector<ReportSurface> surfaces;
    std::vector<ClaimResult> claims;
    std::vector<ReportSet> sets;
    std::vector<std::string> products;  // that its rows need, with their reactions: "ImageBind++ (CLAP_g, CLAP_m)"
    std::vector<std::string> warnings;
    std::vector<ReportTraining> to_train;   // of a plan
    std::map<std::string, Recipe> recipes;  // of a plan: those of `products`, by name, with the options of this report

    std::size_t filled() const;  // cells of the tables
    std::size_t published() const;
    std::size_t count(Verdict verdict) const;  // of claims
};

struct ReportRequest {
    std::filesystem::path workspace, work;
    ReportOptions options;
    Json reaction_options = Json::object();
    RunOptions run;          // its seed is not used
    bool plan_only = false;  // train and measure nothing: what is there already, and what is missing
    // Told before each product at each seed: how many are done, how many there are, which one: "ImageBind++, seed 0".
    std::function<void(std::size_t done, std::size_t all, const std::string& what)> step;
};

// `sink` gets the report as it stands after each seed. Throws Cancelled on a stop: what is finished is kept.
Report makeReport(const ReportRequest& request, const JobContext& job,
                  const std::function<void(const Report&)>& sink = {});

Json toJson(const Report& report);
std::string toMarkdown(const Report& report);
std::string toLatex(const Report& report);
std::string tablesToCsv(const Report& report);
std::string surfacesToCsv(const Report& report);
std::string claimsToCsv(const Report& report);
std::string toHtml(const Report& report);  // one file: style and pictures inside, nothing is fetched

// report.html, .md, .tex, .json, tables.csv, surfaces.csv, claims.csv; the folder is written whole, then renamed.
// A folder that holds anything else than an earlier report is refused, which checkReportFolder() tells before the work.
void checkReportFolder(const std::filesystem::path& folder);
void writeReport(const std::filesystem::path& folder, const Report& report);

}  // namespace engine
