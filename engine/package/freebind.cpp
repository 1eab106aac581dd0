// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/package/freebind.h"

#include <array>
#include <map>
#include <utility>

#include "engine/package/checkpoint_layout.h"

namespace engine {
namespace {

constexpr std::size_t kFreebindHidden = 2048;

// Subsets whose folders have other names.
constexpr std::array<std::pair<const char*, const char*>, 3> kRenamed = {{{"TVA", "mix"}, {"TA", "AT"}, {"VA", "AV"}}};

}  // namespace

std::string freebindFolder(const Recipe& recipe, const std::string& reaction_key) {
    static const std::map<std::string, std::map<std::string, std::string>> known = {
        {"ImageBind++", {{"1-CLAP_g", "IB_PP_G_Proj"}, {"1-CLAP_m", "IB_PP_M_Proj"}}},
        {"InternVL_IB", {{"1-InternVL", "InternVL_IB_Proj"}}},
        {"InternVL_IB++",
         {{"1-InternVL", "InternVL_IB_Proj"},
          {"2-CLAP_g", "InternVL_IB_PP_G_Proj"},
          {"2-CLAP_m", "InternVL_IB_PP_M_Proj"}}},
        {"InternVL_IB†", {{"1-InternVL", "InternVL_IB_Proj"}}},
        {"InternVL_IB†++",
         {{"1-InternVL", "InternVL_IB_Proj"},
          {"3-CLAP_g", "InternVL_IB_FTPP_G_Proj"},
          {"3-CLAP_m", "InternVL_IB_FTPP_M_Proj"}}}};
    if (const auto product = known.find(recipe.name); product != known.end()) {
        if (const auto folder = product->second.find(reaction_key); folder != product->second.end())
            return folder->second;
    }
    return reaction_key + "_Proj";
}

std::string freebindSubset(const std::string& subset) {
    for (const auto& [ours, theirs] : kRenamed) {
        if (subset == ours) return theirs;
    }
    return subset;
}

std::string subsetOfFreebind(const std::string& folder) {
    for (const auto& [ours, theirs] : kRenamed) {
        if (folder == theirs) return ours;
    }
    return folder;
}

std::string writeFreebind(const std::filesystem::path& folder, const Recipe& recipe, const std::string& reaction_key,
                          const std::string& subset, const ProjectorWeights& weights,
                          const ProjectorWeights* base_head) {
    if (!hasReleasedLayout(weights, base_head)) {
        return reaction_key +
               " is not among the files under `freebind/`: the released code has no module of its shape, " +
               shapeText(weights) + ".";
    }
    const auto place = folder / freebindFolder(recipe, reaction_key) / freebindSubset(subset);
    std::filesystem::create_directories(place);
    if (base_head) {
        const bool half = weights.layers.size() == 1;
        writeCmcrCheckpoint(place / "best.pt", half ? *base_head : weights, half ? weights : *base_head);
        return "The files of " + reaction_key +
               " under `freebind/` are for C-MCR's classes: " + (half ? "Head_B" : "Head_A") + " is the expert's.";
    }
    writeTorchCheckpoint(place / "best.pt", weights);
    if (weights.head1) return "The files of " + reaction_key + " under `freebind/` are for Ex-MCR's classes.";
    if (weights.hidden() == kFreebindHidden) return {};
    return "The files under `freebind/` have a hidden width of " + std::to_string(weights.hidden()) +
           "; FreeBind's own classes are written for " + std::to_string(kFreebindHidden) + ".";
}

}  // namespace engine
