// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The HDF5 library can be crashed by damaged files (it frees twice, reads beyond buffers). A child process looks
// through a file before this one opens it: if it dies of it, this one need not. Forking a program of gigabytes stalls
// it, so a file that has passed is not tried again while its size, time and inode stay. Inside engine/store only.
#pragma once

#include <hdf5.h>

#include <cstddef>
#include <filesystem>

namespace engine {

// Throws Error{InvalidInput} if the child died. Call with the library's lock held: the child only calls the library.
// `access`: the property list that the file is opened with.
void tryHdf5(const std::filesystem::path& path, hid_t access);

// How many children there were.
std::size_t hdf5Trials();

}  // namespace engine
