// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The route as molecules and bonds, and where they lie in a rectangle: what RouteView paints and what the pointer hits.
// Plain values, no widgets. The backbone runs from the base space at the left through the unified space after each
// step to the product at the right; experts stand above and below it.
#pragma once

#include <QPointF>
#include <QRectF>
#include <QString>
#include <QStringList>

#include <vector>

#include "engine/recipe/route_plan.h"

namespace ui {

// A modality's share in a bond: σ (or λ) times the expert's weight among those of its step.
struct RouteStrand {
    QString modality;
    double share = 0;  // 0..1
};

struct RouteMolecule {
    QString name;
    std::size_t width = 0;  // 0: not known
    std::vector<QString> modalities;
    QPointF centre;
    double radius = 0;
};

struct RouteExpert {
    QString key;  // in settings: "CLAP_g"
    std::size_t step = 0;
    bool displaces = false, above = true, on = true;
    double weight = 1;  // among the experts of its step, as set
    // Where it uses some of its subset projectors only: "3/7", and which; empty where it uses all, or with no plan.
    QString projectors;
    QStringList used;
    int trained = 0;  // of the projectors there are
    RouteMolecule molecule;
    std::vector<RouteStrand> strands;  // of the modalities that it has a share in
    double label_width = 0;            // room for its name
};

struct RouteStep {
    bool displaces = false, tunes = false, joint = false;  // joint: the product and an expert both move
    QString tuned, towards;                                // modalities of a tuning
    RouteMolecule unified;                                 // after the step
    std::vector<RouteStrand> strands;                      // what comes from before the step
};

struct RouteLayout {
    RouteMolecule base;
    std::vector<RouteStep> steps;
    std::vector<RouteExpert> experts;  // in the order of the route
    QString product;
    // The space that the unified vectors lie in, by columns: from the base or a displacement to the next one.
    struct Band {
        QString space;
        std::size_t width = 0;
        QRectF place;
        QRectF stem;  // up to the expert whose space it is; null for the base's
    };
    std::vector<Band> bands;
    double unit = 0;             // radius of a molecule
    double axis = 0;             // height of the backbone
    bool product_aside = false;  // bonds come from below: its name stands to the right of them
};

// Everything but the places; cheap. Works with a plan that lacks spaces (a recipe that cannot be planned yet).
RouteLayout routeLayout(const engine::Recipe& recipe, const engine::RoutePlan& plan, const engine::Setting& setting);
// What texts take: a line's height, the width of the base's name and of the product's.
struct RouteTexts {
    double line = 0, base = 0, product = 0;
};
void placeRoute(RouteLayout& layout, const QRectF& room, const RouteTexts& texts);

}  // namespace ui
