// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/pairs/pseudo_pairs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/first_error.h"
#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/ops/attend.h"
#include "engine/space/centring.h"

namespace engine {
namespace {

namespace fs = std::filesystem;
// Another number whenever rows of the same input become others: stored ones are made anew then.
constexpr const char* kPairs = "molspace pairs 1";
constexpr std::size_t kChunk = 256;          // blocks are whole chunks, so that no sum depends on where a block ends
constexpr std::size_t kLargestBlock = 8192;  // rows lost at most by a kill

const EmbeddingSourcePtr& sourceOf(const PairRequest& request, const PairCell& cell) {
    const auto& side = cell.side == PairSide::Unified ? request.unified : request.expert;
    const auto it = side.find(cell.modality);
    ENGINE_CHECK(it != side.end(), "no pool of " + cellName(cell));
    return it->second;
}

const EmbeddingSource& poolOf(const PairRequest& request, const PairCell& cell) {
    return *sourceOf(request, cell);
}

std::vector<Modality> modalitiesOf(const std::map<Modality, EmbeddingSourcePtr>& side,
                                   const std::vector<Modality>& order) {
    std::vector<Modality> out;
    for (const auto& m : order) {
        if (side.count(m)) out.push_back(m);
    }
    return out;
}

PairPlan planOf(const PairRequest& request, const Modality& start) {
    return planPairs(start, modalitiesOf(request.unified, request.starts), modalitiesOf(request.expert, request.starts),
                     request.options.guidance, request.options.hub);
}

std::size_t widthOf(const PairRequest& request, PairSide side) {
    const auto& sources = side == PairSide::Unified ? request.unified : request.expert;
    return sources.begin()->second->cols();
}

std::size_t rowsOf(const PairRequest& request, const Modality& start) {
    const auto it = request.unified.find(start);
    return it != request.unified.end() ? it->second->rows() : request.expert.at(start)->rows();
}

std::string fingerprintOf(const PairRequest& request, const PairPlan& plan) {
    return hashHex(std::string(kPairs) + "|" + request.fingerprint + "|" + plan.text() + "|" +
                   request.options.pair_storage);
}

// What similarities are taken of: the pools' rows and the queries as they are, or, with the option `centred`, as seen
// from the mean of their modality in their space. On a GPU also where the pools stay there, within half of the budget.
class Similarities {
public:
    Similarities(const PairRequest& request, const JobContext& job) : request_(request) {
        if (request.device != "cpu") on_device_ = std::make_unique<PoolsOnDevice>(request.memory_bytes / 2);
        if (!request.options.centred) return;
        std::set<PairCell> cells;
        std::uint64_t rows = 0;
        for (const auto& start : request.starts) {
            for (const auto& step : planOf(request, start).steps) {
                for (const auto& cell : {step.query, PairCell{step.key_side, step.memory}}) {
                    if (cells.insert(cell).second) rows += poolOf(request, cell).rows();
                }
            }
        }
        ProgressMeter meter(job, "means of the pools", "rows", rows);
        for (const auto& cell : cells) {
            const auto& pool = sourceOf(request, cell);
            centred_[cell] = std::make_shared<const CentredSource>(pool, meanOf(*pool, job, &meter));
        }
        meter.finish();
    }

    const EmbeddingSource& keys(const PairCell& cell) const {
        const auto it = centred_.find(cell);
        return it != centred_.end() ? *it->second : poolOf(request_, cell);
    }
    // `rows` themselves, or `made` from them.
    MatrixView queries(const PairCell& cell, MatrixView rows, Matrix& made) const {
        const auto it = centred_.find(cell);
        if (it == centred_.end()) return rows;
        made = copyOf(rows);
        centreRows(made.data(), made.rows(), it->second->mean());
        return made.view();
    }

