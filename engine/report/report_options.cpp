// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/report/report_options.h"

#include <algorithm>
#include <charconv>

#include "engine/base/error.h"

namespace engine {

const OptionTable<ReportOptions>& reportOptionTable() {
    static const OptionTable<ReportOptions> table = [] {
        OptionTable<ReportOptions> t;
        t.add("tables", &ReportOptions::tables,
              {.help = "The paper's tables to fill; all if none is named.",
               .choices = {"3", "4", "5", "6", "7", "8", "9"}});
        t.add("figures", &ReportOptions::figures,
              {.help = "The paper's figures to draw; all if neither tables nor figures are named.",
               .choices = {"3", "4", "5", "6", "none"}});
        t.add("seeds", &ReportOptions::seeds,
              {.help = "Seeds of the trainings; every figure of a product is the mean over them, with their spread."});
        t.add("names", &ReportOptions::names,
              {.help =
                   "What the workspace calls a space or an evaluation set of the paper: CLAP_g=CLAP, COCO=COCO-500."});
        t.add("grid", &ReportOptions::grid,
              {.help = "Step of both factors of a surface; it must divide 1.", .min = 0.02, .max = 0.5});
        t.add("level", &ReportOptions::level,
              {.help = "Coverage of intervals; a claim holds or fails where the interval is on one side.",
               .min = 0.5,
               .max = 0.999});
        t.add("resamples", &ReportOptions::resamples,
              {.help = "How often the items of an evaluation set are drawn anew, for the part of the intervals that is "
                       "theirs.",
               .min = 100,
               .max = 20000});
        t.add(
            "keep_components", &ReportOptions::keep_components,
            {.help = "Keep the components of the evaluation sets beside each trained product (gigabytes at the paper's "
                     "sizes); else they are made again when the product is used.",
             .advanced = true});
        return t;
    }();
    return table;
}

std::vector<std::uint64_t> seedsOf(const ReportOptions& options) {
    std::vector<std::uint64_t> seeds;
    for (const auto& text : options.seeds) {
        std::uint64_t seed = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
        if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
            throw Error(ErrorCode::InvalidInput, "seeds", "expected whole numbers of 0 and more, found '" + text + "'",
                        "for example 0,1,2");
        }
        seeds.push_back(seed);
    }
    std::sort(seeds.begin(), seeds.end());
    if (seeds.empty() || std::adjacent_find(seeds.begin(), seeds.end()) != seeds.end()) {
        throw Error(ErrorCode::InvalidInput, "seeds", "expected at least one seed, each once", "for example 0,1,2");
    }
    return seeds;
}

NameMap::NameMap(const std::vector<std::string>& pairs) {
    for (const auto& pair : pairs) {
        const auto equals = pair.find('=');
        if (equals == 0 || equals == std::string::npos || equals + 1 == pair.size()) {
            throw Error(ErrorCode::InvalidInput, "names", "expected PAPER=WORKSPACE, found '" + pair + "'",
                        "for example CLAP_g=CLAP");
        }
        names_[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
}

}  // namespace engine
