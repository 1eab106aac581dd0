// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The machine that reads pickles: what it takes, and programs made by hand that it must refuse; and files whose pickle
// says other things of their storages than the file has.
#include "engine/package/pickle.h"

#include <gtest/gtest.h>
#include <zip.h>

#include <map>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/package/torch_file.h"
#include "tests/support/test_folder.h"

namespace engine {
namespace {

using namespace std::string_literals;

const std::string kRebuild = "ctorch._utils\n_rebuild_tensor_v2\n";
const std::string kHooks = "ccollections\nOrderedDict\n)R";

std::string text(const std::string& s) {
    return "X"s + static_cast<char>(s.size()) + "\0\0\0"s + s;
}

std::string number(std::int64_t n) {
    std::string out = "\x8a\x08"s;
    for (int i = 0; i < 8; ++i) out += static_cast<char>(static_cast<std::uint64_t>(n) >> (8 * i) & 0xFF);
    return out;
}

std::string tuple(const std::vector<std::int64_t>& values) {
    std::string out = "(";
    for (const auto v : values) out += number(v);
    return out + "t";
}

std::string storage(std::int64_t elements, const std::string& key = "0", const std::string& type = "FloatStorage") {
    return "(" + text("storage") + "ctorch\n" + type + "\n" + text(key) + text("cpu") + number(elements) + "tQ";
}

std::string tensor(std::int64_t elements, std::int64_t offset, const std::vector<std::int64_t>& shape,
                   const std::vector<std::int64_t>& stride, const std::string& type = "FloatStorage") {
    return kRebuild + "(" + storage(elements, "0", type) + number(offset) + tuple(shape) + tuple(stride) + "\x89" +
           kHooks + "tR";
}

std::string dictionary(const std::string& value) {
    return "\x80\x02}" + text("w") + value + "s.";
}

std::vector<PickledTensor> read(const std::string& pickle) {
    return readStateDict(pickle, "x.pt#data.pkl");
}

TEST(Pickle, TakesAViewOfAStorage) {
    const auto found = read(dictionary(tensor(100, 7, {3, 4}, {1, 20})));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].name, "w");
    EXPECT_EQ(found[0].storage, "0");
    EXPECT_EQ(found[0].type, TorchType::F32);
    EXPECT_EQ(found[0].offset, 7u);
    EXPECT_EQ(found[0].shape, (std::vector<std::uint64_t>{3, 4}));
    EXPECT_EQ(found[0].stride, (std::vector<std::uint64_t>{1, 20}));
    EXPECT_EQ(read(dictionary(tensor(1, 0, {}, {})))[0].elements(), 1u);
    EXPECT_EQ(read(dictionary(tensor(0, 0, {0}, {1})))[0].elements(), 0u);
    EXPECT_EQ(read(dictionary("}" + text("v") + tensor(2, 0, {2}, {1}) + "s"))[0].name, "w.v");
}

