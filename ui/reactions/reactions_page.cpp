// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reactions/reactions_page.h"

#include <QLabel>
#include <QSplitter>
#include <QVBoxLayout>

#include "engine/base/error.h"
#include "engine/session/checkpoints.h"
#include "ui/reactions/encoder_dialog.h"
#include "ui/reactions/loss_chart.h"
#include "ui/reactions/pool_panel.h"
#include "ui/reactions/recipe_editor.h"
#include "ui/reactions/run_estimate.h"
#include "ui/reactions/run_monitor.h"
#include "ui/reactions/run_setup.h"
#include "ui/reactions/take_over.h"
#include "ui/reactions/training_queue.h"
#include "ui/style/theme.h"
#include "ui/widgets/message_bar.h"

namespace ui {
namespace {

constexpr const char* kFirstRecipe = "ImageBind++";

}  // namespace

ReactionsPage::ReactionsPage(QWidget* parent) : QWidget(parent) {
    queue_ = new TrainingQueue(this);
    message_ = new MessageBar(this);
    recipe_ = new RecipeEditor(this);
    setup_ = new RunSetup(this);
    monitor_ = new RunMonitor(*queue_, this);
    pools_ = new PoolPanel(this);
    monitor_->addTab(pools_, tr("Pools"), tr("What the pools can give a step, before anything is trained"));
    auto* right = new QWidget(this);
    auto* column = new QVBoxLayout(right);
    column->setContentsMargins(14, 0, 0, 0);
    column->setSpacing(12);
    column->addWidget(setup_);
    column->addWidget(monitor_, 1);
    split_ = new QSplitter(Qt::Horizontal, this);
    split_->setChildrenCollapsible(false);
    split_->addWidget(recipe_);
    split_->addWidget(right);
    split_->setStretchFactor(0, 1);
    split_->setStretchFactor(1, 1);
    split_->setHandleWidth(10);
    split_->setSizes({1000, 1000});
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(14, 12, 14, 12);
    all->setSpacing(8);
    all->addWidget(message_);
    all->addWidget(split_, 1);

    connect(recipe_, &RecipeEditor::changed, this, &ReactionsPage::recipeChanged);
    connect(recipe_, &RecipeEditor::poolsWanted, this, [this](std::size_t step) {
        tellPools();
        monitor_->showTab(pools_);
        pools_->look(step);
    });
    connect(pools_, &PoolPanel::centredWanted, this, [this](std::size_t step, bool centred) {
        // What is said for every step decides.
        auto options = setup_->reactionOptions();
        if (options.contains("centred")) {
            options["centred"] = centred;
            setup_->setOptions(setup_->runOptions(), options);
            recipeChanged();
        } else {
            recipe_->setCentred(step, centred);
        }
    });
    connect(pools_, &PoolPanel::failed, this, [this](const JobFailure& failure) {
        message_->showError(failure);
        Q_EMIT failed(failure);
    });
    connect(setup_, &RunSetup::optionsEdited, this, &ReactionsPage::tellPools);
    connect(setup_, &RunSetup::startWanted, this, [this](const TrainingRun& run) {
        message_->clear();
        monitor_->showCurves();
        queue_->add(run);
    });
    // Curves of what lies in the folder, while nothing else is shown.
    connect(setup_, &RunSetup::folderLooked, this, [this] {
        if (!running() && setup_->found().state != RunFolder::State::Free)
            monitor_->chart()->openLogs(setup_->folder());
        else if (!running()) monitor_->chart()->clear();
    });
    connect(queue_, &TrainingQueue::trained, this, &ReactionsPage::trained);
    connect(queue_, &TrainingQueue::encoderTuned, this, &ReactionsPage::encoderTuned);
    connect(queue_, &TrainingQueue::failed, this, [this](const JobFailure& failure) {
        message_->showError(failure);
        Q_EMIT failed(failure);
    });
    connect(monitor_->chart(), &LossChart::failed, message_, &MessageBar::showError);
    connect(queue_, &TrainingQueue::logged, this, &ReactionsPage::logged);
    connect(queue_, &TrainingQueue::progressed, this, &ReactionsPage::progressed);
    connect(queue_, &TrainingQueue::runningChanged, this, [this](bool on) {
        setup_->setBusy(on);
        setup_->setRate(queue_->measuredRate());
        setup_->lookAgain();
        Q_EMIT runningChanged(on);
    });
    connect(queue_, &TrainingQueue::rateMeasured, this, [this] { setup_->setRate(queue_->measuredRate()); });
    connect(queue_, &TrainingQueue::changed, this, [this] {
        QStringList taken;
        for (const auto& run : queue_->runs()) {
            if (run.state == TrainingRun::State::Waiting || run.state == TrainingRun::State::Running ||
                run.state == TrainingRun::State::Paused)
                taken << run.product;
        }
        setup_->setTaken(taken);
        Q_EMIT edited();
    });
    connect(&bringing_, &JobRunner::failed, this, [this](const JobFailure& failure) {
        message_->showError(failure);
        Q_EMIT failed(failure);
    });
    connect(&bringing_, &JobRunner::progressed, this, &ReactionsPage::progressed);
    connect(&bringing_, &JobRunner::logged, this, &ReactionsPage::logged);
    connect(&bringing_, &JobRunner::ended, this, [this] {
        setup_->lookAgain();
        if (!running()) Q_EMIT runningChanged(false);
    });
    recipeChanged();
}

ReactionsPage::~ReactionsPage() = default;

void ReactionsPage::setWorkspace(const QString& folder, const engine::Json&) {
    message_->clear();
    reading_.stop();
    workspace_ = folder;
    facts_.reset();
    recipe_->setFacts(nullptr);
    setup_->setFacts(nullptr);
    tellPools();
    if (folder.isEmpty()) return;
    const std::string path = folder.toStdString();
    using Facts = std::shared_ptr<const WorkspaceFacts>;
    connect(&reading_, &JobRunner::failed, message_, &MessageBar::showError, Qt::UniqueConnection);
    reading_.start<Facts>(
        tr("Reading the workspace's spaces"),
        [path](const engine::JobContext& job) { return readWorkspaceFacts(path, job); },
        [this, folder](Facts facts) {
            // A job that was told to stop may have ended just before.
            if (workspace_ != folder) return;
            facts_ = facts;
            monitor_->chart()->setSynthetic(facts->synthetic);
            recipe_->setFacts(facts);
            setup_->setFacts(facts);
            tellPools();
            // Something to begin with.
            if (recipe_->source().isEmpty()) recipe_->openRecipe(QLatin1String(kFirstRecipe));
        });
}

void ReactionsPage::recipeChanged() {
    QString problem;
    if (!recipe_->problems().isEmpty())
        problem = tr("The recipe cannot be trained yet: see what is said under its route.");
    setup_->setRecipe(recipe_->recipe(), recipe_->plan(), problem);
    tellPools();
    Q_EMIT edited();
}

void ReactionsPage::tellPools() {
    const auto options = setup_->runOptions();
    pools_->setSource(facts_, setup_->effective(), options.contains("seed") ? options["seed"].get<std::uint64_t>() : 0);
}

bool ReactionsPage::running() const {
    return queue_->running();
}

void ReactionsPage::stopAll() {
    queue_->stopAll();
    bringing_.stop();
}

void ReactionsPage::bringCheckpoints(const QString& folder) {
    if (!facts_ || recipe_->source().isEmpty() || setup_->folder().isEmpty()) {
        message_->showError({{},
                             tr("Checkpoints need a workspace and the recipe that they are the projectors of."),
                             tr("Open a workspace and choose a recipe, then bring them.")});
        return;
    }
    message_->clear();
    engine::BringRequestText request;
    request.workspace = facts_->folder;
    request.checkpoints = folder.toStdString();
    request.recipe = files_.filePath(QStringLiteral("recipe.json")).toStdString();
    request.product = setup_->folder().toStdString();
    const auto recipe = std::make_shared<const engine::Json>(engine::recipeToJson(recipe_->recipe()));
    const QString product = setup_->folder();
    bringing_.start<std::shared_ptr<const engine::Json>>(
        tr("Bringing checkpoints"),
        [request, recipe](const engine::JobContext& job) {
            engine::writeJsonFile(request.recipe, *recipe);
            return std::make_shared<const engine::Json>(engine::bringProduct(request, job).json);
        },
        [this, product](std::shared_ptr<const engine::Json> brought) {
            for (const auto& note : (*brought)["notes"]) Q_EMIT logged(QString::fromStdString(note.get<std::string>()));
            Q_EMIT broughtIn(product);
        });
}

void ReactionsPage::tuneEncoder(const QString& product) {
    if (!facts_) {
        message_->showError({{}, tr("An encoder is tuned through a product of a workspace."), tr("Open one first.")});
        return;
    }
    message_->clear();
    auto* dialog = new EncoderDialog(facts_, product, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &EncoderDialog::wanted, this, [this](const TrainingRun& run) {
        monitor_->showCurves();
        queue_->add(run);
    });
    dialog->open();
}

void ReactionsPage::trainOnTuned(const QString& recipe, const QString& product) {
    message_->clear();
    if (recipe_->openRecipe(recipe)) setup_->takeOver().setFrom(product);
}

void ReactionsPage::showProduct(const QString& folder) {
    if (!running()) monitor_->chart()->openLogs(folder);
}

void ReactionsPage::setUndoStack(QUndoStack* stack) {
    stack_ = stack;
    recipe_->setUndoStack(stack);
}

QString ReactionsPage::message() const {
    return message_->text();
}

engine::Json ReactionsPage::state() const {
    engine::Json out{{"queue", queue_->state()},
                     {"run_options", setup_->runOptions()},
                     {"reaction_options", setup_->reactionOptions()}};
    if (!recipe_->source().isEmpty()) {
        out["recipe_source"] = recipe_->source().toStdString();
        if (recipe_->edited()) out["recipe"] = engine::recipeToJson(recipe_->recipe());
    }
    if (setup_->folderChosen()) out["folder"] = setup_->folder().toStdString();
    if (!setup_->takeOver().from().isEmpty()) out["take_from"] = setup_->takeOver().from().toStdString();
    const auto sizes = split_->sizes();
    out["split"] = {sizes.value(0), sizes.value(1)};
    return out;
}

void ReactionsPage::restore(const engine::Json& state, const QString& workspace) {
    if (!state.is_object()) return;
    const auto part = [&](const char* key) { return state.contains(key) ? state[key] : engine::Json::object(); };
    recipe_->setUndoStack(nullptr);
    queue_->restore(part("queue"));
    setup_->setRate(queue_->measuredRate());
    const auto text = [&](const char* key) {
        return state.contains(key) && state[key].is_string() ? QString::fromStdString(state[key].get<std::string>())
                                                             : QString();
    };
    const QString source = text("recipe_source");
    // What was edited before belongs to another project.
    if (!source.isEmpty() || recipe_->edited())
        recipe_->openRecipe(source.isEmpty() ? QString::fromLatin1(kFirstRecipe) : source);
    if (state.contains("recipe")) {
        try {
            recipe_->setRecipe(engine::recipeFromJson(state["recipe"], "recipe of the project"), source);
        } catch (const engine::Error&) {
            if (const auto failure = currentFailure()) message_->showError(*failure);
        }
    }
    recipe_->setUndoStack(stack_);
    setup_->setOptions(part("run_options"), part("reaction_options"));
    tellPools();
    setup_->restoreChoices(workspace, text("folder"), text("take_from"));
    if (state.contains("split") && state["split"].is_array() && state["split"].size() == 2 &&
        state["split"][0].is_number_integer() && state["split"][1].is_number_integer())
        split_->setSizes({state["split"][0].get<int>(), state["split"][1].get<int>()});
}

}  // namespace ui
