// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/drive.h"

#include <unistd.h>

#include <QAbstractButton>
#include <QAction>
#include <QApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMessageBox>
#include <QPlainTextEdit>

#include <cstdio>

#include "engine/base/error.h"
#include "engine/factors/factor_evaluator.h"
#include "ui/main_window.h"
#include "ui/reactions/run_setup.h"
#include "ui/reactions/training_queue.h"

namespace ui {
namespace {

using engine::Json;

QString plain(QString text) {
    return text.remove(QLatin1Char('&'));
}

std::string text(const QString& s) {
    return s.toStdString();
}

QString field(const Json& line, const char* key) {
    if (!line.contains(key) || !line[key].is_string())
        throw engine::Error(engine::ErrorCode::InvalidInput, line.dump(), std::string("expected a text as ") + key);
    return QString::fromStdString(line[key].get<std::string>());
}

// Of all windows and dialogs.
template <class Widget>
QList<Widget*> shown() {
    QList<Widget*> out;
    for (auto* top : QApplication::topLevelWidgets()) {
        if (!top->isVisible()) continue;
        for (auto* widget : top->findChildren<Widget*>()) {
            // A dialog's widgets are those of its window too.
            if (widget->isVisible() && !out.contains(widget)) out << widget;
        }
    }
    return out;
}

[[noreturn]] void nothingLike(const QString& what) {
    throw engine::Error(engine::ErrorCode::NotFound, "", "nothing that can be used is called '" + text(what) + "'");
}

void click(const QString& name) {
    for (auto* button : shown<QAbstractButton>()) {
        if (!button->isEnabled() || (button->objectName() != name && plain(button->text()) != name)) continue;
        // Answered first: a click may open a dialog that waits for the next line.
        QMetaObject::invokeMethod(button, &QAbstractButton::click, Qt::QueuedConnection);
        return;
    }
    nothingLike(name);
}

void trigger(const MainWindow& window, const QString& name) {
    for (auto* action : window.findChildren<QAction*>()) {
        if (!action->isEnabled() || (action->objectName() != name && plain(action->text()) != name)) continue;
        QMetaObject::invokeMethod(action, &QAction::trigger, Qt::QueuedConnection);
        return;
    }
    nothingLike(name);
}

void type(const QString& into, const QString& words) {
    for (auto* edit : shown<QLineEdit>()) {
        const bool mine = edit->objectName() == into || (edit->parent() && edit->parent()->objectName() == into);
        if (!mine || !edit->isEnabled()) continue;
        edit->setFocus();
        edit->selectAll();
        for (const QChar c : words) {
            QKeyEvent press(QEvent::KeyPress, 0, Qt::NoModifier, c);
            QApplication::sendEvent(edit, &press);
        }
        return;
    }
    nothingLike(into);
}

}  // namespace

Driver::Driver(MainWindow& window) : window_(window), input_(STDIN_FILENO, QSocketNotifier::Read) {
    connect(&input_, &QSocketNotifier::activated, this, &Driver::read);
}

void Driver::read() {
    char part[4096];
    const auto count = ::read(STDIN_FILENO, part, sizeof part);
    if (count <= 0) {
        input_.setEnabled(false);
        QApplication::quit();
        return;
    }
    waiting_.append(part, count);
    for (auto end = waiting_.indexOf('\n'); end >= 0; end = waiting_.indexOf('\n')) {
        const std::string line = waiting_.left(end).toStdString();
        waiting_.remove(0, end + 1);
        Json out;
        try {
            out = answer(engine::parseJson(line, "standard input"));
            out["ok"] = true;
        } catch (const std::exception& error) {
            out = {{"error", error.what()}};
        }
        std::fputs((out.dump() + "\n").c_str(), stdout);
        std::fflush(stdout);
    }
}

Json Driver::answer(const Json& line) {
    const QString what = field(line, "do");
    const auto part = [&](const char* key) { return line.value(key, Json::object()); };
    if (what == QLatin1String("open")) window_.open(field(line, "path"));
    else if (what == QLatin1String("trigger")) trigger(window_, field(line, "action"));
    else if (what == QLatin1String("click")) click(field(line, "button"));
    else if (what == QLatin1String("type")) type(field(line, "into"), field(line, "text"));
    else if (what == QLatin1String("options")) window_.reactions().setup().setOptions(part("run"), part("reaction"));
    else if (what == QLatin1String("save")) window_.saveTo(field(line, "file"));
    else if (what == QLatin1String("quit")) QMetaObject::invokeMethod(&window_, &QWidget::close, Qt::QueuedConnection);
    else if (what == QLatin1String("factor")) {
        const std::string name = text(field(line, "name"));
        const auto live = window_.session().product();
        if (!live) throw engine::Error(engine::ErrorCode::NotFound, name, "no product is open");
        const double value = line.value("value", 0.0);
        engine::Setting setting = window_.project().setting();
        engine::setFactor(setting, engine::requireAxis(name, value, value, live->plan().axes(), live->recipe().name),
                          value);
        window_.project().setSetting(setting, QString::fromStdString(name));
    } else if (what == QLatin1String("state")) return state();
    else throw engine::Error(engine::ErrorCode::InvalidInput, line.dump(), "there is no such thing to do");
    return Json::object();
}

Json Driver::state() const {
    Json out{{"page", static_cast<int>(window_.page())},
             {"title", text(window_.windowTitle())},
             {"status", text(window_.statusText())},
             {"busy", window_.busy()},
             {"training", window_.reactions().running()},
             {"workspace", text(window_.project().workspace())},
             {"product", text(window_.project().product())},
             {"file", text(window_.project().file())},
             {"modified", window_.project().modified()},
             {"open", window_.session().product() != nullptr},
             {"setting", engine::settingToJson(window_.project().setting())},
             {"snapshots", window_.project().snapshots().size()},
             {"products", Json::array()},
             {"messages", Json::array()},
             {"dialogs", Json::array()},
             {"buttons", Json::array()},
             {"runs", Json::array()},
             {"figures", Json::object()}};
    for (const auto& folder : window_.project().products()) out["products"].push_back(text(folder));
    for (const auto* bar : shown<MessageBar>()) {
        if (!bar->text().isEmpty()) out["messages"].push_back(text(bar->text()));
    }
    for (const auto* top : QApplication::topLevelWidgets()) {
        if (const auto* box = qobject_cast<const QMessageBox*>(top); box && box->isVisible())
            out["dialogs"].push_back(text(box->text()));
    }
    for (const auto* button : shown<QAbstractButton>()) {
        if (button->isEnabled() && !button->text().isEmpty()) out["buttons"].push_back(text(plain(button->text())));
    }
    for (const auto& run : window_.reactions().queue().runs()) {
        out["runs"].push_back({{"name", text(run.name())},
                               {"product", text(run.product)},
                               {"state", text(stateText(run.state))},
                               {"fraction", run.fraction},
                               {"failure", text(run.failure.text())}});
    }
    if (const auto* log = window_.findChild<QPlainTextEdit*>(QStringLiteral("log_lines")))
        out["log"] = text(log->toPlainText());
    if (const auto live = window_.session().product()) {
        for (const auto& set : live->sets()) {
            if (const auto now = window_.tune().metrics().now(QString::fromStdString(set.name)))
                out["figures"][set.name] = *now;
        }
    }
    return out;
}

}  // namespace ui
