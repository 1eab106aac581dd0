// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Checkpoints of the released code against PyTorch: what is written is loaded strictly into plain modules
// (tests/data/released_heads.py) and gives the same outputs; what torch.save writes, in whatever way, is read.
#include "engine/package/checkpoint_layout.h"

#include <gtest/gtest.h>

#include <fstream>

#include "engine/base/error.h"
#include "engine/package/torch_file.h"
#include "engine/store/safetensors.h"
#include "tests/package/package_support.h"

namespace engine {
namespace {

using test::runPython;
using test::TestFolder;

constexpr std::size_t kRows = 300;

const std::string kHeads = std::string(MOLSPACE_SOURCE_DIR) + "/tests/data";

class Checkpoints : public testing::Test {
protected:
    void SetUp() override {
        if (!test::pythonHas("torch")) GTEST_SKIP() << "no Python with torch (" << MOLSPACE_PYTHON << ")";
    }
    std::string path(const std::string& name) const { return (folder_ / name).string(); }

    // Our outputs for random rows, beside the rows themselves.
    void writeOutputs(const std::string& name, const ProjectorWeights& weights, const Modality& modality = {}) {
        const Matrix x = test::randomRows(kRows, weights.in(), 9);
        Matrix y(kRows, weights.out());
        FoldedProjector(weights).forward(x.view(), y.data(), modality);
        writeNpy(path("x.npy"), x.view());
        writeNpy(path(name + ".npy"), y.view());
    }

    // Runs `program` after what all of them need; `folder` is this test's.
    void python(const std::string& program) {
        const auto ran = runPython(R"(
import pathlib, sys
import numpy as np, torch
folder = pathlib.Path(sys.argv[1])
sys.path.insert(0, sys.argv[2])
from released_heads import *
def same_outputs(module, file, *outputs, **options):
    module.load_state_dict(torch.load(folder / file, weights_only=True), strict=True)
    module.eval()
    found = module(torch.from_numpy(np.load(folder / "x.npy")), **options).detach().reshape(len(outputs), -1)
    for row, name in zip(found, outputs):
        worst = np.abs(row.numpy() - np.load(folder / name).reshape(-1)).max()
        assert worst <= 1e-5, (file, name, worst)
)" + program,
                                   {folder_.path().string(), kHeads});
        ASSERT_EQ(ran.code, 0) << ran.output;
    }

    // The weights whose numbers Python put beside a checkpoint.
    static void expectTensors(const ProjectorWeights& found, const std::vector<LayerNames>& names,
                              const SafetensorsFile& expected, float tolerance = 0) {
        for (const auto& t : tensorsOf(found, names)) {
            if (t.counter) {
                EXPECT_EQ(*t.counter, 3080) << t.name;
                continue;
            }
            const auto values = expected.at(t.name).f32();
            ASSERT_EQ(values.size(), t.values->size()) << t.name;
            for (std::size_t i = 0; i < values.size(); ++i)
                ASSERT_NEAR((*t.values)[i], values[i], tolerance) << t.name << " " << i;
        }
    }

