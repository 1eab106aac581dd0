// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/factors/failing_memory.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>

namespace {

std::atomic<std::ptrdiff_t> left{-1};  // allocations before the one that fails; below 0: none will
std::atomic<std::size_t> failing_bytes{0};
std::atomic<bool> has_failed{false};

void* allocate(std::size_t bytes, std::size_t alignment) {
    const bool its_turn = left.load() >= 0 && left.fetch_sub(1) == 0;
    if (its_turn || (bytes != 0 && bytes == failing_bytes.load())) {
        has_failed = true;
        throw std::bad_alloc();
    }
    bytes = std::max<std::size_t>(bytes, 1);
    // A multiple of the alignment is asked for.
    void* memory = alignment == 0 ? std::malloc(bytes)
                                  : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (!memory) throw std::bad_alloc();
    return memory;
}

}  // namespace

void* operator new(std::size_t bytes) {
    return allocate(bytes, 0);
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    try {
        return allocate(bytes, 0);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}
// Matrix takes its memory here.
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
    return allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete[](void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}

namespace engine::test {

FailingMemory::FailingMemory(std::ptrdiff_t others, std::size_t bytes) {
    has_failed = false;
    failing_bytes = bytes;
    left = others;
}

FailingMemory::~FailingMemory() {
    left = -1;
    failing_bytes = 0;
}

bool FailingMemory::failed() const {
    return has_failed;
}

}  // namespace engine::test
