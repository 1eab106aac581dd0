// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Devices by name ("cpu", "cuda:0"): what is there, and which one a run takes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/recipe/reactor.h"

namespace engine {

std::vector<DeviceInfo> listDevices();
// "auto": the first usable GPU, else cpu. Throws Error{Device} for a GPU that is not there, Error{InvalidInput} for
// another word.
std::string resolveDevice(const std::string& wanted);
// Why "auto" became cpu; empty where that was not so.
std::string whyCpu(const std::string& wanted, const std::string& resolved);
// Threads of the processor for this thread's work from here on; 0: as many as there were before the first call, all
// unless the environment says otherwise.
void setThreads(std::int64_t threads);

}  // namespace engine
