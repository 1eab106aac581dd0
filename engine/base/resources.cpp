// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/resources.h"

#include <dlfcn.h>

#include "engine/base/error.h"

namespace engine {

std::filesystem::path resourceFolder() {
    Dl_info info{};
    std::filesystem::path library = "lib/molspace/libmolspace_base.so";
    if (dladdr(reinterpret_cast<const void*>(&resourceFolder), &info) != 0 && info.dli_fname != nullptr) {
        library = std::filesystem::absolute(info.dli_fname);
    }
    auto folder = library.parent_path().parent_path().parent_path() / "share" / "molspace";
    if (!std::filesystem::is_directory(folder)) {
        throw Error(ErrorCode::NotFound, folder.string(), "the recipes and the guide that ship are not there",
                    "install the program again");
    }
    return folder;
}

}  // namespace engine
