// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/hdf5_file.h"

#include <hdf5.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>

#include "engine/base/error.h"
#include "engine/store/half.h"
#include "engine/store/hdf5_trial.h"

namespace engine {
namespace {

std::recursive_mutex& lockOfLibrary() {
    static std::recursive_mutex mutex;
    return mutex;
}

// Holds the library for one call, without its habit of printing errors.
class Guard {
public:
    Guard() : lock_(lockOfLibrary()) {
        static const bool quiet = [] {
            H5dont_atexit();
            H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
            return true;
        }();
        (void)quiet;
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
        H5Eclear2(H5E_DEFAULT);
    }

private:
    std::lock_guard<std::recursive_mutex> lock_;
};

herr_t innermost(unsigned n, const H5E_error2_t* error, void* out) {
    if (n == 0 && error->desc) *static_cast<std::string*>(out) = error->desc;
    return 0;
}

std::string reason() {
    std::string text;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, &text);
    return text.empty() ? "unknown reason" : text;
}

class Id {
public:
    using Close = herr_t (*)(hid_t);
    Id(hid_t id, Close close) : id_(id), close_(close) {}
    ~Id() {
        if (id_ >= 0) close_(id_);
    }
    Id(const Id&) = delete;
    Id& operator=(const Id&) = delete;
    operator hid_t() const { return id_; }  // NOLINT(google-explicit-constructor)
    bool ok() const { return id_ >= 0; }

private:
    hid_t id_;
    Close close_;
};

Error failed(const std::filesystem::path& path, const std::string& name, const std::string& what) {
    return Error(ErrorCode::InvalidInput, name.empty() ? path.string() : path.string() + ":" + name,
                 what + ": " + reason(), "the file may be damaged or not of this format");
}

hid_t halfType() {
    static const hid_t type = [] {
        const hid_t t = H5Tcopy(H5T_IEEE_F32LE);
        H5Tset_fields(t, 15, 10, 5, 0, 10);
        H5Tset_size(t, 2);
        H5Tset_ebias(t, 15);
        return t;
    }();
    return type;
}

Hdf5Type typeOf(hid_t type) {
    switch (H5Tget_class(type)) {
        case H5T_FLOAT: {
            const std::size_t size = H5Tget_size(type);
            return size == 2   ? Hdf5Type::Float16
                   : size == 4 ? Hdf5Type::Float32
                   : size == 8 ? Hdf5Type::Float64
                               : Hdf5Type::Other;
        }
        case H5T_INTEGER:
        case H5T_ENUM:
            return Hdf5Type::Integer;
        case H5T_STRING:
            return Hdf5Type::Text;
        default:
            return Hdf5Type::Other;
    }
}

hid_t fileAccess() {
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    // Files appear whole under their names, so no reader ever waits for a writer.
    H5Pset_file_locking(access, false, true);
    // Datasets begin where a processor reads well, for they are mapped.
    H5Pset_alignment(access, 256, 64);
    return access;
}

// A file may name any other as the place of its values, which the library would read as numbers.
void refuseForeignValues(hid_t dataset, const std::filesystem::path& path, const std::string& name) {
    const Id properties(H5Dget_create_plist(dataset), H5Pclose);
    if (H5Pget_external_count(properties) <= 0) return;
    throw Error(ErrorCode::InvalidInput, path.string() + ":" + name,
                "expected the values inside the HDF5 file, found that they lie in another file",
                "copy the dataset into one file, for example with h5repack");
}

Id openDataset(hid_t file, const std::filesystem::path& path, const std::string& name) {
    const Id access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
    const hid_t id = H5Dopen2(file, name.c_str(), access);
    if (id < 0) throw failed(path, name, "cannot open the dataset");
    try {
        refuseForeignValues(id, path, name);
    } catch (...) {
        H5Dclose(id);
        throw;
    }
    return {id, H5Dclose};
}

std::vector<hsize_t> shapeOf(hid_t dataset, const std::filesystem::path& path, const std::string& name) {
    const Id space(H5Dget_space(dataset), H5Sclose);
    const int dims = space.ok() ? H5Sget_simple_extent_ndims(space) : -1;
    if (dims < 0 || dims > 8) throw failed(path, name, "cannot read the shape");
    std::vector<hsize_t> shape(static_cast<std::size_t>(dims));
    H5Sget_simple_extent_dims(space, shape.data(), nullptr);
    return shape;
}

// Elements [first, first+count) of the last two dimensions, at `plane` of the first of three.
void readBlock(hid_t file, const std::filesystem::path& path, const std::string& name, std::int64_t plane,
               std::uint64_t first, std::uint64_t count, hid_t memory_type, void* out, bool any_shape = false) {
    const Id dataset = openDataset(file, path, name);
    const auto shape = shapeOf(dataset, path, name);
    const std::size_t lead = plane >= 0 ? 1 : 0;
    if (shape.size() < lead + 1 || (shape.size() > lead + 2 && !any_shape)) {
        throw Error(ErrorCode::InvalidInput, path.string() + ":" + name,
                    "expected " + std::to_string(lead + 2) + " dimensions, found " + std::to_string(shape.size()));
    }
    if (first + count > shape[lead] || (plane >= 0 && static_cast<hsize_t>(plane) >= shape[0])) {
        throw Error(ErrorCode::InvalidInput, path.string() + ":" + name,
                    "rows " + std::to_string(first) + ".." + std::to_string(first + count) + " are beyond its " +
                        std::to_string(shape[lead]));
    }
    std::vector<hsize_t> start(shape.size(), 0), size = shape;
    if (plane >= 0) {
        start[0] = static_cast<hsize_t>(plane);
        size[0] = 1;
    }
    start[lead] = first;
    size[lead] = count;
    if (count == 0) return;
    const Id space(H5Dget_space(dataset), H5Sclose);
    const Id memory(H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr), H5Sclose);
    if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr) < 0 ||
        H5Dread(dataset, memory_type, memory, space, H5P_DEFAULT, out) < 0) {
        throw failed(path, name, "cannot read rows " + std::to_string(first) + ".." + std::to_string(first + count));
    }
}

}  // namespace

