// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// From what a user names (a product, a setting, "sigma_a=0.8") to what is measured. Inside the session only.
#pragma once

#include <string>
#include <vector>

#include "engine/eval/workspace_evaluation.h"
#include "engine/session/session.h"

namespace engine {

// Named setting of the recipe with "factor=share", "expert=off|on|weight" and "expert:subset=off|on" over it. Throws
// with the nearest names.
Setting parseSetting(const LoadedProduct& product, const std::string& name, const std::vector<std::string>& set);

// The product with a setting that is not live, or that switches projectors, put into its recipe: components that it
// touches are computed anew, and the projectors stay as they were trained. Another setting leaves it as it is.
LoadedProduct withFixed(const LoadedProduct& product, const Setting& setting);

// A subject made ready: every figure of it comes from here.
class SubjectReader {
public:
    SubjectReader(const Workspace& workspace, const Subject& subject);

    std::vector<std::string> sets() const;  // that can be measured
    MetricsTable measure(const std::vector<std::string>& sets, const EvalOptions& options, bool reference,
                         const JobContext& job) const;
    bool isProduct() const { return product_.model != nullptr; }
    const LoadedProduct& product() const { return product_; }
    const Setting& setting() const { return setting_; }

private:
    const Workspace& workspace_;
    Subject subject_;
    LoadedProduct product_;
    Setting setting_;
};

// The workspace that is named, else the one that the product was trained on.
Workspace workspaceFor(const std::filesystem::path& named, const std::filesystem::path& product);

// Where a product's landscapes are kept.
std::filesystem::path landscapeFolder(const LoadedProduct& product);

// Options from JSON through their table; throws with every problem.
template <class Options>
Options readOptions(const OptionTable<Options>& table, const Json& json, const std::string& where) {
    Options options;
    throwIfAny(table.read(json, options), where);
    return options;
}

}  // namespace engine
