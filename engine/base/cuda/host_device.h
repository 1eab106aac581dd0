// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// MOLSPACE_HOST_DEVICE before a function that kernels and their twins on the CPU share.
#pragma once

#ifdef __CUDACC__
#define MOLSPACE_HOST_DEVICE __host__ __device__
#else
#define MOLSPACE_HOST_DEVICE
#endif
