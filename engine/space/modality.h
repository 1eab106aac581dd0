// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Modalities are plain names ("audio", "image", "text", "depth", ...). Names of spaces, modalities, pools and sets are
// used as file and dataset names, so they are checked: letters, digits and . _ + - † @ ( ), at most 64 characters,
// not starting with a dot.
#pragma once

#include <string>
#include <vector>

namespace engine {

using Modality = std::string;

// The paper's letter: audio "A", image "V", text "T"; any other name stands for itself.
std::string modalityLetter(const Modality& modality);
// The lower-case suffix of a factor: "a", "v", "t"; any other name stands for itself.
std::string modalitySuffix(const Modality& modality);
// Empty if `name` may be used as a name, else the reason.
std::string nameProblem(const std::string& name);
// Throws Error{InvalidInput} with `where` and the reason.
void checkName(const std::string& name, const std::string& where);

}  // namespace engine
