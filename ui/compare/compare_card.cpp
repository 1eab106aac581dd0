// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/compare/compare_card.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QPainter>
#include <QTimer>
#include <QVBoxLayout>

#include "engine/base/error.h"
#include "ui/export/view_menu.h"
#include "ui/reactions/route_view.h"
#include "ui/style/theme.h"
#include "ui/widgets/elided_label.h"

namespace ui {
namespace {

constexpr int kRouteHeight = 150, kStripe = 4;

QToolButton* toolButton(const QString& name, const QString& object, const QString& tip) {
    auto* button = new QToolButton;
    button->setAutoRaise(true);
    button->setIconSize(QSize(16, 16));
    button->setAccessibleName(name);
    button->setObjectName(object);
    button->setToolTip(tip);
    button->setFocusPolicy(Qt::StrongFocus);
    return button;
}

QIcon turned(const QString& name, int degrees) {
    return QIcon(icon(name).pixmap(QSize(32, 32)).transformed(QTransform().rotate(degrees), Qt::SmoothTransformation));
}

}  // namespace

CompareCard::CompareCard(QWidget* parent)
    : QFrame(parent),
      name_(new ElidedLabel),
      subject_(new ElidedLabel),
      pin_(toolButton(tr("Reference"), QStringLiteral("card_pin"),
                      tr("Differences are counted against the column whose pin is down"))),
      left_(toolButton(tr("Move left"), QStringLiteral("card_left"), tr("Moves the column to the left"))),
      right_(toolButton(tr("Move right"), QStringLiteral("card_right"), tr("Moves the column to the right"))),
      apply_(toolButton(tr("Use this setting"), QStringLiteral("card_apply"),
                        tr("Opens the product with these factors and switches on the page Tune"))),
      remove_(toolButton(tr("Remove"), QStringLiteral("card_remove"), tr("Takes the column out of the comparison"))),
      route_(new RouteView),
      factors_(new QLabel),
      formulas_(new QLabel) {
    name_->setObjectName(QStringLiteral("card_name"));
    factors_->setObjectName(QStringLiteral("card_factors"));
    formulas_->setObjectName(QStringLiteral("card_formulas"));
    formulas_->setAccessibleName(tr("Formulas"));
    formulas_->setToolTip(tr("The product vector of each modality: N is unit length, σ and λ are the expert's share"));
    factors_->setWordWrap(true);
    formulas_->setWordWrap(true);
    formulas_->setTextFormat(Qt::PlainText);
    formulas_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    factors_->setTextFormat(Qt::RichText);
    pin_->setCheckable(true);
    route_->setClickable(false);
    route_->setFixedHeight(kRouteHeight);

    auto* head = new QHBoxLayout;
    head->setSpacing(0);
    head->addWidget(name_, 1);
    for (auto* button : {pin_, left_, right_, apply_, remove_}) head->addWidget(button);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(12, 8 + kStripe, 8, 10);
    all->setSpacing(4);
    all->addLayout(head);
    all->addWidget(subject_);
    all->addWidget(route_);
    all->addWidget(factors_);
    all->addWidget(formulas_);
    all->addStretch(1);
    setMinimumWidth(260);

    addFigureMenu(
        route_, [this](QPainter& p, const QRectF& area) { route_->paintTo(p, area); },
        [this] { return tr("%1 route").arg(item_.name); },
        [this](const JobFailure& failure) { Q_EMIT failed(failure); });
    connect(pin_, &QToolButton::clicked, this, [this] {
        pin_->setChecked(is_reference_);  // until the page agrees
        Q_EMIT referenceAsked();
    });
    connect(left_, &QToolButton::clicked, this, [this] { Q_EMIT moveAsked(-1); });
    connect(right_, &QToolButton::clicked, this, [this] { Q_EMIT moveAsked(1); });
    connect(apply_, &QToolButton::clicked, this, &CompareCard::applyAsked);
    connect(remove_, &QToolButton::clicked, this, &CompareCard::removeAsked);
    dress();
}

void CompareCard::setItem(int index, int count, const Compared& item, const Compared* reference, bool is_reference) {
    index_ = index;
    count_ = count;
    item_ = item;
    reference_ = reference ? *reference : Compared{};
    is_reference_ = is_reference;
    fill();
    update();
}

void CompareCard::fill() {
    name_->setText(item_.name);
    setAccessibleName(tr("Column %1: %2").arg(index_ + 1).arg(item_.name));
    pin_->setChecked(is_reference_);
    left_->setEnabled(index_ > 0);
    right_->setEnabled(index_ + 1 < count_);
    apply_->setVisible(!item_.isSpace());
    if (!item_.product) return;
    const auto& product = *item_.product;
    QString subject = item_.isSpace() ? tr("%1 as it is").arg(QString::fromStdString(item_.space))
                                      : QString::fromStdString(product.recipe().name);
    // A folder that is called after its product says nothing more.
    const QString folder = QString::fromStdString(product.folder().filename().string());
    if (folder != QString::fromStdString(product.recipe().name)) subject += QStringLiteral(" · ") + folder;
    // First, so that it is there where the rest is cut.
    if (product.synthetic()) subject = tr("synthetic world · %1").arg(subject);
    subject_->setText(subject);
    route_->setVisible(!item_.isSpace());
    formulas_->setVisible(!item_.isSpace());
    if (item_.isSpace()) {
        factors_->setText(tr("No reaction: the baseline of what fusion adds"));
        return;
    }
    route_->setRoute(product.recipe(), product.plan(), item_.setting);
    const QStringList before = reference_.product && !is_reference_ ? settingParts(reference_) : QStringList();
    QStringList parts;
    for (const auto& part : settingParts(item_)) {
        const bool differs = !before.isEmpty() && !before.contains(part);
        parts << (differs ? QStringLiteral("<b style=\"color:%1\">%2</b>")
                                .arg(colours().accent.name(),
                                     part.toHtmlEscaped().replace(QLatin1Char(' '), QStringLiteral("&nbsp;")))
                          : part.toHtmlEscaped().replace(QLatin1Char(' '), QStringLiteral("&nbsp;")));
    }
    factors_->setText(parts.join(QStringLiteral(" &nbsp; ")));
    factors_->setToolTip(before.isEmpty() ? tr("Factors and switches of this column")
                                          : tr("Factors and switches; what differs from the reference is bold"));
    QStringList formulas;
    try {
        for (const auto& modality : product.plan().modalities)
            formulas << QString::fromStdString(product.formula(modality, item_.setting));
    } catch (const engine::Error& error) {
        // A setting that was kept may be of another recipe than the product has now.
        formulas = QStringList{QString::fromStdString(error.message())};
    }
    formulas_->setText(formulas.join(QLatin1Char('\n')));
}

QString CompareCard::factorsText() const {
    return settingParts(item_).join(QStringLiteral(", "));
}

QString CompareCard::formulasText() const {
    return formulas_->text();
}

void CompareCard::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF room = QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5);
    painter.setPen(QPen(is_reference_ ? seriesColour(index_) : colours().line, 1));
    painter.setBrush(colours().panel);
    painter.drawRoundedRect(room, 6, 6);
    painter.setPen(Qt::NoPen);
    painter.setBrush(seriesColour(index_));
    painter.drawRoundedRect(QRectF(room.left(), room.top(), room.width(), kStripe), 2, 2);
}

void CompareCard::changeEvent(QEvent* event) {
    QFrame::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) {
        dress();
        fill();
        // A style sheet may take palettes back while the event goes round.
        QTimer::singleShot(0, this, [this] { dress(); });
    }
}

void CompareCard::dress() {
    QFont strong = font();
    strong.setWeight(QFont::DemiBold);
    name_->setFont(strong);
    QPalette muted = palette();
    muted.setColor(QPalette::WindowText, colours().muted);
    subject_->setPalette(muted);
    formulas_->setPalette(muted);
    pin_->setIcon(icon(QStringLiteral("pin")));
    left_->setIcon(turned(QStringLiteral("up"), -90));
    right_->setIcon(turned(QStringLiteral("up"), 90));
    apply_->setIcon(icon(QStringLiteral("tune")));
    QPixmap cross = icon(QStringLiteral("add")).pixmap(QSize(32, 32));
    remove_->setIcon(QIcon(cross.transformed(QTransform().rotate(45), Qt::SmoothTransformation)));
}

}  // namespace ui
