// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The parts of an import manifest that name files: sources of rows and lists, and selections of rows. Problems are
// collected as sentences "<place>: ..."; nothing here throws for a mistake in the manifest. For one thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/store/row_readers.h"
#include "engine/store/row_selection.h"

namespace engine {

struct SourceList {
    std::vector<std::string> items;
    ListOrigin origin;
};

// Collects problems and gives typed access to a manifest's objects.
class ManifestReader {
public:
    ManifestReader(std::filesystem::path root, std::vector<std::string>& problems)
        : root_(std::move(root)), problems_(problems) {}

    void problem(const std::string& place, const std::string& text) { problems_.push_back(place + ": " + text); }
    // Runs `step`; an engine::Error becomes a problem. Returns whether it went well.
    bool attempt(const std::string& place, const std::function<void()>& step);
    std::size_t problemCount() const { return problems_.size(); }

    // An object with known keys only; false (with a problem) for anything else.
    bool object(const Json& json, const std::vector<std::string>& known, const std::string& place);
    std::string text(const Json& object, const char* key, const std::string& place, bool required);
    // A text that may be used as a name in the workspace.
    std::string name(const Json& object, const char* key, const std::string& place);
    std::optional<std::int64_t> integer(const Json& object, const char* key, const std::string& place,
                                        std::int64_t lowest, std::int64_t highest);

    // "file.npy", "file.h5#/dataset" or an object; `extra` are further keys that the object may have.
    std::optional<SourceSpec> source(const Json& json, const std::string& place, bool list,
                                     const std::vector<std::string>& extra = {});
    std::optional<RowSelection> selection(const Json& json, const std::string& place);

    // The chosen items of a list; the source's own "rows" win over `selection`.
    std::optional<SourceList> list(const Json& json, const std::string& place, const RowSelection& selection,
                                   const std::vector<std::string>& extra = {});
    std::optional<RowReader> rows(const Json& json, const std::string& place, const RowSelection& selection,
                                  bool allow_integers = false, const std::vector<std::string>& extra = {});

    SourceFiles& files() { return files_; }
    const std::filesystem::path& root() const { return root_; }

private:
    std::optional<std::filesystem::path> path(const std::string& text, const std::string& place);

    std::filesystem::path root_;
    std::vector<std::string>& problems_;
    SourceFiles files_;
};

// A whole number as written, or nothing.
std::optional<std::int64_t> parseInteger(std::string_view text);

}  // namespace engine
