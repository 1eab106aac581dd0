// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tune/routing_panel.h"

#include <QHeaderView>
#include <QPainter>
#include <QScrollArea>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include <algorithm>
#include <filesystem>

#include "engine/session/session.h"
#include "ui/export/view_menu.h"
#include "ui/reactions/option_form.h"
#include "ui/style/numbers.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

constexpr const char* kName = "learned";
constexpr int kMeanRole = Qt::UserRole + 1, kHandRole = Qt::UserRole + 2, kDeviationRole = Qt::UserRole + 3;

QString text(const std::string& s) {
    return QString::fromStdString(s);
}

QString share(double value) {
    return QString::number(value, 'f', 2);
}

// The learned weight as a bar from 0 to 1 with its spread as a whisker, and a tick where the share by hand is.
class WeightDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        QStyledItemDelegate::paint(painter, option, index);
        if (!index.data(kMeanRole).isValid()) return;
        const double mean = index.data(kMeanRole).toDouble(), deviation = index.data(kDeviationRole).toDouble();
        const double hand = index.data(kHandRole).toDouble();
        const QRectF bar(option.rect.left() + 8, option.rect.bottom() - 7, option.rect.width() - 16, 4);
        const auto& c = colours();
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(Qt::NoPen);
        painter->setBrush(c.line);
        painter->drawRoundedRect(bar, 2, 2);
        QRectF filled = bar;
        filled.setWidth(bar.width() * std::clamp(mean, 0.0, 1.0));
        painter->setBrush(c.accent);
        painter->drawRoundedRect(filled, 2, 2);
        const double middle = bar.center().y();
        if (deviation > 0) {
            const auto at = [&](double v) { return bar.left() + bar.width() * std::clamp(v, 0.0, 1.0); };
            painter->setPen(QPen(c.muted, 1));
            painter->drawLine(QPointF(at(mean - deviation), middle), QPointF(at(mean + deviation), middle));
        }
        const double tick = bar.left() + bar.width() * std::clamp(hand, 0.0, 1.0);
        painter->setPen(QPen(c.text, 2));
        painter->drawLine(QPointF(tick, bar.top() - 3), QPointF(tick, bar.bottom() + 2));
        painter->restore();
    }

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        QSize size = QStyledItemDelegate::sizeHint(option, index);
        if (index.data(kMeanRole).isValid()) size.setHeight(option.fontMetrics.height() + 14);
        return size;
    }
};

}  // namespace

// Sets in the order of the product's; spaces of a side in the order of sharesByHand().
struct RoutingPanel::Found {
    struct Side {
        bool first = true;
        QString modality;
        std::vector<std::string> spaces;
        std::vector<double> mean, deviation;
        int row = 0;  // of the table, of its first space
    };
    struct Set {
        std::size_t index = 0;
        QString name;
        std::string metric;
        double routed = 0;
        std::vector<Side> sides;
        int row = 0;
    };
    std::vector<Set> sets;
    std::size_t tuples = 0;
    bool synthetic = false;
};

