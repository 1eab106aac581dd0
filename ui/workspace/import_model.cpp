// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/workspace/import_model.h"

#include <QAbstractItemView>
#include <QApplication>
#include <QComboBox>
#include <QLineEdit>
#include <QLocale>
#include <QPainter>
#include <QTimer>

#include <algorithm>

#include "ui/style/theme.h"
#include "ui/widgets/message_bar.h"

namespace ui {
namespace {

constexpr int kFreeText = Qt::UserRole + 1;  // data: may another text than a choice be typed
constexpr const char* kShown = "shown";      // property of an editor: what it was set to

const char* const kKinds[] = {"retrieval", "classification", "multilabel"};

QString pairingText(Pairing pairing) {
    switch (pairing) {
        case Pairing::Identity:
            return QObject::tr("row i with row i");
        case Pairing::Captions:
            return QObject::tr("captions for each item");
        case Pairing::Pairs:
            return QObject::tr("lists of pairs");
        case Pairing::Match:
            return QObject::tr("equal keys");
    }
    return {};
}

QStringList pairingTexts() {
    return {pairingText(Pairing::Identity), pairingText(Pairing::Captions), pairingText(Pairing::Pairs),
            pairingText(Pairing::Match)};
}

QString fromItemsText() {
    return QObject::tr("labels; classes from items");
}

QIcon stateIcon(bool error) {
    return QIcon(MessageBar::kindPixmap(error ? MessageBar::Kind::Error : MessageBar::Kind::Warning, 16,
                                        qApp->devicePixelRatio()));
}

QString stateText(bool said, bool error) {
    return !said ? QObject::tr("fine") : error ? QObject::tr("error") : QObject::tr("warning");
}

QString normText(double norm) {
    return QLocale().toString(norm, 'g', 3);
}

QString normsText(const PlanRow& row) {
    if (!isRows(row.role)) return {};
    if (!row.seen) return row.unseen.empty() && !valuesKey(row).empty() ? QObject::tr("looking…") : QString();
    const auto& v = *row.seen;
    if (v.rows == v.not_finite) return {};
    const QString least = normText(v.norm_min), most = normText(v.norm_max);
    if (v.unit_rows) return QObject::tr("unit length");
    return least == most ? least : QObject::tr("%1 to %2").arg(least, most);
}

QString valuesText(const PlanRow& row) {
    if (!isRows(row.role)) return {};
    if (!row.seen) return QString::fromStdString(row.unseen);
    const auto& v = *row.seen;
    const auto number = [](std::uint64_t n) { return QLocale().toString(static_cast<qulonglong>(n)); };
    if (v.rows == 0)
        return QObject::tr(
            "Its values were not looked at, because they would have to be unpacked first. The import "
            "looks at all of them.");
    QStringList lines;
    if (v.rows > v.not_finite)
        lines << QObject::tr("Norms %1 to %2, mean %3.")
                     .arg(normText(v.norm_min), normText(v.norm_max), normText(v.norm_mean));
    if (v.rows > v.not_finite)
        lines << (v.unit_rows ? QObject::tr("They are taken as they are.")
                              : QObject::tr("Rows are normalised when they are read."));
    lines << (v.sampled() ? QObject::tr("%1 of %2 rows were looked at, evenly spread. The import looks at all of them.")
                                .arg(number(v.rows), number(v.of))
                          : QObject::tr("All of its rows were looked at."));
    return lines.join(QLatin1Char('\n'));
}

void addName(QStringList& list, const std::string& name) {
    const QString text = QString::fromStdString(name);
    if (!text.isEmpty() && !list.contains(text)) list << text;
}

}  // namespace

// --- Mapping ---

MappingModel::MappingModel(ImportPlan& plan, QObject* parent) : QAbstractItemModel(parent), plan_(plan), tree_(plan) {}

QModelIndex MappingModel::index(int row, int column, const QModelIndex& parent) const {
    if (!hasIndex(row, column, parent)) return {};
    const auto& children = tree_.at(parent.isValid() ? static_cast<int>(parent.internalId()) : 0).children;
    return createIndex(row, column, static_cast<quintptr>(children[static_cast<std::size_t>(row)]));
}

QModelIndex MappingModel::parent(const QModelIndex& index) const {
    if (!index.isValid()) return {};
    const int parent = tree_.at(static_cast<int>(index.internalId())).parent;
    return parent <= 0 ? QModelIndex() : createIndex(tree_.at(parent).place, 0, static_cast<quintptr>(parent));
}

int MappingModel::rowCount(const QModelIndex& parent) const {
    if (parent.column() > 0) return 0;
    return static_cast<int>(tree_.at(parent.isValid() ? static_cast<int>(parent.internalId()) : 0).children.size());
}

int MappingModel::columnCount(const QModelIndex&) const {
    return kColumns;
}

QModelIndex MappingModel::indexOf(int row, int column) const {
    const int node = tree_.nodeOf(row);
    return node < 0 ? QModelIndex() : createIndex(tree_.at(node).place, column, static_cast<quintptr>(node));
}

std::vector<int> MappingModel::rowsUnder(const QModelIndex& index) const {
    return index.isValid() ? tree_.rowsUnder(static_cast<int>(index.internalId())) : std::vector<int>();
}

PlanRow* MappingModel::rowOf(const QModelIndex& index) const {
    const int row = index.isValid() ? tree_.at(static_cast<int>(index.internalId())).row : -1;
    return row < 0 ? nullptr : &plan_.rows[static_cast<std::size_t>(row)];
}

// A file or a group: how many arrays, how many of them are imported, and the worst that is said of any.
QVariant MappingModel::groupData(int node, int column, int role) const {
    const auto rows = tree_.rowsUnder(node);
    if (role == Qt::DisplayRole && column == Array) return tree_.at(node).label;
    if (role == Qt::DisplayRole && column == Shape)
        return tr("%1 arrays").arg(QLocale().toString(static_cast<qulonglong>(rows.size())));
    if (role == Qt::DisplayRole && column == Role) {
        const auto used = std::count_if(rows.begin(), rows.end(), [this](int row) {
            const ArrayRole r = plan_.rows[static_cast<std::size_t>(row)].role;
            return isOfPool(r) || isOfSet(r);
        });
        return used == 0 ? tr("none to import") : tr("%1 to import").arg(QLocale().toString(used));
    }
    if (role == Qt::ForegroundRole && column != Array) return colours().muted;
    if (role == Qt::FontRole && column == Array) {
        QFont strong = QApplication::font();
        strong.setWeight(QFont::DemiBold);
        return strong;
    }
    if (role == Qt::ToolTipRole && column == Array) return tree_.at(node).key.section(QLatin1Char('\n'), 0, 0);
    if (column != State || (role != Qt::DecorationRole && role != Qt::AccessibleTextRole && role != Qt::ToolTipRole))
        return {};
    int said = 0;
    bool error = false;
    QStringList texts;
    for (const int row : rows) {
        const auto state = states_.find(row);
        if (state == states_.end()) continue;
        ++said;
        error |= state->second.first;
        if (!texts.contains(state->second.second) && texts.size() < 5) texts << state->second.second;
    }
    if (role == Qt::AccessibleTextRole) return stateText(said > 0, error);
    if (said == 0) return {};
    return role == Qt::ToolTipRole ? QVariant(texts.join(QStringLiteral("\n\n"))) : QVariant(stateIcon(error));
}

QVariant MappingModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    const int node = static_cast<int>(index.internalId());
    if (role == kKey) return tree_.at(node).key;
    const PlanRow* found = rowOf(index);
    if (!found) return groupData(node, index.column(), role);
    const PlanRow& r = *found;
    const bool used = isOfPool(r.role) || isOfSet(r.role);
    const auto state = states_.find(tree_.at(node).row);
    if (role == Qt::DisplayRole || role == Qt::EditRole) {
        switch (index.column()) {
            case Array:
                return tree_.at(node).label;
            case Shape:
                return !r.unreadable.empty() ? tr("cannot be read") : r.known() ? r.describe() : tr("reading…");
            case Norms:
                return normsText(r);
            case Role:
                return roleText(r.role);
            case Item:
                return used ? QString::fromStdString(r.item) : QString();
            case Modality:
                return used ? QString::fromStdString(r.modality) : QString();
            case Space:
                return isRows(r.role) ? QString::fromStdString(r.space) : QString();
            default:
                return {};
        }
    }
    if (role == Qt::DecorationRole && index.column() == State && state != states_.end())
        return stateIcon(state->second.first);
    if (role == Qt::AccessibleTextRole && index.column() == State)
        return stateText(state != states_.end(), state != states_.end() && state->second.first);
    if (role == Qt::ToolTipRole) {
        if (index.column() == State || !r.unreadable.empty())
            return state != states_.end() ? state->second.second : QString::fromStdString(r.unreadable);
        if (index.column() == Role) return roleHelp(r.role);
        if (index.column() == Shape || index.column() == Norms) return valuesText(r);
        if (index.column() == Array) {
            QStringList lines{QString::fromStdString(r.array.file.string())};
            for (const auto& e : r.array.examples) lines << QStringLiteral("    ") + QString::fromStdString(e);
            return lines.join(QLatin1Char('\n'));
        }
    }
    if (role == Qt::ForegroundRole) {
        if (!r.unreadable.empty() && index.column() == Shape) return colours().bad;
        if (r.role == ArrayRole::Unset && index.column() == Role) return colours().bad;
        if (!used || index.column() == Shape || index.column() == Norms) return colours().muted;
    }
    if (role == kFreeText) return index.column() != Role;
    return {};
}

