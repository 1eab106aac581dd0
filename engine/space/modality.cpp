// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/space/modality.h"

#include <cstring>

#include "engine/base/error.h"

namespace engine {

std::string modalityLetter(const Modality& modality) {
    if (modality == "audio") return "A";
    if (modality == "image") return "V";
    if (modality == "text") return "T";
    return modality;
}

std::string modalitySuffix(const Modality& modality) {
    if (modality == "audio") return "a";
    if (modality == "image") return "v";
    if (modality == "text") return "t";
    return modality;
}

std::string nameProblem(const std::string& name) {
    if (name.empty()) return "the name is empty";
    if (name.size() > 64) return "the name is longer than 64 characters";
    if (name.front() == '.' || name.front() == ' ' || name.back() == ' ') {
        return "the name '" + name + "' begins with a dot, or begins or ends with a space";
    }
    for (std::size_t i = 0; i < name.size(); ++i) {
        const auto c = static_cast<unsigned char>(name[i]);
        const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (plain || (c != 0 && std::strchr(" ._+-@()", c) != nullptr)) continue;
        if (name.compare(i, 3, "†") == 0) {
            i += 2;
            continue;
        }
        return "the name '" + name + "' holds a character other than letters, digits, spaces and . _ + - † @ ( )";
    }
    return {};
}

void checkName(const std::string& name, const std::string& where) {
    if (auto problem = nameProblem(name); !problem.empty()) {
        throw Error(ErrorCode::InvalidInput, where, problem, "choose another name");
    }
}

}  // namespace engine
