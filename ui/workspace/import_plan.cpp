// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/workspace/import_plan.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QLocale>

#include <algorithm>

namespace ui {
namespace {

using engine::Json;

struct RoleWords {
    ArrayRole role;
    const char *text, *help;
};

const RoleWords kRoles[] = {
    {ArrayRole::Unset, QT_TRANSLATE_NOOP("ImportPlan", "choose…"),
     QT_TRANSLATE_NOOP("ImportPlan", "Nothing was chosen yet")},
    {ArrayRole::Ignored, QT_TRANSLATE_NOOP("ImportPlan", "not imported"),
     QT_TRANSLATE_NOOP("ImportPlan", "Left out of the import")},
    {ArrayRole::PoolRows, QT_TRANSLATE_NOOP("ImportPlan", "pool: embeddings"),
     QT_TRANSLATE_NOOP("ImportPlan", "Unpaired items for training, one row for each")},
    {ArrayRole::PoolIds, QT_TRANSLATE_NOOP("ImportPlan", "pool: ids"),
     QT_TRANSLATE_NOOP("ImportPlan", "A name for each item of the pool; no name twice")},
    {ArrayRole::PoolPaths, QT_TRANSLATE_NOOP("ImportPlan", "pool: files"),
     QT_TRANSLATE_NOOP("ImportPlan", "The picture, sound or text file of each item of the pool")},
    {ArrayRole::FirstRows, QT_TRANSLATE_NOOP("ImportPlan", "set, first side: embeddings"),
     QT_TRANSLATE_NOOP("ImportPlan",
                       "Items of an evaluation set: images or sounds; of classification, what is classified")},
    {ArrayRole::FirstIds, QT_TRANSLATE_NOOP("ImportPlan", "set, first side: ids"),
     QT_TRANSLATE_NOOP("ImportPlan", "A name for each item of the first side; no name twice")},
    {ArrayRole::FirstPaths, QT_TRANSLATE_NOOP("ImportPlan", "set, first side: files"),
     QT_TRANSLATE_NOOP("ImportPlan", "The picture, sound or text file of each item of the first side")},
    {ArrayRole::SecondRows, QT_TRANSLATE_NOOP("ImportPlan", "set, second side: embeddings"),
     QT_TRANSLATE_NOOP("ImportPlan", "The other side of an evaluation set: captions; of classification, the classes")},
    {ArrayRole::SecondIds, QT_TRANSLATE_NOOP("ImportPlan", "set, second side: ids"),
     QT_TRANSLATE_NOOP("ImportPlan", "A name for each item or class of the second side; no name twice")},
    {ArrayRole::SecondPaths, QT_TRANSLATE_NOOP("ImportPlan", "set, second side: files"),
     QT_TRANSLATE_NOOP("ImportPlan", "The file of each item of the second side")},
    {ArrayRole::Labels, QT_TRANSLATE_NOOP("ImportPlan", "set: labels"),
     QT_TRANSLATE_NOOP("ImportPlan", "The class of each item: ids for all, or row numbers from 0 for all")},
    {ArrayRole::PairsFirst, QT_TRANSLATE_NOOP("ImportPlan", "set: pairs, first side"),
     QT_TRANSLATE_NOOP("ImportPlan",
                       "Of each pair the item of the first side: ids for all or row numbers for all. Where the set "
                       "pairs by equal keys: the key of each row of the first side")},
    {ArrayRole::PairsSecond, QT_TRANSLATE_NOOP("ImportPlan", "set: pairs, second side"),
     QT_TRANSLATE_NOOP("ImportPlan",
                       "Of each pair the item of the second side: ids for all or row numbers for all. Where the set "
                       "pairs by equal keys: the key of each row of the second side")},
};

const RoleWords& wordsOf(ArrayRole role) {
    return *std::find_if(std::begin(kRoles), std::end(kRoles), [role](const RoleWords& w) { return w.role == role; });
}

// How many rows a choice takes, where that can be told without its table.
std::optional<std::uint64_t> chosenCount(const Json& rows, std::optional<std::uint64_t> all) {
    if (rows.is_null()) return all;
    if (rows.is_array()) return rows.size();
    if (rows.is_object() && rows.contains("count") && rows["count"].is_number_integer())
        return rows["count"].get<std::uint64_t>();
    return std::nullopt;
}

}  // namespace

QString roleText(ArrayRole role) {
    return QCoreApplication::translate("ImportPlan", wordsOf(role).text);
}

QString roleHelp(ArrayRole role) {
    return QCoreApplication::translate("ImportPlan", wordsOf(role).help);
}

const std::vector<ArrayRole>& allRoles() {
    static const std::vector<ArrayRole> roles = [] {
        std::vector<ArrayRole> out;
        for (const auto& w : kRoles) {
            if (w.role != ArrayRole::Unset) out.push_back(w.role);
        }
        return out;
    }();
    return roles;
}

bool isRows(ArrayRole role) {
    return role == ArrayRole::PoolRows || role == ArrayRole::FirstRows || role == ArrayRole::SecondRows;
}

bool isOfPool(ArrayRole role) {
    return role == ArrayRole::PoolRows || role == ArrayRole::PoolIds || role == ArrayRole::PoolPaths;
}

bool isOfSet(ArrayRole role) {
    return role > ArrayRole::PoolPaths;
}

bool isList(ArrayRole role) {
    return (isOfPool(role) || isOfSet(role)) && !isRows(role);
}

std::optional<std::uint64_t> PlanRow::count() const {
    if (values.is_array()) return values.size();
    std::optional<std::uint64_t> all;
    if (array.shape.size() == 3 && index >= 0) all = array.shape[1];
    else if (array.shape.size() == 1 || array.shape.size() == 2) all = array.shape[0];
    return chosenCount(rows, all);
}

std::optional<std::uint64_t> PlanRow::width() const {
    if (array.shape.size() < 2) return std::nullopt;
    return array.shape.back();
}

QString PlanRow::fileName() const {
    auto file = array.file.filename();
    if (file.empty()) file = array.file.parent_path().filename();
    // Parts of a clip-retrieval folder are named alike everywhere.
    if (file == "img_emb" || file == "text_emb" || file == "metadata")
        file = array.file.parent_path().filename() / file;
    return QString::fromStdString(file.string());
}

QString PlanRow::name() const {
    if (values.is_array()) return QCoreApplication::translate("ImportPlan", "list in the manifest");
    QString out = fileName();
    if (!array.dataset.empty()) out += QStringLiteral(" › ") + QString::fromStdString(array.dataset);
    if (index >= 0) out += QStringLiteral(" [%1]").arg(index);
    return out;
}

QString PlanRow::describe() const {
    const QLocale locale;
    if (values.is_array())
        return QCoreApplication::translate("ImportPlan", "%1 entries")
            .arg(locale.toString(static_cast<qulonglong>(values.size())));
    if (!known()) return {};
    QStringList sizes;
    for (const auto n : array.shape) sizes << locale.toString(static_cast<qulonglong>(n));
    QString out = array.shape.size() == 1 && array.list
                      ? QCoreApplication::translate("ImportPlan", "%1 entries").arg(sizes.join(QString()))
                      : sizes.join(QStringLiteral(" × "));
    out += QLatin1Char(' ') + QString::fromStdString(array.type);
    return out;
}

PlanSet* ImportPlan::set(const std::string& name) {
    for (auto& s : sets) {
        if (s.name == name) return &s;
    }
    return nullptr;
}

const PlanSet* ImportPlan::set(const std::string& name) const {
    return const_cast<ImportPlan*>(this)->set(name);
}

bool ImportPlan::empty() const {
    return std::none_of(rows.begin(), rows.end(), [](const PlanRow& r) { return isOfPool(r.role) || isOfSet(r.role); });
}

KnownWorkspace KnownWorkspace::of(const Json& inspected) {
    KnownWorkspace out;
    const auto seen = [&](const std::string& modality) {
        if (std::find(out.modalities.begin(), out.modalities.end(), modality) == out.modalities.end())
            out.modalities.push_back(modality);
    };
    for (const auto& s : inspected.at("spaces")) {
        out.widths[s.at("name").get<std::string>()] = s.at("width").get<std::uint64_t>();
        for (const auto& m : s.at("modalities")) seen(m.get<std::string>());
    }
    for (const auto& p : inspected.at("pools")) {
        const auto name = p.at("name").get<std::string>();
        if (p.at("paired").get<bool>()) out.paired.push_back(name);
        else
            for (const auto& t : p.at("tables")) out.pools[name].push_back(t.at("modality").get<std::string>());
    }
    for (const auto& s : inspected.at("sets")) out.sets.push_back(s.at("name").get<std::string>());
    return out;
}

std::string tableKey(const PlanRow& row) {
    switch (row.role) {
        case ArrayRole::PoolRows:
        case ArrayRole::PoolIds:
        case ArrayRole::PoolPaths:
            return "pool/" + row.item + "/" + row.modality;
        case ArrayRole::FirstRows:
        case ArrayRole::FirstIds:
        case ArrayRole::FirstPaths:
        case ArrayRole::Labels:
            return "set/" + row.item + "/first";
        case ArrayRole::SecondRows:
        case ArrayRole::SecondIds:
        case ArrayRole::SecondPaths:
            return "set/" + row.item + "/second";
        default:
            return {};
    }
}

std::string valuesKey(const PlanRow& row) {
    const auto& shape = row.array.shape;
    const bool plane = shape.size() == 3 && row.index >= 0 && static_cast<std::uint64_t>(row.index) < shape[0];
    if (!isRows(row.role) || !row.array.rows || !row.unreadable.empty() || (!plane && shape.size() != 2)) return {};
    return row.array.file.string() + '\n' + row.array.dataset + '\n' + std::to_string(row.index);
}

void takeHeader(PlanRow& row, const std::vector<engine::ArrayPeek>& arrays) {
    const engine::ArrayPeek* found = nullptr;
    for (const auto& a : arrays) {
        if (a.dataset == row.array.dataset || (row.array.dataset.empty() && arrays.size() == 1)) found = &a;
        // "/text/rows" and "text/rows" are the same.
        if (!row.array.dataset.empty() && row.array.dataset.substr(1) == a.dataset && row.array.dataset[0] == '/')
            found = &a;
    }
    if (!found) {
        std::string names;
        for (const auto& a : arrays) names += (names.empty() ? "" : ", ") + a.dataset;
        row.unreadable = "there is no '" + row.array.dataset + "'" + (names.empty() ? "" : "; it has " + names);
        return;
    }
    const auto file = row.array.file;
    const auto dataset = row.array.dataset;
    row.array = *found;
    row.array.file = file;
    row.array.dataset = dataset;
    row.unreadable.clear();
}

}  // namespace ui
