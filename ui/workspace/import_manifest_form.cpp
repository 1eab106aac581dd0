// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A plan as a manifest and back. The engine reads the manifest again, so only what a plan has no place for is refused
// here.
#include <algorithm>
#include <set>

#include "engine/base/error.h"
#include "ui/workspace/import_plan.h"

namespace ui {
namespace {

using engine::Json;
namespace fs = std::filesystem;

const std::vector<std::string> kManifestKeys = {"format", "version", "root", "description", "pools", "sets"};
const std::vector<std::string> kTableKeys = {"modality", "ids", "paths", "rows", "spaces"};
const std::vector<std::string> kPoolKeys = {"name", "modality", "ids", "paths", "rows", "spaces", "tables"};
const std::vector<std::string> kSetKeys = {
    "name", "kind", "first", "second", "positives", "labels", "classes_from_items", "prompt"};
const std::vector<std::string> kRowsKeys = {"file", "dataset", "rows", "index", "ids"};
const std::vector<std::string> kListKeys = {"file", "dataset", "rows", "column", "separator"};

bool isTable(const fs::path& path) {
    const auto e = path.extension();
    return e == ".csv" || e == ".tsv" || e == ".CSV" || e == ".TSV" || e == ".jsonl";
}

// The folder that all files lie in; empty: none but "/".
fs::path commonFolder(const ImportPlan& plan) {
    fs::path common;
    bool first = true;
    for (const auto& r : plan.rows) {
        if (r.role == ArrayRole::Ignored || r.role == ArrayRole::Unset || r.array.file.empty()) continue;
        const fs::path folder = r.array.file.parent_path();
        if (first) {
            common = folder;
            first = false;
            continue;
        }
        fs::path shared;
        auto a = common.begin(), b = folder.begin();
        for (; a != common.end() && b != folder.end() && *a == *b; ++a, ++b) shared /= *a;
        common = shared;
    }
    return common == common.root_path() ? fs::path() : common;
}

class Writer {
public:
    explicit Writer(const ImportPlan& plan) : plan_(plan), root_(commonFolder(plan)) {}

    Json run() {
        Json out{{"format", "molspace-import"}, {"version", 1}};
        if (!root_.empty()) out["root"] = root_.string();
        if (!plan_.description.empty()) out["description"] = plan_.description;
        Json pools = Json::array(), sets = Json::array();
        for (const auto& name : names(isOfPool)) pools.push_back(pool(name));
        for (const auto& name : names(isOfSet)) sets.push_back(set(name));
        if (!pools.empty()) out["pools"] = std::move(pools);
        if (!sets.empty()) out["sets"] = std::move(sets);
        return out;
    }

private:
    std::vector<std::string> names(bool (*belongs)(ArrayRole)) const {
        std::vector<std::string> out;
        for (const auto& r : plan_.rows) {
            if (belongs(r.role) && std::find(out.begin(), out.end(), r.item) == out.end()) out.push_back(r.item);
        }
        return out;
    }

    // As short as a user would write it.
    Json source(const PlanRow& r) const {
        if (r.values.is_array()) return r.values;
        const std::string file =
            root_.empty() ? r.array.file.string() : r.array.file.lexically_relative(root_).string();
        const bool npy = r.array.file.extension() == ".npy", json = r.array.file.extension() == ".json";
        const std::string part = r.index >= 0 && npy ? std::to_string(r.index) : r.array.dataset;
        const bool short_column = isTable(r.array.file) || json;
        bool plain = r.rows.is_null() && r.ids.is_null() && r.separator.empty() &&
                     file.find('#') == std::string::npos && part.find('#') == std::string::npos;
        if (r.index >= 0 && !npy) plain = false;
        if (r.array.column && !short_column) plain = false;
        if (!r.array.column && isList(r.role) && json && !r.array.dataset.empty()) plain = false;
        if (plain) return part.empty() ? file : file + "#" + part;
        Json out{{"file", file}};
        if (!r.array.dataset.empty()) out[r.array.column ? "column" : "dataset"] = r.array.dataset;
        if (r.index >= 0) out["index"] = r.index;
        if (!r.rows.is_null()) out["rows"] = r.rows;
        if (!r.ids.is_null()) out["ids"] = r.ids;
        if (!r.separator.empty()) out["separator"] = r.separator;
        return out;
    }

