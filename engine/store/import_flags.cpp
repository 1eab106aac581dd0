// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/import_flags.h"

#include <map>
#include <utility>

#include "engine/base/error.h"
#include "engine/store/import_manifest.h"
#include "engine/store/import_source.h"

namespace engine {
namespace {

struct Split {
    std::vector<std::string> names;  // left of '=', cut at ':'
    std::string value;
};

Split splitFlag(const std::string& flag, const std::string& text, std::vector<std::string>& problems) {
    Split out;
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals + 1 == text.size()) {
        problems.push_back("--" + flag + " " + text + ": expected NAME=VALUE");
        return out;
    }
    out.value = text.substr(equals + 1);
    std::string left = text.substr(0, equals);
    for (std::size_t begin = 0;;) {
        const auto colon = left.find(':', begin);
        out.names.push_back(left.substr(begin, colon == std::string::npos ? colon : colon - begin));
        if (colon == std::string::npos) break;
        begin = colon + 1;
    }
    return out;
}

// The entry of `list` with this name, made if it is not there.
Json& named(Json& list, const std::string& name) {
    for (auto& entry : list) {
        if (entry["name"] == name) return entry;
    }
    list.push_back({{"name", name}});
    return list.back();
}

// Ids (img2dataset's keys) and image files (clip-retrieval's paths) of a folder's metadata, where they are in a form
// that is read.
void addMetadata(Json& pool, const std::string& space, const std::string& folder, bool images) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder, ignored)) return;
    std::vector<std::filesystem::path> parts;
    try {
        parts = numberedParts(folder);
    } catch (const Error&) {
        return;  // nothing that belongs to the rows part by part
    }
    const auto has = [&](const char* column) {
        SourceSpec first;
        first.file = parts.front();
        first.column = column;
        try {
            SourceFiles().readList(first);
            return true;
        } catch (const Error&) {
            return false;
        }
    };
    if (has("key")) {
        const Json ids = {{"file", folder}, {"column", "key"}};
        // Those of a second folder say whether its rows are in the order of the first's.
        if (pool.contains("ids")) pool["spaces"][space] = {{"file", pool["spaces"][space]}, {"ids", ids}};
        else pool["ids"] = ids;
    }
    if (images && !pool.contains("paths") && has("image_path"))
        pool["paths"] = {{"file", folder}, {"column", "image_path"}};
}

}  // namespace

bool ImportFlags::empty() const {
    return pools.empty() && sets.empty() && ids.empty() && labels.empty() && positives.empty() && prompts.empty() &&
           from_items.empty() && clip_folders.empty();
}

