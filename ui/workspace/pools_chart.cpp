// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/workspace/pools_chart.h"

#include <QHelpEvent>
#include <QLocale>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

#include "ui/style/theme.h"

namespace ui {
namespace {

QString text(const engine::Json& json) {
    return QString::fromStdString(json.get<std::string>());
}

QString shortNumber(double value) {
    if (value >= 1e6) return QLocale().toString(value / 1e6, 'g', 3) + QObject::tr("M");
    if (value >= 1e3) return QLocale().toString(value / 1e3, 'g', 3) + QObject::tr("k");
    return QLocale().toString(value, 'g', 3);
}

}  // namespace

PoolsChart::PoolsChart(QWidget* parent) : QWidget(parent) {
    setAccessibleName(tr("Rows of pools and evaluation sets"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Minimum);
}

void PoolsChart::show(const engine::Json& inspected) {
    bars_.clear();
    const auto heading = [this](const QString& name) { bars_.append({name, {}, 0, true}); };
    if (!inspected["pools"].empty()) heading(tr("Pools"));
    for (const auto& p : inspected["pools"]) {
        QString name = text(p["name"]);
        for (const auto& t : p["tables"]) {
            bars_.append({name, text(t["modality"]), t["rows"].get<qulonglong>(), false});
            name.clear();  // stands once, as that of a set
        }
    }
    if (!inspected["sets"].empty()) heading(tr("Evaluation sets"));
    for (const auto& s : inspected["sets"]) {
        bars_.append({text(s["name"]), text(s["first"]["modality"]), s["first"]["rows"].get<qulonglong>(), false});
        bars_.append({QString(), text(s["second"]["modality"]), s["second"]["rows"].get<qulonglong>(), false});
    }
    updateGeometry();
    update();
}

int PoolsChart::lineHeight() const {
    return fontMetrics().height() + 4;
}

QSize PoolsChart::sizeHint() const {
    return {320, (static_cast<int>(bars_.size()) + 1) * lineHeight() + 24};
}

void PoolsChart::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    const auto& c = colours();
    qulonglong most = 10;
    int names = 0;
    for (const auto& b : bars_) {
        most = std::max(most, b.rows);
        if (!b.heading) names = std::max(names, fontMetrics().horizontalAdvance(b.name));
    }
    if (bars_.isEmpty()) return;
    const int left = 12 + std::min(names, width() / 3) + 10;
    const int room = fontMetrics().horizontalAdvance(QStringLiteral("88.8k text")) + 12;
    const double reach = std::log10(static_cast<double>(most)), wide = std::max(40, width() - left - room);
    const int line = lineHeight(), bottom = 8 + static_cast<int>(bars_.size()) * line;
    // Decades; fewer labels where they would touch.
    const int label = fontMetrics().horizontalAdvance(QStringLiteral("100k")) + 8;
    const int every = std::max(1, static_cast<int>(std::ceil(label * reach / wide)));
    for (int decade = 0; decade <= reach + 1e-9; ++decade) {
        const double x = left + wide * decade / reach;
        p.setPen(QPen(c.line, 1));
        for (int i = 0; i < bars_.size(); ++i) {  // none through a heading
            if (!bars_[i].heading) p.drawLine(QPointF(x, 8 + i * line), QPointF(x, 8 + (i + 1) * line));
        }
        if (decade % every != 0) continue;
        p.setPen(c.muted);
        p.drawText(QRectF(x - 40, bottom + 2, 80, line), Qt::AlignCenter, shortNumber(std::pow(10.0, decade)));
    }
    int y = 8;
    for (const auto& b : bars_) {
        if (b.heading) {
            QFont strong = font();
            strong.setWeight(QFont::DemiBold);
            p.setFont(strong);
            p.setPen(c.text);
            p.drawText(QRect(12, y, width() - 24, line), Qt::AlignVCenter, b.name);
            p.setFont(font());
        } else {
            p.setPen(c.text);
            p.drawText(QRect(12, y, left - 22, line), Qt::AlignRight | Qt::AlignVCenter,
                       fontMetrics().elidedText(b.name, Qt::ElideRight, left - 22));
            const double length = std::max(2.0, wide * std::log10(static_cast<double>(std::max(1ULL, b.rows))) / reach);
            p.setPen(Qt::NoPen);
            p.setBrush(modalityColour(b.modality));
            p.drawRoundedRect(QRectF(left, y + 3, length, line - 6), 2, 2);
            p.setPen(c.muted);
            p.drawText(QRectF(left + length + 6, y, room, line), Qt::AlignVCenter,
                       shortNumber(static_cast<double>(b.rows)) + QLatin1Char(' ') + b.modality);
        }
        y += line;
    }
}

bool PoolsChart::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        auto* help = static_cast<QHelpEvent*>(event);
        const int i = (help->pos().y() - 8) / lineHeight();
        if (i >= 0 && i < bars_.size() && !bars_[i].heading) {
            const auto& b = bars_[i];
            const QString name = b.name.isEmpty() && i > 0 ? bars_[i - 1].name : b.name;
            QToolTip::showText(help->globalPos(),
                               tr("%1, %2: %3 rows").arg(name, b.modality, QLocale().toString(b.rows)), this);
        } else {
            QToolTip::hideText();
        }
        return true;
    }
    return QWidget::event(event);
}

}  // namespace ui
