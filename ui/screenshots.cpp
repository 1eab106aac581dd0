// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/screenshots.h"

#include <QCoreApplication>
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
        QVector<Compared> items;
        for (const auto& [name, setting] : window.session().product()->presets())
            items.push_back({window.session().product(), setting, QString::fromStdString(name), {}});
        window.compare().setItems(items);
    }
    bool good = true;
    const auto picture = [&](const QString& name) {
        window.raise();
        wait(700);
        const auto shot = window.screen()->grabWindow(0, window.x(), window.y(), window.width(), window.height());
        const QString file = QDir(folder).filePath(name + QStringLiteral(".png"));
        if (!shot.save(file)) {
            std::fprintf(stderr, "pictures: cannot write %s\n", qPrintable(file));
            good = false;
        }
    };
    for (const auto& [theme, theme_name] :
         {std::pair{ThemeChoice::Light, "light"}, std::pair{ThemeChoice::Dark, "dark"}}) {
        applyTheme(theme);
        for (const auto& [page, name] : pages) {
            window.showPage(page);
            wait(300);
            waitUntil([&] { return !window.busy(); });
            picture(QStringLiteral("%1-%2").arg(QLatin1String(theme_name), QLatin1String(name)));
            if (page == MainWindow::Page::Report && window.report().report()) {
                auto& tabs = window.report().tabs();
                for (int tab = 1; tab < tabs.count(); ++tab) {
                    tabs.setCurrentIndex(tab);
                    picture(QStringLiteral("%1-report-%2").arg(QLatin1String(theme_name)).arg(tab));
                }
                tabs.setCurrentIndex(0);
            }
            if (page != MainWindow::Page::Tune || !has_product) continue;
            for (const auto& group : window.tune().surfaces().groups()) {
                window.tune().surfaces().chooseGroup(group);
                waitUntil([&] { return window.session().settled(); });
                picture(QStringLiteral("%1-tune-%2").arg(QLatin1String(theme_name), group));
            }
            auto* side = window.tune().findChild<QTabWidget*>(QStringLiteral("tune_side"));
            side->setCurrentWidget(&window.tune().routing());
            waitUntil([&] { return !window.tune().routing().working(); });
            picture(QStringLiteral("%1-tune-router").arg(QLatin1String(theme_name)));
            side->setCurrentIndex(0);
        }
    }
    return good;
}

}  // namespace ui
