// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/reaction/router_trainer.h"

#include <gtest/gtest.h>
#include <omp.h>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/eval/workspace_evaluation.h"
#include "engine/reaction/route_trainer.h"
#include "tests/reaction/toy_workspace.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

namespace fs = std::filesystem;

class RouterTrainerTest : public testing::Test {
protected:
    RouterTrainerTest() {
        test::makeToyWorkspace(folder_ / "w",
                               {{{"ImageBind", 24, {"audio", "image", "text"}}, {"CLAP_g", 16, {"audio", "text"}}}});
        TrainRequest train;
        train.workspace = folder_ / "w";
        train.product = folder_ / "p";
        train.recipe = recipeFromJson(
            parseJson(
                R"({"name": "IB", "base": "ImageBind", "route": [{"reaction": "combination", "experts": ["CLAP_g"],
                "options": {"hidden_width": 32, "batch_size": 100, "epochs": 6, "projectors": ["TVA"],
                            "retrieval_temperature": 0.05, "temperature": 0.1}}]})",
                "test"),
            "test");
        train.run.device = "cpu";
        trainRoute(train, {});
        request_.workspace = folder_ / "w";
        request_.product = folder_ / "p";
        request_.options.hidden_width = 24;
        request_.options.second_width = 12;
        request_.options.batch_size = 128;
        request_.options.epochs = 6;
        request_.options.temperature = 0.1;
        request_.run.device = "cpu";
        request_.run.seed = 3;
    }

    double routedRecall(const SpaceRouter& router, const std::string& set) const {
        const Workspace workspace(folder_ / "w");
        const LoadedProduct product = loadProduct(folder_ / "p");
        const SetComponents c = loadSetComponents(workspace, product, set, {});
        const auto vectors = [&](const Components& side) {
            const RoutedRows rows = routedRows(*product.model, side);
            const Matrix weights = router.weights(side.modality, rows, {});
            for (std::size_t i = 0; i < weights.rows(); ++i) {
                float sum = 0;
                for (std::size_t k = 0; k < weights.cols(); ++k) sum += weights.row(i)[k];
                EXPECT_NEAR(sum, 1, 1e-5);
            }
            return routedVectors(rows, weights);
        };
        const Matrix first = vectors(c.first), second = vectors(c.second);
        RowSource x, y;
        x.rows = first.view();
        y.rows = second.view();
        return evaluateSet(c.set, x, y, "routed", {}, {}).value("R@1");
    }

    test::TestFolder folder_;
    RouterRequest request_;
};

TEST_F(RouterTrainerTest, LearnsLowersItsLossAndIsReadBack) {
    trainSpaceRouter(request_, {});
    const LoadedProduct product = loadProduct(folder_ / "p");
    const fs::path at = spaceRouterFolder(folder_ / "p", "learned");
    SpaceRouterRecord record;
    const SpaceRouter router = readSpaceRouter(at, product, &record);
    EXPECT_EQ(router.modalities().at("text").spaces, (std::vector<std::string>{"ImageBind", "CLAP_g"}));
    EXPECT_EQ(router.modalities().at("image").spaces, std::vector<std::string>{"ImageBind"});
    EXPECT_FALSE(router.modalities().at("image").network);
    EXPECT_EQ(router.modalities().at("text").sharpness, 10);
    const auto losses = record.training.at("losses").get<std::vector<double>>();
    ASSERT_EQ(losses.size(), 6u);
    EXPECT_LT(losses.back(), losses.front());
    EXPECT_EQ(record.training.at("tuples"), 1200);
    // Chance is 1/60.
    for (const char* set : {"audio-text", "audio-image", "image-text"}) EXPECT_GT(routedRecall(router, set), 15) << set;
    // The same seed gives the same bits, another one others.
    const std::string before = readFile(at / "text.safetensors");
    trainSpaceRouter(request_, {});
    EXPECT_EQ(readFile(at / "text.safetensors"), before);
    request_.run.seed = 4;
    request_.name = "other";
    trainSpaceRouter(request_, {});
    EXPECT_NE(readFile(spaceRouterFolder(folder_ / "p", "other") / "text.safetensors"), before);
}

TEST_F(RouterTrainerTest, SameBitsWithAnyNumberOfThreads) {
    const auto train = [&](int threads) {
        omp_set_num_threads(threads);
        trainSpaceRouter(request_, {});
        return readFile(spaceRouterFolder(folder_ / "p", "learned") / "text.safetensors");
    };
    const int before = omp_get_max_threads();
    const std::string one = train(1);
    EXPECT_EQ(train(2), one);
    EXPECT_EQ(train(3), one);
    omp_set_num_threads(before);
}

// A batch of all tuples needs a matrix of their square: where that does not fit it is taken tile by tile, and where
// nothing fits the run is refused before it takes the memory.
TEST_F(RouterTrainerTest, KeepsToItsMemory) {
    const int threads = omp_get_max_threads();
    omp_set_num_threads(2);
    request_.options.batch_size = 1 << 20;
    request_.options.epochs = 1;
    trainSpaceRouter(request_, {});
    const fs::path at = spaceRouterFolder(folder_ / "p", "learned") / "text.safetensors";
    const std::string kept = readFile(at);
    request_.run.memory_gib = 7e6 / 0x1p30;
    trainSpaceRouter(request_, {});
    EXPECT_EQ(readFile(at), kept);
    request_.run.memory_gib = 1e6 / 0x1p30;
    try {
        trainSpaceRouter(request_, {});
        FAIL() << "it took more than it may";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::NoSpace);
        EXPECT_NE(error.message().find("a router's batch of 1200 tuples"), std::string::npos) << error.what();
    }
    omp_set_num_threads(threads);
}

TEST_F(RouterTrainerTest, AStopLeavesWhatWasThere) {
    trainSpaceRouter(request_, {});
    const fs::path at = spaceRouterFolder(folder_ / "p", "learned");
    const std::string before = readFile(at / "router.json");
    std::stop_source stop;
    const JobContext job(stop.get_token(), [&](const Progress& p) {
        if (p.stage.starts_with("router")) stop.request_stop();
    });
    EXPECT_THROW(trainSpaceRouter(request_, job), Cancelled);
    EXPECT_EQ(readFile(at / "router.json"), before);
}

TEST_F(RouterTrainerTest, IsOfTheProjectorsItWasLearnedOn) {
    trainSpaceRouter(request_, {});
    LoadedProduct product = loadProduct(folder_ / "p");
    const fs::path at = spaceRouterFolder(folder_ / "p", "learned");
    product.record.training["1-CLAP_g"]["TVA"]["final_loss"] = 1.0;
    EXPECT_THROW(readSpaceRouter(at, product), Error);
    EXPECT_THROW(readSpaceRouter(folder_ / "p" / "routers" / "none", product), Error);
    request_.name = "../up";
    EXPECT_THROW(trainSpaceRouter(request_, {}), Error);
}

}  // namespace
}  // namespace engine
