// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/explore/query_line_view.h"

#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>

#include "ui/export/view_menu.h"
#include "ui/style/theme.h"
#include "ui/views/surface_grid.h"

namespace ui {
namespace {

constexpr int kLetters = 9;  // of an id beside its curve
constexpr int kShown = 8;    // changes that are named

std::size_t placeIndex(int place) {
    const auto found = std::find(engine::kHitPlaces.begin(), engine::kHitPlaces.end(), static_cast<std::size_t>(place));
    return static_cast<std::size_t>(found - engine::kHitPlaces.begin());
}

}  // namespace

QueryLineView::QueryLineView(QWidget* parent) : QWidget(parent), job_(nullptr, true) {
    factors_ = new QComboBox(this);
    factors_->setObjectName(QStringLiteral("line_factor"));
    factors_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    factors_->setAccessibleName(tr("Factor along which the query is followed"));
    factors_->setToolTip(
        tr("The live factors that act on this set, shares and an expert's weight; all else stays as it is set"));
    hits_ = new QLabel(this);
    hits_->setWordWrap(true);
    hits_->setAccessibleName(tr("Where the query is a hit"));
    hits_->setTextInteractionFlags(Qt::TextBrowserInteraction);
    hits_->setToolTip(tr("The very values at which the hit comes and goes; a click sets the factor there"));
    curves_ = new CurveView(this);
    curves_->setAccessibleName(tr("Scores of the query's answers along the factor"));
    curves_->setTitle(tr("score"));
    curves_->setDecimals(4);
    curves_->setMinimumHeight(160);
    message_ = new QLabel(this);
    message_->setAlignment(Qt::AlignCenter);
    message_->setWordWrap(true);
    message_->setMargin(24);
    content_ = new QWidget(this);
    auto* head = new QHBoxLayout;
    auto* along = new QLabel(tr("&Along"), content_);
    along->setBuddy(factors_);
    head->addWidget(along);
    head->addWidget(factors_);
    head->addStretch(1);
    auto* inner = new QVBoxLayout(content_);
    inner->setContentsMargins(0, 6, 0, 0);
    inner->setSpacing(4);
    inner->addLayout(head);
    inner->addWidget(hits_);
    inner->addWidget(curves_, 1);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addWidget(message_, 1);
    all->addWidget(content_, 1);
    connect(factors_, &QComboBox::activated, this, &QueryLineView::want);
    addFigureMenu(
        curves_, [this](QPainter& p, const QRectF& area) { curves_->paintTo(p, area); },
        [this] { return tr("%1 along %2").arg(id_, factors_->currentText()); },
        [this](const JobFailure& failure) { Q_EMIT failed(failure); });
    connect(curves_, &CurveView::picked, this,
            [this](double value, bool dragging) { Q_EMIT factorPicked(factor(), value, dragging); });
    connect(hits_, &QLabel::linkActivated, this,
            [this](const QString& value) { Q_EMIT factorPicked(factor(), value.toDouble(), false); });
    connect(&job_, &JobRunner::failed, this, [this](const JobFailure& failure) {
        say(failure.text());
        Q_EMIT failed(failure);
    });
    say(tr("Choose a query to follow it along a factor."));
}

std::string QueryLineView::factor() const {
    return factors_->currentData().toString().toStdString();
}

QString QueryLineView::said() const {
    return content_->isHidden() ? message_->text() : hits_->text();
}

void QueryLineView::say(const QString& instead) {
    message_->setText(instead);
    message_->setVisible(!instead.isEmpty());
    content_->setVisible(instead.isEmpty());
}

void QueryLineView::setSubject(std::shared_ptr<engine::LiveProduct> product, std::size_t set, bool forward,
                               const ItemNames& candidates) {
    product_ = std::move(product);
    set_ = set;
    forward_ = forward;
    candidates_ = candidates;
    query_.reset();
    line_.reset();
    asked_.clear();
    job_.stop();
    fillFactors();
}

void QueryLineView::fillFactors() {
    const QString before = factors_->currentData().toString();
    factors_->clear();
    for (const auto& factor : product_ ? product_->axes() : std::vector<engine::FactorInfo>()) {
        if (product_->acts(factor, set_))
            factors_->addItem(QString::fromStdString(factor.symbol), QString::fromStdString(factor.name));
    }
    factors_->setCurrentIndex(std::max(0, factors_->findData(before)));
    want();
}

void QueryLineView::lookAgain() {
    if (asked_.empty() || (line_ && line_->hits)) return;
    again_ = true;
    want();
}

void QueryLineView::setQuery(std::optional<std::uint32_t> query, const QString& id) {
    query_ = query;
    id_ = id;
    want();
}

void QueryLineView::setSetting(const engine::Setting& setting) {
    setting_ = setting;
    want();
}

void QueryLineView::setPlace(int place) {
    place_ = place;
    showLine();
}

void QueryLineView::chooseFactor(const std::string& factor) {
    const int at = factors_->findData(QString::fromStdString(factor));
    if (at < 0 || at == factors_->currentIndex()) return;
    factors_->setCurrentIndex(at);
    want();
}

void QueryLineView::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    want();
}

