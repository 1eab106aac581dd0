// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/import_manifest.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "engine/base/error.h"
#include "engine/store/import_source.h"

namespace engine {
namespace {

const std::vector<std::string> kManifestKeys = {"format", "version", "root", "description", "pools", "sets"};
const std::vector<std::string> kTableKeys = {"modality", "ids", "paths", "rows", "spaces"};
const std::vector<std::string> kPoolKeys = {"name", "modality", "ids", "paths", "rows", "spaces", "tables"};
const std::vector<std::string> kSetKeys = {
    "name", "kind", "first", "second", "positives", "labels", "classes_from_items", "prompt"};

class Planner {
public:
    Planner(const Json& manifest, const std::filesystem::path& root, const JobContext& job)
        : manifest_(manifest), reader_(root, problems_), job_(job) {}

    ImportPlan run(const std::string& where) {
        if (reader_.object(manifest_, kManifestKeys, "manifest")) {
            if (manifest_.value("format", Json(kImportFormat)) != kImportFormat) {
                reader_.problem("manifest", std::string("\"format\": expected \"") + kImportFormat + "\"");
            }
            if (manifest_.contains("version") && manifest_["version"] != 1)
                reader_.problem("manifest", "\"version\": expected 1");
            each("pools", [&](const Json& json, const std::string& place) { pool(json, place); });
            each("sets", [&](const Json& json, const std::string& place) { set(json, place); });
            if (plan_.pools.empty() && plan_.sets.empty() && problems_.empty())
                reader_.problem("manifest", "expected at least one pool or set");
        }
        if (!problems_.empty()) {
            throw joinProblems(ErrorCode::InvalidInput, where, problems_,
                               "nothing was written; the guide's page on import has the schema");
        }
        for (const auto& p : plan_.pools) {
            for (const auto& t : p.tables) plan_.bytes += WorkspaceWriter::estimateBytes(t);
        }
        for (const auto& s : plan_.sets) {
            plan_.bytes +=
                WorkspaceWriter::estimateBytes(s.first) + WorkspaceWriter::estimateBytes(s.second) + s.pairs.size() * 8;
        }
        return std::move(plan_);
    }

private:
    template <class Work>
    void each(const char* key, Work work) {
        if (!manifest_.contains(key)) return;
        if (!manifest_[key].is_array()) {
            reader_.problem(key, "expected a list");
            return;
        }
        for (std::size_t i = 0; i < manifest_[key].size(); ++i) {
            job_.checkStop();
            work(manifest_[key][i], std::string(key) + "[" + std::to_string(i) + "]");
        }
    }

    // ids, paths and rows of one modality. `items`: rows to take out of every source, over the table's own "rows".
    std::optional<TableInput> table(const Json& json, const std::vector<std::string>& known, const std::string& place,
                                    const RowSelection* items = nullptr) {
        if (!reader_.object(json, known, place)) return std::nullopt;
        TableInput out;
        out.modality = reader_.name(json, "modality", place);
        RowSelection chosen;
        if (items) chosen = *items;
        if (json.contains("rows")) {
            if (items) {
                reader_.problem(place + ".rows", "cannot be given together with classes_from_items");
                return std::nullopt;
            }
            const auto selected = reader_.selection(json["rows"], place + ".rows");
            if (!selected) return std::nullopt;
            chosen = *selected;
        }
        if (json.contains("ids")) {
            if (auto ids = reader_.list(json["ids"], place + ".ids", chosen)) takeIds(std::move(*ids), out);
        }
        if (json.contains("paths")) {
            if (auto paths = reader_.list(json["paths"], place + ".paths", chosen)) out.paths = std::move(paths->items);
        }
        if (!json.contains("spaces") || !json["spaces"].is_object() || json["spaces"].empty()) {
            reader_.problem(place, "\"spaces\": expected {\"SPACE\": source of its rows, ...}");
            return std::nullopt;
        }
        for (const auto& [space, source] : json["spaces"].items()) {
            if (auto p = nameProblem(space); !p.empty()) reader_.problem(place + ".spaces", p);
            const std::string at = place + ".spaces." + space;
            auto rows = reader_.rows(source, at, chosen, false, {"ids"});
            if (!rows) continue;
            out.embeddings.emplace_back(space, std::move(*rows));
            if (source.is_object() && source.contains("ids")) idsOfSpace(source, chosen, at, out);
        }
        if (out.embeddings.empty()) return std::nullopt;
        return out;
    }

