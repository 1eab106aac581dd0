// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/workspace/space_graph.h"

#include <QFontMetrics>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ui/style/theme.h"

namespace ui {
namespace {

QString text(const engine::Json& json) {
    return QString::fromStdString(json.get<std::string>());
}

constexpr double kLegend = 26;  // height of its line at the bottom
constexpr double kBondGap = 6;  // between the strands of a bond, one for each shared modality

}  // namespace

SpaceGraph::SpaceGraph(QWidget* parent) : QWidget(parent) {
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setAccessibleName(tr("What can react with what"));
}

void SpaceGraph::show(const engine::Json& inspected) {
    spaces_.clear();
    bonds_.clear();
    const auto index = [this](const QString& name) {
        for (int i = 0; i < spaces_.size(); ++i) {
            if (spaces_[i].name == name) return i;
        }
        return -1;
    };
    for (const auto& s : inspected["spaces"]) {
        Space space{text(s["name"]), {}, s["width"].get<qulonglong>()};
        for (const auto& m : s["modalities"]) space.modalities << text(m);
        spaces_.append(space);
    }
    for (const auto& r : inspected["reactions"]) {
        Bond bond{index(text(r["spaces"][0])), index(text(r["spaces"][1])), {}};
        for (const auto& m : r["shared"]) bond.shared << text(m);
        if (bond.a >= 0 && bond.b >= 0) bonds_.append(bond);
    }
    chosen_ = std::min(chosen_, static_cast<int>(spaces_.size()) - 1);
    setAccessibleDescription(describe());
    update();
}

void SpaceGraph::choose(int space) {
    chosen_ = space;
    update();
}

QString SpaceGraph::describe() const {
    QStringList lines;
    for (const auto& b : bonds_) {
        lines << tr("%1 and %2 through %3")
                     .arg(spaces_[b.a].name, spaces_[b.b].name, b.shared.join(tr(", ", "list separator")));
    }
    return lines.isEmpty() ? tr("Nothing can react: no two spaces share a modality that pools have in both.")
                           : lines.join(QLatin1Char('\n'));
}

double SpaceGraph::radius() const {
    const double by_room = std::min(width(), height()) / (spaces_.size() > 6 ? 13.0 : 9.0);
    return std::clamp(by_room, 12.0, 26.0);
}

QPointF SpaceGraph::place(int space) const {
    const auto n = static_cast<int>(spaces_.size());
    const QPointF middle(width() / 2.0, (height() - kLegend) / 2.0 - 4);
    if (n == 1) return middle;
    const double label = fontMetrics().height() + 8;
    const double wide = std::max(10.0, width() / 2.0 - radius() - 56),
                 high = (height() - kLegend) / 2.0 - radius() - label - 6;
    const double turn = n == 2 ? std::numbers::pi : -std::numbers::pi / 2 - (n % 2 == 0 ? std::numbers::pi / n : 0);
    const double angle = turn + 2 * std::numbers::pi * space / n;
    return middle + QPointF(std::min(wide, high * 2.2) * std::cos(angle), high * std::sin(angle) * (n == 2 ? 0 : 1));
}

int SpaceGraph::spaceAt(QPointF at) const {
    for (int i = 0; i < spaces_.size(); ++i) {
        const QPointF d = at - place(i);
        if (std::hypot(d.x(), d.y()) < radius() + 8) return i;
    }
    return -1;
}

int SpaceGraph::bondAt(QPointF at) const {
    for (int i = 0; i < bonds_.size(); ++i) {
        const QPointF a = place(bonds_[i].a), d = place(bonds_[i].b) - a, v = at - a;
        const double length = std::hypot(d.x(), d.y());
        const double along = QPointF::dotProduct(v, d) / length, beside = (v.x() * d.y() - v.y() * d.x()) / length;
        if (along > 0 && along < length && std::abs(beside) < kBondGap * static_cast<double>(bonds_[i].shared.size()))
            return i;
    }
    return -1;
}

void SpaceGraph::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    const auto& c = colours();
    if (spaces_.isEmpty()) return;
    for (const auto& b : bonds_) {
        const QPointF from = place(b.a), to = place(b.b), d = to - from;
        const QPointF n = QPointF(-d.y(), d.x()) / std::hypot(d.x(), d.y());
        const bool quiet = chosen_ >= 0 && b.a != chosen_ && b.b != chosen_;
        for (int k = 0; k < b.shared.size(); ++k) {
            const QPointF off = n * kBondGap * (k - (static_cast<double>(b.shared.size()) - 1) / 2);
            QColor colour = modalityColour(b.shared[k]);
            if (quiet) colour.setAlphaF(0.25f);
            p.setPen(QPen(colour, 3, Qt::SolidLine, Qt::RoundCap));
            p.drawLine(from + off, to + off);
        }
    }
    const double r = radius();
    for (int i = 0; i < spaces_.size(); ++i) {
        const QPointF at = place(i);
        const auto& modalities = spaces_[i].modalities;
        // Atoms stand on the side that looks away from the middle, clear of the bonds.
        QPointF out = at - QPointF(width() / 2.0, (height() - kLegend) / 2.0 - 4);
        const double base = std::hypot(out.x(), out.y()) < 1 ? -std::numbers::pi / 2 : std::atan2(out.y(), out.x());
        p.setPen(QPen(i == chosen_ ? c.accent : c.muted, i == chosen_ ? 3 : 1.5));
        p.setBrush(c.panel);
        p.drawEllipse(at, r, r);
        for (int k = 0; k < modalities.size(); ++k) {
            const double angle = base + 0.62 * (k - (static_cast<double>(modalities.size()) - 1) / 2);
            const QPointF atom = at + QPointF(std::cos(angle), std::sin(angle)) * r;
            p.setPen(QPen(palette().color(QPalette::Window), 2));
            p.setBrush(modalityColour(modalities[k]));
            p.drawEllipse(atom, 6.5, 6.5);
        }
        QFont strong = font();
        strong.setWeight(QFont::DemiBold);
        p.setFont(strong);
        p.setPen(c.text);
        p.drawText(QRectF(at.x() - r, at.y() - r, 2 * r, 2 * r), Qt::AlignCenter, QString::number(spaces_[i].width));
        p.setFont(font());
        const bool above = at.y() < (height() - kLegend) / 2.0 - 8;
        const double label = fontMetrics().height();
        const QRectF line(at.x() - 90, above ? at.y() - r - 9 - label : at.y() + r + 9, 180, label);
        p.setPen(i == chosen_ ? c.accent : c.text);
        p.drawText(line, Qt::AlignCenter, spaces_[i].name);
    }
    // What the colours and the numbers mean.
    QStringList modalities;
    for (const auto& s : spaces_) {
        for (const auto& m : s.modalities) {
            if (!modalities.contains(m)) modalities << m;
        }
    }
    double x = 14;
    const double y = height() - 10 - fontMetrics().height() / 2.0;
    for (const auto& m : modalities) {
        p.setPen(Qt::NoPen);
        p.setBrush(modalityColour(m));
        p.drawEllipse(QPointF(x + 5, y), 5, 5);
        p.setPen(c.muted);
        const int wide = fontMetrics().horizontalAdvance(m);
        p.drawText(QRectF(x + 15, y - 12, wide + 4, 24), Qt::AlignVCenter, m);
        x += 15 + wide + 14;
    }
    p.setPen(c.muted);
    p.drawText(
        QRectF(x, y - 12, width() - x - 14, 24), Qt::AlignVCenter | Qt::AlignRight,
        fontMetrics().elidedText(tr("number: width of the space"), Qt::ElideRight, static_cast<int>(width() - x - 14)));
    if (hasFocus() && chosen_ < 0) {
        p.setPen(QPen(c.accent, 1, Qt::DotLine));
        p.setBrush(Qt::NoBrush);
        p.drawRect(rect().adjusted(1, 1, -2, -2));
    }
}

