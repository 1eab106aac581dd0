// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/report/report.h"

#include <algorithm>
#include <functional>

#include "engine/base/error.h"
#include "engine/report/text.h"
#include "engine/session/session.h"
#include "engine/session/subject.h"

namespace engine {
namespace {

// What is not measured, each reason once with the tables that it concerns.
std::string missingLines(const Report& report) {
    std::vector<std::pair<std::string, std::string>> reasons;  // text -> tables
    for (const auto& table : report.tables) {
        for (const auto& text : missingTexts(table)) {
            auto it = std::find_if(reasons.begin(), reasons.end(), [&](const auto& r) { return r.first == text; });
            if (it == reasons.end()) reasons.push_back({text, std::to_string(table.published->number)});
            else it->second += ", " + std::to_string(table.published->number);
        }
    }
    std::string out;
    for (const auto& [text, tables] : reasons) out += "  Table " + tables + ": " + text + "\n";
    for (const auto& s : report.surfaces) {
        if (!s.missing.empty()) out += "  Figure " + std::to_string(s.spec->figure) + ": " + s.missing + "\n";
    }
    return out.empty() ? out : "not measured:\n" + out;
}

std::string claimLines(const Report& report) {
    std::string out;
    for (const auto& claim : report.claims) {
        if (claim.verdict == Verdict::NotMeasured) continue;
        out += "  " + std::string(verdictName(claim.verdict)) + ": " + claim.claim->sentence + " (" +
               claim.claim->place + "; " + claim.claim->id + ")\n";
    }
    return out.empty() ? out : "claims:\n" + out;
}

}  // namespace

const std::vector<OptionEntry>& reportOptions() {
    return reportOptionTable().entries();
}

const std::vector<OptionEntry>& reportRunOptions() {
    static const std::vector<OptionEntry> entries = [] {
        auto all = runOptionTable().entries();
        std::erase_if(all, [](const OptionEntry& e) { return e.key == "seed"; });
        return all;
    }();
    return entries;
}

Outcome report(const ReportVerb& request, const JobContext& job) {
    ReportRequest work;
    work.workspace = request.workspace;
    work.work = request.work.empty() ? request.workspace / "report-work" : request.work;
    work.options = readOptions(reportOptionTable(), request.options, "report options");
    ReactionOptions checked;  // a mistake is said once, not for each recipe
    throwIfAny(reactionOptionTable().read(request.reaction_options, checked), "reaction options");
    work.reaction_options = request.reaction_options;
    work.run = readOptions(runOptionTable(), request.run_options, "run options");
    work.plan_only = request.plan;
    work.step = request.step;
    const auto output = request.output.empty() ? request.workspace / "report" : request.output;
    if (!request.plan) checkReportFolder(output);
    const auto write = [&](const Report& so_far) {
        writeReport(output, so_far);
        job.log(std::to_string(so_far.seeds_done) + " of " + std::to_string(so_far.seeds.size()) + " seeds are in " +
                (output / "report.html").string());
    };
    // A plan writes nothing.
    const Report made = makeReport(work, job, request.plan ? std::function<void(const Report&)>() : write);
    std::string text = summaryText(made) + "\n" + claimLines(made) + missingLines(made);
    if (request.plan) {
        text += "products that its rows need, at each seed:\n";
        for (const auto& product : made.products) text += "  " + product + "\n";
        std::size_t projectors = 0;
        for (const auto& t : made.to_train) projectors += t.projectors.size();
        text += "projectors to train, of all seeds: " + std::to_string(projectors) + "\n";
    }
    for (const auto& warning : made.warnings) text += "note: " + warning + "\n";
    Json json = toJson(made);
    if (!request.plan) {
        writeReport(output, made);
        text += "written: " + (output / "report.html").string() +
                " (also .md, .tex, .json, and .csv of tables, surfaces and claims)\n";
        json["output"] = output.string();
    }
    return {json, text};
}

}  // namespace engine
