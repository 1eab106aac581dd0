// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reactions/route_painter.h"

#include <QApplication>
#include <QFontMetricsF>
#include <QLineF>
#include <QLocale>
#include <QRadialGradient>

#include <algorithm>
#include <cmath>

#include "ui/style/theme.h"

namespace ui {
namespace {

QColor withAlpha(QColor colour, double alpha) {
    colour.setAlphaF(static_cast<float>(alpha));
    return colour;
}

QColor mixed(const QColor& a, const QColor& b, double t) {
    const auto m = [t](int x, int y) { return static_cast<int>(std::lround(x + (y - x) * t)); };
    return QColor(m(a.red(), b.red()), m(a.green(), b.green()), m(a.blue(), b.blue()));
}

double strandWidth(const RouteLayout& layout, double share) {
    return share <= 0 ? 0 : std::max(0.9, 0.46 * layout.unit * share);
}

double strandGap(const RouteLayout& layout) {
    return std::clamp(layout.unit * 0.07, 1.0, 2.5);
}

QPainterPath shifted(const QPainterPath& path, double offset) {
    // Bonds bend little: a shift across the chord keeps strands side by side.
    const QLineF chord(path.pointAtPercent(0), path.pointAtPercent(1));
    if (chord.length() < 1) return path;
    const QPointF across(-chord.dy() / chord.length(), chord.dx() / chord.length());
    return path.translated(across * offset);
}

// Strands of a bond along a path, each as wide as its share.
void paintStrands(QPainter& p, const RouteLayout& layout, const QPainterPath& path,
                  const std::vector<RouteStrand>& strands, double alpha) {
    double at = -bondWidth(layout, strands) / 2;
    for (const auto& strand : strands) {
        const double width = strandWidth(layout, strand.share);
        const double room = std::max(width, 1.6);
        QPen pen(withAlpha(modalityColour(strand.modality), alpha), std::max(width, 1.0));
        pen.setCapStyle(Qt::FlatCap);
        if (width <= 0) {  // no share: only a trace of where it would be
            pen.setColor(withAlpha(modalityColour(strand.modality), 0.45 * alpha));
            pen.setDashPattern({1, 3});
        }
        p.strokePath(shifted(path, at + room / 2), pen);
        at += room + strandGap(layout);
    }
}

// A chevron in the direction of motion, where along the path it stands.
void paintArrow(QPainter& p, const RouteLayout& layout, const QPainterPath& path, double at, double width) {
    const double size = std::clamp(layout.unit * 0.26, 4.0, 9.0) + width * 0.32;
    const double angle = path.angleAtPercent(at);
    p.save();
    p.translate(path.pointAtPercent(at));
    p.rotate(-angle);
    QPainterPath chevron;
    chevron.moveTo(-size * 0.5, -size);
    chevron.lineTo(size * 0.5, 0);
    chevron.lineTo(-size * 0.5, size);
    QPen pen(colours().text, std::clamp(layout.unit * 0.09, 1.3, 2.4));
    pen.setCapStyle(Qt::RoundCap);
    pen.setJoinStyle(Qt::RoundJoin);
    p.strokePath(chevron, pen);
    p.restore();
}

void paintMolecule(QPainter& p, const RouteMolecule& m, bool on, bool strong, double unit) {
    const auto& c = colours();
    const QColor body = strong ? mixed(c.raised, c.accent, darkTheme() ? 0.30 : 0.16) : c.raised;
    QRadialGradient light(m.centre - QPointF(0.35, 0.4) * m.radius, 1.7 * m.radius);
    light.setColorAt(0, mixed(body, darkTheme() ? c.text : Qt::white, darkTheme() ? 0.14 : 0.7));
    light.setColorAt(1, mixed(body, darkTheme() ? c.window : c.line, darkTheme() ? 0.25 : 0.75));
    p.setOpacity(on ? 1 : 0.5);
    p.setPen(QPen(strong ? c.accent : mixed(c.line, c.muted, 0.55), std::clamp(unit * 0.06, 1.0, 2.0),
                  on ? Qt::SolidLine : Qt::DashLine));
    p.setBrush(light);
    p.drawEllipse(m.centre, m.radius, m.radius);
    // Atoms inside, so that bonds do not cross them.
    const auto n = static_cast<double>(m.modalities.size());
    const double atom = m.radius * (n > 4 ? 0.16 : 0.22), ring = n > 1 ? m.radius * 0.5 : 0;
    for (std::size_t i = 0; i < m.modalities.size(); ++i) {
        const double angle = -M_PI / 2 + 2 * M_PI * static_cast<double>(i) / std::max(1.0, n);
        const QColor colour = modalityColour(m.modalities[i]);
        p.setPen(Qt::NoPen);
        p.setBrush(on ? colour : mixed(colour, c.muted, 0.6));
        p.drawEllipse(m.centre + QPointF(std::cos(angle), std::sin(angle)) * ring, atom, atom);
    }
    p.setOpacity(1);
}

QString percent(double share, bool sign) {
    const double value = 100 * share;
    return QLocale().toString(value, 'f',
                              value > 0 && value < 9.95 && std::abs(value - std::round(value)) > 0.05 ? 1 : 0) +
           (sign ? QStringLiteral(" %") : QString());
}

// A name, with what stands behind it where there is room, and under it a line of figures in the colours of the
// modalities.
void paintLabel(QPainter& p, const QString& name, const QString& behind, const std::vector<RouteStrand>& figures,
                const QString& plain, QRectF place, Qt::Alignment side, bool strong, bool on) {
    const auto& c = colours();
    QFont font = p.font(), small = font;
    font.setWeight(strong ? QFont::DemiBold : QFont::Medium);
    const QFontMetricsF fm(font), fs(small);
    const double line = fm.height();
    const QRectF upper(place.left(), place.top(), place.width(), line), lower = upper.translated(0, line);
    const double tail = behind.isEmpty() ? 0 : fs.horizontalAdvance(QLatin1Char(' ') + behind);
    const bool whole = tail > 0 && tail + std::min(fm.horizontalAdvance(name), 0.5 * place.width()) <= place.width();
    const QString shown = fm.elidedText(name, Qt::ElideMiddle, place.width() - (whole ? tail : 0));
    p.setFont(font);
    p.setPen(on ? c.text : c.muted);
    if (whole) {
        const double left = place.center().x() - (fm.horizontalAdvance(shown) + tail) / 2;
        p.drawText(QPointF(left, upper.top() + fm.ascent()), shown);
        p.setFont(small);
        p.setPen(c.muted);
        p.drawText(QPointF(left + fm.horizontalAdvance(shown + QLatin1Char(' ')), upper.top() + fm.ascent()), behind);
    } else {
        p.drawText(upper, side | Qt::AlignVCenter, shown);
    }
    p.setFont(small);
    if (!on || figures.empty()) {
        p.setPen(c.muted);
        p.drawText(lower, side | Qt::AlignVCenter,
                   fs.elidedText(on ? plain : QObject::tr("off"), Qt::ElideRight, place.width()));
        return;
    }
    QStringList texts;
    double width = 0, gap = 0;
    // Where there is little room, without the sign, then closer; then the tooltip has them.
    for (const int tightness : {0, 1, 2}) {
        texts.clear();
        gap = fs.horizontalAdvance(tightness < 2 ? QLatin1Char('n') : QLatin1Char(' '));
        width = -gap;
        for (const auto& f : figures) {
            texts << percent(f.share, tightness == 0);
            width += fs.horizontalAdvance(texts.back()) + gap;
        }
        if (width <= place.width()) break;
    }
    if (width > place.width()) return;
    double x = place.center().x() - width / 2;
    for (std::size_t i = 0; i < figures.size(); ++i) {
        const QString& t = texts[static_cast<qsizetype>(i)];
        p.setPen(modalityColour(figures[i].modality));
        p.drawText(QPointF(x, lower.top() + fs.ascent()), t);
        x += fs.horizontalAdvance(t) + gap;
    }
}

void paintBands(QPainter& p, const RouteLayout& layout) {
    const auto& c = colours();
    for (std::size_t i = 0; i < layout.bands.size(); ++i) {
        const auto& band = layout.bands[i];
        const bool last = i + 1 == layout.bands.size();
        p.setPen(Qt::NoPen);
        p.setBrush(withAlpha(last ? c.accent : c.muted, darkTheme() ? 0.13 : 0.08));
        const double round = 1.45 * layout.unit;
        QPainterPath path, stem;
        path.addRoundedRect(band.place, round, round);
        if (!band.stem.isNull()) stem.addRoundedRect(band.stem, round, round);
        p.drawPath(path.united(stem));
    }
}

void paintBackbone(QPainter& p, const RouteLayout& layout) {
    const RouteMolecule* from = &layout.base;
    for (const auto& step : layout.steps) {
        QPainterPath path(from->centre + QPointF(from->radius, 0));
        path.lineTo(step.unified.centre - QPointF(step.unified.radius, 0));
        paintStrands(p, layout, path, step.strands, 1);
        // What moves has the arrow: the unified space in a displacement, the expert in a combination, both into a
        // joint space.
        if (step.displaces || step.joint) paintArrow(p, layout, path, 0.5, bondWidth(layout, step.strands));
        from = &step.unified;
    }
}

void paintBroken(QPainter& p, const RouteLayout& layout, const QPainterPath& path) {
    QPen pen(withAlpha(colours().muted, 0.75), std::clamp(layout.unit * 0.07, 1.0, 2.0));
    pen.setCapStyle(Qt::RoundCap);
    p.setPen(pen);
    p.setBrush(Qt::NoBrush);
    const auto piece = [&](double a, double b) {
        QPainterPath part(path.pointAtPercent(a));
        for (int i = 1; i <= 8; ++i) part.lineTo(path.pointAtPercent(a + (b - a) * i / 8));
        p.drawPath(part);
    };
    piece(0, 0.38);
    piece(0.62, 1);
    const double size = std::clamp(layout.unit * 0.2, 3.0, 7.0);
    for (const double at : {0.38, 0.62}) {  // torn ends
        p.save();
        p.translate(path.pointAtPercent(at));
        p.rotate(-path.angleAtPercent(at) + 20);
        p.drawLine(QPointF(0, -size), QPointF(0, size));
        p.restore();
    }
}

void paintExpert(QPainter& p, const RouteLayout& layout, const RouteExpert& e, bool hovered, bool focused) {
    const QPainterPath path = bondPath(layout, e);
    const double width = bondWidth(layout, e.strands);
    if (hovered) {
        QPen halo(withAlpha(colours().accent, 0.22), width + 8);
        halo.setCapStyle(Qt::RoundCap);
        p.strokePath(path, halo);
    }
    if (e.on) {
        paintStrands(p, layout, path, e.strands, 1);
        if (!e.displaces) paintArrow(p, layout, path, 0.52, width);
    } else {
        paintBroken(p, layout, path);
    }
    if (hovered || focused) {
        p.setPen(QPen(colours().accent, focused ? 2.0 : 1.2));
        p.setBrush(Qt::NoBrush);
        p.drawEllipse(e.molecule.centre, e.molecule.radius + 4, e.molecule.radius + 4);
    }
    paintMolecule(p, e.molecule, e.on, false, layout.unit);
}

void paintKind(QPainter& p, const RouteLayout& layout, const RouteMolecule& from, const RouteStep& step) {
    const auto& c = colours();
    const bool wide = layout.unit >= 17;
    const QFontMetricsF fm(p.font());
    // As far as no bond from below crosses it.
    const double left = from.centre.x() + 1.1 * layout.unit;
    double right = step.unified.centre.x() - 1.1 * layout.unit;
    const auto index = static_cast<std::size_t>(&step - layout.steps.data());
    for (const auto& e : layout.experts) {
        if (e.step == index && !e.above) right = std::min(right, e.molecule.centre.x() - 2);
    }
    QString text = step.tunes       ? QObject::tr("tuning")
                   : step.displaces ? QObject::tr("displacement")
                   : step.joint     ? QObject::tr("joint space")
                                    : QObject::tr("combination");
    if (!wide || fm.horizontalAdvance(text) > right - left)
        text = step.tunes ? QStringLiteral("†") : step.displaces ? QObject::tr("Dr") : QObject::tr("Cr");
    if (fm.horizontalAdvance(text) > right - left) return;
    const double y = layout.axis + bondWidth(layout, step.strands) / 2 + 0.16 * layout.unit + 2;
    p.setPen(c.muted);
    p.drawText(QRectF(left, y, right - left, fm.height()), Qt::AlignCenter, text);
}

}  // namespace

QFont routeFont(const QRectF& room) {
    QFont font = QApplication::font();
    const double full = std::clamp(QFontInfo(font).pixelSize() * 1.0, 9.0, 40.0);
    const double scale = std::clamp(std::min(room.width() / 420, room.height() / 200), 0.75, 1.0);
    font.setPixelSize(static_cast<int>(std::lround(std::max(9.0, full * scale))));
    return font;
}

RouteTexts routeTexts(const RouteLayout& layout, const QRectF& room) {
    QFont font = routeFont(room);
    const QFontMetricsF plain(font);
    font.setWeight(QFont::DemiBold);
    return {plain.height(), plain.horizontalAdvance(layout.base.name) + 6,
            QFontMetricsF(font).horizontalAdvance(layout.product) + 6};
}

double bondWidth(const RouteLayout& layout, const std::vector<RouteStrand>& strands) {
    double sum = 0;
    for (const auto& s : strands) sum += std::max(strandWidth(layout, s.share), 1.6);
    return sum + strandGap(layout) * std::max(0.0, static_cast<double>(strands.size()) - 1);
}

QPainterPath bondPath(const RouteLayout& layout, const RouteExpert& e) {
    const RouteMolecule& to = layout.steps[e.step].unified;
    const double up = e.above ? 1 : -1;
    const QPointF start = e.molecule.centre + QPointF(0, up * e.molecule.radius);
    if (e.displaces) {
        QPainterPath path(start);
        path.lineTo(to.centre - QPointF(0, up * to.radius));
        return path;
    }
    // Ends on the shoulder of the unified space that looks towards the expert.
    const double dx = e.molecule.centre.x() - to.centre.x();
    const double angle = std::clamp(std::abs(dx) / (4.5 * layout.unit), 0.25, 0.75);
    const QPointF side(-std::sin(angle) * (dx <= 0 ? 1 : -1), -up * std::cos(angle));
    const QPointF end = to.centre + side * to.radius;
    QPainterPath path(start);
    const double height = std::abs(end.y() - start.y());
    path.cubicTo(start + QPointF(0, up * 0.55 * height), end + side * (0.5 * height), end);
    return path;
}

void paintRoute(QPainter& p, const RouteLayout& layout, const QRectF& room, const RouteHighlight& highlight) {
    p.save();
    p.setRenderHint(QPainter::Antialiasing);
    p.setFont(routeFont(room));
    const QFontMetricsF fm(p.font());
    const double line = fm.height();
    paintBands(p, layout);
    paintBackbone(p, layout);
    const auto count = static_cast<int>(layout.experts.size());
    for (int i = 0; i < count; ++i) {
        const auto& e = layout.experts[static_cast<std::size_t>(i)];
        paintExpert(p, layout, e, i == highlight.hovered, i == highlight.focused);
        const double y = e.above ? e.molecule.centre.y() - 1.16 * layout.unit - 2 * line
                                 : e.molecule.centre.y() + 1.16 * layout.unit;
        paintLabel(p, e.molecule.name,
                   e.on && !e.projectors.isEmpty() ? QLatin1Char('[') + e.projectors + QLatin1Char(']') : QString(),
                   e.strands, {}, {e.molecule.centre.x() - e.label_width / 2, y, e.label_width, 2 * line},
                   Qt::AlignHCenter, false, e.on);
    }
    paintMolecule(p, layout.base, true, false, layout.unit);
    const RouteMolecule* from = &layout.base;
    for (std::size_t s = 0; s < layout.steps.size(); ++s) {
        paintMolecule(p, layout.steps[s].unified, true, s + 1 == layout.steps.size(), layout.unit);
        paintKind(p, layout, *from, layout.steps[s]);
        from = &layout.steps[s].unified;
    }
    // Names under the backbone: the base, and the product at the right end.
    const auto under = [&](const RouteMolecule& m, const QString& name, bool strong) {
        double left = m.centre.x() - std::min(m.centre.x() - room.left(), room.right() - m.centre.x());
        double right = 2 * m.centre.x() - left;
        Qt::Alignment side = Qt::AlignHCenter;
        if (strong && layout.product_aside) {
            left = m.centre.x() - 0.2 * layout.unit;
            right = room.right();
            side = Qt::AlignLeft;
        }
        paintLabel(p, name, {}, {}, m.width > 0 ? QObject::tr("%1 wide").arg(m.width) : QString(),
                   {left, m.centre.y() + 1.45 * layout.unit + 2, right - left, 2 * line}, side, strong, true);
    };
    under(layout.base, layout.base.name, layout.steps.empty());
    if (!layout.steps.empty()) under(layout.steps.back().unified, layout.product, true);
    p.restore();
}

}  // namespace ui
