// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/curve_view.h"

#include <QFontMetricsF>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QToolTip>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ui/style/theme.h"

namespace ui {
namespace {

constexpr double kFineness = 1000;  // dragging tells this many places of the axis apart
constexpr double kNear = 3;         // points between a click and what it is on

}  // namespace

double curveAt(const CurveView::Curve& curve, double x) {
    const auto above = static_cast<std::size_t>(std::upper_bound(curve.x.begin(), curve.x.end(), x) - curve.x.begin());
    if (curve.exact) return above < curve.y.size() ? curve.y[above] : std::numeric_limits<double>::quiet_NaN();
    // Between the nearest points that are known.
    std::size_t left = above, right = above;
    while (left > 0 && std::isnan(curve.y[left - 1])) --left;
    while (right < curve.x.size() && std::isnan(curve.y[right])) ++right;
    if (left == 0) return std::numeric_limits<double>::quiet_NaN();
    const double x0 = curve.x[left - 1], y0 = curve.y[left - 1];
    if (x0 == x) return y0;
    if (right == curve.x.size()) return std::numeric_limits<double>::quiet_NaN();
    return y0 + (curve.y[right] - y0) * (x - x0) / (curve.x[right] - x0);
}

CurveView::CurveView(QWidget* parent) : QWidget(parent) {
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setAccessibleName(tr("Curves of the change along one factor"));
    setAccessibleDescription(
        tr("Left and right arrow keys move the factor, with Shift by ten steps, with Ctrl to the next change; Enter "
           "lists the queries that change there."));
    rescale();
}

void CurveView::setCurves(const std::vector<engine::LiveCurve>& curves) {
    std::vector<Curve> all;
    double low = 0, high = 1;
    for (const auto& c : curves) {
        if (all.empty()) {
            low = c.change.low;
            high = c.change.high;
            factor_ = factorSymbol(c.factor);
            title_ = tr("Δ, points of %1").arg(QString::fromStdString(c.group.metric));
        }
        all.push_back({changeSymbol(c.group), {}, true, c.interval.has_value(), c.change.breaks, c.change.values});
    }
    setCurves(std::move(all), low, high);
}

void CurveView::setSampled(const SurfacePtr& surface) {
    if (!surface || surface->axes.size() != 1) return setCurves({}, 0, 1);
    const auto& axis = surface->axes[0];
    std::vector<Curve> all;
    for (std::size_t g = 0; g < surface->groups.size(); ++g) {
        const auto& group = surface->groups[g];
        Curve curve{changeSymbol(group.group), {}, false, isEstimate(*surface, g), {}, group.change};
        for (std::size_t i = 0; i < axis.steps; ++i) curve.x.push_back(axis.value(i));
        if (axis.last < axis.first) {
            std::reverse(curve.x.begin(), curve.x.end());
            std::reverse(curve.y.begin(), curve.y.end());
        }
        all.push_back(std::move(curve));
    }
    factor_ = factorSymbol(axis.factor);
    if (!surface->groups.empty())
        title_ = tr("Δ, points of %1").arg(QString::fromStdString(surface->groups[0].group.metric));
    caption_ = surfaceCaption(*surface);
    setCurves(std::move(all), std::min(axis.first, axis.last), std::max(axis.first, axis.last));
}

void CurveView::setCurves(std::vector<Curve> curves, double low, double high) {
    curves_ = std::move(curves);
    low_ = low;
    high_ = high > low ? high : low + 1;
    rescale();
    changed();
}

void CurveView::setFactor(const QString& symbol) {
    factor_ = symbol;
    changed();
}

void CurveView::setTitle(const QString& title) {
    title_ = title;
    changed();
}

void CurveView::setCaption(const QString& caption) {
    caption_ = caption;
}

void CurveView::setHighlighted(const QString& group) {
    highlighted_ = group;
    changed();
}

void CurveView::setCursor(double x) {
    if (has_cursor_ && cursor_ == x) return;
    cursor_ = x;
    has_cursor_ = true;
    update();
}

void CurveView::setRange(double low, double high) {
    range_ = {low, high};
    rescale();
    changed();
}

void CurveView::clearRange() {
    range_.reset();
    rescale();
    changed();
}

void CurveView::setKeyStep(double step) {
    key_step_ = step;
}

void CurveView::setDecimals(int decimals) {
    decimals_ = decimals;
    changed();
}

void CurveView::setSpans(std::vector<std::pair<double, double>> spans, const QString& meaning) {
    spans_ = std::move(spans);
    spans_meaning_ = meaning;
    changed();
}

QString CurveView::figure(double value) const {
    return decimals_ < 0 ? signedNumber(value, 2) : QString::number(value, 'f', decimals_);
}

void CurveView::changed() {
    layers_ = {};
    update();
}

void CurveView::rescale() {
    double low = 0, high = 0;
    if (range_) {
        std::tie(low, high) = *range_;
    } else {
        for (const auto& c : curves_) {
            for (const double y : c.y) {
                if (!std::isfinite(y)) continue;
                low = std::min(low, y);
                high = std::max(high, y);
            }
        }
    }
    if (low == high) high = low + 1;
    const double room = (high - low) * 0.05;
    scale_ = axisTicks(low < 0 ? low - room : low, high > 0 ? high + room : high, 8);
}

QPointF CurveView::place(double x, double y) const {
    return placeIn(frameOf(rect(), false).plot, x, y);
}

QPointF CurveView::placeIn(const QRectF& plot, double x, double y) const {
    return {plot.left() + (x - low_) / (high_ - low_) * plot.width(),
            plot.bottom() - (y - scale_.low) / (scale_.high - scale_.low) * plot.height()};
}

double CurveView::valueAt(double px) const {
    const QRectF plot = frameOf(rect(), false).plot;
    const double share = std::clamp((px - plot.left()) / plot.width(), 0.0, 1.0);
    return low_ + std::round(share * kFineness) * ((high_ - low_) / kFineness);
}

QColor CurveView::colourOf(std::size_t i) const {
    return curves_[i].colour.isValid() ? curves_[i].colour : seriesColour(static_cast<int>(i));
}

bool CurveView::strong(std::size_t i) const {
    return highlighted_.isEmpty() || curves_[i].label == highlighted_ ||
           curves_[i].label == QStringLiteral("Δ_") + highlighted_;
}

CurveView::Frame CurveView::frameOf(const QRectF& area, bool caption) const {
    Frame f;
    f.area = area;
    f.font = font();
    f.small = f.font;
    f.small.setPointSizeF(std::max(7.0, f.font.pointSizeF() * 0.9));
    const QFontMetricsF metrics(f.font), small(f.small);
    double ticks = 0, names = 0;
    for (std::size_t k = 0; k < scale_.values.size(); ++k)
        ticks = std::max(ticks, small.horizontalAdvance(scale_.text(k, true)));
    for (const auto& c : curves_) names = std::max(names, symbolWidth(f.font, c.label));
    const double line = small.height() + 4;
    f.foot = QRectF(area.left() + 10, area.bottom() - line * (caption ? 2 : 1) - 4, area.width() - 20,
                    line * (caption ? 2 : 1));
    // The title, under it the cursor's own figure.
    const double left = area.left() + 10 + ticks + 8, top = area.top() + 10 + metrics.height() + small.height() + 8;
    f.plot = QRectF(QPointF(left, top),
                    QPointF(std::max(left + 20, area.right() - names - 20),
                            std::max(top + 20, f.foot.top() - 4 - metrics.height() - 4 - small.height() - 6)));
    return f;
}

std::optional<double> CurveView::nextChange(double x, bool right) const {
    std::optional<double> nearest;
    for (const auto& c : curves_) {
        if (!c.exact) continue;
        if (right) {
            const auto at = std::upper_bound(c.x.begin(), c.x.end(), x);
            if (at != c.x.end() && (!nearest || *at < *nearest)) nearest = *at;
        } else {
            const auto at = std::lower_bound(c.x.begin(), c.x.end(), x);
            if (at != c.x.begin() && (!nearest || *(at - 1) > *nearest)) nearest = *(at - 1);
        }
    }
    return nearest;
}

std::optional<std::pair<double, double>> CurveView::changesAt(QPointF at) const {
    const QRectF plot = frameOf(rect(), false).plot;
    if (!plot.adjusted(-kNear, -kNear, kNear, kNear).contains(at)) return std::nullopt;
    const auto xOf = [&](double px) { return low_ + (px - plot.left()) / plot.width() * (high_ - low_); };
    const double low = xOf(at.x() - kNear), high = xOf(at.x() + kNear);
    for (std::size_t i = 0; i < curves_.size(); ++i) {
        const Curve& c = curves_[i];
        if (!c.exact || !strong(i)) continue;
        const auto first = std::lower_bound(c.x.begin(), c.x.end(), low),
                   last = std::upper_bound(first, c.x.end(), high);
        for (auto change = first; change != last; ++change) {
            const auto k = static_cast<std::size_t>(change - c.x.begin());
            const double a = placeIn(plot, *change, c.y[k]).y(), b = placeIn(plot, *change, c.y[k + 1]).y();
            if (at.y() >= std::min(a, b) - kNear && at.y() <= std::max(a, b) + kNear)
                return std::pair{std::max(low, low_), std::min(high, high_)};
        }
    }
    return std::nullopt;
}

QString CurveView::readout(double x) const {
    if (curves_.empty()) return {};
    QStringList lines{QStringLiteral("%1 = %2").arg(factor_, plainNumber(x, 3))};
    for (const auto& c : curves_) {
        const double value = curveAt(c, x);
        if (std::isnan(value)) {
            lines << tr("%1 not computed here yet").arg(c.label);
            continue;
        }
        const auto point = std::lower_bound(c.x.begin(), c.x.end(), x);
        const bool measured = c.exact || (point != c.x.end() && *point == x &&
                                          !std::isnan(c.y[static_cast<std::size_t>(point - c.x.begin())]));
        const QString shown = (c.estimate ? QStringLiteral("≈ ") : QString()) + figure(value);
        lines << (measured ? QStringLiteral("%1 %2").arg(c.label, shown)
                           : tr("%1 about %2 (interpolated)").arg(c.label, shown));
    }
    if (const auto at = nextChange(x, true)) lines << tr("next change at %1 = %2").arg(factor_, plainNumber(*at, 4));
    if (const auto at = nextChange(x, false)) lines << tr("last change at %1 = %2").arg(factor_, plainNumber(*at, 4));
    return lines.join(QLatin1Char('\n'));
}

void CurveView::pick(double px, bool dragging) {
    const double x = valueAt(px);
    setCursor(x);
    Q_EMIT picked(x, dragging);
}

void CurveView::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || curves_.empty()) return QWidget::mousePressEvent(event);
    if (!frameOf(rect(), false).plot.adjusted(-6, -6, 6, 6).contains(event->position())) return;
    pressed_ = true;
    dragged_ = false;
    press_at_ = event->position();
    QToolTip::hideText();
    pick(event->position().x(), true);
}

