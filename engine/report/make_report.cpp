// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <ctime>
#include <fstream>
#include <limits>
#include <numeric>
#include <set>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/base/version.h"
#include "engine/recipe/reactor.h"
#include "engine/report/measure.h"
#include "engine/report/reaction_store.h"
#include "engine/report/report.h"

namespace engine {
namespace {

namespace fs = std::filesystem;
constexpr double kLandscapeGib = 4;
// Says how rows are measured; another number measures them anew.
constexpr int kMeasureVersion = 1;

std::string utcNow() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text.data();
}

std::string machineText() {
    std::string model = "unknown processor", line;
    std::ifstream in("/proc/cpuinfo");
    while (std::getline(in, line)) {
        const auto colon = line.find(": ");
        if (line.starts_with("model name") && colon != std::string::npos) {
            model = line.substr(colon + 2);
            break;
        }
    }
    return model + ", " + std::to_string(std::thread::hardware_concurrency()) + " cores";
}

std::string folderName(const std::string& name) {
    std::string out = name;
    std::replace(out.begin(), out.end(), '/', '_');
    return out;
}

MeasuredFigure summarise(std::vector<double> by_seed) {
    MeasuredFigure out;
    const auto n = static_cast<double>(by_seed.size());
    out.mean = std::accumulate(by_seed.begin(), by_seed.end(), 0.0) / n;
    if (by_seed.size() > 1) {
        double sum = 0;
        for (const double v : by_seed) sum += (v - out.mean) * (v - out.mean);
        out.spread = std::sqrt(sum / (n - 1));
    }
    out.by_seed = std::move(by_seed);
    return out;
}

class ReportMaker {
public:
    ReportMaker(const ReportRequest& request, const JobContext& job)
        : request_(request),
          job_(job),
          start_(std::chrono::steady_clock::now()),
          spec_(reportSpec()),
          workspace_(request.workspace),
          names_(request.options.names),
          seeds_(seedsOf(request.options)),
          store_(request.work / "measured"),
          reactions_(request.work / "reactions", workspace_.fingerprint()),
          measurer_(workspace_, names_, request.options,
                    bytesOfGib(request.run.memory_gib > 0 ? request.run.memory_gib : kLandscapeGib)) {
        throwIfAny(reportOptionTable().validate(request.options), "report options");
        measurer_.gridValues();  // refuses a step that does not divide 1 before anything is trained
        plan_ = planReport(spec_, workspace_, request.options, request.reaction_options);
    }

    Report run(const std::function<void(const Report&)>& sink) {
        std::optional<WriterLock> lock;
        if (!request_.plan_only) {
            fs::create_directories(request_.work);
            lock.emplace(request_.work);
        }
        spaces();
        std::size_t steps = 0;
        for (const std::uint64_t seed : seeds_) {
            for (std::size_t p = 0; p < plan_.products.size(); ++p) {
                if (request_.step)
                    request_.step(steps++, seeds_.size() * plan_.products.size(),
                                  plan_.products[p].recipe.name + ", seed " + std::to_string(seed));
                product(p, seed);
            }
            ++seeds_done_;
            if (sink && seeds_done_ < seeds_.size()) sink(assemble());
        }
        return assemble();
    }

private:
    // --- What is measured ---

    std::string keyOf(const Json& about) const {
        return hashHex(
            Json{{"version", kMeasureVersion}, {"workspace", workspace_.fingerprint()}, {"of", about}}.dump());
    }

    // Rows of spaces, and of spaces that the paper does not have.
    void spaces() {
        for (const auto& row : plan_.rows) {
            if (row.spec->subject.space.empty() || !row.missing.empty()) continue;
            measured_.trained[row.spec->id] = false;
            measured_.rows[row.spec->id] = {spaceRow(names_(row.spec->subject.space), row.sets)};
        }
        for (const auto& space : workspace_.spaces()) {
            const bool known = std::any_of(spec_.rows.begin(), spec_.rows.end(),
                                           [&](const RowSpec& r) { return names_(r.subject.space) == space.name; });
            if (known) continue;
            std::vector<std::string> sets;
            const auto there = setsOfSpace(workspace_, space.name);
            for (const auto& [set, items] : publishedPaper().items) {
                if (std::find(there.begin(), there.end(), names_(set)) != there.end()) sets.push_back(set);
            }
            if (!sets.empty()) others_[space.name] = spaceRow(space.name, sets);
        }
    }

