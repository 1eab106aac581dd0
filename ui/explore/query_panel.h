// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The inspector: which queries of a set's direction a change of the setting gained and lost against a reference, what
// moved them, and for one query its best answers before and now, and how they fare along a factor. Compares in jobs of
// its own; an older comparison is dropped when a newer one is asked for. Window's thread.
#pragma once

#include <QWidget>

#include <map>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "engine/session/live_product.h"
#include "ui/bridge/job_runner.h"
#include "ui/explore/answers_view.h"
#include "ui/explore/query_line_view.h"
#include "ui/explore/query_model.h"
#include "ui/export/table_export.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QStackedWidget;
class QTableView;
class QTabWidget;

namespace ui {

// Ids and paths of a set's items, by side: [0] the first.
struct SetItems {
    IdList ids[2];
    std::shared_ptr<const std::vector<std::string>> paths[2];
};

class QueryPanel : public QWidget {
    Q_OBJECT
public:
    explicit QueryPanel(QWidget* parent = nullptr);
    ~QueryPanel() override;

    // Takes everything away; `refresh` brings it back.
    void setSubject(std::shared_ptr<engine::LiveProduct> product, std::size_t set, bool forward, const SetItems& items);
    void setReference(const engine::Setting& setting, const QString& name);
    // Compares the reference with this setting, and looks the chosen query up again.
    void refresh(const engine::Setting& setting);
    void stop();

    void chooseQuery(std::optional<std::uint32_t> query);
    std::optional<std::uint32_t> query() const { return query_; }
    // Only those queries (a selection on the map); nothing: all.
    void showOnly(std::optional<std::unordered_set<std::uint32_t>> queries);

    // Which queries are listed.
    engine::Json state() const;
    void restore(const engine::Json& state);

    // As those of the page.
    void setAxes();
    void setPrepared(std::size_t set);
    // The chosen query along a factor.
    void follow(const std::string& factor);
    bool busy() const { return why_.running() || detail_.running() || more_.running() || line_->busy(); }
    const QTableView& table() const { return *table_; }
    const QueryModel& model() const { return *model_; }
    const AnswersView& answers() const { return *answers_; }
    QueryLineView& line() { return *line_; }
    QString status() const;

Q_SIGNALS:
    void queryChosen(std::optional<std::uint32_t> query);
    void answerChosen(quint32 row);
    void factorPicked(const std::string& factor, double value, bool dragging);
    void selectionDropped();  // the filter to the map's selection was taken away
    void failed(const ui::JobFailure& failure);

protected:
    void changeEvent(QEvent*) override;
    void resizeEvent(QResizeEvent*) override;

private:
    struct Detail;
    void compare();
    void lookUp();
    void showChange(std::shared_ptr<const engine::SetChange> change);
    void explainMore();             // rows of the list that the comparison left unexplained, a few at a time
    void say(const QString& text);  // instead of the table
    QString setName() const;
    TableNotes notes() const;  // of exported tables
    void recolour();
    void selectInTable();

    std::shared_ptr<engine::LiveProduct> product_;
    std::size_t set_ = 0;
    bool forward_ = true;
    SetItems items_;
    ItemNames queries_, candidates_;
    engine::Setting reference_, setting_;
    QString reference_name_;
    std::optional<std::uint32_t> query_;
    std::map<int, int> fixed_widths_;  // of columns that do not stretch
    // What a job that was told to stop still brings belongs to an older one of these.
    std::uint64_t round_ = 0, subject_ = 0;
    bool comparing_ = false;  // what is wanted is under way: its progress is shown
    std::shared_ptr<const engine::SetChange> change_;
    bool selecting_ = false;

    QLabel *title_, *status_, *message_;
    QComboBox *kind_, *place_;
    QLineEdit* search_;
    QPushButton* only_;
    QWidget* controls_;
    QStackedWidget* stack_;
    QTableView* table_;
    QueryModel* model_;
    QueryFilter* filter_;
    AnswersView* answers_;
    QueryLineView* line_;
    QTabWidget* looks_;  // at one query
    JobRunner why_, detail_, more_;
};

}  // namespace ui