void CurveView::mouseMoveEvent(QMouseEvent* event) {
    if (pressed_) {
        dragged_ = dragged_ || (event->position() - press_at_).manhattanLength() > kNear;
        return pick(event->position().x(), true);
    }
    const bool on_plot = !curves_.empty() && frameOf(rect(), false).plot.contains(event->position());
    const auto asked = on_plot ? changesAt(event->position()) : std::nullopt;
    QWidget::setCursor(asked ? Qt::PointingHandCursor : on_plot ? Qt::SplitHCursor : Qt::ArrowCursor);
    if (on_plot)
        QToolTip::showText(
            event->globalPosition().toPoint() + QPoint(14, 10),
            readout(valueAt(event->position().x())) + (asked ? tr("\nclick: the queries that change here") : QString()),
            this);
    else QToolTip::hideText();
}

void CurveView::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || !pressed_) return QWidget::mouseReleaseEvent(event);
    pressed_ = false;
    pick(event->position().x(), false);
    if (dragged_) return;
    if (const auto asked = changesAt(press_at_)) Q_EMIT changesAsked(asked->first, asked->second);
}

void CurveView::leaveEvent(QEvent* event) {
    QToolTip::hideText();
    QWidget::leaveEvent(event);
}

void CurveView::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
        const bool here = std::any_of(curves_.begin(), curves_.end(), [&](const Curve& c) {
            return c.exact && std::binary_search(c.x.begin(), c.x.end(), cursor_);
        });
        if (here) Q_EMIT changesAsked(cursor_, cursor_);
        return;
    }
    const bool right = event->key() == Qt::Key_Right;
    if (curves_.empty() || (!right && event->key() != Qt::Key_Left)) return QWidget::keyPressEvent(event);
    double x = cursor_;
    if (event->modifiers().testFlag(Qt::ControlModifier)) {
        const auto at = nextChange(cursor_, right);
        if (!at) return;
        x = *at;
    } else {
        x += (right ? key_step_ : -key_step_) * (event->modifiers().testFlag(Qt::ShiftModifier) ? 10 : 1);
        x = std::round(x * 1e9) / 1e9;  // sums of steps stay the decimal numbers they look like
    }
    x = std::clamp(x, low_, high_);
    setCursor(x);
    Q_EMIT picked(x, false);
}

void CurveView::resizeEvent(QResizeEvent* event) {
    layers_ = {};
    QWidget::resizeEvent(event);
}

void CurveView::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange ||
        event->type() == QEvent::FontChange)
        changed();
    QWidget::changeEvent(event);
}

}  // namespace ui