    MeasuredRow spaceRow(const std::string& space, const std::vector<std::string>& sets) {
        const Json about{{"space", space}, {"names", setNames()}};
        const std::string key = keyOf(about);
        MeasuredRow row = store_.row(key, job_).value_or(MeasuredRow{});
        const auto missing = lacking(row, sets);
        if (missing.empty() || request_.plan_only) return row;
        job_.log("measuring " + space);
        measurer_.measureSpace(space, missing, row, job_);
        store_.put(key, about, row);
        return row;
    }

    // Figures are kept by the paper's names of the sets.
    Json setNames() const {
        Json out = Json::object();
        for (const auto& [paper, mine] : names_.pairs()) out[paper] = mine;
        return out;
    }

    static std::vector<std::string> lacking(const MeasuredRow& row, const std::vector<std::string>& sets) {
        std::vector<std::string> out;
        for (const auto& set : sets) {
            if (!row.sets.count(set)) out.push_back(set);
        }
        return out;
    }

    // What a product's figures follow from, beside the subject.
    Json productAbout(const ProductPlan& product, std::uint64_t seed) const {
        Json recipe = recipeToJson(product.recipe);
        for (const char* key : {"name", "description", "settings"}) recipe.erase(key);
        Json reactions = Json::array();
        for (const auto& r : product.plan.reactions)
            reactions.push_back(reactions_.key(product.recipe, product.plan, r, seed));
        return {{"recipe", recipe}, {"reactions", reactions}, {"names", setNames()}};
    }

    Json rowAbout(const ProductPlan& product, const RowSpec& row, const Json& product_about) const {
        Json out = product_about;
        out["subject"] = row.subject.toJson();
        out["subject"].erase("recipe");
        const auto setting = product.recipe.settings.find(row.subject.setting);
        if (setting != product.recipe.settings.end()) out["subject"]["setting"] = settingToJson(setting->second);
        return out;
    }

    Json surfaceAbout(const SurfacePlan& surface, const Json& product_about, const MeasuredRow& baseline,
                      const MeasuredRow* plane) const {
        Json out = product_about;
        out["axes"] = surface.spec->axes;
        out["grid"] = request_.options.grid;
        out["resamples"] = request_.options.resamples;
        out["groups"] = Json::array();
        const auto figures = [](const MeasuredRow& row, const DeltaGroup& group) {
            Json values = Json::array();
            for (const auto& set : group.sets) {
                const auto it = row.sets.find(set);
                if (it != row.sets.end()) values.push_back(it->second.figures.at("R@1"));
            }
            return values;
        };
        for (const auto& group : surface.groups) {
            Json g{{"sets", group.sets}, {"baseline", figures(baseline, group)}};
            if (plane && group.name == surface.spec->plane_group) g["plane"] = figures(*plane, group);
            out["groups"].push_back(std::move(g));
        }
        return out;
    }

