// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tune/projector_chips.h"

#include <QSignalBlocker>
#include <QToolTip>

#include <algorithm>
#include <optional>

#include "ui/style/theme.h"
#include "ui/widgets/flow_layout.h"

namespace ui {
namespace {

QString text(const std::string& s) {
    return QString::fromStdString(s);
}

// On: filled. Off: an outline and its name crossed out, so that colour is not all that tells.
QString chipStyle() {
    const auto& c = colours();
    return QStringLiteral(
               "QToolButton { padding: 1px 6px; border-radius: 9px; border: 1px solid %1; color: %2; background: "
               "transparent; text-decoration: line-through; }"
               "QToolButton:checked { color: %3; background: %4; border-color: %4; text-decoration: none; }"
               "QToolButton:hover, QToolButton:focus { border-color: %5; }"
               "QToolButton:focus { border-width: 2px; padding: 0px 5px; }"
               "QToolButton:disabled { color: %2; background: transparent; border-style: dashed; border-color: %1; }")
        .arg(c.line.name(), c.muted.name(), c.on_accent.name(), c.accent.name(), c.text.name());
}

// "text and image items"
QString itemsText(const std::vector<engine::Modality>& modalities) {
    QStringList names;
    for (const auto& m : modalities) names << text(m);
    if (names.size() < 2) return names.join(QString());
    const QString last = names.takeLast();
    return QObject::tr("%1 and %2").arg(names.join(QStringLiteral(", ")), last);
}

std::optional<int> epochsOf(const engine::Json& training, const std::string& reaction, const std::string& subset) {
    const auto at = [](const engine::Json& json, const std::string& key) {
        return json.is_object() && json.contains(key) ? json.at(key) : engine::Json();
    };
    const engine::Json epochs = at(at(at(training, reaction), subset), "epochs");
    return epochs.is_number_integer() ? std::optional(epochs.get<int>()) : std::nullopt;
}

}  // namespace

ProjectorChips::ProjectorChips(const engine::LiveProduct& product, const engine::ExpertSwitch& expert, QWidget* parent)
    : QWidget(parent), expert_(expert.key), displacement_(expert.kind == engine::ReactionKind::Displacement) {
    auto* line = new FlowLayout(this, 3);
    const auto& plan = product.plan();
    const auto reaction = std::find_if(plan.reactions.begin(), plan.reactions.end(), [&](const auto& r) {
        return engine::expertKey(product.recipe(), r.step, r.expert) == expert.key;
    });
    if (reaction == plan.reactions.end()) return;
    for (const auto& subset : reaction->subsets) {
        Chip chip{engine::projectorKey(expert.key, subset), subset,
                  std::find(expert.active.begin(), expert.active.end(), subset) != expert.active.end(),
                  new QToolButton(this)};
        chip.button->setText(text(subset));
        chip.button->setCheckable(true);
        chip.button->setFocusPolicy(Qt::StrongFocus);
        chip.button->setStyleSheet(chipStyle());
        chip.button->setObjectName(QStringLiteral("projector_") + text(chip.key));
        chip.button->setAccessibleName(tr("Projector %1 of %2").arg(text(subset), text(expert.key)));
        QString trained = tr("%1: the projector that was trained on pseudo pairs from %2")
                              .arg(text(subset), itemsText(engine::subsetMembers(subset, reaction->starts)));
        if (const auto epochs = epochsOf(product.record().training, reaction->key, subset))
            trained += tr(", %n epoch(s)", nullptr, *epochs);
        chip.button->setToolTip(
            tr("%1. Off: the mean of %2 is taken without it. What it touches is then computed anew, the smallest set "
               "first.")
                .arg(trained, text(expert.key)));
        line->addWidget(chip.button);
        chips_.push_back(chip);
        connect(chip.button, &QToolButton::clicked, this, [this, chip](bool on) { clicked(chip, on); });
    }
}

QToolButton* ProjectorChips::chip(const std::string& subset) const {
    for (const auto& c : chips_) {
        if (c.subset == subset) return c.button;
    }
    return nullptr;
}

void ProjectorChips::setActive(const std::map<std::string, bool>& projectors, bool used) {
    for (const auto& c : chips_) {
        const auto found = projectors.find(c.key);
        const QSignalBlocker quiet(c.button);
        c.button->setChecked(found == projectors.end() ? c.recipe : found->second);
        // A displacement moves the space so far through its projectors whether its expert takes part or not.
        c.button->setEnabled(used || displacement_);
    }
    showState();
}

void ProjectorChips::showState() {
    for (const auto& c : chips_) c.button->setAccessibleDescription(c.button->isChecked() ? tr("on") : tr("off"));
}

void ProjectorChips::clicked(const Chip& chip, bool on) {
    const bool any = std::any_of(chips_.begin(), chips_.end(), [](const Chip& c) { return c.button->isChecked(); });
    if (!any) {
        chip.button->setChecked(true);
        QToolTip::showText(
            chip.button->mapToGlobal(QPoint(0, chip.button->height())),
            displacement_ ? tr("A displacement needs at least one projector.")
                          : tr("The last projector of %1: switch the expert itself off instead.").arg(text(expert_)),
            chip.button);
        return;
    }
    showState();
    Q_EMIT switched(chip.key, on);
}

}  // namespace ui
