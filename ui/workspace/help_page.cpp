// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/workspace/help_page.h"

#include <QAbstractTextDocumentLayout>
#include <QDesktopServices>
#include <QDir>
#include <QEvent>
#include <QFile>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QRegularExpression>
#include <QScrollBar>
#include <QShortcut>
#include <QSplitter>
#include <QTextBlock>
#include <QTextBrowser>
#include <QTextTable>
#include <QToolButton>

#include "engine/base/error.h"
#include "engine/base/resources.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

QString readText(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

// "What is checked" is #what-is-checked. Markdown in Qt makes no anchors of headings.
void scrollToHeading(QTextBrowser& browser, const QString& anchor) {
    static const QRegularExpression other(QStringLiteral("[^\\w\\s-]")), space(QStringLiteral("\\s+"));
    for (auto block = browser.document()->begin(); block.isValid(); block = block.next()) {
        if (block.blockFormat().headingLevel() == 0) continue;
        const QString slug = block.text().toLower().remove(other).replace(space, QStringLiteral("-"));
        if (slug != anchor) continue;
        const double top = browser.document()->documentLayout()->blockBoundingRect(block).top();
        browser.verticalScrollBar()->setValue(static_cast<int>(top));
        return;
    }
}

QToolButton* button(const QString& name, const QString& tip) {
    auto* out = new QToolButton;
    out->setAutoRaise(true);
    out->setAccessibleName(name);
    out->setToolTip(tip);
    return out;
}

}  // namespace

HelpPage::HelpPage(QWidget* parent) : QWidget(parent) {
    back_ = button(tr("Back"), tr("Back to the page before (Alt+Left)"));
    back_->setArrowType(Qt::LeftArrow);
    forward_ = button(tr("Forward"), tr("Forward again (Alt+Right)"));
    forward_->setArrowType(Qt::RightArrow);
    search_ = new QLineEdit;
    search_->setPlaceholderText(tr("Find in this page"));
    search_->setAccessibleName(tr("Find in this page"));
    search_->setToolTip(tr("Find in this page (Ctrl+F); Enter goes to the next place, Shift+Enter to the one before"));
    search_->setClearButtonEnabled(true);
    search_->setMaximumWidth(280);
    found_ = new QLabel;
    found_->setForegroundRole(QPalette::PlaceholderText);
    find_up_ = button(tr("Previous place"), tr("Previous place (Shift+Enter)"));
    find_up_->setArrowType(Qt::UpArrow);
    find_down_ = button(tr("Next place"), tr("Next place (Enter)"));
    find_down_->setArrowType(Qt::DownArrow);
    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(8, 6, 8, 6);
    bar->addWidget(back_);
    bar->addWidget(forward_);
    bar->addStretch();
    bar->addWidget(found_);
    bar->addWidget(search_, 1);
    bar->addWidget(find_up_);
    bar->addWidget(find_down_);

    list_ = new QListWidget;
    list_->setFrameShape(QFrame::NoFrame);
    list_->setAccessibleName(tr("Pages of the guide"));
    list_->setToolTip(tr("Pages of the guide"));
    list_->setSpacing(3);
    browser_ = new QTextBrowser;
    browser_->setOpenLinks(false);
    browser_->setFrameShape(QFrame::NoFrame);
    browser_->setAccessibleName(tr("Page of the guide"));
    browser_->document()->setDocumentMargin(24);
    auto* split = new QSplitter;
    split->addWidget(list_);
    split->addWidget(browser_);
    split->setStretchFactor(1, 1);
    split->setSizes({200, 900});
    split->setChildrenCollapsible(false);
    auto* whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->setSpacing(0);
    whole->addLayout(bar);
    whole->addWidget(split, 1);

    connect(back_, &QToolButton::clicked, this, [this] { step(-1); });
    connect(forward_, &QToolButton::clicked, this, [this] { step(1); });
    connect(list_, &QListWidget::currentItemChanged, this, [this](QListWidgetItem* item) {
        if (item && item->data(Qt::UserRole).toString() != page_) showPage(item->data(Qt::UserRole).toString());
    });
    connect(browser_, &QTextBrowser::anchorClicked, this, &HelpPage::follow);
    connect(search_, &QLineEdit::textEdited, this, [this] { find(false, true); });
    connect(search_, &QLineEdit::returnPressed, this, [this] { find(false, false); });
    connect(find_up_, &QToolButton::clicked, this, [this] { find(true, false); });
    connect(find_down_, &QToolButton::clicked, this, [this] { find(false, false); });
    const auto shortcut = [this](const QKeySequence& keys, auto action) {
        auto* s = new QShortcut(keys, this);
        s->setContext(Qt::WidgetWithChildrenShortcut);
        connect(s, &QShortcut::activated, this, action);
    };
    shortcut(QKeySequence::Back, [this] { step(-1); });
    shortcut(QKeySequence::Forward, [this] { step(1); });
    shortcut(QKeySequence::Find, [this] {
        search_->setFocus();
        search_->selectAll();
    });
    shortcut(QKeySequence(Qt::SHIFT | Qt::Key_Return), [this] { find(true, false); });
    refresh();
}