    void product(std::size_t p, std::uint64_t seed) {
        const ProductPlan& product = plan_.products[p];
        if (product.rows.empty() && product.surfaces.empty()) return;
        const Json about = productAbout(product, seed);
        // Rows of one subject (InternVL_IB stands in four tables) are measured once.
        struct Todo {
            const RowSpec* spec = nullptr;
            MeasuredRow measured;
            std::vector<std::string> sets;  // that are missing
        };
        std::map<std::string, Todo> subjects;
        std::vector<std::string> keys;  // of product.rows
        bool missing = false;
        for (const std::size_t r : product.rows) {
            keys.push_back(keyOf(rowAbout(product, *plan_.rows[r].spec, about)));
            auto [it, fresh] = subjects.try_emplace(keys.back());
            Todo& t = it->second;
            if (fresh) {
                t.spec = plan_.rows[r].spec;
                t.measured = store_.row(keys.back(), job_).value_or(MeasuredRow{});
            }
            for (const auto& set : lacking(t.measured, plan_.rows[r].sets)) {
                if (std::find(t.sets.begin(), t.sets.end(), set) == t.sets.end()) t.sets.push_back(set);
            }
            missing = missing || !t.sets.empty();
        }
        std::optional<LoadedProduct> loaded;
        if (missing) wanted_.insert({p, seed});
        if (missing && !request_.plan_only) {
            loaded = train(product, p, seed);
            std::vector<ReportMeasurer::Wanted> wanted;
            for (auto& [key, t] : subjects) {
                if (!t.sets.empty()) wanted.push_back({&t.spec->subject, t.sets, &t.measured});
            }
            measurer_.measureProduct(*loaded, wanted, job_);
            for (const auto& [key, t] : subjects) {
                if (!t.sets.empty()) store_.put(key, rowAbout(product, *t.spec, about), t.measured);
            }
        }
        for (std::size_t i = 0; i < keys.size(); ++i) {
            const RowPlan& row = plan_.rows[product.rows[i]];
            const MeasuredRow& measured = subjects.at(keys[i]).measured;
            measured_.trained[row.spec->id] = true;
            auto& entries = measured_.rows[row.spec->id];
            // A row that is not whole at this seed (nothing was measured) has no entry, and none of later seeds:
            // entries of all rows are of the same seeds.
            if (lacking(measured, row.sets).empty() && entries.size() == seeds_done_) entries.push_back(measured);
        }
        for (const std::size_t s : product.surfaces) surface(s, p, seed, about, loaded);
        note(product, seed, loaded);
        if (loaded && !request_.options.keep_components) fs::remove_all(loaded->folder / "basis");
    }

    // The row's entry of the seed that is being measured, or of a space.
    const MeasuredRow* current(std::size_t row) const {
        const std::string& id = plan_.rows[row].spec->id;
        const auto it = measured_.rows.find(id);
        if (it == measured_.rows.end() || it->second.empty()) return nullptr;
        if (!measured_.trained.at(id)) return &it->second.front();
        return it->second.size() == seeds_done_ + 1 ? &it->second.back() : nullptr;
    }

    void surface(std::size_t s, std::size_t p, std::uint64_t seed, const Json& about,
                 std::optional<LoadedProduct>& loaded) {
        const SurfacePlan& surface = plan_.surfaces[s];
        // A baseline that is a product comes before in the order of the plan (rows before surfaces).
        const MeasuredRow *baseline = current(surface.baseline), *plane = current(surface.plane);
        if (!baseline) {
            wanted_.insert({p, seed});
            return;
        }
        const auto group = std::find_if(surface.groups.begin(), surface.groups.end(),
                                        [&](const DeltaGroup& g) { return g.name == surface.spec->plane_group; });
        if (group == surface.groups.end() || !plane || !lacking(*plane, group->sets).empty()) plane = nullptr;
        const Json of = surfaceAbout(surface, about, *baseline, plane);
        const std::string key = keyOf(of);
        auto found = store_.surface(key, job_);
        if (!found) wanted_.insert({p, seed});
        if (!found && request_.plan_only) return;
        if (!found) {
            if (!loaded) loaded = train(plan_.products[p], p, seed);
            found = measurer_.measureSurface(*loaded, surface, *baseline, plane, job_);
            store_.put(key, of, *found);
        }
        measured_.surfaces[surface.spec->figure].push_back(std::move(*found));
    }

    // --- Training ---

    fs::path folderOf(const ProductPlan& product, std::uint64_t seed) const {
        const std::string hash = hashHex(recipeToJson(product.recipe).dump() + workspace_.fingerprint()).substr(0, 8);
        return request_.work / "products" / (folderName(product.recipe.name) + "-" + hash) /
               ("seed-" + std::to_string(seed));
    }

