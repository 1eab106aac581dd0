// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// An exception must not leave a parallel region: the first one is kept and thrown again behind it. Thread-safe, but for
// rethrow().
#pragma once

#include <atomic>
#include <exception>
#include <mutex>

namespace engine {

class FirstError {
public:
    // True once something failed: what is left of the work can be passed over.
    bool any() const { return failed_.load(std::memory_order_relaxed); }
    // Calls body(); an exception is kept if it is the first.
    template <class Body>
    void guard(const Body& body) {
        try {
            body();
        } catch (...) {
            const std::scoped_lock lock(mutex_);
            if (!error_) error_ = std::current_exception();
            failed_.store(true, std::memory_order_relaxed);
        }
    }
    // Behind the parallel region.
    void rethrow() const {
        if (error_) std::rethrow_exception(error_);
    }

private:
    std::atomic<bool> failed_{false};
    std::mutex mutex_;
    std::exception_ptr error_;
};

}  // namespace engine
