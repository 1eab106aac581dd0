// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Arrays as tensors of one safetensors file; the metadata holds the key, the few single values and a hash of all that.
#include "engine/factors/landscape_file.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/store/safetensors.h"

namespace engine {

namespace {

constexpr const char* kFormat = "molspace landscape 7";
constexpr std::size_t kKeptFiles = 3;  // of one set: the latest experts' weights, projectors and boxes

class Hash {
public:
    Hash() : state_(XXH3_createState()) { XXH3_64bits_reset(state_); }
    ~Hash() { XXH3_freeState(state_); }
    Hash(const Hash&) = delete;
    Hash& operator=(const Hash&) = delete;
    void add(const void* data, std::size_t bytes) { XXH3_64bits_update(state_, data, bytes); }
    template <class T>
    void add(const std::vector<T>& values) {
        const std::uint64_t n = values.size();
        add(&n, sizeof n);
        add(values.data(), n * sizeof(T));
    }
    void add(const std::string& text) {
        const std::uint64_t n = text.size();
        add(&n, sizeof n);
        add(text.data(), n);
    }
    void add(MatrixView rows) {
        const std::uint64_t shape[2] = {rows.rows, rows.cols};
        add(shape, sizeof shape);
        for (std::size_t i = 0; i < rows.rows; ++i) add(rows.row(i), rows.cols * sizeof(float));
    }
    std::string hex() const {
        char text[20];
        std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(XXH3_64bits_digest(state_)));
        return text;
    }

private:
    XXH3_state_t* state_;
};

void addSide(Hash& hash, const Components& side, const BlendWeights& weights, const std::vector<LayerDims>& dims) {
    hash.add(side.base);
    for (std::size_t k = 0; k < side.layers.size(); ++k) {
        // A share that is a factor, and an expert that is off, change nothing.
        const double share = dims[k].share >= 0 && !weights.layers[k].brings ? -1 : weights.layers[k].share;
        const int own[2] = {dims[k].share, dims[k].weight};
        hash.add(&share, sizeof share);
        hash.add(own, sizeof own);
        if (dims[k].weight >= 0) hash.add(side.layers[k].parts[dims[k].part].rows);
        double total = 0;
        for (const double w : weights.layers[k].weights) total += w;
        for (std::size_t p = 0; p < side.layers[k].parts.size(); ++p) {
            const double w = total == 0 ? 0 : weights.layers[k].weights[p] / total;
            if (w == 0) continue;
            hash.add(&w, sizeof w);
            hash.add(side.layers[k].parts[p].rows);
        }
    }
}

// Every array of a landscape by name, for writing, hashing and reading alike.
template <class Landscape, class Visit>
void forCells(const std::string& name, Landscape& cells, const Visit& visit) {
    visit(name + "/sure", cells.sure, TensorType::U32);
    visit(name + "/sure_of", cells.sure_of, TensorType::U8);
    visit(name + "/open_at", cells.open_at, TensorType::I64);
    visit(name + "/entries_at", cells.entries_at, TensorType::I64);
    visit(name + "/open", cells.open, TensorType::U8);
    visit(name + "/entries", cells.entries, TensorType::U32);
    visit(name + "/pairs", cells.pairs, TensorType::F32);
}
template <class Left, class Visit>
void forSurvivors(const std::string& name, Left& survivors, const Visit& visit) {
    visit(name + "/survivors/offset", survivors.offset, TensorType::I64);
    visit(name + "/survivors/positives", survivors.positives, TensorType::U32);
    visit(name + "/survivors/always", survivors.always, TensorType::U32);
    visit(name + "/survivors/items", survivors.items, TensorType::U32);
    visit(name + "/survivors/inner", survivors.inner, TensorType::F32);
}
template <class Side, class Visit>
void forSide(const std::string& name, Side& side, const Visit& visit) {
    visit(name + "/inverse", side.inverse, TensorType::F64);
    visit(name + "/cosine", side.cosine, TensorType::F64);
    visit(name + "/classes", side.classes, TensorType::U32);
}

Json numbersOf(const DirectionCells& cells, const Survivors& survivors) {
    return {{"queries", cells.queries},       {"left_out", cells.left_out},
            {"candidates", cells.candidates}, {"positives_per_query", cells.positives_per_query},
            {"products", cells.products},     {"product_error", survivors.product_error}};
}

void takeNumbers(const Json& json, DirectionCells& cells, Survivors& survivors) {
    cells.queries = json.at("queries").get<std::uint32_t>();
    cells.left_out = json.at("left_out").get<std::uint32_t>();
    cells.candidates = json.at("candidates").get<std::uint32_t>();
    cells.positives_per_query = json.at("positives_per_query").get<double>();
    cells.products = json.at("products").get<std::size_t>();
    survivors.products = cells.products;
    survivors.product_error = json.at("product_error").get<double>();
}

// "VGG-SS" stays; what a file name cannot hold becomes '_'.
std::string fileNameOf(const std::string& set) {
    std::string out;
    for (const char c : set) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        out += plain ? c : '_';
    }
    return out;
}

