// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reactions/pool_panel.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QTableWidget>
#include <QVBoxLayout>

#include "ui/export/figure_table.h"
#include "ui/export/view_menu.h"
#include "ui/style/theme.h"
#include "ui/widgets/badge.h"
#include "ui/widgets/progress_strip.h"
#include "ui/widgets/wrapped_text.h"

namespace ui {
namespace {

constexpr int kTallest = 4000;  // the panel scrolls, not its texts

QString text(const std::string& s) {
    return QString::fromStdString(s);
}

QString way(const engine::Modality& from, const engine::Modality& to) {
    return QStringLiteral("%1 > %2").arg(text(from), text(to));
}

QString percent(double share) {
    return QStringLiteral("%1 %").arg(QLocale().toString(100 * share, 'f', 100 * share < 10 ? 1 : 0));
}

QString number(double value, int decimals) {
    return QLocale().toString(value, 'f', decimals);
}

void emptied(QTableWidget* table, const QStringList& heads) {
    table->clear();
    table->setRowCount(0);
    table->setColumnCount(static_cast<int>(heads.size()));
    table->setHorizontalHeaderLabels(heads);
    table->horizontalHeaderItem(0)->setTextAlignment(Qt::AlignLeft | Qt::AlignVCenter);
}

int added(QTableWidget* table) {
    table->insertRow(table->rowCount());
    return table->rowCount() - 1;
}

}  // namespace

PoolPanel::PoolPanel(QWidget* parent) : QWidget(parent), runner_(nullptr, true) {
    title_ = new QLabel(this);
    title_->setTextFormat(Qt::PlainText);
    title_->setWordWrap(true);
    QFont strong = title_->font();
    strong.setWeight(QFont::DemiBold);
    title_->setFont(strong);
    synthetic_ = Badge::syntheticWorld(this);
    synthetic_->setObjectName(QStringLiteral("poolsSynthetic"));
    measure_ = new QPushButton(this);
    measure_->setObjectName(QStringLiteral("measurePools"));
    measure_->setToolTip(
        tr("Some rows of each pool ask all others, in every space of the step; trains and writes nothing"));
    centred_ = new QCheckBox(tr("Centred modalities"), this);
    centred_->setObjectName(QStringLiteral("poolsCentred"));
    centred_->setToolTip(
        tr("Measure as if the step retrieved by rows as seen from the mean of their modality, which takes the modality "
           "gap out of its weights"));
    use_ = new QPushButton(this);
    use_->setObjectName(QStringLiteral("useCentred"));
    progress_ = new ProgressStrip(this);
    about_ = new QLabel(this);
    about_->setObjectName(QStringLiteral("poolsAbout"));
    about_->setWordWrap(true);
    about_->setTextFormat(Qt::PlainText);
    about_->setForegroundRole(QPalette::PlaceholderText);
    findings_ = new WrappedText(kTallest, this);
    findings_->setObjectName(QStringLiteral("poolsFindings"));
    findings_->setAccessibleName(tr("What is good and bad about these pools"));
    agreements_ = figureTable(QStringLiteral("pools_agreements"), tr("Agreement between spaces"),
                              tr("How many of the nearest rows two spaces have in common, and how many two random "
                                 "choices would have. Right click: copy or save the table"));
    averages_ = figureTable(QStringLiteral("pools_averages"), tr("How sharp the averages are"),
                            tr("What the softmax over a pool would be of. Choose a row to see its examples. Right "
                               "click: copy or save the table"));
    averages_->setSelectionMode(QAbstractItemView::SingleSelection);
    gaps_ = figureTable(QStringLiteral("pools_gaps"), tr("Modality gaps"),
                        tr("How far apart a space keeps the means of two modalities, centred or not. Right click: copy "
                           "or save the table"));
    examples_ = figureTable(QStringLiteral("pools_examples"), tr("Examples"),
                            tr("Items of one pool with what they would retrieve, and the weights. Right click: copy or "
                               "save the table"));
    examples_->setTextElideMode(Qt::ElideMiddle);
    examples_->setWordWrap(false);
    examples_title_ = new QLabel;
    const auto heading = [&](const QString& words) {
        auto* label = new QLabel(words);
        label->setFont(strong);
        return label;
    };
    examples_title_->setFont(strong);
    examples_title_->setTextFormat(Qt::PlainText);
    figures_ = new QWidget;
    auto* column = new QVBoxLayout(figures_);
    column->setContentsMargins(0, 0, 8, 0);
    column->setSpacing(6);
    column->addWidget(findings_);
    column->addWidget(heading(tr("Agreement between spaces")));
    column->addWidget(agreements_);
    column->addWidget(heading(tr("How sharp the averages are")));
    column->addWidget(averages_);
    column->addWidget(examples_title_);
    column->addWidget(examples_);
    column->addWidget(heading(tr("Modality gaps")));
    column->addWidget(gaps_);
    column->addStretch(1);
    auto* scroll = new QScrollArea(this);
    scroll->setObjectName(QStringLiteral("poolsFigures"));
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(figures_);
    auto* head = new QHBoxLayout;
    head->setSpacing(8);
    head->addWidget(title_, 1);
    head->addWidget(synthetic_);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(centred_);
    row->addWidget(use_);
    row->addStretch(1);
    row->addWidget(measure_);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 8, 0, 0);
    all->setSpacing(6);
    all->addLayout(head);
    all->addLayout(row);
    all->addWidget(progress_);
    all->addWidget(about_);
    all->addWidget(scroll, 1);

