// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <zip.h>

#include <cstdint>
#include <string>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/package/torch_file.h"

namespace engine {
namespace {

// 1980-01-01, the first day of zip: the same weights give the same bytes.
constexpr std::uint16_t kDosDate = (1 << 5) | 1, kDosTime = 0;

// The few opcodes of pickle protocol 2 that a state_dict needs.
class Pickle {
public:
    Pickle() : out_("\x80\x02", 2) {}
    void op(char code) { out_ += code; }
    void global(const char* module, const char* name) { out_ += std::string("c") + module + "\n" + name + "\n"; }
    void text(const std::string& s) {
        op('X');
        little(static_cast<std::uint32_t>(s.size()));
        out_ += s;
    }
    void integer(std::uint64_t value) {
        ENGINE_CHECK(value <= 0x7FFFFFFF, "a number too large for this opcode");
        op('J');
        little(static_cast<std::uint32_t>(value));
    }
    void emptyOrderedDict() {
        global("collections", "OrderedDict");
        out_ += ")R";  // called with no arguments
    }
    void tuple(const std::vector<std::uint64_t>& values) {
        op('(');
        for (const auto v : values) integer(v);
        op('t');
    }
    // torch._utils._rebuild_tensor_v2(storage, 0, size, stride, False, OrderedDict())
    void tensor(const ConstWeightTensor& t, std::size_t index) {
        const std::uint64_t elements = t.values ? t.values->size() : 1;
        global("torch._utils", "_rebuild_tensor_v2");
        op('(');
        op('(');  // the persistent id of the storage
        text("storage");
        global("torch", t.counter ? "LongStorage" : "FloatStorage");
        text(std::to_string(index));
        text("cpu");
        integer(elements);
        op('t');
        op('Q');
        integer(0);
        std::vector<std::uint64_t> stride(t.shape.size(), 1);
        for (std::size_t i = t.shape.size(); i-- > 1;) stride[i - 1] = stride[i] * t.shape[i];
        tuple(t.shape);
        tuple(stride);
        op('\x89');
        emptyOrderedDict();
        op('t');
        op('R');
    }
    std::string finish() {
        op('.');
        return std::move(out_);
    }

private:
    void little(std::uint32_t value) {
        for (int i = 0; i < 4; ++i) out_ += static_cast<char>(value >> (8 * i) & 0xFF);
    }
    std::string out_;
};

[[noreturn]] void failZip(const std::filesystem::path& path, zip_t* archive) {
    const std::string reason = archive ? zip_strerror(archive) : "cannot be made";
    if (archive) zip_discard(archive);
    throw Error(ErrorCode::Io, path.string(), "cannot write the archive: " + reason,
                "check the free space of the disk");
}

}  // namespace

void writeTorchFile(const std::filesystem::path& target, const std::vector<ConstWeightTensor>& tensors) {
    Staging staging(target);
    const std::filesystem::path& path = staging.path();
    Pickle pickle;
    pickle.emptyOrderedDict();
    pickle.op('(');
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        pickle.text(tensors[i].name);
        pickle.tensor(tensors[i], i);
    }
    pickle.op('u');
    const std::string program = pickle.finish();

    int code = 0;
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_EXCL, &code);
    if (archive == nullptr) failZip(path, nullptr);
    const std::string root = target.stem().string() + "/";
    // libzip looks at the bytes when it closes the archive: they live until then.
    const auto add = [&](const std::string& name, const void* data, std::uint64_t bytes) {
        zip_source_t* source = zip_source_buffer(archive, data, bytes, 0);
        if (source == nullptr) failZip(path, archive);
        const auto index = zip_file_add(archive, (root + name).c_str(), source, ZIP_FL_ENC_UTF_8);
        if (index < 0) {
            zip_source_free(source);
            failZip(path, archive);
        }
        const auto entry = static_cast<zip_uint64_t>(index);
        if (zip_set_file_compression(archive, entry, ZIP_CM_STORE, 0) != 0 ||
            zip_file_set_dostime(archive, entry, kDosTime, kDosDate, 0) != 0) {
            failZip(path, archive);
        }
    };
    static constexpr char kOrder[] = "little", kVersion[] = "3\n";
    add("data.pkl", program.data(), program.size());
    add("byteorder", kOrder, sizeof kOrder - 1);
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        const auto& t = tensors[i];
        if (t.counter) add("data/" + std::to_string(i), t.counter, sizeof *t.counter);
        else add("data/" + std::to_string(i), t.values->data(), t.values->size() * sizeof(float));
    }
    add("version", kVersion, sizeof kVersion - 1);
    if (zip_close(archive) != 0) failZip(path, archive);
    staging.commit();
}

}  // namespace engine
