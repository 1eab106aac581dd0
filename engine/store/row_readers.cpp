// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/row_readers.h"

#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <set>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/store/hdf5_file.h"
#include "engine/store/npy.h"
#include "engine/store/safetensors.h"

namespace engine {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void refuse(const std::string& where, const std::string& message, const std::string& hint = {}) {
    throw Error(ErrorCode::InvalidInput, where, message, hint);
}

std::string lowerExtension(const fs::path& path) {
    std::string extension = path.extension().string();
    for (char& c : extension) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return extension;
}

bool isHdf5(const std::string& extension) {
    return extension == ".h5" || extension == ".hdf5" || extension == ".hdf";
}

// A format that is not read, with what turns it into one that is.
[[noreturn]] void refuseFormat(const fs::path& file, const std::string& extension, const std::string& expected) {
    const std::string stem = file.stem().string();
    if (extension == ".parquet") {
        refuse(file.string(), "Parquet is not read",
               "convert it: python -c \"import pandas; pandas.read_parquet('" + file.filename().string() +
                   "').to_csv('" + stem + ".csv', index=False)\"");
    }
    if (extension == ".pt" || extension == ".pth" || extension == ".pkl" || extension == ".pickle" ||
        extension == ".bin") {
        refuse(file.string(), "pickled files are not read: opening one runs whatever it holds",
               "convert it: python -c \"import torch, numpy; numpy.save('" + stem + ".npy', torch.load('" +
                   file.filename().string() + "', weights_only=True).float().numpy())\"");
    }
    refuse(file.string(), "expected " + expected + ", found the extension '" + extension + "'");
}

void requireFile(const fs::path& file) {
    std::error_code ignored;
    const auto status = fs::status(file, ignored);
    if (!fs::exists(status)) throw Error(ErrorCode::NotFound, file.string(), "there is no such file");
    if (!fs::is_regular_file(status)) refuse(file.string(), "this is not a regular file");
}

template <class T>
void widen(const std::byte* from, std::uint64_t count, float* out) {
    for (std::uint64_t i = 0; i < count; ++i) {
        T value;
        std::memcpy(&value, from + i * sizeof(T), sizeof(T));
        out[i] = static_cast<float>(value);
    }
}

void widenBrain(const std::byte* from, std::uint64_t count, float* out) {
    for (std::uint64_t i = 0; i < count; ++i) {
        std::uint16_t half;
        std::memcpy(&half, from + i * 2, 2);
        const std::uint32_t bits = static_cast<std::uint32_t>(half) << 16;
        std::memcpy(out + i, &bits, 4);
    }
}

// Bytes of safetensors need not be aligned.
void widenHalf(const std::byte* from, std::uint64_t count, float* out) {
    for (std::uint64_t i = 0; i < count; ++i) {
        std::uint16_t half = 0;
        std::memcpy(&half, from + i * 2, 2);
        out[i] = _cvtsh_ss(half);
    }
}

std::string shapeText(const std::vector<std::uint64_t>& shape) {
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

// [N, width], or slice `index` of [n, N, width]: rows, width and the first row in the whole.
struct Slice {
    std::uint64_t rows = 0, width = 0, first = 0;
};

Slice sliceOf(const std::vector<std::uint64_t>& shape, std::int64_t index, const std::string& where) {
    if (shape.size() == 2 && index < 0) return {shape[0], shape[1], 0};
    if (shape.size() == 3 && index >= 0) {
        const auto i = static_cast<std::uint64_t>(index);
        if (i >= shape[0]) refuse(where, "index " + std::to_string(i) + " is beyond the shape " + shapeText(shape));
        return {shape[1], shape[2], i * shape[1]};
    }
    refuse(where, "expected rows [N, width], found the shape " + shapeText(shape),
           shape.size() == 3   ? "say which of the " + std::to_string(shape[0]) + " to take with \"index\""
           : shape.size() == 2 ? "leave \"index\" out: the array has no third dimension"
                               : "reshape it to one row for each item");
}

RowReader npyRows(const std::shared_ptr<const NpyArray>& array, std::int64_t index, bool allow_integers) {
    RowReader reader;
    std::uint64_t rows = 0, width = 0;
    array->checkMatrix(index, rows, width);
    if (!array->header().isFloat() && !allow_integers) {
        refuse(array->where(), "expected embeddings in floating point, found " + array->header().describe());
    }
    reader.rows = rows;
    reader.width = width;
    reader.type = array->header().type == NpyType::F16 ? StoredType::Float16 : StoredType::Float32;
    reader.origin = array->where();
    reader.read = [array, index](std::size_t first, std::size_t count, float* out) {
        array->readRows(index, first, count, out);
    };
    return reader;
}

RowReader npzRows(const SourceSpec& spec, bool allow_integers) {
    auto file = std::make_shared<NpzFile>(spec.file);
    std::string member = spec.dataset;
    if (member.empty()) {
        if (file->members().size() != 1) {
            refuse(spec.file.string(), "the archive has " + std::to_string(file->members().size()) + " arrays",
                   "name one of them with \"dataset\"");
        }
        member = file->members()[0];
    }
    const NpyHeader header = file->header(member);
    RowReader reader;
    reader.origin = spec.file.string() + "#" + member;
    if (header.isText() || (!header.isFloat() && !allow_integers)) {
        refuse(reader.origin, "expected embeddings in floating point, found " + header.describe());
    }
    const Slice slice = sliceOf(header.shape, spec.index, reader.origin);
    reader.rows = slice.rows;
    reader.width = slice.width;
    reader.type = header.type == NpyType::F16 ? StoredType::Float16 : StoredType::Float32;
    struct Lazy {
        std::mutex mutex;
        std::shared_ptr<const NpyArray> array;
    };
    auto lazy = std::make_shared<Lazy>();
    reader.held_bytes = header.data_offset + header.elements() * header.item_bytes;
    reader.release = [lazy] {
        const std::lock_guard lock(lazy->mutex);
        lazy->array.reset();
    };
    reader.read = [file, member, lazy, index = spec.index](std::size_t first, std::size_t count, float* out) {
        std::shared_ptr<const NpyArray> array;
        {
            const std::lock_guard lock(lazy->mutex);
            if (!lazy->array) lazy->array = std::make_shared<NpyArray>(file->read(member));
            array = lazy->array;
        }
        array->readRows(index, first, count, out);
    };
    return reader;
}

RowReader safetensorsRows(const SourceSpec& spec, bool allow_integers) {
    auto file = std::make_shared<SafetensorsFile>(spec.file);
    std::string name = spec.dataset;
    if (name.empty()) {
        if (file->tensors().size() != 1) {
            refuse(spec.file.string(), "the file has " + std::to_string(file->tensors().size()) + " tensors",
                   "name one of them with \"dataset\"");
        }
        name = file->tensors().begin()->first;
    }
    const TensorView& tensor = file->at(name);
    RowReader reader;
    reader.origin = spec.file.string() + "#" + name;
    std::size_t item = 0;
    void (*convert)(const std::byte*, std::uint64_t, float*) = nullptr;
    switch (tensor.type) {
        case TensorType::F64:
            item = 8;
            convert = widen<double>;
            break;
        case TensorType::F32:
            item = 4;
            convert = widen<float>;
            break;
        case TensorType::F16:
            item = 2;
            convert = widenHalf;
            break;
        case TensorType::BF16:
            item = 2;
            convert = widenBrain;
            break;
        case TensorType::I64:
            item = 8;
            convert = widen<std::int64_t>;
            break;
        case TensorType::I32:
            item = 4;
            convert = widen<std::int32_t>;
            break;
        case TensorType::U32:
            item = 4;
            convert = widen<std::uint32_t>;
            break;
        case TensorType::U8:
        case TensorType::Bool:
            item = 1;
            convert = widen<std::uint8_t>;
            break;
    }
    const bool floating = tensor.type == TensorType::F64 || tensor.type == TensorType::F32 ||
                          tensor.type == TensorType::F16 || tensor.type == TensorType::BF16;
    if (!floating && !allow_integers) refuse(reader.origin, "expected embeddings in floating point, found integers");
    const Slice slice = sliceOf(tensor.shape, spec.index, reader.origin);
    reader.rows = slice.rows;
    reader.width = slice.width;
    reader.type = tensor.type == TensorType::F16 ? StoredType::Float16 : StoredType::Float32;
    reader.read = [file, bytes = tensor.bytes, slice, item, convert](std::size_t first, std::size_t count, float* out) {
        convert(bytes.data() + (slice.first + first) * slice.width * item, count * slice.width, out);
    };
    return reader;
}

RowReader hdf5Rows(const SourceSpec& spec, bool allow_integers) {
    if (spec.dataset.empty())
        refuse(spec.file.string(), "an HDF5 file needs a \"dataset\"", "name it, for example file.h5#/audio/clap");
    auto file = std::make_shared<const Hdf5File>(Hdf5File::open(spec.file));
    const Hdf5Dataset dataset = file->dataset(spec.dataset);
    RowReader reader;
    reader.origin = spec.file.string() + "#" + spec.dataset;
    switch (dataset.type) {
        case Hdf5Type::Float16:
            reader.type = StoredType::Float16;
            break;
        case Hdf5Type::Float32:
        case Hdf5Type::Float64:
            break;
        case Hdf5Type::Integer:
            if (allow_integers) break;
            refuse(reader.origin, "expected embeddings in floating point, found integers");
        default:
            refuse(reader.origin, "expected embeddings in floating point, found another type");
    }
    const Slice slice = sliceOf(dataset.shape, spec.index, reader.origin);
    reader.rows = slice.rows;
    reader.width = slice.width;
    reader.read = [file, name = spec.dataset, index = spec.index](std::size_t first, std::size_t count, float* out) {
        if (index < 0) file->readRows(name, first, count, out);
        else file->readPlane(name, static_cast<std::uint64_t>(index), first, count, out);
    };
    return reader;
}

std::vector<std::string> hdf5List(const SourceSpec& spec) {
    if (spec.dataset.empty())
        refuse(spec.file.string(), "an HDF5 file needs a \"dataset\"", "name it, for example file.h5#/audio/ids");
    const Hdf5File file = Hdf5File::open(spec.file);
    const Hdf5Dataset dataset = file.dataset(spec.dataset);
    if (dataset.shape.size() != 1)
        refuse(spec.describe(), "expected a list [N], found the shape " + shapeText(dataset.shape));
    if (dataset.type == Hdf5Type::Text) return file.readTexts(spec.dataset, 0, dataset.shape[0]);
    std::vector<std::string> out;
    for (const auto value : file.readIntegers(spec.dataset)) out.push_back(std::to_string(value));
    return out;
}

std::string itemText(const Json& value, const std::string& where) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number_integer()) return value.dump();
    refuse(where, "expected a text or an integer, found " + value.dump().substr(0, 60));
}

