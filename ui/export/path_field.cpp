// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/export/path_field.h"

#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QMimeData>
#include <QPushButton>

namespace ui {

PathField::PathField(Kind kind, const QString& name, const QString& tip, QWidget* parent)
    : QWidget(parent), kind_(kind), name_(name), edit_(new QLineEdit), button_(new QPushButton(tr("Browse…"))) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(edit_, 1);
    row->addWidget(button_);
    edit_->setAccessibleName(name);
    edit_->setToolTip(tip);
    edit_->setClearButtonEnabled(true);
    button_->setAccessibleName(tr("Browse for %1").arg(name));
    button_->setToolTip(tr("Choose it"));
    button_->setAutoDefault(false);
    setFocusProxy(edit_);
    setAcceptDrops(true);
    connect(edit_, &QLineEdit::textEdited, this, [this] { touched_ = true; });
    connect(edit_, &QLineEdit::textChanged, this, &PathField::changed);
    connect(button_, &QPushButton::clicked, this, &PathField::browse);
}

QString PathField::path() const {
    return edit_->text().trimmed();
}

void PathField::setPath(const QString& path) {
    edit_->setText(path);
    edit_->setCursorPosition(0);
    edit_->end(false);
}

void PathField::suggest(const QString& path) {
    if (!touched_) setPath(path);
}

void PathField::setEnding(const QString& ending) {
    const QString now = path();
    if (now.isEmpty()) return;
    const QFileInfo file(now);
    const QString suffix = file.suffix();
    const QString stem = suffix.isEmpty() ? now : now.left(now.size() - suffix.size() - 1);
    if (QLatin1Char('.') + suffix != ending) setPath(stem + ending);
}

void PathField::browse() {
    const QString from = path();
    QString chosen;
    switch (kind_) {
        case Kind::SaveFile:
            chosen = QFileDialog::getSaveFileName(this, name_, from, filter_);
            break;
        case Kind::OpenFile:
            chosen = QFileDialog::getOpenFileName(this, name_, from, filter_);
            break;
        case Kind::Folder:
            chosen = QFileDialog::getExistingDirectory(this, name_, from);
            break;
    }
    if (chosen.isEmpty()) return;
    touched_ = true;
    setPath(chosen);
}

void PathField::dragEnterEvent(QDragEnterEvent* event) {
    if (event->mimeData()->urls().size() == 1 && event->mimeData()->urls().first().isLocalFile())
        event->acceptProposedAction();
}

void PathField::dropEvent(QDropEvent* event) {
    touched_ = true;
    setPath(event->mimeData()->urls().first().toLocalFile());
    event->acceptProposedAction();
}

}  // namespace ui
