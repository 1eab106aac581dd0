// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/export/table_export.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QLocale>

#include <functional>

#include "engine/base/file.h"

namespace ui {
namespace {

// The shortest digits that give the number back, with a point in any locale.
QString textOf(const QVariant& value) {
    if (value.typeId() == QMetaType::Double || value.typeId() == QMetaType::Float)
        return QLocale::c().toString(value.toDouble(), 'g', QLocale::FloatingPointShortest);
    return value.toString();
}

QString cell(const QModelIndex& index) {
    const QVariant bare = index.data(kExportRole);
    return textOf(bare.isValid() ? bare : index.data(Qt::DisplayRole));
}

// With those above it in a tree.
QString nameOf(const QModelIndex& index) {
    const QString name = cell(index);
    return index.parent().isValid() ? nameOf(index.parent()) + QStringLiteral(" / ") + name : name;
}

QString header(const QAbstractItemModel& model, int section, Qt::Orientation orientation) {
    const QVariant bare = model.headerData(section, orientation, kExportRole);
    return textOf(bare.isValid() ? bare : model.headerData(section, orientation, Qt::DisplayRole));
}

// Models whose rows are only numbered have no names of rows.
bool rowsAreNamed(const QAbstractItemModel& model) {
    for (int r = 0; r < model.rowCount(); ++r) {
        const QString name = header(model, r, Qt::Vertical);
        if (!name.isEmpty() && name != QString::number(r + 1)) return true;
    }
    return false;
}

QString csvField(QString text) {
    text.replace(QStringLiteral("\r\n"), QStringLiteral("\n"));
    if (!text.contains(QLatin1Char(',')) && !text.contains(QLatin1Char('"')) && !text.contains(QLatin1Char('\n')) &&
        !text.contains(QLatin1Char('\r')) && !text.startsWith(QLatin1Char('#')))
        return text;
    return QLatin1Char('"') + text.replace(QLatin1Char('"'), QStringLiteral("\"\"")) + QLatin1Char('"');
}

QString tsvField(QString text) {
    return text.replace(QLatin1Char('\t'), QLatin1Char(' ')).replace(QLatin1Char('\n'), QLatin1Char(' '));
}

template <class Field>
QString table(const QAbstractItemModel& model, QLatin1Char between, const QString& end, const Field& field) {
    const bool named = rowsAreNamed(model);
    QStringList heads;
    if (named) heads << QString();
    for (int c = 0; c < model.columnCount(); ++c) heads << field(header(model, c, Qt::Horizontal));
    QString out = heads.join(between) + end;
    const std::function<void(const QModelIndex&)> add = [&](const QModelIndex& parent) {
        for (int r = 0; r < model.rowCount(parent); ++r) {
            QStringList cells;
            if (named && !parent.isValid()) cells << field(header(model, r, Qt::Vertical));
            for (int c = 0; c < model.columnCount(parent); ++c) {
                const QModelIndex index = model.index(r, c, parent);
                cells << field(c == 0 ? nameOf(index) : cell(index));
            }
            out += cells.join(between) + end;
            add(model.index(r, 0, parent));
        }
    };
    add({});
    return out;
}

}  // namespace

QString toCsv(const QAbstractItemModel& model, const TableNotes& notes) {
    QString out;
    QStringList lines;
    if (notes.synthetic) lines << QObject::tr("synthetic world");
    for (const auto& note : notes.lines) lines << note.split(QLatin1Char('\n'));
    for (const auto& line : lines) out += QStringLiteral("# ") + line + QStringLiteral("\r\n");
    return out + table(model, QLatin1Char(','), QStringLiteral("\r\n"), csvField);
}

QString toTsv(const QAbstractItemModel& model) {
    return table(model, QLatin1Char('\t'), QStringLiteral("\n"), tsvField);
}

void writeCsv(const std::filesystem::path& path, const QAbstractItemModel& model, const TableNotes& notes) {
    engine::writeFileWhole(path, toCsv(model, notes).toStdString());
}

void copyTable(const QAbstractItemModel& model) {
    QGuiApplication::clipboard()->setText(toTsv(model));
}

}  // namespace ui
