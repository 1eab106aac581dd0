// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/live_session.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace ui {
namespace {

constexpr int kRestMs = 80;   // a hand that moves on does so sooner
constexpr int kIdleMs = 800;  // nobody is at the sliders

using engine::LiveProduct;
using engine::MetricsTable;
using engine::Setting;

std::string keyOf(const LiveProduct& live, const std::vector<engine::FactorAxis>& axes, const Setting& setting,
                  std::uint64_t generation, const std::vector<std::size_t>& prepared) {
    Setting fixed = setting;
    std::string key = std::to_string(generation) + " ";
    for (const auto& axis : axes) {
        if (const auto factor = live.axis(axis.factor)) engine::setFactor(fixed, *factor, 0.5);
        key += axis.factor + ":" + std::to_string(axis.first) + ":" + std::to_string(axis.last) + ":" +
               std::to_string(axis.steps) + " ";
    }
    for (const std::size_t p : prepared) key += std::to_string(p) + " ";
    return key + engine::settingToJson(fixed).dump();
}

bool sameAxes(const std::vector<engine::FactorAxis>& a, const std::vector<engine::FactorAxis>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const engine::FactorAxis& x, const engine::FactorAxis& y) {
                          return x.factor == y.factor && x.first == y.first && x.last == y.last && x.steps == y.steps;
                      });
}

}  // namespace

bool BaselineChoice::operator==(const BaselineChoice& other) const {
    return space == other.space && name == other.name && setting == other.setting;
}

LiveSession::LiveSession(QObject* parent) : QObject(parent), refining_(nullptr, true) {
    for (JobRunner* runner : {&preparing_, &spaces_, &baselines_, &refining_})
        connect(runner, &JobRunner::failed, this, &LiveSession::failed);
    connect(&opening_, &JobRunner::started, this, &LiveSession::openingStarted);
    connect(&opening_, &JobRunner::failed, this, &LiveSession::openFailed);
    connect(&preparing_, &JobRunner::progressed, this, &LiveSession::preparingProgressed);
    connect(&preparing_, &JobRunner::ended, this, &LiveSession::preparingEnded);
    rest_.setSingleShot(true);
    rest_.setInterval(kIdleMs);
    connect(&rest_, &QTimer::timeout, this, &LiveSession::refine);
    for (JobRunner* runner : {&preparing_, &refining_})
        connect(runner, &JobRunner::ended, this, [this] { rest_.start(); });
}

void LiveSession::setMemory(double opening_gib, double refined_gib) {
    opening_gib_ = opening_gib;
    refined_gib_ = refined_gib;
    std::fill(as_large_as_can_be_.begin(), as_large_as_can_be_.end(), 0);
    rest_.start();
}

engine::Json LiveSession::landscapes() const {
    if (opening_gib_ <= 0) return engine::Json::object();
    return {{"memory_gib", opening_gib_}};
}

LiveSession::~LiveSession() = default;

void LiveSession::open(const QString& product, const QString& workspace, int stage) {
    close();
    LiveProduct::Request request;
    request.product = product.toStdString();
    request.workspace = workspace.toStdString();
    if (stage >= 0 && LiveProduct::hasStage(request.product, stage)) request.stage = stage;
    request.landscapes = landscapes();
    opening_.start<std::shared_ptr<LiveProduct>>(
        tr("Opening %1").arg(product),
        [request](const engine::JobContext& job) { return LiveProduct::open(request, job); },
        [this](std::shared_ptr<LiveProduct> live) {
            product_ = std::move(live);
            applyLiveWeight();
            setting_ = product_->defaults();
            choice_ = {product_->recipe().base, std::nullopt, QString::fromStdString(product_->recipe().base)};
            figures_ = {};
            figures_.sets.resize(product_->sets().size());
            as_large_as_can_be_.assign(product_->sets().size(), 0);
            measureSpaces();
            Q_EMIT opened();
            if (product_) prepare();  // who heard of it may have closed it
        });
}

void LiveSession::close() {
    ++generation_;
    for (JobRunner* runner : {&opening_, &preparing_, &spaces_, &baselines_, &refining_}) runner->drop();
    rest_.stop();
    points_.interrupt();
    surfaces_.interrupt();
    curves_.interrupt();
    surface_.reset();
    surface_key_.clear();
    curve_key_.clear();
    baseline_.reset();
    if (!product_) return;
    product_.reset();
    Q_EMIT closed();
}

void LiveSession::setSetting(const Setting& setting) {
    if (!product_) return;
    const bool switched = !product_->sameButAxes(setting, setting_);
    setting_ = setting;
    wantFigures();
    wantSurface();
    wantCurves();
    rest_.start();
    // A sample of other items or at other experts is another one, and what is enlarged would be waited for.
    if (switched) {
        refining_.drop();
        as_large_as_can_be_.assign(product_->sets().size(), 0);
    }
    // What is being prepared for those of before would replace what is ready for these.
    if (switched && (preparing_.running() || !product_->missing(setting_).empty())) prepare();
}

