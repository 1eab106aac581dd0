// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QCommandLineParser>
#include <QLibraryInfo>
#include <QLocale>
#include <QSettings>
#include <QTimer>
#include <QTranslator>

#include <clocale>

#include "engine/base/error.h"
#include "engine/base/resources.h"
#include "engine/base/version.h"
#include "ui/main_window.h"
#include "ui/screenshots.h"
#include "ui/style/theme.h"

namespace {

// The interface in the user's language, where <resources>/translations has studio_<language>.qm; with Qt's own texts.
void translate(QTranslator& studio, QTranslator& qt) {
    try {
        const auto folder = QString::fromStdString((engine::resourceFolder() / "translations").string());
        if (!studio.load(QLocale(), QStringLiteral("studio"), QStringLiteral("_"), folder)) return;
    } catch (const engine::Error&) {
        return;
    }
    QCoreApplication::installTranslator(&studio);
    if (qt.load(QLocale(), QStringLiteral("qtbase"), QStringLiteral("_"),
                QLibraryInfo::path(QLibraryInfo::TranslationsPath)))
        QCoreApplication::installTranslator(&qt);
}

}  // namespace

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    // Qt takes the user's locale for C's functions too; files and command lines have a point in their numbers anywhere.
    std::setlocale(LC_NUMERIC, "C");
    QApplication::setOrganizationName(QStringLiteral("molspace"));
    QApplication::setApplicationName(QStringLiteral("molspace-studio"));
    QApplication::setApplicationDisplayName(QStringLiteral("Molecule-Space Studio"));
    QApplication::setApplicationVersion(QString::fromStdString(engine::programVersion()));
    QApplication::setDesktopFileName(QStringLiteral("molspace-studio"));

    QTranslator studio, qt;
    translate(studio, qt);

    QCommandLineParser parser;
    parser.setApplicationDescription(QStringLiteral("Fuses embedding spaces and tunes them by hand."));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addPositionalArgument(QStringLiteral("path"), QStringLiteral("A workspace, products, or a project."),
                                 QStringLiteral("[path...]"));
    parser.addOptions(
        {{QStringLiteral("demo"), QStringLiteral("Open the demo world; makes it in FOLDER where it is not."),
          QStringLiteral("FOLDER")},
         {QStringLiteral("theme"), QStringLiteral("light or dark, instead of what is set."), QStringLiteral("theme")},
         {QStringLiteral("screenshot"),
          QStringLiteral("Write a picture of every page in both themes to DIR, then quit."), QStringLiteral("DIR")}});
    parser.process(application);

    const bool pictures = parser.isSet(QStringLiteral("screenshot"));
    auto theme = static_cast<ui::ThemeChoice>(QSettings().value(QStringLiteral("theme"), 0).toInt());
    if (parser.value(QStringLiteral("theme")) == QLatin1String("dark")) theme = ui::ThemeChoice::Dark;
    if (parser.value(QStringLiteral("theme")) == QLatin1String("light")) theme = ui::ThemeChoice::Light;
    ui::applyTheme(theme);
    ui::MainWindow window(!pictures);
    window.show();
    if (parser.isSet(QStringLiteral("demo"))) window.openDemo(parser.value(QStringLiteral("demo")));
    for (const auto& path : parser.positionalArguments()) window.open(path);
    if (pictures) {
        QTimer::singleShot(0, &window, [&] {
            QApplication::exit(ui::takePictures(window, parser.value(QStringLiteral("screenshot"))) ? 0 : 1);
        });
    }
    return QApplication::exec();
}
