// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One column of a comparison: a product at a setting, or a single space on the evaluation sets of a product. Value.
#pragma once

#include <QString>
#include <QStringList>

#include <memory>
#include <string>

#include "engine/session/live_product.h"
#include "ui/style/numbers.h"

namespace ui {

struct Compared {
    std::shared_ptr<engine::LiveProduct> product;
    engine::Setting setting;
    QString name;
    std::string space;  // not empty: that space as it is; `product` then says on which sets

    bool isSpace() const { return !space.empty(); }
    bool operator==(const Compared&) const = default;
};

// Two columns of which nothing can differ.
bool sameSubject(const Compared& a, const Compared& b);
// "0.8", "0.35": up to four digits.
QString shareText(double value);
// Its factors as "σ_a 0.8", then switches that differ from the recipe: "without CLAP_m", "CLAP_g weighs 2".
QStringList settingParts(const Compared& item);

}  // namespace ui
