// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The project's comparison on its page: opens what its columns are of, shows them, and makes steps of the history of
// what is asked for there. All columns of a product have one and the same, that which is tuned where it is that
// product: a comparison takes two for two products. Columns whose products cannot be opened stay in the project and are
// not seen. Window's thread but for the opening.
#pragma once

#include <QObject>
#include <QStringList>
#include <QVector>

#include <map>
#include <memory>

#include "ui/bridge/job_runner.h"
#include "ui/bridge/live_session.h"
#include "ui/compare/compare_page.h"
#include "ui/document/project.h"

namespace ui {

class CompareColumns : public QObject {
    Q_OBJECT
public:
    CompareColumns(Project& project, LiveSession& session, ComparePage& page);  // a child of the page

    // A column more. Where there is no room for it, the first one goes.
    void add(const engine::LiveProduct& product, const engine::Setting& setting, const QString& name);
    bool opening() const { return opening_.running(); }
    // How the page shows its columns; restored once they are there.
    engine::Json state() const;
    void restore(const engine::Json& state);

Q_SIGNALS:
    void noted(const QString& text);
    void warned(const QString& text, const QStringList& reasons);

private:
    void put(const ComparedColumn& column);
    void remove(int column);
    void move(int column, int by);
    void setReference(int column);
    void forget();
    void show();
    void open(const QStringList& folders);

    Project& project_;
    LiveSession& session_;
    ComparePage& page_;
    std::map<QString, std::shared_ptr<engine::LiveProduct>> products_;  // of the columns, by folder
    QStringList gone_;                                                  // folders that could not be opened
    QVector<int> shown_;                                                // the page's columns among the project's
    engine::Json to_restore_;                                           // null: nothing
    JobRunner opening_;
};

}  // namespace ui
