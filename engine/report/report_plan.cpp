// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/report/report_plan.h"

#include <algorithm>
#include <set>

#include "engine/base/error.h"
#include "engine/base/resources.h"
#include "engine/base/text.h"
#include "engine/eval/workspace_evaluation.h"
#include "engine/report/published.h"

namespace engine {
namespace {

namespace fs = std::filesystem;

void addOnce(std::vector<std::string>& list, const std::string& item) {
    if (!contains(list, item)) list.push_back(item);
}

class Planner {
public:
    Planner(const ReportSpec& spec, const Workspace& workspace, const ReportOptions& options,
            const Json& reaction_options)
        : spec_(spec),
          workspace_(workspace),
          options_(options),
          reaction_options_(reaction_options),
          names_(options.names),
          spaces_(spacesOf(workspace)) {}

    ReportPlan run() {
        checkNames();
        for (const auto& table : publishedPaper().tables) {
            if (options_.tables.empty() || contains(options_.tables, std::to_string(table.number)))
                plan_.tables.push_back(table.number);
        }
        collectWanted();
        for (const auto& row : spec_.rows) {
            if (wanted_.count(row.id)) planRow(row);
        }
        for (const auto& surface : spec_.surfaces) {
            if (figureWanted(surface.figure)) planSurface(surface);
        }
        return std::move(plan_);
    }

private:
    // A name that stands for nothing in the workspace would leave rows empty without a word.
    void checkNames() const {
        std::vector<std::string> there, problems;
        for (const auto& s : spaces_) there.push_back(s.name);
        for (const auto& s : workspace_.sets()) there.push_back(s.name);
        for (const auto& [paper, mine] : names_.pairs()) {
            if (contains(there, mine)) continue;
            const std::string near = nearestName(mine, there);
            problems.push_back(paper + "=" + mine + ": the workspace has neither a space nor a set '" + mine + "'" +
                               (near.empty() ? "" : "; did you mean '" + near + "'?"));
        }
        if (!problems.empty())
            throw joinProblems(ErrorCode::InvalidInput, "names", problems, "`molspace inspect` lists them");
    }

    bool figureWanted(int figure) const {
        if (contains(options_.figures, std::string("none"))) return false;
        return options_.figures.empty() ? options_.tables.empty() : contains(options_.figures, std::to_string(figure));
    }

    // Rows of the tables that are asked for, of the surfaces, and, in a whole report, those that only claims name.
    void collectWanted() {
        const bool whole = options_.tables.empty();
        for (const auto& row : spec_.rows) {
            const bool in =
                std::any_of(row.tables.begin(), row.tables.end(), [&](int t) { return contains(plan_.tables, t); });
            if (!in && !(whole && row.tables.empty())) continue;
            auto& sets = wanted_[row.id];
            for (const int number : row.tables) {
                if (!contains(plan_.tables, number)) continue;
                const PublishedTable& table = publishedPaper().table(number);
                if (!row.after.empty()) {
                    for (const auto& column : table.columns) addOnce(sets, column.column);
                }
                for (const auto& r : table.rows) {
                    if (r.row != row.row || (!row.group.empty() && r.group != row.group)) continue;
                    for (const auto* figure : r.figures) {
                        if (figure->value) addOnce(sets, figure->place.column);
                    }
                }
            }
        }
        for (const auto& claim : spec_.claims) {
            for (const auto& test : claim.tests) {
                if (!test.rows) continue;
                for (const auto& id : {test.rows->left, test.rows->right}) {
                    const auto it = wanted_.find(id);
                    if (it == wanted_.end()) continue;
                    for (const auto& f : test.rows->figures) addOnce(it->second, figureName(f).set);
                }
            }
        }
        for (const auto& surface : spec_.surfaces) {
            if (!figureWanted(surface.figure)) continue;
            for (const auto& group : spec_.groups) {
                for (const auto& set : group.sets) {
                    addOnce(wanted_[surface.baseline], set);
                    if (group.name == surface.plane_group) addOnce(wanted_[surface.plane_row], set);
                }
            }
        }
    }

