// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/package/torch_file.h"

#include <zip.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/store/half.h"

namespace engine {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kMaxEntries = 100000;
constexpr const char* kAgain = "it is damaged or truncated: fetch or save it again";

struct CloseArchive {
    void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseEntry {
    void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};

// A name that would lead out of a folder. Nothing is unpacked; a file that has one was made to deceive.
bool leadsOut(const std::string& name) {
    if (name.empty() || name.front() == '/' || name.find('\\') != std::string::npos) return true;
    for (const auto& part : fs::path(name)) {
        if (part == "..") return true;
    }
    return false;
}

void swapBytes(std::string& bytes, std::size_t item) {
    for (std::size_t i = 0; i + item <= bytes.size(); i += item)
        std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(i),
                     bytes.begin() + static_cast<std::ptrdiff_t>(i + item));
}

// The elements of a view in the order of C, one after another.
std::string gather(const std::string& storage, const PickledTensor& t) {
    const std::size_t item = sizeOf(t.type);
    const std::uint64_t elements = t.elements();
    std::string out(elements * item, '\0');
    std::vector<std::uint64_t> at(t.shape.size(), 0);
    for (std::uint64_t i = 0, place = t.offset; i < elements; ++i) {
        std::memcpy(out.data() + i * item, storage.data() + place * item, item);
        for (std::size_t d = at.size(); d-- > 0;) {
            place += t.stride[d];
            if (++at[d] < t.shape[d]) break;
            place -= t.shape[d] * t.stride[d];
            at[d] = 0;
        }
    }
    return out;
}

template <class From, class To>
void convert(const std::string& bytes, std::vector<To>& out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
        From value;
        std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
        out[i] = static_cast<To>(value);
    }
}

}  // namespace

struct TorchFile::Archive {
    fs::path path;
    std::unique_ptr<zip_t, CloseArchive> zip;  // none: the older format
    std::unique_ptr<MappedFile> legacy;
    std::string root;  // "archive/"
    bool big_endian = false;
    std::vector<PickledTensor> tensors;
    // Older format: where a storage begins, and what it holds.
    struct Place {
        std::uint64_t begin = 0, elements = 0;
        TorchType type = TorchType::F32;
    };
    std::map<std::string, Place> places;
    std::uint64_t file_bytes = 0, taken = 0;
    std::set<std::string> taken_entries;

    Error wrong(const std::string& entry, const std::string& what, const std::string& hint = kAgain) const {
        return Error(ErrorCode::InvalidInput, path.string() + (entry.empty() ? "" : "#" + entry), what, hint);
    }

    void open() {
        std::error_code error;
        file_bytes = fs::file_size(path, error);
        if (error) throw Error(ErrorCode::NotFound, path.string(), "cannot be read: " + error.message());
        if (file_bytes == 0) throw wrong("", "the file is empty");
        auto mapped = std::make_unique<MappedFile>(path);
        const std::string_view bytes(reinterpret_cast<const char*>(mapped->data()),
                                     static_cast<std::size_t>(mapped->size()));
        if (isLegacyTorchFile(bytes)) {
            legacy = std::move(mapped);
            return;
        }
        if (!bytes.starts_with("PK")) {
            throw wrong("", "expected a file of torch.save: a zip archive, or a pickle of PyTorch before 1.6",
                        "save it with torch.save(module.state_dict(), 'best.pt')");
        }
        mapped.reset();
        int code = 0;
        zip.reset(zip_open(path.c_str(), ZIP_RDONLY, &code));
        if (!zip) {
            zip_error_t reason;
            zip_error_init_with_code(&reason, code);
            const std::string text = zip_error_strerror(&reason);
            zip_error_fini(&reason);
            throw wrong("", "the archive cannot be opened: " + text);
        }
        findRoot();
        if (zip_name_locate(zip.get(), (root + "byteorder").c_str(), ZIP_FL_ENC_RAW) >= 0) {
            const std::string order = entry("byteorder", 16);
            if (order != "little" && order != "big")
                throw wrong(root + "byteorder", "expected 'little' or 'big', found other bytes");
            big_endian = order == "big";
        }
    }