RoutingPanel::RoutingPanel(Project& project, LiveSession& session, QWidget* parent)
    : QWidget(parent),
      project_(project),
      session_(session),
      runner_(nullptr, true),
      learn_(new QPushButton),
      more_(new QToolButton),
      options_(new OptionForm(engine::routerOptions())),
      progress_(new ProgressStrip),
      about_(new QLabel),
      table_(new QTableWidget) {
    learn_->setObjectName(QStringLiteral("learn_router"));
    more_->setObjectName(QStringLiteral("router_options"));
    more_->setText(tr("Options"));
    more_->setToolTip(tr("How the router is learned"));
    more_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    more_->setArrowType(Qt::RightArrow);
    more_->setAutoRaise(true);
    more_->setCheckable(true);
    auto* scroll = new QScrollArea;
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(options_);
    options_area_ = scroll;
    options_area_->hide();
    about_->setWordWrap(true);
    about_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    table_->setObjectName(QStringLiteral("router_weights"));
    table_->setAccessibleName(tr("Weights of the router by evaluation set"));
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->verticalHeader()->hide();
    table_->setShowGrid(false);
    table_->setTabKeyNavigation(false);
    table_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    table_->setColumnCount(3);
    table_->setHorizontalHeaderLabels({tr("Space"), tr("By hand"), tr("Router")});
    table_->setItemDelegateForColumn(2, new WeightDelegate(table_));
    table_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    table_->horizontalHeader()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    table_->horizontalHeader()->setSectionResizeMode(2, QHeaderView::Fixed);
    table_->horizontalHeader()->resizeSection(2, 116);
    table_->verticalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(learn_, 1);
    buttons->addWidget(more_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(12, 12, 12, 12);
    column->setSpacing(8);
    column->addLayout(buttons);
    column->addWidget(options_area_, 1);
    column->addWidget(progress_);
    column->addWidget(about_);
    column->addWidget(table_, 2);
    column->addStretch(0);

    addTableMenu(
        table_,
        [this] {
            TableNotes out;
            if (!found_) return out;
            out.synthetic = found_->synthetic;
            out.lines << about_->text();
            return out;
        },
        [] { return tr("router weights"); }, [this](const JobFailure& failure) { Q_EMIT failed(failure); });
    connect(learn_, &QPushButton::clicked, this, [this] {
        if (working()) stop();
        else learn();
    });
    connect(more_, &QToolButton::toggled, this, [this](bool open) {
        more_->setArrowType(open ? Qt::DownArrow : Qt::RightArrow);
        options_area_->setVisible(open);
    });
    connect(options_, &OptionForm::edited, this, &RoutingPanel::tell);
    connect(&session_, &LiveSession::opened, this, [this] {
        forget();
        measureIfThere();
    });
    connect(&session_, &LiveSession::closed, this, &RoutingPanel::forget);
    connect(&session_, &LiveSession::figuresChanged, this, &RoutingPanel::followSetting);
    connect(&project_, &Project::settingChanged, this, &RoutingPanel::followSetting);
    progress_->follow(runner_);
    connect(&runner_, &JobRunner::failed, this, [this](const JobFailure& failure) {
        about_->setText(failure.text());
        Q_EMIT failed(failure);
    });
    connect(&runner_, &JobRunner::cancelled, this,
            [this] { about_->setText(tr("Stopped. A router that was there before is still there.")); });
    connect(&runner_, &JobRunner::ended, this, &RoutingPanel::tell);
    forget();
}

bool RoutingPanel::hasRouter() const {
    const auto live = session_.product();
    return live && std::filesystem::exists(live->folder() / "routers" / kName / "router.json");
}

void RoutingPanel::forget() {
    runner_.drop();
    progress_->finish();
    found_.reset();
    tried_ = false;
    table_->hide();
    setEnabled(session_.product() != nullptr);
    about_->setText(!session_.product()
                        ? tr("Open a product to let a router weigh its spaces.")
                        : tr("A router weighs the spaces of the product anew for every item, on both sides, in place "
                             "of the factors. "
                             "It is learned on items of the pools, the projectors staying as they are."));
    tell();
}

void RoutingPanel::tell() {
    learn_->setText(working() ? tr("Stop") : hasRouter() ? tr("Learn the router anew") : tr("Learn a router"));
    learn_->setToolTip(working() ? tr("Stops; a router that was there before stays")
                                 : tr("Learns a small network for each modality, in the background, then measures what "
                                      "it does on every evaluation set"));
    learn_->setEnabled(working() || options_->problems().empty());
}

void RoutingPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    measureIfThere();
}

void RoutingPanel::measureIfThere() {
    if (!isVisible() || tried_ || found_ || working() || !hasRouter()) return;
    tried_ = true;
    run(false);
}

void RoutingPanel::learn() {
    if (!session_.product() || working() || !options_->problems().empty()) return;
    run(true);
}

void RoutingPanel::run(bool learn) {
    const auto live = session_.product();
    engine::RoutingRequest request;
    request.workspace = live->workspaceFolder();
    request.product = live->folder();
    request.name = kName;
    request.again = learn;
    if (learn) request.options = options_->changed();
    about_->setText(learn ? tr("Learning…") : tr("Measuring the router that is there…"));
    runner_.start<std::shared_ptr<const Found>>(
        learn ? tr("Learning a router") : tr("Measuring the router"),
        [request, live](const engine::JobContext& job) {
            const engine::Json json = engine::learnRouting(request, job).json;
            auto found = std::make_shared<Found>();
            found->tuples = json["training"].value("tuples", std::size_t{0});
            found->synthetic = json["synthetic"].get<bool>();
            const engine::Setting own = live->defaults();
            for (const auto& s : json["sets"]) {
                const auto name = s["set"].get<std::string>();
                const auto at = std::find_if(live->sets().begin(), live->sets().end(),
                                             [&](const engine::SetOutline& set) { return set.name == name; });
                if (at == live->sets().end()) continue;
                Found::Set set;
                set.index = static_cast<std::size_t>(at - live->sets().begin());
                set.name = text(name);
                set.metric = s["metric"].get<std::string>();
                set.routed = s["routed"]["metrics"][set.metric].get<double>();
                for (const bool first : {true, false}) {
                    const auto& side = s[first ? "first" : "second"];
                    if (!first && at->first == at->second) continue;
                    Found::Side out;
                    out.first = first;
                    out.modality = text(side["modality"].get<std::string>());
                    for (const auto& [space, by_hand] : live->sharesByHand(set.index, first, own)) {
                        if (!side["weights"].contains(space)) continue;
                        out.spaces.push_back(space);
                        out.mean.push_back(side["weights"][space]["mean"].get<double>());
                        out.deviation.push_back(side["weights"][space]["deviation"].get<double>());
                    }
                    set.sides.push_back(std::move(out));
                }
                found->sets.push_back(std::move(set));
            }
            return std::shared_ptr<const Found>(found);
        },
        [this, live](std::shared_ptr<const Found> found) {
            if (session_.product() != live) return;
            found_ = std::move(found);
            fill();
            Q_EMIT shown();
        });
    tell();
}

