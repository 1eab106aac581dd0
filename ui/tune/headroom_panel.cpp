// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tune/headroom_panel.h"

#include <QHeaderView>
#include <QScrollArea>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

#include "ui/export/figure_table.h"
#include "ui/export/view_menu.h"
#include "ui/style/numbers.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

QString text(const std::string& s) {
    return QString::fromStdString(s);
}

QString number(double value) {
    return QString::number(value, 'f', 2);
}

}  // namespace

struct HeadroomPanel::Found {
    engine::HeadroomResult result;
    engine::TuneRequest request;
    QString best;  // the setting, in words
    bool sampled = false;
};

HeadroomPanel::HeadroomPanel(Project& project, LiveSession& session, const GoalPanel& goal, QWidget* parent)
    : QWidget(parent),
      project_(project),
      session_(session),
      goal_(goal),
      runner_(nullptr, true),
      measure_(new QPushButton),
      progress_(new ProgressStrip),
      about_(new QLabel),
      verdict_(new QLabel),
      words_(new QLabel),
      figures_(figureTable(QStringLiteral("headroom_figures"), tr("What single queries could have"),
                           tr("Percent of the queries that are hits. Right click: copy or save the table"))),
      directions_(
          figureTable(QStringLiteral("headroom_directions"), tr("What a router gets, by direction"),
                      tr("One setting, the router and the best of its settings for each query, on items that the "
                         "router was not fitted on. Right click: copy or save the table"))),
      answer_(new QWidget) {
    measure_->setObjectName(QStringLiteral("measure_headroom"));
    measure_->setText(tr("Measure the headroom"));
    measure_->setToolTip(
        tr("Searches the best setting for the goal, then asks every query which setting would have made it a hit, and "
           "fits a small router; with the experts as they are switched"));
    about_->setWordWrap(true);
    about_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    verdict_->setWordWrap(true);
    verdict_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    QFont strong = verdict_->font();
    strong.setWeight(QFont::DemiBold);
    verdict_->setFont(strong);
    words_->setWordWrap(true);
    words_->setTextFormat(Qt::RichText);
    words_->setForegroundRole(QPalette::PlaceholderText);
    auto* column = new QVBoxLayout(answer_);
    column->setContentsMargins(0, 0, 8, 0);
    column->setSpacing(8);
    column->addWidget(figures_);
    column->addWidget(verdict_);
    column->addWidget(directions_);
    column->addWidget(words_);
    column->addStretch(1);
    auto* scroll = new QScrollArea;
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(answer_);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(12, 12, 12, 12);
    all->setSpacing(8);
    all->addWidget(measure_);
    all->addWidget(progress_);
    all->addWidget(about_);
    all->addWidget(scroll, 1);

    const auto notes = [this] {
        TableNotes out;
        if (!found_) return out;
        out.synthetic = found_->result.synthetic;
        out.lines << tr("headroom of single queries, %1").arg(text(found_->result.figure)) << about_->text()
                  << verdict_->text();
        return out;
    };
    const auto tell = [this](const JobFailure& failure) { Q_EMIT failed(failure); };
    addTableMenu(
        figures_, notes, [] { return tr("headroom"); }, tell);
    addTableMenu(
        directions_, notes, [] { return tr("headroom by direction"); }, tell);
    connect(measure_, &QPushButton::clicked, this, &HeadroomPanel::measure);
    connect(&goal_, &GoalPanel::rebuilt, this, &HeadroomPanel::forget);
    connect(&project_, &Project::settingChanged, this, [this] {
        if (found_ && !result()) forget();
    });
    progress_->follow(runner_);
    connect(&runner_, &JobRunner::failed, this, &HeadroomPanel::failed);
    connect(&runner_, &JobRunner::ended, this, [this] { measure_->setText(tr("Measure the headroom")); });
    connect(&runner_, &JobRunner::cancelled, this, [this] { about_->setText(tr("Stopped.")); });
    forget();
}

