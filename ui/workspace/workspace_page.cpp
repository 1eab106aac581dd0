// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/workspace/workspace_page.h"

#include <QEvent>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QScrollArea>
#include <QSplitter>
#include <QTabWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include "engine/session/session.h"
#include "ui/export/view_menu.h"
#include "ui/style/theme.h"
#include "ui/widgets/badge.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/progress_strip.h"
#include "ui/workspace/item_details.h"
#include "ui/workspace/pools_chart.h"
#include "ui/workspace/space_graph.h"
#include "ui/workspace/warning_list.h"
#include "ui/workspace/workspace_tree.h"

namespace ui {
namespace {

using engine::Json;

QScrollArea* scrolled(QWidget* widget) {
    auto* area = new QScrollArea;
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setWidget(widget);
    return area;
}

QString summaryOf(const Json& json) {
    qulonglong rows = 0, bytes = 0;
    const auto count = [&](const Json& table) {
        for (const auto& s : table["spaces"]) bytes += s["bytes"].get<qulonglong>();
    };
    for (const auto& p : json["pools"]) {
        for (const auto& t : p["tables"]) {
            rows += t["rows"].get<qulonglong>();
            count(t);
        }
    }
    for (const auto& s : json["sets"]) {
        count(s["first"]);
        count(s["second"]);
    }
    const auto plural = [](std::size_t n, const QString& one, const QString& many) {
        return (n == 1 ? one : many).arg(QLocale().toString(static_cast<qulonglong>(n)));
    };
    return QStringList{plural(json["spaces"].size(), QObject::tr("%1 space"), QObject::tr("%1 spaces")),
                       plural(json["pools"].size(), QObject::tr("%1 pool"), QObject::tr("%1 pools")) +
                           QObject::tr(" with %1 rows").arg(QLocale().toString(rows)),
                       plural(json["sets"].size(), QObject::tr("%1 evaluation set"), QObject::tr("%1 evaluation sets")),
                       bytesText(bytes)}
        .join(QStringLiteral("  ·  "));
}

}  // namespace

WorkspacePage::WorkspacePage(QWidget* parent) : QWidget(parent) {
    runner_ = new JobRunner(this);
    messages_ = new MessageBar;
    progress_ = new ProgressStrip;
    progress_->follow(*runner_);
    name_ = new QLabel;
    name_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    name_->setTextFormat(Qt::PlainText);
    synthetic_ = Badge::syntheticWorld(this);
    summary_ = new ElidedLabel;
    summary_->setAccessibleName(tr("What is in the workspace"));
    place_ = new ElidedLabel({}, Qt::ElideMiddle);
    place_->setForegroundRole(QPalette::PlaceholderText);
    place_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    warnings_chip_ = new QToolButton;
    warnings_chip_->setAutoRaise(true);
    warnings_chip_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    warnings_chip_->setToolTip(tr("Show the warnings and what can be done about them"));
    import_ = new QPushButton(tr("Import more…"));
    import_->setToolTip(tr("Bring further embeddings into this workspace"));
    again_ = new QPushButton(tr("Check again"));
    again_->setToolTip(tr("Look through the workspace again, after its files were changed"));
    import_->setObjectName(QStringLiteral("import_more"));
    again_->setObjectName(QStringLiteral("check_again"));

    auto* first_line = new QHBoxLayout;
    first_line->setSpacing(10);
    first_line->addWidget(name_);
    first_line->addWidget(synthetic_);
    first_line->addWidget(warnings_chip_);
    first_line->addStretch();
    auto* words = new QVBoxLayout;
    words->setSpacing(3);
    words->addLayout(first_line);
    words->addWidget(summary_);
    words->addWidget(place_);
    auto* head = new QHBoxLayout;
    head->setContentsMargins(16, 12, 16, 12);
    head->setSpacing(10);
    head->addLayout(words, 1);
    head->addWidget(import_, 0, Qt::AlignTop);
    head->addWidget(again_, 0, Qt::AlignTop);

    tree_ = new WorkspaceTree;
    details_ = new ItemDetails;
    graph_ = new SpaceGraph;
    chart_ = new PoolsChart;
    warnings_ = new WarningList;
    tabs_ = new QTabWidget;
    tabs_->setDocumentMode(true);
    tabs_->addTab(graph_, tr("What can react"));
    tabs_->addTab(scrolled(chart_), tr("Sizes"));
    tabs_->addTab(scrolled(warnings_), tr("Warnings"));
    tabs_->setAccessibleName(tr("Reactions, sizes, warnings"));
    auto* right = new QSplitter(Qt::Vertical);
    right->addWidget(details_);
    right->addWidget(tabs_);
    right->setSizes({340, 300});
    right->setChildrenCollapsible(false);
    auto* split = new QSplitter;
    split->addWidget(tree_);
    split->addWidget(right);
    split->setStretchFactor(0, 3);
    split->setStretchFactor(1, 2);
    split->setSizes({680, 460});
    split->setChildrenCollapsible(false);
    body_ = split;

    auto* bars = new QVBoxLayout;
    bars->setContentsMargins(12, 8, 12, 0);
    bars->addWidget(messages_);
    auto* whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->setSpacing(0);
    whole->addLayout(bars);
    whole->addLayout(head);
    whole->addWidget(progress_);
    whole->addWidget(split, 1);

    const auto tell = [this](const JobFailure& failure) { messages_->showError(failure); };
    addTableMenu(
        tree_,
        [this] {
            TableNotes out;
            out.synthetic = inspected_.value("synthetic", false);
            out.lines << folder_;
            return out;
        },
        [this] { return name_->text(); }, tell);
    addFigureMenu(
        graph_, paintedBy(graph_), [this] { return tr("%1 what can react").arg(name_->text()); }, tell);
    addFigureMenu(
        chart_, paintedBy(chart_), [this] { return tr("%1 sizes").arg(name_->text()); }, tell);
    connect(runner_, &JobRunner::logged, this, &WorkspacePage::logged);
    connect(runner_, &JobRunner::failed, this, [this](const JobFailure& failure) {
        messages_->showError(failure);
        Q_EMIT failed(failure);
    });
    connect(runner_, &JobRunner::ended, this, [this] { again_->setEnabled(!folder_.isEmpty()); });
    connect(again_, &QPushButton::clicked, this, [this] { openWorkspace(folder_); });
    connect(import_, &QPushButton::clicked, this, [this] { Q_EMIT importRequested(folder_); });
    connect(tree_, &WorkspaceTree::chosenChanged, this, &WorkspacePage::choose);
    connect(graph_, &SpaceGraph::spaceChosen, this,
            [this](int space) { tree_->choose(QStringLiteral("/spaces/%1").arg(space)); });
    connect(warnings_chip_, &QToolButton::clicked, this, [this] { tabs_->setCurrentIndex(2); });
    closeWorkspace();
}

void WorkspacePage::openWorkspace(const QString& folder) {
    messages_->clear();
    again_->setEnabled(false);
    wanted_ = folder;
    runner_->start<Json>(
        tr("Looking through %1").arg(QFileInfo(folder).fileName()),
        [path = folder.toStdString()](const engine::JobContext& job) { return engine::inspect({path}, job).json; },
        [this, folder](const Json& inspected) {
            // A job that was told to stop may have ended just before.
            if (wanted_ != folder) return;
            showInspected(folder, inspected);
            Q_EMIT opened(folder, inspected);
        });
}

void WorkspacePage::showInspected(const QString& folder, const Json& inspected) {
    folder_ = folder;
    inspected_ = inspected;
    name_->setText(QFileInfo(folder).fileName());
    synthetic_->setVisible(inspected["synthetic"].get<bool>());
    summary_->setText(summaryOf(inspected));
    place_->setText(folder);
    QStringList warnings;
    for (const auto& w : inspected["warnings"]) warnings << QString::fromStdString(w.get<std::string>());
    warnings_->show(warnings);
    warnings_chip_->setVisible(!warnings.isEmpty());
    warnings_chip_->setText(warnings.size() == 1 ? tr("1 warning") : tr("%1 warnings").arg(warnings.size()));
    tabs_->setTabText(2, warnings.isEmpty() ? tr("Warnings") : tr("Warnings (%1)").arg(warnings.size()));
    graph_->show(inspected);
    chart_->show(inspected);
    body_->setVisible(true);
    import_->setEnabled(true);
    again_->setEnabled(!runner_->running());
    tree_->show(inspected);
    refresh();
}

void WorkspacePage::closeWorkspace() {
    runner_->stop();
    wanted_.clear();
    folder_.clear();
    inspected_ = Json::object();
    name_->setText(tr("No workspace is open"));
    synthetic_->hide();
    warnings_chip_->hide();
    summary_->clear();
    place_->clear();
    body_->setVisible(false);
    import_->setEnabled(false);
    again_->setEnabled(false);
    refresh();
}

void WorkspacePage::choose(const QString& pointer) {
    details_->show(folder_, inspected_, pointer);
    const QString spaces = QStringLiteral("/spaces/");
    graph_->choose(pointer.startsWith(spaces) ? pointer.mid(spaces.size()).toInt() : -1);
}

QString WorkspacePage::summary() const {
    return summary_->text();
}

QString WorkspacePage::warningsText() const {
    return warnings_->text();
}

void WorkspacePage::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) refresh();
}

void WorkspacePage::refresh() {
    name_->setFont(headingFont(2));
    warnings_chip_->setIcon(icon(QStringLiteral("warning")));
    import_->setIcon(icon(QStringLiteral("add")));
    again_->setIcon(icon(QStringLiteral("reset")));
}

}  // namespace ui