std::optional<double> RoutingPanel::byHand(std::size_t set, const std::string& metric) const {
    const auto& sets = session_.figures().sets;
    if (set >= sets.size() || !sets[set]) return std::nullopt;
    const auto it = sets[set]->find(metric);
    return it == sets[set]->end() ? std::nullopt : std::optional<double>(it->second);
}

void RoutingPanel::fill() {
    auto placed = std::make_shared<Found>(*found_);
    table_->clearSpans();
    table_->setRowCount(0);
    const auto add = [this] {
        table_->insertRow(table_->rowCount());
        const int row = table_->rowCount() - 1;
        for (int c = 0; c < 3; ++c) {
            auto* item = new QTableWidgetItem;
            item->setTextAlignment((c == 0   ? Qt::AlignLeft | Qt::AlignVCenter
                                    : c == 1 ? Qt::AlignRight | Qt::AlignVCenter
                                             : Qt::AlignRight | Qt::AlignTop));
            table_->setItem(row, c, item);
        }
        return row;
    };
    for (auto& set : placed->sets) {
        set.row = add();
        table_->setSpan(set.row, 0, 1, 3);
        QFont strong = font();
        strong.setWeight(QFont::DemiBold);
        table_->item(set.row, 0)->setFont(strong);
        for (auto& side : set.sides) {
            side.row = table_->rowCount();
            for (std::size_t k = 0; k < side.spaces.size(); ++k) {
                const int row = add();
                table_->item(row, 0)->setText(QStringLiteral("%1  %2").arg(side.modality, text(side.spaces[k])));
                auto* learned = table_->item(row, 2);
                learned->setText(side.spaces.size() > 1
                                     ? QStringLiteral("%1 ± %2").arg(share(side.mean[k]), share(side.deviation[k]))
                                     : share(side.mean[k]));
                learned->setData(kExportRole, side.mean[k]);
                learned->setData(kMeanRole, side.mean[k]);
                learned->setData(kDeviationRole, side.deviation[k]);
            }
        }
    }
    found_ = placed;
    QString about =
        tr("Mean weight of each space over the items of a set, ± its spread between items; bar: the router, tick: the "
           "share by hand, which follows the sliders. Learned on %1 tuples of pool items.")
            .arg(found_->tuples);
    if (found_->synthetic) about += QLatin1Char(' ') + tr("Synthetic world.");
    about_->setText(about);
    table_->show();
    followSetting();
}

void RoutingPanel::followSetting() {
    const auto live = session_.product();
    if (!found_ || !live || project_.product() != text(live->folder().string())) return;
    for (const auto& set : found_->sets) {
        QString line = QStringLiteral("%1  %2").arg(set.name, text(set.metric));
        if (const auto hand = byHand(set.index, set.metric)) {
            line += live->sample(set.index) ? tr("  by hand ≈ %1").arg(*hand, 0, 'f', 2)
                                            : tr("  by hand %1").arg(*hand, 0, 'f', 2);
            line += tr(", routed %1 (%2)").arg(set.routed, 0, 'f', 2).arg(signedNumber(set.routed - *hand));
        } else {
            line += tr("  routed %1").arg(set.routed, 0, 'f', 2);
        }
        table_->item(set.row, 0)->setText(line);
        table_->item(set.row, 0)
            ->setToolTip(tr("The figure at the factors in force, and with the router's weights in their place"));
        for (const auto& side : set.sides) {
            const auto shares = live->sharesByHand(set.index, side.first, project_.setting());
            for (std::size_t k = 0; k < side.spaces.size(); ++k) {
                double hand = 0;
                for (const auto& [space, value] : shares) hand = space == side.spaces[k] ? value : hand;
                const int row = side.row + static_cast<int>(k);
                table_->item(row, 1)->setText(share(hand));
                table_->item(row, 1)->setData(kExportRole, hand);
                table_->item(row, 2)->setData(kHandRole, hand);
                const QString tip = tr("%1 of %2, space %3: by hand %4, router %5 ± %6")
                                        .arg(side.modality, set.name, text(side.spaces[k]), share(hand),
                                             share(side.mean[k]), share(side.deviation[k]));
                for (int c = 0; c < 3; ++c) table_->item(row, c)->setToolTip(tip);
            }
        }
    }
}

std::optional<RoutingPanel::Weight> RoutingPanel::weight(const QString& set, const QString& modality,
                                                         const QString& space) const {
    if (!found_) return std::nullopt;
    for (const auto& s : found_->sets) {
        if (s.name != set) continue;
        for (const auto& side : s.sides) {
            if (side.modality != modality) continue;
            for (std::size_t k = 0; k < side.spaces.size(); ++k) {
                if (text(side.spaces[k]) != space) continue;
                const auto* shown = table_->item(side.row + static_cast<int>(k), 2);
                return Weight{shown->data(kHandRole).toDouble(), side.mean[k], side.deviation[k]};
            }
        }
    }
    return std::nullopt;
}

std::optional<double> RoutingPanel::routed(const QString& set) const {
    if (!found_) return std::nullopt;
    for (const auto& s : found_->sets) {
        if (s.name == set) return s.routed;
    }
    return std::nullopt;
}

}  // namespace ui
