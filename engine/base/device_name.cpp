// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/device_name.h"

#include "engine/base/error.h"

namespace engine {

int gpuNamed(const std::string& wanted, int gpus, const std::string& why_none) {
    if (wanted == "cpu") return -1;
    if (wanted == "auto") return gpus > 0 ? 0 : -1;
    const bool digits =
        wanted.size() > 5 && wanted.size() < 9 && wanted.find_first_not_of("0123456789", 5) == std::string::npos;
    if (wanted != "cuda" && !(wanted.starts_with("cuda:") && digits))
        throw Error(ErrorCode::InvalidInput, "--device " + wanted, "expected auto, cpu, cuda or cuda:N");
    const int index = wanted == "cuda" ? 0 : std::stoi(wanted.substr(5));
    if (index < gpus) return index;
    throw Error(ErrorCode::Device, "--device " + wanted,
                "expected one of " + std::to_string(gpus) + " GPUs" + (why_none.empty() ? "" : ": " + why_none),
                "`molspace devices` lists what there is; cpu always works");
}

}  // namespace engine
