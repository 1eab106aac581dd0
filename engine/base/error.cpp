// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/error.h"

#include <cstring>

namespace engine {

namespace {

std::string compose(const std::string& where, const std::string& message, const std::string& hint) {
    std::string text = where.empty() ? message : where + ": " + message;
    if (!hint.empty()) text += "; " + hint;
    return text;
}

}  // namespace

Error::Error(ErrorCode code, std::string where, std::string message, std::string hint)
    : std::runtime_error(compose(where, message, hint)),
      code_(code),
      where_(std::move(where)),
      message_(std::move(message)),
      hint_(std::move(hint)) {}

Error joinProblems(ErrorCode code, const std::string& where, const std::vector<std::string>& problems,
                   const std::string& hint) {
    std::string text;
    for (const auto& problem : problems) {
        if (!text.empty()) text += "\n  ";
        text += problem;
    }
    if (problems.size() > 1) text = std::to_string(problems.size()) + " problems:\n  " + text;
    return Error(code, where, text, hint);
}

void failCheck(const char* expression, const char* file, int line, const std::string& detail) {
    const char* name = std::strrchr(file, '/');
    throw Error(ErrorCode::Internal, std::string(name ? name + 1 : file) + ":" + std::to_string(line),
                std::string("check failed: ") + expression + (detail.empty() ? "" : " (" + detail + ")"),
                "this is a mistake in the program; please report it");
}

}  // namespace engine
