// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>
#include <utility>

#include "engine/base/error.h"

namespace engine {
namespace fs = std::filesystem;
namespace {

std::string reason(int code) {
    return std::strerror(code);
}

Error ioError(const fs::path& path, const std::string& what, int code) {
    const bool full = code == ENOSPC || code == EDQUOT;
    return Error(full ? ErrorCode::NoSpace : ErrorCode::Io, path.string(), what + ": " + reason(code),
                 full ? "free some disk space and run the same command again" : "");
}

class Descriptor {
public:
    Descriptor(const fs::path& path, int flags, mode_t mode = 0644)
        : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

private:
    int fd_;
};

// Of a file that was opened to be read, or could not be.
std::uint64_t sizeOfFile(const Descriptor& file, const fs::path& path) {
    if (file.get() < 0) {
        throw Error(errno == ENOENT ? ErrorCode::NotFound : ErrorCode::Io, path.string(),
                    "cannot read: " + reason(errno));
    }
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) throw ioError(path, "cannot read", errno);
    if (!S_ISREG(info.st_mode))
        throw Error(ErrorCode::InvalidInput, path.string(), "expected a file, found something else");
    return static_cast<std::uint64_t>(info.st_size);
}

void syncPath(const fs::path& path, bool folder) {
    const Descriptor file(path, folder ? O_RDONLY | O_DIRECTORY : O_RDONLY);
    if (file.get() < 0) throw ioError(path, "cannot open it to write it through to the disk", errno);
    // Some file systems refuse to sync folders; there is nothing better to do then.
    if (::fsync(file.get()) != 0 && errno != EINVAL && errno != EROFS)
        throw ioError(path, "cannot write it through", errno);
}

void syncTree(const fs::path& path) {
    if (!fs::is_directory(path)) {
        syncPath(path, false);
        return;
    }
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
        if (entry.is_regular_file()) syncPath(entry.path(), false);
    }
    syncPath(path, true);
}

std::string partialPrefix(const fs::path& target) {
    return target.filename().string() + ".partial-";
}

// The process number in "<prefix><pid>-<n>".
std::optional<pid_t> partialOwner(const std::string& name, const std::string& prefix) {
    if (!name.starts_with(prefix)) return std::nullopt;
    pid_t pid = 0;
    const char* first = name.data() + prefix.size();
    const auto [end, error] = std::from_chars(first, name.data() + name.size(), pid);
    if (error != std::errc() || end == name.data() + name.size() || *end != '-') return std::nullopt;
    return pid;
}

void removeLeftovers(const fs::path& target) {
    std::error_code ignored;
    const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
    const std::string prefix = partialPrefix(target);
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        const auto owner = partialOwner(entry.path().filename().string(), prefix);
        if (!owner) continue;
        const bool alive = *owner == ::getpid() || ::kill(*owner, 0) == 0 || errno == EPERM;
        if (!alive) fs::remove_all(entry.path(), ignored);
    }
}

// A number in a file that holds nothing else, such as a control group's limit; "max" is nothing.
std::optional<std::uint64_t> numberIn(const char* path) {
    std::ifstream in(path);
    std::uint64_t value = 0;
    if (!(in >> value)) return std::nullopt;
    return value;
}

}  // namespace

Staging::Staging(fs::path target) : target_(std::move(target)) {
    static std::atomic<unsigned> next{0};
    if (!target_.has_filename()) target_ = target_.parent_path();  // "out/" is "out"
    const fs::path folder = target_.has_parent_path() ? target_.parent_path() : fs::path(".");
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) throw ioError(folder, "cannot make the folder", error.value());
    removeLeftovers(target_);
    path_ = folder / (partialPrefix(target_) + std::to_string(::getpid()) + "-" + std::to_string(next++));
}

Staging::~Staging() {
    if (committed_) return;
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

void Staging::commit() {
    if (!fs::exists(path_)) throw Error(ErrorCode::Internal, path_.string(), "nothing was written before the commit");
    syncTree(path_);
    const fs::path folder = target_.has_parent_path() ? target_.parent_path() : fs::path(".");
    if (fs::is_directory(path_) && fs::exists(target_)) {
        // A folder cannot be renamed over one that is not empty: exchange the two, then remove the old.
        if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) != 0) {
            const fs::path old = path_.string() + ".old";
            if (::rename(target_.c_str(), old.c_str()) != 0) throw ioError(target_, "cannot put it aside", errno);
            if (::rename(path_.c_str(), target_.c_str()) != 0) {
                const int code = errno;
                ::rename(old.c_str(), target_.c_str());
                throw ioError(target_, "cannot rename the finished folder to it", code);
            }
            std::error_code ignored;
            fs::remove_all(old, ignored);
            committed_ = true;
            syncPath(folder, true);
            return;
        }
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    } else if (::rename(path_.c_str(), target_.c_str()) != 0) {
        throw ioError(target_, "cannot rename the finished file to it", errno);
    }
    committed_ = true;
    syncPath(folder, true);
}

