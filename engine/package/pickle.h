// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a pickle of torch.save says, read by a machine that executes nothing: it knows the opcodes that dictionaries of
// tensors are made of, and of Python's names only collections.OrderedDict, torch.Size, torch's storages and the two
// functions that put a tensor together; for these it keeps a description. Every other opcode and name is refused with
// its place. Sizes, depth and counts are limited, so that no input takes more than its own size in time and a fixed
// multiple of it in memory. Source of the format: pickletools of CPython; torch/serialization.py.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

enum class TorchType { F64, F32, F16, BF16, I64, I32, I16, I8, U8, Bool };
std::size_t sizeOf(TorchType type);
const char* nameOf(TorchType type);  // "float32", "bfloat16", ...

// A tensor as the pickle describes it: a view of a storage.
struct PickledTensor {
    std::string name;     // keys of nested dictionaries joined by '.'
    std::string storage;  // its key: the entry data/<key> of the archive
    TorchType type = TorchType::F32;
    std::uint64_t storage_elements = 0;
    std::uint64_t offset = 0;                  // in elements
    std::vector<std::uint64_t> shape, stride;  // in elements; as long as each other

    std::uint64_t elements() const;
};

struct PickleLimits {
    std::uint64_t bytes = std::uint64_t{4} << 20;  // of a pickle; ImageBind's has a tenth of that
    std::size_t tensors = 20000;                   // and other entries of dictionaries
    std::size_t depth = 16;                        // of nested dictionaries
    std::size_t text_bytes = 1024;                 // of one text
    std::size_t dims = 16;
};

// The tensors of a dictionary, in its order. Every view lies within its storage and has at most as many elements.
// `where` names the file. Throws Error{InvalidInput}.
std::vector<PickledTensor> readStateDict(std::string_view pickle, const std::string& where,
                                         const PickleLimits& limits = {});

// The format of torch.save before 1.6: five pickles one after another, then the storages.
bool isLegacyTorchFile(std::string_view start);
struct LegacyTorchFile {
    std::vector<PickledTensor> tensors;
    std::vector<std::string> storages;  // keys, in the order of their bytes
    std::uint64_t end = 0;              // of the pickles: where the bytes begin
    bool little_endian = true;
};
// `bytes` is the whole file.
LegacyTorchFile readLegacy(std::string_view bytes, const std::string& where, const PickleLimits& limits = {});

}  // namespace engine