Json manifestFromFlags(const ImportFlags& flags) {
    std::vector<std::string> problems;
    Json pools = Json::array(), sets = Json::array();
    std::map<std::string, std::pair<std::string, std::string>> settled;  // what -> its value, the flag that says so
    const auto settle = [&](const std::string& what, const std::string& value, const std::string& flag) {
        const auto& [known, by] = settled.emplace(what, std::pair{value, flag}).first->second;
        if (known == value) return;
        problems.push_back(flag + ": expected for " + what + " '" + known + "', as " + by + " says, found '" + value +
                           "'; leave one of the two out, or give it a name of its own");
    };
    for (const auto& text : flags.pools) {
        const Split s = splitFlag("pool", text, problems);
        if (s.value.empty()) continue;
        if (s.names.size() != 2 && s.names.size() != 3) {
            problems.push_back("--pool " + text + ": expected [NAME:]MODALITY:SPACE=FILE");
            continue;
        }
        const std::string modality = s.names[s.names.size() - 2];
        const std::string name = s.names.size() == 3 ? s.names[0] : modality;
        settle("the modality of pool " + name, modality, "--pool " + text);
        settle("space " + s.names.back() + " of pool " + name, s.value, "--pool " + text);
        Json& pool = named(pools, name);
        pool["modality"] = modality;
        pool["spaces"][s.names.back()] = s.value;
    }
    for (const auto& text : flags.sets) {
        const Split s = splitFlag("set", text, problems);
        if (s.value.empty()) continue;
        if (s.names.size() != 4) {
            problems.push_back("--set " + text + ": expected NAME:KIND:MODALITY:SPACE=FILE");
            continue;
        }
        const std::string flag = "--set " + text, of = " of set " + s.names[0];
        settle("the kind" + of, s.names[1], flag);
        settle("space " + s.names[3] + " of " + s.names[2] + of, s.value, flag);
        Json& set = named(sets, s.names[0]);
        set["kind"] = s.names[1];
        const char* side = !set.contains("first") || set["first"]["modality"] == s.names[2] ? "first" : "second";
        if (set.contains("second") && std::string(side) == "second" && set["second"]["modality"] != s.names[2]) {
            problems.push_back("--set " + text + ": the set has two modalities already");
            continue;
        }
        set[side]["modality"] = s.names[2];
        set[side]["spaces"][s.names[3]] = s.value;
    }
    for (const auto& text : flags.clip_folders) {
        const Split s = splitFlag("clip-folder", text, problems);
        if (s.value.empty()) continue;
        for (const auto& [modality, part] : {std::pair{"image", "/img_emb"}, std::pair{"text", "/text_emb"}}) {
            settle(std::string("the modality of pool ") + modality, modality, "--clip-folder " + text);
            settle("space " + s.names[0] + " of pool " + modality, s.value + part, "--clip-folder " + text);
            Json& pool = named(pools, modality);
            pool["modality"] = modality;
            pool["spaces"][s.names[0]] = s.value + part;
            addMetadata(pool, s.names[0], s.value + "/metadata", modality == std::string("image"));
        }
    }
    const auto find = [](Json& list, const std::string& name) -> Json* {
        for (auto& entry : list) {
            if (entry["name"] == name) return &entry;
        }
        return nullptr;
    };
    for (const auto& text : flags.ids) {
        const Split s = splitFlag("ids", text, problems);
        if (s.value.empty()) continue;
        Json* entry = s.names.size() == 1   ? find(pools, s.names[0])
                      : s.names.size() == 2 ? find(sets, s.names[0])
                                            : nullptr;
        if (entry && s.names.size() == 2) {
            Json* set = entry;
            entry = nullptr;
            for (const char* side : {"first", "second"}) {
                if (set->contains(side) && (*set)[side]["modality"] == s.names[1]) entry = &(*set)[side];
            }
        }
        settle("the ids of " + text.substr(0, text.find('=')), s.value, "--ids " + text);
        if (entry) (*entry)["ids"] = s.value;
        else
            problems.push_back("--ids " + text +
                               ": expected POOL=FILE or SET:MODALITY=FILE of a pool or set that is named too");
    }
    const auto forSet = [&](const char* flag, const std::vector<std::string>& texts, auto put) {
        for (const auto& text : texts) {
            const Split s = splitFlag(flag, text, problems);
            if (s.value.empty()) continue;
            settle(std::string("the ") + flag + " of set " + s.names[0], s.value,
                   std::string("--") + flag + " " + text);
            Json* set = find(sets, s.names[0]);
            if (set) put(*set, s.value);
            else problems.push_back(std::string("--") + flag + " " + text + ": there is no --set of this name");
        }
    };
    forSet("labels", flags.labels, [](Json& set, const std::string& value) { set["labels"] = value; });
    forSet("prompt", flags.prompts, [](Json& set, const std::string& value) { set["prompt"] = value; });
    forSet("positives", flags.positives, [&](Json& set, const std::string& value) {
        if (value == "identity") {
            set["positives"] = value;
        } else if (value.starts_with("captions:")) {
            const auto count = parseInteger(value.substr(9));
            if (count) set["positives"] = {{"captions", *count}};
            else problems.push_back("--positives " + value + ": expected a whole number of captions");
        } else if (value.starts_with("pairs:") && value.find('#') != std::string::npos &&
                   value.find(',', value.rfind('#')) != std::string::npos) {
            const auto hash = value.rfind('#'), comma = value.find(',', hash);
            const std::string file = value.substr(6, hash - 6);
            set["positives"] = {{"pairs",
                                 {{"first", file + "#" + value.substr(hash + 1, comma - hash - 1)},
                                  {"second", file + "#" + value.substr(comma + 1)}}}};
        } else {
            problems.push_back("--positives " + value + ": expected identity, captions:N or pairs:FILE#FIRST,SECOND");
        }
    });
    for (const auto& name : flags.from_items) {
        Json* set = find(sets, name);
        if (set) (*set)["classes_from_items"] = true;
        else problems.push_back("--classes-from-items " + name + ": there is no --set of this name");
    }
    if (!problems.empty()) throw joinProblems(ErrorCode::InvalidInput, "flags", problems);
    return {{"format", kImportFormat}, {"pools", pools}, {"sets", sets}};
}

}  // namespace engine
