// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/store/hdf5_file.h"
#include "engine/store/workspace.h"
#include "engine/store/workspace_schema.h"

namespace engine {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kBlockFloats = std::size_t{4} << 20;

struct Norms {
    double min = 0, max = 0, sum = 0;
};

std::string countText(std::size_t n, const char* what) {
    return std::to_string(n) + " " + what;
}

// Everything that can be seen without reading rows. `widths` of the spaces so far; the table's are added.
void checkTable(const TableInput& table, const std::string& where, std::map<std::string, std::size_t>& widths,
                std::vector<std::string>& problems) {
    if (auto p = nameProblem(table.modality); !p.empty()) problems.push_back(where + ": " + p);
    if (table.embeddings.empty()) {
        problems.push_back(where + ": expected rows of at least one space, found none");
        return;
    }
    const std::size_t rows = table.embeddings.front().second.rows;
    std::set<std::string> spaces;
    for (const auto& [space, reader] : table.embeddings) {
        const std::string place = where + ", space " + space + " (" + reader.origin + ")";
        if (auto p = nameProblem(space); !p.empty()) problems.push_back(place + ": " + p);
        if (!spaces.insert(space).second) problems.push_back(place + ": the space is given twice");
        if (reader.rows != rows) {
            problems.push_back(place + ": expected " + countText(rows, "rows") + ", as " +
                               table.embeddings.front().first + " (" + table.embeddings.front().second.origin +
                               ") has, found " + std::to_string(reader.rows) +
                               "; row i must be the same item in every space");
        }
        if (reader.width == 0 || reader.width > 65536) {
            problems.push_back(place + ": expected a width from 1 to 65536, found " + std::to_string(reader.width));
        }
        const auto known = widths.emplace(space, reader.width).first;
        if (known->second != reader.width) {
            problems.push_back(place + ": expected width " + std::to_string(known->second) +
                               ", which the space has elsewhere in the workspace, found " +
                               std::to_string(reader.width) + "; give rows of another encoder a space of their own");
        }
    }
    if (rows == 0) problems.push_back(where + ": expected at least one row, found none; leave the table out");
    if (rows > 0xffffffffu)
        problems.push_back(where + ": expected fewer than 2^32 rows, found " + std::to_string(rows));
    if (!table.ids.empty() && table.ids.size() != rows) {
        problems.push_back(where + ": expected one id for each of " + countText(rows, "rows") + ", found " +
                           std::to_string(table.ids.size()) +
                           (table.ids_origin.name.empty() ? "" : " in " + table.ids_origin.name) +
                           "; the list must be in the order of the rows");
    }
    if (!table.paths.empty() && table.paths.size() != rows) {
        problems.push_back(where + ": expected one path for each of " + countText(rows, "rows") + ", found " +
                           std::to_string(table.paths.size()) + "; the list must be in the order of the rows");
    }
    const auto from = [&](std::size_t i) {
        return table.ids_origin.place ? " (" + table.ids_origin.place(i) + ")" : std::string();
    };
    std::unordered_map<std::string_view, std::size_t> seen;
    seen.reserve(table.ids.size());
    for (std::size_t i = 0; i < table.ids.size(); ++i) {
        if (table.ids[i].empty()) {
            problems.push_back(where + ": the id of row " + std::to_string(i) + from(i) +
                               " is empty; give it one, or leave all ids out");
            break;
        }
        const auto [it, fresh] = seen.emplace(table.ids[i], i);
        if (!fresh) {
            problems.push_back(where + ": the id '" + table.ids[i] + "' is given twice, in rows " +
                               std::to_string(it->second) + " and " + std::to_string(i) + from(i) +
                               "; ids must be unique within a table: give each row its own, or leave all ids out");
            break;
        }
    }
}

void checkPairs(const SetInput& set, std::vector<std::string>& problems) {
    if (set.first.embeddings.empty() || set.second.embeddings.empty()) return;
    const std::size_t n = set.first.embeddings.front().second.rows, m = set.second.embeddings.front().second.rows;
    const std::string where = "set " + set.name;
    const char* second = set.kind == SetKind::Retrieval ? "second" : "class";
    for (std::size_t i = 0; i < set.pairs.size(); ++i) {
        if (set.pairs[i][0] < n && set.pairs[i][1] < m) continue;
        problems.push_back(where + ": pair " + std::to_string(i) + ": expected a first row below " + std::to_string(n) +
                           " and a " + second + " below " + std::to_string(m) + ", found " +
                           std::to_string(set.pairs[i][0]) + " and " + std::to_string(set.pairs[i][1]) +
                           "; rows count from 0");
        return;
    }
    if (set.pairs.empty())
        problems.push_back(
            where +
            ": expected at least one pair of what belongs together, found none; a set without pairs measures nothing");
    if (set.kind != SetKind::Classification) return;
    std::vector<bool> labelled(n, false);
    for (const auto& pair : set.pairs) {
        if (labelled[pair[0]]) {
            problems.push_back(where + ": item " + std::to_string(pair[0]) +
                               " has two labels; expected one, or the kind multilabel");
            return;
        }
        labelled[pair[0]] = true;
    }
    const auto missing = std::find(labelled.begin(), labelled.end(), false);
    if (missing != labelled.end()) {
        problems.push_back(where + ": item " + std::to_string(missing - labelled.begin()) +
                           " has no label; give it one, or leave it out");
    }
}

std::vector<std::string> idsOf(const TableInput& table, const std::string& name) {
    if (!table.ids.empty()) return table.ids;
    std::vector<std::string> ids(table.embeddings.front().second.rows);
    for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = name + "/" + std::to_string(i);
    return ids;
}

// Checks rows as they pass; the first bad row ends the writing.
void writeEmbeddings(Hdf5File& file, const std::string& group, const std::string& space, const RowReader& reader,
                     const std::string& where, ProgressMeter& meter, const JobContext& job, std::string& content) {
    const std::string name = group + "/embeddings/" + space;
    file.createRows(name, reader.rows, reader.width, reader.type == StoredType::Float16);
    const std::size_t block = std::max<std::size_t>(1, kBlockFloats / reader.width);
    std::vector<float> rows(std::min(block, reader.rows) * reader.width);
    Norms norms{INFINITY, 0, 0};
    std::string own;
    for (std::size_t first = 0; first < reader.rows; first += block) {
        job.checkStop();
        const std::size_t count = std::min(block, reader.rows - first);
        reader.read(first, count, rows.data());
        for (std::size_t i = 0; i < count; ++i) {
            double sum = 0;
            for (std::size_t j = 0; j < reader.width; ++j) {
                const double v = rows[i * reader.width + j];
                if (!std::isfinite(v)) {
                    throw Error(ErrorCode::InvalidInput, where + " (" + reader.placeOf(first + i) + ")",
                                "expected finite numbers, found " + std::string(std::isnan(v) ? "NaN" : "Inf") +
                                    " in column " + std::to_string(j),
                                "leave the row out, or compute its embedding again");
                }
                sum += v * v;
            }
            const double norm = std::sqrt(sum);
            if (norm < schema::kLeastNorm) {
                throw Error(ErrorCode::InvalidInput, where + " (" + reader.placeOf(first + i) + ")",
                            "expected a direction, found a row of zeros",
                            "leave the row out, or compute its embedding again");
            }
            norms.min = std::min(norms.min, norm);
            norms.max = std::max(norms.max, norm);
            norms.sum += norm;
        }
        file.writeRows(name, first, count, reader.width, rows.data());
        const auto block_hash =
            hashHex({reinterpret_cast<const char*>(rows.data()), count * reader.width * sizeof(float)});
        content = hashHex(content + block_hash);
        own = hashHex(own + block_hash);
        meter.advance(count);
    }
    if (reader.release) reader.release();
    file.setAttribute(name, "content", own);
    file.setAttribute(name, "norm_min", norms.min);
    file.setAttribute(name, "norm_mean", norms.sum / static_cast<double>(reader.rows));
    file.setAttribute(name, "norm_max", norms.max);
}

void writeTable(Hdf5File& file, const std::string& group, const TableInput& table, const std::string& name,
                const std::string& where, ProgressMeter& meter, const JobContext& job, std::string& content) {
    file.makeGroup(group);
    file.setAttribute(group, "modality", table.modality);
    const auto ids = idsOf(table, name);
    file.writeTexts(group + "/ids", ids);
    if (!table.paths.empty()) file.writeTexts(group + "/paths", table.paths);
    for (const auto& id : ids) content += id + '\n';
    content = hashHex(content + table.modality);
    for (const auto& [space, reader] : table.embeddings) {
        content = hashHex(content + space);
        writeEmbeddings(file, group, space, reader, where + ", space " + space, meter, job, content);
    }
}

}  // namespace

