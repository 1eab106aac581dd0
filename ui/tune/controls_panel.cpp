// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tune/controls_panel.h"

#include <QAbstractSpinBox>
#include <QApplication>
#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QInputDialog>
#include <QSignalBlocker>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "ui/style/numbers.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

QString text(const std::string& s) {
    return QString::fromStdString(s);
}

QLabel* sectionTitle(const QString& title) {
    auto* label = new QLabel(title);
    QFont font = label->font();
    font.setWeight(QFont::DemiBold);
    label->setFont(font);
    return label;
}

// Equal where both are shown alike, and blend alike: of experts' weights only what they are to each other counts.
bool alike(const engine::RoutePlan& plan, const engine::Setting& a, const engine::Setting& b) {
    const auto axes = plan.axes();
    const auto switched = [](const engine::Setting& setting) {
        std::map<std::string, bool> on;
        for (const auto& [expert, weight] : setting.expert_weights) on[expert] = weight != 0;
        return on;
    };
    return a.projectors == b.projectors && switched(a) == switched(b) &&
           std::all_of(axes.begin(), axes.end(), [&](const engine::FactorInfo& f) {
               return std::fabs(engine::factorAt(f, a) - engine::factorAt(f, b)) <= 5e-4;
           });
}

}  // namespace

ControlsPanel::ControlsPanel(Project& project, QWidget* parent)
    : QScrollArea(parent), project_(project), formula_(new QLabel(this)) {
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    formula_->hide();
    connect(&project_, &Project::settingChanged, this, &ControlsPanel::showSetting);
    connect(&project_, &Project::presetsChanged, this, &ControlsPanel::fillPresets);
    // Queued: what was clicked is one of those that are made anew.
    connect(
        &project_, &Project::viewChanged, this,
        [this] {
            if (!product_ || project_.view().live_weight == live_weight_) return;
            const QWidget* focus = body_->focusWidget();
            const QString before = focus ? focus->objectName() : QString();
            rebuild();
            if (auto* again = before.isEmpty() ? nullptr : body_->findChild<QWidget*>(before))
                again->setFocus(Qt::OtherFocusReason);
        },
        Qt::QueuedConnection);
    rebuild();
}

void ControlsPanel::changeEvent(QEvent* event) {
    QScrollArea::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && product_) {
        // Icons and colours are made for a theme.
        QMetaObject::invokeMethod(
            this, [this] { rebuild(); }, Qt::QueuedConnection);
    }
}

bool ControlsPanel::eventFilter(QObject* watched, QEvent* event) {
    const auto* field = qobject_cast<QWidget*>(watched);
    const bool ours = qobject_cast<const QAbstractSpinBox*>(field) || qobject_cast<const QComboBox*>(field);
    if (event->type() != QEvent::Wheel || !ours || field->hasFocus()) return QScrollArea::eventFilter(watched, event);
    event->ignore();
    return true;
}

void ControlsPanel::setProduct(std::shared_ptr<engine::LiveProduct> product) {
    product_ = std::move(product);
    rebuild();
}

void ControlsPanel::setBaselineSetting(const std::optional<engine::Setting>& setting) {
    baseline_ = setting;
    for (const auto& [name, slider] : sliders_)
        slider->setMark(baseline_ ? engine::factorAt(slider->factor(), *baseline_) : -1);
}

FactorSlider* ControlsPanel::slider(const std::string& factor) const {
    const auto found = sliders_.find(factor);
    return found == sliders_.end() ? nullptr : found->second;
}

std::vector<engine::FactorInfo> ControlsPanel::factorsInOrder() const {
    auto factors = product_->plan().factors;
    std::stable_sort(factors.begin(), factors.end(), [](const engine::FactorInfo& a, const engine::FactorInfo& b) {
        return std::tie(a.step, a.modality) < std::tie(b.step, b.modality);
    });
    return factors;
}

