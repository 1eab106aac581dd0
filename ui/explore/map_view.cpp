// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/explore/map_view.h"

#include <QEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QTextDocument>
#include <QToolTip>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

#include "ui/style/theme.h"

namespace ui {
namespace {

constexpr double kNear = 9;  // pixels within which the pointer is at a point

}  // namespace

MapView::MapView(QWidget* parent) : QWidget(parent), why_(tr("There is no map yet.")) {
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Map of the evaluation set"));
    setAccessibleDescription(
        tr("Points are items; the wheel zooms, dragging moves the map, Shift and dragging selects, "
           "a click chooses an item"));
    setCursor(Qt::CrossCursor);
}

void MapView::setContent(Content content, engine::MapPlaces places, bool keep_view) {
    const bool same = content_.map && content.map && content_.first_ids == content.first_ids;
    content_ = std::move(content);
    places_ = std::move(places);
    gap_.reset();
    why_.clear();
    hovered_.reset();
    if (!same) {
        chosen_.reset();
        marked_.reset();
        selection_.clear();
    }
    select(selection_);
    if (!keep_view || half_ == 0) showAll();
    stale();
}

void MapView::setPlaces(engine::MapPlaces places) {
    places_ = std::move(places);
    if (untouched_) keepInView();
    stale();
}

void MapView::setOldAxes(bool old) {
    old_axes_ = old;
    update();
}

void MapView::setGap(std::optional<double> gap) {
    gap_ = gap;
    update();
}

void MapView::clear(const QString& why) {
    content_ = {};
    places_ = {};
    why_ = why;
    chosen_.reset();
    marked_.reset();
    hovered_.reset();
    selection_.clear();
    // Whatever the mouse is about, it was of what is gone.
    drag_ = Drag::None;
    lasso_.clear();
    setCursor(Qt::CrossCursor);
    stale();
}

void MapView::setPairsShown(bool shown) {
    pairs_shown_ = shown;
    stale();
}

void MapView::setAxes(int across, int up) {
    across_ = across;
    up_ = up;
    showAll();
}

void MapView::stale() {
    stale_ = true;
    update();
}

QPointF MapView::placeOfPoint(bool first, std::size_t i) const {
    const auto& p = first ? places_.first : places_.second;
    return {static_cast<double>(p[i * places_.axes + static_cast<std::size_t>(across_)]),
            static_cast<double>(p[i * places_.axes + static_cast<std::size_t>(up_)])};
}

QRectF MapView::extent() const {
    double low[2] = {1e9, 1e9}, high[2] = {-1e9, -1e9};
    for (const bool first : {true, false}) {
        const std::size_t n = places_.axes == 0 ? 0 : (first ? places_.first : places_.second).size() / places_.axes;
        for (std::size_t i = 0; i < n; ++i) {
            const QPointF p = placeOfPoint(first, i);
            if (std::isnan(p.x())) continue;
            low[0] = std::min(low[0], p.x());
            high[0] = std::max(high[0], p.x());
            low[1] = std::min(low[1], p.y());
            high[1] = std::max(high[1], p.y());
        }
    }
    if (low[0] > high[0]) return {};
    return {QPointF(low[0], low[1]), QPointF(std::max(high[0], low[0] + 2e-3), std::max(high[1], low[1] + 2e-3))};
}

void MapView::showAll() {
    const QRectF all = extent();
    scale_ = 1;
    untouched_ = true;
    half_ = 0;
    if (!all.isNull()) {
        middle_ = all.center();
        // As much as the frame's shape lets in; see frameOf().
        half_ = std::max(all.width(), all.height()) / 2;
        const QRectF plot = QRectF(rect()).adjusted(kLeft, kTop, -kRight, -kBottom);
        const double side = std::min(plot.width(), plot.height());
        if (side > 10) half_ = std::max(all.width() / plot.width(), all.height() / plot.height()) * side / 2;
    }
    stale();
}

// The frame stays while points move, until some leave it or most of it is empty.
void MapView::keepInView() {
    const QRectF all = extent();
    const Frame frame = frameOf(rect());
    const QRectF seen(frame.at(all.left(), all.bottom()), frame.at(all.right(), all.top()));
    if (!frame.plot.contains(seen) ||
        std::max(seen.width() / frame.plot.width(), seen.height() / frame.plot.height()) < 0.6)
        showAll();
}

MapView::Frame MapView::frameOf(const QRectF& area) const {
    Frame frame;
    frame.plot = area.adjusted(kLeft, kTop, -kRight, -kBottom);
    frame.scale = scale_ * std::min(frame.plot.width(), frame.plot.height()) / (2.12 * std::max(half_, 1e-6));
    frame.middle = middle_;
    return frame;
}

void MapView::zoomAt(const QPointF& place, double factor) {
    if (!content_.map) return;
    const double next = std::clamp(scale_ * factor, 0.2, 400.0);
    factor = next / scale_;
    const Frame frame = frameOf(rect());
    const QPointF away = place - frame.plot.center();
    middle_ += QPointF(away.x(), -away.y()) / frame.scale * (1 - 1 / factor);
    scale_ = next;
    untouched_ = false;
    stale();
}

void MapView::zoom(double factor) {
    zoomAt(frameOf(rect()).plot.center(), factor);
}

std::optional<std::size_t> MapView::pointOf(const MapItem& item) const {
    if (!content_.map) return std::nullopt;
    const auto& rows = content_.map->rows(item.first);
    const auto found = std::lower_bound(rows.begin(), rows.end(), item.row);
    if (found == rows.end() || *found != item.row) return std::nullopt;
    return static_cast<std::size_t>(found - rows.begin());
}

std::optional<QPointF> MapView::placeOf(const MapItem& item) const {
    const auto i = pointOf(item);
    if (!i) return std::nullopt;
    const QPointF p = placeOfPoint(item.first, *i);
    if (std::isnan(p.x())) return std::nullopt;
    return frameOf(rect()).at(p.x(), p.y());
}

std::optional<MapItem> MapView::itemAt(const QPointF& place) const {
    if (!content_.map) return std::nullopt;
    const Frame frame = frameOf(rect());
    if (!frame.plot.contains(place)) return std::nullopt;
    std::optional<MapItem> best;
    double nearest = kNear * kNear;
    for (const bool first : {true, false}) {
        const auto& rows = content_.map->rows(first);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const QPointF p = placeOfPoint(first, i);
            const QPointF d = frame.at(p.x(), p.y()) - place;
            const double away = d.x() * d.x() + d.y() * d.y();
            if (away < nearest) {
                nearest = away;
                best = MapItem{first, rows[i]};
            }
        }
    }
    return best;
}

