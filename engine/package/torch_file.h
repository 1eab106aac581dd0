// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Files of torch.save, read and written without Torch: dictionaries of tensors, in the zip archive that PyTorch writes
// since 1.6 and in the older format. Nothing in a file is executed (engine/package/pickle.h), nothing is unpacked to
// disk, and storages are read only when a tensor of theirs is asked for. Not thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/package/pickle.h"
#include "engine/recipe/projector_weights.h"

namespace engine {

class TorchFile {
public:
    // Reads the pickle. Throws Error{InvalidInput} that names file and place: not such a file, damaged, compressed
    // (torch.save never does), an archive of TorchScript, entries twice or with paths, a pickle that is more than a
    // dictionary of tensors, a storage that is not there with the size that its tensors say.
    explicit TorchFile(const std::filesystem::path& path, const PickleLimits& limits = {});
    ~TorchFile();
    TorchFile(const TorchFile&) = delete;
    TorchFile& operator=(const TorchFile&) = delete;

    const std::filesystem::path& path() const;
    const std::vector<PickledTensor>& tensors() const;  // in the file's order

    // The elements in the order of C, whatever the strides: any real type as float32 (float64 is rounded).
    std::vector<float> floats(const PickledTensor& tensor);
    // A counter: one element of a type of whole numbers.
    std::int64_t integer(const PickledTensor& tensor);

private:
    struct Archive;
    std::unique_ptr<Archive> archive_;
};

// An archive as torch.save writes it (protocol 2, little-endian, not compressed), which torch.load reads, weights_only
// included: an OrderedDict of contiguous tensors on the CPU. The same tensors give the same bytes under the same name
// of the file. Written whole, then renamed.
void writeTorchFile(const std::filesystem::path& path, const std::vector<ConstWeightTensor>& tensors);

}  // namespace engine
