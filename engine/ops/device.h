// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Devices by name ("cpu", "cuda:0"): what is there, and which one a run takes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/matrix.h"
#include "engine/recipe/reactor.h"

namespace engine {

std::vector<DeviceInfo> listDevices();
// "auto": the first usable GPU, else cpu. Throws Error{Device} for a GPU that is not there, Error{InvalidInput} for
// another word.
std::string resolveDevice(const std::string& wanted);
// Why "auto" became cpu; empty where that was not so.
std::string whyCpu(const std::string& wanted, const std::string& resolved);
// What is free of a device's memory, in bytes: of a GPU's own, or of what the system gives to processes.
std::uint64_t freeMemory(const std::string& device);
// Memory of the host that a GPU reads by itself while the program goes on; ordinary for "cpu", and where none of that
// kind is left. What is in it must stay until the work on the GPU that reads it is done.
Matrix hostMatrix(std::size_t rows, std::size_t cols, const std::string& device);
// Threads of the processor for this thread's work from here on; 0: as many as there were before the first call, all
// unless the environment says otherwise.
void setThreads(std::int64_t threads);

}  // namespace engine