    // nullptr on the processor. For one thread at a time.
    PoolsOnDevice* onDevice() const { return on_device_.get(); }

private:
    const PairRequest& request_;
    std::map<PairCell, std::shared_ptr<const CentredSource>> centred_;
    std::unique_ptr<PoolsOnDevice> on_device_;
};

// Fills `cells` (the own ones are there) by the plan's steps. `units` are advanced in all.
void runSteps(const PairRequest& request, const Similarities& similarities, const PairPlan& plan,
              std::map<PairCell, Matrix>& cells, const JobContext& job, ProgressMeter* meter, std::uint64_t units) {
    double all = 0, done = 0;
    const auto cost = [&](const Retrieval& step) {
        double floats = static_cast<double>(widthOf(request, step.key_side));
        for (const auto side : step.value_sides) floats += static_cast<double>(widthOf(request, side));
        return floats * static_cast<double>(poolOf(request, {step.key_side, step.memory}).rows());
    };
    for (const auto& step : plan.steps) all += cost(step);
    AttendOptions options;
    options.temperature = request.options.retrieval_temperature;
    options.normalise = request.options.normalise_pseudo;
    options.device = request.device;
    options.memory_bytes = request.memory_bytes;
    options.pools = similarities.onDevice();
    std::uint64_t reported = 0;
    for (const auto& step : plan.steps) {
        std::vector<const EmbeddingSource*> values;
        for (const auto side : step.value_sides) values.push_back(&poolOf(request, {side, step.memory}));
        done += cost(step);
        const auto until = static_cast<std::uint64_t>(static_cast<double>(units) * done / all);
        Matrix made;
        auto results =
            attend(similarities.queries(step.query, cells.at(step.query).view(), made),
                   similarities.keys({step.key_side, step.memory}), values, options, job, meter, until - reported);
        reported = until;
        for (std::size_t v = 0; v < values.size(); ++v)
            cells[{step.value_sides[v], step.memory}] = std::move(results[v]);
    }
}

std::map<PairCell, Matrix> ownRows(const PairRequest& request, const PairPlan& plan, std::size_t first,
                                   std::size_t count) {
    std::map<PairCell, Matrix> cells;
    for (const auto& cell : plan.own) {
        const EmbeddingSource& pool = poolOf(request, cell);
        Matrix rows(count, pool.cols());
        pool.read(first, count, rows.data());
        cells.emplace(cell, std::move(rows));
    }
    return cells;
}

// The raw files of one pool.
class PoolStore {
public:
    PoolStore(const PairRequest& request, const Modality& start)
        : request_(request),
          plan_(planOf(request, start)),
          rows_(rowsOf(request, start)),
          folder_(request.folder / ("D_" + start)),
          half_(request.options.pair_storage == "float16") {}

    const PairPlan& plan() const { return plan_; }
    std::size_t rows() const { return rows_; }
    std::size_t itemBytes() const { return half_ ? 2 : 4; }
    bool half() const { return half_; }

    fs::path file(const PairCell& cell) const {
        return folder_ / (std::string(cell.side == PairSide::Unified ? "unified-" : "expert-") + cell.modality +
                          (half_ ? ".f16" : ".f32"));
    }

    std::uint64_t bytes() const {
        std::uint64_t sum = 0;
        for (const auto& cell : plan_.made())
            sum += static_cast<std::uint64_t>(rows_) * widthOf(request_, cell.side) * itemBytes();
        return sum;
    }

    std::size_t done() const {
        const auto path = folder_ / "state.json";
        if (!fs::exists(path)) return 0;
        try {
            const Json state = readJsonFile(path);
            if (state.at("fingerprint") != fingerprintOf(request_, plan_) || state.at("rows") != rows_) return 0;
            const auto done = state.at("done").get<std::size_t>();
            for (const auto& cell : plan_.made()) {
                std::error_code ignored;
                if (fs::file_size(file(cell), ignored) < done * widthOf(request_, cell.side) * itemBytes() || ignored)
                    return 0;
            }
            return std::min(done, rows_);
        } catch (const std::exception&) {
            return 0;  // damaged: made anew
        }
    }