    void findRoot() {
        const auto count = zip_get_num_entries(zip.get(), 0);
        if (count < 0 || static_cast<std::uint64_t>(count) > kMaxEntries)
            throw wrong("", "the archive says it has " + std::to_string(count) + " entries");
        std::set<std::string> seen;
        for (std::int64_t i = 0; i < count; ++i) {
            const char* raw = zip_get_name(zip.get(), static_cast<std::uint64_t>(i), ZIP_FL_ENC_RAW);
            const std::string name = raw != nullptr ? raw : "";
            if (leadsOut(name)) throw wrong("", "an entry of the archive has a name that leads out of it");
            if (!seen.insert(name).second) throw wrong(name, "the archive has two entries of this name");
            const auto slash = name.find('/');
            if (slash != std::string::npos && name.substr(slash + 1) == "data.pkl") {
                if (!root.empty()) throw wrong(name, "the archive has more than one data.pkl");
                root = name.substr(0, slash + 1);
            }
        }
        if (root.empty()) {
            throw wrong("", "expected an archive of torch.save, with the entry data.pkl; found none",
                        "save it with torch.save(module.state_dict(), 'best.pt')");
        }
        if (seen.contains(root + "constants.pkl")) {
            throw wrong(root + "constants.pkl", "the archive is a program of TorchScript, not a dictionary of tensors",
                        "save its weights alone: torch.save(torch.jit.load(path).state_dict(), 'best.pt')");
        }
    }

    struct Entry {
        std::uint64_t index = 0, bytes = 0;
    };
    // An entry that is stored as it is, of at most `limit` bytes.
    Entry locate(const std::string& name, std::uint64_t limit) {
        const auto index = zip_name_locate(zip.get(), (root + name).c_str(), ZIP_FL_ENC_RAW);
        if (index < 0) throw wrong(root + name, "the archive lacks this entry");
        zip_stat_t stat;
        zip_stat_init(&stat);
        constexpr auto kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
        if (zip_stat_index(zip.get(), static_cast<std::uint64_t>(index), 0, &stat) != 0 ||
            (stat.valid & kNeeded) != kNeeded) {
            throw wrong(root + name, "the archive does not say the entry's size");
        }
        // Stored bytes cannot be more than the file: no entry unpacks to what was not there before.
        if (stat.comp_method != ZIP_CM_STORE || stat.encryption_method != ZIP_EM_NONE) {
            throw wrong(root + name,
                        "expected an entry that is stored as it is, as torch.save does; found compression method " +
                            std::to_string(stat.comp_method) + " for " + humanBytes(stat.size),
                        "load it with torch and save it again");
        }
        if (stat.size != stat.comp_size || stat.size > file_bytes || stat.size > limit) {
            throw wrong(root + name, "expected at most " + std::to_string(std::min(limit, file_bytes)) +
                                         " bytes, found " + std::to_string(stat.size));
        }
        // Entries that share their bytes would be read many times.
        if (taken_entries.insert(name).second) taken += stat.size;
        if (taken > file_bytes) throw wrong(root + name, "the entries together are larger than the file");
        return {static_cast<std::uint64_t>(index), stat.size};
    }

    // The bytes of an entry: of its declared size, with its CRC-32.
    std::string entry(const std::string& name, std::uint64_t limit) {
        const Entry found = locate(name, limit);
        std::unique_ptr<zip_file_t, CloseEntry> file(zip_fopen_index(zip.get(), found.index, 0));
        if (!file) throw wrong(root + name, std::string("cannot be read: ") + zip_strerror(zip.get()));
        // One byte more: reaching the end is what makes libzip compare the CRC-32.
        std::string bytes(found.bytes + 1, '\0');
        std::uint64_t got = 0;
        while (got < bytes.size()) {
            const auto n = zip_fread(file.get(), bytes.data() + got, bytes.size() - got);
            if (n < 0) throw wrong(root + name, std::string("reading failed: ") + zip_file_strerror(file.get()));
            if (n == 0) break;
            got += static_cast<std::uint64_t>(n);
        }
        if (got != found.bytes) {
            throw wrong(root + name,
                        "expected " + std::to_string(found.bytes) + " bytes, found " + std::to_string(got));
        }
        bytes.resize(found.bytes);
        return bytes;
    }

    void readTensors(const PickleLimits& limits) {
        if (zip) {
            tensors = readStateDict(entry("data.pkl", limits.bytes), path.string() + "#" + root + "data.pkl", limits);
        } else {
            readLegacyTensors(limits);
        }
        // A reader makes room for a tensor by what the pickle says of it: that has to be in the file.
        for (const auto& t : tensors) checkStorage(t);
    }

