// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reactions/step_card.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QEvent>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QSignalBlocker>
#include <QSlider>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

#include "engine/recipe/idle_options.h"
#include "ui/reactions/option_form.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

// The wheel belongs to the page unless the field has the focus.
class QuietWheel : public QObject {
public:
    using QObject::QObject;
    bool eventFilter(QObject* object, QEvent* event) override {
        if (event->type() != QEvent::Wheel) return false;
        auto* widget = qobject_cast<QWidget*>(object);
        if (!widget || widget->hasFocus()) return false;
        event->ignore();
        return true;
    }
};

void quietWheel(QWidget* widget) {
    widget->setFocusPolicy(Qt::StrongFocus);
    widget->installEventFilter(new QuietWheel(widget));
}

bool has(const std::vector<engine::Modality>& list, const engine::Modality& m) {
    return std::find(list.begin(), list.end(), m) != list.end();
}

}  // namespace

StepCard::StepCard(const engine::ReactionStep& step, Place place, QWidget* parent)
    : QFrame(parent), step_(step), place_(std::move(place)) {
    setFrameShape(QFrame::StyledPanel);
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(12, 8, 8, 10);
    column->setSpacing(8);
    addHead(*column);
    if (step_.kind == engine::ReactionKind::Tuning) {
        addTuning(*column);
    } else {
        addExperts(*column);
        addFactors(*column);
    }
    addOptions(*column);
    paintColours();
    // Once more when the page has taken it in and the style has polished it.
    QMetaObject::invokeMethod(
        this, [this] { paintColours(); }, Qt::QueuedConnection);
    followTheme(this, [this] { paintColours(); });
}

void StepCard::addHead(QVBoxLayout& column) {
    auto* row = new QHBoxLayout;
    row->setSpacing(6);
    auto* title = new QLabel(tr("Step %1").arg(place_.index + 1), this);
    QFont bold = title->font();
    bold.setBold(true);
    title->setFont(bold);
    auto* kind = new QComboBox(this);
    kind->setObjectName(QStringLiteral("kind"));
    kind->addItems({tr("Displacement"), tr("Combination"), tr("Tuning")});
    kind->setCurrentIndex(static_cast<int>(step_.kind));
    kind->setAccessibleName(tr("Kind of reaction of step %1").arg(place_.index + 1));
    kind->setToolTip(
        tr("Displacement: the unified space moves into the space of one expert.\n"
           "Combination: any number of experts are drawn towards the unified space.\n"
           "Tuning: a small adapter stands in for a tuned encoder of the base"));
    quietWheel(kind);
    connect(kind, &QComboBox::currentIndexChanged, this, [this](int index) {
        step_.kind = static_cast<engine::ReactionKind>(index);
        if (step_.kind != engine::ReactionKind::Combination) step_.against = "product";
        if (step_.kind == engine::ReactionKind::Tuning) {
            step_.experts.clear();
            step_.factors.clear();
            step_.modality = has(place_.unified, "audio") || place_.unified.empty() ? "audio" : place_.unified.front();
            step_.towards = step_.modality == "image" ? "text" : "image";
        }
        Q_EMIT restructured();
    });
    row->addWidget(title);
    row->addWidget(kind);
    row->addStretch(1);
    const auto button = [&](const char* name, const QString& text, const QString& tip, bool enabled, auto call) {
        auto* b = new QToolButton(this);
        b->setObjectName(QString::fromLatin1(name));
        b->setAutoRaise(true);
        b->setAccessibleName(text);
        b->setToolTip(tip);
        b->setEnabled(enabled);
        icons_[b] = QString::fromLatin1(name);
        connect(b, &QToolButton::clicked, this, call);
        row->addWidget(b);
    };
    button("up", tr("Step %1 earlier").arg(place_.index + 1), tr("One place earlier in the route"), place_.index > 0,
           [this] { Q_EMIT moveWanted(-1); });
    button("down", tr("Step %1 later").arg(place_.index + 1), tr("One place later in the route"),
           place_.index + 1 < place_.count, [this] { Q_EMIT moveWanted(1); });
    button("remove", tr("Remove step %1").arg(place_.index + 1), tr("Take this step out of the route"), true,
           [this] { Q_EMIT removeWanted(); });
    column.addLayout(row);
}