void dropOldFiles(const std::filesystem::path& folder, const std::string& prefix) {
    std::error_code ignored;
    std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::path>> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
        const std::string name = entry.path().filename().string();
        if (name.rfind(prefix, 0) != 0 || entry.path().extension() != ".landscape") continue;
        if (name.size() != prefix.size() + 16 + std::strlen(".landscape")) continue;
        found.emplace_back(entry.last_write_time(ignored), entry.path());
    }
    std::sort(found.rbegin(), found.rend());
    for (std::size_t i = kKeptFiles; i < found.size(); ++i) std::filesystem::remove(found[i].second, ignored);
}

}  // namespace

std::string SetLandscape::key(const LandscapeRequest& request) {
    Hash hash;
    hash.add(std::string(kFormat));
    hash.add(request.grid().parts);
    for (const auto& range : request.box) {
        hash.add(range.factor);
        hash.add(&range.low, sizeof range.low);
        hash.add(&range.high, sizeof range.high);
    }
    hash.add(request.set.set.pairs);
    const int backward = request.backward;
    hash.add(&backward, sizeof backward);
    if (request.sample) {
        hash.add(&request.sample->seed, sizeof request.sample->seed);
        hash.add(&request.sample->units, sizeof request.sample->units);
    }
    addSide(hash, request.set.first, request.first, request.first_dims);
    addSide(hash, request.set.second, request.second, request.second_dims);
    return hash.hex();
}

void SetLandscape::write(const std::filesystem::path& path, const std::string& key) const {
    SafetensorsWriter writer;
    Hash hash;
    const auto put = [&](const std::string& name, const auto& array, TensorType type) {
        const std::size_t bytes = array.span().size_bytes();
        const std::uint64_t elements = type == TensorType::U8 ? bytes : array.size();
        writer.add(name, type, {elements}, array.data());
        hash.add(&bytes, sizeof bytes);
        hash.add(array.data(), bytes);
    };
    forSide("first", first_->stored(), put);
    forSide("second", second_->stored(), put);
    forCells("forward", forward_, put);
    forSurvivors("forward", forward_survivors_, put);
    Json directions{{"forward", numbersOf(forward_, forward_survivors_)}};
    if (request_.backward) {
        forCells("backward", backward_, put);
        forSurvivors("backward", backward_survivors_, put);
        directions["backward"] = numbersOf(backward_, backward_survivors_);
    }
    const std::string numbers = directions.dump();
    hash.add(key);
    hash.add(numbers);
    writer.write(path, {{"format", kFormat}, {"key", key}, {"hash", hash.hex()}, {"directions", numbers}});
}

