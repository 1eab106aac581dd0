// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/explore/map_view.h"

#include <QElapsedTimer>
#include <QEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

#include "ui/explore/point_splat.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

constexpr std::size_t kMostLines = 1500;  // of matched pairs that are drawn
constexpr double kNear = 9;               // pixels within which the pointer is at a point
constexpr double kLeft = 58, kRight = 14, kTop = 12, kBottom = 46;

// A step of 1, 2 or 5 times a power of ten, about `room` long.
double roundStep(double room) {
    const double power = std::pow(10, std::floor(std::log10(room)));
    for (const double s : {1.0, 2.0, 5.0}) {
        if (s * power >= room) return s * power;
    }
    return 10 * power;
}

QRgb opaque(const QColor& c) {
    return c.rgb() | 0xff000000u;
}

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
    if (!keep_view || all_ == 0) showAll();
    stale();
}

void MapView::setPlaces(engine::MapPlaces places) {
    places_ = std::move(places);
    stale();
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
    hovered_.reset();
    selection_.clear();
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

void MapView::showAll() {
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
    scale_ = 1;
    if (low[0] > high[0]) {
        all_ = 0;
    } else {
        middle_ = {(low[0] + high[0]) / 2, (low[1] + high[1]) / 2};
        // As much as the frame's shape lets in; see frameOf().
        all_ = std::max({(high[0] - low[0]) / 2, (high[1] - low[1]) / 2, 1e-3});
        const QRectF plot = QRectF(rect()).adjusted(kLeft, kTop, -kRight, -kBottom);
        const double short_side = std::min(plot.width(), plot.height());
        if (short_side > 10)
            all_ = std::max({(high[0] - low[0]) / 2 * short_side / plot.width(),
                             (high[1] - low[1]) / 2 * short_side / plot.height(), 1e-3});
    }
    stale();
}

MapView::Frame MapView::frameOf(const QRectF& area) const {
    Frame frame;
    frame.plot = area.adjusted(kLeft, kTop, -kRight, -kBottom);
    frame.scale = scale_ * std::min(frame.plot.width(), frame.plot.height()) / (2.12 * std::max(all_, 1e-6));
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
    return tr("%1 · %2 % of the variance").arg(name, QString::number(100 * share, 'f', 1));
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

void MapView::plotPoints(QImage& image, const Frame& frame, double ratio) const {
    const std::size_t n = content_.map->rows(true).size(), m = content_.map->rows(false).size();
    const auto at = [&](bool first, std::size_t i) {
        const QPointF p = placeOfPoint(first, i);
        return (frame.at(p.x(), p.y()) - frame.plot.topLeft()) * ratio;
    };
    const bool some = !selection_.empty();
    if (pairs_shown_) {
        const auto& pairs = content_.map->pairs();
        const std::size_t step = std::max<std::size_t>(1, (pairs.size() + kMostLines - 1) / kMostLines);
        const std::size_t drawn = (pairs.size() + step - 1) / step;
        const int opacity = drawn > 800 ? 26 : drawn > 200 ? 48 : 84;
        const QRgb colour = opaque(colours().muted), strong = opaque(colours().accent);
        for (std::size_t p = 0; p < pairs.size(); ++p) {
            const auto [i, j] = std::pair{pairs[p][0], pairs[p][1]};
            const bool picked = some && (selected_first_[i] != 0 || selected_second_[j] != 0);
            if (!picked && p % step != 0) continue;
            const QPointF a = at(true, i), b = at(false, j);
            if (std::isnan(a.x()) || std::isnan(b.x())) continue;
            plotLine(image, a.x(), a.y(), b.x(), b.y(), picked ? strong : colour,
                     picked ? 90
                     : some ? opacity / 2
                            : opacity);
        }
    }
    const double radius = (n + m > 12000  ? 1.5
                           : n + m > 3000 ? 1.9
                           : n + m > 600  ? 2.6
                                          : 3.4) *
                          ratio * std::clamp(std::sqrt(scale_), 1.0, 1.8);
    const PointStamp disc(PointShape::Disc, radius), diamond(PointShape::Diamond, radius);
    const PointStamp large_disc(PointShape::Disc, radius * 1.6), large_diamond(PointShape::Diamond, radius * 1.6);
    const int opacity = some ? 64 : n + m > 12000 ? 150 : 190;
    const QRgb a = opaque(modalityColour(content_.first)), b = opaque(modalityColour(content_.second));
    // In turns, so that neither side covers the other.
    const std::size_t most = std::max(n, m);
    std::size_t done_first = 0, done_second = 0;
    for (std::size_t t = 1; t <= most; ++t) {
        for (; done_first < n * t / most; ++done_first) {
            const QPointF p = at(true, done_first);
            if (!std::isnan(p.x())) disc.plot(image, p.x(), p.y(), a, opacity);
        }
        for (; done_second < m * t / most; ++done_second) {
            const QPointF p = at(false, done_second);
            if (!std::isnan(p.x())) diamond.plot(image, p.x(), p.y(), b, opacity);
        }
    }
    if (!some) return;
    for (const bool first : {true, false}) {
        const auto& picked = first ? selected_first_ : selected_second_;
        for (std::size_t i = 0; i < picked.size(); ++i) {
            if (picked[i] == 0) continue;
            const QPointF p = at(first, i);
            if (!std::isnan(p.x())) (first ? large_disc : large_diamond).plot(image, p.x(), p.y(), first ? a : b, 255);
        }
    }
}

void MapView::paintAxes(QPainter& painter, const Frame& frame, const QRectF& area) const {
    const auto& c = colours();
    painter.fillRect(area, c.panel);
    QColor faint = c.line;
    faint.setAlphaF(0.55f);
    QFont small = font();
    small.setPointSizeF(small.pointSizeF() * 0.88);
    painter.setFont(small);
    const QFontMetricsF metrics(small);
    const double step = roundStep(78 / frame.scale);
    const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
    const auto label = [&](double v) {
        return (v < -step / 2 ? QStringLiteral("−") : QString()) +
               QString::number(std::abs(v) < step / 2 ? 0 : std::abs(v), 'f', decimals);
    };
    const double x0 = frame.middle.x() - frame.plot.width() / 2 / frame.scale,
                 x1 = frame.middle.x() + frame.plot.width() / 2 / frame.scale;
    const double y0 = frame.middle.y() - frame.plot.height() / 2 / frame.scale,
                 y1 = frame.middle.y() + frame.plot.height() / 2 / frame.scale;
    for (double v = std::ceil(x0 / step) * step; v <= x1; v += step) {
        const double x = std::round(frame.at(v, 0).x()) + 0.5;
        painter.setPen(QPen(faint, 1));
        painter.drawLine(QPointF(x, frame.plot.top()), QPointF(x, frame.plot.bottom()));
        painter.setPen(c.muted);
        painter.drawText(QRectF(x - 40, frame.plot.bottom() + 3, 80, metrics.height()), Qt::AlignHCenter | Qt::AlignTop,
                         label(v));
    }
    for (double v = std::ceil(y0 / step) * step; v <= y1; v += step) {
        const double y = std::round(frame.at(0, v).y()) + 0.5;
        painter.setPen(QPen(faint, 1));
        painter.drawLine(QPointF(frame.plot.left(), y), QPointF(frame.plot.right(), y));
        painter.setPen(c.muted);
        painter.drawText(QRectF(frame.plot.left() - 46, y - 10, 40, 20), Qt::AlignRight | Qt::AlignVCenter, label(v));
    }
    painter.setFont(font());
    painter.setPen(c.text);
    const QFontMetricsF words(font());
    painter.drawText(
        QRectF(frame.plot.left(), area.bottom() - words.height() - 4, frame.plot.width(), words.height() + 2),
        Qt::AlignHCenter | Qt::AlignVCenter,
        words.elidedText(axisCaption(across_), Qt::ElideRight, frame.plot.width()));
    painter.save();
    painter.translate(area.left() + 4, frame.plot.bottom());
    painter.rotate(-90);
    painter.drawText(QRectF(0, 0, frame.plot.height(), words.height() + 2), Qt::AlignHCenter | Qt::AlignVCenter,
                     words.elidedText(axisCaption(up_), Qt::ElideRight, frame.plot.height()));
    painter.restore();
}

void MapView::paintLegend(QPainter& painter, const Frame& frame) const {
    const auto& c = colours();
    const QFontMetricsF metrics(font());
    const auto count = [&](bool first) {
        const auto drawn = static_cast<qlonglong>(content_.map->rows(first).size());
        const auto all = static_cast<qlonglong>(content_.map->items(first));
        return drawn == all ? tr("%L1").arg(drawn) : tr("%L1 of %L2").arg(drawn).arg(all);
    };
    const QStringList lines{content_.first + QStringLiteral("  ") + count(true),
                            content_.second + QStringLiteral("  ") + count(false)};
    QString title = content_.subject;
    if (content_.synthetic) title += tr(" · synthetic world");
    double width = metrics.horizontalAdvance(title);
    for (const auto& line : lines) width = std::max(width, metrics.horizontalAdvance(line) + 18);
    const double row = metrics.height() + 2;
    const QRectF box(frame.plot.left() + 8, frame.plot.top() + 8, width + 20, 3 * row + 12);
    QColor back = c.panel;
    back.setAlphaF(0.88f);
    painter.setPen(QPen(c.line, 1));
    painter.setBrush(back);
    painter.drawRoundedRect(box, 5, 5);
    painter.setPen(c.text);
    painter.drawText(QRectF(box.left() + 10, box.top() + 6, width + 2, row), Qt::AlignLeft | Qt::AlignVCenter, title);
    for (int i = 0; i < 2; ++i) {
        const QPointF at(box.left() + 15, box.top() + 6 + row * (i + 1.5));
        painter.setPen(Qt::NoPen);
        painter.setBrush(modalityColour(i == 0 ? content_.first : content_.second));
        if (i == 0) painter.drawEllipse(at, 4.5, 4.5);
        else
            painter.drawPolygon(
                QPolygonF{at + QPointF(0, -5.5), at + QPointF(5.5, 0), at + QPointF(0, 5.5), at + QPointF(-5.5, 0)});
        painter.setPen(c.text);
        painter.drawText(QRectF(box.left() + 28, at.y() - row / 2, width, row), Qt::AlignLeft | Qt::AlignVCenter,
                         lines[i]);
    }
}

void MapView::paintOver(QPainter& painter, const Frame& frame) const {
    const auto& c = colours();
    painter.save();
    painter.setClipRect(frame.plot);
    painter.setRenderHint(QPainter::Antialiasing);
    const auto mean = [&](const std::vector<double>& m) {
        return frame.at(m[static_cast<std::size_t>(across_)], m[static_cast<std::size_t>(up_)]);
    };
    const QPointF from = mean(places_.first_mean), to = mean(places_.second_mean);
    const double length = std::hypot(to.x() - from.x(), to.y() - from.y());
    if (length > 14 && std::isfinite(length)) {
        const QPointF along = (to - from) / length, across(-along.y(), along.x());
        const QPolygonF head{to, to - along * 11 + across * 5, to - along * 11 - across * 5};
        for (const bool halo : {true, false}) {
            painter.setPen(QPen(halo ? c.panel : c.text, halo ? 5 : 2, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
            painter.setBrush(halo ? c.panel : c.text);
            painter.drawLine(from, to - along * 8);
            painter.drawPolygon(head);
        }
        if (gap_) {
            const QString text = tr("gap %1").arg(*gap_, 0, 'f', 3);
            const QFontMetricsF metrics(font());
            const QPointF side = across.y() > 0 ? -across : across;  // above the arrow
            const QPointF at = (from + to) / 2 + side * (metrics.height() * 0.5 + 8 +
                                                         std::abs(along.y()) * metrics.horizontalAdvance(text) / 2);
            QRectF box = metrics.boundingRect(text).adjusted(-5, -2, 5, 2);
            box.moveCenter(at);
            QColor back = c.panel;
            back.setAlphaF(0.85f);
            painter.setPen(Qt::NoPen);
            painter.setBrush(back);
            painter.drawRoundedRect(box, 4, 4);
            painter.setPen(c.text);
            painter.drawText(box, Qt::AlignCenter, text);
        }
    }
    const auto ring = [&](const MapItem& item, const QColor& colour, double radius, double width) {
        const auto i = pointOf(item);
        if (!i) return;
        const QPointF p = placeOfPoint(item.first, *i);
        if (std::isnan(p.x())) return;
        const QPointF at = frame.at(p.x(), p.y());
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(c.panel, width + 2.5));
        painter.drawEllipse(at, radius, radius);
        painter.setPen(QPen(colour, width));
        painter.drawEllipse(at, radius, radius);
    };
    // The chosen item with its partners.
    if (chosen_) {
        if (const auto i = pointOf(*chosen_)) {
            const QPointF p = placeOfPoint(chosen_->first, *i);
            const QPointF at = frame.at(p.x(), p.y());
            for (const auto& pair : content_.map->pairs()) {
                if (pair[chosen_->first ? 0 : 1] != *i) continue;
                const std::size_t other = pair[chosen_->first ? 1 : 0];
                const QPointF q = placeOfPoint(!chosen_->first, other);
                if (std::isnan(q.x()) || std::isnan(p.x())) continue;
                painter.setPen(QPen(c.accent, 1.6));
                painter.drawLine(at, frame.at(q.x(), q.y()));
                ring({!chosen_->first, content_.map->rows(!chosen_->first)[other]}, c.accent, 5, 1.6);
            }
        }
        ring(*chosen_, c.accent, 8, 2.4);
    }
    if (marked_) ring(*marked_, c.warning, 9, 2.4);
    if (hovered_ && hovered_ != chosen_) ring(*hovered_, c.text, 7, 1.4);
    if (drag_ == Drag::Lasso && lasso_.size() > 1) {
        QColor fill = c.accent;
        fill.setAlphaF(0.12f);
        painter.setBrush(fill);
        painter.setPen(QPen(c.accent, 1.4, Qt::DashLine));
        painter.drawPolygon(lasso_);
    }
    painter.restore();
}

void MapView::paintTo(QPainter& painter, const QRectF& area) {
    painter.save();
    painter.setFont(font());
    const auto& c = colours();
    if (!content_.map) {
        painter.fillRect(area, c.panel);
        painter.setPen(c.muted);
        painter.drawText(area.adjusted(24, 24, -24, -24), Qt::AlignCenter | Qt::TextWordWrap, why_);
        painter.restore();
        return;
    }
    const Frame frame = frameOf(area);
    paintAxes(painter, frame, area);
    const double ratio = painter.device()->devicePixelRatioF();
    const bool own = area == QRectF(rect()) && painter.device() == this;
    const QSize size = (frame.plot.size() * ratio).toSize();
    QImage other;
    QImage& image = own ? image_ : other;
    if (!own || stale_ || image.size() != size) {
        QElapsedTimer timer;
        timer.start();
        if (image.size() != size) image = QImage(size, QImage::Format_ARGB32_Premultiplied);
        image.fill(Qt::transparent);
        plotPoints(image, frame, ratio);
        if (own) {
            stale_ = false;
            draw_ms_ = static_cast<double>(timer.nsecsElapsed()) * 1e-6;
        }
    }
    painter.drawImage(frame.plot, image);
    painter.setPen(QPen(c.line, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(frame.plot.toAlignedRect());
    paintOver(painter, frame);
    painter.setRenderHint(QPainter::Antialiasing);
    paintLegend(painter, frame);
    painter.restore();
}

void MapView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    paintTo(painter, rect());
    if (hasFocus()) {
        painter.setPen(QPen(colours().accent, 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
}

void MapView::resizeEvent(QResizeEvent*) {
    if (scale_ == 1) showAll();
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
    if (now)
        QToolTip::showText(event->globalPosition().toPoint(),
                           nameOf(*now) + QStringLiteral("\n") + (now->first ? content_.first : content_.second), this);
    else QToolTip::hideText();
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
    stale();
}

}  // namespace ui
