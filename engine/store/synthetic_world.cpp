// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/synthetic_world.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <set>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/rng.h"

namespace engine {
namespace {

constexpr std::size_t kAspects = 3;  // semantics, acoustic, visual
constexpr std::array<std::size_t, kAspects> kWidths = {48, 32, 48};
constexpr std::size_t kLatent = 48 + 32 + 48;
constexpr std::size_t kTopics = 30, kSubTopics = 20;
constexpr double kTopicShare = 0.6, kSubTopicShare = 0.55, kOwnShare = 0.58;
constexpr double kIsotropic = 0.1, kOffset = 0.35, kPoolDifficulty = 1.7;
constexpr double kCommonShare = 0.9;  // of the variance of a space's own noise: what is hard for one is hard for all
constexpr std::size_t kThreadRows = 128;
constexpr const char* kPairedPool = "audio-image";

using Aspects = std::array<double, kAspects>;

// A view of an item: how much of every aspect is in it, and the noise beside that.
struct View {
    Aspects told, noise;
};

// Captions of pictures hardly say what is heard. Captions of sounds hardly say what is seen: they leave it out rather
// than say something else, or a visual text space would drown in it.
View viewOf(const Modality& modality, bool about_sound) {
    if (modality == "audio") return {{1, 1, 1}, {0.9, 0.7, 1.1}};
    if (modality == "image") return {{1, 1, 1}, {0.7, 2.0, 0.6}};
    if (about_sound) return {{1, 1, 0.35}, {0.7, 0.8, 0.8}};
    return {{1, 1, 1}, {0.7, 1.6, 0.8}};
}

struct SpaceModel {
    std::string name;
    std::map<Modality, Aspects> gain;
    std::map<Modality, double> noise;  // its own, at the difficulty of pools
    std::string frame;                 // the space that it was trained into, whose rows it has where that has them
    bool in_pools = true;              // else it is only measured

