// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace app {
namespace {

std::size_t columns() {
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

std::string duration(double seconds) {
    std::array<char, 32> text{};
    const auto whole = static_cast<long>(seconds + 0.5);
    if (whole < 100) std::snprintf(text.data(), text.size(), "%ld s", whole);
    else if (whole < 6000) std::snprintf(text.data(), text.size(), "%ld min", (whole + 30) / 60);
    else std::snprintf(text.data(), text.size(), "%.1f h", seconds / 3600);
    return text.data();
}

std::string quantity(double value) {
    std::array<char, 32> text{};
    if (value >= 1e6) std::snprintf(text.data(), text.size(), "%.1fM", value / 1e6);
    else if (value >= 1e4) std::snprintf(text.data(), text.size(), "%.1fk", value / 1e3);
    else std::snprintf(text.data(), text.size(), "%.3g", value);
    return text.data();
}

std::string lineOf(const engine::Progress& p) {
    constexpr int kBar = 24;
    std::string text = p.stage;
    if (p.total > 0) {
        const double share = std::min(1.0, static_cast<double>(p.done) / static_cast<double>(p.total));
        std::string bar;
        for (int i = 0; i < kBar; ++i) bar += i < static_cast<int>(share * kBar) ? '#' : '.';
        std::array<char, 64> percent{};
        std::snprintf(percent.data(), percent.size(), " %3.0f %%", share * 100);
        text += " [" + bar + "]" + percent.data();
    }
    if (p.rate > 0) text += "  " + quantity(p.rate) + " " + p.unit + "/s";
    for (const auto& [name, value] : p.values) text += "  " + name + " " + quantity(value);
    if (p.eta_seconds >= 0) text += "  " + duration(p.eta_seconds) + " left";
    return text;
}

}  // namespace

ProgressLine::ProgressLine(bool quiet)
    : quiet_(quiet), terminal_(isatty(STDERR_FILENO) != 0), start_(std::chrono::steady_clock::now()) {}

ProgressLine::~ProgressLine() {
    const std::lock_guard lock(mutex_);
    clear();
}

void ProgressLine::show(const engine::Progress& progress) {
    if (quiet_ || !terminal_ || std::chrono::steady_clock::now() - start_ < std::chrono::seconds(1)) return;
    const std::lock_guard lock(mutex_);
    std::string text = lineOf(progress);
    if (text.size() >= columns()) text.resize(columns() - 1);
    std::fprintf(stderr, "\r\033[K%s", text.c_str());
    std::fflush(stderr);
    shown_ = true;
}

void ProgressLine::log(const std::string& line) {
    if (quiet_) return;
    const std::lock_guard lock(mutex_);
    clear();
    std::fprintf(stderr, "%s\n", line.c_str());
}

void ProgressLine::clear() {
    if (shown_) std::fprintf(stderr, "\r\033[K");
    shown_ = false;
}

}  // namespace app
