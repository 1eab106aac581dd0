// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/workspace.h"

#include <algorithm>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/store/half.h"
#include "engine/store/hdf5_file.h"
#include "engine/store/workspace_schema.h"

namespace engine {
namespace {

namespace fs = std::filesystem;

// One pool's or set's file, open as long as anybody reads from it.
struct OpenFile {
    Hdf5File file;
    std::shared_ptr<const MappedFile> mapping;
};

class StoredRows : public EmbeddingSource {
public:
    StoredRows(std::shared_ptr<OpenFile> file, std::string name, const StoredEmbeddings& about)
        : file_(std::move(file)),
          name_(std::move(name)),
          rows_(about.rows),
          width_(about.width),
          unit_(about.unit_rows) {
        const auto dataset = file_->file.dataset(name_);
        const std::uint64_t bytes = rows_ * width_ * (about.type == StoredType::Float16 ? 2 : 4);
        if (!dataset.offset || !file_->mapping || *dataset.offset > file_->mapping->size() ||
            bytes > file_->mapping->size() - *dataset.offset) {
            return;
        }
        const std::byte* data = file_->mapping->data() + *dataset.offset;
        if (about.type == StoredType::Float16) halves_ = data;
        else if (*dataset.offset % alignof(float) == 0 && unit_)
            mapped_ = {reinterpret_cast<const float*>(data), rows_, width_};
    }

    std::size_t rows() const override { return rows_; }
    std::size_t cols() const override { return width_; }
    MatrixView resident() const override { return mapped_; }

    void read(std::size_t first, std::size_t count, float* out) const override {
        ENGINE_CHECK(first + count <= rows_, "rows beyond the end");
        if (mapped_.data) {
            std::memcpy(out, mapped_.row(first), count * width_ * sizeof(float));
            return;
        }
        if (halves_) halvesToFloats(halves_ + first * width_ * 2, count * width_, out);
        else file_->file.readRows(name_, first, count, out);
        if (!unit_) normalizeRows(out, count, width_);
    }

private:
    std::shared_ptr<OpenFile> file_;
    std::string name_;
    std::size_t rows_, width_;
    bool unit_;
    MatrixView mapped_;
    const std::byte* halves_ = nullptr;  // mapped too
};

Error damaged(const fs::path& path, const std::string& what) {
    return Error(ErrorCode::InvalidInput, path.string(), what,
                 "the workspace is damaged: remove its workspace.h5, pools/ and sets/, then import all of it again");
}

void checkVersion(const Hdf5File& file, std::vector<std::string>& warnings) {
    const auto version = file.textAttribute("/", "version");
    int major = 0, minor = 0;
    if (!version || std::sscanf(version->c_str(), "%d.%d", &major, &minor) != 2) {
        throw Error(ErrorCode::InvalidInput, file.path().string(), "expected a workspace file with a version",
                    "`molspace import` makes a workspace");
    }
    if (major > schema::kMajor) {
        throw Error(
            ErrorCode::InvalidInput, file.path().string(),
            "it has format version " + *version + "; this program reads up to " + std::to_string(schema::kMajor) + ".x",
            "update this program");
    }
    if (minor > schema::kMinor) {
        warnings.push_back(file.path().string() + " has the newer format version " + *version +
                           "; what is new in it is not used");
    }
}

ItemTable readTable(const Hdf5File& file, const std::string& group) {
    ItemTable table;
    table.modality = file.textAttribute(group, "modality").value_or("");
    checkName(table.modality, file.path().string() + ":" + group);
    const auto ids = file.dataset(group + "/ids");
    if (ids.shape.size() != 1 || ids.type != Hdf5Type::Text)
        throw damaged(file.path(), "expected a list of ids in " + group);
    table.rows = ids.shape[0];
    table.has_paths = file.exists(group + "/paths");
    if (table.has_paths && file.dataset(group + "/paths").shape != ids.shape)
        throw damaged(file.path(), "expected a path for each id in " + group);
    for (const auto& space : file.children(group + "/embeddings")) {
        checkName(space, file.path().string() + ":" + group);
        const std::string name = group + "/embeddings/" + space;
        const auto d = file.dataset(name);
        if (d.shape.size() != 2 || (d.type != Hdf5Type::Float32 && d.type != Hdf5Type::Float16)) {
            throw damaged(file.path(), "expected float32 or float16 rows [n, width] in " + name);
        }
        // What is mapped is this file; and a workspace reads nothing outside its folder.
        std::error_code ignored;
        if (!fs::equivalent(d.data_file, file.path(), ignored))
            throw damaged(file.path(), "expected the rows of " + name + " in this file, found a link to another");
        if (d.shape[0] != table.rows || d.shape[1] == 0 || d.shape[1] > 65536) {
            throw damaged(file.path(), "expected " + std::to_string(table.rows) + " rows in " + name + ", found [" +
                                           std::to_string(d.shape[0]) + ", " + std::to_string(d.shape[1]) + "]");
        }
        StoredEmbeddings e;
        e.space = space;
        e.rows = d.shape[0];
        e.width = d.shape[1];
        e.type = d.type == Hdf5Type::Float16 ? StoredType::Float16 : StoredType::Float32;
        e.norm_min = file.numberAttribute(name, "norm_min").value_or(0);
        e.norm_mean = file.numberAttribute(name, "norm_mean").value_or(0);
        e.norm_max = file.numberAttribute(name, "norm_max").value_or(0);
        e.content = file.textAttribute(name, "content").value_or("");
        e.unit_rows =
            std::abs(e.norm_min - 1) <= schema::kUnitTolerance && std::abs(e.norm_max - 1) <= schema::kUnitTolerance;
        table.embeddings.push_back(std::move(e));
    }
    if (table.embeddings.empty()) throw damaged(file.path(), "expected rows of at least one space in " + group);
    return table;
}

SetKind kindOf(const Hdf5File& file) {
    const auto kind = file.textAttribute("/", "kind").value_or("");
    for (const auto k : {SetKind::Retrieval, SetKind::Classification, SetKind::MultiLabel}) {
        if (kind == schema::kindName(k)) return k;
    }
    throw damaged(file.path(), "it has the unknown kind '" + kind + "'");
}

}  // namespace

const StoredEmbeddings* ItemTable::find(const std::string& space) const {
    const auto it = std::find_if(embeddings.begin(), embeddings.end(), [&](const auto& e) { return e.space == space; });
    return it == embeddings.end() ? nullptr : &*it;
}

struct Workspace::Impl {
    fs::path folder;
    bool synthetic = false;
    Json origin;
    std::string fingerprint;
    std::vector<std::string> warnings;
    std::vector<PoolInfo> pools;
    std::vector<SetInfo> sets;
    std::map<std::string, std::shared_ptr<OpenFile>> pool_files, set_files;