std::shared_ptr<const engine::HeadroomResult> HeadroomPanel::result() const {
    const auto live = session_.product();
    if (!found_ || !live) return nullptr;
    if (!engine::sameButLiveFactors(project_.setting(), found_->request.fixed, live->plan())) return nullptr;
    return {found_, &found_->result};
}

void HeadroomPanel::forget() {
    runner_.drop();
    progress_->finish();
    measure_->setText(tr("Measure the headroom"));
    found_.reset();
    answer_->hide();
    const bool ready = session_.product() && session_.baseline();
    setEnabled(ready);
    about_->setText(ready ? tr("One setting serves all queries. This tells what more there would be if every query had "
                               "its own: for the group and the limits that are set under Goal.")
                          : tr("Open a product to see what single queries could have."));
}

void HeadroomPanel::measure() {
    if (runner_.running()) {
        runner_.stop();
        return;
    }
    const auto request = goal_.request();
    const auto live = session_.product();
    if (!request || !live) return;
    measure_->setText(tr("Stop"));
    about_->setText(tr("Measuring…"));
    runner_.start<std::shared_ptr<const Found>>(
        tr("Headroom of single queries"),
        [live, request = *request, name = goal_.group(),
         known = goal_.resultOf(*request)](const engine::JobContext& job) {
            const engine::TuneResult tuned = known ? *known : live->tune(request, job);
            const auto group = std::find_if(tuned.groups.begin(), tuned.groups.end(),
                                            [&](const engine::DeltaGroup& g) { return g.name == name; });
            auto found = std::make_shared<Found>();
            found->request = request;
            found->result = live->headroom(*group, engine::settingOf(tuned, tuned.start, request.fixed),
                                           engine::settingOf(tuned, tuned.best, request.fixed), {}, {}, job);
            QStringList parts;
            for (std::size_t f = 0; f < tuned.factors.size(); ++f)
                parts << QStringLiteral("%1 %2").arg(text(tuned.factors[f].symbol), number(tuned.best.factors[f]));
            found->best = parts.join(QStringLiteral(", "));
            for (std::size_t s = 0; s < live->sets().size(); ++s) {
                const bool of_group =
                    std::find(group->sets.begin(), group->sets.end(), live->sets()[s].name) != group->sets.end();
                found->sampled = found->sampled || (of_group && live->sample(s));
            }
            return std::shared_ptr<const Found>(found);
        },
        [this](std::shared_ptr<const Found> found) {
            found_ = std::move(found);
            if (result()) showFound();
            else forget();
        });
}

void HeadroomPanel::showFound() {
    const auto& r = found_->result;
    QString about = tr("%1, percent; the best setting is %2.").arg(text(r.figure), found_->best);
    if (r.synthetic) about += QLatin1Char(' ') + tr("Synthetic world.");
    if (found_->sampled) about += QLatin1Char(' ') + tr("≈ of a sample of the queries.");
    about_->setText(about);
    fillFigures();
    fillDirections();
    if (!r.routed) {
        verdict_->setText(tr("No direction has a factor of its queries' own, so there is nothing to route by."));
    } else {
        const QString gain =
            tr("The router gains %1 points [%2, %3] (95 %, p = %4) on items that it was not fitted on")
                .arg(signedNumber(r.gain.estimate), signedNumber(r.gain.low), signedNumber(r.gain.high))
                .arg(r.test.p_value, 0, 'g', 2);
        verdict_->setText(r.helps()   ? tr("%1: it helps.").arg(gain)
                          : r.harms() ? tr("%1: it does harm, keep the one setting.").arg(gain)
                                      : tr("%1: that cannot be told from none.").arg(gain));
    }
    answer_->show();
}