QVariant MappingModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= kColumns) return {};
    static const QStringList names{QString(),  tr("Array"),       tr("Shape and type"), tr("Norms"),
                                   tr("Role"), tr("Pool or set"), tr("Modality"),       tr("Space")};
    static const QStringList tips{
        tr("Whether anything is wrong with the row"),
        tr("File, and the array or column within it"),
        tr("As the file's header says"),
        tr("Length of the rows of embeddings, from the shortest to the longest; they are looked at in the background"),
        tr("What the array is: embeddings, ids, files, labels or pairs"),
        tr("The pool or evaluation set that it belongs to; arrays of the same items share a name"),
        tr("text, image, audio or another"),
        tr("The encoder that made the embeddings; all rows of a space have one width")};
    if (role == Qt::DisplayRole) return names[section];
    if (role == Qt::ToolTipRole) return tips[section];
    if (role == Qt::TextAlignmentRole) return QVariant(Qt::AlignLeft | Qt::AlignVCenter);
    return {};
}

bool MappingModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    if (role != Qt::EditRole || !(flags(index) & Qt::ItemIsEditable)) return false;
    PlanRow& r = *rowOf(index);
    const QString text = value.toString().trimmed();
    switch (index.column()) {
        case Role: {
            ArrayRole chosen = r.role;
            for (const auto one : allRoles()) {
                if (roleText(one) == text) chosen = one;
            }
            if (chosen == r.role) return false;
            // A pool is mostly named after its modality.
            if (r.item.empty() && isOfPool(chosen)) r.item = r.modality;
            r.role = chosen;
            break;
        }
        case Item:
            r.item = text.toStdString();
            break;
        case Modality:
            if (isOfPool(r.role) && (r.item.empty() || r.item == r.modality)) r.item = text.toStdString();
            r.modality = text.toStdString();
            break;
        case Space:
            r.space = text.toStdString();
            break;
        default:
            return false;
    }
    Q_EMIT dataChanged(index.siblingAtColumn(0), index.siblingAtColumn(kColumns - 1));
    Q_EMIT changed();
    return true;
}