    const std::string& frameName() const { return frame.empty() ? name : frame; }
};

const std::vector<SpaceModel>& spaceModels() {
    static const std::vector<SpaceModel> models = {
        {"ImageBind",
         {{"audio", {0.9, 0.25, 0.9}}, {"text", {0.9, 0.2, 0.9}}, {"image", {0.9, 0.15, 0.9}}},
         {{"audio", 0.6}, {"text", 0.4}, {"image", 0.4}}},
        {"InternVL", {{"text", {1.0, 0.2, 1.05}}, {"image", {1.0, 0.1, 1.05}}}, {{"text", 0.35}, {"image", 0.35}}},
        {"CLAP_g", {{"audio", {0.8, 1.0, 0.0}}, {"text", {0.8, 1.0, 0.1}}}, {{"audio", 0.3}, {"text", 0.3}}},
        {"CLAP_m", {{"audio", {0.8, 1.0, 0.0}}, {"text", {0.8, 1.0, 0.1}}}, {{"audio", 0.3}, {"text", 0.3}}},
        {"CLIP_B32", {{"text", {0.9, 0.2, 0.9}}, {"image", {0.9, 0.15, 0.9}}}, {{"text", 0.4}, {"image", 0.4}}},
        // CLIP B/32 with an audio encoder trained into it.
        {"WAV2CLIP",
         {{"audio", {0.9, 0.25, 0.9}}, {"text", {0.9, 0.2, 0.9}}, {"image", {0.9, 0.15, 0.9}}},
         {{"audio", 0.6}, {"text", 0.4}, {"image", 0.4}},
         "CLIP_B32",
         false},
        {"AudioCLIP",
         {{"audio", {0.9, 0.25, 0.9}}, {"text", {0.9, 0.2, 0.9}}, {"image", {0.9, 0.15, 0.9}}},
         {{"audio", 0.6}, {"text", 0.4}, {"image", 0.4}},
         {},
         false}};
    return models;
}

const SpaceModel& spaceModel(const std::string& name) {
    const auto& all = spaceModels();
    return *std::find_if(all.begin(), all.end(), [&](const SpaceModel& m) { return m.name == name; });
}

struct SetModel {
    const char* name;
    SetKind kind;
    const char *first, *second;
    bool about_sound;
    std::size_t items, per_item;  // retrieval: captions of an item; classification: classes
};

// At the paper's sizes (method §3.2, §3.3).
constexpr SetModel kSets[] = {
    {"AudioCaps", SetKind::Retrieval, "audio", "text", true, 964, 5},
    {"Clotho", SetKind::Retrieval, "audio", "text", true, 1045, 5},
    {"VGG-SS", SetKind::Retrieval, "audio", "image", true, 5158, 1},
    {"FlickrNet", SetKind::Retrieval, "audio", "image", true, 5000, 1},
    {"COCO", SetKind::Retrieval, "image", "text", false, 5000, 5},
    {"Flickr30K", SetKind::Retrieval, "image", "text", false, 1000, 5},
    {"ESC-50", SetKind::Classification, "audio", "text", true, 2000, 50},
    {"AudioSet", SetKind::MultiLabel, "audio", "text", true, 19048, 527},
    {"ImageNet", SetKind::Classification, "image", "text", false, 50000, 1000},
};

struct Preset {
    const char* name;
    std::map<std::string, std::size_t> width;
    std::size_t text, image, audio;  // rows of pools
    std::size_t paired;              // rows of the paired pool of audio and image
    double share;                    // of the items of evaluation sets
    std::size_t most_items, most_classes;
};

const std::vector<Preset>& presets() {
    using Widths = std::map<std::string, std::size_t>;
    static const Widths tiny{{"ImageBind", 48}, {"InternVL", 40}, {"CLAP_g", 32},   {"CLAP_m", 32},
                             {"CLIP_B32", 36},  {"WAV2CLIP", 36}, {"AudioCLIP", 40}};
    static const Widths small{{"ImageBind", 96}, {"InternVL", 80}, {"CLAP_g", 64},   {"CLAP_m", 64},
                              {"CLIP_B32", 64},  {"WAV2CLIP", 64}, {"AudioCLIP", 80}};
    static const Widths full{{"ImageBind", 1024}, {"InternVL", 768}, {"CLAP_g", 512},    {"CLAP_m", 512},
                             {"CLIP_B32", 512},   {"WAV2CLIP", 512}, {"AudioCLIP", 1024}};
    static const std::vector<Preset> all = {{"tiny", tiny, 400, 350, 300, 300, 0.06, 200, 10},
                                            {"small", small, 3000, 2500, 2500, 2500, 0.3, 600, 50},
                                            {"paper-eval", full, 20000, 20000, 20000, 20000, 1, 1000000, 1000},
                                            {"paper", full, 2330000, 1280000, 1800000, 2000000, 1, 1000000, 1000}};
    return all;
}

const Preset& presetOf(const std::string& name) {
    const auto& all = presets();
    return *std::find_if(all.begin(), all.end(), [&](const Preset& p) { return name == p.name; });
}

// --- Latents ---

// Centres that all items share, and the spaces' maps. Immutable once made.
struct World {
    std::uint64_t seed;
    std::map<std::string, std::size_t> width;
    std::vector<float> topics, sub_topics;              // [topics, latent], [topics * sub-topics, latent]
    std::map<std::string, Matrix> maps;                 // [width, latent]
    std::map<std::string, std::vector<float>> offsets;  // by "space/modality"

    World(const Preset& preset, std::uint64_t s) : seed(s), width(preset.width) {
        const auto normals = [&](const std::string& name, std::size_t n) {
            std::vector<float> out(n);
            Rng(seed, name).fillNormal(out.data(), n);
            return out;
        };
        topics = normals("world/topics", kTopics * kLatent);
        sub_topics = normals("world/sub-topics", kTopics * kSubTopics * kLatent);
        for (const auto& space : spaceModels()) {
            if (!space.frame.empty()) continue;
            const std::size_t w = width.at(space.name);
            Matrix map(w, kLatent);
            Rng(seed, "world/map/" + space.name)
                .fillNormal(map.data(), map.size(), static_cast<float>(1 / std::sqrt(static_cast<double>(w))));
            maps.emplace(space.name, std::move(map));
        }
        for (const auto& space : spaceModels()) {
            const std::size_t w = width.at(space.name);
            for (const auto& [modality, gain] : space.gain) {
                const std::string name = space.frameName() + "/" + modality;
                auto& offset = offsets[name];
                offset = normals("world/offset/" + name, w);
                normalizeRows(offset.data(), 1, w);
                for (float& v : offset) v *= static_cast<float>(kOffset);
            }
        }
    }

