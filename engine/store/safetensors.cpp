// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstring>
#include <set>

#include "engine/base/error.h"
#include "engine/base/json.h"

namespace engine {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr std::uint64_t kLargestHeader = 100u << 20;

struct TypeName {
    TensorType type;
    const char* name;
    std::size_t size;
};
constexpr TypeName kTypes[] = {
    {TensorType::F64, "F64", 8},   {TensorType::F32, "F32", 4}, {TensorType::F16, "F16", 2},
    {TensorType::BF16, "BF16", 2}, {TensorType::I64, "I64", 8}, {TensorType::I32, "I32", 4},
    {TensorType::U32, "U32", 4},   {TensorType::U8, "U8", 1},   {TensorType::Bool, "BOOL", 1},
};

const TypeName& about(TensorType type) {
    return *std::find_if(std::begin(kTypes), std::end(kTypes), [&](const TypeName& t) { return t.type == type; });
}

// The product of a shape; false if it is too large to be true.
bool elementsOf(const std::vector<std::uint64_t>& shape, std::uint64_t& out) {
    out = 1;
    for (const auto n : shape) {
        if (n != 0 && out > (std::uint64_t{1} << 60) / n) return false;
        out *= n;
    }
    return true;
}

}  // namespace

std::uint64_t TensorView::elements() const {
    std::uint64_t n = 0;
    elementsOf(shape, n);
    return n;
}

std::span<const float> TensorView::f32() const {
    if (type != TensorType::F32)
        throw Error(ErrorCode::InvalidInput, "", std::string("expected float32, found ") + about(type).name);
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(float) != 0) {
        throw Error(ErrorCode::InvalidInput, "", "the tensor does not begin at a multiple of 4 bytes",
                    "write the file again");
    }
    return {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)};
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : path_(path), file_(std::make_shared<const MappedFile>(path)) {
    const auto refuse = [&](const std::string& what) {
        return Error(ErrorCode::InvalidInput, path.string(), what, "the file is no safetensors file, or it is damaged");
    };
    if (file_->size() < 8) throw refuse("expected at least 8 bytes, found " + std::to_string(file_->size()));
    std::uint64_t header_bytes = 0;
    std::memcpy(&header_bytes, file_->data(), 8);
    if (header_bytes > kLargestHeader || header_bytes > file_->size() - 8) {
        throw refuse("its header would have " + std::to_string(header_bytes) + " bytes, the file has " +
                     std::to_string(file_->size()));
    }
    const std::string_view text(reinterpret_cast<const char*>(file_->data()) + 8, header_bytes);
    const Json header = parseJson(text, path.string());
    if (!header.is_object()) throw refuse("expected an object as header");
    const std::uint64_t data_bytes = file_->size() - 8 - header_bytes;
    const std::byte* data = file_->data() + 8 + header_bytes;
    std::vector<std::array<std::uint64_t, 2>> ranges;
    try {
        for (const auto& [name, tensor] : header.items()) {
            if (name == "__metadata__") {
                for (const auto& [key, value] : tensor.items()) metadata_[key] = value.get<std::string>();
                continue;
            }
            TensorView view;
            const auto type = tensor.at("dtype").get<std::string>();
            const auto known =
                std::find_if(std::begin(kTypes), std::end(kTypes), [&](const TypeName& t) { return type == t.name; });
            if (known == std::end(kTypes)) throw refuse("tensor " + name + " has the unknown type " + type);
            view.type = known->type;
            for (const auto& n : tensor.at("shape")) {
                if (!n.is_number_unsigned())
                    throw refuse("tensor " + name + " has a shape that is no list of whole numbers");
                view.shape.push_back(n.get<std::uint64_t>());
            }
            const auto& offsets = tensor.at("data_offsets");
            if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
                !offsets[1].is_number_unsigned()) {
                throw refuse("tensor " + name + " has no two data_offsets");
            }
            const auto first = offsets[0].get<std::uint64_t>(), end = offsets[1].get<std::uint64_t>();
            std::uint64_t elements = 0;
            if (first > end || end > data_bytes) throw refuse("tensor " + name + " lies beyond the end of the file");
            if (!elementsOf(view.shape, elements) || elements > data_bytes || elements * known->size != end - first) {
                throw refuse("tensor " + name + " has " + std::to_string(end - first) +
                             " bytes, which is not its shape times its type");
            }
            view.bytes = {data + first, end - first};
            if (end > first) ranges.push_back({first, end});
            tensors_.emplace(name, std::move(view));
        }
    } catch (const Json::exception& error) {
        throw refuse(std::string("its header is not as it should be: ") + error.what());
    }
    std::sort(ranges.begin(), ranges.end());
    for (std::size_t i = 1; i < ranges.size(); ++i) {
        if (ranges[i][0] < ranges[i - 1][1]) throw refuse("two tensors overlap");
    }
}

const TensorView& SafetensorsFile::at(const std::string& name) const {
    const auto it = tensors_.find(name);
    if (it == tensors_.end()) throw Error(ErrorCode::NotFound, path_.string(), "it has no tensor '" + name + "'");
    return it->second;
}

void SafetensorsWriter::add(std::string name, TensorType type, std::vector<std::uint64_t> shape, const void* data) {
    entries_.push_back({std::move(name), type, std::move(shape), data});
}

void SafetensorsWriter::write(const std::filesystem::path& path,
                              const std::map<std::string, std::string>& metadata) const {
    Json header = Json::object();
    if (!metadata.empty()) {
        for (const auto& [key, value] : metadata) header["__metadata__"][key] = value;
    }
    // Larger elements first, so that every tensor begins at a multiple of its element without gaps.
    std::vector<const Entry*> order;
    for (const auto& e : entries_) order.push_back(&e);
    std::stable_sort(order.begin(), order.end(),
                     [](const Entry* a, const Entry* b) { return about(a->type).size > about(b->type).size; });
    std::uint64_t offset = 0;
    std::vector<std::uint64_t> sizes;
    for (const Entry* e : order) {
        std::uint64_t elements = 0;
        ENGINE_CHECK(elementsOf(e->shape, elements), "a tensor that large");
        ENGINE_CHECK(!header.contains(e->name), "two tensors of one name: " + e->name);
        sizes.push_back(elements * about(e->type).size);
        header[e->name] = {
            {"dtype", about(e->type).name}, {"shape", e->shape}, {"data_offsets", {offset, offset + sizes.back()}}};
        offset += sizes.back();
    }
    std::string text = header.dump();
    while (text.size() % 8 != 0) text += ' ';
    requireDisk(path, offset + text.size() + 8, "writing " + path.filename().string());
    Staging staging(path);
    {
        const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(staging.path().c_str(), "wb"),
                                                                   &std::fclose);
        const auto put = [&](const void* data, std::size_t n) {
            if (!file || (n > 0 && std::fwrite(data, 1, n, file.get()) != n)) {
                const bool full = errno == ENOSPC;
                throw Error(full ? ErrorCode::NoSpace : ErrorCode::Io, path.string(),
                            std::string("cannot write: ") + std::strerror(errno),
                            full ? "free some disk space and run the same command again" : "");
            }
        };
        const std::uint64_t length = text.size();
        put(&length, sizeof length);
        put(text.data(), text.size());
        for (std::size_t i = 0; i < order.size(); ++i) put(order[i]->data, sizes[i]);
        if (std::fflush(file.get()) != 0) put("", 1);
    }
    staging.commit();
}

}  // namespace engine
