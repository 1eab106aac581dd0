// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/reaction/route_trainer.h"

#include <gtest/gtest.h>

#include <fstream>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "tests/reaction/route_support.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

namespace fs = std::filesystem;
using namespace test;

TEST(RouteTrainer, NestedRouteGivesAWholeProduct) {
    const test::TestFolder folder;
    test::makeToyWorkspace(folder / "w", {kPaper});
    trainRoute(requestOf(folder / "w", folder / "p", recipeOf("InternVL_IB++", "ImageBind", kNested)), {});
    const LoadedProduct product = loadProduct(folder / "p");
    EXPECT_EQ(product.model->plan().reactions.size(), 3u);
    EXPECT_EQ(projectorsOf(folder / "p").size(), 21u);
    EXPECT_TRUE(product.record.synthetic);
    EXPECT_EQ(product.record.seed, 7u);
    EXPECT_FALSE(fs::exists(folder / "p/pairs")) << "working files are removed at the end";
    EXPECT_FALSE(fs::exists(folder / "p/product-rows"));
    // Chance is 1/60; the stored components give what the projectors give.
    for (const char* set : {"audio-text", "audio-image", "image-text"}) {
        const double stored = recallAt1(folder / "w", folder / "p", set);
        EXPECT_GT(stored, 20) << set;
        fs::remove(folder / "p/basis" / (std::string(set) + ".safetensors"));
        EXPECT_EQ(recallAt1(folder / "w", folder / "p", set), stored);
    }
}

TEST(RouteTrainer, ModalitiesHaveAnyNames) {
    const test::TestFolder folder;
    test::makeToyWorkspace(folder / "w",
                           {{{"DepthText", 20, {"depth", "text"}}, {"TextMolecule", 16, {"text", "molecule"}}}});
    trainRoute(
        requestOf(folder / "w", folder / "p",
                  recipeOf("Chain", "DepthText",
                           R"([{"reaction": "combination", "experts": ["TextMolecule"], "factors": {"text": 0.2}}])")),
        {});
    // Molecules were never seen with depth: they arrive through text alone. Chance is 1/60 = 1.7 %.
    EXPECT_GT(recallAt1(folder / "w", folder / "p", "depth-molecule"), 15);
    EXPECT_GT(recallAt1(folder / "w", folder / "p", "depth-text"), 30);
}

TEST(RouteTrainer, AStoppedRunGoesOnToTheSameBits) {
    const test::TestFolder folder;
    test::makeToyWorkspace(folder / "w", {kPaper});
    const Recipe recipe = recipeOf("ImageBind++", "ImageBind", kCombination);
    trainRoute(requestOf(folder / "w", folder / "whole", recipe), {});
    const auto expected = projectorsOf(folder / "whole");
    // Stop again and again, a little later each time: in the pools, between projectors, in the middle of an epoch.
    int stops = 0;
    for (int patience = 1; patience < 2000; patience += 3) {
        std::stop_source stop;
        int seen = 0;
        const JobContext job(stop.get_token(), [&](const Progress&) {
            if (++seen >= patience) stop.request_stop();
        });
        try {
            trainRoute(requestOf(folder / "w", folder / "stopped", recipe), job);
            break;
        } catch (const Cancelled&) {
            ++stops;
            EXPECT_FALSE(fs::exists(folder / "stopped/product.json"));
        }
    }
    EXPECT_GT(stops, 2);
    EXPECT_EQ(projectorsOf(folder / "stopped"), expected);
}

TEST(RouteTrainer, PairsFirstThenTrainingIsTheSame) {
    const test::TestFolder folder;
    test::makeToyWorkspace(folder / "w", {kPaper});
    const Recipe recipe = recipeOf("ImageBind++", "ImageBind", kCombination);
    trainRoute(requestOf(folder / "w", folder / "a", recipe), {});
    auto request = requestOf(folder / "w", folder / "b", recipe);
    request.pairs_only = true;
    trainRoute(request, {});
    EXPECT_TRUE(fs::exists(folder / "b/pairs/1-CLAP_g/D_text/state.json"));
    EXPECT_FALSE(fs::exists(folder / "b/product.json"));
    request.pairs_only = false;
    trainRoute(request, {});
    EXPECT_EQ(projectorsOf(folder / "a"), projectorsOf(folder / "b"));
}