std::string recordText(const Json& record, const std::string& column, const std::string& where) {
    if (column.empty()) return itemText(record, where);
    if (!record.is_object()) refuse(where, "expected a record with the field '" + column + "', found another value");
    const auto found = record.find(column);
    if (found == record.end()) refuse(where, "the record has no field '" + column + "'");
    return itemText(*found, where + " field '" + column + "'");
}

std::vector<std::string> splitLines(const std::string& text) {
    std::vector<std::string> lines;
    std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    while (at < text.size()) {
        auto end = text.find('\n', at);
        if (end == std::string::npos) end = text.size();
        std::size_t length = end - at;
        if (length > 0 && text[at + length - 1] == '\r') --length;
        lines.push_back(text.substr(at, length));
        at = end + 1;
    }
    return lines;
}

std::vector<std::string> jsonList(const SourceSpec& spec) {
    Json json = readJsonFile(spec.file, std::size_t{1} << 30);
    if (!spec.dataset.empty()) {
        const auto found = json.is_object() ? json.find(spec.dataset) : json.end();
        if (found == json.end()) {
            throw Error(ErrorCode::NotFound, spec.file.string(), "there is no key '" + spec.dataset + "'");
        }
        json = Json(*found);
    }
    if (!json.is_array()) refuse(spec.describe(), "expected a list, one entry for each item");
    std::vector<std::string> out;
    out.reserve(json.size());
    for (const auto& entry : json) {
        out.push_back(recordText(entry, spec.column, spec.file.string() + " entry " + std::to_string(out.size())));
    }
    return out;
}