    // Linked files must lie in the workspace's own folder.
    std::shared_ptr<OpenFile> openLinked(const Hdf5File& index, const std::string& link) {
        const fs::path target = index.externalLink(link);
        const fs::path normal = target.lexically_normal();
        if (target.empty() || target.is_absolute() || normal.begin()->string() == "..") {
            throw damaged(index.path(), "expected a link to a file inside the workspace in " + link + ", found '" +
                                            target.string() + "'");
        }
        const fs::path path = folder / normal;
        auto file = std::make_shared<OpenFile>(OpenFile{Hdf5File::open(path), nullptr});
        checkVersion(file->file, warnings);
        file->mapping = std::make_shared<const MappedFile>(path);
        return file;
    }

    void open() {
        const fs::path path = folder / schema::kIndexFile;
        if (!fs::exists(path)) {
            throw Error(ErrorCode::NotFound, folder.string(), "expected the folder of a workspace (with workspace.h5)",
                        "`molspace import` or `molspace synth` makes one");
        }
        const Hdf5File index = Hdf5File::open(path);
        if (index.textAttribute("/", "format").value_or("") != schema::kFormat) {
            throw Error(ErrorCode::InvalidInput, path.string(), "it is an HDF5 file, but no workspace",
                        "bring its embeddings in with `molspace import`");
        }
        checkVersion(index, warnings);
        synthetic = index.numberAttribute("/", "synthetic").value_or(0) != 0;
        origin = parseJson(index.textAttribute("/", "origin").value_or("{}"), path.string());
        fingerprint = index.textAttribute("/", "fingerprint").value_or("");
        for (const auto& name : index.children(schema::kPools)) {
            checkName(name, path.string());
            auto file = openLinked(index, std::string(schema::kPools) + "/" + name);
            PoolInfo pool;
            pool.name = name;
            for (const auto& modality : file->file.children("/")) {
                pool.tables.push_back(readTable(file->file, "/" + modality));
                if (pool.tables.back().modality != modality)
                    throw damaged(file->file.path(), "the group " + modality + " says another modality");
            }
            if (pool.tables.empty()) throw damaged(file->file.path(), "the pool has no modality");
            pool.paired = pool.tables.size() > 1;
            pools.push_back(std::move(pool));
            pool_files[name] = std::move(file);
        }
        for (const auto& name : index.children(schema::kSets)) {
            checkName(name, path.string());
            auto file = openLinked(index, std::string(schema::kSets) + "/" + name);
            SetInfo set;
            set.name = name;
            set.kind = kindOf(file->file);
            set.first = readTable(file->file, schema::kFirst);
            set.second = readTable(file->file, schema::kSecond);
            const auto pairs = file->file.dataset(schema::kPairs);
            if (pairs.shape.size() != 2 || pairs.shape[1] != 2)
                throw damaged(file->file.path(), "expected pairs [n, 2]");
            set.pairs = pairs.shape[0];
            set.prompt = file->file.textAttribute("/", "prompt").value_or("");
            sets.push_back(std::move(set));
            set_files[name] = std::move(file);
        }
        checkWidths();
    }

