// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/version.h"

namespace engine {

std::string programVersion() {
    return MOLSPACE_VERSION;
}
std::string programCommit() {
    return MOLSPACE_COMMIT;
}

}  // namespace engine
