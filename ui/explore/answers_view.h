// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One query looked at closely: its file where there is one, how its rank and margin moved and what moved them, and its
// best answers before and now side by side, with their pictures, positives and ties marked. Shows what it is given.
// Window's thread.
#pragma once

#include <QTableWidget>
#include <QWidget>

#include <map>

#include "engine/session/top_answers.h"
#include "ui/explore/item_file.h"
#include "ui/explore/query_model.h"

class QLabel;
class QMenu;
class QPushButton;

namespace ui {

// Shares one by one with names and numbers, and their sum.
class SharesList : public QWidget {
    Q_OBJECT
public:
    explicit SharesList(QWidget* parent = nullptr);
    void setShares(const engine::QueryShares& moved);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent*) override;

private:
    engine::QueryShares moved_;
};

class AnswersView : public QWidget {
    Q_OBJECT
public:
    explicit AnswersView(QWidget* parent = nullptr);

    struct Detail {
        engine::TopAnswers before, after;
        engine::QueryShares moved;
        ItemFile file;                             // of the query
        std::map<quint32, ItemFile> answer_files;  // by the candidate's row, where one is known
    };
    static constexpr int kPicture = 40;  // points, of an answer
    void showNothing(const QString& why);
    void showWaiting(const QString& id);
    void showDetail(const QString& id, const Detail& detail, const ItemNames& candidates, const QString& before_name);
    QTableWidget& before() const { return *before_; }
    QTableWidget& after() const { return *after_; }
    QString headline() const;
    // What a right click on a row of before() or after() offers first.
    void fillMenu(QMenu& menu, const QTableWidget& table, int row);

Q_SIGNALS:
    void answerChosen(quint32 row);

protected:
    void changeEvent(QEvent*) override;

private:
    void fill(QTableWidget& table, const engine::TopAnswers& answers, const ItemNames& candidates);
    void openFile(const QString& path);
    void recolour();

    QLabel *message_, *title_, *line_, *file_, *picture_, *before_title_, *after_title_;
    QPushButton* open_;
    SharesList* shares_;
    QTableWidget *before_, *after_;
    QWidget* content_;
    QString path_;
    std::map<quint32, ItemFile> files_;  // of the answers
};

}  // namespace ui