TEST(Pickle, RefusesWhatIsNoStateDict) {
    const std::string many(3000, '}');
    std::string deep = "\x80\x02}";
    for (int i = 0; i < 40; ++i) deep += text("d") + "}";
    deep += std::string(40, 's') + ".";
    std::string laughs = "\x80\x02]q\x00"s;  // lists of lists of lists: small in memory, endless if walked
    for (int i = 0; i < 60; ++i) laughs += "]" + std::string("h\x00h\x00"s) + "aa" + "q\x00"s;
    const std::map<std::string, std::pair<std::string, std::string>> cases = {
        {"call",
         {"\x80\x02"
          "cposix\nsystem\n" +
              text("true") + "\x85R.",
          "posix.system"}},
        {"stack call", {"\x80\x04" + text("os") + text("system") + "\x93" + text("true") + "\x85R.", "os.system"}},
        {"builtin",
         {"\x80\x02"
          "c__builtin__\neval\n" +
              text("1") + "\x85R.",
          "__builtin__.eval"}},
        {"torch function",
         {"\x80\x02"
          "ctorch\nload\n" +
              text("x") + "\x85R.",
          "torch.load"}},
        {"dotted", {"\x80\x04" + text("torch") + text("FloatStorage.__init__") + "\x93.", "FloatStorage.__init__"}},
        {"numpy",
         {"\x80\x02"
          "cnumpy.core.multiarray\n_reconstruct\n.",
          "_reconstruct"}},
        {"instance", {"\x80\x02(iposix\nsystem\n.", "0x69"}},
        {"object", {"\x80\x02(cos\nsystem\no.", "os.system"}},
        {"new object",
         {"\x80\x02"
          "ccollections\nOrderedDict\n)\x81.",
          "0x81"}},
        {"extension", {"\x80\x02\x82\x01.", "0x82"}},
        {"text id", {"\x80\x02Pkey\n.", "0x50"}},
        {"call of a storage",
         {"\x80\x02"
          "ctorch\nFloatStorage\n)R.",
          "calls torch.FloatStorage"}},
        {"call of a number", {"\x80\x02K\x01)R.", "found a number"}},
        {"protocol", {"\x80\x07}.", "protocol 5 or less"}},
        {"frame", {"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f}.", "a frame reaches beyond"}},
        {"underflow",
         {"\x80\x02"
          "0.",
          "0x30"}},
        {"nothing left", {"\x80\x02.", "other than one value"}},
        {"two left", {"\x80\x02}}.", "other than one value"}},
        {"mark left", {"\x80\x02}(.", "other than one value"}},
        {"no mark", {"\x80\x02}t.", "takes more than is there"}},
        {"below a mark", {"\x80\x02}(" + text("k") + "s.", "takes more than is there"}},
        {"memo", {"\x80\x02h\x05.", "did not keep"}},
        {"no end", {"\x80\x02}", "ends within a value"}},
        {"empty", {"", "ends within a value"}},
        {"long text", {"\x80\x02X\xff\xff\xff\x7f.", "names of tensors are not so long"}},
        {"line without end",
         {"\x80\x02"
          "c" +
              std::string(5000, 'a'),
          "end of a line"}},
        {"many", {"\x80\x02" + many + ".", "other than one value"}},
        {"deep", {deep, "more than 16 deep"}},
        {"itself", {"\x80\x02}q\x00"s + text("w") + "h\x00s."s, "more than 16 deep"}},
        {"laughs", {laughs + ".", "other than one value"}},
        {"odd", {"\x80\x02}(" + text("w") + "u.", "a key without a value"}},
        {"items of a list", {"\x80\x02](" + text("w") + "K\x01u.", "found a list"}},
        {"attributes", {"\x80\x02" + kHooks + "}" + text("__class__") + "K\x01sb.", "_metadata"}},
        {"attributes of a tensor",
         {"\x80\x02" + tensor(1, 0, {1}, {1}) + "}" + text("_metadata") + "}sb.", "found a tensor"}},
        {"negative size", {dictionary(tensor(10, 0, {-1}, {1})), "of 0 or more"}},
        {"negative stride", {dictionary(tensor(10, 9, {2}, {-1})), "of 0 or more"}},
        {"negative offset", {dictionary(tensor(10, -1, {2}, {1})), "of 0 or more"}},
        {"beyond", {dictionary(tensor(10, 5, {6}, {1})), "beyond its storage"}},
        {"repeats", {dictionary(tensor(10, 0, {11}, {0})), "beyond its storage"}},
        {"overflow",
         {dictionary(tensor(10, 0, {1 << 30, 1 << 30, 1 << 30, 1 << 30}, {0, 0, 0, 0})), "beyond its storage"}},
        {"stride overflow", {dictionary(tensor(10, 0, {2, 2}, {INT64_MAX, INT64_MAX})), "beyond its storage"}},
        {"offset overflow", {dictionary(tensor(10, INT64_MAX, {2}, {INT64_MAX})), "beyond its storage"}},
        {"huge storage", {dictionary(tensor(INT64_MAX, 0, {1}, {1})), "a storage of"}},
        {"ranks", {dictionary(tensor(10, 0, {2, 2}, {1})), "2 sizes and 1 strides"}},
        {"dimensions",
         {dictionary(tensor(10, 0, std::vector<std::int64_t>(40, 1), std::vector<std::int64_t>(40, 1))), "at most 16"}},
        {"storage name",
         {dictionary(kRebuild + "(" + storage(1, "0", "ComplexFloatStorage") + "tR"), "ComplexFloatStorage"}},
        {"no storage", {dictionary(kRebuild + "(}" + number(0) + "))\x89}tR"), "found a dictionary"}},
        {"other id", {"\x80\x02(" + text("module") + "}}}}tQ.", "outside"}},
        {"id of no tuple", {"\x80\x02" + text("key") + "Q.", "found a text"}},
        {"twice",
         {"\x80\x02}" + text("w") + tensor(1, 0, {1}, {1}) + "s" + text("w") + tensor(1, 0, {1}, {1}) + "s.",
          "two tensors"}},
        {"only a tensor", {"\x80\x02" + tensor(1, 0, {1}, {1}) + ".", "found a tensor"}},
    };
    for (const auto& [name, what] : cases) {
        try {
            read(what.first);
            ADD_FAILURE() << name << " was read";
        } catch (const Error& error) {
            EXPECT_NE(error.message().find(what.second), std::string::npos) << name << ": " << error.what();
            EXPECT_NE(error.where().find("x.pt#data.pkl byte "), std::string::npos) << name << ": " << error.what();
            EXPECT_EQ(error.code(), ErrorCode::InvalidInput) << name;
        }
    }
}

