// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/compare/compare_work.h"

#include <algorithm>

#include "engine/base/error.h"

namespace ui {
namespace {

bool sameAxes(const std::vector<engine::FactorAxis>& a, const std::vector<engine::FactorAxis>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
        return x.factor == y.factor && x.first == y.first && x.last == y.last && x.steps == y.steps;
    });
}

// A column's surface is a single space's: there is none.
bool hasSurface(const Compared& item) {
    return item.product && !item.isSpace();
}

}  // namespace

CompareWork::CompareWork(QObject* parent) : QObject(parent), runner_(nullptr, true) {
    connect(&runner_, &JobRunner::failed, this, [this](const JobFailure& failure) {
        if (on_failure_) on_failure_();
        Q_EMIT failed(failure);
    });
    connect(&runner_, &JobRunner::ended, this, [this] { next(); });
}

CompareWork::~CompareWork() {
    // Its jobs end before what they tell.
    runner_.disconnect(this);
    runner_.stop();
}

void CompareWork::setItems(const QVector<Compared>& items) {
    std::vector<Column> columns(static_cast<std::size_t>(items.size()));
    std::vector<std::uint64_t> ids(columns.size());
    std::vector<char> taken(columns_.size(), 0);
    for (int c = 0; c < items.size(); ++c) {
        for (std::size_t old = 0; old < columns_.size(); ++old) {
            if (taken[old] || !sameSubject(items[c], items_[static_cast<int>(old)])) continue;
            taken[old] = 1;
            columns[static_cast<std::size_t>(c)] = std::move(columns_[old]);
            ids[static_cast<std::size_t>(c)] = ids_[old];
            break;
        }
        if (ids[static_cast<std::size_t>(c)] == 0) ids[static_cast<std::size_t>(c)] = ++last_id_;
    }
    // What runs for a column that is gone is of no use.
    const bool gone = std::find(taken.begin(), taken.end(), 0) != taken.end();
    items_ = items;
    columns_ = std::move(columns);
    ids_ = std::move(ids);
    std::vector<SpaceFigures> spaces;
    for (const auto& item : items_) {
        if (!item.product) continue;
        for (const auto& space : item.product->plan().spaces) {
            const auto known = std::find_if(spaces.begin(), spaces.end(), [&](const auto& s) {
                return s.product == item.product && s.name == space.name;
            });
            if (known != spaces.end()) continue;
            if (const auto* before = spaceOf(item.product, space.name)) spaces.push_back(*before);
            else spaces.push_back({item.product, space.name, {}, false});
        }
    }
    spaces_ = std::move(spaces);
    // Those that were made for fewer columns have too much of the memory.
    std::erase_if(copies_, [this](const Copy& copy) {
        return copy.gib > share() || std::none_of(items_.begin(), items_.end(), [&](const Compared& item) {
                   return hasSurface(item) && serves(copy, item);
               });
    });
    stopped_ = false;
    if (gone && runner_.running()) runner_.stop();
    else if (!runner_.running()) next();
}

void CompareWork::setAxes(int column, const std::vector<engine::FactorAxis>& axes) {
    auto& c = columns_[static_cast<std::size_t>(column)];
    if (sameAxes(c.axes, axes)) return;
    c.axes = axes;
    c.surface_fresh = c.surface_done = c.surface_failed = false;
    c.surface = nullptr;
    if (!runner_.running()) next();
}

void CompareWork::setSurfacesWanted(bool wanted) {
    if (surfaces_wanted_ == wanted) return;
    surfaces_wanted_ = wanted;
    if (wanted && !runner_.running()) next();
}

CompareWork::TablePtr CompareWork::table(int column) const {
    const auto& item = items_[column];
    if (item.isSpace()) {
        const auto* figures = spaceOf(item.product, item.space);
        return figures ? figures->table : nullptr;
    }
    return columns_[static_cast<std::size_t>(column)].table;
}

std::vector<std::string> CompareWork::spaces() const {
    std::vector<std::string> out;
    for (const auto& space : spaces_) {
        if (std::find(out.begin(), out.end(), space.name) == out.end()) out.push_back(space.name);
    }
    return out;
}

CompareWork::TablePtr CompareWork::space(const std::string& name) const {
    for (const auto& space : spaces_) {
        if (space.name == name && space.table) return space.table;
    }
    return nullptr;
}

CompareWork::TablePtr CompareWork::base(int column) const {
    const auto& item = items_[column];
    if (!item.product) return nullptr;
    const auto* figures = spaceOf(item.product, item.product->recipe().base);
    return figures ? figures->table : nullptr;
}

