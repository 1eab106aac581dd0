// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One query looked at closely: its file where there is one, how its rank and margin moved and what moved them, and its
// best answers before and now side by side, positives and ties marked. Shows what it is given. Window's thread.
#pragma once

#include <QImage>
#include <QTableWidget>
#include <QWidget>

#include <optional>

#include "engine/session/top_answers.h"
#include "ui/explore/query_model.h"

class QLabel;
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
        QImage thumbnail;
        QString path;  // of the query's file, empty: none known
        bool exists = false;
    };
    void showNothing(const QString& why);
    void showWaiting(const QString& id);
    void showDetail(const QString& id, const Detail& detail, const ItemNames& candidates, const QString& before_name);
    QTableWidget& before() const { return *before_; }
    QTableWidget& after() const { return *after_; }
    QString headline() const;

Q_SIGNALS:
    void answerChosen(quint32 row);

protected:
    void changeEvent(QEvent*) override;

private:
    void fill(QTableWidget& table, const engine::TopAnswers& answers, const ItemNames& candidates);
    void recolour();

    QLabel *message_, *title_, *line_, *file_, *picture_, *before_title_, *after_title_;
    QPushButton* open_;
    SharesList* shares_;
    QTableWidget *before_, *after_;
    QWidget* content_;
    QString path_;
};

}  // namespace ui
