// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <csignal>
#include <cstring>

#include "engine/base/error.h"
#include "engine/package/apply.h"
#include "engine/package/manifest.h"
#include "engine/package/verify.h"
#include "engine/store/safetensors.h"
#include "tests/package/package_support.h"

namespace engine {
namespace {

namespace fs = std::filesystem;
using test::TestFolder;

// What a call is refused with; empty if it is not refused.
template <class F>
std::string refusal(const F& f) {
    try {
        f();
    } catch (const Error& e) {
        return e.what();
    }
    return {};
}

Matrix npyRows(const fs::path& path) {
    const NpyArray array(path);
    std::uint64_t rows = 0, width = 0;
    array.checkMatrix(-1, rows, width);
    Matrix out(rows, width);
    array.readRows(-1, 0, rows, out.data());
    return out;
}

void changeByte(const fs::path& path, std::uint64_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const char old = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(old ^ 0x10));
}

// The manifest's size and hash of a file as it is now, so that only what it says is wrong.
void blessFile(const fs::path& package, const std::string& name) {
    Json manifest = readJsonFile(package / "manifest.json");
    const PackageFile file = hashFile(package / name);
    manifest["files"][name] = {{"bytes", file.bytes}, {"hash", file.hash}};
    sealManifest(manifest);
    writeJsonFile(package / "manifest.json", manifest);
}

// A workspace with an evaluation set (audio-text) in the paper's spaces, and an image pool.
fs::path writeWorkspace(const fs::path& folder) {
    const auto reader = [](const Matrix& m) {
        RowReader r;
        r.rows = m.rows();
        r.width = m.cols();
        r.read = [&m](std::size_t first, std::size_t count, float* out) {
            std::copy_n(m.row(first), count * m.cols(), out);
        };
        r.origin = "made by the test";
        return r;
    };
    const auto rows = [](std::size_t n, std::size_t width, std::uint64_t seed) {
        return test::randomRows(n, width, seed);
    };
    const Matrix audio_ib = rows(40, 12, 1), audio_g = rows(40, 8, 2), audio_m = rows(40, 8, 3);
    const Matrix text_ib = rows(40, 12, 4), text_g = rows(40, 8, 5), text_m = rows(40, 8, 6), image_ib = rows(5, 12, 7);
    WorkspaceWriter writer(folder, Json{{"made", "by a test"}}, true);
    SetInput set;
    set.name = "AudioCaps";
    set.first = {
        "audio", {}, {}, {{"ImageBind", reader(audio_ib)}, {"CLAP_g", reader(audio_g)}, {"CLAP_m", reader(audio_m)}}};
    set.second = {
        "text", {}, {}, {{"ImageBind", reader(text_ib)}, {"CLAP_g", reader(text_g)}, {"CLAP_m", reader(text_m)}}};
    for (std::uint32_t i = 0; i < 40; ++i) set.pairs.push_back({i, i});
    writer.addSet(set, {});
    writer.addPool({"images", {{"image", {}, {}, {{"ImageBind", reader(image_ib)}}}}}, {});
    writer.finish();
    return folder;
}

TEST(Package, RoundTrip) {
    for (const char* recipe : {test::kImageBindPlus, test::kInternVlPlus}) {
        const TestFolder folder;
        test::writeProduct(folder / "product", recipe);
        const Json report = exportProduct(folder / "product", folder / "package", {}, {});
        const std::string name = report["name"];
        EXPECT_EQ(report["probes"]["text"]["source"], "random directions");
        const Json verified = verifyPackage(folder / "package", {});
        EXPECT_EQ(verified["name"], name);
        EXPECT_EQ(verified["synthetic"], true);
        EXPECT_TRUE(verified["warnings"].empty());
        ASSERT_EQ(verified["modalities"].size(), 3u);
        for (const auto& [modality, check] : verified["modalities"].items()) {
            EXPECT_EQ(check["probes"], 16);
            EXPECT_LE(check["worst_difference"].get<double>(), 1e-7) << modality;
        }
        // The folder is a product too, and names nobody's folders.
        const LoadedProduct loaded = loadProduct(folder / "package");
        EXPECT_EQ(recipeToJson(loaded.model->recipe()), recipeToJson(loadProduct(folder / "product").model->recipe()));
        for (const auto& entry : fs::recursive_directory_iterator(folder / "package")) {
            if (!entry.is_regular_file()) continue;
            EXPECT_EQ(readFile(entry.path()).find("/somebody/private"), std::string::npos) << entry.path();
        }
        const std::string card = readFile(folder / "package" / "card.md");
        for (const char* said :
             {"synthetic world", "σ_a", "f00d", "seed | 7", "licence", "16 of random directions", "CLAP_g (8)"}) {
            EXPECT_NE(card.find(said), std::string::npos) << said;
        }
    }
}

TEST(Package, ProbesAreRowsOfTheWorkspace) {
    const TestFolder folder;
    test::writeProduct(folder / "product", test::kImageBindPlus);
    ExportOptions options;
    options.workspace = writeWorkspace(folder / "world");
    const Json report = exportProduct(folder / "product", folder / "package", options, {});
    EXPECT_EQ(report["probes"]["audio"]["source"], "audio of AudioCaps");
    EXPECT_EQ(report["probes"]["audio"]["rows"], 16);
    EXPECT_EQ(report["probes"]["image"]["source"], "image of pool images");
    EXPECT_EQ(report["probes"]["image"]["rows"], 5);
    verifyPackage(folder / "package", {});
    // Probe 4 is item 4 * 40 / 16 = 10.
    const SafetensorsFile probes(folder / "package" / "probes.safetensors");
    const Matrix g = test::randomRows(40, 8, 2);
    const auto row = probes.at("audio/input/CLAP_g").f32().subspan(4 * 8, 8);
    for (std::size_t j = 0; j < 8; ++j) EXPECT_NEAR(row[j], g.row(10)[j], 1e-6);
}

TEST(Package, HasTheSettingInForce) {
    const TestFolder folder;
    test::writeProduct(folder / "product", test::kInternVlPlus);
    ExportOptions options;
    options.setting = {{{"sigma_a", 0.8}, {"lambda_t", 0.7}}, {{"CLAP_m", 0}}};
    options.setting_name = "AT Expertise";
    options.evaluation = {
        {"subject", "it"}, {"synthetic", true}, {"sets", {{{"set", "AudioCaps"}, {"metrics", {{"R@1", 12.345}}}}}}};
    exportProduct(folder / "product", folder / "package", options, {});
    verifyPackage(folder / "package", {});
    const Recipe recipe = readRecipe(folder / "package" / "recipe.json");
    EXPECT_EQ(recipe.route[1].factors.at("audio"), 0.8);
    EXPECT_EQ(recipe.route[0].factors.at("text"), 0.7);
    EXPECT_FALSE(recipe.route[1].experts[1].enabled);
    EXPECT_EQ(readJsonFile(folder / "package" / "metrics.json"), options.evaluation);
    const std::string card = readFile(folder / "package" / "card.md");
    EXPECT_NE(card.find("AT Expertise"), std::string::npos);
    EXPECT_NE(card.find("| σ_a (`sigma_a`) | 0.8 | 0.5 | yes |"), std::string::npos) << card;
    EXPECT_NE(card.find("12.3"), std::string::npos);

    EXPECT_NE(card.find("| λ_t (`lambda_t`) | 0.7 | 0.9 | yes |"), std::string::npos) << card;
    EXPECT_NE(card.find("| 2-CLAP_g TV | 20 | 400 |"), std::string::npos) << card;
    // A package is a product: exported again it still says what it was trained with.
    ExportOptions again;
    again.setting.factors["sigma_a"] = 0.3;
    exportProduct(folder / "package", folder / "again", again, {});
    verifyPackage(folder / "again", {});
    EXPECT_NE(readFile(folder / "again" / "card.md").find("| σ_a (`sigma_a`) | 0.3 | 0.5 | yes |"), std::string::npos);

    // The same vectors as the product at that setting.
    const Matrix ib = test::rowsOfAnyLength(9, 12, 1), g = test::rowsOfAnyLength(9, 8, 2),
                 vl = test::rowsOfAnyLength(9, 10, 3), m = test::rowsOfAnyLength(9, 8, 4);
    for (const auto& [name, rows] : {std::pair{"ib", &ib}, {"g", &g}, {"vl", &vl}, {"m", &m}}) {
        writeNpy(folder / (std::string(name) + ".npy"), *rows);
    }
    ApplyOptions apply;
    apply.modality = "text";
    for (const auto& text : {"ImageBind=" + (folder / "ib.npy").string(), "CLAP_g=" + (folder / "g.npy").string(),
                             "InternVL=" + (folder / "vl.npy").string(), "CLAP_m=" + (folder / "m.npy").string()}) {
        apply.inputs.insert(parseInput(text));
    }
    apply.output = folder / "a.npy";
    applyPackage(folder / "package", apply, {});
    apply.setting = options.setting;
    apply.output = folder / "b.npy";
    applyPackage(folder / "product", apply, {});
    apply.setting = {};
    apply.output = folder / "c.npy";
    applyPackage(folder / "product", apply, {});
    EXPECT_TRUE(readFile(folder / "a.npy") == readFile(folder / "b.npy"));
    EXPECT_TRUE(readFile(folder / "a.npy") != readFile(folder / "c.npy"));
}

TEST(Package, TheSameProductGivesTheSameBytes) {
    const TestFolder folder;
    test::writeProduct(folder / "product", test::kImageBindPlus);
    ExportOptions options;
    options.freebind = true;
    exportProduct(folder / "product", folder / "one", options, {});
    exportProduct(folder / "product", folder / "two", options, {});
    exportProduct(folder / "product", folder / "two", options, {});  // an earlier package is replaced
    EXPECT_EQ(readFile(folder / "one" / "manifest.json"), readFile(folder / "two" / "manifest.json"));
    EXPECT_EQ(verifyPackage(folder / "one", {})["files"], verifyPackage(folder / "two", {})["files"]);
}

TEST(Package, NothingElseIsReplaced) {
    const TestFolder folder;
    test::writeProduct(folder / "product", test::kImageBindPlus);
    fs::create_directories(folder / "letters");
    writeFileWhole(folder / "letters" / "a.txt", "dear");
    writeFileWhole(folder / "file", "dear");
    const auto attempt = [&](const fs::path& target) {
        return refusal([&] { exportProduct(folder / "product", target, {}, {}); });
    };
    EXPECT_NE(attempt(folder / "letters").find("is no package"), std::string::npos);
    EXPECT_NE(attempt(folder / "file").find("file of this name"), std::string::npos);
    EXPECT_NE(attempt(folder / "product").find("replace the product"), std::string::npos);
    EXPECT_NE(attempt(folder.path()).find("replace the product"), std::string::npos);
    EXPECT_EQ(readFile(folder / "letters" / "a.txt"), "dear");
    fs::create_directories(folder / "empty");
    EXPECT_EQ(attempt((folder / "empty").string() + "/"), "");
    verifyPackage(folder / "empty", {});
}

TEST(Package, VerifyFindsWhatWasChanged) {
    const TestFolder folder;
    test::writeProduct(folder / "product", test::kImageBindPlus);
    const fs::path package = folder / "package", kept = folder / "kept";
    exportProduct(folder / "product", kept, {}, {});
    const auto fresh = [&] {
        fs::remove_all(package);
        fs::copy(kept, package, fs::copy_options::recursive);
    };
    const auto verdict = [&] { return refusal([&] { verifyPackage(package, {}); }); };
    const std::string weight = "reactions/1-CLAP_g/TV.safetensors";

    fresh();
    changeByte(package / weight, fs::file_size(package / weight) - 7);
    EXPECT_NE(verdict().find(weight + ": its bytes"), std::string::npos) << verdict();

    fresh();
    fs::resize_file(package / weight, fs::file_size(package / weight) - 1);
    fs::remove(package / "card.md");
    EXPECT_NE(verdict().find(weight + ": expected"), std::string::npos) << verdict();
    EXPECT_NE(verdict().find("card.md: the file is missing"), std::string::npos) << verdict();

    // Weights of another training under a manifest that was written for them: only the probes can tell.
    fresh();
    writeProjector(package / weight, test::randomProjector(8, 24, 12, 999), {});
    blessFile(package, weight);
    EXPECT_NE(verdict().find("probes of "), std::string::npos) << verdict();
    EXPECT_EQ(verdict().find("probes of image"), std::string::npos) << verdict();  // images know no CLAP

    fresh();
    writeFileWhole(package / "notes.txt", "mine");
    EXPECT_EQ(verdict(), "");
    EXPECT_EQ(verifyPackage(package, {})["warnings"].size(), 1u);

    fresh();
    Json recipe = readJsonFile(package / "recipe.json");
    recipe["route"][0]["factors"]["audio"] = 0.25;
    writeJsonFile(package / "recipe.json", recipe);
    blessFile(package, "recipe.json");
    EXPECT_NE(verdict().find("different recipes"), std::string::npos) << verdict();
}

TEST(Package, VerifyFindsAProbeThatIsOff) {
    const TestFolder folder;
    test::writeProduct(folder / "product", test::kImageBindPlus);
    const fs::path package = folder / "package";
    exportProduct(folder / "product", package, {}, {});
    const std::string original = readFile(package / "probes.safetensors");
    std::size_t offset = 0;
    {
        const SafetensorsFile probes(package / "probes.safetensors");
        const auto expected = probes.at("audio/expected").bytes;
        offset = static_cast<std::size_t>(expected.data() - probes.mapping()->data()) + 5 * sizeof(float);
    }
    const auto verdictOf = [&](float change) {
        std::string bytes = original;
        float value = 0;
        std::memcpy(&value, bytes.data() + offset, sizeof value);
        value += change;
        std::memcpy(bytes.data() + offset, &value, sizeof value);
        writeFileWhole(package / "probes.safetensors", bytes);
        blessFile(package, "probes.safetensors");
        return refusal([&] { verifyPackage(package, {}); });
    };
    EXPECT_NE(verdictOf(2e-5f).find("probes of audio: the worst difference is 2.0"), std::string::npos)
        << verdictOf(2e-5f);
    EXPECT_NE(verdictOf(-2e-5f).find("probes of audio"), std::string::npos);
    EXPECT_NE(verdictOf(std::numeric_limits<float>::quiet_NaN()).find("probes of audio"), std::string::npos);
    EXPECT_EQ(verdictOf(5e-6f), "");
}

TEST(Package, VersionsAndPathsAreChecked) {
    const TestFolder folder;
    test::writeProduct(folder / "product", test::kImageBindPlus);
    const fs::path package = folder / "package";
    exportProduct(folder / "product", package, {}, {});
    const Json manifest = readJsonFile(package / "manifest.json");
    const auto verdictOf = [&](const Json& changed) {
        writeJsonFile(package / "manifest.json", changed);
        return refusal([&] { verifyPackage(package, {}); });
    };
    Json changed = manifest;
    changed["format_version"] = {2, 0};
    EXPECT_NE(verdictOf(changed).find("newer program"), std::string::npos);
    EXPECT_NE(refusal([&] { exportProduct(folder / "product", package, {}, {}); }), "");  // and is not replaced
    changed["format_version"] = {1, 9};
    changed["something_new"] = 1;
    EXPECT_NE(verdictOf(changed).find("changed after it was written"), std::string::npos);
    sealManifest(changed);
    EXPECT_EQ(verdictOf(changed), "");
    EXPECT_EQ(verifyPackage(package, {})["warnings"].size(), 1u);
    for (const char* name : {"../outside", "/etc/passwd", "reactions/../../x", ""}) {
        changed = manifest;
        changed["files"][name] = {{"bytes", 1}, {"hash", "00"}};
        EXPECT_NE(verdictOf(changed).find("within the package"), std::string::npos) << name;
    }
    for (const Json& bad : {Json::array(), Json{{"format", "x"}}, Json{{"format", kPackageFormat}},
                            Json{{"format", kPackageFormat}, {"format_version", "1"}, {"name", 3}}, Json(3)}) {
        EXPECT_NE(verdictOf(bad), "") << bad;
    }
    writeFileWhole(package / "manifest.json", "{\"format\": ");
    EXPECT_NE(refusal([&] { verifyPackage(package, {}); }), "");
    EXPECT_NE(refusal([&] { verifyPackage(folder / "product", {}); }).find("expected the folder of a package"),
              std::string::npos);
}

// A child exports and dies by SIGKILL after each of several files; what was there stays whole, and the same export
// again finishes with the same bytes.
TEST(PackageDeathTest, KilledExportLosesNothing) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    // The child runs this test from its start: both must work in one folder.
    std::unique_ptr<TestFolder> own;
    if (std::getenv("MOLSPACE_TEST_KILL_FOLDER") == nullptr) {
        own = std::make_unique<TestFolder>();
        setenv("MOLSPACE_TEST_KILL_FOLDER", own->path().c_str(), 1);
        test::writeProduct(own->path() / "product", test::kImageBindPlus);
        ExportOptions other;
        other.setting = {{{"sigma_a", 0.25}}, {}};
        exportProduct(own->path() / "product", own->path() / "package", other, {});
        exportProduct(own->path() / "product", own->path() / "expected", {}, {});
    }
    const fs::path folder = std::getenv("MOLSPACE_TEST_KILL_FOLDER");
    for (const std::uint64_t after : {std::uint64_t{1}, std::uint64_t{9}, std::uint64_t{17}, std::uint64_t{20}}) {
        const auto exportAndDie = [&] {
            const JobContext job({}, [&](const Progress& p) {
                if (p.stage == "package" && p.done == after) std::raise(SIGKILL);
            });
            exportProduct(folder / "product", folder / "package", {}, job);
        };
        EXPECT_EXIT(exportAndDie(), testing::KilledBySignal(SIGKILL), "");
        EXPECT_EQ(readRecipe(folder / "package" / "recipe.json").route[0].factors.at("audio"), 0.25);
        verifyPackage(folder / "package", {});
    }
    exportProduct(folder / "product", folder / "package", {}, {});
    EXPECT_EQ(readFile(folder / "package" / "manifest.json"), readFile(folder / "expected" / "manifest.json"));
    verifyPackage(folder / "package", {});
    for (const auto& entry : fs::directory_iterator(folder)) {
        EXPECT_EQ(entry.path().filename().string().find(".partial-"), std::string::npos)
            << "a leftover: " << entry.path();
    }
    unsetenv("MOLSPACE_TEST_KILL_FOLDER");
}

