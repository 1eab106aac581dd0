// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/embeddings.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/eval/workspace_evaluation.h"
#include "engine/package/apply.h"
#include "engine/package/manifest.h"
#include "engine/session/subject.h"
#include "engine/store/hdf5_file.h"
#include "engine/store/npy.h"

namespace engine {
namespace {

// Ids of pools are read by so many.
constexpr std::size_t kIdRows = 65536;

bool isHdf5(const std::filesystem::path& path) {
    return path.extension() == ".h5" || path.extension() == ".hdf5";
}

// Blocks of product vectors on their way into a file; nothing under its name before finish().
class VectorFile {
public:
    VectorFile(const std::filesystem::path& target, std::size_t rows, std::size_t width,
               const std::map<std::string, std::string>& notes)
        : target_(target), width_(width), staging_(target) {
        if (isHdf5(target)) {
            hdf5_.emplace(Hdf5File::create(staging_.path()));
            hdf5_->createRows("embeddings", rows, width, false);
            for (const auto& [name, text] : notes) hdf5_->setAttribute("embeddings", name, text);
            return;
        }
        raw_.open(staging_.path(), std::ios::binary);
        const std::string header =
            target.extension() == ".npy" ? npyHeader("<f4", {rows, width}) : safetensorsHeader(rows, width, notes);
        raw_.write(header.data(), static_cast<std::streamsize>(header.size()));
        check();
    }

    void append(const float* rows, std::size_t count) {
        if (hdf5_) {
            hdf5_->writeRows("embeddings", done_, count, width_, rows);
        } else {
            raw_.write(reinterpret_cast<const char*>(rows),
                       static_cast<std::streamsize>(count * width_ * sizeof(float)));
            check();
        }
        done_ += count;
    }

    void finish(const std::vector<std::string>& ids) {
        if (hdf5_) {
            if (!ids.empty()) hdf5_->writeTexts("ids", ids);
            hdf5_->close();
        } else {
            raw_.close();
            check();
        }
        staging_.commit();
    }

private:
    static std::string safetensorsHeader(std::size_t rows, std::size_t width,
                                         const std::map<std::string, std::string>& notes) {
        const std::uint64_t bytes = std::uint64_t{rows} * width * sizeof(float);
        Json json{{"__metadata__", notes},
                  {"embeddings", {{"dtype", "F32"}, {"shape", {rows, width}}, {"data_offsets", {0, bytes}}}}};
        std::string text = json.dump();
        text.resize((text.size() + 7) / 8 * 8, ' ');
        std::string out;
        for (int i = 0; i < 8; ++i) out += static_cast<char>(static_cast<std::uint64_t>(text.size()) >> (8 * i) & 0xFF);
        return out + text;
    }

    void check() const {
        if (!raw_)
            throw Error(ErrorCode::Io, target_.string(), "cannot write the product vectors", "free some disk space");
    }

