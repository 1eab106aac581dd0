// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/report/report_setup.h"

#include <QFileDialog>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/reactions/option_form.h"
#include "ui/style/numbers.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

struct Read {
    std::shared_ptr<const WorkspaceFacts> facts;
    engine::Json usual;
};

QLabel* heading(const QString& text) {
    auto* label = new QLabel(text);
    label->setFont(headingFont(1));
    return label;
}

}  // namespace

ReportSetup::ReportSetup(QWidget* parent) : QWidget(parent), reading_(nullptr, true), looking_(nullptr, true) {
    folder_ = new QLineEdit;
    folder_->setObjectName(QStringLiteral("report_folder"));
    folder_->setAccessibleName(tr("Folder of the report"));
    folder_->setToolTip(tr("The folder that the report is written to; an earlier report in it is replaced"));
    browse_ = new QToolButton;
    browse_->setText(tr("Choose…"));
    browse_->setToolTip(tr("Choose the report's folder"));
    default_ = new QToolButton;
    default_->setAccessibleName(tr("Folder in the workspace"));
    default_->setToolTip(tr("Back to the folder report in the workspace"));
    auto* label = new QLabel(tr("Report folder"));
    label->setBuddy(folder_);
    more_ = new QToolButton;
    more_->setObjectName(QStringLiteral("report_options"));
    more_->setText(tr("Options"));
    more_->setToolTip(tr("Tables, figures and seeds; sizes of the trainings; device, memory and threads"));
    more_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    more_->setArrowType(Qt::RightArrow);
    more_->setAutoRaise(true);
    more_->setCheckable(true);
    start_ = new QPushButton;
    start_->setObjectName(QStringLiteral("make_report"));
    auto* row = new QHBoxLayout;
    row->setSpacing(6);
    row->addWidget(label);
    row->addWidget(folder_, 1);
    row->addWidget(default_);
    row->addWidget(browse_);
    row->addSpacing(8);
    row->addWidget(more_);
    row->addWidget(start_);
    said_ = new QLabel;
    said_->setObjectName(QStringLiteral("report_outlook"));
    said_->setAccessibleName(tr("What the report would do"));
    said_->setWordWrap(true);
    said_->setTextFormat(Qt::PlainText);
    said_->setTextInteractionFlags(Qt::TextSelectableByMouse);

    report_form_ = new OptionForm(engine::reportOptions());
    reaction_form_ = new OptionForm(engine::reactionOptionTable().entries());
    run_form_ = new OptionForm(engine::reportRunOptions());
    run_form_->setSuggestions("device", {QStringLiteral("auto"), QStringLiteral("cpu"), QStringLiteral("cuda")});
    const auto part = [](const QString& name, OptionForm* form) {
        auto* box = new QWidget;
        auto* column = new QVBoxLayout(box);
        column->setContentsMargins(0, 4, 8, 4);
        column->setSpacing(8);
        column->addWidget(heading(name));
        column->addWidget(form);
        column->addStretch(1);
        return box;
    };
    auto* left = new QWidget;
    auto* two = new QVBoxLayout(left);
    two->setContentsMargins(0, 0, 0, 0);
    two->addWidget(part(tr("The report"), report_form_));
    two->addWidget(part(tr("The run"), run_form_));
    two->addStretch(1);
    auto* inner = new QWidget;
    auto* forms = new QHBoxLayout(inner);
    forms->setContentsMargins(0, 0, 8, 0);
    forms->setSpacing(24);
    forms->addWidget(left, 1);
    forms->addWidget(part(tr("Trainings, over the recipes' own"), reaction_form_), 1);
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(inner);
    scroll->setMinimumHeight(260);
    options_ = scroll;
    options_->setVisible(false);

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addLayout(row);
    column->addWidget(said_);
    column->addWidget(options_, 1);

    look_.setSingleShot(true);
    look_.setInterval(250);
    connect(&look_, &QTimer::timeout, this, &ReportSetup::look);
    connect(&looking_, &JobRunner::failed, this, [this](const JobFailure& failure) {
        failure_ = failure.text();
        outlook_.reset();
        tell();
        Q_EMIT looked();
    });
    connect(&looking_, &JobRunner::ended, this, [this] { tell(); });
    connect(&reading_, &JobRunner::failed, this, [this](const JobFailure& failure) {
        failure_ = failure.text();
        tell();
        Q_EMIT looked();
    });
    connect(folder_, &QLineEdit::textEdited, this, [this] {
        chosen_ = true;
        tell();
        Q_EMIT edited();
    });
    connect(folder_, &QLineEdit::editingFinished, this, [this] {
        if (!folder_->isModified()) return;
        folder_->setModified(false);
        Q_EMIT folderChanged();
    });
    connect(browse_, &QToolButton::clicked, this, [this] {
        const QString folder = QFileDialog::getExistingDirectory(this, tr("Folder of the report"), folder_->text());
        if (folder.isEmpty()) return;
        setFolder(folder);
        Q_EMIT folderChanged();
    });
    connect(default_, &QToolButton::clicked, this, [this] {
        chosen_ = false;
        folder_->setText(workspace_.isEmpty() ? QString() : workspace_ + QStringLiteral("/report"));
        tell();
        Q_EMIT folderChanged();
        Q_EMIT edited();
    });
    connect(more_, &QToolButton::toggled, this, [this](bool open) {
        more_->setArrowType(open ? Qt::DownArrow : Qt::RightArrow);
        options_->setVisible(open);
    });
    connect(start_, &QPushButton::clicked, this, [this] {
        if (busy_) Q_EMIT stopWanted();
        else Q_EMIT startWanted();
    });
    connect(reaction_form_, &OptionForm::edited, this, [this] { touched_ = true; });
    for (auto* form : {report_form_, reaction_form_, run_form_})
        connect(form, &OptionForm::edited, this, &ReportSetup::optionsEdited);
    paintColours();
    tell();
    followTheme(this, [this] { paintColours(); });
}