Hdf5File Hdf5File::open(const std::filesystem::path& path) {
    const Guard guard;
    if (!std::filesystem::exists(path)) throw Error(ErrorCode::NotFound, path.string(), "there is no such file");
    const Id access(fileAccess(), H5Pclose);
    tryHdf5(path, access);
    const hid_t id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, access);
    if (id < 0) throw failed(path, "", "cannot open it as HDF5");
    return {path, id};
}

Hdf5File Hdf5File::create(const std::filesystem::path& path) {
    const Guard guard;
    const Id access(fileAccess(), H5Pclose);
    const hid_t id = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
    if (id < 0) {
        throw Error(ErrorCode::Io, path.string(), "cannot create it: " + reason(),
                    "look at the folder's permissions and space");
    }
    return {path, id};
}

Hdf5File::~Hdf5File() {
    const Guard guard;
    if (id_ >= 0) H5Fclose(id_);
}

Hdf5File::Hdf5File(Hdf5File&& other) noexcept : path_(std::move(other.path_)), id_(std::exchange(other.id_, -1)) {}

Hdf5File& Hdf5File::operator=(Hdf5File&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(id_, other.id_);
    return *this;
}

void Hdf5File::close() {
    const Guard guard;
    const hid_t id = std::exchange(id_, -1);
    if (id >= 0 && H5Fclose(id) < 0) throw Error(ErrorCode::Io, path_.string(), "cannot finish writing: " + reason());
}

bool Hdf5File::exists(const std::string& name) const {
    const Guard guard;
    // Each part of the path in turn: the library asks for that.
    for (std::size_t i = name.find_first_not_of('/'); i != std::string::npos;) {
        const std::size_t end = name.find('/', i);
        if (H5Lexists(id_, name.substr(0, end).c_str(), H5P_DEFAULT) <= 0) return false;
        if (end == std::string::npos) break;
        i = name.find_first_not_of('/', end);
    }
    return H5Oexists_by_name(id_, name.c_str(), H5P_DEFAULT) > 0;
}

Hdf5Dataset Hdf5File::dataset(const std::string& name) const {
    const Guard guard;
    const Id dataset = openDataset(id_, path_, name);
    Hdf5Dataset out;
    const auto shape = shapeOf(dataset, path_, name);
    out.shape.assign(shape.begin(), shape.end());
    const Id type(H5Dget_type(dataset), H5Tclose);
    out.type = typeOf(type);
    std::uint64_t elements = 1;
    for (const auto n : out.shape) {
        if (n != 0 && elements > (std::uint64_t{1} << 46) / n) {
            throw Error(ErrorCode::InvalidInput, path_.string() + ":" + name,
                        "its shape is larger than any file could hold");
        }
        elements *= n;
    }
    const Id owner(H5Iget_file_id(dataset), H5Fclose);
    std::string file(4096, '\0');
    const ssize_t length = H5Fget_name(owner, file.data(), file.size());
    if (length <= 0 || static_cast<std::size_t>(length) >= file.size()) return out;
    file.resize(static_cast<std::size_t>(length));
    out.data_file = file;
    const Id properties(H5Dget_create_plist(dataset), H5Pclose);
    const haddr_t offset = H5Pget_layout(properties) == H5D_CONTIGUOUS ? H5Dget_offset(dataset) : HADDR_UNDEF;
    const std::uint64_t bytes = H5Tequal(type, H5T_IEEE_F32LE) > 0 ? 4 : H5Tequal(type, halfType()) > 0 ? 2 : 0;
    if (offset != HADDR_UNDEF && bytes > 0) {
        std::error_code ignored;
        const auto size = std::filesystem::file_size(file, ignored);
        if (!ignored && offset <= size && elements * bytes <= size - offset) out.offset = offset;
    }
    return out;
}

