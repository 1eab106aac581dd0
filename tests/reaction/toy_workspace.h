// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A workspace of a few hundred items that spaces see through random linear maps: reactions can be learnt on it in a
// second.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/store/workspace.h"

namespace engine::test {

struct ToySpace {
    std::string name;
    std::size_t width;
    std::vector<Modality> modalities;
};

struct ToyOptions {
    std::vector<ToySpace> spaces;
    std::size_t pool_rows = 400;
    std::size_t set_rows = 60;
    std::size_t paired_rows = 0;  // of a paired pool "audio-image"; 0: none
    std::uint64_t seed = 1;
};

// One pool for each modality, and a retrieval set "<a>-<b>" for each pair of modalities, with rows in every space that
// has the modality. Item i of one side belongs to item i of the other.
void makeToyWorkspace(const std::filesystem::path& folder, const ToyOptions& options);

}  // namespace engine::test
