// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tune/metrics_model.h"

#include <QBrush>
#include <QFont>

#include <algorithm>
#include <cmath>

#include "ui/style/numbers.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

QString number(double value) {
    return QString::number(value, 'f', 2);
}

}  // namespace

MetricsModel::MetricsModel(QObject* parent) : QAbstractTableModel(parent) {}

void MetricsModel::setProduct(std::shared_ptr<engine::LiveProduct> product) {
    beginResetModel();
    product_ = std::move(product);
    spaces_.assign(product_ ? product_->plan().spaces.size() : 0, std::nullopt);
    baseline_.reset();
    baseline_is_space_ = true;
    figures_.assign(product_ ? product_->sets().size() : 0, std::nullopt);
    intervals_.assign(figures_.size(), {});
    stale_.assign(figures_.size(), 0);
    endResetModel();
}

void MetricsModel::setMetric(const QString& metric) {
    metric_ = metric;
    if (product_) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
    Q_EMIT headerDataChanged(Qt::Horizontal, 0, std::max(0, columnCount() - 1));
    if (product_) Q_EMIT headerDataChanged(Qt::Vertical, alsoRow(), alsoRow());
}

void MetricsModel::setSpace(const engine::MetricsTable& table) {
    if (!product_) return;
    for (std::size_t s = 0; s < spaces_.size(); ++s) {
        if (product_->plan().spaces[s].name != table.subject) continue;
        spaces_[s] = table;
        const int row = static_cast<int>(s);
        Q_EMIT dataChanged(index(row, 0), index(row, columnCount() - 1));
    }
}

void MetricsModel::setBaseline(const std::optional<engine::MetricsTable>& table, bool is_space) {
    beginResetModel();
    baseline_ = table;
    baseline_is_space_ = is_space;
    endResetModel();
}

void MetricsModel::setFigures(const engine::LiveFigures& figures) {
    if (!product_ || figures.sets.size() != figures_.size()) return;
    for (std::size_t s = 0; s < figures_.size(); ++s) {
        if (figures.sets[s]) {
            figures_[s] = figures.sets[s];
            intervals_[s] = figures.intervals.size() > s ? figures.intervals[s] : engine::IntervalMap{};
        }
        stale_[s] = !figures.sets[s];
    }
    Q_EMIT dataChanged(index(nowRow(), 0), index(alsoRow(), columnCount() - 1));
}

int MetricsModel::rowCount(const QModelIndex& parent) const {
    if (parent.isValid() || !product_) return 0;
    return static_cast<int>(spaces_.size()) + (baselineRow() ? 1 : 0) + 2;
}

int MetricsModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() || !product_ ? 0 : static_cast<int>(product_->sets().size());
}

QString MetricsModel::metricOfRow(int row) const {
    if (row != alsoRow()) return metric_;
    return metric_ == QLatin1String("R@1") ? QStringLiteral("R@5") : QStringLiteral("R@1");
}

std::string MetricsModel::metricOf(std::size_t set, int row) const {
    const QString metric = metricOfRow(row);
    switch (product_->sets()[set].kind) {
        case engine::SetKind::Retrieval:
            return metric.toStdString();
        case engine::SetKind::Classification:
            return metric == QLatin1String("R@1") ? "top-1" : "top-5";
        case engine::SetKind::MultiLabel:
            return row == alsoRow() ? "" : "mAP";
    }
    return {};
}

std::optional<double> MetricsModel::valueOf(const engine::MetricsTable& table, std::size_t set, int row) const {
    const auto* found = table.find(product_->sets()[set].name);
    if (!found) return std::nullopt;
    const auto values = found->values();
    const auto value = values.find(metricOf(set, row));
    return value == values.end() ? std::nullopt : std::optional<double>(value->second);
}

std::optional<double> MetricsModel::nowOf(std::size_t set, int row) const {
    if (!figures_[set]) return std::nullopt;
    const auto value = figures_[set]->find(metricOf(set, row));
    return value == figures_[set]->end() ? std::nullopt : std::optional<double>(value->second);
}

