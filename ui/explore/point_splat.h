// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Tens of thousands of points and lines straight into an image: a stamp of coverage for each point, one blend a pixel.
// Coordinates are pixels of the image. Any thread, one image at a time.
#pragma once

#include <QColor>
#include <QImage>

#include <vector>

namespace ui {

enum class PointShape { Disc, Diamond };

// A point's coverage in 256ths, drawn once; fractions of a pixel of the place are rounded to a quarter.
class PointStamp {
public:
    PointStamp(PointShape shape, double radius, bool hollow = false);
    // `image`: Format_ARGB32_Premultiplied. Points outside it are cut off.
    void plot(QImage& image, double x, double y, QRgb colour, int opacity) const;

private:
    static constexpr int kSteps = 4;  // places within a pixel, each way
    int reach_, size_;
    std::vector<quint8> coverage_;  // [kSteps][kSteps][size][size]
};

// A thin line with the given opacity (0..255), without smoothing of its ends.
void plotLine(QImage& image, double x0, double y0, double x1, double y1, QRgb colour, int opacity);

}  // namespace ui
