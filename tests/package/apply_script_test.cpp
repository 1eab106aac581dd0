// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The package's own apply.py against the engine.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "engine/package/apply.h"
#include "engine/package/manifest.h"
#include "tests/package/package_support.h"

namespace engine {
namespace {

using test::runPython;
using test::TestFolder;

#define REQUIRE_NUMPY() \
    if (!test::pythonHas("numpy")) GTEST_SKIP() << "no Python with numpy (" << MOLSPACE_PYTHON << ")"

// Runs apply.py as a program, and says so if it loaded anything but numpy and Python's own library.
constexpr const char* kRunScript = R"(
import runpy, sys
script, sys.argv = sys.argv[1], sys.argv[1:]
try:
    runpy.run_path(script, run_name="__main__")
    code = 0
except SystemExit as e:
    code = e.code
known = set(sys.stdlib_module_names) | {"numpy", "__main__"}
others = {name.partition(".")[0] for name in sys.modules if name.partition(".")[0] not in known}
# What site packages load at every start of the interpreter is not the script's.
others = {name for name in others if not name.startswith(("_distutils", "__editable__", "sitecustomize", "_virtualenv", "mpl"))}
if others or "torch" in sys.modules:
    print("loaded:", sorted(others))
    sys.exit(9)
sys.exit(code)
)";

struct Case {
    const char* recipe;
    Modality modality;
    Setting setting;
    std::vector<std::string> arguments;
    std::vector<SpaceInfo> spaces = test::paperSpaces();
};

TEST(ApplyScript, AgreesWithTheEngine) {
    REQUIRE_NUMPY();
    const char* sequential = R"({"name": "Seq", "base": "ImageBind", "route": [
        {"reaction": "combination", "experts": [{"space": "CLAP_g", "projectors": ["T", "TVA"]}], "factors": {"audio": 0.6}},
        {"reaction": "displacement", "experts": ["InternVL"], "factors": {"text": 0.7}},
        {"reaction": "combination", "experts": ["CLAP_g", {"space": "CLAP_m", "weight": 3}]}]})";
    const char* tuned = R"({"name": "Tuned", "base": "ImageBind", "route": [
        {"reaction": "displacement", "experts": ["InternVL"]},
        {"reaction": "tuning", "modality": "audio", "towards": "image"},
        {"reaction": "combination", "experts": ["CLAP_g"]}]})";
    const std::vector<Case> cases = {
        {test::kImageBindPlus, "audio", {}, {}},
        {test::kImageBindPlus, "image", {}, {}},
        {test::kImageBindPlus,
         "text",
         {{{"sigma_t", 0.5}}, {{"CLAP_m", 0}}},
         {"--set", "sigma_t=0.5", "--set", "CLAP_m=off"}},
        {test::kImageBindPlus, "audio", {{{"sigma_a", 0.8}, {"sigma_t", 0.5}}, {}}, {"--setting", "AT Expertise"}},
        {test::kImageBindPlus,
         "audio",
         {{}, {}, {{"CLAP_g:T", false}, {"CLAP_m:TVA", false}}},
         {"--set", "CLAP_g:T=off", "--set", "CLAP_m:TVA=off"}},
        {test::kInternVlPlus, "audio", {{}, {}, {{"InternVL:V", false}}}, {"--set", "InternVL:V=off"}},
        {test::kInternVlPlus,
         "text",
         {{{"lambda_t", 0.3}, {"sigma_t", 1}}, {}},
         {"--set", "lambda_t=0.3", "--set", "sigma_t=1"}},
        {test::kInternVlPlus, "audio", {}, {}},
        {test::kInternVlPlus, "image", {{{"lambda_v", 0}}, {}}, {"--set", "lambda_v=0"}},
        {sequential, "text", {}, {}},
        {sequential,
         "audio",
         {{{"sigma1_a", 0.2}}, {{"3-CLAP_g", 5}}},
         {"--set", "sigma1_a=0.2", "--set", "3-CLAP_g=5"}},
        {sequential, "audio", {{}, {}, {{"1-CLAP_g:V", true}}}, {"--set", "1-CLAP_g:V=on"}},
        {tuned, "audio", {{{"sigma_a", 0.3}}, {}}, {"--set", "sigma_a=0.3"}},
        {tuned, "image", {}, {}},
        {test::kCMcr, "text", {{{"sigma_t", 0.7}}, {}}, {"--set", "sigma_t=0.7"}, test::textLinkedSpaces()},
        {test::kCMcr, "image", {}, {}, test::textLinkedSpaces()},
        {test::kCMcr, "audio", {}, {}, test::textLinkedSpaces()},
        {test::kExMcr, "text", {}, {}, test::textLinkedSpaces()},
        {test::kExMcr, "audio", {}, {}, test::textLinkedSpaces()},
    };
    const TestFolder packages;
    std::map<const char*, std::filesystem::path> made;
    for (const Case& c : cases) {
        auto& package = made[c.recipe];
        if (package.empty()) {
            package = packages / ("package" + std::to_string(made.size()));
            test::writeProduct(packages / ("product" + std::to_string(made.size())), c.recipe, 24, c.spaces);
            exportProduct(packages / ("product" + std::to_string(made.size())), package, {}, {});
        }
        const TestFolder folder;
        const LoadedProduct product = loadProduct(package);
        SCOPED_TRACE(product.model->recipe().name + " " + c.modality);
        ApplyOptions options;
        options.modality = c.modality;
        options.setting = c.setting;
        options.output = folder / "engine.npy";
        std::vector<std::string> arguments = {(package / "apply.py").string(), "--modality", c.modality, "--output",
                                              (folder / "script.npy").string()};
        std::uint64_t seed = 40;
        for (const auto& space : product.model->spacesNeeded(c.modality)) {
            const auto path = folder / (space + ".npy");
            writeNpy(path, test::rowsOfAnyLength(37, product.model->plan().space(space)->width, seed++));
            const std::string input = space + "=" + path.string();
            options.inputs.insert(parseInput(input));
            arguments.insert(arguments.end(), {"--input", input});
        }
        arguments.insert(arguments.end(), c.arguments.begin(), c.arguments.end());
        applyPackage(package, options, {});
        const auto ran = runPython(kRunScript, arguments);
        ASSERT_EQ(ran.code, 0) << ran.output;
        const NpyArray engine(folder / "engine.npy"), script(folder / "script.npy");
        ASSERT_EQ(engine.header().describe(), script.header().describe());
        const std::size_t width = product.model->plan().width;
        std::vector<float> a(37 * width), b(37 * width);
        engine.readRows(-1, 0, 37, a.data());
        script.readRows(-1, 0, 37, b.data());
        double worst = 0;
        for (std::size_t i = 0; i < a.size(); ++i)
            worst = std::max(worst, std::fabs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
        EXPECT_LE(worst, 1e-5);
    }
}

