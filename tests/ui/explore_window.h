// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A page to explore over a small trained product, and how its controls are found.
#pragma once

#include <QComboBox>
#include <QTemporaryDir>
#include <QTest>

#include <memory>
#include <string>

#include "engine/session/session.h"
#include "tests/ui/picture.h"
#include "ui/explore/explore_page.h"
#include "ui/style/theme.h"

namespace ui::test {

class ExploreWindow : public QObject {
protected:
    void makeProduct() {
        QVERIFY(folder_.isValid());
        engine::synth({path("world"), {{"preset", "tiny"}}}, {});
        engine::ReactRequest request;
        request.workspace = path("world");
        request.recipe = "ImageBind++";
        request.product = path("product");
        request.reaction_options = {{"hidden_width", 64}, {"batch_size", 256}, {"epochs", 2}};
        request.run_options = {{"device", "cpu"}};
        engine::train(request, {});
        product_ = engine::LiveProduct::open({path("product"), {}, engine::Json::object(), engine::Json::object()}, {});
        applyTheme(ThemeChoice::Light);
    }
    // Anew for each test.
    void openPage() {
        page_ = std::make_unique<ExplorePage>();
        page_->resize(1240, 740);
        page_->show();
        page_->setProduct(product_);
        page_->showSet("AudioCaps");
    }

    std::string path(const char* name) const { return folder_.filePath(QString::fromLatin1(name)).toStdString(); }

    std::size_t set() const {
        for (std::size_t s = 0; s < product_->sets().size(); ++s) {
            if (product_->sets()[s].name == "AudioCaps") return s;
        }
        return 0;
    }

    engine::Setting far() const {
        engine::Setting out = product_->defaults();
        for (auto& [name, value] : out.factors) value = value > 0.5 ? 0 : 1;
        return out;
    }

    void settle() { QTRY_VERIFY_WITH_TIMEOUT(!page_->busy(), 30000); }
    void activate() {
        page_->setActive(true);
        settle();
    }

    QComboBox* combo(const QString& name) const {
        for (auto* box : page_->findChildren<QComboBox*>()) {
            if (box->accessibleName() == name) return box;
        }
        return nullptr;
    }

    QTemporaryDir folder_;
    std::shared_ptr<engine::LiveProduct> product_;
    std::unique_ptr<ExplorePage> page_;
};

}  // namespace ui::test
