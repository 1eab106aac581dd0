// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A product under the hand: what a window sets (setting, baseline, axes) goes in at once, what follows from it
// (figures, surfaces, curves) comes out by signals as soon as it is there. Newest value wins; nothing stale is sent:
// what belongs to an older product or baseline is dropped. Where sets are asked a sample of their queries because
// memory is short, samples are enlarged behind while nobody moves anything. All in the window's thread but the work.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QString>
#include <QTimer>

#include <memory>
#include <optional>
#include <vector>

#include "engine/session/live_product.h"
#include "ui/bridge/job_runner.h"
#include "ui/bridge/mailbox.h"
#include "ui/bridge/newest_worker.h"

namespace ui {

// What changes are counted against.
struct BaselineChoice {
    std::string space;                       // a single space; or
    std::optional<engine::Setting> setting;  // of the same product, with its name
    QString name;
    bool operator==(const BaselineChoice& other) const;
};

class LiveSession : public QObject {
    Q_OBJECT
public:
    explicit LiveSession(QObject* parent = nullptr);
    ~LiveSession() override;

    // Memory of all landscapes in GiB: of products that are opened from now on; and the most that samples of queries
    // may grow to while nothing else is under way, at once. 0: the engine's default, and half of what is free then;
    // below 0: samples stay.
    void setMemory(double opening_gib, double refined_gib);
    engine::Json landscapes() const;  // what products are opened with, as in LiveProduct::Request
    // `stage`: a state of its training that was kept; below 0: the product itself.
    void open(const QString& product, const QString& workspace, int stage = -1);
    void close();
    std::shared_ptr<engine::LiveProduct> product() const { return product_; }

    // An expert's weight that is to be a live factor too, of every product that has it; empty: none.
    void setLiveWeight(const std::string& weight);
    void setSetting(const engine::Setting& setting);
    const engine::Setting& setting() const { return setting_; }
    void setBaseline(const BaselineChoice& baseline);
    // One or two factors; none: no surface is wanted.
    void setAxes(const std::vector<engine::FactorAxis>& axes);
    const std::vector<engine::FactorAxis>& axes() const { return axes_; }
    // Whose exact curves through the setting are wanted; empty: none.
    void setCurveFactor(const std::string& factor);

    const std::optional<engine::MetricsTable>& baseline() const { return baseline_; }
    const engine::LiveFigures& figures() const { return figures_; }
    std::shared_ptr<const engine::SweepSurface> surface() const { return surface_; }
    bool preparing() const { return preparing_.running(); }
    // What is not prepared yet waits until the experts or projectors change.
    void stopPreparing() { preparing_.stop(); }
    bool opening() const { return opening_.running(); }
    // A sample of queries is being enlarged behind what is shown.
    bool refining() const { return refining_.running(); }
    // True when nothing that is waited for is under way any more: for tests and pictures. Refining is not waited for.
    bool settled() const;

Q_SIGNALS:
    void openingStarted();
    void opened();       // product() is there, at its defaults
    void axesChanged();  // what of product() is live
    void closed();
    void openFailed(const ui::JobFailure& failure);
    void failed(const ui::JobFailure& failure);
    void spaceMeasured(const engine::MetricsTable& table);
    void baselineChanged();  // baseline() is there, or gone
    void preparingProgressed(const engine::Progress& progress);
    void setPrepared(std::size_t set);  // its figures are live from now on
    void preparingEnded();
    void sampleEnlarged(std::size_t set);  // its figures, surfaces and curves follow
    void figuresChanged();                 // figures()
    void surfaceChanged();  // surface(): complete, or its coarse levels; or gone, where no group is ready
    void curvesChanged(const std::vector<engine::LiveCurve>& curves);

private:
    void wantFigures();
    void wantSurface();
    void wantCurves();
    // By set: 0 not ready, else how many units were asked, or all.
    std::vector<std::size_t> preparedSets() const;
    bool applyLiveWeight();
    void prepare();
    void refine();
    void measureSpaces();
    void measureBaseline();
    // In a worker's catch: tells what went wrong, unless it was a stop or the product is another one by now.
    void tellFailure(const std::shared_ptr<engine::LiveProduct>& live);

    std::shared_ptr<engine::LiveProduct> product_;
    std::uint64_t generation_ = 0;  // of product and baseline: surfaces and curves of an older one are dropped
    engine::Setting setting_;
    BaselineChoice choice_;
    std::optional<engine::MetricsTable> baseline_;
    std::string live_weight_;
    std::vector<engine::FactorAxis> axes_;
    std::uint64_t axes_generation_ = 0;  // surfaces over other axes are dropped
    std::string curve_factor_;
    engine::LiveFigures figures_;
    std::shared_ptr<const engine::SweepSurface> surface_;
    std::string surface_key_, curve_key_;  // what those that were last asked for depend on

    double opening_gib_ = 0, refined_gib_ = 0;
    std::vector<char> as_large_as_can_be_;  // by set: its sample grows no more
    QTimer rest_;
    Mailbox mailbox_;  // outlives those that post
    JobRunner opening_, preparing_, spaces_, baselines_, refining_;
    NewestWorker points_, surfaces_, curves_;
};

}  // namespace ui