// A row for each figure, with the sentence that explains it.
void HeadroomPanel::fillFigures() {
    const auto& r = found_->result;
    std::vector<std::size_t> places;
    std::size_t own = 0;  // the column of the group's own metric
    QStringList heads{QString()};
    for (std::size_t k = 0; k < r.metrics.size(); ++k) {
        if (r.metrics[k].empty()) continue;
        if (r.figure.ends_with(r.metrics[k])) own = places.size();
        places.push_back(k);
        heads << text(r.metrics[k]);
    }
    figures_->clear();
    figures_->setRowCount(0);
    figures_->setColumnCount(static_cast<int>(heads.size()));
    figures_->setHorizontalHeaderLabels(heads);
    QStringList sentences;
    const auto row = [&](const QString& name, const QString& sentence, const auto& value) {
        const int at = figures_->rowCount();
        figures_->insertRow(at);
        putFigure(figures_, at, 0, name, name, sentence);
        for (std::size_t c = 0; c < places.size(); ++c) {
            const std::optional<double> v = value(c);
            putFigure(figures_, at, static_cast<int>(c) + 1,
                      v ? (found_->sampled ? QStringLiteral("≈ ") : QString()) + number(*v) : QString(),
                      v ? QVariant(*v) : QVariant(QString()), sentence);
        }
        sentences << QStringLiteral("<b>%1</b>: %2").arg(name.toHtmlEscaped(), sentence.toHtmlEscaped());
    };
    const auto rates = [&](const auto& of) {
        return [&of, &places](std::size_t c) { return std::optional<double>(of[places[c]]); };
    };
    const auto only = [&](double value) {
        return [value, own](std::size_t c) { return c == own ? std::optional<double>(value) : std::nullopt; };
    };
    row(tr("Setting in force"), tr("all queries at the setting from which the search began."), rates(r.rates.current));
    row(tr("Best one setting"), tr("all queries at the setting that the goal finds."), rates(r.rates.best));
    row(tr("Oracle, own factors"),
        tr("each query at whichever setting of its own side's factors makes it a hit, the candidates at the best one; "
           "it looks at the answers, so it is a bound and no figure that can be had."),
        rates(r.rates.by_own));
    row(tr("Oracle, all factors"),
        tr("the candidates may move with each query too, which no index can do: the outermost bound."),
        rates(r.rates.by_all));
    if (r.routed) {
        row(tr("One setting, held out"), tr("the one setting that half of the items chooses, on the other half."),
            only(r.one));
        row(tr("Router, held out"),
            tr("each query at the setting that a router fitted on half of the items chooses from the query's own "
               "embedding, on the other half: what can be had."),
            only(r.router));
        row(tr("Router, where fitted"), tr("the same on the half that it was fitted on: what it flatters itself."),
            only(r.router_fitted));
        row(tr("Oracle of its settings"),
            tr("each query at the best of the few settings that the router chooses from."), only(r.of_settings));
    }
    words_->setText(sentences.join(QStringLiteral("<br>")));
    fitFigures(figures_);
}

void HeadroomPanel::fillDirections() {
    const auto& r = found_->result;
    directions_->setVisible(r.routed);
    directions_->clear();
    directions_->setRowCount(0);
    directions_->setColumnCount(5);
    directions_->setHorizontalHeaderLabels({QString(), tr("one"), tr("router"), tr("oracle"), tr("differ")});
    for (const auto& set : r.sets) {
        for (const auto& d : set.directions) {
            const int at = directions_->rowCount();
            directions_->insertRow(at);
            const QString name = QStringLiteral("%1 %2").arg(text(set.name), text(d.name));
            QStringList factors;
            for (const auto& factor : d.own_factors) factors << text(factor);
            const QString tip = d.own_factors.empty()
                                    ? tr("%1: its queries have no factor of their own.").arg(name)
                                    : tr("%1: %2 settings of %3; hits differ between them for %4 of %5 queries.")
                                          .arg(name)
                                          .arg(d.settings)
                                          .arg(factors.join(QStringLiteral(", ")))
                                          .arg(d.differing)
                                          .arg(d.queries);
            putFigure(directions_, at, 0, text(set.name) + QLatin1Char('\n') + text(d.name), name, tip);
            int column = 1;
            for (const double value : {d.one, d.router, d.of_settings})
                putFigure(directions_, at, column++, number(value), value, tip);
            putFigure(directions_, at, column, QString::number(d.differing), static_cast<qulonglong>(d.differing), tip);
        }
    }
    fitFigures(directions_);
}

}  // namespace ui
