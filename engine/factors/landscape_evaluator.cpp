// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/factors/landscape_evaluator.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "engine/base/device_name.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/first_error.h"
#include "engine/factors/landscape_file.h"
#include "engine/factors/query_sample.h"

namespace engine {

namespace {

constexpr std::uint64_t kLargePairs = 200'000'000;  // pairs of items; the cost of such a set is measured first
constexpr std::size_t kLeastUnits = 30;             // of a sample; fewer say too little
constexpr double kFilled = 0.85;                    // of the units that should fit: they differ in what they need
constexpr int kAttempts = 4;

DirectionMetrics directionOf(const SetDescription& set, const DirectionPoint& point, const DirectionCells& cells,
                             bool forward) {
    DirectionMetrics out;
    out.name = directionName(set, forward);
    out.queries = cells.queries;
    out.left_out = cells.left_out;
    out.candidates = cells.candidates;
    out.positives_per_query = cells.positives_per_query;
    out.r1 = point.rate(0);
    out.r5 = point.rate(1);
    out.r10 = point.rate(2);
    return out;
}

// What hits alone do not tell: the median rank, and every query that ties.
void addRanks(const std::vector<QueryRank>& ranks, TieRule ties, DirectionMetrics& to) {
    std::vector<double> places;
    for (const auto& rank : ranks) {
        if (rank.positives == 0) continue;
        places.push_back(rankOf(rank, ties));
        to.tied_queries += rank.tied != 0;
    }
    to.median_rank = medianOf(std::move(places));
}

}  // namespace

const OptionTable<LandscapeOptions>& landscapeOptionTable() {
    static const OptionTable<LandscapeOptions> table = [] {
        OptionTable<LandscapeOptions> t;
        t.add("memory_gib", &LandscapeOptions::memory_gib,
              {.help = "Memory for the landscapes of all sets.",
               .min = 0.001,
               .max = 4096,
               .scale = OptionScale::Log,
               .unit = "GiB"});
        t.add("sample_queries", &LandscapeOptions::sample_queries,
              {.help = "A set that does not fit the memory is asked a random sample of its queries against all "
                       "candidates, and its figures are estimates with intervals. Off: it is computed directly, which "
                       "is exact and slow."});
        t.add(
            "sample_size", &LandscapeOptions::sample_size,
            {.help = "Queries of such a sample at most (items with all their positives are drawn together). 0: as many "
                     "as fit the memory, which can take minutes. The studio asks more behind, as long as they fit.",
             .min = 0,
             .unit = "queries"});
        t.add("sample_seed", &LandscapeOptions::sample_seed,
              {.help = "Of the sample of queries.", .min = 0, .advanced = true});
        t.add("device", &LandscapeOptions::device,
              {.help = "Where landscapes are built: auto (large sets on a GPU that is there), cpu, cuda, or one GPU by "
                       "number (cuda:1). Figures are the same."});
        return t;
    }();
    return table;
}

LandscapeEvaluator::LandscapeEvaluator(std::shared_ptr<const ProductModel> model, std::vector<SetComponents> sets,
                                       Options options)
    : model_(std::move(model)),
      options_(std::move(options)),
      ties_(tieRule(options_.eval.ties)),
      direct_(model_, sets, {options_.eval, options_.synthetic, false, std::size_t{256} << 20}) {
    // A GPU that is named is looked for at once; looking for any takes time, so "auto" waits for a set that is large.
    if (options_.device != "auto" && options_.device != "cpu") {
        std::string why;
        const int gpus = siftGpus(why);
        gpuNamed(options_.device, gpus, why);
    }
    for (auto& set : sets) {
        Slot slot;
        slot.layout = layoutOf(set, options_.free);
        slot.free = options_.free;
        slot.set = std::move(set);
        slots_.push_back(std::move(slot));
    }
}

LandscapeEvaluator::LandscapeEvaluator(const LandscapeEvaluator& other, const std::vector<std::size_t>& sets)
    : model_(other.model_),
      options_(other.options_),
      ties_(other.ties_),
      slots_([&] {
          std::vector<Slot> slots;
          for (const std::size_t s : sets) slots.push_back(other.slots_[s]);
          return slots;
      }()),
      direct_(model_,
              [&] {
                  std::vector<SetComponents> components;
                  for (const auto& slot : slots_) components.push_back(slot.set);
                  return components;
              }(),
              {options_.eval, options_.synthetic, false, std::size_t{256} << 20}) {}

LandscapeEvaluator::~LandscapeEvaluator() = default;

void LandscapeEvaluator::setComponents(std::size_t set, SetComponents components) {
    Slot& slot = slots_[set];
    slot.cells.reset();
    slot.labels.reset();
    slot.set = components;
    direct_.setComponents(set, std::move(components));
}

bool LandscapeEvaluator::fits(std::size_t set, const Setting& setting) const {
    const SetComponents& of = slots_[set].set;
    return model_->fits(of.first, setting) && model_->fits(of.second, setting);
}

std::uint64_t LandscapeEvaluator::usedBytes() const {
    std::uint64_t used = 0;
    for (const auto& slot : slots_) used += slot.cells ? slot.cells->bytes() : slot.labels ? slot.labels->bytes() : 0;
    return used;
}

std::shared_ptr<const SetLandscape> LandscapeEvaluator::makeSample(const LandscapeRequest& request,
                                                                   const JobContext& job, bool& cached,
                                                                   Prepared& out) const {
    const std::string& name = request.set.set.name;
    // What is left is shared with the sets that are still to come.
    const auto waiting = static_cast<std::uint64_t>(std::count_if(slots_.begin(), slots_.end(), [](const Slot& slot) {
        return !slot.cells && !slot.labels && slot.layout.refusal.empty();
    }));
    const std::uint64_t room = request.memory_bytes / std::max<std::uint64_t>(1, waiting);
    if (estimateLandscape(request).unitsWithin(room) == 0) return nullptr;  // not even without any query
    LandscapeEstimate& expected = out.expected[name];
    if (!expected.measured) expected = measureLandscape(request, job);
    auto units = static_cast<std::size_t>(kFilled * static_cast<double>(expected.unitsWithin(room)));
    if (options_.sample_size != 0)
        units = std::min(units, std::max(kLeastUnits, unitsOfQueries(request, options_.sample_size)));
    for (int attempt = 0; attempt < kAttempts && units >= kLeastUnits; ++attempt) {
        LandscapeRequest some = sampledRequest(request, units, options_.sample_seed);
        some.memory_bytes = room;
        job.log(name + ": the landscape of all queries takes " + expected.text() + "; of a " + some.sample->text() +
                ", " + humanBytes(expected.bytesOf(units)));
        try {
            auto made = landscapeFromCache(options_.cache, std::move(some), true, job, cached);
            out.sampled[name] = *made->request().sample;
            return made;
        } catch (const Error& error) {
            if (error.code() != ErrorCode::NoSpace) throw;
            units = units * 7 / 10;
        }
    }
    return nullptr;
}

std::shared_ptr<const SetLandscape> LandscapeEvaluator::makeCells(const LandscapeRequest& request,
                                                                  const JobContext& job, bool build, bool& cached,
                                                                  Prepared& out) const {
    const std::string& name = request.set.set.name;
    const std::uint64_t pairs = static_cast<std::uint64_t>(request.set.first.rows()) * request.set.second.rows();
    const bool large = pairs >= kLargePairs;
    std::string refusal;
    try {
        // Small ones show what they need faster than it can be estimated.
        if (auto found = landscapeFromCache(options_.cache, request, build && !large, job, cached); found || !build)
            return found;
        LandscapeEstimate& expected = out.expected[name] = measureLandscape(request, job);
        job.log("landscape of " + name + ": " + expected.text());
        if (expected.bytes() <= request.memory_bytes)
            return landscapeFromCache(options_.cache, request, true, job, cached);
        refusal = "the landscape of " + name + " takes " + expected.text() + ", and the budget is " +
                  humanBytes(request.memory_bytes);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::NoSpace) throw;
        refusal = error.message();
    }
    if (options_.sample_queries) {
        try {
            if (auto made = makeSample(request, job, cached, out)) return made;
        } catch (const Error& error) {  // while measuring
            if (error.code() != ErrorCode::NoSpace) throw;
        }
        refusal += "; nor does a sample of " + std::to_string(kLeastUnits) + " items with their pairs fit";
    }
    out.direct[name] = refusal;
    return nullptr;
}

