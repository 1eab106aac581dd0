// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The safetensors format: an 8-byte length, a JSON header, tensors as raw little-endian bytes. Weights, components of
// products and exports are kept in it; readers map the file and copy nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/file.h"

namespace engine {

enum class TensorType { F64, F32, F16, BF16, I64, I32, U32, U8, Bool };

struct TensorView {
    TensorType type = TensorType::F32;
    std::vector<std::uint64_t> shape;
    std::span<const std::byte> bytes;  // into the mapped file

    std::uint64_t elements() const;
    // The bytes as float32 without a copy; throws if the type is another or the place is not aligned.
    std::span<const float> f32() const;
};

// Checks the header wholly (offsets within the file, no overlap, sizes that agree with shapes, no duplicate names).
class SafetensorsFile {
public:
    explicit SafetensorsFile(const std::filesystem::path& path);
    const std::map<std::string, TensorView>& tensors() const { return tensors_; }
    const TensorView& at(const std::string& name) const;  // throws NotFound, naming file and tensor
    const std::map<std::string, std::string>& metadata() const { return metadata_; }
    const std::filesystem::path& path() const { return path_; }
    std::shared_ptr<const MappedFile> mapping() const { return file_; }

private:
    std::filesystem::path path_;
    std::shared_ptr<const MappedFile> file_;
    std::map<std::string, TensorView> tensors_;
    std::map<std::string, std::string> metadata_;
};

// Collects tensors (not copied: they must live until write) and writes the file whole, then renames. The data of every
// tensor begins at a multiple of 8 bytes, that of float tensors is mapped without a copy.
class SafetensorsWriter {
public:
    void add(std::string name, TensorType type, std::vector<std::uint64_t> shape, const void* data);
    void write(const std::filesystem::path& path, const std::map<std::string, std::string>& metadata = {}) const;

private:
    struct Entry {
        std::string name;
        TensorType type;
        std::vector<std::uint64_t> shape;
        const void* data;
    };
    std::vector<Entry> entries_;
};

}  // namespace engine
