// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reactions/training_queue.h"

#include <QDateTime>
#include <QFileInfo>

#include <algorithm>

#include "engine/base/file.h"
#include "engine/session/session.h"
#include "ui/reactions/loss_chart.h"

namespace ui {

using State = TrainingRun::State;

QString TrainingRun::name() const {
    if (tunesEncoder()) return QObject::tr("Encoder of %1").arg(QFileInfo(from).fileName());
    // Recipes come from files: a name may be anything.
    if (!recipe.is_object() || !recipe.contains("name") || !recipe["name"].is_string()) return {};
    return QString::fromStdString(recipe["name"].get<std::string>());
}

QString stateText(State state) {
    switch (state) {
        case State::Waiting:
            return QObject::tr("waiting");
        case State::Running:
            return QObject::tr("running");
        case State::Paused:
            return QObject::tr("paused");
        case State::Done:
            return QObject::tr("done");
        case State::Failed:
            return QObject::tr("failed");
        case State::Stopped:
            return QObject::tr("stopped");
    }
    return {};
}

TrainingQueue::TrainingQueue(QObject* parent) : QObject(parent), runner_(nullptr, true) {
    connect(&runner_, &JobRunner::progressed, this, &TrainingQueue::progressCame);
    connect(&runner_, &JobRunner::logged, this, &TrainingQueue::lineCame);
    connect(&runner_, &JobRunner::failed, this, [this](const JobFailure& failure) {
        if (auto* run = find(current_)) run->failure = failure;
        end(State::Failed);
        Q_EMIT failed(failure);
    });
    connect(&runner_, &JobRunner::cancelled, this, [this] { end(after_); });
    connect(&runner_, &JobRunner::ended, this, [this] {
        Q_EMIT runningChanged(false);
        next();
    });
}

TrainingQueue::~TrainingQueue() {
    runner_.disconnect(this);
}

TrainingRun* TrainingQueue::find(int id) {
    const auto it = std::find_if(runs_.begin(), runs_.end(), [id](const auto& r) { return r.id == id; });
    return it != runs_.end() ? &*it : nullptr;
}

const TrainingRun* TrainingQueue::run(int id) const {
    return const_cast<TrainingQueue*>(this)->find(id);
}

const TrainingRun* TrainingQueue::current() const {
    return running() ? run(current_) : nullptr;
}

int TrainingQueue::add(TrainingRun run) {
    run.id = next_id_++;
    run.state = State::Waiting;
    runs_.push_back(std::move(run));
    const int id = runs_.back().id;
    Q_EMIT changed();
    // A queue that is held by a pause waits for the user's word; else a new wish is that word.
    const bool paused = std::any_of(runs_.begin(), runs_.end(), [](const auto& r) { return r.state == State::Paused; });
    if (!paused) held_ = false;
    next();
    return id;
}

void TrainingQueue::next() {
    if (running() || held_) return;
    for (auto& run : runs_) {
        if (run.state == State::Waiting) return start(run);
    }
}

void TrainingQueue::start(TrainingRun& run) {
    run.state = State::Running;
    run.failure = {};
    run.seconds_left = -1;
    current_ = run.id;
    ending_ = false;
    after_ = State::Stopped;
    clock_label_.clear();
    checkpoint_time_ = 0;
    if (run.tunesEncoder()) startEncoder(run);
    else startTraining(run);
    Q_EMIT started(run.id);
    Q_EMIT runningChanged(true);
    Q_EMIT changed();
}

void TrainingQueue::startTraining(const TrainingRun& run) {
    const QString file = files_.filePath(QString::number(run.id) + QStringLiteral(".json"));
    engine::ReactRequest request;
    request.workspace = run.workspace.toStdString();
    request.recipe = file.toStdString();
    request.product = run.product.toStdString();
    request.reaction_options = run.reaction_options;
    request.run_options = run.run_options;
    request.more_epochs = run.more_epochs;
    request.from = run.from.toStdString();
    const auto recipe = std::make_shared<const engine::Json>(run.recipe);
    const QString product = run.product;
    runner_.start<std::shared_ptr<const engine::Json>>(
        tr("Training %1").arg(run.name()),
        [request, recipe](const engine::JobContext& job) {
            engine::writeJsonFile(request.recipe, *recipe);
            return std::make_shared<const engine::Json>(engine::train(request, job).json);
        },
        [this, product](std::shared_ptr<const engine::Json>) {
            if (auto* done = find(current_)) {
                done->fraction = 1;
                // Asked for once; until then the folder remembers what it was begun with.
                done->more_epochs = 0;
            }
            end(State::Done);
            Q_EMIT trained(product);
        });
}

void TrainingQueue::startEncoder(const TrainingRun& run) {
    const auto text = [&](const char* key) { return run.encoder.value(key, std::string()); };
    engine::TuneEncoderRequest request;
    request.workspace = run.workspace.toStdString();
    request.product = run.from.toStdString();
    request.encoder = text("encoder");
    request.inputs = text("inputs");
    request.modality = text("modality");
    request.towards = text("towards");
    request.pool = text("pool");
    request.space = text("space");
    request.options = run.encoder.value("options", engine::Json::object());
    request.run_options = run.run_options;
    runner_.start<std::shared_ptr<const engine::Outcome>>(
        tr("Tuning an encoder"),
        [request](const engine::JobContext& job) {
            return std::make_shared<const engine::Outcome>(engine::tuneEncoder(request, job));
        },
        [this, from = run.from](std::shared_ptr<const engine::Outcome> outcome) {
            if (auto* done = find(current_)) done->fraction = 1;
            end(State::Done);
            for (const auto& line : QString::fromStdString(outcome->text).split(QLatin1Char('\n'), Qt::SkipEmptyParts))
                Q_EMIT logged(line.trimmed());
            Q_EMIT encoderTuned(QString::fromStdString(outcome->json.at("recipe").get<std::string>()), from);
        });
}

void TrainingQueue::end(State state) {
    if (auto* run = find(current_)) {
        run->state = state;
        run->seconds_left = -1;
    }
    ending_ = false;
    Q_EMIT ended(current_);
    Q_EMIT changed();
}

void TrainingQueue::pause() {
    if (!running()) return;
    after_ = State::Paused;
    held_ = true;
    ending_ = true;
    runner_.stop();
    Q_EMIT changed();
}

void TrainingQueue::resume(int id) {
    auto* run = find(id);
    if (!run || run->state == State::Running || run->state == State::Done) return;
    run->state = State::Waiting;
    held_ = false;
    // Before all that wait.
    const auto at = std::find_if(runs_.begin(), runs_.end(), [id](const auto& r) { return r.id == id; });
    const auto first =
        std::find_if(runs_.begin(), runs_.end(), [](const auto& r) { return r.state == State::Waiting; });
    if (first < at) std::rotate(first, at, at + 1);
    Q_EMIT changed();
    next();
}

void TrainingQueue::stop(int id) {
    auto* run = find(id);
    if (!run) return;
    if (run->state == State::Running) {
        after_ = State::Stopped;
        ending_ = true;
        runner_.stop();
    } else if (run->state == State::Paused) {
        run->state = State::Stopped;
        held_ = false;
        next();
    }
    Q_EMIT changed();
}

void TrainingQueue::stopAll() {
    held_ = true;
    if (running()) {
        after_ = State::Paused;
        ending_ = true;
        runner_.stop();
    }
    Q_EMIT changed();
}

void TrainingQueue::remove(int id) {
    const auto at = std::find_if(runs_.begin(), runs_.end(), [id](const auto& r) { return r.id == id; });
    if (at == runs_.end() || at->state == State::Running) return;
    const bool paused = at->state == State::Paused;
    runs_.erase(at);
    if (paused) held_ = false;
    Q_EMIT changed();
    next();
}

void TrainingQueue::move(int id, int by) {
    auto* run = find(id);
    if (!run || run->state != State::Waiting) return;
    const auto from = run - runs_.data();
    auto to = from;
    const auto size = static_cast<std::ptrdiff_t>(runs_.size());
    // Over those that do not wait.
    do to += by < 0 ? -1 : 1;
    while (to >= 0 && to < size && runs_[static_cast<std::size_t>(to)].state != State::Waiting);
    if (to < 0 || to >= size) return;
    std::swap(runs_[static_cast<std::size_t>(from)], runs_[static_cast<std::size_t>(to)]);
    Q_EMIT changed();
}

void TrainingQueue::progressCame(const engine::Progress& progress) {
    auto* run = find(current_);
    QString reaction, subset;
    if (run && run->tunesEncoder()) {
        // Embedding again follows its steps; its work was not counted.
        if (trainingStage(progress.stage, reaction, subset) && progress.total > 0) {
            const double share = static_cast<double>(progress.done) / static_cast<double>(progress.total);
            run->fraction = std::clamp(0.9 * share, run->fraction, 0.9);
        }
    } else if (run && trainingStage(progress.stage, reaction, subset)) {
        const std::string label = (reaction + QLatin1Char(' ') + subset).toStdString();
        double before = 0, all = 0, part = 0;
        bool seen = false;
        for (const auto& p : run->estimate.parts) {
            all += p.flops;
            if (p.label == label) {
                part = p.flops;
                seen = true;
            }
            if (!seen) before += p.flops;
        }
        const double share =
            progress.total > 0 ? static_cast<double>(progress.done) / static_cast<double>(progress.total) : 0;
        const double here = before + part * share;
        if (seen && all > 0) run->fraction = std::clamp(here / all, run->fraction, 0.999);
        if (label != clock_label_) {
            clock_label_ = label;
            clock_flops_ = here;
            clock_.start();
        }
        const double seconds = static_cast<double>(clock_.elapsed()) / 1000;
        // Short projectors do not tell the rate of long ones.
        if (seconds > 0.5 && here > clock_flops_) {
            const double now = (here - clock_flops_) / seconds;
            const bool first = rate_ <= 0;
            rate_ = first ? now : 0.9 * rate_ + 0.1 * now;
            if (first) Q_EMIT rateMeasured();
        }
        if (rate_ > 0 && all > 0) run->seconds_left = (all - here) / rate_;
        // Checkpoints that are written while it runs.
        if (!checkpoint_look_.isValid() || checkpoint_look_.elapsed() > 1000) {
            checkpoint_look_.start();
            const QFileInfo file(run->product + QStringLiteral("/reactions/") + reaction + QLatin1Char('/') + subset +
                                 QStringLiteral(".checkpoint"));
            const std::int64_t time = file.exists() ? file.lastModified().toMSecsSinceEpoch() : 0;
            if (time > checkpoint_time_ && checkpoint_time_ > 0)
                Q_EMIT checkpointKept(reaction, subset, static_cast<double>(progress.done));
            if (time > 0) checkpoint_time_ = time;
        }
    }
    Q_EMIT progressed(progress);
}

void TrainingQueue::lineCame(const QString& line) {
    // "stopping: keeping step 12 of 1-InternVL TV"
    const QString head = QStringLiteral("stopping: keeping step ");
    if (line.startsWith(head)) {
        const auto parts = line.mid(head.size()).split(QLatin1Char(' '));
        if (parts.size() == 4) Q_EMIT checkpointKept(parts[2], parts[3], parts[0].toDouble());
    }
    Q_EMIT logged(line);
}

engine::Json TrainingQueue::state() const {
    engine::Json out{{"rate", rate_}, {"runs", engine::Json::array()}};
    for (const auto& r : runs_) {
        const char* name = r.state == State::Done      ? "done"
                           : r.state == State::Failed  ? "failed"
                           : r.state == State::Stopped ? "stopped"
                           : r.state == State::Waiting ? "waiting"
                                                       : "paused";
        engine::Json parts = engine::Json::array();
        for (const auto& p : r.estimate.parts) parts.push_back({p.label, p.flops});
        out["runs"].push_back({{"workspace", r.workspace.toStdString()},
                               {"product", r.product.toStdString()},
                               {"recipe", r.recipe},
                               {"reaction_options", r.reaction_options},
                               {"run_options", r.run_options},
                               {"more_epochs", r.more_epochs},
                               {"from", r.from.toStdString()},
                               {"encoder", r.encoder},
                               {"state", name},
                               {"fraction", r.fraction},
                               {"parts", parts},
                               {"failure", r.failure.text().toStdString()}});
    }
    return out;
}

void TrainingQueue::restore(const engine::Json& state) {
    const bool ran = running();
    runner_.drop();
    runs_.clear();
    held_ = true;
    ending_ = false;
    const auto text = [](const engine::Json& j, const char* key) {
        return j.contains(key) && j[key].is_string() ? QString::fromStdString(j[key].get<std::string>()) : QString();
    };
    if (state.contains("rate") && state["rate"].is_number()) rate_ = std::max(0.0, state["rate"].get<double>());
    const bool any = state.contains("runs") && state["runs"].is_array();
    for (const auto& j : any ? state["runs"] : engine::Json::array()) {
        if (!j.is_object() || !j.contains("recipe")) continue;
        const auto flat = [](const engine::Json& encoder) {
            return std::all_of(encoder.items().begin(), encoder.items().end(), [](const auto& field) {
                return field.key() == "options" ? field.value().is_object() : field.value().is_string();
            });
        };
        TrainingRun r;
        r.id = next_id_++;
        r.workspace = text(j, "workspace");
        r.product = text(j, "product");
        r.recipe = j["recipe"];
        r.from = text(j, "from");
        if (j.contains("encoder") && j["encoder"].is_object() && flat(j["encoder"])) r.encoder = j["encoder"];
        for (const auto& [key, to] :
             {std::pair{"reaction_options", &r.reaction_options}, {"run_options", &r.run_options}}) {
            if (j.contains(key) && j[key].is_object()) *to = j[key];
        }
        if (j.contains("more_epochs") && j["more_epochs"].is_number_integer())
            r.more_epochs = std::max(std::int64_t{0}, j["more_epochs"].get<std::int64_t>());
        if (j.contains("fraction") && j["fraction"].is_number())
            r.fraction = std::clamp(j["fraction"].get<double>(), 0.0, 1.0);
        const QString name = text(j, "state");
        r.state = name == QLatin1String("done")      ? State::Done
                  : name == QLatin1String("failed")  ? State::Failed
                  : name == QLatin1String("stopped") ? State::Stopped
                  : name == QLatin1String("waiting") ? State::Waiting
                                                     : State::Paused;
        r.failure.message = text(j, "failure");
        if (j.contains("parts") && j["parts"].is_array()) {
            for (const auto& p : j["parts"]) {
                if (p.is_array() && p.size() == 2 && p[0].is_string() && p[1].is_number())
                    r.estimate.parts.push_back({p[0].get<std::string>(), p[1].get<double>()});
            }
        }
        runs_.push_back(std::move(r));
    }
    if (ran) Q_EMIT runningChanged(false);
    Q_EMIT changed();
}

}  // namespace ui
