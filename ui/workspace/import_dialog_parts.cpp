// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the import dialog is made of; what it does is in import_dialog.cpp.
#include <QAction>
#include <QFileDialog>
#include <QFontDatabase>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSet>
#include <QShortcut>
#include <QSplitter>
#include <QTableView>
#include <QTreeView>
#include <QVBoxLayout>

#include <functional>

#include "ui/style/theme.h"
#include "ui/widgets/elided_label.h"
#include "ui/workspace/check_list.h"
#include "ui/workspace/import_dialog.h"
#include "ui/workspace/import_model.h"

namespace ui {
namespace {

// All is open at first, and what was closed stays so. Says what to do while it is empty.
class MappingView : public QTreeView {
public:
    MappingView() {
        connect(this, &QTreeView::collapsed, this, [this](const QModelIndex& at) { closed_.insert(keyOf(at)); });
        connect(this, &QTreeView::expanded, this, [this](const QModelIndex& at) { closed_.remove(keyOf(at)); });
    }

    void reset() override {
        QTreeView::reset();
        if (!model()) return;
        const auto closed = closed_;
        expandAll();
        bool groups = false;
        const std::function<void(const QModelIndex&)> look = [&](const QModelIndex& parent) {
            for (int i = 0; i < model()->rowCount(parent); ++i) {
                const auto at = model()->index(i, 0, parent);
                if (!model()->hasChildren(at)) continue;
                groups = true;
                look(at);
                if (closed.contains(keyOf(at))) collapse(at);
            }
        };
        look({});
        setRootIsDecorated(groups);
    }

protected:
    // Left and right go through the cells of an array, as in a table; they close and open files and groups.
    QModelIndex moveCursor(CursorAction action, Qt::KeyboardModifiers modifiers) override {
        const int step = action == MoveLeft ? -1 : action == MoveRight ? 1 : 0;
        const auto at = currentIndex();
        if (step == 0 || !at.isValid() || model()->hasChildren(at.siblingAtColumn(0)))
            return QTreeView::moveCursor(action, modifiers);
        const auto next = at.siblingAtColumn(at.column() + step);
        return next.isValid() ? next : at;
    }

    void paintEvent(QPaintEvent* event) override {
        QTreeView::paintEvent(event);
        if (model() && model()->rowCount() > 0) return;
        QPainter p(viewport());
        p.setPen(colours().muted);
        p.drawText(
            viewport()->rect().adjusted(24, 24, -24, -24), Qt::AlignCenter | Qt::TextWordWrap,
            ImportDialog::tr(
                "Drop files and folders here, or add them above:\n.npy, .npz, .safetensors, HDF5, csv, clip-retrieval "
                "folders, or an import manifest."));
    }

private:
    static QString keyOf(const QModelIndex& at) { return at.data(MappingModel::kKey).toString(); }
    QSet<QString> closed_;
};

void prepare(QAbstractItemView* view, QAbstractItemModel* model, const QString& name) {
    view->setModel(model);
    view->setItemDelegate(new PlanDelegate(view));
    view->setSelectionBehavior(QAbstractItemView::SelectRows);
    view->setSelectionMode(QAbstractItemView::ExtendedSelection);
    view->setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::SelectedClicked |
                          QAbstractItemView::EditKeyPressed | QAbstractItemView::AnyKeyPressed);
    view->setFrameShape(QFrame::NoFrame);
    view->setAlternatingRowColors(true);
    view->setTabKeyNavigation(false);
    view->setAccessibleName(name);
}

QPushButton* pushButton(const QString& text, const QString& tip, const char* name) {
    auto* out = new QPushButton(text);
    out->setToolTip(tip);
    out->setAccessibleName(QString(text).remove(QStringLiteral("…")).remove(QLatin1Char('&')));
    out->setObjectName(QString::fromLatin1(name));
    out->setAutoDefault(false);
    return out;
}

}  // namespace

