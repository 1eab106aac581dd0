// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The state_dicts of the released code, as projectors (method §1.3, §2.1, §2.2):
//   FreeBind   Head2.mlps.{0,1,3,4}.*                                   two layers
//   FreeBind†  ib_head.projectors.{0..6}.Head2.mlps.*, and an encoder   seven of them, in the order mix A T V AT AV TV
//   C-MCR      Head_A.net1.{0,1}.*, Head_A.net2.{0,1}.*, Head_B....     two layers for each of two spaces
//              Head_A.net.{0,1}.*, Head_B....                           its half: one layer that ends with the ReLU
//   Ex-MCR     Head1.*, Head2.mlp{1,2}.net{1,2}.{0,1}.*                 a Linear, then four layers
// A prefix that stands before all names ("module.") is taken off.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/recipe/projector_weights.h"

namespace engine {

enum class CheckpointLayout { FreeBind, TunedAudio, Cmcr, ExMcr };
const char* layoutName(CheckpointLayout layout);  // "FreeBind", "FreeBind†", ...

struct ReleasedCheckpoint {
    CheckpointLayout layout = CheckpointLayout::FreeBind;
    // FreeBind and Ex-MCR: one, of the name "". FreeBind†: by subset, "TVA", "A", ... C-MCR: "Head_A", "Head_B".
    std::map<std::string, ProjectorWeights> heads;
    std::vector<std::string> notes;  // sentences: what was left out
};

// Throws Error{InvalidInput} with file and tensor: names of no known layout, tensors that are missing, too many or of
// wrong shapes, numbers that are not finite. Everything of engine/package/torch_file.h besides.
ReleasedCheckpoint readReleasedCheckpoint(const std::filesystem::path& path);

// Whether the released code has a module of the shape: two layers (FreeBind's), Head1 and four layers (Ex-MCR's); with
// `other`, two layers or one that ends with a ReLU, for both (C-MCR's).
bool hasReleasedLayout(const ProjectorWeights& weights, const ProjectorWeights* other = nullptr);
// FreeBind's or Ex-MCR's; the same weights give the same bytes. Throws Error{InvalidInput} for other shapes.
void writeTorchCheckpoint(const std::filesystem::path& path, const ProjectorWeights& weights);
// Both heads of C-MCR: CLAP's is Head_A of CLAP-CLIP, CLIP's Head_B; of ULIP-CLIP (one layer) CLIP's is Head_A.
void writeCmcrCheckpoint(const std::filesystem::path& path, const ProjectorWeights& head_a,
                         const ProjectorWeights& head_b);

}  // namespace engine
