// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Memory that runs out at will: operator new of the whole test program.
#pragma once

#include <cstddef>
#include <new>

namespace engine::test {

// While it lives, allocations of any thread throw std::bad_alloc: one, behind so many others, or all of so many bytes.
// One at a time.
class FailingMemory {
public:
    static FailingMemory after(std::size_t others) { return {static_cast<std::ptrdiff_t>(others), 0}; }
    static FailingMemory ofBytes(std::size_t bytes) { return {-1, bytes}; }
    ~FailingMemory();
    FailingMemory(const FailingMemory&) = delete;
    FailingMemory& operator=(const FailingMemory&) = delete;
    bool failed() const;

private:
    FailingMemory(std::ptrdiff_t others, std::size_t bytes);
};

// Runs body() with each of its allocations failing in turn, until none is left to fail. How many there were.
template <class Body>
std::size_t failEachAllocation(const Body& body) {
    for (std::size_t n = 0;; ++n) {
        const auto memory = FailingMemory::after(n);
        try {
            body();
        } catch (const std::bad_alloc&) {
            continue;
        }
        if (!memory.failed()) return n;
    }
}

}  // namespace engine::test