Qt::ItemFlags MappingModel::flags(const QModelIndex& index) const {
    if (!index.isValid()) return Qt::NoItemFlags;
    Qt::ItemFlags out = Qt::ItemIsEnabled | Qt::ItemIsSelectable;
    const PlanRow* found = rowOf(index);
    if (!found) return out;
    const PlanRow& r = *found;
    const bool used = isOfPool(r.role) || isOfSet(r.role);
    const bool has_modality =
        used && r.role != ArrayRole::Labels && r.role != ArrayRole::PairsFirst && r.role != ArrayRole::PairsSecond;
    if (index.column() == Role || (index.column() == Item && used) || (index.column() == Modality && has_modality) ||
        (index.column() == Space && isRows(r.role)))
        out |= Qt::ItemIsEditable;
    return out;
}

void MappingModel::reset() {
    beginResetModel();
    states_.clear();
    tree_ = PlanTree(plan_);
    endResetModel();
}

void MappingModel::setProblems(const std::vector<PlanProblem>& problems) {
    states_.clear();
    for (const auto& p : problems) {
        for (const int row : p.rows) {
            auto& [is_error, text] = states_[row];
            is_error |= p.error;
            if (!text.isEmpty()) text += QStringLiteral("\n\n");
            text += p.text + QLatin1Char('\n') + p.remedy;
        }
    }
    for (int node = 0; node < tree_.size(); ++node) {
        const auto& at = tree_.at(node);
        if (at.children.empty()) continue;
        const QModelIndex parent = node == 0 ? QModelIndex() : createIndex(at.place, 0, static_cast<quintptr>(node));
        Q_EMIT dataChanged(index(0, 0, parent), index(rowCount(parent) - 1, kColumns - 1, parent));
    }
}

