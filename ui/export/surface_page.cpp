// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/export/surface_page.h"

#include <QComboBox>
#include <QFormLayout>
#include <QLabel>
#include <QSpinBox>
#include <QStandardItemModel>

#include "engine/base/file.h"
#include "engine/session/session.h"
#include "ui/export/command_line.h"
#include "ui/export/path_field.h"
#include "ui/export/table_export.h"

namespace ui {
namespace {

QString text(const std::string& s) {
    return QString::fromStdString(s);
}

}  // namespace

QString figuresCsv(const engine::MetricsTable& table, const engine::MetricsTable& baseline) {
    TableNotes notes;
    notes.synthetic = table.synthetic;
    notes.lines << QObject::tr("subject: %1").arg(text(table.subject))
                << QObject::tr("baseline: %1").arg(text(baseline.subject))
                << QObject::tr("change: percentage points against the baseline");
    for (const auto& set : table.sets)
        notes.lines << text(set.protocol.set + ": " + engine::protocolText(set.protocol)).simplified();
    QStandardItemModel model;
    model.setHorizontalHeaderLabels({QStringLiteral("set"), QStringLiteral("metric"), QStringLiteral("value"),
                                     QStringLiteral("baseline"), QStringLiteral("change")});
    for (const auto& set : table.sets) {
        const auto* other = baseline.find(set.protocol.set);
        const engine::MetricMap before = other ? other->values() : engine::MetricMap{};
        for (const auto& [metric, value] : set.values()) {
            QList<QStandardItem*> row;
            for (int c = 0; c < 5; ++c) row << new QStandardItem;
            row[0]->setText(text(set.protocol.set));
            row[1]->setText(text(metric));
            row[2]->setData(value, kExportRole);
            if (const auto at = before.find(metric); at != before.end()) {
                row[3]->setData(at->second, kExportRole);
                row[4]->setData(value - at->second, kExportRole);
            }
            model.appendRow(row);
        }
    }
    return toCsv(model, notes);
}

SurfacePage::SurfacePage(std::shared_ptr<engine::LiveProduct> product, engine::Setting setting, QWidget* parent)
    : ExportPage(std::move(product), std::move(setting), parent),
      what_(new QComboBox),
      x_(new QComboBox),
      y_(new QComboBox),
      baseline_(new QComboBox),
      format_(new QComboBox),
      steps_(new QSpinBox),
      form_(new QFormLayout(this)),
      output_(new PathField(PathField::Kind::SaveFile, tr("File of figures"),
                            tr("The file to write; one that is there is replaced once the new one is whole"))) {
    what_->setObjectName(QStringLiteral("surface_what"));
    x_->setObjectName(QStringLiteral("surface_x"));
    y_->setObjectName(QStringLiteral("surface_y"));
    steps_->setObjectName(QStringLiteral("surface_steps"));
    format_->setObjectName(QStringLiteral("surface_format"));
    baseline_->setObjectName(QStringLiteral("surface_baseline"));
    output_->setObjectName(QStringLiteral("surface_output"));
    const auto named = [](QWidget* widget, const QString& name, const QString& tip) {
        widget->setAccessibleName(name);
        widget->setToolTip(tip);
    };
    named(what_, tr("What"), tr("Figures over a grid of factors, or the figures of every set at the setting above"));
    named(x_, tr("First factor"), tr("Runs over 0 to 1: the expert's share"));
    named(y_, tr("Second factor"), tr("Runs over 0 to 1: the expert's share. None: a curve along the first factor"));
    named(steps_, tr("Points along each factor"),
          tr("2 to 101 points from 0 to 1 along each factor, all of them "
             "computed"));
    named(baseline_, tr("Baseline"),
          tr("What changes are counted against: a space as it is, or the setting that is pinned"));
    named(format_, tr("Format"), tr("CSV opens in any spreadsheet; JSON and HDF5 keep the grid"));
    what_->addItem(tr("Surface of the Δ groups and all figures"));
    what_->addItem(tr("Figures at this setting, with protocols"));
    for (const auto& factor : product_->axes()) {
        for (auto* box : {x_, y_}) box->addItem(text(factor.symbol), text(factor.name));
    }
    y_->addItem(tr("none"), QString());
    steps_->setRange(2, 101);
    setAxes(defaultAxes(*product_, 21));
    for (const auto& space : product_->plan().spaces) baseline_->addItem(text(space.name));
    baseline_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    form_->setContentsMargins(0, 0, 0, 0);
    form_->setVerticalSpacing(10);
    form_->addRow(tr("&What"), what_);
    form_->addRow(tr("F&irst factor"), x_);
    form_->addRow(tr("S&econd factor"), y_);
    form_->addRow(tr("&Points"), steps_);
    form_->addRow(tr("&Baseline"), baseline_);
    form_->addRow(tr("F&ormat"), format_);
    form_->addRow(tr("&File"), output_);
    connect(what_, &QComboBox::currentIndexChanged, this, &SurfacePage::whatChanged);
    connect(format_, &QComboBox::currentIndexChanged, this, [this] {
        output_->setEnding(format_->currentData().toString());
        Q_EMIT changed();
    });
    for (auto* box : {x_, y_, baseline_}) connect(box, &QComboBox::currentIndexChanged, this, &ExportPage::changed);
    connect(steps_, &QSpinBox::valueChanged, this, &ExportPage::changed);
    connect(output_, &PathField::changed, this, &ExportPage::changed);
    whatChanged();
}

QString SurfacePage::heading() const {
    return tr("Surfaces and tables");
}

QString SurfacePage::explanation() const {
    return tr(
        "Figures for other programs. Every file says what was compared with what, by which protocol, and whether "
        "on a synthetic world.");
}

QString SurfacePage::action() const {
    return figures() ? tr("Write figures") : tr("Write surface");
}

bool SurfacePage::figures() const {
    return what_->currentIndex() == 1;
}

void SurfacePage::whatChanged() {
    const bool surface = !figures();
    for (QWidget* widget : std::initializer_list<QWidget*>{x_, y_, steps_}) {
        widget->setVisible(surface);
        form_->labelForField(widget)->setVisible(surface);
    }
    {
        const QSignalBlocker quiet(format_);
        const QString kept = format_->currentData().toString();
        format_->clear();
        format_->addItem(tr("CSV"), QStringLiteral(".csv"));
        if (surface) {
            format_->addItem(tr("JSON"), QStringLiteral(".json"));
            format_->addItem(tr("HDF5"), QStringLiteral(".h5"));
        }
        format_->setCurrentIndex(std::max(0, format_->findData(kept)));
    }
    const std::string stem = product_->recipe().name + (surface ? "-surface" : "-figures");
    output_->suggest(text((product_->folder().parent_path() / stem).string()) + format_->currentData().toString());
    output_->setEnding(format_->currentData().toString());
    Q_EMIT changed();
}

void SurfacePage::setAxes(const std::vector<engine::FactorAxis>& axes) {
    if (axes.empty()) return;
    x_->setCurrentIndex(std::max(0, x_->findData(text(axes[0].factor))));
    y_->setCurrentIndex(std::max(0, y_->findData(axes.size() > 1 ? text(axes[1].factor) : QString())));
    steps_->setValue(static_cast<int>(axes[0].steps));
}

std::vector<engine::FactorAxis> SurfacePage::axes() const {
    std::vector<engine::FactorAxis> out;
    const auto steps = static_cast<std::size_t>(steps_->value());
    for (const auto* box : {x_, y_}) {
        const std::string factor = box->currentData().toString().toStdString();
        if (!factor.empty()) out.push_back({factor, 0, 1, steps});
    }
    return out;
}

void SurfacePage::setBaseline(const BaselineChoice& baseline) {
    if (baseline.setting) {
        pinned_ = baseline;
        baseline_->addItem(baseline.name);
        baseline_->setCurrentIndex(baseline_->count() - 1);
    } else {
        baseline_->setCurrentIndex(std::max(0, baseline_->findText(text(baseline.space))));
    }
}

BaselineChoice SurfacePage::baseline() const {
    if (pinned_ && baseline_->currentIndex() == baseline_->count() - 1) return *pinned_;
    return {baseline_->currentText().toStdString(), std::nullopt, baseline_->currentText()};
}

QString SurfacePage::problem() const {
    if (!figures()) {
        if (x_->count() == 0) return tr("The product has no factor that can change without computing it anew.");
        if (x_->currentData() == y_->currentData()) return tr("Choose two different factors, or none as the second.");
    }
    if (output_->path().isEmpty()) return tr("Name a file to write.");
    if (!output_->path().endsWith(format_->currentData().toString()))
        return tr("The file's name must end in %1.").arg(format_->currentData().toString());
    return {};
}

ExportPage::Work SurfacePage::figuresWork() const {
    return [product = product_, setting = setting_, against = baseline(),
            path = output_->path()](const engine::JobContext& job) {
        const engine::MetricsTable baseline =
            against.setting ? product->measure(*against.setting, job) : product->measureSpace(against.space, job);
        const engine::MetricsTable table = product->measure(setting, job);
        engine::writeFileWhole(path.toStdString(), figuresCsv(table, baseline).toStdString());
        return Exported{QObject::tr("Figures written"),
                        QObject::tr("%1 evaluation sets, against %2").arg(table.sets.size()).arg(against.name) +
                            (table.synthetic ? QObject::tr("\nOf a synthetic world; the file says so.") : QString()),
                        path};
    };
}

ExportPage::Work SurfacePage::work() {
    if (figures()) return figuresWork();
    engine::SweepRequestText request;
    request.workspace = product_->workspaceFolder();
    request.subject.product = product_->folder();
    engine::Setting others = setting_;
    for (const auto& axis : axes()) {
        others.factors.erase(axis.factor);
        request.axes.push_back(axisText(axis).toStdString());
    }
    for (const auto& word : settingWords(*product_, others)) request.subject.set.push_back(word.toStdString());
    request.baseline = baselineOf(*product_, baseline());
    request.output = output_->path().toStdString();
    request.options = engine::evalOptionTable().toJson(product_->evalOptions());
    return [request, points = axes(), against = baseline().name](const engine::JobContext& job) {
        const engine::Outcome made = engine::sweepFactors(request, job);
        std::size_t count = 1;
        for (const auto& axis : points) count *= axis.steps;
        QString details = QObject::tr("%1 points, every one computed, against %2").arg(count).arg(against);
        if (made.json.value("synthetic", false)) details += QObject::tr("\nOf a synthetic world; the file says so.");
        return Exported{QObject::tr("Surface written"), details, text(request.output.string())};
    };
}

}  // namespace ui
