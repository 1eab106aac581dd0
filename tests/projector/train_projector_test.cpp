// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/projector/train_projector.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <fstream>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "tests/pairs/pair_support.h"

namespace engine {
namespace {

using test::audioTextExpert;

// Pools made once, in memory (nothing stored), and a folder for what training writes.
class TrainProjector : public testing::Test {
protected:
    TrainProjector() { prepare(audioTextExpert()); }

    void prepare(const test::PoolSizes& sizes) {
        sizes_ = sizes;
        pairs_ = makePseudoPairs(test::request(sizes, folder_ / "pairs"), {});
    }

    ProjectorTask task(const std::string& name) const {
        ProjectorTask t;
        t.pairs = pairs_;
        for (const auto& [m, rows] : sizes_.rows) t.members.push_back(m);
        t.kind = ReactionKind::Combination;
        t.sources = sizes_.expert;
        t.targets = sizes_.unified;
        t.in = sizes_.expert_width;
        t.out = sizes_.unified_width;
        t.options.hidden_width = 32;
        t.options.batch_size = 128;
        t.epochs = 4;
        t.seed = 5;
        t.stream = "reaction/TVA";
        t.weights = folder_ / (name + ".safetensors");
        t.log = folder_ / (name + ".csv");
        t.checkpoint = folder_ / (name + ".checkpoint");
        t.label = "reaction TVA";
        return t;
    }

    static void expectSameWeights(const std::filesystem::path& a, const std::filesystem::path& b) {
        EXPECT_TRUE(readProjector(a) == readProjector(b));
    }

    // step, epoch, loss and validation of each row; the fourth column is a rate.
    static std::vector<std::string> rowsOf(const std::filesystem::path& log) {
        std::vector<std::string> rows;
        std::ifstream in(log);
        for (std::string line; std::getline(in, line);) {
            std::vector<std::string> cells(1);
            for (const char c : line) {
                if (c == ',') cells.emplace_back();
                else cells.back() += c;
            }
            cells.resize(5);
            rows.push_back(cells[0] + "," + cells[1] + "," + cells[2] + "," + cells[4]);
        }
        return rows;
    }