TEST(Package, AStopLeavesNothing) {
    const TestFolder folder;
    test::writeProduct(folder / "product", test::kImageBindPlus);
    std::stop_source stop;
    const JobContext job(stop.get_token(), [&](const Progress& p) {
        if (p.done == 4) stop.request_stop();
    });
    EXPECT_THROW(exportProduct(folder / "product", folder / "package", {}, job), Cancelled);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator{}), 1);
}

// An input on disk of a product's space, and the options to apply it.
struct ApplyCase {
    TestFolder folder;
    ApplyOptions options;

    explicit ApplyCase(std::size_t rows, const char* recipe = test::kImageBindPlus) {
        test::writeProduct(folder / "product", recipe);
        options.modality = "audio";
        add("ImageBind", rows, 12, 1);
        add("CLAP_g", rows, 8, 2);
        add("CLAP_m", rows, 8, 3);
        options.output = folder / "out.npy";
    }
    void add(const std::string& space, std::size_t rows, std::size_t width, std::uint64_t seed) {
        put(space, test::rowsOfAnyLength(rows, width, seed));
    }
    void put(const std::string& space, const Matrix& rows) {
        writeNpy(folder / (space + ".npy"), rows);
        options.inputs[space] = parseInput(space + "=" + (folder / (space + ".npy")).string()).second;
    }
    Json run() { return applyPackage(folder / "product", options, {}); }
    std::string refused() {
        return refusal([&] { run(); });
    }
};

