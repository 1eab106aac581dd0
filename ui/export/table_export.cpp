// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/export/table_export.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QLocale>

#include "engine/base/file.h"

namespace ui {
namespace {

// The shortest digits that give the number back, with a point in any locale.
QString textOf(const QVariant& value) {
    if (value.typeId() == QMetaType::Double || value.typeId() == QMetaType::Float)
        return QLocale::c().toString(value.toDouble(), 'g', QLocale::FloatingPointShortest);
    return value.toString();
}

QString cell(const QAbstractItemModel& model, int row, int column) {
    const QModelIndex index = model.index(row, column);
    const QVariant bare = index.data(kExportRole);
    return textOf(bare.isValid() ? bare : index.data(Qt::DisplayRole));
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
    const auto line = [&](int row) {
        QStringList cells;
        if (named) cells << (row < 0 ? QString() : field(header(model, row, Qt::Vertical)));
        for (int c = 0; c < model.columnCount(); ++c)
            cells << field(row < 0 ? header(model, c, Qt::Horizontal) : cell(model, row, c));
        return cells.join(between) + end;
    };
    QString out;
    for (int r = -1; r < model.rowCount(); ++r) out += line(r);
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
