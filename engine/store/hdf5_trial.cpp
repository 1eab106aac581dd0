// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/hdf5_trial.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "engine/base/error.h"

namespace engine {
namespace {

// A file as it was when it passed. Times have a grain of some milliseconds: what was written within the last seconds
// may change once more without its time telling, and is not remembered.
constexpr std::time_t kSettledSeconds = 2;
constexpr rlim_t kMostSeconds = 20;         // of the processor: the library goes round in circles
constexpr unsigned kPatienceSeconds = 100;  // until a child that has not ended is given up
constexpr std::time_t kBusySeconds = 2;     // of the processor: less, and it did not turn in circles
using Stamp = std::array<std::int64_t, 5>;

std::optional<Stamp> stampOf(const std::filesystem::path& path) {
    struct stat s {};
    if (stat(path.c_str(), &s) != 0) return std::nullopt;
    if (s.st_mtim.tv_sec + kSettledSeconds > std::time(nullptr)) return std::nullopt;
    return Stamp{static_cast<std::int64_t>(s.st_dev), static_cast<std::int64_t>(s.st_ino), s.st_size, s.st_mtim.tv_sec,
                 s.st_mtim.tv_nsec};
}

std::set<Stamp> g_passed;
std::size_t g_trials = 0;

// The attributes of an object in a header of version 1, which has no checksum. The library goes wherever the sizes in
// an attribute's message lead, some 100 KB beyond it, and whether it dies of that depends on what lies there: looked at
// here, byte by byte (HDF5 File Format Specification 3.0, IV.A.1.a and IV.A.2.m).
class AttributeMessages {
public:
    AttributeMessages(const std::filesystem::path& path, hid_t file) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
        const hid_t made = H5Fget_create_plist(file);
        std::size_t address = 0, length = 0;
        hsize_t user = 0;
        usable_ = fd_ >= 0 && H5Pget_sizes(made, &address, &length) >= 0 && address == 8 && length == 8 &&
                  H5Pget_userblock(made, &user) >= 0;
        base_ = user;
        H5Pclose(made);
    }
    ~AttributeMessages() {
        if (fd_ >= 0) close(fd_);
    }
    AttributeMessages(const AttributeMessages&) = delete;
    AttributeMessages& operator=(const AttributeMessages&) = delete;

    bool fit(hid_t object, haddr_t header) const {
        const auto prefix = usable_ ? bytes(header, 16) : std::vector<unsigned char>{};
        if (prefix.empty() || prefix[0] != 1) return true;
        std::vector<std::pair<std::uint64_t, std::uint64_t>> blocks{{header + 16, number(prefix, 8, 4)}};
        for (std::size_t b = 0; b < blocks.size() && b < kMostBlocks; ++b) {
            const auto block = bytes(blocks[b].first, blocks[b].second);
            for (std::size_t at = 0; at + 8 <= block.size();) {
                const std::uint64_t type = number(block, at, 2), size = number(block, at + 2, 2);
                const bool shared = (block[at + 4] & 2) != 0;
                at += 8;
                if (at + size > block.size()) break;  // this the library finds out
                if (type == kContinuation && size >= 16)
                    blocks.emplace_back(number(block, at, 8), number(block, at + 8, 8));
                if (type == kAttribute && !shared && !fits(object, {block.data() + at, size})) return false;
                at += size;
            }
        }
        return true;
    }

private:
    static constexpr std::uint64_t kContinuation = 0x10, kAttribute = 0x0c, kMostBytes = 16 << 20;
    static constexpr std::size_t kMostBlocks = 4096;

    static std::uint64_t number(std::span<const unsigned char> from, std::size_t at, std::size_t count) {
        std::uint64_t value = 0;
        for (std::size_t k = 0; k < count; ++k) value |= std::uint64_t{from[at + k]} << (8 * k);
        return value;
    }

    std::vector<unsigned char> bytes(std::uint64_t address, std::uint64_t count) const {
        if (count > kMostBytes) return {};
        std::vector<unsigned char> out(count);
        const ssize_t n = pread(fd_, out.data(), count, static_cast<off_t>(base_ + address));
        return n == static_cast<ssize_t>(count) ? out : std::vector<unsigned char>{};
    }

    static bool fits(hid_t object, std::span<const unsigned char> message) {
        if (message.size() < 9) return false;
        const bool padded = message[0] == 1;
        const auto sizeAt = [&](std::size_t at) {
            const std::uint64_t size = number(message, at, 2);
            return padded ? (size + 7) / 8 * 8 : size;
        };
        const std::uint64_t name = message[0] == 3 ? 9 : 8, value = name + sizeAt(2) + sizeAt(4) + sizeAt(6);
        if (value > message.size()) return false;
        const auto* text = reinterpret_cast<const char*>(message.data() + name);
        if (std::find(text, text + number(message, 2, 2), '\0') == text + number(message, 2, 2)) return false;
        const hid_t attribute = H5Aopen(object, text, H5P_DEFAULT);
        return attribute < 0 || H5Aget_storage_size(attribute) <= message.size() - value;
    }

