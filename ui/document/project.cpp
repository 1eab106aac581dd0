// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/project.h"

#include <QDir>
#include <QFileInfo>
#include <QUndoCommand>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace ui {

using engine::Json;
using engine::Setting;

namespace {

// The names of `into` take what `from` has for them.
template <class Map>
void takeKnown(Map& into, const Map& from) {
    for (auto& [name, value] : into) {
        if (const auto found = from.find(name); found != from.end()) value = found->second;
    }
}

// Where none of an expert's projectors would be left on, all of them are as in `own`.
void keepOneProjector(Setting& setting, const Setting& own) {
    const auto expertOf = [](const std::string& projector) { return projector.substr(0, projector.rfind(':')); };
    std::map<std::string, bool> any;
    for (const auto& [name, on] : setting.projectors) any[expertOf(name)] |= on;
    for (auto& [name, on] : setting.projectors) {
        if (!any[expertOf(name)]) on = own.projectors.at(name);
    }
}

std::string text(const QString& s) {
    return s.toStdString();
}

QString text(const Json& json, const char* key) {
    return json.contains(key) && json[key].is_string() ? QString::fromStdString(json[key].get<std::string>())
                                                       : QString();
}

Setting settingFrom(const Json& json, const std::string& where) {
    std::vector<std::string> problems;
    Setting setting = engine::settingFromJson(json, where, problems);
    if (!problems.empty()) throw engine::joinProblems(engine::ErrorCode::InvalidInput, where, problems);
    return setting;
}

// A part of the file, or an empty one of that kind where it is missing.
Json part(const Json& json, const char* key, const Json& empty, const std::string& where) {
    const Json found = json.value(key, empty);
    if (found.type() != empty.type()) {
        throw engine::Error(
            engine::ErrorCode::InvalidInput, where,
            std::string("expected ") + empty.type_name() + " as \"" + key + "\", found " + found.type_name(),
            "the file was changed by hand; put it right or begin a new project");
    }
    return found;
}

// Beside the file: relative, so that a folder can be moved with its project.
std::string pathTo(const QString& path, const QString& file) {
    if (file.isEmpty() || path.isEmpty()) return text(path);
    const QString relative = QFileInfo(file).dir().relativeFilePath(path);
    return text(relative.startsWith(QStringLiteral("..")) ? path : relative);
}

QString pathFrom(const QString& path, const QString& file) {
    if (file.isEmpty() || path.isEmpty() || QDir::isAbsolutePath(path)) return path;
    return QDir::cleanPath(QFileInfo(file).dir().absoluteFilePath(path));
}

Comparison comparisonFrom(const Json& json, const QStringList& products, const QString& file,
                          const std::string& where) {
    Comparison out;
    const int reference = json.value("reference", 0);
    int at = 0;
    for (const auto& column : part(json, "columns", Json::array(), where)) {
        // Older files tell a product by its place in the project.
        const Json& product = column.at("product");
        const QString folder =
            product.is_number_integer() ? products.value(product.get<int>()) : pathFrom(text(column, "product"), file);
        const bool is_reference = at++ == reference;
        if (folder.isEmpty()) continue;
        if (is_reference) out.reference = static_cast<int>(out.columns.size());
        out.columns.push_back({folder, text(column, "space"),
                               settingFrom(column.value("setting", Json::object()), where), text(column, "name")});
    }
    return out;
}

}  // namespace

QString Snapshot::title() const {
    return name.isEmpty() ? QStringLiteral("#%1").arg(number) : QStringLiteral("#%1 %2").arg(number).arg(name);
}