    void checkWidths() const {
        std::map<std::string, std::size_t> widths;
        const auto check = [&](const ItemTable& table) {
            for (const auto& e : table.embeddings) {
                if (widths.emplace(e.space, e.width).first->second != e.width) {
                    throw damaged(folder, "space " + e.space + " has rows of different widths");
                }
            }
        };
        for (const auto& pool : pools) std::for_each(pool.tables.begin(), pool.tables.end(), check);
        for (const auto& set : sets) {
            check(set.first);
            check(set.second);
        }
    }

    const PoolInfo& pool(const std::string& name) const {
        const auto it = std::find_if(pools.begin(), pools.end(), [&](const auto& p) { return p.name == name; });
        if (it != pools.end()) return *it;
        std::vector<std::string> names;
        for (const auto& p : pools) names.push_back(p.name);
        throw missing("pool", name, names);
    }

    Error missing(const char* what, const std::string& name, const std::vector<std::string>& names) const {
        const std::string near = nearestName(name, names);
        return Error(ErrorCode::NotFound, folder.string(), std::string("there is no ") + what + " '" + name + "'",
                     near.empty() ? "`molspace inspect` lists what there is" : "did you mean '" + near + "'?");
    }

    const ItemTable& table(const PoolInfo& pool, const Modality& modality) const {
        const auto it =
            std::find_if(pool.tables.begin(), pool.tables.end(), [&](const auto& t) { return t.modality == modality; });
        if (it == pool.tables.end())
            throw Error(ErrorCode::NotFound, folder.string() + ", pool " + pool.name, "it has no " + modality);
        return *it;
    }

