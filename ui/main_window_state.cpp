// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a project keeps of the window itself: docks, pages and what they show, the columns of the comparison. None of it
// is a step of the history. What is missing or of another kind than expected leaves the window as it is.
#include <algorithm>
#include <map>

#include "engine/base/error.h"
#include "ui/main_window.h"

namespace ui {
namespace {

using engine::Json;

struct Reopened {
    std::map<QString, std::shared_ptr<engine::LiveProduct>> products;  // by folder
    std::vector<JobFailure> failures;
};

const Json* part(const Json& json, const char* key, Json::value_t type) {
    const auto found = json.is_object() ? json.find(key) : json.end();
    return found != json.end() && found->type() == type ? &*found : nullptr;
}

int number(const Json& json, const char* key, int otherwise) {
    const auto found = json.is_object() ? json.find(key) : json.end();
    return found != json.end() && found->is_number_integer() ? found->get<int>() : otherwise;
}

QString words(const Json& json, const char* key) {
    const auto* found = part(json, key, Json::value_t::string);
    return found ? QString::fromStdString(found->get<std::string>()) : QString();
}

}  // namespace

Json MainWindow::comparedState() const {
    if (comparing_.running()) return project_.extra("compare");  // on its way
    Json columns = Json::array();
    for (const auto& item : compared_) {
        const QString folder = QString::fromStdString(item.product->folder().string());
        const auto at = project_.products().indexOf(folder);
        // By its place in the project, so that a folder can be moved with its project.
        columns.push_back({{"product", at >= 0 ? Json(at) : Json(folder.toStdString())},
                           {"name", item.name.toStdString()},
                           {"space", item.space},
                           {"setting", engine::settingToJson(item.setting)}});
    }
    return {{"columns", columns}, {"reference", compare_->reference()}, {"tab", static_cast<int>(compare_->tab())}};
}

Json MainWindow::windowState() const {
    return {{"layout", saveState().toBase64().toStdString()},
            {"page", static_cast<int>(page())},
            {"reactions", reactions_->state()},
            {"report", report_->state()},
            {"tune", tune_->state()},
            {"explore", explore_->state()},
            {"compare", comparedState()}};
}

void MainWindow::restoreWindow() {
    if (const auto layout = project_.extra("layout"); layout.is_string())
        restoreState(QByteArray::fromBase64(QByteArray::fromStdString(layout.get<std::string>())));
    if (const auto state = project_.extra("reactions"); state.is_object())
        reactions_->restore(state, project_.workspace());
    if (const auto state = project_.extra("report"); state.is_object()) report_->restore(state);
    tune_->restore(project_.extra("tune"));
    explore_->restore(project_.extra("explore"));
    restoreCompared(project_.extra("compare"));
    const auto shown = project_.extra("page");
    showPage(shown.is_number_integer()      ? static_cast<Page>(std::clamp(shown.get<int>(), 1, 7))
             : project_.product().isEmpty() ? Page::Workspace
                                            : Page::Tune);
}

void MainWindow::restoreCompared(const Json& state) {
    struct Wanted {
        QString folder, name;
        std::string space;
        engine::Setting setting;
    };
    std::vector<Wanted> wanted;
    QStringList folders;
    if (const auto* columns = part(state, "columns", Json::value_t::array)) {
        for (const auto& column : *columns) {
            const int place = number(column, "product", -1);
            std::vector<std::string> problems;
            Wanted one{place >= 0 ? project_.products().value(place) : words(column, "product"),
                       words(column, "name"),
                       words(column, "space").toStdString(),
                       {}};
            if (const auto* setting = part(column, "setting", Json::value_t::object))
                one.setting = engine::settingFromJson(*setting, "comparison", problems);
            if (one.folder.isEmpty() || !problems.empty()) continue;
            if (!folders.contains(one.folder)) folders << one.folder;
            wanted.push_back(std::move(one));
        }
    }
    if (wanted.empty()) return;
    const auto tab = static_cast<ComparePage::Tab>(std::clamp(number(state, "tab", 0), 0, 2));
    comparing_.start<std::shared_ptr<const Reopened>>(
        tr("Opening what is compared"),
        [folders, workspace = project_.workspace()](const engine::JobContext& job) {
            auto out = std::make_shared<Reopened>();
            for (const auto& folder : folders) {
                engine::LiveProduct::Request request;
                request.product = folder.toStdString();
                request.workspace = workspace.toStdString();
                try {
                    out->products[folder] = engine::LiveProduct::open(request, job);
                } catch (const engine::Error&) {
                    if (const auto failure = currentFailure()) out->failures.push_back(*failure);
                }
            }
            return std::shared_ptr<const Reopened>(out);
        },
        [this, wanted, tab, reference = number(state, "reference", 0)](const std::shared_ptr<const Reopened>& opened) {
            QVector<Compared> columns;
            for (const auto& one : wanted) {
                const auto found = opened->products.find(one.folder);
                if (found == opened->products.end()) continue;
                const auto product = sameOpened(found->second);
                const engine::Setting setting = one.space.empty() ? product->completed(one.setting) : engine::Setting();
                columns.push_back({product, setting, one.name, one.space});
            }
            for (const auto& failure : opened->failures) log(failure.text());
            // Those that were put beside others in the meantime stay behind them.
            compared_ = columns + compared_;
            compare_->setItems(compared_);
            compared_ = compare_->items();
            compare_->setReference(reference);
            compare_->showTab(tab);
        });
}

std::shared_ptr<engine::LiveProduct> MainWindow::sameOpened(const std::shared_ptr<engine::LiveProduct>& product) const {
    const auto same = [&](const std::shared_ptr<engine::LiveProduct>& other) {
        return other && other->folder() == product->folder() && other->record().training == product->record().training;
    };
    for (const auto& item : compared_) {
        if (same(item.product)) return item.product;
    }
    return same(session_.product()) ? session_.product() : product;
}

}  // namespace ui