    static void takeIds(SourceList ids, TableInput& out) {
        out.ids = std::move(ids.items);
        out.ids_origin = std::move(ids.origin);
    }

    // Ids of the rows of one space: those of the table, in their order; or they become those of the table.
    void idsOfSpace(const Json& source, const RowSelection& chosen, const std::string& place, TableInput& out) {
        RowSelection own = chosen;
        if (source.contains("rows")) own = reader_.selection(source["rows"], place + ".rows").value_or(chosen);
        auto ids = reader_.list(source["ids"], place + ".ids", own);
        if (!ids) return;
        if (out.ids.empty()) return takeIds(std::move(*ids), out);
        const std::string remedy =
            "; bring the rows of every space into the same order, or choose them in that order with \"rows\"";
        if (ids->items.size() != out.ids.size()) {
            reader_.problem(place + ".ids", ids->origin.name + ": expected " + std::to_string(out.ids.size()) +
                                                " ids, as " + out.ids_origin.name + " has, found " +
                                                std::to_string(ids->items.size()) + remedy);
            return;
        }
        const auto [expected, found] = std::mismatch(out.ids.begin(), out.ids.end(), ids->items.begin());
        if (expected == out.ids.end()) return;
        const auto row = static_cast<std::size_t>(expected - out.ids.begin());
        reader_.problem(place + ".ids", ids->origin.place(row) + ": expected the id '" + *expected + "', as " +
                                            out.ids_origin.place(row) + " has, found '" + *found + "'" + remedy);
    }

    void pool(const Json& json, const std::string& place) {
        if (!reader_.object(json, kPoolKeys, place)) return;
        PoolInput out;
        out.name = reader_.name(json, "name", place);
        if (json.contains("tables")) {
            if (json.contains("spaces") || json.contains("modality"))
                reader_.problem(place, "a paired pool has \"tables\" and nothing of its own");
            if (!json["tables"].is_array() || json["tables"].size() < 2) {
                reader_.problem(place, "\"tables\": expected a list of two or more modalities");
                return;
            }
            for (std::size_t i = 0; i < json["tables"].size(); ++i) {
                auto t = table(json["tables"][i], kTableKeys, place + ".tables[" + std::to_string(i) + "]");
                if (t) out.tables.push_back(std::move(*t));
            }
        } else if (auto t = table(json, kPoolKeys, place)) {
            for (const auto& [space, rows] : t->embeddings) clipPart(rows, t->ids.empty());
            out.tables.push_back(std::move(*t));
        }
        plan_.pools.push_back(std::move(out));
    }

    // Images and texts of a clip-retrieval folder are pairs: where one is missing, later rows stand at other places.
    void clipPart(const RowReader& rows, bool no_ids) {
        std::filesystem::path part = rows.origin;
        if (part.has_extension()) part = part.parent_path();  // the only file of its folder
        const std::string name = part.filename().string();
        if (name != "img_emb" && name != "text_emb") return;
        const auto folder = part.parent_path();
        std::error_code ignored;
        const auto metadata = folder / "metadata";
        const auto [other, first] = clip_rows_.emplace(folder, rows.rows);
        if (!first && other->second != rows.rows) {
            plan_.warnings.push_back(folder.string() + ": img_emb and text_emb have " + std::to_string(other->second) +
                                     " and " + std::to_string(rows.rows) +
                                     " rows, so row i is not the same sample in both");
        }
        if (!first || !no_ids || !std::filesystem::is_directory(metadata, ignored)) return;
        for (const auto& entry : std::filesystem::directory_iterator(metadata, ignored)) {
            if (entry.path().extension() != ".parquet") continue;
            plan_.warnings.push_back(metadata.string() +
                                     ": parquet is not read, so rows have numbers for ids; write the columns key and "
                                     "image_path as csv parts to have them");
            return;
        }
    }