    LoadedProduct train(const ProductPlan& product, std::size_t p, std::uint64_t seed) {
        const fs::path folder = folderOf(product, seed);
        const std::size_t shared = reactions_.bring(product.recipe, product.plan, seed, folder);
        job_.log("seed " + std::to_string(seed) + ", product " + std::to_string(p + 1) + " of " +
                 std::to_string(plan_.products.size()) + ": " + product.recipe.name + ", " +
                 std::to_string(product.plan.reactions.size() - shared) + " of " +
                 std::to_string(product.plan.reactions.size()) + " reactions to train");
        TrainRequest train;
        train.workspace = request_.workspace;
        train.recipe = product.recipe;
        train.product = folder;
        train.run = request_.run;
        train.run.seed = seed;
        loadReactor().train(train, job_);
        reactions_.keep(product.recipe, product.plan, seed, folder);
        return loadProduct(folder);
    }

    // Times and device of the trainings, each distinct reaction once.
    void note(const ProductPlan& product, std::uint64_t seed, const std::optional<LoadedProduct>& loaded) {
        const fs::path folder = folderOf(product, seed);
        std::optional<LoadedProduct> there = loaded;
        try {
            if (!there && fs::exists(folder / "product.json")) there = loadProduct(folder);
        } catch (const Error&) {
            return;  // its figures are measured; what it says of itself is lost
        }
        if (!there) return;
        device_ = there->record.device;
        for (const auto& r : product.plan.reactions) {
            if (!counted_.insert(reactions_.key(product.recipe, product.plan, r, seed)).second) continue;
            if (seed == seeds_.front()) ++reaction_count_;
            addSeconds(there->record.training, r.key);
        }
        for (const auto& t : product.plan.tunings) {
            if (counted_.insert(reactions_.key(product.recipe, product.plan, t, seed)).second)
                addSeconds(there->record.training, t.key);
        }
    }

    void addSeconds(const Json& training, const std::string& key) {
        const auto it = training.find(key);
        if (it == training.end()) return;
        for (const auto& [subset, record] : it->items()) training_seconds_ += record.value("seconds", 0.0);
    }

    // What is neither kept nor in the folder of a product that has figures to be measured, each distinct reaction and
    // tuning once.
    std::vector<ReportTraining> toTrain() const {
        std::vector<ReportTraining> out;
        std::set<std::string> seen;
        for (const std::uint64_t seed : seeds_) {
            for (std::size_t p = 0; p < plan_.products.size(); ++p) {
                const ProductPlan& product = plan_.products[p];
                if (!wanted_.count({p, seed})) continue;
                ReportTraining training{product.recipe.name, seed, {}};
                const auto look = [&](const auto& of, const std::vector<std::string>& subsets) {
                    const std::string key = reactions_.key(product.recipe, product.plan, of, seed);
                    if (!seen.insert(key).second) return;
                    for (const auto& subset : subsets) {
                        if (!reactions_.has(key, subset) &&
                            !fs::exists(folderOf(product, seed) / "reactions" / of.key / (subset + ".json")))
                            training.projectors.push_back(of.key + " " + subset);
                    }
                };
                for (const auto& r : product.plan.reactions) look(r, r.subsets);
                for (const auto& t : product.plan.tunings) look(t, {t.modality});
                if (!training.projectors.empty()) out.push_back(std::move(training));
            }
        }
        return out;
    }

    // --- The report ---

    // Published or not: a row's figure of a column.
    ReportCell cellOf(const PublishedFigure* published, const PublishedColumn& column, const RowPlan& row) const {
        ReportCell cell;
        cell.published = published;
        if (published && !published->value) return cell;
        const FigureName name = figureName(column.name());
        const auto rows = measured_.rows.find(row.spec->id);
        if (rows != measured_.rows.end()) {
            std::vector<double> values;
            for (const auto& m : rows->second) {
                const auto set = m.sets.find(name.set);
                if (set != m.sets.end() && set->second.figures.count(name.metric))
                    values.push_back(set->second.figures.at(name.metric));
            }
            if (!values.empty()) cell.measured = summarise(std::move(values));
        }
        if (cell.measured) return cell;
        const auto why = row.lacking.find(name.set);
        cell.missing = !row.missing.empty()       ? row.missing
                       : why != row.lacking.end() ? why->second
                                                  : std::string(kNotMeasuredYet);
        return cell;
    }