// A value that is kept and used again and again must not cost its length each time.
TEST(Pickle, AValueUsedAgainIsNotCopied) {
    const auto refusal = [](const std::string& pickle) -> std::string {
        try {
            read(pickle);
        } catch (const Error& error) {
            return error.message();
        }
        return {};
    };
    // One id of a storage with a key of 1000 bytes, used a million times: a gigabyte of keys.
    std::string pickle = "\x80\x02("s + text("storage") + "ctorch\nFloatStorage\nX\xe8\x03\0\0"s +
                         std::string(1000, 'k') + text("cpu") + number(1) + "tq\x01";
    for (int i = 0; i < 1000000; ++i) pickle += "h\x01Q";
    EXPECT_EQ(refusal(pickle + "."), "more than 20000 storages");
    // A tuple of 5000 numbers as the id of a storage, and as the numbers of a torch.Size.
    pickle = "\x80\x02("s + std::string(5000, 'N') + "tq\x01";
    EXPECT_NE(refusal(pickle + "Q.").find("at most 16 parts, found 5000"), std::string::npos);
    EXPECT_NE(refusal(pickle + "\x85q\x02" + "ctorch\nSize\nh\x02R.").find("at most 16 parts, found 5000"),
              std::string::npos);
}

TEST(Pickle, SizesAreLimited) {
    EXPECT_THROW(read(std::string(std::size_t{5} << 20, '}')), Error);
    PickleLimits few;
    few.tensors = 2;
    std::string pickle = "\x80\x02}";
    for (int i = 0; i < 3; ++i) pickle += text(std::to_string(i)) + tensor(1, 0, {1}, {1}) + "s";
    EXPECT_EQ(readStateDict(pickle + ".", "x").size(), 3u);
    EXPECT_THROW(readStateDict(pickle + ".", "x", few), Error);
}

// A file of PyTorch before 1.6 with that state_dict and one storage of `bytes`.
std::string legacyFile(const std::string& state_dict, std::uint64_t elements, const std::string& bytes) {
    std::string count;
    for (int i = 0; i < 8; ++i) count += static_cast<char>(elements >> (8 * i) & 0xFF);
    return "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19." + "\x80\x02M\xe9\x03."s + "\x80\x02}" +
           text("little_endian") + "\x88s." + state_dict + "\x80\x02]" + text("0") + "a." + count + bytes;
}

// Two tensors name one storage, 1000 bytes to one and 1000 float32 to the other: what the second asks for lies behind
// the file's end.
TEST(TorchFile, TensorsOfAStorageAgreeOnIt) {
    const test::TestFolder folder;
    const auto file = [&](const std::string& second) {
        const auto path = folder / (second + ".pt");
        writeFileWhole(path, legacyFile("\x80\x02}" + text("a") + tensor(1000, 0, {1000}, {1}) + "s" + text("b") +
                                            tensor(1000, 0, {1000}, {1}, second) + "s.",
                                        1000, std::string(second == "ByteStorage" ? 1000 : 4000, '\0')));
        return path;
    };
    TorchFile good(file("FloatStorage"));
    EXPECT_EQ(good.floats(good.tensors().at(0)), std::vector<float>(1000, 0.0f));
    try {
        TorchFile hostile(file("ByteStorage"));
        FAIL() << "it was read";
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("1000 uint8 and, for a, 1000 float32"), std::string::npos) << error.what();
    }
}

// Whoever reads a tensor makes room for it by its shape: a small file must not ask for 16 GiB.
TEST(TorchFile, ATensorIsNoLargerThanItsFile) {
    const test::TestFolder folder;
    const std::string pickle = dictionary(tensor(1LL << 32, 0, {1 << 16, 1 << 16}, {1 << 16, 1}));
    const auto path = folder / "huge.pt";
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE, nullptr);
    ASSERT_NE(archive, nullptr);
    const std::string zero = "zero";
    for (const auto& [name, bytes] : {std::pair{"huge/data.pkl", &pickle}, std::pair{"huge/data/0", &zero}}) {
        const auto index =
            zip_file_add(archive, name, zip_source_buffer(archive, bytes->data(), bytes->size(), 0), ZIP_FL_ENC_UTF_8);
        ASSERT_GE(index, 0);
        zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
    }
    ASSERT_EQ(zip_close(archive), 0);
    try {
        TorchFile hostile(path);
        FAIL() << "it was read";
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("4294967296 float32 for w, found 4"), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace engine
