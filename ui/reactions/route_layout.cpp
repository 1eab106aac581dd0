// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reactions/route_layout.h"

#include <algorithm>

namespace ui {
namespace {

QString text(const std::string& s) {
    return QString::fromStdString(s);
}

RouteMolecule molecule(const engine::RoutePlan& plan, const std::string& space) {
    RouteMolecule out;
    out.name = text(space);
    if (const auto* info = plan.space(space)) {
        out.width = info->width;
        for (const auto& m : info->modalities) out.modalities.push_back(text(m));
    }
    return out;
}

double shareOf(const engine::Recipe& recipe, const engine::RoutePlan& plan, const engine::Setting& setting,
               std::size_t step, const engine::Modality& modality) {
    for (const auto& f : plan.factors) {
        if (f.step != step || f.modality != modality) continue;
        const auto set = setting.factors.find(f.name);
        return std::clamp(set != setting.factors.end() ? set->second : f.value, 0.0, 1.0);
    }
    const auto& factors = recipe.route[step].factors;
    const auto named = factors.find(modality);
    return std::clamp(named != factors.end() ? named->second : engine::defaultFactor(recipe.route[step].kind), 0.0,
                      1.0);
}

double weightOf(const engine::ExpertUse& use, const std::string& key, const engine::Setting& setting) {
    const auto set = setting.expert_weights.find(key);
    if (set != setting.expert_weights.end()) return std::max(0.0, set->second);
    return use.enabled ? use.weight : 0;
}

void countProjectors(const engine::Recipe& recipe, const engine::RoutePlan& plan, const engine::Setting& setting,
                     std::size_t expert, RouteExpert& out) {
    const auto chosen = engine::activeProjectors(recipe, plan, out.step, expert);
    for (const auto& r : plan.reactions) {
        if (r.step != out.step || r.expert != expert) continue;
        for (const auto& subset : r.subsets) {
            ++out.trained;
            const auto set = setting.projectors.find(engine::projectorKey(out.key.toStdString(), subset));
            const bool recipes = std::find(chosen.begin(), chosen.end(), subset) != chosen.end();
            if (set != setting.projectors.end() ? set->second : recipes) out.used << text(subset);
        }
    }
    const auto used = static_cast<int>(out.used.size());
    if (used < out.trained) out.projectors = QStringLiteral("%1/%2").arg(used).arg(out.trained);
    else out.used.clear();
}

bool has(const std::vector<QString>& list, const QString& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

// The modalities of the unified space before a step, those of them that nothing in force has brought yet, and where the
// expert gives its share.
struct Blend {
    std::vector<QString> before, missing;
    std::vector<RouteExpert*> experts;
};

void blendStep(const engine::Recipe& recipe, const engine::RoutePlan& plan, const engine::Setting& setting,
               std::size_t index, Blend& blend, RouteStep& step) {
    std::vector<QString> all = blend.before;
    for (const auto* e : blend.experts) {
        for (const auto& m : e->molecule.modalities) {
            if (!has(all, m)) all.push_back(m);
        }
    }
    for (const auto& m : all) {
        double sum = 0;
        for (const auto* e : blend.experts) {
            if (has(e->molecule.modalities, m)) sum += e->weight;
        }
        // The first in force brings what is missing: the share is all. A displacement moves even what is missing.
        const auto missing = std::find(blend.missing.begin(), blend.missing.end(), m);
        const bool brings =
            sum > 0 && !plan.spaces.empty() && (missing != blend.missing.end() || !has(blend.before, m));
        const double share = brings ? 1 : shareOf(recipe, plan, setting, index, m.toStdString());
        if (missing != blend.missing.end() && (sum > 0 || step.displaces)) blend.missing.erase(missing);
        else if (sum == 0 && !has(blend.before, m)) blend.missing.push_back(m);
        bool given = false;
        for (auto* e : blend.experts) {
            if (!has(e->molecule.modalities, m)) continue;
            given = true;
            e->strands.push_back({m, sum > 0 ? share * e->weight / sum : 0});
        }
        if (has(blend.before, m)) step.strands.push_back({m, given && sum > 0 ? 1 - share : 1});
    }
    step.unified.modalities = all;
}

}  // namespace

RouteLayout routeLayout(const engine::Recipe& recipe, const engine::RoutePlan& plan, const engine::Setting& setting) {
    RouteLayout out;
    out.product = text(recipe.name);
    out.base = molecule(plan, recipe.base);
    std::vector<QString> modalities = out.base.modalities, missing;
    std::size_t width = out.base.width, count = 0;
    for (const auto& s : recipe.route) count += s.experts.size();
    out.experts.reserve(count);  // the steps below point into it
    for (std::size_t i = 0; i < recipe.route.size(); ++i) {
        const auto& from = recipe.route[i];
        RouteStep step;
        step.displaces = from.kind == engine::ReactionKind::Displacement;
        step.tunes = from.kind == engine::ReactionKind::Tuning;
        step.joint = engine::movesProduct(from) && !step.displaces;
        step.tuned = text(from.modality);
        step.towards = text(from.towards);
        Blend blend{modalities, missing, {}};
        for (std::size_t e = 0; e < from.experts.size(); ++e) {
            RouteExpert expert;
            const std::string key = engine::expertKey(recipe, i, e);
            expert.key = text(key);
            expert.step = i;
            expert.displaces = step.displaces;
            expert.above = e % 2 == 0;
            expert.weight = weightOf(from.experts[e], key, setting);
            expert.on = expert.weight > 0;
            expert.molecule = molecule(plan, from.experts[e].space);
            countProjectors(recipe, plan, setting, e, expert);
            out.experts.push_back(std::move(expert));
            blend.experts.push_back(&out.experts.back());
        }
        // Without a plan, what the factors name is all that is known.
        if (plan.spaces.empty()) {
            for (const auto& [m, value] : from.factors) {
                for (auto* e : blend.experts) e->molecule.modalities.push_back(text(m));
            }
        }
        blendStep(recipe, plan, setting, i, blend, step);
        if (step.displaces && !blend.experts.empty()) width = blend.experts.front()->molecule.width;
        step.unified.width = width;
        modalities = step.unified.modalities;
        missing = blend.missing;
        out.steps.push_back(std::move(step));
    }
    return out;
}

void placeRoute(RouteLayout& layout, const QRectF& room, const RouteTexts& texts) {
    const double line = texts.line;
    const auto columns = static_cast<double>(layout.steps.size());
    bool below = false, above = !layout.experts.empty();
    std::size_t most = 1;
    for (std::size_t s = 0; s < layout.steps.size(); ++s) {
        std::size_t up = 0;
        for (const auto& e : layout.experts) {
            if (e.step != s) continue;
            if (e.above) ++up;
            else below = true;
        }
        most = std::max(most, up);
    }
    // Two lines beside each molecule. A bond is at least 1.1 times as long as a molecule is wide.
    const double label = 2 * line + 6, free = room.height() - 2 * label;
    const double across = room.width() / (columns * (most > 1 ? 5.2 : 4.0) + 2.6);
    const double down = above && below ? free / 8.3 : above ? free / 5.8 : free / 3;
    const double u = std::clamp(std::min(across, down), 5.0, 36.0);
    layout.unit = u;
    const double end = 1.16 * u;  // from an expert's centre to its label
    const double most_reach = above && below ? free / 2 - end : free - end - 1.45 * u;
    const double reach = std::clamp(4.8 * u, std::min(3.1 * u, most_reach), most_reach);
    const double up_room = above ? reach + end + label : 1.45 * u;
    const double down_room = below ? reach + end + label : 1.45 * u + label;
    layout.axis = room.top() + up_room + std::max(0.0, (room.height() - up_room - down_room) / 2);
    // The names at the ends must fit too.
    layout.product_aside = !layout.experts.empty() && !layout.experts.back().displaces &&
                           std::any_of(layout.experts.begin(), layout.experts.end(), [&](const RouteExpert& e) {
                               return !e.above && e.step + 1 == layout.steps.size();
                           });
    const double most_text = 0.3 * room.width();
    const double before = std::max(1.5 * u, std::min(texts.base, most_text) / 2);
    const double after = std::max(1.5 * u, layout.product_aside ? std::min(texts.product, most_text) - 0.2 * u
                                                                : std::min(texts.product, most_text) / 2);
    const double left = room.left() + before, right = room.right() - after;
    const double column = columns > 0 ? std::min((right - left) / columns, 13 * u) : 0;
    const double start = columns > 0 ? (left + right - column * columns) / 2 : room.center().x();
    const auto put = [&](RouteMolecule& m, double x, double y, double radius) {
        m.centre = {x, y};
        m.radius = radius;
    };
    put(layout.base, start, layout.axis, u);
    for (std::size_t s = 0; s < layout.steps.size(); ++s) {
        put(layout.steps[s].unified, start + column * static_cast<double>(s + 1), layout.axis, u);
        for (const bool up : {true, false}) {
            std::vector<RouteExpert*> here;
            for (auto& e : layout.experts) {
                if (e.step == s && e.above == up) here.push_back(&e);
            }
            const auto n = static_cast<double>(here.size());
            for (std::size_t i = 0; i < here.size(); ++i) {
                RouteExpert& e = *here[i];
                // A displacement happens in the expert's own space: it stands over the unified space that moves there.
                const double middle = e.displaces ? 0 : n > 1 ? 0.46 : 0.36;
                const double spread = n > 1 ? 0.46 / (n - 1) : 0;
                const double back = middle - (static_cast<double>(i) - (n - 1) / 2) * spread;
                const double x = layout.steps[s].unified.centre.x() - back * column;
                put(e.molecule, x, layout.axis + (up ? -reach : reach), 0.86 * u);
                e.label_width = n > 1 ? 0.44 * column : 0.92 * column;
                // Not beyond the room.
                e.label_width = std::min(e.label_width, 2 * std::min(x - room.left(), room.right() - x));
            }
        }
    }
    // Names of neighbours on one side do not run into each other.
    for (const bool up : {true, false}) {
        std::vector<RouteExpert*> side;
        for (auto& e : layout.experts) {
            if (e.above == up) side.push_back(&e);
        }
        std::sort(side.begin(), side.end(), [](const RouteExpert* a, const RouteExpert* b) {
            return a->molecule.centre.x() < b->molecule.centre.x();
        });
        for (std::size_t i = 1; i < side.size(); ++i) {
            RouteExpert &a = *side[i - 1], &b = *side[i];
            const double apart = b.molecule.centre.x() - a.molecule.centre.x() - 4;
            const double both = (a.label_width + b.label_width) / 2;
            if (both <= apart || both <= 0) continue;
            const double share = std::max(0.0, apart / both);
            a.label_width *= share;
            b.label_width *= share;
        }
    }
    // Bands of spaces.
    layout.bands.clear();
    RouteLayout::Band band{layout.base.name, layout.base.width, {}, {}};
    double from = start - 1.25 * u;
    const auto close = [&](double to) {
        band.place = QRectF(from, layout.axis - 1.45 * u, to - from, 2.9 * u);
        layout.bands.push_back(band);
    };
    for (std::size_t s = 0; s < layout.steps.size(); ++s) {
        if (!layout.steps[s].displaces && !layout.steps[s].joint) continue;
        const double x = layout.steps[s].unified.centre.x();
        close((s == 0 ? start : layout.steps[s - 1].unified.centre.x()) + 1.25 * u);
        from = x - 1.45 * u;
        if (layout.steps[s].joint) band = {QString(), layout.steps[s].unified.width, {}, {}};
        for (const auto& e : layout.experts) {
            if (e.step != s || !e.displaces) continue;
            const double top_edge = e.molecule.centre.y() - 1.1 * u;
            band = {e.molecule.name,
                    e.molecule.width,
                    {},
                    {x - 1.45 * u, top_edge, 2.9 * u, layout.axis - top_edge + 1.45 * u}};
        }
    }
    close((layout.steps.empty() ? start : layout.steps.back().unified.centre.x()) + 1.25 * u);
}

}  // namespace ui
