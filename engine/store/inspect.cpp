// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/inspect.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>
#include <unordered_set>

#include "engine/base/file.h"
#include "engine/store/workspace_schema.h"

namespace engine {
namespace {

constexpr std::size_t kBlock = 4096;

Json describe(const ItemTable& table) {
    Json out{{"modality", table.modality}, {"rows", table.rows}, {"paths", table.has_paths}, {"spaces", Json::array()}};
    for (const auto& e : table.embeddings) {
        out["spaces"].push_back(
            {{"space", e.space},
             {"width", e.width},
             {"type", e.type == StoredType::Float16 ? "float16" : "float32"},
             {"bytes", static_cast<std::uint64_t>(e.rows) * e.width * (e.type == StoredType::Float16 ? 2 : 4)},
             {"norm", {{"min", e.norm_min}, {"mean", e.norm_mean}, {"max", e.norm_max}}},
             {"unit_rows", e.unit_rows}});
    }
    return out;
}

// Hashes of the rows of a source: equal rows are the same item.
template <class Visit>
void eachHash(const EmbeddingSource& source, const JobContext& job, Visit visit) {
    std::vector<float> rows(kBlock * source.cols());
    for (std::size_t first = 0; first < source.rows(); first += kBlock) {
        job.checkStop();
        const std::size_t count = std::min(kBlock, source.rows() - first);
        source.read(first, count, rows.data());
        for (std::size_t i = 0; i < count; ++i) {
            visit(hashHex(
                {reinterpret_cast<const char*>(rows.data() + i * source.cols()), source.cols() * sizeof(float)}));
        }
    }
}

// Items of an evaluation set that a pool of the same modality has too would be trained on.
void findLeaks(const Workspace& workspace, const JobContext& job, std::vector<std::string>& warnings) {
    std::size_t steps = 0;
    for (const auto& pool : workspace.pools()) steps += pool.tables.size();
    ProgressMeter meter(job, "looking for items that are in pools and in sets", "pools", steps);
    for (const auto& pool : workspace.pools()) {
        for (const auto& table : pool.tables) {
            meter.advance(1);
            struct Side {
                const SetInfo* set;
                Workspace::Side side;
                const ItemTable* items;
            };
            std::vector<Side> sides;
            for (const auto& set : workspace.sets()) {
                if (set.first.modality == table.modality) sides.push_back({&set, Workspace::Side::First, &set.first});
                // Prompts of classes may well be texts that are trained on.
                if (set.kind == SetKind::Retrieval && set.second.modality == table.modality)
                    sides.push_back({&set, Workspace::Side::Second, &set.second});
            }
            // One space tells: rows of the others are the same items. So each side is looked at once, in the first
            // space that it has too.
            for (const auto& e : table.embeddings) {
                std::vector<Side> here, later;
                for (const auto& s : sides) (s.items->find(e.space) ? here : later).push_back(s);
                sides = std::move(later);
                if (here.empty()) continue;
                std::unordered_set<std::string> trained;
                eachHash(*workspace.pool(pool.name, table.modality, e.space), job,
                         [&](std::string h) { trained.insert(std::move(h)); });
                for (const auto& side : here) {
                    std::size_t shared = 0;
                    eachHash(*workspace.setRows(side.set->name, side.side, e.space), job,
                             [&](const std::string& h) { shared += trained.count(h); });
                    if (shared > 0) {
                        warnings.push_back(std::to_string(shared) + " of " + std::to_string(side.items->rows) + " " +
                                           table.modality + " rows of the set " + side.set->name + " are in the pool " +
                                           pool.name + " too (space " + e.space +
                                           "): figures on it would be measured on what was trained on");
                    }
                }
            }
        }
    }
    meter.finish();
}

void findOddities(const Workspace& workspace, std::vector<std::string>& warnings) {
    const auto look = [&](const ItemTable& table, const std::string& where) {
        for (const auto& e : table.embeddings) {
            if (e.unit_rows) continue;
            std::array<char, 160> text{};
            std::snprintf(text.data(), text.size(),
                          ": rows of %s are not all of unit length (%.4g to %.4g); they are normalised when read",
                          e.space.c_str(), e.norm_min, e.norm_max);
            warnings.push_back(where + text.data());
        }
    };
    std::map<Modality, std::size_t> pools;
    for (const auto& pool : workspace.pools()) {
        for (const auto& table : pool.tables) {
            look(table, "pool " + pool.name + ", " + table.modality);
            if (!pool.paired) ++pools[table.modality];
        }
    }
    for (const auto& [modality, count] : pools) {
        if (count > 1)
            warnings.push_back("there are " + std::to_string(count) + " unpaired pools of " + modality +
                               "; training needs one");
    }
    for (const auto& set : workspace.sets()) {
        look(set.first, "set " + set.name + ", " + set.first.modality);
        look(set.second, "set " + set.name + ", " + set.second.modality);
    }
}

constexpr std::size_t kFewestSampled = 64, kMostSampled = 400;

// Inner products of a sample of rows, [n, n], about their mean off the diagonal.
std::vector<double> likenesses(const EmbeddingSource& source, std::size_t n) {
    std::vector<float> rows(n * source.cols());
    for (std::size_t i = 0; i < n; ++i) source.read(i * source.rows() / n, 1, rows.data() + i * source.cols());
    std::vector<double> out(n * n, 0.0);
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            const float *a = rows.data() + i * source.cols(), *b = rows.data() + j * source.cols();
            float product = 0;
#pragma omp simd reduction(+ : product)
            for (std::size_t k = 0; k < source.cols(); ++k) product += a[k] * b[k];
            out[i * n + j] = out[j * n + i] = static_cast<double>(product);
            sum += 2 * static_cast<double>(product);
        }
    }
    const double mean = sum / static_cast<double>(n * (n - 1));
    for (std::size_t i = 0; i < n * n; ++i) out[i] -= i % (n + 1) == 0 ? 0 : mean;
    return out;
}