    ReportRow rowOf(const PublishedTable& table, const RowSpec& spec, const PublishedRow* published,
                    const std::string& group) const {
        const RowPlan& plan = *plan_.row(spec.id);
        ReportRow row{group, spec.row, spec.id, spec.note, subjectText(spec), plan.missing, {}};
        for (std::size_t c = 0; c < table.columns.size(); ++c)
            row.cells.push_back(cellOf(published ? published->figures[c] : nullptr, table.columns[c], plan));
        return row;
    }

    static std::string subjectText(const RowSpec& row) {
        const RowSubject& s = row.subject;
        if (!s.space.empty()) return "space " + s.space;
        std::string text = s.recipe + (s.setting.empty() ? "" : " at " + s.setting);
        for (const auto& [factor, value] : s.change.factors) text += ", " + factor + " = " + Json(value).dump();
        for (const auto& [expert, weight] : s.change.expert_weights)
            text += ", " + expert + (weight == 0 ? " off" : " × " + Json(weight).dump());
        for (const auto& [expert, projectors] : s.projectors) {
            std::string list;
            for (const auto& p : projectors) list += (list.empty() ? "" : "+") + p;
            text += ", projectors of " + expert + ": " + list;
        }
        return text;
    }

    ReportTable tableOf(const PublishedTable& published) const {
        ReportTable table;
        table.published = &published;
        for (const auto& r : published.rows) {
            const RowSpec& spec = spec_.rowAt(published.number, r.group, r.row);
            table.rows.push_back(rowOf(published, spec, &r, r.group));
            for (const auto& more : spec_.rows) {
                const bool here =
                    std::find(more.tables.begin(), more.tables.end(), published.number) != more.tables.end();
                if (more.after == spec.id && here) table.rows.push_back(rowOf(published, more, nullptr, r.group));
            }
        }
        // Tables 3 and 4 are those of whole spaces.
        if (published.number > 4) return table;
        for (const auto& [space, measured] : others_) {
            ReportRow row{"Other spaces of this workspace", space, space, "", "space " + space, "", {}};
            bool any = false;
            for (const auto& column : published.columns) {
                ReportCell cell;
                const FigureName name = figureName(column.name());
                const auto set = measured.sets.find(name.set);
                if (set != measured.sets.end() && set->second.figures.count(name.metric)) {
                    cell.measured = summarise({set->second.figures.at(name.metric)});
                    any = true;
                }
                row.cells.push_back(std::move(cell));
            }
            if (any) table.rows.push_back(std::move(row));
        }
        return table;
    }

    ReportSurface surfaceOf(const SurfacePlan& plan) const {
        ReportSurface out;
        out.spec = plan.spec;
        out.missing = plan.missing;
        const auto found = measured_.surfaces.find(plan.spec->figure);
        if (found == measured_.surfaces.end() || found->second.empty()) {
            if (out.missing.empty()) out.missing = kNotMeasuredYet;
            return out;
        }
        const auto& seeds = found->second;
        out.values = seeds.front().values;
        for (const auto& group : plan.groups) {
            ReportSurface::Group g;
            g.group = group;
            const std::size_t points = out.values.size() * out.values.size();
            double plane = 0, baseline = 0;
            bool has_plane = true;
            for (const auto& m : seeds) {
                const auto& of = m.groups.at(group.name);
                baseline += of.baseline;
                has_plane = has_plane && of.plane.has_value();
                plane += of.plane.value_or(0);
            }
            const auto n = static_cast<double>(seeds.size());
            g.baseline = baseline / n;
            if (has_plane) g.plane = plane / n;
            for (std::size_t i = 0; i < points; ++i) {
                std::vector<double> values;
                double squares = 0;
                for (const auto& m : seeds) {
                    const auto& of = m.groups.at(group.name);
                    values.push_back(of.change[i]);
                    squares += of.error[i] * of.error[i];
                }
                const MeasuredFigure figure = summarise(std::move(values));
                g.change.push_back(figure.mean);
                g.spread.push_back(figure.spread.value_or(std::numeric_limits<double>::quiet_NaN()));
                g.error.push_back(std::sqrt(squares / n));
            }
            out.groups.push_back(std::move(g));
        }
        return out;
    }