struct WorkspaceWriter::Impl {
    // A file that is written under its content's name and will be linked by finish().
    struct Linked {
        std::string file, fingerprint;
    };

    fs::path folder;
    WriterLock lock;
    Json origin;
    bool synthetic = false;
    bool fresh = false;  // no workspace was there
    bool finished = false;
    std::map<std::string, Linked> pools, sets;
    std::vector<fs::path> written;  // by this writer
    // Width of each space in every pool ("pools/text") and set: what is replaced does not bind what replaces it.
    std::map<std::string, std::map<std::string, std::size_t>> widths_of;
    std::set<std::string> added;  // by this writer

    Impl(const fs::path& where, Json from, bool made)
        : folder(where), lock(where), origin(std::move(from)), synthetic(made) {
        fresh = !fs::exists(folder / schema::kIndexFile);
        if (fresh) return;
        const Workspace there(folder);
        synthetic = synthetic || there.synthetic();
        const Hdf5File index = Hdf5File::open(folder / schema::kIndexFile);
        for (auto* group : {&pools, &sets}) {
            const std::string name = group == &pools ? schema::kPools : schema::kSets;
            if (!index.exists(name)) continue;
            for (const auto& child : index.children(name)) {
                const std::string file = index.externalLink(name + "/" + child);
                (*group)[child] = {file, Hdf5File::open(folder / file).textAttribute("/", "fingerprint").value_or("")};
            }
        }
        for (const auto& pool : there.pools()) {
            for (const auto& table : pool.tables) rememberWidths("pools/" + pool.name, table.embeddings);
        }
        for (const auto& set : there.sets()) {
            for (const auto* table : {&set.first, &set.second}) rememberWidths("sets/" + set.name, table->embeddings);
        }
    }