void writeFileWhole(const fs::path& path, std::string_view bytes) {
    Staging staging(path);
    {
        const Descriptor file(staging.path(), O_WRONLY | O_CREAT | O_TRUNC);
        if (file.get() < 0) throw ioError(path, "cannot write", errno);
        while (!bytes.empty()) {
            const ssize_t n = ::write(file.get(), bytes.data(), bytes.size());
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) throw ioError(path, "cannot write", errno);
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
    }
    staging.commit();
}

std::string readFile(const fs::path& path, std::uint64_t max_bytes) {
    const Descriptor file(path, O_RDONLY);
    const std::uint64_t size = sizeOfFile(file, path);
    if (size > max_bytes) {
        throw Error(ErrorCode::InvalidInput, path.string(),
                    "expected at most " + humanBytes(max_bytes) + ", found " + humanBytes(size));
    }
    std::string out(size, '\0');
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t n = ::read(file.get(), out.data() + done, out.size() - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw ioError(path, "cannot read", errno);
        if (n == 0) break;
        done += static_cast<std::size_t>(n);
    }
    out.resize(done);
    return out;
}

WriterLock::WriterLock(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) throw ioError(folder, "cannot make the folder", error.value());
    const fs::path path = folder / ".lock";
    Descriptor file(path, O_RDWR | O_CREAT);
    if (file.get() < 0) throw ioError(path, "cannot open the writer's lock", errno);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        std::array<char, 32> text{};
        const ssize_t n = ::pread(file.get(), text.data(), text.size() - 1, 0);
        const std::string who = n > 0 ? " (process " + std::string(text.data(), static_cast<std::size_t>(n)) + ")" : "";
        throw Error(ErrorCode::Busy, folder.string(), "another process is writing to it" + who,
                    "wait until it has finished, or stop it");
    }
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(file.get(), 0) != 0 || ::pwrite(file.get(), pid.data(), pid.size(), 0) < 0) {
        throw ioError(path, "cannot write the writer's lock", errno);
    }
    fd_ = file.release();
}

WriterLock::~WriterLock() {
    if (fd_ >= 0) ::close(fd_);
}

MappedFile::MappedFile(const fs::path& path) {
    const Descriptor file(path, O_RDONLY);
    size_ = sizeOfFile(file, path);
    if (size_ == 0) return;
    void* memory = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED) throw ioError(path, "cannot map", errno);
    data_ = static_cast<const std::byte*>(memory);
}

MappedFile::~MappedFile() {
    if (data_) ::munmap(const_cast<std::byte*>(data_), size_);
}

std::uint64_t freeDiskBytes(const fs::path& path) {
    fs::path there = fs::absolute(path);
    while (!there.empty() && !fs::exists(there) && there != there.parent_path()) there = there.parent_path();
    struct statvfs info {};
    if (::statvfs(there.c_str(), &info) != 0) throw ioError(there, "cannot ask for the free space", errno);
    return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

std::uint64_t availableMemoryBytes() {
    std::uint64_t available = 0;
    std::ifstream in("/proc/meminfo");
    for (std::string line; std::getline(in, line);) {
        unsigned long long kib = 0;
        if (std::sscanf(line.c_str(), "MemAvailable: %llu kB", &kib) == 1) available = kib * 1024;
    }
    const auto limit = numberIn("/sys/fs/cgroup/memory.max");
    const auto used = numberIn("/sys/fs/cgroup/memory.current");
    if (limit && used) available = std::min<std::uint64_t>(available, *limit > *used ? *limit - *used : 0);
    return available;
}

void requireDisk(const fs::path& path, std::uint64_t needed, const std::string& what) {
    const std::uint64_t there = freeDiskBytes(path);
    if (needed > there) {
        throw Error(ErrorCode::NoSpace, path.string(),
                    what + " needs " + humanBytes(needed) + " of disk, and " + humanBytes(there) + " are free",
                    "free some space or choose a folder on another disk");
    }
}

void requireMemory(std::uint64_t needed, std::uint64_t budget, const std::string& what) {
    if (needed > budget) {
        throw Error(ErrorCode::NoSpace, "",
                    what + " needs " + humanBytes(needed) + " of memory, and the budget is " + humanBytes(budget),
                    "raise --memory-gib or make the work smaller");
    }
}

std::uint64_t bytesOfGib(double gib) {
    return static_cast<std::uint64_t>(gib * 0x1p30);
}

std::string humanBytes(std::uint64_t bytes) {
    static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < std::size(kUnits)) {
        value /= 1024;
        ++unit;
    }
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
    return text.data();
}

std::string hashHex(std::string_view bytes) {
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    std::array<char, 33> text{};
    std::snprintf(text.data(), text.size(), "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                  static_cast<unsigned long long>(hash.low64));
    return text.data();
}

}  // namespace engine
