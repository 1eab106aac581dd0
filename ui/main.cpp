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
#include <cstdio>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/resources.h"
#include "engine/base/version.h"
#include "ui/drive.h"
#include "ui/main_window.h"
#include "ui/screenshots.h"
#include "ui/style/theme.h"

namespace {

// The interface in the locale's language, where share/molspace-translations has studio_<language>.qm, else in English,
// whose file holds the plurals; with Qt's own texts.
void translate(QLocale locale, QTranslator& studio, QTranslator& qt) {
    try {
        const QString folder =
            QString::fromStdString((engine::resourceFolder().parent_path() / "molspace-translations").string());
        if (!studio.load(locale, QStringLiteral("studio"), QStringLiteral("_"), folder)) {
            locale = QLocale(QLocale::English);
            if (!studio.load(locale, QStringLiteral("studio"), QStringLiteral("_"), folder)) return;
        }
    } catch (const engine::Error&) {
        return;
    }
    QCoreApplication::installTranslator(&studio);
    if (qt.load(locale, QStringLiteral("qtbase"), QStringLiteral("_"),
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

    QCommandLineParser parser;
    parser.setApplicationDescription(QStringLiteral("Fuses embedding spaces and tunes them by hand."));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addPositionalArgument(QStringLiteral("path"), QStringLiteral("A workspace, products, or a project."),
                                 QStringLiteral("[path...]"));
    parser.addOptions(
        {{QStringLiteral("demo"), QStringLiteral("Open the demo world; makes it in FOLDER where it is not."),
          QStringLiteral("FOLDER")},
         {QStringLiteral("language"),
          QStringLiteral("Language of the interface, such as en or de_AT, instead of the locale's."),
          QStringLiteral("language")},
         {QStringLiteral("memory-gib"),
          QStringLiteral("Memory of all landscapes of a product when it is opened; 4 by default. Where it is short, "
                         "figures are estimated from samples, which grow up to half of the free memory."),
          QStringLiteral("GiB")},
         {QStringLiteral("theme"), QStringLiteral("light or dark, instead of what is set."), QStringLiteral("theme")},
         {QStringLiteral("screenshot"),
          QStringLiteral("Write a picture of every page in both themes to DIR, then quit."), QStringLiteral("DIR")}});
    QCommandLineOption drive(QStringLiteral("drive"),
                             QStringLiteral("Take orders from standard input; see ui/drive.h."));
    drive.setFlags(QCommandLineOption::HiddenFromHelp);
    parser.addOption(drive);
    parser.process(application);

    if (parser.isSet(QStringLiteral("language")))
        QLocale::setDefault(QLocale(parser.value(QStringLiteral("language"))));
    QTranslator studio, qt;
    translate(QLocale(), studio, qt);

    const bool pictures = parser.isSet(QStringLiteral("screenshot"));
    auto theme = static_cast<ui::ThemeChoice>(QSettings().value(QStringLiteral("theme"), 0).toInt());
    if (parser.value(QStringLiteral("theme")) == QLatin1String("dark")) theme = ui::ThemeChoice::Dark;
    if (parser.value(QStringLiteral("theme")) == QLatin1String("light")) theme = ui::ThemeChoice::Light;
    ui::applyTheme(theme);
    ui::MainWindow window(!pictures);
    if (parser.isSet(QStringLiteral("memory-gib"))) {
        bool number = false;
        const double gib = parser.value(QStringLiteral("memory-gib")).toDouble(&number);
        if (!number || gib <= 0) {
            std::fputs("molspace-studio: --memory-gib: expected a number above 0\n", stderr);
            return 2;
        }
        window.setMemory(gib);
    }
    window.show();
    if (parser.isSet(QStringLiteral("demo"))) window.openDemo(parser.value(QStringLiteral("demo")));
    for (const auto& path : parser.positionalArguments()) window.open(path);
    std::optional<ui::Driver> driver;
    if (parser.isSet(drive)) driver.emplace(window);
    if (pictures) {
        QTimer::singleShot(0, &window, [&] {
            QApplication::exit(ui::takePictures(window, parser.value(QStringLiteral("screenshot"))) ? 0 : 1);
        });
    }
    return QApplication::exec();
}