    std::optional<SetKind> kind(const Json& json, const std::string& place) {
        const std::string text = reader_.text(json, "kind", place, true);
        if (text == "retrieval") return SetKind::Retrieval;
        if (text == "classification") return SetKind::Classification;
        if (text == "multilabel") return SetKind::MultiLabel;
        if (!text.empty())
            reader_.problem(place, "\"kind\": expected retrieval, classification or multilabel, found '" + text + "'");
        return std::nullopt;
    }

    void set(const Json& json, const std::string& place) {
        if (!reader_.object(json, kSetKeys, place)) return;
        SetInput out;
        out.name = reader_.name(json, "name", place);
        const auto k = kind(json, place);
        out.prompt = reader_.text(json, "prompt", place, false);
        if (!json.contains("first") || !json.contains("second")) {
            reader_.problem(place,
                            "expected \"first\" and \"second\": the two sides (classification: items and classes)");
            return;
        }
        if (!k) return;
        out.kind = *k;
        if (out.kind == SetKind::Retrieval) {
            for (const char* key : {"labels", "classes_from_items"}) {
                if (json.contains(key))
                    reader_.problem(
                        place, std::string("\"") + key + "\" belongs to classification; retrieval has \"positives\"");
            }
        } else if (json.contains("positives")) {
            reader_.problem(place, "\"positives\" belongs to retrieval; classification has \"labels\"");
        }
        auto first = table(json["first"], kTableKeys, place + ".first");
        SourceList labels;
        if (out.kind != SetKind::Retrieval) {
            if (!json.contains("labels")) {
                reader_.problem(place,
                                "\"labels\": expected the class of each item (an id, or a row number of the classes)");
                return;
            }
            RowSelection chosen;
            if (json["first"].is_object() && json["first"].contains("rows")) {
                if (const auto s = reader_.selection(json["first"]["rows"], place + ".first.rows")) chosen = *s;
            }
            auto list = reader_.list(json["labels"], place + ".labels", chosen, {"separator"});
            if (!list) return;
            labels = std::move(*list);
        }
        // Classes that lie item by item: the first item of each label stands for it.
        std::optional<RowSelection> distinct;
        std::vector<std::string> class_ids;
        if (json.contains("classes_from_items") && json["classes_from_items"] == true) {
            distinct = RowSelection{};
            distinct->all = false;
            distinct->of = labels.items.size();
            distinct->origin = place + ".labels";
            std::unordered_map<std::string, std::size_t> seen;
            for (std::size_t i = 0; i < labels.items.size(); ++i) {
                if (!seen.emplace(labels.items[i], class_ids.size()).second) continue;
                distinct->rows.push_back(i);
                class_ids.push_back(labels.items[i]);
            }
        }
        auto second = table(json["second"], kTableKeys, place + ".second", distinct ? &*distinct : nullptr);
        if (!first || !second) return;
        if (distinct) takeIds({class_ids, {labels.origin.name, selectPlaces(labels.origin.place, *distinct)}}, *second);
        out.first = std::move(*first);
        out.second = std::move(*second);
        if (out.kind == SetKind::Retrieval) positives(json, out, place);
        else classes(json, labels, out, place);
        plan_.sets.push_back(std::move(out));
    }

    static std::size_t rowsOf(const TableInput& t) { return t.embeddings.front().second.rows; }

