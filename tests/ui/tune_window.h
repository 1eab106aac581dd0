// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A page of tuning over products of a tiny world.
#pragma once

#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <filesystem>

#include "engine/session/live_product.h"
#include "engine/session/session.h"
#include "tests/ui/picture.h"
#include "ui/tune/tune_page.h"

namespace ui::test {

class TuneWindow : public QObject {
protected:
    // Recipes and the folders of their products; "product" is the one that is opened unless another is named.
    void train(const std::vector<std::pair<std::string, std::string>>& products) {
        folder_ = dir_.path().toStdString();
        engine::synth({folder_ / "world", {{"preset", "tiny"}}}, {});
        engine::ReactRequest react;
        react.workspace = folder_ / "world";
        react.reaction_options = {{"hidden_width", 24}, {"batch_size", 64}, {"epochs", 1}};
        react.run_options = {{"stages", 3}};
        for (const auto& [recipe, folder] : products) {
            react.recipe = recipe;
            react.product = folder_ / folder;
            engine::train(react, {});
        }
    }
    std::filesystem::path landscapes() const { return folder_ / "product" / "landscapes"; }
    void open(Project& project, LiveSession& session, TunePage& page, const char* name = "product") const {
        const auto product = QString::fromStdString((folder_ / name).string());
        project.addProduct(product);
        session.open(product, QString::fromStdString((folder_ / "world").string()));
        page.resize(1200, 760);
        page.show();
        QVERIFY(QTest::qWaitForWindowExposed(&page));
        QTRY_VERIFY_WITH_TIMEOUT(session.product() && session.baseline() && session.surface(), 60000);
        QTRY_VERIFY_WITH_TIMEOUT(session.settled() && session.surface()->complete(), 60000);
        QTest::qWait(30);
    }

    // The table shows what the product measures directly.
    static void expectMeasured(TunePage& page, const engine::LiveProduct& live, const engine::Setting& setting) {
        for (const auto& set : live.measure(setting, {}).sets) {
            const QString name = QString::fromStdString(set.protocol.set);
            const auto values = set.values();
            const auto value = values.contains("R@1")   ? values.at("R@1")
                               : values.contains("mAP") ? values.at("mAP")
                                                        : values.at("top-1");
            QVERIFY2(page.metrics().now(name) && std::abs(*page.metrics().now(name) - value) < 1e-9, qPrintable(name));
        }
    }

    QTemporaryDir dir_;
    std::filesystem::path folder_;
};

}  // namespace ui::test