QWidget* ImportDialog::makeTarget() {
    auto* box = new QWidget;
    folder_ = new QLineEdit;
    folder_->setObjectName(QStringLiteral("folder"));
    folder_->setPlaceholderText(tr("Folder of a workspace, new or existing"));
    folder_->setAccessibleName(tr("Folder of the workspace"));
    folder_->setToolTip(tr("Where the embeddings go: a workspace that is there, or a folder that will be made"));
    auto* label = new QLabel(tr("Into &workspace"));
    label->setBuddy(folder_);
    auto* browse = pushButton(tr("Choose…"), tr("Choose the folder of a workspace, or of a new one"), "browse");
    folder_state_ = new QLabel;
    auto* grid = new QGridLayout(box);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setVerticalSpacing(3);
    grid->addWidget(label, 0, 0);
    grid->addWidget(folder_, 0, 1);
    grid->addWidget(browse, 0, 2);
    grid->addWidget(folder_state_, 1, 1, 1, 2);
    connect(folder_, &QLineEdit::textChanged, this, [this] { target_changed_.start(); });
    connect(browse, &QPushButton::clicked, this, [this] {
        const QString folder = QFileDialog::getExistingDirectory(this, tr("Folder of the workspace"), folder_->text());
        if (!folder.isEmpty()) setWorkspace(folder);
    });
    return box;
}

QWidget* ImportDialog::makeTools() {
    auto* box = new QWidget;
    add_files_ = pushButton(tr("Add files…"), tr("Add files of embeddings, ids, labels or paths"), "add_files");
    add_folder_ =
        pushButton(tr("Add folder…"), tr("Add all files of a folder, or a clip-retrieval folder"), "add_folder");
    remove_ = pushButton(tr("Remove"), tr("Take the selected rows off the table; files stay (Delete)"), "remove");
    copy_ = pushButton(tr("Duplicate"), tr("A second row of the same array, for an array with two roles"), "copy");
    load_ = pushButton(tr("Load manifest…"), tr("Fill the table from an import manifest"), "load");
    save_ = pushButton(tr("Save manifest…"),
                       tr("Keep what the table says as a manifest, which molspace import reads too"), "save");
    show_manifest_ = pushButton(tr("Manifest"), tr("Show the manifest that the table stands for"), "show_manifest");
    show_manifest_->setCheckable(true);
    auto* row = new QHBoxLayout(box);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    for (auto* b : {add_files_, add_folder_}) row->addWidget(b);
    row->addSpacing(10);
    for (auto* b : {remove_, copy_}) row->addWidget(b);
    row->addStretch();
    for (auto* b : {load_, save_, show_manifest_}) row->addWidget(b);
    connect(add_files_, &QPushButton::clicked, this, [this] {
        addPaths(QFileDialog::getOpenFileNames(this, tr("Add files"), {},
                                               tr("Embeddings and lists (*.npy *.npz *.safetensors *.h5 *.hdf5 *.hdf "
                                                  "*.csv *.tsv *.json *.jsonl *.txt);;All "
                                                  "files (*)")));
    });
    connect(add_folder_, &QPushButton::clicked, this, [this] {
        const QString folder = QFileDialog::getExistingDirectory(this, tr("Add folder"));
        if (!folder.isEmpty()) addPaths({folder});
    });
    connect(remove_, &QPushButton::clicked, this, &ImportDialog::removeRows);
    connect(copy_, &QPushButton::clicked, this, &ImportDialog::copyRows);
    connect(load_, &QPushButton::clicked, this, [this] {
        const QString file = QFileDialog::getOpenFileName(this, tr("Load manifest"), {}, tr("Manifests (*.json)"));
        if (!file.isEmpty()) loadManifest(file);
    });
    connect(save_, &QPushButton::clicked, this, &ImportDialog::saveManifest);
    connect(show_manifest_, &QPushButton::toggled, this, [this](bool on) { manifest_pane_->setVisible(on); });
    return box;
}