void LiveSession::setLiveWeight(const std::string& weight) {
    if (weight == live_weight_) return;
    live_weight_ = weight;
    if (!product_ || !applyLiveWeight()) return;
    refining_.drop();
    Q_EMIT axesChanged();
    wantFigures();
    wantSurface();
    wantCurves();
    prepare();
}

// Of a product that has no such weight none is live. True where that is a change.
bool LiveSession::applyLiveWeight() {
    const auto weights = product_->plan().weights;
    const bool known =
        std::any_of(weights.begin(), weights.end(), [&](const auto& w) { return w.live && w.name == live_weight_; });
    return product_->setLiveWeight(known ? live_weight_ : std::string());
}

void LiveSession::setBaseline(const BaselineChoice& baseline) {
    if (!product_) return;
    const bool coming = baselines_.running() || (!baseline.setting && spaces_.running());
    if (baseline == choice_ && (baseline_ || coming)) return;
    choice_ = baseline;
    measureBaseline();
}

void LiveSession::setAxes(const std::vector<engine::FactorAxis>& axes) {
    if (!sameAxes(axes, axes_)) ++axes_generation_;
    axes_ = axes;
    wantSurface();
}

void LiveSession::setCurveFactor(const std::string& factor) {
    curve_factor_ = factor;
    wantCurves();
}

bool LiveSession::settled() const {
    return !opening_.running() && !preparing_.running() && !spaces_.running() && !baselines_.running() &&
           points_.idle() && surfaces_.idle() && curves_.idle();
}

void LiveSession::prepare() {
    const auto live = product_;
    preparing_.start<int>(
        tr("Preparing the sliders"),
        [this, live, setting = setting_](const engine::JobContext& job) {
            for (const std::size_t set : live->missing(setting)) {
                job.checkStop();
                live->prepare(set, setting, job);
                mailbox_.post([this, live, set] {
                    if (live != product_) return;
                    Q_EMIT setPrepared(set);
                    wantFigures();
                    wantSurface();
                    wantCurves();
                });
            }
            return 0;
        },
        [](int) {});
}

void LiveSession::refine() {
    if (!product_ || refined_gib_ < 0 || refining_.running()) return;
    if (!settled()) {
        rest_.start();
        return;
    }
    // The smallest sample first: it says least.
    std::optional<std::size_t> least;
    std::size_t units = 0;
    for (std::size_t s = 0; s < product_->sets().size(); ++s) {
        const auto sample = product_->sample(s);
        if (!sample || as_large_as_can_be_[s] || !product_->ready(s, setting_)) continue;
        if (least && sample->units >= units) continue;
        least = s;
        units = sample->units;
    }
    if (!least) return;
    as_large_as_can_be_[*least] = 1;  // also where it fails
    const auto bytes = refined_gib_ > 0 ? engine::bytesOfGib(refined_gib_) : engine::availableMemoryBytes() / 2;
    refining_.start<bool>(
        tr("More queries of %1").arg(QString::fromStdString(product_->sets()[*least].name)),
        [live = product_, setting = setting_, set = *least, bytes](const engine::JobContext& job) {
            return live->enlargeSample(set, setting, bytes, job);
        },
        [this, live = product_, set = *least](bool larger) {
            if (live != product_ || !larger) return;
            as_large_as_can_be_[set] = 0;
            Q_EMIT sampleEnlarged(set);
            wantFigures();
            wantSurface();
            wantCurves();
        });
}

void LiveSession::measureSpaces() {
    const auto live = product_;
    spaces_.start<int>(
        tr("Measuring the single spaces"),
        [this, live](const engine::JobContext& job) {
            for (const auto& space : live->plan().spaces) {
                job.checkStop();
                const MetricsTable table = live->measureSpace(space.name, job);
                mailbox_.post([this, live, table] {
                    if (live != product_) return;
                    Q_EMIT spaceMeasured(table);
                    if (!choice_.setting && table.subject == choice_.space && !baseline_) {
                        baseline_ = table;
                        Q_EMIT baselineChanged();
                        wantSurface();
                        wantCurves();
                    }
                });
            }
            return 0;
        },
        [](int) {});
}

void LiveSession::measureBaseline() {
    const auto live = product_;
    const auto choice = choice_;
    baselines_.start<std::shared_ptr<const MetricsTable>>(
        tr("Measuring %1").arg(choice.name),
        [live, choice](const engine::JobContext& job) {
            auto table = choice.setting ? live->measure(*choice.setting, job) : live->measureSpace(choice.space, job);
            table.subject = choice.name.toStdString();
            return std::make_shared<const MetricsTable>(std::move(table));
        },
        [this, live, choice](std::shared_ptr<const MetricsTable> table) {
            if (live != product_ || !(choice == choice_)) return;
            ++generation_;
            baseline_ = *table;
            Q_EMIT baselineChanged();
            wantSurface();
            wantCurves();
            wantFigures();
        });
}

