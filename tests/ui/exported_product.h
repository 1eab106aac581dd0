// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A small trained product at a setting that is not its own, to be exported, and how what was exported is read back.
#pragma once

#include <QCoreApplication>
#include <QFile>
#include <QProcess>
#include <QProcessEnvironment>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/store/hdf5_file.h"
#include "engine/store/npy.h"
#include "engine/store/safetensors.h"
#include "tests/ui/tiny_product.h"
#include "ui/style/theme.h"

namespace ui::test {

class ExportedProduct : public QObject {
protected:
    void openProduct() {
        applyTheme(ThemeChoice::Light);
        tiny_ = std::make_unique<TinyProduct>();
        live_ = tiny_->open();
        setting_ = live_->defaults();
        setting_.factors["sigma_a"] = 0.8;
        setting_.factors["sigma_t"] = 0.35;
        setting_.expert_weights["CLAP_m"] = 0;
        setting_.projectors["CLAP_g:TV"] = false;
    }

    static QByteArray bytesOf(const std::string& path) {
        QFile file(QString::fromStdString(path));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

    // Through a shell, as a person would.
    engine::Json run(const QString& line) {
        const QString bin = QCoreApplication::applicationDirPath() + QStringLiteral("/../bin");
        QProcess shell;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("PATH"), bin + QLatin1Char(':') + environment.value(QStringLiteral("PATH")));
        shell.setProcessEnvironment(environment);
        shell.start(QStringLiteral("/bin/sh"), {QStringLiteral("-c"), line});
        const bool ended = shell.waitForFinished(120000);
        const QByteArray errors = shell.readAllStandardError();
        if (!ended || shell.exitCode() != 0) {
            qWarning("%s\n%s", qPrintable(line), errors.constData());
            return nullptr;
        }
        return engine::parseJson(shell.readAllStandardOutput().toStdString(), "what molspace printed");
    }

    static std::vector<float> read(const std::filesystem::path& path, std::size_t rows, std::size_t width) {
        std::vector<float> out(rows * width);
        if (path.extension() == ".npy") {
            const engine::NpyArray file(path);
            std::uint64_t n = 0, w = 0;
            file.checkMatrix(-1, n, w);
            if (n == rows && w == width) file.readRows(-1, 0, rows, out.data());
        } else if (path.extension() == ".safetensors") {
            const engine::SafetensorsFile file(path);
            const auto values = file.at("embeddings").f32();
            if (file.at("embeddings").shape == std::vector<std::uint64_t>{rows, width})
                out.assign(values.begin(), values.end());
        } else {
            engine::Hdf5File::open(path).readRows("embeddings", 0, rows, out.data());
        }
        return out;
    }

    std::unique_ptr<TinyProduct> tiny_;
    std::shared_ptr<engine::LiveProduct> live_;
    engine::Setting setting_;
};

}  // namespace ui::test
