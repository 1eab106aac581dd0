// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/explore/answers_view.h"

#include <QDesktopServices>
#include <QEvent>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

#include "ui/export/table_export.h"
#include "ui/style/theme.h"
#include "ui/widgets/elided_label.h"

namespace ui {
namespace {

constexpr int kPositive = Qt::UserRole + 1, kRow = Qt::UserRole;

QTableWidget* answersTable(QWidget* parent, const QString& name) {
    auto* table = new QTableWidget(0, 3, parent);
    table->setAccessibleName(name);
    table->setToolTip(
        QObject::tr("The best answers by inner product of unit vectors. ✓: belongs to the query; =: ties with "
                    "another candidate. A click or Enter shows the answer on the map; a right click opens its file, "
                    "where there is one, or copies the table."));
    table->setHorizontalHeaderLabels({QObject::tr("#"), QObject::tr("Answer"), QObject::tr("Score")});
    table->horizontalHeader()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
    table->horizontalHeader()->setSectionResizeMode(1, QHeaderView::Stretch);
    table->horizontalHeader()->setSectionResizeMode(2, QHeaderView::ResizeToContents);
    table->horizontalHeader()->setHighlightSections(false);
    table->verticalHeader()->hide();
    table->verticalHeader()->setDefaultSectionSize(22);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setSelectionMode(QAbstractItemView::SingleSelection);
    table->setShowGrid(false);
    table->setTabKeyNavigation(false);
    table->setFrameShape(QFrame::NoFrame);
    return table;
}

}  // namespace

SharesList::SharesList(QWidget* parent) : QWidget(parent) {
    setAccessibleName(tr("What moved the query"));
    setToolTip(
        tr("Shapley shares of each factor or expert in the change of the margin (inner products of unit vectors). "
           "They add up to the whole change."));
}

void SharesList::setShares(const engine::QueryShares& moved) {
    moved_ = moved;
    setVisible(!moved_.shares.empty());
    QStringList said;
    for (std::size_t m = 0; m < moved_.shares.size(); ++m)
        said << moverLabel(moved_.movers[m]) + QLatin1Char(' ') + signedNumber(moved_.shares[m], 4);
    setAccessibleDescription(said.join(QStringLiteral(", ")));
    updateGeometry();
    update();
}

QSize SharesList::sizeHint() const {
    const int row = fontMetrics().height() + 4;
    return {260, moved_.shares.empty() ? 0 : static_cast<int>(moved_.shares.size() + 1) * row + 4};
}

QSize SharesList::minimumSizeHint() const {
    return {160, sizeHint().height()};
}

void SharesList::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const int row = fontMetrics().height() + 4;
    const auto number = [](double value) { return value == 0 ? QStringLiteral("0") : QString::number(value, 'g', 3); };
    QStringList names, figures;
    double reach = 0, sum = 0;
    for (std::size_t m = 0; m < moved_.shares.size(); ++m) {
        names << QStringLiteral("%1  %2 → %3")
                     .arg(moverLabel(moved_.movers[m]), number(moved_.movers[m].before),
                          number(moved_.movers[m].after));
        figures << signedNumber(moved_.shares[m], 4) +
                       (moved_.errors[m] > 0 ? QStringLiteral(" ± ") + QString::number(moved_.errors[m], 'f', 4)
                                             : QString());
        reach = std::max(reach, std::abs(moved_.shares[m]));
        sum += moved_.shares[m];
    }
    names << tr("together");
    figures << signedNumber(sum, 4);
    int name_width = 0, figure_width = 0;
    for (const auto& n : names) name_width = std::max(name_width, fontMetrics().horizontalAdvance(n));
    for (const auto& f : figures) figure_width = std::max(figure_width, fontMetrics().horizontalAdvance(f));
    name_width = std::min(name_width, width() / 2);
    const QRectF bars(name_width + 12, 0, std::max(20, width() - name_width - figure_width - 24), row);
    for (int i = 0; i < names.size(); ++i) {
        const bool last = i + 1 == names.size();
        const QRectF line(0, i * row, width(), row);
        if (last) {
            painter.setPen(QPen(colours().line, 1));
            painter.drawLine(QPointF(0, line.top() + 0.5), QPointF(width(), line.top() + 0.5));
        }
        painter.setPen(last ? colours().muted : colours().text);
        painter.drawText(QRectF(0, line.top(), name_width, row), Qt::AlignLeft | Qt::AlignVCenter,
                         fontMetrics().elidedText(names[i], Qt::ElideRight, name_width));
        painter.setPen(colours().text);
        painter.drawText(QRectF(width() - figure_width, line.top(), figure_width, row),
                         Qt::AlignRight | Qt::AlignVCenter, figures[i]);
        if (last) continue;
        std::vector<double> alone(static_cast<std::size_t>(i) + 1, 0.0);
        alone.back() = moved_.shares[static_cast<std::size_t>(i)];
        paintShares(painter, bars.translated(0, line.top()).adjusted(0, 6, 0, -6), alone, reach);
    }
}

