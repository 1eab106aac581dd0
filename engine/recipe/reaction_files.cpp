// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/reaction_files.h"

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace engine {

namespace fs = std::filesystem;

void linkFile(const fs::path& from, const fs::path& to) {
    if (fs::exists(to)) return;
    std::error_code failed;
    fs::create_hard_link(from, to, failed);
    if (!failed || fs::exists(to)) return;
    Staging staged(to);
    fs::copy_file(from, staged.path(), failed);
    if (failed) {
        throw Error(ErrorCode::Io, to.string(), "cannot be copied from " + from.string() + ": " + failed.message(),
                    "is the disk full?");
    }
    staged.commit();
}

void linkProjector(const fs::path& from, const fs::path& to, const std::string& subset) {
    fs::create_directories(to);
    const fs::path head = fs::path("base") / (subset + ".safetensors");
    if (fs::exists(from / head)) {
        fs::create_directories(to / "base");
        linkFile(from / head, to / head);
    }
    for (const char* ending : {".safetensors", ".csv"}) {
        const fs::path file = from / (subset + ending);
        if (fs::exists(file)) linkFile(file, to / file.filename());
    }
}

}  // namespace engine