TEST(RouteTrainer, ContinuingBeyondTheTargetEqualsALongerRun) {
    const test::TestFolder folder;
    test::makeToyWorkspace(folder / "w", {kPaper});
    Recipe recipe = recipeOf("ImageBind++", "ImageBind", kCombination);
    auto request = requestOf(folder / "w", folder / "short", recipe);
    trainRoute(request, {});
    const auto before = projectorsOf(folder / "short");
    request.more_epochs = 2;
    trainRoute(request, {});
    recipe.route[0].options.epochs = 6;
    trainRoute(requestOf(folder / "w", folder / "long", recipe), {});
    EXPECT_NE(projectorsOf(folder / "short"), before);
    EXPECT_EQ(projectorsOf(folder / "short"), projectorsOf(folder / "long"));
}

TEST(RouteTrainer, AnotherRunInTheFolderIsRefused) {
    const test::TestFolder folder;
    test::makeToyWorkspace(folder / "w", {kPaper});
    const Recipe recipe = recipeOf("ImageBind++", "ImageBind", kCombination);
    trainRoute(requestOf(folder / "w", folder / "p", recipe), {});
    const auto before = projectorsOf(folder / "p");
    auto request = requestOf(folder / "w", folder / "p", recipe);
    request.run.seed = 8;
    EXPECT_THROW(trainRoute(request, {}), Error);
    Recipe other = recipe;
    other.route[0].options.epochs = 5;
    EXPECT_THROW(trainRoute(requestOf(folder / "w", folder / "p", other), {}), Error);
    EXPECT_EQ(projectorsOf(folder / "p"), before);
}

TEST(RouteTrainer, ValidationIsLoggedAndTheBestKept) {
    const test::TestFolder folder;
    test::makeToyWorkspace(folder / "w", {kPaper});
    Recipe recipe = recipeOf("InternVL_IB", "ImageBind", R"([{"reaction": "displacement", "experts": ["InternVL"]}])");
    recipe.route[0].options.validation_set = "audio-image";
    recipe.route[0].options.select = "best";
    recipe.route[0].options.projectors = {"TVA"};
    trainRoute(requestOf(folder / "w", folder / "p", recipe), {});
    const Json record = readJsonFile(folder / "p/reactions/1-InternVL/TVA.json");
    EXPECT_GT(record.at("best_validation_r1").get<double>(), 5);
    std::ifstream log(folder / "p/reactions/1-InternVL/TVA.csv");
    std::string line;
    int validated = 0, lines = 0;
    while (std::getline(log, line)) {
        ++lines;
        validated += line.back() != ',';
    }
    EXPECT_EQ(validated, 1 + 4) << "the header and once an epoch";
    EXPECT_EQ(lines, 1 + 4 * 12);
    recipe.route[0].options.validation_set = "image-txt";
    EXPECT_THROW(trainRoute(requestOf(folder / "w", folder / "q", recipe), {}), Error);
}

TEST(RouteTrainer, TheBestOfNothingIsRefusedBeforePairsAreMade) {
    const test::TestFolder folder;
    test::makeToyWorkspace(folder / "w", {kPaper});
    Recipe recipe = recipeOf("ImageBind++", "ImageBind", kCombination);
    recipe.route[0].options.select = "best";
    EXPECT_THROW(trainRoute(requestOf(folder / "w", folder / "p", recipe), {}), Error);
    EXPECT_FALSE(fs::exists(folder / "p/pairs"));
    recipe.route[0].options.validation_set = "audio-text";
    trainRoute(requestOf(folder / "w", folder / "p", recipe), {});
}

