// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Files of a trained reaction in the folder of another product or store: hard links where the file system has them,
// else copies, for nothing ever writes into a finished one.
#pragma once

#include <filesystem>
#include <string>

namespace engine {

// `to` is left as it is where it is there. Throws Error{Io}.
void linkFile(const std::filesystem::path& from, const std::filesystem::path& to);

// Weights and log of one projector from a reaction's folder into another's, and the head of a joint space's other side;
// not the record, which says that the others are there.
void linkProjector(const std::filesystem::path& from, const std::filesystem::path& to, const std::string& subset);

}  // namespace engine
