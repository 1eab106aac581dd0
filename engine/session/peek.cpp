// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/peek.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <unordered_set>

#include "engine/base/error.h"
#include "engine/store/hdf5_file.h"
#include "engine/store/npy.h"
#include "engine/store/row_readers.h"
#include "engine/store/safetensors.h"
#include "engine/store/workspace.h"
#include "engine/store/workspace_schema.h"

namespace engine {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kExamples = 3, kMostArrays = 2000, kMostDepth = 12;
constexpr std::uint64_t kMostLooked = 4'000'000;  // entries of a list whose repetitions are looked for
// Of values: those of a block, those up to which all are looked at, those of a sample; bytes that may be unpacked.
constexpr std::uint64_t kBlockFloats = std::uint64_t{128} << 10, kMostFloats = std::uint64_t{16} << 20,
                        kSampleFloats = std::uint64_t{8} << 20, kMostUnpacked = std::uint64_t{128} << 20;

std::string extensionOf(const fs::path& path) {
    std::string extension = path.extension().string();
    for (char& c : extension) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return extension;
}

bool isEmbeddingFile(const std::string& extension) {
    static const std::array<const char*, 6> kinds{".npy", ".npz", ".safetensors", ".h5", ".hdf5", ".hdf"};
    return std::find(kinds.begin(), kinds.end(), extension) != kinds.end();
}

bool isListFile(const std::string& extension) {
    static const std::array<const char*, 5> kinds{".csv", ".tsv", ".json", ".jsonl", ".txt"};
    return std::find(kinds.begin(), kinds.end(), extension) != kinds.end();
}

bool rowsShape(const std::vector<std::uint64_t>& shape) {
    return shape.size() == 2 || shape.size() == 3;
}

const char* typeName(TensorType type) {
    switch (type) {
        case TensorType::F64:
            return "float64";
        case TensorType::F32:
            return "float32";
        case TensorType::F16:
            return "float16";
        case TensorType::BF16:
            return "bfloat16";
        case TensorType::I64:
            return "int64";
        case TensorType::I32:
            return "int32";
        case TensorType::U32:
            return "uint32";
        case TensorType::U8:
            return "uint8";
        case TensorType::Bool:
            return "bool";
    }
    return "";
}

class Peeker {
public:
    Peeker(const JobContext& job, std::vector<std::string>* problems) : job_(job), problems_(problems) {}

    void look(const fs::path& path) {
        job_.checkStop();
        if (fs::is_directory(path)) folder(path);
        else file(path);
    }

    std::vector<ArrayPeek> take() { return std::move(out_); }

private:
    ArrayPeek& put(const fs::path& file, const std::string& dataset = {}) {
        if (out_.size() >= kMostArrays) {
            throw Error(ErrorCode::InvalidInput, file.string(),
                        "there are more than " + std::to_string(kMostArrays) + " arrays",
                        "add the files that are meant, or write a manifest");
        }
        ArrayPeek array;
        array.file = file;
        array.dataset = dataset;
        return out_.emplace_back(std::move(array));
    }

    // Entries, examples, and whether any comes twice. A list that cannot be read is not offered as one.
    void asList(ArrayPeek& array, const std::vector<std::string>& items) {
        array.list = true;
        array.shape = {items.size()};
        array.examples.assign(items.begin(),
                              items.begin() + static_cast<std::ptrdiff_t>(std::min(kExamples, items.size())));
        if (items.size() > kMostLooked) return;
        const std::unordered_set<std::string_view> different(items.begin(), items.end());
        array.distinct = different.size() == items.size();
    }

    void readAsList(ArrayPeek& array) {
        SourceSpec spec;
        spec.file = array.file;
        (array.column ? spec.column : spec.dataset) = array.dataset;
        try {
            asList(array, files_.readList(spec));
        } catch (const Error&) {
            array.list = false;
        }
    }