LandscapeEvaluator::Prepared LandscapeEvaluator::prepare(const Setting& setting, const JobContext& job, bool build,
                                                         std::optional<std::size_t> only) {
    checkSetting(setting, factors(), subject());
    const auto begin = std::chrono::steady_clock::now();
    Prepared out;
    std::vector<std::size_t> order(slots_.size());
    std::iota(order.begin(), order.end(), 0);
    const auto cost = [&](std::size_t s) { return slots_[s].set.first.rows() * slots_[s].set.second.rows(); };
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return cost(a) < cost(b); });
    for (const std::size_t s : order) {
        if (only && *only != s) continue;
        Slot& slot = slots_[s];
        const std::string& name = slot.set.set.name;
        if (slot.free != options_.free) {
            slot.layout = layoutOf(slot.set, options_.free);
            slot.free = options_.free;
            slot.cells.reset();
            slot.labels.reset();
        }
        if (!slot.layout.refusal.empty()) {
            out.direct[name] = slot.layout.refusal;
            continue;
        }
        std::vector<double> key = heldKey(slot, setting);
        if ((slot.cells || slot.labels) && sameHeld(slot, key)) {
            slot.made_at = setting;
            takeMiddle(slot, slot.made_at);
            out.kept.push_back(name);
            if (const auto of = sample(s)) out.sampled[name] = *of;
            continue;
        }
        slot.cells.reset();
        slot.labels.reset();
        LandscapeRequest request =
            requestOf(slot, setting, options_.memory_bytes - std::min(usedBytes(), options_.memory_bytes));
        bool cached = false;
        if (slot.set.set.kind == SetKind::MultiLabel) {
            if (!build) continue;
            try {
                slot.labels = LabelLandscape::build(std::move(request), job);
            } catch (const Error& error) {
                if (error.code() != ErrorCode::NoSpace) throw;
                out.direct[name] = error.message();
                continue;
            }
        } else {
            slot.cells = makeCells(request, job, build, cached, out);
            if (!slot.cells) continue;
        }
        (cached ? out.from_cache : out.built).push_back(name);
        slot.made_for = std::move(key);
        slot.made_at = setting;
        takeMiddle(slot, slot.made_at);
    }
    out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    out.bytes = usedBytes();
    return out;
}

