// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reactions/run_setup.h"

#include <QEvent>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>

#include "engine/base/error.h"
#include "engine/session/session.h"
#include "ui/reactions/option_form.h"
#include "ui/reactions/take_over.h"
#include "ui/style/numbers.h"
#include "ui/style/theme.h"
#include "ui/widgets/message_bar.h"

namespace ui {

RunSetup::RunSetup(QWidget* parent) : QWidget(parent) {
    folder_ = new QLineEdit(this);
    folder_->setObjectName(QStringLiteral("folder"));
    folder_->setAccessibleName(tr("Folder of the product"));
    folder_->setToolTip(tr("The folder that the product is written to"));
    browse_ = new QToolButton(this);
    browse_->setObjectName(QStringLiteral("browse"));
    browse_->setText(tr("Choose…"));
    browse_->setToolTip(tr("Choose the product's folder"));
    default_ = new QToolButton(this);
    default_->setObjectName(QStringLiteral("defaultFolder"));
    default_->setAccessibleName(tr("Folder after the recipe's name"));
    default_->setToolTip(tr("Back to the folder after the recipe's name, in the workspace"));
    auto* folder_label = new QLabel(tr("Product folder"), this);
    folder_label->setBuddy(folder_);
    auto* folder_row = new QHBoxLayout;
    folder_row->setSpacing(6);
    folder_row->addWidget(folder_label);
    folder_row->addWidget(folder_, 1);
    folder_row->addWidget(default_);
    folder_row->addWidget(browse_);

    message_ = new MessageBar(this);
    take_ = new TakeOver(this);
    estimate_ = new QLabel(this);
    estimate_->setObjectName(QStringLiteral("estimate"));
    estimate_->setForegroundRole(QPalette::PlaceholderText);  // the theme's muted colour
    estimate_->setWordWrap(true);
    estimate_->setTextFormat(Qt::PlainText);
    estimate_->setAccessibleName(tr("Estimate of the run"));
    why_ = new QLabel(this);
    why_->setObjectName(QStringLiteral("why"));
    why_->setWordWrap(true);
    why_->setTextFormat(Qt::PlainText);

    start_ = new QPushButton(tr("Start training"), this);
    start_->setObjectName(QStringLiteral("start"));
    start_->setDefault(true);
    epochs_label_ = new QLabel(tr("epochs"), this);
    epochs_label_->setForegroundRole(QPalette::PlaceholderText);
    epochs_ = new QSpinBox(this);
    epochs_->setObjectName(QStringLiteral("moreEpochs"));
    epochs_->setRange(1, 100000);
    epochs_->setValue(5);
    epochs_->setAccessibleName(tr("Epochs beyond the target"));
    epochs_->setToolTip(tr("How many epochs each projector is trained beyond its target, 1 to 100,000"));
    further_ = new QPushButton(tr("Train further by"), this);
    further_->setObjectName(QStringLiteral("further"));
    further_->setToolTip(tr("Goes on beyond the target; the product is complete again at the end"));
    more_ = new QToolButton(this);
    more_->setObjectName(QStringLiteral("runOptions"));
    more_->setText(tr("Options of this run"));
    more_->setToolTip(tr("Seed, device, memory and threads; options over those of every step"));
    more_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    more_->setArrowType(Qt::RightArrow);
    more_->setAutoRaise(true);
    more_->setCheckable(true);
    free_ = new QPushButton(tr("Use a free folder"), this);
    free_->setObjectName(QStringLiteral("freeFolder"));
    free_->setToolTip(tr("A folder of the same name with the next free number"));
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(6);
    buttons->addWidget(start_);
    buttons->addWidget(free_);
    buttons->addWidget(further_);
    buttons->addWidget(epochs_);
    buttons->addWidget(epochs_label_);
    buttons->addStretch(1);
    buttons->addWidget(more_);

    auto* inner = new QWidget;
    auto* forms = new QVBoxLayout(inner);
    forms->setContentsMargins(0, 4, 8, 4);
    forms->setSpacing(10);
    run_form_ = new OptionForm(engine::runOptionTable().entries(), inner);
    run_form_->setSuggestions("device", {QStringLiteral("auto"), QStringLiteral("cpu"), QStringLiteral("cuda")});
    auto* over = new QLabel(tr("Training options for every step"), inner);
    over->setFont(headingFont(1));
    reaction_form_ = new OptionForm(engine::reactionOptionTable().entries(), inner);
    forms->addWidget(run_form_);
    forms->addWidget(over);
    forms->addWidget(reaction_form_);
    forms->addStretch(1);
    auto* scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(inner);
    scroll->setMinimumHeight(200);
    options_ = scroll;
    options_->setVisible(false);

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    column->addLayout(folder_row);
    column->addWidget(message_);
    column->addWidget(take_);
    column->addWidget(estimate_);
    column->addLayout(buttons);
    column->addWidget(why_);
    column->addWidget(options_, 1);

    look_.setSingleShot(true);
    look_.setInterval(150);
    connect(&look_, &QTimer::timeout, this, &RunSetup::look);
    connect(folder_, &QLineEdit::textEdited, this, [this] {
        chosen_ = true;
        look_.start();
        tell();
    });
    connect(browse_, &QToolButton::clicked, this, [this] {
        const QString folder = QFileDialog::getExistingDirectory(this, tr("Folder of the product"), folder_->text());
        if (!folder.isEmpty()) setFolder(folder);
    });
    connect(default_, &QToolButton::clicked, this, [this] {
        chosen_ = false;
        followRecipe();
    });
    connect(take_, &TakeOver::changed, this, &RunSetup::tell);
    connect(start_, &QPushButton::clicked, this, &RunSetup::start);
    connect(further_, &QPushButton::clicked, this, &RunSetup::further);
    connect(free_, &QPushButton::clicked, this, &RunSetup::useFreeFolder);
    connect(more_, &QToolButton::toggled, this, [this](bool open) {
        more_->setArrowType(open ? Qt::DownArrow : Qt::RightArrow);
        options_->setVisible(open);
    });
    for (auto* form : {run_form_, reaction_form_}) {
        connect(form, &OptionForm::edited, this, [this] {
            tell();
            Q_EMIT optionsEdited();
        });
    }
    paintColours();
    tell();
    followTheme(this, [this] { paintColours(); });
}

void RunSetup::setFacts(std::shared_ptr<const WorkspaceFacts> facts) {
    facts_ = std::move(facts);
    QStringList sets;
    if (facts_) {
        for (const auto& s : facts_->retrieval_sets) sets << QString::fromStdString(s);
    }
    reaction_form_->setSuggestions("validation_set", sets);
    // A folder that was chosen for one workspace is not another's.
    if (facts_) {
        if (!workspace_.empty() && workspace_ != facts_->folder) {
            chosen_ = false;
            take_->setFrom({});
        }
        workspace_ = facts_->folder;
        if (chosen_) look_.start();
    }
    if (chosen_) tell();
    else followRecipe();
}

void RunSetup::setRecipe(const engine::Recipe& recipe, const std::optional<engine::RoutePlan>& plan,
                         const QString& problem) {
    recipe_ = recipe;
    plan_ = plan;
    problem_ = problem;
    if (!chosen_) followRecipe();
    else tell();
}

void RunSetup::setRate(double flops_per_second) {
    rate_ = flops_per_second;
    tellEstimate();
}

void RunSetup::setBusy(bool busy) {
    if (busy_ == busy) return;
    busy_ = busy;
    tell();
}

void RunSetup::setTaken(const QStringList& folders) {
    if (taken_ == folders) return;
    taken_ = folders;
    tell();
}

void RunSetup::followRecipe() {
    if (facts_ && !recipe_.name.empty()) {
        const QString folder = QString::fromStdString(facts_->folder) + QStringLiteral("/products/") +
                               QString::fromStdString(recipe_.name);
        if (folder_->text() != folder) {
            folder_->setText(folder);
            found_ = {};
            look_.start();
        }
    }
    tell();
}

QString RunSetup::folder() const {
    return folder_->text().trimmed();
}

void RunSetup::setFolder(const QString& folder) {
    chosen_ = true;
    folder_->setText(folder);
    look();
}

void RunSetup::restoreChoices(const QString& workspace, const QString& folder, const QString& from) {
    workspace_ = workspace.toStdString();
    take_->setFrom(from);
    chosen_ = !folder.isEmpty();
    if (chosen_) setFolder(folder);
    else followRecipe();
}

engine::Json RunSetup::runOptions() const {
    return run_form_->changed();
}

engine::Json RunSetup::reactionOptions() const {
    return reaction_form_->changed();
}

void RunSetup::setOptions(const engine::Json& run, const engine::Json& reaction) {
    run_form_->setValues(run);
    reaction_form_->setValues(reaction);
    tell();
}

void RunSetup::lookAgain() {
    look_.start();
    take_->lookAgain();
}

void RunSetup::look() {
    const std::string path = folder().toStdString();
    looking_.start<std::shared_ptr<RunFolder>>(
        tr("Looking into the folder"),
        [path](const engine::JobContext& job) { return std::make_shared<RunFolder>(readRunFolder(path, job)); },
        [this](std::shared_ptr<RunFolder> found) {
            if (found->folder != folder().toStdString()) return;
            found_ = *found;
            tell();
            Q_EMIT folderLooked();
        });
}

engine::Recipe RunSetup::effective() const {
    engine::Recipe out = recipe_;
    const auto over = reaction_form_->changed();
    for (auto& step : out.route) engine::reactionOptionTable().read(over, step.options);
    return out;
}

std::uint64_t RunSetup::seed() const {
    engine::RunOptions options;
    engine::runOptionTable().read(run_form_->changed(), options);
    return options.seed;
}

bool RunSetup::sameRecipe() const {
    return found_.recipe == engine::recipeToJson(effective());
}

TrainingRun RunSetup::wanted() const {
    TrainingRun run;
    if (facts_) run.workspace = QString::fromStdString(facts_->folder);
    run.product = folder();
    run.recipe = engine::recipeToJson(recipe_);
    run.reaction_options = reaction_form_->changed();
    run.run_options = run_form_->changed();
    run.from = take_->from();
    // Else the seed would be that of the product that is taken from.
    if (!run.from.isEmpty()) run.run_options["seed"] = seed();
    if (facts_ && plan_) {
        try {
            const auto recipe = effective();
            run.estimate = estimateRun(recipe, engine::planRoute(recipe, facts_->spaces), *facts_, 0, take_->taken());
        } catch (const engine::Error&) {  // the run itself says what is wrong
        }
    }
    return run;
}

void RunSetup::start() {
    if (!start_->isEnabled()) return;
    Q_EMIT startWanted(wanted());
}

void RunSetup::goOn() {
    TrainingRun run;
    run.workspace = facts_ ? QString::fromStdString(facts_->folder) : QString();
    run.product = folder();
    // As it was begun, whatever the page shows now.
    run.recipe = found_.recipe;
    run.run_options = found_.run_options;
    try {
        const auto recipe = engine::recipeFromJson(run.recipe, "recipe");
        if (facts_) run.estimate = estimateRun(recipe, engine::planRoute(recipe, facts_->spaces), *facts_);
    } catch (const engine::Error&) {  // the run itself says what is wrong
    }
    Q_EMIT startWanted(run);
}

void RunSetup::further() {
    TrainingRun run;
    run.workspace = facts_ ? QString::fromStdString(facts_->folder) : QString();
    run.product = folder();
    run.recipe = found_.recipe;
    run.run_options = found_.run_options;
    run.more_epochs = epochs_->value();
    try {
        const auto recipe = engine::recipeFromJson(run.recipe, "recipe");
        if (facts_)
            run.estimate = estimateRun(recipe, engine::planRoute(recipe, facts_->spaces), *facts_, run.more_epochs);
    } catch (const engine::Error&) {
    }
    Q_EMIT startWanted(run);
}

void RunSetup::useFreeFolder() {
    if (!facts_) return;
    const std::string path = facts_->folder + "/products/" + recipe_.name;
    looking_.start<std::string>(
        tr("Looking for a free folder"), [path](const engine::JobContext&) { return freeFolder(path); },
        [this](std::string folder) { setFolder(QString::fromStdString(folder)); });
}

void RunSetup::tellEstimate() {
    if (!facts_ || !plan_) {
        estimate_->clear();
        estimate_->setVisible(false);
        return;
    }
    RunEstimate e;
    try {
        const auto recipe = effective();
        e = estimateRun(recipe, engine::planRoute(recipe, facts_->spaces), *facts_, 0, take_->taken());
    } catch (const engine::Error&) {
        estimate_->setVisible(false);
        return;
    }
    const double rate = rate_ > 0 ? rate_ : assumedRate();
    const QString speed = QLocale().toString(rate / 1e9, 'f', rate < 1e10 ? 1 : 0);
    const auto projectors = static_cast<qulonglong>(e.parts.size() - e.adapters);
    const QString trained = e.adapters > 0 ? tr("Projectors: %1, adapters: %2").arg(projectors).arg(e.adapters)
                                           : tr("Projectors: %1").arg(projectors);
    estimate_->setText(
        tr("Estimate: %1, %2 of memory, %3 of disk. %7, rows gathered: %4; at %5 GFLOP/s, %6.")
            .arg(durationText(e.flops / rate), bytesText(e.memory), bytesText(e.disk),
                 QLocale().toString(static_cast<qulonglong>(e.rows)), speed,
                 rate_ > 0 ? tr("as the last run measured") : tr("assumed until the first run has measured it"),
                 trained));
    estimate_->setVisible(true);
}

QString RunSetup::shownEstimate() const {
    return estimate_->text();
}

void RunSetup::tell() {
    using State = RunFolder::State;
    take_->setSource(facts_, effective(), plan_ && problem_.isEmpty(), seed(), folder());
    tellEstimate();
    const bool known = found_.folder == folder().toStdString();
    const State state = known ? found_.state : State::Free;
    const bool same = known && (state == State::Unfinished || state == State::Finished) && sameRecipe();
    QString why;
    if (!facts_) why = tr("Open a workspace first.");
    else if (!problem_.isEmpty()) why = problem_;
    else if (!plan_) why = tr("Choose a recipe first.");
    else if (!run_form_->problems().empty() || !reaction_form_->problems().empty())
        why = tr("Some options of this run do not fit: see the marked fields.");
    else if (taken_.contains(folder())) why = tr("A run in the queue writes to this folder.");
    else if (folder().isEmpty()) why = tr("Name a folder for the product.");
    else if (state == State::Other) why = tr("Choose another folder: %1.").arg(QString::fromStdString(found_.problem));
    else if ((state == State::Unfinished || state == State::Finished) && !same)
        why =
            tr("The folder belongs to a run with another recipe or other options; choose another one to train this "
               "recipe.");
    else if (state == State::Finished) why = tr("This recipe is trained to its target in this folder.");
    start_->setEnabled(why.isEmpty());
    why_->setText(why);
    why_->setVisible(!why.isEmpty());
    // What only informs is not a warning.
    calm_ =
        taken_.contains(folder()) || (state == State::Finished && same) || !facts_ || (problem_.isEmpty() && !plan_);
    paintColours();
    start_->setText(busy_                                                              ? tr("Add to the queue")
                    : state == State::Unfinished && same && !taken_.contains(folder()) ? tr("Go on")
                                                                                       : tr("Start training"));
    start_->setToolTip(why.isEmpty() ? (busy_ ? tr("Trains when the runs before it have ended")
                                              : tr("Makes pseudo pairs, then trains every projector of the route, in "
                                                   "the background"))
                                     : why);
    const bool finished = facts_ && state == State::Finished && !taken_.contains(folder());
    free_->setVisible(facts_ && plan_ && !same &&
                      (state == State::Other || state == State::Unfinished || state == State::Finished));
    further_->setVisible(finished);
    epochs_->setVisible(finished);
    epochs_label_->setVisible(finished);
    default_->setEnabled(chosen_);
    if (facts_ && state == State::Unfinished && !busy_ && !taken_.contains(folder())) {
        TrainingRun begun;
        begun.recipe = found_.recipe;
        const QString name = begun.name();
        const QString text = found_.continuing ? tr("%1 was being trained further here and is not finished.").arg(name)
                                               : tr("An unfinished run of %1 is here; %n projector(s) are trained.",
                                                    nullptr, static_cast<int>(found_.trained))
                                                     .arg(name);
        if (message_->text() != text) {
            message_->showNote(text);
            message_->setAction(tr("Go on from the last checkpoint"), [this] { goOn(); });
        }
    } else {
        message_->clear();
    }
}

void RunSetup::paintColours() {
    QPalette quiet = palette(), warn = palette();
    quiet.setColor(QPalette::WindowText, colours().muted);
    warn.setColor(QPalette::WindowText, colours().warning);
    why_->setPalette(calm_ ? quiet : warn);
    start_->setIcon(icon(QStringLiteral("play")));
    free_->setIcon(icon(QStringLiteral("workspace")));
    further_->setIcon(icon(QStringLiteral("add")));
    default_->setIcon(icon(QStringLiteral("reset")));
}

}  // namespace ui