    void npyHeader(ArrayPeek& array, const NpyHeader& header) {
        array.shape = header.shape;
        const std::string text = header.describe();
        array.type = header.isText() ? "text" : text.substr(0, text.find(' '));
        array.rows = header.isFloat() && rowsShape(header.shape);
        if (header.shape.size() == 1 && !header.isFloat()) readAsList(array);
    }

    void file(const fs::path& path) {
        const std::string extension = extensionOf(path);
        if (extension == ".npy") {
            const NpyArray npy(path);
            npyHeader(put(path), npy.header());
        } else if (extension == ".npz") {
            const NpzFile npz(path);
            for (const auto& member : npz.members()) npyHeader(put(path, member), npz.header(member));
        } else if (extension == ".safetensors") {
            const SafetensorsFile tensors(path);
            for (const auto& [name, tensor] : tensors.tensors()) {
                auto& array = put(path, name);
                array.type = typeName(tensor.type);
                array.shape = tensor.shape;
                array.rows =
                    rowsShape(tensor.shape) && (tensor.type == TensorType::F64 || tensor.type == TensorType::F32 ||
                                                tensor.type == TensorType::F16 || tensor.type == TensorType::BF16);
            }
        } else if (isEmbeddingFile(extension)) {
            const Hdf5File hdf5 = Hdf5File::open(path);
            group(hdf5, "", 0);
        } else if (extension == ".csv" || extension == ".tsv") {
            const auto table = files_.table(path);
            for (const auto& column : table->columns()) {
                auto& array = put(path, column);
                array.column = true;
                array.type = "text";
                asList(array, table->column(column));
            }
        } else if (extension == ".json" || extension == ".jsonl") {
            json(path);
        } else if (extension == ".txt") {
            auto& array = put(path);
            array.type = "text";
            SourceSpec spec;
            spec.file = path;
            asList(array, files_.readList(spec));
        } else {
            SourceSpec spec;
            spec.file = path;
            files_.openRows(spec);  // says what is wrong with the form, and what to do
        }
    }

    void group(const Hdf5File& file, const std::string& name, std::size_t depth) {
        job_.checkStop();
        if (depth > kMostDepth) return;
        for (const auto& child : file.children(name.empty() ? "/" : name)) {
            const std::string path = name.empty() ? child : name + "/" + child;
            std::optional<Hdf5Dataset> dataset;
            try {
                dataset = file.dataset(path);
            } catch (const Error&) {
                try {
                    group(file, path, depth + 1);
                } catch (const Error& error) {
                    note(error);
                }
                continue;
            }
            auto& array = put(file.path(), path);
            array.shape = dataset->shape;
            switch (dataset->type) {
                case Hdf5Type::Float16:
                    array.type = "float16";
                    break;
                case Hdf5Type::Float32:
                    array.type = "float32";
                    break;
                case Hdf5Type::Float64:
                    array.type = "float64";
                    break;
                case Hdf5Type::Integer:
                    array.type = "int";
                    break;
                case Hdf5Type::Text:
                    array.type = "text";
                    break;
                case Hdf5Type::Other:
                    array.type = "other";
                    break;
            }
            const bool floats = array.type.starts_with("float");
            array.rows = floats && rowsShape(array.shape);
            if (array.shape.size() == 1 && (array.type == "int" || array.type == "text")) readAsList(array);
        }
    }

    // A list, a list of records (each field is a column), or an object of lists.
    void json(const fs::path& path) {
        Json first;
        if (extensionOf(path) == ".jsonl") {
            const std::string text = readFile(path);
            first = parseJson(text.substr(0, text.find('\n')), path.string() + " line 1");
        } else {
            const Json all = readJsonFile(path, std::size_t{1} << 30);
            if (all.is_object()) {
                for (const auto& [key, value] : all.items()) {
                    if (!value.is_array()) continue;
                    auto& array = put(path, key);
                    array.type = "text";
                    readAsList(array);
                    if (!array.list) out_.pop_back();
                }
                return;
            }
            if (!all.is_array() || all.empty()) return;
            first = all.front();
        }
        if (!first.is_object()) {
            auto& array = put(path);
            array.type = "text";
            readAsList(array);
            return;
        }
        for (const auto& [key, value] : first.items()) {
            auto& array = put(path, key);
            array.column = true;
            array.type = "text";
            readAsList(array);
            if (!array.list) out_.pop_back();
        }
    }