QString MapView::nameOf(const MapItem& item) const {
    const auto& ids = item.first ? content_.first_ids : content_.second_ids;
    return ids && item.row < ids->size() ? QString::fromStdString((*ids)[item.row]) : tr("row %1").arg(item.row);
}

QString MapView::axisCaption(int axis) const {
    if (!content_.map) return {};
    const bool gap = content_.map->options().axes == "gap";
    const int number = gap ? axis : axis + 1;
    const QString name = gap && axis == 0 ? tr("modality gap") : tr("principal component %1").arg(number);
    const double share = content_.map->explained()[static_cast<std::size_t>(axis)];
    const QString text = tr("%1 · %2 % of the variance").arg(name, QString::number(100 * share, 'f', 1));
    return old_axes_ ? tr("%1 when fitted").arg(text) : text;
}

void MapView::choose(std::optional<MapItem> item) {
    if (chosen_ == item) return;
    chosen_ = item;
    update();
}

void MapView::mark(std::optional<MapItem> item) {
    marked_ = item;
    update();
}

void MapView::select(std::vector<MapItem> items) {
    selection_ = std::move(items);
    if (content_.map) {
        selected_first_.assign(content_.map->rows(true).size(), 0);
        selected_second_.assign(content_.map->rows(false).size(), 0);
        for (const auto& item : selection_) {
            if (const auto i = pointOf(item)) (item.first ? selected_first_ : selected_second_)[*i] = 1;
        }
    }
    stale();
}