    const SpaceInfo* space(const std::string& name) const {
        for (const auto& s : spaces_) {
            if (s.name == name) return &s;
        }
        return nullptr;
    }

    // Empty if the set can be measured in all of these spaces, per side those that have its modality.
    std::string whyNot(const std::string& set, const std::vector<std::string>& first,
                       const std::vector<std::string>& second) const {
        const SetInfo& info = workspace_.set(names_(set));
        std::vector<std::string> lacking;
        for (const auto& name : first) {
            if (!info.first.find(name)) lacking.push_back(name + " (" + info.first.modality + ")");
        }
        for (const auto& name : second) {
            if (!info.second.find(name)) lacking.push_back(name + " (" + info.second.modality + ")");
        }
        return lacking.empty() ? "" : "set " + set + " has no rows of " + joined(lacking);
    }

    bool hasSet(const std::string& set) const {
        const auto& sets = workspace_.sets();
        return std::any_of(sets.begin(), sets.end(), [&](const SetInfo& s) { return s.name == names_(set); });
    }

    void planRow(const RowSpec& spec) {
        RowPlan row;
        row.spec = &spec;
        const auto& asked = wanted_.at(spec.id);
        if (!spec.subject.space.empty()) {
            const std::string name = names_(spec.subject.space);
            if (!space(name)) row.missing = "space " + spec.subject.space + " is missing";
            for (const auto& set : asked) {
                if (!row.missing.empty()) break;
                if (!hasSet(set)) row.lacking[set] = "set " + set + " is missing";
                else if (auto why = whyNot(set, {name}, {name}); !why.empty()) row.lacking[set] = why;
                else row.sets.push_back(set);
            }
        } else {
            row.product = productOf(spec.subject.recipe, spec.needs, row.missing);
            if (row.product != kNoProduct) {
                const ProductPlan& product = plan_.products[row.product];
                const ProductModel model(product.recipe, product.plan);
                for (const auto& set : asked) {
                    if (auto why = lackingOf(model, set); !why.empty()) row.lacking[set] = why;
                    else row.sets.push_back(set);
                }
            }
        }
        if (row.missing.empty() && row.sets.empty() && !row.lacking.empty()) row.missing = reasons(row.lacking);
        if (row.product != kNoProduct) {
            if (row.missing.empty()) plan_.products[row.product].rows.push_back(plan_.rows.size());
            else row.product = kNoProduct;
        }
        plan_.rows.push_back(std::move(row));
    }

    std::string lackingOf(const ProductModel& model, const std::string& set) const {
        if (!hasSet(set)) return "set " + set + " is missing";
        const SetInfo& info = workspace_.set(names_(set));
        for (const auto* table : {&info.first, &info.second}) {
            if (!contains(model.plan().modalities, table->modality))
                return "the product has no " + table->modality + " for set " + set;
        }
        return whyNot(set, model.spacesNeeded(info.first.modality), model.spacesNeeded(info.second.modality));
    }

    // Each reason once.
    static std::string reasons(const std::map<std::string, std::string>& lacking) {
        std::vector<std::string> all;
        for (const auto& [set, why] : lacking) addOnce(all, why);
        std::string text;
        for (const auto& why : all) text += (text.empty() ? "" : "; ") + why;
        return text;
    }