std::vector<std::string> Hdf5File::children(const std::string& group) const {
    const Guard guard;
    const Id id(H5Gopen2(id_, group.c_str(), H5P_DEFAULT), H5Gclose);
    if (!id.ok()) throw failed(path_, group, "cannot open the group");
    std::vector<std::string> names;
    const auto add = [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
        auto* list = static_cast<std::vector<std::string>*>(out);
        list->emplace_back(name);
        return list->size() > 100000 ? -1 : 0;
    };
    hsize_t index = 0;
    if (H5Literate(id, H5_INDEX_NAME, H5_ITER_INC, &index, add, &names) < 0)
        throw failed(path_, group, "cannot list the group");
    return names;
}

std::string Hdf5File::externalLink(const std::string& name) const {
    const Guard guard;
    H5L_info_t info;
    if (H5Lget_info(id_, name.c_str(), &info, H5P_DEFAULT) < 0) throw failed(path_, name, "cannot read the link");
    if (info.type != H5L_TYPE_EXTERNAL) return {};
    std::string value(info.u.val_size + 1, '\0');
    if (H5Lget_val(id_, name.c_str(), value.data(), info.u.val_size, H5P_DEFAULT) < 0)
        throw failed(path_, name, "cannot read the link");
    const char *file = nullptr, *object = nullptr;
    unsigned flags = 0;
    if (H5Lunpack_elink_val(value.data(), info.u.val_size, &flags, &file, &object) < 0)
        throw failed(path_, name, "cannot read the link");
    return file;
}

void Hdf5File::readRows(const std::string& name, std::uint64_t first, std::uint64_t count, float* out) const {
    const Guard guard;
    readBlock(id_, path_, name, -1, first, count, H5T_NATIVE_FLOAT, out);
}

void Hdf5File::readItems(const std::string& name, std::uint64_t first, std::uint64_t count, float* out) const {
    const Guard guard;
    readBlock(id_, path_, name, -1, first, count, H5T_NATIVE_FLOAT, out, true);
}

void Hdf5File::readPlane(const std::string& name, std::uint64_t index, std::uint64_t first, std::uint64_t count,
                         float* out) const {
    const Guard guard;
    readBlock(id_, path_, name, static_cast<std::int64_t>(index), first, count, H5T_NATIVE_FLOAT, out);
}

std::vector<std::string> Hdf5File::readTexts(const std::string& name, std::uint64_t first, std::uint64_t count) const {
    const Guard guard;
    const Id dataset = openDataset(id_, path_, name);
    const Id type(H5Dget_type(dataset), H5Tclose);
    if (H5Tget_class(type) != H5T_STRING)
        throw Error(ErrorCode::InvalidInput, path_.string() + ":" + name, "expected text");
    std::vector<std::string> out;
    out.reserve(count);
    if (H5Tis_variable_str(type) > 0) {
        const Id memory_type(H5Tcopy(H5T_C_S1), H5Tclose);
        H5Tset_size(memory_type, H5T_VARIABLE);
        H5Tset_cset(memory_type, H5Tget_cset(type));
        std::vector<char*> texts(count, nullptr);
        readBlock(id_, path_, name, -1, first, count, memory_type, texts.data());
        for (char* text : texts) out.emplace_back(text ? text : "");
        const hsize_t n = count;
        const Id space(H5Screate_simple(1, &n, nullptr), H5Sclose);
        if (count > 0) H5Dvlen_reclaim(memory_type, space, H5P_DEFAULT, texts.data());
        return out;
    }
    const std::size_t size = H5Tget_size(type);
    if (size > (1u << 20)) throw Error(ErrorCode::InvalidInput, path_.string() + ":" + name, "texts longer than 1 MiB");
    std::string buffer(size * count, '\0');
    readBlock(id_, path_, name, -1, first, count, type, buffer.data());
    const bool spaces = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
    for (std::uint64_t i = 0; i < count; ++i) {
        std::string text(buffer.data() + i * size, strnlen(buffer.data() + i * size, size));
        while (spaces && !text.empty() && text.back() == ' ') text.pop_back();
        out.push_back(std::move(text));
    }
    return out;
}