void MapView::resizeEvent(QResizeEvent*) {
    if (untouched_) showAll();
    stale();
}

void MapView::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange ||
        event->type() == QEvent::FontChange)
        stale();
}

void MapView::wheelEvent(QWheelEvent* event) {
    zoomAt(event->position(), std::pow(1.0016, event->angleDelta().y()));
    event->accept();
}

void MapView::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || !content_.map) return;
    pressed_ = last_ = event->position();
    drag_ = event->modifiers() & Qt::ShiftModifier ? Drag::Lasso : Drag::Press;
    lasso_ = {pressed_};
}

void MapView::mouseMoveEvent(QMouseEvent* event) {
    const QPointF at = event->position();
    if (drag_ == Drag::Press && (at - pressed_).manhattanLength() > 4) {
        drag_ = Drag::Pan;
        setCursor(Qt::ClosedHandCursor);
    }
    if (drag_ == Drag::Pan) {
        const QPointF moved = at - last_;
        middle_ -= QPointF(moved.x(), -moved.y()) / frameOf(rect()).scale;
        last_ = at;
        untouched_ = false;
        stale();
        return;
    }
    if (drag_ == Drag::Lasso) {
        lasso_ << at;
        update();
        return;
    }
    const auto now = itemAt(at);
    if (now == hovered_) return;
    hovered_ = now;
    if (now) {
        const QString text = nameOf(*now) + QStringLiteral("\n") + (now->first ? content_.first : content_.second);
        // Tooltips guess whether they are markup; ids are none.
        QToolTip::showText(event->globalPosition().toPoint(), Qt::mightBeRichText(text) ? text.toHtmlEscaped() : text,
                           this);
    } else {
        QToolTip::hideText();
    }
    update();
}

void MapView::takeLasso() {
    std::vector<MapItem> items;
    const Frame frame = frameOf(rect());
    const QRectF box = lasso_.boundingRect();
    if (lasso_.size() > 2) {
        for (const bool first : {true, false}) {
            const auto& rows = content_.map->rows(first);
            for (std::size_t i = 0; i < rows.size(); ++i) {
                const QPointF p = placeOfPoint(first, i);
                if (std::isnan(p.x())) continue;
                const QPointF at = frame.at(p.x(), p.y());
                if (box.contains(at) && lasso_.containsPoint(at, Qt::OddEvenFill)) items.push_back({first, rows[i]});
            }
        }
    }
    select(std::move(items));
    Q_EMIT selectionChanged();
}

void MapView::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return;
    const Drag was = std::exchange(drag_, Drag::None);
    setCursor(Qt::CrossCursor);
    if (!content_.map) return;
    if (was == Drag::Lasso) takeLasso();
    if (was != Drag::Press) return;
    const auto item = itemAt(event->position());
    const bool had_selection = !selection_.empty();
    if (!item && had_selection) {
        select({});
        Q_EMIT selectionChanged();
    }
    choose(item);
    if (item) Q_EMIT itemChosen(*item);
    else Q_EMIT chosenCleared();
}

void MapView::leaveEvent(QEvent*) {
    hovered_.reset();
    update();
}

void MapView::keyPressEvent(QKeyEvent* event) {
    const double step = 40 / frameOf(rect()).scale;
    switch (event->key()) {
        case Qt::Key_Plus:
        case Qt::Key_Equal:
            zoom(1.25);
            return;
        case Qt::Key_Minus:
            zoom(0.8);
            return;
        case Qt::Key_Home:
            showAll();
            return;
        case Qt::Key_Left:
            middle_.rx() -= step;
            break;
        case Qt::Key_Right:
            middle_.rx() += step;
            break;
        case Qt::Key_Up:
            middle_.ry() += step;
            break;
        case Qt::Key_Down:
            middle_.ry() -= step;
            break;
        case Qt::Key_Escape:
            if (!selection_.empty()) {
                select({});
                Q_EMIT selectionChanged();
            } else {
                choose(std::nullopt);
                Q_EMIT chosenCleared();
            }
            return;
        default:
            QWidget::keyPressEvent(event);
            return;
    }
    untouched_ = false;
    stale();
}

}  // namespace ui