TEST(ApplyScript, VerifiesThePackage) {
    REQUIRE_NUMPY();
    const TestFolder folder;
    test::writeProduct(folder / "product", test::kInternVlPlus);
    exportProduct(folder / "product", folder / "package", {}, {});
    const std::string script = (folder / "package" / "apply.py").string();
    const auto good = runPython(kRunScript, {script, "--verify"});
    EXPECT_EQ(good.code, 0) << good.output;
    EXPECT_NE(good.output.find("audio: largest difference"), std::string::npos) << good.output;
    writeProjector(folder / "package" / "reactions" / "2-CLAP_g" / "A.safetensors",
                   test::randomProjector(8, 24, 10, 12345), {});
    const auto bad = runPython(kRunScript, {script, "--verify"});
    EXPECT_EQ(bad.code, 1) << bad.output;
    EXPECT_NE(bad.output.find("largest difference"), std::string::npos) << bad.output;
}

TEST(ApplyScript, SaysWhatIsWrong) {
    REQUIRE_NUMPY();
    const TestFolder folder;
    test::writeProduct(folder / "product", test::kImageBindPlus);
    exportProduct(folder / "product", folder / "package", {}, {});
    Matrix rows = test::rowsOfAnyLength(3, 12, 1);
    writeNpy(folder / "image.npy", rows);
    std::fill_n(rows.row(1), 12, 0.0f);
    writeNpy(folder / "zero.npy", rows);
    const auto run = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), (folder / "package" / "apply.py").string());
        arguments.insert(arguments.end(), {"--output", (folder / "z.npy").string()});
        const auto ran = runPython(kRunScript, arguments);
        EXPECT_EQ(ran.code, 1) << ran.output;
        EXPECT_EQ(ran.output.find("Traceback"), std::string::npos) << ran.output;
        EXPECT_FALSE(std::filesystem::exists(folder / "z.npy"));
        return ran.output;
    };
    const std::string image = "ImageBind=" + (folder / "image.npy").string();
    EXPECT_NE(run({"--modality", "smell", "--input", image}).find("there is no modality 'smell'"), std::string::npos);
    EXPECT_NE(run({"--modality", "audio", "--input", image}).find("needs embeddings of CLAP_g"), std::string::npos);
    EXPECT_NE(run({"--modality", "image", "--input", image, "--set", "sigma_x=1"}).find("sigma_x"), std::string::npos);
    EXPECT_NE(run({"--modality", "image", "--input", image, "--set", "sigma_a=2"}).find("from 0 to 1"),
              std::string::npos);
    EXPECT_NE(run({"--modality", "image", "--input", "ImageBind=" + (folder / "zero.npy").string()}).find("row 1"),
              std::string::npos);
    EXPECT_NE(run({"--modality", "image", "--input", "ImageBind=" + (folder / "no.npy").string()}).find("no.npy"),
              std::string::npos);
}

}  // namespace
}  // namespace engine