class ProjectCommand : public QUndoCommand {
public:
    ProjectCommand(Project& project, const QString& what, Project::Undoable before, Project::Undoable after, int merge)
        : QUndoCommand(what), project_(project), before_(std::move(before)), after_(std::move(after)), merge_(merge) {}
    void undo() override { project_.put(before_); }
    void redo() override { project_.put(after_); }
    int id() const override { return merge_ == 0 ? -1 : 1; }
    bool mergeWith(const QUndoCommand* other) override {
        const auto* next = static_cast<const ProjectCommand*>(other);
        if (next->merge_ != merge_) return false;
        after_ = next->after_;
        setText(next->text());
        setObsolete(before_ == after_);  // there and back
        return true;
    }

private:
    Project& project_;
    Project::Undoable before_, after_;
    int merge_;
};

Project::Project(QObject* parent) : QObject(parent) {
    stack_.setUndoLimit(500);
}

Setting Project::setting(const QString& product) const {
    const auto found = settings_.find(product);
    return found == settings_.end() ? Setting{} : found->second;
}

const Snapshot* Project::snapshot(int number) const {
    for (const auto& s : snapshots_) {
        if (s.number == number) return &s;
    }
    return nullptr;
}

Project::Undoable Project::undoable() const {
    return {settings_, snapshots_, flipped_, presets_, baseline_, view_, compared_, product_};
}

void Project::put(const Undoable& state) {
    const bool product = state.product != product_ && products_.contains(state.product);
    if (product) product_ = state.product;
    const Setting before = this->setting();
    // Products opened since then keep what they have.
    for (const auto& [name, value] : state.settings) settings_[name] = known(name, value);
    const bool setting = this->setting() != before;
    const bool snapshots = flipped_ != state.flipped || snapshots_ != state.snapshots;
    const bool presets = presets_ != state.presets;
    const bool baseline = !(baseline_ == state.baseline), view = !(view_ == state.view);
    const bool compared = compared_ != state.compared;
    snapshots_ = state.snapshots;
    flipped_ = state.flipped;
    presets_ = state.presets;
    baseline_ = state.baseline;
    view_ = state.view;
    compared_ = state.compared;
    if (product) Q_EMIT productChanged();
    if (setting || product) Q_EMIT settingChanged();
    if (snapshots) Q_EMIT snapshotsChanged();
    if (presets) Q_EMIT presetsChanged();
    if (baseline) Q_EMIT baselineChanged();
    if (view) Q_EMIT viewChanged();
    if (compared) Q_EMIT comparedChanged();
    Q_EMIT changed();
}

void Project::push(const QString& what, const Undoable& after, int merge) {
    stack_.push(new ProjectCommand(*this, what, undoable(), after, merge));
}

void Project::setWorkspace(const QString& folder) {
    if (folder == workspace_) return;
    workspace_ = folder;
    touched_ = true;
    Q_EMIT workspaceChanged();
    Q_EMIT changed();
}

void Project::addProduct(const QString& folder, bool current) {
    if (!products_.contains(folder)) {
        products_ << folder;
        touched_ = true;
        Q_EMIT productsChanged();
        Q_EMIT changed();
    }
    if (current) setProduct(folder);
}

void Project::removeProduct(const QString& folder) {
    if (!products_.removeOne(folder)) return;
    touched_ = true;
    if (product_ == folder) {
        product_ = products_.isEmpty() ? QString() : products_.last();
        view_.stage = -1;
        Q_EMIT productChanged();
    }
    Q_EMIT productsChanged();
    Q_EMIT changed();
}

void Project::setProduct(const QString& folder) {
    if (folder == product_) return;
    product_ = folder;
    view_.stage = -1;
    touched_ = true;
    Q_EMIT productChanged();
    Q_EMIT changed();
}

void Project::beginWith(const QString& product, const Setting& setting) {
    own_[product] = setting;
    settings_[product] = settings_.contains(product) ? known(product, settings_[product]) : setting;
    if (product == product_) Q_EMIT settingChanged();
}

