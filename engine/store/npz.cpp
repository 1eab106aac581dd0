// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <zip.h>

#include <algorithm>
#include <memory>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/store/npy.h"

namespace engine {

namespace {

constexpr std::uint64_t kMaxEntries = 100000;

struct CloseArchive {
    void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseEntry {
    void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;
using ArchiveEntry = std::unique_ptr<zip_file_t, CloseEntry>;

Archive openArchive(const std::filesystem::path& path) {
    int code = 0;
    zip_t* archive = zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code);
    if (archive == nullptr) {
        zip_error_t error;
        zip_error_init_with_code(&error, code);
        const std::string reason = zip_error_strerror(&error);
        zip_error_fini(&error);
        const auto kind = code == ZIP_ER_NOENT  ? ErrorCode::NotFound
                          : code == ZIP_ER_OPEN ? ErrorCode::Io
                                                : ErrorCode::InvalidInput;
        throw Error(kind, path.string(), "this .npz cannot be opened: " + reason,
                    kind == ErrorCode::InvalidInput ? "it is damaged or truncated: write it again with np.savez" : "");
    }
    return Archive(archive);
}

// Up to `limit` bytes; a wrong CRC-32 shows as an error of the last read.
std::string readEntry(zip_t* archive, std::uint64_t index, std::uint64_t limit, const std::string& where) {
    ArchiveEntry entry(zip_fopen_index(archive, index, 0));
    if (!entry)
        throw Error(ErrorCode::InvalidInput, where, std::string("cannot be unpacked: ") + zip_strerror(archive));
    std::string bytes;
    constexpr std::uint64_t kChunk = 1 << 20;
    bytes.reserve(std::min<std::uint64_t>(limit, 64 << 20));
    while (bytes.size() < limit) {
        const std::uint64_t want = std::min<std::uint64_t>(kChunk, limit - bytes.size());
        const std::size_t old = bytes.size();
        bytes.resize(old + want);
        const auto got = zip_fread(entry.get(), bytes.data() + old, want);
        if (got < 0) {
            throw Error(ErrorCode::InvalidInput, where,
                        std::string("unpacking failed: ") + zip_file_strerror(entry.get()),
                        "the archive is damaged: write it again with np.savez");
        }
        bytes.resize(old + static_cast<std::size_t>(got));
        if (got == 0) break;
    }
    return bytes;
}

}  // namespace

struct NpzFile::Entry {
    Archive archive;
    std::uint64_t index = 0;
    std::uint64_t size = 0;
    std::string where;
};

NpzFile::NpzFile(const std::filesystem::path& path, NpzLimits limits) : path_(path), limits_(limits) {
    if (limits_.max_bytes == 0) limits_.max_bytes = availableMemoryBytes() / 2;
    const Archive archive = openArchive(path);
    const auto count = zip_get_num_entries(archive.get(), 0);
    if (count < 0 || static_cast<std::uint64_t>(count) > kMaxEntries) {
        throw Error(ErrorCode::InvalidInput, path.string(),
                    "the archive says it has " + std::to_string(count) + " entries");
    }
    for (std::int64_t i = 0; i < count; ++i) {
        const char* name = zip_get_name(archive.get(), static_cast<std::uint64_t>(i), ZIP_FL_ENC_RAW);
        // Names are labels only: nothing is ever unpacked to disk, so a name that looks like a path can do no harm.
        std::string member = name != nullptr ? name : "";
        if (!member.ends_with(".npy")) continue;
        member.resize(member.size() - 4);
        if (std::find(members_.begin(), members_.end(), member) != members_.end()) {
            throw Error(ErrorCode::InvalidInput, path.string(), "the archive has two members named '" + member + "'");
        }
        members_.push_back(std::move(member));
    }
}

NpzFile::Entry NpzFile::locate(const std::string& member) const {
    Entry entry;
    entry.where = path_.string() + "#" + member;
    entry.archive = openArchive(path_);
    const auto index = zip_name_locate(entry.archive.get(), (member + ".npy").c_str(), ZIP_FL_ENC_RAW);
    if (index < 0 || member.find('\0') != std::string::npos) {
        std::string all;
        for (std::size_t i = 0; i < std::min<std::size_t>(members_.size(), 10); ++i) {
            all += (i ? ", '" : "'") + members_[i] + "'";
        }
        const std::string near = nearestName(member, members_);
        throw Error(ErrorCode::NotFound, path_.string(),
                    "there is no member '" + member + "'; there are " + (all.empty() ? "no arrays at all" : all),
                    near.empty() ? "" : "did you mean '" + near + "'?");
    }
    entry.index = static_cast<std::uint64_t>(index);
    zip_stat_t stat;
    zip_stat_init(&stat);
    constexpr auto kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat_index(entry.archive.get(), entry.index, 0, &stat) != 0 || (stat.valid & kNeeded) != kNeeded) {
        throw Error(ErrorCode::InvalidInput, entry.where, "the archive does not say the member's size");
    }
    if (stat.encryption_method != ZIP_EM_NONE)
        throw Error(ErrorCode::InvalidInput, entry.where, "the member is encrypted");
    if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
        throw Error(
            ErrorCode::InvalidInput, entry.where,
            "expected a stored or deflated member, found compression method " + std::to_string(stat.comp_method),
            "write the file again with np.savez");
    }
    if (stat.size > limits_.max_bytes) {
        throw Error(ErrorCode::NoSpace, entry.where,
                    "the member unpacks to " + humanBytes(stat.size) + ", more than the " +
                        humanBytes(limits_.max_bytes) + " allowed for one in memory",
                    "save it as a .npy, which is read by blocks: np.save('x.npy', np.load('x.npz')['" + member + "'])");
    }
    const double ratio =
        static_cast<double>(stat.size) / static_cast<double>(std::max<std::uint64_t>(stat.comp_size, 1));
    if (stat.size > limits_.ratio_from_bytes && ratio > limits_.max_ratio) {
        throw Error(ErrorCode::InvalidInput, entry.where,
                    "the member is packed " + std::to_string(static_cast<std::uint64_t>(ratio)) +
                        " times, which embeddings never are: it is damaged or made to fill the memory");
    }
    entry.size = stat.size;
    return entry;
}

NpyHeader NpzFile::header(const std::string& member) const {
    const Entry entry = locate(member);
    const auto start =
        readEntry(entry.archive.get(), entry.index, std::min<std::uint64_t>(entry.size, 128 << 10), entry.where);
    return parseNpyHeader(start, entry.size, entry.where);
}

NpyArray NpzFile::read(const std::string& member) const {
    const Entry entry = locate(member);
    // One byte more than declared: reaching the end is what makes libzip compare the CRC-32, and a member that goes on
    // beyond its declared size is a lie.
    auto bytes = readEntry(entry.archive.get(), entry.index, entry.size + 1, entry.where);
    if (bytes.size() != entry.size) {
        throw Error(ErrorCode::InvalidInput, entry.where,
                    "expected " + std::to_string(entry.size) + " bytes, unpacked " +
                        (bytes.size() > entry.size ? "more" : std::to_string(bytes.size())),
                    "the archive is damaged: write it again with np.savez");
    }
    return NpyArray(std::move(bytes), entry.where);
}

}  // namespace engine
