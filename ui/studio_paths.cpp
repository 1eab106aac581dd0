// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/studio_paths.h"

#include <QFileInfo>
#include <QStandardPaths>

#include "engine/base/error.h"
#include "engine/base/json.h"

namespace ui {

bool isData(const QString& path) {
    const QString ending = QFileInfo(path).suffix().toLower();
    for (const char* known : {"npy", "npz", "safetensors", "h5", "hdf5", "hdf", "csv", "tsv", "jsonl", "txt"}) {
        if (ending == QLatin1String(known)) return true;
    }
    return false;
}

bool isProduct(const QString& path) {
    return QFileInfo::exists(path + QStringLiteral("/product.json"));
}

bool isWorkspace(const QString& path) {
    return QFileInfo::exists(path + QStringLiteral("/workspace.h5"));
}

QString recipeOfProduct(const QString& folder) {
    try {
        const auto json = engine::readJsonFile((folder + QStringLiteral("/product.json")).toStdString());
        const auto recipe = json.is_object() ? json.value("recipe", engine::Json()) : engine::Json();
        if (recipe.is_object() && recipe.contains("name") && recipe["name"].is_string())
            return QString::fromStdString(recipe["name"].get<std::string>());
    } catch (const engine::Error&) {  // opening it says why
    }
    return {};
}

QString dataFolder(const QString& name) {
    return QStandardPaths::writableLocation(QStandardPaths::AppDataLocation) + QLatin1Char('/') + name;
}

}  // namespace ui
