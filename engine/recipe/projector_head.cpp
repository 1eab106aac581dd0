// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/projector_head.h"

#include <algorithm>

#include "engine/base/error.h"

namespace engine {

std::string headKind(const ReactionOptions& options) {
    const std::string& kind = options.head == "auto" ? options.objective : options.head;
    if (kind != "freebind" && kind != "c-mcr" && kind != "ex-mcr") {
        throw Error(ErrorCode::InvalidInput, "head", "expected auto, freebind, c-mcr or ex-mcr, found " + kind);
    }
    return kind;
}

std::vector<std::size_t> headWidths(const ReactionOptions& options, std::size_t in, std::size_t out) {
    const std::string kind = headKind(options);
    if (kind == "freebind") return {in, static_cast<std::size_t>(options.hidden_width), out};
    if (kind == "c-mcr") return {in, 2 * in, out};
    return {in, in == out ? 2 * in : out, out, 2 * out, out};
}

std::vector<Modality> head1Modalities(const ReactionOptions& options, const std::vector<Modality>& sources,
                                      const std::vector<Modality>& targets) {
    std::vector<Modality> out;
    if (headKind(options) != "ex-mcr") return out;
    for (const auto& m : sources) {
        if (std::find(targets.begin(), targets.end(), m) == targets.end()) out.push_back(m);
    }
    return out;
}

ProjectorWeights emptyHead(const ReactionOptions& options, std::size_t in, std::size_t out,
                           const std::vector<Modality>& sources, const std::vector<Modality>& targets) {
    const auto widths = headWidths(options, in, out);
    ProjectorWeights w = widths.size() == 3 ? twoLayers(widths[0], widths[1], widths[2])
                                            : fourLayers(widths[0], widths[1], widths[2], widths[3]);
    w.head1_modalities = head1Modalities(options, sources, targets);
    if (!w.head1_modalities.empty()) w.head1 = emptyLayer(in, in, false, false);
    return w;
}

std::size_t headParameters(const std::vector<std::size_t>& widths) {
    std::size_t sum = 0;
    for (std::size_t i = 1; i < widths.size(); ++i) sum += widths[i] * (widths[i - 1] + 3);  // bias, gamma, beta
    return sum;
}

}  // namespace engine