// How far the likenesses of `a` go with those of `b` where b's items are shifted.
double agreement(const std::vector<double>& a, const std::vector<double>& b, std::size_t n, std::size_t shift) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < i; ++j) sum += a[i * n + j] * b[(i + shift) % n * n + (j + shift) % n];
    }
    return sum;
}

std::vector<Modality> pooled(const Workspace& workspace, const std::string& space) {
    std::vector<Modality> out;
    for (const auto& pool : workspace.pools()) {
        if (pool.paired) continue;
        for (const auto& table : pool.tables) {
            if (table.find(space)) out.push_back(table.modality);
        }
    }
    return out;
}

// Pairs of spaces that share a modality with pool rows in both can react.
Json reactions(const Workspace& workspace) {
    Json out = Json::array();
    const auto spaces = workspace.spaces();
    for (std::size_t a = 0; a < spaces.size(); ++a) {
        for (std::size_t b = a + 1; b < spaces.size(); ++b) {
            const auto mine = pooled(workspace, spaces[a].name), theirs = pooled(workspace, spaces[b].name);
            std::vector<Modality> shared;
            for (const auto& m : mine) {
                if (std::find(theirs.begin(), theirs.end(), m) != theirs.end()) shared.push_back(m);
            }
            if (!shared.empty()) out.push_back({{"spaces", {spaces[a].name, spaces[b].name}}, {"shared", shared}});
        }
    }
    return out;
}

std::string joined(const Json& list) {
    std::string text;
    for (const auto& item : list) text += (text.empty() ? "" : ", ") + item.get<std::string>();
    return text;
}

void tableText(const Json& table, const std::string& indent, std::string& text) {
    text += indent + table.at("modality").get<std::string>() + ", " +
            std::to_string(table.at("rows").get<std::size_t>()) + " rows\n";
    for (const auto& s : table.at("spaces")) {
        std::array<char, 160> line{};
        std::snprintf(line.data(), line.size(), "%-20s %5zu wide  %s  %10s  norms %.4g to %.4g\n",
                      s.at("space").get<std::string>().c_str(), s.at("width").get<std::size_t>(),
                      s.at("type").get<std::string>().c_str(), humanBytes(s.at("bytes").get<std::uint64_t>()).c_str(),
                      s.at("norm").at("min").get<double>(), s.at("norm").at("max").get<double>());
        text += indent + "  " + line.data();
    }
}

}  // namespace

