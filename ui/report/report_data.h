// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A report as it lies in its folder, read from report.json for the page that shows it: nothing is computed anew.
// Measured and published figures have fields of their own. Plain values, no widgets; reading is blocking and belongs
// into a job.
#pragma once

#include <QString>
#include <QStringList>

#include <memory>
#include <optional>
#include <vector>

#include "engine/base/job.h"
#include "engine/base/json.h"
#include "ui/views/surface_grid.h"

namespace ui {

enum class ClaimVerdict { Holds, Fails, Undecided, NotMeasured };
QString verdictText(ClaimVerdict verdict);

struct ReportData {
    struct Column {
        QString group, set, metric;  // "Audio-Text", "AudioCaps", "R@1"
    };
    struct Figure {
        std::optional<double> measured, spread;  // percent; the mean over seeds and their standard deviation
        std::vector<double> by_seed;
        std::optional<double> published;
        QString in_paper;  // as printed, "-" where it has a dash; empty: the paper has no such row
        QString missing;   // why it is not measured
        bool pending = false;
    };
    struct Row {
        QString group, name, measured_on, note;
        std::vector<Figure> figures;  // one for each column
    };
    struct Table {
        int number = 0;
        QString caption;
        std::vector<Column> columns;
        std::vector<Row> rows;
        // Each reason with the rows that it concerns: "InternVL, +Dr(InternVL): space InternVL is missing".
        QStringList reasons() const;
    };
    struct Comparison {
        QString what, missing;
        ClaimVerdict verdict = ClaimVerdict::NotMeasured;
        bool above = true;
        double margin = 0, difference = 0, low = 0, high = 0;
        std::size_t points = 0, points_held = 0;  // of a surface
    };
    struct Claim {
        QString id, place, sentence, reading;
        ClaimVerdict verdict = ClaimVerdict::NotMeasured;
        std::vector<Comparison> comparisons;
    };
    struct Surface {
        int number = 0;
        QString title, product, against, plane_of, note, missing;
        bool pending = false;
        SurfacePtr surface;                        // null: not measured
        std::vector<std::vector<double>> spread;   // of each group, as its changes; NaN: not known
        std::vector<std::optional<double>> plane;  // of each group: the level of plane_of
    };
    struct Set {
        QString name, here, protocol;
        std::size_t items = 0, published_items = 0, queries = 0;
    };

    QString folder;  // that it was read from; empty: a plan
    QString workspace, created, version, machine, device;
    bool synthetic = false;
    QString preset;  // of the synthetic world
    QStringList seeds;
    std::size_t seeds_done = 0;
    double level = 0.95;
    double training_seconds = 0;
    std::vector<Table> tables;
    std::vector<Surface> surfaces;
    std::vector<Claim> claims;
    std::vector<Set> sets;
    QStringList warnings, products;

    std::size_t published() const;  // figures that the paper prints
    std::size_t measured() const;   // of these
    std::size_t pending() const;    // of these: could be measured and are not
    std::size_t count(ClaimVerdict verdict) const;
};
using ReportPtr = std::shared_ptr<const ReportData>;

// Throws engine::Error naming the file and what is wrong with it.
ReportPtr readReport(const std::string& folder);
ReportPtr reportFromJson(const engine::Json& json, const std::string& where);

}  // namespace ui
