// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which of its matrix kernels OpenBLAS uses. It knows processors by their model and gives one that is newer than itself
// those of 2004 (Prescott, SSE3), with less than a quarter of the rate of AVX-512 (sgemm of 1024, one thread); as this
// library is loaded, such a choice is replaced by the kernels for what the processor can do. OPENBLAS_CORETYPE in the
// environment is respected.
#pragma once

#include <string>

namespace engine {

// "SkylakeX", as OpenBLAS names them. Thread-safe.
std::string matrixKernels();

// The kernels that fit a processor that OpenBLAS has `taken` kernels for: the same, or better ones.
std::string fittingKernels(const std::string& taken, bool has_avx2, bool has_avx512);

}  // namespace engine
