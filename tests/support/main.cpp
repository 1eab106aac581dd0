// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#ifdef __SANITIZE_THREAD__
// libgomp is not instrumented: teams of its threads look like races. The test preset asks for one thread, and it stays
// so.
extern "C" void omp_set_num_threads(int) {}
#endif

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    const int failed = RUN_ALL_TESTS();
    // Where nothing could be tried nothing passed: the code that ctest takes for "Skipped".
    return failed == 0 && testing::UnitTest::GetInstance()->successful_test_count() == 0 ? 77 : failed;
}
