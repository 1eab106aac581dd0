// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the verbs share: options of the whole program, and how a verb's job is run and its result printed. Each verb is
// one file in commands/ with one function that adds it.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "engine/session/session.h"

namespace app {

struct Globals {
    bool json = false;
    bool quiet = false;
    // Set by the verb that was named; main() runs it.
    std::function<engine::Outcome(const engine::JobContext&)> job;
};

// `job` runs after parsing, when `verb` was the one named.
void onRun(CLI::App& verb, Globals& globals, std::function<engine::Outcome(const engine::JobContext&)> job);

void addApply(CLI::App& app, Globals& globals);
void addDemo(CLI::App& app, Globals& globals);
void addDevices(CLI::App& app, Globals& globals);
void addEvaluate(CLI::App& app, Globals& globals);
void addExport(CLI::App& app, Globals& globals);
void addImport(CLI::App& app, Globals& globals);
void addInspect(CLI::App& app, Globals& globals);
void addPairs(CLI::App& app, Globals& globals);
void addRouter(CLI::App& app, Globals& globals);
void addTuneEncoder(CLI::App& app, Globals& globals);
void addReport(CLI::App& app, Globals& globals);
void addSweep(CLI::App& app, Globals& globals);
void addSynth(CLI::App& app, Globals& globals);
void addTrain(CLI::App& app, Globals& globals);
void addTune(CLI::App& app, Globals& globals);
void addVerify(CLI::App& app, Globals& globals);
void addWhy(CLI::App& app, Globals& globals);

}  // namespace app