TEST(RouteTrainer, PoolsThatAreTooSmallAreAnError) {
    const test::TestFolder folder;
    test::makeToyWorkspace(folder / "w", {kPaper, 5});
    EXPECT_THROW(
        trainRoute(requestOf(folder / "w", folder / "p", recipeOf("ImageBind++", "ImageBind", kCombination)), {}),
        Error);
}

TEST(RouteTrainer, EveryOptionOfTheMethodTrains) {
    const test::TestFolder folder;
    test::makeToyWorkspace(folder / "w", {kPaper, 120});
    int run = 0;
    for (const char* options :
         {R"({"pair_storage": "float16"})", R"({"pair_storage": "none"})", R"({"normalise_pseudo": false})",
          R"({"centred": true})", R"({"batch_norm": "joint"})", R"({"info_direction": "source_to_target"})",
          R"({"guidance": "own"})", R"({"info_direction": "target_to_source", "schedule": "cosine"})",
          R"({"weight_decay": 0.01})", R"({"weight_decay": 0.01, "optimiser": "adamw"})",
          R"({"objective": "c-mcr", "noise_variance": 0.001})", R"({"objective": "ex-mcr"})", R"({"head": "c-mcr"})",
          R"({"objective": "ex-mcr", "head": "freebind"})", R"({"head": "ex-mcr", "batch_norm": "joint"})"}) {
        Recipe recipe = recipeOf("ImageBind++", "ImageBind", kCombination);
        recipe.route[0].options.projectors = {"TA"};
        recipe.route[0].options.epochs = 2;
        ASSERT_TRUE(reactionOptionTable().read(parseJson(options, "test"), recipe.route[0].options).empty());
        const fs::path product = folder / ("p" + std::to_string(run++));
        trainRoute(requestOf(folder / "w", product, recipe), {});
        EXPECT_GT(recallAt1(folder / "w", product, "audio-text"), 5) << options;
    }
}

const std::vector<test::ToySpace> kTextLinked = {{"CLIP", 24, {"image", "text"}}, {"CLAP", 16, {"audio", "text"}}};

// Sound and pictures were never seen together: they meet through text. Chance is 1/60 = 1.7 %.
TEST(RouteTrainer, CMcrJoinsTwoSpacesInOneOfTheirOwn) {
    const test::TestFolder folder;
    test::makeToyWorkspace(folder / "w", {kTextLinked});
    Recipe recipe = recipeOf("C-MCR", "CLIP", R"([{"reaction": "combination", "against": "joint", "experts": ["CLAP"],
        "factors": {"text": 0.5}, "options": {"objective": "c-mcr", "noise_variance": 0.0005, "projectors": ["T"]}}])");
    recipe.route[0].options.epochs = 20;
    trainRoute(requestOf(folder / "w", folder / "p", recipe), {});
    EXPECT_TRUE(fs::exists(folder / "p/reactions/1-CLAP/T.safetensors"));
    EXPECT_TRUE(fs::exists(folder / "p/reactions/1-CLAP/base/T.safetensors"));
    for (const char* set : {"audio-text", "audio-image", "image-text"}) {
        EXPECT_GT(recallAt1(folder / "w", folder / "p", set), 15) << set;
    }
    // Both heads go on from a checkpoint.
    const auto expected = projectorsOf(folder / "p");
    int kept = 0;
    for (int patience = 1; patience < 2000; ++patience) {
        std::stop_source stop;
        int seen = 0;
        const JobContext job(stop.get_token(), [&](const Progress& p) {
            if (p.stage.starts_with("training") && ++seen >= patience) stop.request_stop();
        });
        try {
            trainRoute(requestOf(folder / "w", folder / "stopped", recipe), job);
            break;
        } catch (const Cancelled&) {
            kept += fs::exists(folder / "stopped/reactions/1-CLAP/T.checkpoint");
        }
    }
    EXPECT_GT(kept, 0);
    EXPECT_EQ(projectorsOf(folder / "stopped"), expected);
}

