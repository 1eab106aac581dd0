// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/compare/compare_columns.h"

#include <algorithm>
#include <utility>

namespace ui {
namespace {

using engine::Json;
using engine::LiveProduct;

struct Opened {
    std::map<QString, std::shared_ptr<LiveProduct>> products;  // by folder
    std::map<QString, JobFailure> failures;
};

QString folderOf(const LiveProduct& product) {
    return QString::fromStdString(product.folder().string());
}

// The reference stays where its column does.
void takeOut(Comparison& comparison, int column) {
    comparison.columns.removeAt(column);
    if (comparison.reference > column) --comparison.reference;
    else if (comparison.reference == column) comparison.reference = 0;
}

}  // namespace

CompareColumns::CompareColumns(Project& project, LiveSession& session, ComparePage& page)
    : QObject(&page), project_(project), session_(session), page_(page) {
    connect(&project, &Project::comparedChanged, this, &CompareColumns::show);
    connect(&project, &Project::workspaceChanged, this, &CompareColumns::forget);
    // Later, when the session has what belongs to it.
    connect(&project, &Project::workspaceChanged, this, &CompareColumns::show, Qt::QueuedConnection);
    connect(&session, &LiveSession::opened, this, &CompareColumns::show);
    connect(&page, &ComparePage::spaceRequested, this, [this](int column, const QString& space) {
        put({project_.compared().columns[shown_[column]].product, space, {}, tr("%1 alone").arg(space)});
    });
    connect(&page, &ComparePage::removeRequested, this, &CompareColumns::remove);
    connect(&page, &ComparePage::moveRequested, this, &CompareColumns::move);
    connect(&page, &ComparePage::referenceRequested, this, &CompareColumns::setReference);
    connect(&opening_, &JobRunner::failed, &page, &ComparePage::failed);
}

void CompareColumns::add(const LiveProduct& product, const engine::Setting& setting, const QString& name) {
    put({folderOf(product), {}, product.completed(setting), name});
}

void CompareColumns::put(const ComparedColumn& column) {
    Comparison after = project_.compared();
    after.columns.push_back(column);
    // Those that cannot be opened take no room.
    const auto takes_room = [this](const ComparedColumn& one) { return !gone_.contains(one.product); };
    const auto begin = [&] { return after.columns.cbegin(); };
    const auto end = [&] { return after.columns.cend(); };
    QStringList taken_out;
    while (std::count_if(begin(), end(), takes_room) > ComparePage::kMost) {
        const auto first = static_cast<int>(std::find_if(begin(), end(), takes_room) - begin());
        taken_out << after.columns[first].name;
        takeOut(after, first);
    }
    project_.setCompared(after, tr("Compare: added %1").arg(column.name));
    if (taken_out.isEmpty()) return;
    Q_EMIT noted(tr("The comparison has room for %1 columns. Taken out: %2")
                     .arg(ComparePage::kMost)
                     .arg(taken_out.join(QStringLiteral(", "))));
}

void CompareColumns::remove(int column) {
    Comparison after = project_.compared();
    const QString name = after.columns[shown_[column]].name;
    takeOut(after, shown_[column]);
    project_.setCompared(after, tr("Compare: removed %1").arg(name));
}

void CompareColumns::move(int column, int by) {
    Comparison after = project_.compared();
    const int from = shown_[column], to = shown_[column + by];
    after.columns.swapItemsAt(from, to);
    if (after.reference == from) after.reference = to;
    else if (after.reference == to) after.reference = from;
    project_.setCompared(after, tr("Compare: moved %1").arg(after.columns[to].name));
}

void CompareColumns::setReference(int column) {
    Comparison after = project_.compared();
    after.reference = shown_[column];
    project_.setCompared(after, tr("Compare: %1 is the reference").arg(after.columns[after.reference].name));
}

Json CompareColumns::state() const {
    if (!to_restore_.is_null()) return to_restore_;
    return {{"tab", static_cast<int>(page_.tab())}, {"view", page_.state()}};
}

void CompareColumns::restore(const Json& state) {
    if (!state.is_object() || project_.compared().columns.isEmpty()) return;
    to_restore_ = state;
    show();
}

// Another project, or the same one read again: products may be other ones now, or be there again.
void CompareColumns::forget() {
    opening_.drop();
    products_.clear();
    gone_.clear();
    shown_.clear();
    to_restore_ = nullptr;
    page_.setItems({});
}

void CompareColumns::show() {
    const Comparison& compared = project_.compared();
    const auto used = [&](const QString& folder) {
        return std::any_of(compared.columns.begin(), compared.columns.end(),
                           [&](const ComparedColumn& column) { return column.product == folder; });
    };
    std::erase_if(products_, [&](const auto& one) { return !used(one.first); });
    gone_.removeIf([&](const QString& folder) { return !used(folder); });
    if (const auto live = session_.product(); live && used(folderOf(*live))) {
        auto& product = products_[folderOf(*live)];
        // What was trained anew is compared as it is now.
        if (!product || product->record().training != live->record().training) product = live;
        gone_.removeAll(folderOf(*live));
    }

    QStringList missing;
    shown_.clear();
    for (int c = 0; c < compared.columns.size(); ++c) {
        const QString& folder = compared.columns[c].product;
        if (products_.contains(folder)) shown_ << c;
        else if (!gone_.contains(folder) && !missing.contains(folder)) missing << folder;
    }
    while (shown_.size() > ComparePage::kMost) shown_.removeFirst();
    QVector<Compared> items;
    for (const int c : shown_) {
        const auto& column = compared.columns[c];
        const auto& product = products_.at(column.product);
        const bool space = !column.space.isEmpty();
        items.push_back({product, space ? engine::Setting() : product->completed(column.setting), column.name,
                         column.space.toStdString()});
    }
    page_.setItems(items, std::max(0, static_cast<int>(shown_.indexOf(compared.reference))));

    if (opening_.running()) return;
    if (!missing.isEmpty()) return open(missing);
    if (to_restore_.is_null()) return;
    const Json state = std::exchange(to_restore_, nullptr);
    page_.restore(state.value("view", Json::object()));
    const auto tab = state.find("tab");
    const int shown = tab != state.end() && tab->is_number_integer() ? tab->get<int>() : 0;
    page_.showTab(static_cast<ComparePage::Tab>(std::clamp(shown, 0, 2)));
}

void CompareColumns::open(const QStringList& folders) {
    opening_.start<std::shared_ptr<const Opened>>(
        tr("Opening what is compared"),
        [folders, workspace = project_.workspace(), landscapes = session_.landscapes()](const engine::JobContext& job) {
            auto out = std::make_shared<Opened>();
            for (const auto& folder : folders) {
                LiveProduct::Request request;
                request.product = folder.toStdString();
                request.workspace = workspace.toStdString();
                request.landscapes = landscapes;
                try {
                    out->products[folder] = LiveProduct::open(request, job);
                } catch (...) {
                    const auto failure = currentFailure();
                    if (!failure) throw;
                    out->failures[folder] = *failure;
                }
            }
            return std::shared_ptr<const Opened>(out);
        },
        [this](const std::shared_ptr<const Opened>& opened) {
            // What the session has opened meanwhile stays.
            products_.insert(opened->products.begin(), opened->products.end());
            for (const auto& [folder, failure] : opened->failures) gone_ << folder;
            show();
            QStringList names, reasons;
            for (const auto& [folder, failure] : opened->failures) {
                if (!gone_.contains(folder)) continue;
                reasons << failure.text();
                for (const auto& column : project_.compared().columns) {
                    if (column.product == folder) names << column.name;
                }
            }
            if (names.isEmpty()) return;
            Q_EMIT warned(tr("Columns of the comparison that could not be opened stay in the project: %1")
                              .arg(names.join(QStringLiteral(", "))),
                          reasons);
        });
}

}  // namespace ui
