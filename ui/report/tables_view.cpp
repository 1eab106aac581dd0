// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/report/tables_view.h"

#include <QHeaderView>
#include <QLabel>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

#include "ui/export/view_menu.h"
#include "ui/report/number_chips.h"
#include "ui/report/report_table.h"
#include "ui/style/theme.h"
#include "ui/widgets/wrapped_text.h"

namespace ui {

TablesView::TablesView(QWidget* parent)
    : QWidget(parent),
      chips_(new NumberChips),
      caption_(new QLabel),
      legend_(new QLabel),
      view_(new QTableView),
      model_(new ReportTableModel(this)),
      why_(new WrappedText(86)) {
    QFont strong = caption_->font();
    strong.setWeight(QFont::DemiBold);
    caption_->setFont(strong);
    caption_->setWordWrap(true);
    caption_->setTextFormat(Qt::PlainText);
    legend_->setForegroundRole(QPalette::PlaceholderText);
    legend_->setWordWrap(true);
    legend_->setText(tr(
        "In a cell: strong, what is measured here, the mean over seeds ± their standard deviation (single spaces have "
        "no seeds); below it, after “paper”, the published figure and measured − published. · not measured, for the "
        "reason below; – the paper has none."));
    view_->setObjectName(QStringLiteral("report_table"));
    view_->setAccessibleName(tr("Figures of the table"));
    view_->setModel(model_);
    view_->setItemDelegate(new ReportCellDelegate(view_));
    view_->setShowGrid(false);
    view_->setAlternatingRowColors(true);
    view_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    view_->setTabKeyNavigation(false);
    view_->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    view_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    view_->setCornerButtonEnabled(false);
    view_->horizontalHeader()->setHighlightSections(false);
    view_->verticalHeader()->setHighlightSections(false);
    view_->verticalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    view_->verticalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    why_->setObjectName(QStringLiteral("report_reasons"));
    why_->setAccessibleName(tr("What is not measured, and why"));

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 10, 0, 0);
    column->setSpacing(6);
    column->addWidget(chips_);
    column->addWidget(caption_);
    column->addWidget(legend_);
    column->addWidget(view_, 1);
    column->addWidget(why_);
    connect(chips_, &NumberChips::clicked, this, &TablesView::showTable);
    addTableMenu(
        view_,
        [this] {
            return TableNotes{
                {caption_->text(), tr("Measured here: mean ± standard deviation over seeds; after “paper” "
                                      "the published figure, then measured − published")},
                report_ && report_->synthetic};
        },
        [this] { return tr("Table %1").arg(chosen()); }, [this](const JobFailure& failure) { Q_EMIT failed(failure); });
    followTheme(this, [this] { showReasons(); });
}

void TablesView::setReport(ReportPtr report) {
    report_ = std::move(report);
    std::vector<NumberChips::Chip> chips;
    if (report_) {
        for (const auto& t : report_->tables)
            chips.push_back(
                {t.number, tr("Table %1").arg(t.number), t.caption, QStringLiteral("table_%1").arg(t.number)});
    }
    chips_->setChips(chips);
    showTable();
}

void TablesView::choose(int number) {
    chips_->choose(number);
    showTable();
}

int TablesView::chosen() const {
    return chips_->chosen();
}

void TablesView::showTable() {
    const ReportData::Table* table = nullptr;
    if (report_) {
        for (const auto& t : report_->tables) {
            if (t.number == chosen()) table = &t;
        }
    }
    model_->setTable(report_, table);
    view_->clearSpans();
    for (int row = 0; row < model_->rowCount(); ++row) {
        if (model_->isGroup(row)) view_->setSpan(row, 0, 1, model_->columnCount());
    }
    caption_->setText(table ? table->caption : QString());
    // As wide as their figures; what room is left is shared.
    auto* header = view_->horizontalHeader();
    header->setMinimumSectionSize(20);
    header->setSectionResizeMode(QHeaderView::ResizeToContents);
    int least = 0;
    for (int c = 0; c < model_->columnCount(); ++c) least = std::max(least, header->sectionSize(c));
    header->setMinimumSectionSize(std::max(least, 20));
    header->setSectionResizeMode(QHeaderView::Stretch);
    showReasons();
}

void TablesView::showReasons() {
    QList<WrappedText::Paragraph> lines;
    if (report_) {
        for (const auto& table : report_->tables) {
            if (table.number != chosen()) continue;
            for (const auto& reason : table.reasons())
                lines.push_back({tr("Not measured: %1").arg(reason), colours().warning, false});
            for (const auto& row : table.rows) {
                if (!row.note.isEmpty())
                    lines.push_back({QStringLiteral("%1: %2").arg(row.name, row.note), colours().muted, false});
            }
        }
    }
    why_->setParagraphs(lines);
    why_->setVisible(!lines.isEmpty());
}

QString TablesView::reasons() const {
    return why_->isHidden() ? QString() : why_->toPlainText();
}

}  // namespace ui