void ReportSetup::setWorkspace(const QString& folder) {
    reading_.drop();
    looking_.drop();
    look_.stop();
    facts_.reset();
    outlook_.reset();
    failure_.clear();
    stopped_ = false;
    // A folder that was chosen for one workspace is not another's.
    if (!folder.isEmpty()) {
        if (!newest_.isEmpty() && folder != newest_) chosen_ = false;
        newest_ = folder;
    }
    workspace_ = folder;
    if (!chosen_) folder_->setText(folder.isEmpty() ? QString() : folder + QStringLiteral("/report"));
    tell();
    Q_EMIT looked();
    if (folder.isEmpty()) return;
    reading_.start<std::shared_ptr<const Read>>(
        tr("Reading the workspace's spaces"),
        [path = folder.toStdString()](const engine::JobContext& job) {
            auto read = std::make_shared<Read>();
            read->facts = readWorkspaceFacts(path, job);
            read->usual = usualTraining(path);
            return std::shared_ptr<const Read>(read);
        },
        [this](std::shared_ptr<const Read> read) {
            facts_ = read->facts;
            // The paper's sizes are hours; a generated world that is learnt in seconds is not made to wait for them.
            if (!touched_) reaction_form_->setValues(read->usual);
            lookAgain();
        });
}

void ReportSetup::setActive(bool active) {
    active_ = active;
    if (active_ && !outlook_ && failure_.isEmpty()) lookAgain();
}

void ReportSetup::setRate(double flops_per_second) {
    rate_ = flops_per_second;
    tell();
}

void ReportSetup::setBusy(bool busy, bool stopping, bool stopped) {
    const bool ended = busy_ && !busy;
    busy_ = busy;
    stopping_ = stopping;
    stopped_ = stopped;
    if (ended) {  // less is left to do than there was
        outlook_.reset();
        failure_.clear();
        lookAgain();
        Q_EMIT looked();
    }
    tell();
}

void ReportSetup::lookAgain() {
    if (active_ && facts_ && !busy_) look_.start();
}

engine::ReportVerb ReportSetup::request() const {
    engine::ReportVerb out;
    out.workspace = workspace_.toStdString();
    out.output = folder().toStdString();
    out.options = report_form_->changed();
    out.reaction_options = reaction_form_->changed();
    out.run_options = run_form_->changed();
    return out;
}

QString ReportSetup::folder() const {
    return folder_->text().trimmed();
}

void ReportSetup::setFolder(const QString& folder) {
    chosen_ = true;
    folder_->setText(folder);
    tell();
    Q_EMIT edited();
}

void ReportSetup::optionsEdited() {
    outlook_.reset();
    failure_.clear();
    tell();
    lookAgain();
    Q_EMIT looked();
    Q_EMIT edited();
}

void ReportSetup::look() {
    if (!facts_ || busy_ || !report_form_->problems().empty() || !reaction_form_->problems().empty() ||
        !run_form_->problems().empty())
        return;
    looking_.start<OutlookPtr>(
        tr("Looking what a report would do"),
        [request = request(), facts = facts_](const engine::JobContext& job) {
            return lookAhead(request, *facts, job);
        },
        [this](OutlookPtr found) {
            outlook_ = std::move(found);
            failure_.clear();
            tell();
            Q_EMIT looked();
        });
    tell();
}