TEST(Apply, EqualsTheModelWhateverTheBlock) {
    ApplyCase c(700);
    const Json report = c.run();
    EXPECT_EQ(report["rows"], 700);
    EXPECT_EQ(report["width"], 12);
    const std::string bytes = readFile(c.options.output);
    for (const std::size_t block : {1, 300, 512, 10000}) {
        c.options.block_rows = block;
        c.run();
        EXPECT_TRUE(readFile(c.options.output) == bytes) << block;
    }
    const LoadedProduct product = loadProduct(c.folder / "product");
    Matrix ib = test::rowsOfAnyLength(700, 12, 1), g = test::rowsOfAnyLength(700, 8, 2),
           m = test::rowsOfAnyLength(700, 8, 3);
    for (Matrix* x : {&ib, &g, &m}) normalizeRows(*x);
    const SpaceRows rows{{"ImageBind", ib.view()}, {"CLAP_g", g.view()}, {"CLAP_m", m.view()}};
    const Components components = product.model->components("audio", rows, {});
    const Matrix expected = blendAll(components, product.model->weights("audio", components));
    const Matrix found = npyRows(c.options.output);
    EXPECT_EQ(std::memcmp(found.data(), expected.data(), expected.size() * sizeof(float)), 0);

    c.options.output = c.folder / "out.safetensors";
    c.run();
    const SafetensorsFile file(c.options.output);
    const auto values = file.at("embeddings").f32();
    ASSERT_EQ(values.size(), expected.size());
    EXPECT_EQ(std::memcmp(values.data(), expected.data(), expected.size() * sizeof(float)), 0);
}