    test::TestFolder folder_;
    test::PoolSizes sizes_;
    std::shared_ptr<const PseudoPairs> pairs_;
};

// Without a shuffle the batches are other ones, unless one batch holds all rows: within a batch the order is nothing.
TEST_F(TrainProjector, AUnionMayStayConcatenated) {
    const auto train = [&](const std::string& name, const std::string& order, std::int64_t batch) {
        ProjectorTask t = task(name);
        t.options.union_order = order;
        t.options.batch_size = batch;
        t.epochs = 2;
        trainProjector(t, {});
        return t.weights;
    };
    expectSameWeights(train("all", "shuffled", 4096), train("all-in-order", "concatenated", 4096));
    expectSameWeights(train("in-order", "concatenated", 128), train("in-order-again", "concatenated", 128));
    EXPECT_NE(readProjector(train("shuffled", "shuffled", 128)).layers[0].weight,
              readProjector(folder_ / "in-order.safetensors").layers[0].weight);
}

TEST_F(TrainProjector, LowersTheLossAndWritesItsRecord) {
    ProjectorTask t = task("a");
    t.epochs = 30;
    const ProjectorRecord record = trainProjector(t, {});
    const std::int64_t per_epoch = (300 + 260 + 330) / 128;
    EXPECT_EQ(record.batch, 128u);
    EXPECT_EQ(record.steps, 30 * per_epoch);
    EXPECT_EQ(record.epochs, 30);
    const auto rows = rowsOf(t.log);
    ASSERT_EQ(rows.size(), static_cast<std::size_t>(record.steps) + 1);
    const auto loss = [&](std::size_t i) {
        return std::stod(rows[i].substr(rows[i].find(',', rows[i].find(',') + 1) + 1));
    };
    EXPECT_LT(record.final_loss, 0.8 * loss(1));
    EXPECT_NEAR(loss(rows.size() - 1), record.final_loss, 0.2 * record.final_loss);
    // Two source modalities, one call of BatchNorm each.
    EXPECT_EQ(readProjector(t.weights).layers[0].batches, 2 * record.steps);
}

// The same rows under another name.
class OtherPairs : public PseudoPairs {
public:
    explicit OtherPairs(std::shared_ptr<const PseudoPairs> pairs) : pairs_(std::move(pairs)) {}
    std::size_t rows(const Modality& start) const override { return pairs_->rows(start); }
    std::size_t width(PairSide side) const override { return pairs_->width(side); }
    void gather(const Modality& start, std::span<const std::uint32_t> rows, PairBatch& batch, std::size_t at,
                const JobContext& job) const override {
        pairs_->gather(start, rows, batch, at, job);
    }
    std::string fingerprint() const override { return "other"; }

private:
    std::shared_ptr<const PseudoPairs> pairs_;
};

TEST_F(TrainProjector, ACheckpointIsOfItsPairs) {
    ProjectorTask t = task("a");
    trainProjector(t, {});
    t.more_epochs = 1;
    t.pairs = std::make_shared<OtherPairs>(pairs_);
    EXPECT_THROW(trainProjector(t, {}), Error);
    t.pairs = pairs_;
    EXPECT_EQ(trainProjector(t, {}).epochs, 5);
}

TEST_F(TrainProjector, ResumesWithTheSameBits) {
    ProjectorTask whole = task("whole");
    whole.options.validation_steps = 1;
    whole.validate = [](const ProjectorWeights&) { return 50.0; };
    const ProjectorRecord expected = trainProjector(whole, {});
    for (const int steps : {1, 5, 6, 13}) {
        ProjectorTask t = task("stopped" + std::to_string(steps));
        t.options.validation_steps = 1;
        std::stop_source stop;
        int done = 0;
        t.validate = [&](const ProjectorWeights&) {
            if (++done == steps) stop.request_stop();
            return 50.0;
        };
        EXPECT_THROW(trainProjector(t, JobContext(stop.get_token())), Cancelled);
        EXPECT_EQ(done, steps);
        EXPECT_FALSE(std::filesystem::exists(t.weights));
        const ProjectorRecord resumed = trainProjector(t, {});
        EXPECT_EQ(resumed.steps, expected.steps);
        EXPECT_EQ(resumed.final_loss, expected.final_loss);
        expectSameWeights(t.weights, whole.weights);
        EXPECT_EQ(rowsOf(t.log), rowsOf(whole.log));
    }
}

// A stop while the validation runs: the step is whole, its row of the log must not be lost.
TEST_F(TrainProjector, ResumesAfterAStopDuringValidation) {
    const auto score = [](const ProjectorWeights& w) { return static_cast<double>(w.layers[0].batches % 7); };
    ProjectorTask whole = task("whole"), stopped = task("stopped");
    whole.validate = score;
    whole.options.select = stopped.options.select = "best";
    const ProjectorRecord expected = trainProjector(whole, {});
    std::stop_source stop;
    stopped.validate = [&](const ProjectorWeights&) -> double {
        stop.request_stop();
        throw Cancelled();
    };
    EXPECT_THROW(trainProjector(stopped, JobContext(stop.get_token())), Cancelled);
    stopped.validate = score;
    const ProjectorRecord found = trainProjector(stopped, {});
    EXPECT_EQ(found.final_loss, expected.final_loss);
    EXPECT_EQ(found.best_validation, expected.best_validation);
    expectSameWeights(stopped.weights, whole.weights);
    EXPECT_EQ(rowsOf(stopped.log), rowsOf(whole.log));
}

TEST_F(TrainProjector, GoesOnBeyondTheTarget) {
    ProjectorTask t = task("longer"), more = task("more");
    t.epochs = 7;
    trainProjector(t, {});
    more.epochs = 4;
    trainProjector(more, {});
    more.more_epochs = 3;
    const ProjectorRecord record = trainProjector(more, {});
    EXPECT_EQ(record.epochs, 7);
    expectSameWeights(t.weights, more.weights);
    // What is trained already has taken the time that it took.
    EXPECT_GT(record.seconds, 0);
    EXPECT_EQ(trainProjector(more, {}).seconds, record.seconds);
}

TEST_F(TrainProjector, SameBitsWithAnyNumberOfThreads) {
    const int threads = omp_get_max_threads();
    trainProjector(task("many"), {});
    omp_set_num_threads(1);
    trainProjector(task("one"), {});
    omp_set_num_threads(threads);
    expectSameWeights(task("many").weights, task("one").weights);
}

// Logits that are computed twice are the same ones.
TEST_F(TrainProjector, MemoryDoesNotChangeTheResult) {
    const int threads = omp_get_max_threads();
    omp_set_num_threads(2);
    ProjectorTask large = task("large"), small = task("small");
    for (ProjectorTask* t : {&large, &small}) t->options.batch_size = 700;
    trainProjector(large, {});
    small.memory_bytes = 3u << 20;
    trainProjector(small, {});
    expectSameWeights(large.weights, small.weights);
    small.memory_bytes = 1u << 20;
    small.checkpoint = folder_ / "smaller.checkpoint";
    EXPECT_THROW(trainProjector(small, {}), Error);
    omp_set_num_threads(threads);
}

TEST_F(TrainProjector, SeedAndStreamDecideTheStart) {
    ProjectorTask other = task("other");
    other.stream = "reaction/TV";
    trainProjector(task("one"), {});
    trainProjector(other, {});
    EXPECT_NE(readProjector(task("one").weights).layers[0].weight, readProjector(other.weights).layers[0].weight);
}

TEST_F(TrainProjector, DisplacementProjectsTheUnifiedSpace) {
    ProjectorTask t = task("displaced");
    t.kind = ReactionKind::Displacement;
    std::swap(t.in, t.out);
    std::swap(t.sources, t.targets);
    const ProjectorRecord record = trainProjector(t, {});
    const ProjectorWeights w = readProjector(t.weights);
    EXPECT_EQ(w.in(), 24u);
    EXPECT_EQ(w.out(), 16u);
    EXPECT_EQ(w.layers[0].batches, 3 * record.steps);
}

TEST_F(TrainProjector, TakesAnyModalityNames) {
    prepare({{{"depth", 90}, {"text", 120}, {"molecule", 70}}, {"depth", "text"}, {"text", "molecule"}});
    ProjectorTask t = task("names");
    t.options.batch_size = 4096;
    const ProjectorRecord record = trainProjector(t, {});
    EXPECT_EQ(record.batch, 280u);  // the smaller of option and rows
    EXPECT_EQ(record.steps, 4);
}

// A word that no option has must not count as one of them.
TEST_F(TrainProjector, RefusesOptionsThatThereAreNot) {
    const auto refuses = [&](const std::string& word, std::string ReactionOptions::*option) {
        ProjectorTask t = task("words");
        t.options.*option = word;
        try {
            trainProjector(t, {});
            ADD_FAILURE() << word << " was taken";
        } catch (const Error& e) {
            EXPECT_NE(std::string(e.what()).find(word), std::string::npos) << e.what();
        }
    };
    refuses("sgd", &ReactionOptions::optimiser);
    refuses("reversed", &ReactionOptions::union_order);
    refuses("linear", &ReactionOptions::schedule);
    refuses("first", &ReactionOptions::select);
    refuses("none", &ReactionOptions::batch_norm);
    refuses("both", &ReactionOptions::info_direction);
    refuses("clip", &ReactionOptions::objective);
    refuses("deep", &ReactionOptions::head);
    ProjectorTask t = task("small");
    t.options.batch_size = 7;
    EXPECT_THROW(trainProjector(t, {}), Error);
}

TEST_F(TrainProjector, RefusesFewerThanEightRows) {
    prepare({{{"audio", 3}, {"text", 4}}, {"audio", "text"}, {"audio", "text"}});
    try {
        trainProjector(task("few"), {});
        FAIL() << "expected an error";
    } catch (const Error& e) {
        EXPECT_EQ(e.code(), ErrorCode::InvalidInput);
        EXPECT_NE(std::string(e.what()).find('7'), std::string::npos) << e.what();
    }
}

// Asks for a stop while the rows of a batch are fetched.
class StoppingPairs : public OtherPairs {
public:
    StoppingPairs(std::shared_ptr<const PseudoPairs> pairs, std::stop_source stop, int calls)
        : OtherPairs(pairs), own_(pairs->fingerprint()), stop_(std::move(stop)), calls_(calls) {}
    void gather(const Modality& start, std::span<const std::uint32_t> rows, PairBatch& batch, std::size_t at,
                const JobContext& job) const override {
        if (--calls_ == 0) stop_.request_stop();
        OtherPairs::gather(start, rows, batch, at, job);
    }
    std::string fingerprint() const override { return own_; }

private:
    std::string own_;
    mutable std::stop_source stop_;
    mutable int calls_;
};

// In a joint space two heads go on from a checkpoint.
TEST_F(TrainProjector, AJointSpaceResumesWithTheSameBits) {
    const auto joint = [&](const std::string& name) {
        ProjectorTask t = task(name);
        t.options.objective = "c-mcr";
        t.options.noise_variance = 0.001;
        t.base_weights = folder_ / (name + ".base.safetensors");
        return t;
    };
    const ProjectorTask whole = joint("whole");
    trainProjector(whole, {});
    const ProjectorWeights base = readProjector(whole.base_weights);
    EXPECT_EQ(base.in(), whole.out);
    EXPECT_EQ(base.out(), whole.out);
    for (const int calls : {4, 20}) {
        ProjectorTask stopped = joint("stopped" + std::to_string(calls));
        const std::stop_source stop;
        stopped.pairs = std::make_shared<StoppingPairs>(pairs_, stop, calls);
        EXPECT_THROW(trainProjector(stopped, JobContext(stop.get_token())), Cancelled);
        EXPECT_FALSE(std::filesystem::exists(stopped.base_weights));
        stopped.pairs = pairs_;
        trainProjector(stopped, {});
        expectSameWeights(stopped.weights, whole.weights);
        expectSameWeights(stopped.base_weights, whole.base_weights);
    }
    ProjectorTask validated = joint("validated");
    validated.validate = [](const ProjectorWeights&) { return 1.0; };
    EXPECT_THROW(trainProjector(validated, {}), Error);
}

// Both heads of a joint space begin as the layers do that were asked for: FreeBind's by Xavier's rule, within
// sqrt(6/(in + out)), C-MCR's by PyTorch's own, within 1/sqrt(in).
TEST_F(TrainProjector, BothHeadsOfAJointSpaceBeginAlike) {
    for (const char* head : {"freebind", "c-mcr"}) {
        ProjectorTask t = task(head);
        t.options.objective = "c-mcr";
        t.options.head = head;
        t.options.hidden_width = 8;
        t.options.learning_rate = 1e-9;
        t.epochs = 1;
        t.base_weights = folder_ / (std::string(head) + ".base.safetensors");
        trainProjector(t, {});
        for (const auto& file : {t.weights, t.base_weights}) {
            const ProjectorLayer layer = readProjector(file).layers[0];
            float most = 0;
            for (const float w : layer.weight) most = std::max(most, std::abs(w));
            const double by_torch = 1 / std::sqrt(static_cast<double>(layer.in));
            const double by_xavier = std::sqrt(6 / static_cast<double>(layer.in + layer.out));
            const double bound = head == std::string("freebind") ? by_xavier : by_torch;
            EXPECT_LE(most, bound + 1e-6) << file;
            EXPECT_GE(most, 0.9 * bound) << file;
        }
    }
}

// C-MCR's and Ex-MCR's: in a displacement the audio passes Head1, for the targets lack it.
class TrainObjective : public TrainProjector,
                       public testing::WithParamInterface<std::tuple<const char*, ReactionKind>> {
protected:
    ProjectorTask objectiveTask(const std::string& name) const {
        const auto& [objective, kind] = GetParam();
        ProjectorTask t = task(name);
        t.options.objective = objective;
        t.options.noise_variance = 0.001;
        t.options.validation_steps = 1;
        t.validate = [](const ProjectorWeights&) { return 50.0; };
        t.kind = kind;
        if (kind == ReactionKind::Displacement) {
            std::swap(t.in, t.out);
            std::swap(t.sources, t.targets);
        }
        return t;
    }
};

TEST_P(TrainObjective, LowersTheLossAndResumesWithTheSameBits) {
    ProjectorTask whole = objectiveTask("whole");
    whole.epochs = 15;
    const ProjectorRecord expected = trainProjector(whole, {});
    const auto rows = rowsOf(whole.log);
    const std::string first = rows.at(1);
    EXPECT_LT(expected.final_loss, 0.9 * std::stod(first.substr(first.find(',', first.find(',') + 1) + 1)));
    const ProjectorWeights weights = readProjector(whole.weights);
    const bool passes = whole.kind == ReactionKind::Displacement && whole.options.objective == "ex-mcr";
    EXPECT_EQ(weights.head1_modalities, passes ? std::vector<Modality>{"image"} : std::vector<Modality>{});
    ProjectorTask stopped = objectiveTask("stopped");
    stopped.epochs = 15;
    std::stop_source stop;
    int done = 0;
    stopped.validate = [&](const ProjectorWeights&) {
        if (++done == 5) stop.request_stop();
        return 50.0;
    };
    EXPECT_THROW(trainProjector(stopped, JobContext(stop.get_token())), Cancelled);
    trainProjector(stopped, {});
    expectSameWeights(stopped.weights, whole.weights);
    EXPECT_EQ(rowsOf(stopped.log), rowsOf(whole.log));
}

TEST_P(TrainObjective, ACheckpointIsOfItsObjective) {
    ProjectorTask t = objectiveTask("a");
    t.epochs = 1;
    trainProjector(t, {});
    t.more_epochs = 1;
    const std::string own = t.options.objective;
    t.options.head = own;
    t.options.objective = "freebind";
    EXPECT_THROW(trainProjector(t, {}), Error);
    t.options.objective = own;
    t.options.intra_weight = 0.2;
    EXPECT_THROW(trainProjector(t, {}), Error);
    t.options.intra_weight = 0.100001;
    EXPECT_THROW(trainProjector(t, {}), Error);
    t.options.intra_weight = 0.1;
    EXPECT_EQ(trainProjector(t, {}).epochs, 2);
}

INSTANTIATE_TEST_SUITE_P(All, TrainObjective,
                         testing::Combine(testing::Values("c-mcr", "ex-mcr"),
                                          testing::Values(ReactionKind::Combination, ReactionKind::Displacement)),
                         [](const auto& test) {
                             return std::string(std::get<0>(test.param)[0] == 'c' ? "CMcr" : "ExMcr") + "_" +
                                    reactionName(std::get<1>(test.param));
                         });

}  // namespace
}  // namespace engine
