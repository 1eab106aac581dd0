// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The fuzz target of checkpoints: files of torch.save, damaged at random, are read or refused with an Error and nothing
// else. A fixed number of inputs, more with MOLSPACE_FUZZ_INPUTS:
//   MOLSPACE_FUZZ_INPUTS=1000000 build/release/tests/package_test --gtest_filter='CheckpointFuzz*'
// The input that ends the program lies in the folder that it names at its start.
#include <gtest/gtest.h>
#include <zip.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <random>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/package/checkpoint_layout.h"
#include "engine/package/pickle.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

namespace fs = std::filesystem;
using Random = std::mt19937_64;
using Entries = std::vector<std::pair<std::string, std::string>>;

std::uint64_t inputs() {
    if (const char* n = std::getenv("MOLSPACE_FUZZ_INPUTS")) return std::strtoull(n, nullptr, 10);
    return std::getenv("MOLSPACE_DEEP") ? 200000 : 6000;
}

std::size_t below(Random& random, std::size_t n) {
    return n == 0 ? 0 : static_cast<std::size_t>(random() % n);
}

std::vector<std::string> originals() {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(fs::path(MOLSPACE_SOURCE_DIR) / "tests" / "data" / "checkpoints"))
        out.push_back(entry.path().string());
    std::sort(out.begin(), out.end());
    return out;
}

Entries unzipped(const fs::path& path) {
    Entries out;
    zip_t* archive = zip_open(path.c_str(), ZIP_RDONLY, nullptr);
    if (archive == nullptr) return out;  // the older format
    for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); ++i) {
        zip_stat_t stat;
        zip_stat_index(archive, static_cast<zip_uint64_t>(i), 0, &stat);
        std::string bytes(stat.size, '\0');
        zip_file_t* file = zip_fopen_index(archive, static_cast<zip_uint64_t>(i), 0);
        EXPECT_EQ(zip_fread(file, bytes.data(), bytes.size()), static_cast<zip_int64_t>(bytes.size()));
        zip_fclose(file);
        out.emplace_back(stat.name, std::move(bytes));
    }
    zip_discard(archive);
    return out;
}

void zipped(const fs::path& path, const Entries& entries, Random& random) {
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
    ASSERT_NE(archive, nullptr);
    for (const auto& [name, bytes] : entries) {
        zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
        const auto index = zip_file_add(archive, name.c_str(), source, ZIP_FL_OVERWRITE | ZIP_FL_ENC_UTF_8);
        const bool packed = below(random, 50) == 0;
        if (index < 0) {  // a name that it refuses
            zip_source_free(source);
            continue;
        }
        zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), packed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
    }
    ASSERT_EQ(zip_close(archive), 0);
}

// One or a few of: a bit or some bytes changed, a piece cut out, doubled or moved, the end missing; and of a pickle one
// instruction put for another, or a piece of a program put in.
std::string damaged(std::string data, Random& random, bool pickle) {
    static const std::string kCodes =
        "}])N(tIJKMXqrhjcRQsuaeb.0oiP\x80\x81\x82\x85\x86\x87\x88\x89\x8a\x8c\x93\x94\x95";
    static const std::vector<std::string> kPieces = {
        "cos\nsystem\n", "(tQ", "h\x00", "}", "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f", ")R", "q\x05", "("};
    for (std::size_t n = std::vector<std::size_t>{1, 1, 2, 5}[below(random, 4)]; n > 0; --n) {
        if (data.empty()) data = std::string(1, '\0');
        const std::size_t at = below(random, data.size());
        const std::size_t size = std::min<std::size_t>(std::size_t{1} << below(random, 7), data.size() - at);
        switch (below(random, pickle ? 9 : 7)) {
            case 0:
                data[at] = static_cast<char>(data[at] ^ (1 << below(random, 8)));
                break;
            case 1:
                for (std::size_t i = 0; i < size; ++i) data[at + i] = "\x00\xff\x7f\x80"[below(random, 4)];
                break;
            case 2:
                for (std::size_t i = 0; i < size; ++i) data[at + i] = static_cast<char>(below(random, 256));
                break;
            case 3:
                data.erase(at, size);
                break;
            case 4:
                data.insert(at, data.substr(at, size));
                break;
            case 5:
                data.insert(below(random, data.size()), data.substr(at, size));
                break;
            case 6:
                data.resize(at);
                break;
            case 7:
                data[at] = kCodes[below(random, kCodes.size())];
                break;
            default:
                data.insert(at, kPieces[below(random, kPieces.size())]);
        }
    }
    return data;
}

