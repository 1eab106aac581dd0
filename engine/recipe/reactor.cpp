// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/reactor.h"

#include <dlfcn.h>

#include <filesystem>

#include "engine/base/error.h"

namespace engine {
namespace {

constexpr const char* kLibrary = "libmolspace_reactor.so";

std::filesystem::path besideThisLibrary() {
    Dl_info info{};
    if (dladdr(reinterpret_cast<const void*>(&loadReactor), &info) == 0 || info.dli_fname == nullptr) return kLibrary;
    return std::filesystem::path(info.dli_fname).parent_path() / kLibrary;
}

Reactor& load() {
    const auto path = besideThisLibrary();
    const auto fail = [&]() -> Error {
        const char* reason = dlerror();
        return Error(ErrorCode::NotFound, path.string(),
                     std::string("cannot load the part that trains: ") + (reason ? reason : "unknown reason"),
                     "build with MOLSPACE_REACTOR=ON, or run packaging/run.sh, which sets up LibTorch");
    };
    // Never closed: LibTorch keeps threads and static state until the process ends.
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) throw fail();
    auto* entry = reinterpret_cast<Reactor* (*)()>(dlsym(library, "molspace_reactor"));
    if (!entry) throw fail();
    return *entry();
}

}  // namespace

Reactor& loadReactor() {
    static Reactor& reactor = load();
    return reactor;
}

}  // namespace engine
