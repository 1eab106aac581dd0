// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Any table of the window as CSV (RFC 4180, UTF-8) or, tabs between the cells, on the clipboard. Cells are what the
// model gives under kExportRole, else under Qt::DisplayRole: a model whose cells show figures with marks gives the bare
// figure under the former. The rows of a tree are its leaves and branches in order, each with those above it in its
// first cell: "Pools / audio / CLAP_g". Window's thread.
#pragma once

#include <QAbstractItemModel>
#include <QString>
#include <QStringList>

#include <filesystem>

namespace ui {

// Of cells and, for headers, of headerData: a string or a number.
constexpr int kExportRole = Qt::UserRole + 700;

// What stands above the header in lines that begin with '#': protocol, baseline, setting.
struct TableNotes {
    QStringList lines;
    bool synthetic = false;  // "synthetic world" is the first line then
};

QString toCsv(const QAbstractItemModel& model, const TableNotes& notes = {});
QString toTsv(const QAbstractItemModel& model);
// Written whole, then renamed; throws engine::Error.
void writeCsv(const std::filesystem::path& path, const QAbstractItemModel& model, const TableNotes& notes = {});
void copyTable(const QAbstractItemModel& model);

}  // namespace ui
