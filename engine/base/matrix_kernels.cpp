// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/matrix_kernels.h"

#include <cblas.h>
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace engine {

namespace {

// Those that use AVX2 at least.
constexpr std::array kWide = {"Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids"};

// Before any thread and any product: nothing has taken sizes from the old kernels yet.
[[maybe_unused]] const bool kChosen = [] {
#if defined(__x86_64__)
    constexpr const char* kVariable = "OPENBLAS_CORETYPE";
    if (std::getenv(kVariable)) return false;
    const std::string taken = matrixKernels();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    const std::string fitting = fittingKernels(taken, avx2, avx512);
    if (fitting == taken) return false;
    // What its own start calls. A build of it for one processor alone has neither.
    using Call = void (*)();
    const auto forget = reinterpret_cast<Call>(dlsym(RTLD_DEFAULT, "gotoblas_dynamic_quit"));
    const auto choose = reinterpret_cast<Call>(dlsym(RTLD_DEFAULT, "gotoblas_dynamic_init"));
    if (!forget || !choose) return false;
    setenv(kVariable, fitting.c_str(), 1);
    forget();
    choose();
    unsetenv(kVariable);  // programs that are started from here choose for themselves
    return true;
#else
    return false;
#endif
}();

}  // namespace

std::string matrixKernels() {
    return openblas_get_corename();
}

std::string fittingKernels(const std::string& taken, bool has_avx2, bool has_avx512) {
    if (std::find(kWide.begin(), kWide.end(), taken) != kWide.end()) return taken;
    return has_avx2 && has_avx512 ? "SkylakeX" : has_avx2 ? "Haswell" : taken;
}

}  // namespace engine
