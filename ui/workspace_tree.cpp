// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/workspace_tree.h"

#include <QHeaderView>
#include <QLocale>

namespace ui {
namespace {

using engine::Json;

QString text(const Json& json) {
    return QString::fromStdString(json.get<std::string>());
}

QString list(const Json& json) {
    QStringList parts;
    for (const auto& item : json) parts << text(item);
    return parts.join(QStringLiteral(", "));
}

QTreeWidgetItem* add(QTreeWidgetItem* parent, const QString& name, const QString& size = {},
                     const QString& detail = {}) {
    auto* item = new QTreeWidgetItem(parent, {name, size, detail});
    item->setTextAlignment(1, Qt::AlignRight | Qt::AlignVCenter);
    return item;
}

QTreeWidgetItem* section(QTreeWidget* tree, const QString& name) {
    auto* item = new QTreeWidgetItem(tree, {name});
    QFont font = item->font(0);
    font.setBold(true);
    item->setFont(0, font);
    return item;
}

void addTable(QTreeWidgetItem* parent, const Json& table) {
    auto* item = add(parent, text(table["modality"]),
                     QObject::tr("%1 rows").arg(QLocale().toString(table["rows"].get<qulonglong>())));
    for (const auto& s : table["spaces"]) {
        const QString norms = s["unit_rows"].get<bool>() ? QObject::tr("unit rows")
                                                         : QObject::tr("norms %1 to %2")
                                                               .arg(s["norm"]["min"].get<double>(), 0, 'g', 4)
                                                               .arg(s["norm"]["max"].get<double>(), 0, 'g', 4);
        add(item, text(s["space"]), QObject::tr("%1 wide").arg(s["width"].get<qulonglong>()),
            text(s["type"]) + QStringLiteral(", ") + norms);
    }
}

}  // namespace

WorkspaceTree::WorkspaceTree(QWidget* parent) : QTreeWidget(parent) {
    setColumnCount(3);
    setHeaderLabels({tr("Item"), tr("Size"), tr("Details")});
    setAlternatingRowColors(true);
    setUniformRowHeights(true);
    setAccessibleName(tr("Workspace"));
    header()->setStretchLastSection(true);
}

void WorkspaceTree::show(const Json& inspected) {
    clear();
    auto* spaces = section(this, tr("Spaces"));
    for (const auto& s : inspected["spaces"]) {
        add(spaces, text(s["name"]), tr("%1 wide").arg(s["width"].get<qulonglong>()), list(s["modalities"]));
    }
    auto* pools = section(this, tr("Pools"));
    for (const auto& p : inspected["pools"]) {
        for (const auto& t : p["tables"]) addTable(pools, t);
    }
    auto* sets = section(this, tr("Evaluation sets"));
    for (const auto& s : inspected["sets"]) {
        auto* item = add(
            sets, text(s["name"]), tr("%1 pairs").arg(QLocale().toString(s["pairs"].get<qulonglong>())),
            tr("%1; measurable in %2")
                .arg(text(s["kind"]), s["measurable_in"].empty() ? tr("no single space") : list(s["measurable_in"])));
        addTable(item, s["first"]);
        addTable(item, s["second"]);
    }
    auto* reactions = section(this, tr("Can react"));
    for (const auto& r : inspected["reactions"])
        add(reactions, list(r["spaces"]), {}, tr("through %1").arg(list(r["shared"])));
    if (!inspected["warnings"].empty()) {
        auto* warnings = section(this, tr("Warnings"));
        for (const auto& w : inspected["warnings"]) {
            auto* item = add(warnings, text(w));
            item->setToolTip(0, text(w));
            item->setFirstColumnSpanned(true);
        }
    }
    for (auto* item : {spaces, pools, sets, reactions}) item->setExpanded(true);
    if (!inspected["warnings"].empty()) topLevelItem(topLevelItemCount() - 1)->setExpanded(true);
    for (int c = 0; c < 2; ++c) resizeColumnToContents(c);
    setColumnWidth(0, std::min(columnWidth(0), 320));
}

}  // namespace ui