TEST(Apply, TakesNoRowsAndSpacesWithoutAShare) {
    ApplyCase none(0);
    EXPECT_EQ(none.run()["rows"], 0);
    EXPECT_EQ(npyRows(none.options.output).rows(), 0u);

    ApplyCase c(5);
    c.options.inputs.erase("CLAP_m");
    EXPECT_NE(c.refused().find("CLAP_m are missing"), std::string::npos) << c.refused();
    c.options.setting.expert_weights["CLAP_m"] = 0;
    EXPECT_EQ(c.refused(), "");
    c.options.inputs.erase("CLAP_g");
    c.options.setting = {{{"sigma_a", 0}}, {}};
    EXPECT_EQ(c.refused(), "");
    Matrix ib = test::rowsOfAnyLength(5, 12, 1);
    normalizeRows(ib);
    const Matrix found = npyRows(c.options.output);
    for (std::size_t i = 0; i < ib.size(); ++i) EXPECT_NEAR(found.data()[i], ib.data()[i], 1e-7);
}

TEST(Apply, SaysWhatIsWrongAndLeavesNoFile) {
    const auto expectRefused = [](ApplyCase& c, const std::string& part) {
        const std::string said = c.refused();
        EXPECT_NE(said.find(part), std::string::npos) << said;
        EXPECT_FALSE(fs::exists(c.options.output));
    };
    {
        ApplyCase c(4);
        c.options.modality = "audoi";
        expectRefused(c, "did you mean 'audio'");
    }
    {
        ApplyCase c(4);
        c.options.inputs["CLAP"] = c.options.inputs["CLAP_g"];
        expectRefused(c, "takes no embeddings of 'CLAP'");
    }
    {
        ApplyCase c(4);
        c.add("CLAP_m", 5, 8, 9);
        expectRefused(c, "rows as in");
    }
    {
        ApplyCase c(4);
        c.add("CLAP_m", 4, 9, 9);
        expectRefused(c, "width 8");
    }
    {
        ApplyCase c(4);
        c.options.output = c.folder / "out.txt";
        expectRefused(c, "ends in .npy");
    }
    {
        ApplyCase c(4);
        c.options.setting.factors["sigma_q"] = 1;
        expectRefused(c, "sigma_q");
    }
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 0.0f}) {
        ApplyCase c(4);
        Matrix rows = test::rowsOfAnyLength(4, 8, 3);
        if (bad == 0) std::fill_n(rows.row(2), 8, 0.0f);
        else rows.row(2)[5] = bad;
        c.put("CLAP_m", rows);
        c.options.block_rows = 2;
        expectRefused(c, "row 2");
    }
    EXPECT_THROW(parseInput("ImageBind"), Error);
    EXPECT_THROW(parseInput("=x.npy"), Error);
    EXPECT_EQ(parseInput("A=x.npz#audio").second.dataset, "audio");
}

}  // namespace
}  // namespace engine
