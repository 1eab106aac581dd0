// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tune/factor_slider.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <utility>

#include "ui/style/theme.h"

namespace ui {
namespace {

constexpr int kRestMs = 500;  // between two keys of one hand

}  // namespace

// The slider itself: Qt's own counts in whole steps and moves by pages where one clicks; here a click means "there".
class FactorSlider::Groove : public QWidget {
public:
    explicit Groove(FactorSlider* owner, const QColor& colour) : QWidget(owner), owner_(owner), colour_(colour) {
        setFocusPolicy(Qt::StrongFocus);
        setMinimumSize(120, 26);
        setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
        setCursor(Qt::PointingHandCursor);
    }
    double mark = -1;

protected:
    static constexpr double kMargin = 9;
    double xOf(double v) const { return kMargin + v * (width() - 2 * kMargin); }
    double valueAt(double x) const {
        const double raw = std::clamp((x - kMargin) / (width() - 2 * kMargin), 0.0, 1.0);
        return std::round(raw * 1000) / 1000;
    }
    void paintEvent(QPaintEvent*) override {
        QPainter p(this);
        p.setRenderHint(QPainter::Antialiasing);
        const auto& c = colours();
        const double y = height() / 2.0, at = xOf(owner_->value_);
        QColor tick = c.muted;
        tick.setAlphaF(0.5f);
        p.setPen(QPen(tick, 1));
        for (int i = 0; i <= 10; ++i) {
            const double x = std::round(xOf(i / 10.0)) + 0.5, h = i % 5 == 0 ? 4 : 2.5;
            p.drawLine(QPointF(x, y + 7), QPointF(x, y + 7 + h));
        }
        p.setPen(QPen(c.line, 4, Qt::SolidLine, Qt::RoundCap));
        p.drawLine(QPointF(xOf(0), y), QPointF(xOf(1), y));
        p.setPen(QPen(colour_, 4, Qt::SolidLine, Qt::RoundCap));
        p.drawLine(QPointF(xOf(0), y), QPointF(at, y));
        if (mark >= 0) {
            p.setPen(QPen(c.muted, 2));
            p.drawLine(QPointF(xOf(mark), y - 8), QPointF(xOf(mark), y + 5));
        }
        const bool focus = hasFocus();
        p.setPen(QPen(focus ? c.accent : colour_, focus ? 2.5 : 1.5));
        p.setBrush(c.panel);
        p.drawEllipse(QPointF(at, y), 7.5, 7.5);
        p.setPen(Qt::NoPen);
        p.setBrush(colour_);
        p.drawEllipse(QPointF(at, y), 3.5, 3.5);
    }
    void mousePressEvent(QMouseEvent* e) override {
        if (e->button() != Qt::LeftButton) return;
        const double at = xOf(owner_->value_);
        // Taken by the knob, it stays under the hand; elsewhere it comes to the pointer.
        grip_ = std::fabs(e->position().x() - at) <= 9 ? e->position().x() - at : 0;
        dragging_ = true;
        owner_->set(valueAt(e->position().x() - grip_), true);
    }
    void mouseMoveEvent(QMouseEvent* e) override {
        if (dragging_) owner_->set(valueAt(e->position().x() - grip_), true);
    }
    void mouseReleaseEvent(QMouseEvent* e) override {
        if (!dragging_ || e->button() != Qt::LeftButton) return;
        dragging_ = false;
        owner_->letGo();
    }
    void mouseDoubleClickEvent(QMouseEvent*) override {
        owner_->exact_->setFocus(Qt::OtherFocusReason);
        owner_->exact_->selectAll();
    }
    void wheelEvent(QWheelEvent* e) override { e->ignore(); }  // scrolling the panel must not change a figure
    void keyPressEvent(QKeyEvent* e) override {
        const double step = e->modifiers() & Qt::ShiftModifier ? 0.1 : 0.01;
        double v = owner_->value_;
        switch (e->key()) {
            case Qt::Key_Left:
            case Qt::Key_Down:
                v -= step;
                break;
            case Qt::Key_Right:
            case Qt::Key_Up:
                v += step;
                break;
            case Qt::Key_PageUp:
                v += 0.1;
                break;
            case Qt::Key_PageDown:
                v -= 0.1;
                break;
            case Qt::Key_Home:
                v = 0;
                break;
            case Qt::Key_End:
                v = 1;
                break;
            default:
                QWidget::keyPressEvent(e);
                return;
        }
        owner_->set(std::round(std::clamp(v, 0.0, 1.0) * 1000) / 1000, e->isAutoRepeat());
    }
    void keyReleaseEvent(QKeyEvent* e) override {
        if (!e->isAutoRepeat()) owner_->keyUp();
        QWidget::keyReleaseEvent(e);
    }
    void focusInEvent(QFocusEvent* e) override {
        QWidget::focusInEvent(e);
        Q_EMIT owner_->focused();
    }

private:
    FactorSlider* owner_;
    QColor colour_;
    double grip_ = 0;
    bool dragging_ = false;
};

FactorSlider::FactorSlider(const engine::FactorInfo& factor, const QString& experts, const QString& unified,
                           QWidget* parent)
    : QWidget(parent),
      factor_(factor),
      value_(factor.value),
      groove_(new Groove(
          this, factor.isWeight() ? colours().accent : modalityColour(QString::fromStdString(factor.modality)))),
      exact_(new QDoubleSpinBox),
      reset_(new QToolButton) {
    const QString symbol = QString::fromStdString(factor.symbol), modality = QString::fromStdString(factor.modality);
    auto* name = new QLabel(symbol);
    name->setFont(headingFont(1));
    name->setFixedWidth(std::max(34, name->sizeHint().width() + 4));
    const QString about =
        factor.isWeight()
            ? tr("%1: the weight of %2 beside %3, which keep theirs to each other. 0: without %2; 1: %2 alone.")
                  .arg(symbol, experts, unified)
            : tr("%1: the share of %2 in %3. 0: %4 alone; 1: %2 alone.").arg(symbol, experts, modality, unified);
    const QString what =
        about + QLatin1Char(' ') +
        tr("Recipe: %1.\nArrows step by 0.01, with Shift by 0.1; double click to type.").arg(factor.value, 0, 'g', 4);
    for (QWidget* w : {static_cast<QWidget*>(name), static_cast<QWidget*>(groove_), static_cast<QWidget*>(exact_)})
        w->setToolTip(what);
    groove_->setAccessibleName(factor.isWeight() ? tr("%1, weight of %2 beside %3").arg(symbol, experts, unified)
                                                 : tr("%1, share of %2 in %3").arg(symbol, experts, modality));
    groove_->setObjectName(QStringLiteral("groove_") + QString::fromStdString(factor.name));
    exact_->setRange(0, 1);
    exact_->setDecimals(3);
    exact_->setSingleStep(0.01);
    exact_->setValue(value_);
    exact_->setKeyboardTracking(false);
    exact_->setAccessibleName(tr("%1, exact value").arg(symbol));
    exact_->setObjectName(QStringLiteral("exact_") + QString::fromStdString(factor.name));
    exact_->setButtonSymbols(QAbstractSpinBox::NoButtons);
    exact_->setFixedWidth(58);
    exact_->setAlignment(Qt::AlignRight);
    reset_->setIcon(icon(QStringLiteral("reset")));
    reset_->setAutoRaise(true);
    reset_->setToolTip(tr("Back to the recipe's %1").arg(factor.value, 0, 'g', 4));
    reset_->setAccessibleName(tr("%1 back to the recipe's value").arg(symbol));
    reset_->setEnabled(false);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(6);
    row->addWidget(name);
    row->addWidget(groove_, 1);
    row->addWidget(exact_);
    row->addWidget(reset_);
    rest_.setSingleShot(true);
    rest_.setInterval(kRestMs);
    connect(&rest_, &QTimer::timeout, this, &FactorSlider::letGo);
    connect(exact_, &QDoubleSpinBox::valueChanged, this, [this](double v) {
        set(v, false);
        letGo();
    });
    connect(reset_, &QToolButton::clicked, this, [this] {
        set(factor_.value, false);
        letGo();
    });
}

QSize FactorSlider::sizeHint() const {
    return {300, 34};
}

void FactorSlider::setValue(double value) {
    value_ = value;
    untold_ = false;
    rest_.stop();
    const QSignalBlocker quiet(exact_);
    exact_->setValue(value);
    reset_->setEnabled(std::fabs(value - factor_.value) > 5e-4);
    groove_->update();
}

void FactorSlider::setMark(double value) {
    groove_->mark = value;
    groove_->update();
}

void FactorSlider::set(double value, bool dragging) {
    const bool same = value == value_;
    const bool waiting = untold_;
    setValue(value);
    if (factor_.live) {
        if (!same) Q_EMIT moved(value, dragging);
        return;
    }
    untold_ = waiting || !same;
    if (untold_ && !dragging) rest_.start();
}

void FactorSlider::tell() {
    rest_.stop();
    if (!std::exchange(untold_, false)) return;
    Q_EMIT moved(value_, false);
}

void FactorSlider::letGo() {
    tell();
    Q_EMIT released();
}

void FactorSlider::keyUp() {
    if (untold_) rest_.start();
    else Q_EMIT released();
}

}  // namespace ui
