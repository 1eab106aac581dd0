// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pools_chart.h"

#include <QBarCategoryAxis>
#include <QBarSet>
#include <QEvent>
#include <QHorizontalBarSeries>
#include <QLegend>
#include <QLogValueAxis>

#include <algorithm>

namespace ui {

PoolsChart::PoolsChart(QWidget* parent) : QChartView(new QChart, parent) {
    setRenderHint(QPainter::Antialiasing);
    setFrameShape(QFrame::NoFrame);
    chart()->legend()->hide();
    chart()->setTitle(tr("Rows of pools and evaluation sets"));
    setAccessibleName(tr("Rows of pools and evaluation sets"));
    followPalette();
}

void PoolsChart::show(const engine::Json& inspected) {
    chart()->removeAllSeries();
    for (auto* axis : chart()->axes()) {
        chart()->removeAxis(axis);
        delete axis;
    }
    QStringList names;
    auto* bars = new QBarSet(tr("rows"));
    double largest = 10;
    const auto put = [&](const QString& name, double rows) {
        names.prepend(name);
        bars->insert(0, rows);
        largest = std::max(largest, rows);
    };
    for (const auto& p : inspected["pools"]) {
        put(tr("pool %1").arg(QString::fromStdString(p["name"].get<std::string>())),
            p["tables"][0]["rows"].get<double>());
    }
    for (const auto& s : inspected["sets"])
        put(QString::fromStdString(s["name"].get<std::string>()), s["first"]["rows"].get<double>());
    if (names.isEmpty()) {
        delete bars;
        return;
    }
    auto* series = new QHorizontalBarSeries;
    bars->setColor(palette().color(QPalette::Highlight));
    bars->setBorderColor(Qt::transparent);
    series->append(bars);
    series->setBarWidth(0.7);
    chart()->addSeries(series);
    auto* categories = new QBarCategoryAxis;
    categories->append(names);
    auto* values = new QLogValueAxis;
    values->setBase(10);
    values->setRange(1, largest * 1.5);
    values->setLabelFormat(QStringLiteral("%g"));
    chart()->addAxis(categories, Qt::AlignLeft);
    chart()->addAxis(values, Qt::AlignBottom);
    series->attachAxis(categories);
    series->attachAxis(values);
    followPalette();
}

void PoolsChart::changeEvent(QEvent* event) {
    QChartView::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) followPalette();
}

void PoolsChart::followPalette() {
    const QColor text = palette().color(QPalette::WindowText);
    QColor grid = text;
    grid.setAlpha(40);
    chart()->setBackgroundBrush(palette().color(QPalette::Base));
    chart()->setBackgroundRoundness(0);
    chart()->setTitleBrush(text);
    for (auto* axis : chart()->axes()) {
        axis->setLabelsColor(text);
        axis->setLinePenColor(grid);
        axis->setGridLineColor(grid);
    }
}

}  // namespace ui
