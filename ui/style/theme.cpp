// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/theme.h"

#include <QApplication>
#include <QEvent>
#include <QFontDatabase>
#include <QPainter>
#include <QPalette>
#include <QPixmap>
#include <QStyle>
#include <QSvgRenderer>
#include <QWidget>

#include <array>
#include <map>
#include <utility>

#include "ui/style/painting_colours.h"
#include "ui/style/studio_style.h"

namespace ui {
namespace {

const ThemeColours kLight{.window = QColor(0xf4, 0xf5, 0xf7),
                          .panel = QColor(0xff, 0xff, 0xff),
                          .raised = QColor(0xfa, 0xfb, 0xfc),
                          .text = QColor(0x1d, 0x22, 0x2b),
                          .muted = QColor(0x5b, 0x64, 0x73),
                          .line = QColor(0xd7, 0xdb, 0xe2),
                          .accent = QColor(0x2b, 0x62, 0xd9),
                          .on_accent = QColor(0xff, 0xff, 0xff),
                          .good = QColor(0x0b, 0x7a, 0x53),
                          .bad = QColor(0xb3, 0x2d, 0x1f),
                          .warning = QColor(0x8a, 0x5a, 0x00)};
const ThemeColours kDark{.window = QColor(0x1b, 0x1e, 0x24),
                         .panel = QColor(0x22, 0x26, 0x2e),
                         .raised = QColor(0x2c, 0x31, 0x3b),
                         .text = QColor(0xe6, 0xe9, 0xef),
                         .muted = QColor(0xa3, 0xad, 0xbd),
                         .line = QColor(0x3a, 0x41, 0x4d),
                         .accent = QColor(0x6a, 0x9b, 0xff),
                         .on_accent = QColor(0x0e, 0x14, 0x20),
                         .good = QColor(0x58, 0xd3, 0x9c),
                         .bad = QColor(0xff, 0x8d, 0x7d),
                         .warning = QColor(0xf0, 0xbe, 0x5a)};

ThemeChoice g_choice = ThemeChoice::System;
bool g_dark = false;
int g_themes = 0;  // applied so far

bool systemIsDark() {
    static const bool dark = QApplication::style()->standardPalette().color(QPalette::Window).lightness() < 128;
    return dark;
}

QPalette paletteOf(const ThemeColours& c) {
    QPalette p;
    p.setColor(QPalette::Window, c.window);
    p.setColor(QPalette::WindowText, c.text);
    p.setColor(QPalette::Base, c.panel);
    p.setColor(QPalette::AlternateBase, g_dark ? QColor(0x27, 0x2b, 0x34) : QColor(0xf7, 0xf8, 0xfa));
    p.setColor(QPalette::Text, c.text);
    p.setColor(QPalette::PlaceholderText, c.muted);
    p.setColor(QPalette::Button, c.raised);
    p.setColor(QPalette::ButtonText, c.text);
    p.setColor(QPalette::BrightText, c.bad);
    p.setColor(QPalette::ToolTipBase, c.raised);
    p.setColor(QPalette::ToolTipText, c.text);
    p.setColor(QPalette::Highlight, c.accent);
    p.setColor(QPalette::HighlightedText, c.on_accent);
    p.setColor(QPalette::Link, c.accent);
    p.setColor(QPalette::LinkVisited, c.accent);
    p.setColor(QPalette::Mid, c.line);
    p.setColor(QPalette::Midlight, c.line);
    p.setColor(QPalette::Dark, g_dark ? QColor(0x12, 0x14, 0x18) : QColor(0xb8, 0xbe, 0xc8));
    p.setColor(QPalette::Light, g_dark ? QColor(0x3a, 0x41, 0x4d) : QColor(0xff, 0xff, 0xff));
    p.setColor(QPalette::Shadow, QColor(0, 0, 0, 120));
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
        QColor faint = c.muted;
        faint.setAlphaF(0.65f);
        p.setColor(QPalette::Disabled, role, faint);
    }
    p.setColor(QPalette::Disabled, QPalette::Highlight, c.line);
    return p;
}

// 24 x 24, strokes of 1.7; "currentColor" becomes the theme's text colour.
const std::map<QString, const char*>& iconPaths() {
    static const std::map<QString, const char*> paths{
        {QStringLiteral("workspace"),
         "M4 6.5c0-1.4 3.6-2.5 8-2.5s8 1.1 8 2.5-3.6 2.5-8 2.5-8-1.1-8-2.5zM4 6.5v11c0 1.4 "
         "3.6 2.5 8 2.5s8-1.1 8-2.5v-11M4 12c0 1.4 3.6 2.5 8 2.5s8-1.1 8-2.5"},
        {QStringLiteral("reactions"),
         "M6 9.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM18 12.5a3 3 0 1 0 0-6 3 3 0 0 0 0 "
         "6zM10 21.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM9.4 7l5.7 2M7 9.4l1.8 5.2M15.8 "
         "11.6l-3.4 3.8"},
        {QStringLiteral("tune"),
         "M5 3.5v6M5 13.5v7M12 3.5v10M12 17.5v3M19 3.5v3M19 10.5v10M3 11.5h4M10 15.5h4M17 "
         "8.5h4"},
        {QStringLiteral("compare"), "M4 4.5h6.5v15H4zM13.5 4.5H20v15h-6.5zM6 15.5l2.5-4M15.5 10.5l2.5 4"},
        {QStringLiteral("explore"),
         "M5 19.5V4.5M4.5 19.5h15M8.5 15.5h.01M11 10.5h.01M14.5 12.5h.01M12.5 6.5h.01M17.5 "
         "8.5h.01M17 15.5h.01"},
        {QStringLiteral("export"), "M12 15V3.5M7.5 8L12 3.5 16.5 8M4.5 14v6h15v-6"},
        {QStringLiteral("report"), "M6 3.5h8.5L18 7v13.5H6zM14 3.5V7.5h4M9 11.5h6M9 14.5h6M9 17.5h4"},
        {QStringLiteral("undo"), "M8.5 4.5L4 9l4.5 4.5M4 9h10a5.5 5.5 0 0 1 0 11h-3"},
        {QStringLiteral("redo"), "M15.5 4.5L20 9l-4.5 4.5M20 9H10a5.5 5.5 0 0 0 0 11h3"},
        {QStringLiteral("camera"),
         "M4 8h3.5l1.5-2.5h6L16.5 8H20v11.5H4zM12 16.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 "
         "6.4z"},
        {QStringLiteral("pin"), "M9 3.5h6l-.8 7 3.3 3.5h-11L9.8 10.5zM12 14v6.5"},
        {QStringLiteral("snapshot"), "M6 3.5h12v17l-6-4-6 4z"},
        {QStringLiteral("play"), "M7 4.5l12 7.5-12 7.5z"},
        {QStringLiteral("pause"), "M8 5v14M16 5v14"},
        {QStringLiteral("stop"), "M6 6h12v12H6z"},
        {QStringLiteral("add"), "M12 5v14M5 12h14"},
        {QStringLiteral("remove"), "M5 12h14"},
        {QStringLiteral("up"), "M6 14.5l6-6 6 6"},
        {QStringLiteral("down"), "M6 9.5l6 6 6-6"},
        {QStringLiteral("reset"), "M5 5v5h5M5.6 10a7.5 7.5 0 1 1-1 4"},
        {QStringLiteral("copy"), "M8.5 8.5h11v11h-11zM15.5 5V4.5h-11v11H5"},
        {QStringLiteral("help"),
         "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.4-1 "
         ".9-1 1.7M12 17h.01"},
        {QStringLiteral("warning"), "M12 4l9 16H3zM12 10v5M12 17.5h.01"},
        {QStringLiteral("sun"),
         "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 "
         "5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4"},
        {QStringLiteral("moon"), "M20 14a8.3 8.3 0 0 1-10-10 8.3 8.3 0 1 0 10 10z"},
    };
    return paths;
}

QPixmap drawn(const char* path, const QColor& colour, int size) {
    const QByteArray svg = QByteArray(
                               "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' "
                               "stroke-width='1.7' stroke-linecap='round' stroke-linejoin='round' stroke='") +
                           colour.name().toLatin1() + "'><path d='" + path + "'/></svg>";
    QPixmap pixmap(size, size);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    QSvgRenderer(svg).render(&painter);
    return pixmap;
}

class ThemeFollower : public QObject {
public:
    ThemeFollower(QWidget* widget, std::function<void()> repaint) : QObject(widget), repaint_(std::move(repaint)) {
        widget->installEventFilter(this);
    }
    bool eventFilter(QObject* watched, QEvent* event) override {
        if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) {
            // A widget that is put into another has such events too, many while a window is made.
            if (painted_ != g_themes) repaint();
            if (!std::exchange(queued_, true)) {
                const auto later = [this] {
                    queued_ = false;
                    repaint();
                };
                QMetaObject::invokeMethod(this, later, Qt::QueuedConnection);
            }
        }
        return QObject::eventFilter(watched, event);
    }

private:
    void repaint() {
        painted_ = g_themes;
        repaint_();
    }
    std::function<void()> repaint_;
    int painted_ = g_themes;
    bool queued_ = false;
};

}  // namespace

