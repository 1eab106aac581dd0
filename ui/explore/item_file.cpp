// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/explore/item_file.h"

#include <QFileInfo>
#include <QImageReader>

namespace ui {

ItemFile readItemFile(const std::filesystem::path& folder, const std::string& path, int pixels, double ratio) {
    ItemFile out;
    if (path.empty()) return out;
    out.path = QString::fromStdString((folder / path).string());  // an absolute one stays
    out.exists = QFileInfo::exists(out.path);
    QImageReader reader(out.path);
    if (!out.exists || !reader.canRead()) return out;
    reader.setAutoTransform(true);
    // Not every format tells its size before it is read.
    const QSize size = reader.size();
    if (size.isValid()) reader.setScaledSize(size.scaled(pixels, pixels, Qt::KeepAspectRatio));
    out.thumbnail = reader.read();
    if (!size.isValid() && !out.thumbnail.isNull())
        out.thumbnail = out.thumbnail.scaled(pixels, pixels, Qt::KeepAspectRatio, Qt::SmoothTransformation);
    out.thumbnail.setDevicePixelRatio(ratio);
    return out;
}

}  // namespace ui
