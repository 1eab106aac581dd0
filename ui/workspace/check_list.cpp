// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/workspace/check_list.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>

#include "ui/style/theme.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/wrapped_text.h"

namespace ui {
namespace {

constexpr std::size_t kMost = 40;  // more help nobody at a time

bool same(const PlanProblem& a, const PlanProblem& b) {
    return a.error == b.error && a.rows == b.rows && a.text == b.text && a.remedy == b.remedy &&
           a.fix_text == b.fix_text;
}

}  // namespace

CheckList::CheckList(QWidget* parent) : QScrollArea(parent) {
    auto* content = new QWidget;
    column_ = new QVBoxLayout(content);
    column_->setContentsMargins(12, 10, 12, 10);
    column_->setSpacing(10);
    column_->setAlignment(Qt::AlignTop);
    setWidget(content);
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setAccessibleName(tr("Checks"));
    fill();
}

void CheckList::show(const std::vector<PlanProblem>& problems, bool anything) {
    // Checks come anew with all that is found out in the background; buttons under the hand stay.
    const bool shown =
        anything == anything_ && std::equal(problems.begin(), problems.end(), problems_.begin(), problems_.end(), same);
    problems_ = problems;
    anything_ = anything;
    if (!shown) fill();
}

QString CheckList::text() const {
    QStringList out;
    for (const auto& p : problems_) out << p.text << p.remedy;
    return out.join(QLatin1Char('\n'));
}

void CheckList::fill() {
    while (auto* item = column_->takeAt(0)) {
        item->widget()->hide();
        item->widget()->deleteLater();
        delete item;
    }
    const auto& c = colours();
    const auto line = [&](MessageBar::Kind kind, const QList<WrappedText::Paragraph>& paragraphs) {
        auto* entry = new QWidget;
        auto* row = new QHBoxLayout(entry);
        row->setContentsMargins(0, 0, 0, 0);
        row->setSpacing(8);
        auto* sign = new QLabel;
        if (kind != MessageBar::Kind::None) sign->setPixmap(MessageBar::kindPixmap(kind, 16, devicePixelRatioF()));
        sign->setFixedWidth(18);
        auto* words = new WrappedText(1000);
        words->setParagraphs(paragraphs);
        row->addWidget(sign, 0, Qt::AlignTop);
        row->addWidget(words, 1, Qt::AlignTop);
        column_->addWidget(entry);
        return row;
    };
    for (std::size_t i = 0; i < std::min(problems_.size(), kMost); ++i) {
        const auto& p = problems_[i];
        auto* row = line(p.error ? MessageBar::Kind::Error : MessageBar::Kind::Warning,
                         {{p.text, p.error ? c.bad : c.warning, false}, {p.remedy, c.text, false}});
        const int number = static_cast<int>(i);
        if (!p.rows.empty()) {
            auto* find = new QPushButton(tr("Show"));
            find->setToolTip(tr("Select the rows concerned in the table"));
            find->setAccessibleName(tr("Show the rows of: %1").arg(p.text));
            connect(find, &QPushButton::clicked, this, [this, number] { Q_EMIT problemChosen(number); });
            row->addWidget(find, 0, Qt::AlignTop);
        }
        if (p.fix) {
            auto* fix = new QPushButton(p.fix_text);
            fix->setToolTip(tr("Change the table so"));
            fix->setAccessibleName(tr("%1, for: %2").arg(p.fix_text, p.text));
            fix->setObjectName(QStringLiteral("fix"));
            connect(fix, &QPushButton::clicked, this, [this, number] { Q_EMIT fixChosen(number); });
            row->addWidget(fix, 0, Qt::AlignTop);
        }
    }
    if (problems_.size() > kMost)
        line(MessageBar::Kind::None, {{tr("and %1 more").arg(problems_.size() - kMost), c.muted, false}});
    if (problems_.empty() && anything_)
        line({},
             {{tr("Nothing stands in the way. The import itself checks every value: no NaN, no Inf, no row of zeros."),
               c.good, false}});
}

void CheckList::changeEvent(QEvent* event) {
    QScrollArea::changeEvent(event);
    // Not now: widgets must not come and go while a style is on its way through them.
    if (event->type() == QEvent::PaletteChange) QTimer::singleShot(0, this, &CheckList::fill);
}

}  // namespace ui
