// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a report has measured, kept on disk so that nothing is measured twice: figures and hits of rows, surfaces. A
// file is named by the hash of all that it follows from (workspace, subject, how its reactions were trained, seed, rule
// of ties), so what changed is measured anew and the rest is found again. One owner at a time; files are written whole.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/factors/unit_hits.h"

namespace engine {

// One row at one seed. Sets by the paper's names.
struct MeasuredRow {
    struct Set {
        MetricMap figures;  // by metric: "R@1", "top-1", "mAP"
        std::size_t first_items = 0, second_items = 0, queries = 0;
        std::string protocol;
    };
    std::map<std::string, Set> sets;
    std::map<std::string, QueryHits> hits;  // of the first place (R@1, top-1) only; none for several labels
    std::map<std::string, std::vector<float>> influence;  // of items on mAP (engine/eval/average_precision.h)
};

// One surface at one seed, row-major over the axes; of each group.
struct MeasuredSurface {
    struct Group {
        std::vector<double> change;       // points of R@1 against the baseline
        std::vector<double> error;        // its standard error over items; NaN: not known
        double baseline = 0;              // the baseline's mean R@1
        std::optional<double> plane;      // the plane's R@1 minus the baseline's
        std::vector<double> plane_error;  // standard error of the product minus the plane
    };
    std::vector<std::string> axes;
    std::vector<double> values;  // of each axis
    std::map<std::string, Group> groups;
};

class MeasuredStore {
public:
    explicit MeasuredStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

    // A file that is there and damaged counts as absent; so does a set of several labels without influences.
    std::optional<MeasuredRow> row(const std::string& key, const JobContext& job) const;
    void put(const std::string& key, const Json& about, const MeasuredRow& row) const;
    std::optional<MeasuredSurface> surface(const std::string& key, const JobContext& job) const;
    void put(const std::string& key, const Json& about, const MeasuredSurface& surface) const;

private:
    std::filesystem::path folder_;
};

}  // namespace engine
