// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a project keeps of the window itself: docks, pages and what they show, the columns of the comparison. None of it
// is a step of the history. What is missing or of another kind than expected leaves the window as it is.
#include <QScopedValueRollback>

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
    // The first ones are the first to make room: those that are not seen.
    auto all = kept_;
    for (const auto& item : compared_)
        all.push_back({QString::fromStdString(item.product->folder().string()), item.name, item.space, item.setting});
    for (const auto& column : all) {
        const auto at = project_.products().indexOf(column.folder);
        // By its place in the project, so that a folder can be moved with its project.
        columns.push_back({{"product", at >= 0 ? Json(at) : Json(column.folder.toStdString())},
                           {"name", column.name.toStdString()},
                           {"space", column.space},
                           {"setting", engine::settingToJson(column.setting)}});
    }
    return {{"columns", columns},
            {"reference", static_cast<int>(kept_.size()) + compare_->reference()},
            {"numbered", numbered_},
            {"tab", static_cast<int>(compare_->tab())},
            {"view", compare_->state()}};
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
    const QScopedValueRollback<bool> restoring(restoring_, true);
    if (const auto layout = project_.extra("layout"); layout.is_string())
        restoreState(QByteArray::fromBase64(QByteArray::fromStdString(layout.get<std::string>())));
    const auto reactions = project_.extra("reactions");
    reactions_->restore(reactions.is_object() ? reactions : Json::object(), project_.workspace());
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
    std::vector<KeptColumn> wanted;
    std::size_t reference = 0;  // among them
    QStringList folders;
    if (const auto* columns = part(state, "columns", Json::value_t::array)) {
        numbered_ = std::max(numbered_, number(state, "numbered", static_cast<int>(columns->size())));
        for (std::size_t c = 0; c < columns->size(); ++c) {
            const Json& column = (*columns)[c];
            const int place = number(column, "product", -1);
            std::vector<std::string> problems;
            KeptColumn one{place >= 0 ? project_.products().value(place) : words(column, "product"),
                           words(column, "name"),
                           words(column, "space").toStdString(),
                           {}};
            if (const auto* setting = part(column, "setting", Json::value_t::object))
                one.setting = engine::settingFromJson(*setting, "comparison", problems);
            if (one.folder.isEmpty() || !problems.empty()) continue;
            if (!folders.contains(one.folder)) folders << one.folder;
            if (number(state, "reference", 0) == static_cast<int>(c)) reference = wanted.size();
            wanted.push_back(std::move(one));
        }
    }
    if (wanted.empty()) return;
    const auto tab = static_cast<ComparePage::Tab>(std::clamp(number(state, "tab", 0), 0, 2));
    comparing_.start<std::shared_ptr<const Reopened>>(
        tr("Opening what is compared"),
        [folders, workspace = project_.workspace(), landscapes = session_.landscapes()](const engine::JobContext& job) {
            auto out = std::make_shared<Reopened>();
            for (const auto& folder : folders) {
                engine::LiveProduct::Request request;
                request.product = folder.toStdString();
                request.workspace = workspace.toStdString();
                request.landscapes = landscapes;
                try {
                    out->products[folder] = engine::LiveProduct::open(request, job);
                } catch (...) {
                    const auto failure = currentFailure();
                    if (!failure) throw;
                    out->failures.push_back(*failure);
                }
            }
            return std::shared_ptr<const Reopened>(out);
        },
        [this, wanted, tab, reference,
         view = state.value("view", Json::object())](const std::shared_ptr<const Reopened>& opened) {
            QVector<Compared> columns;
            qsizetype at = 0;  // of the reference
            for (std::size_t w = 0; w < wanted.size(); ++w) {
                const auto& one = wanted[w];
                const auto found = opened->products.find(one.folder);
                if (found == opened->products.end()) {
                    kept_.push_back(one);
                    continue;
                }
                if (w == reference) at = columns.size();
                const auto product = sameOpened(found->second);
                const engine::Setting setting = one.space.empty() ? product->completed(one.setting) : engine::Setting();
                columns.push_back({product, setting, one.name, one.space});
            }
            // Those that were put beside others in the meantime stay behind them.
            compared_ = columns + compared_;
            at -= std::max<qsizetype>(0, compared_.size() - ComparePage::kMost);
            showCompared();
            compare_->setReference(static_cast<int>(at));
            compare_->restore(view);
            compare_->showTab(tab);
            if (opened->failures.empty()) return;
            QStringList names, reasons;
            for (const auto& one : kept_) names << one.name;
            for (const auto& failure : opened->failures) {
                log(failure.text());
                reasons << failure.text();
            }
            message_->showWarning(tr("Columns of the comparison that could not be opened stay in the project: %1")
                                      .arg(names.join(QStringLiteral(", "))),
                                  reasons.join(QLatin1Char('\n')));
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