    const auto notes = [this] {
        TableNotes out;
        if (!shown_) return out;
        out.synthetic = shown_->quality.synthetic;
        out.lines << title_->text() << about_->text();
        return out;
    };
    const auto tell = [this](const JobFailure& failure) { Q_EMIT failed(failure); };
    for (auto* table : {agreements_, averages_, gaps_, examples_})
        addTableMenu(
            table, notes, [table] { return table->accessibleName(); }, tell);
    connect(measure_, &QPushButton::clicked, this, [this] {
        if (runner_.running()) runner_.stop();
        else measure();
    });
    connect(centred_, &QCheckBox::toggled, this, [this] {
        if (!answer()) measure();
        refresh();
    });
    connect(use_, &QPushButton::clicked, this, [this] {
        if (step_) Q_EMIT centredWanted(*step_, centred_->isChecked());
    });
    connect(averages_, &QTableWidget::itemSelectionChanged, this, &PoolPanel::showExamples);
    progress_->follow(runner_);
    connect(&runner_, &JobRunner::failed, this, &PoolPanel::failed);
    connect(&runner_, &JobRunner::ended, this, &PoolPanel::refresh);
    connect(&runner_, &JobRunner::cancelled, this, [this] { stopped_ = true; });
    refresh();
    followTheme(this, [this] { showFindings(); });
}

void PoolPanel::setSource(std::shared_ptr<const WorkspaceFacts> facts, const engine::Recipe& recipe,
                          std::uint64_t seed) {
    if (facts_ != facts) forget();
    facts_ = std::move(facts);
    recipe_ = recipe;
    seed_ = seed;
    const auto there = [&] {
        return facts_ && *step_ < recipe_.route.size() && recipe_.route[*step_].kind != engine::ReactionKind::Tuning &&
               !recipe_.route[*step_].experts.empty();
    };
    if (step_ && !there()) {
        step_.reset();
        runner_.drop();
        progress_->finish();
    }
    if (step_) {
        const bool option = recipe_.route[*step_].options.centred;
        if (option != option_) {
            const QSignalBlocker quiet(centred_);
            centred_->setChecked(option);
            option_ = option;
        }
    }
    refresh();
}

void PoolPanel::look(std::size_t step) {
    if (!facts_ || step >= recipe_.route.size()) return;
    if (step_ != step) shown_.reset();  // figures of another step
    step_ = step;
    option_ = recipe_.route[step].options.centred;
    {
        const QSignalBlocker quiet(centred_);
        centred_->setChecked(option_);
    }
    if (!answer()) measure();
    refresh();
}

engine::PoolsRequest PoolPanel::request() const {
    engine::PoolsRequest out{facts_->folder, recipe_, step_, engine::Json::object(), seed_};
    out.recipe.route[*step_].options.centred = centred_->isChecked();
    return out;
}

std::string PoolPanel::key() const {
    const auto& step = recipe_.route[*step_];
    engine::Json out = engine::Json::array({recipe_.base, *step_, step.options.retrieval_temperature,
                                            centred_->isChecked(), seed_, engine::baseStandsIn(recipe_, *step_)});
    for (const auto& use : step.experts) out.push_back(use.space);
    return out.dump();
}

std::shared_ptr<const engine::PoolsAnswer> PoolPanel::answer() const {
    if (!step_) return nullptr;
    const auto found = known_.find(key());
    return found != known_.end() ? found->second : nullptr;
}