void LiveSession::tellFailure(const std::shared_ptr<LiveProduct>& live) {
    const auto failure = currentFailure();
    if (!failure) throw;
    mailbox_.post([this, live, failure] {
        if (live == product_) Q_EMIT failed(*failure);
    });
}

void LiveSession::wantFigures() {
    if (!product_) return;
    points_.post([this, live = product_, setting = setting_](auto& context) {
        const auto send = [&](engine::LiveFigures figures) {
            auto shared = std::make_shared<engine::LiveFigures>(std::move(figures));
            mailbox_.post([this, live, shared] {
                if (live != product_) return;
                figures_ = std::move(*shared);
                Q_EMIT figuresChanged();
            });
        };
        try {
            send(live->figures(setting, false, context.job()));
            live->lookAhead(setting);
            // Average precision takes longer: when the hand rests.
            bool labels = false;
            for (std::size_t s = 0; s < live->sets().size(); ++s)
                labels = labels || (live->sets()[s].kind == engine::SetKind::MultiLabel && live->ready(s, setting));
            if (!labels) return;
            context.allowInterrupt();
            // One set's precision cannot be given up halfway: a tick of the same drag would have to wait for it.
            for (int waited = 0; waited < kRestMs; waited += 5) {
                context.job().checkStop();
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
            }
            context.job().checkStop();
            send(live->figures(setting, true, context.job()));
        } catch (...) {
            tellFailure(live);
        }
    });
}

std::vector<std::size_t> LiveSession::preparedSets() const {
    std::vector<std::size_t> out;
    for (std::size_t s = 0; s < product_->sets().size(); ++s) {
        const auto sample = product_->sample(s);
        out.push_back(!product_->ready(s, setting_) ? 0 : sample ? sample->units : std::size_t(-1));
    }
    return out;
}

void LiveSession::wantSurface() {
    if (!product_ || !baseline_ || axes_.empty()) return;
    const std::string key = keyOf(*product_, axes_, setting_, generation_, preparedSets());
    if (key == surface_key_) return;
    surface_key_ = key;
    surfaces_.post([this, live = product_, setting = setting_, axes = axes_, baseline = *baseline_,
                    generation = generation_, axes_generation = axes_generation_](auto& context) {
        const auto send = [&](std::shared_ptr<const engine::SweepSurface> surface) {
            mailbox_.post([this, generation, axes_generation, surface] {
                if (generation != generation_ || axes_generation != axes_generation_) return;
                surface_ = surface;
                Q_EMIT surfaceChanged();
            });
        };
        try {
            const auto whole =
                live->surface(axes, setting, baseline, context.job(), [&](const engine::SweepSurface& surface) {
                    if (!surface.groups.empty()) send(std::make_shared<const engine::SweepSurface>(surface));
                    context.allowInterrupt();
                });
            // Nothing is ready for these experts yet: what is shown is of others.
            if (whole.groups.empty()) send(nullptr);
            // What is sampled has its intervals at the end only.
            const bool sampled = std::any_of(whole.groups.begin(), whole.groups.end(),
                                             [](const auto& group) { return group.best_interval.has_value(); });
            if (sampled) send(std::make_shared<const engine::SweepSurface>(whole));
        } catch (...) {
            tellFailure(live);
        }
    });
}

void LiveSession::wantCurves() {
    if (!product_ || !baseline_ || curve_factor_.empty()) return;
    if (!product_->axis(curve_factor_)) return;
    engine::FactorAxis axis;
    axis.factor = curve_factor_;
    const std::string key = keyOf(*product_, {axis}, setting_, generation_, preparedSets());
    if (key == curve_key_) return;
    curve_key_ = key;
    curves_.post([this, live = product_, setting = setting_, baseline = *baseline_, factor = curve_factor_,
                  generation = generation_](auto& context) {
        // Not to be given up: while another factor is dragged, curves would never come.
        try {
            auto curves = std::make_shared<std::vector<engine::LiveCurve>>();
            for (const auto& group : live->groups(baseline)) {
                if (auto curve = live->curve(group, factor, setting, baseline, context.job()))
                    curves->push_back(std::move(*curve));
            }
            mailbox_.post([this, generation, factor, curves] {
                if (generation == generation_ && factor == curve_factor_) Q_EMIT curvesChanged(*curves);
            });
        } catch (...) {
            tellFailure(live);
        }
    });
}

}  // namespace ui
