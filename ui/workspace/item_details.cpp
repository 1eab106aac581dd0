// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/workspace/item_details.h"

#include <QEvent>
#include <QFormLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QTableWidget>
#include <QVBoxLayout>

#include "engine/session/peek.h"
#include "ui/bridge/job_runner.h"
#include "ui/style/theme.h"
#include "ui/workspace/workspace_tree.h"

namespace ui {
namespace {

using engine::Json;

constexpr std::size_t kIds = 50;

QString text(const Json& json) {
    return QString::fromStdString(json.get<std::string>());
}

QString number(const Json& json) {
    return QLocale().toString(json.get<qulonglong>());
}

QString list(const Json& json) {
    QStringList parts;
    for (const auto& item : json) parts << text(item);
    return parts.join(QObject::tr(", ", "list separator"));
}

QString kindText(const QString& kind) {
    if (kind == QLatin1String("retrieval")) return QObject::tr("Evaluation set, retrieval");
    if (kind == QLatin1String("classification")) return QObject::tr("Evaluation set, classification");
    return QObject::tr("Evaluation set, several labels an item");
}

}  // namespace

ItemDetails::ItemDetails(QWidget* parent) : QWidget(parent) {
    title_ = new QLabel;
    title_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    // Names are what files say: nothing in them is markup.
    title_->setTextFormat(Qt::PlainText);
    kind_ = new QLabel;
    kind_->setForegroundRole(QPalette::PlaceholderText);
    ids_title_ = new QLabel(tr("First items"));
    ids_note_ = new QLabel;
    ids_note_->setForegroundRole(QPalette::PlaceholderText);
    ids_note_->setWordWrap(true);
    ids_ = new QTableWidget;
    ids_->setFrameShape(QFrame::NoFrame);
    ids_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    ids_->setAccessibleName(tr("First items: ids and files"));
    ids_->setShowGrid(false);
    ids_->setWordWrap(false);
    ids_->verticalHeader()->setDefaultSectionSize(ids_->fontMetrics().height() + 6);
    ids_->horizontalHeader()->setHighlightSections(false);
    ids_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(14, 12, 14, 8);
    column->setSpacing(2);
    column->addWidget(title_);
    column->addWidget(kind_);
    column->addSpacing(10);
    column->addSpacing(10);
    column->addWidget(ids_title_);
    column->addWidget(ids_note_);
    column->addWidget(ids_, 1);
    column->addStretch();
    runner_ = new JobRunner(this);
    connect(runner_, &JobRunner::failed, this, [this](const JobFailure& failure) {
        ids_->hide();
        ids_note_->setText(tr("The ids cannot be read: %1").arg(failure.message));
        ids_note_->show();
    });
    refresh();
}

void ItemDetails::fact(const QString& name, const QString& value, const QString& tip) {
    auto* key = new QLabel(name);
    key->setForegroundRole(QPalette::PlaceholderText);
    auto* label = new QLabel(value);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    label->setToolTip(tip);
    key->setToolTip(tip);
    facts_->addRow(key, label);
}

void ItemDetails::show(const QString& folder, const Json& inspected, const QString& pointer) {
    runner_->stop();
    ++round_;
    delete facts_box_;
    facts_box_ = new QWidget;
    facts_ = new QFormLayout(facts_box_);
    facts_->setContentsMargins(0, 0, 0, 0);
    facts_->setHorizontalSpacing(16);
    facts_->setVerticalSpacing(5);
    facts_->setLabelAlignment(Qt::AlignLeft | Qt::AlignTop);
    static_cast<QVBoxLayout*>(layout())->insertWidget(3, facts_box_);
    title_->clear();
    kind_->clear();
    const bool there = !pointer.isEmpty() && inspected.contains(Json::json_pointer(pointer.toStdString()));
    if (!there) {
        kind_->setText(tr("Choose an item on the left to see what is known of it."));
        ids_title_->hide();
        ids_note_->hide();
        ids_->hide();
        return;
    }
    const QStringList path = pointer.split(QLatin1Char('/'), Qt::SkipEmptyParts);
    const auto at = [&](int parts) -> const Json& {
        return inspected.at(Json::json_pointer('/' + path.mid(0, parts).join(QLatin1Char('/')).toStdString()));
    };
    const auto depth = static_cast<int>(path.size());
    const Json& item = at(depth);
    if (path[0] == QLatin1String("spaces")) {
        title_->setText(text(item["name"]));
        kind_->setText(tr("Space"));
        aboutSpace(inspected, item);
    } else if (path[0] == QLatin1String("pools")) {
        const Json& pool = at(2);
        const QString name = text(pool["name"]);
        title_->setText(depth == 6 ? tr("%1 in %2").arg(name, text(item["space"])) : name);
        kind_->setText(pool["paired"].get<bool>() ? tr("Paired pool: rows of its modalities belong together")
                                                  : tr("Pool: training items of one modality"));
        if (depth == 2) {
            QStringList modalities;
            qulonglong bytes = 0;
            for (const auto& t : item["tables"]) {
                modalities << text(t["modality"]);
                for (const auto& s : t["spaces"]) bytes += s["bytes"].get<qulonglong>();
            }
            fact(tr("Modalities"), modalities.join(tr(", ", "list separator")));
            fact(tr("Pairs"), number(item["tables"][0]["rows"]), tr("Rows that its modalities have, each with each"));
            for (const auto& t : item["tables"]) {
                QStringList spaces;
                for (const auto& s : t["spaces"])
                    spaces << tr("%1 (%2 wide)").arg(text(s["space"]), number(s["width"]));
                fact(tr("%1 in spaces").arg(text(t["modality"])), spaces.join(tr(", ", "list separator")));
            }
            fact(tr("Size"), bytesText(bytes));
        } else if (depth == 4) {
            aboutTable(item);
        } else {
            aboutEmbeddings(at(4), item);
        }
    } else {
        const Json& set = at(2);
        title_->setText(text(set["name"]));
        kind_->setText(kindText(text(set["kind"])));
        if (depth == 2) {
            aboutSet(item);
        } else {
            const Json& table = at(3);
            const bool first = path[2] == QLatin1String("first");
            const bool classes = text(set["kind"]) != QLatin1String("retrieval") && !first;
            kind_->setText(tr("%1; %2").arg(
                kindText(text(set["kind"])),
                classes ? tr("classes")
                        : tr("%1 side, %2").arg(first ? tr("first") : tr("second"), text(table["modality"]))));
            if (depth == 3) {
                aboutTable(item);
            } else {
                title_->setText(tr("%1 in %2").arg(text(set["name"]), text(item["space"])));
                aboutEmbeddings(table, item);
            }
        }
    }
    preview(folder, inspected, path);
    refresh();
}

void ItemDetails::aboutSpace(const Json& inspected, const Json& space) {
    fact(tr("Width"), tr("%1 numbers in a row").arg(number(space["width"])));
    fact(tr("Modalities"), list(space["modalities"]));
    fact(tr("With pools"), space["pools"].empty() ? tr("none: it cannot be trained with") : list(space["pools"]),
         tr("Modalities of which a pool has rows in this space"));
    QStringList reacts, sets;
    for (const auto& r : inspected["reactions"]) {
        for (int k = 0; k < 2; ++k) {
            const auto i = static_cast<std::size_t>(k);
            if (r["spaces"][i] == space["name"])
                reacts << tr("%1 (%2)").arg(text(r["spaces"][1 - i]), list(r["shared"]));
        }
    }
    for (const auto& s : inspected["sets"]) {
        for (const auto& m : s["measurable_in"]) {
            if (m == space["name"]) sets << text(s["name"]);
        }
    }
    fact(tr("Reacts with"), reacts.isEmpty() ? tr("nothing here") : reacts.join(tr(", ", "list separator")),
         tr("Spaces that share a modality with pools in both"));
    fact(tr("Measured on"), sets.isEmpty() ? tr("no evaluation set") : sets.join(tr(", ", "list separator")),
         tr("Evaluation sets of which both sides have rows in this space"));
    qulonglong bytes = 0;
    const auto count = [&](const Json& table) {
        for (const auto& s : table["spaces"]) {
            if (s["space"] == space["name"]) bytes += s["bytes"].get<qulonglong>();
        }
    };
    for (const auto& p : inspected["pools"]) {
        for (const auto& t : p["tables"]) count(t);
    }
    for (const auto& s : inspected["sets"]) {
        count(s["first"]);
        count(s["second"]);
    }
    fact(tr("Size"), bytesText(bytes));
}

void ItemDetails::aboutTable(const Json& table) {
    fact(tr("Modality"), text(table["modality"]));
    fact(tr("Rows"), number(table["rows"]));
    QStringList spaces;
    qulonglong bytes = 0;
    for (const auto& s : table["spaces"]) {
        spaces << tr("%1 (%2 wide)").arg(text(s["space"]), number(s["width"]));
        bytes += s["bytes"].get<qulonglong>();
    }
    fact(tr("In spaces"), spaces.join(tr(", ", "list separator")));
    fact(tr("Size"), bytesText(bytes));
}

void ItemDetails::aboutEmbeddings(const Json& table, const Json& e) {
    fact(tr("Modality"), text(table["modality"]));
    fact(tr("Shape"), tr("%1 rows × %2").arg(number(table["rows"]), number(e["width"])));
    fact(tr("Type"), text(e["type"]));
    const auto norm = [&](const char* key) { return QLocale().toString(e["norm"][key].get<double>(), 'g', 5); };
    fact(tr("Length of rows"), tr("%1 to %2, mean %3").arg(norm("min"), norm("max"), norm("mean")));
    if (!e["unit_rows"].get<bool>()) fact(tr("When read"), tr("brought to unit length"));
    fact(tr("Size"), bytesText(e["bytes"].get<qulonglong>()));
}

void ItemDetails::aboutSet(const Json& set) {
    const bool retrieval = text(set["kind"]) == QLatin1String("retrieval");
    const auto side = [&](const Json& t) { return tr("%1, %2 rows").arg(text(t["modality"]), number(t["rows"])); };
    fact(retrieval ? tr("First side") : tr("Items"), side(set["first"]));
    fact(retrieval ? tr("Second side") : tr("Classes"), side(set["second"]));
    fact(retrieval ? tr("Pairs") : tr("Labels"), number(set["pairs"]));
    fact(tr("Measurable in"),
         set["measurable_in"].empty() ? tr("no single space; a product of several may") : list(set["measurable_in"]));
    if (set.contains("prompt")) fact(tr("Prompt"), text(set["prompt"]));
}

void ItemDetails::preview(const QString& folder, const Json& inspected, const QStringList& path) {
    const bool pool = path[0] == QLatin1String("pools") && path.size() >= 4;
    const bool set = path[0] == QLatin1String("sets");
    for (auto* w : std::initializer_list<QWidget*>{ids_title_, ids_note_, ids_}) w->hide();
    ids_->setRowCount(0);
    if ((!pool && !set) || folder.isEmpty()) return;
    engine::ItemsRequest request;
    request.workspace = folder.toStdString();
    request.count = kIds;
    qulonglong rows = 0;
    const Json& owner = inspected.at(path[0].toStdString()).at(path[1].toULongLong());
    if (pool) {
        const Json& table = owner["tables"].at(path[3].toULongLong());
        request.pool = owner["name"].get<std::string>();
        request.modality = table["modality"].get<std::string>();
        rows = table["rows"].get<qulonglong>();
    } else {
        request.set = owner["name"].get<std::string>();
        request.first_side = path.size() < 3 || path[2] != QLatin1String("second");
        rows = owner[request.first_side ? "first" : "second"]["rows"].get<qulonglong>();
    }
    runner_->start<engine::ItemsPreview>(
        tr("Reading ids"), [request](const engine::JobContext& job) { return engine::previewItems(request, job); },
        [this, rows, round = round_](const engine::ItemsPreview& items) {
            // A job that was told to stop may have ended just before.
            if (round != round_) return;
            const bool paths = !items.paths.empty();
            ids_->setColumnCount(paths ? 2 : 1);
            ids_->setHorizontalHeaderLabels(paths ? QStringList{tr("Id"), tr("File")} : QStringList{tr("Id")});
            ids_->horizontalHeader()->setStretchLastSection(true);
            const auto n = static_cast<int>(items.ids.size());
            ids_->setRowCount(n);
            QStringList numbers;
            for (int i = 0; i < n; ++i) {
                const auto k = static_cast<std::size_t>(i);
                ids_->setItem(i, 0, new QTableWidgetItem(QString::fromStdString(items.ids[k])));
                if (paths) {
                    auto* cell = new QTableWidgetItem(QString::fromStdString(items.paths[k]));
                    cell->setToolTip(cell->text());
                    ids_->setItem(i, 1, cell);
                }
                numbers << QString::number(i);
            }
            ids_->setVerticalHeaderLabels(numbers);
            ids_title_->setText(tr("First %1 of %2 items").arg(n).arg(QLocale().toString(rows)));
            ids_title_->show();
            ids_->show();
        });
}

QString ItemDetails::shownText() const {
    QStringList lines{title_->text(), kind_->text()};
    for (int i = 0; facts_ && i < facts_->rowCount(); ++i) {
        const auto* key = qobject_cast<QLabel*>(facts_->itemAt(i, QFormLayout::LabelRole)->widget());
        const auto* value = qobject_cast<QLabel*>(facts_->itemAt(i, QFormLayout::FieldRole)->widget());
        lines << key->text() + QStringLiteral(": ") + value->text();
    }
    return lines.join(QLatin1Char('\n'));
}

QStringList ItemDetails::idsShown() const {
    QStringList out;
    for (int i = 0; i < ids_->rowCount(); ++i) out << ids_->item(i, 0)->text();
    return out;
}

void ItemDetails::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) refresh();
}

void ItemDetails::refresh() {
    title_->setFont(headingFont(1));
    QFont strong = font();
    strong.setWeight(QFont::DemiBold);
    ids_title_->setFont(strong);
}

}  // namespace ui