    void folder(const fs::path& path) {
        // clip-retrieval
        bool clip = false;
        for (const char* part : {"img_emb", "text_emb", "metadata"}) clip |= fs::is_directory(path / part);
        if (clip) {
            for (const char* part : {"img_emb", "text_emb", "metadata"}) {
                if (fs::is_directory(path / part)) attempt([&] { parts(path / part); });
            }
            return;
        }
        const std::string name = path.filename().string();
        if (name == "img_emb" || name == "text_emb" || name == "metadata") {
            parts(path);
            return;
        }
        std::vector<fs::path> files;
        for (const auto& entry : fs::directory_iterator(path)) {
            const std::string extension = extensionOf(entry.path());
            if (entry.path().filename().string().starts_with(".")) continue;
            if (entry.is_regular_file() && (isEmbeddingFile(extension) || isListFile(extension)))
                files.push_back(entry.path());
            else if (entry.is_directory() && fs::is_directory(entry.path() / "img_emb")) files.push_back(entry.path());
        }
        if (files.empty())
            throw Error(ErrorCode::NotFound, path.string(), "the folder has no file of embeddings",
                        "expected .npy, .npz, .safetensors, .h5, or clip-retrieval's img_emb/ and text_emb/");
        std::sort(files.begin(), files.end());
        for (const auto& one : files) attempt([&] { look(one); });
    }

    // A folder of numbered parts is one array.
    void parts(const fs::path& path) {
        const auto files = numberedParts(path);
        const std::string extension = extensionOf(files.front());
        if (isEmbeddingFile(extension)) {
            SourceSpec spec;
            spec.file = path;
            const RowReader reader = files_.openRows(spec);
            auto& array = put(path);
            array.type = reader.type == StoredType::Float16 ? "float16" : "float32";
            array.shape = {reader.rows, reader.width};
            array.rows = true;
            return;
        }
        // The columns of the first part; each is read through all.
        Peeker first(job_, nullptr);
        first.look(files.front());
        const auto columns = first.take();
        if (columns.empty()) return;
        for (const auto& c : columns) {
            auto& array = put(path, c.dataset);
            array.column = c.column;
            array.type = c.type;
            readAsList(array);
            if (!array.list) out_.pop_back();
        }
    }

    template <class Step>
    void attempt(Step step) {
        try {
            step();
        } catch (const Error& error) {
            note(error);
        }
    }
    void note(const Error& error) {
        if (problems_) problems_->push_back(error.what());
    }

    const JobContext& job_;
    std::vector<std::string>* problems_;
    SourceFiles files_;
    std::vector<ArrayPeek> out_;
};

}  // namespace