    TestFolder folder_;
};

TEST_F(Checkpoints, PyTorchComputesTheSame) {
    const auto two = test::randomProjector(12, 40, 9, 1);
    writeTorchCheckpoint(path("freebind.pt"), two);
    writeOutputs("freebind", two);
    auto four = fourLayers(12, 24, 9, 18);
    four.head1 = emptyLayer(12, 12, false, false);
    four.head1_modalities = {"audio"};
    four = test::filledAtRandom(four, 2);
    writeTorchCheckpoint(path("exmcr.pt"), four);
    writeOutputs("exmcr-audio", four, "audio");
    writeOutputs("exmcr-text", four, "text");
    const auto a = test::randomProjector(12, 24, 12, 3), b = test::randomProjector(12, 24, 12, 4);
    writeCmcrCheckpoint(path("cmcr.pt"), a, b);
    writeOutputs("cmcr-a", a);
    writeOutputs("cmcr-b", b);
    ProjectorWeights half;
    half.layers = {emptyLayer(12, 12, true, true)};
    const auto half_a = test::filledAtRandom(half, 5), half_b = test::filledAtRandom(half, 6);
    writeCmcrCheckpoint(path("half.pt"), half_a, half_b);
    writeOutputs("half-a", half_a);
    writeOutputs("half-b", half_b);
    python(R"(
same_outputs(FreeBindHead(12, 40, 9), "freebind.pt", "freebind.npy")
same_outputs(ExMcrHead(12, 24, 9, 18), "exmcr.pt", "exmcr-audio.npy")
same_outputs(ExMcrHead(12, 24, 9, 18), "exmcr.pt", "exmcr-text.npy", through_head1=False)
same_outputs(CmcrHeads(12, 24, 12), "cmcr.pt", "cmcr-a.npy", "cmcr-b.npy")
same_outputs(CmcrHeads(12, 12, 12, half=True), "half.pt", "half-a.npy", "half-b.npy")
)");
    // And back, bit by bit; Ex-MCR's file does not say which modalities pass Head1.
    EXPECT_TRUE(readReleasedCheckpoint(path("freebind.pt")).heads.at("") == two);
    four.head1_modalities.clear();
    EXPECT_TRUE(readReleasedCheckpoint(path("exmcr.pt")).heads.at("") == four);
    EXPECT_TRUE(readReleasedCheckpoint(path("cmcr.pt")).heads.at("Head_B") == b);
    EXPECT_TRUE(readReleasedCheckpoint(path("half.pt")).heads.at("Head_A") == half_a);
    writeTorchCheckpoint(folder_ / "again" / "freebind.pt", two);
    EXPECT_EQ(readFile(path("freebind.pt")), readFile(folder_ / "again" / "freebind.pt"));
}

TEST_F(Checkpoints, WhateverTorchSaveWritesIsRead) {
    python(R"(
from safetensors.torch import save_file
head = random_state(FreeBindHead(7, 11, 5), 1)
state = head.state_dict()
save_file({k: v.clone() for k, v in state.items() if not k.endswith("tracked")}, folder / "expected.safetensors")
for protocol in (1, 2, 3, 4, 5):
    torch.save(state, folder / f"protocol-{protocol}.pt", pickle_protocol=protocol)
torch.save(state, folder / "legacy.pt", _use_new_zipfile_serialization=False)
torch.save(state, folder / "legacy-4.pt", _use_new_zipfile_serialization=False, pickle_protocol=4)
torch.save(dict(state), folder / "dict.pt")
torch.save(dict(head.named_parameters()) | dict(head.named_buffers()), folder / "parameters.pt")
torch.save({"epoch": 3, "loss": 0.25, "state_dict": state, "args": ["a", None, True, (1, 2)], "size": torch.Size([3])},
           folder / "training.pt")
torch.save({"module." + k: v for k, v in state.items()}, folder / "module.pt")
# Columns first, a part of a larger storage, all in one storage.
torch.save({k: v.t().contiguous().t() if v.dim() == 2 else v for k, v in state.items()}, folder / "transposed.pt")
def within(v):
    larger = torch.zeros([n + 3 for n in v.shape] if v.dim() else [5], dtype=v.dtype)
    view = larger[tuple(slice(2, 2 + n) for n in v.shape)] if v.dim() else larger[4]
    view.copy_(v)
    return view
torch.save({k: within(v) for k, v in state.items()}, folder / "within.pt")
flat = torch.cat([v.reshape(-1) for k, v in state.items() if v.dtype == torch.float32])
shared, at = {}, 0
for k, v in state.items():
    shared[k] = v if v.dtype != torch.float32 else flat[at:at + v.numel()].reshape(v.shape)
    at += 0 if v.dtype != torch.float32 else v.numel()
torch.save(shared, folder / "shared.pt")
torch.save(shared, folder / "legacy-shared.pt", _use_new_zipfile_serialization=False)
for name, dtype in (("half", torch.float16), ("bfloat16", torch.bfloat16), ("double", torch.float64)):
    torch.save({k: v.to(dtype) if v.is_floating_point() else v for k, v in state.items()}, folder / f"{name}.pt")
torch.save({k: v for k, v in state.items() if not k.endswith("tracked")}, folder / "uncounted.pt")
torch.save(random_state(TunedAudio(7, 11, 5), 2).state_dict(), folder / "tuned.pt")
save_file({k: v.clone() for k, v in torch.load(folder / "tuned.pt").items() if not k.endswith("tracked")},
          folder / "tuned.safetensors")
# Another machine's: the same archive with every storage's bytes turned round.
import zipfile
little, big = zipfile.ZipFile(folder / "protocol-2.pt"), zipfile.ZipFile(folder / "big.pt", "w")
for entry in little.infolist():
    data = little.read(entry)
    if "/data/" in entry.filename:
        item = 8 if len(data) == 8 else 4
        data = np.frombuffer(data, f"<u{item}").astype(f">u{item}").tobytes()
    big.writestr(entry.filename, b"big" if entry.filename.endswith("byteorder") else data)
big.close()
)");
    const auto names = sequentialNames(twoLayers(7, 11, 5));
    const SafetensorsFile expected(path("expected.safetensors"));
    for (const char* file :
         {"protocol-1", "protocol-2", "protocol-3", "protocol-4", "protocol-5", "legacy", "legacy-4", "dict",
          "parameters", "training", "module", "transposed", "within", "shared", "legacy-shared", "double", "big"}) {
        SCOPED_TRACE(file);
        const auto read = readReleasedCheckpoint(path(std::string(file) + ".pt"));
        EXPECT_EQ(read.layout, CheckpointLayout::FreeBind);
        EXPECT_TRUE(read.notes.empty());
        expectTensors(read.heads.at(""), names, expected);
    }
    expectTensors(readReleasedCheckpoint(path("half.pt")).heads.at(""), names, expected, 2e-3f);
    expectTensors(readReleasedCheckpoint(path("bfloat16.pt")).heads.at(""), names, expected, 2e-2f);
    EXPECT_EQ(readReleasedCheckpoint(path("uncounted.pt")).heads.at("").layers[0].batches, 0);

    const auto tuned = readReleasedCheckpoint(path("tuned.pt"));
    EXPECT_EQ(tuned.layout, CheckpointLayout::TunedAudio);
    ASSERT_EQ(tuned.heads.size(), 7u);
    ASSERT_EQ(tuned.notes.size(), 1u);
    EXPECT_NE(tuned.notes[0].find("3 tensors of its audio encoder"), std::string::npos) << tuned.notes[0];
    const SafetensorsFile tuned_expected(path("tuned.safetensors"));
    for (const auto& [subset, place] : {std::pair{"TVA", 0}, {"A", 1}, {"TA", 4}, {"TV", 6}}) {
        auto prefixed = names;
        for (auto& layer : prefixed) {
            layer.linear = "ib_head.projectors." + std::to_string(place) + "." + layer.linear;
            layer.norm = "ib_head.projectors." + std::to_string(place) + "." + layer.norm;
        }
        expectTensors(tuned.heads.at(subset), prefixed, tuned_expected);
    }
}

// What must not be read, each with what the error says.
TEST_F(Checkpoints, OtherFilesAreRefusedWithAReason) {
    python(R"(
import os, pickle, zipfile
state = random_state(FreeBindHead(7, 11, 5), 1).state_dict()
class Hostile:
    def __reduce__(self):
        return os.system, (f"touch {folder / 'executed'}",)
torch.save({**state, "x": Hostile()}, folder / "hostile.pt")
torch.save({**state, "x": Hostile()}, folder / "hostile-legacy.pt", _use_new_zipfile_serialization=False)
torch.save(FreeBindHead(7, 11, 5), folder / "module.pt")
torch.save({**state, "x": np.zeros(3)}, folder / "numpy.pt")
torch.jit.save(torch.jit.script(torch.nn.Linear(3, 3)), folder / "script.pt")
torch.save({**state, "Head2.mlps.0.weight": torch.zeros(11, 8)[:, :7].reshape(7, 11)}, folder / "shape.pt")
torch.save({**state, "Head2.mlps.3.weight": torch.zeros(5, 12)}, folder / "chain.pt")
torch.save({k: v for k, v in state.items() if k != "Head2.mlps.4.bias"}, folder / "missing.pt")
torch.save({**state, "Head2.mlps.5.weight": torch.zeros(2, 2)}, folder / "more.pt")
torch.save({**state, "Head2.mlps.0.bias": torch.full((11,), float("nan"))}, folder / "nan.pt")
torch.save({**state, "Head2.mlps.1.running_var": torch.full((11,), -1.0)}, folder / "variance.pt")
torch.save({**state, "Head2.mlps.0.bias": torch.zeros(11, dtype=torch.int64)}, folder / "integers.pt")
torch.save({**state, "Head2.mlps.1.num_batches_tracked": torch.ones(2, dtype=torch.int64)}, folder / "counter.pt")
torch.save({**state, "Head2.mlps.0.bias": torch.zeros(1).expand(11)}, folder / "expanded.pt")
torch.save({"encoder.weight": torch.zeros(2, 2)}, folder / "foreign.pt")
torch.save([1, 2], folder / "list.pt")
(folder / "text.pt").write_text("weights")
(folder / "empty.pt").write_bytes(b"")
torch.save(state, folder / "good.pt")
good = (folder / "good.pt").read_bytes()
(folder / "cut.pt").write_bytes(good[:len(good) // 2])
def rewritten(name, change=lambda name, data: data, more=(), compression=zipfile.ZIP_STORED, drop=""):
    with zipfile.ZipFile(folder / "good.pt") as old, zipfile.ZipFile(folder / name, "w", compression) as new:
        for entry in old.infolist():
            if not drop or not entry.filename.endswith(drop):
                new.writestr(entry.filename, change(entry.filename, old.read(entry)))
        for entry, data in more:
            new.writestr(entry, data)
rewritten("compressed.pt", compression=zipfile.ZIP_DEFLATED)
rewritten("bomb.pt", lambda n, d: bytes(1 << 26) if n.endswith("/data/0") else d, compression=zipfile.ZIP_DEFLATED)
rewritten("short.pt", lambda n, d: d[:-4] if n.endswith("/data/0") else d)
rewritten("long.pt", lambda n, d: d + bytes(4) if n.endswith("/data/0") else d)
rewritten("order.pt", lambda n, d: b"middle" if n.endswith("byteorder") else d)
rewritten("path.pt", more=[("../../evil", b"x")])
rewritten("absolute.pt", more=[("/etc/evil", b"x")])
import warnings
warnings.simplefilter("ignore")
rewritten("twice.pt", more=[("good/data/0", bytes(7 * 11 * 4))])
rewritten("two-pickles.pt", more=[("other/data.pkl", b"}.")])
rewritten("no-pickle.pt", drop="data.pkl")
rewritten("no-storage.pt", drop="/data/0")
data = bytearray(good)
at = data.index(state["Head2.mlps.0.weight"].numpy().tobytes())
data[at] ^= 1
(folder / "crc.pt").write_bytes(data)
)");
    const std::map<std::string, std::string> expected = {
        {"hostile", "system"},
        {"hostile-legacy", "system"},
        {"module", "released_heads.FreeBindHead"},
        {"numpy", "numpy"},
        {"script", "TorchScript"},
        {"shape", "Head2.mlps.0.bias"},
        {"chain", "expected 11 columns"},
        {"missing", "Head2.mlps.4.bias: the tensor is missing"},
        {"more", "Head2.mlps.5.weight"},
        {"nan", "Head2.mlps.0.bias: expected finite numbers"},
        {"variance", "Head2.mlps.1.running_var"},
        {"integers", "found int64"},
        {"counter", "Head2.mlps.1.num_batches_tracked"},
        {"expanded", "beyond its storage"},
        {"foreign", "found encoder.weight"},
        {"list", "found a list"},
        {"text", "expected a file of torch.save"},
        {"empty", "the file is empty"},
        {"cut", "cannot be opened"},
        {"compressed", "stored as it is"},
        {"bomb", "stored as it is"},
        {"short", "expected 308 bytes"},
        {"long", "data/0"},
        {"order", "byteorder"},
        {"path", "leads out"},
        {"absolute", "leads out"},
        {"twice", "two entries"},
        {"two-pickles", "more than one data.pkl"},
        {"no-pickle", "data.pkl"},
        {"no-storage", "lacks this entry"},
        {"crc", "CRC"},
    };
    for (const auto& [name, says] : expected) {
        const std::string file = path(name + ".pt");
        try {
            readReleasedCheckpoint(file);
            ADD_FAILURE() << name << " was read";
        } catch (const Error& error) {
            EXPECT_NE(std::string(error.what()).find(says), std::string::npos) << name << ": " << error.what();
            EXPECT_EQ(error.where().rfind(file, 0), 0u) << name << ": " << error.where();
        }
    }
    EXPECT_FALSE(std::filesystem::exists(folder_ / "executed"));
    EXPECT_THROW(readReleasedCheckpoint(folder_ / "nowhere.pt"), Error);
}

TEST(CheckpointShapes, OnlyThoseOfTheReleasedCodeAreWritten) {
    const TestFolder folder;
    ProjectorWeights three;
    three.layers = {emptyLayer(4, 4, true, true), emptyLayer(4, 4, true, true), emptyLayer(4, 4, true, false)};
    EXPECT_FALSE(hasReleasedLayout(three));
    EXPECT_THROW(writeTorchCheckpoint(folder / "a.pt", three), Error);
    EXPECT_THROW(writeCmcrCheckpoint(folder / "a.pt", three, three), Error);
    EXPECT_FALSE(std::filesystem::exists(folder / "a.pt"));
}

}  // namespace
}  // namespace engine