std::vector<std::int64_t> Hdf5File::readIntegers(const std::string& name) const {
    const Guard guard;
    const Id dataset = openDataset(id_, path_, name);
    const auto shape = shapeOf(dataset, path_, name);
    const Id type(H5Dget_type(dataset), H5Tclose);
    if (typeOf(type) != Hdf5Type::Integer)
        throw Error(ErrorCode::InvalidInput, path_.string() + ":" + name, "expected whole numbers");
    std::uint64_t elements = 1;
    for (const auto n : shape) {
        if (n != 0 && elements > (std::uint64_t{1} << 32) / n) {
            throw Error(ErrorCode::InvalidInput, path_.string() + ":" + name, "expected fewer than 2^32 elements");
        }
        elements *= n;
    }
    const std::uint64_t stored = H5Dget_storage_size(dataset);
    if (stored == 0 && elements > 0)
        throw Error(ErrorCode::InvalidInput, path_.string() + ":" + name, "it holds no data");
    std::vector<std::int64_t> out(elements);
    if (elements > 0 && H5Dread(dataset, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, out.data()) < 0) {
        throw failed(path_, name, "cannot read");
    }
    return out;
}

std::optional<std::string> Hdf5File::textAttribute(const std::string& object, const std::string& name) const {
    const Guard guard;
    if (H5Aexists_by_name(id_, object.c_str(), name.c_str(), H5P_DEFAULT) <= 0) return std::nullopt;
    const Id attribute(H5Aopen_by_name(id_, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    const Id type(H5Aget_type(attribute), H5Tclose);
    if (!attribute.ok() || H5Tget_class(type) != H5T_STRING) throw failed(path_, object + "@" + name, "expected text");
    if (H5Tis_variable_str(type) > 0) {
        char* text = nullptr;
        if (H5Aread(attribute, type, &text) < 0) throw failed(path_, object + "@" + name, "cannot read");
        std::string out = text ? text : "";
        H5free_memory(text);
        return out;
    }
    std::string out(H5Tget_size(type), '\0');
    if (H5Aread(attribute, type, out.data()) < 0) throw failed(path_, object + "@" + name, "cannot read");
    out.resize(strnlen(out.data(), out.size()));
    return out;
}

std::optional<double> Hdf5File::numberAttribute(const std::string& object, const std::string& name) const {
    const Guard guard;
    if (H5Aexists_by_name(id_, object.c_str(), name.c_str(), H5P_DEFAULT) <= 0) return std::nullopt;
    const Id attribute(H5Aopen_by_name(id_, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    const Id space(attribute.ok() ? H5Aget_space(attribute) : -1, H5Sclose);
    double value = 0;
    if (!space.ok() || H5Sget_simple_extent_npoints(space) != 1 || H5Aread(attribute, H5T_NATIVE_DOUBLE, &value) < 0) {
        throw failed(path_, object + "@" + name, "expected a number");
    }
    return value;
}

void Hdf5File::makeGroup(const std::string& name) {
    const Guard guard;
    const Id links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
    H5Pset_create_intermediate_group(links, 1);
    const Id properties(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
    H5Pset_obj_track_times(properties, 0);
    const Id group(H5Gcreate2(id_, name.c_str(), links, properties, H5P_DEFAULT), H5Gclose);
    if (!group.ok()) throw Error(ErrorCode::Io, path_.string() + ":" + name, "cannot make the group: " + reason());
}

namespace {

void createDataset(hid_t file, const std::filesystem::path& path, const std::string& name, hid_t type,
                   const std::vector<hsize_t>& shape, const void* values, hid_t memory_type) {
    const Id space(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr), H5Sclose);
    const Id links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
    H5Pset_create_intermediate_group(links, 1);
    const Id properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_obj_track_times(properties, 0);  // the same rows are the same bytes
    // Early and unfilled: one run of bytes with a known place, written once.
    H5Pset_alloc_time(properties, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER);
    const Id dataset(H5Dcreate2(file, name.c_str(), type, space, links, properties, H5P_DEFAULT), H5Dclose);
    std::uint64_t elements = 1;
    for (const auto n : shape) elements *= n;
    if (!dataset.ok() ||
        (values && elements > 0 && H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)) {
        throw Error(ErrorCode::Io, path.string() + ":" + name, "cannot write the dataset: " + reason(),
                    "look at the free space of the disk");
    }
}

}  // namespace

void Hdf5File::createRows(const std::string& name, std::uint64_t rows, std::uint64_t width, bool half) {
    const Guard guard;
    createDataset(id_, path_, name, half ? halfType() : H5T_IEEE_F32LE, {rows, width}, nullptr, H5T_NATIVE_FLOAT);
}

void Hdf5File::writeRows(const std::string& name, std::uint64_t first, std::uint64_t count, std::uint64_t width,
                         const float* rows) {
    const Guard guard;
    if (count == 0) return;
    const Id dataset = openDataset(id_, path_, name);
    const hsize_t start[] = {first, 0}, size[] = {count, width};
    const Id space(H5Dget_space(dataset), H5Sclose);
    const Id memory(H5Screate_simple(2, size, nullptr), H5Sclose);
    const void* values = rows;
    hid_t type = H5T_NATIVE_FLOAT;
    // The library rounds bit by bit, some fifty times slower.
    std::vector<std::uint16_t> halves;
    const Id stored(H5Dget_type(dataset), H5Tclose);
    if (H5Tequal(stored, halfType()) > 0) {
        halves.resize(count * width);
        floatsToHalves(rows, halves.size(), halves.data());
        values = halves.data();
        type = halfType();
    }
    if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nullptr, size, nullptr) < 0 ||
        H5Dwrite(dataset, type, memory, space, H5P_DEFAULT, values) < 0) {
        throw Error(ErrorCode::Io, path_.string() + ":" + name, "cannot write rows: " + reason(),
                    "look at the free space of the disk");
    }
}

void Hdf5File::writeTexts(const std::string& name, const std::vector<std::string>& texts) {
    const Guard guard;
    std::size_t longest = 1;
    for (const auto& t : texts) longest = std::max(longest, t.size());
    const Id type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_cset(type, H5T_CSET_UTF8);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    H5Tset_size(type, longest);
    std::string packed(longest * texts.size(), '\0');
    for (std::size_t i = 0; i < texts.size(); ++i)
        std::memcpy(packed.data() + i * longest, texts[i].data(), texts[i].size());
    createDataset(id_, path_, name, type, {texts.size()}, packed.data(), type);
}

void Hdf5File::writeIntegers(const std::string& name, const std::vector<std::uint32_t>& values, std::uint64_t columns) {
    const Guard guard;
    createDataset(id_, path_, name, H5T_STD_U32LE, {values.size() / columns, columns}, values.data(),
                  H5T_NATIVE_UINT32);
}

void Hdf5File::writeDoubles(const std::string& name, const std::vector<double>& values,
                            const std::vector<std::uint64_t>& shape) {
    const Guard guard;
    createDataset(id_, path_, name, H5T_IEEE_F64LE, {shape.begin(), shape.end()}, values.data(), H5T_NATIVE_DOUBLE);
}

namespace {

void writeAttribute(hid_t file, const std::filesystem::path& path, const std::string& object, const std::string& name,
                    hid_t type, const void* value) {
    if (H5Aexists_by_name(file, object.c_str(), name.c_str(), H5P_DEFAULT) > 0) {
        H5Adelete_by_name(file, object.c_str(), name.c_str(), H5P_DEFAULT);
    }
    const Id space(H5Screate(H5S_SCALAR), H5Sclose);
    const Id attribute(
        H5Acreate_by_name(file, object.c_str(), name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
        H5Aclose);
    if (!attribute.ok() || H5Awrite(attribute, type, value) < 0) {
        throw Error(ErrorCode::Io, path.string() + ":" + object + "@" + name,
                    "cannot write the attribute: " + reason());
    }
}

}  // namespace

void Hdf5File::setAttribute(const std::string& object, const std::string& name, const std::string& text) {
    const Guard guard;
    const Id type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_cset(type, H5T_CSET_UTF8);
    H5Tset_size(type, H5T_VARIABLE);  // attributes of fixed size end at 64 KiB
    const char* value = text.c_str();
    writeAttribute(id_, path_, object, name, type, &value);
}

void Hdf5File::setAttribute(const std::string& object, const std::string& name, double number) {
    const Guard guard;
    writeAttribute(id_, path_, object, name, H5T_NATIVE_DOUBLE, &number);
}

void Hdf5File::linkExternal(const std::string& name, const std::string& file, const std::string& target) {
    const Guard guard;
    const Id links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
    H5Pset_create_intermediate_group(links, 1);
    if (H5Lcreate_external(file.c_str(), target.c_str(), id_, name.c_str(), links, H5P_DEFAULT) < 0) {
        throw Error(ErrorCode::Io, path_.string() + ":" + name, "cannot make the link: " + reason());
    }
}

}  // namespace engine