    void make(const Similarities& similarities, const JobContext& job) const {
        std::size_t first = done();
        if (first >= rows_) return;
        fs::create_directories(folder_);
        if (first == 0) {
            for (const auto& entry : fs::directory_iterator(folder_)) fs::remove_all(entry.path());
        }
        // Rows of a block, its results and their running sums, within half of the budget.
        std::uint64_t row_bytes = 0;
        for (const auto& cell : plan_.made()) row_bytes += widthOf(request_, cell.side) * sizeof(float) * 2;
        for (const auto& cell : plan_.own) row_bytes += widthOf(request_, cell.side) * sizeof(float);
        if (request_.options.centred)  // the queries of a step once more
            row_bytes +=
                std::max(widthOf(request_, PairSide::Unified), widthOf(request_, PairSide::Expert)) * sizeof(float);
        const std::size_t fit = request_.memory_bytes / 2 / row_bytes / kChunk * kChunk;
        if (fit == 0) requireMemory(row_bytes * kChunk * 2, request_.memory_bytes, "a block of pseudo pairs");
        const std::size_t block = std::min(fit, kLargestBlock);
        ProgressMeter meter(job, "pseudo pairs D_" + modalityLetter(plan_.start), "rows", rows_, first);
        for (; first < rows_; first += block) {
            job.checkStop();
            const std::size_t count = std::min(block, rows_ - first);
            auto cells = ownRows(request_, plan_, first, count);
            runSteps(request_, similarities, plan_, cells, job, &meter, count);
            for (const auto& cell : plan_.made()) append(file(cell), cells.at(cell), first);
            Json state{{"fingerprint", fingerprintOf(request_, plan_)},
                       {"plan", plan_.text()},
                       {"storage", request_.options.pair_storage},
                       {"rows", rows_},
                       {"done", first + count}};
            writeJsonFile(folder_ / "state.json", state);  // after the rows: what it says is there is there
        }
        meter.finish();
    }

private:
    void append(const fs::path& path, const Matrix& rows, std::size_t first) const {
        const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        const auto fail = [&]() {
            const int code = errno;
            if (fd >= 0) ::close(fd);
            throw Error(code == ENOSPC ? ErrorCode::NoSpace : ErrorCode::Io, path.string(),
                        std::string("cannot write pseudo pairs: ") + std::strerror(code),
                        "free some space and run the same command again: finished blocks are kept");
        };
        if (fd < 0) fail();
        std::vector<_Float16> halves;
        const char* data = reinterpret_cast<const char*>(rows.data());
        std::size_t left = rows.size() * itemBytes();
        if (half_) {
            halves.resize(rows.size());
            for (std::size_t i = 0; i < rows.size(); ++i) halves[i] = static_cast<_Float16>(rows.data()[i]);
            data = reinterpret_cast<const char*>(halves.data());
        }
        auto offset = static_cast<off_t>(first * rows.cols() * itemBytes());
        while (left > 0) {
            const ssize_t n = ::pwrite(fd, data, left, offset);
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) fail();
            data += n;
            offset += n;
            left -= static_cast<std::size_t>(n);
        }
        if (::fsync(fd) != 0) fail();
        ::close(fd);
    }

    const PairRequest& request_;
    PairPlan plan_;
    std::size_t rows_;
    fs::path folder_;
    bool half_;
};

class Pairs : public PseudoPairs {
public:
    explicit Pairs(const PairRequest& request, const JobContext& job) : request_(request) {
        if (request_.options.pair_storage == "none") similarities_.emplace(request_, job);
        for (const auto& start : request_.starts) {
            Pool pool;
            pool.plan = planOf(request_, start);
            pool.rows = rowsOf(request_, start);
            if (request_.options.pair_storage != "none") {
                const PoolStore store(request_, start);
                pool.half = store.half();
                for (const auto& cell : pool.plan.made())
                    pool.files[cell] = std::make_shared<const MappedFile>(store.file(cell));
            }
            pools_[start] = std::move(pool);
        }
    }

    std::size_t rows(const Modality& start) const override { return pools_.at(start).rows; }
    std::size_t width(PairSide side) const override { return widthOf(request_, side); }
    std::string fingerprint() const override {
        std::string all;
        for (const auto& [start, pool] : pools_) all += start + "|" + fingerprintOf(request_, pool.plan) + "|";
        return hashHex(all);
    }

    void gather(const Modality& start, std::span<const std::uint32_t> rows, PairBatch& batch, std::size_t at,
                const JobContext& job) const override {
        const Pool& pool = pools_.at(start);
        if (request_.options.pair_storage == "none") return makeAnew(pool, rows, batch, at, job);
        for (auto& [cell, to] : batch) {
            const auto file = pool.files.find(cell);
            if (file != pool.files.end()) copyStored(pool, *file->second, rows, to, at, job);
            else if (contains(pool.plan.own, cell)) readOwn(cell, rows, to, at, job);
        }
    }

private:
    struct Pool {
        PairPlan plan;
        std::size_t rows = 0;
        bool half = false;
        std::map<PairCell, std::shared_ptr<const MappedFile>> files;
    };

