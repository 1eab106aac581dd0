// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reactions/route_view.h"

#include <QFontMetricsF>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QLineF>
#include <QLocale>
#include <QMouseEvent>
#include <QToolTip>

#include <algorithm>
#include <cmath>

#include "ui/reactions/route_painter.h"
#include "ui/style/theme.h"

namespace ui {

RouteView::RouteView(QWidget* parent) : QWidget(parent) {
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Route of the reactions"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
}

void RouteView::setRoute(const engine::Recipe& recipe, const engine::RoutePlan& plan, const engine::Setting& setting) {
    layout_ = routeLayout(recipe, plan, setting);
    filled_ = true;
    const int count = static_cast<int>(layout_.experts.size());
    if (hovered_ >= count) setHovered(-1);
    if (focused_ >= count) focused_ = count - 1;
    place();
    describe();
    update();
}

void RouteView::clear() {
    layout_ = {};
    filled_ = false;
    focused_ = -1;
    setHovered(-1);
    setAccessibleDescription({});
    update();
}

void RouteView::setClickable(bool clickable) {
    clickable_ = clickable;
    setFocusPolicy(clickable ? Qt::StrongFocus : Qt::NoFocus);
    unsetCursor();
}

void RouteView::place() {
    const QRectF room = QRectF(rect()).adjusted(6, 6, -6, -6);
    placeRoute(layout_, room, routeTexts(layout_, room));
}

void RouteView::describe() {
    QStringList lines;
    for (const auto& e : layout_.experts) lines << expertText(e.key);
    for (std::size_t s = 0; s < layout_.steps.size(); ++s) {
        if (layout_.steps[s].tunes) lines << stepText(s);
    }
    setAccessibleDescription(lines.join(QLatin1Char('\n')));
}

void RouteView::paintTo(QPainter& painter, const QRectF& room) const {
    if (!filled_) return;
    RouteLayout copy = layout_;
    placeRoute(copy, room, routeTexts(copy, room));
    paintRoute(painter, copy, room, {});
}

void RouteView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const QRectF room = QRectF(rect()).adjusted(6, 6, -6, -6);
    if (!filled_) {
        painter.setPen(colours().muted);
        painter.drawText(room, Qt::AlignCenter | Qt::TextWordWrap, tr("No route yet: choose a recipe"));
        return;
    }
    paintRoute(painter, layout_, room, {hovered_, hasFocus() ? focused_ : -1});
}

void RouteView::resizeEvent(QResizeEvent*) {
    if (filled_) place();
}

std::optional<QPointF> RouteView::expertPlace(const QString& key) const {
    for (const auto& e : layout_.experts) {
        if (e.key == key) return e.molecule.centre;
    }
    return std::nullopt;
}

QString RouteView::expertText(const QString& key) const {
    for (const auto& e : layout_.experts) {
        if (e.key != key) continue;
        QStringList parts;
        const bool joint = layout_.steps[e.step].joint;
        parts << (e.displaces ? tr("Displacement: the unified space moves into %1's space").arg(e.molecule.name)
                  : joint     ? tr("Joint space: %1 and the unified space both move into a space of their own")
                                .arg(e.molecule.name)
                          : tr("Combination: %1 is drawn towards the unified space").arg(e.molecule.name));
        QStringList others;
        for (const auto& o : layout_.experts) {
            if (o.step == e.step && o.key != key) others << o.molecule.name;
        }
        if (!others.isEmpty()) parts << tr("Step %1, with %2").arg(e.step + 1).arg(others.join(QStringLiteral(", ")));
        else parts << tr("Step %1").arg(e.step + 1);
        if (!e.on) parts << tr("Switched off");
        for (const auto& s : e.strands)
            parts << tr("%1: %2 % of the product's vector").arg(s.modality, QLocale().toString(100 * s.share, 'f', 1));
        if (!e.projectors.isEmpty())
            parts << tr("%1 of %2 projectors: %3")
                         .arg(e.used.size())
                         .arg(e.trained)
                         .arg(e.used.join(tr(", ", "list separator")));
        if (e.molecule.width > 0) parts << tr("%1 numbers to a vector").arg(e.molecule.width);
        if (clickable_) parts << (e.on ? tr("Click or Space switches it off") : tr("Click or Space switches it on"));
        return parts.join(QLatin1Char('\n'));
    }
    return {};
}