    ~Impl() {
        if (finished) return;
        std::error_code ignored;
        for (const auto& path : written) fs::remove(path, ignored);
        if (fresh) {
            fs::remove(folder / "pools", ignored);
            fs::remove(folder / "sets", ignored);
            fs::remove(folder / ".lock", ignored);
            fs::remove(folder, ignored);  // only if nothing else is in it
        }
    }

    void refuse(const std::vector<std::string>& problems, const std::string& what) const {
        if (!problems.empty()) throw joinProblems(ErrorCode::InvalidInput, what, problems);
    }

    // Writes <kind>/<name>.<content>.h5 whole and remembers it for finish().
    template <class Fill>
    void add(std::map<std::string, Linked>& group, const char* kind, const std::string& name, std::uint64_t bytes,
             Fill fill) {
        requireDisk(folder, bytes, std::string(kind) + " " + name);
        std::string content;
        const fs::path draft = folder / kind / (name + ".writing.h5");
        Staging staging(draft);
        fs::create_directories(draft.parent_path());
        Hdf5File file = Hdf5File::create(staging.path());
        file.setAttribute("/", "format", std::string(schema::kFormat) + " " + kind);
        file.setAttribute("/", "version", std::to_string(schema::kMajor) + "." + std::to_string(schema::kMinor));
        file.setAttribute("/", "name", name);
        fill(file, content);
        file.setAttribute("/", "fingerprint", content);
        file.close();
        const std::string relative = std::string(kind) + "/" + name + "." + content.substr(0, 8) + ".h5";
        // A file that has this name already should be the same, but may be damaged. Whoever reads it keeps the old one;
        // and if this writer gives up, the name stays, for the workspace links to it.
        const bool there = fs::exists(folder / relative);
        staging.commit();
        fs::rename(draft, folder / relative);
        if (!there) written.push_back(folder / relative);
        group[name] = {relative, content};
    }

