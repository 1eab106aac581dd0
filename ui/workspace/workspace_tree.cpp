// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/workspace/workspace_tree.h"

#include <QEvent>
#include <QHeaderView>
#include <QLocale>
#include <QPainter>
#include <QStyledItemDelegate>

#include "ui/style/theme.h"
#include "ui/widgets/roomy_rows.h"

namespace ui {
namespace {

using engine::Json;

enum Role { kPointer = Qt::UserRole, kModalities };

QString text(const Json& json) {
    return QString::fromStdString(json.get<std::string>());
}

QString list(const Json& json) {
    QStringList parts;
    for (const auto& item : json) parts << text(item);
    return parts.join(QStringLiteral(", "));
}

QString number(const Json& json) {
    return QLocale().toString(json.get<qulonglong>());
}

// One for each modality.
QIcon dots(const QStringList& modalities) {
    QPixmap pixmap(32, 32);
    pixmap.fill(Qt::transparent);
    QPainter p(&pixmap);
    p.setRenderHint(QPainter::Antialiasing);
    p.setPen(Qt::NoPen);
    const double step = 12, first = 16 - step * static_cast<double>(modalities.size() - 1) / 2;
    for (qsizetype i = 0; i < modalities.size(); ++i) {
        p.setBrush(modalityColour(modalities[i]));
        p.drawEllipse(QPointF(first + step * static_cast<double>(i), 16), 7, 7);
    }
    return pixmap;
}

QTreeWidgetItem* add(QTreeWidgetItem* parent, const QString& pointer, const QString& name) {
    auto* item = new QTreeWidgetItem(parent, {name});
    item->setData(0, kPointer, pointer);
    for (const int c : {WorkspaceTree::Rows, WorkspaceTree::Width, WorkspaceTree::Bytes})
        item->setTextAlignment(c, Qt::AlignRight | Qt::AlignVCenter);
    return item;
}

qulonglong tableBytes(const Json& table) {
    qulonglong bytes = 0;
    for (const auto& s : table["spaces"]) bytes += s["bytes"].get<qulonglong>();
    return bytes;
}

QTreeWidgetItem* addTable(QTreeWidgetItem* parent, const QString& pointer, const QString& name, const Json& table) {
    auto* item = add(parent, pointer, name);
    item->setData(0, kModalities, QStringList{text(table["modality"])});
    item->setText(WorkspaceTree::Rows, number(table["rows"]));
    item->setText(WorkspaceTree::Bytes, bytesText(tableBytes(table)));
    int i = 0;
    for (const auto& s : table["spaces"]) {
        auto* space = add(item, pointer + QStringLiteral("/spaces/%1").arg(i++), text(s["space"]));
        space->setText(WorkspaceTree::Rows, number(table["rows"]));
        space->setText(WorkspaceTree::Width, number(s["width"]));
        space->setText(WorkspaceTree::Type, text(s["type"]));
        space->setText(WorkspaceTree::Norms, normsText(s));
        space->setText(WorkspaceTree::Bytes, bytesText(s["bytes"].get<qulonglong>()));
    }
    return item;
}

}  // namespace

QString bytesText(qulonglong bytes) {
    return QLocale().formattedDataSize(static_cast<qint64>(bytes), bytes < 1024 ? 0 : 1);
}

QString normsText(const Json& embeddings) {
    if (embeddings["unit_rows"].get<bool>()) return QObject::tr("unit length");
    return QObject::tr("%1 to %2")
        .arg(QLocale().toString(embeddings["norm"]["min"].get<double>(), 'g', 4),
             QLocale().toString(embeddings["norm"]["max"].get<double>(), 'g', 4));
}

WorkspaceTree::WorkspaceTree(QWidget* parent) : QTreeWidget(parent) {
    setColumnCount(kColumns);
    setHeaderLabels({tr("Item"), tr("Rows"), tr("Width"), tr("Type"), tr("Length of rows"), tr("Size")});
    headerItem()->setToolTip(Rows, tr("How many items"));
    headerItem()->setToolTip(Width, tr("Numbers in each row: the dimension of the space"));
    headerItem()->setToolTip(Type, tr("As stored; all arithmetic is in float32"));
    headerItem()->setToolTip(Norms, tr("Euclidean length of the rows as imported; rows of other than unit length are "
                                       "normalised when they are read"));
    headerItem()->setToolTip(Bytes, tr("Bytes on disk"));
    for (const int c : {Rows, Width, Bytes}) headerItem()->setTextAlignment(c, Qt::AlignRight | Qt::AlignVCenter);
    setUniformRowHeights(true);
    setItemDelegate(new RoomyRows(this));
    setFrameShape(QFrame::NoFrame);
    setAccessibleName(tr("Spaces, pools and evaluation sets"));
    header()->setStretchLastSection(false);
    header()->setSectionResizeMode(QHeaderView::ResizeToContents);
    header()->setSectionResizeMode(Name, QHeaderView::Stretch);
    header()->setMinimumSectionSize(48);
    connect(this, &QTreeWidget::currentItemChanged, this, [this] { Q_EMIT chosenChanged(chosen()); });
}

void WorkspaceTree::show(const Json& inspected) {
    const QString before = chosen();
    {
        const QSignalBlocker quiet(this);
        clear();
        const auto section = [this](const QString& name, const Json& entries) {
            auto* item = new QTreeWidgetItem(this, {name, QLocale().toString(static_cast<qulonglong>(entries.size()))});
            item->setTextAlignment(Rows, Qt::AlignRight | Qt::AlignVCenter);
            QFont strong = font();
            strong.setWeight(QFont::DemiBold);
            item->setFont(0, strong);
            return item;
        };
        auto* spaces = section(tr("Spaces"), inspected["spaces"]);
        auto* pools = section(tr("Pools"), inspected["pools"]);
        auto* sets = section(tr("Evaluation sets"), inspected["sets"]);
        // Counts of entries are no rows.
        for (auto* item : {spaces, pools, sets}) {
            item->setText(0, QStringLiteral("%1 (%2)").arg(item->text(0), item->text(Rows)));
            item->setText(Rows, {});
        }
        int i = 0;
        for (const auto& s : inspected["spaces"]) {
            auto* item = add(spaces, QStringLiteral("/spaces/%1").arg(i++), text(s["name"]));
            item->setText(Width, number(s["width"]));
            item->setText(Type, list(s["modalities"]));
        }
        i = 0;
        for (const auto& p : inspected["pools"]) {
            const QString at = QStringLiteral("/pools/%1").arg(i++);
            const auto& tables = p["tables"];
            if (tables.size() == 1) {
                auto* item = addTable(pools, at + QStringLiteral("/tables/0"), text(p["name"]), tables[0]);
                if (text(p["name"]) != text(tables[0]["modality"])) item->setText(Type, text(tables[0]["modality"]));
                continue;
            }
            auto* item = add(pools, at, tr("%1 (paired)").arg(text(p["name"])));
            int t = 0;
            qulonglong bytes = 0;
            QStringList modalities;
            for (const auto& table : tables) {
                addTable(item, at + QStringLiteral("/tables/%1").arg(t++), text(table["modality"]), table);
                bytes += tableBytes(table);
                modalities << text(table["modality"]);
            }
            // Its modalities have the same rows: pairs are counted, once.
            item->setText(Rows, number(tables[0]["rows"]));
            item->setData(0, kModalities, modalities);
            item->setText(Type, modalities.join(QStringLiteral(", ")));
            item->setText(Bytes, bytesText(bytes));
        }
        i = 0;
        for (const auto& s : inspected["sets"]) {
            const QString at = QStringLiteral("/sets/%1").arg(i++);
            auto* item = add(sets, at, text(s["name"]));
            item->setText(Type, text(s["kind"]));
            item->setText(Rows, QStringLiteral("%1 × %2").arg(number(s["first"]["rows"]), number(s["second"]["rows"])));
            item->setText(Bytes, bytesText(tableBytes(s["first"]) + tableBytes(s["second"])));
            const bool classes = text(s["kind"]) != QLatin1String("retrieval");
            addTable(item, at + QStringLiteral("/first"), tr("%1 items").arg(text(s["first"]["modality"])), s["first"]);
            addTable(item, at + QStringLiteral("/second"),
                     classes ? tr("classes (%1)").arg(text(s["second"]["modality"]))
                             : tr("%1 items").arg(text(s["second"]["modality"])),
                     s["second"]);
        }
        for (auto* item : {spaces, pools, sets}) item->setExpanded(true);
        refresh();
    }
    choose(before);
    if (chosen().isEmpty()) choose(inspected["spaces"].empty() ? QString() : QStringLiteral("/spaces/0"));
    Q_EMIT chosenChanged(chosen());
}

void WorkspaceTree::choose(const QString& pointer) {
    if (pointer.isEmpty()) return;
    for (QTreeWidgetItemIterator it(this); *it; ++it) {
        if ((*it)->data(0, kPointer).toString() != pointer) continue;
        setCurrentItem(*it);
        scrollToItem(*it);
        return;
    }
}

QString WorkspaceTree::chosen() const {
    return currentItem() ? currentItem()->data(0, kPointer).toString() : QString();
}

void WorkspaceTree::changeEvent(QEvent* event) {
    QTreeWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) refresh();
}

void WorkspaceTree::refresh() {
    for (QTreeWidgetItemIterator it(this); *it; ++it) {
        const QStringList modalities = (*it)->data(0, kModalities).toStringList();
        if (!modalities.isEmpty()) (*it)->setIcon(0, dots(modalities));
        // The tree is read from left to right: names first, the rest quieter.
        for (int c = 1; c < kColumns; ++c) (*it)->setForeground(c, colours().muted);
    }
}

}  // namespace ui