QString ReportSetup::outlookText() const {
    if (!outlook_) return {};
    const auto& plan = *outlook_->plan;
    QStringList parts;
    if (outlook_->projectors > 0) {
        const double rate = rate_ > 0 ? rate_ : assumedRate();
        const QString speed = QLocale().toString(rate / 1e9, 'f', rate < 1e10 ? 1 : 0);
        parts << tr("Trains %n projector(s) of %1 at %2: %3 at %4 GFLOP/s, %5.", nullptr,
                    static_cast<int>(outlook_->projectors))
                     .arg(outlook_->products.join(QStringLiteral(", ")),
                          plan.seeds.size() == 1 ? tr("seed %1").arg(plan.seeds.first())
                                                 : tr("seeds %1").arg(plan.seeds.join(QStringLiteral(", "))),
                          durationText(outlook_->flops / rate), speed,
                          rate_ > 0 ? tr("as the last training measured")
                                    : tr("assumed until a training has measured it"));
    } else {
        parts << tr("Nothing is left to train.");
    }
    const auto pending = plan.pending();
    if (pending > 0 || outlook_->surfaces > 0) {
        parts << tr("Measures %1 of the %2 figures that the paper prints in these tables, and %3 of its surfaces.")
                     .arg(pending)
                     .arg(plan.published())
                     .arg(outlook_->surfaces);
    } else {
        parts << tr("Nothing is left to measure: it is written anew.");
    }
    if (const auto lost = plan.published() - plan.measured() - pending; lost > 0)
        parts << tr("%1 figures need what the workspace lacks.").arg(lost);
    return parts.join(QLatin1Char(' '));
}

QString ReportSetup::problem() const {
    if (workspace_.isEmpty()) return tr("Open a workspace first.");
    if (!report_form_->problems().empty() || !reaction_form_->problems().empty() || !run_form_->problems().empty())
        return tr("Some options do not fit: see the marked fields.");
    if (folder().isEmpty()) return tr("Name a folder for the report.");
    if (!failure_.isEmpty()) return failure_;
    if (outlook_ && outlook_->plan->measured() + outlook_->plan->pending() == 0)
        return tr("The workspace has nothing that the paper's tables could be filled with.");
    return {};
}

void ReportSetup::tell() {
    const QString why = problem();
    start_->setText(stopping_ ? tr("Stopping…") : busy_ ? tr("Stop") : stopped_ ? tr("Go on") : tr("Make the report"));
    start_->setEnabled(!stopping_ && (busy_ || why.isEmpty()));
    start_->setToolTip(busy_ ? tr("Stops at the last whole step; what is finished is kept and not done again")
                       : why.isEmpty()
                           ? tr("Trains what is missing, measures, and writes the report, in the background")
                           : why);
    QString said = why;
    if (why.isEmpty()) said = outlook_ ? outlookText() : active_ ? tr("Looking what there is to do…") : QString();
    // While it runs the progress says more.
    said_->setText(busy_ ? QString() : said);
    said_->setVisible(!said_->text().isEmpty());
    default_->setEnabled(chosen_);
    paintColours();
}

void ReportSetup::paintColours() {
    const bool warns = !problem().isEmpty() && !workspace_.isEmpty();
    QPalette p = palette();
    p.setColor(QPalette::WindowText, warns ? colours().warning : colours().muted);
    said_->setPalette(p);
    start_->setIcon(icon(busy_ ? QStringLiteral("stop") : QStringLiteral("play")));
    default_->setIcon(icon(QStringLiteral("reset")));
}

engine::Json ReportSetup::state() const {
    engine::Json out{{"options", report_form_->changed()}, {"run_options", run_form_->changed()}};
    if (touched_) out["reaction_options"] = reaction_form_->changed();
    if (chosen_) out["folder"] = folder().toStdString();
    return out;
}

void ReportSetup::restore(const engine::Json& state) {
    if (!state.is_object()) return;
    const auto part = [&](const char* key) {
        return state.contains(key) && state[key].is_object() ? state[key] : engine::Json::object();
    };
    report_form_->setValues(part("options"));
    run_form_->setValues(part("run_options"));
    if (state.contains("reaction_options")) {
        reaction_form_->setValues(part("reaction_options"));
        touched_ = true;
    }
    if (state.contains("folder") && state["folder"].is_string()) {
        chosen_ = true;
        folder_->setText(QString::fromStdString(state["folder"].get<std::string>()));
    }
    outlook_.reset();
    failure_.clear();
    tell();
    lookAgain();
}

}  // namespace ui