void followTheme(QWidget* widget, std::function<void()> repaint) {
    new ThemeFollower(widget, std::move(repaint));
}

void applyTheme(ThemeChoice choice) {
    const bool first_dark = systemIsDark();
    g_choice = choice;
    ++g_themes;
    g_dark = choice == ThemeChoice::Dark || (choice == ThemeChoice::System && first_dark);
    if (g_themes == 1) QApplication::setStyle(new StudioStyle);
    QApplication::setPalette(paletteOf(colours()));
    const auto& c = colours();
    const QString checked = g_dark ? QStringLiteral("#31466f") : QStringLiteral("#dbe6fd");
    qApp->setStyleSheet(
        QStringLiteral(
            "QToolTip { color: %1; background: %2; border: 1px solid %3; padding: 4px; }"
            "QHeaderView::section { background: %4; color: %5; border: none; border-bottom: 1px solid %3; "
            "padding: 4px %8px; }"
            "QTableCornerButton::section { background: %4; border: none; border-bottom: 1px solid %3; }"
            "QMainWindow::separator { background: %3; width: 1px; height: 1px; }"
            "QToolBar { border: none; spacing: 2px; padding: 4px; }"
            "QToolBar::separator { background: %3; height: 1px; margin: 3px 8px; }"
            "QToolBar QToolButton { border: 1px solid transparent; border-radius: 6px; padding: 4px; "
            "min-width: 62px; }"
            "QToolBar QToolButton:hover { background: %2; border-color: %3; }"
            "QToolBar QToolButton:checked { background: %6; border-color: %6; }"
            "QToolButton[chip=\"true\"] { background: %2; border: 1px solid %3; border-radius: 6px; padding: "
            "3px 9px; }"
            "QToolButton[chip=\"true\"]:hover { border-color: %5; }"
            "QToolButton[chip=\"true\"]:checked { background: %6; border-color: %7; }"
            "QToolButton[chip=\"true\"]:focus { border-color: %7; }")
            .arg(c.text.name(), c.raised.name(), c.line.name(), c.panel.name(), c.muted.name(), checked,
                 c.accent.name(), QString::number(StudioStyle::kCellPadding)));
}

