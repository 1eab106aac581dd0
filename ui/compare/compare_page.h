// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Two to four columns side by side, each a product at a setting or a single space: routes and formulas as cards, below
// them one table of all figures, the surfaces on one scale, and the queries gained and lost. It changes no column by
// itself: what is wanted of them is asked for. Everything is measured in the background and comes as it is ready; a
// stop is always possible. Window's thread.
#pragma once

#include <QVector>
#include <QWidget>

#include "ui/bridge/job_runner.h"
#include "ui/compare/compare_work.h"
#include "ui/compare/compared.h"

class QHBoxLayout;
class QLabel;
class QMenu;
class QPushButton;
class QStackedWidget;
class QTabWidget;
class QToolButton;

namespace ui {

class CompareCard;
class CompareQueries;
class CompareSurfaces;
class CompareTable;
class FittedSplitter;
class ProgressStrip;

class ComparePage : public QWidget {
    Q_OBJECT
public:
    static constexpr int kMost = 4;
    enum class Tab { Figures, Surfaces, Queries };

    explicit ComparePage(QWidget* parent = nullptr);
    ~ComparePage() override;

    void setMemory(double gib) { work_.setMemory(gib); }  // of landscapes: see CompareWork
    // At most kMost, all with a product. Differences are counted against `reference`.
    void setItems(const QVector<Compared>& items, int reference = 0);
    const QVector<Compared>& items() const { return items_; }
    int reference() const { return reference_; }

    void showTab(Tab tab);
    Tab tab() const;
    // What is chosen in the tabs; restored once the columns are there.
    engine::Json state() const;
    void restore(const engine::Json& state);
    // True when nothing is under way any more: for tests and pictures.
    bool settled() const;
    CompareTable& table() { return *table_; }
    CompareSurfaces& surfaces() { return *surfaces_; }
    CompareQueries& queries() { return *queries_; }
    const std::vector<CompareCard*>& cards() const { return cards_; }

Q_SIGNALS:
    void addRequested();                                    // the setting in force, of the product that is open
    void spaceRequested(int column, const QString& space);  // as a column, on the sets of that column's product
    void removeRequested(int column);
    void moveRequested(int column, int by);  // -1 left, 1 right
    void referenceRequested(int column);
    void applyRequested(const QString& product, const engine::Setting& setting);
    void failed(const ui::JobFailure& failure);

protected:
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    void fill();
    void fillCards();
    void fitCards();  // to their texts
    void fillSpaces();
    void updateStop();
    void dress();

    QVector<Compared> items_;
    int reference_ = 0;
    CompareWork work_;
    QLabel *title_, *explanation_, *empty_;
    QPushButton *add_, *empty_add_;
    QToolButton *space_, *stop_;
    QMenu* spaces_menu_;
    ProgressStrip* progress_;
    QStackedWidget* stack_;
    FittedSplitter* splitter_;  // cards above, figures below
    QHBoxLayout* cards_row_;
    std::vector<CompareCard*> cards_;
    QTabWidget* tabs_;
    CompareTable* table_;
    CompareSurfaces* surfaces_;
    CompareQueries* queries_;
};

}  // namespace ui
