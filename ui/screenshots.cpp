// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/screenshots.h"

#include <QAction>
#include <QCoreApplication>
#include <QDialog>
#include <QDir>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QScreen>
#include <QTabWidget>
#include <QTimer>

#include <cstdio>
#include <functional>

#include "ui/main_window.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

constexpr int kMostWaitMs = 120000, kMostTrainingMs = 900000;

void wait(int ms) {
    QEventLoop loop;
    QTimer::singleShot(ms, &loop, &QEventLoop::quit);
    loop.exec();
}

bool waitUntil(const std::function<bool()>& done, int most_ms = kMostWaitMs) {
    QElapsedTimer clock;
    clock.start();
    while (!done()) {
        if (clock.elapsed() > most_ms) return false;
        wait(50);
    }
    return true;
}

}  // namespace

bool takePictures(MainWindow& window, const QString& folder) {
    // Views in 3D are drawn by OpenGL, so what is taken is the screen.
    if (!window.screen()->geometry().contains(window.geometry())) {
        const QSize there = window.screen()->geometry().size();
        std::fprintf(stderr,
                     "pictures: the window of %d × %d does not fit the screen of %d × %d: take a larger (virtual) "
                     "screen or a smaller QT_SCALE_FACTOR\n",
                     window.width(), window.height(), there.width(), there.height());
        return false;
    }
    QDir().mkpath(folder);
    waitUntil([&] { return !window.busy(); }, kMostTrainingMs);  // the demo may have to be made
    const bool has_product = !window.project().product().isEmpty();
    if (!waitUntil([&] { return !has_product || (window.session().surface() && window.session().settled()); })) {
        std::fprintf(stderr, "pictures: nothing to show within two minutes\n");
        return false;
    }
    const std::pair<MainWindow::Page, const char*> pages[] = {
        {MainWindow::Page::Start, "start"},         {MainWindow::Page::Workspace, "workspace"},
        {MainWindow::Page::Reactions, "reactions"}, {MainWindow::Page::Tune, "tune"},
        {MainWindow::Page::Compare, "compare"},     {MainWindow::Page::Explore, "explore"},
        {MainWindow::Page::Report, "report"},       {MainWindow::Page::Help, "help"}};
    // Something to compare: the named settings of the product.
    if (has_product) {
        Comparison comparison;
        for (const auto& [name, setting] : window.session().product()->presets())
            comparison.columns.push_back({window.project().product(), {}, setting, QString::fromStdString(name)});
        window.project().setCompared(comparison, {});
    }
    bool good = true;
    const auto pictureOf = [&](QWidget& seen, const QString& name) {
        seen.raise();
        wait(700);
        const auto shot = window.screen()->grabWindow(0, seen.x(), seen.y(), seen.width(), seen.height());
        const QString file = QDir(folder).filePath(name + QStringLiteral(".png"));
        if (!shot.save(file)) {
            std::fprintf(stderr, "pictures: cannot write %s\n", qPrintable(file));
            good = false;
        }
    };
    const auto picture = [&](const QString& name) { pictureOf(window, name); };
    // A dialog that a menu's entry opens.
    const auto dialog = [&](const char* action, const QString& name) {
        window.findChild<QAction*>(QLatin1String(action))->trigger();
        wait(300);
        for (auto* one : window.findChildren<QDialog*>()) {
            if (!one->isVisible()) continue;
            one->move(window.pos());
            pictureOf(*one, name);
            one->close();
        }
    };
    for (const auto& [theme, theme_name] :
         {std::pair{ThemeChoice::Light, "light"}, std::pair{ThemeChoice::Dark, "dark"}}) {
        applyTheme(theme);
        for (const auto& [page, name] : pages) {
            window.showPage(page);
            wait(300);
            waitUntil([&] { return !window.busy(); });
            const QString of = QStringLiteral("%1-%2").arg(QLatin1String(theme_name), QLatin1String(name));
            picture(of);
            if (page == MainWindow::Page::Workspace) dialog("import_files", of + QStringLiteral("-import"));
            if (page == MainWindow::Page::Report && window.report().report()) {
                auto& tabs = window.report().tabs();
                for (int tab = 1; tab < tabs.count(); ++tab) {
                    tabs.setCurrentIndex(tab);
                    picture(QStringLiteral("%1-%2").arg(of).arg(tab));
                }
                tabs.setCurrentIndex(0);
            }
            if (page == MainWindow::Page::Compare && has_product) {
                for (const auto& [tab, tab_name] : {std::pair{ComparePage::Tab::Surfaces, "surfaces"},
                                                    {ComparePage::Tab::Queries, "queries"},
                                                    {ComparePage::Tab::Figures, ""}}) {
                    window.compare().showTab(tab);
                    waitUntil([&] { return window.compare().settled(); });
                    if (*tab_name) picture(of + QLatin1Char('-') + QLatin1String(tab_name));
                }
            }
            if (page != MainWindow::Page::Tune || !has_product) continue;
            auto* side = window.tune().findChild<QTabWidget*>(QStringLiteral("tune_side"));
            for (int tab = 1; tab <= side->count(); ++tab) {
                side->setCurrentIndex(tab % side->count());
                waitUntil([&] { return !window.tune().routing().working(); });
                if (tab < side->count()) picture(QStringLiteral("%1-side-%2").arg(of).arg(tab));
            }
            dialog("export_files", of + QStringLiteral("-export"));
            const QString found = window.tune().surfaces().group();
            for (const auto& group : window.tune().surfaces().groups()) {
                window.tune().surfaces().chooseGroup(group);
                waitUntil([&] { return window.session().settled(); });
                picture(QStringLiteral("%1-tune-%2").arg(QLatin1String(theme_name), group));
            }
            // As it was found, for the other theme.
            window.tune().surfaces().chooseGroup(found);
            waitUntil([&] { return window.session().settled(); });
        }
    }
    return good;
}

}  // namespace ui
