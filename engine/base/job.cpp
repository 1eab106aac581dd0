// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/job.h"

#include "engine/base/error.h"

namespace engine {

void JobContext::checkStop() const {
    if (stopRequested()) throw Cancelled();
}

ProgressMeter::ProgressMeter(const JobContext& job, std::string stage, std::string unit, std::uint64_t total,
                             std::uint64_t already_done)
    : job_(job), start_done_(already_done), start_(std::chrono::steady_clock::now()), last_report_(start_) {
    progress_.stage = std::move(stage);
    progress_.unit = std::move(unit);
    progress_.total = total;
    progress_.done = already_done;
    maybeReport(true);
}

void ProgressMeter::advance(std::uint64_t units) {
    set(progress_.done + units);
}

void ProgressMeter::set(std::uint64_t done) {
    progress_.done = done;
    maybeReport(progress_.total != 0 && done >= progress_.total);
}

void ProgressMeter::value(const std::string& name, double value) {
    for (auto& [known, old] : progress_.values) {
        if (known == name) {
            old = value;
            return;
        }
    }
    progress_.values.emplace_back(name, value);
}

void ProgressMeter::finish() {
    maybeReport(true);
}

void ProgressMeter::maybeReport(bool force) {
    const auto now = std::chrono::steady_clock::now();
    if (!force && now - last_report_ < std::chrono::milliseconds(50)) return;
    last_report_ = now;
    const double seconds = std::chrono::duration<double>(now - start_).count();
    if (seconds > 0 && progress_.done > start_done_) {
        progress_.rate = static_cast<double>(progress_.done - start_done_) / seconds;
        if (progress_.total >= progress_.done) {
            progress_.eta_seconds = static_cast<double>(progress_.total - progress_.done) / progress_.rate;
        }
    }
    job_.report(progress_);
}

}  // namespace engine
