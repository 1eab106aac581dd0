// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/session.h"
#include "engine/session/subject.h"

namespace engine {

const std::vector<OptionEntry>& evaluateOptions() {
    return evalOptionTable().entries();
}

Outcome evaluate(const EvaluateRequest& request, const JobContext& job) {
    const Workspace workspace = workspaceFor(request.workspace, request.subject.product);
    const auto options = readOptions(evalOptionTable(), request.options, "evaluation options");
    const SubjectReader subject(workspace, request.subject);
    const MetricsTable table = subject.measure(request.sets, options, request.reference, job);
    return {toJson(table), toText(table)};
}

}  // namespace engine