AnswersView::AnswersView(QWidget* parent) : QWidget(parent) {
    message_ = new QLabel(this);
    message_->setAlignment(Qt::AlignCenter);
    message_->setWordWrap(true);
    message_->setMargin(24);
    message_->setTextFormat(Qt::PlainText);
    content_ = new QWidget(this);
    // Ids are what files say: long ones are cut, and nothing in them is markup.
    title_ = new ElidedLabel({}, Qt::ElideMiddle, content_);
    title_->setFont(headingFont(1));
    title_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    title_->setAccessibleName(tr("Query"));
    line_ = new QLabel(content_);
    line_->setWordWrap(true);
    line_->setAccessibleName(tr("Rank and margin of the query"));
    file_ = new ElidedLabel({}, Qt::ElideMiddle, content_);
    picture_ = new QLabel(content_);
    picture_->setAccessibleName(tr("Picture of the query"));
    open_ = new QPushButton(tr("Open file"), content_);
    open_->setToolTip(tr("Opens the item's file in the system's own program"));
    open_->setAccessibleName(tr("Open the file of the query"));
    connect(open_, &QPushButton::clicked, this, [this] { openFile(path_); });
    shares_ = new SharesList(content_);
    before_title_ = new ElidedLabel({}, Qt::ElideRight, content_);
    after_title_ = new QLabel(tr("Now"), content_);
    before_ = answersTable(this, tr("Best answers before"));
    after_ = answersTable(this, tr("Best answers now"));

    auto* words = new QVBoxLayout;
    words->setSpacing(4);
    auto* head = new QHBoxLayout;
    head->addWidget(title_, 1);
    head->addWidget(open_);
    words->addLayout(head);
    words->addWidget(line_);
    words->addWidget(file_);
    words->addWidget(shares_);
    words->addStretch(1);
    auto* top = new QHBoxLayout;
    top->setSpacing(12);
    top->addWidget(picture_, 0, Qt::AlignTop);
    top->addLayout(words, 1);
    auto* pair = new QHBoxLayout;
    pair->setSpacing(12);
    for (const auto& [label, table] : {std::pair{before_title_, before_}, {after_title_, after_}}) {
        auto* column = new QVBoxLayout;
        column->setSpacing(2);
        column->addWidget(label);
        column->addWidget(table, 1);
        pair->addLayout(column, 1);
        const auto choose = [this](QTableWidgetItem* item) { Q_EMIT answerChosen(item->data(kRow).toUInt()); };
        connect(table, &QTableWidget::itemClicked, this, choose);
        connect(table, &QTableWidget::itemActivated, this, choose);
    }
    auto* body = new QVBoxLayout(content_);
    body->setContentsMargins(0, 8, 0, 0);
    body->setSpacing(8);
    body->addLayout(top);
    body->addLayout(pair, 1);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addWidget(message_, 1);
    all->addWidget(content_, 1);
    showNothing(tr("Choose a query in the list, or an item on the map."));
    recolour();
}

QString AnswersView::headline() const {
    return content_->isHidden() ? message_->text() : line_->text();
}

void AnswersView::recolour() {
    const QString muted = QStringLiteral("color: %1").arg(colours().muted.name());
    for (QLabel* label : {message_, file_, before_title_, after_title_}) label->setStyleSheet(muted);
    for (QTableWidget* table : {before_, after_}) {
        for (int i = 0; i < table->rowCount(); ++i) {
            for (int c = 0; c < 3; ++c) {
                if (auto* item = table->item(i, c))
                    item->setForeground(item->data(kPositive).toBool() ? colours().good : colours().text);
            }
        }
    }
}

void AnswersView::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) recolour();
}

void AnswersView::showNothing(const QString& why) {
    message_->setText(why);
    message_->show();
    content_->hide();
    title_->clear();
}

void AnswersView::showWaiting(const QString& id) {
    if (title_->text() == id) return;  // what stands there stays until the new answers come
    showNothing(tr("looking for the answers of %1…").arg(id));
}