CompareWork::SurfacePtr CompareWork::surface(int column) const {
    return columns_[static_cast<std::size_t>(column)].surface;
}

CompareWork::SpaceFigures* CompareWork::spaceOf(const std::shared_ptr<engine::LiveProduct>& product,
                                                const std::string& name) {
    for (auto& space : spaces_) {
        if (space.product == product && space.name == name) return &space;
    }
    return nullptr;
}

const CompareWork::SpaceFigures* CompareWork::spaceOf(const std::shared_ptr<engine::LiveProduct>& product,
                                                      const std::string& name) const {
    return const_cast<CompareWork*>(this)->spaceOf(product, name);
}

void CompareWork::stop() {
    stopped_ = true;
    runner_.stop();
}

void CompareWork::resume() {
    stopped_ = false;
    for (auto& column : columns_) column.table_failed = column.surface_failed = false;
    for (auto& space : spaces_) space.failed = false;
    if (!runner_.running()) next();
}

bool CompareWork::settled() const {
    if (runner_.running()) return false;
    if (stopped_) return true;
    for (int c = 0; c < items_.size(); ++c) {
        const auto& column = columns_[static_cast<std::size_t>(c)];
        if (items_[c].product && !items_[c].isSpace() && !column.table && !column.table_failed) return false;
        if (surfaces_wanted_ && hasSurface(items_[c]) && !column.axes.empty() && !column.surface_done &&
            !column.surface_failed)
            return false;
    }
    return std::all_of(spaces_.begin(), spaces_.end(), [](const auto& s) { return s.table || s.failed; });
}

void CompareWork::next() {
    if (runner_.running() || stopped_) {
        if (stopped_) Q_EMIT settledChanged();
        return;
    }
    on_failure_ = {};
    if (nextTable() || nextSpace()) return;
    if (surfaces_wanted_ && (nextCopy() || nextSurface() || nextLandscape())) return;
    Q_EMIT settledChanged();
}

void CompareWork::columnsOf(std::uint64_t id, const std::function<void(int)>& tell) const {
    for (std::size_t c = 0; c < ids_.size(); ++c) {
        if (ids_[c] == id) tell(static_cast<int>(c));
    }
}

bool CompareWork::nextTable() {
    for (int c = 0; c < items_.size(); ++c) {
        auto& column = columns_[static_cast<std::size_t>(c)];
        if (!items_[c].product || items_[c].isSpace() || column.table || column.table_failed) continue;
        const auto id = ids_[static_cast<std::size_t>(c)];
        on_failure_ = [this, id] {
            columnsOf(id, [this](int at) { columns_[static_cast<std::size_t>(at)].table_failed = true; });
        };
        runner_.start<TablePtr>(
            tr("figures of %1").arg(items_[c].name),
            [product = items_[c].product, setting = items_[c].setting](const engine::JobContext& job) {
                return std::make_shared<const engine::MetricsTable>(product->measure(setting, job));
            },
            [this, id](const TablePtr& table) {
                columnsOf(id, [&](int at) {
                    columns_[static_cast<std::size_t>(at)].table = table;
                    Q_EMIT tableCame(at);
                });
            });
        return true;
    }
    return false;
}

bool CompareWork::nextSpace() {
    for (auto& space : spaces_) {
        if (space.table || space.failed) continue;
        on_failure_ = [this, product = space.product, name = space.name] {
            if (auto* of = spaceOf(product, name)) of->failed = true;
        };
        runner_.start<TablePtr>(
            tr("figures of %1 alone").arg(QString::fromStdString(space.name)),
            [product = space.product, name = space.name](const engine::JobContext& job) {
                return std::make_shared<const engine::MetricsTable>(product->measureSpace(name, job));
            },
            [this, product = space.product, name = space.name](const TablePtr& table) {
                auto* of = spaceOf(product, name);
                if (!of) return;
                of->table = table;
                Q_EMIT spaceCame(QString::fromStdString(name));
                for (int c = 0; c < items_.size(); ++c) {
                    if (items_[c].product == product && items_[c].space == name) Q_EMIT tableCame(c);
                }
            });
        return true;
    }
    return false;
}

bool CompareWork::serves(const Copy& copy, const Compared& item) {
    return copy.of == item.product && engine::sameButLiveFactors(copy.at, item.setting, item.product->plan());
}

std::shared_ptr<engine::LiveProduct> CompareWork::copyOf(const Compared& item) const {
    for (const auto& copy : copies_) {
        if (serves(copy, item)) return copy.product;
    }
    return nullptr;
}

double CompareWork::share() const {
    const double all = memory_gib_ > 0 ? memory_gib_ : engine::LandscapeOptions().memory_gib;
    return all /
           static_cast<double>(std::max<std::ptrdiff_t>(1, std::count_if(items_.begin(), items_.end(), hasSurface)));
}

