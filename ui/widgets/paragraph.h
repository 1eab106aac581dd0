// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A label of plain text that wraps at spaces and can be selected. Text with long paths: WrappedText.
#pragma once

class QLabel;

namespace ui {

QLabel* paragraph(bool muted = false);

}  // namespace ui