std::optional<QuerySample> LandscapeEvaluator::sample(std::size_t set) const {
    return slots_[set].cells ? slots_[set].cells->request().sample : std::nullopt;
}

bool LandscapeEvaluator::enlargeSample(std::size_t set, const Setting& setting, std::uint64_t memory_bytes,
                                       const JobContext& job) {
    checkSetting(setting, factors(), subject());
    Slot& slot = slots_[set];
    const auto old = sample(set);
    if (!old || !ready(set, setting)) return false;
    const std::uint64_t budget = std::max(options_.memory_bytes, memory_bytes);
    const std::uint64_t others = usedBytes() - slot.cells->bytes();
    LandscapeRequest request = requestOf(slot, setting, budget - std::min(others, budget));
    const std::size_t units = std::min(2 * old->units, old->of_units);
    if (units < old->of_units) request = sampledRequest(std::move(request), units, old->seed);
    try {
        bool cached = false;
        slot.cells = landscapeFromCache(options_.cache, std::move(request), true, job, cached);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::NoSpace) throw;
        job.log(slot.set.set.name + ": the sample stays at " + old->text() + ": " + error.message());
        return false;
    }
    options_.memory_bytes = budget;
    return true;
}

IntervalMap LandscapeEvaluator::readyIntervals(std::size_t set, const Setting& setting) const {
    if (!sample(set) || !ready(set, setting)) return {};
    return sampleIntervals(*slots_[set].cells, pointOf(set, setting).data(), ties_);
}

std::vector<IntervalMap> LandscapeEvaluator::intervals(const Setting& setting, const JobContext& job) {
    checkSetting(setting, factors(), subject());
    std::vector<IntervalMap> out;
    for (std::size_t s = 0; s < slots_.size(); ++s) {
        job.checkStop();
        out.push_back(readyIntervals(s, setting));
    }
    return out;
}

std::vector<double> LandscapeEvaluator::pointOf(std::size_t set, const Setting& setting) const {
    std::vector<double> point;
    for (const auto& f : slots_[set].layout.factors) point.push_back(factorAt(f, setting));
    return point;
}

bool LandscapeEvaluator::ready(std::size_t set, const Setting& setting) const {
    const Slot& slot = slots_[set];
    if (!slot.cells && !slot.labels) return false;
    const std::vector<double> point = pointOf(set, setting);
    if (!(slot.cells ? slot.cells->grid() : slot.labels->grid()).contains(point.data())) return false;
    if (sameSetting(slot, setting)) return true;
    return fits(set, setting) && sameHeld(slot, heldKey(slot, setting));
}

SetMetrics LandscapeEvaluator::metricsOf(const Slot& slot, const double* point, const std::string& score,
                                         bool whole) const {
    const SetDescription& set = slot.set.set;
    SetMetrics out;
    if (whole) out.protocol = protocolOf(set, slot.set.first.rows(), slot.set.second.rows(), score, ties_);
    if (slot.labels) {
        const LabelPoint at = slot.labels->at(point, ties_);
        MultiLabelMetrics m;
        m.items = slot.set.first.rows();
        m.classes = at.classes;
        m.classes_without_items = at.classes_without_items;
        m.tied_classes = at.tied_classes;
        m.mean_average_precision = at.mean_average_precision;
        out.multi_label = m;
        return out;
    }
    const SetPoint at = slot.cells->at(point, ties_);
    DirectionMetrics forward = directionOf(set, at.forward, slot.cells->cells(true), true);
    DirectionMetrics backward = directionOf(set, at.backward, slot.cells->cells(false), false);
    if (whole) {
        addRanks(slot.cells->ranks(point, true), ties_, forward);
        if (slot.cells->request().backward) addRanks(slot.cells->ranks(point, false), ties_, backward);
    }
    if (set.kind == SetKind::Retrieval) {
        RetrievalMetrics m;
        m.r1 = (forward.r1 + backward.r1) / 2;
        m.r5 = (forward.r5 + backward.r5) / 2;
        m.r10 = (forward.r10 + backward.r10) / 2;
        m.forward = std::move(forward);
        m.backward = std::move(backward);
        out.retrieval = std::move(m);
        return out;
    }
    ClassificationMetrics m;
    m.items = forward.queries;
    m.left_out = forward.left_out;
    m.classes = forward.candidates;
    m.tied_items = forward.tied_queries;
    m.top1 = forward.r1;
    m.top5 = forward.r5;
    if (slot.cells->request().backward) m.by_class = std::move(backward);
    out.classification = std::move(m);
    return out;
}

