// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Checkpoints of the released code as a product (engine/package/bring.h), by names as a user gives them. A blocking
// job.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/session/session.h"

namespace engine {

struct BringRequestText {
    std::filesystem::path workspace;
    std::filesystem::path checkpoints;  // folder, or one file
    std::string recipe;                 // a file, or one that ships
    std::vector<std::string> places;    // "1-CLAP_g=IB_PP_G_Proj": where a reaction's lie, within that folder
    std::filesystem::path product;      // folder to write; empty: <workspace>/products/<name of the recipe>
};
Outcome bringProduct(const BringRequestText& request, const JobContext& job);

}  // namespace engine
