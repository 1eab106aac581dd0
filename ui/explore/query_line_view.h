// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The chosen query along one live factor: its answers' scores, where it is a hit (shaded), and the very values at which
// that changes. A click or drag sets the factor. Works in a job of its own, and only while it is seen. Window's thread.
#pragma once

#include <QWidget>

#include <memory>
#include <optional>
#include <string>

#include "engine/session/query_line.h"
#include "ui/bridge/job_runner.h"
#include "ui/explore/query_model.h"
#include "ui/views/curve_view.h"

class QComboBox;
class QLabel;

namespace ui {

class QueryLineView : public QWidget {
    Q_OBJECT
public:
    explicit QueryLineView(QWidget* parent = nullptr);

    // Takes everything away.
    void setSubject(std::shared_ptr<engine::LiveProduct> product, std::size_t set, bool forward,
                    const ItemNames& candidates);
    void setQuery(std::optional<std::uint32_t> query, const QString& id);
    void setSetting(const engine::Setting& setting);
    void setPlace(int place);  // 1, 5 or 10
    void chooseFactor(const std::string& factor);
    void fillFactors();  // what of the product is live, anew
    void lookAgain();    // where hits were not known
    void stop() { job_.stop(); }

    bool busy() const { return job_.running(); }
    const CurveView& curves() const { return *curves_; }
    QString said() const;
    std::shared_ptr<const engine::QueryLine> line() const { return line_; }

Q_SIGNALS:
    void factorPicked(const std::string& factor, double value, bool dragging);
    void failed(const ui::JobFailure& failure);

protected:
    void showEvent(QShowEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void want();
    void say(const QString& instead);  // of the curves; empty: these are there
    void showLine();
    std::string factor() const;

    std::shared_ptr<engine::LiveProduct> product_;
    std::size_t set_ = 0;
    bool forward_ = true;
    ItemNames candidates_;
    std::optional<std::uint32_t> query_;
    QString id_;
    engine::Setting setting_;
    int place_ = 1;
    std::string asked_;   // what the line that was last asked for depends on
    bool again_ = false;  // its hits may be known by now
    std::shared_ptr<const engine::QueryLine> line_;

    QComboBox* factors_;
    QLabel *message_, *hits_;
    QWidget* content_;
    CurveView* curves_;
    JobRunner job_;
};

}  // namespace ui