void StepCard::addTuning(QVBoxLayout& column) {
    auto* row = new QHBoxLayout;
    const auto choice = [&](const char* name, const QString& what, const QString& tip, engine::Modality& value) {
        auto* label = new QLabel(what, this);
        label->setForegroundRole(QPalette::PlaceholderText);
        auto* box = new QComboBox(this);
        box->setObjectName(QString::fromLatin1(name));
        for (const auto& m : place_.unified) box->addItem(QString::fromStdString(m));
        const QString now = QString::fromStdString(value);
        if (box->findText(now) < 0) box->addItem(now);
        box->setCurrentText(now);
        box->setAccessibleName(tip);
        box->setToolTip(tip);
        quietWheel(box);
        connect(box, &QComboBox::currentTextChanged, this, [this, &value](const QString& text) {
            value = text.toStdString();
            Q_EMIT edited();
        });
        row->addWidget(label);
        row->addWidget(box);
    };
    choice("modality", tr("tunes"), tr("The modality whose rows in the base pass the adapter"), step_.modality);
    if (!step_.space.empty()) {
        auto* rows = new QLabel(tr("rows of %1").arg(QString::fromStdString(step_.space)), this);
        rows->setToolTip(tr("A tuned encoder gave them; nothing is trained in this step"));
        row->addWidget(rows);
    } else {
        choice("towards", tr("towards"), tr("The modality of their partners in the paired pool"), step_.towards);
        // Only where there is something to choose.
        if (place_.paired_pools.size() > 1 || !step_.pool.empty()) {
            auto* label = new QLabel(tr("on"), this);
            label->setForegroundRole(QPalette::PlaceholderText);
            auto* pool = new QComboBox(this);
            pool->setObjectName(QStringLiteral("pool"));
            pool->addItem(tr("the pool that has both"), QString());
            for (const auto& name : place_.paired_pools) pool->addItem(name, name);
            const QString now = QString::fromStdString(step_.pool);
            if (pool->findData(now) < 0) pool->addItem(now, now);
            pool->setCurrentIndex(pool->findData(now));
            pool->setAccessibleName(tr("Paired pool of step %1").arg(place_.index + 1));
            pool->setToolTip(tr("The paired pool whose pairs the adapter is trained on"));
            quietWheel(pool);
            connect(pool, &QComboBox::currentIndexChanged, this, [this, pool] {
                step_.pool = pool->currentData().toString().toStdString();
                Q_EMIT edited();
            });
            row->addWidget(label);
            row->addWidget(pool);
        }
    }
    row->addStretch(1);
    column.addLayout(row);
}