    // One latent: a topic, a sub-topic of it, and `own` of the item itself; each aspect has length about 1.
    void latent(Rng& rng, double own, double* z) const {
        const std::size_t topic = rng.below(kTopics), sub = topic * kSubTopics + rng.below(kSubTopics);
        std::size_t j = 0;
        for (std::size_t a = 0; a < kAspects; ++a) {
            const double scale = 1 / std::sqrt(static_cast<double>(kWidths[a]));
            for (std::size_t k = 0; k < kWidths[a]; ++k, ++j) {
                z[j] = scale * (kTopicShare * topics[topic * kLatent + j] +
                                kSubTopicShare * sub_topics[sub * kLatent + j] + own * rng.normal());
            }
        }
    }
};

void scaleAspects(const Aspects& factors, double* z) {
    std::size_t j = 0;
    for (std::size_t a = 0; a < kAspects; ++a) {
        for (std::size_t k = 0; k < kWidths[a]; ++k, ++j) z[j] *= factors[a];
    }
}

// Adds noise of the given length per aspect.
void addNoise(Rng& rng, const Aspects& lengths, double factor, double* z) {
    std::size_t j = 0;
    for (std::size_t a = 0; a < kAspects; ++a) {
        const double scale = lengths[a] * factor / std::sqrt(static_cast<double>(kWidths[a]));
        for (std::size_t k = 0; k < kWidths[a]; ++k, ++j) z[j] += scale * rng.normal();
    }
}

// --- Tables ---

constexpr double kClassShare = 0.45,
                 kItemShare = 0.4;  // of a class in its prompts' latent; of an item within its class

// Rows of one modality of a pool or set: which latent row i has, and which view of it.
struct Table {
    std::string name;  // of the random streams
    Modality modality;
    bool about_sound = false;
    double difficulty = 1;
    std::size_t rows = 0;
    std::string items;      // stream of the latents
    std::size_t views = 1;  // rows of one latent, one after the other
    enum class Source { Items, ClassItems, Classes } source = Source::Items;
    std::size_t classes = 0;
    bool several = false;  // ClassItems of one to three classes
};

// Classes of item i, ascending: the only one, or up to three.
std::vector<std::size_t> classesOf(const World& world, const Table& table, std::size_t item) {
    if (!table.several) return {item % table.classes};
    Rng rng(world.seed, table.items + "/labels", item);
    const std::size_t count = 1 + rng.below(3);
    std::set<std::size_t> out;
    while (out.size() < std::min(count, table.classes)) out.insert(rng.below(table.classes));
    return {out.begin(), out.end()};
}

void latentOf(const World& world, const Table& table, std::size_t item, double* z) {
    if (table.source == Table::Source::Items) {
        Rng rng(world.seed, table.items, item);
        world.latent(rng, kOwnShare, z);
        return;
    }
    const auto classLatent = [&](std::size_t c, double* out) {
        Rng rng(world.seed, table.items + "/class", c);
        world.latent(rng, kClassShare, out);
    };
    if (table.source == Table::Source::Classes) {
        classLatent(item, z);
        return;
    }
    std::fill(z, z + kLatent, 0.0);
    std::array<double, kLatent> one;
    const auto classes = classesOf(world, table, item);
    for (const auto c : classes) {
        classLatent(c, one.data());
        for (std::size_t j = 0; j < kLatent; ++j) z[j] += one[j] / std::sqrt(static_cast<double>(classes.size()));
    }
    Rng rng(world.seed, table.items + "/own", item);
    addNoise(rng, {kItemShare, kItemShare, kItemShare}, 1, z);
}

// Rows first..first+count-1 of a table in a space; at most kThreadRows, by one thread.
void fewRows(const World& world, const Table& table, const SpaceModel& space, double noise, std::size_t first,
             std::size_t count, float* out) {
    const std::string& frame = space.frameName();
    const Matrix& map = world.maps.at(frame);
    const std::size_t width = map.rows();
    const Aspects& gain = space.gain.at(table.modality);
    const View view = viewOf(table.modality, table.about_sound);
    const double own = space.noise.at(table.modality) * noise * table.difficulty / kPoolDifficulty;
    Matrix seen(count, kLatent);
    std::array<double, kLatent> z;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t row = first + i;
        latentOf(world, table, row / table.views, z.data());
        scaleAspects(view.told, z.data());
        Rng hidden(world.seed, table.name + "/view", row);
        addNoise(hidden, view.noise, table.difficulty, z.data());
        // Before the gains: a space errs in what it sees. Noise in aspects that it does not see would make it bad alone
        // and cost nothing once a projector leaves those out.
        Rng common_noise(world.seed, table.name + "/error", row);
        addNoise(common_noise, {own, own, own}, std::sqrt(kCommonShare), z.data());
        Rng private_noise(world.seed, table.name + "/" + frame, row);
        addNoise(private_noise, {own, own, own}, std::sqrt(1 - kCommonShare), z.data());
        scaleAspects(gain, z.data());
        for (std::size_t j = 0; j < kLatent; ++j) seen.row(i)[j] = static_cast<float>(z[j]);
    }
    gemmNT(count, width, kLatent, 1, seen.data(), kLatent, map.data(), kLatent, 0, out, width);
    const auto& offset = world.offsets.at(frame + "/" + table.modality);
    const auto isotropic = static_cast<float>(kIsotropic / std::sqrt(static_cast<double>(width)));
    std::vector<float> noise_row(width);
    for (std::size_t i = 0; i < count; ++i) {
        float* x = out + i * width;
        Rng rng(world.seed, table.name + "/isotropic/" + frame, first + i);
        rng.fillNormal(noise_row.data(), width, isotropic);
        normalizeRows(x, 1, width);
        for (std::size_t j = 0; j < width; ++j) x[j] += noise_row[j];
        normalizeRows(x, 1, width);
        for (std::size_t j = 0; j < width; ++j) x[j] += offset[j];
        normalizeRows(x, 1, width);
    }
}

// `wanted`: of which spaces; empty: of all that have the modality.
TableInput tableInput(const std::shared_ptr<const World>& world, const Table& table, const WorldFit& fit,
                      const std::vector<std::string>& wanted = {}) {
    TableInput out;
    out.modality = table.modality;
    for (const auto& space : spaceModels()) {
        if (!space.gain.count(table.modality)) continue;
        if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), space.name) == wanted.end()) continue;
        const bool taken = !space.frame.empty() && spaceModel(space.frame).gain.count(table.modality);
        const auto found = fit.noise.find(taken ? space.frame : space.name);
        const double noise = found == fit.noise.end() ? 1.0 : found->second;
        RowReader reader;
        reader.rows = table.rows;
        reader.width = world->width.at(space.name);
        reader.origin = "synthetic world";
        reader.read = [world, table, &space, noise](std::size_t first, std::size_t count, float* to) {
            const std::size_t width = world->width.at(space.name);
            const auto parts = static_cast<std::int64_t>((count + kThreadRows - 1) / kThreadRows);
#pragma omp parallel for schedule(dynamic)
            for (std::int64_t p = 0; p < parts; ++p) {
                const std::size_t begin = static_cast<std::size_t>(p) * kThreadRows;
                fewRows(*world, table, space, noise, first + begin, std::min(kThreadRows, count - begin),
                        to + begin * width);
            }
        };
        out.embeddings.emplace_back(space.name, std::move(reader));
    }
    return out;
}