    const PlanRow* find(ArrayRole role, const std::string& item, const std::string* modality = nullptr) const {
        for (const auto& r : plan_.rows) {
            if (r.role == role && r.item == item && (!modality || r.modality == *modality)) return &r;
        }
        return nullptr;
    }

    // Rows of one table. `modality` chooses within a pool.
    void table(Json& out, const std::string& item, ArrayRole rows, ArrayRole ids, ArrayRole paths,
               const std::string* modality) const {
        std::string key;
        Json spaces = Json::object();
        for (const auto& r : plan_.rows) {
            if (r.role != rows || r.item != item || (modality && r.modality != *modality)) continue;
            key = tableKey(r);
            if (!out.contains("modality")) out["modality"] = r.modality;
            spaces[r.space] = source(r);
        }
        if (const auto* r = find(ids, item, modality)) out["ids"] = source(*r);
        if (const auto* r = find(paths, item, modality)) out["paths"] = source(*r);
        if (const auto chosen = plan_.table_rows.find(key); chosen != plan_.table_rows.end())
            out["rows"] = chosen->second;
        out["spaces"] = std::move(spaces);
    }

    Json pool(const std::string& name) const {
        std::vector<std::string> modalities;
        for (const auto& r : plan_.rows) {
            if (isOfPool(r.role) && r.item == name &&
                std::find(modalities.begin(), modalities.end(), r.modality) == modalities.end())
                modalities.push_back(r.modality);
        }
        Json out{{"name", name}};
        const auto one = [&](Json& json, const std::string& m) {
            table(json, name, ArrayRole::PoolRows, ArrayRole::PoolIds, ArrayRole::PoolPaths, &m);
        };
        if (modalities.size() == 1) {
            one(out, modalities.front());
            return out;
        }
        Json tables = Json::array();
        for (const auto& m : modalities) {
            Json json = Json::object();
            one(json, m);
            tables.push_back(std::move(json));
        }
        out["tables"] = std::move(tables);
        return out;
    }

    Json set(const std::string& name) const {
        const PlanSet* given = plan_.set(name);
        const PlanSet s = given ? *given : PlanSet{.name = name};
        Json out{{"name", name}, {"kind", s.kind}};
        if (s.retrieval()) {
            const auto lists = [&] {
                Json json = Json::object();
                if (const auto* r = find(ArrayRole::PairsFirst, name)) json["first"] = source(*r);
                if (const auto* r = find(ArrayRole::PairsSecond, name)) json["second"] = source(*r);
                return json;
            };
            switch (s.pairing) {
                case Pairing::Identity:
                    out["positives"] = "identity";
                    break;
                case Pairing::Captions:
                    out["positives"] = {{"captions", s.captions}};
                    break;
                case Pairing::Pairs:
                    out["positives"]["pairs"] = lists();
                    break;
                case Pairing::Match:
                    out["positives"]["match"] = lists();
                    break;
            }
        } else {
            if (const auto* r = find(ArrayRole::Labels, name)) out["labels"] = source(*r);
            if (s.classes_from_items) out["classes_from_items"] = true;
        }
        if (!s.prompt.empty()) out["prompt"] = s.prompt;
        out["first"] = Json::object();
        out["second"] = Json::object();
        table(out["first"], name, ArrayRole::FirstRows, ArrayRole::FirstIds, ArrayRole::FirstPaths, nullptr);
        table(out["second"], name, ArrayRole::SecondRows, ArrayRole::SecondIds, ArrayRole::SecondPaths, nullptr);
        return out;
    }