// The part that a row lies in; `starts` are the parts' first rows.
std::size_t partOf(const std::vector<std::size_t>& starts, std::size_t row) {
    return static_cast<std::size_t>(std::upper_bound(starts.begin(), starts.end(), row) - starts.begin()) - 1;
}

std::vector<std::string> jsonLines(const SourceSpec& spec) {
    std::vector<std::string> out;
    for (const auto& line : splitLines(readFile(spec.file, std::uint64_t{4} << 30))) {
        const std::string where = spec.file.string() + " line " + std::to_string(out.size() + 1);
        out.push_back(recordText(parseJson(line, where), spec.column, where));
    }
    return out;
}

}  // namespace

std::string SourceSpec::describe() const {
    if (file.empty()) return "the list in the manifest";
    std::string text = file.string();
    if (!dataset.empty()) text += "#" + dataset;
    if (!column.empty()) text += "#" + column;
    if (index >= 0) text += " index " + std::to_string(index);
    return text;
}

std::uint64_t listMemoryBytes(const fs::path& path, std::uint64_t file_bytes) {
    const std::string extension = lowerExtension(path);
    if (extension == ".json") return file_bytes * 12;
    if (extension == ".csv" || extension == ".tsv" || extension == ".jsonl" || extension == ".txt")
        return file_bytes * 6;
    return file_bytes * 3;
}

