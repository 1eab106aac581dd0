// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/export/view_menu.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QMenu>
#include <QPainter>

#include "engine/base/error.h"

namespace ui {
namespace {

QString fileName(QWidget* parent, const QString& title, const QString& ending, const QString& filter) {
    QString name = title;
    for (const QChar bad : QStringLiteral("/\\:*?\"<>| ")) name.replace(bad, QLatin1Char('_'));
    QString file = QFileDialog::getSaveFileName(parent, QObject::tr("Save"), name + QLatin1Char('.') + ending, filter);
    if (!file.isEmpty() && QFileInfo(file).suffix().isEmpty()) file += QLatin1Char('.') + ending;
    return file;
}

template <class Call>
void guarded(const TellFailure& tell, Call call) {
    try {
        call();
    } catch (...) {
        if (const auto failure = currentFailure()) tell(*failure);
    }
}

// Encoding a large picture takes a while, and so may the disk.
void runBehind(QWidget* view, const TellFailure& tell, const std::function<void()>& work) {
    auto* runner = new JobRunner(view);
    QObject::connect(runner, &JobRunner::failed, view, tell);
    QObject::connect(runner, &JobRunner::ended, runner, &QObject::deleteLater);
    runner->start<int>(QObject::tr("Save"),
                       [work](const engine::JobContext&) {
                           work();
                           return 0;
                       },
                       {});
}

template <class Fill>
void onContextMenu(QWidget* view, Fill fill) {
    view->setContextMenuPolicy(Qt::CustomContextMenu);
    QObject::connect(view, &QWidget::customContextMenuRequested, view, [view, fill](const QPoint& at) {
        QMenu menu(view);
        fill(menu, at);
        menu.exec(view->mapToGlobal(at));
    });
}

}  // namespace

void addFigureMenu(QWidget* view, FigurePainter painter, std::function<QString()> title, TellFailure tell) {
    onContextMenu(view, [=](QMenu& menu, const QPoint&) {
        FigureOptions options;
        options.size = view->size();
        options.title = title();
        menu.addAction(QObject::tr("Copy figure"), view, [=] { guarded(tell, [&] { copyFigure(painter, options); }); });
        menu.addAction(QObject::tr("Save figure…"), view, [=] {
            const QString file =
                fileName(view, options.title, QStringLiteral("svg"), QObject::tr("Figures (*.svg *.pdf *.png)"));
            if (!file.isEmpty())
                guarded(tell, [&] { runBehind(view, tell, paintFigure(file.toStdString(), painter, options)); });
        });
        menu.addAction(QObject::tr("Save figure on white, for a paper…"), view, [=] {
            FigureOptions white = options;
            white.white_background = true;
            const QString file =
                fileName(view, options.title, QStringLiteral("pdf"), QObject::tr("Figures (*.pdf *.svg *.png)"));
            if (!file.isEmpty())
                guarded(tell, [&] { runBehind(view, tell, paintFigure(file.toStdString(), painter, white)); });
        });
    });
}

FigurePainter paintedBy(QWidget* widget) {
    return [widget](QPainter& painter, const QRectF& room) {
        painter.translate(room.topLeft());
        widget->render(&painter, {}, {}, QWidget::DrawChildren);
    };
}

void addImageMenu(QWidget* view, std::function<QImage(QSize)> picture, std::function<QString()> title,
                  TellFailure tell) {
    onContextMenu(view, [=](QMenu& menu, const QPoint&) {
        menu.addAction(QObject::tr("Copy picture"), view,
                       [=] { guarded(tell, [&] { copyImage(picture(view->size() * 2)); }); });
        menu.addAction(QObject::tr("Save picture…"), view, [=] {
            const QString file = fileName(view, title(), QStringLiteral("png"), QObject::tr("Pictures (*.png)"));
            if (file.isEmpty()) return;
            runBehind(view, tell, [path = file.toStdString(), image = picture(view->size() * 2), name = title()] {
                saveImage(path, image, name);
            });
        });
    });
}

void addTableMenu(QAbstractItemView* view, std::function<TableNotes()> notes, std::function<QString()> title,
                  TellFailure tell, std::function<void(QMenu&, const QModelIndex&)> more) {
    onContextMenu(view, [=](QMenu& menu, const QPoint& at) {
        if (more) {
            const QModelIndex under = view->indexAt(at);
            more(menu, under.isValid() ? under : view->currentIndex());
            if (!menu.isEmpty()) menu.addSeparator();
        }
        menu.addAction(QObject::tr("Copy table"), view, [=] { guarded(tell, [&] { copyTable(*view->model()); }); });
        menu.addAction(QObject::tr("Save table…"), view, [=] {
            const QString file = fileName(view, title(), QStringLiteral("csv"), QObject::tr("Tables (*.csv)"));
            if (!file.isEmpty()) guarded(tell, [&] { writeCsv(file.toStdString(), *view->model(), notes()); });
        });
    });
}

}  // namespace ui
