// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/reaction/tuning.h"

#include <algorithm>

#include "engine/base/error.h"

namespace engine {
namespace {

constexpr std::size_t kStopRows = 256;

class PairedRows : public PseudoPairs {
public:
    PairedRows(EmbeddingSourcePtr tuned, EmbeddingSourcePtr partner, const PlannedTuning& tuning,
               std::string fingerprint)
        : tuned_(std::move(tuned)),
          partner_(std::move(partner)),
          modality_(tuning.modality),
          towards_(tuning.towards),
          fingerprint_(std::move(fingerprint)) {
        ENGINE_CHECK(tuned_->rows() == partner_->rows(), "pairs of rows");
    }

    std::size_t rows(const Modality&) const override { return tuned_->rows(); }
    std::size_t width(PairSide side) const override {
        return side == PairSide::Unified ? tuned_->cols() : partner_->cols();
    }
    std::string fingerprint() const override { return fingerprint_; }

    void gather(const Modality&, std::span<const std::uint32_t> rows, PairBatch& batch, std::size_t at,
                const JobContext& job) const override {
        Matrix& x = batch.at({PairSide::Unified, modality_});
        Matrix& y = batch.at({PairSide::Expert, towards_});
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (i % kStopRows == 0) job.checkStop();
            tuned_->read(rows[i], 1, x.row(at + i));
            partner_->read(rows[i], 1, y.row(at + i));
        }
    }

private:
    EmbeddingSourcePtr tuned_, partner_;
    Modality modality_, towards_;
    std::string fingerprint_;
};

bool hasBoth(const PoolInfo& pool, const PlannedTuning& tuning) {
    const auto has = [&](const Modality& m) {
        return std::any_of(pool.tables.begin(), pool.tables.end(), [&](const ItemTable& t) { return t.modality == m; });
    };
    return pool.paired && has(tuning.modality) && has(tuning.towards);
}

}  // namespace

const PoolInfo& pairedPoolOf(const Workspace& workspace, const PlannedTuning& tuning) {
    const std::string pair = tuning.modality + " and " + tuning.towards;
    std::vector<const PoolInfo*> found;
    std::string known;
    for (const auto& pool : workspace.pools()) {
        if (!hasBoth(pool, tuning)) continue;
        known += (known.empty() ? "" : ", ") + pool.name;
        if (tuning.pool.empty() || pool.name == tuning.pool) found.push_back(&pool);
    }
    const auto where = workspace.folder().string();
    if (found.size() == 1) return *found.front();
    if (!found.empty()) {
        throw Error(ErrorCode::InvalidInput, where, "several paired pools have " + pair + ": " + known,
                    "name one with \"pool\" in the step " + tuning.key);
    }
    throw Error(ErrorCode::NotFound, where,
                tuning.pool.empty() || known.empty()
                    ? "expected a paired pool of " + pair + " to tune on, found none"
                    : "expected a paired pool '" + tuning.pool + "' of " + pair + ", found " + known,
                "bring one in: a pool whose modalities' rows belong together");
}

std::shared_ptr<const PseudoPairs> pairedRows(EmbeddingSourcePtr tuned, EmbeddingSourcePtr partner,
                                              const PlannedTuning& tuning, std::string fingerprint) {
    return std::make_shared<PairedRows>(std::move(tuned), std::move(partner), tuning, std::move(fingerprint));
}

}  // namespace engine