QStringList MappingModel::choices(const QModelIndex& index) const {
    const PlanRow* found = rowOf(index);
    if (!found) return {};
    const PlanRow& r = *found;
    QStringList out;
    switch (index.column()) {
        case Role:
            for (const auto role : allRoles()) {
                // Embeddings are no lists, lists no embeddings; a header that is not known allows all.
                if (r.known() && isRows(role) && !r.array.rows) continue;
                if (r.known() && isList(role) && !r.array.list && !r.values.is_array()) continue;
                out << roleText(role);
            }
            break;
        case Item:
            for (const auto& other : plan_.rows) {
                if (isOfPool(other.role) == isOfPool(r.role) && isOfSet(other.role) == isOfSet(r.role))
                    addName(out, other.item);
            }
            if (isOfPool(r.role)) {
                addName(out, r.modality);
                for (const auto& [name, modalities] : target_.pools) addName(out, name);
            } else {
                for (const auto& name : target_.sets) addName(out, name);
            }
            break;
        case Modality:
            out = {QStringLiteral("text"), QStringLiteral("image"), QStringLiteral("audio"), QStringLiteral("video"),
                   QStringLiteral("depth")};
            for (const auto& m : target_.modalities) addName(out, m);
            for (const auto& other : plan_.rows) addName(out, other.modality);
            break;
        case Space:
            for (const auto& [name, width] : target_.widths) addName(out, name);
            for (const auto& other : plan_.rows) addName(out, other.space);
            break;
        default:
            break;
    }
    return out;
}

// --- Evaluation sets ---

SetsModel::SetsModel(ImportPlan& plan, QObject* parent) : QAbstractTableModel(parent), plan_(plan) {}

int SetsModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(plan_.sets.size());
}

int SetsModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : kColumns;
}

QVariant SetsModel::data(const QModelIndex& index, int role) const {
    const PlanSet& s = plan_.sets[static_cast<std::size_t>(index.row())];
    if (role == Qt::DisplayRole || role == Qt::EditRole) {
        switch (index.column()) {
            case Name:
                return QString::fromStdString(s.name);
            case Kind:
                return QString::fromStdString(s.kind);
            case Pairs:
                return s.retrieval() ? pairingText(s.pairing) : s.classes_from_items ? fromItemsText() : tr("labels");
            case Captions:
                return s.retrieval() && s.pairing == Pairing::Captions ? QVariant(static_cast<int>(s.captions))
                                                                       : QVariant();
            case Prompt:
                return s.retrieval() ? QString() : QString::fromStdString(s.prompt);
            default:
                return {};
        }
    }
    if (role == kFreeText) return index.column() != Kind && index.column() != Pairs;
    return {};
}

