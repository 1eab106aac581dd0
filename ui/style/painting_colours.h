// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// While it lives, colours() and all that is made of them are those of the light theme, for figures on white. Widgets
// hear nothing of it: it is for what paints at once, without going back to the event loop. Window's thread.
#pragma once

namespace ui {

class LightColours {
public:
    explicit LightColours(bool wanted = true);
    ~LightColours();
    LightColours(const LightColours&) = delete;
    LightColours& operator=(const LightColours&) = delete;

private:
    bool before_;
};

}  // namespace ui
