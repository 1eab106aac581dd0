// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>

#include "engine/base/version.h"
#include "ui/main_window.h"

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("Molecule-Space Studio"));
    QApplication::setApplicationVersion(QString::fromStdString(engine::programVersion()));
    ui::MainWindow window;
    const QStringList arguments = QApplication::arguments();
    if (arguments.size() > 1) window.open(arguments.at(1));
    window.show();
    return QApplication::exec();
}