std::optional<double> MetricsModel::changeOf(std::size_t set, int row) const {
    const auto now = nowOf(set, row);
    const auto before = baseline_ ? valueOf(*baseline_, set, row) : std::nullopt;
    if (!now || !before) return std::nullopt;
    return *now - *before;
}

QStringList MetricsModel::allFigures(int row, std::size_t set) const {
    const auto valuesIn = [&](const std::optional<engine::MetricsTable>& table) {
        const auto* found = table ? table->find(product_->sets()[set].name) : nullptr;
        return found ? found->values() : engine::MetricMap{};
    };
    const bool is_now = isNow(row);
    const engine::MetricMap values = is_now ? figures_[set].value_or(engine::MetricMap{})
                                     : baselineRow() && row == nowRow() - 1
                                         ? valuesIn(baseline_)
                                         : valuesIn(spaces_[static_cast<std::size_t>(row)]);
    const engine::MetricMap before = is_now ? valuesIn(baseline_) : engine::MetricMap{};
    QStringList out;
    for (const auto& [metric, value] : values) {
        QString text = QString::fromStdString(metric) + QLatin1Char(' ');
        if (is_now && intervals_[set].contains(metric)) text += QStringLiteral("≈ ");
        text += number(value);
        if (const auto at = before.find(metric); at != before.end())
            text += QStringLiteral(" (%1)").arg(signedNumber(value - at->second));
        out << text;
    }
    return out;
}

const engine::RateInterval* MetricsModel::intervalOf(std::size_t set, int row) const {
    if (!figures_[set]) return nullptr;
    const auto found = intervals_[set].find(metricOf(set, row));
    return found == intervals_[set].end() ? nullptr : &found->second;
}

std::optional<std::pair<QString, double>> MetricsModel::expertLevel(const engine::DeltaGroup& group) const {
    if (!product_ || !baseline_) return std::nullopt;
    for (std::size_t s = 1; s < spaces_.size(); ++s) {  // the first is the base
        if (!spaces_[s]) continue;
        const bool all = std::all_of(group.sets.begin(), group.sets.end(), [&](const std::string& name) {
            return spaces_[s]->find(name) && baseline_->find(name);
        });
        if (!all) continue;
        return std::pair{QString::fromStdString(spaces_[s]->subject),
                         engine::groupValue(group, *spaces_[s]) - engine::groupValue(group, *baseline_)};
    }
    return std::nullopt;
}

std::optional<double> MetricsModel::now(const QString& set) const {
    for (std::size_t s = 0; product_ && s < figures_.size(); ++s) {
        if (product_->sets()[s].name == set.toStdString()) return nowOf(s, nowRow());
    }
    return std::nullopt;
}

std::optional<double> MetricsModel::change(const QString& set) const {
    for (std::size_t s = 0; product_ && s < figures_.size(); ++s) {
        if (product_->sets()[s].name == set.toStdString()) return changeOf(s, nowRow());
    }
    return std::nullopt;
}

