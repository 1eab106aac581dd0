// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The file of an item, where the workspace knows one. Reading is blocking and belongs into a job; value.
#pragma once

#include <QImage>
#include <QString>

#include <filesystem>
#include <string>

namespace ui {

struct ItemFile {
    QString path;  // empty: none known
    bool exists = false;
    QImage thumbnail;  // null: no picture
};

// `path` as the workspace has it, relative to `folder` or absolute; a picture at most `pixels` wide and high, for a
// screen of `ratio` pixels a point.
ItemFile readItemFile(const std::filesystem::path& folder, const std::string& path, int pixels, double ratio);

}  // namespace ui