    const ImportPlan& plan_;
    fs::path root_;
};

class Reader {
public:
    Reader(const Json& manifest, const fs::path& folder) : manifest_(manifest) {
        root_ = folder;
        if (manifest.is_object() && manifest.contains("root") && manifest["root"].is_string()) {
            const fs::path own = manifest["root"].get<std::string>();
            root_ = own.is_absolute() ? own : folder / own;
        }
    }

    ImportPlan run(const std::string& where) {
        if (object(manifest_, kManifestKeys, "manifest")) {
            if (manifest_.value("format", Json("molspace-import")) != "molspace-import")
                problem("manifest", "\"format\": expected \"molspace-import\"");
            plan_.description = text(manifest_, "description");
            each(manifest_, "pools", "pools", [&](const Json& j, const std::string& place) { pool(j, place); });
            each(manifest_, "sets", "sets", [&](const Json& j, const std::string& place) { set(j, place); });
            if (problems_.empty() && plan_.rows.empty()) problem("manifest", "expected at least one pool or set");
        }
        if (!problems_.empty()) {
            throw engine::joinProblems(engine::ErrorCode::InvalidInput, where, problems_,
                                       "the guide's page on import has the schema");
        }
        return std::move(plan_);
    }

private:
    void problem(const std::string& place, const std::string& text) { problems_.push_back(place + ": " + text); }

    bool object(const Json& json, const std::vector<std::string>& known, const std::string& place) {
        if (!json.is_object()) {
            problem(place, "expected an object");
            return false;
        }
        engine::collectUnknownKeys(json, known, place, problems_);
        return true;
    }

    std::string text(const Json& json, const char* key) {
        if (!json.contains(key)) return {};
        if (json[key].is_string()) return json[key].get<std::string>();
        problem(key, "expected a text");
        return {};
    }

    template <class Work>
    void each(const Json& json, const char* key, const std::string& place, Work work) {
        if (!json.contains(key)) return;
        if (!json[key].is_array()) {
            problem(place, "expected a list");
            return;
        }
        for (std::size_t i = 0; i < json[key].size(); ++i) work(json[key][i], place + "[" + std::to_string(i) + "]");
    }

    fs::path resolved(const std::string& file) const {
        const fs::path path(file);
        return (path.is_absolute() ? path : root_ / path).lexically_normal();
    }

    PlanRow& add(const Json& json, const std::string& place, ArrayRole role, const std::string& item,
                 const std::string& modality, const std::string& space = {}) {
        PlanRow row;
        row.role = role;
        row.item = item;
        row.modality = modality;
        row.space = space;
        const bool list = isList(role);
        if (list && json.is_array()) {
            row.values = json;
        } else if (json.is_string()) {
            const auto all = json.get<std::string>();
            const auto hash = all.rfind('#');
            row.array.file = resolved(all.substr(0, hash));
            if (hash != std::string::npos) {
                const std::string part = all.substr(hash + 1);
                const bool digits =
                    !part.empty() && part.find_first_not_of("0123456789") == std::string::npos && part.size() < 10;
                const auto extension = row.array.file.extension();
                if (list && (isTable(row.array.file) || extension == ".json")) {
                    row.array.column = true;
                    row.array.dataset = part;
                } else if (extension == ".npy" && digits) {
                    row.index = std::stoll(part);
                } else {
                    row.array.dataset = part;
                }
            }
        } else if (object(json, list ? kListKeys : kRowsKeys, place)) {
            const auto file = text(json, "file");
            if (file.empty()) problem(place, "\"file\" is missing");
            else row.array.file = resolved(file);
            row.array.dataset = text(json, "dataset");
            if (json.contains("column")) {
                if (!row.array.dataset.empty()) problem(place, "a source has a dataset or a column, not both");
                row.array.column = true;
                row.array.dataset = text(json, "column");
            }
            if (json.contains("index")) {
                if (json["index"].is_number_integer() && json["index"] >= 0)
                    row.index = json["index"].get<std::int64_t>();
                else problem(place, "\"index\": expected a whole number from 0");
            }
            if (json.contains("rows")) row.rows = json["rows"];
            if (json.contains("ids")) row.ids = json["ids"];
            row.separator = text(json, "separator");
        }
        plan_.rows.push_back(std::move(row));
        return plan_.rows.back();
    }

