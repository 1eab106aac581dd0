// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The map of an evaluation set: both sides' items as points in the colours of their modalities (first side: discs,
// second: diamonds), matched pairs joined, the modality gap as an arrow between the sides' means. Wheel or + and −
// zoom, drag or arrow keys pan, Shift and drag draws a lasso, click selects, Esc takes the selection away, Home shows
// all. Both axes have one scale. New places cost one pass over the points. Window's thread.
#pragma once

#include <QImage>
#include <QPolygonF>
#include <QWidget>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/session/space_map.h"

namespace ui {

// An item of the set, by its side and row there.
struct MapItem {
    bool first = true;
    quint32 row = 0;
    bool operator==(const MapItem&) const = default;
};

class MapView : public QWidget {
    Q_OBJECT
public:
    struct Content {
        std::shared_ptr<const engine::SpaceMap> map;
        QString subject;                                                        // "ImageBind++", for the caption
        QString first, second;                                                  // modalities
        std::shared_ptr<const std::vector<std::string>> first_ids, second_ids;  // of all the set's rows
        bool synthetic = false;
    };
    explicit MapView(QWidget* parent = nullptr);

    // Keeps the selection where the set has the same items and `keep_view` is set.
    void setContent(Content content, engine::MapPlaces places, bool keep_view = false);
    void setPlaces(engine::MapPlaces places);
    void setGap(std::optional<double> gap);  // in the whole space; written at the arrow
    void setOldAxes(bool old);               // says that they were fitted at another setting
    void clear(const QString& why);          // shows a sentence instead
    const Content& content() const { return content_; }
    const engine::MapPlaces& places() const { return places_; }

    void setPairsShown(bool shown);
    bool pairsShown() const { return pairs_shown_; }
    void setAxes(int across, int up);  // 0, 1, 2
    int axisAcross() const { return across_; }
    int axisUp() const { return up_; }
    void showAll();
    void zoom(double factor);

    // The item that is looked at, and a set of items from the lasso. Items that are not drawn are kept, but not seen.
    void choose(std::optional<MapItem> item);
    std::optional<MapItem> chosen() const { return chosen_; }
    void mark(std::optional<MapItem> item);  // a second ring, for an answer
    void select(std::vector<MapItem> items);
    const std::vector<MapItem>& selection() const { return selection_; }

    std::optional<MapItem> itemAt(const QPointF& place) const;
    std::optional<QPointF> placeOf(const MapItem& item) const;  // in widget coordinates
    QString nameOf(const MapItem& item) const;
    QString axisCaption(int axis) const;

    // The whole view with its captions into a rectangle of any paint device.
    void paintTo(QPainter& painter, const QRectF& area);
    double drawMilliseconds() const { return draw_ms_; }  // that the last plotting of points took

    QSize sizeHint() const override { return {640, 560}; }
    QSize minimumSizeHint() const override { return {320, 260}; }

Q_SIGNALS:
    void itemChosen(const ui::MapItem& item);
    void chosenCleared();
    void selectionChanged();

protected:
    void paintEvent(QPaintEvent*) override;
    void resizeEvent(QResizeEvent*) override;
    void changeEvent(QEvent*) override;
    void wheelEvent(QWheelEvent*) override;
    void mousePressEvent(QMouseEvent*) override;
    void mouseMoveEvent(QMouseEvent*) override;
    void mouseReleaseEvent(QMouseEvent*) override;
    void leaveEvent(QEvent*) override;
    void keyPressEvent(QKeyEvent*) override;

private:
    // Where the map's plane lies in a rectangle.
    struct Frame {
        QRectF plot;
        double scale = 1;  // pixels for 1
        QPointF middle;    // of the map's plane, at the middle of `plot`
        QPointF at(double x, double y) const {
            return {plot.center().x() + (x - middle.x()) * scale, plot.center().y() - (y - middle.y()) * scale};
        }
    };
    static constexpr double kLeft = 58, kRight = 14, kTop = 32, kBottom = 46;  // about the frame
    Frame frameOf(const QRectF& area) const;
    QRectF extent() const;  // of all points, in the map's plane
    void keepInView();
    QPointF placeOfPoint(bool first, std::size_t i) const;  // in the map's plane
    void plotPoints(QImage& image, const Frame& frame, double ratio) const;
    void paintAxes(QPainter& painter, const Frame& frame, const QRectF& area) const;
    void paintOver(QPainter& painter, const Frame& frame) const;
    void paintLegend(QPainter& painter, const Frame& frame) const;
    void zoomAt(const QPointF& place, double factor);
    void stale();  // the points must be plotted again
    std::optional<std::size_t> pointOf(const MapItem& item) const;
    void takeLasso();

    Content content_;
    engine::MapPlaces places_;
    std::optional<double> gap_;
    QString why_;
    bool pairs_shown_ = true;
    int across_ = 0, up_ = 1;
    double scale_ = 1;       // relative to the scale at which all is seen
    double half_ = 0;        // of the shorter side of what is seen at that scale
    bool untouched_ = true;  // the user has neither zoomed nor panned
    bool old_axes_ = false;
    QPointF middle_;
    std::optional<MapItem> chosen_, marked_, hovered_;
    std::vector<MapItem> selection_;
    std::vector<char> selected_first_, selected_second_;  // of the drawn points

    QImage image_;
    bool stale_ = true;
    double draw_ms_ = 0;
    enum class Drag { None, Press, Pan, Lasso } drag_ = Drag::None;
    QPointF pressed_, last_;
    QPolygonF lasso_;
};

}  // namespace ui
