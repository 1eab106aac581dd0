// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/surface_view.h"

#include <QHBoxLayout>
#include <QVBoxLayout>
#include <QtDataVisualization/Q3DTheme>
#include <QtDataVisualization/QSurface3DSeries>
#include <QtDataVisualization/QSurfaceDataProxy>

#include "engine/base/error.h"

namespace ui {

SurfaceView::SurfaceView(QWidget* parent)
    : QWidget(parent), choice_(new QComboBox), about_(new QLabel), surface_(new Q3DSurface) {
    surface_->activeTheme()->setType(Q3DTheme::ThemeQt);
    surface_->scene()->activeCamera()->setCameraPosition(-40, 25, 72);
    surface_->axisX()->setTitleVisible(true);
    surface_->axisY()->setTitleVisible(true);
    surface_->axisZ()->setTitleVisible(true);
    auto* container = QWidget::createWindowContainer(surface_, this);
    container->setMinimumSize(320, 240);
    container->setFocusPolicy(Qt::StrongFocus);
    container->setAccessibleName(tr("Surface of the change over two factors"));
    about_->setWordWrap(true);
    choice_->setAccessibleName(tr("Group of evaluation sets"));
    auto* top = new QHBoxLayout;
    top->addWidget(choice_);
    top->addWidget(about_, 1);
    auto* layout = new QVBoxLayout(this);
    layout->addLayout(top);
    layout->addWidget(container, 1);
    connect(choice_, &QComboBox::currentIndexChanged, this, &SurfaceView::showGroup);
}

void SurfaceView::open(const QString& path) {
    const engine::Json json = engine::readJsonFile(path.toStdString());
    if (!json.contains("axes") || !json.contains("groups") || json["axes"].size() != 2 || json["groups"].empty()) {
        throw engine::Error(engine::ErrorCode::InvalidInput, path.toStdString(), "expected a sweep over two factors",
                            "write one with `molspace sweep --axis ... --axis ... -o file.json`");
    }
    sweep_ = json;
    choice_->clear();
    for (const auto& g : sweep_["groups"])
        choice_->addItem(QStringLiteral("Δ_%1").arg(QString::fromStdString(g["name"].get<std::string>())));
}

void SurfaceView::showGroup(int index) {
    if (index < 0) return;
    const auto& group = sweep_["groups"][static_cast<std::size_t>(index)];
    const auto& x = sweep_["axes"][0]["values"];
    const auto& z = sweep_["axes"][1]["values"];
    auto* rows = new QSurfaceDataArray;
    for (std::size_t j = 0; j < z.size(); ++j) {
        auto* row = new QSurfaceDataRow;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const auto& value = group["change"][i][j];
            row->append(QVector3D(x[i].get<float>(), value.is_number() ? value.get<float>() : 0.0f, z[j].get<float>()));
        }
        rows->append(row);
    }
    for (auto* old : surface_->seriesList()) {
        surface_->removeSeries(old);
        delete old;
    }
    auto* proxy = new QSurfaceDataProxy;
    proxy->resetArray(rows);
    auto* series = new QSurface3DSeries(proxy);
    series->setDrawMode(QSurface3DSeries::DrawSurfaceAndWireframe);
    QLinearGradient colours(0, 0, 0, 1);
    colours.setColorAt(0, QColor(0x35, 0x4a, 0x8c));
    colours.setColorAt(0.5, QColor(0x3f, 0xa0, 0x91));
    colours.setColorAt(1, QColor(0xf2, 0xd0, 0x4b));
    series->setBaseGradient(colours);
    series->setColorStyle(Q3DTheme::ColorStyleRangeGradient);
    surface_->addSeries(series);
    surface_->axisX()->setTitle(QString::fromStdString(sweep_["axes"][0]["factor"].get<std::string>()));
    surface_->axisZ()->setTitle(QString::fromStdString(sweep_["axes"][1]["factor"].get<std::string>()));
    surface_->axisY()->setTitle(
        tr("change of %1, points").arg(QString::fromStdString(group["metric"].get<std::string>())));
    QStringList sets;
    for (const auto& s : group["sets"]) sets << QString::fromStdString(s.get<std::string>());
    about_->setText(tr("%1 against %2%3: mean change of %4 over %5")
                        .arg(QString::fromStdString(sweep_["subject"].get<std::string>()),
                             QString::fromStdString(sweep_["baseline"].get<std::string>()),
                             sweep_.value("synthetic", false) ? tr(" (synthetic world)") : QString(),
                             QString::fromStdString(group["metric"].get<std::string>()),
                             sets.join(QStringLiteral(", "))));
}

}  // namespace ui
