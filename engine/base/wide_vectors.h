// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// ENGINE_WIDE_VECTORS before a function: compiled twice, also for processors with AVX-512, and chosen when the program
// is loaded. Not under ThreadSanitizer, whose run time is not there yet when the choice is made.
#pragma once

#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
#define ENGINE_WIDE_VECTORS __attribute__((target_clones("arch=x86-64-v4", "default")))
#else
#define ENGINE_WIDE_VECTORS
#endif