ProjectorChips* ControlsPanel::projectors(const std::string& expert) const {
    for (const auto& row : experts_) {
        if (row->key == expert) return row->projectors;
    }
    return nullptr;
}

void ControlsPanel::rebuild() {
    // What is typed but not entered says so when its field goes: by then it means another product.
    if (body_) {
        for (auto* child : body_->findChildren<QWidget*>()) child->disconnect(this);
    }
    drag_ = 0;
    live_weight_ = project_.view().live_weight;
    sliders_.clear();
    captions_.clear();
    experts_.clear();
    formula_->setParent(this);
    formula_->hide();
    presets_ = nullptr;
    delete takeWidget();
    body_ = new QWidget;
    auto* column = new QVBoxLayout(body_);
    column->setContentsMargins(14, 12, 12, 12);
    column->setSpacing(8);
    if (!product_) {
        auto* nothing = new QLabel(tr("Open a product to tune it."));
        nothing->setWordWrap(true);
        column->addWidget(nothing);
        column->addStretch(1);
        setWidget(body_);
        return;
    }
    const auto& recipe = product_->recipe();

    auto* preset_row = new QHBoxLayout;
    presets_ = new QComboBox;
    presets_->setAccessibleName(tr("Preset"));
    presets_->setObjectName(QStringLiteral("presets"));
    presets_->setToolTip(tr("Settings with a name: those of the recipe, and your own"));
    presets_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    save_preset_ = new QToolButton;
    save_preset_->setIcon(icon(QStringLiteral("add")));
    save_preset_->setAutoRaise(true);
    save_preset_->setToolTip(tr("Keep the current setting as a preset of your own"));
    save_preset_->setAccessibleName(tr("Save preset"));
    remove_preset_ = new QToolButton;
    remove_preset_->setIcon(icon(QStringLiteral("remove")));
    remove_preset_->setAutoRaise(true);
    remove_preset_->setToolTip(tr("Remove this preset of your own"));
    remove_preset_->setAccessibleName(tr("Remove preset"));
    preset_row->addWidget(presets_, 1);
    preset_row->addWidget(save_preset_);
    preset_row->addWidget(remove_preset_);
    column->addLayout(preset_row);
    connect(presets_, &QComboBox::activated, this, &ControlsPanel::choosePreset);
    connect(save_preset_, &QToolButton::clicked, this, &ControlsPanel::savePreset);
    connect(remove_preset_, &QToolButton::clicked, this,
            [this] { project_.removePreset(presets_->currentData().toString()); });

    column->addSpacing(4);
    auto* factors_title = sectionTitle(tr("Experts' shares"));
    factors_title->setToolTip(
        tr("Every slider is the expert's share: 0 leaves the unified space as it is, 1 takes the "
           "expert alone"));
    column->addWidget(factors_title);
    for (const auto& factor : factorsInOrder()) {
        QStringList experts;
        for (const auto& expert : product_->experts()) {
            if (expert.step == factor.step && std::find(expert.modalities.begin(), expert.modalities.end(),
                                                        factor.modality) != expert.modalities.end())
                experts << text(expert.space);
        }
        const QString of = experts.join(tr(" and "));
        QString unified = factor.step == 0 ? text(recipe.base) : tr("the space so far");
        if (recipe.route[factor.step].kind == engine::ReactionKind::Displacement)
            unified = tr("%1 moved into its space").arg(unified);
        auto* caption = new QLabel(tr("%1 in %2").arg(of, text(factor.modality)));
        caption->setForegroundRole(QPalette::PlaceholderText);
        caption->setWordWrap(true);
        captions_[factor.name] = {caption, caption->text()};
        auto* slider = new FactorSlider(factor, of, unified);
        column->addWidget(caption);
        column->addWidget(slider);
        column->addSpacing(2);
        sliders_[factor.name] = slider;
        connect(slider, &FactorSlider::moved, this,
                [this, factor](double value, bool dragging) { factorMoved(factor, value, dragging); });
        connect(slider, &FactorSlider::released, this, [this] { drag_ = 0; });
        if (!factor.live) continue;  // there is no curve along it
        connect(slider, &FactorSlider::focused, this, [this, name = factor.name] { Q_EMIT factorFocused(name); });
    }

    column->addSpacing(6);
    column->addWidget(sectionTitle(tr("Experts")));
    for (const auto& expert : product_->experts()) {
        auto row = std::make_unique<ExpertRow>();
        row->key = expert.key;
        row->kept = expert.weight > 0 ? expert.weight : 1;
        row->on = new QCheckBox(text(expert.key));
        row->on->setObjectName(QStringLiteral("expert_") + text(expert.key));
        const QString kind = expert.kind == engine::ReactionKind::Combination ? tr("combination") : tr("displacement");
        QStringList modalities;
        for (const auto& m : expert.modalities) modalities << text(m);
        row->on->setToolTip(
            tr("%1: %2 through %3, %n projector(s). Off: it takes no part; its step's share goes to the "
               "others.",
               nullptr, static_cast<int>(expert.projectors.size()))
                .arg(text(expert.space), kind, modalities.join(QStringLiteral(", "))));
        row->weight = new QDoubleSpinBox;
        row->weight->setRange(0, 10);
        row->weight->setSingleStep(0.1);
        row->weight->setDecimals(2);
        row->weight->setKeyboardTracking(false);
        row->weight->setPrefix(tr("weight "));
        row->weight->setToolTip(tr("Weight among the experts of the same step, 0 to 10; equal weights share equally"));
        row->weight->setAccessibleName(tr("Weight of %1").arg(text(expert.key)));
        const auto peers = std::count_if(product_->experts().begin(), product_->experts().end(),
                                         [&](const auto& e) { return e.step == expert.step; });
        row->weight->setVisible(peers > 1);
        auto* line = new QHBoxLayout;
        line->addWidget(row->on, 1);
        line->addWidget(row->weight);
        column->addLayout(line);
        addWeight(expert, line, column);
        row->projectors = new ProjectorChips(*product_, expert);
        auto* indented = new QHBoxLayout;
        indented->setContentsMargins(22, 0, 0, 0);
        indented->addWidget(row->projectors);
        column->addLayout(indented);
        connect(row->projectors, &ProjectorChips::switched, this, &ControlsPanel::projectorSwitched);
        ExpertRow* at = row.get();
        connect(row->on, &QCheckBox::clicked, this, [this, at](bool on) {
            expertChanged(*at, on ? at->kept : 0, on ? tr("%1 on").arg(text(at->key)) : tr("%1 off").arg(text(at->key)),
                          0);
        });
        connect(row->weight, &QDoubleSpinBox::valueChanged, this, [this, at](double weight) {
            expertChanged(*at, weight, tr("weight of %1: %2").arg(text(at->key)).arg(weight, 0, 'f', 2), 0);
        });
        experts_.push_back(std::move(row));
    }

    column->addSpacing(6);
    column->addWidget(sectionTitle(tr("Formula in force")));
    formula_->setParent(body_);
    formula_->setWordWrap(true);
    formula_->setTextFormat(Qt::RichText);
    formula_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    formula_->setAccessibleName(tr("Formula in force"));
    formula_->show();
    column->addWidget(formula_);
    column->addStretch(1);
    setWidget(body_);
    // Scrolling the panel must not change a figure: a wheel is for the field that has the focus.
    for (auto* field : body_->findChildren<QWidget*>()) {
        if (!qobject_cast<QAbstractSpinBox*>(field) && !qobject_cast<QComboBox*>(field)) continue;
        field->setFocusPolicy(Qt::StrongFocus);
        field->installEventFilter(this);
    }
    setBaselineSetting(baseline_);
    fillPresets();
    showSetting();
    showCosts();
}

