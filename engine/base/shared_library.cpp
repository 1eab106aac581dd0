// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/shared_library.h"

#include <dlfcn.h>

namespace engine {

std::filesystem::path pathBeside(const void* here, const std::string& file) {
    Dl_info info{};
    if (dladdr(here, &info) == 0 || info.dli_fname == nullptr) return file;
    return std::filesystem::path(info.dli_fname).parent_path() / file;
}

void* functionBeside(const void* here, const std::string& file, const char* name, std::string& why) {
    void* found = nullptr;
    if (void* library = dlopen(pathBeside(here, file).c_str(), RTLD_NOW | RTLD_LOCAL)) found = dlsym(library, name);
    if (!found) {
        const char* reason = dlerror();
        why = reason ? reason : "unknown reason";
    }
    return found;
}

}  // namespace engine
