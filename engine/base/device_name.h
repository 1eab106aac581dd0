// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What --device says: auto, cpu, cuda, cuda:N.
#pragma once

#include <string>

namespace engine {

// The number of the GPU that `wanted` names among `gpus` of them, -1 for the CPU. "auto": the first one, else the CPU.
// Throws Error{Device} for a GPU that is not there (`why_none`, if given, says why there is none), Error{InvalidInput}
// for another word.
int gpuNamed(const std::string& wanted, int gpus, const std::string& why_none = {});

}  // namespace engine