std::optional<MetricMap> LandscapeEvaluator::readyFigures(std::size_t set, const Setting& setting) const {
    if (!ready(set, setting)) return std::nullopt;
    return metricsOf(slots_[set], pointOf(set, setting).data(), {}, false).values();
}

std::vector<Protocol> LandscapeEvaluator::protocols(const Setting& setting, const JobContext&) {
    std::vector<Protocol> out;
    for (std::size_t s = 0; s < slots_.size(); ++s) {
        const Slot& slot = slots_[s];
        out.push_back(protocolOf(slot.set.set, slot.set.first.rows(), slot.set.second.rows(),
                                 "inner product of unit rows in " + subject(), ties_));
        if (const auto of = sample(s); of && ready(s, setting)) out.back().sample = of->text();
    }
    return out;
}

MetricsTable LandscapeEvaluator::evaluate(const Setting& setting, const JobContext& job) {
    checkSetting(setting, factors(), subject());
    MetricsTable table;
    table.subject = productSubject(*model_, setting);
    table.synthetic = options_.synthetic;
    table.setting = settingToJson(setting);
    const std::string score = "inner product of unit rows in " + subject();
    for (std::size_t s = 0; s < slots_.size(); ++s) {
        job.checkStop();
        if (ready(s, setting) && !sample(s))
            table.sets.push_back(metricsOf(slots_[s], pointOf(s, setting).data(), score, true));
        else table.sets.push_back(direct_.evaluateSetAt(s, setting, job));
    }
    return table;
}

void LandscapeEvaluator::lookAhead(const Setting& setting, double step) const {
    for (std::size_t s = 0; s < slots_.size(); ++s) {
        if (slots_[s].cells && ready(s, setting)) slots_[s].cells->lookAhead(pointOf(s, setting).data(), step);
    }
}

std::vector<MetricMap> LandscapeEvaluator::figures(const Setting& setting, const JobContext& job) {
    checkSetting(setting, factors(), subject());
    std::vector<MetricMap> out;
    out.reserve(slots_.size());
    for (std::size_t s = 0; s < slots_.size(); ++s) {
        job.checkStop();
        if (ready(s, setting)) out.push_back(metricsOf(slots_[s], pointOf(s, setting).data(), {}, false).values());
        else out.push_back(direct_.evaluateSetAt(s, setting, job).values());
    }
    return out;
}

std::vector<std::vector<MetricMap>> LandscapeEvaluator::figuresAt(const std::vector<Setting>& settings,
                                                                  const JobContext& job) {
    std::vector<std::vector<MetricMap>> out(settings.size(), std::vector<MetricMap>(slots_.size()));
    struct Task {
        std::size_t set;
        std::vector<double> point;
        std::vector<std::size_t> settings;
    };
    std::vector<Task> tasks;
    for (const auto& setting : settings) checkSetting(setting, factors(), subject());
    for (std::size_t s = 0; s < slots_.size(); ++s) {
        std::map<std::vector<double>, std::vector<std::size_t>> points;
        for (std::size_t i = 0; i < settings.size(); ++i) {
            if (ready(s, settings[i])) points[pointOf(s, settings[i])].push_back(i);
            else out[i][s] = direct_.evaluateSetAt(s, settings[i], job).values();
        }
        for (auto& [point, of] : points) tasks.push_back({s, point, std::move(of)});
    }
    FirstError failure;
#pragma omp parallel for schedule(dynamic, 1)
    for (std::size_t t = 0; t < tasks.size(); ++t) {
        const Task& task = tasks[t];
        failure.guard([&] {
            job.checkStop();
            const MetricMap values = metricsOf(slots_[task.set], task.point.data(), {}, false).values();
            for (const std::size_t i : task.settings) out[i][task.set] = values;
        });
    }
    failure.rethrow();
    return out;
}

}  // namespace engine
