// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reactions/loss_chart.h"

#include <QChart>
#include <QComboBox>
#include <QEvent>
#include <QGraphicsLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLegend>
#include <QLegendMarker>
#include <QLineSeries>
#include <QLogValueAxis>
#include <QScatterSeries>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>
#include <QValueAxis>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "engine/base/file.h"
#include "ui/export/view_menu.h"
#include "ui/reactions/zoom_chart.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostPoints = 800;             // drawn of a line; more cannot be told apart
constexpr std::size_t kMostKept = 16 * kMostPoints;  // of a log, for zooms

// The mean of each run of neighbours; first and last stay.
QList<QPointF> thinned(const std::vector<QPointF>& points, std::size_t most = kMostPoints) {
    QList<QPointF> out;
    const std::size_t stride = points.size() / most + 1;
    for (std::size_t i = 0; i < points.size(); i += stride) {
        const std::size_t end = std::min(points.size(), i + stride);
        if (stride == 1 || i == 0) {
            out << points[i];
            continue;
        }
        QPointF sum(0, 0);
        for (std::size_t k = i; k < end; ++k) sum += points[k];
        out << sum / static_cast<double>(end - i);
    }
    if (stride > 1 && !points.empty()) out << points.back();
    return out;
}

// What is drawn again and again, in the window's thread, is not the whole of a long run: more points than `most` are
// thinned to kMostKept.
void keepFew(std::vector<QPointF>& points, std::size_t most) {
    if (points.size() <= most) return;
    const auto fewer = thinned(points, kMostKept);
    points.assign(fewer.begin(), fewer.end());
}

// Rising and round: about `ticks` steps.
double roundStep(double span, int ticks) {
    const double raw = span / ticks, power = std::pow(10.0, std::floor(std::log10(std::max(raw, 1e-12))));
    for (const double m : {1.0, 2.0, 5.0}) {
        if (raw <= m * power) return m * power;
    }
    return 10 * power;
}

void put(std::vector<QPointF>& points, const QPointF& point) {
    // A run that went back to its checkpoint makes its steps again.
    while (!points.empty() && points.back().x() >= point.x()) points.pop_back();
    points.push_back(point);
    keepFew(points, 2 * kMostKept);
}

}  // namespace

bool trainingStage(const std::string& stage, QString& reaction, QString& subset) {
    const QString text = QString::fromStdString(stage);
    if (text.startsWith(QLatin1String("tuning the encoder of "))) {
        reaction = QStringLiteral("encoder");
        subset = QStringLiteral("loss");
        return true;
    }
    const QString head = QStringLiteral("training ");
    if (!text.startsWith(head)) return false;
    const auto space = text.lastIndexOf(QLatin1Char(' '));
    if (space <= head.size()) return false;
    reaction = text.mid(head.size(), space - head.size());
    subset = text.mid(space + 1);
    return true;
}

namespace {

LossCurve readLossLog(const fs::path& file) {
    LossCurve curve;
    const std::string text = engine::readFile(file);
    std::size_t at = text.find('\n');
    for (std::size_t end; at != std::string::npos && (end = text.find('\n', at + 1)) != std::string::npos; at = end) {
        // With a point in any locale.
        const char *p = text.data() + at + 1, *last = text.data() + end;
        double fields[5] = {NAN, NAN, NAN, NAN, NAN};
        for (double& f : fields) {
            const auto [next, error] = std::from_chars(p, last, f);
            if (error != std::errc()) f = NAN;
            p = std::find(next, last, ',');
            if (p == last) break;
            ++p;
        }
        // step, epoch, loss; of a reaction also rate and validation
        if (std::isfinite(fields[0]) && std::isfinite(fields[2])) curve.loss.emplace_back(fields[0], fields[2]);
        if (std::isfinite(fields[4]) && std::isfinite(fields[0])) curve.validation.emplace_back(fields[0], fields[4]);
    }
    for (auto* line : {&curve.loss, &curve.validation}) keepFew(*line, kMostKept);
    return curve;
}

}  // namespace

LossCurves readLossLogs(const std::string& folder, const engine::JobContext& job) {
    LossCurves out;
    const fs::path root = fs::path(folder) / "reactions";
    if (fs::exists(fs::path(folder) / "log.csv")) {
        auto& curve = out[QStringLiteral("encoder")][QStringLiteral("loss")];
        curve = readLossLog(fs::path(folder) / "log.csv");
    }
    if (!fs::is_directory(root)) return out;
    for (const auto& reaction : fs::directory_iterator(root)) {
        if (!reaction.is_directory()) continue;
        for (const auto& file : fs::directory_iterator(reaction.path())) {
            job.checkStop();
            if (file.path().extension() != ".csv") continue;
            LossCurve curve = readLossLog(file.path());
            // A whole projector, or one whose work was kept, ends with a checkpoint.
            if (!curve.loss.empty() && fs::exists(fs::path(file.path()).replace_extension(".checkpoint")))
                curve.checkpoints.push_back(curve.loss.back().x());
            out[QString::fromStdString(reaction.path().filename().string())]
               [QString::fromStdString(file.path().stem().string())] = std::move(curve);
        }
    }
    return out;
}