void ControlsPanel::addWeight(const engine::ExpertSwitch& expert, QHBoxLayout* row, QVBoxLayout* column) {
    const auto& weights = product_->plan().weights;
    const auto of = std::find_if(weights.begin(), weights.end(), [&](const engine::FactorInfo& w) {
        return w.live && w.experts.front().key == expert.key;
    });
    if (of == weights.end()) return;
    const QString name = text(of->name), key = text(expert.key);
    const bool live = name == live_weight_;
    auto* toggle = new QToolButton;
    toggle->setObjectName(QStringLiteral("live_") + key);
    toggle->setText(tr("live"));
    toggle->setCheckable(true);
    toggle->setProperty("chip", true);
    toggle->setChecked(live);
    toggle->setAccessibleName(tr("Weight of %1 as a slider").arg(key));
    const auto cost = product_->liveWeightEstimate(of->name);
    toggle->setToolTip(
        tr("The weight of %1 as a slider, for surfaces, curves and goals too. What %2 sets need for it is made once, "
           "behind what is shown, %3, and kept. One weight of a product can be live.")
            .arg(key)
            .arg(cost.sets)
            .arg(durationText(cost.seconds)));
    row->addWidget(toggle);
    row->addSpacing(4);
    connect(toggle, &QToolButton::clicked, this, [this, name, key](bool on) {
        TuneView view = project_.view();
        view.live_weight = on ? name : QString();
        project_.setView(view, on ? tr("weight of %1 as a slider").arg(key) : tr("no weight as a slider"));
    });
    if (!live) return;
    QStringList others;
    for (std::size_t e = 1; e < of->experts.size(); ++e) others << text(of->experts[e].key);
    auto* slider = new FactorSlider(*of, key, others.join(tr(" and ")));
    column->addWidget(slider);
    sliders_[of->name] = slider;
    connect(slider, &FactorSlider::moved, this,
            [this, factor = *of](double value, bool dragging) { factorMoved(factor, value, dragging); });
    connect(slider, &FactorSlider::released, this, [this] { drag_ = 0; });
    connect(slider, &FactorSlider::focused, this, [this, factor = of->name] { Q_EMIT factorFocused(factor); });
}