    std::filesystem::path target_;
    std::size_t width_, done_ = 0;
    Staging staging_;
    std::ofstream raw_;
    std::optional<Hdf5File> hdf5_;
};

// Where rows come from: per space a way to read a block of unit rows.
struct Rows {
    using Read = std::function<void(std::size_t first, std::size_t count, float* out)>;
    std::string source;  // for people: "pool audio", "text of AudioCaps"
    Modality modality;
    std::size_t rows = 0;
    std::map<std::string, std::pair<std::size_t, Read>> spaces;  // width, rows
    std::function<std::vector<std::string>()> ids;               // none: not known
};

void requireSpaces(const std::vector<std::string>& needed, const ItemTable& table, const std::string& where) {
    std::vector<std::string> lacking;
    for (const auto& space : needed) {
        if (!table.find(space)) lacking.push_back(space);
    }
    if (lacking.empty()) return;
    throw Error(ErrorCode::NotFound, where, "the product needs rows of " + joined(lacking) + ", which are not there",
                "import them, or choose another pool or set");
}

void requireModality(const ProductModel& model, const Modality& modality, const std::string& where) {
    if (contains(model.plan().modalities, modality)) return;
    throw Error(ErrorCode::InvalidInput, where,
                "the product has no modality '" + modality + "'; it has " + joined(model.plan().modalities));
}

void takeSource(Rows& rows, const std::string& space, EmbeddingSourcePtr source) {
    const std::size_t width = source->cols();
    rows.spaces[space] = {width, [source = std::move(source)](std::size_t first, std::size_t count, float* out) {
                              source->read(first, count, out);
                          }};
}

Rows rowsOfPool(const Workspace& workspace, const ProductModel& model, const EmbeddingsRequest& request) {
    const auto& pools = workspace.pools();
    const auto pool = std::find_if(pools.begin(), pools.end(), [&](const auto& p) { return p.name == request.pool; });
    if (pool == pools.end()) {
        std::vector<std::string> names;
        for (const auto& p : pools) names.push_back(p.name);
        throw Error(ErrorCode::NotFound, workspace.folder().string(), "there is no pool '" + request.pool + "'",
                    "there are " + joined(names));
    }
    const auto table = request.modality.empty() && pool->tables.size() == 1
                           ? pool->tables.begin()
                           : std::find_if(pool->tables.begin(), pool->tables.end(),
                                          [&](const auto& t) { return t.modality == request.modality; });
    if (table == pool->tables.end()) {
        throw Error(ErrorCode::InvalidInput, "pool " + pool->name,
                    "it has no items of modality '" + request.modality + "'", "name one that it has");
    }
    requireModality(model, table->modality, "pool " + pool->name);
    const auto needed = model.spacesNeeded(table->modality);
    requireSpaces(needed, *table, "pool " + pool->name);
    Rows out;
    out.source = pool->paired ? table->modality + " of pool " + pool->name : "pool " + pool->name;
    out.modality = table->modality;
    out.rows = table->rows;
    for (const auto& space : needed) takeSource(out, space, workspace.pool(pool->name, table->modality, space));
    out.ids = [&workspace, name = pool->name, modality = table->modality, n = table->rows] {
        std::vector<std::string> ids;
        for (std::size_t first = 0; first < n; first += kIdRows) {
            auto some = workspace.poolIds(name, modality, first, std::min(kIdRows, n - first));
            std::move(some.begin(), some.end(), std::back_inserter(ids));
        }
        return ids;
    };
    return out;
}

Rows rowsOfSet(const Workspace& workspace, const ProductModel& model, const EmbeddingsRequest& request) {
    const SetInfo& set = workspace.set(request.set);
    const ItemTable& table = request.first_side ? set.first : set.second;
    const auto side = request.first_side ? Workspace::Side::First : Workspace::Side::Second;
    requireModality(model, table.modality, set.name);
    const auto needed = model.spacesNeeded(table.modality);
    requireSpaces(needed, table, set.name + "/" + table.modality);
    Rows out;
    out.source = table.modality + " of " + set.name;
    out.modality = table.modality;
    out.rows = table.rows;
    for (const auto& space : needed) takeSource(out, space, workspace.setRows(set.name, side, space));
    out.ids = [&workspace, name = set.name, side] { return workspace.setIds(name, side); };
    return out;
}

void toUnitRows(float* rows, std::size_t count, std::size_t width, std::size_t first, const std::string& origin) {
    for (std::size_t i = 0; i < count; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < width; ++j) sum += static_cast<double>(rows[i * width + j]) * rows[i * width + j];
        if (std::isfinite(sum) && sum > 1e-24) continue;
        throw Error(ErrorCode::InvalidInput, origin + " row " + std::to_string(first + i),
                    std::isfinite(sum) ? "the embedding has length 0" : "the embedding has values that are not finite",
                    "leave the item out, or embed it again");
    }
    normalizeRows(rows, count, width);
}

Rows rowsOfFiles(const ProductModel& model, const EmbeddingsRequest& request) {
    requireModality(model, request.modality, "product " + model.recipe().name);
    const auto needed = model.spacesNeeded(request.modality);
    Rows out;
    out.source = "new files";
    out.modality = request.modality;
    SourceFiles files;
    std::string counted;
    for (const auto& input : request.inputs) {
        const auto [space, spec] = parseInput(input);
        if (!contains(needed, space)) {
            throw Error(ErrorCode::InvalidInput, input,
                        request.modality + " takes no embeddings of '" + space + "'; it takes " + joined(needed));
        }
        RowReader reader = files.openRows(spec);
        const std::size_t width = model.plan().space(space)->width;
        if (reader.width != width) {
            throw Error(ErrorCode::InvalidInput, reader.origin,
                        "expected rows of " + space + ", width " + std::to_string(width) + "; found width " +
                            std::to_string(reader.width));
        }
        if (!counted.empty() && reader.rows != out.rows) {
            throw Error(ErrorCode::InvalidInput, reader.origin,
                        "expected " + std::to_string(out.rows) + " rows as in " + counted + ", found " +
                            std::to_string(reader.rows),
                        "all inputs describe the same items in the same order");
        }
        out.rows = reader.rows;
        counted = reader.origin;
        out.spaces[space] = {width, [reader](std::size_t first, std::size_t count, float* to) {
                                 reader.read(first, count, to);
                                 toUnitRows(to, count, reader.width, first, reader.origin);
                             }};
    }
    std::vector<std::string> lacking;
    for (const auto& space : needed) {
        if (!out.spaces.contains(space)) lacking.push_back(space);
    }
    // A space may be absent where its share is 0: components() says which may not.
    if (out.spaces.empty())
        throw Error(ErrorCode::InvalidInput, model.recipe().name, "expected embeddings of " + joined(lacking));
    return out;
}

std::string settingText(const Setting& setting) {
    const std::string text = settingToJson(setting).dump();
    return text == "null" ? "{}" : text;
}

}  // namespace

