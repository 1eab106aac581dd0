// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Queries that one column gains and loses against another, and between two settings of one product what moved them.
// Two products are compared on the evaluation sets that both have, where these hold the same items. Compared by a job
// when the page is seen; a newer choice replaces an older one. Window's thread.
#pragma once

#include <QWidget>

#include <memory>

#include "ui/bridge/job_runner.h"
#include "ui/compare/compared.h"
#include "ui/explore/query_model.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QTableView;
class QToolButton;

namespace ui {

class CompareQueries : public QWidget {
    Q_OBJECT
public:
    explicit CompareQueries(QWidget* parent = nullptr);
    ~CompareQueries() override;

    void setItems(const QVector<Compared>& items, int reference);
    bool busy() const { return runner_.running(); }
    JobRunner& runner() { return runner_; }
    const QueryModel& model() const { return *model_; }
    QString status() const;

Q_SIGNALS:
    void failed(const ui::JobFailure& failure);

protected:
    void changeEvent(QEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    struct Found;
    const Compared* chosen(const QComboBox* box) const;  // null: none
    void fillSets();
    void compare();
    void showFound(const std::shared_ptr<const Found>& found);
    void say(const QString& words);
    void dress();

    QVector<Compared> items_;
    std::shared_ptr<const Found> found_;
    bool stale_ = true;
    std::uint64_t round_ = 0;  // of comparisons that were asked for
    QComboBox *before_, *after_, *set_, *direction_, *place_, *kind_;
    QLineEdit* search_;
    QLabel *status_, *legend_;
    QTableView* table_;
    QToolButton* copy_;
    QueryModel* model_;
    QueryFilter* filter_;
    JobRunner runner_;
};

}  // namespace ui
