// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/export/view_menu.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QMenu>

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

template <class Fill>
void onContextMenu(QWidget* view, Fill fill) {
    view->setContextMenuPolicy(Qt::CustomContextMenu);
    QObject::connect(view, &QWidget::customContextMenuRequested, view, [view, fill](const QPoint& at) {
        QMenu menu(view);
        fill(menu);
        menu.exec(view->mapToGlobal(at));
    });
}

}  // namespace

void addFigureMenu(QWidget* view, FigurePainter painter, std::function<QString()> title, TellFailure tell) {
    onContextMenu(view, [=](QMenu& menu) {
        FigureOptions options;
        options.size = view->size();
        options.title = title();
        menu.addAction(QObject::tr("Copy figure"), view, [=] { guarded(tell, [&] { copyFigure(painter, options); }); });
        menu.addAction(QObject::tr("Save figure…"), view, [=] {
            const QString file =
                fileName(view, options.title, QStringLiteral("svg"), QObject::tr("Figures (*.svg *.pdf *.png)"));
            if (!file.isEmpty()) guarded(tell, [&] { saveFigure(file.toStdString(), painter, options); });
        });
        menu.addAction(QObject::tr("Save figure on white, for a paper…"), view, [=] {
            FigureOptions white = options;
            white.white_background = true;
            const QString file =
                fileName(view, options.title, QStringLiteral("pdf"), QObject::tr("Figures (*.pdf *.svg *.png)"));
            if (!file.isEmpty()) guarded(tell, [&] { saveFigure(file.toStdString(), painter, white); });
        });
    });
}

void addImageMenu(QWidget* view, std::function<QImage(QSize)> picture, std::function<QString()> title,
                  TellFailure tell) {
    onContextMenu(view, [=](QMenu& menu) {
        menu.addAction(QObject::tr("Copy picture"), view,
                       [=] { guarded(tell, [&] { copyImage(picture(view->size() * 2)); }); });
        menu.addAction(QObject::tr("Save picture…"), view, [=] {
            const QString file = fileName(view, title(), QStringLiteral("png"), QObject::tr("Pictures (*.png)"));
            if (!file.isEmpty())
                guarded(tell, [&] { saveImage(file.toStdString(), picture(view->size() * 2), title()); });
        });
    });
}

void addTableMenu(QAbstractItemView* view, std::function<TableNotes()> notes, std::function<QString()> title,
                  TellFailure tell) {
    onContextMenu(view, [=](QMenu& menu) {
        menu.addAction(QObject::tr("Copy table"), view, [=] { guarded(tell, [&] { copyTable(*view->model()); }); });
        menu.addAction(QObject::tr("Save table…"), view, [=] {
            const QString file = fileName(view, title(), QStringLiteral("csv"), QObject::tr("Tables (*.csv)"));
            if (!file.isEmpty()) guarded(tell, [&] { writeCsv(file.toStdString(), *view->model(), notes()); });
        });
    });
}

}  // namespace ui