    // The rows that a list names: with one id in it a list of ids, else one of row numbers. Entry by entry, numbers
    // from 0 would be taken for ids from 1.
    std::optional<std::vector<std::uint32_t>> rowsNamed(const std::vector<std::string>& names, const RowPlace& at,
                                                        const TableInput& table, const std::string& what,
                                                        const std::string& place) {
        std::unordered_map<std::string_view, std::uint32_t> ids;
        for (std::size_t i = 0; i < table.ids.size(); ++i) ids.emplace(table.ids[i], static_cast<std::uint32_t>(i));
        const bool by_id = std::any_of(names.begin(), names.end(), [&](const auto& name) { return ids.count(name); });
        std::vector<std::uint32_t> out;
        out.reserve(names.size());
        for (std::size_t i = 0; i < names.size(); ++i) {
            const auto id = ids.find(names[i]);
            const auto number = by_id ? std::nullopt : parseInteger(names[i]);
            if (id != ids.end()) {
                out.push_back(id->second);
            } else if (number && *number >= 0 && static_cast<std::size_t>(*number) < rowsOf(table)) {
                out.push_back(static_cast<std::uint32_t>(*number));
            } else {
                const std::string expected = by_id ? "an id of the " + what + ", as other entries of the list are"
                                                   : "a row number of the " + what + " below " +
                                                         std::to_string(rowsOf(table)) +
                                                         (ids.empty() ? "" : ", or ids throughout");
                reader_.problem(
                    place, at(i) + ": expected " + expected + ", found '" + names[i].substr(0, 60) + "'; " +
                               (by_id ? "name all by id, or leave the ids of the " + what + " out to count rows from 0"
                                      : "rows count from 0: correct the entry, or leave it out"));
                return std::nullopt;
            }
        }
        return out;
    }

    void positives(const Json& json, SetInput& set, const std::string& place) {
        const std::size_t n = rowsOf(set.first), m = rowsOf(set.second);
        const Json rule = json.contains("positives") ? json["positives"] : Json("identity");
        const std::string where = place + ".positives";
        if (rule == "identity") {
            if (n != m) {
                reader_.problem(where, "\"identity\": expected as many rows on both sides, found " + std::to_string(n) +
                                           " and " + std::to_string(m) +
                                           "; say {\"captions\": N}, {\"pairs\": ...} or {\"match\": ...}");
                return;
            }
            for (std::uint32_t i = 0; i < n; ++i) set.pairs.push_back({i, i});
            return;
        }
        if (!reader_.object(rule, {"captions", "pairs", "match"}, where)) return;
        if (rule.size() != 1) {
            reader_.problem(where, "expected one of captions, pairs, match");
        } else if (rule.contains("captions")) {
            const auto count = reader_.integer(rule, "captions", where, 1, 1000000);
            if (!count) return;
            if (n * static_cast<std::size_t>(*count) != m) {
                reader_.problem(where, "expected " + std::to_string(n) + " items times " + std::to_string(*count) +
                                           " captions = " + std::to_string(n * static_cast<std::size_t>(*count)) +
                                           " rows on the second side, found " + std::to_string(m));
                return;
            }
            for (std::uint32_t i = 0; i < m; ++i) set.pairs.push_back({i / static_cast<std::uint32_t>(*count), i});
        } else {
            const bool pairs = rule.contains("pairs");
            const Json& lists = pairs ? rule["pairs"] : rule["match"];
            const std::string lists_place = where + (pairs ? ".pairs" : ".match");
            if (!reader_.object(lists, {"first", "second"}, lists_place)) return;
            if (!lists.contains("first") || !lists.contains("second")) {
                reader_.problem(lists_place, "expected the lists \"first\" and \"second\"");
                return;
            }
            const auto a = reader_.list(lists["first"], lists_place + ".first", {}),
                       b = reader_.list(lists["second"], lists_place + ".second", {});
            if (!a || !b) return;
            if (pairs) namedPairs(*a, *b, set, lists_place);
            else matchingPairs(*a, *b, set, lists_place);
        }
    }

    void namedPairs(const SourceList& a, const SourceList& b, SetInput& set, const std::string& place) {
        if (a.items.size() != b.items.size()) {
            reader_.problem(place, "expected as many entries in " + a.origin.name + " as in " + b.origin.name +
                                       ", found " + std::to_string(a.items.size()) + " and " +
                                       std::to_string(b.items.size()) + "; entry i of both is one pair");
            return;
        }
        const auto first = rowsNamed(a.items, a.origin.place, set.first, "first side", place + ".first");
        const auto second = rowsNamed(b.items, b.origin.place, set.second, "second side", place + ".second");
        if (!first || !second) return;
        for (std::size_t i = 0; i < first->size(); ++i) set.pairs.push_back({(*first)[i], (*second)[i]});
    }

