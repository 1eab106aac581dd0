// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/add_space.h"

#include "engine/base/error.h"
#include "engine/store/hdf5_file.h"
#include "engine/store/workspace_schema.h"

namespace engine {
namespace {

namespace fs = std::filesystem;

// A file of the workspace, rows as they lie there (the reader of a workspace scales rows that are not of unit length).
class Stored {
public:
    Stored(const fs::path& folder, const std::string& link)
        : file_(std::make_shared<const Hdf5File>(
              Hdf5File::open(folder / Hdf5File::open(folder / schema::kIndexFile).externalLink(link)))) {}

    TableInput table(const std::string& group, const ItemTable& about, const std::string& without) const {
        TableInput out;
        out.modality = about.modality;
        out.ids = file_->readTexts(group + "/ids", 0, about.rows);
        if (about.has_paths) out.paths = file_->readTexts(group + "/paths", 0, about.rows);
        for (const auto& e : about.embeddings) {
            if (e.space == without) continue;
            RowReader rows;
            rows.rows = e.rows;
            rows.width = e.width;
            rows.type = e.type;
            const std::string name = group + "/embeddings/" + e.space;
            rows.origin = file_->path().string() + "#" + name;
            rows.read = [file = file_, name](std::size_t first, std::size_t count, float* to) {
                file->readRows(name, first, count, to);
            };
            out.embeddings.emplace_back(e.space, std::move(rows));
        }
        return out;
    }

private:
    std::shared_ptr<const Hdf5File> file_;
};

}  // namespace

void addSpace(const fs::path& folder, const AddedSpace& space, const JobContext& job) {
    const Workspace there(folder);
    Json origin = there.origin();
    if (!origin.is_object()) origin = Json{{"made", origin}};
    origin["added"][space.name] = space.origin;
    WorkspaceWriter writer(folder, origin, there.synthetic());
    for (const auto& pool : there.pools()) {
        const auto more = space.pools.find(pool.name);
        if (more == space.pools.end()) continue;
        const Stored stored(folder, std::string(schema::kPools) + "/" + pool.name);
        PoolInput input{pool.name, {}};
        for (const auto& table : pool.tables) {
            input.tables.push_back(stored.table("/" + table.modality, table, space.name));
            const auto rows = more->second.find(table.modality);
            if (rows != more->second.end()) input.tables.back().embeddings.emplace_back(space.name, rows->second);
        }
        writer.addPool(input, job);
    }
    for (const auto& set : there.sets()) {
        const auto more = space.sets.find(set.name);
        if (more == space.sets.end()) continue;
        const Stored stored(folder, std::string(schema::kSets) + "/" + set.name);
        SetInput input{set.name,
                       set.kind,
                       stored.table(schema::kFirst, set.first, space.name),
                       stored.table(schema::kSecond, set.second, space.name),
                       there.pairs(set.name),
                       set.prompt};
        for (const auto& [side, rows] : more->second)
            (side == Workspace::Side::First ? input.first : input.second).embeddings.emplace_back(space.name, rows);
        writer.addSet(input, job);
    }
    writer.finish();
}

}  // namespace engine