// What is alike in one space is alike in another, if row i is the same item in both: then the rows as they stand agree
// better than in any of twenty other orders.
std::vector<std::string> findMisaligned(const Workspace& workspace, const std::set<std::string>* only,
                                        const JobContext& job) {
    std::vector<std::string> warnings;
    const auto look = [&](const ItemTable& table, const std::string& where, const auto& source) {
        if (table.embeddings.size() < 2 || table.rows < kFewestSampled || (only && !only->count(where))) return;
        const std::size_t n = std::min(table.rows, kMostSampled);
        const std::string& reference = table.embeddings.front().space;
        const auto expected = likenesses(*source(reference), n);
        for (std::size_t e = 1; e < table.embeddings.size(); ++e) {
            job.checkStop();
            const std::string& space = table.embeddings[e].space;
            const auto found = likenesses(*source(space), n);
            const double straight = agreement(expected, found, n, 0);
            bool aligned = true;
            for (std::size_t k = 1; k <= 20; ++k) aligned &= straight > agreement(expected, found, n, k * n / 21);
            if (!aligned) {
                warnings.push_back(where + ", " + table.modality + ": rows of " + space + " and " + reference +
                                   " look misaligned: what is alike in one is not in the other; row i must be the same "
                                   "item in both");
            }
        }
    };
    for (const auto& pool : workspace.pools()) {
        for (const auto& table : pool.tables) {
            look(table, "pool " + pool.name,
                 [&](const std::string& space) { return workspace.pool(pool.name, table.modality, space); });
        }
    }
    for (const auto& set : workspace.sets()) {
        for (const auto side : {Workspace::Side::First, Workspace::Side::Second}) {
            look(side == Workspace::Side::First ? set.first : set.second, "set " + set.name,
                 [&](const std::string& space) { return workspace.setRows(set.name, side, space); });
        }
    }
    return warnings;
}

Json inspectWorkspace(const Workspace& workspace, const JobContext& job) {
    Json out{{"workspace", workspace.folder().string()},
             {"synthetic", workspace.synthetic()},
             {"fingerprint", workspace.fingerprint()},
             {"spaces", Json::array()},
             {"pools", Json::array()},
             {"sets", Json::array()}};
    for (const auto& s : workspace.spaces()) {
        out["spaces"].push_back(
            {{"name", s.name}, {"width", s.width}, {"modalities", s.modalities}, {"pools", pooled(workspace, s.name)}});
    }
    for (const auto& pool : workspace.pools()) {
        Json p{{"name", pool.name}, {"paired", pool.paired}, {"tables", Json::array()}};
        for (const auto& table : pool.tables) p["tables"].push_back(describe(table));
        out["pools"].push_back(std::move(p));
    }
    for (const auto& set : workspace.sets()) {
        std::vector<std::string> spaces;
        for (const auto& e : set.first.embeddings) {
            if (set.second.find(e.space)) spaces.push_back(e.space);
        }
        Json s{{"name", set.name},        {"kind", schema::kindName(set.kind)}, {"pairs", set.pairs},
               {"measurable_in", spaces}, {"first", describe(set.first)},       {"second", describe(set.second)}};
        if (!set.prompt.empty()) s["prompt"] = set.prompt;
        out["sets"].push_back(std::move(s));
    }
    out["reactions"] = reactions(workspace);
    std::vector<std::string> warnings = workspace.warnings();
    findOddities(workspace, warnings);
    for (auto& warning : findMisaligned(workspace, nullptr, job)) warnings.push_back(std::move(warning));
    findLeaks(workspace, job, warnings);
    out["warnings"] = warnings;
    return out;
}

std::string inspectText(const Json& json) {
    std::string text =
        json.at("workspace").get<std::string>() + (json.at("synthetic") == true ? "  (synthetic world)" : "") + "\n";
    text += "spaces\n";
    for (const auto& s : json.at("spaces")) {
        text += "  " + s.at("name").get<std::string>() + ", " + std::to_string(s.at("width").get<std::size_t>()) +
                " wide: " + joined(s.at("modalities"));
        text += s.at("pools").empty() ? " (no pools)\n" : " (pools: " + joined(s.at("pools")) + ")\n";
    }
    text += "pools\n";
    for (const auto& p : json.at("pools")) {
        text += "  " + p.at("name").get<std::string>() + (p.at("paired") == true ? " (paired)" : "") + "\n";
        for (const auto& t : p.at("tables")) tableText(t, "    ", text);
    }
    text += "evaluation sets\n";
    for (const auto& s : json.at("sets")) {
        text += "  " + s.at("name").get<std::string>() + ", " + s.at("kind").get<std::string>() + ", " +
                std::to_string(s.at("pairs").get<std::size_t>()) + " pairs; measurable in: " +
                (s.at("measurable_in").empty() ? "no single space" : joined(s.at("measurable_in"))) + "\n";
        tableText(s.at("first"), "    ", text);
        tableText(s.at("second"), "    ", text);
    }
    text += "can react\n";
    for (const auto& r : json.at("reactions"))
        text += "  " + joined(r.at("spaces")) + " through " + joined(r.at("shared")) + "\n";
    if (json.at("reactions").empty()) text += "  nothing: no two spaces share a modality with a pool\n";
    for (const auto& w : json.at("warnings")) text += "warning: " + w.get<std::string>() + "\n";
    return text;
}

}  // namespace engine