QVariant MetricsModel::data(const QModelIndex& index, int role) const {
    if (!product_ || !index.isValid()) return {};
    const auto set = static_cast<std::size_t>(index.column());
    const int row = index.row();
    const bool is_now = isNow(row);
    const bool is_baseline = baselineRow() && row == nowRow() - 1;
    if (role == Qt::TextAlignmentRole) return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter);
    if (role == kChangeRole) {
        const auto delta = is_now ? changeOf(set, row) : std::nullopt;
        return delta ? QVariant(*delta) : QVariant();
    }
    if (role == Qt::FontRole) {
        QFont font;
        if (row == nowRow()) font.setWeight(QFont::DemiBold);
        return font;
    }
    std::optional<double> value;
    bool waiting = false;
    if (is_now) {
        value = nowOf(set, row);
        waiting = !figures_[set];
    } else if (is_baseline) {
        value = valueOf(*baseline_, set, row);
    } else {
        const auto& table = spaces_[static_cast<std::size_t>(row)];
        waiting = !table;
        if (table) value = valueOf(*table, set, row);
    }
    if (role == Qt::DisplayRole) {
        if (!value) return waiting ? QStringLiteral("…") : QStringLiteral("–");
        QString text = number(*value);
        if (is_now) {
            if (const auto* interval = intervalOf(set, row)) {
                const double half = std::max(interval->high - *value, *value - interval->low);
                text = QStringLiteral("≈ %1 ±%2").arg(text, number(half));
            }
            if (const auto delta = changeOf(set, row)) text += QStringLiteral("\n") + signedNumber(*delta);
        }
        return text;
    }
    if (role == Qt::ForegroundRole) {
        if (!value || (is_now && stale_[set])) return QBrush(colours().muted);
        if (!is_now) return QBrush(colours().text);
        const auto delta = changeOf(set, row);
        if (!delta || std::fabs(*delta) < 0.005) return QBrush(colours().text);
        return QBrush(*delta > 0 ? colours().good : colours().bad);
    }
    if (role == Qt::AccessibleTextRole && value) return allFigures(row, set).join(QStringLiteral(", "));
    if (role == Qt::ToolTipRole) {
        const QString name = QString::fromStdString(product_->sets()[set].name);
        QStringList lines = allFigures(row, set);
        if (is_now && waiting) {
            const auto why = product_->whyNot(set);
            return why.empty() ? tr("%1 is being prepared").arg(name)
                               : tr("%1 has no landscape: %2").arg(name, QString::fromStdString(why));
        }
        const auto* interval = is_now ? intervalOf(set, row) : nullptr;
        const auto sample = interval ? product_->sample(set) : std::nullopt;
        if (sample) {
            lines << tr("%1 is estimated from a %2, against all candidates: the landscape of all its queries does not "
                        "fit the memory. With 95 % its %3 is within [%4, %5].")
                         .arg(name, QString::fromStdString(sample->text()), QString::fromStdString(metricOf(set, row)),
                              number(interval->low), number(interval->high));
            return lines.join(QLatin1Char('\n'));
        }
        const engine::MetricsTable* table = nullptr;
        if (is_baseline) table = &*baseline_;
        else if (!is_now && spaces_[static_cast<std::size_t>(row)]) table = &*spaces_[static_cast<std::size_t>(row)];
        else if (baseline_) table = &*baseline_;
        if (const auto* metrics = table ? table->find(product_->sets()[set].name) : nullptr)
            lines << QString::fromStdString(engine::protocolText(metrics->protocol));
        return lines.join(QLatin1Char('\n'));
    }
    return {};
}

QVariant MetricsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (!product_) return {};
    if (orientation == Qt::Horizontal) {
        if (section >= columnCount()) return {};
        const auto set = static_cast<std::size_t>(section);
        const auto& outline = product_->sets()[set];
        if (role == Qt::DisplayRole)
            return QString::fromStdString(outline.name) + QStringLiteral("\n") +
                   QString::fromStdString(metricOf(set, nowRow()));
        if (role == Qt::ToolTipRole) {
            return tr("%1: %2 and %3, %4")
                .arg(QString::fromStdString(outline.name), QString::fromStdString(outline.first),
                     QString::fromStdString(outline.second), QString::fromLatin1(engine::setKindName(outline.kind)));
        }
        if (role == Qt::TextAlignmentRole) return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter);
        return {};
    }
    if (role == Qt::DisplayRole) {
        if (section == nowRow()) return tr("Now");
        if (section == alsoRow()) return tr("Now, %1").arg(metricOfRow(section));
        if (baselineRow() && section == nowRow() - 1) return QString::fromStdString(baseline_->subject);
        if (section < static_cast<int>(spaces_.size()))
            return QString::fromStdString(product_->plan().spaces[static_cast<std::size_t>(section)].name);
    }
    if (role == Qt::FontRole && section == nowRow()) {
        QFont font;
        font.setWeight(QFont::DemiBold);
        return font;
    }
    return {};
}

}  // namespace ui