// The pages in the order of the index's table, those that it does not name behind.
void HelpPage::load() {
    if (!folder_.isNull()) return;
    try {
        folder_ = QString::fromStdString((engine::resourceFolder() / "guide").string());
    } catch (const engine::Error& error) {
        folder_ = QString();
        browser_->setPlainText(QString::fromUtf8(error.what()));
        return;
    }
    const auto add = [this](const QString& name, const QString& title, const QString& says) {
        auto* item = new QListWidgetItem(title, list_);
        item->setData(Qt::UserRole, name);
        item->setToolTip(says);
    };
    const QSignalBlocker quiet(list_);
    add(QStringLiteral("index"), tr("Contents"), tr("What the guide has"));
    static const QRegularExpression row(
        QStringLiteral("^\\|\\s*\\[([^\\]]+)\\]\\(([\\w-]+)\\.md\\)\\s*\\|\\s*(.*?)\\s*\\|"),
        QRegularExpression::MultilineOption);
    auto rows = row.globalMatch(readText(folder_ + QStringLiteral("/index.md")));
    while (rows.hasNext()) {
        const auto match = rows.next();
        QString title = match.captured(1);
        title[0] = title[0].toUpper();
        add(match.captured(2), title, match.captured(3));
    }
    for (const auto& info : QDir(folder_).entryInfoList({QStringLiteral("*.md")}, QDir::Files, QDir::Name)) {
        const QString name = info.completeBaseName();
        if (!pages().contains(name)) add(name, name, {});
    }
}

QStringList HelpPage::pages() const {
    QStringList out;
    for (int i = 0; i < list_->count(); ++i) out << list_->item(i)->data(Qt::UserRole).toString();
    return out;
}

void HelpPage::showPage(const QString& name) {
    load();
    QString page = name, anchor;
    if (const auto hash = page.indexOf(QLatin1Char('#')); hash >= 0) {
        anchor = page.mid(hash + 1);
        page.truncate(hash);
    }
    if (page.endsWith(QLatin1String(".md"))) page.chop(3);
    if (page.isEmpty()) page = page_.isEmpty() ? QStringLiteral("index") : page_;
    if (page != page_) {
        if (at_ >= 0) visits_[at_].scroll = browser_->verticalScrollBar()->value();
        visits_.resize(at_ + 1);
        visits_.append({page, 0});
        ++at_;
    }
    render(page, anchor, 0);
}

void HelpPage::step(int by) {
    if (at_ + by < 0 || at_ + by >= visits_.size()) return;
    visits_[at_].scroll = browser_->verticalScrollBar()->value();
    at_ += by;
    render(visits_[at_].name, {}, visits_[at_].scroll);
}

void HelpPage::follow(const QUrl& url) {
    if (url.scheme().isEmpty()) {
        showPage(url.toString());
        return;
    }
    Q_EMIT externalLink(url);
    QDesktopServices::openUrl(url);
}

