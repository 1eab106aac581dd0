// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is asked before a user's own encoder is tuned through a product (engine/reaction/encoder_tuner.h): product,
// files, pairs, the new space's name, options; and the word that the TorchScript file, which is a program and is run,
// is trusted. Says why it cannot begin yet. Window's thread; products are read by a job.
#pragma once

#include <QDialog>

#include <memory>

#include "ui/bridge/job_runner.h"
#include "ui/reactions/training_queue.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace ui {

class OptionForm;
class PathField;

class EncoderDialog : public QDialog {
    Q_OBJECT
public:
    // `product`: the folder that is chosen first, where it is one of the workspace's.
    EncoderDialog(std::shared_ptr<const WorkspaceFacts> facts, const QString& product, QWidget* parent = nullptr);

    TrainingRun run() const;
    QString problem() const;  // why it cannot begin; empty: it can

Q_SIGNALS:
    void wanted(const ui::TrainingRun& run);

private:
    void fillModalities();
    void fillPools();
    void readProduct();
    void tell();
    QString product() const;
    QString space() const;

    std::shared_ptr<const WorkspaceFacts> facts_;
    QString base_;  // of the chosen product; empty while it is not read
    QString failure_;
    JobRunner listing_, reading_;

    QComboBox *products_, *modality_, *towards_, *pools_;
    PathField *encoder_, *inputs_;
    QLineEdit* space_;
    QCheckBox* trust_;
    OptionForm* options_;
    QLabel* why_;
    QPushButton* start_;
};

}  // namespace ui
