// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Progress of a job on stderr: one line that is written over, for jobs longer than a second, on a terminal only.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "engine/base/job.h"

namespace app {

class ProgressLine {
public:
    explicit ProgressLine(bool quiet);
    ~ProgressLine();
    void show(const engine::Progress& progress);
    void log(const std::string& line);

private:
    void clear();

    bool quiet_, terminal_, shown_ = false;
    std::chrono::steady_clock::time_point start_;
    std::mutex mutex_;
};

}  // namespace app
