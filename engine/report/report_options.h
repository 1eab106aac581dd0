// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Options of a report.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/base/option_table.h"

namespace engine {

struct ReportOptions {
    std::vector<std::string> tables;   // "3" to "9"; empty: all
    std::vector<std::string> figures;  // "3" to "6"; empty: all, but none where tables are named; "none"
    std::vector<std::string> seeds = {"0", "1", "2"};
    std::vector<std::string> names;  // "CLAP_g=CLAP": what the workspace calls a space or set of the paper
    double grid = 0.1;               // step of the factors of a surface
    double level = 0.95;             // of intervals and verdicts
    std::int64_t resamples = 500;    // of the bootstrap over items
    bool keep_components = false;    // of the products, gigabytes each at the paper's sizes
};

const OptionTable<ReportOptions>& reportOptionTable();

// The seeds as numbers, ascending; throws Error{InvalidInput} for what is none, comes twice, or is missing.
std::vector<std::uint64_t> seedsOf(const ReportOptions& options);

// What the workspace calls what the paper calls by another name.
class NameMap {
public:
    NameMap() = default;
    explicit NameMap(const std::vector<std::string>& pairs);  // "PAPER=WORKSPACE"
    const std::string& operator()(const std::string& paper_name) const {
        const auto it = names_.find(paper_name);
        return it == names_.end() ? paper_name : it->second;
    }
    const std::map<std::string, std::string>& pairs() const { return names_; }

private:
    std::map<std::string, std::string> names_;
};

}  // namespace engine