void PoolPanel::forget() {
    runner_.drop();
    progress_->finish();
    known_.clear();
    shown_.reset();
    step_.reset();
}

void PoolPanel::measure() {
    if (!step_) return;
    stopped_ = false;
    runner_.start<std::shared_ptr<const engine::PoolsAnswer>>(
        tr("Looking at the pools"),
        [request = request()](const engine::JobContext& job) {
            return std::make_shared<const engine::PoolsAnswer>(engine::lookAtPools(request, job));
        },
        [this, of = key()](std::shared_ptr<const engine::PoolsAnswer> found) {
            known_[of] = std::move(found);
            refresh();
        });
    refresh();
}

void PoolPanel::refresh() {
    const bool any = step_.has_value(), busy = runner_.running();
    const auto now = answer();
    for (QWidget* w : {static_cast<QWidget*>(title_), static_cast<QWidget*>(centred_)}) w->setVisible(any);
    measure_->setVisible(any && (busy || !now));
    measure_->setText(busy ? tr("Stop") : tr("Measure"));
    use_->setVisible(any && now && !busy && centred_->isChecked() != option_);
    figures_->setVisible(any && (now || shown_));
    synthetic_->setVisible(any && shown_ && shown_->quality.synthetic);
    if (!any) {
        shown_.reset();
        about_->setText(
            facts_ ? tr("“Look at the pools” on a step of the route measures what its pseudo pairs would be made of, "
                        "before anything is trained.")
                   : tr("Open a workspace to look at its pools."));
        return;
    }
    const auto& step = recipe_.route[*step_];
    QStringList experts;
    for (const auto& use : step.experts) experts << text(use.space);
    title_->setText(
        tr("Step %1: %2 and %3").arg(*step_ + 1).arg(experts.join(tr(", ", "list separator")), text(recipe_.base)));
    use_->setText(centred_->isChecked() ? tr("Centre in step %1").arg(*step_ + 1)
                                        : tr("Do not centre in step %1").arg(*step_ + 1));
    use_->setToolTip(tr("Sets the option of the step to what is measured here"));
    if (now && now != shown_) {
        shown_ = now;
        showAnswer(*now);
        synthetic_->setVisible(shown_->quality.synthetic);
    }
    figures_->setEnabled(now != nullptr);
    if (now) {
        about_->setText(
            tr("%1 rows of each pool ask, at temperature %2; %3.")
                .arg(now->quality.options.asked_rows)
                .arg(QLocale().toString(now->quality.options.retrieval_temperature, 'g', 3),
                     now->quality.options.centred ? tr("weights are centred") : tr("weights are not centred")));
    } else if (busy) {
        about_->setText(tr("Measuring…"));
    } else {
        about_->setText(shown_     ? tr("The step has changed since these figures were measured.")
                        : stopped_ ? tr("Stopped.")
                                   : tr("Not measured yet."));
    }
}