TEST(RouteTrainer, ExMcrExtendsASpaceThatStaysAsItIs) {
    const test::TestFolder folder;
    test::makeToyWorkspace(folder / "w", {kTextLinked});
    Recipe recipe = recipeOf("Ex-MCR", "CLIP", R"([{"reaction": "combination", "experts": ["CLAP"],
        "factors": {"text": 0}, "options": {"objective": "ex-mcr", "projectors": ["TVA"]}}])");
    recipe.route[0].options.epochs = 20;
    trainRoute(requestOf(folder / "w", folder / "p", recipe), {});
    const ProjectorWeights head = readProjector(folder / "p/reactions/1-CLAP/TVA.safetensors");
    EXPECT_EQ(head.head1_modalities, std::vector<Modality>{"audio"});
    EXPECT_EQ(head.layers.size(), 4u);
    for (const char* set : {"audio-text", "audio-image"}) {
        EXPECT_GT(recallAt1(folder / "w", folder / "p", set), 15) << set;
    }
    const Workspace workspace(folder / "w");
    const LoadedProduct product = loadProduct(folder / "p");
    const SetComponents set = loadSetComponents(workspace, product, "image-text", {});
    const Matrix text = blendAll(set.second, product.model->weights("text", set.second)),
                 clip = readAll(*workspace.setRows("image-text", Workspace::Side::Second, "CLIP"));
    for (std::size_t i = 0; i < clip.size(); ++i) ASSERT_NEAR(text.data()[i], clip.data()[i], 1e-6);
}

// Found out before the displacement is trained, not when its turn comes.
TEST(RouteTrainer, ATuningThatDoesNotFitIsRefusedBeforeAnythingIsMade) {
    const test::TestFolder folder;
    test::ToyOptions options{kPaper};
    options.paired_rows = 400;
    test::makeToyWorkspace(folder / "w", options);
    Recipe recipe = recipeOf("Tuned", "ImageBind", R"([{"reaction": "displacement", "experts": ["InternVL"]},
        {"reaction": "tuning", "modality": "audio", "towards": "image"}])");
    recipe.route[0].options.projectors = {"A"};
    recipe.route[1].options.hidden_width = 65536;
    TrainRequest request = requestOf(folder / "w", folder / "p", recipe);
    request.run.memory_gib = 0.04;
    try {
        trainRoute(request, {});
        ADD_FAILURE() << "a step of 65536 hidden units takes more";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::NoSpace);
        EXPECT_NE(std::string(error.what()).find("2-tuning"), std::string::npos) << error.what();
    }
    EXPECT_FALSE(fs::exists(folder / "p/pairs"));
    request.recipe.route[1].options.hidden_width = 32;
    trainRoute(request, {});
}

