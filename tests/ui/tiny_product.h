// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A generated world and an ImageBind++ trained on it for an epoch, in a temporary folder: some seconds.
#pragma once

#include <QTemporaryDir>

#include <memory>
#include <string>

#include "engine/session/live_product.h"
#include "engine/session/session.h"

struct TinyProduct {
    TinyProduct() {
        engine::synth({world(), {{"preset", "tiny"}}}, {});
        train("ImageBind++", product());
    }

    void train(const std::string& recipe, const std::string& product) const {
        engine::ReactRequest request;
        request.workspace = world();
        request.recipe = recipe;
        request.product = product;
        request.reaction_options = {{"hidden_width", 16}, {"batch_size", 32}, {"epochs", 1}};
        request.run_options = {{"device", "cpu"}};
        engine::train(request, {});
    }

    std::string path(const std::string& name) const { return folder.path().toStdString() + "/" + name; }
    std::string world() const { return path("tiny world"); }  // a blank, so that it must be quoted
    std::string product() const { return path("product"); }
    std::shared_ptr<engine::LiveProduct> open() const { return open(product()); }
    std::shared_ptr<engine::LiveProduct> open(const std::string& product) const {
        return engine::LiveProduct::open({.product = product, .workspace = world()}, {});
    }

    QTemporaryDir folder;
};
