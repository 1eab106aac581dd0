// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Results are written whole, then renamed: a kill, a full disk or a bad input never loses or half-writes anything.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace engine {

// A path beside `target` ("target.partial-<pid>-<n>") to write to; commit() syncs and renames it over `target`,
// otherwise the destructor removes it. Works for files and folders (a folder replaces an existing one by two renames).
// Leftovers of killed processes are removed when the next one is made for the same target.
class Staging {
public:
    explicit Staging(std::filesystem::path target);
    ~Staging();
    Staging(const Staging&) = delete;
    Staging& operator=(const Staging&) = delete;

    const std::filesystem::path& path() const { return path_; }
    void commit();

private:
    std::filesystem::path target_, path_;
    bool committed_ = false;
};

// Writes `bytes` to `path` through Staging. Errors name the path and the reason (disk full, permission, ...).
void writeFileWhole(const std::filesystem::path& path, std::string_view bytes);
std::string readFile(const std::filesystem::path& path, std::uint64_t max_bytes = std::uint64_t{1} << 30);

// A folder's one-writer lock (flock on <folder>/.lock): released when the process ends, however it ends.
class WriterLock {
public:
    // Throws Error{Busy} naming the other process if it is held.
    explicit WriterLock(const std::filesystem::path& folder);
    ~WriterLock();
    WriterLock(const WriterLock&) = delete;
    WriterLock& operator=(const WriterLock&) = delete;

private:
    int fd_ = -1;
};

// A read-only memory map of a whole file.
class MappedFile {
public:
    explicit MappedFile(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    const std::byte* data() const { return data_; }
    std::uint64_t size() const { return size_; }

private:
    const std::byte* data_ = nullptr;
    std::uint64_t size_ = 0;
};

std::uint64_t freeDiskBytes(const std::filesystem::path& path);  // of the file system that would hold `path`
std::uint64_t availableMemoryBytes();                            // MemAvailable, or the control group's rest
// Throws Error{NoSpace} with both figures if `needed` exceeds what is there.
void requireDisk(const std::filesystem::path& path, std::uint64_t needed, const std::string& what);
void requireMemory(std::uint64_t needed, std::uint64_t budget, const std::string& what);
std::string humanBytes(std::uint64_t bytes);  // "1.4 GiB"
std::uint64_t bytesOfGib(double gib);

// XXH3-128 in hex, for fingerprints of inputs (not for security).
std::string hashHex(std::string_view bytes);

}  // namespace engine
