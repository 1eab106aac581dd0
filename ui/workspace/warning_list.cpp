// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/workspace/warning_list.h"

#include <QEvent>
#include <QLabel>
#include <QVBoxLayout>

#include "ui/style/theme.h"
#include "ui/widgets/wrapped_text.h"

namespace ui {

QString warningRemedy(const QString& warning) {
    if (warning.contains(QLatin1String("unit length")))
        return QObject::tr(
            "Nothing has to be done. If these rows should have unit length, look at how they were "
            "made: a missing normalisation is the usual cause.");
    if (warning.contains(QLatin1String("measured on what was trained on")))
        return QObject::tr(
            "Take these items out of the pool and import the pool again under the same name, or leave "
            "this set's figures out.");
    if (warning.contains(QLatin1String("training needs one")))
        return QObject::tr(
            "Join the pools into one file and import that, or import the one that is meant into a new "
            "workspace.");
    if (warning.contains(QLatin1String("look misaligned")))
        return QObject::tr(
            "Make both files from the same list of items in the same order, and import them again "
            "under the same name.");
    if (warning.contains(QLatin1String("newer")))
        return QObject::tr("It was written by a newer version of this program; update to see all of it.");
    return QObject::tr("The guide's page on workspaces says what is expected.");
}

WarningList::WarningList(QWidget* parent) : QWidget(parent) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(14, 12, 14, 12);
    column->setSpacing(14);
    setAccessibleName(tr("Warnings"));
}

void WarningList::show(const QStringList& warnings) {
    warnings_ = warnings;
    fill();
}

QString WarningList::text() const {
    QStringList out;
    for (const auto* entry : findChildren<WrappedText*>()) out << entry->toPlainText();
    return out.join(QLatin1Char('\n'));
}

void WarningList::fill() {
    while (auto* item = layout()->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    auto* column = static_cast<QVBoxLayout*>(layout());
    const auto add = [&](const QList<WrappedText::Paragraph>& paragraphs) {
        auto* entry = new WrappedText(2000);
        entry->setParagraphs(paragraphs);
        column->addWidget(entry);
    };
    if (warnings_.isEmpty()) add({{tr("Nothing was found that looks wrong."), colours().muted, false}});
    for (const auto& w : warnings_) add({{w, colours().text, false}, {warningRemedy(w), colours().warning, false}});
    column->addStretch();
}

void WarningList::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) fill();
}

}  // namespace ui