void ControlsPanel::showCosts() {
    if (!product_) return;
    for (const auto& [name, caption] : captions_) {
        const auto* factor = product_->plan().factor(name);
        if (factor->live) continue;
        const auto cost = product_->recomputeEstimate(name);
        caption.label->setText(tr("%1 · recomputed, %2").arg(caption.text, durationText(cost.seconds)));
        caption.label->setToolTip(
            tr("%1 is not live: a later displacement takes its result as input. Another value runs the projectors "
               "again on "
               "%L2 rows of %3 sets, behind what is shown: %4, %5. What was computed is kept.")
                .arg(text(factor->symbol))
                .arg(cost.rows)
                .arg(cost.sets)
                .arg(durationText(cost.seconds), cost.measured ? tr("as measured here") : tr("estimated")));
    }
}

QString ControlsPanel::captionText(const std::string& factor) const {
    const auto found = captions_.find(factor);
    return found == captions_.end() ? QString() : found->second.label->text();
}

void ControlsPanel::fillPresets() {
    if (!presets_ || !product_) return;
    const QSignalBlocker quiet(presets_);
    presets_->clear();
    for (const auto& [name, setting] : product_->presets()) {
        QStringList parts;
        for (const auto& factor : factorsInOrder()) {
            const auto value = setting.factors.find(factor.name);
            if (factor.live && value != setting.factors.end()) parts << QString::number(value->second, 'g', 3);
        }
        presets_->addItem(QStringLiteral("%1 (%2)").arg(text(name), parts.join(QStringLiteral(", "))), QString());
    }
    presets_->addItem(tr("Recipe's own values"), QString());
    for (const auto& [name, setting] : project_.presets()) presets_->addItem(name, name);
    showSetting();
}

