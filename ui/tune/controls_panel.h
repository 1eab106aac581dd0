// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The controls of a product: presets, a slider for every factor, with the time of those that are not live, a switch and
// a weight for every expert, which one of a product may have as a live slider too, a chip for each of its projectors,
// the formula in force. What is done here goes into the project (with undo), and what the project says is shown.
#pragma once

#include <QComboBox>
#include <QLabel>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>

#include <map>
#include <memory>
#include <vector>

#include "engine/session/live_product.h"
#include "ui/document/project.h"
#include "ui/tune/factor_slider.h"
#include "ui/tune/projector_chips.h"

class QCheckBox;
class QDoubleSpinBox;
class QHBoxLayout;

namespace ui {

class ControlsPanel : public QScrollArea {
    Q_OBJECT
public:
    explicit ControlsPanel(Project& project, QWidget* parent = nullptr);

    void setProduct(std::shared_ptr<engine::LiveProduct> product);
    // Where the pinned baseline stands; nothing: it is a space.
    void setBaselineSetting(const std::optional<engine::Setting>& setting);
    FactorSlider* slider(const std::string& factor) const;
    ProjectorChips* projectors(const std::string& expert) const;
    QString formulaText() const { return formula_->text(); }
    // What is known by now of the time that factors which are not live take.
    void showCosts();
    QString captionText(const std::string& factor) const;

Q_SIGNALS:
    void factorFocused(const std::string& factor);

protected:
    void changeEvent(QEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    struct ExpertRow {
        std::string key;
        QCheckBox* on;
        QDoubleSpinBox* weight;
        ProjectorChips* projectors;
        double kept = 1;  // the weight that comes back when it is switched on
    };
    void rebuild();
    // The paper's order within a step: audio, image, text.
    std::vector<engine::FactorInfo> factorsInOrder() const;
    void showSetting();
    void fillPresets();
    void choosePreset(int index);
    void savePreset();
    void factorMoved(const engine::FactorInfo& factor, double value, bool dragging);
    void projectorSwitched(const std::string& projector, bool on);
    // The weight of an expert as a slider, where it has company in its step.
    void addWeight(const engine::ExpertSwitch& expert, QHBoxLayout* row, QVBoxLayout* column);
    void expertChanged(ExpertRow& row, double weight, const QString& what, int drag);

    Project& project_;
    std::shared_ptr<engine::LiveProduct> product_;
    QWidget* body_ = nullptr;
    QComboBox* presets_ = nullptr;
    QToolButton* save_preset_ = nullptr;
    QToolButton* remove_preset_ = nullptr;
    QLabel* formula_;
    std::map<std::string, FactorSlider*> sliders_;
    struct Caption {
        QLabel* label;
        QString text;  // without the time
    };
    std::map<std::string, Caption> captions_;
    std::vector<std::unique_ptr<ExpertRow>> experts_;
    std::optional<engine::Setting> baseline_;
    QString live_weight_;  // that has a slider
    int drag_ = 0;
};

}  // namespace ui