Setting Project::known(const QString& product, const Setting& setting) const {
    const auto own = own_.find(product);
    if (own == own_.end()) return setting;
    Setting out = own->second;
    takeKnown(out.factors, setting.factors);
    takeKnown(out.expert_weights, setting.expert_weights);
    takeKnown(out.projectors, setting.projectors);
    keepOneProjector(out, own->second);
    return out;
}

void Project::setSetting(const Setting& given, const QString& what, int drag) {
    const Setting setting = known(product_, given);
    if (setting == this->setting()) return;
    Undoable after = undoable();
    after.settings[product_] = setting;
    push(what, after, drag);
}

void Project::switchProduct(const QString& folder, const QString& what) {
    if (folder == product_ || !products_.contains(folder)) return;
    if (product_.isEmpty()) return setProduct(folder);  // there is nothing to go back to
    Undoable after = undoable();
    after.product = folder;
    after.view.stage = -1;
    push(what, after);
}

void Project::show(const QString& product, const Setting& setting, const QString& what) {
    if (product == product_) return setSetting(setting, what);
    addProduct(product, false);
    Undoable after = undoable();
    after.product = product;
    after.view.stage = -1;
    after.settings[product] = setting;
    push(what, after);
}

int Project::addSnapshot(const QString& name, const std::optional<Setting>& of) {
    Undoable after = undoable();
    Snapshot snapshot{++last_snapshot_, name, product_, of.value_or(setting())};
    after.snapshots.push_back(snapshot);
    push(tr("Snapshot %1").arg(snapshot.title()), after);
    return snapshot.number;
}

void Project::removeSnapshot(int number) {
    Undoable after = undoable();
    std::erase_if(after.snapshots, [&](const Snapshot& s) { return s.number == number; });
    if (after.baseline.snapshot == number) after.baseline = {};
    std::replace(after.flipped.begin(), after.flipped.end(), number, 0);
    push(tr("Remove snapshot #%1").arg(number), after);
}

void Project::renameSnapshot(int number, const QString& name) {
    Undoable after = undoable();
    for (auto& s : after.snapshots) {
        if (s.number == number) s.name = name;
    }
    push(tr("Rename snapshot #%1").arg(number), after);
}

void Project::flipTo(int slot, int number) {
    const auto at = static_cast<std::size_t>(slot);
    if (flipped_[at] == number || !snapshot(number)) return;
    Undoable after = undoable();
    std::replace(after.flipped.begin(), after.flipped.end(), number, 0);
    after.flipped[at] = number;
    push(tr("Snapshot #%1 is %2").arg(number).arg(slot == 0 ? QLatin1Char('A') : QLatin1Char('B')), after);
}

void Project::addPreset(const QString& name, const Setting& setting) {
    Undoable after = undoable();
    after.presets[name] = setting;
    push(tr("Preset %1").arg(name), after);
}

void Project::removePreset(const QString& name) {
    Undoable after = undoable();
    after.presets.erase(name);
    push(tr("Remove preset %1").arg(name), after);
}

void Project::pinBaseline(const PinnedBaseline& baseline, const QString& what) {
    if (baseline == baseline_) return;
    Undoable after = undoable();
    after.baseline = baseline;
    push(what, after);
}

void Project::setView(const TuneView& view, const QString& what) {
    if (view == view_) return;
    Undoable after = undoable();
    after.view = view;
    push(what, after);
}

void Project::setCompared(const Comparison& compared, const QString& what) {
    if (compared == compared_) return;
    Undoable after = undoable();
    after.compared = compared;
    push(what, after);
}

void Project::touch() {
    touched_ = true;
    Q_EMIT changed();
}

void Project::setExtra(const std::string& key, const Json& value) {
    extra_[key] = value;
}

Json Project::extra(const std::string& key) const {
    return extra_.contains(key) ? extra_.at(key) : Json();
}

