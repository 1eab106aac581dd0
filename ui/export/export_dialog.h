// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// All that can be taken out of a product at a setting: a package, embeddings, surfaces and tables, command lines. Not
// modal; one job at a time, which can be stopped and then leaves nothing under the names it would have written. Closing
// stops it. Window's thread.
#pragma once

#include <QDialog>

#include <memory>
#include <vector>

#include "engine/session/live_product.h"
#include "ui/bridge/job_runner.h"

class QLabel;
class QListWidget;
class QPushButton;
class QStackedWidget;

namespace ui {

struct BaselineChoice;
class CommandPage;
class EmbeddingsPage;
class ExportPage;
class MessageBar;
class ProgressStrip;
class SurfacePage;
class WrappedText;
struct Exported;

class ExportDialog : public QDialog {
    Q_OBJECT
public:
    enum class Page { Package, Embeddings, Surface, CommandLine };

    ExportDialog(std::shared_ptr<engine::LiveProduct> product, engine::Setting setting, QWidget* parent = nullptr);
    ~ExportDialog() override;

    void showPage(Page page);
    // The surface on screen and what it is counted against, for the pages of surfaces and command lines.
    void setAxes(const std::vector<engine::FactorAxis>& axes);
    void setBaseline(const BaselineChoice& baseline);
    CommandPage& commands() { return *commands_; }
    bool running() const { return runner_.running(); }
    // All that the last job said: made, failed or stopped; empty before.
    QString resultText() const;

Q_SIGNALS:
    void written(const QString& path);  // what a job has written

protected:
    void changeEvent(QEvent* event) override;
    void closeEvent(QCloseEvent* event) override;
    void reject() override;

private:
    void run();
    void refresh();
    void dress();
    void pageChosen(int row);
    void showResult(const Exported& exported);
    ExportPage* page() const;

    std::shared_ptr<engine::LiveProduct> product_;
    QListWidget* list_;
    QStackedWidget* stack_;
    QLabel *heading_, *explanation_, *subject_, *hint_;
    EmbeddingsPage* embeddings_;
    SurfacePage* surface_;
    CommandPage* commands_;
    WrappedText* result_;
    QWidget* result_frame_;
    MessageBar* message_;
    ProgressStrip* progress_;
    QPushButton *action_, *open_, *close_;
    QString made_path_, result_text_;
    bool closing_ = false;
    JobRunner runner_;
};

}  // namespace ui
