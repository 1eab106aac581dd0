// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/package/checkpoint_layout.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/package/torch_file.h"

namespace engine {
namespace {

constexpr std::uint64_t kMostWidth = 65536;
constexpr const char* kTunedHeads = "ib_head.projectors.";
constexpr const char* kTunedEncoder = "ib.";
// FreeBind's order of its seven projectors: mix, A, T, V, AT, AV, TV.
constexpr std::array<const char*, 7> kTunedSubsets = {"TVA", "A", "T", "V", "TA", "VA", "TV"};

// Where a layer's modules are, and whether a ReLU follows.
struct LayerPlace {
    LayerNames names;
    bool relu = false;
};
using Places = std::vector<LayerPlace>;

Places freebindPlaces(const std::string& prefix = "") {
    return {{{prefix + "Head2.mlps.0", prefix + "Head2.mlps.1"}, true},
            {{prefix + "Head2.mlps.3", prefix + "Head2.mlps.4"}, false}};
}
// nn.Sequential net1 (Linear, BatchNorm, ReLU) and net2 (Linear, BatchNorm) of one MLP.
void addMlp(Places& places, const std::string& mlp) {
    places.push_back({{mlp + ".net1.0", mlp + ".net1.1"}, true});
    places.push_back({{mlp + ".net2.0", mlp + ".net2.1"}, false});
}
Places exMcrPlaces() {
    Places places;
    addMlp(places, "Head2.mlp1");
    addMlp(places, "Head2.mlp2");
    return places;
}
Places cmcrPlaces(const std::string& head, bool half) {
    if (half) return {{{head + ".net.0", head + ".net.1"}, true}};
    Places places;
    addMlp(places, head);
    return places;
}

std::vector<LayerNames> namesOf(const Places& places) {
    std::vector<LayerNames> out;
    for (const auto& place : places) out.push_back(place.names);
    return out;
}

std::string shapeOf(const std::vector<std::uint64_t>& shape) {
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

// Tensors by their names without the prefix that stands before all of them.
class Names {
public:
    explicit Names(TorchFile& file) : file_(file) {
        static constexpr std::array<const char*, 6> kMarks = {"ib_head.projectors.0.Head2.mlps.0.weight",
                                                              "Head2.mlps.0.weight",
                                                              "Head2.mlp1.net1.0.weight",
                                                              "Head_A.net1.0.weight",
                                                              "Head_A.net.0.weight",
                                                              "Head1.weight"};
        for (const char* mark : kMarks) {
            for (const auto& t : file.tensors()) {
                if (!t.name.ends_with(mark)) continue;
                const std::string before = t.name.substr(0, t.name.size() - std::string_view(mark).size());
                if (!before.empty() && before.back() != '.') continue;
                prefix_ = before;
                mark_ = mark;
                for (const auto& tensor : file.tensors()) {
                    if (tensor.name.starts_with(prefix_)) by_name_[tensor.name.substr(prefix_.size())] = &tensor;
                }
                return;
            }
        }
        std::string found;
        for (std::size_t i = 0; i < std::min<std::size_t>(file.tensors().size(), 5); ++i)
            found += (i ? ", " : "") + file.tensors()[i].name.substr(0, 80);
        throw Error(ErrorCode::InvalidInput, file.path().string(),
                    "expected the tensors of FreeBind (Head2.mlps.0.weight ...), C-MCR (Head_A.net1.0.weight ...) or "
                    "Ex-MCR (Head1.weight, Head2.mlp1.net1.0.weight ...); found " +
                        (found.empty() ? "no tensors" : found),
                    "bring the state_dict of one of their projectors");
    }

    const std::string& mark() const { return mark_; }
    bool has(const std::string& name) const { return by_name_.contains(name); }

    std::string where(const std::string& name) const { return file_.path().string() + ":" + prefix_ + name; }

    const PickledTensor& at(const std::string& name) {
        const auto it = by_name_.find(name);
        if (it == by_name_.end()) {
            std::vector<std::string> names;
            for (const auto& [known, tensor] : by_name_) names.push_back(known);
            const std::string near = nearestName(name, names);
            throw Error(ErrorCode::InvalidInput, where(name), "the tensor is missing",
                        near.empty() ? "save the module's whole state_dict"
                                     : "there is '" + near + "'; save the module's whole state_dict");
        }
        used_.insert(name);
        return *it->second;
    }

    // A Linear of two dimensions, its widths.
    std::pair<std::size_t, std::size_t> linear(const std::string& name) {
        const auto& t = at(name + ".weight");
        if (t.shape.size() != 2 || t.shape[0] == 0 || t.shape[1] == 0 || t.shape[0] > kMostWidth ||
            t.shape[1] > kMostWidth) {
            throw Error(ErrorCode::InvalidInput, where(name + ".weight"),
                        "expected a weight [out, in] with widths from 1 to " + std::to_string(kMostWidth) + ", found " +
                            shapeOf(t.shape));
        }
        return {t.shape[0], t.shape[1]};
    }

    ProjectorWeights head(const Places& places, bool head1) {
        ProjectorWeights w;
        if (head1) {
            const auto [out, in] = linear("Head1");
            w.head1 = emptyLayer(in, out, false, false);
        }
        for (const auto& place : places) {
            const auto [out, in] = linear(place.names.linear);
            w.layers.push_back(emptyLayer(in, out, true, place.relu));
        }
        const auto names = namesOf(places);
        for (const auto& t : tensorsOf(w, names)) {
            if (t.counter) {
                // Saved by PyTorch before 0.4.1, a BatchNorm has none.
                if (has(t.name)) *t.counter = file_.integer(at(t.name));
                continue;
            }
            const PickledTensor& tensor = at(t.name);
            if (tensor.shape != t.shape) {
                throw Error(ErrorCode::InvalidInput, where(t.name),
                            "expected shape " + shapeOf(t.shape) + ", found " + shapeOf(tensor.shape));
            }
            *t.values = file_.floats(tensor);
        }
        checkWeights(w, names, file_.path().string());
        if (w.head1 && w.head1->in != w.head1->out) {
            throw Error(ErrorCode::InvalidInput, where("Head1.weight"),
                        "expected a square weight, found " + shapeOf({w.head1->out, w.head1->in}));
        }
        return w;
    }

    // As load_state_dict(strict=True): every tensor has its place, but those that begin with `ignored`.
    std::size_t checkAllUsed(const std::string& ignored = {}) const {
        std::size_t left_out = 0;
        for (const auto& [name, tensor] : by_name_) {
            if (used_.contains(name)) continue;
            if (!ignored.empty() && name.starts_with(ignored)) {
                ++left_out;
                continue;
            }
            throw Error(ErrorCode::InvalidInput, where(name),
                        "the tensor has no place in the module, which is read strictly",
                        "save the state_dict of the projector alone");
        }
        return left_out;
    }

    std::size_t outside() const { return file_.tensors().size() - by_name_.size(); }

private:
    TorchFile& file_;
    std::string prefix_, mark_;
    std::map<std::string, const PickledTensor*> by_name_;
    std::set<std::string> used_;
};

bool isTwoLayers(const ProjectorWeights& w) {
    return w.layers.size() == 2 && !w.head1 && w.layers[0].norm && w.layers[1].norm && w.layers[0].relu &&
           !w.layers[1].relu;
}

bool isHalf(const ProjectorWeights& w) {
    return w.layers.size() == 1 && !w.head1 && w.layers[0].norm && w.layers[0].relu;
}

bool isExMcr(const ProjectorWeights& w) {
    if (w.layers.size() != 4 || !w.head1) return false;
    for (std::size_t k = 0; k < 4; ++k) {
        if (!w.layers[k].norm || w.layers[k].relu != (k % 2 == 0)) return false;
    }
    return true;
}

}  // namespace

const char* layoutName(CheckpointLayout layout) {
    switch (layout) {
        case CheckpointLayout::FreeBind:
            return "FreeBind";
        case CheckpointLayout::TunedAudio:
            return "FreeBind†";
        case CheckpointLayout::Cmcr:
            return "C-MCR";
        case CheckpointLayout::ExMcr:
            break;
    }
    return "Ex-MCR";
}

ReleasedCheckpoint readReleasedCheckpoint(const std::filesystem::path& path) {
    TorchFile file(path);
    Names names(file);
    ReleasedCheckpoint out;
    std::string ignored;
    const std::string& mark = names.mark();
    if (mark.starts_with(kTunedHeads)) {
        out.layout = CheckpointLayout::TunedAudio;
        ignored = kTunedEncoder;
        for (std::size_t i = 0; i < kTunedSubsets.size(); ++i) {
            const std::string prefix = kTunedHeads + std::to_string(i) + ".";
            out.heads[kTunedSubsets[i]] = names.head(freebindPlaces(prefix), false);
        }
    } else if (mark.starts_with("Head_A")) {
        out.layout = CheckpointLayout::Cmcr;
        const bool half = mark == "Head_A.net.0.weight";
        for (const char* head : {"Head_A", "Head_B"}) out.heads[head] = names.head(cmcrPlaces(head, half), false);
    } else if (mark == "Head2.mlps.0.weight") {
        out.heads[""] = names.head(freebindPlaces(), false);
    } else {
        out.layout = CheckpointLayout::ExMcr;
        out.heads[""] = names.head(exMcrPlaces(), true);
    }
    if (const std::size_t left_out = names.checkAllUsed(ignored); left_out > 0) {
        out.notes.push_back(
            path.filename().string() + ": " + std::to_string(left_out) +
            " tensors of its audio encoder are left out; audio embeddings must come from that encoder.");
    }
    if (names.outside() > 0) {
        out.notes.push_back(path.filename().string() + ": " + std::to_string(names.outside()) +
                            " tensors that stand outside the projector are left out.");
    }
    return out;
}

bool hasReleasedLayout(const ProjectorWeights& weights, const ProjectorWeights* other) {
    if (other) return (isTwoLayers(weights) && isTwoLayers(*other)) || (isHalf(weights) && isHalf(*other));
    return isTwoLayers(weights) || isExMcr(weights);
}

void writeTorchCheckpoint(const std::filesystem::path& path, const ProjectorWeights& weights) {
    if (!hasReleasedLayout(weights)) {
        throw Error(ErrorCode::InvalidInput, path.string(),
                    "the released code has no module of the shape " + shapeText(weights),
                    "two layers are FreeBind's, Head1 and four layers Ex-MCR's");
    }
    writeTorchFile(path, tensorsOf(weights, isTwoLayers(weights) ? namesOf(freebindPlaces()) : namesOf(exMcrPlaces())));
}

void writeCmcrCheckpoint(const std::filesystem::path& path, const ProjectorWeights& head_a,
                         const ProjectorWeights& head_b) {
    std::vector<ConstWeightTensor> tensors;
    if (!hasReleasedLayout(head_a, &head_b)) {
        throw Error(ErrorCode::InvalidInput, path.string(),
                    "C-MCR has no heads of the shapes " + shapeText(head_a) + " and " + shapeText(head_b),
                    "expected two layers, or one that ends with a ReLU");
    }
    for (const auto& [name, head] : {std::pair{"Head_A", &head_a}, std::pair{"Head_B", &head_b}}) {
        for (auto& t : tensorsOf(*head, namesOf(cmcrPlaces(name, isHalf(*head))))) tensors.push_back(std::move(t));
    }
    writeTorchFile(path, tensors);
}

}  // namespace engine