QVariant SetsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    static const QStringList names{tr("Evaluation set"), tr("Kind"), tr("What belongs together"), tr("Captions"),
                                   tr("Prompt")};
    static const QStringList tips{
        tr("Rename it here in all rows"),
        tr("retrieval: two sides that search each other; classification: items and one class each; multilabel: items "
           "and any number of classes"),
        tr("How rows of the first side belong to rows of the second"),
        tr("How many rows of the second side belong to each of the first, in order; 1 to 1,000,000"),
        tr("The template of the classes' prompts, kept with the figures: “This is a sound of {}.”")};
    if (role == Qt::DisplayRole) return names[section];
    if (role == Qt::ToolTipRole) return tips[section];
    if (role == Qt::TextAlignmentRole) return QVariant(Qt::AlignLeft | Qt::AlignVCenter);
    return {};
}

bool SetsModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    if (role != Qt::EditRole || !(flags(index) & Qt::ItemIsEditable)) return false;
    PlanSet& s = plan_.sets[static_cast<std::size_t>(index.row())];
    const QString text = value.toString().trimmed();
    switch (index.column()) {
        case Name: {
            const std::string name = text.toStdString();
            if (name.empty() || name == s.name) return false;
            std::map<std::string, engine::Json> table_rows;
            for (const auto& [key, rows] : plan_.table_rows) {
                const std::string prefix = "set/" + s.name + "/";
                table_rows[key.starts_with(prefix) ? "set/" + name + "/" + key.substr(prefix.size()) : key] = rows;
            }
            plan_.table_rows = std::move(table_rows);
            for (auto& r : plan_.rows) {
                if (isOfSet(r.role) && r.item == s.name) r.item = name;
            }
            s.name = name;
            break;
        }
        case Kind:
            if (std::find(std::begin(kKinds), std::end(kKinds), text) == std::end(kKinds)) return false;
            s.kind = text.toStdString();
            break;
        case Pairs:
            if (s.retrieval()) {
                const auto at = pairingTexts().indexOf(text);
                if (at < 0) return false;
                s.pairing = static_cast<Pairing>(at);
            } else {
                s.classes_from_items = text == fromItemsText();
            }
            break;
        case Captions: {
            bool ok = false;
            const int count = text.toInt(&ok);
            if (!ok || count < 1 || count > 1000000) return false;
            s.captions = count;
            break;
        }
        case Prompt:
            s.prompt = text.toStdString();
            break;
        default:
            return false;
    }
    Q_EMIT dataChanged(this->index(index.row(), 0), this->index(index.row(), kColumns - 1));
    Q_EMIT changed();
    return true;
}

Qt::ItemFlags SetsModel::flags(const QModelIndex& index) const {
    const PlanSet& s = plan_.sets[static_cast<std::size_t>(index.row())];
    Qt::ItemFlags out = Qt::ItemIsEnabled | Qt::ItemIsSelectable;
    const bool captions = s.retrieval() && s.pairing == Pairing::Captions;
    if (index.column() < Captions || (index.column() == Captions && captions) ||
        (index.column() == Prompt && !s.retrieval()))
        out |= Qt::ItemIsEditable;
    return out;
}

void SetsModel::reset() {
    beginResetModel();
    endResetModel();
}

QStringList SetsModel::choices(const QModelIndex& index) const {
    const PlanSet& s = plan_.sets[static_cast<std::size_t>(index.row())];
    if (index.column() == Kind) return {kKinds[0], kKinds[1], kKinds[2]};
    if (index.column() == Pairs) return s.retrieval() ? pairingTexts() : QStringList{tr("labels"), fromItemsText()};
    return {};
}

// --- Editing ---