    void readLegacyTensors(const PickleLimits& limits) {
        const std::string_view bytes(reinterpret_cast<const char*>(legacy->data()),
                                     static_cast<std::size_t>(legacy->size()));
        LegacyTorchFile file = readLegacy(bytes, path.string(), limits);
        big_endian = !file.little_endian;
        tensors = std::move(file.tensors);
        std::map<std::string, const PickledTensor*> by_storage;
        for (const auto& t : tensors) by_storage[t.storage] = &t;
        // Each storage: how many elements, then these. One that no tensor of a dictionary uses has no known type.
        std::uint64_t at = file.end;
        for (const auto& key : file.storages) {
            const auto it = by_storage.find(key);
            if (it == by_storage.end()) {
                throw wrong("", "the storage '" + key.substr(0, 80) + "' belongs to no tensor with a name",
                            "load it with torch and save the state_dict again");
            }
            const std::uint64_t elements = it->second->storage_elements, size = sizeOf(it->second->type);
            std::uint64_t said = 0;
            if (at + 8 > file_bytes) throw wrong("", "the file ends before its storages");
            std::memcpy(&said, bytes.data() + at, 8);
            if (big_endian) said = __builtin_bswap64(said);
            at += 8;
            if (said != elements || elements > (file_bytes - at) / size) {
                throw wrong("", "the storage '" + key.substr(0, 80) + "' has " + std::to_string(said) +
                                    " elements at byte " + std::to_string(at) + ", expected " +
                                    std::to_string(elements) + " within the file");
            }
            places[key] = {at, elements, it->second->type};
            at += elements * size;
        }
    }

    // That the storage is there, with the bytes that the tensor's description of it has.
    void checkStorage(const PickledTensor& t) {
        if (zip) {
            if (leadsOut(t.storage) || t.storage.find('/') != std::string::npos)
                throw wrong("", "a storage has a key that is a path");
            const std::uint64_t size = t.storage_elements * sizeOf(t.type);
            const std::string name = "data/" + t.storage;
            if (const std::uint64_t found = locate(name, size).bytes; found != size) {
                throw wrong(root + name, "expected " + std::to_string(size) + " bytes of " +
                                             std::to_string(t.storage_elements) + " " + nameOf(t.type) + " for " +
                                             t.name + ", found " + std::to_string(found));
            }
            return;
        }
        const auto it = places.find(t.storage);
        if (it == places.end()) throw wrong("", "the storage of " + t.name + " is not in the file");
        if (it->second.elements != t.storage_elements || it->second.type != t.type) {
            throw wrong("", "tensors of the storage '" + t.storage.substr(0, 80) + "' describe it differently: " +
                                std::to_string(it->second.elements) + " " + nameOf(it->second.type) + " and, for " +
                                t.name + ", " + std::to_string(t.storage_elements) + " " + nameOf(t.type));
        }
    }

    std::string storageOf(const PickledTensor& t) {
        const std::uint64_t size = t.storage_elements * sizeOf(t.type);
        std::string bytes;
        if (zip) bytes = entry("data/" + t.storage, size);
        else bytes.assign(reinterpret_cast<const char*>(legacy->data()) + places.at(t.storage).begin, size);
        if (big_endian) swapBytes(bytes, sizeOf(t.type));
        return bytes;
    }
};

TorchFile::TorchFile(const fs::path& path, const PickleLimits& limits) : archive_(std::make_unique<Archive>()) {
    archive_->path = path;
    archive_->open();
    archive_->readTensors(limits);
}

TorchFile::~TorchFile() = default;

const fs::path& TorchFile::path() const {
    return archive_->path;
}

const std::vector<PickledTensor>& TorchFile::tensors() const {
    return archive_->tensors;
}

std::vector<float> TorchFile::floats(const PickledTensor& t) {
    const std::string bytes = gather(archive_->storageOf(t), t);
    std::vector<float> out(t.elements());
    switch (t.type) {
        case TorchType::F32:
            std::memcpy(out.data(), bytes.data(), bytes.size());
            return out;
        case TorchType::F64:
            convert<double>(bytes, out);
            return out;
        case TorchType::F16:
            halvesToFloats(bytes.data(), out.size(), out.data());
            return out;
        case TorchType::BF16:  // the upper half of a float32
            for (std::size_t i = 0; i < out.size(); ++i) {
                std::uint16_t upper = 0;
                std::memcpy(&upper, bytes.data() + i * 2, 2);
                const std::uint32_t bits = static_cast<std::uint32_t>(upper) << 16;
                std::memcpy(&out[i], &bits, 4);
            }
            return out;
        default:
            break;
    }
    throw Error(ErrorCode::InvalidInput, path().string() + ":" + t.name,
                std::string("expected float32, float16, bfloat16 or float64, found ") + nameOf(t.type),
                "save it as float: tensor.float()");
}

std::int64_t TorchFile::integer(const PickledTensor& t) {
    std::vector<std::int64_t> out(1);
    if (t.elements() == 1) {
        const std::string bytes = gather(archive_->storageOf(t), t);
        switch (t.type) {
            case TorchType::I64:
                convert<std::int64_t>(bytes, out);
                return out[0];
            case TorchType::I32:
                convert<std::int32_t>(bytes, out);
                return out[0];
            default:
                break;
        }
    }
    throw Error(ErrorCode::InvalidInput, path().string() + ":" + t.name,
                "expected one int64, found " + std::to_string(t.elements()) + " of " + nameOf(t.type));
}

}  // namespace engine
