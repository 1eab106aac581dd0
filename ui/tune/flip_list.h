// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The queries whose hits make the curve of a Δ group jump within a part of a factor's line, each with a way to the
// inspector. Looks them up in a job of its own. Window's thread.
#pragma once

#include <QDialog>

#include <string>
#include <vector>

#include "ui/bridge/live_session.h"

class QLabel;
class QPushButton;
class QTableWidget;

namespace ui {

class FlipList : public QDialog {
    Q_OBJECT
public:
    explicit FlipList(LiveSession& session, QWidget* parent = nullptr);

    // Within low..high of the factor, all else as in the setting; opens the window.
    void ask(const engine::DeltaGroup& group, const std::string& factor, const engine::Setting& setting, double low,
             double high);
    bool busy() const { return job_.running(); }
    const QTableWidget& table() const { return *table_; }
    QString said() const;

Q_SIGNALS:
    void queryChosen(const QString& set, bool forward, quint32 query, const std::string& factor);
    void failed(const ui::JobFailure& failure);

private:
    struct Entry {
        std::size_t set = 0;
        bool forward = true;
        engine::Flip flip;
        QString query;
    };
    void showEntries(std::vector<Entry> entries);
    void choose(int row);

    LiveSession& session_;
    std::shared_ptr<engine::LiveProduct> product_;
    std::string factor_;
    QString about_, metric_;
    std::vector<Entry> entries_;
    QLabel* said_;
    QTableWidget* table_;
    QPushButton* inspect_;
    JobRunner job_;
};

}  // namespace ui
