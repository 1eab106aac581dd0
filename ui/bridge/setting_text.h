// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A setting in words.
#pragma once

#include <QStringList>

#include "engine/session/live_product.h"

namespace ui {

// For each expert with another choice of projectors than the recipe's: "CLAP_g without T, TV", "CLAP_m only TVA",
// "CLAP_g with all projectors".
QStringList projectorParts(const engine::LiveProduct& product, const engine::Setting& setting);
// The setting as JSON on one line; of projectors only those that are not as in the recipe.
QString settingLine(const engine::LiveProduct& product, const engine::Setting& setting);

}  // namespace ui