void SourceFiles::requireListMemory(const fs::path& path) const {
    const std::uint64_t bytes = fs::file_size(path), needed = listMemoryBytes(path, bytes);
    if (needed <= memory_bytes_) return;
    throw Error(ErrorCode::NoSpace, path.string(),
                "reading this list of " + humanBytes(bytes) + " takes about " + humanBytes(needed) +
                    " of memory, and " + humanBytes(memory_bytes_) + " are available",
                "close other programs, or keep only the columns and rows that are imported");
}

std::shared_ptr<const CsvTable> SourceFiles::table(const fs::path& path) {
    const auto extension = lowerExtension(path);
    if (extension != ".csv" && extension != ".tsv") refuseFormat(path, extension, "a table (.csv, .tsv)");
    requireFile(path);
    auto& known = tables_[path];
    if (!known) {
        requireListMemory(path);
        known = std::make_shared<const CsvTable>(path);
    }
    return known;
}

RowReader SourceFiles::openRows(const SourceSpec& spec, bool allow_integers) {
    if (spec.file.empty()) refuse(spec.describe(), "expected a file of rows");
    if (!spec.column.empty()) refuse(spec.describe(), "rows of embeddings have no \"column\"");
    if (fs::is_directory(spec.file)) {
        std::vector<RowReader> parts;
        for (const auto& part : numberedParts(spec.file)) {
            SourceSpec one = spec;
            one.file = part;
            parts.push_back(openRows(one, allow_integers));
        }
        RowReader whole = concatenateRows(std::move(parts), spec.file.string());
        if (whole.held_bytes > memory_bytes_) {
            throw Error(ErrorCode::NoSpace, spec.file.string(),
                        "unpacking its parts takes " + humanBytes(whole.held_bytes) + " of memory, and " +
                            humanBytes(memory_bytes_) + " are available",
                        "save the parts as .npy, which are read by blocks");
        }
        return whole;
    }
    requireFile(spec.file);
    const std::string extension = lowerExtension(spec.file);
    if (extension == ".npy") {
        if (!spec.dataset.empty()) refuse(spec.describe(), "a .npy has one array and no \"dataset\"");
        return npyRows(std::make_shared<NpyArray>(spec.file), spec.index, allow_integers);
    }
    if (extension == ".npz") return npzRows(spec, allow_integers);
    if (extension == ".safetensors") return safetensorsRows(spec, allow_integers);
    if (isHdf5(extension)) return hdf5Rows(spec, allow_integers);
    refuseFormat(spec.file, extension, "rows (.npy, .npz, .safetensors, .h5)");
}

std::vector<std::string> SourceFiles::readList(const SourceSpec& spec, RowPlace* place) {
    if (place) {
        *place = [start = spec.describe() + (spec.file.empty() ? " entry " : " row ")](std::size_t row) {
            return start + std::to_string(row);
        };
    }
    if (spec.file.empty()) {
        std::vector<std::string> out;
        for (const auto& value : spec.values) out.push_back(itemText(value, spec.describe()));
        return out;
    }
    if (fs::is_directory(spec.file)) {
        std::vector<std::string> out;
        std::vector<std::size_t> starts;
        std::vector<RowPlace> places;
        for (const auto& part : numberedParts(spec.file)) {
            SourceSpec one = spec;
            one.file = part;
            starts.push_back(out.size());
            for (auto& item : readList(one, &places.emplace_back())) out.push_back(std::move(item));
        }
        if (place) {
            *place = [starts = std::move(starts), places = std::move(places)](std::size_t row) {
                const std::size_t i = partOf(starts, row);
                return places[i](row - starts[i]);
            };
        }
        return out;
    }
    requireFile(spec.file);
    const std::string extension = lowerExtension(spec.file);
    if (extension == ".csv" || extension == ".tsv") {
        if (spec.column.empty()) refuse(spec.file.string(), "a table needs a \"column\"");
        return table(spec.file)->column(spec.column);
    }
    // Archives and HDF5 hold more than the list; what of them is read is checked by their readers.
    if (extension != ".npz" && !isHdf5(extension)) requireListMemory(spec.file);
    if (extension == ".json") return jsonList(spec);
    if (extension == ".jsonl") return jsonLines(spec);
    if (!spec.column.empty()) refuse(spec.describe(), "only tables and json records have a \"column\"");
    if (extension == ".txt") {
        const std::string text = readFile(spec.file, std::uint64_t{4} << 30);
        if (text.find('\0') != std::string::npos) refuse(spec.file.string(), "found a zero byte: this is not text");
        return splitLines(text);
    }
    if (extension == ".npy") return NpyArray(spec.file).strings();
    if (extension == ".npz") {
        if (spec.dataset.empty()) refuse(spec.file.string(), "name the list's array with \"dataset\"");
        return NpzFile(spec.file).read(spec.dataset).strings();
    }
    if (isHdf5(extension)) return hdf5List(spec);
    refuseFormat(spec.file, extension, "a list (.csv, .tsv, .json, .jsonl, .txt, .npy, .npz, .h5)");
}

