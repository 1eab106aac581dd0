// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/objective.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/recipe/projector_head.h"

namespace engine {
namespace {

const std::vector<Modality> kAll = {"text", "image", "audio"}, kImageText = {"text", "image"},
                            kAudioText = {"text", "audio"};

std::string textOf(const std::string& objective, const std::vector<Modality>& sources,
                   const std::vector<Modality>& targets, const std::string& head = "auto") {
    ReactionOptions options;
    options.objective = objective;
    options.head = head;
    return objectiveText(objectiveOf(options, sources, targets), sources, targets);
}

TEST(Objective, TermsOfTheReactionsOfThePaper) {
    EXPECT_EQ(textOf("freebind", kAll, kImageText),
              "info(Ψ(T), T) + info(Ψ(T), V) + info(Ψ(V), T) + info(Ψ(V), V) + info(Ψ(A), T) + info(Ψ(A), V)");
    // Dr(InternVL), Cr(CLAP), Cr(InternVL); CLAP joined to CLIP.
    EXPECT_EQ(textOf("c-mcr", kAll, kImageText),
              "info(Ψ(T), T) + info(Ψ(A), V) + 0.03333·|Ψ(T) − Ψ(V)| + 0.03333·|Ψ(T) − Ψ(A)| + 0.03333·|Ψ(V) − Ψ(A)|");
    EXPECT_EQ(textOf("c-mcr", kAudioText, kAll), "info(Ψ(T), T) + info(Ψ(A), V) + 0.1·|Ψ(T) − Ψ(A)|");
    EXPECT_EQ(textOf("c-mcr", kImageText, kAll), "info(Ψ(T), T) + info(Ψ(V), A) + 0.1·|Ψ(T) − Ψ(V)|");
    EXPECT_EQ(textOf("c-mcr", kAudioText, kImageText), "info(Ψ(T), T) + info(Ψ(A), V) + 0.1·|Ψ(T) − Ψ(A)|");
    EXPECT_EQ(textOf("ex-mcr", kAudioText, kImageText),
              "0.25·info(Ψ(T), T) + 0.25·info(Ψ(T), V) + 0.25·info(Ψ(A), T) + 0.25·info(Ψ(A), V) + 0.1·|f_l(A) − T|");
    EXPECT_EQ(textOf("ex-mcr", kAll, kImageText).substr(textOf("ex-mcr", kAll, kImageText).find("+ 0.05")),
              "+ 0.05·|f_l(A) − T| + 0.05·|f_l(A) − V|");
    // Nothing that the other space lacks, or no Head1.
    for (const std::string& text : {textOf("ex-mcr", kImageText, kAll), textOf("ex-mcr", kImageText, kAll, "c-mcr")}) {
        EXPECT_TRUE(text.ends_with(" + 0.1·|Ψ(T) − Ψ(V)|")) << text;
    }
    EXPECT_EQ(textOf("ex-mcr", kAudioText, kImageText, "freebind").find("f_l"), std::string::npos);
}

TEST(Objective, WithoutTextAndWithoutOtherModalities) {
    EXPECT_EQ(textOf("c-mcr", {"image", "audio"}, {"image", "depth"}),
              "info(Ψ(V), V) + info(Ψ(A), depth) + 0.1·|Ψ(V) − Ψ(A)|");
    EXPECT_EQ(textOf("c-mcr", kAudioText, kAudioText), "info(Ψ(T), T) + info(Ψ(A), A) + 0.1·|Ψ(T) − Ψ(A)|");
    EXPECT_EQ(textOf("c-mcr", {"text"}, kImageText), "info(Ψ(T), T)");
    EXPECT_THROW(textOf("c-mcr", {"audio"}, {"image"}), Error);
}

TEST(Objective, InAJointSpaceBothSidesAreProjected) {
    ReactionOptions options;
    options.objective = "c-mcr";
    EXPECT_EQ(objectiveText(objectiveOf(options, kAudioText, kImageText, true), kAudioText, kImageText),
              "info(Ψ(T), Ψ′(T)) + info(Ψ(A), Ψ′(V)) + 0.05·|Ψ(T) − Ψ(A)| + 0.05·|Ψ′(T) − Ψ′(V)|");
    options.objective = "ex-mcr";
    EXPECT_THROW(objectiveOf(options, kAudioText, kImageText, true), Error);
}

TEST(Objective, Heads) {
    const auto shape = [](const std::string& objective, const std::string& head, std::size_t in, std::size_t out) {
        ReactionOptions options;
        options.objective = objective;
        options.head = head;
        options.hidden_width = 40;
        const ProjectorWeights w = emptyHead(options, in, out, kAll, kImageText);
        std::string text;
        for (const auto& m : w.head1_modalities) text += m + ": ";
        std::size_t numbers = 0;
        for (const auto* values : trainedOf(w)) numbers += values->size();
        EXPECT_EQ(numbers - (w.head1 ? in * (in + 1) : 0), headParameters(headWidths(options, in, out)));
        for (const auto& layer : w.layers) {
            text += std::to_string(layer.in) + (layer.norm ? " BN" : "") + (layer.relu ? " ReLU " : " ");
        }
        return text + std::to_string(w.out());
    };
    EXPECT_EQ(shape("freebind", "auto", 12, 16), "12 BN ReLU 40 BN 16");
    EXPECT_EQ(shape("c-mcr", "auto", 12, 16), "12 BN ReLU 24 BN 16");
    EXPECT_EQ(shape("freebind", "c-mcr", 12, 16), "12 BN ReLU 24 BN 16");
    EXPECT_EQ(shape("ex-mcr", "auto", 16, 16), "audio: 16 BN ReLU 32 BN 16 BN ReLU 32 BN 16");
    EXPECT_EQ(shape("ex-mcr", "auto", 12, 16), "audio: 12 BN ReLU 16 BN 16 BN ReLU 32 BN 16");
}

}  // namespace
}  // namespace engine