PoolInput poolInput(const std::shared_ptr<const World>& world, const Modality& modality, std::size_t rows) {
    Table table;
    table.name = table.items = "pool/" + modality;
    table.modality = modality;
    table.about_sound = modality == "audio";
    table.difficulty = kPoolDifficulty;
    table.rows = rows;
    std::vector<std::string> spaces;
    for (const auto& space : spaceModels()) {
        if (space.in_pools) spaces.push_back(space.name);
    }
    return {modality, {tableInput(world, table, {}, spaces)}};
}

// Sounds with a picture each, for what repairs the audio of a displacement's product.
PoolInput pairedInput(const std::shared_ptr<const World>& world, std::size_t rows) {
    PoolInput out{kPairedPool, {}};
    for (const char* modality : {"audio", "image"}) {
        Table table;
        table.items = std::string("pool/") + kPairedPool + "/items";
        table.name = std::string("pool/") + kPairedPool + "/" + modality;
        table.modality = modality;
        table.about_sound = true;
        table.difficulty = kPoolDifficulty;
        table.rows = rows;
        out.tables.push_back(tableInput(world, table, {}, {"ImageBind", "InternVL"}));
    }
    return out;
}

SetInput setInput(const std::shared_ptr<const World>& world, const Preset& preset, const SetModel& model,
                  const WorldFit& fit) {
    const auto scaled = static_cast<std::size_t>(std::ceil(static_cast<double>(model.items) * preset.share));
    const std::size_t items =
        std::clamp<std::size_t>(scaled, std::min<std::size_t>(model.items, 60), preset.most_items);
    Table first;
    first.name = std::string("set/") + model.name + "/" + model.first;
    first.items = std::string("set/") + model.name + "/items";
    first.modality = model.first;
    first.about_sound = model.about_sound;
    first.difficulty = fit.difficulty;
    first.rows = items;
    Table second = first;
    second.name = std::string("set/") + model.name + "/" + model.second;
    second.modality = model.second;
    SetInput set;
    set.name = model.name;
    set.kind = model.kind;
    if (model.kind == SetKind::Retrieval) {
        second.views = model.per_item;
        second.rows = items * model.per_item;
        for (std::uint32_t i = 0; i < second.rows; ++i)
            set.pairs.push_back({i / static_cast<std::uint32_t>(model.per_item), i});
    } else {
        first.classes = second.classes = std::min(model.per_item, preset.most_classes);
        first.source = Table::Source::ClassItems;
        first.several = model.kind == SetKind::MultiLabel;
        second.source = Table::Source::Classes;
        second.rows = second.classes;
        second.difficulty = 0.3;  // a prompt says what it means
        set.prompt = "a synthetic prompt";
        for (std::size_t i = 0; i < items; ++i) {
            for (const auto c : classesOf(*world, first, i))
                set.pairs.push_back({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(c)});
        }
    }
    set.first = tableInput(world, first, fit);
    set.second = tableInput(world, second, fit);
    return set;
}

}  // namespace