void PoolPanel::showAnswer(const engine::PoolsAnswer& answer) {
    const auto& q = answer.quality;
    showFindings();
    emptied(agreements_, {tr("spaces"), tr("retrieves"), tr("shared"), tr("by chance")});
    for (const auto& a : q.agreements) {
        const int row = added(agreements_);
        const QString names = QStringLiteral("%1, %2").arg(text(a.one), text(a.other));
        const QString tip = tr("%1 of the nearest %2 rows are the same in both, over %3 rows that ask; %4 by chance")
                                .arg(percent(a.shared))
                                .arg(a.neighbours)
                                .arg(a.queries)
                                .arg(percent(a.by_chance));
        putFigure(agreements_, row, 0, names, names, tip);
        putFigure(agreements_, row, 1, way(a.from, a.to), way(a.from, a.to), tip);
        putFigure(agreements_, row, 2, percent(a.shared), a.shared, tip);
        putFigure(agreements_, row, 3, percent(a.by_chance), a.by_chance, tip);
    }
    emptied(averages_,
            {tr("space"), tr("retrieves"), tr("rows averaged"), tr("top weight"), tr("similarity"), tr("distinct")});
    const QString tips[] = {{},
                            {},
                            tr("exp of the entropy of the weights: 1 takes one row, the size of the pool its mean"),
                            tr("Mean weight of the nearest row"),
                            tr("Mean similarity with the nearest row"),
                            tr("Share of the queries whose nearest row is nobody else's nearest")};
    for (int c = 2; c < averages_->columnCount(); ++c) averages_->horizontalHeaderItem(c)->setToolTip(tips[c]);
    {
        const QSignalBlocker quiet(averages_);
        for (const auto& r : q.retrievals) {
            const int row = added(averages_);
            const QString tip = tr("%1: %2 rows of %3 ask %4 rows of %5")
                                    .arg(text(r.space))
                                    .arg(r.queries)
                                    .arg(text(r.from))
                                    .arg(r.memory)
                                    .arg(text(r.to));
            putFigure(averages_, row, 0, text(r.space), text(r.space), tip);
            putFigure(averages_, row, 1, way(r.from, r.to), way(r.from, r.to), tip);
            putFigure(averages_, row, 2, number(r.rows_averaged, r.rows_averaged < 100 ? 1 : 0), r.rows_averaged, tip);
            putFigure(averages_, row, 3, number(r.top_weight, 3), r.top_weight, tip);
            putFigure(averages_, row, 4, number(r.top_similarity, 3), r.top_similarity, tip);
            putFigure(averages_, row, 5, percent(r.distinct), r.distinct, tip);
        }
        if (averages_->rowCount() > 0) averages_->selectRow(0);
    }
    emptied(gaps_, {tr("space"), tr("between"), tr("gap"), tr("cones")});
    gaps_->horizontalHeaderItem(2)->setToolTip(tr("Distance between the means of the two modalities, at most 2"));
    gaps_->horizontalHeaderItem(3)->setToolTip(
        tr("Length of each mean: 0, the rows point everywhere; 1, all the same way"));
    for (const auto& g : q.gaps) {
        const int row = added(gaps_);
        const QString between = QStringLiteral("%1, %2").arg(text(g.one), text(g.other));
        const QString cones = QStringLiteral("%1, %2").arg(number(g.one_cone, 2), number(g.other_cone, 2));
        putFigure(gaps_, row, 0, text(g.space), text(g.space), {});
        putFigure(gaps_, row, 1, between, between, {});
        putFigure(gaps_, row, 2, number(g.distance, 2), g.distance, {});
        putFigure(gaps_, row, 3, cones, cones, {});
    }
    for (auto* table : {agreements_, averages_, gaps_}) fitFigures(table);
    showExamples();
}

void PoolPanel::showExamples() {
    const auto rows = averages_->selectionModel()->selectedRows();
    const auto at = rows.isEmpty() ? -1 : rows.front().row();
    const bool any = shown_ && at >= 0 && at < static_cast<int>(shown_->quality.retrievals.size());
    examples_title_->setVisible(any);
    examples_->setVisible(any);
    if (!any) return;
    const auto& r = shown_->quality.retrievals[static_cast<std::size_t>(at)];
    examples_title_->setText(tr("Examples: %1, %2").arg(text(r.space), way(r.from, r.to)));
    std::size_t most = 0;
    for (const auto& e : r.examples) most = std::max(most, e.nearest.size());
    QStringList heads{text(r.from)};
    for (std::size_t k = 0; k < most; ++k) heads << tr("nearest %1").arg(k + 1);
    emptied(examples_, heads);
    for (const auto& e : r.examples) {
        const int row = added(examples_);
        putFigure(examples_, row, 0, text(e.id), text(e.id), text(e.id));
        for (std::size_t k = 0; k < e.nearest.size(); ++k) {
            const auto& n = e.nearest[k];
            putFigure(examples_, row, static_cast<int>(k) + 1,
                      QStringLiteral("%1  %2").arg(text(n.id), number(n.weight, 2)), text(n.id),
                      tr("%1 with weight %2").arg(text(n.id), number(n.weight, 3)));
        }
    }
    fitFigures(examples_);
    // Ids may be long: columns share the room, and the weight at the end stays in sight.
    examples_->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
}

void PoolPanel::showFindings() {
    QList<WrappedText::Paragraph> lines;
    if (shown_) {
        using Kind = engine::PoolFinding::Kind;
        for (const auto& f : shown_->findings) {
            const QString mark = f.kind == Kind::Bad    ? QStringLiteral("✗ ")
                                 : f.kind == Kind::Note ? QStringLiteral("! ")
                                                        : QStringLiteral("✓ ");
            lines << WrappedText::Paragraph{mark + text(f.text),
                                            f.kind == Kind::Bad    ? colours().bad
                                            : f.kind == Kind::Note ? colours().warning
                                                                   : colours().good,
                                            false};
        }
    }
    findings_->setParagraphs(lines);
}

QString PoolPanel::findings() const {
    return findings_->toPlainText();
}

QString PoolPanel::about() const {
    return about_->text();
}

}  // namespace ui
