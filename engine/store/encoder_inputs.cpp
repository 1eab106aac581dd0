// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/encoder_inputs.h"

#include "engine/base/error.h"

namespace engine {
namespace {

constexpr std::uint64_t kMostNumbers = std::uint64_t{1} << 26;  // of an item

std::string shapeText(const std::vector<std::int64_t>& shape) {
    std::string text;
    for (const auto n : shape) text += (text.empty() ? "" : ", ") + std::to_string(n);
    return "[" + text + "]";
}

}  // namespace

EncoderInputs::EncoderInputs(const std::filesystem::path& path) : file_(Hdf5File::open(path)) {
    for (const char* group : {"/pools", "/sets"}) {
        if (!file_.exists(group)) continue;
        for (const auto& name : file_.children(group)) look(std::string(group) + "/" + name);
    }
    if (shown_by_.empty()) {
        throw Error(ErrorCode::NotFound, path.string(), "expected inputs of an encoder, found none",
                    "put them into datasets [n, ...] such as /pools/audio/audio and /sets/AudioCaps/first");
    }
}

void EncoderInputs::look(const std::string& group) {
    for (const auto& child : file_.children(group)) {
        const std::string name = group + "/" + child, where = file_.path().string() + ":" + name;
        const Hdf5Dataset d = file_.dataset(name);
        if (d.type == Hdf5Type::Text || d.type == Hdf5Type::Other)
            throw Error(ErrorCode::InvalidInput, where, "expected numbers, found another type");
        std::vector<std::int64_t> shape;
        std::uint64_t numbers = 1;
        for (std::size_t k = 1; k < d.shape.size(); ++k) {
            if (d.shape[k] == 0 || numbers > kMostNumbers / d.shape[k])
                throw Error(ErrorCode::InvalidInput, where, "expected items of 1 to 2^26 numbers");
            numbers *= d.shape[k];
            shape.push_back(static_cast<std::int64_t>(d.shape[k]));
        }
        if (shape.empty()) throw Error(ErrorCode::InvalidInput, where, "expected [n, ...]: an item for each row");
        if (shown_by_.empty()) {
            shape_ = shape;
            numbers_ = static_cast<std::size_t>(numbers);
            shown_by_ = name;
        } else if (shape != shape_) {
            throw Error(ErrorCode::InvalidInput, where,
                        "expected items of shape " + shapeText(shape_) + ", as " + shown_by_ + " has, found " +
                            shapeText(shape),
                        "pad or cut them to one shape");
        }
    }
}

std::optional<EncoderInputs::Table> EncoderInputs::table(const std::string& dataset, std::size_t rows,
                                                         const std::string& of) const {
    if (!file_.exists(dataset)) return std::nullopt;
    const Hdf5Dataset d = file_.dataset(dataset);
    if (d.shape.at(0) != rows) {
        throw Error(ErrorCode::InvalidInput, file_.path().string() + ":" + dataset,
                    "expected " + std::to_string(rows) + " rows, as " + of + " of the workspace has, found " +
                        std::to_string(d.shape[0]),
                    "row i must be the item of row i there");
    }
    return Table{dataset, rows};
}

std::optional<EncoderInputs::Table> EncoderInputs::pool(const PoolInfo& pool, const Modality& modality) const {
    return table("/pools/" + pool.name + "/" + modality, pool.tables.front().rows, "the pool " + pool.name);
}

std::optional<EncoderInputs::Table> EncoderInputs::set(const SetInfo& set, Workspace::Side side) const {
    const bool first = side == Workspace::Side::First;
    return table("/sets/" + set.name + (first ? "/first" : "/second"), (first ? set.first : set.second).rows,
                 "the set " + set.name);
}

void EncoderInputs::read(const Table& table, std::size_t first, std::size_t count, float* out) const {
    file_.readItems(table.dataset, first, count, out);
}

}  // namespace engine