LightColours::LightColours(bool wanted) : before_(g_dark) {
    if (wanted) g_dark = false;
}

LightColours::~LightColours() {
    g_dark = before_;
}

ThemeChoice themeChoice() {
    return g_choice;
}

bool darkTheme() {
    return g_dark;
}

const ThemeColours& colours() {
    return g_dark ? kDark : kLight;
}

QColor modalityColour(const QString& modality) {
    const auto shade = [](int light, int dark) { return QColor::fromRgb(static_cast<QRgb>(g_dark ? dark : light)); };
    if (modality == QLatin1String("text")) return shade(0x0072b2, 0x56b4e9);
    if (modality == QLatin1String("image")) return shade(0xc77f00, 0xe69f00);
    if (modality == QLatin1String("audio")) return shade(0x008a63, 0x2cc79a);
    const std::array<QColor, 3> others{shade(0xb2578f, 0xdd8fbb), shade(0xd55e00, 0xff8a3d), shade(0x6a6f00, 0xf0e442)};
    return others[static_cast<std::size_t>(qHash(modality, 0) % others.size())];
}

QColor seriesColour(int index) {
    static const std::array<QRgb, 8> light{0x0072b2, 0xd55e00, 0x008a63, 0xb2578f,
                                           0xc77f00, 0x3a8fc4, 0x6a6f00, 0x555b66};
    static const std::array<QRgb, 8> dark{0x56b4e9, 0xff8a3d, 0x2cc79a, 0xdd8fbb,
                                          0xe69f00, 0x9ed3f5, 0xf0e442, 0xb4bccb};
    const auto i = static_cast<std::size_t>(index) % light.size();
    return QColor::fromRgb(g_dark ? dark[i] : light[i]);
}

QIcon icon(const QString& name) {
    const auto& paths = iconPaths();
    const auto found = paths.find(name);
    if (found == paths.end()) return {};
    // Pixmaps go before the application does.
    static std::map<std::pair<QString, bool>, QIcon> drawn_before;
    static const bool cleared = (qAddPostRoutine([] { drawn_before.clear(); }), true);
    Q_UNUSED(cleared);
    QIcon& out = drawn_before[{name, g_dark}];
    if (!out.isNull()) return out;
    QColor faint = colours().muted;
    faint.setAlphaF(0.5f);
    for (const int size : {16, 20, 24, 32, 48}) {
        out.addPixmap(drawn(found->second, colours().text, size), QIcon::Normal, QIcon::Off);
        out.addPixmap(drawn(found->second, colours().accent, size), QIcon::Normal, QIcon::On);
        out.addPixmap(drawn(found->second, faint, size), QIcon::Disabled, QIcon::Off);
    }
    return out;
}

QFont headingFont(int step) {
    QFont font = QApplication::font();
    font.setPointSizeF(font.pointSizeF() * (step >= 2 ? 1.5 : 1.2));
    font.setWeight(QFont::DemiBold);
    return font;
}

}  // namespace ui
