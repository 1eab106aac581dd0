// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What names and shapes of files say about the place of their arrays. A guess is only made where a reader of the names
// would make it; all else is left open for the checks to ask.
#include <QFileInfo>

#include <algorithm>
#include <cctype>
#include <set>

#include "engine/space/modality.h"
#include "ui/workspace/import_plan.h"

namespace ui {
namespace {

using Words = std::vector<std::string>;

std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

// Words of a name as written: "coco_text-emb" is coco, text, emb.
Words wordsOf(const std::string& name) {
    Words out;
    std::string word;
    for (const char c : name + " ") {
        if (std::isalnum(static_cast<unsigned char>(c)) || c == '+' || (c & 0x80)) {
            word += c;
        } else if (!word.empty()) {
            out.push_back(word);
            word.clear();
        }
    }
    return out;
}

const std::map<std::string, std::string>& modalityWords() {
    static const std::map<std::string, std::string> words{
        {"text", "text"},        {"texts", "text"},   {"txt", "text"},     {"caption", "text"},    {"captions", "text"},
        {"prompt", "text"},      {"prompts", "text"}, {"image", "image"},  {"images", "image"},    {"img", "image"},
        {"imgs", "image"},       {"vision", "image"}, {"visual", "image"}, {"frame", "image"},     {"frames", "image"},
        {"audio", "audio"},      {"audios", "audio"}, {"sound", "audio"},  {"sounds", "audio"},    {"wav", "audio"},
        {"video", "video"},      {"videos", "video"}, {"depth", "depth"},  {"thermal", "thermal"}, {"points", "point"},
        {"pointcloud", "point"}, {"point", "point"},  {"imu", "imu"},      {"tactile", "tactile"},
    };
    return words;
}

const std::map<std::string, std::string>& spaceWords() {
    static const std::map<std::string, std::string> words{
        {"imagebind", "ImageBind"}, {"ib", "ImageBind"},         {"clap", "CLAP"},
        {"clapg", "CLAP_g"},        {"clapm", "CLAP_m"},         {"laionclap", "CLAP"},
        {"clip", "CLIP"},           {"openclip", "OpenCLIP"},    {"internvl", "InternVL"},
        {"ivl", "InternVL"},        {"internvlc", "InternVL_C"}, {"languagebind", "LanguageBind"},
        {"siglip", "SigLIP"},       {"audioclip", "AudioCLIP"},  {"wav2clip", "WAV2CLIP"},
        {"ulip", "ULIP"},           {"uni3d", "Uni3D"},          {"blip", "BLIP"},
        {"evaclip", "EVA-CLIP"},
    };
    return words;
}

struct KnownSet {
    const char *name, *kind;
};
const std::map<std::string, KnownSet>& setWords() {
    static const std::map<std::string, KnownSet> words{
        {"coco", {"COCO", "retrieval"}},
        {"mscoco", {"COCO", "retrieval"}},
        {"flickr30k", {"Flickr30K", "retrieval"}},
        {"flickr", {"Flickr30K", "retrieval"}},
        {"audiocaps", {"AudioCaps", "retrieval"}},
        {"clotho", {"Clotho", "retrieval"}},
        {"vggss", {"VGG-SS", "retrieval"}},
        {"flickrnet", {"FlickrNet", "retrieval"}},
        {"ave", {"AVE", "retrieval"}},
        {"msrvtt", {"MSR-VTT", "retrieval"}},
        {"imagenet", {"ImageNet", "classification"}},
        {"in1k", {"ImageNet", "classification"}},
        {"esc50", {"ESC-50", "classification"}},
        {"esc", {"ESC-50", "classification"}},
        {"audioset", {"AudioSet", "multilabel"}},
    };
    return words;
}

bool isGeneric(const std::string& word) {
    static const std::set<std::string> words{
        "emb",     "embs",  "embedding", "embeddings", "feature",  "features", "feat",       "feats",      "vector",
        "vectors", "rows",  "data",      "train",      "training", "test",     "val",        "eval",       "valid",
        "final",   "all",   "fp16",      "fp32",       "f16",      "f32",      "float16",    "float32",    "pool",
        "pools",   "set",   "sets",      "first",      "second",   "norm",     "normalized", "normalised", "out",
        "output",  "ids",   "id",        "labels",     "class",    "classes",  "the",        "of",         "tmp",
        "home",    "array", "array0",    "matrix",     "metadata"};
    return words.count(word) > 0 || std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

struct Guess {
    std::string modality, space, set, set_kind, left_over;
    bool training = false, second = false, classes = false;
};

// The words of the dataset first, then of the file, then of its folder: the nearest name decides.
Guess readNames(const engine::ArrayPeek& array, const KnownWorkspace& target) {
    std::map<std::string, std::string> spaces = spaceWords();
    for (const auto& [name, width] : target.widths) {
        std::string key;
        for (const auto& w : wordsOf(name)) key += lower(w);
        spaces[key] = name;
    }
    std::map<std::string, KnownSet> sets = setWords();
    for (const auto& name : target.sets) {
        std::string key;
        for (const auto& w : wordsOf(name)) key += lower(w);
        if (!sets.count(key)) sets[key] = {name.c_str(), "retrieval"};
    }
    Guess out;
    const Words levels{array.column ? std::string() : array.dataset, array.file.stem().string(),
                       array.file.parent_path().filename().string()};
    for (std::size_t level = 0; level < levels.size(); ++level) {
        const Words words = wordsOf(levels[level]);
        std::vector<bool> used(words.size(), false);
        // Two words in a row first: "clap_g" is more than "clap".
        for (std::size_t run = 3; run >= 1; --run) {
            for (std::size_t i = 0; i + run <= words.size(); ++i) {
                std::string key;
                bool free = true;
                for (std::size_t k = i; k < i + run; ++k) {
                    key += lower(words[k]);
                    free &= !used[k];
                }
                if (!free) continue;
                const auto take = [&] { std::fill_n(used.begin() + static_cast<std::ptrdiff_t>(i), run, true); };
                if (const auto s = spaces.find(key); s != spaces.end()) {
                    if (out.space.empty()) out.space = s->second;
                    take();
                } else if (const auto d = sets.find(key); d != sets.end()) {
                    if (out.set.empty()) {
                        out.set = d->second.name;
                        out.set_kind = d->second.kind;
                    }
                    take();
                } else if (run == 1) {
                    if (const auto m = modalityWords().find(key); m != modalityWords().end()) {
                        if (out.modality.empty()) out.modality = m->second;
                        take();
                    } else if (const auto& known = target.modalities;
                               std::find(known.begin(), known.end(), key) != known.end()) {
                        if (out.modality.empty()) out.modality = key;
                        take();
                    }
                    out.training |= key == "train" || key == "training" || key == "pool" || key == "pools";
                    out.second |= key == "second";
                    out.classes |= key == "class" || key == "classes" || key == "prompts";
                }
            }
        }
        // A word that means nothing else names the space: "mymodel_text.npy".
        for (std::size_t i = 0; i < words.size() && level < 2; ++i) {
            if (out.left_over.empty() && !used[i] && !isGeneric(lower(words[i])) && words[i].size() > 1)
                out.left_over = words[i];
        }
    }
    return out;
}

enum class ListKind { None, Ids, Labels, Paths };

ListKind listKind(const engine::ArrayPeek& array) {
    const Words words = wordsOf(
        array.dataset.empty() || !array.column ? array.dataset + " " + array.file.stem().string() : array.dataset);
    for (const auto& written : words) {
        const std::string w = lower(written);
        if (w == "path" || w == "paths" || w == "file" || w == "files" || w == "filename" || w == "filenames")
            return ListKind::Paths;
        if (w == "label" || w == "labels" || w == "target" || w == "targets" || w == "category")
            return ListKind::Labels;
        if (w == "id" || w == "ids" || w == "key" || w == "keys" || w == "uid" || w == "uids" || w == "youtube_id")
            return ListKind::Ids;
        if (w == "class" || w == "classes") return array.distinct ? ListKind::Ids : ListKind::Labels;
    }
    return ListKind::None;
}

// "pools/text/text/embeddings/CLAP" and "sets/COCO/first/ids" of this program's own files.
bool ownSchema(PlanRow& row) {
    Words parts;
    std::string part;
    for (const char c : row.array.dataset + "/") {
        if (c != '/') {
            part += c;
        } else if (!part.empty()) {
            parts.push_back(part);
            part.clear();
        }
    }
    if (parts.size() < 4 || (parts[0] != "pools" && parts[0] != "sets")) return false;
    const bool pool = parts[0] == "pools", first = parts[2] == "first";
    if (!pool && !first && parts[2] != "second") return false;
    row.item = parts[1];
    if (pool) row.modality = parts[2];
    if (parts[3] == "embeddings" && parts.size() == 5 && row.array.rows) {
        row.role = pool ? ArrayRole::PoolRows : first ? ArrayRole::FirstRows : ArrayRole::SecondRows;
        row.space = parts[4];
    } else if (parts[3] == "ids") {
        row.role = pool ? ArrayRole::PoolIds : first ? ArrayRole::FirstIds : ArrayRole::SecondIds;
    } else if (parts[3] == "paths") {
        row.role = pool ? ArrayRole::PoolPaths : first ? ArrayRole::FirstPaths : ArrayRole::SecondPaths;
    }
    return row.role != ArrayRole::Unset;
}

// Images, sounds and videos are what is searched or classified, texts are what they go with.
int sideRank(const std::string& modality) {
    return modality == "text" ? 2 : modality == "image" ? 1 : 0;
}

void guessSides(ImportPlan& plan, std::size_t first_new) {
    std::map<std::string, std::set<std::string>> modalities;
    for (const auto& r : plan.rows) {
        if (isOfSet(r.role) && isRows(r.role)) modalities[r.item].insert(r.modality);
    }
    for (std::size_t i = first_new; i < plan.rows.size(); ++i) {
        auto& r = plan.rows[i];
        if (r.role != ArrayRole::FirstRows || r.modality.empty()) continue;
        for (const auto& other : modalities[r.item]) {
            if (sideRank(other) < sideRank(r.modality)) r.role = ArrayRole::SecondRows;
        }
        if (modalities[r.item].size() == 1 && r.modality == "text") r.role = ArrayRole::SecondRows;
    }
}

// A list belongs to the table that has as many rows; where several have, to the one whose names agree best.
void guessLists(ImportPlan& plan, std::size_t first_new) {
    for (std::size_t i = first_new; i < plan.rows.size(); ++i) {
        auto& list = plan.rows[i];
        if (!list.array.list || list.role != ArrayRole::Unset) continue;
        const ListKind kind = listKind(list.array);
        if (kind == ListKind::None || (kind == ListKind::Ids && !list.array.distinct)) continue;
        const Guess names = readNames(list.array, {});
        const PlanRow* best = nullptr;
        int best_score = -1;
        bool tied = false;
        for (const auto& r : plan.rows) {
            if (!isRows(r.role) || r.count() != list.count()) continue;
            if (kind == ListKind::Labels && r.role != ArrayRole::FirstRows) continue;
            int score = 0;
            if (r.array.file == list.array.file) score += 4;
            if (r.array.file.parent_path() == list.array.file.parent_path()) score += 2;
            if (!names.modality.empty() && names.modality == r.modality) score += 8;
            if (!names.modality.empty() && names.modality != r.modality) score -= 8;
            if (!names.set.empty() && names.set == r.item) score += 8;
            if (names.classes && r.role == ArrayRole::SecondRows) score += 8;
            if (best && tableKey(*best) != tableKey(r) && score == best_score) tied = true;
            if (score > best_score) {
                best_score = score;
                best = &r;
                tied = false;
            }
        }
        if (!best || tied || best_score < 0) continue;
        list.item = best->item;
        list.modality = best->modality;
        const bool pool = best->role == ArrayRole::PoolRows, first = best->role == ArrayRole::FirstRows;
        if (kind == ListKind::Labels) list.role = ArrayRole::Labels;
        else if (kind == ListKind::Ids)
            list.role = pool ? ArrayRole::PoolIds : first ? ArrayRole::FirstIds : ArrayRole::SecondIds;
        else list.role = pool ? ArrayRole::PoolPaths : first ? ArrayRole::FirstPaths : ArrayRole::SecondPaths;
        // One list of a kind for a table; later ones are left out.
        for (std::size_t k = 0; k < plan.rows.size(); ++k) {
            if (k != i && plan.rows[k].role == list.role && plan.rows[k].item == list.item &&
                (list.role == ArrayRole::Labels || tableKey(plan.rows[k]) == tableKey(list)))
                list.role = ArrayRole::Ignored;
        }
    }
}

}  // namespace

void addArrays(ImportPlan& plan, const std::vector<engine::ArrayPeek>& arrays, const KnownWorkspace& target) {
    const std::size_t first_new = plan.rows.size();
    for (const auto& array : arrays) {
        // Of [k, n, width] with few k each plane is a row.
        const bool planes = array.rows && array.shape.size() == 3;
        const std::uint64_t copies = planes && array.shape[0] <= 4 ? array.shape[0] : 1;
        for (std::uint64_t k = 0; k < copies; ++k) {
            PlanRow row;
            row.array = array;
            if (planes) row.index = static_cast<std::int64_t>(k);
            if (ownSchema(row) || !array.rows) {
                plan.rows.push_back(std::move(row));
                continue;
            }
            const Guess guess = readNames(array, target);
            row.modality = guess.modality;
            row.space = guess.space;
            if (row.space.empty()) {
                std::vector<std::string> fits;
                for (const auto& [name, width] : target.widths) {
                    if (width == row.width()) fits.push_back(name);
                }
                if (fits.size() == 1) row.space = fits[0];
                else if (engine::nameProblem(guess.left_over).empty()) row.space = guess.left_over;
            }
            if (!guess.set.empty() && !guess.training) {
                row.item = guess.set;
                row.role = guess.second || k == 1 ? ArrayRole::SecondRows : ArrayRole::FirstRows;
                if (!plan.set(guess.set)) plan.sets.push_back({.name = guess.set, .kind = guess.set_kind});
            } else if (!guess.modality.empty()) {
                row.role = ArrayRole::PoolRows;
                row.item = guess.modality;
            }
            plan.rows.push_back(std::move(row));
        }
    }
    guessSides(plan, first_new);
    guessLists(plan, first_new);
    for (std::size_t i = first_new; i < plan.rows.size(); ++i) {
        auto& r = plan.rows[i];
        if (r.role == ArrayRole::Unset && !r.array.rows) r.role = ArrayRole::Ignored;
    }
    tidySets(plan);
    // The pairing that the numbers of rows allow, for sets that came with these arrays.
    for (std::size_t i = first_new; i < plan.rows.size(); ++i) {
        const auto& r = plan.rows[i];
        PlanSet* set = isOfSet(r.role) ? plan.set(r.item) : nullptr;
        if (!set) continue;
        if (r.role == ArrayRole::Labels && set->retrieval()) set->kind = "classification";
        std::optional<std::uint64_t> n, m;
        for (const auto& other : plan.rows) {
            if (other.item != r.item) continue;
            if (other.role == ArrayRole::FirstRows && !n) n = other.count();
            if (other.role == ArrayRole::SecondRows && !m) m = other.count();
        }
        if (set->pairing == Pairing::Identity && n && m && *n > 0 && *n < *m && *m % *n == 0) {
            set->pairing = Pairing::Captions;
            set->captions = static_cast<std::int64_t>(*m / *n);
        }
    }
}

void tidySets(ImportPlan& plan) {
    std::vector<PlanSet> out;
    const auto has = [&](const std::string& name) {
        return std::any_of(out.begin(), out.end(), [&](const PlanSet& s) { return s.name == name; });
    };
    for (const auto& r : plan.rows) {
        if (!isOfSet(r.role) || r.item.empty() || has(r.item)) continue;
        const PlanSet* known = plan.set(r.item);
        out.push_back(known ? *known : PlanSet{.name = r.item});
    }
    plan.sets = std::move(out);
}

}  // namespace ui
