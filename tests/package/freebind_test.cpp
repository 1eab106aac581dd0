// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/package/freebind.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/package/checkpoint_layout.h"
#include "engine/package/verify.h"
#include "tests/package/package_support.h"

namespace engine {
namespace {

using test::runPython;
using test::TestFolder;

TEST(Freebind, FoldersAreThoseOfItsOwnProducts) {
    const TestFolder folder;
    test::writeProduct(folder / "product", test::kInternVlPlus);
    ExportOptions options;
    options.freebind = true;
    const Json report = exportProduct(folder / "product", folder / "package", options, {});
    ASSERT_EQ(report["notes"].size(), 1u);  // a hidden width that FreeBind's classes do not have
    verifyPackage(folder / "package", {});
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "package" / "freebind")) {
        if (entry.is_regular_file())
            found.insert(entry.path().lexically_relative(folder / "package" / "freebind").generic_string());
    }
    std::set<std::string> expected;
    for (const char* dir : {"InternVL_IB_Proj", "InternVL_IB_PP_G_Proj", "InternVL_IB_PP_M_Proj"}) {
        for (const char* dm : {"mix", "A", "T", "V", "AT", "AV", "TV"})
            expected.insert(std::string(dir) + "/" + dm + "/best.pt");
    }
    EXPECT_EQ(found, expected);
    EXPECT_EQ(freebindFolder(test::recipeOf(test::kImageBindPlus), "1-CLAP_m"), "IB_PP_M_Proj");
    Recipe own = test::recipeOf(test::kImageBindPlus);
    own.name = "Mine";
    EXPECT_EQ(freebindFolder(own, "1-CLAP_m"), "1-CLAP_m_Proj");
    EXPECT_EQ(freebindSubset("depth+T"), "depth+T");
}

TEST(Freebind, TorchReadsTheCheckpoint) {
    if (!test::pythonHas("torch")) GTEST_SKIP() << "no Python with torch (" << MOLSPACE_PYTHON << ")";
    const TestFolder folder;
    const ProjectorWeights weights = test::randomProjector(5, 7, 3, 77);
    writeTorchCheckpoint(folder / "best.pt", weights);
    writeProjector(folder / "same.safetensors", weights, {});
    const auto ran = runPython(R"(
import sys, torch
from safetensors.torch import load_file
state = torch.load(sys.argv[1], weights_only=True)
same = load_file(sys.argv[2])
assert list(state)[:3] == ["Head2.mlps.0.weight", "Head2.mlps.0.bias", "Head2.mlps.1.weight"], list(state)
assert len(state) == 14
for name, tensor in state.items():
    assert tensor.dtype == (torch.int64 if name.endswith("tracked") else torch.float32), name
    if name in same:
        assert torch.equal(tensor.reshape(-1), same[name].reshape(-1)), name
    assert name.endswith("tracked") or name in same, name
assert state["Head2.mlps.4.num_batches_tracked"].shape == () and state["Head2.mlps.4.num_batches_tracked"] == 3
head = torch.nn.Module()
head.mlps = torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.BatchNorm1d(7), torch.nn.ReLU(), torch.nn.Linear(7, 3),
                                torch.nn.BatchNorm1d(3))
whole = torch.nn.Module()
whole.Head2 = head
whole.load_state_dict(state, strict=True)
)",
                               {(folder / "best.pt").string(), (folder / "same.safetensors").string()});
    EXPECT_EQ(ran.code, 0) << ran.output;
}

}  // namespace
}  // namespace engine