void AnswersView::showDetail(const QString& id, const Detail& detail, const ItemNames& candidates,
                             const QString& before_name) {
    message_->hide();
    content_->show();
    title_->setText(id);
    const ItemFile& file = detail.file;
    path_ = file.path;
    files_ = detail.answer_files;
    picture_->setVisible(!file.thumbnail.isNull());
    if (!file.thumbnail.isNull()) picture_->setPixmap(QPixmap::fromImage(file.thumbnail));
    open_->setVisible(file.exists);
    file_->setVisible(!file.path.isEmpty());
    if (!file.path.isEmpty()) {
        const QString name = QFileInfo(file.path).fileName();
        file_->setText(file.exists ? name : tr("%1 (not found)").arg(name));
        file_->setToolTip(file.path);
    }
    before_title_->setText(tr("Before: %1").arg(before_name));
    fill(*before_, detail.before, candidates);
    fill(*after_, detail.after, candidates);
    shares_->setShares(detail.moved);
    if (detail.after.positives.empty()) {
        line_->setText(tr("No candidate belongs to this item, so it has no rank."));
    } else {
        QString text = tr("Rank %1 → %2").arg(rankText(detail.before.rank), rankText(detail.after.rank));
        const engine::QueryShares& m = detail.moved;
        if (!m.shares.empty())
            text += tr(" · margin %1 → %2 (%3)")
                        .arg(signedNumber(m.margin_before, 3), signedNumber(m.margin_after, 3),
                             signedNumber(m.margin_after - m.margin_before, 3));
        line_->setText(text);
    }
    recolour();
}

void AnswersView::openFile(const QString& path) {
    file_->show();
    if (!QFileInfo::exists(path)) file_->setText(tr("%1 (not found)").arg(QFileInfo(path).fileName()));
    else if (!QDesktopServices::openUrl(QUrl::fromLocalFile(path)))
        file_->setText(tr("%1: no program of this system opens it").arg(QFileInfo(path).fileName()));
}

void AnswersView::fillMenu(QMenu& menu, const QTableWidget& table, int row) {
    const auto* item = table.item(row, 1);
    const auto file = item ? files_.find(item->data(kRow).toUInt()) : files_.end();
    if (file == files_.end()) return;
    auto* open = menu.addAction(tr("Open file"), this, [this, path = file->second.path] { openFile(path); });
    open->setEnabled(file->second.exists);
}

void AnswersView::fill(QTableWidget& table, const engine::TopAnswers& answers, const ItemNames& candidates) {
    const bool listed = std::any_of(answers.best.begin(), answers.best.end(), [](const auto& a) { return a.positive; });
    const bool more = !listed && !answers.positives.empty();
    table.clearContents();
    table.setRowCount(static_cast<int>(answers.best.size()) + (more ? 1 : 0));
    const bool pictures =
        std::any_of(files_.begin(), files_.end(), [](const auto& file) { return !file.second.thumbnail.isNull(); });
    table.verticalHeader()->setDefaultSectionSize(pictures ? kPicture + 4 : 22);
    table.setIconSize(QSize(kPicture, kPicture));
    const auto put = [&](int at, const engine::TopAnswer& answer, const QString& place) {
        const QString mark = answer.positive ? QStringLiteral("✓ ") : QString();
        const QString texts[3] = {
            place, mark + candidates.brief(answer.row),
            (answer.tied ? QStringLiteral("= ") : QString()) + QString::number(answer.score, 'f', 4)};
        for (int c = 0; c < 3; ++c) {
            auto* item = new QTableWidgetItem(texts[c]);
            item->setData(kRow, answer.row);
            item->setData(kPositive, answer.positive);
            if (c == 1) item->setData(kExportRole, candidates.whole(answer.row));
            if (c == 2) item->setData(kExportRole, answer.score);
            if (c != 1) item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
            QString tip = candidates.whole(answer.row);
            if (answer.positive) tip += tr("\nbelongs to the query");
            if (answer.tied) tip += tr("\nties with another candidate");
            if (const auto file = files_.find(answer.row); file != files_.end()) {
                const ItemFile& of = file->second;
                tip += QLatin1Char('\n') + (of.exists ? of.path : tr("%1 (not found)").arg(of.path));
                if (c == 1 && !of.thumbnail.isNull()) item->setIcon(QIcon(QPixmap::fromImage(of.thumbnail)));
            }
            item->setToolTip(tip);
            if (answer.positive) {
                QFont bold = table.font();
                bold.setWeight(QFont::DemiBold);
                item->setFont(bold);
            }
            table.setItem(at, c, item);
        }
    };
    int at = 0;
    for (const auto& answer : answers.best) {
        put(at, answer, QString::number(at + 1));
        ++at;
    }
    if (more) put(at, answers.positives.front(), rankText(answers.rank));
}

}  // namespace ui