void StepCard::addExperts(QVBoxLayout& column) {
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(4);
    grid->setColumnStretch(1, 1);
    for (std::size_t i = 0; i < step_.experts.size(); ++i) {
        const auto& use = step_.experts[i];
        const int row = static_cast<int>(i);
        auto* on = new QCheckBox(this);
        on->setObjectName(QStringLiteral("on%1").arg(i));
        on->setChecked(use.enabled);
        on->setAccessibleName(tr("%1 takes part").arg(QString::fromStdString(use.space)));
        on->setToolTip(tr("Takes part in the product; training makes its projectors either way"));
        connect(on, &QCheckBox::toggled, this, [this, i](bool checked) {
            step_.experts[i].enabled = checked;
            Q_EMIT edited();
        });
        auto* space = new QComboBox(this);
        space->setObjectName(QStringLiteral("space%1").arg(i));
        for (const auto& s : place_.spaces) space->addItem(QString::fromStdString(s.name));
        const QString now = QString::fromStdString(use.space);
        if (space->findText(now) < 0) space->addItem(now);
        space->setCurrentText(now);
        space->setAccessibleName(tr("Expert %1 of step %2").arg(i + 1).arg(place_.index + 1));
        space->setToolTip(tr("The expert's space"));
        space->setMinimumContentsLength(8);
        quietWheel(space);
        connect(space, &QComboBox::currentTextChanged, this, [this, i](const QString& text) {
            step_.experts[i].space = text.toStdString();
            step_.experts[i].projectors.clear();
            Q_EMIT restructured();
        });
        grid->addWidget(on, row, 0);
        grid->addWidget(space, row, 1);
        if (step_.experts.size() > 1) {
            auto* label = new QLabel(tr("weight"), this);
            label->setForegroundRole(QPalette::PlaceholderText);
            auto* weight = new QDoubleSpinBox(this);
            weight->setObjectName(QStringLiteral("weight%1").arg(i));
            weight->setRange(0, 1e6);
            weight->setDecimals(2);
            weight->setSingleStep(0.1);
            weight->setMaximumWidth(90);
            weight->setValue(use.weight);
            weight->setAccessibleName(tr("Weight of %1").arg(now));
            weight->setToolTip(tr("Weight among the experts of this step; 0 or more, 1 is the default"));
            quietWheel(weight);
            connect(weight, &QDoubleSpinBox::valueChanged, this, [this, i](double value) {
                step_.experts[i].weight = value;
                Q_EMIT edited();
            });
            auto* remove = new QToolButton(this);
            remove->setObjectName(QStringLiteral("removeExpert%1").arg(i));
            remove->setAutoRaise(true);
            remove->setAccessibleName(tr("Remove %1 from the step").arg(now));
            remove->setToolTip(tr("Take this expert out of the step"));
            icons_[remove] = QStringLiteral("remove");
            connect(remove, &QToolButton::clicked, this, [this, i] {
                step_.experts.erase(step_.experts.begin() + static_cast<std::ptrdiff_t>(i));
                Q_EMIT restructured();
            });
            grid->addWidget(label, row, 2);
            grid->addWidget(weight, row, 3);
            grid->addWidget(remove, row, 4);
        }
    }
    column.addLayout(grid);
    if (step_.kind == engine::ReactionKind::Displacement && !step_.experts.empty()) return;
    auto* row = new QHBoxLayout;
    auto* add = new QToolButton(this);
    add->setObjectName(QStringLiteral("addExpert"));
    add->setText(tr("Add expert"));
    add->setToolTip(tr("One more expert that reacts in this step, beside the others"));
    add->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    add->setAutoRaise(true);
    icons_[add] = QStringLiteral("add");
    const auto free = std::find_if(place_.spaces.begin(), place_.spaces.end(), [this](const engine::SpaceInfo& s) {
        return std::none_of(step_.experts.begin(), step_.experts.end(),
                            [&](const auto& e) { return e.space == s.name; });
    });
    add->setEnabled(free != place_.spaces.end());
    connect(add, &QToolButton::clicked, this, [this, free] {
        step_.experts.push_back({free->name});
        Q_EMIT restructured();
    });
    row->addWidget(add);
    row->addStretch(1);
    // The first step has the base space and the product so far in one; only one expert can share a joint space.
    const bool first = place_.index == 0;
    if (step_.kind == engine::ReactionKind::Combination &&
        (!first || step_.experts.size() == 1 || step_.against == "joint")) {
        auto* label = new QLabel(tr("trained against"), this);
        label->setForegroundRole(QPalette::PlaceholderText);
        auto* against = new QComboBox(this);
        against->setObjectName(QStringLiteral("against"));
        against->addItem(first ? tr("the base space") : tr("the product so far"), QStringLiteral("product"));
        if (!first) against->addItem(tr("the base space"), QStringLiteral("base"));
        if (step_.experts.size() == 1 || step_.against == "joint")
            against->addItem(tr("each other"), QStringLiteral("joint"));
        against->setCurrentIndex(std::max(0, against->findData(QString::fromStdString(step_.against))));
        against->setAccessibleName(tr("What step %1 is trained against").arg(place_.index + 1));
        against->setToolTip(
            tr("The unified space that the experts are drawn towards while they are trained.\n"
               "Each other: the product and one expert both move into a joint space (C-MCR)"));
        quietWheel(against);
        connect(against, &QComboBox::currentIndexChanged, this, [this, against] {
            step_.against = against->currentData().toString().toStdString();
            tellIdle();
            Q_EMIT edited();
        });
        row->addWidget(label);
        row->addWidget(against);
    }
    column.addLayout(row);
}