void QueryLineView::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) showLine();
}

void QueryLineView::want() {
    if (!product_ || !query_) {
        line_.reset();
        asked_.clear();
        job_.stop();
        return say(tr("Choose a query to follow it along a factor."));
    }
    if (factors_->count() == 0) return say(tr("No live factor acts on this set."));
    if (!isVisible()) return;
    const auto axis = product_->axis(factor());
    if (!axis) return;  // the list is about to be filled anew
    engine::Setting others = setting_;
    engine::setFactor(others, *axis, 0);
    const std::string key = factor() + " " + std::to_string(*query_) + " " + engine::settingToJson(others).dump();
    if (key == asked_ && !again_ && (line_ || job_.running())) return showLine();  // the cursor alone moves
    again_ = false;
    const bool same =
        line_ && line_->factor == factor() && asked_.starts_with(factor() + " " + std::to_string(*query_) + " ");
    asked_ = key;
    if (!same) {
        line_.reset();
        say(tr("following %1…").arg(id_));
    }
    using Result = std::shared_ptr<const engine::QueryLine>;
    job_.start<Result>(
        tr("following %1").arg(id_),
        [product = product_, set = set_, forward = forward_, query = *query_, factor = factor(),
         setting = setting_](const engine::JobContext& job) {
            return std::make_shared<const engine::QueryLine>(
                engine::queryLine(*product, set, forward, query, factor, setting, {}, job));
        },
        [this, key](Result line) {
            if (key != asked_) return;
            line_ = std::move(line);
            showLine();
        });
}

void QueryLineView::showLine() {
    if (!line_ || !query_) return;
    say({});
    std::vector<CurveView::Curve> curves;
    double low = 1, high = -1;
    int wrong = 0;
    for (const auto& answer : line_->answers) {
        CurveView::Curve curve;
        const QString id = candidates_.brief(answer.row);
        curve.label = (answer.positive ? QStringLiteral("✓ ") : QString()) +
                      (id.size() > kLetters ? QStringLiteral("…") + id.right(kLetters - 1) : id);
        curve.colour = answer.positive ? colours().good : seriesColour(wrong++);
        curve.x = line_->at;
        curve.y = answer.scores;
        for (const double score : answer.scores) {
            low = std::min(low, score);
            high = std::max(high, score);
        }
        curves.push_back(std::move(curve));
    }
    curves_->setFactor(factorSymbol(line_->factor));
    curves_->setRange(low, high);
    curves_->setCaption(id_ + (product_->synthetic() ? tr(" · synthetic world") : QString()));
    curves_->setCurves(std::move(curves), 0, 1);
    if (const auto axis = product_->axis(line_->factor)) curves_->setCursor(engine::factorAt(*axis, setting_));
    const std::size_t place = placeIndex(place_);
    const QString symbol = factorSymbol(line_->factor);
    if (!line_->hits) {
        curves_->setSpans({}, {});
        hits_->setText(tr("Where it is a hit is known as soon as all queries of this set are prepared."));
        return;
    }
    const auto spans = line_->hits->intervals(place);
    curves_->setSpans(spans, tr("a hit at %1").arg(place_));
    QStringList changes;
    for (const auto& flip : line_->hits->flips) {
        if (flip.place != place) continue;
        changes << QStringLiteral("%1 <a href='%2'>%3</a>")
                       .arg(flip.enters() ? tr("comes at") : tr("goes at"), QString::number(flip.at, 'g', 17),
                            QString::number(flip.at, 'f', 6));
    }
    if (changes.isEmpty()) {
        const bool hit = line_->hits->start[place] == 1;
        hits_->setText(hit ? tr("R@%1: a hit all along %2.").arg(place_).arg(symbol)
                           : tr("R@%1: no hit anywhere along %2.").arg(place_).arg(symbol));
        return;
    }
    const qsizetype all = changes.size();
    if (all > kShown) changes = changes.mid(0, kShown) << tr("and %n more", nullptr, static_cast<int>(all - kShown));
    hits_->setText(tr("R@%1 along %2: the hit %3.").arg(place_).arg(symbol, changes.join(QStringLiteral(", "))));
}

}  // namespace ui
