// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/main_window.h"

#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QMenuBar>
#include <QMimeData>
#include <QSplitter>
#include <QStatusBar>
#include <QVBoxLayout>
#include <QtConcurrent>

#include "engine/base/error.h"
#include "engine/session/session.h"

namespace ui {

MainWindow::MainWindow()
    : pages_(new QStackedWidget),
      tree_(new WorkspaceTree),
      chart_(new PoolsChart),
      message_(new QLabel),
      title_(new QLabel) {
    setWindowTitle(tr("Molecule-Space Studio"));
    resize(1100, 700);
    setAcceptDrops(true);

    auto* file = menuBar()->addMenu(tr("&File"));
    file->addAction(tr("&Open workspace…"), QKeySequence::Open, this, [this] {
        const QString folder = QFileDialog::getExistingDirectory(this, tr("Open workspace"));
        if (!folder.isEmpty()) open(folder);
    });
    file->addAction(tr("Open &sweep…"), this, [this] {
        const QString path = QFileDialog::getOpenFileName(this, tr("Open sweep"), {}, tr("Sweeps (*.json)"));
        if (!path.isEmpty()) open(path);
    });
    file->addSeparator();
    file->addAction(tr("&Quit"), QKeySequence::Quit, this, &QWidget::close);

    auto* welcome = new QLabel(
        tr("<h2>Molecule-Space Studio</h2><p>Open a workspace: File › Open workspace, or drop its folder here.</p>"
           "<p>No workspace yet? <code>molspace synth world --preset small</code> makes one.</p>"));
    welcome->setAlignment(Qt::AlignCenter);
    auto* split = new QSplitter;
    split->addWidget(tree_);
    split->addWidget(chart_);
    split->setSizes({620, 480});
    auto* page = new QWidget;
    auto* layout = new QVBoxLayout(page);
    QFont font = title_->font();
    font.setPointSizeF(font.pointSizeF() * 1.25);
    title_->setFont(font);
    title_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    layout->addWidget(title_);
    layout->addWidget(split, 1);
    pages_->addWidget(welcome);
    pages_->addWidget(page);
    setCentralWidget(pages_);
    statusBar()->addWidget(message_, 1);
    message_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    connect(&watcher_, &QFutureWatcher<Result>::finished, this, &MainWindow::finished);
}

MainWindow::~MainWindow() {
    stop_.request_stop();
    watcher_.waitForFinished();
}

void MainWindow::open(const QString& path) {
    if (QFileInfo(path).isFile() && path.endsWith(QStringLiteral(".json"))) {
        try {
            if (!surface_) {
                surface_ = new SurfaceView;
                pages_->addWidget(surface_);
            }
            surface_->open(path);
            pages_->setCurrentWidget(surface_);
            say(path);
        } catch (const engine::Error& error) {
            say(QString::fromStdString(error.what()), true);
        }
        return;
    }
    if (watcher_.isRunning()) {  // the last one asked for wins
        stop_.request_stop();
        watcher_.waitForFinished();
    }
    path_ = path;
    stop_ = {};
    say(tr("reading %1 …").arg(path));
    watcher_.setFuture(QtConcurrent::run([folder = path.toStdString(), token = stop_.get_token()] {
        Result result;
        try {
            result.inspected = engine::inspect({folder}, engine::JobContext(token)).json;
        } catch (const std::exception& error) {
            result.error = QString::fromStdString(error.what());
        }
        return result;
    }));
}

void MainWindow::finished() {
    const Result result = watcher_.result();
    if (!result.error.isEmpty()) {
        say(result.error, true);
        return;
    }
    tree_->show(result.inspected);
    chart_->show(result.inspected);
    const bool synthetic = result.inspected.value("synthetic", false);
    title_->setText(QFileInfo(path_).fileName() + (synthetic ? tr("  —  synthetic world") : QString()));
    setWindowTitle(tr("%1 — Molecule-Space Studio").arg(QFileInfo(path_).fileName()));
    pages_->setCurrentIndex(1);
    const auto warnings = result.inspected["warnings"].size();
    say(warnings == 0
            ? path_
            : tr("%1: %n warning(s), see the end of the tree", nullptr, static_cast<int>(warnings)).arg(path_));
}

void MainWindow::say(const QString& text, bool error) {
    message_->setText(text);
    message_->setToolTip(text);
    QPalette colours = palette();
    if (error)
        colours.setColor(QPalette::WindowText, palette().color(QPalette::Window).lightness() < 128
                                                   ? QColor(0xff, 0x8a, 0x80)
                                                   : QColor(0xb0, 0x1c, 0x1c));
    message_->setPalette(colours);
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    if (event->mimeData()->hasUrls()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
    const auto urls = event->mimeData()->urls();
    if (!urls.isEmpty() && urls.first().isLocalFile()) open(urls.first().toLocalFile());
}

}  // namespace ui