void HelpPage::render(const QString& name, const QString& anchor, int scroll) {
    page_ = name;
    const auto& c = colours();
    const QString text = readText(folder_ + QLatin1Char('/') + name + QStringLiteral(".md"));
    auto* document = browser_->document();
    if (text.isEmpty()) {
        browser_->setPlainText(tr("The guide has no page \"%1\".").arg(name));
    } else {
        document->setMarkdown(text);
        // Markdown comes without a style: air between paragraphs, quiet tables, code that stands out.
        QTextCursor all(document);
        all.beginEditBlock();
        for (auto block = document->begin(); block.isValid(); block = block.next()) {
            QTextCursor cursor(block);
            QTextBlockFormat format = block.blockFormat();
            const bool code = format.hasProperty(QTextFormat::BlockCodeLanguage) ||
                              format.hasProperty(QTextFormat::BlockCodeFence) || format.nonBreakableLines();
            const bool in_table = cursor.currentTable() != nullptr;
            if (format.headingLevel() > 0) {
                format.setTopMargin(format.headingLevel() == 1 ? 4 : 20);
                format.setBottomMargin(8);
            } else if (code) {
                format.setBackground(darkTheme() ? c.raised : c.window);
                format.setLeftMargin(12);
                format.setTopMargin(0);
                format.setBottomMargin(0);
            } else if (!in_table) {
                format.setBottomMargin(10);
                format.setLineHeight(130, QTextBlockFormat::ProportionalHeight);
            }
            cursor.setBlockFormat(format);
            for (auto it = block.begin(); !it.atEnd(); ++it) {
                const auto fragment = it.fragment();
                QTextCharFormat characters = fragment.charFormat();
                QTextCharFormat change;
                if (characters.isAnchor()) change.setForeground(c.accent);
                else if (characters.fontFixedPitch() && !code) change.setBackground(darkTheme() ? c.raised : c.window);
                if (change.propertyCount() == 0) continue;
                QTextCursor part(document);
                part.setPosition(fragment.position());
                part.setPosition(fragment.position() + fragment.length(), QTextCursor::KeepAnchor);
                part.mergeCharFormat(change);
            }
        }
        for (auto* frame : document->rootFrame()->childFrames()) {
            auto* table = qobject_cast<QTextTable*>(frame);
            if (!table) continue;
            QTextTableFormat format = table->format();
            format.setBorder(1);
            format.setBorderBrush(c.line);
            format.setBorderStyle(QTextFrameFormat::BorderStyle_Solid);
            format.setBorderCollapse(true);
            format.setCellPadding(6);
            format.setCellSpacing(0);
            format.setTopMargin(4);
            format.setBottomMargin(14);
            table->setFormat(format);
        }
        all.endEditBlock();
        document->clearUndoRedoStacks();
    }
    const auto at = pages().indexOf(name);
    const QSignalBlocker quiet(list_);
    list_->setCurrentRow(static_cast<int>(at));
    back_->setEnabled(at_ > 0);
    forward_->setEnabled(at_ + 1 < visits_.size());
    found_->clear();
    if (anchor.isEmpty()) browser_->verticalScrollBar()->setValue(scroll);
    else scrollToHeading(*browser_, anchor);
}

void HelpPage::find(bool backward, bool from_start) {
    const QString text = search_->text();
    if (text.isEmpty()) {
        found_->clear();
        return;
    }
    if (from_start) browser_->moveCursor(QTextCursor::Start);
    const auto flags = backward ? QTextDocument::FindBackward : QTextDocument::FindFlags();
    if (browser_->find(text, flags)) {
        found_->clear();
        return;
    }
    browser_->moveCursor(backward ? QTextCursor::End : QTextCursor::Start);
    const bool around = browser_->find(text, flags);
    found_->setText(!around ? tr("Not on this page") : from_start ? QString() : tr("Went round"));
}

void HelpPage::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (page_.isEmpty()) showPage(QStringLiteral("index"));
}

void HelpPage::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) refresh();
}

void HelpPage::refresh() {
    if (!page_.isEmpty()) render(page_, {}, browser_->verticalScrollBar()->value());
}

}  // namespace ui