bool CompareWork::nextCopy() {
    for (int c = 0; c < items_.size(); ++c) {
        const auto& column = columns_[static_cast<std::size_t>(c)];
        if (!hasSurface(items_[c]) || column.surface_done || column.surface_failed || copyOf(items_[c])) continue;
        const auto id = ids_[static_cast<std::size_t>(c)];
        on_failure_ = [this, id] {
            columnsOf(id, [this](int at) { columns_[static_cast<std::size_t>(at)].surface_failed = true; });
        };
        using ProductPtr = std::shared_ptr<engine::LiveProduct>;
        runner_.start<ProductPtr>(
            tr("opening %1").arg(items_[c].name),
            [product = items_[c].product, gib = share()](const engine::JobContext& job) {
                engine::LiveProduct::Request request;
                request.product = product->folder();
                request.workspace = product->workspaceFolder();
                request.options = engine::evalOptionTable().toJson(product->evalOptions());
                request.landscapes = {{"memory_gib", gib}};
                return engine::LiveProduct::open(request, job);
            },
            [this, of = items_[c].product, at = items_[c].setting, gib = share()](const ProductPtr& copy) {
                if (gib <= share()) copies_.push_back({of, copy, at, gib});
            });
        return true;
    }
    return false;
}

std::vector<std::size_t> CompareWork::missingOf(const engine::LiveProduct& product, int column) {
    try {
        return product.missing(items_[column].setting);
    } catch (const engine::Error&) {
        // A setting that was kept may be of another recipe than the product has now.
        columns_[static_cast<std::size_t>(column)].surface_failed = true;
        if (const auto failure = currentFailure()) Q_EMIT failed(*failure);
        return {};
    }
}

// A landscape of a column whose surface waits for it: the smallest set first.
bool CompareWork::nextLandscape() {
    for (int c = 0; c < items_.size(); ++c) {
        auto& column = columns_[static_cast<std::size_t>(c)];
        if (!hasSurface(items_[c]) || column.axes.empty() || column.surface_done || column.surface_failed) continue;
        const auto copy = copyOf(items_[c]);
        if (!copy) continue;
        const auto missing = missingOf(*copy, c);
        if (missing.empty()) continue;
        const auto id = ids_[static_cast<std::size_t>(c)];
        on_failure_ = [this, id] {
            columnsOf(id, [this](int at) { columns_[static_cast<std::size_t>(at)].surface_failed = true; });
        };
        runner_.start<bool>(
            tr("landscapes of %1").arg(items_[c].name),
            [product = copy, setting = items_[c].setting, set = missing.front()](const engine::JobContext& job) {
                return product->prepare(set, setting, job);
            },
            [this, id](bool) {
                // Its surface may have another group now.
                columnsOf(id, [this](int at) { columns_[static_cast<std::size_t>(at)].surface_fresh = false; });
            });
        return true;
    }
    return false;
}

// A column whose landscapes are all there, or which has none of its surface yet.
bool CompareWork::nextSurface() {
    for (int c = 0; c < items_.size(); ++c) {
        auto& column = columns_[static_cast<std::size_t>(c)];
        if (!hasSurface(items_[c]) || column.axes.empty() || column.surface_done || column.surface_failed) continue;
        const TablePtr baseline = base(c);
        const auto copy = copyOf(items_[c]);
        if (!baseline || !copy) continue;
        const bool whole = missingOf(*copy, c).empty();
        if (column.surface_failed) continue;
        if (column.surface_fresh && !whole) continue;
        const auto id = ids_[static_cast<std::size_t>(c)];
        on_failure_ = [this, id] {
            columnsOf(id, [this](int at) { columns_[static_cast<std::size_t>(at)].surface_failed = true; });
        };
        runner_.start<SurfacePtr>(
            tr("surface of %1").arg(items_[c].name),
            [product = copy, setting = items_[c].setting, axes = column.axes, baseline](const engine::JobContext& job) {
                return std::make_shared<const engine::SweepSurface>(product->surface(axes, setting, *baseline, job));
            },
            [this, id, whole, axes = column.axes](const SurfacePtr& surface) {
                columnsOf(id, [&](int at) {
                    auto& of = columns_[static_cast<std::size_t>(at)];
                    if (!sameAxes(of.axes, axes)) return;  // others were chosen meanwhile
                    of.surface = surface;
                    of.surface_fresh = true;
                    of.surface_done = whole;
                    Q_EMIT surfaceCame(at);
                });
            });
        return true;
    }
    return false;
}

}  // namespace ui