    void readOwn(const PairCell& cell, std::span<const std::uint32_t> rows, Matrix& to, std::size_t at,
                 const JobContext& job) const {
        const EmbeddingSource& source = poolOf(request_, cell);
        eachRow(rows.size(), job, [&](std::size_t i) { source.read(rows[i], 1, to.row(at + i)); });
    }

    void makeAnew(const Pool& pool, std::span<const std::uint32_t> rows, PairBatch& batch, std::size_t at,
                  const JobContext& job) const {
        std::map<PairCell, Matrix> cells;
        for (const auto& cell : pool.plan.own) {
            Matrix own(rows.size(), widthOf(request_, cell.side));
            readOwn(cell, rows, own, 0, job);
            cells.emplace(cell, std::move(own));
        }
        {
            const std::scoped_lock lock(anew_);
            runSteps(request_, *similarities_, pool.plan, cells, job, nullptr, 0);
        }
        for (auto& [cell, to] : batch) {
            const auto from = cells.find(cell);
            if (from != cells.end()) std::memcpy(to.row(at), from->second.data(), from->second.size() * sizeof(float));
        }
    }

    static void copyStored(const Pool& pool, const MappedFile& file, std::span<const std::uint32_t> rows, Matrix& to,
                           std::size_t at, const JobContext& job) {
        const std::size_t width = to.cols();
        eachRow(rows.size(), job, [&](std::size_t i) {
            const std::size_t offset = static_cast<std::size_t>(rows[i]) * width;
            float* const row = to.row(at + i);
            if (!pool.half) {
                std::memcpy(row, file.data() + offset * sizeof(float), width * sizeof(float));
                return;
            }
            const auto* halves = reinterpret_cast<const _Float16*>(file.data()) + offset;
            for (std::size_t j = 0; j < width; ++j) row[j] = static_cast<float>(halves[j]);
        });
    }

    // On all cores: rows lie here and there, and reading one is waiting for memory.
    template <typename Row>
    static void eachRow(std::size_t rows, const JobContext& job, const Row& row) {
        FirstError failure;
#pragma omp parallel for schedule(dynamic, 64)
        for (std::size_t i = 0; i < rows; ++i) {
            if (failure.any() || job.stopRequested()) continue;
            failure.guard([&] { row(i); });
        }
        failure.rethrow();
        job.checkStop();
    }

    PairRequest request_;
    std::optional<Similarities> similarities_;  // of request_; where rows are made anew for each batch
    mutable std::mutex anew_;
    std::map<Modality, Pool> pools_;
};

}  // namespace

std::uint64_t estimatePairBytes(const PairRequest& request) {
    if (request.options.pair_storage == "none") return 0;
    std::uint64_t sum = 0;
    for (const auto& start : request.starts) {
        const PoolStore store(request, start);
        const std::uint64_t bytes = store.bytes();
        sum += bytes - bytes / std::max<std::size_t>(1, store.rows()) * store.done();
    }
    return sum;
}

double pairFlops(const PairRequest& request) {
    double sum = 0;
    for (const auto& start : request.starts) {
        for (const auto& step : planOf(request, start).steps) {
            double floats = static_cast<double>(widthOf(request, step.key_side));
            for (const auto side : step.value_sides) floats += static_cast<double>(widthOf(request, side));
            sum += 2.0 * static_cast<double>(rowsOf(request, start)) * floats *
                   static_cast<double>(poolOf(request, {step.key_side, step.memory}).rows());
        }
    }
    return sum;
}

std::shared_ptr<const PseudoPairs> makePseudoPairs(const PairRequest& request, const JobContext& job) {
    for (const auto& [modality, source] : request.unified) {
        const auto it = request.expert.find(modality);
        if (it != request.expert.end() && it->second->rows() != source->rows()) {
            throw Error(ErrorCode::InvalidInput, "pool of " + modality,
                        "expected the same rows in both spaces, found " + std::to_string(source->rows()) + " and " +
                            std::to_string(it->second->rows()));
        }
    }
    if (request.options.pair_storage != "none") {
        requireDisk(request.folder, estimatePairBytes(request), "pseudo pairs");
        std::optional<Similarities> similarities;  // not for what is there already
        for (const auto& start : request.starts) {
            const PoolStore store(request, start);
            if (store.done() >= store.rows()) continue;
            if (!similarities) similarities.emplace(request, job);
            store.make(*similarities, job);
        }
    }
    return std::make_shared<Pairs>(request, job);
}

}  // namespace engine
