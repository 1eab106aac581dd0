// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/export/figure_export.h"

#include <QBuffer>
#include <QClipboard>
#include <QGuiApplication>
#include <QImageWriter>
#include <QPainter>
#include <QPdfWriter>
#include <QSvgGenerator>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "ui/style/painting_colours.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

QColor background(const FigureOptions& options) {
    return options.white_background ? QColor(Qt::white) : colours().panel;
}

void paint(QPainter& painter, const FigurePainter& figure, const FigureOptions& options) {
    const QRectF room(QPointF(0, 0), options.size);
    painter.setRenderHints(QPainter::Antialiasing | QPainter::TextAntialiasing);
    painter.fillRect(room, background(options));
    painter.save();
    figure(painter, room);
    painter.restore();
}

void write(const std::filesystem::path& path, const QByteArray& bytes) {
    engine::writeFileWhole(path, {bytes.constData(), static_cast<std::size_t>(bytes.size())});
}

[[noreturn]] void failed(const std::filesystem::path& path, const QString& why) {
    throw engine::Error(engine::ErrorCode::Io, path.string(), "cannot make the picture: " + why.toStdString(),
                        "choose a smaller scale, or another format");
}

QByteArray pngOf(const QImage& image, const QString& title, const std::filesystem::path& path) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QImageWriter writer(&buffer, "png");
    if (!title.isEmpty()) writer.setText(QStringLiteral("Title"), title);
    writer.setText(QStringLiteral("Software"), QStringLiteral("Molecule-Space Studio"));
    if (!writer.write(image)) failed(path, writer.errorString());
    return bytes;
}

QByteArray svgOf(const FigurePainter& figure, const FigureOptions& options, const std::filesystem::path& path) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setSize(options.size.toSize());
    generator.setViewBox(QRectF(QPointF(0, 0), options.size));
    generator.setTitle(options.title.toHtmlEscaped());  // written as it is
    generator.setDescription(QStringLiteral("Molecule-Space Studio"));
    // Text is measured at 96 dots an inch on screens, by default at 90 here.
    generator.setResolution(96);
    QPainter painter;
    if (!painter.begin(&generator)) failed(path, QStringLiteral("SVG"));
    paint(painter, figure, options);
    painter.end();
    return bytes;
}

QByteArray pdfOf(const FigurePainter& figure, const FigureOptions& options, const std::filesystem::path& path) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QPdfWriter writer(&buffer);
    writer.setTitle(options.title);
    writer.setCreator(QStringLiteral("Molecule-Space Studio"));
    // A point of the screen becomes 1/96 inch, so that letters are as large as on the screen.
    writer.setResolution(96);
    writer.setPageMargins(QMarginsF(0, 0, 0, 0));
    writer.setPageSize(QPageSize(options.size * 72.0 / 96.0, QPageSize::Point, {}, QPageSize::ExactMatch));
    QPainter painter;
    if (!painter.begin(&writer)) failed(path, QStringLiteral("PDF"));
    paint(painter, figure, options);
    painter.end();
    return bytes;
}

}  // namespace

QImage renderFigure(const FigurePainter& figure, const FigureOptions& options) {
    const LightColours light(options.white_background);
    QImage image((options.size * options.scale).toSize(), QImage::Format_ARGB32_Premultiplied);
    if (image.isNull()) failed({}, QObject::tr("it does not fit into memory"));
    image.setDevicePixelRatio(options.scale);
    QPainter painter(&image);
    paint(painter, figure, options);
    return image;
}

std::function<void()> paintFigure(const std::filesystem::path& path, const FigurePainter& figure,
                                  const FigureOptions& options) {
    const auto ending = path.extension();
    if (ending == ".png") {
        return [path, image = renderFigure(figure, options), title = options.title] {
            write(path, pngOf(image, title, path));
        };
    }
    if (ending != ".svg" && ending != ".pdf") {
        throw engine::Error(engine::ErrorCode::InvalidInput, path.string(),
                            "expected a file that ends in .png, .svg or .pdf");
    }
    const LightColours light(options.white_background);
    return [path, bytes = ending == ".svg" ? svgOf(figure, options, path) : pdfOf(figure, options, path)] {
        write(path, bytes);
    };
}

void saveFigure(const std::filesystem::path& path, const FigurePainter& figure, const FigureOptions& options) {
    paintFigure(path, figure, options)();
}

void saveImage(const std::filesystem::path& path, const QImage& image, const QString& title) {
    if (path.extension() != ".png") {
        throw engine::Error(engine::ErrorCode::InvalidInput, path.string(), "expected a file that ends in .png",
                            "a 3D view is saved as PNG; its heat map also as SVG and PDF");
    }
    if (image.isNull()) failed(path, QObject::tr("the view has no picture yet"));
    write(path, pngOf(image, title, path));
}

void copyFigure(const FigurePainter& figure, const FigureOptions& options) {
    copyImage(renderFigure(figure, options));
}

void copyImage(const QImage& image) {
    QGuiApplication::clipboard()->setImage(image);
}

QString scaleText(const FigureOptions& options, int scale) {
    const QSize size = (options.size * scale).toSize();
    return QObject::tr("%1x, %2 x %3 pixels").arg(scale).arg(size.width()).arg(size.height());
}

}  // namespace ui
