// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/report/figures_view.h"

#include <QGridLayout>
#include <QLabel>
#include <QVBoxLayout>

#include <cmath>

#include "ui/export/view_menu.h"
#include "ui/report/number_chips.h"
#include "ui/style/numbers.h"
#include "ui/views/heat_map_view.h"
#include "ui/widgets/paragraph.h"

namespace ui {

FiguresView::FiguresView(QWidget* parent)
    : QWidget(parent),
      chips_(new NumberChips),
      caption_(paragraph()),
      note_(paragraph()),
      readout_(paragraph()),
      area_(new QWidget),
      grid_(new QGridLayout(area_)) {
    QFont strong = caption_->font();
    strong.setWeight(QFont::DemiBold);
    caption_->setFont(strong);
    note_->setForegroundRole(QPalette::PlaceholderText);
    readout_->setObjectName(QStringLiteral("figure_readout"));
    readout_->setAccessibleName(tr("Figures at the cursor"));
    grid_->setContentsMargins(0, 0, 0, 0);
    grid_->setSpacing(10);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 10, 0, 0);
    column->setSpacing(6);
    column->addWidget(chips_);
    column->addWidget(caption_);
    column->addWidget(note_);
    column->addWidget(area_, 1);
    column->addWidget(readout_);
    connect(chips_, &NumberChips::clicked, this, &FiguresView::showMaps);
}

void FiguresView::setReport(ReportPtr report) {
    report_ = std::move(report);
    std::vector<NumberChips::Chip> chips;
    if (report_) {
        for (const auto& s : report_->surfaces)
            chips.push_back(
                {s.number, tr("Figure %1").arg(s.number), s.title, QStringLiteral("report_figure_%1").arg(s.number)});
    }
    chips_->setChips(chips);
    showMaps();
}

int FiguresView::chosen() const {
    return chips_->chosen();
}

const ReportData::Surface* FiguresView::current() const {
    if (!report_) return nullptr;
    for (const auto& s : report_->surfaces) {
        if (s.number == chosen()) return &s;
    }
    return nullptr;
}

void FiguresView::choose(int figure) {
    chips_->choose(figure);
    showMaps();
}

void FiguresView::showMaps() {
    for (auto* map : maps_) delete map;
    maps_.clear();
    readout_->clear();
    const auto* s = current();
    caption_->setText(s ? tr("%1: change of the mean R@1 in points against %2, measured here").arg(s->title, s->against)
                        : tr("This report has no figures: none was asked for."));
    QString note = s ? s->note : QString();
    if (s && !s->surface) note = tr("Not measured: %1").arg(s->missing);
    note_->setText(note);
    note_->setVisible(!note.isEmpty());
    if (!s || !s->surface) return;
    for (std::size_t g = 0; g < s->surface->groups.size(); ++g) {
        auto* map = new HeatMapView;
        map->setAccessibleName(tr("Map of %1").arg(changeSymbol(s->surface->groups[g].group)));
        map->setSurface(s->surface, g);
        map->setKeyStep(s->surface->axes[0].steps > 1 ? 1.0 / static_cast<double>(s->surface->axes[0].steps - 1) : 0.1);
        connect(map, &HeatMapView::picked, this, [this](double x, double y) { moveCursor(x, y); });
        addFigureMenu(
            map, [map](QPainter& p, const QRectF& area) { map->paintTo(p, area); },
            [this, group = s->surface->groups[g].group.name] {
                return tr("Figure %1 %2").arg(chosen()).arg(QString::fromStdString(group));
            },
            [this](const JobFailure& failure) { Q_EMIT failed(failure); });
        grid_->addWidget(map, 0, static_cast<int>(g));
        maps_.push_back(map);
    }
    const auto& first = s->surface->axes[0];
    moveCursor((first.first + first.last) / 2, (s->surface->axes[1].first + s->surface->axes[1].last) / 2);
}

// Nodes are what was measured: the cursor stands on one.
void FiguresView::moveCursor(double x, double y) {
    const auto* s = current();
    if (!s || !s->surface) return;
    const auto& surface = *s->surface;
    SurfaceNode node;
    if (surface.groups.empty() || !nearestNode(surface, 0, x, y, node)) return;
    for (auto* map : maps_) map->setCursor(node.x, node.y);
    const std::size_t at = node.i * surface.columns() + node.j;
    QStringList parts;
    for (std::size_t g = 0; g < surface.groups.size(); ++g) {
        QString text = QStringLiteral("%1 %2").arg(changeSymbol(surface.groups[g].group),
                                                   signedNumber(surface.groups[g].change[at]));
        if (const double spread = s->spread[g][at]; !std::isnan(spread))
            text += QStringLiteral(" ± %1").arg(spread, 0, 'f', 2);
        if (s->plane[g]) text += tr(" (%1 lies at %2)").arg(s->plane_of, signedNumber(*s->plane[g]));
        parts << text;
    }
    readout_->setText(tr("%1 = %2, %3 = %4: %5")
                          .arg(factorSymbol(surface.axes[0].factor))
                          .arg(node.x, 0, 'g', 3)
                          .arg(factorSymbol(surface.axes[1].factor))
                          .arg(node.y, 0, 'g', 3)
                          .arg(parts.join(QStringLiteral(",  "))));
}

QString FiguresView::readout() const {
    return readout_->text();
}

}  // namespace ui
