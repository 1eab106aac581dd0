// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/compare/compare_page.h"

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedWidget>
#include <QTabWidget>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

#include "ui/compare/compare_card.h"
#include "ui/compare/compare_queries.h"
#include "ui/compare/compare_surfaces.h"
#include "ui/compare/compare_table.h"
#include "ui/style/theme.h"
#include "ui/widgets/fitted_splitter.h"
#include "ui/widgets/progress_strip.h"

namespace ui {
namespace {

// By their names as objects, in the order in which they are restored: what there is to choose follows from those
// before.
constexpr const char* kChoices[] = {"compare_metric", "compare_group", "compare_x",   "compare_y",    "compare_steps",
                                    "queries_before", "queries_after", "queries_set", "queries_place"};
constexpr const char* kSwitches[] = {"compare_differences", "compare_3d"};

}  // namespace

ComparePage::ComparePage(QWidget* parent)
    : QWidget(parent),
      title_(new QLabel(tr("Compare"))),
      explanation_(new QLabel),
      empty_(new QLabel),
      add_(new QPushButton(tr("Add the current setting"))),
      empty_add_(new QPushButton(tr("Add the current setting"))),
      space_(new QToolButton),
      stop_(new QToolButton),
      spaces_menu_(new QMenu(this)),
      progress_(new ProgressStrip),
      stack_(new QStackedWidget),
      splitter_(new FittedSplitter),
      tabs_(new QTabWidget),
      table_(new CompareTable(work_)),
      surfaces_(new CompareSurfaces(work_)),
      queries_(new CompareQueries) {
    add_->setObjectName(QStringLiteral("compare_add"));
    space_->setObjectName(QStringLiteral("compare_space"));
    stop_->setObjectName(QStringLiteral("compare_resume"));
    const QString add_tip = tr("A new column with the product and the factors that are open on the page Tune; at most "
                               "%1 columns")
                                .arg(kMost);
    for (auto* button : {add_, empty_add_}) {
        button->setToolTip(add_tip);
        connect(button, &QPushButton::clicked, this, &ComparePage::addRequested);
    }
    space_->setText(tr("Add a space"));
    space_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    space_->setPopupMode(QToolButton::InstantPopup);
    space_->setMenu(spaces_menu_);
    space_->setAccessibleName(tr("Add a single space as a column"));
    space_->setToolTip(tr("A single space, as it is, as a column of its own"));
    space_->setFocusPolicy(Qt::StrongFocus);
    stop_->setText(tr("Go on"));
    stop_->setAccessibleName(tr("Go on measuring"));
    stop_->setToolTip(tr("What is missing was stopped or failed; measures it again"));
    stop_->setFocusPolicy(Qt::StrongFocus);
    stop_->hide();

    auto* head = new QHBoxLayout;
    head->addWidget(title_);
    head->addSpacing(12);
    head->addWidget(explanation_, 1);
    head->addWidget(stop_);
    head->addWidget(space_);
    head->addWidget(add_);

    auto* cards = new QWidget;
    cards_row_ = new QHBoxLayout(cards);
    cards_row_->setContentsMargins(0, 0, 0, 0);
    cards_row_->setSpacing(12);
    auto* scroll = new QScrollArea;
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setWidget(cards);
    scroll->viewport()->setAutoFillBackground(false);
    cards->setAutoFillBackground(false);
    scroll->setAccessibleName(tr("Columns"));
    tabs_->setObjectName(QStringLiteral("compare_tabs"));
    tabs_->setDocumentMode(true);
    tabs_->addTab(table_, tr("&Figures"));
    tabs_->addTab(surfaces_, tr("&Surfaces"));
    tabs_->addTab(queries_, tr("&Queries gained and lost"));
    splitter_->addWidget(scroll);
    splitter_->addWidget(tabs_);
    splitter_->setStretchFactor(0, 0);
    splitter_->setStretchFactor(1, 1);
    splitter_->setHandleWidth(10);

    auto* nothing = new QWidget;
    auto* middle = new QVBoxLayout(nothing);
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setWordWrap(true);
    empty_->setText(
        tr("Nothing to compare yet.\nSet the sliders of a product, add that setting here, set them "
           "otherwise, add that too; or add another product or a single space."));
    middle->addStretch(1);
    middle->addWidget(empty_);
    middle->addWidget(empty_add_, 0, Qt::AlignHCenter);
    middle->addStretch(2);
    stack_->addWidget(nothing);
    stack_->addWidget(splitter_);

    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(16, 12, 16, 12);
    all->setSpacing(8);
    all->addLayout(head);
    all->addWidget(progress_);
    all->addWidget(stack_, 1);

    connect(&work_.runner(), &JobRunner::progressed, progress_,
            [this](const engine::Progress& progress) { progress_->show(progress); });
    connect(&queries_->runner(), &JobRunner::progressed, progress_,
            [this](const engine::Progress& progress) { progress_->show(progress); });
    connect(&queries_->runner(), &JobRunner::ended, this, &ComparePage::updateStop);
    connect(progress_, &ProgressStrip::stopRequested, this, [this] {
        // What is measured already needs no word to go on.
        if (work_.runner().running()) work_.stop();
        queries_->runner().stop();
    });
    connect(stop_, &QToolButton::clicked, this, [this] {
        work_.resume();
        updateStop();
    });
    connect(&work_, &CompareWork::tableCame, table_, [this] { table_->refresh(); });
    connect(&work_, &CompareWork::spaceCame, table_, [this] { table_->refresh(); });
    connect(&work_, &CompareWork::surfaceCame, surfaces_, &CompareSurfaces::surfaceCame);
    connect(&work_, &CompareWork::failed, this, &ComparePage::failed);
    connect(&work_, &CompareWork::settledChanged, this, &ComparePage::updateStop);
    connect(table_, &CompareTable::failed, this, &ComparePage::failed);
    connect(surfaces_, &CompareSurfaces::failed, this, &ComparePage::failed);
    connect(queries_, &CompareQueries::failed, this, &ComparePage::failed);
    dress();
    fill();
}

ComparePage::~ComparePage() {
    // They ask work_ for what they show, also while they are hidden for the last time.
    delete stack_;
}

void ComparePage::setItems(const QVector<Compared>& items, int reference) {
    const bool same = items == items_;
    if (same && reference == reference_) return;
    items_ = items;
    reference_ = reference;
    if (!same) return fill();
    fillCards();
    table_->setReference(reference_);
    queries_->setItems(items_, reference_);
}

void ComparePage::fill() {
    work_.setItems(items_);
    fillCards();
    fillSpaces();
    table_->setReference(reference_);
    table_->refresh();
    surfaces_->itemsChanged();
    queries_->setItems(items_, reference_);
    stack_->setCurrentIndex(items_.isEmpty() ? 0 : 1);
    add_->setVisible(!items_.isEmpty());
    space_->setVisible(!items_.isEmpty());
    add_->setEnabled(items_.size() < kMost);
    space_->setEnabled(items_.size() < kMost);
    explanation_->setText(items_.isEmpty()     ? QString()
                          : items_.size() == 1 ? tr("one column; add another to see differences")
                                               : tr("%1 columns").arg(items_.size()));
    updateStop();
    QMetaObject::invokeMethod(this, &ComparePage::fitCards, Qt::QueuedConnection);  // when the cards have their width
}

void ComparePage::fitCards() {
    if (items_.isEmpty() || !isVisible()) return;
    int cards = 0;
    for (const auto* card : cards_) cards = std::max(cards, card->layout()->totalHeightForWidth(card->width()));
    splitter_->fit(0, cards, 0.55);
}

void ComparePage::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    QMetaObject::invokeMethod(this, &ComparePage::fitCards, Qt::QueuedConnection);
}

