// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Names in the files of a workspace, in one place for reader and writer (resources/guide/workspace.md). Inside the
// store.
#pragma once

#include "engine/store/workspace.h"

namespace engine::schema {

inline constexpr const char* kIndexFile = "workspace.h5";
inline constexpr const char* kFormat = "molspace workspace";
inline constexpr int kMajor = 1, kMinor = 0;
inline constexpr const char* kPools = "/pools";
inline constexpr const char* kSets = "/sets";
inline constexpr const char* kFirst = "/first";
inline constexpr const char* kSecond = "/second";
inline constexpr const char* kPairs = "/pairs";
// Rows within it of length 1 (float16 rounds as much) are unit rows: scaled again, they would rank a little differently
// from what their publishers measured.
inline constexpr double kUnitTolerance = 1e-3;
inline constexpr double kLeastNorm = 1e-12;  // a shorter row is a row of zeros: it has no direction

inline const char* kindName(SetKind kind) {
    switch (kind) {
        case SetKind::Classification:
            return "classification";
        case SetKind::MultiLabel:
            return "multilabel";
        case SetKind::Retrieval:
            break;
    }
    return "retrieval";
}

}  // namespace engine::schema
