// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The command lines that repeat what is on screen, each with a button that copies it; where something has no line, a
// sentence says so. Window's thread.
#pragma once

#include <optional>
#include <vector>

#include "engine/session/embeddings.h"
#include "engine/session/session.h"
#include "ui/bridge/live_session.h"
#include "ui/export/export_page.h"

class QLabel;
class QPlainTextEdit;
class QToolButton;

namespace ui {

class CommandPage : public ExportPage {
    Q_OBJECT
public:
    CommandPage(std::shared_ptr<engine::LiveProduct> product, engine::Setting setting, QWidget* parent = nullptr);

    QString heading() const override;
    QString explanation() const override;
    QString action() const override { return {}; }
    QString problem() const override { return {}; }
    Work work() override { return {}; }

    // What changes are counted against on the page to explore.
    void setReference(const engine::Setting& reference, const QString& name);
    // The factor of the curves on screen.
    void setAlong(const std::string& factor);
    // The columns of the comparison.
    struct Column {
        QString name;
        std::shared_ptr<engine::LiveProduct> product;
        engine::Setting setting;
        std::string space;  // not empty: that space as it is
    };
    void setCompared(const std::vector<Column>& columns);
    // The search that is set under Goal, in place of one that suits most.
    void setTune(const engine::TuneRequestText& request);
    // What the pages of surfaces and of embeddings would write.
    void setSweep(const std::vector<engine::FactorAxis>& axes, const BaselineChoice& baseline);
    void setEmbeddings(const engine::EmbeddingsRequest& request);
    // Of "evaluate", "sweep", "why", "along", "compare", "tune", "headroom", "router", "apply", "export", "train"; of
    // several lines a line each, and empty where a sentence stands in its place.
    QString command(const QString& verb) const;
    QString sentence(const QString& verb) const;  // empty where there is a line

protected:
    void changeEvent(QEvent* event) override;

private:
    struct Row {
        QString verb;
        QString line;  // as it is copied; shown over several lines
        QPlainTextEdit* text;
        QToolButton* copy;
        QLabel* title;
        QLabel* sentence;  // where there is no line
    };
    void add(const QString& verb, const QString& title, const QString& line);
    Row* row(const QString& verb);
    void showLine(Row& row, const QString& line);
    void say(const QString& verb, const QString& sentence);
    void dress();

    QLabel* note_;
    std::vector<Row> rows_;
};

// What `molspace train` must be told to train this product again; nothing where its recipe does not ship.
std::optional<engine::ReactRequest> trainingOf(const engine::LiveProduct& product);

}  // namespace ui
