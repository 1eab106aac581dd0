// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reactions/run_folder.h"

#include <QObject>

#include <algorithm>
#include <filesystem>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace ui {

namespace fs = std::filesystem;

namespace {

// Throws what is thrown on the way.
void look(RunFolder& out, const engine::JobContext& job) {
    const fs::path folder = out.folder;
    if (!fs::is_directory(folder)) {
        out.state = RunFolder::State::Other;
        out.problem = QObject::tr("it is a file").toStdString();
        return;
    }
    if (!fs::exists(folder / "run.json")) {
        const bool product = fs::exists(folder / "product.json");
        // A writer's lock alone is nothing.
        const bool empty = std::all_of(fs::directory_iterator(folder), fs::directory_iterator(),
                                       [](const auto& e) { return e.path().filename().string().starts_with("."); });
        if (product || !empty) {
            out.state = RunFolder::State::Other;
            out.problem = (product ? QObject::tr("it holds a product without the record of its training")
                                   : QObject::tr("it holds other files"))
                              .toStdString();
        }
        return;
    }
    const auto run = engine::readJsonFile(folder / "run.json");
    out.recipe = run.value("recipe", engine::Json());
    out.run_options = run.value("options", engine::Json::object());
    if (!out.run_options.is_object()) out.run_options = engine::Json::object();
    if (run.contains("seed")) out.run_options["seed"] = run["seed"];
    out.state = fs::exists(folder / "product.json") ? RunFolder::State::Finished : RunFolder::State::Unfinished;
    out.continuing = fs::exists(folder / "continue.json");
    const fs::path reactions = folder / "reactions";
    if (!fs::is_directory(reactions)) return;
    for (const auto& r : fs::directory_iterator(reactions)) {
        if (!r.is_directory()) continue;
        for (const auto& file : fs::directory_iterator(r.path())) {
            job.checkStop();
            if (file.path().extension() != ".json") continue;
            ++out.trained;
            out.epochs =
                std::max(out.epochs, engine::readJsonFile(file.path()).value("target_epochs", std::int64_t{0}));
        }
    }
}

}  // namespace

RunFolder readRunFolder(const std::string& folder, const engine::JobContext& job) {
    RunFolder out;
    out.folder = folder;
    std::error_code none;
    if (folder.empty() || !fs::exists(folder, none)) return out;
    try {
        look(out, job);
    } catch (const engine::Cancelled&) {
        throw;
    } catch (const engine::Error& error) {
        out.state = RunFolder::State::Other;
        out.problem = error.message();
    } catch (const fs::filesystem_error& error) {
        out.state = RunFolder::State::Other;
        out.problem =
            QObject::tr("it cannot be read: %1").arg(QString::fromStdString(error.code().message())).toStdString();
    } catch (const engine::Json::exception&) {
        out.state = RunFolder::State::Other;
        out.problem = QObject::tr("its record of training is of another kind").toStdString();
    }
    return out;
}

std::string freeFolder(const std::string& folder) {
    std::string name = folder;
    for (int i = 2; fs::exists(name); ++i) name = folder + "-" + std::to_string(i);
    return name;
}

std::vector<std::string> finishedProducts(const std::string& workspace) {
    std::vector<std::string> out;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(fs::path(workspace) / "products", none)) {
        if (fs::exists(entry.path() / "product.json", none)) out.push_back(entry.path().string());
    }
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace ui
