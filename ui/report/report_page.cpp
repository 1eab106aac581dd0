// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/report/report_page.h"

#include <QDesktopServices>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QGridLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QProgressBar>
#include <QStackedWidget>
#include <QTabWidget>
#include <QTableWidget>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "ui/report/claims_view.h"
#include "ui/report/figures_view.h"
#include "ui/report/report_setup.h"
#include "ui/report/tables_view.h"
#include "ui/style/theme.h"
#include "ui/widgets/badge.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/paragraph.h"
#include "ui/widgets/progress_strip.h"
#include "ui/widgets/roomy_rows.h"
#include "ui/widgets/wrapped_text.h"

namespace ui {
namespace {

constexpr double kSlowStep = 0.5;  // seconds

// Of the table of evaluation sets: names and sentences to the left, counts to the right.
Qt::Alignment protocolAlignment(int column) {
    return (column == 0 || column == 4 ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter;
}

}  // namespace

ReportPage::ReportPage(QWidget* parent) : QWidget(parent), making_(nullptr, true) {
    message_ = new MessageBar(this);
    setup_ = new ReportSetup;
    tabs_ = new QTabWidget;
    tabs_->setDocumentMode(true);
    tabs_->setObjectName(QStringLiteral("report_tabs"));
    tables_ = new TablesView;
    figures_ = new FiguresView;
    claims_ = new ClaimsView;
    tabs_->addTab(tables_, tr("Tables"));
    tabs_->addTab(figures_, tr("Figures"));
    tabs_->addTab(claims_, tr("Claims"));
    tabs_->addTab(makeProtocol(), tr("Protocol"));
    stack_ = new QStackedWidget;
    stack_->addWidget(makeEmpty());
    stack_->addWidget(tabs_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(14, 12, 14, 12);
    column->setSpacing(8);
    column->addWidget(message_);
    column->addWidget(makeHeader());
    column->addWidget(setup_);
    column->addWidget(makeProgress());
    column->addWidget(stack_, 1);

    connect(setup_, &ReportSetup::startWanted, this, &ReportPage::start);
    connect(setup_, &ReportSetup::stopWanted, this, &ReportPage::stop);
    connect(setup_, &ReportSetup::looked, this, &ReportPage::showEmpty);
    connect(setup_, &ReportSetup::edited, this, &ReportPage::edited);
    connect(setup_, &ReportSetup::folderChanged, this, [this] {
        if (!running()) read(setup_->folder(), true);
    });
    connect(&making_, &JobRunner::logged, this, &ReportPage::logged);
    connect(&making_, &JobRunner::progressed, this, [this](const engine::Progress& progress) {
        showProgress(progress);
        Q_EMIT progressed(progress);
    });
    connect(&making_, &JobRunner::failed, this, [this](const JobFailure& failure) {
        stopped_ = true;
        message_->showError(failure);
        Q_EMIT failed(failure);
    });
    connect(&making_, &JobRunner::cancelled, this, [this] {
        stopped_ = true;
        message_->showNote(tr("Stopped. What is finished is kept, and is not done again when it goes on."));
    });
    connect(&making_, &JobRunner::ended, this, [this] {
        stopping_ = false;
        tell();
        Q_EMIT runningChanged(false);
    });
    for (auto* runner : {&reading_, &exporting_}) {
        connect(runner, &JobRunner::failed, this, [this](const JobFailure& failure) {
            message_->showError(failure);
            Q_EMIT failed(failure);
        });
    }
    const auto tellFailure = [this](const JobFailure& failure) { message_->showError(failure); };
    connect(tables_, &TablesView::failed, this, tellFailure);
    connect(figures_, &FiguresView::failed, this, tellFailure);
    connect(claims_, &ClaimsView::failed, this, tellFailure);
    paintColours();
    showReport(nullptr);
    tell();
    followTheme(this, [this] { paintColours(); });
}

ReportPage::~ReportPage() {
    for (auto* runner : {&making_, &reading_, &exporting_}) runner->disconnect(this);
    setup_->disconnect(this);
}

QWidget* ReportPage::makeHeader() {
    auto* box = new QWidget;
    auto* title = new QLabel(tr("The paper's report"));
    title->setFont(headingFont(2));
    synthetic_ = Badge::syntheticWorld();
    synthetic_->hide();
    open_ = new QToolButton;
    open_->setObjectName(QStringLiteral("open_report"));
    open_->setText(tr("Open a report…"));
    open_->setToolTip(tr("Shows a report from its folder; nothing is computed anew"));
    browser_ = new QToolButton;
    browser_->setObjectName(QStringLiteral("open_html"));
    browser_->setText(tr("Open as a web page"));
    browser_->setToolTip(tr("The report as one HTML file, in the browser"));
    export_ = new QToolButton;
    export_->setObjectName(QStringLiteral("export_report"));
    export_->setText(tr("Export"));
    export_->setToolTip(tr("Save the report, or its tables, surfaces and claims"));
    export_->setPopupMode(QToolButton::InstantPopup);
    for (auto* button : {open_, browser_, export_}) button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    auto* menu = new QMenu(export_);
    const std::pair<QString, QString> files[] = {{tr("Tables as CSV…"), QStringLiteral("tables.csv")},
                                                 {tr("Surfaces as CSV…"), QStringLiteral("surfaces.csv")},
                                                 {tr("Claims as CSV…"), QStringLiteral("claims.csv")},
                                                 {tr("All as Markdown…"), QStringLiteral("report.md")},
                                                 {tr("Tables as LaTeX…"), QStringLiteral("report.tex")},
                                                 {tr("All as a web page…"), QStringLiteral("report.html")},
                                                 {tr("All as JSON…"), QStringLiteral("report.json")}};
    for (const auto& [name, file] : files) menu->addAction(name, this, [this, file = file] { exportDialog(file); });
    export_->setMenu(menu);
    facts_ = paragraph(true);
    facts_->setObjectName(QStringLiteral("report_facts"));
    auto* first = new QHBoxLayout;
    first->setSpacing(8);
    first->addWidget(title);
    first->addWidget(synthetic_);
    first->addStretch(1);
    for (auto* button : {open_, browser_, export_}) first->addWidget(button);
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(4);
    column->addLayout(first);
    column->addWidget(facts_);
    connect(open_, &QToolButton::clicked, this, [this] {
        const QString folder =
            QFileDialog::getExistingDirectory(this, tr("Folder of a report"), report_ ? report_->folder : workspace_);
        if (!folder.isEmpty()) openReport(folder);
    });
    connect(browser_, &QToolButton::clicked, this, &ReportPage::openInBrowser);
    return box;
}

QWidget* ReportPage::makeProgress() {
    progress_ = new QWidget;
    what_ = new ElidedLabel;
    what_->setAccessibleName(tr("Product in work"));
    stage_ = new ElidedLabel;
    stage_->setAccessibleName(tr("Stage"));
    stage_->setForegroundRole(QPalette::PlaceholderText);
    all_ = new QProgressBar;
    all_->setAccessibleName(tr("Progress of the report"));
    part_ = new QProgressBar;
    part_->setAccessibleName(tr("Progress of the stage"));
    for (auto* bar : {all_, part_}) {
        bar->setTextVisible(false);
        bar->setFixedHeight(8);
    }
    auto* grid = new QGridLayout(progress_);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(4);
    grid->addWidget(what_, 0, 0);
    grid->addWidget(all_, 0, 1);
    grid->addWidget(stage_, 1, 0);
    grid->addWidget(part_, 1, 1);
    grid->setColumnStretch(0, 1);
    grid->setColumnStretch(1, 1);
    return progress_;
}

QWidget* ReportPage::makeEmpty() {
    auto* box = new QWidget;
    empty_title_ = paragraph();
    empty_title_->setFont(headingFont(1));
    empty_said_ = paragraph();
    empty_said_->setObjectName(QStringLiteral("report_empty"));
    lacking_ = new WrappedText(260);
    lacking_->setAccessibleName(tr("What the workspace cannot feed"));
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(0, 18, 0, 0);
    column->setSpacing(10);
    column->addWidget(empty_title_);
    column->addWidget(empty_said_);
    column->addWidget(lacking_);
    column->addStretch(1);
    return box;
}

QWidget* ReportPage::makeProtocol() {
    auto* box = new QWidget;
    sets_ = new QTableWidget;
    sets_->setObjectName(QStringLiteral("report_sets"));
    sets_->setAccessibleName(tr("Evaluation sets of the report"));
    sets_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    sets_->setSelectionMode(QAbstractItemView::NoSelection);
    sets_->verticalHeader()->hide();
    sets_->setShowGrid(false);
    sets_->setAlternatingRowColors(true);
    sets_->setTabKeyNavigation(false);
    sets_->setColumnCount(5);
    sets_->setHorizontalHeaderLabels(
        {tr("Set"), tr("Items here"), tr("Items in the paper"), tr("Queries"), tr("How it is measured")});
    for (int c = 0; c < sets_->columnCount(); ++c)
        sets_->horizontalHeaderItem(c)->setTextAlignment(protocolAlignment(c));
    sets_->setItemDelegate(new RoomyRows(sets_));
    sets_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    sets_->horizontalHeader()->setSectionResizeMode(4, QHeaderView::Stretch);
    sets_->verticalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    made_ = new WrappedText(150);
    made_->setAccessibleName(tr("How the report was made"));
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(0, 10, 0, 0);
    column->setSpacing(8);
    column->addWidget(sets_, 1);
    column->addWidget(made_);
    return box;
}

void ReportPage::setWorkspace(const QString& folder) {
    if (running() && folder != workspace_) stop();
    message_->clear();
    workspace_ = folder;
    stopped_ = false;
    reading_.drop();
    showReport(nullptr);
    setup_->setWorkspace(folder);
    tell();
    if (!folder.isEmpty()) read(setup_->folder(), true);
}

void ReportPage::setRate(double flops_per_second) {
    setup_->setRate(flops_per_second);
}

void ReportPage::openReport(const QString& folder) {
    message_->clear();
    read(folder, false);
}

void ReportPage::read(const QString& folder, bool quiet) {
    reading_.start<ReportPtr>(
        tr("Reading the report"),
        [folder = folder.toStdString(), quiet](const engine::JobContext&) {
            if (quiet && !std::filesystem::exists(std::filesystem::path(folder) / "report.json")) return ReportPtr();
            return readReport(folder);
        },
        [this](ReportPtr found) { showReport(std::move(found)); });
}

bool ReportPage::busy() const {
    return running() || reading_.running() || exporting_.running() || setup_->looking();
}

void ReportPage::start() {
    if (running() || !setup_->problem().isEmpty()) return;
    message_->clear();
    auto request = setup_->request();
    request.step = [this](std::size_t done, std::size_t all, const std::string& what) {
        mailbox_.post([this, done, all, what = QString::fromStdString(what)] { stepCame(done, all, what); });
    };
    const QString folder = setup_->folder();
    stopping_ = false;
    stopped_ = false;
    step_ = 0;
    slow_seconds_ = 0;
    slow_steps_ = 0;
    whole_clock_.start();
    step_clock_.start();
    what_->setText(tr("Measuring single spaces"));
    stage_->setText({});
    all_->setRange(0, 0);
    part_->setRange(0, 0);
    making_.start<int>(
        tr("The paper's report"),
        [request](const engine::JobContext& job) {
            engine::report(request, job);
            return 0;
        },
        [this, folder, workspace = workspace_](int) {
            if (workspace != workspace_) return;  // another one is open by now
            read(folder, false);
            message_->showNote(tr("The report is written: %1").arg(folder));
        });
    tell();
    Q_EMIT runningChanged(true);
}

void ReportPage::stop() {
    if (!running()) return;
    stopping_ = true;
    making_.stop();
    tell();
}

void ReportPage::stepCame(std::size_t done, std::size_t all, const QString& what) {
    if (!running()) return;
    const double seconds = static_cast<double>(step_clock_.restart()) / 1000;
    if (done > 0 && seconds > kSlowStep) {
        slow_seconds_ += seconds;
        ++slow_steps_;
    }
    QString text = tr("%1 of %2: %3").arg(done + 1).arg(all).arg(what);
    if (slow_steps_ > 1) {
        const double left = slow_seconds_ / static_cast<double>(slow_steps_) * static_cast<double>(all - done);
        text += QStringLiteral(", ") + timeLeftText(left);
    }
    what_->setText(text);
    all_->setRange(0, static_cast<int>(all));
    all_->setValue(static_cast<int>(done));
    all_->setToolTip(tr("Products at each seed"));
    // The report is written after every seed.
    const std::size_t seeds = setup_->outlook() ? static_cast<std::size_t>(setup_->outlook()->plan->seeds.size()) : 1;
    if (done > step_ && seeds > 1 && done % std::max<std::size_t>(all / seeds, 1) == 0) read(setup_->folder(), true);
    step_ = done;
}

void ReportPage::showProgress(const engine::Progress& progress) {
    QString text = QString::fromStdString(progress.stage);
    if (const QString left = timeLeftText(progress.eta_seconds); !left.isEmpty()) text += QStringLiteral(", ") + left;
    stage_->setText(text);
    showShare(*part_, progress);
}

void ReportPage::showReport(ReportPtr report) {
    report_ = std::move(report);
    tables_->setReport(report_);
    figures_->setReport(report_);
    claims_->setReport(report_);
    fillProtocol();
    synthetic_->setVisible(report_ && report_->synthetic);
    for (QToolButton* button : {browser_, export_}) button->setEnabled(report_ != nullptr);
    if (report_) {
        QStringList parts;
        if (QFileInfo(report_->workspace) != QFileInfo(workspace_))
            parts << tr("Of another workspace: %1.").arg(report_->workspace);
        parts << tr("%1 of the %2 figures that the paper prints have a measured one beside them.")
                     .arg(report_->measured())
                     .arg(report_->published());
        if (!report_->claims.empty()) {
            parts << tr("Claims: %1 hold, %2 fail, %3 undecided, %4 not measured.")
                         .arg(report_->count(ClaimVerdict::Holds))
                         .arg(report_->count(ClaimVerdict::Fails))
                         .arg(report_->count(ClaimVerdict::Undecided))
                         .arg(report_->count(ClaimVerdict::NotMeasured));
        }
        parts << (report_->seeds.size() == 1 ? tr("Seed %1.").arg(report_->seeds.first())
                                             : tr("Seeds %1.").arg(report_->seeds.join(QStringLiteral(", "))));
        if (report_->seeds_done < static_cast<std::size_t>(report_->seeds.size()))
            parts << tr("Not finished: %1 of %2 seeds are done.").arg(report_->seeds_done).arg(report_->seeds.size());
        parts << tr("Made %1.").arg(report_->created);
        facts_->setText(parts.join(QLatin1Char(' ')));
        facts_->setToolTip(report_->folder);
    }
    facts_->setVisible(report_ != nullptr);
    stack_->setCurrentWidget(report_ ? static_cast<QWidget*>(tabs_) : stack_->widget(0));
    showEmpty();
    Q_EMIT shown();
}

void ReportPage::showEmpty() {
    if (report_) return;
    QList<WrappedText::Paragraph> lines;
    if (workspace_.isEmpty()) {
        empty_title_->setText(tr("Open a workspace"));
        empty_said_->setText(tr(
            "This page fills the paper's Tables 3 to 9, draws Figures 3 to 6 and tries the claims of its text on the "
            "embeddings of the workspace that is open, each measured figure beside the published one. A report that "
            "was made before can be opened from its folder."));
    } else {
        empty_title_->setText(tr("There is no report of this workspace yet"));
        QString said = tr(
            "It fills the paper's Tables 3 to 9, draws Figures 3 to 6 and tries the claims of its text on this "
            "workspace: each measured figure beside the published one, over several seeds. It runs in the background, "
            "can be stopped at any time, and goes on from there; the page shows it after each seed.");
        if (const auto outlook = setup_->outlook()) {
            for (const auto& table : outlook->plan->tables) {
                ReportData::Table lost = table;
                for (auto& row : lost.rows) {
                    for (auto& f : row.figures) {
                        if (f.pending) f.missing.clear();
                    }
                }
                for (const auto& reason : lost.reasons())
                    lines.push_back(
                        {tr("Table %1 cannot be fed: %2").arg(table.number).arg(reason), colours().muted, false});
            }
            for (const auto& s : outlook->plan->surfaces) {
                if (!s.missing.isEmpty() && !s.pending)
                    lines.push_back(
                        {tr("Figure %1 cannot be drawn: %2").arg(s.number).arg(s.missing), colours().muted, false});
            }
        }
        empty_said_->setText(said);
    }
    lacking_->setParagraphs(lines);
    lacking_->setVisible(!lines.isEmpty());
}

void ReportPage::tell() {
    progress_->setVisible(running());
    setup_->setBusy(running(), stopping_, stopped_);
}

void ReportPage::fillProtocol() {
    sets_->setRowCount(0);
    QList<WrappedText::Paragraph> lines;
    if (report_) {
        for (const auto& set : report_->sets) {
            const int row = sets_->rowCount();
            sets_->insertRow(row);
            const QString name = set.here == set.name ? set.name : tr("%1 (here: %2)").arg(set.name, set.here);
            const QString cells[] = {name, QString::number(set.items), QString::number(set.published_items),
                                     QString::number(set.queries), set.protocol};
            for (int c = 0; c < 5; ++c) {
                auto* item = new QTableWidgetItem(cells[c]);
                item->setToolTip(cells[c]);
                item->setTextAlignment(protocolAlignment(c));
                sets_->setItem(row, c, item);
            }
        }
        for (const auto& warning : report_->warnings) lines.push_back({warning, colours().warning, false});
        if (report_->synthetic)
            lines.push_back({tr("Measured on a synthetic world (preset %1): single spaces are fitted to the published "
                                "figures; products, routes, ablations and surfaces are trained and measured.")
                                 .arg(report_->preset),
                             colours().warning, false});
        lines.push_back({tr("Workspace: %1").arg(report_->workspace), colours().text, false});
        lines.push_back({tr("Folder: %1").arg(report_->folder), colours().text, false});
        lines.push_back({tr("Products: %1").arg(report_->products.join(QStringLiteral(", "))), colours().text, false});
        QString made = tr("Made %1 by molspace %2 on %3").arg(report_->created, report_->version, report_->machine);
        if (!report_->device.isEmpty()) made += tr(", trained on %1").arg(report_->device);
        if (report_->training_seconds > 0)
            made += tr("; its trainings took %1 s in all").arg(std::lround(report_->training_seconds));
        lines.push_back({made, colours().text, false});
    }
    made_->setParagraphs(lines);
}

void ReportPage::openInBrowser() {
    if (!report_) return;
    const QString file = QDir(report_->folder).filePath(QStringLiteral("report.html"));
    if (!QDesktopServices::openUrl(QUrl::fromLocalFile(file)))
        message_->showError(
            {file, tr("no program of this desktop opens web pages"), tr("open the file with a browser")});
}

void ReportPage::exportDialog(const QString& name) {
    const QString ending = QFileInfo(name).suffix();
    QString file =
        QFileDialog::getSaveFileName(this, tr("Export the report"), name, QStringLiteral("%1 (*.%1)").arg(ending));
    if (file.isEmpty()) return;
    if (QFileInfo(file).suffix().isEmpty()) file += QLatin1Char('.') + ending;
    exportTo(name, file);
}

void ReportPage::exportTo(const QString& name, const QString& file) {
    if (!report_) return;
    const std::string from = QDir(report_->folder).filePath(name).toStdString();
    exporting_.start<QString>(
        tr("Exporting"),
        [from, file](const engine::JobContext&) {
            engine::writeFileWhole(file.toStdString(), engine::readFile(from));
            return file;
        },
        [this](QString written) { message_->showNote(tr("Written: %1").arg(written)); });
}

void ReportPage::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    setup_->setActive(true);
}

void ReportPage::hideEvent(QHideEvent* event) {
    QWidget::hideEvent(event);
    setup_->setActive(false);
}

QString ReportPage::message() const {
    return message_->text();
}

QString ReportPage::emptyText() const {
    if (report_) return {};
    return empty_title_->text() + QLatin1Char('\n') + empty_said_->text() + QLatin1Char('\n') + lacking_->toPlainText();
}

engine::Json ReportPage::state() const {
    return setup_->state();
}

void ReportPage::restore(const engine::Json& state) {
    setup_->restore(state);
    if (!workspace_.isEmpty()) read(setup_->folder(), true);
}

void ReportPage::paintColours() {
    open_->setIcon(icon(QStringLiteral("workspace")));
    browser_->setIcon(icon(QStringLiteral("explore")));
    export_->setIcon(icon(QStringLiteral("export")));
    fillProtocol();
    showEmpty();
}

}  // namespace ui