Json Project::state() const {
    Json out = unknown_;
    out["format"] = "molspace project";
    out["format_version"] = {1, 0};
    out["workspace"] = pathTo(workspace_, file_);
    out["products"] = Json::array();
    for (const auto& p : products_) {
        Json product{{"folder", pathTo(p, file_)}};
        if (settings_.contains(p)) product["setting"] = engine::settingToJson(settings_.at(p));
        out["products"].push_back(std::move(product));
    }
    out["current"] = pathTo(product_, file_);
    out["snapshots"] = Json::array();
    for (const auto& s : snapshots_) {
        out["snapshots"].push_back({{"number", s.number},
                                    {"name", text(s.name)},
                                    {"product", pathTo(s.product, file_)},
                                    {"setting", engine::settingToJson(s.setting)}});
    }
    out["flipped"] = flipped_;
    out["presets"] = Json::object();
    for (const auto& [name, setting] : presets_) out["presets"][text(name)] = engine::settingToJson(setting);
    out["baseline"] = {{"space", text(baseline_.space)}, {"snapshot", baseline_.snapshot}};
    out["view"] = {{"group", text(view_.group)}, {"x", text(view_.x)},
                   {"y", text(view_.y)},         {"metric", text(view_.metric)},
                   {"steps", view_.steps},       {"panes", text(view_.panes)},
                   {"stage", view_.stage},       {"live_weight", text(view_.live_weight)}};
    Json columns = Json::array();
    for (const auto& column : compared_.columns) {
        columns.push_back({{"product", pathTo(column.product, file_)},
                           {"space", text(column.space)},
                           {"setting", engine::settingToJson(column.setting)},
                           {"name", text(column.name)}});
    }
    out["compared"] = {{"columns", columns}, {"reference", compared_.reference}, {"numbered", last_column_}};
    out["window"] = extra_;
    return out;
}