std::string ArrayPeek::describe() const {
    std::string text = type + " [";
    for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

std::vector<ArrayPeek> peekArrays(const std::filesystem::path& path, const JobContext& job,
                                  std::vector<std::string>* problems) {
    if (!fs::exists(path)) throw Error(ErrorCode::NotFound, path.string(), "there is no such file or folder");
    Peeker peeker(job, problems);
    peeker.look(path);
    auto out = peeker.take();
    if (out.empty() && (!problems || problems->empty()))
        throw Error(ErrorCode::InvalidInput, path.string(), "there is no array that could be imported");
    return out;
}

ValuesPeek peekValues(const ArrayPeek& array, std::int64_t index, const JobContext& job) {
    SourceSpec spec;
    spec.file = array.file;
    (array.column ? spec.column : spec.dataset) = array.dataset;
    spec.index = index;
    SourceFiles files;
    const RowReader reader = files.openRows(spec);
    ValuesPeek out;
    out.of = reader.rows;
    if (reader.rows == 0 || reader.width == 0 || reader.held_bytes > kMostUnpacked) return out;

    const std::uint64_t per = std::clamp<std::uint64_t>(kBlockFloats / reader.width, 1, reader.rows);
    const bool all = reader.rows <= kMostFloats / reader.width;
    const std::uint64_t blocks =
        all ? (reader.rows + per - 1) / per
            : std::min(std::max<std::uint64_t>(2, kSampleFloats / (per * reader.width)), reader.rows / per);
    ProgressMeter meter(job, "looking at values", "rows", all ? reader.rows : blocks * per);
    std::vector<float> values(per * reader.width);
    std::uint64_t finite = 0;
    double sum = 0;
    for (std::uint64_t b = 0; b < blocks; ++b) {
        job.checkStop();
        const std::uint64_t first = all ? b * per : blocks > 1 ? b * (reader.rows - per) / (blocks - 1) : 0;
        const std::uint64_t count = std::min(per, reader.rows - first);
        reader.read(first, count, values.data());
        for (std::uint64_t i = 0; i < count; ++i) {
            double squares = 0;  // of floats: never beyond float64, so it is finite where they are
            for (std::uint64_t j = 0; j < reader.width; ++j) {
                const double v = values[i * reader.width + j];
                squares += v * v;
            }
            if (!std::isfinite(squares)) {
                if (out.not_finite++ == 0) out.first_not_finite = first + i;
                continue;
            }
            const double norm = std::sqrt(squares);
            if (norm < schema::kLeastNorm && out.zeros++ == 0) out.first_zeros = first + i;
            out.norm_min = finite == 0 ? norm : std::min(out.norm_min, norm);
            out.norm_max = std::max(out.norm_max, norm);
            sum += norm;
            ++finite;
        }
        out.rows += count;
        meter.advance(count);
    }
    meter.finish();
    if (finite > 0) out.norm_mean = sum / static_cast<double>(finite);
    out.unit_rows = finite == out.rows && std::abs(out.norm_min - 1) <= schema::kUnitTolerance &&
                    std::abs(out.norm_max - 1) <= schema::kUnitTolerance;
    return out;
}

Json peekWorkspace(const std::filesystem::path& folder) {
    const Workspace workspace(folder);
    Json out{{"synthetic", workspace.synthetic()},
             {"spaces", Json::array()},
             {"pools", Json::array()},
             {"sets", Json::array()}};
    for (const auto& s : workspace.spaces())
        out["spaces"].push_back({{"name", s.name}, {"width", s.width}, {"modalities", s.modalities}});
    for (const auto& p : workspace.pools()) {
        Json tables = Json::array();
        for (const auto& t : p.tables) tables.push_back({{"modality", t.modality}, {"rows", t.rows}});
        out["pools"].push_back({{"name", p.name}, {"paired", p.paired}, {"tables", std::move(tables)}});
    }
    for (const auto& s : workspace.sets())
        out["sets"].push_back({{"name", s.name}, {"kind", schema::kindName(s.kind)}});
    return out;
}

ItemsPreview previewItems(const ItemsRequest& request, const JobContext& job) {
    const Workspace workspace(request.workspace);
    job.checkStop();
    ItemsPreview out;
    if (request.set.empty()) {
        for (const auto& pool : workspace.pools()) {
            if (pool.name != request.pool) continue;
            for (const auto& table : pool.tables) {
                if (table.modality != request.modality) continue;
                out.ids = workspace.poolIds(pool.name, table.modality, 0, std::min(request.count, table.rows));
                return out;
            }
        }
        throw Error(ErrorCode::NotFound, request.workspace.string(), "there is no pool " + request.pool, "check again");
    }
    const auto side = request.first_side ? Workspace::Side::First : Workspace::Side::Second;
    const SetInfo& set = workspace.set(request.set);
    out.ids = workspace.setIds(set.name, side);
    if ((request.first_side ? set.first : set.second).has_paths) out.paths = workspace.setPaths(set.name, side);
    for (auto* list : {&out.ids, &out.paths}) {
        if (list->size() > request.count) list->resize(request.count);
    }
    return out;
}

}  // namespace engine