Outcome writeEmbeddings(const EmbeddingsRequest& request, const JobContext& job) {
    const int named = !request.pool.empty() + !request.set.empty() + !request.inputs.empty();
    if (named != 1)
        throw Error(ErrorCode::InvalidInput, "embeddings", "expected one of a pool, an evaluation set or new files");
    const auto ending = request.output.extension();
    if (ending != ".npy" && ending != ".safetensors" && !isHdf5(request.output)) {
        throw Error(ErrorCode::InvalidInput, request.output.string(),
                    "expected a file that ends in .npy, .safetensors or .h5");
    }
    const LoadedProduct trained = loadProduct(request.product);
    const LoadedProduct product = withSettingInForce(trained, request.setting);
    const ProductModel& model = *product.model;
    const std::size_t width = model.plan().width;
    std::optional<Workspace> workspace;
    if (request.inputs.empty()) workspace.emplace(workspaceFor(request.workspace, request.product));
    const Rows rows = !request.pool.empty()  ? rowsOfPool(*workspace, model, request)
                      : !request.set.empty() ? rowsOfSet(*workspace, model, request)
                                             : rowsOfFiles(model, request);
    const bool synthetic = product.record.synthetic || (workspace && workspace->synthetic());
    requireDisk(request.output, std::uint64_t{rows.rows} * width * sizeof(float) + 4096, "the product vectors");
    std::vector<std::string> ids;
    if (rows.ids && (isHdf5(request.output) || request.ids_file)) ids = rows.ids();
    if (!isHdf5(request.output)) {
        const auto broken = std::find_if(ids.begin(), ids.end(),
                                         [](const auto& id) { return id.find_first_of("\r\n") != std::string::npos; });
        if (broken != ids.end()) {
            throw Error(ErrorCode::InvalidInput, rows.source + " row " + std::to_string(broken - ids.begin()),
                        "its id has a line break, so a file with an id a line cannot hold it",
                        "write an .h5 file, which holds the ids itself");
        }
    }

    const std::size_t block = projectorBlock(request.block_rows);
    Matrix out(std::min(block, std::max<std::size_t>(rows.rows, 1)), width);
    VectorFile file(request.output, rows.rows, width,
                    {{"product", model.recipe().name},
                     {"modality", rows.modality},
                     {"source", rows.source},
                     {"synthetic", synthetic ? "true" : "false"},
                     {"setting", settingText(request.setting)}});
    ProgressMeter meter(job, "product vectors of " + rows.source, "rows", rows.rows);
    const auto blocks = [&](const auto& blendBlock) {
        for (std::size_t first = 0; first < rows.rows; first += block) {
            job.checkStop();
            const std::size_t count = std::min(block, rows.rows - first);
            blendBlock(first, count);
            file.append(out.data(), count);
            meter.advance(count);
        }
    };
    if (!request.set.empty()) {
        // Its components are stored beside the product; what figures are measured on.
        const SetComponents set = loadSetComponents(*workspace, product, request.set, job);
        const Components& side = request.first_side ? set.first : set.second;
        const BlendWeights weights = model.weights(rows.modality, side);
        blocks([&](std::size_t first, std::size_t count) { blend(side, weights, first, count, out.data()); });
    } else {
        std::map<std::string, Matrix> buffers;
        for (const auto& [space, from] : rows.spaces) buffers.emplace(space, Matrix(out.rows(), from.first));
        blocks([&](std::size_t first, std::size_t count) {
            SpaceRows views;
            for (const auto& [space, from] : rows.spaces) {
                Matrix& buffer = buffers.at(space);
                from.second(first, count, buffer.data());
                views[space] = buffer.view().slice(0, count);
            }
            const Components components = model.components(rows.modality, views, job);
            try {
                blend(components, model.weights(rows.modality, components), 0, count, out.data());
            } catch (const Error& error) {
                throw Error(error.code(), error.where() + " of the block from row " + std::to_string(first),
                            error.message(), error.hint());
            }
        });
    }
    job.checkStop();
    file.finish(ids);
    meter.finish();
    if (request.ids_file && !isHdf5(request.output) && !ids.empty()) {
        std::string text;
        for (const auto& id : ids) text += id + "\n";
        writeFileWhole(request.output.string() + ".ids.txt", text);
    }
    const Json json{{"output", request.output.string()},
                    {"product", model.recipe().name},
                    {"synthetic", synthetic},
                    {"source", rows.source},
                    {"modality", rows.modality},
                    {"rows", rows.rows},
                    {"width", width},
                    {"ids", !ids.empty()}};
    return {json, std::to_string(rows.rows) + " vectors of width " + std::to_string(width) + ", " + rows.source +
                      (synthetic ? " (synthetic world)" : "") + "\nwritten: " + request.output.string() + "\n"};
}

std::vector<EmbeddingsChoice> embeddingsChoices(const std::filesystem::path& product,
                                                const std::filesystem::path& workspace_folder, const JobContext& job) {
    const LoadedProduct loaded = loadProduct(product);
    const ProductModel& model = *loaded.model;
    const Workspace workspace = workspaceFor(workspace_folder, product);
    job.checkStop();
    std::vector<EmbeddingsChoice> out;
    const auto add = [&](EmbeddingsChoice choice, const ItemTable& table) {
        if (!contains(model.plan().modalities, table.modality)) return;
        choice.modality = table.modality;
        choice.rows = table.rows;
        for (const auto& space : model.spacesNeeded(table.modality)) {
            if (!table.find(space)) choice.lacking.push_back(space);
        }
        out.push_back(std::move(choice));
    };
    for (const auto& pool : workspace.pools()) {
        for (const auto& table : pool.tables) add({.pool = pool.name}, table);
    }
    for (const auto& set : workspace.sets()) {
        add({.set = set.name, .first_side = true}, set.first);
        add({.set = set.name, .first_side = false}, set.second);
    }
    return out;
}

}  // namespace engine