void SpaceGraph::mousePressEvent(QMouseEvent* event) {
    const int at = spaceAt(event->position());
    if (at < 0) return;
    choose(at);
    Q_EMIT spaceChosen(at);
}

void SpaceGraph::mouseMoveEvent(QMouseEvent* event) {
    setCursor(spaceAt(event->position()) >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
}

void SpaceGraph::keyPressEvent(QKeyEvent* event) {
    const auto n = static_cast<int>(spaces_.size());
    const bool next = event->key() == Qt::Key_Right || event->key() == Qt::Key_Down;
    const bool before = event->key() == Qt::Key_Left || event->key() == Qt::Key_Up;
    if (n == 0 || !(next || before)) {
        QWidget::keyPressEvent(event);
        return;
    }
    choose(chosen_ < 0 ? 0 : (chosen_ + (next ? 1 : n - 1)) % n);
    Q_EMIT spaceChosen(chosen_);
}

bool SpaceGraph::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        auto* help = static_cast<QHelpEvent*>(event);
        const int space = spaceAt(help->pos()), bond = bondAt(help->pos());
        QString tip;
        if (space >= 0) {
            tip = tr("%1, %2 wide: %3")
                      .arg(spaces_[space].name)
                      .arg(spaces_[space].width)
                      .arg(spaces_[space].modalities.join(tr(", ", "list separator")));
        } else if (bond >= 0) {
            tip = tr("%1 and %2 can react through %3")
                      .arg(spaces_[bonds_[bond].a].name, spaces_[bonds_[bond].b].name,
                           bonds_[bond].shared.join(tr(", ", "list separator")));
        }
        if (tip.isEmpty()) QToolTip::hideText();
        else QToolTip::showText(help->globalPos(), tip, this);
        return true;
    }
    return QWidget::event(event);
}

}  // namespace ui
