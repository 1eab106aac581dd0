// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The table of figures where memory is short: what is estimated from a sample is marked, and says from what.
#include "ui/tune/metrics_model.h"

#include <QAbstractItemModelTester>
#include <QTemporaryDir>
#include <QTest>
#include <filesystem>

#include "engine/session/live_product.h"
#include "engine/session/session.h"

using ui::MetricsModel;

class MetricsModelTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void estimatesAreMarked() {
        QTemporaryDir dir;
        const std::filesystem::path folder = dir.path().toStdString();
        engine::synth({folder / "world", {{"preset", "tiny"}}}, {});
        engine::ReactRequest react;
        react.workspace = folder / "world";
        react.recipe = "ImageBind++";
        react.product = folder / "product";
        react.reaction_options = {{"hidden_width", 24}, {"batch_size", 64}, {"epochs", 1}};
        try {
            engine::train(react, {});
        } catch (const std::exception& error) {
            QSKIP(error.what());  // built without the reactor
        }
        engine::LiveProduct::Request request;
        request.product = folder / "product";
        const auto opened = [&](std::uint64_t bytes) {
            request.landscapes = {{"memory_gib", static_cast<double>(bytes) / 0x1p30}};
            auto live = engine::LiveProduct::open(request, {});
            for (const std::size_t set : live->missing(live->defaults())) live->prepare(set, live->defaults(), {});
            return live;
        };
        const auto whole = opened(std::uint64_t{1} << 30);
        std::uint64_t bytes = 0;
        for (const auto& file : std::filesystem::directory_iterator(folder / "product" / "landscapes"))
            bytes += file.file_size();
        std::filesystem::remove_all(folder / "product" / "landscapes");
        const auto live = opened(bytes * 8 / 10);

        MetricsModel model;
        const QAbstractItemModelTester tester(&model);
        model.setProduct(live);
        model.setFigures(live->figures(live->defaults(), false, {}));
        int marked = 0, plain = 0;
        for (int set = 0; set < model.columnCount(); ++set) {
            const auto index = model.index(model.rowCount() - 1, set);
            const QString text = index.data().toString(), tip = index.data(Qt::ToolTipRole).toString();
            const auto sample = live->sample(static_cast<std::size_t>(set));
            QCOMPARE(text.startsWith(QStringLiteral("≈ ")), sample.has_value());
            if (sample) {
                QVERIFY2(tip.contains(QString::fromStdString(sample->text())), qPrintable(tip));
                ++marked;
            } else {
                QVERIFY(!tip.contains(QStringLiteral("estimated")));
                ++plain;
            }
        }
        QVERIFY(marked > 0);
        QVERIFY(plain > 0);
    }
};

QTEST_MAIN(MetricsModelTest)
#include "metrics_model_test.moc"
