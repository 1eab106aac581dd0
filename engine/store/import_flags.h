// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The flags of small imports, and the manifest that they stand for (engine/store/import_manifest.h). Looks into the
// metadata of clip-retrieval folders, into no other file. No shared state.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json.h"

namespace engine {

// Names stand left of the first "=", files right of it; FILE is "path" or "path#dataset" (of a table, "path#column"; of
// a 3-D .npy, "path#index").
struct ImportFlags {
    std::vector<std::string> pools;       // --pool [NAME:]MODALITY:SPACE=FILE        NAME: the modality's
    std::vector<std::string> sets;        // --set NAME:KIND:MODALITY:SPACE=FILE      first modality named: items
    std::vector<std::string> ids;         // --ids POOL=FILE or SET:MODALITY=FILE
    std::vector<std::string> labels;      // --labels SET=FILE
    std::vector<std::string> positives;   // --positives SET=identity, SET=captions:5, SET=pairs:FILE#FIRST,SECOND
    std::vector<std::string> prompts;     // --prompt SET=TEMPLATE
    std::vector<std::string> from_items;  // --classes-from-items SET
    std::vector<std::string>
        clip_folders;  // --clip-folder SPACE=FOLDER: img_emb/ and text_emb/ as pools image and text

    bool empty() const;
};

// The manifest that the flags stand for. Throws with all problems.
Json manifestFromFlags(const ImportFlags& flags);

}  // namespace engine