QWidget* PlanDelegate::createEditor(QWidget* parent, const QStyleOptionViewItem& option,
                                    const QModelIndex& index) const {
    QStringList choices;
    if (const auto* mapping = qobject_cast<const MappingModel*>(index.model())) choices = mapping->choices(index);
    else if (const auto* sets = qobject_cast<const SetsModel*>(index.model())) choices = sets->choices(index);
    if (choices.isEmpty()) return QStyledItemDelegate::createEditor(parent, option, index);
    auto* box = new QComboBox(parent);
    box->addItems(choices);
    box->setEditable(index.data(kFreeText).toBool());
    box->setInsertPolicy(QComboBox::NoInsert);
    box->setAccessibleName(index.model()->headerData(index.column(), Qt::Horizontal, Qt::DisplayRole).toString());
    auto* self = const_cast<PlanDelegate*>(this);
    connect(box, &QComboBox::activated, self, [self, box] {
        // Enter is on its way to the view already; a choice from the list is not.
        QTimer::singleShot(0, box, [self, box] {
            if (!box->isVisible()) return;
            Q_EMIT self->commitData(box);
            Q_EMIT self->closeEditor(box);
        });
    });
    if (!box->isEditable()) QTimer::singleShot(0, box, &QComboBox::showPopup);
    return box;
}

void PlanDelegate::setEditorData(QWidget* editor, const QModelIndex& index) const {
    // Views ask again whenever anything of the model changes; what is being typed stays.
    const QVariant now = index.data(Qt::EditRole);
    if (editor->property(kShown) == now && now.isValid()) return;
    editor->setProperty(kShown, now);
    auto* box = qobject_cast<QComboBox*>(editor);
    if (!box) {
        QStyledItemDelegate::setEditorData(editor, index);
        return;
    }
    const QString text = index.data(Qt::EditRole).toString();
    box->setCurrentIndex(box->findText(text));
    if (box->isEditable()) {
        box->setEditText(text);
        box->lineEdit()->selectAll();
    }
}

void PlanDelegate::setModelData(QWidget* editor, QAbstractItemModel* model, const QModelIndex& index) const {
    auto* box = qobject_cast<QComboBox*>(editor);
    const auto* line = qobject_cast<QLineEdit*>(editor);
    if (!box && !line) {
        QStyledItemDelegate::setModelData(editor, model, index);
        return;
    }
    const QString text = box ? box->currentText() : line->text();
    if (text == index.data(Qt::EditRole).toString()) return;
    QList<QModelIndex> targets{index};
    if (const auto* view = qobject_cast<const QAbstractItemView*>(parent()); view && view->selectionModel()) {
        const auto rows = view->selectionModel()->selectedRows();
        if (rows.contains(index.siblingAtColumn(0)) && rows.size() > 1) {
            targets.clear();
            for (const auto& r : rows) targets << r.siblingAtColumn(index.column());
        }
    }
    for (const auto& target : targets) model->setData(target, text, Qt::EditRole);
}

QSize PlanDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const QSize size = QStyledItemDelegate::sizeHint(option, index);
    return {size.width() + 24, std::max(size.height(), option.fontMetrics.height() + 12)};
}

// A quiet arrow says that a cell can be changed.
void PlanDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    QStyledItemDelegate::paint(painter, option, index);
    bool choices = false;
    if (index.flags() & Qt::ItemIsEditable) {
        if (const auto* mapping = qobject_cast<const MappingModel*>(index.model()))
            choices = !mapping->choices(index).isEmpty();
        else if (const auto* sets = qobject_cast<const SetsModel*>(index.model()))
            choices = !sets->choices(index).isEmpty();
    }
    if (!choices) return;
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const bool selected = option.state & QStyle::State_Selected;
    painter->setPen(QPen(selected ? colours().on_accent : colours().muted, 1.3, Qt::SolidLine, Qt::RoundCap));
    const QPointF tip(option.rect.right() - 9, option.rect.center().y() + 3);
    painter->drawPolyline(QPolygonF{tip + QPointF(-4, -4), tip, tip + QPointF(4, -4)});
    painter->restore();
}

}  // namespace ui