LossChart::LossChart(QWidget* parent) : QWidget(parent) {
    list_ = new QComboBox(this);
    list_->setAccessibleName(tr("Reaction whose curves are shown"));
    list_->setToolTip(tr("Reaction whose curves are shown; while a run trains, the newest one"));
    list_->setVisible(false);  // until there is one
    list_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    log_ = new QToolButton(this);
    log_->setObjectName(QStringLiteral("log_axis"));
    log_->setText(tr("Log axis"));
    log_->setCheckable(true);
    log_->setAccessibleName(tr("Logarithmic loss axis"));
    log_->setToolTip(tr("Loss on a logarithmic axis, or on an even one"));
    reset_ = new QToolButton(this);
    reset_->setObjectName(QStringLiteral("zoom_reset"));
    reset_->setText(tr("Show all"));
    reset_->setAccessibleName(tr("Show all of the curves"));
    reset_->setToolTip(tr("Undo the zoom (double click does the same). Drag a frame or turn the wheel to zoom"));
    reset_->setEnabled(false);
    auto* chart = new QChart;
    chart->setMargins(QMargins(2, 2, 2, 2));
    chart->setBackgroundRoundness(0);
    chart->layout()->setContentsMargins(0, 0, 0, 0);
    chart->legend()->setAlignment(Qt::AlignBottom);
    chart->legend()->setMarkerShape(QLegend::MarkerShapeFromSeries);
    // The axes live as long as the chart: it lays out those that come and go badly.
    const auto axis = [chart](QAbstractAxis* a, Qt::Alignment side, const QString& title) {
        a->setTitleText(title);
        a->setVisible(false);
        chart->addAxis(a, side);
    };
    axis(steps_ = new QValueAxis, Qt::AlignBottom, tr("steps"));
    axis(even_ = new QValueAxis, Qt::AlignLeft, tr("loss"));
    axis(decades_ = new QLogValueAxis, Qt::AlignLeft, tr("loss"));
    axis(score_ = new QValueAxis, Qt::AlignRight, tr("R@1, % (dashed)"));
    for (auto* a : {steps_, even_, score_}) a->setTickType(QValueAxis::TicksDynamic);
    steps_->setLabelFormat(QStringLiteral("%.0f"));
    even_->setLabelFormat(QStringLiteral("%.4g"));
    decades_->setLabelFormat(QStringLiteral("%.3g"));
    score_->setLabelFormat(QStringLiteral("%.3g"));
    score_->setGridLineVisible(false);
    view_ = new ZoomChart(chart, this);
    view_->setAccessibleName(tr("Loss and validation over steps"));
    view_->setMinimumSize(220, 150);
    empty_ = new QLabel(tr("Curves appear here when a run trains its first projector"), view_);
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setWordWrap(true);
    empty_->setForegroundRole(QPalette::PlaceholderText);
    auto* over = new QVBoxLayout(view_);
    over->addWidget(empty_);
    auto* bar = new QHBoxLayout;
    bar->setSpacing(8);
    bar->addWidget(list_);
    bar->addWidget(synthetic_ = new QLabel(tr("synthetic world"), this));
    synthetic_->setObjectName(QStringLiteral("synthetic"));
    synthetic_->setForegroundRole(QPalette::PlaceholderText);
    synthetic_->setVisible(false);
    bar->addStretch(1);
    bar->addWidget(log_);
    bar->addWidget(reset_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(4);
    column->addLayout(bar);
    column->addWidget(view_, 1);
    redraw_.setSingleShot(true);
    redraw_.setInterval(250);
    connect(&redraw_, &QTimer::timeout, this, &LossChart::rebuild);
    connect(list_, &QComboBox::currentTextChanged, this, [this] {
        view_->setZoomed(false);
        rebuild();
    });
    connect(log_, &QToolButton::toggled, this, [this] {
        view_->setZoomed(false);
        rebuild();
    });
    addFigureMenu(
        view_, [this](QPainter& p, const QRectF& area) { paintTo(p, area); },
        [this] { return tr("%1 curves").arg(reaction()); },
        [this](const JobFailure& failure) { Q_EMIT failed(failure); });
    const auto all = [this] {
        view_->setZoomed(false);
        rebuild();
    };
    connect(reset_, &QToolButton::clicked, this, all);
    connect(view_, &ZoomChart::resetWanted, this, all);
    connect(view_, &ZoomChart::zoomChanged, this, [this] {
        reset_->setEnabled(view_->zoomed());
        fitTicks();
    });
    rebuild();
    paintColours();
    followTheme(this, [this] { rebuild(); });
}

LossChart::~LossChart() = default;

void LossChart::clear() {
    reading_.stop();
    ++round_;
    setCurves({});
}

void LossChart::setCurves(LossCurves curves) {
    curves_ = std::move(curves);
    followed_.clear();
    view_->setZoomed(false);
    listReactions();
    rebuild();
}

void LossChart::setSynthetic(bool synthetic) {
    synthetic_->setVisible(synthetic);
}

QString LossChart::reaction() const {
    return list_->currentText();
}

void LossChart::setReaction(const QString& reaction) {
    list_->setCurrentText(reaction);
}

QStringList LossChart::reactions() const {
    QStringList out;
    for (const auto& [name, curves] : curves_) out << name;
    return out;
}

bool LossChart::logarithmic() const {
    return log_->isChecked();
}

bool LossChart::zoomed() const {
    return view_->zoomed();
}

int LossChart::linesShown() const {
    int count = 0;
    for (const auto* s : view_->chart()->series()) count += s->type() == QAbstractSeries::SeriesTypeLine ? 1 : 0;
    return count;
}

void LossChart::listReactions() {
    const QStringList now = reactions();
    QStringList shown;
    for (int i = 0; i < list_->count(); ++i) shown << list_->itemText(i);
    if (now != shown) {
        const QSignalBlocker quiet(list_);
        const QString current = list_->currentText();
        list_->clear();
        list_->addItems(now);
        if (now.contains(current)) list_->setCurrentText(current);
    }
    list_->setVisible(!now.isEmpty());
}

void LossChart::addProgress(const engine::Progress& progress) {
    QString reaction, subset;
    if (!trainingStage(progress.stage, reaction, subset)) return;
    const bool fresh = !curves_.count(reaction);
    LossCurve& curve = curves_[reaction][subset];
    const auto step = static_cast<double>(progress.done);
    for (const auto& [name, value] : progress.values) {
        if (!std::isfinite(value)) continue;
        if (name == "loss" && step > 0) put(curve.loss, {step, value});
        // It is told again with every step until the next one.
        if (name == "R@1" && (curve.validation.empty() || curve.validation.back().y() != value))
            put(curve.validation, {step, value});
    }
    if (fresh) listReactions();
    if (reaction != followed_) {
        followed_ = reaction;
        const QSignalBlocker quiet(list_);
        list_->setCurrentText(reaction);
        view_->setZoomed(false);
    }
    changed();
}

void LossChart::markCheckpoint(const QString& reaction, const QString& subset, double step) {
    auto& marks = curves_[reaction][subset].checkpoints;
    if (step > 0 && (marks.empty() || marks.back() != step)) marks.push_back(step);
    changed();
}

void LossChart::openLogs(const QString& folder) {
    const std::string path = folder.toStdString();
    reading_.start<std::shared_ptr<LossCurves>>(
        tr("Reading the training logs"),
        [path](const engine::JobContext& job) { return std::make_shared<LossCurves>(readLossLogs(path, job)); },
        [this, round = ++round_](std::shared_ptr<LossCurves> curves) {
            // A job that was told to stop may have ended just before.
            if (round != round_) return;
            setCurves(std::move(*curves));
            Q_EMIT logsRead();
        });
}

void LossChart::changed() {
    if (!redraw_.isActive()) redraw_.start();
}

// Ranges of what there is, unless a zoom holds them.
void LossChart::fitAxes(const std::map<QString, LossCurve>& curves) {
    double last = 1, low = INFINITY, high = 0, best = 1;
    for (const auto& [subset, curve] : curves) {
        for (const auto& p : curve.loss) {
            last = std::max(last, p.x());
            if (p.y() > 0) low = std::min(low, p.y());
            high = std::max(high, p.y());
        }
        for (const auto& p : curve.validation) best = std::max(best, p.y());
    }
    if (!std::isfinite(low)) low = 1;
    if (!(low < high)) {
        high = std::max(low, high) * 1.1;
        low *= 0.9;
    }
    steps_->setTickInterval(std::max(1.0, roundStep(last, 6)));
    steps_->setRange(0, last * 1.015);  // marks at the end are whole
    const double step = roundStep(high - low, 5), round = roundStep(best, 4);
    even_->setTickInterval(step);
    even_->setRange(std::max(0.0, std::floor(low / step) * step), std::ceil(high / step) * step);
    decades_->setBase(high / low > 20 ? 10 : 2);
    decades_->setRange(low * 0.95, high * 1.05);
    score_->setTickInterval(round);
    score_->setRange(0, std::ceil(best / round) * round);
}

void LossChart::fitTicks() {
    for (const auto& [axis, ticks] : {std::pair{steps_, 6}, {even_, 5}, {score_, 4}})
        axis->setTickInterval(roundStep(axis->max() - axis->min(), ticks));
}

void LossChart::rebuild() {
    auto* chart = view_->chart();
    const auto found = curves_.find(list_->currentText());
    const bool any = found != curves_.end();
    empty_->setVisible(!any);
    reset_->setEnabled(view_->zoomed());
    const bool log = log_->isChecked();
    const QString shown = any ? found->first + (log ? QStringLiteral(" log") : QString()) : QString();
    if (shown != lines_of_ || (any && lines_.size() > found->second.size())) {
        chart->removeAllSeries();
        lines_.clear();
        lines_of_ = shown;
    }
    bool validated = false;
    if (any) {
        if (!view_->zoomed()) fitAxes(found->second);
        int index = 0;
        QAbstractAxis* loss = log ? static_cast<QAbstractAxis*>(decades_) : even_;
        const auto attach = [&](QXYSeries* series, QAbstractAxis* vertical) {
            chart->addSeries(series);
            series->attachAxis(steps_);
            series->attachAxis(vertical);
        };
        const auto unnamed = [&](QAbstractSeries* series) {
            for (auto* marker : chart->legend()->markers(series)) marker->setVisible(false);
        };
        for (const auto& [subset, curve] : found->second) {
            Lines& lines = lines_[subset];
            const QColor colour = seriesColour(index++);
            if (!lines.loss) {
                lines.loss = new QLineSeries;
                lines.loss->setName(subset);
                attach(lines.loss, loss);
                lines.marks = new QScatterSeries;
                lines.marks->setMarkerShape(QScatterSeries::MarkerShapeRotatedRectangle);
                lines.marks->setMarkerSize(9);
                attach(lines.marks, loss);
                unnamed(lines.marks);
            }
            if (!curve.validation.empty() && !lines.validation) {
                lines.validation = new QLineSeries;
                attach(lines.validation, score_);
                unnamed(lines.validation);
            }
            lines.loss->setPen(QPen(colour, 1.8));
            lines.loss->setPointsVisible(curve.loss.size() == 1);
            const QList<QPointF> drawn = thinned(curve.loss);
            lines.loss->replace(drawn);
            if (lines.validation) {
                validated = true;
                QPen pen(colour, 1.5);
                pen.setStyle(Qt::DashLine);
                lines.validation->setPen(pen);
                lines.validation->setPointsVisible(curve.validation.size() == 1);
                lines.validation->replace(thinned(curve.validation));
            }
            // On the line as it is drawn.
            QList<QPointF> marks;
            for (const double step : curve.checkpoints) {
                const auto at = std::lower_bound(drawn.begin(), drawn.end(), step,
                                                 [](const QPointF& p, double s) { return p.x() < s; });
                if (!drawn.isEmpty()) marks << QPointF(step, at != drawn.end() ? at->y() : drawn.back().y());
            }
            lines.marks->setColor(colour);
            lines.marks->setBorderColor(colours().panel);
            lines.marks->replace(marks);
        }
    }
    steps_->setVisible(any);
    even_->setVisible(any && !log);
    decades_->setVisible(any && log);
    score_->setVisible(validated);
    chart->legend()->setVisible(any);
    paintColours();
}

void LossChart::paintTo(QPainter& painter, const QRectF& area) {
    rebuild();
    const double line = QFontMetricsF(font()).height() + 6;
    QString title = reaction();
    if (!synthetic_->isHidden()) title += QStringLiteral("  ·  ") + synthetic_->text();
    painter.setFont(font());
    painter.setPen(colours().text);
    painter.drawText(area.adjusted(10, 0, -10, 0), Qt::AlignLeft | Qt::AlignTop, title);
    view_->render(&painter, area.adjusted(0, line, 0, 0));
    // On the screen it has the window's colours.
    QMetaObject::invokeMethod(
        this, [this] { rebuild(); }, Qt::QueuedConnection);
}

void LossChart::paintColours() {
    const auto& c = colours();
    auto* chart = view_->chart();
    chart->setBackgroundBrush(c.panel);
    chart->setBackgroundPen(Qt::NoPen);
    view_->setBackgroundBrush(c.panel);
    chart->legend()->setLabelColor(c.text);
    QFont font = this->font();
    font.setPointSizeF(font.pointSizeF() * 0.9);
    chart->legend()->setFont(font);
    for (auto* axis : chart->axes()) {
        axis->setLabelsColor(c.muted);
        axis->setShadesVisible(false);
        axis->setTitleBrush(c.muted);
        axis->setTitleFont(font);
        axis->setLabelsFont(font);
        axis->setGridLinePen(QPen(c.line, 1));
        axis->setLinePen(QPen(c.line, 1));
    }
}

}  // namespace ui
