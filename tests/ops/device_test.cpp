// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/device.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <thread>

namespace engine {
namespace {

// The window runs one job after the other in one process, each in a thread of its own: threads of one are not those of
// the next.
TEST(Device, ARunDoesNotInheritTheThreadsOfAnother) {
    const auto threadsOf = [](std::int64_t wanted) {
        int found = 0;
        std::thread([&] {
            setThreads(wanted);
            found = omp_get_max_threads();
        }).join();
        return found;
    };
    const int all = threadsOf(0);
    EXPECT_EQ(threadsOf(all + 1), all + 1);
    EXPECT_EQ(threadsOf(0), all);
}

}  // namespace
}  // namespace engine