const OptionTable<WorldOptions>& worldOptionTable() {
    static const OptionTable<WorldOptions> table = [] {
        OptionTable<WorldOptions> t;
        t.add("preset", &WorldOptions::preset,
              {.help = "Size of the world: tiny (seconds, for tests), small (the demonstration), paper-eval (the "
                       "paper's evaluation sets, "
                       "pools of 20,000), paper (its pools too: 80 GB).",
               .choices = {"tiny", "small", "paper-eval", "paper"}});
        t.add("seed", &WorldOptions::seed, {.help = "Seed of the world: the same seed gives the same bits."});
        t.add("pool_rows", &WorldOptions::pool_rows,
              {.help = "Rows of every pool; 0: the preset's. A smaller pool has the first rows of a larger one.",
               .min = 0,
               .unit = "rows"});
        return t;
    }();
    return table;
}

const std::map<std::string, WorldFit>& worldFits() {
    // Found by tests/bench/fit_world at preset paper-eval, seed 0.
    static const std::map<std::string, WorldFit> fits = {
#include "engine/store/synthetic_world_fits.inc"
    };
    return fits;
}

WorldInput describeWorld(const WorldOptions& options, const std::map<std::string, WorldFit>& fits,
                         const std::vector<std::string>& only) {
    throwIfAny(worldOptionTable().validate(options), "synthetic world");
    const Preset& preset = presetOf(options.preset);
    const auto world = std::make_shared<const World>(preset, options.seed);
    WorldInput out;
    if (only.empty()) {
        const auto rows = [&](std::size_t of_preset) {
            return options.pool_rows > 0 ? static_cast<std::size_t>(options.pool_rows) : of_preset;
        };
        out.pools.push_back(poolInput(world, "text", rows(preset.text)));
        out.pools.push_back(poolInput(world, "image", rows(preset.image)));
        out.pools.push_back(poolInput(world, "audio", rows(preset.audio)));
        out.pools.push_back(pairedInput(world, rows(preset.paired)));
    }
    for (const auto& model : kSets) {
        if (!only.empty() && std::find(only.begin(), only.end(), model.name) == only.end()) continue;
        const auto fit = fits.find(model.name);
        out.sets.push_back(setInput(world, preset, model, fit == fits.end() ? WorldFit{} : fit->second));
    }
    return out;
}

std::uint64_t estimateWorldBytes(const WorldOptions& options) {
    const WorldInput input = describeWorld(options, worldFits());
    std::uint64_t bytes = 0;
    for (const auto& pool : input.pools) {
        for (const auto& table : pool.tables) bytes += WorkspaceWriter::estimateBytes(table);
    }
    for (const auto& set : input.sets) {
        bytes += WorkspaceWriter::estimateBytes(set.first) + WorkspaceWriter::estimateBytes(set.second) +
                 set.pairs.size() * 8;
    }
    return bytes;
}

Json worldOrigin(const WorldOptions& options) {
    return {{"synthetic_world", worldOptionTable().toJson(options)}};
}

void makeWorld(const std::filesystem::path& folder, const WorldOptions& options, const JobContext& job) {
    const WorldInput input = describeWorld(options, worldFits());
    requireDisk(folder, estimateWorldBytes(options), "the world " + options.preset);
    WorkspaceWriter writer(folder, worldOrigin(options), true);
    for (const auto& pool : input.pools) writer.addPool(pool, job);
    for (const auto& set : input.sets) writer.addSet(set, job);
    writer.finish();
}

}  // namespace engine
