// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Pseudo pairs: for each pool D_X and row, an embedding of every modality in the unified space and in the expert's
// (method §4.2). Stored row by row in raw files, read through a memory map:
//
//   <folder>/D_<start>/state.json             fingerprint, rows done and in all
//   <folder>/D_<start>/<side>-<modality>.f32  [rows, width] little-endian (.f16 for the half-precision option: relative
//                                             error of a value at most 2^-11)
//
// A start's own rows are not stored again. Rows are made in blocks; a finished block survives a kill and is not made
// again. With the storage option "none" nothing is stored and batch() makes its rows anew. On CPU the same input gives
// the same bits, whatever the blocks and the number of threads. GPUs sum in another order: differences up to 1e-5.
//
// The option `centred` changes the weights alone: W(Q, K) = softmax over rows of c(Q) c(K)^T / tau_d, where c is seen
// from the mean of the row's own modality in that space (engine/space/centring.h), over the whole pool. Rows that are
// averaged, and those of the start, stay as they are: a projector is trained on what it meets at inference, and its
// targets are what the product has there (method §4.5).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/pairs/pair_plan.h"
#include "engine/recipe/reaction_options.h"
#include "engine/space/embedding_source.h"

namespace engine {

struct PairRequest {
    // Pool rows by modality in the space trained against and in the expert's: unit rows; a modality of both has the
    // same rows in both.
    std::map<Modality, EmbeddingSourcePtr> unified, expert;
    std::vector<Modality> starts;  // pools D_X to make, canonical order
    ReactionOptions options;
    std::filesystem::path folder;
    std::string fingerprint;  // of everything that the rows depend on; stored rows of another are made anew
    std::string device = "cpu";
    std::uint64_t memory_bytes = std::uint64_t{1} << 30;
};

// Embeddings of some rows, by cell, each [rows, width].
using PairBatch = std::map<PairCell, Matrix>;

// Thread-safe for reading.
class PseudoPairs {
public:
    virtual ~PseudoPairs() = default;
    virtual std::size_t rows(const Modality& start) const = 0;
    // The rows of `start`'s pool, written from row `at` of the batch's matrices on, which are already as large as
    // needed.
    virtual void gather(const Modality& start, std::span<const std::uint32_t> rows, PairBatch& batch, std::size_t at,
                        const JobContext& job) const = 0;
    virtual std::size_t width(PairSide side) const = 0;
    // Of what the rows of all pools depend on, and of how this program computes them.
    virtual std::string fingerprint() const = 0;
};

// Bytes on disk for what is not made yet; sources need shapes only.
std::uint64_t estimatePairBytes(const PairRequest& request);
// Multiply-adds times two of making all pools: 2 N M (d_key + Σ d_value) for each retrieval.
double pairFlops(const PairRequest& request);

std::shared_ptr<const PseudoPairs> makePseudoPairs(const PairRequest& request, const JobContext& job);

}  // namespace engine