void ComparePage::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    QMetaObject::invokeMethod(this, &ComparePage::fitCards, Qt::QueuedConnection);
}

void ComparePage::fillCards() {
    while (cards_.size() > static_cast<std::size_t>(items_.size())) {
        // A card may be asking for this itself.
        cards_.back()->hide();
        cards_.back()->deleteLater();
        cards_.pop_back();
    }
    while (cards_.size() < static_cast<std::size_t>(items_.size())) {
        auto* card = new CompareCard;
        const int index = static_cast<int>(cards_.size());
        connect(card, &CompareCard::removeAsked, this, [this, index] { Q_EMIT removeRequested(index); });
        connect(card, &CompareCard::moveAsked, this, [this, index](int by) { Q_EMIT moveRequested(index, by); });
        connect(card, &CompareCard::referenceAsked, this, [this, index] { Q_EMIT referenceRequested(index); });
        connect(card, &CompareCard::failed, this, &ComparePage::failed);
        connect(card, &CompareCard::applyAsked, this, [this, index] {
            Q_EMIT applyRequested(QString::fromStdString(items_[index].product->folder().string()),
                                  items_[index].setting);
        });
        cards_row_->addWidget(card, 1);
        cards_.push_back(card);
    }
    for (int i = 0; i < items_.size(); ++i) {
        cards_[static_cast<std::size_t>(i)]->setItem(i, static_cast<int>(items_.size()), items_[i], &items_[reference_],
                                                     i == reference_);
    }
}