    // Rows that carry the same label belong together.
    void matchingPairs(const SourceList& a, const SourceList& b, SetInput& set, const std::string& place) {
        if (a.items.size() != rowsOf(set.first) || b.items.size() != rowsOf(set.second)) {
            reader_.problem(place, "expected a label for each of " + std::to_string(rowsOf(set.first)) + " and " +
                                       std::to_string(rowsOf(set.second)) + " rows, found " +
                                       std::to_string(a.items.size()) + " in " + a.origin.name + " and " +
                                       std::to_string(b.items.size()) + " in " + b.origin.name +
                                       "; the lists must be in the order of the rows");
            return;
        }
        std::unordered_map<std::string_view, std::vector<std::uint32_t>> rows;
        for (std::size_t j = 0; j < b.items.size(); ++j) rows[b.items[j]].push_back(static_cast<std::uint32_t>(j));
        for (std::size_t i = 0; i < a.items.size(); ++i) {
            const auto it = rows.find(a.items[i]);
            if (it == rows.end()) continue;
            for (const auto j : it->second) set.pairs.push_back({static_cast<std::uint32_t>(i), j});
        }
        if (set.pairs.size() > (std::size_t{1} << 31)) reader_.problem(place, "more than 2^31 pairs match");
    }

    void classes(const Json& json, const SourceList& labels, SetInput& set, const std::string& place) {
        const std::size_t n = rowsOf(set.first);
        if (labels.items.size() != n) {
            reader_.problem(place + ".labels", labels.origin.name + ": expected a label for each of " +
                                                   std::to_string(n) + " items, found " +
                                                   std::to_string(labels.items.size()) +
                                                   "; the list must be in the order of the items");
            return;
        }
        std::string separator = ";";
        if (json["labels"].is_object() && json["labels"].contains("separator")) {
            const std::string given = reader_.text(json["labels"], "separator", place + ".labels", true);
            if (!given.empty()) separator = given;
        }
        std::vector<std::string> names;
        std::vector<std::uint32_t> items;  // of each name
        for (std::size_t i = 0; i < n; ++i) {
            const std::string& label = labels.items[i];
            for (std::size_t begin = 0; begin <= label.size();) {
                std::size_t end = set.kind == SetKind::MultiLabel ? label.find(separator, begin) : std::string::npos;
                if (end == std::string::npos) end = label.size();
                if (end > begin || set.kind != SetKind::MultiLabel) {
                    names.push_back(label.substr(begin, end - begin));
                    items.push_back(static_cast<std::uint32_t>(i));
                }
                begin = end + separator.size();
            }
        }
        const auto at = [&](std::size_t i) {
            return labels.origin.place(items[i]) + " (item " + std::to_string(items[i]) + ")";
        };
        const auto rows = rowsNamed(names, at, set.second, "classes", place + ".labels");
        for (std::size_t i = 0; rows && i < items.size(); ++i) set.pairs.push_back({items[i], (*rows)[i]});
    }

    const Json& manifest_;
    std::vector<std::string> problems_;
    ManifestReader reader_;
    const JobContext& job_;
    ImportPlan plan_;
    std::map<std::filesystem::path, std::size_t> clip_rows_;  // of the first part of each clip-retrieval folder
};

}  // namespace

ImportPlan planImport(const Json& manifest, const std::string& where, const std::filesystem::path& folder,
                      const ImportOptions& options, const JobContext& job) {
    std::filesystem::path root = options.root;
    if (root.empty()) {
        root = folder;
        if (manifest.is_object() && manifest.contains("root") && manifest["root"].is_string()) {
            const std::filesystem::path own = manifest["root"].get<std::string>();
            root = own.is_absolute() ? own : folder / own;
        }
    }
    return Planner(manifest, root, job).run(where);
}

}  // namespace engine