QWidget* ImportDialog::makeTables() {
    mapping_ = new MappingView;
    mapping_->setObjectName(QStringLiteral("mapping"));
    prepare(mapping_, mapping_model_, tr("Mapping of arrays"));
    mapping_->setToolTip(
        tr("A click on a selected row edits; with several rows selected F2 changes all of them. The row of a file or "
           "group stands for all of its arrays: Delete removes them, the right button leaves them out"));
    mapping_->setUniformRowHeights(true);
    mapping_->setTreePosition(MappingModel::Array);
    mapping_->setIndentation(16);
    auto* header = mapping_->header();
    header->setSectionsMovable(false);
    header->setMinimumSectionSize(30);
    const int widths[] = {30, 200, 142, 92, 222, 112, 90, 112};
    for (int c = 0; c < MappingModel::kColumns; ++c) mapping_->setColumnWidth(c, widths[c]);
    header->setSectionResizeMode(MappingModel::State, QHeaderView::Fixed);
    header->setSectionResizeMode(MappingModel::Array, QHeaderView::Stretch);
    header->setStretchLastSection(false);
    auto* remove = new QShortcut(QKeySequence::Delete, mapping_, nullptr, nullptr, Qt::WidgetShortcut);
    connect(remove, &QShortcut::activated, this, &ImportDialog::removeRows);
    mapping_->setContextMenuPolicy(Qt::ActionsContextMenu);
    const auto action = [this](const QString& text, void (ImportDialog::*act)()) {
        auto* out = new QAction(text, mapping_);
        connect(out, &QAction::triggered, this, act);
        mapping_->addAction(out);
    };
    action(tr("Leave out"), &ImportDialog::leaveRowsOut);
    action(tr("Duplicate"), &ImportDialog::copyRows);
    action(tr("Remove"), &ImportDialog::removeRows);

    sets_ = new QTableView;
    sets_->setObjectName(QStringLiteral("sets"));
    prepare(sets_, sets_model_, tr("Evaluation sets"));
    sets_->setShowGrid(false);
    sets_->setWordWrap(false);
    sets_->verticalHeader()->hide();
    sets_->verticalHeader()->setDefaultSectionSize(sets_->fontMetrics().height() + 12);
    sets_->horizontalHeader()->setHighlightSections(false);
    sets_->horizontalHeader()->setStretchLastSection(true);
    const int set_widths[] = {112, 100, 168, 70, 90};
    for (int c = 0; c < SetsModel::kColumns; ++c) sets_->setColumnWidth(c, set_widths[c]);
    checks_ = new CheckList;
    sets_title_ = new QLabel(tr("Evaluation sets"));
    checks_title_ = new QLabel(tr("Checks"));
    const auto titled = [](QLabel* title, QWidget* widget) {
        auto* box = new QWidget;
        auto* column = new QVBoxLayout(box);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        title->setContentsMargins(14, 8, 8, 6);
        column->addWidget(title);
        column->addWidget(widget, 1);
        return box;
    };
    auto* below = new QSplitter;
    below->addWidget(titled(sets_title_, sets_));
    below->addWidget(titled(checks_title_, checks_));
    below->setSizes({560, 600});
    below->setChildrenCollapsible(false);
    auto* left = new QSplitter(Qt::Vertical);
    left->addWidget(mapping_);
    left->addWidget(below);
    left->setSizes({330, 230});
    left->setChildrenCollapsible(false);
    manifest_ = new QPlainTextEdit;
    manifest_->setReadOnly(true);
    manifest_->setFrameShape(QFrame::NoFrame);
    manifest_->setAccessibleName(tr("Manifest"));
    manifest_->setToolTip(tr("What is imported, as molspace import reads it"));
    manifest_->setLineWrapMode(QPlainTextEdit::NoWrap);
    manifest_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    manifest_pane_ = manifest_;
    manifest_pane_->hide();
    auto* split = new QSplitter;
    split->addWidget(left);
    split->addWidget(manifest_pane_);
    split->setSizes({950, 260});
    split->setStretchFactor(0, 1);
    split->setChildrenCollapsible(false);
    // Later, because the button goes with it; by then the problems may have other numbers.
    connect(checks_, &CheckList::fixChosen, this, [this](int i) {
        QTimer::singleShot(0, this, [this, fix = problems_[static_cast<std::size_t>(i)].fix] { applyFix(fix); });
    });
    connect(checks_, &CheckList::problemChosen, this,
            [this](int i) { chooseRows(problems_[static_cast<std::size_t>(i)].rows); });
    connect(mapping_->selectionModel(), &QItemSelectionModel::selectionChanged, this, &ImportDialog::updateButtons);
    return split;
}

QWidget* ImportDialog::makeButtons() {
    auto* box = new QWidget;
    state_ = new ElidedLabel;
    state_->setForegroundRole(QPalette::PlaceholderText);
    state_->setAccessibleName(tr("State of the import"));
    cancel_ = pushButton(tr("Cancel"), tr("Close without importing; a running import is stopped"), "cancel");
    // No default button: Enter ends the editing of a cell, and must not begin the import.
    import_ = pushButton(tr("&Import"), {}, "import");
    import_->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_Return));
    auto* row = new QHBoxLayout(box);
    row->setContentsMargins(14, 10, 14, 12);
    row->setSpacing(8);
    row->addWidget(state_, 1);
    row->addWidget(cancel_);
    row->addWidget(import_);
    connect(cancel_, &QPushButton::clicked, this, &ImportDialog::reject);
    connect(import_, &QPushButton::clicked, this, &ImportDialog::run);
    return box;
}

}  // namespace ui
