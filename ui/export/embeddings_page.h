// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The form of embeddings in the product's space: which pool, set's side or new files, in which format. Window's thread;
// what the workspace has is read by a job when the page is first shown.
#pragma once

#include <map>
#include <vector>

#include "engine/session/embeddings.h"
#include "ui/bridge/job_runner.h"
#include "ui/export/export_page.h"

class QCheckBox;
class QComboBox;
class QFormLayout;
class QLabel;

namespace ui {

class PathField;

class EmbeddingsPage : public ExportPage {
    Q_OBJECT
public:
    EmbeddingsPage(std::shared_ptr<engine::LiveProduct> product, engine::Setting setting, QWidget* parent = nullptr);

    QString heading() const override;
    QString explanation() const override;
    QString action() const override;
    QString problem() const override;
    Work work() override;
    void shown() override;

    engine::EmbeddingsRequest request() const;

private:
    void fillSources(const std::vector<engine::EmbeddingsChoice>& choices);
    void sourceChanged();
    void modalityChanged();
    void suggestOutput();
    bool newFiles() const;
    const engine::EmbeddingsChoice* choice() const;

    std::vector<engine::EmbeddingsChoice> choices_;
    bool asked_ = false;
    QString trouble_;
    QComboBox *source_, *modality_, *format_;
    QFormLayout *form_, *files_form_;
    QWidget* files_;
    std::map<std::string, PathField*> inputs_;
    PathField* output_;
    QCheckBox* ids_;
    QLabel* size_;
    JobRunner reading_;
};

}  // namespace ui
