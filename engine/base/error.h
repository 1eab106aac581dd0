// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The one exception type of the engine. A message names the file and dataset, what was expected, what was found, and
// what to do. Caught in one place only: the job boundary (command line, or the window's job runner).
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace engine {

enum class ErrorCode {
    InvalidInput,  // a file, option or recipe is wrong
    NotFound,      // a file, dataset, space or set is missing
    Io,            // reading or writing failed
    NoSpace,       // it cannot fit the disk or the memory budget
    Busy,          // another process is writing
    Device,        // a GPU is missing, lost or out of memory
    Internal,      // a mistake of this program
};

class Error : public std::runtime_error {
public:
    // `where`: file, dataset, row ("clap.h5:/audio/embeddings row 12"), may be empty.
    // `message`: what was expected and found. `hint`: what to do, may be empty.
    Error(ErrorCode code, std::string where, std::string message, std::string hint = {});

    ErrorCode code() const { return code_; }
    const std::string& where() const { return where_; }
    const std::string& message() const { return message_; }
    const std::string& hint() const { return hint_; }

private:
    ErrorCode code_;
    std::string where_, message_, hint_;
};

// Several problems found by one check, each a full sentence; what() joins them, one a line.
Error joinProblems(ErrorCode code, const std::string& where, const std::vector<std::string>& problems,
                   const std::string& hint = {});

// A user's stop, seen by a job. Not an error: no message box, exit status 130.
class Cancelled : public std::runtime_error {
public:
    Cancelled() : std::runtime_error("stopped") {}
};

// For programmer's mistakes: throws Error{Internal} with expression and place; never aborts.
[[noreturn]] void failCheck(const char* expression, const char* file, int line, const std::string& detail);

}  // namespace engine

#define ENGINE_CHECK(condition, detail)                                                \
    do {                                                                               \
        if (!(condition)) ::engine::failCheck(#condition, __FILE__, __LINE__, detail); \
    } while (false)
