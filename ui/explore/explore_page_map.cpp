// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// How the map of an ExplorePage is made behind it, follows the setting, and what is said of it.
#include <QComboBox>
#include <QLabel>
#include <QPushButton>

#include <cmath>

#include "engine/base/error.h"
#include "engine/eval/workspace_evaluation.h"
#include "ui/explore/explore_page.h"

namespace ui {

struct ExplorePage::Made {
    std::shared_ptr<const engine::SpaceMap> map;
    engine::SetComponents raw;
    std::shared_ptr<const engine::SetComponents> components;
    bool apart = false;
    engine::Setting fitted_at;
    std::size_t set = 0;
    std::string space;  // empty: the product
    SetItems items;
};

std::optional<ExplorePage::Weights> ExplorePage::weightsAt(const engine::Setting& setting) const {
    if (!ofProduct()) return Weights();
    const auto& model = product_->model();
    if (!components_ || !model.fits(components_->first, setting) || !model.fits(components_->second, setting))
        return std::nullopt;
    return Weights{model.weights(components_->first.modality, components_->first, setting),
                   model.weights(components_->second.modality, components_->second, setting)};
}

void ExplorePage::makeMap(bool keep_view) {
    if (!any() || !active_) {
        made_.reset();
        missed_ = true;
        return;
    }
    missed_ = false;
    engine::MapOptions options;
    options.axes = axes_->currentData().toString().toStdString();
    options.components = 3;
    using Result = std::shared_ptr<const Made>;
    const std::string space = mappedSpace();
    making_for_ = setting_;
    making_against_ = reference_;
    map_job_.start<Result>(
        tr("fitting the map of %1").arg(sets_->currentText()),
        [product = product_, folder = folder(), name = sets_->currentText().toStdString(), set = set(),
         setting = setting_, reference = reference_, space, options,
         items = items_of_ == set() ? std::optional(items_) : std::nullopt](const engine::JobContext& job) {
            auto made = std::make_shared<Made>();
            made->set = set;
            made->space = space;
            made->fitted_at = setting;
            if (items) {
                made->items = *items;
            } else {
                const engine::Workspace workspace(folder);
                using Side = engine::Workspace::Side;
                for (const Side side : {Side::First, Side::Second}) {
                    const auto i = side == Side::First ? 0 : 1;
                    made->items.ids[i] = std::make_shared<const std::vector<std::string>>(workspace.setIds(name, side));
                    made->items.paths[i] =
                        std::make_shared<const std::vector<std::string>>(workspace.setPaths(name, side));
                }
            }
            if (space.empty()) {
                try {
                    made->components = product->components(set, setting, reference, job);
                } catch (const engine::Error& error) {
                    if (error.code() != engine::ErrorCode::InvalidInput) throw;
                    made->apart = true;  // the map is of the setting alone
                    made->components = product->components(set, setting, job);
                }
                const auto weights = [&](const engine::Components& side) {
                    return product->model().weights(side.modality, side, setting);
                };
                made->map = engine::SpaceMap::make(*made->components, weights(made->components->first),
                                                   weights(made->components->second), options, job);
            } else {
                made->raw = engine::spaceComponents(engine::Workspace(folder), name, space, job);
                made->map = engine::SpaceMap::make(made->raw, {}, {}, options, job);
            }
            return Result(made);
        },
        [this, keep_view, product = product_, folder = folder(), set = set(), space](Result made) {
            // A job that was told to stop may have ended just before.
            const bool wanted = product_ == product && this->folder() == folder && this->set() == set;
            if (wanted && mappedSpace() == space) mapMade(made, keep_view);
        });
}

void ExplorePage::mapMade(const std::shared_ptr<const Made>& made, bool keep_view) {
    made_ = made->map;
    made_of_ = made->space;
    raw_ = made->raw;
    components_ = made->components;
    apart_ = made->apart;
    fitted_at_ = made->fitted_at;
    gap_.reset();
    reference_gap_.reset();
    const bool new_set = items_of_ != made->set;
    items_ = made->items;
    items_of_ = made->set;
    const auto now = weightsAt(setting_);
    if (!now) return makeMap(keep_view);  // projectors were switched meanwhile
    MapView::Content content;
    content.map = made_;
    content.subject = spaces_->currentText();
    const auto [first, second] = modalities();
    content.first = QString::fromStdString(first);
    content.second = QString::fromStdString(second);
    content.first_ids = items_.ids[0];
    content.second_ids = items_.ids[1];
    content.synthetic = synthetic();
    map_->setContent(std::move(content), made_->places(now->first, now->second), keep_view);
    follow();
    if (new_set) {
        setSubjectOfInspector();
        inspect();
    }
    chooseWanted();
}

void ExplorePage::follow() {
    // While another space is on its way, the map that is there takes no weights of it.
    if (!made_ || !active_ || made_of_ != mappedSpace()) return;
    const auto now = weightsAt(setting_), before = weightsAt(reference_);
    if (!now || (!before && !apart_)) {
        // Other projectors: other items. A map that is being made for them goes on.
        const auto& plan = product_->plan();
        const bool coming = map_job_.running() && engine::sameButLiveFactors(making_for_, setting_, plan) &&
                            engine::sameButLiveFactors(making_against_, reference_, plan);
        if (!coming) makeMap(true);
        return;
    }
    map_->setPlaces(made_->places(now->first, now->second));
    reference_cosine_ = before ? made_->places(before->first, before->second).pair_cosine : std::nan("");
    measureGap();
    sayFigures();
}

void ExplorePage::measureGap() {
    // One at a time, the newest next, so that figures keep coming while a slider moves.
    if (gap_job_.running()) {
        gap_missed_ = true;
        return;
    }
    gap_missed_ = false;
    const auto at = weightsAt(setting_);
    if (!at) return;
    using Gaps = std::pair<double, double>;
    gap_job_.start<Gaps>(
        tr("measuring the modality gap"),
        [map = made_, now = *at, before = weightsAt(reference_),
         known = reference_gap_](const engine::JobContext& job) {
            const double gap = map->gap(now.first, now.second, job);
            return Gaps(gap, known ? *known : before ? map->gap(before->first, before->second, job) : std::nan(""));
        },
        [this, map = made_](Gaps gaps) {
            if (map == made_) {
                // A side without items has no mean.
                gap_ = std::isfinite(gaps.first) ? std::optional(gaps.first) : std::nullopt;
                if (!gap_missed_) reference_gap_ = gaps.second;
                map_->setGap(gap_);
                sayFigures();
            }
            if (gap_missed_ && made_ && active_ && made_of_ == mappedSpace()) measureGap();
        });
}

void ExplorePage::sayFigures() {
    if (!made_) return;
    const auto change = [&](double now, double before) {
        return ofProduct() && setting_ != reference_ && std::isfinite(now - before)
                   ? QStringLiteral(" (%1)").arg(signedNumber(now - before, 3))
                   : QString();
    };
    QStringList parts;
    const double cosine = map_->places().pair_cosine;
    if (std::isfinite(cosine))
        parts << tr("Matched pairs: mean cosine <b>%1</b>%2")
                     .arg(cosine, 0, 'f', 3)
                     .arg(change(cosine, reference_cosine_));
    if (gap_)
        parts << tr("modality gap <b>%1</b>%2")
                     .arg(*gap_, 0, 'f', 3)
                     .arg(reference_gap_ ? change(*gap_, *reference_gap_) : QString());
    if (ofProduct() && setting_ != reference_) parts << tr("against %1").arg(reference_name_.toHtmlEscaped());
    if (map_->places().vanished > 0)
        parts << tr("%n item(s) without a direction left out", nullptr, static_cast<int>(map_->places().vanished));
    figures_->setText(parts.join(QStringLiteral(" · ")));
    const bool old = ofProduct() && fitted_at_ != setting_;
    map_->setOldAxes(old);
    fit_->setEnabled(old);
}

}  // namespace ui
