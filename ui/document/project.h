// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the user has made and set: the workspace, the open products with a setting each, the pinned baseline, numbered
// snapshots, presets of their own, axes, what is compared. Everything that changes it goes through one undo stack,
// where one drag is one step. It knows no engine object: names and numbers only. Window's thread.
//
// Project file (JSON, "molspace project" 1.0): state() with paths relative to the file where they lie beside it. Keys
// that this version does not know are kept. Written whole, then renamed; a copy for recovery follows every change.
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <QUndoStack>
#include <QVector>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/recipe/recipe.h"

namespace ui {

struct Snapshot {
    int number = 0;
    QString name;  // of the user's; empty: none
    QString product;
    engine::Setting setting;
    bool operator==(const Snapshot&) const = default;
    QString title() const;
};

// What changes are counted against: a single space, or a snapshot by its number.
struct PinnedBaseline {
    QString space;  // empty and snapshot 0: the base space
    int snapshot = 0;
    bool operator==(const PinnedBaseline&) const = default;
};

// What of a product is shown on the page where it is tuned.
struct TuneView {
    QString group;                           // Δ group; empty: the first
    QString x, y;                            // factors of the surface; empty: the first two
    QString metric = QStringLiteral("R@1");  // of the table of figures
    int steps = 21;
    QString panes;        // those chosen by hand, of "surface map curves groups"; empty: as suits
    int stage = -1;       // of the product's training, where such were kept; below 0: the product itself
    QString live_weight;  // an expert's weight that is a slider too: "weight_CLAP_g"; empty: none
    bool operator==(const TuneView&) const = default;
};

// A product at a setting, or a single space on the evaluation sets of a product.
struct ComparedColumn {
    QString product;  // folder
    QString space;    // not empty: that space as it is
    engine::Setting setting;
    QString name;
    bool operator==(const ComparedColumn&) const = default;
};

// What stands side by side. Its products need not be open, nor be there.
struct Comparison {
    QVector<ComparedColumn> columns;
    int reference = 0;  // the column that differences are counted against
    bool operator==(const Comparison&) const = default;
};

class Project : public QObject {
    Q_OBJECT
public:
    explicit Project(QObject* parent = nullptr);

    QUndoStack& undoStack() { return stack_; }
    QString workspace() const { return workspace_; }
    QStringList products() const { return products_; }
    QString product() const { return product_; }
    engine::Setting setting(const QString& product) const;
    engine::Setting setting() const { return setting(product_); }
    bool hasSetting(const QString& product) const { return settings_.contains(product); }
    // As the product knows it, where it was opened: a step or a snapshot may name an expert that it had before it was
    // made anew. Names that are gone go, new ones come at the product's own values.
    engine::Setting known(const QString& product, const engine::Setting& setting) const;
    const std::vector<Snapshot>& snapshots() const { return snapshots_; }
    const Snapshot* snapshot(int number) const;
    // The snapshots that one flips between, A and B, by their numbers; 0: none.
    const std::array<int, 2>& flipped() const { return flipped_; }
    const std::map<QString, engine::Setting>& presets() const { return presets_; }
    PinnedBaseline baseline() const { return baseline_; }
    const TuneView& view() const { return view_; }
    const Comparison& compared() const { return compared_; }

    // --- Without undo: what is opened ---
    void setWorkspace(const QString& folder);
    // `current`: makes it the current one.
    void addProduct(const QString& folder, bool current = true);
    void removeProduct(const QString& folder);
    void setProduct(const QString& folder);
    // The product's own values of all that it knows; its setting, where it has none yet.
    void beginWith(const QString& product, const engine::Setting& setting);

    // --- With undo ---
    // `drag`: changes with one number (above 0) and one `what` are one step.
    void setSetting(const engine::Setting& setting, const QString& what, int drag = 0);
    // Another of the open products.
    void switchProduct(const QString& folder, const QString& what);
    // A product with a setting of it, in one step: undo brings back what was current before.
    void show(const QString& product, const engine::Setting& setting, const QString& what);
    int newDrag() { return ++drags_; }
    // Of the setting in force, or of another one; returns its number.
    int addSnapshot(const QString& name = {}, const std::optional<engine::Setting>& of = std::nullopt);
    void removeSnapshot(int number);
    void renameSnapshot(int number, const QString& name);
    // `slot`: 0 is A, 1 is B. A snapshot is one of them at most.
    void flipTo(int slot, int number);
    void addPreset(const QString& name, const engine::Setting& setting);
    void removePreset(const QString& name);
    void pinBaseline(const PinnedBaseline& baseline, const QString& what);
    void setView(const TuneView& view, const QString& what);
    void setCompared(const Comparison& compared, const QString& what);
    // For the name of another column; never given twice.
    int newColumnNumber() { return ++last_column_; }

    // --- Files ---
    // `extra`: other parts' state, kept under "window" and given back by extra().
    engine::Json state() const;
    void restore(const engine::Json& state);  // throws engine::Error; unchanged then
    void save(const QString& file);
    void load(const QString& file);
    // What was written for recovery: state() and, as "recovered_from", the file it belongs to. It counts as changed.
    void recover(const engine::Json& state);
    QString file() const { return file_; }
    bool modified() const { return !stack_.isClean() || touched_; }
    // What is merely opened, and belongs to no file, is no work that could be lost.
    bool worthSaving() const { return modified() && (!file_.isEmpty() || stack_.count() > 0 || recovered_); }
    void touch();  // something was changed that is no step and is kept as an extra
    void setExtra(const std::string& key, const engine::Json& value);
    engine::Json extra(const std::string& key) const;
    void clear();

Q_SIGNALS:
    void workspaceChanged();
    void productsChanged();
    void productChanged();
    void settingChanged();
    void snapshotsChanged();
    void presetsChanged();
    void baselineChanged();
    void viewChanged();
    void comparedChanged();
    void fileChanged();
    void changed();  // anything; for recovery

private:
    friend class ProjectCommand;
    struct Undoable {  // what the undo stack covers
        std::map<QString, engine::Setting> settings;
        std::vector<Snapshot> snapshots;
        std::array<int, 2> flipped;
        std::map<QString, engine::Setting> presets;
        PinnedBaseline baseline;
        TuneView view;
        Comparison compared;
        QString product;
        bool operator==(const Undoable&) const = default;
    };
    Undoable undoable() const;
    void put(const Undoable& state);
    void push(const QString& text, const Undoable& after, int merge = 0);

    QString workspace_, product_, file_;
    QStringList products_;
    std::map<QString, engine::Setting> settings_, presets_;
    std::map<QString, engine::Setting> own_;  // of products that were opened
    std::vector<Snapshot> snapshots_;
    std::array<int, 2> flipped_{0, 0};
    PinnedBaseline baseline_;
    TuneView view_;
    Comparison compared_;
    engine::Json unknown_ = engine::Json::object(), extra_ = engine::Json::object();
    bool touched_ = false, recovered_ = false;
    int drags_ = 0, last_snapshot_ = 0, last_column_ = 0;
    QUndoStack stack_;
};

}  // namespace ui