    EmbeddingSourcePtr source(const std::shared_ptr<OpenFile>& file, const std::string& group, const ItemTable& table,
                              const std::string& space) const {
        const StoredEmbeddings* e = table.find(space);
        if (!e) {
            std::string known;
            for (const auto& other : table.embeddings) known += (known.empty() ? "" : ", ") + other.space;
            throw Error(ErrorCode::NotFound, file->file.path().string() + ":" + group,
                        "expected rows of space '" + space + "', found " + known, "import that space too");
        }
        return std::make_shared<StoredRows>(file, group + "/embeddings/" + space, *e);
    }
};

Workspace::Workspace(const fs::path& folder) : impl_(std::make_unique<Impl>()) {
    impl_->folder = folder;
    impl_->open();
}
Workspace::~Workspace() = default;
Workspace::Workspace(Workspace&&) noexcept = default;

const fs::path& Workspace::folder() const {
    return impl_->folder;
}
bool Workspace::synthetic() const {
    return impl_->synthetic;
}
Json Workspace::origin() const {
    return impl_->origin;
}
std::string Workspace::fingerprint() const {
    return impl_->fingerprint;
}
std::vector<std::string> Workspace::warnings() const {
    return impl_->warnings;
}
const std::vector<PoolInfo>& Workspace::pools() const {
    return impl_->pools;
}
const std::vector<SetInfo>& Workspace::sets() const {
    return impl_->sets;
}

std::vector<SpaceSummary> Workspace::spaces() const {
    std::map<std::string, SpaceSummary> found;
    const auto add = [&](const ItemTable& table) {
        for (const auto& e : table.embeddings) {
            auto& s = found[e.space];
            s.name = e.space;
            s.width = e.width;
            if (std::find(s.modalities.begin(), s.modalities.end(), table.modality) == s.modalities.end())
                s.modalities.push_back(table.modality);
        }
    };
    for (const auto& pool : impl_->pools) std::for_each(pool.tables.begin(), pool.tables.end(), add);
    for (const auto& set : impl_->sets) {
        add(set.first);
        add(set.second);
    }
    std::vector<SpaceSummary> out;
    for (auto& [name, summary] : found) out.push_back(std::move(summary));
    return out;
}

const SetInfo& Workspace::set(const std::string& name) const {
    const auto it = std::find_if(impl_->sets.begin(), impl_->sets.end(), [&](const auto& s) { return s.name == name; });
    if (it != impl_->sets.end()) return *it;
    std::vector<std::string> names;
    for (const auto& s : impl_->sets) names.push_back(s.name);
    throw impl_->missing("evaluation set", name, names);
}

const PoolInfo* Workspace::poolOf(const Modality& modality) const {
    const PoolInfo* found = nullptr;
    for (const auto& pool : impl_->pools) {
        if (pool.paired || pool.tables.front().modality != modality) continue;
        if (found) {
            throw Error(ErrorCode::InvalidInput, impl_->folder.string(),
                        "there are several pools of " + modality + ": " + found->name + " and " + pool.name,
                        "keep one unpaired pool for each modality");
        }
        found = &pool;
    }
    return found;
}

EmbeddingSourcePtr Workspace::pool(const std::string& pool, const Modality& modality, const std::string& space) const {
    const auto& table = impl_->table(impl_->pool(pool), modality);
    return impl_->source(impl_->pool_files.at(pool), "/" + modality, table, space);
}

EmbeddingSourcePtr Workspace::setRows(const std::string& set, Side side, const std::string& space) const {
    const SetInfo& info = this->set(set);
    const bool first = side == Side::First;
    return impl_->source(impl_->set_files.at(set), first ? schema::kFirst : schema::kSecond,
                         first ? info.first : info.second, space);
}

std::vector<std::array<std::uint32_t, 2>> Workspace::pairs(const std::string& set) const {
    const SetInfo& info = this->set(set);
    const auto& file = impl_->set_files.at(set)->file;
    const auto flat = file.readIntegers(schema::kPairs);
    std::vector<std::array<std::uint32_t, 2>> out(flat.size() / 2);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const auto a = flat[2 * i], b = flat[2 * i + 1];
        if (a < 0 || b < 0 || static_cast<std::uint64_t>(a) >= info.first.rows ||
            static_cast<std::uint64_t>(b) >= info.second.rows) {
            throw damaged(file.path(), "pair " + std::to_string(i) + " names rows that are not there");
        }
        out[i] = {static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b)};
    }
    return out;
}

std::vector<std::string> Workspace::poolIds(const std::string& pool, const Modality& modality, std::size_t first,
                                            std::size_t count) const {
    impl_->table(impl_->pool(pool), modality);
    return impl_->pool_files.at(pool)->file.readTexts("/" + modality + "/ids", first, count);
}

std::vector<std::string> Workspace::setIds(const std::string& set, Side side) const {
    const SetInfo& info = this->set(set);
    const bool first = side == Side::First;
    return impl_->set_files.at(set)->file.readTexts(std::string(first ? schema::kFirst : schema::kSecond) + "/ids", 0,
                                                    first ? info.first.rows : info.second.rows);
}

std::vector<std::string> Workspace::setPaths(const std::string& set, Side side) const {
    const SetInfo& info = this->set(set);
    const bool first = side == Side::First;
    const ItemTable& table = first ? info.first : info.second;
    if (!table.has_paths) return std::vector<std::string>(table.rows);
    return impl_->set_files.at(set)->file.readTexts(std::string(first ? schema::kFirst : schema::kSecond) + "/paths", 0,
                                                    table.rows);
}

}  // namespace engine
