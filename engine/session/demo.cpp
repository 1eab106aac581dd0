// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cstdio>

#include "engine/base/error.h"
#include "engine/recipe/product.h"
#include "engine/session/session.h"
#include "engine/store/workspace.h"

namespace engine {
namespace {

namespace fs = std::filesystem;
constexpr const char* kRecipe = "ImageBind++";
constexpr const char* kMetric = "R@1";

struct Row {
    std::string name;
    Json table;  // of evaluate()
    bool compared = false;
};

const Json* figureOf(const Json& table, const std::string& set) {
    for (const auto& s : table.at("sets")) {
        if (s.at("set") == set && s.at("metrics").contains(kMetric)) return &s.at("metrics").at(kMetric);
    }
    return nullptr;
}

std::string padded(const std::string& text, std::size_t width) {
    // Letters, not bytes: a continuation byte takes no place.
    const auto letters =
        static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
    return letters < width ? std::string(width - letters, ' ') + text : text;
}

std::string number(double value, const char* format) {
    std::array<char, 32> out{};
    std::snprintf(out.data(), out.size(), format, value);
    return out.data();
}

std::string tableText(const std::vector<Row>& rows, const std::vector<std::string>& sets) {
    constexpr std::size_t kFirst = 30, kColumn = 16;
    std::string text = std::string(kFirst, ' ');
    for (const auto& set : sets) text += padded(set, kColumn);
    text += "\n";
    for (const auto& row : rows) {
        text += row.name + std::string(row.name.size() < kFirst ? kFirst - row.name.size() : 1, ' ');
        for (const auto& set : sets) {
            const Json* figure = figureOf(row.table, set);
            const Json* base = figureOf(rows.front().table, set);
            std::string cell = figure ? number(figure->get<double>(), "%.1f") : "-";
            if (figure && base && row.compared)
                cell += " (" + number(figure->get<double>() - base->get<double>(), "%+.1f") + ")";
            text += padded(cell, kColumn);
        }
        text += "\n";
    }
    return text;
}

}  // namespace

Json demoTraining(const std::string& preset) {
    if (preset == "tiny") return {{"hidden_width", 32}, {"batch_size", 64}, {"epochs", 2}};
    return {{"hidden_width", 256}, {"batch_size", 512}, {"epochs", 8}};
}

Outcome demo(const DemoRequest& request, const JobContext& job) {
    const fs::path workspace = request.folder / "workspace", product = request.folder / "product",
                   package = request.folder / "package";
    std::string text;
    const auto say = [&](const std::string& line) { job.log(line); };

    say(std::string("1/6 ") + (fs::exists(workspace / "workspace.h5") ? "looking at the" : "making a") +
        " synthetic world (preset " + request.preset + ")");
    synth({workspace, {{"preset", request.preset}}}, job);
    say("2/6 pseudo pairs and 3/6 training of " + std::string(kRecipe) + ": two reactions, seven projectors each");
    ReactRequest react;
    react.workspace = workspace;
    react.recipe = kRecipe;
    react.product = product;
    react.reaction_options = demoTraining(request.preset);
    react.run_options = request.run_options;
    train(react, job);

    say("4/6 evaluation");
    const LoadedProduct loaded = loadProduct(product);
    std::vector<Row> rows;
    EvaluateRequest measured;
    measured.workspace = workspace;
    for (const auto& space : loaded.model->plan().spaces) {
        measured.subject = {};
        measured.subject.space = space.name;
        rows.push_back({space.name + (rows.empty() ? " (base)" : " (expert)"), evaluate(measured, job).json, false});
    }
    for (const char* setting : {"Versatile", "AT Expertise"}) {
        measured.subject = {};
        measured.subject.product = product;
        measured.subject.setting = setting;
        rows.push_back({std::string(kRecipe) + " " + setting, evaluate(measured, job).json, true});
    }
    std::vector<std::string> sets;
    const Workspace opened(workspace);
    for (const auto& set : opened.sets()) {
        if (set.kind == SetKind::Retrieval && figureOf(rows.front().table, set.name)) sets.push_back(set.name);
    }

    say("5/6 sweep of sigma_a and sigma_t");
    SweepRequestText swept;
    swept.workspace = workspace;
    swept.subject.product = product;
    swept.axes = {"sigma_a=0:1:0.25", "sigma_t=0:1:0.25"};
    swept.output = request.folder / "sweep.csv";
    const Outcome surface = sweepFactors(swept, job);

    say("6/6 export and proof of the package");
    ExportRequest exported;
    exported.product = product;
    exported.package = package;
    exported.workspace = workspace;
    exported.setting = "Versatile";
    exportPackage(exported, job);
    const Outcome proof = verify(package, job);

    text +=
        std::string(kRecipe) + " on a synthetic world (preset " + request.preset +
        "): R@1 in percent, mean of both directions, every caption a query.\nIn brackets: change against the base.\n\n";
    text += tableText(rows, sets) + "\n";
    text += "Best points of the sweep (synthetic world):\n" + surface.text + "\n";
    text += "workspace  " + workspace.string() + "\nproduct    " + product.string() + "\nsweep      " +
            swept.output.string() + "\npackage    " + package.string() + " (verified)\n";
    Json json{{"synthetic", true},           {"preset", request.preset},       {"workspace", workspace.string()},
              {"product", product.string()}, {"sweep", swept.output.string()}, {"package", package.string()},
              {"verify", proof.json},        {"rows", Json::array()}};
    for (const auto& row : rows) json["rows"].push_back({{"name", row.name}, {"evaluation", row.table}});
    return {json, text};
}

}  // namespace engine
