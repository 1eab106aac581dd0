// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The mapping table of an import without its widgets: one row for each array (or column of a table), what it is and
// where it belongs. A plan and a manifest (resources/guide/import.md) say the same: each is made from the other, and
// nothing of a manifest is lost on the way. Checks use what the files' headers say and what was seen of the values; the
// engine checks all again. Values only; any thread.
#pragma once

#include <QString>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/session/peek.h"

namespace ui {

enum class ArrayRole {
    Unset,
    Ignored,
    PoolRows,
    PoolIds,
    PoolPaths,
    FirstRows,
    FirstIds,
    FirstPaths,
    SecondRows,
    SecondIds,
    SecondPaths,
    Labels,
    PairsFirst,
    PairsSecond,
};
QString roleText(ArrayRole role);
QString roleHelp(ArrayRole role);
const std::vector<ArrayRole>& allRoles();  // in the order in which they are offered
bool isRows(ArrayRole role);               // embeddings
bool isList(ArrayRole role);
bool isOfPool(ArrayRole role);
bool isOfSet(ArrayRole role);

struct PlanRow {
    engine::ArrayPeek array;  // file, dataset, and what the header says; type is empty while that is not known
    std::int64_t index = -1;  // of [k, n, width]
    std::string unreadable;   // why the header could not be read
    engine::Json rows;        // the manifest's choice of rows of this source; null: all
    engine::Json ids;         // the manifest's ids of this source's own rows; null: none
    engine::Json values;      // a list that the manifest has in place; null: none
    std::string separator;    // between the labels of an entry
    std::optional<engine::ValuesPeek> seen;  // of the values of embeddings, once they were looked at
    std::string unseen;                      // why they could not be looked at

    ArrayRole role = ArrayRole::Unset;
    std::string item;  // name of the pool or set
    std::string modality, space;

    bool known() const { return !array.type.empty() || values.is_array(); }
    std::optional<std::uint64_t> count() const;  // rows or entries, after `rows` and `index`; nothing: not known
    std::optional<std::uint64_t> width() const;
    QString fileName() const;  // "clap.h5"; of a part of a clip-retrieval folder "folder/img_emb"
    QString name() const;      // "coco_text.npy", "clap.h5 › text/rows"
    QString describe() const;  // "2,000 × 512 float32"
};

enum class Pairing { Identity, Captions, Pairs, Match };

struct PlanSet {
    std::string name;
    std::string kind = "retrieval";  // "classification", "multilabel"
    Pairing pairing = Pairing::Identity;
    std::int64_t captions = 5;
    std::string prompt;
    bool classes_from_items = false;

    bool retrieval() const { return kind == "retrieval"; }
};

struct ImportPlan {
    std::vector<PlanRow> rows;
    std::vector<PlanSet> sets;                       // of the rows' sets; see tidySets()
    std::map<std::string, engine::Json> table_rows;  // the manifest's choice of rows of a whole table; see tableKey()
    std::string description;

    PlanSet* set(const std::string& name);
    const PlanSet* set(const std::string& name) const;
    bool empty() const;  // nothing that would be imported
};

// What the target has already.
struct KnownWorkspace {
    std::map<std::string, std::uint64_t> widths;            // of its spaces
    std::map<std::string, std::vector<std::string>> pools;  // unpaired: name, modalities
    std::vector<std::string> paired, sets;                  // names
    std::vector<std::string> modalities;
    static KnownWorkspace of(const engine::Json& inspected);
};

// Names a table of items: of a pool by pool and modality, of a set by set and side.
std::string tableKey(const PlanRow& row);

// Names the values of a row of embeddings, so that each are looked at once; empty: there are none to look at.
std::string valuesKey(const PlanRow& row);

// Adds a row for each array with what can be guessed from names and shapes.
void addArrays(ImportPlan& plan, const std::vector<engine::ArrayPeek>& arrays, const KnownWorkspace& target);
// Takes over what the header says; guesses nothing.
void takeHeader(PlanRow& row, const std::vector<engine::ArrayPeek>& arrays);
// Entries for the sets that rows name, none for others; the pairing that fits where a set is new.
void tidySets(ImportPlan& plan);

engine::Json manifestOf(const ImportPlan& plan);
// `folder`: of the manifest's file. Throws Error with all problems.
ImportPlan planOf(const engine::Json& manifest, const std::string& where, const std::filesystem::path& folder);

struct PlanProblem {
    bool error = true;      // else a warning: the import would run
    std::vector<int> rows;  // concerned
    std::string set;        // concerned
    QString text, remedy;
    QString fix_text;  // what the button says; empty: no button
    std::function<void(ImportPlan&)> fix;
};
std::vector<PlanProblem> checkPlan(const ImportPlan& plan, const KnownWorkspace& target);

}  // namespace ui
