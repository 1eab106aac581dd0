// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/import_source.h"

#include <algorithm>
#include <charconv>

#include "engine/base/error.h"
#include "engine/space/modality.h"

namespace engine {

namespace {

constexpr std::int64_t kMaxRows = std::int64_t{1} << 32;  // row numbers in pairs are 32 bits wide

bool isTable(const std::filesystem::path& path) {
    const auto e = path.extension();
    return e == ".csv" || e == ".tsv" || e == ".CSV" || e == ".TSV" || e == ".jsonl";
}

// "where": {"fold": "1"} or {"class_name": ["dog", "cat"]}, as sets of accepted texts.
struct Condition {
    std::size_t column;
    std::vector<std::string> values;
    bool wanted;
};

}  // namespace

std::optional<std::int64_t> parseInteger(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

bool ManifestReader::attempt(const std::string& place, const std::function<void()>& step) {
    try {
        step();
        return true;
    } catch (const Error& error) {
        problem(place, error.what());
        return false;
    }
}

bool ManifestReader::object(const Json& json, const std::vector<std::string>& known, const std::string& place) {
    if (!json.is_object()) {
        problem(place, std::string("expected an object, found ") + json.type_name());
        return false;
    }
    collectUnknownKeys(json, known, place, problems_);
    return true;
}

std::string ManifestReader::text(const Json& object, const char* key, const std::string& place, bool required) {
    const auto found = object.find(key);
    if (found == object.end()) {
        if (required) problem(place, std::string("\"") + key + "\" is missing");
        return {};
    }
    if (!found->is_string() || found->get_ref<const std::string&>().empty()) {
        problem(place, std::string("\"") + key + "\": expected a text, found " + found->dump().substr(0, 60));
        return {};
    }
    return found->get<std::string>();
}

std::string ManifestReader::name(const Json& object, const char* key, const std::string& place) {
    std::string value = text(object, key, place, true);
    if (value.empty()) return {};
    if (const auto reason = nameProblem(value); !reason.empty()) {
        problem(place, std::string("\"") + key + "\": " + reason);
        return {};
    }
    return value;
}

std::optional<std::int64_t> ManifestReader::integer(const Json& object, const char* key, const std::string& place,
                                                    std::int64_t lowest, std::int64_t highest) {
    const auto found = object.find(key);
    if (found == object.end()) return std::nullopt;
    // Unsigned values beyond the signed range would come out negative: the bounds refuse them either way.
    if (!found->is_number_integer() || found->get<std::int64_t>() < lowest || found->get<std::int64_t>() > highest) {
        problem(place, std::string("\"") + key + "\": expected a whole number from " + std::to_string(lowest) + " to " +
                           std::to_string(highest) + ", found " + found->dump().substr(0, 60));
        return std::nullopt;
    }
    return found->get<std::int64_t>();
}

std::optional<std::filesystem::path> ManifestReader::path(const std::string& text, const std::string& place) {
    if (text.empty() || text.find('\0') != std::string::npos) {
        problem(place, "expected the path of a file, found a text that cannot be one");
        return std::nullopt;
    }
    if (text.size() > 4096) {
        problem(place, "the path is too long");
        return std::nullopt;
    }
    const std::filesystem::path path(text);
    return path.is_absolute() ? path : root_ / path;
}

std::optional<SourceSpec> ManifestReader::source(const Json& json, const std::string& place, bool list,
                                                 const std::vector<std::string>& extra) {
    SourceSpec spec;
    if (list && json.is_array()) {
        spec.values = json;
        return spec;
    }
    if (json.is_string()) {
        const auto text = json.get<std::string>();
        const auto hash = text.rfind('#');
        const auto file = path(text.substr(0, hash), place);
        if (!file) return std::nullopt;
        spec.file = *file;
        if (hash != std::string::npos) {
            const std::string part = text.substr(hash + 1);
            const auto number = parseInteger(part);
            if (list && (isTable(spec.file) || spec.file.extension() == ".json")) spec.column = part;
            else if (spec.file.extension() == ".npy" && number && *number >= 0) spec.index = *number;
            else spec.dataset = part;
        }
        return spec;
    }
    const std::size_t before = problems_.size();
    std::vector<std::string> known = {"file", "dataset", "rows"};
    known.push_back(list ? "column" : "index");
    known.insert(known.end(), extra.begin(), extra.end());
    if (!object(json, known, place)) return std::nullopt;
    const auto file = text(json, "file", place, true);
    if (!file.empty()) {
        if (const auto found = path(file, place)) spec.file = *found;
    }
    spec.dataset = text(json, "dataset", place, false);
    if (list) spec.column = text(json, "column", place, false);
    else spec.index = integer(json, "index", place, 0, kMaxRows).value_or(-1);
    if (problems_.size() != before) return std::nullopt;
    return spec;
}

std::optional<RowSelection> ManifestReader::selection(const Json& json, const std::string& place) {
    RowSelection out;
    out.all = false;
    out.origin = place;
    const std::size_t before = problems_.size();
    if (json.is_array()) {
        for (const auto& value : json) {
            if (!value.is_number_integer() || value.get<std::int64_t>() < 0 || value.get<std::int64_t>() >= kMaxRows) {
                problem(place, "expected row numbers from 0, found " + value.dump().substr(0, 60));
                return std::nullopt;
            }
            out.rows.push_back(value.get<std::uint64_t>());
        }
    } else if (json.is_object() && json.contains("count")) {
        object(json, {"first", "count"}, place);
        const auto first = integer(json, "first", place, 0, kMaxRows).value_or(0);
        const auto count = integer(json, "count", place, 1, kMaxRows);
        if (!count || problems_.size() != before) return std::nullopt;
        // A range is kept as rows; a count beyond any file must not fill the memory first.
        if (*count > (std::int64_t{1} << 28)) {
            problem(place, "a range of more than " + std::to_string(std::int64_t{1} << 28) + " rows is not supported");
            return std::nullopt;
        }
        out.rows.resize(static_cast<std::size_t>(*count));
        for (std::size_t i = 0; i < out.rows.size(); ++i) out.rows[i] = static_cast<std::uint64_t>(first) + i;
    } else {
        if (!object(json, {"file", "where", "where_not", "column"}, place)) return std::nullopt;
        const auto file = text(json, "file", place, true);
        const auto column = text(json, "column", place, false);
        const auto found = file.empty() ? std::nullopt : path(file, place);
        if (column.empty() && !json.contains("where") && !json.contains("where_not")) {
            problem(place, "expected \"column\" (of row numbers), \"where\" or \"where_not\"");
        }
        if (!found || problems_.size() != before) return std::nullopt;
        attempt(place, [&] {
            const auto table = files_.table(*found);
            std::vector<Condition> conditions;
            for (const bool wanted : {true, false}) {
                const auto part = json.find(wanted ? "where" : "where_not");
                if (part == json.end()) continue;
                if (!part->is_object() || part->empty()) {
                    problem(place, "\"where\": expected {\"column\": value or list of values}");
                    continue;
                }
                for (const auto& [key, value] : part->items()) {
                    Condition condition{table->columnIndex(key), {}, wanted};
                    for (const auto& one : value.is_array() ? value : Json::array({value})) {
                        if (one.is_string()) condition.values.push_back(one.get<std::string>());
                        else if (one.is_number_integer()) condition.values.push_back(one.dump());
                        else problem(place, "\"" + key + "\": expected texts or whole numbers");
                    }
                    std::sort(condition.values.begin(), condition.values.end());
                    conditions.push_back(std::move(condition));
                }
            }
            const std::size_t number = column.empty() ? 0 : table->columnIndex(column);
            for (std::size_t i = 0; i < table->rows(); ++i) {
                const bool taken = std::all_of(conditions.begin(), conditions.end(), [&](const Condition& c) {
                    return std::binary_search(c.values.begin(), c.values.end(), table->at(i, c.column)) == c.wanted;
                });
                if (!taken) continue;
                if (column.empty()) {
                    out.rows.push_back(i);
                    continue;
                }
                const auto row = parseInteger(table->at(i, number));
                if (!row || *row < 0) {
                    throw Error(
                        ErrorCode::InvalidInput, found->string() + " row " + std::to_string(i),
                        "expected a row number in '" + column + "', found '" + std::string(table->at(i, number)) + "'");
                }
                out.rows.push_back(static_cast<std::uint64_t>(*row));
            }
            if (column.empty()) out.of = table->rows();
            out.origin = found->string();
        });
    }
    if (problems_.size() != before) return std::nullopt;
    if (out.rows.empty()) {
        problem(place, "no row is chosen");
        return std::nullopt;
    }
    return out;
}

std::optional<SourceList> ManifestReader::list(const Json& json, const std::string& place, const RowSelection& chosen,
                                               const std::vector<std::string>& extra) {
    const auto spec = source(json, place, true, extra);
    if (!spec) return std::nullopt;
    RowSelection own = spec->file.empty() ? RowSelection{} : chosen;
    if (json.is_object() && json.contains("rows")) {
        const auto named = selection(json["rows"], place + ".rows");
        if (!named) return std::nullopt;
        own = *named;
    }
    std::optional<SourceList> out;
    attempt(place, [&] {
        RowPlace at;
        auto items = selectItems(files_.readList(*spec, &at), own, spec->describe());
        out = SourceList{std::move(items), {spec->describe(), selectPlaces(std::move(at), own)}};
    });
    return out;
}

std::optional<RowReader> ManifestReader::rows(const Json& json, const std::string& place, const RowSelection& chosen,
                                              bool allow_integers, const std::vector<std::string>& extra) {
    const auto spec = source(json, place, false, extra);
    if (!spec) return std::nullopt;
    RowSelection own = chosen;
    if (json.is_object() && json.contains("rows")) {
        const auto named = selection(json["rows"], place + ".rows");
        if (!named) return std::nullopt;
        own = *named;
    }
    std::optional<RowReader> out;
    attempt(place, [&] { out = selectRows(files_.openRows(*spec, allow_integers), own); });
    return out;
}

}  // namespace engine
