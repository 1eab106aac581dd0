// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a job needs from its owner. A job is a blocking function that knows no thread: it takes a JobContext, looks for
// a stop at every tile, block or chunk (at most 100 ms apart), and reports progress by value. The owner chooses the
// thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace engine {

// A small value, copied. `done` and `total` count in `unit` ("rows", "steps", "bytes").
struct Progress {
    std::string stage;  // "pseudo pairs D_T of CLAP_g"
    std::string unit;
    std::uint64_t done = 0;
    std::uint64_t total = 0;                             // 0: unknown
    double rate = 0;                                     // units a second, over the last few seconds
    double eta_seconds = -1;                             // -1: unknown
    std::vector<std::pair<std::string, double>> values;  // "loss" 3.2, "R@1" 41.0
};

class JobContext {
public:
    using ProgressSink = std::function<void(const Progress&)>;
    using LogSink = std::function<void(const std::string&)>;

    JobContext() = default;
    explicit JobContext(std::stop_token stop, ProgressSink progress = {}, LogSink log = {})
        : stop_(std::move(stop)), progress_(std::move(progress)), log_(std::move(log)) {}

    bool stopRequested() const { return stop_.stop_requested(); }
    // Throws Cancelled when a stop was asked for.
    void checkStop() const;
    void report(const Progress& progress) const {
        if (progress_) progress_(progress);
    }
    void log(const std::string& line) const {
        if (log_) log_(line);
    }
    std::stop_token stopToken() const { return stop_; }

private:
    std::stop_token stop_;
    ProgressSink progress_;
    LogSink log_;
};

// Counts units, computes rate and time left, and reports at most ~20 times a second. Not thread-safe: one owner thread.
class ProgressMeter {
public:
    ProgressMeter(const JobContext& job, std::string stage, std::string unit, std::uint64_t total,
                  std::uint64_t already_done = 0);
    void advance(std::uint64_t units);
    void set(std::uint64_t done);
    // Shown with the next report.
    void value(const std::string& name, double value);
    void finish();

private:
    void maybeReport(bool force);

    const JobContext& job_;
    Progress progress_;
    std::uint64_t start_done_;
    std::chrono::steady_clock::time_point start_, last_report_;
};

}  // namespace engine