    void rememberWidths(const std::string& entry, const std::vector<StoredEmbeddings>& embeddings) {
        for (const auto& e : embeddings) widths_of[entry][e.space] = e.width;
    }
    void rememberWidths(const std::string& entry, const TableInput& table) {
        for (const auto& [space, reader] : table.embeddings) widths_of[entry][space] = reader.width;
    }

    // Of every space outside `entry`.
    std::map<std::string, std::size_t> widthsBut(const std::string& entry) const {
        std::map<std::string, std::size_t> out;
        for (const auto& [other, widths] : widths_of) {
            if (other != entry) out.insert(widths.begin(), widths.end());
        }
        return out;
    }

    // Replaces what an earlier writer left under this name, but not what this one wrote.
    void claim(const std::string& entry, const std::string& where, std::vector<std::string>& problems) {
        if (!added.insert(entry).second) problems.push_back(where + ": the name is given twice; give each its own");
    }
};

WorkspaceWriter::WorkspaceWriter(const fs::path& folder, const Json& origin, bool synthetic)
    : impl_(std::make_unique<Impl>(folder, origin, synthetic)) {}

WorkspaceWriter::~WorkspaceWriter() = default;

std::uint64_t WorkspaceWriter::estimateBytes(const TableInput& table) {
    std::uint64_t bytes = 4096;
    for (const auto& [space, reader] : table.embeddings) {
        bytes += static_cast<std::uint64_t>(reader.rows) * reader.width * (reader.type == StoredType::Float16 ? 2 : 4) +
                 4096;
    }
    for (const auto* texts : {&table.ids, &table.paths}) {
        std::size_t longest = 0;
        for (const auto& t : *texts) longest = std::max(longest, t.size());
        bytes += longest * texts->size();
    }
    if (table.ids.empty() && !table.embeddings.empty()) bytes += table.embeddings.front().second.rows * 80;
    return bytes;
}

void WorkspaceWriter::addPool(const PoolInput& pool, const JobContext& job) {
    std::vector<std::string> problems;
    const std::string where = "pool " + pool.name;
    if (auto p = nameProblem(pool.name); !p.empty()) problems.push_back(where + ": " + p);
    if (pool.tables.empty()) problems.push_back(where + ": expected at least one modality");
    std::set<Modality> modalities;
    std::uint64_t bytes = 0, rows = 0;
    const std::string entry = "pools/" + pool.name;
    impl_->claim(entry, where, problems);
    auto widths = impl_->widthsBut(entry);
    for (const auto& table : pool.tables) {
        const std::string place = where + ", " + table.modality;
        checkTable(table, place, widths, problems);
        if (!modalities.insert(table.modality).second) problems.push_back(place + ": the modality is given twice");
        if (!table.embeddings.empty() && !pool.tables.front().embeddings.empty() &&
            table.embeddings.front().second.rows != pool.tables.front().embeddings.front().second.rows) {
            problems.push_back(place + ": expected as many rows as " + pool.tables.front().modality +
                               " has, because rows of a paired pool belong together");
        }
        bytes += estimateBytes(table);
        for (const auto& [space, reader] : table.embeddings) rows += reader.rows;
    }
    impl_->refuse(problems, where);
    ProgressMeter meter(job, where, "rows", rows);
    impl_->add(impl_->pools, "pools", pool.name, bytes, [&](Hdf5File& file, std::string& content) {
        for (const auto& table : pool.tables) {
            writeTable(file, "/" + table.modality, table, pool.name, where + ", " + table.modality, meter, job,
                       content);
        }
    });
    impl_->widths_of.erase(entry);
    for (const auto& table : pool.tables) impl_->rememberWidths(entry, table);
    meter.finish();
}