    void table(const Json& json, const std::string& place, const std::string& item, ArrayRole rows, ArrayRole ids,
               ArrayRole paths) {
        const std::string modality = text(json, "modality");
        if (!json.contains("spaces") || !json["spaces"].is_object()) {
            problem(place, "\"spaces\": expected {\"SPACE\": source of its rows, ...}");
            return;
        }
        std::string key;
        for (const auto& [space, source] : json["spaces"].items())
            key = tableKey(add(source, place + ".spaces." + space, rows, item, modality, space));
        if (json.contains("ids")) add(json["ids"], place + ".ids", ids, item, modality);
        if (json.contains("paths")) add(json["paths"], place + ".paths", paths, item, modality);
        if (json.contains("rows")) plan_.table_rows[key] = json["rows"];
    }

    void pool(const Json& json, const std::string& place) {
        if (!object(json, kPoolKeys, place)) return;
        const auto name = text(json, "name");
        const auto one = [&](const Json& t, const std::string& at) {
            table(t, at, name, ArrayRole::PoolRows, ArrayRole::PoolIds, ArrayRole::PoolPaths);
        };
        if (!json.contains("tables")) {
            one(json, place);
            return;
        }
        each(json, "tables", place + ".tables", [&](const Json& t, const std::string& at) {
            if (object(t, kTableKeys, at)) one(t, at);
        });
    }

    void set(const Json& json, const std::string& place) {
        if (!object(json, kSetKeys, place)) return;
        PlanSet s;
        s.name = text(json, "name");
        s.kind = text(json, "kind");
        s.prompt = text(json, "prompt");
        s.classes_from_items = json.contains("classes_from_items") && json["classes_from_items"] == true;
        for (const bool first : {true, false}) {
            const char* side = first ? "first" : "second";
            if (!json.contains(side) || !object(json[side], kTableKeys, place + "." + side)) {
                problem(place, std::string("\"") + side + "\" is missing");
                continue;
            }
            table(json[side], place + "." + side, s.name, first ? ArrayRole::FirstRows : ArrayRole::SecondRows,
                  first ? ArrayRole::FirstIds : ArrayRole::SecondIds,
                  first ? ArrayRole::FirstPaths : ArrayRole::SecondPaths);
        }
        if (json.contains("labels")) add(json["labels"], place + ".labels", ArrayRole::Labels, s.name, {});
        if (json.contains("positives")) positives(json["positives"], place + ".positives", s);
        plan_.sets.push_back(std::move(s));
    }

    void positives(const Json& rule, const std::string& place, PlanSet& s) {
        if (rule == "identity") return;
        if (!object(rule, {"captions", "pairs", "match"}, place)) return;
        if (rule.size() != 1) {
            problem(place, "expected one of captions, pairs, match");
        } else if (rule.contains("captions")) {
            s.pairing = Pairing::Captions;
            if (rule["captions"].is_number_integer()) s.captions = rule["captions"].get<std::int64_t>();
            else problem(place, "\"captions\": expected a whole number");
        } else {
            const bool pairs = rule.contains("pairs");
            s.pairing = pairs ? Pairing::Pairs : Pairing::Match;
            const Json& lists = pairs ? rule["pairs"] : rule["match"];
            if (!object(lists, {"first", "second"}, place)) return;
            if (lists.contains("first")) add(lists["first"], place + ".first", ArrayRole::PairsFirst, s.name, {});
            if (lists.contains("second")) add(lists["second"], place + ".second", ArrayRole::PairsSecond, s.name, {});
        }
    }

    const Json& manifest_;
    fs::path root_;
    ImportPlan plan_;
    std::vector<std::string> problems_;
};

}  // namespace

Json manifestOf(const ImportPlan& plan) {
    return Writer(plan).run();
}

ImportPlan planOf(const Json& manifest, const std::string& where, const fs::path& folder) {
    return Reader(manifest, folder).run(where);
}

}  // namespace ui