void StepCard::addFactors(QVBoxLayout& column) {
    std::vector<engine::Modality> blended;
    for (const auto& e : step_.experts) {
        for (const auto& s : place_.spaces) {
            if (s.name != e.space) continue;
            for (const auto& m : s.modalities) {
                if (has(place_.unified, m) && !has(blended, m)) blended.push_back(m);
            }
        }
    }
    for (const auto& [m, value] : step_.factors) {
        if (!has(blended, m)) blended.push_back(m);  // planning says what is wrong with it
    }
    if (blended.empty()) return;
    const bool displaces = step_.kind == engine::ReactionKind::Displacement;
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(4);
    grid->setColumnStretch(1, 1);
    int row = 0;
    for (const auto& m : engine::canonicalOrder(blended)) {
        const QString modality = QString::fromStdString(m);
        const auto named = step_.factors.find(m);
        const double value = named != step_.factors.end() ? named->second : engine::defaultFactor(step_.kind);
        auto* label = new QLabel(
            QStringLiteral("%1 %2").arg(displaces ? QStringLiteral("λ") : QStringLiteral("σ"), modality), this);
        // On a card's ground the role would be another one.
        label->setForegroundRole(QPalette::WindowText);
        coloured_[label] = modality;
        auto* slider = new QSlider(Qt::Horizontal, this);
        slider->setRange(0, 100);
        slider->setValue(static_cast<int>(std::lround(100 * value)));
        slider->setMinimumWidth(80);
        auto* spin = new QDoubleSpinBox(this);
        spin->setObjectName(QStringLiteral("factor_") + modality);
        spin->setRange(0, 1);
        spin->setDecimals(3);
        spin->setSingleStep(0.01);
        spin->setValue(value);
        spin->setMaximumWidth(90);
        const QString tip = tr("The share of the experts in the product's %1 vectors, 0 to 1; default %2")
                                .arg(modality, QLocale().toString(engine::defaultFactor(step_.kind)));
        for (QWidget* w : {static_cast<QWidget*>(slider), static_cast<QWidget*>(spin)}) {
            w->setToolTip(tip);
            w->setAccessibleName(tr("Share of the experts for %1 in step %2").arg(modality).arg(place_.index + 1));
            quietWheel(w);
        }
        connect(slider, &QSlider::valueChanged, spin, [spin](int v) { spin->setValue(v / 100.0); });
        connect(spin, &QDoubleSpinBox::valueChanged, this, [this, m, slider](double v) {
            const QSignalBlocker quiet(slider);
            slider->setValue(static_cast<int>(std::lround(100 * v)));
            step_.factors[m] = v;
            Q_EMIT edited();
        });
        grid->addWidget(label, row, 0);
        grid->addWidget(slider, row, 1);
        grid->addWidget(spin, row, 2);
        ++row;
    }
    column.addLayout(grid);
}

