// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The real window with the demo of the tiny world open, and what a person does in it: pages, menus, command lines in a
// shell. Base of the tests of the whole window.
#pragma once

#include <QAction>
#include <QApplication>
#include <QFile>
#include <QMessageBox>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>
#include <QToolBar>

#include <cmath>
#include <functional>
#include <memory>

#include "engine/session/session.h"
#include "tests/ui/picture.h"
#include "ui/main_window.h"
#include "ui/style/theme.h"

namespace ui::test {

class StudioWindow : public QObject {
protected:
    // The window, then the demo. Fails the test where it does not come.
    void openWindow() {
        QVERIFY(folder_.isValid());
        applyTheme(ThemeChoice::Light);
        window_ = std::make_unique<MainWindow>(false);
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
        QCOMPARE(window_->page(), MainWindow::Page::Start);
    }

    void openDemo() {
        window_->openDemo(path("demo"), QStringLiteral("tiny"));
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().product(), 120000);
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().surface() && window_->session().surface()->complete(), 60000);
        QTRY_VERIFY_WITH_TIMEOUT(!window_->busy(), 120000);
    }

    QString path(const char* name) const { return folder_.filePath(QString::fromLatin1(name)); }

    // As a click on the rail.
    void goTo(MainWindow::Page page) {
        auto* rail = window_->findChild<QToolBar*>("rail");
        auto* action = window_->findChild<QAction*>(QStringLiteral("page_%1").arg(static_cast<int>(page)));
        QTest::mouseClick(rail->widgetForAction(action), Qt::LeftButton);
        QCOMPARE(window_->page(), page);
    }

    QAction* action(const char* text) { return action(*window_, text); }
    static QAction* action(const MainWindow& window, const char* text) {
        for (auto* action : window.findChildren<QAction*>()) {
            if (action->text().remove(QLatin1Char('&')) == QString::fromUtf8(text)) return action;
        }
        qFatal("there is no action %s", text);
    }

    // Answers what is asked while `call` runs, "Ok" where that is no answer; tells what was asked.
    static QString asked(QMessageBox::StandardButton answer, const std::function<void()>& call) {
        QString text;
        QTimer look;
        connect(&look, &QTimer::timeout, &look, [&] {
            auto* box = qobject_cast<QMessageBox*>(QApplication::activeModalWidget());
            if (!box) return;
            text += box->text();
            auto* button = box->button(answer);
            (button ? button : box->button(QMessageBox::Ok))->click();
        });
        look.start(10);
        call();
        return text;
    }

    // What the bars of the window and of the page say.
    QString windowMessages() {
        QString out = window_->message().text();
        for (auto* bar : window_->tune().findChildren<MessageBar*>()) out += bar->text();
        return out;
    }

    static QByteArray bytesOf(const QString& name) {
        QFile file(name);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("cannot be read");
    }

    // A command line in a shell, as a person would paste it.
    static void run(const QString& line) {
        QProcess shell;
        auto environment = QProcessEnvironment::systemEnvironment();
        environment.insert("PATH", QCoreApplication::applicationDirPath() + "/../bin:" + environment.value("PATH"));
        shell.setProcessEnvironment(environment);
        shell.start("/bin/sh", {"-c", line});
        QVERIFY(shell.waitForFinished(120000));
        QVERIFY2(shell.exitCode() == 0, shell.readAllStandardError().constData());
    }

    void settle() {
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().settled(), 60000);
        QTest::qWait(30);
    }

    // Every figure in the table, at the setting in force, is what `molspace evaluate --reference` prints.
    engine::Json evaluated() {
        const auto live = window_->session().product();
        engine::EvaluateRequest request;
        request.subject.product = live->folder();
        const auto setting = window_->project().setting();
        for (const auto& [name, value] : setting.factors)
            request.subject.set.push_back(name + "=" + QString::number(value, 'g', 17).toStdString());
        for (const auto& [name, value] : setting.expert_weights)
            request.subject.set.push_back(name + "=" + QString::number(value, 'g', 17).toStdString());
        for (const auto& [name, on] : setting.projectors) request.subject.set.push_back(name + (on ? "=on" : "=off"));
        request.reference = true;
        return engine::evaluate(request, {}).json;
    }

    void compareWithCommandLine() {
        const auto json = evaluated();
        auto& model = window_->tune().metrics();
        int compared = 0;
        for (const auto& set : json["sets"]) {
            const QString name = QString::fromStdString(set["set"].get<std::string>());
            const char* metric = set["metrics"].contains("R@1")     ? "R@1"
                                 : set["metrics"].contains("top-1") ? "top-1"
                                                                    : "mAP";
            const auto shown = model.now(name);
            QVERIFY2(shown, qPrintable(name));
            QVERIFY2(std::abs(*shown - set["metrics"][metric].get<double>()) < 1e-9, qPrintable(name));
            ++compared;
        }
        QVERIFY(compared > 0);
    }

    static double residentKib() {
        QFile file(QStringLiteral("/proc/self/statm"));
        if (!file.open(QIODevice::ReadOnly)) return 0;
        return file.readAll().split(' ').value(1).toDouble() * 4;
    }

    void picture(const QString& name) { screenPicture(*window_, name); }

    QTemporaryDir folder_;
    std::unique_ptr<MainWindow> window_;
};

}  // namespace ui::test