void Project::restore(const Json& json) {
    const std::string where = file_.isEmpty() ? "project" : text(file_);
    if (!json.is_object() || json.value("format", Json()) != "molspace project") {
        throw engine::Error(engine::ErrorCode::InvalidInput, where, "expected a project of Molecule-Space Studio",
                            "choose a file that the studio saved, or the folder of a workspace");
    }
    const Json version = json.value("format_version", Json::array({1, 0}));
    if (!version.is_array() || version.empty() || !version[0].is_number_integer() || version[0].get<int>() > 1) {
        throw engine::Error(engine::ErrorCode::InvalidInput, where,
                            "expected a project of format 1, found " + version.dump(),
                            "open it with the version of the program that wrote it");
    }
    Project read;  // so that this one stays as it is where the file is wrong
    try {
        read.workspace_ = pathFrom(text(json, "workspace"), file_);
        for (const auto& p : part(json, "products", Json::array(), where)) {
            const QString folder = pathFrom(text(p, "folder"), file_);
            if (folder.isEmpty()) continue;
            read.products_ << folder;
            if (p.contains("setting")) read.settings_[folder] = settingFrom(p["setting"], where);
        }
        read.product_ = pathFrom(text(json, "current"), file_);
        if (!read.products_.contains(read.product_)) read.product_ = read.products_.value(0);
        for (const auto& s : part(json, "snapshots", Json::array(), where)) {
            read.snapshots_.push_back({s.value("number", 0), text(s, "name"), pathFrom(text(s, "product"), file_),
                                       settingFrom(s.at("setting"), where)});
            read.last_snapshot_ = std::max(read.last_snapshot_, read.snapshots_.back().number);
        }
        const Json flipped = part(json, "flipped", Json::array(), where);
        for (std::size_t slot = 0; slot < read.flipped_.size() && slot < flipped.size(); ++slot) {
            const int number = flipped[slot].get<int>();
            if (read.snapshot(number)) read.flipped_[slot] = number;
        }
        const Json presets = part(json, "presets", Json::object(), where);  // items() refers to it
        for (const auto& [name, setting] : presets.items())
            read.presets_[QString::fromStdString(name)] = settingFrom(setting, where);
        const Json baseline = part(json, "baseline", Json::object(), where);
        read.baseline_ = {text(baseline, "space"), baseline.value("snapshot", 0)};
        if (read.baseline_.snapshot != 0 && !read.snapshot(read.baseline_.snapshot)) read.baseline_ = {};
        const Json view = part(json, "view", Json::object(), where);
        read.view_ = {text(view, "group"),
                      text(view, "x"),
                      text(view, "y"),
                      text(view, "metric"),
                      std::clamp(view.value("steps", 21), 3, 201),
                      text(view, "panes"),
                      std::clamp(view.value("stage", -1), -1, 100),
                      text(view, "live_weight")};
        if (read.view_.metric.isEmpty()) read.view_.metric = QStringLiteral("R@1");
        read.extra_ = part(json, "window", Json::object(), where);
        Json compared = part(json, "compared", Json::object(), where);
        // Older files have the columns with what the window shows of them.
        if (const auto shown = read.extra_.find("compare"); shown != read.extra_.end() && shown->is_object()) {
            for (const char* key : {"columns", "reference", "numbered"}) {
                if (!shown->contains(key)) continue;
                if (!json.contains("compared")) compared[key] = (*shown)[key];
                shown->erase(key);
            }
        }
        read.compared_ = comparisonFrom(compared, read.products_, file_, where);
        read.last_column_ = compared.value("numbered", static_cast<int>(read.compared_.columns.size()));
    } catch (const Json::exception& error) {
        throw engine::Error(engine::ErrorCode::InvalidInput, where,
                            std::string("a value is of another type than expected: ") + error.what(),
                            "the file was changed by hand; put it right or begin a new project");
    }
    read.unknown_ = json;
    for (const char* known : {"format", "format_version", "workspace", "products", "current", "snapshots", "flipped",
                              "presets", "baseline", "view", "compared", "window"})
        read.unknown_.erase(known);
    workspace_ = read.workspace_;
    products_ = read.products_;
    product_ = read.product_;
    settings_ = read.settings_;
    own_.clear();
    presets_ = read.presets_;
    snapshots_ = read.snapshots_;
    flipped_ = read.flipped_;
    last_snapshot_ = read.last_snapshot_;
    baseline_ = read.baseline_;
    view_ = read.view_;
    compared_ = read.compared_;
    last_column_ = read.last_column_;
    extra_ = read.extra_;
    unknown_ = read.unknown_;
    stack_.clear();
    touched_ = recovered_ = false;
    Q_EMIT workspaceChanged();
    Q_EMIT productsChanged();
    Q_EMIT productChanged();
    Q_EMIT snapshotsChanged();
    Q_EMIT presetsChanged();
    Q_EMIT baselineChanged();
    Q_EMIT viewChanged();
    Q_EMIT comparedChanged();
    Q_EMIT changed();
}

void Project::save(const QString& file) {
    const QString before = file_;
    file_ = file;
    try {
        engine::writeJsonFile(text(file), state());
    } catch (...) {
        file_ = before;
        throw;
    }
    stack_.setClean();
    touched_ = recovered_ = false;
    Q_EMIT fileChanged();
}

void Project::load(const QString& file) {
    const Json json = engine::readJsonFile(text(file));
    const QString before = file_;
    file_ = file;
    try {
        restore(json);
    } catch (...) {
        file_ = before;
        throw;
    }
    Q_EMIT fileChanged();
}

void Project::recover(const Json& state) {
    const QString before = file_;
    file_ = state.is_object() ? text(state, "recovered_from") : QString();  // its paths are relative to that
    try {
        restore(state);
    } catch (...) {
        file_ = before;
        throw;
    }
    unknown_.erase("recovered_from");
    touched_ = recovered_ = true;
    Q_EMIT fileChanged();
}

void Project::clear() {
    file_.clear();
    restore({{"format", "molspace project"}});
    Q_EMIT fileChanged();
}

}  // namespace ui