std::shared_ptr<const SetLandscape> SetLandscape::read(const std::filesystem::path& path, const std::string& key,
                                                       LandscapeRequest request) {
    const SafetensorsFile file(path);
    const auto damaged = [&](const std::string& what) {
        return Error(ErrorCode::InvalidInput, path.string(), what, "delete the file; it is made anew");
    };
    const auto meta = [&](const std::string& name) -> const std::string& {
        const auto found = file.metadata().find(name);
        if (found == file.metadata().end()) throw damaged("expected '" + name + "' in the header");
        return found->second;
    };
    if (meta("format") != kFormat || meta("key") != key) throw damaged("the landscape belongs to other inputs");
    const std::shared_ptr<SetLandscape> out(new SetLandscape(std::move(request)));
    Hash hash;
    const auto take = [&]<class T>(const std::string& name, Array<T>& array, TensorType type) {
        const TensorView& tensor = file.at(name);
        const std::size_t bytes = tensor.bytes.size();
        if (tensor.type != type || bytes % sizeof(T) != 0 ||
            reinterpret_cast<std::uintptr_t>(tensor.bytes.data()) % alignof(T) != 0) {
            throw damaged("tensor " + name + " has another type");
        }
        array = Array<T>(std::span<const T>(reinterpret_cast<const T*>(tensor.bytes.data()), bytes / sizeof(T)));
        hash.add(&bytes, sizeof bytes);
        hash.add(tensor.bytes.data(), bytes);
    };
    BlendSide::Stored first, second;
    forSide("first", first, take);
    forSide("second", second, take);
    forCells("forward", out->forward_, take);
    forSurvivors("forward", out->forward_survivors_, take);
    if (out->request_.backward) {
        forCells("backward", out->backward_, take);
        forSurvivors("backward", out->backward_survivors_, take);
    }
    hash.add(key);
    hash.add(meta("directions"));
    if (hash.hex() != meta("hash")) throw damaged("the landscape's contents do not have the hash that was written");
    try {
        const Json directions = parseJson(meta("directions"), path.string());
        takeNumbers(directions.at("forward"), out->forward_, out->forward_survivors_);
        if (out->request_.backward) takeNumbers(directions.at("backward"), out->backward_, out->backward_survivors_);
    } catch (const Json::exception& error) {
        throw damaged(error.what());
    }
    const LandscapeRequest& r = out->request_;
    out->first_ = std::make_unique<BlendSide>(r.set.first, r.first, r.first_dims, std::move(first));
    out->second_ = std::make_unique<BlendSide>(r.set.second, r.second, r.second_dims, std::move(second));
    out->file_ = file.mapping();
    return out;
}

std::shared_ptr<const SetLandscape> landscapeFromCache(const std::filesystem::path& folder, LandscapeRequest request,
                                                       bool build, const JobContext& job, bool& cached) {
    cached = false;
    if (folder.empty()) return build ? SetLandscape::build(std::move(request), job) : nullptr;
    const std::string key = SetLandscape::key(request), prefix = fileNameOf(request.set.set.name) + "-";
    const std::filesystem::path path = folder / (prefix + key + ".landscape");
    if (std::filesystem::exists(path)) {
        try {
            auto found = SetLandscape::read(path, key, request);
            cached = true;
            std::error_code ignored;
            std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now(), ignored);  // in use
            return found;
        } catch (const Error& error) {
            job.log(path.string() + ": " + error.message() + "; it is not used");
        }
    }
    if (!build) return nullptr;
    auto made = SetLandscape::build(std::move(request), job);
    try {
        std::filesystem::create_directories(folder);
        made->write(path, key);
        dropOldFiles(folder, prefix);
    } catch (const Error& error) {
        job.log(path.string() + ": the landscape is not kept on disk: " + error.message());
    } catch (const std::filesystem::filesystem_error& error) {
        job.log(path.string() + ": the landscape is not kept on disk: " + error.what());
    }
    return made;
}

}  // namespace engine
