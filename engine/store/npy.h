// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// NumPy's array files, format 1.0 to 3.0, little-endian, and the .npz archives of them. A .npy is memory-mapped and
// read by blocks; a member of a .npz is unpacked into memory when it is first read. Headers are checked against the
// file's true size before anything is allocated; Python objects are never unpickled. Reading is thread-safe.
// Errors name file and member, what was expected and found. Source of the layout: NumPy enhancement proposal 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file.h"
#include "engine/base/matrix.h"

namespace engine {

enum class NpyType { F16, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64, Bool, Bytes, Unicode };

struct NpyHeader {
    NpyType type = NpyType::F32;
    std::size_t item_bytes = 4;  // of one element; Bytes and Unicode have any length
    bool fortran = false;
    std::vector<std::uint64_t> shape;
    std::uint64_t data_offset = 0;  // where the elements begin

    std::uint64_t elements() const;
    std::string describe() const;  // "float32 [2000, 512]"
    bool isFloat() const { return type == NpyType::F16 || type == NpyType::F32 || type == NpyType::F64; }
    bool isText() const { return type == NpyType::Bytes || type == NpyType::Unicode; }
};

// Reads the header at the start of an array of `total_bytes`; `start` holds at least its first min(total, 128 KiB)
// bytes. Throws InvalidInput if anything does not agree, the size of the data included.
NpyHeader parseNpyHeader(std::string_view start, std::uint64_t total_bytes, const std::string& where);

// One array, mapped from a .npy or unpacked from a .npz.
class NpyArray {
public:
    explicit NpyArray(const std::filesystem::path& path);
    // Takes the bytes of a whole .npy.
    NpyArray(std::string bytes, std::string where);

    const NpyHeader& header() const { return header_; }
    const std::string& where() const { return where_; }

    // The array as [rows, width]: a 2-D array, or slice `index` of a 3-D one ([n, rows, width]). `index` must be -1 for
    // 2-D. Throws, with what is there, for any other shape and for Fortran order of 3-D arrays.
    void checkMatrix(std::int64_t index, std::uint64_t& rows, std::uint64_t& width) const;
    // Rows first..first+count-1 of that matrix as float32 into out [count, width]; any numeric type.
    void readRows(std::int64_t index, std::uint64_t first, std::uint64_t count, float* out) const;

    std::vector<std::int64_t> integers() const;  // 1-D, integer types and bool
    std::vector<std::string> strings() const;    // 1-D, text types (UTF-8); integers in decimal

private:
    const std::byte* data() const { return bytes_.data() + header_.data_offset; }

    std::string where_;
    std::shared_ptr<const MappedFile> file_;
    std::shared_ptr<const std::string> owned_;
    std::span<const std::byte> bytes_;
    NpyHeader header_;
};

// Writes matrix rows as .npy (C order, float32), whole, then renamed.
void writeNpy(const std::filesystem::path& path, MatrixView rows);
// The header of a C-order .npy of any dtype ("<f4", "<i8", ...), padded to 64 bytes, for writers that stream.
std::string npyHeader(const std::string& dtype, const std::vector<std::uint64_t>& shape);

// What an archive may unpack to: members over `max_bytes`, or over `ratio_from_bytes` and packed more than `max_ratio`
// times, are refused before a byte is unpacked.
struct NpzLimits {
    std::uint64_t max_bytes = 0;  // 0: half of the memory that is free
    std::uint64_t ratio_from_bytes = std::uint64_t{64} << 20;
    double max_ratio = 200;
};

// A .npz. Opening reads the directory only.
class NpzFile {
public:
    explicit NpzFile(const std::filesystem::path& path, NpzLimits limits = {});
    // Names without ".npy", in the archive's order; other entries are left out.
    const std::vector<std::string>& members() const { return members_; }
    NpyHeader header(const std::string& member) const;
    // Unpacks the member; sizes and CRC-32 are checked. Throws NotFound with the nearest name.
    NpyArray read(const std::string& member) const;

private:
    struct Entry;
    Entry locate(const std::string& member) const;

    std::filesystem::path path_;
    NpzLimits limits_;
    std::vector<std::string> members_;
};

}  // namespace engine