    // The place of the recipe's product in the plan; kNoProduct and why where there is none.
    std::size_t productOf(const std::string& name, const std::string& needs, std::string& missing) {
        for (std::size_t p = 0; p < plan_.products.size(); ++p) {
            if (plan_.products[p].recipe.name == name) return p;
        }
        const fs::path file = resourceFolder() / "recipes" / (name + ".json");
        if (!fs::exists(file)) {
            missing = "needs " + (needs.empty() ? "the recipe " + name : needs);
            return kNoProduct;
        }
        Recipe recipe = readRecipe(file);
        recipe.name = name;
        std::vector<std::string> lost;
        const auto rename = [&](std::string& space_name) {
            if (!space(names_(space_name))) addOnce(lost, space_name);
            space_name = names_(space_name);
        };
        rename(recipe.base);
        for (auto& step : recipe.route) {
            for (auto& expert : step.experts) rename(expert.space);
            throwIfAny(reactionOptionTable().read(reaction_options_, step.options), "reaction options");
        }
        for (auto& [setting_name, setting] : recipe.settings) {
            std::map<std::string, double> weights;
            for (const auto& [expert, weight] : setting.expert_weights) weights[names_(expert)] = weight;
            setting.expert_weights = std::move(weights);
        }
        recipe.delta_groups.clear();
        if (!lost.empty()) {
            missing = (lost.size() == 1 ? "space " : "spaces ") + joined(lost) +
                      (lost.size() == 1 ? " is missing" : " are missing");
            return kNoProduct;
        }
        ProductPlan product;
        try {
            product.plan = planRoute(recipe, spaces_);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::InvalidInput) throw;
            missing = error.message();
            return kNoProduct;
        }
        product.recipe = std::move(recipe);
        plan_.products.push_back(std::move(product));
        return plan_.products.size() - 1;
    }

    void planSurface(const SurfaceSpec& spec) {
        SurfacePlan surface;
        surface.spec = &spec;
        const auto place = [&](const std::string& id) {
            for (std::size_t r = 0; r < plan_.rows.size(); ++r) {
                if (plan_.rows[r].spec->id == id) return r;
            }
            throw Error(ErrorCode::Internal, "report", "row " + id + " is not planned");
        };
        surface.baseline = place(spec.baseline);
        surface.plane = place(spec.plane_row);
        surface.product = productOf(spec.recipe, spec.needs, surface.missing);
        const RowPlan& baseline = plan_.rows[surface.baseline];
        if (surface.missing.empty() && !baseline.missing.empty()) surface.missing = baseline.missing;
        if (surface.missing.empty()) {
            const ProductPlan& product = plan_.products[surface.product];
            const ProductModel model(product.recipe, product.plan);
            std::map<std::string, std::string> lacking;
            for (DeltaGroup group : spec_.groups) {
                std::erase_if(group.sets, [&](const std::string& set) {
                    if (!contains(baseline.sets, set)) {
                        const auto it = baseline.lacking.find(set);
                        lacking[set] = it == baseline.lacking.end() ? "set " + set + " is missing" : it->second;
                        return true;
                    }
                    auto why = lackingOf(model, set);
                    if (!why.empty()) lacking[set] = why;
                    return !why.empty();
                });
                if (!group.sets.empty()) surface.groups.push_back(std::move(group));
            }
            if (surface.groups.empty()) surface.missing = reasons(lacking);
        }
        if (surface.missing.empty()) plan_.products[surface.product].surfaces.push_back(plan_.surfaces.size());
        else surface.product = kNoProduct;
        plan_.surfaces.push_back(std::move(surface));
    }

    const ReportSpec& spec_;
    const Workspace& workspace_;
    const ReportOptions& options_;
    const Json& reaction_options_;
    NameMap names_;
    std::vector<SpaceInfo> spaces_;
    std::map<std::string, std::vector<std::string>> wanted_;  // sets by row
    ReportPlan plan_;
};

}  // namespace

const RowPlan* ReportPlan::row(const std::string& id) const {
    for (const auto& r : rows) {
        if (r.spec->id == id) return &r;
    }
    return nullptr;
}

ReportPlan planReport(const ReportSpec& spec, const Workspace& workspace, const ReportOptions& options,
                      const Json& reaction_options) {
    return Planner(spec, workspace, options, reaction_options).run();
}

}  // namespace engine
