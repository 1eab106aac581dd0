// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/space_router.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/first_error.h"
#include "engine/base/text.h"
#include "engine/space/modality.h"

namespace engine {
namespace {

constexpr const char* kFormat = "molspace router 1";
constexpr double kBatchNormEps = 1e-5;
constexpr double kShortest = 1e-6;

// What a router belongs to: it is worth nothing beside other projectors.
std::string identityOf(const LoadedProduct& product) {
    return hashHex(recipeToJson(product.model->recipe()).dump() + product.record.fingerprint +
                   std::to_string(product.record.seed) + product.record.training.dump());
}

// y [n, out] = activation( BN( W x + b ) ), one row at a time in float64: the networks are small.
void apply(const ProjectorLayer& layer, const std::vector<double>& x, std::vector<double>& y) {
    y.resize(layer.out);
    for (std::size_t i = 0; i < layer.out; ++i) {
        double sum = static_cast<double>(layer.bias[i]);
        const float* w = layer.weight.data() + i * layer.in;
        for (std::size_t j = 0; j < layer.in; ++j) sum += static_cast<double>(w[j]) * x[j];
        if (layer.norm) {
            sum = (sum - static_cast<double>(layer.mean[i])) /
                      std::sqrt(static_cast<double>(layer.variance[i]) + kBatchNormEps) *
                      static_cast<double>(layer.gamma[i]) +
                  static_cast<double>(layer.beta[i]);
        }
        y[i] = layer.relu ? std::max(sum, 0.0) : sum;
    }
}

}  // namespace

const OptionTable<SpaceRouterOptions>& spaceRouterOptionTable() {
    using O = SpaceRouterOptions;
    static const OptionTable<O> table = [] {
        OptionTable<O> t;
        t.add("examples", &O::examples,
              {.help = "Items drawn from each pool to learn from.", .min = 16, .max = 1 << 24, .unit = "items"});
        t.add("hidden_width", &O::hidden_width,
              {.help = "Width of a router's first layer.", .min = 1, .max = 65536, .unit = "units", .advanced = true});
        t.add("second_width", &O::second_width,
              {.help = "Width of its second layer.", .min = 1, .max = 65536, .unit = "units", .advanced = true});
        t.add("text_sharpness", &O::text_sharpness,
              {.help = "Factor before the softmax of text's weights; the larger, the more they may differ.",
               .min = 0,
               .max = 1000,
               .advanced = true});
        t.add("sharpness", &O::sharpness,
              {.help = "The same for other modalities.", .min = 0, .max = 1000, .advanced = true});
        t.add("temperature", &O::temperature,
              {.help = "Temperature tau of the InfoNCE loss.", .min = 5e-3, .max = 10, .scale = OptionScale::Log});
        t.add("batch_size", &O::batch_size,
              {.help = "Tuples in a batch; those there are, where they are fewer.",
               .min = 8,
               .max = 1 << 20,
               .scale = OptionScale::Log,
               .unit = "tuples"});
        t.add("epochs", &O::epochs, {.help = "Passes over the tuples.", .min = 1, .max = 100000, .unit = "epochs"});
        t.add("learning_rate", &O::learning_rate,
              {.help = "Learning rate of Adam.", .min = 0, .max = 10, .scale = OptionScale::Log, .min_open = true});
        return t;
    }();
    return table;
}

RoutedRows routedRows(const ProductModel& model, const Components& c) {
    RoutedRows out;
    const Recipe& recipe = model.recipe();
    if (!broughtByStep(recipe, model.plan(), c.modality)) {
        out.spaces.push_back(recipe.base);
        out.rows.push_back(c.base);
    }
    for (const auto& layer : c.layers) {
        const ReactionStep& step = recipe.route.at(layer.step);
        for (const auto& part : layer.parts) {
            const auto on = [&](std::size_t e) {
                return expertKey(recipe, layer.step, e) == part.expert && step.experts[e].enabled &&
                       step.experts[e].weight > 0;
            };
            bool active = false;
            for (std::size_t e = 0; e < step.experts.size(); ++e) active = active || on(e);
            if (!active) continue;
            out.spaces.push_back(part.expert);
            out.rows.push_back(part.rows);
        }
    }
    if (out.rows.empty()) {
        throw Error(ErrorCode::InvalidInput, "product " + recipe.name + ", " + c.modality,
                    "every space that has it is switched off");
    }
    return out;
}

std::vector<double> sharesByHand(const ProductModel& model, const Components& components, const BlendWeights& weights) {
    ENGINE_CHECK(weights.layers.size() == components.layers.size(), "weights belong to other components");
    const RoutedRows routed = routedRows(model, components);
    std::map<std::string, double> shares;
    const bool has_base = !broughtByStep(model.recipe(), model.plan(), components.modality);
    double base = has_base ? 1 : 0;
    for (std::size_t k = 0; k < components.layers.size(); ++k) {
        const auto& use = weights.layers[k];
        double sum = 0;
        for (const double w : use.weights) sum += w;
        if (use.share == 0 || sum == 0) continue;
        base *= 1 - use.share;
        for (auto& [expert, share] : shares) share *= 1 - use.share;
        for (std::size_t p = 0; p < use.weights.size(); ++p)
            shares[components.layers[k].parts[p].expert] += use.share * use.weights[p] / sum;
    }
    std::vector<double> out;
    for (std::size_t i = 0; i < routed.spaces.size(); ++i)
        out.push_back(has_base && i == 0 ? base : shares[routed.spaces[i]]);
    return out;
}

Matrix SpaceRouter::weights(const Modality& modality, const RoutedRows& rows, const JobContext& job) const {
    const auto it = routers_.find(modality);
    const std::vector<std::string> none;
    const auto& expected = it == routers_.end() ? none : it->second.spaces;
    if (expected != rows.spaces) {
        throw Error(ErrorCode::InvalidInput, "router of " + modality,
                    "expected rows of " + joined(expected, "no space") + ", found " + joined(rows.spaces),
                    "learn it again for this product");
    }
    const std::size_t spaces = rows.spaces.size(), n = rows.rows.front().rows, width = rows.rows.front().cols;
    Matrix out(n, spaces);
    if (!it->second.network) {
        std::fill(out.data(), out.data() + out.size(), 1.0f);
        return out;
    }
    const auto& layers = it->second.network->layers;
    const double sharpness = it->second.sharpness;
    FirstError failure;  // memory may run out
#pragma omp parallel
    {
        std::vector<double> x, h1, h2, y;
#pragma omp for schedule(static)
        for (std::size_t i = 0; i < n; ++i) {
            if (job.stopRequested()) continue;
            failure.guard([&] {
                x.resize(spaces * width);
                for (std::size_t k = 0; k < spaces; ++k) {
                    for (std::size_t j = 0; j < width; ++j)
                        x[k * width + j] = static_cast<double>(rows.rows[k].row(i)[j]);
                }
                apply(layers[0], x, h1);
                apply(layers[1], h1, h2);
                for (double& v : h2) v = std::tanh(v);
                apply(layers[2], h2, y);
                double sum = 0;
                // The largest exponent is `sharpness`: taken off, none overflows.
                for (double& v : y) sum += v = std::exp(sharpness * (1 / (1 + std::exp(-v)) - 1));
                for (std::size_t k = 0; k < spaces; ++k) out.row(i)[k] = static_cast<float>(y[k] / sum);
            });
        }
    }
    failure.rethrow();
    job.checkStop();
    return out;
}

Matrix routedVectors(const RoutedRows& rows, const Matrix& weights) {
    const std::size_t n = rows.rows.front().rows, width = rows.rows.front().cols;
    ENGINE_CHECK(weights.rows() == n && weights.cols() == rows.rows.size(), "weights of other rows");
    Matrix out(n, width);
    std::vector<double> z(width);
    for (std::size_t i = 0; i < n; ++i) {
        std::fill(z.begin(), z.end(), 0.0);
        double length = 0;
        for (std::size_t k = 0; k < rows.rows.size(); ++k) {
            const float* x = rows.rows[k].row(i);
            for (std::size_t j = 0; j < width; ++j)
                z[j] += static_cast<double>(weights.row(i)[k]) * static_cast<double>(x[j]);
        }
        for (const double v : z) length += v * v;
        length = std::sqrt(length);
        if (length < kShortest) {
            throw Error(ErrorCode::InvalidInput, "row " + std::to_string(i),
                        "the routed vector has length 0, so it has no direction");
        }
        for (std::size_t j = 0; j < width; ++j) out.row(i)[j] = static_cast<float>(z[j] / length);
    }
    return out;
}

std::filesystem::path spaceRouterFolder(const std::filesystem::path& product, const std::string& name) {
    checkName(name, "router");
    return product / "routers" / name;
}

void writeSpaceRouter(const std::filesystem::path& folder, const LoadedProduct& product, const SpaceRouter& router,
                      const SpaceRouterRecord& record) {
    std::filesystem::create_directories(folder.parent_path());
    Staging staging(folder);
    std::filesystem::create_directories(staging.path());
    Json json{{"format", kFormat},         {"product", identityOf(product)}, {"seed", record.seed},
              {"options", record.options}, {"training", record.training},    {"modalities", Json::object()}};
    for (const auto& [modality, r] : router.modalities()) {
        json["modalities"][modality] = {{"spaces", r.spaces}, {"sharpness", r.sharpness}};
        if (r.network) writeProjector(staging.path() / (modality + ".safetensors"), *r.network, {{"format", kFormat}});
    }
    writeJsonFile(staging.path() / "router.json", json);
    staging.commit();
}

SpaceRouter readSpaceRouter(const std::filesystem::path& folder, const LoadedProduct& product,
                            SpaceRouterRecord* record) {
    const auto path = folder / "router.json";
    if (!std::filesystem::exists(path)) {
        throw Error(ErrorCode::NotFound, folder.string(), "expected the folder of a router (with router.json)",
                    "`molspace router` learns one");
    }
    const Json json = readJsonFile(path);
    std::map<Modality, ModalityRouter> routers;
    try {
        if (json.at("format") != kFormat) {
            throw Error(ErrorCode::InvalidInput, path.string(), "expected format '" + std::string(kFormat) + "'");
        }
        if (json.at("product") != identityOf(product)) {
            throw Error(ErrorCode::InvalidInput, path.string(),
                        "it was learned for other projectors than this product has now",
                        "learn it again: `molspace router --again`");
        }
        for (const auto& [modality, about] : json.at("modalities").items()) {
            ModalityRouter r;
            r.spaces = about.at("spaces").get<std::vector<std::string>>();
            r.sharpness = about.at("sharpness").get<double>();
            if (r.spaces.size() > 1) {
                const auto file = folder / (modality + ".safetensors");
                r.network = readProjector(file);
                const auto& layers = r.network->layers;
                if (layers.size() != 3 || r.network->in() != r.spaces.size() * product.model->plan().width ||
                    r.network->out() != r.spaces.size() || r.network->head1) {
                    throw Error(ErrorCode::InvalidInput, file.string(),
                                "expected three layers from " + std::to_string(r.spaces.size()) +
                                    " rows of the product to as many weights");
                }
            }
            routers[modality] = std::move(r);
        }
        if (record) *record = {json.at("options"), json.at("training"), json.at("seed").get<std::uint64_t>()};
    } catch (const Json::exception& error) {
        throw Error(ErrorCode::InvalidInput, path.string(), std::string("the file is damaged: ") + error.what());
    }
    return SpaceRouter(std::move(routers));
}

}  // namespace engine
