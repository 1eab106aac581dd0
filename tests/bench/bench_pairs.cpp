// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Times the retrieval of pseudo pairs on what bench_pairs.py wrote: <folder>/queries.f32, keys.f32, value<i>.f32;
// writes out<i>.f32. Prints one JSON line.
//
//   bench_pairs FOLDER QUERIES KEYS WIDTH TEMPERATURE ROUNDS DEVICE VALUE_WIDTH...
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine/base/file.h"
#include "engine/ops/attend.h"

namespace {

engine::Matrix load(const std::filesystem::path& path, std::size_t rows, std::size_t width) {
    engine::Matrix out(rows, width);
    const engine::MappedFile file(path);
    std::memcpy(out.data(), file.data(), rows * width * sizeof(float));
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 9) return 2;
    const std::filesystem::path folder = argv[1];
    const auto number = [&](int i) { return static_cast<std::size_t>(std::strtoul(argv[i], nullptr, 10)); };
    const std::size_t n = number(2), m = number(3), width = number(4), rounds = number(6);
    engine::AttendOptions options;
    options.temperature = std::strtod(argv[5], nullptr);
    options.device = argv[7];
    const engine::Matrix queries = load(folder / "queries.f32", n, width);
    const engine::MatrixSource keys(load(folder / "keys.f32", m, width));
    std::vector<engine::MatrixSource> sources;
    for (int i = 8; i < argc; ++i)
        sources.emplace_back(load(folder / ("value" + std::to_string(i - 8) + ".f32"), m, number(i)));
    std::vector<const engine::EmbeddingSource*> values;
    for (const auto& s : sources) values.push_back(&s);
    engine::PoolsOnDevice pools(std::uint64_t{1} << 36);  // from the second round on they are there
    options.pools = &pools;
    double best = 1e300;
    std::vector<engine::Matrix> out;
    for (std::size_t r = 0; r < rounds; ++r) {
        const auto begin = std::chrono::steady_clock::now();
        out = engine::attend(queries.view(), keys, values, options, {});
        best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
        engine::writeFileWhole(
            folder / ("out" + std::to_string(i) + ".f32"),
            {reinterpret_cast<const char*>(out[i].data()), out[i].rows() * out[i].cols() * sizeof(float)});
    }
    std::printf("{\"seconds\": %.6f}\n", best);
    return 0;
}
