// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What figures of pool quality mean for a training, in plain sentences: whether spaces agree on what belongs together,
// whether the softmax averages are sharp, whether a few rows answer for all, how far modalities lie apart. Rules of
// thumb, each with its figures in it; the constants stand in pool_findings.cpp. A pure function, any thread.
#pragma once

#include <string>
#include <vector>

#include "engine/eval/pool_quality.h"

namespace engine {

struct PoolFinding {
    enum class Kind { Bad, Note, Good };
    Kind kind = Kind::Note;
    std::string text;  // one or two sentences
};
const char* findingName(PoolFinding::Kind kind);  // "bad", "note", "good"

// What is bad first, what is good last.
std::vector<PoolFinding> poolFindings(const PoolQuality& quality);

}  // namespace engine
