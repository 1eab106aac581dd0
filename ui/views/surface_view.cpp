// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/surface_view.h"

#include <QtDataVisualization/qutils.h>
#include <QFontMetricsF>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QOffscreenSurface>
#include <QOpenGLContext>
#include <QOpenGLFunctions>
#include <QPainter>
#include <QVBoxLayout>
#include <QtDataVisualization/Q3DCamera>
#include <QtDataVisualization/Q3DScene>
#include <QtDataVisualization/Q3DSurface>
#include <QtDataVisualization/Q3DTheme>
#include <QtDataVisualization/QCustom3DItem>
#include <QtDataVisualization/QCustom3DLabel>
#include <QtDataVisualization/QSurface3DSeries>
#include <QtDataVisualization/QSurfaceDataProxy>
#include <QtDataVisualization/QValue3DAxis>
#include <QtDataVisualization/QValue3DAxisFormatter>

#include <algorithm>
#include <cmath>
#include <utility>

#include "ui/style/colour_map.h"
#include "ui/style/theme.h"
#include "ui/views/surface_parts.h"
#include "ui/widgets/elided_label.h"

namespace ui {
namespace {

constexpr int kFrameMs = 16;
constexpr double kAxisPoints = 22;  // of a scene that scales with its window
constexpr int kPickMs = 250;        // for a click that hits nothing

enum class Graphics { None, Software, Hardware };

Graphics graphics() {
    static const Graphics found = [] {
        const QString platform = QGuiApplication::platformName();
        if (platform == QLatin1String("offscreen") || platform == QLatin1String("minimal")) return Graphics::None;
        QOpenGLContext context;
        if (!context.create()) return Graphics::None;
        QOffscreenSurface surface;
        surface.setFormat(context.format());
        surface.create();
        if (!surface.isValid() || !context.makeCurrent(&surface)) return Graphics::None;
        const auto* name = reinterpret_cast<const char*>(context.functions()->glGetString(GL_RENDERER));
        const QString renderer = QString::fromLatin1(name ? name : "");
        const bool enough = context.format().majorVersion() >= 2;
        context.doneCurrent();
        if (!enough) return Graphics::None;
        return renderer.contains(QLatin1String("llvmpipe")) || renderer.contains(QLatin1String("softpipe")) ||
                       renderer.contains(QLatin1String("SWR"))
                   ? Graphics::Software
                   : Graphics::Hardware;
    }();
    return found;
}

Q3DSurface* makeGraph() {
    // Smoothing of edges by several samples is what costs most where the processor draws.
    const QSurfaceFormat format = qDefaultSurfaceFormat(graphics() != Graphics::Software);
    return new Q3DSurface(&format);
}

}  // namespace

bool SurfaceView::available() {
    return graphics() != Graphics::None;
}

SurfaceView::SurfaceView(QWidget* parent) : QWidget(parent), graph_(makeGraph()), legend_(new SurfaceLegend(this)) {
    auto* handler = new OrbitHandler(this);
    handler->before_pick = [this] {
        // What stands in front of the surface would be picked in its place.
        picking_ = true;
        for (auto* one : items()) one->setVisible(false);
        pick_end_.start();
    };
    // The scene is a window of its own: a widget hears nothing of what is done there.
    handler->menu_wanted = [this](const QPoint& on_screen) { askForMenu(mapFromGlobal(on_screen)); };
    pick_end_.setSingleShot(true);
    pick_end_.setInterval(kPickMs);
    connect(&pick_end_, &QTimer::timeout, this, [this] {
        picking_ = false;
        schedule();
    });
    graph_->setActiveInputHandler(handler);
    graph_->setShadowQuality(QAbstract3DGraph::ShadowQualityNone);
    graph_->setSelectionMode(QAbstract3DGraph::SelectionItem);
    graph_->setHorizontalAspectRatio(1.0);
    graph_->setAspectRatio(1.45);
    graph_->setMargin(0.05f);
    for (auto* axis : {graph_->axisX(), graph_->axisY(), graph_->axisZ()}) {
        axis->setTitleVisible(true);
        axis->setTitleFixed(false);
        axis->setLabelAutoRotation(40);
    }
    graph_->axisY()->setFormatter(new SignedFormatter);
    graph_->scene()->activeCamera()->setTarget(QVector3D(0, -0.35f, 0));  // the labels below the floor need room
    graph_->axisX()->setRange(0, 1);
    graph_->axisZ()->setRange(0, 1);

    series_ = new QSurface3DSeries(new QSurfaceDataProxy);
    series_->setDrawMode(QSurface3DSeries::DrawSurfaceAndWireframe);
    series_->setFlatShadingEnabled(false);
    series_->setColorStyle(Q3DTheme::ColorStyleRangeGradient);
    series_->setItemLabelVisible(false);
    graph_->addSeries(series_);
    connect(series_, &QSurface3DSeries::selectedPointChanged, this, &SurfaceView::takeSelection);

    makeItems();
    auto* container = QWidget::createWindowContainer(graph_, this);
    container->setFocusPolicy(Qt::StrongFocus);
    container->setAccessibleName(tr("Surface of the change over two factors"));
    container->setAccessibleDescription(
        tr("Drag turns the surface, the wheel zooms, a click sets the factors; arrow keys move the setting. A right "
           "click or the menu key copies or saves the picture."));
    setFocusProxy(container);
    graph_->installEventFilter(this);
    note_ = new ElidedLabel;
    note_->setToolTip(container->accessibleDescription());
    note_->setContentsMargins(10, 2, 10, 6);
    note_->setAutoFillBackground(true);
    note_->setBackgroundRole(QPalette::Base);
    note_->setForegroundRole(QPalette::PlaceholderText);
    note_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    auto* middle = new QHBoxLayout;
    middle->setSpacing(0);
    middle->addWidget(container, 1);
    middle->addWidget(legend_);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(middle, 1);
    layout->addWidget(note_);

    fitCamera();
    auto* camera = graph_->scene()->activeCamera();
    const auto moved = [this] {
        if (posing_) return;
        posed_ = true;
        Q_EMIT cameraMoved(this->camera());
    };
    connect(camera, &Q3DCamera::xRotationChanged, this, moved);
    connect(camera, &Q3DCamera::yRotationChanged, this, moved);
    connect(camera, &Q3DCamera::zoomLevelChanged, this, moved);
    frame_.setSingleShot(true);
    frame_.setInterval(kFrameMs);
    connect(&frame_, &QTimer::timeout, this, &SurfaceView::refresh);
    applyColours();
}

SurfaceView::~SurfaceView() {
    for (auto* label : retired_) delete label;
}

void SurfaceView::setSurface(SurfacePtr surface, std::size_t group) {
    surface_ = std::move(surface);
    group_ = group;
    grid_ = hasSurface() ? completeGrid(*surface_, group_) : SurfaceGrid{};
    rescale();
    stale_ = true;
    schedule();
}

void SurfaceView::setCursor(double x, double y) {
    if (has_cursor_ && cursor_ == QPointF(x, y)) return;
    cursor_ = {x, y};
    has_cursor_ = true;
    schedule();
}

void SurfaceView::setRange(double low, double high) {
    range_ = {low, high};
    rescale();
    stale_ = true;
    schedule();
}

void SurfaceView::clearRange() {
    range_.reset();
    rescale();
    stale_ = true;
    schedule();
}

void SurfaceView::setBestShown(bool shown) {
    best_shown_ = shown;
    schedule();
}

void SurfaceView::setKeyStep(double step) {
    key_step_ = step;
}

void SurfaceView::setCamera(const CameraPose& pose) {
    posed_ = true;
    turnTo(pose);
}

void SurfaceView::resetCamera() {
    posed_ = false;
    fitCamera();
    Q_EMIT cameraMoved(camera());
}

void SurfaceView::fitCamera() {
    if (posed_) return;
    // Narrow views leave room above and below: closer.
    CameraPose pose;
    const double shape = height() > 0 ? static_cast<double>(width()) / height() : 1.5;
    pose.zoom += static_cast<float>(30 * (1.6 - std::clamp(shape, 0.85, 1.6)));
    turnTo(pose);
}

void SurfaceView::turnTo(const CameraPose& pose) {
    if (pose == camera()) return;
    posing_ = true;  // a view that follows another one does not lead it
    graph_->scene()->activeCamera()->setCameraPosition(pose.around, pose.above, pose.zoom);
    posing_ = false;
}

CameraPose SurfaceView::camera() const {
    const auto* camera = graph_->scene()->activeCamera();
    return {camera->xRotation(), camera->yRotation(), camera->zoomLevel()};
}

void SurfaceView::rescale() {
    double low = -1, high = 1;
    if (range_) std::tie(low, high) = *range_;
    else if (hasSurface()) valueRange(*surface_, group_, low, high);
    // The plane is no use outside.
    if (hasSurface() && !range_) {
        low = std::min(low, reference_);
        high = std::max(high, reference_);
    }
    scale_ = valueScale(low, high);
}

void SurfaceView::setReference(double level, const QString& name) {
    if (level == reference_ && name == reference_name_) return;
    reference_ = level;
    reference_name_ = name;
    rescale();
    stale_ = true;
    schedule();
}

void SurfaceView::schedule() {
    if (!frame_.isActive()) frame_.start();
}

void SurfaceView::refresh() {
    if (stale_) fillSeries();
    stale_ = false;
    placePin();
}

void SurfaceView::fillSeries() {
    ++redraws_;
    auto* proxy = series_->dataProxy();
    const auto nx = static_cast<int>(grid_.x.size()), ny = static_cast<int>(grid_.y.size());
    series_->setVisible(grid_.drawable());
    QString note = tr("lines: measured; between them: interpolated; grey plane: %1")
                       .arg(reference_name_.isEmpty() ? tr("no change") : reference_name_);
    if (hasSurface() && !surface_->complete() && surface_->total > 0)
        note += tr("; %1 of %2 points computed").arg(surface_->done).arg(surface_->total);
    note_->setText(hasSurface() ? note : tr("No surface yet."));
    legend_->show(scale_, hasSurface() ? changeSymbol(surface_->groups[group_].group) : QString());
    if (!grid_.drawable()) return;
    const auto& a = surface_->axes[0];
    const auto& b = surface_->axes[1];
    const auto range = [](QValue3DAxis* axis, double low, double high, int most) {
        axis->setRange(static_cast<float>(low), static_cast<float>(high));
        const AxisTicks ticks = axisTicks(low, high, most);
        axis->setSegmentCount(std::max(1, static_cast<int>(std::lround((high - low) / ticks.step))));
        axis->setLabelFormat(QStringLiteral("%.") + QString::number(ticks.decimals) + QLatin1Char('f'));
    };
    range(graph_->axisX(), std::min(a.first, a.last), std::max(a.first, a.last), 6);
    range(graph_->axisZ(), std::min(b.first, b.last), std::max(b.first, b.last), 6);
    const AxisTicks up = axisTicks(scale_.low, scale_.high, 9);
    range(graph_->axisY(), scale_.low, scale_.high, 9);
    // A formatter that changes does not tell; a new one is taken at once.
    if (static_cast<SignedFormatter*>(graph_->axisY()->formatter())->decimals != up.decimals) {
        auto* formatter = new SignedFormatter;
        formatter->decimals = up.decimals;
        graph_->axisY()->setFormatter(formatter);
    }
    graph_->axisX()->setTitle(factorSymbol(a.factor));
    graph_->axisZ()->setTitle(factorSymbol(b.factor));
    graph_->axisY()->setTitle(changeTitle(*surface_, group_));
    series_->setBaseGradient(divergingGradient(scale_.low, scale_.high, scale_.reach));

    const auto node = [this](int i, int j) {
        const auto si = static_cast<std::size_t>(i), sj = static_cast<std::size_t>(j);
        return QVector3D(static_cast<float>(grid_.x[si]),
                         static_cast<float>(std::clamp(grid_.value(si, sj), scale_.low, scale_.high)),
                         static_cast<float>(grid_.y[sj]));
    };
    // Rows run along the first factor. The array stays where its shape does: only heights are written.
    if (proxy->rowCount() == ny && proxy->columnCount() == nx) {
        auto* rows = const_cast<QSurfaceDataArray*>(proxy->array());
        for (int j = 0; j < ny; ++j) {
            for (int i = 0; i < nx; ++i) (*rows->at(j))[i].setPosition(node(i, j));
        }
        proxy->resetArray(rows);
        return;
    }
    auto* rows = new QSurfaceDataArray;
    rows->reserve(ny);
    for (int j = 0; j < ny; ++j) {
        auto* row = new QSurfaceDataRow(nx);
        for (int i = 0; i < nx; ++i) (*row)[i].setPosition(node(i, j));
        rows->append(row);
    }
    proxy->resetArray(rows);
}

void SurfaceView::applyColours() {
    const auto& c = colours();
    auto* theme = graph_->activeTheme();
    theme->setType(Q3DTheme::ThemeUserDefined);
    theme->setWindowColor(c.panel);
    theme->setBackgroundEnabled(true);
    theme->setBackgroundColor(c.window);
    theme->setGridEnabled(true);
    theme->setGridLineColor(darkTheme() ? QColor(0x5a, 0x62, 0x70) : QColor(0xb0, 0xb5, 0xbe));
    theme->setLabelTextColor(c.text);
    theme->setLabelBackgroundEnabled(false);
    theme->setLabelBorderEnabled(false);
    theme->setLightColor(Qt::white);
    theme->setLightStrength(2.0f);
    theme->setAmbientLightStrength(0.75f);
    theme->setHighlightLightStrength(2.0f);
    theme->setColorStyle(Q3DTheme::ColorStyleRangeGradient);
    QFont label = font();
    label.setPointSizeF(kAxisPoints);
    label.setBold(darkTheme());  // thin strokes are lost where they are light on dark
    theme->setFont(label);
    series_->setWireframeColor(darkTheme() ? QColor(0x16, 0x19, 0x1f) : QColor(0x6a, 0x70, 0x7c));
    series_->setColorStyle(Q3DTheme::ColorStyleRangeGradient);
    series_->setBaseGradient(divergingGradient(scale_.low, scale_.high, scale_.reach));
    paintItems();
    QFont small = font();
    small.setPointSizeF(std::max(7.0, small.pointSizeF() * 0.9));
    note_->setFont(small);
    legend_->update();
}

void SurfaceView::takeSelection(const QPoint& position) {
    if (position == QSurface3DSeries::invalidSelectionPosition() || !grid_.drawable()) return;
    picking_ = false;
    pick_end_.stop();
    schedule();
    const auto j = static_cast<std::size_t>(position.x()), i = static_cast<std::size_t>(position.y());
    // The pin says where it is; a second click on the same node counts again.
    QMetaObject::invokeMethod(
        this, [this] { series_->setSelectedPoint(QSurface3DSeries::invalidSelectionPosition()); },
        Qt::QueuedConnection);
    if (i >= grid_.x.size() || j >= grid_.y.size()) return;
    setCursor(grid_.x[i], grid_.y[j]);
    Q_EMIT picked(grid_.x[i], grid_.y[j]);
}

bool SurfaceView::moveByKey(QKeyEvent* event) {
    const auto to = hasSurface() ? movedByKey(*event, cursor_, *surface_, key_step_) : std::nullopt;
    if (!to) return false;
    setCursor(to->x(), to->y());
    Q_EMIT picked(to->x(), to->y());
    return true;
}

void SurfaceView::askForMenu(const QPoint& at) {
    if (contextMenuPolicy() != Qt::CustomContextMenu) return;
    QMetaObject::invokeMethod(
        this, [this, at] { Q_EMIT customContextMenuRequested(at); }, Qt::QueuedConnection);
}

bool SurfaceView::eventFilter(QObject* watched, QEvent* event) {
    if (watched == graph_ && event->type() == QEvent::KeyPress &&
        static_cast<QKeyEvent*>(event)->key() == Qt::Key_Menu) {
        askForMenu(rect().center());
        return true;
    }
    if (watched == graph_ && event->type() == QEvent::KeyPress && moveByKey(static_cast<QKeyEvent*>(event)))
        return true;
    if (watched == graph_ && graph_->isExposed() &&
        (event->type() == QEvent::UpdateRequest || event->type() == QEvent::Expose)) {
        // The frame is drawn by the time the call comes: then the scene has forgotten the labels it was rid of.
        const bool shown = event->type() == QEvent::Expose;
        QMetaObject::invokeMethod(
            this, [this, shown, old = std::exchange(retired_, {})] { frameDrawn(old, shown); }, Qt::QueuedConnection);
    }
    return QWidget::eventFilter(watched, event);
}

void SurfaceView::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    fitCamera();
}