void StepCard::addOptions(QVBoxLayout& column) {
    more_ = new QToolButton(this);
    more_->setObjectName(QStringLiteral("options"));
    more_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    more_->setAutoRaise(true);
    more_->setCheckable(true);
    more_->setArrowType(Qt::RightArrow);
    more_->setAccessibleName(tr("Options of step %1").arg(place_.index + 1));
    more_->setToolTip(tr("How pseudo pairs are made and projectors are trained in this step"));
    auto* row = new QHBoxLayout;
    row->setSpacing(6);
    row->addWidget(more_);
    row->addStretch(1);
    if (step_.kind != engine::ReactionKind::Tuning) {
        auto* pools = new QToolButton(this);
        pools->setObjectName(QStringLiteral("lookAtPools"));
        pools->setText(tr("Look at the pools"));
        pools->setAccessibleName(tr("Look at the pools of step %1").arg(place_.index + 1));
        pools->setToolTip(place_.spaces.empty()
                              ? tr("Open a workspace first")
                              : tr("What the pseudo pairs of this step would be made of, before anything is trained: "
                                   "whether the spaces agree, how sharp the averages are, examples"));
        pools->setAutoRaise(true);
        pools->setEnabled(!place_.spaces.empty());
        connect(pools, &QToolButton::clicked, this, &StepCard::poolsWanted);
        row->addWidget(pools);
    }
    column.addLayout(row);
    form_place_ = new QVBoxLayout;
    column.addLayout(form_place_);
    connect(more_, &QToolButton::toggled, this, &StepCard::openOptions);
    tellOptions();
    if (place_.options_open) more_->setChecked(true);
}

bool StepCard::optionsOpen() const {
    return more_ && more_->isChecked();
}

void StepCard::tellOptions() {
    const auto now = engine::reactionOptionTable().toJson(step_.options);
    int changed = 0;
    for (const auto& e : offered()) changed += now[e.key] != e.default_value ? 1 : 0;
    more_->setText(changed > 0 ? tr("Training options (%1 changed)").arg(changed) : tr("Training options"));
}

void StepCard::openOptions(bool open) {
    more_->setArrowType(open ? Qt::DownArrow : Qt::RightArrow);
    if (!form_ && open) {
        form_ = new OptionForm(offered(), this);
        form_->setSuggestions("validation_set", place_.retrieval_sets);
        form_->setSuggestions(
            "hub", {QStringLiteral("auto"), QStringLiteral("text"), QStringLiteral("image"), QStringLiteral("audio")});
        form_->setValues(engine::reactionOptionTable().toJson(step_.options));
        form_place_->addWidget(form_);
        connect(form_, &OptionForm::edited, this, [this] {
            // What the form does not offer stays as it is.
            auto all = engine::reactionOptionTable().toJson(step_.options);
            const auto changed = form_->changed();
            for (const auto& e : offered()) all[e.key] = changed.contains(e.key) ? changed[e.key] : e.default_value;
            engine::reactionOptionTable().read(all, step_.options);
            tellOptions();
            tellIdle();
            Q_EMIT edited();
        });
        tellIdle();
    }
    if (form_) form_->setVisible(open);
}

// A tuning's form has what matters there; what depends on other options stays in sight.
std::vector<engine::OptionEntry> StepCard::offered() const {
    std::vector<engine::OptionEntry> out;
    for (const auto& e : engine::reactionOptionTable().entries()) {
        if (step_.kind != engine::ReactionKind::Tuning || engine::whyIdle(step_, e.key).empty()) out.push_back(e);
    }
    return out;
}

void StepCard::tellIdle() {
    if (!form_) return;
    std::map<std::string, std::string> reasons;
    for (const auto& e : offered()) {
        if (auto why = engine::whyIdle(step_, e.key); !why.empty()) reasons[e.key] = std::move(why);
    }
    form_->setIdle(reasons);
}

std::vector<engine::OptionProblem> StepCard::problems() const {
    return form_ ? form_->problems() : std::vector<engine::OptionProblem>{};
}

void StepCard::paintColours() {
    for (const auto& [button, name] : icons_) button->setIcon(icon(name));
    for (const auto& [label, modality] : coloured_) {
        QPalette p = palette();
        p.setColor(QPalette::WindowText, modalityColour(modality));
        label->setPalette(p);
    }
}

}  // namespace ui