RowReader concatenateRows(std::vector<RowReader> parts, const std::string& origin) {
    if (parts.empty()) refuse(origin, "there are no parts to read");
    if (parts.size() == 1) return parts[0];
    RowReader out;
    out.width = parts[0].width;
    out.type = parts[0].type;
    out.origin = origin;
    auto starts = std::make_shared<std::vector<std::size_t>>();
    for (const auto& part : parts) {
        if (part.width != out.width) {
            refuse(part.origin, "expected width " + std::to_string(out.width) + " as in " + parts[0].origin +
                                    ", found " + std::to_string(part.width));
        }
        if (part.type == StoredType::Float32) out.type = StoredType::Float32;
        starts->push_back(out.rows);
        out.rows += part.rows;
        out.held_bytes += part.held_bytes;
    }
    auto all = std::make_shared<const std::vector<RowReader>>(std::move(parts));
    out.read = [all, starts, width = out.width](std::size_t first, std::size_t count, float* into) {
        std::size_t i = partOf(*starts, first);
        while (count > 0) {
            const RowReader& part = (*all)[i];
            const std::size_t offset = first - (*starts)[i];
            const std::size_t here = std::min(count, part.rows - offset);
            if (here > 0) part.read(offset, here, into);
            into += here * width;
            first += here;
            count -= here;
            ++i;
        }
    };
    out.place = [all, starts](std::size_t row) {
        const std::size_t i = partOf(*starts, row);
        return (*all)[i].placeOf(row - (*starts)[i]);
    };
    out.release = [all] {
        for (const auto& part : *all) {
            if (part.release) part.release();
        }
    };
    return out;
}

std::vector<fs::path> numberedParts(const fs::path& folder) {
    struct Part {
        std::uint64_t number;
        fs::path path;
    };
    std::vector<Part> parts;
    std::set<std::string> extensions;
    std::error_code failure;
    for (const auto& entry : fs::directory_iterator(folder, failure)) {
        const std::string name = entry.path().filename().string();
        // img2dataset writes statistics beside each part.
        if (name.starts_with(".") || name.ends_with("_stats.json") || !entry.is_regular_file()) continue;
        const std::string stem = entry.path().stem().string();
        auto end = stem.find_last_of("0123456789");
        if (end == std::string::npos) {
            refuse(entry.path().string(), "the name has no number, so its place among the parts is not known",
                   "keep nothing but numbered parts in the folder");
        }
        auto begin = end;
        while (begin > 0 && stem[begin - 1] >= '0' && stem[begin - 1] <= '9') --begin;
        if (end - begin >= 18) refuse(entry.path().string(), "the number in the name is too long");
        parts.push_back({std::stoull(stem.substr(begin, end - begin + 1)), entry.path()});
        extensions.insert(lowerExtension(entry.path()));
    }
    if (failure) throw Error(ErrorCode::Io, folder.string(), failure.message());
    if (parts.empty()) throw Error(ErrorCode::NotFound, folder.string(), "the folder has no files");
    if (extensions.size() > 1) {
        std::string all;
        for (const auto& e : extensions) all += (all.empty() ? "" : ", ") + e;
        refuse(folder.string(), "the folder holds different kinds of files (" + all + ")",
               "name one file, or move the others");
    }
    std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.number < b.number; });
    std::vector<fs::path> out;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0 && parts[i].number != parts[i - 1].number + 1) {
            refuse(folder.string(), parts[i].number == parts[i - 1].number
                                        ? "two parts have the number " + std::to_string(parts[i].number)
                                        : "part " + std::to_string(parts[i - 1].number + 1) + " is missing");
        }
        out.push_back(parts[i].path);
    }
    return out;
}

}  // namespace engine