void SurfaceView::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) applyColours();
}

QString SurfaceView::pinText() const {
    return label_ && label_->isVisible() ? label_->text() : QString();
}

QImage SurfaceView::picture(QSize size) {
    picturing_ = true;
    refresh();
    picturing_ = false;
    if (fresh_) {
        graph_->renderToImage(0, QSize(16, 16));
        frameDrawn(std::exchange(retired_, {}), false);
    }
    QImage image(size, QImage::Format_ARGB32_Premultiplied);
    image.fill(colours().panel);
    const QFontMetricsF metrics(note_->font());
    const double line = metrics.height() + 4;
    const int side = legend_->sizeHint().width() + 8;
    const QRect scene(0, 0, size.width() - side, size.height() - static_cast<int>(2 * line + 12));
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing, true);
    painter.drawImage(scene, graph_->renderToImage(8, scene.size()));
    legend_->paint(painter, QRectF(scene.right(), 0, side, scene.height()));
    painter.setFont(note_->font());
    painter.setPen(colours().muted);
    painter.drawText(QPointF(10, scene.bottom() + 4 + metrics.ascent()), note_->text());
    painter.setPen(colours().text);
    if (hasSurface())
        painter.drawText(QPointF(10, scene.bottom() + 4 + line + metrics.ascent()),
                         metrics.elidedText(surfaceCaption(*surface_), Qt::ElideRight, size.width() - 20));
    return image;
}

}  // namespace ui