void ComparePage::fillSpaces() {
    spaces_menu_->clear();
    QStringList known;
    for (int column = 0; column < items_.size(); ++column) {
        for (const auto& space : items_[column].product->plan().spaces) {
            const QString name = QString::fromStdString(space.name);
            const bool there =
                std::any_of(items_.begin(), items_.end(), [&](const auto& other) { return other.space == space.name; });
            if (known.contains(name) || there) continue;
            known << name;
            spaces_menu_->addAction(name, this, [this, column, name] { Q_EMIT spaceRequested(column, name); });
        }
    }
}

void ComparePage::showTab(Tab tab) {
    tabs_->setCurrentIndex(static_cast<int>(tab));
}

ComparePage::Tab ComparePage::tab() const {
    return static_cast<Tab>(tabs_->currentIndex());
}

engine::Json ComparePage::state() const {
    engine::Json out = engine::Json::object();
    for (const char* name : kChoices)
        out[name] = findChild<QComboBox*>(QLatin1String(name))->currentText().toStdString();
    for (const char* name : kSwitches) out[name] = findChild<QCheckBox*>(QLatin1String(name))->isChecked();
    return out;
}

void ComparePage::restore(const engine::Json& state) {
    for (const char* name : kChoices) {
        auto* box = findChild<QComboBox*>(QLatin1String(name));
        if (!state.contains(name) || !state[name].is_string()) continue;
        const int at = box->findText(QString::fromStdString(state[name].get<std::string>()));
        if (at >= 0) box->setCurrentIndex(at);
    }
    for (const char* name : kSwitches) {
        auto* box = findChild<QCheckBox*>(QLatin1String(name));
        if (state.contains(name) && state[name].is_boolean() && box->isEnabled())
            box->setChecked(state[name].get<bool>());
    }
}

bool ComparePage::settled() const {
    return work_.settled() && !queries_->busy();
}

void ComparePage::updateStop() {
    if (!work_.runner().running() && !queries_->busy()) progress_->finish();
    stop_->setVisible(!items_.isEmpty() && work_.stopped());
}

void ComparePage::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) {
        dress();
        // A style sheet may take palettes back while the event goes round.
        QTimer::singleShot(0, this, [this] { dress(); });
    }
}

void ComparePage::dress() {
    title_->setFont(headingFont(2));
    add_->setIcon(icon(QStringLiteral("add")));
    empty_add_->setIcon(icon(QStringLiteral("add")));
    space_->setIcon(icon(QStringLiteral("add")));
    stop_->setIcon(icon(QStringLiteral("play")));
    QPalette muted = palette();
    muted.setColor(QPalette::WindowText, colours().muted);
    explanation_->setPalette(muted);
    empty_->setPalette(muted);
}

}  // namespace ui
