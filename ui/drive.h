// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// `molspace-studio --drive`: the window is used from outside, as tests of the real program need it. A line on standard
// input is a JSON object, and one line on standard output answers it: {"ok": true, ...} or {"error": "..."}.
//
//     {"do": "open", "path": P}                     as a path on the command line
//     {"do": "trigger", "action": A}                a menu's or the rail's action, by its text or object name
//     {"do": "click", "button": B}                  a button that can be seen and used, by its object name or text
//     {"do": "type", "into": F, "text": T}          replaces what the line edit F (or the one within F) holds
//     {"do": "options", "run": {}, "reaction": {}}  of the next training
//     {"do": "factor", "name": N, "value": V}       a share or an expert's weight, as one step
//     {"do": "save", "file": F}                     the project
//     {"do": "state"}                               what is shown: page, messages, runs, products, setting
//     {"do": "quit"}                                closes the window
//
// The program ends when standard input does. Window's thread.
#pragma once

#include <QByteArray>
#include <QObject>
#include <QSocketNotifier>

#include "engine/base/json.h"

namespace ui {

class MainWindow;

class Driver : public QObject {
    Q_OBJECT
public:
    explicit Driver(MainWindow& window);

private:
    void read();
    engine::Json answer(const engine::Json& line);
    engine::Json state() const;

    MainWindow& window_;
    QSocketNotifier input_;
    QByteArray waiting_;  // what came of the next line
};

}  // namespace ui
