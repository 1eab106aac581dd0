// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// HDF5 as far as the engine needs it: tables of numbers, lists of text, attributes. Every call takes one lock of the
// process, because the library is not thread-safe; so these classes may be used from any thread. Errors name file and
// dataset with HDF5's own reason. Hostile files give errors: sizes are checked against the file before memory is taken.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace engine {

enum class Hdf5Type { Float16, Float32, Float64, Integer, Text, Other };

struct Hdf5Dataset {
    Hdf5Type type = Hdf5Type::Other;
    std::vector<std::uint64_t> shape;
    // Where float16 or float32 values lie in `data_file` as one run of little-endian bytes, if they do: they can be
    // mapped then.
    std::optional<std::uint64_t> offset;
    std::filesystem::path data_file;  // the file itself, or another that a link led to
};

class Hdf5File {
public:
    static Hdf5File open(const std::filesystem::path& path);  // for reading; a second process may read and write others
    static Hdf5File create(const std::filesystem::path& path);  // truncates
    ~Hdf5File();
    Hdf5File(Hdf5File&&) noexcept;
    Hdf5File& operator=(Hdf5File&&) noexcept;

    const std::filesystem::path& path() const { return path_; }
    // Flushes and closes; errors of the last write are seen here.
    void close();

    bool exists(const std::string& name) const;
    Hdf5Dataset dataset(const std::string& name) const;
    std::vector<std::string> children(const std::string& group) const;  // in the order of names
    // A problem for each external link that is absolute or leaves the folder of the file.
    std::string externalLink(const std::string& name) const;  // "pools/text.h5", empty: no external link

    // Rows of a table [n, width] (or a list [n], width 1) of floats or integers as float32.
    void readRows(const std::string& name, std::uint64_t first, std::uint64_t count, float* out) const;
    // Items of a table of any shape [n, ...]: each the product of the other extents in numbers.
    void readItems(const std::string& name, std::uint64_t first, std::uint64_t count, float* out) const;
    // A plane `index` of a 3-D table [k, n, width].
    void readPlane(const std::string& name, std::uint64_t index, std::uint64_t first, std::uint64_t count,
                   float* out) const;
    std::vector<std::string> readTexts(const std::string& name, std::uint64_t first, std::uint64_t count) const;
    std::vector<std::int64_t> readIntegers(const std::string& name) const;  // all elements
    std::optional<std::string> textAttribute(const std::string& object, const std::string& name) const;
    std::optional<double> numberAttribute(const std::string& object, const std::string& name) const;

    void makeGroup(const std::string& name);
    // Contiguous [rows, width], to be filled by writeRows.
    void createRows(const std::string& name, std::uint64_t rows, std::uint64_t width, bool half);
    void writeRows(const std::string& name, std::uint64_t first, std::uint64_t count, std::uint64_t width,
                   const float* rows);
    void writeTexts(const std::string& name, const std::vector<std::string>& texts);
    void writeIntegers(const std::string& name, const std::vector<std::uint32_t>& values, std::uint64_t columns);
    void writeDoubles(const std::string& name, const std::vector<double>& values,
                      const std::vector<std::uint64_t>& shape);
    void setAttribute(const std::string& object, const std::string& name, const std::string& text);
    void setAttribute(const std::string& object, const std::string& name, double number);
    void linkExternal(const std::string& name, const std::string& file, const std::string& target);

private:
    Hdf5File(std::filesystem::path path, std::int64_t id) : path_(std::move(path)), id_(id) {}
    std::filesystem::path path_;
    std::int64_t id_ = -1;
};

}  // namespace engine
