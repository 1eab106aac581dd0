// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/setting_text.h"

#include <QObject>

#include <algorithm>

namespace ui {

QStringList projectorParts(const engine::LiveProduct& product, const engine::Setting& setting) {
    QStringList out;
    for (const auto& expert : product.experts()) {
        QStringList on, off;
        bool changed = false;
        for (const auto& subset : expert.projectors) {
            const bool own = std::find(expert.active.begin(), expert.active.end(), subset) != expert.active.end();
            const auto found = setting.projectors.find(engine::projectorKey(expert.key, subset));
            const bool now = found == setting.projectors.end() ? own : found->second;
            changed = changed || now != own;
            (now ? on : off) << QString::fromStdString(subset);
        }
        if (!changed) continue;
        const QString key = QString::fromStdString(expert.key), comma = QStringLiteral(", ");
        if (off.isEmpty()) out << QObject::tr("%1 with all projectors").arg(key);
        else if (off.size() <= on.size()) out << QObject::tr("%1 without %2").arg(key, off.join(comma));
        else out << QObject::tr("%1 only %2").arg(key, on.join(comma));
    }
    return out;
}

QString settingLine(const engine::LiveProduct& product, const engine::Setting& setting) {
    engine::Setting out = setting;
    const engine::Setting own = product.defaults();
    std::erase_if(out.projectors, [&](const auto& projector) {
        const auto found = own.projectors.find(projector.first);
        return found != own.projectors.end() && found->second == projector.second;
    });
    return QString::fromStdString(engine::settingToJson(out).dump());
}

}  // namespace ui
