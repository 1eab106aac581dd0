// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What lies in the folder that a run would write to: nothing, an unfinished run, a finished product, something else.
// Plain values; reading is blocking and belongs into a job.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/base/json.h"

namespace ui {

struct RunFolder {
    enum class State { Free, Unfinished, Finished, Other };
    std::string folder;
    State state = State::Free;
    bool continuing = false;  // unfinished: a product that was being trained further
    engine::Json recipe, run_options;
    std::int64_t epochs = 0;  // finished: the most that any projector has
    std::size_t trained = 0;  // projectors that are whole
    std::string problem;      // Other: why
};
RunFolder readRunFolder(const std::string& folder, const engine::JobContext& job);

// "products/ImageBind++-2": the first of its kind that is not there. Blocking.
std::string freeFolder(const std::string& folder);

// Folders of the finished products under a workspace's `products`, sorted. Blocking.
std::vector<std::string> finishedProducts(const std::string& workspace);

}  // namespace ui