void WorkspaceWriter::addSet(const SetInput& set, const JobContext& job) {
    std::vector<std::string> problems;
    const std::string where = "set " + set.name;
    if (auto p = nameProblem(set.name); !p.empty()) problems.push_back(where + ": " + p);
    const std::string entry = "sets/" + set.name;
    impl_->claim(entry, where, problems);
    auto widths = impl_->widthsBut(entry);
    checkTable(set.first, where + ", first (" + set.first.modality + ")", widths, problems);
    checkTable(set.second, where + ", second (" + set.second.modality + ")", widths, problems);
    checkPairs(set, problems);
    impl_->refuse(problems, where);
    std::uint64_t rows = 0;
    for (const auto* table : {&set.first, &set.second}) {
        for (const auto& [space, reader] : table->embeddings) rows += reader.rows;
    }
    ProgressMeter meter(job, where, "rows", rows);
    const std::uint64_t bytes = estimateBytes(set.first) + estimateBytes(set.second) + set.pairs.size() * 8;
    impl_->add(impl_->sets, "sets", set.name, bytes, [&](Hdf5File& file, std::string& content) {
        writeTable(file, schema::kFirst, set.first, set.name + "/first", where + ", " + set.first.modality, meter, job,
                   content);
        writeTable(file, schema::kSecond, set.second, set.name + "/second", where + ", " + set.second.modality, meter,
                   job, content);
        std::vector<std::uint32_t> flat;
        for (const auto& pair : set.pairs) flat.insert(flat.end(), pair.begin(), pair.end());
        file.writeIntegers(schema::kPairs, flat, 2);
        file.setAttribute("/", "kind", std::string(schema::kindName(set.kind)));
        if (!set.prompt.empty()) file.setAttribute("/", "prompt", set.prompt);
        content = hashHex(content + schema::kindName(set.kind) +
                          hashHex({reinterpret_cast<const char*>(flat.data()), flat.size() * sizeof(std::uint32_t)}));
    });
    impl_->widths_of.erase(entry);
    impl_->rememberWidths(entry, set.first);
    impl_->rememberWidths(entry, set.second);
    meter.finish();
}

void WorkspaceWriter::finish() {
    const fs::path path = impl_->folder / schema::kIndexFile;
    std::string fingerprint;
    std::set<std::string> used;
    {
        Staging staging(path);
        Hdf5File file = Hdf5File::create(staging.path());
        file.setAttribute("/", "format", std::string(schema::kFormat));
        file.setAttribute("/", "version", std::to_string(schema::kMajor) + "." + std::to_string(schema::kMinor));
        file.setAttribute("/", "synthetic", impl_->synthetic ? 1.0 : 0.0);
        file.setAttribute("/", "origin", impl_->origin.dump());
        for (const auto& [group, linked] :
             {std::pair{schema::kPools, &impl_->pools}, std::pair{schema::kSets, &impl_->sets}}) {
            file.makeGroup(group);
            for (const auto& [name, entry] : *linked) {
                file.linkExternal(std::string(group) + "/" + name, entry.file, "/");
                fingerprint = hashHex(fingerprint + group + name + entry.fingerprint);
                used.insert(entry.file);
            }
        }
        file.setAttribute("/", "fingerprint", fingerprint);
        file.close();
        staging.commit();
    }
    impl_->finished = true;
    // What an earlier version, or a writer that was killed, left behind.
    std::error_code ignored;
    for (const char* kind : {"pools", "sets"}) {
        std::vector<fs::path> stale;
        for (const auto& entry : fs::directory_iterator(impl_->folder / kind, ignored)) {
            const auto name = entry.path().filename().string();
            if (entry.path().extension() == ".h5" && !used.count(std::string(kind) + "/" + name))
                stale.push_back(entry.path());
        }
        for (const auto& p : stale) fs::remove(p, ignored);
    }
}

}  // namespace engine