QString RouteView::stepText(std::size_t step) const {
    const auto& s = layout_.steps.at(step);
    if (s.tunes) {
        return tr("Step %1, tuning: the base's %2 rows pass an adapter that draws them towards their %3 partners")
            .arg(step + 1)
            .arg(s.tuned, s.towards);
    }
    return (s.displaces ? tr("Step %1, displacement")
            : s.joint   ? tr("Step %1, joint space")
                        : tr("Step %1, combination"))
        .arg(step + 1);
}

int RouteView::expertAt(const QPointF& point) const {
    for (std::size_t i = 0; i < layout_.experts.size(); ++i) {
        const auto& m = layout_.experts[i].molecule;
        if (QLineF(m.centre, point).length() <= m.radius + 4) return static_cast<int>(i);
    }
    for (std::size_t i = 0; i < layout_.experts.size(); ++i) {
        QPainterPathStroker stroker;
        stroker.setWidth(std::max(12.0, bondWidth(layout_, layout_.experts[i].strands) + 6));
        if (stroker.createStroke(bondPath(layout_, layout_.experts[i])).contains(point)) return static_cast<int>(i);
    }
    return -1;
}

void RouteView::setHovered(int expert) {
    if (expert == hovered_) return;
    hovered_ = expert;
    if (clickable_) setCursor(expert >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
    update();
    Q_EMIT expertHovered(expert >= 0 ? layout_.experts[static_cast<std::size_t>(expert)].key : QString());
}

void RouteView::mouseMoveEvent(QMouseEvent* event) {
    setHovered(expertAt(event->position()));
}

void RouteView::mousePressEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton) pressed_ = expertAt(event->position());
}

void RouteView::mouseReleaseEvent(QMouseEvent* event) {
    const int expert = expertAt(event->position());
    if (clickable_ && event->button() == Qt::LeftButton && expert >= 0 && expert == pressed_) {
        focused_ = expert;
        Q_EMIT expertClicked(layout_.experts[static_cast<std::size_t>(expert)].key);
    }
    pressed_ = -1;
}

void RouteView::leaveEvent(QEvent*) {
    setHovered(-1);
}

void RouteView::keyPressEvent(QKeyEvent* event) {
    const int count = static_cast<int>(layout_.experts.size());
    if ((event->key() == Qt::Key_Space || event->key() == Qt::Key_Return) && clickable_ && focused_ >= 0 &&
        focused_ < count) {
        Q_EMIT expertClicked(layout_.experts[static_cast<std::size_t>(focused_)].key);
    } else if (event->key() == Qt::Key_Left || event->key() == Qt::Key_Right) {
        focused_ = std::clamp(focused_ + (event->key() == Qt::Key_Right ? 1 : -1), 0, std::max(0, count - 1));
        update();
    } else {
        QWidget::keyPressEvent(event);
    }
}

void RouteView::focusInEvent(QFocusEvent* event) {
    const int count = static_cast<int>(layout_.experts.size());
    if (event->reason() == Qt::TabFocusReason) focused_ = count > 0 ? 0 : -1;
    else if (event->reason() == Qt::BacktabFocusReason) focused_ = count - 1;
    else if (focused_ < 0 && count > 0) focused_ = 0;
    update();
}

void RouteView::focusOutEvent(QFocusEvent*) {
    update();
}

bool RouteView::focusNextPrevChild(bool next) {
    const int to = focused_ + (next ? 1 : -1);
    if (to >= 0 && to < static_cast<int>(layout_.experts.size())) {
        focused_ = to;
        update();
        return true;
    }
    return QWidget::focusNextPrevChild(next);
}

bool RouteView::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const int expert = expertAt(help->pos());
        if (expert >= 0) {
            QToolTip::showText(help->globalPos(), expertText(layout_.experts[static_cast<std::size_t>(expert)].key),
                               this);
        } else if (filled_) {
            // Between two molecules of the backbone it is a step that is pointed at.
            double from = layout_.base.centre.x();
            for (std::size_t s = 0; s < layout_.steps.size(); ++s) {
                const double to = layout_.steps[s].unified.centre.x();
                const QPointF at = help->pos();
                if (at.x() > from && at.x() < to && std::abs(at.y() - layout_.axis) < 1.45 * layout_.unit) {
                    QToolTip::showText(help->globalPos(), stepText(s), this);
                    return true;
                }
                from = to;
            }
            QToolTip::showText(
                help->globalPos(),
                tr("Molecules are spaces, bonds are reactions; a strand is as wide as the expert's share "
                   "of a modality, 0 to 100 %"),
                this);
        }
        return true;
    }
    return QWidget::event(event);
}

void RouteView::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) update();
    if (event->type() == QEvent::FontChange && filled_) place();
}

}  // namespace ui