    int fd_;
    bool usable_ = false;
    std::uint64_t base_ = 0;
};

// What the library does when it meets an object: everything of it that is later asked for is looked at.
herr_t tryObject(hid_t file, const char* name, const H5O_info_t* info, void* messages) {
    const hid_t object = H5Oopen(file, name, H5P_DEFAULT);
    if (object < 0) return 0;
    if (!static_cast<const AttributeMessages*>(messages)->fit(object, info->addr)) _exit(1);
    H5Aiterate2(
        object, H5_INDEX_NAME, H5_ITER_INC, nullptr,
        [](hid_t of, const char* attribute, const H5A_info_t*, void*) -> herr_t {
            const hid_t a = H5Aopen(of, attribute, H5P_DEFAULT);
            const hid_t type = a < 0 ? -1 : H5Aget_type(a);
            const std::size_t size = type < 0 ? 0 : H5Tget_size(type);
            if (H5Aget_storage_size(a) <= (1u << 20) && size > 0) {
                std::vector<char> value(std::max<std::size_t>(H5Aget_storage_size(a), size) + 64);
                H5Aread(a, type, value.data());
            }
            return 0;
        },
        nullptr);
    if (info->type == H5O_TYPE_GROUP) {
        H5Literate(
            object, H5_INDEX_NAME, H5_ITER_INC, nullptr,
            [](hid_t, const char*, const H5L_info_t*, void*) -> herr_t { return 0; }, nullptr);
    }
    if (info->type == H5O_TYPE_DATASET) {
        const hid_t space = H5Dget_space(object), type = H5Dget_type(object);
        std::array<hsize_t, H5S_MAX_RANK> shape{}, size{};
        const int dims = H5Sget_simple_extent_ndims(space);
        if (dims >= 1 && H5Sget_simple_extent_dims(space, shape.data(), nullptr) == dims) {
            std::fill_n(size.begin(), dims, hsize_t{1});
            const hid_t one = H5Screate_simple(dims, size.data(), nullptr);
            // The first and the last element lie at both ends of a chunk index.
            for (const bool last : {false, true}) {
                std::array<hsize_t, H5S_MAX_RANK> at{};
                for (int d = 0; last && d < dims; ++d) {
                    at[static_cast<std::size_t>(d)] = std::max<hsize_t>(shape[static_cast<std::size_t>(d)], 1) - 1;
                }
                std::vector<char> value(std::min<std::size_t>(H5Tget_size(type), 1u << 20) + 64);
                if (H5Tget_size(type) < (1u << 20) &&
                    H5Sselect_hyperslab(space, H5S_SELECT_SET, at.data(), nullptr, size.data(), nullptr) >= 0) {
                    H5Dread(object, type, one, space, H5P_DEFAULT, value.data());
                }
            }
        }
    }
    H5Oclose(object);
    return 0;
}

}  // namespace

void tryHdf5(const std::filesystem::path& path, hid_t access) {
    const auto stamp = stampOf(path);
    if (stamp && g_passed.contains(*stamp)) return;
    ++g_trials;
    const pid_t child = fork();
    if (child < 0) return;  // no room for a process: then without
    if (child == 0) {
        for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM}) std::signal(signal, SIG_DFL);
        const rlimit none{0, 0}, seconds{kMostSeconds, kMostSeconds};
        setrlimit(RLIMIT_CORE, &none);
        setrlimit(RLIMIT_CPU, &seconds);
        alarm(kPatienceSeconds);
        close(STDERR_FILENO);      // glibc's last words
        mallopt(M_PERTURB, 0xa5);  // what the library reads without having written it kills it here, always
        const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, access);
        if (file >= 0) {
            AttributeMessages messages(path, file);
            H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, tryObject, &messages, H5O_INFO_BASIC);
            H5Fclose(file);
        }
        _exit(0);
    }
    int status = 0;
    rusage used{};
    while (wait4(child, &status, 0, &used) < 0 && errno == EINTR) {
    }
    // One that did nothing all the time only waited (for a disk, or for a lock that nobody in the child gives back):
    // then without.
    const bool waited = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
    if (waited && used.ru_utime.tv_sec + used.ru_stime.tv_sec < kBusySeconds) return;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        throw Error(ErrorCode::InvalidInput, path.string(), "the file is damaged: reading it crashes the HDF5 library",
                    "fetch it again; if it is a workspace's, remove workspace.h5, pools/ and sets/ there, then import "
                    "all of it again");
    }
    if (stamp) g_passed.insert(*stamp);
}

std::size_t hdf5Trials() {
    return g_trials;
}

}  // namespace engine