void ControlsPanel::choosePreset(int index) {
    const QString own = presets_->itemData(index).toString();
    engine::Setting setting = product_->defaults();
    // A preset of another product sets what both know.
    const auto take = [&](const engine::Setting& from) { setting = product_->completed(from); };
    const auto shipped = static_cast<int>(product_->presets().size());
    if (index < shipped) take(std::next(product_->presets().begin(), index)->second);
    else if (!own.isEmpty()) take(project_.presets().at(own));
    project_.setSetting(setting, tr("Preset %1").arg(presets_->itemText(index)));
    showSetting();
}

void ControlsPanel::savePreset() {
    bool ok = false;
    const QString name =
        QInputDialog::getText(this, tr("Save preset"), tr("Name of the preset:"), QLineEdit::Normal, {}, &ok).trimmed();
    if (ok && !name.isEmpty()) project_.addPreset(name, project_.setting());
}

void ControlsPanel::factorMoved(const engine::FactorInfo& factor, double value, bool dragging) {
    engine::Setting setting = project_.setting();
    engine::setFactor(setting, factor, value);
    if (dragging && drag_ == 0) drag_ = project_.newDrag();
    project_.setSetting(setting, tr("%1 = %2").arg(text(factor.symbol)).arg(value, 0, 'f', 3), drag_);
    if (!dragging) drag_ = 0;
}

void ControlsPanel::projectorSwitched(const std::string& projector, bool on) {
    engine::Setting setting = project_.setting();
    setting.projectors[projector] = on;
    project_.setSetting(setting,
                        on ? tr("projector %1 on").arg(text(projector)) : tr("projector %1 off").arg(text(projector)));
}

void ControlsPanel::expertChanged(ExpertRow& row, double weight, const QString& what, int drag) {
    engine::Setting setting = project_.setting();
    setting.expert_weights[row.key] = weight;
    if (weight > 0) row.kept = weight;
    project_.setSetting(setting, what, drag);
}

void ControlsPanel::showSetting() {
    if (!product_ || !presets_) return;
    const engine::Setting setting = project_.setting();
    for (const auto& [name, slider] : sliders_) slider->setValue(engine::factorAt(slider->factor(), setting));
    for (const auto& row : experts_) {
        const auto found = setting.expert_weights.find(row->key);
        const double weight = found == setting.expert_weights.end() ? 1 : found->second;
        if (weight > 0) row->kept = weight;
        const QSignalBlocker a(row->on), b(row->weight);
        row->on->setChecked(weight > 0);
        row->weight->setEnabled(weight > 0);
        row->weight->setValue(weight > 0 ? weight : row->kept);
        row->projectors->setActive(setting.projectors, weight > 0);
    }
    // The preset that this is.
    int at = -1;
    const auto shipped = static_cast<int>(product_->presets().size());
    for (int i = 0; i < presets_->count() && at < 0; ++i) {
        const QString own = presets_->itemData(i).toString();
        if (i < shipped && alike(product_->plan(), std::next(product_->presets().begin(), i)->second, setting)) at = i;
        else if (i == shipped && alike(product_->plan(), product_->defaults(), setting)) at = i;
        else if (i > shipped && alike(product_->plan(), product_->completed(project_.presets().at(own)), setting))
            at = i;
    }
    {
        const QSignalBlocker quiet(presets_);
        presets_->setPlaceholderText(tr("Setting by hand"));
        presets_->setCurrentIndex(at);
    }
    remove_preset_->setEnabled(at > shipped);
    save_preset_->setEnabled(at < 0);
    QString formula;
    for (const auto& modality : product_->plan().modalities) {
        const QString line = text(product_->formula(modality, setting)).toHtmlEscaped();
        const auto equals = line.indexOf(QLatin1Char('='));
        formula += QStringLiteral("<p style='margin:0 0 6px 0'><b><span style='color:%1'>%2</span></b>%3</p>")
                       .arg(modalityColour(text(modality)).name(), line.left(equals), line.mid(equals));
    }
    formula_->setText(formula);
}

}  // namespace ui
