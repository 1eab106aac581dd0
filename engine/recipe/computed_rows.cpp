// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/computed_rows.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/store/safetensors.h"

namespace engine {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFormat = "molspace rows 1";
constexpr const char* kTensor = "rows";
constexpr const char* kEnding = ".safetensors";
constexpr std::size_t kKeptFiles = 3;
constexpr std::size_t kHashDigits = 32;

// Names of sets and spaces may hold characters of several bytes, but none that a path cannot.
std::string fileName(const std::string& table, const std::string& part) {
    return table + "-" + part + "-";
}

ComputedRows::Rows readRows(const fs::path& path, const std::string& whole_key, std::size_t rows, std::size_t width) {
    const SafetensorsFile file(path);
    const auto& about = file.metadata();
    const auto is = [&](const char* name, const std::string& value) {
        const auto found = about.find(name);
        return found != about.end() && found->second == value;
    };
    if (!is("format", kFormat) || !is("key", whole_key))
        throw Error(ErrorCode::InvalidInput, path.string(), "the rows belong to other inputs");
    const TensorView& tensor = file.at(kTensor);
    if (tensor.shape != std::vector<std::uint64_t>{rows, width})
        throw Error(ErrorCode::InvalidInput, path.string(), "the rows have another shape");
    return {{tensor.f32().data(), rows, width}, file.mapping()};
}

void dropOldFiles(const fs::path& folder, const std::string& prefix) {
    std::error_code ignored;
    std::vector<std::pair<fs::file_time_type, fs::path>> found;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        const std::string name = entry.path().filename().string();
        if (name.rfind(prefix, 0) != 0 || entry.path().extension() != kEnding) continue;
        if (name.size() != prefix.size() + kHashDigits + std::string(kEnding).size()) continue;
        found.emplace_back(entry.last_write_time(ignored), entry.path());
    }
    std::sort(found.rbegin(), found.rend());
    for (std::size_t i = kKeptFiles; i < found.size(); ++i) fs::remove(found[i].second, ignored);
}

}  // namespace

ComputedRows::ComputedRows(fs::path folder, std::string table, std::string inputs)
    : folder_(std::move(folder)), table_(std::move(table)), inputs_(std::move(inputs)) {}

ComputedRows::Rows ComputedRows::get(const std::string& part, const std::string& key, std::size_t rows,
                                     std::size_t width, const std::function<Matrix()>& compute,
                                     const JobContext& job) const {
    const auto inMemory = [](Matrix matrix) {
        auto kept = std::make_shared<const Matrix>(std::move(matrix));
        return Rows{kept->view(), kept};
    };
    if (folder_.empty() || inputs_.empty() || key.empty()) return inMemory(compute());
    const std::string whole_key = inputs_ + "\n" + key;
    const std::string prefix = fileName(table_, part);
    const fs::path path = folder_ / (prefix + hashHex(whole_key) + kEnding);
    std::error_code ignored;
    if (fs::exists(path, ignored)) {
        try {
            Rows found = readRows(path, whole_key, rows, width);
            fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);  // among the latest again
            return found;
        } catch (const Error& error) {
            job.log(path.string() + ": " + error.message() + "; it is made anew");
        }
    }
    Matrix made = compute();
    if (made.empty()) return inMemory(std::move(made));
    try {
        fs::create_directories(folder_);
        SafetensorsWriter writer;
        writer.add(kTensor, TensorType::F32, {made.rows(), made.cols()}, made.data());
        writer.write(path, {{"format", kFormat}, {"key", whole_key}});
        dropOldFiles(folder_, prefix);
        return readRows(path, whole_key, rows, width);  // mapped: the memory is the system's to take back
    } catch (const Error& error) {
        job.log(path.string() + ": the rows are not kept on disk: " + error.message());
    } catch (const fs::filesystem_error& error) {
        job.log(path.string() + ": the rows are not kept on disk: " + error.what());
    }
    return inMemory(std::move(made));
}

}  // namespace engine
