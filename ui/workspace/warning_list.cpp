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
    column->setAlignment(Qt::AlignTop);
    setAccessibleName(tr("Warnings"));
}

void WarningList::show(const QStringList& warnings) {
    warnings_ = warnings;
    fill();
}

QString WarningList::text() const {
    QStringList out;
    for (int i = 0; i < layout()->count(); ++i)
        out << static_cast<WrappedText*>(layout()->itemAt(i)->widget())->toPlainText();
    return out.join(QLatin1Char('\n'));
}

void WarningList::fill() {
    auto* column = static_cast<QVBoxLayout*>(layout());
    const auto wanted = std::max(1, static_cast<int>(warnings_.size()));
    while (column->count() > wanted) {
        auto* item = column->takeAt(0);
        item->widget()->hide();
        item->widget()->deleteLater();
        delete item;
    }
    while (column->count() < wanted) column->addWidget(new WrappedText(2000));
    recolour();
}

void WarningList::recolour() {
    const auto& c = colours();
    for (int i = 0; i < layout()->count(); ++i) {
        auto* entry = static_cast<WrappedText*>(layout()->itemAt(i)->widget());
        if (warnings_.isEmpty()) {
            entry->setParagraphs({{tr("Nothing was found that looks wrong."), c.muted, false}});
        } else {
            entry->setParagraphs({{warnings_[i], c.text, false}, {warningRemedy(warnings_[i]), c.warning, false}});
        }
    }
}

void WarningList::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) recolour();
}

}  // namespace ui
