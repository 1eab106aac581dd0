// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The `molspace` command lines that repeat what is on screen, quoted for a POSIX shell. Of a setting only what differs
// from the recipe is named, so that lines stay short and mean the same. Values only; any thread.
#pragma once

#include <QString>
#include <QStringList>

#include <string>
#include <vector>

#include "engine/factors/sweep.h"
#include "engine/session/embeddings.h"
#include "engine/session/live_product.h"
#include "engine/session/session.h"

namespace ui {

// A word as the shell takes it back: bare where it is plain, else in single quotes.
QString shellQuoted(const QString& word);
// Words joined by spaces, each quoted.
QString shellLine(const QStringList& words);

// "sigma_a=0.8", "CLAP_g=off": what of `setting` differs from the recipe's factors and switches.
QStringList settingWords(const engine::LiveProduct& product, const engine::Setting& setting);

struct BaselineChoice;
// What the changes of a sweep or of a search are counted against, as the engine and the command lines name it.
engine::Subject baselineOf(const engine::LiveProduct& product, const BaselineChoice& choice);

QString evaluateCommand(const engine::LiveProduct& product, const engine::Setting& setting,
                        const QStringList& sets = {}, bool json = false);
QString evaluateSpaceCommand(const engine::LiveProduct& product, const std::string& space, bool json = false);
QString sweepCommand(const engine::LiveProduct& product, const engine::Setting& setting,
                     const std::vector<engine::FactorAxis>& axes, const engine::Subject& baseline = {},
                     const QString& output = {});
QString tuneCommand(const engine::LiveProduct& product, const engine::Setting& from,
                    const engine::TuneRequestText& request);
// Queries gained and lost from one setting to another on all retrieval sets; empty where nothing differs.
QString whyCommand(const engine::LiveProduct& product, const engine::Setting& from, const engine::Setting& to);
// Where along a live factor queries' hits change, all else as in the setting.
QString alongCommand(const engine::LiveProduct& product, const engine::Setting& setting, const std::string& factor);
// Learned routing beside the setting; empty where the setting is none that a router stands beside: it has live factors
// and the recipe's projectors alone.
QString routerCommand(const engine::LiveProduct& product, const engine::Setting& setting);
// The search, and what single queries could have beyond it.
QString headroomCommand(const engine::LiveProduct& product, const engine::Setting& from,
                        const engine::TuneRequestText& request);
QString exportCommand(const engine::LiveProduct& product, const engine::Setting& setting, const QString& package,
                      bool freebind, bool metrics);
// Embeddings of a pool, a side of a set or new files in the product's space.
QString applyCommand(const engine::LiveProduct& product, const engine::EmbeddingsRequest& request);
// Options that differ from their defaults become flags.
QString trainCommand(const engine::ReactRequest& request);

// The line over several, each but the last ending in a backslash: a shell takes it as it is. A flag stays with its
// value.
QString wrappedLine(const QString& line, int columns);

// Audio's and text's live factors, as in the paper's figures, else the first two; over 0 to 1.
std::vector<engine::FactorAxis> defaultAxes(const engine::LiveProduct& product, std::size_t steps);

// "sigma_a=0:1:0.05", as parseAxis() reads it.
QString axisText(const engine::FactorAxis& axis);

}  // namespace ui
