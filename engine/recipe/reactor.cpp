// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/reactor.h"

#include "engine/base/error.h"
#include "engine/base/shared_library.h"

namespace engine {
namespace {

Reactor& load() {
    constexpr const char* kLibrary = "libmolspace_reactor.so";
    const auto* here = reinterpret_cast<const void*>(&loadReactor);
    std::string why;
    auto* entry = reinterpret_cast<Reactor* (*)()>(functionBeside(here, kLibrary, "molspace_reactor", why));
    if (!entry) {
        throw Error(ErrorCode::NotFound, pathBeside(here, kLibrary).string(),
                    "cannot load the part that trains: " + why,
                    "build with MOLSPACE_REACTOR=ON, or run packaging/run.sh, which sets up LibTorch");
    }
    return *entry();
}

}  // namespace

Reactor& loadReactor() {
    static Reactor& reactor = load();
    return reactor;
}

}  // namespace engine
