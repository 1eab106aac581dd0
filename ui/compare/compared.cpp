// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/compare/compared.h"

#include <QLocale>
#include <QObject>

#include <cmath>

#include "ui/bridge/setting_text.h"

namespace ui {

bool sameSubject(const Compared& a, const Compared& b) {
    return a.product == b.product && a.space == b.space && (a.isSpace() || a.setting == b.setting);
}

QString shareText(double value) {
    return QLocale::c().toString(value, 'g', 4);
}

QStringList settingParts(const Compared& item) {
    QStringList out;
    if (!item.product || item.isSpace()) return out;
    for (const auto& factor : item.product->plan().factors) {
        const auto at = item.setting.factors.find(factor.name);
        const double value = at == item.setting.factors.end() ? factor.value : at->second;
        out << QString::fromStdString(factor.symbol) + QLatin1Char(' ') + shareText(value);
    }
    for (const auto& expert : item.product->experts()) {
        const auto at = item.setting.expert_weights.find(expert.key);
        if (at == item.setting.expert_weights.end() || at->second == expert.weight) continue;
        const QString key = QString::fromStdString(expert.key);
        out << (at->second == 0 ? QObject::tr("without %1").arg(key)
                                : QObject::tr("%1 weighs %2").arg(key, shareText(at->second)));
    }
    return out + projectorParts(*item.product, item.setting);
}

}  // namespace ui
