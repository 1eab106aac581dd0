// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/workspace/start_page.h"

#include <QDragEnterEvent>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QMimeData>
#include <QPainter>
#include <QScrollArea>
#include <QVBoxLayout>

#include "ui/bridge/job_runner.h"
#include "ui/style/theme.h"
#include "ui/workspace/start_card.h"

namespace ui {
namespace {

constexpr int kColumn = 900;

QStringList localPaths(const QMimeData* data) {
    QStringList out;
    for (const auto& url : data->urls()) {
        if (url.isLocalFile()) out << url.toLocalFile();
    }
    return out;
}

}  // namespace

StartPage::StartPage(QWidget* parent) : QWidget(parent) {
    setAcceptDrops(true);
    auto* content = new QWidget;
    // As text, for a label's own font is lost when the theme's style sheet is put on.
    title_ = new QLabel(
        QStringLiteral("<span style='font-size:19pt; font-weight:600'>%1</span>").arg(tr("Molecule-Space Studio")));
    sentence_ =
        new QLabel(tr("Fuse the embedding spaces of several models without paired data, and set by hand how much "
                      "of each expert the result has."));
    sentence_->setWordWrap(true);
    sentence_->setForegroundRole(QPalette::PlaceholderText);
    recent_title_ = new QLabel(tr("Recent"));
    drop_hint_ = new QLabel(tr("Or drop a workspace, a project or files of embeddings anywhere on this page."));
    drop_hint_->setWordWrap(true);
    drop_hint_->setForegroundRole(QPalette::PlaceholderText);

    auto* words = new QVBoxLayout;
    words->setSpacing(6);
    words->addStretch();
    words->addWidget(title_);
    words->addWidget(sentence_);
    words->addStretch();
    auto* head = new QHBoxLayout;
    head->setSpacing(24);
    head->addWidget(new Emblem);
    head->addLayout(words, 1);

    auto* demo = new StartCard(QStringLiteral("play"), tr("Open demo world"),
                               tr("A small synthetic world with trained products: everything can be tried at once."));
    demo->setPrimary(true);
    auto* import = new StartCard(QStringLiteral("add"), tr("Import embeddings…"),
                                 tr("Bring in .npy, .npz, safetensors, HDF5 or clip-retrieval folders."));
    auto* open = new StartCard(QStringLiteral("workspace"), tr("Open project or workspace…"),
                               tr("Go on where you stopped, or look at another workspace."));
    connect(demo, &StartCard::clicked, this, &StartPage::demoRequested);
    connect(import, &StartCard::clicked, this, &StartPage::importRequested);
    connect(open, &StartCard::clicked, this, &StartPage::openRequested);
    demo->setObjectName(QStringLiteral("demo"));
    import->setObjectName(QStringLiteral("import"));
    open->setObjectName(QStringLiteral("open"));
    auto* cards = new QHBoxLayout;
    cards->setSpacing(16);
    for (auto* card : {demo, import, open}) cards->addWidget(card);

    recent_rows_ = new QVBoxLayout;
    recent_rows_->setSpacing(2);
    auto* column = new QVBoxLayout;
    column->setSpacing(0);
    column->addStretch(2);
    column->addLayout(head);
    column->addSpacing(28);
    column->addLayout(cards);
    column->addSpacing(14);
    column->addWidget(drop_hint_);
    column->addSpacing(26);
    column->addWidget(recent_title_);
    column->addSpacing(6);
    column->addLayout(recent_rows_);
    column->addStretch(3);
    auto* inner = new QWidget;
    inner->setMaximumWidth(kColumn);
    inner->setLayout(column);
    auto* row = new QHBoxLayout(content);
    row->setContentsMargins(32, 24, 32, 24);
    row->addStretch(1);
    row->addWidget(inner, 1000);
    row->addStretch(1);

    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidget(content);
    scroll->setFocusPolicy(Qt::NoFocus);
    auto* whole = new QVBoxLayout(this);
    whole->setContentsMargins(4, 4, 4, 4);
    whole->addWidget(scroll);

    runner_ = new JobRunner(this);
    fillRecent();
    refresh();
    setFocusProxy(demo);
}

void StartPage::setRecent(const QStringList& paths) {
    recent_ = paths;
    missing_.clear();
    fillRecent();
    if (paths.isEmpty()) return;
    runner_->start<QStringList>(
        tr("Looking for recent files"),
        [paths](const engine::JobContext& job) {
            QStringList missing;
            for (const auto& path : paths) {
                job.checkStop();
                if (!QFileInfo::exists(path)) missing << path;
            }
            return missing;
        },
        [this](const QStringList& missing) {
            missing_ = missing;
            for (auto* row : findChildren<RecentRow*>()) row->setMissing(missing.contains(row->path()));
        });
}

void StartPage::fillRecent() {
    while (auto* item = recent_rows_->takeAt(0)) {
        item->widget()->hide();
        item->widget()->deleteLater();
        delete item;
    }
    recent_title_->setVisible(!recent_.isEmpty());
    for (const auto& path : recent_) {
        auto* row = new RecentRow(path);
        row->setMissing(missing_.contains(path));
        connect(row, &RecentRow::clicked, this, [this, path] { Q_EMIT recentChosen(path); });
        connect(row, &RecentRow::removeRequested, this, &StartPage::removeRecent, Qt::QueuedConnection);
        recent_rows_->addWidget(row);
    }
}

void StartPage::removeRecent(const QString& path) {
    const auto at = static_cast<int>(recent_.indexOf(path));
    if (at < 0) return;
    recent_.removeAt(at);
    fillRecent();
    // Several can be taken off with the key alone.
    if (!recent_.isEmpty())
        recent_rows_->itemAt(std::min(at, static_cast<int>(recent_.size()) - 1))->widget()->setFocus();
    Q_EMIT recentRemoved(path);
}

void StartPage::dragEnterEvent(QDragEnterEvent* event) {
    if (localPaths(event->mimeData()).isEmpty()) return;
    event->acceptProposedAction();
    drag_over_ = true;
    update();
}

void StartPage::dragLeaveEvent(QDragLeaveEvent*) {
    drag_over_ = false;
    update();
}

void StartPage::dropEvent(QDropEvent* event) {
    drag_over_ = false;
    update();
    const QStringList paths = localPaths(event->mimeData());
    if (paths.isEmpty()) return;
    event->acceptProposedAction();
    Q_EMIT dropped(paths);
}

void StartPage::paintEvent(QPaintEvent* event) {
    QWidget::paintEvent(event);
    if (!drag_over_) return;
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    p.setPen(QPen(colours().accent, 2, Qt::DashLine));
    p.drawRoundedRect(QRectF(rect()).adjusted(2, 2, -2, -2), 10, 10);
}

void StartPage::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) refresh();
}

void StartPage::refresh() {
    recent_title_->setFont(headingFont(1));
    QFont sentence = font();
    sentence.setPointSizeF(sentence.pointSizeF() * 1.1);
    sentence_->setFont(sentence);
    update();
}

}  // namespace ui