class CheckpointFuzz : public testing::Test {
protected:
    // Whether it was read.
    bool survives(std::uint64_t round) {
        try {
            readReleasedCheckpoint(input_);
            return true;
        } catch (const Error& error) {
            EXPECT_FALSE(error.message().empty()) << "round " << round;
            EXPECT_NE(error.code(), ErrorCode::Internal) << "round " << round << ": " << error.what();
            return false;
        } catch (const std::exception& error) {
            const fs::path kept = fs::temp_directory_path() / ("molspace-fuzz-" + std::to_string(round));
            fs::copy_file(input_, kept, fs::copy_options::overwrite_existing);
            ADD_FAILURE() << "round " << round << ": " << error.what() << "; the input is kept in " << kept;
            return false;
        }
    }

    void run(std::uint64_t rounds, const std::function<void(Random&)>& makeInput) {
        std::uint64_t read = 0;
        std::printf("inputs are written to %s\n", input_.c_str());
        for (std::uint64_t i = 0; i < rounds && !HasFailure(); ++i) {
            Random random(i);
            fs::remove(input_);
            makeInput(random);
            read += survives(i) ? 1 : 0;
        }
        EXPECT_LT(read, rounds);  // damage shows
    }

    test::TestFolder folder_;
    fs::path input_ = folder_ / "input.pt";
    std::vector<std::string> originals_ = originals();
};

TEST_F(CheckpointFuzz, TheOriginalsAreRead) {
    ASSERT_GE(originals_.size(), 6u);
    for (const auto& path : originals_) readReleasedCheckpoint(path);
}

TEST_F(CheckpointFuzz, WholeFiles) {
    std::vector<std::string> bytes;
    for (const auto& path : originals_) bytes.push_back(readFile(path));
    run(inputs() / 3, [&](Random& random) {
        std::ofstream(input_, std::ios::binary) << damaged(bytes[below(random, bytes.size())], random, false);
    });
}

// The archive is whole: damage reaches what reads the pickle and the storages.
TEST_F(CheckpointFuzz, EntriesOfArchives) {
    std::vector<Entries> archives;
    for (const auto& path : originals_) {
        if (auto entries = unzipped(path); !entries.empty()) archives.push_back(std::move(entries));
    }
    ASSERT_GE(archives.size(), 5u);
    run(inputs() / 3, [&](Random& random) {
        Entries entries = archives[below(random, archives.size())];
        // data.pkl is the first.
        const std::size_t victim = below(random, 3) > 0 ? 0 : below(random, entries.size());
        auto& [name, bytes] = entries[victim];
        if (below(random, 20) == 0) name = damaged(name, random, false).substr(0, 60);
        else bytes = damaged(bytes, random, victim == 0);
        std::replace(name.begin(), name.end(), '\0', '_');
        if (below(random, 40) == 0) entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(victim));
        zipped(input_, entries, random);
    });
}

// Pickles alone, several of which may be put together.
TEST_F(CheckpointFuzz, Pickles) {
    std::vector<std::string> pickles;
    for (const auto& path : originals_) {
        const auto entries = unzipped(path);
        pickles.push_back(entries.empty() ? readFile(path) : entries[0].second);
    }
    std::uint64_t read = 0;
    const std::uint64_t rounds = inputs();
    for (std::uint64_t i = 0; i < rounds; ++i) {
        Random random(i);
        std::string pickle = damaged(pickles[below(random, pickles.size())], random, true);
        if (below(random, 10) == 0) pickle += pickles[below(random, pickles.size())];
        try {
            if (below(random, 2) == 0) readLegacy(pickle, "fuzz");
            else readStateDict(pickle, "fuzz");
            ++read;
        } catch (const Error& error) {
            ASSERT_EQ(error.code(), ErrorCode::InvalidInput) << "round " << i << ": " << error.what();
        } catch (const std::exception& error) {
            FAIL() << "round " << i << ": " << error.what();
        }
    }
    EXPECT_LT(read, rounds);
}

}  // namespace
}  // namespace engine