// The tuned sound: other rows than the base's, nearer to their pictures; pictures and texts stay as they were.
TEST(RouteTrainer, TuningMovesOneModalityOfTheBase) {
    const test::TestFolder folder;
    test::ToyOptions options{kPaper};
    options.paired_rows = 400;
    test::makeToyWorkspace(folder / "w", options);
    const char* displacement = R"([{"reaction": "displacement", "experts": ["InternVL"]}])";
    const char* route = R"([{"reaction": "displacement", "experts": ["InternVL"]},
                            {"reaction": "tuning", "modality": "audio", "towards": "image"},
                            {"reaction": "combination", "experts": ["CLAP_g"], "factors": {"audio": 0.2, "text": 0}}])";
    Recipe plain = recipeOf("InternVL_IB", "ImageBind", displacement), tuned = recipeOf("Tuned", "ImageBind", route);
    for (Recipe* recipe : {&plain, &tuned}) recipe->route[0].options.projectors = {"TVA", "A"};
    tuned.route[1].options.epochs = 20;
    tuned.route[2].options.projectors = {"TVA"};
    trainRoute(requestOf(folder / "w", folder / "plain", plain), {});
    trainRoute(requestOf(folder / "w", folder / "tuned", tuned), {});
    EXPECT_TRUE(fs::exists(folder / "tuned/reactions/2-tuning/audio.safetensors"));
    const LoadedProduct before = loadProduct(folder / "plain"), after = loadProduct(folder / "tuned");
    EXPECT_EQ(after.record.training.at("2-tuning").at("audio").at("steps"), 20 * 4);
    EXPECT_EQ(formula(after.model->recipe(), after.model->plan(), "audio")
                  .find("A = N(0.2·N(Ψ_CLAP_g) + 0.8·N(Ψ_InternVL("
                        "ImageBind†)))"),
              0u);
    const Workspace workspace(folder / "w");
    const Setting no_clap{{{"sigma_a", 0}, {"sigma_t", 0}}, {}};
    const auto vectors = [&](const LoadedProduct& product, const std::string& set, bool first, const Setting& setting) {
        const SetComponents c = loadSetComponents(workspace, product, set, {});
        const Components& side = first ? c.first : c.second;
        return blendAll(side, product.model->weights(side.modality, side, setting));
    };
    const Matrix image = vectors(before, "audio-image", false, {}),
                 same_image = vectors(after, "audio-image", false, no_clap),
                 audio = vectors(before, "audio-image", true, {}),
                 tuned_audio = vectors(after, "audio-image", true, no_clap);
    double nearness = 0, nearness_before = 0;
    for (std::size_t i = 0; i < image.rows(); ++i) {
        for (std::size_t j = 0; j < image.cols(); ++j) {
            ASSERT_NEAR(image.row(i)[j], same_image.row(i)[j], 1e-6);
            nearness_before += static_cast<double>(audio.row(i)[j]) * static_cast<double>(image.row(i)[j]);
            nearness += static_cast<double>(tuned_audio.row(i)[j]) * static_cast<double>(image.row(i)[j]);
        }
    }
    EXPECT_GT(nearness, nearness_before) << "held-out pairs are nearer to each other";
    EXPECT_GT(recallAt1(folder / "w", folder / "tuned", "audio-image"), 20);
    // A stop while it tunes.
    std::stop_source stop;
    int seen = 0;
    const JobContext job(stop.get_token(), [&](const Progress& p) {
        if (p.stage.find("2-tuning") != std::string::npos && ++seen == 3) stop.request_stop();
    });
    EXPECT_THROW(trainRoute(requestOf(folder / "w", folder / "stopped", tuned), job), Cancelled);
    trainRoute(requestOf(folder / "w", folder / "stopped", tuned), {});
    EXPECT_EQ(projectorsOf(folder / "stopped"), projectorsOf(folder / "tuned"));
    // Trained further, the adapter follows the projectors that it stands before.
    TrainRequest further = requestOf(folder / "w", folder / "stopped", tuned);
    further.more_epochs = 2;
    trainRoute(further, {});
    const LoadedProduct product = loadProduct(folder / "stopped");
    EXPECT_EQ(product.record.training.at("2-tuning").at("audio").at("epochs"), 22);
    EXPECT_EQ(product.record.training.at("1-InternVL").at("A").at("epochs"), 6);
    EXPECT_NE(readFile(folder / "stopped/reactions/2-tuning/audio.safetensors"),
              readFile(folder / "tuned/reactions/2-tuning/audio.safetensors"));
}

TEST(RouteTrainer, TuningNeedsAPairedPool) {
    const test::TestFolder folder;
    test::makeToyWorkspace(folder / "w", {kPaper});
    const char* route = R"([{"reaction": "tuning", "modality": "audio", "towards": "image"}])";
    try {
        trainRoute(requestOf(folder / "w", folder / "p", recipeOf("T", "ImageBind", route)), {});
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("paired pool"), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace engine
