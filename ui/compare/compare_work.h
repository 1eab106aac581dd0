// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a comparison needs to be told: figures of every column and of the single spaces first, then landscapes one
// evaluation set at a time and the columns' surfaces. One job at a time in the background; what came for a product at
// a setting is kept while a column has it. Surfaces come from copies of the products: a product keeps the landscapes of
// one choice of experts at a time, and those of the one that is tuned must stay. A stop ends what is under way;
// resume() goes on. Window's thread but for the jobs.
#pragma once

#include <QObject>
#include <QVector>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/session/live_product.h"
#include "ui/bridge/job_runner.h"
#include "ui/compare/compared.h"

namespace ui {

class CompareWork : public QObject {
    Q_OBJECT
public:
    using TablePtr = std::shared_ptr<const engine::MetricsTable>;
    using SurfacePtr = std::shared_ptr<const engine::SweepSurface>;

    explicit CompareWork(QObject* parent = nullptr);
    ~CompareWork() override;

    // Of the landscapes of all columns together, in GiB; 0: as much as the engine gives one product.
    void setMemory(double gib) { memory_gib_ = gib; }
    void setItems(const QVector<Compared>& items);
    const QVector<Compared>& items() const { return items_; }
    // Of a column; none: no surface of it is wanted.
    void setAxes(int column, const std::vector<engine::FactorAxis>& axes);
    void setSurfacesWanted(bool wanted);

    // Nothing while it is not there.
    TablePtr table(int column) const;
    // The single spaces of all products, in the order of the plans, on the sets of the first product that has them.
    std::vector<std::string> spaces() const;
    TablePtr space(const std::string& name) const;
    TablePtr base(int column) const;  // of the column's product
    SurfacePtr surface(int column) const;

    JobRunner& runner() { return runner_; }
    void stop();
    void resume();
    bool stopped() const { return stopped_; }
    bool settled() const;  // nothing under way, nothing left to do

Q_SIGNALS:
    void tableCame(int column);
    void spaceCame(const QString& space);
    void surfaceCame(int column);
    void failed(const ui::JobFailure& failure);
    void settledChanged();

private:
    struct Column {
        TablePtr table;
        bool table_failed = false;
        std::vector<engine::FactorAxis> axes;
        SurfacePtr surface;
        bool surface_fresh = false, surface_done = false, surface_failed = false;  // fresh: of all that is prepared
    };
    struct SpaceFigures {
        std::shared_ptr<engine::LiveProduct> product;
        std::string name;
        TablePtr table;
        bool failed = false;
    };
    // A product opened again for one choice of experts' weights, projectors and factors that are not live.
    struct Copy {
        std::shared_ptr<engine::LiveProduct> of, product;  // product: none yet
        engine::Setting at;                                // all but its live factors count
        double gib = 0;                                    // that its landscapes may have
    };
    static bool serves(const Copy& copy, const Compared& item);
    std::shared_ptr<engine::LiveProduct> copyOf(const Compared& item) const;
    SpaceFigures* spaceOf(const std::shared_ptr<engine::LiveProduct>& product, const std::string& name);
    const SpaceFigures* spaceOf(const std::shared_ptr<engine::LiveProduct>& product, const std::string& name) const;
    double share() const;  // of the memory, for the landscapes of one column
    void next();
    std::vector<std::size_t> missingOf(const engine::LiveProduct& product, int column);
    bool nextTable();
    bool nextSpace();
    bool nextCopy();
    bool nextLandscape();
    bool nextSurface();
    void columnsOf(std::uint64_t id, const std::function<void(int)>& tell) const;

    QVector<Compared> items_;
    std::vector<Column> columns_;
    std::vector<std::uint64_t> ids_;  // of columns: what comes late finds its column, or none
    std::uint64_t last_id_ = 0;
    std::vector<SpaceFigures> spaces_;
    std::vector<Copy> copies_;
    double memory_gib_ = 0;
    bool surfaces_wanted_ = false, stopped_ = false;
    std::function<void()> on_failure_;
    JobRunner runner_;
};

}  // namespace ui