    void addSets(Report& report) const {
        for (const auto& [set, items] : publishedPaper().items) {
            ReportSet out;
            const auto look = [&](const MeasuredRow& row) {
                const auto it = row.sets.find(set);
                if (it == row.sets.end() || !out.set.empty()) return;
                out = {set, names_(set), it->second.protocol, it->second.first_items, it->second.queries, items};
            };
            for (const auto& row : plan_.rows) {
                const auto it = measured_.rows.find(row.spec->id);
                if (it != measured_.rows.end() && !it->second.empty()) look(it->second.front());
            }
            for (const auto& [space, row] : others_) look(row);
            if (!out.set.empty()) report.sets.push_back(std::move(out));
        }
        std::vector<std::string> unknown;
        for (const auto& info : workspace_.sets()) {
            const bool named = std::any_of(publishedPaper().items.begin(), publishedPaper().items.end(),
                                           [&](const auto& item) { return names_(item.first) == info.name; });
            if (!named) unknown.push_back(info.name);
        }
        if (!unknown.empty()) {
            const std::string text = joined(unknown);
            report.warnings.push_back("No table has the evaluation sets " + text +
                                      "; --names PAPER=" + unknown.front() + " says which one it stands for.");
        }
    }

    Report assemble() const {
        Report report;
        report.workspace = fs::absolute(workspace_.folder()).lexically_normal().string();
        report.fingerprint = workspace_.fingerprint();
        report.synthetic = workspace_.synthetic();
        report.origin = workspace_.origin();
        report.seeds = seeds_;
        report.seeds_done = seeds_done_;
        report.options = request_.options;
        report.reaction_options = request_.reaction_options;
        report.version = programVersion();
        report.commit = programCommit();
        report.created = utcNow();
        report.machine = machineText();
        report.device = device_;
        report.training_seconds = training_seconds_;
        report.reactions = reaction_count_;
        report.warnings = workspace_.warnings();
        for (const auto& product : plan_.products) {
            if (product.rows.empty() && product.surfaces.empty()) continue;
            std::string reactions;
            for (const auto& r : product.plan.reactions)
                reactions += (reactions.empty() ? "" : ", ") + product.recipe.route[r.step].experts[r.expert].space;
            report.products.push_back(product.recipe.name + " (" + reactions + ")");
            if (request_.plan_only) report.recipes[product.recipe.name] = product.recipe;
        }
        if (request_.plan_only) report.to_train = toTrain();
        for (const auto& table : publishedPaper().tables) {
            if (std::find(plan_.tables.begin(), plan_.tables.end(), table.number) != plan_.tables.end())
                report.tables.push_back(tableOf(table));
        }
        for (const auto& s : plan_.surfaces) report.surfaces.push_back(surfaceOf(s));
        report.claims = judgeClaims(spec_, plan_, measured_, workspace_, names_, request_.options, job_);
        addSets(report);
        if (seeds_.size() == 1)
            report.warnings.push_back(
                "One seed: how much another training would differ is not known, and no interval has it.");
        report.total_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
        return report;
    }

    const ReportRequest& request_;
    const JobContext& job_;
    std::chrono::steady_clock::time_point start_;
    const ReportSpec& spec_;
    Workspace workspace_;
    NameMap names_;
    std::vector<std::uint64_t> seeds_;
    MeasuredStore store_;
    ReactionStore reactions_;
    ReportMeasurer measurer_;
    ReportPlan plan_;
    Measurements measured_;
    std::map<std::string, MeasuredRow> others_;  // spaces that no row of the paper is
    std::size_t seeds_done_ = 0, reaction_count_ = 0;
    std::string device_;
    double training_seconds_ = 0;
    std::set<std::string> counted_;
    std::set<std::pair<std::size_t, std::uint64_t>>
        wanted_;  // products at seeds: what was not measured when it was met
};

}  // namespace

Report makeReport(const ReportRequest& request, const JobContext& job, const std::function<void(const Report&)>& sink) {
    return ReportMaker(request, job).run(sink);
}

}  // namespace engine
