// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/export/command_line.h"

#include <QLocale>
#include <QRegularExpression>

#include <algorithm>

#include "engine/recipe/reaction_options.h"
#include "ui/bridge/live_session.h"

namespace ui {
namespace {

QString text(const std::string& s) {
    return QString::fromStdString(s);
}

QString number(double value) {
    return QLocale::c().toString(value, 'g', QLocale::FloatingPointShortest);
}

QString pathText(const std::filesystem::path& path) {
    return text(path.string());
}

QStringList program() {
    return {QStringLiteral("molspace")};
}

// --workspace where it is not the one that the product names itself.
QStringList workspaceWords(const engine::LiveProduct& product) {
    if (product.workspaceFolder() == std::filesystem::path(product.record().workspace)) return {};
    return {QStringLiteral("--workspace"), pathText(product.workspaceFolder())};
}

QStringList subjectWords(const engine::LiveProduct& product) {
    return QStringList{QStringLiteral("--product"), pathText(product.folder())} + workspaceWords(product);
}

QStringList setWords(const engine::LiveProduct& product, const engine::Setting& setting,
                     const QString& flag = QStringLiteral("--set")) {
    QStringList out;
    for (const auto& word : settingWords(product, setting)) out << flag << word;
    return out;
}

// The product itself needs no name beside a setting of it, and its base space none at all.
QStringList baselineWords(const engine::LiveProduct& product, const engine::Subject& baseline) {
    QStringList out;
    if (!baseline.space.empty() && baseline.space != product.recipe().base)
        out << QStringLiteral("--baseline-space") << text(baseline.space);
    const bool own = baseline.product == product.folder() && !(baseline.setting.empty() && baseline.set.empty());
    if (!baseline.product.empty() && !own) out << QStringLiteral("--baseline-product") << pathText(baseline.product);
    if (!baseline.setting.empty()) out << QStringLiteral("--baseline-setting") << text(baseline.setting);
    for (const auto& word : baseline.set) out << QStringLiteral("--baseline-set") << text(word);
    return out;
}

// Flags of options whose value is not the default.
QStringList optionWords(const std::vector<engine::OptionEntry>& entries, const engine::Json& values) {
    QStringList out;
    for (const auto& entry : entries) {
        if (!values.is_object() || !values.contains(entry.key)) continue;
        const engine::Json& value = values[entry.key];
        if (value == entry.default_value) continue;
        QString word;
        if (value.is_boolean()) word = value.get<bool>() ? QStringLiteral("yes") : QStringLiteral("no");
        else if (value.is_number_integer()) word = text(value.dump());
        else if (value.is_number()) word = number(value.get<double>());
        else if (value.is_array()) {
            QStringList items;
            for (const auto& item : value) items << text(item.get<std::string>());
            word = items.join(QLatin1Char(','));
        } else if (value.is_string()) word = text(value.get<std::string>());
        else continue;
        out << text(entry.flag()) << word;
    }
    return out;
}

QStringList protocolWords(const engine::LiveProduct& product) {
    return optionWords(engine::evaluateOptions(), engine::evalOptionTable().toJson(product.evalOptions()));
}

// Of `why`, which knows of a protocol's options only how ties count.
QStringList tieWords(const engine::LiveProduct& product) {
    return optionWords(engine::whyOptions(), {{"ties", product.evalOptions().ties}});
}

}  // namespace

QString shellQuoted(const QString& word) {
    static const QRegularExpression plain(QStringLiteral("^[A-Za-z0-9_@%+=:,./-]+$"));
    if (plain.match(word).hasMatch()) return word;
    return QLatin1Char('\'') + QString(word).replace(QLatin1Char('\''), QStringLiteral("'\\''")) + QLatin1Char('\'');
}

QString shellLine(const QStringList& words) {
    QStringList quoted;
    for (const auto& word : words) quoted << shellQuoted(word);
    return quoted.join(QLatin1Char(' '));
}

QString wrappedLine(const QString& line, int columns) {
    // Words as the shell sees them: blanks within quotes do not end one.
    QStringList words;
    bool quoted = false, escaped = false, fresh = true;
    for (const QChar c : line) {
        if (c == QLatin1Char('\'') && !escaped) quoted = !quoted;
        escaped = c == QLatin1Char('\\') && !quoted;
        if (c == QLatin1Char(' ') && !quoted) {
            fresh = true;
            continue;
        }
        if (fresh) words << QString();
        fresh = false;
        words.last() += c;
    }
    QStringList parts;
    for (const auto& word : words) {
        const bool value = !parts.isEmpty() && parts.last().startsWith(QLatin1Char('-')) &&
                           !parts.last().contains(QLatin1Char(' ')) && !word.startsWith(QLatin1Char('-'));
        if (value) parts.last() += QLatin1Char(' ') + word;
        else parts << word;
    }
    const QString next = QStringLiteral(" \\\n    ");
    QString out;
    qsizetype used = 0;
    for (const auto& part : parts) {
        if (out.isEmpty()) {
            out = part;
            used = part.size();
        } else if (used + 1 + part.size() + 2 <= columns) {
            out += QLatin1Char(' ') + part;
            used += 1 + part.size();
        } else {
            out += next + part;
            used = 4 + part.size();
        }
    }
    return out;
}

engine::Subject baselineOf(const engine::LiveProduct& product, const BaselineChoice& choice) {
    if (!choice.setting) return {.space = choice.space};
    engine::Subject out{.product = product.folder()};
    for (const auto& word : settingWords(product, *choice.setting)) out.set.push_back(word.toStdString());
    return out;
}

std::vector<engine::FactorAxis> defaultAxes(const engine::LiveProduct& product, std::size_t steps) {
    std::vector<std::string> chosen;
    const auto take = [&](const std::string& kind, const std::string& ending) {
        for (const auto& factor : product.plan().factors) {
            const bool known = std::find(chosen.begin(), chosen.end(), factor.name) != chosen.end();
            if (!factor.live || known || !factor.name.starts_with(kind) || !factor.name.ends_with(ending)) continue;
            chosen.push_back(factor.name);
            if (!ending.empty()) return true;
        }
        return false;
    };
    for (const char* ending : {"_a", "_t"}) {
        if (!take("sigma", ending)) take("lambda", ending);
    }
    take("", "");
    std::vector<engine::FactorAxis> out;
    for (const auto& name : chosen) {
        if (out.size() < 2) out.push_back({name, 0, 1, steps});
    }
    return out;
}

QStringList settingWords(const engine::LiveProduct& product, const engine::Setting& setting) {
    QStringList out;
    for (const auto& factor : product.plan().factors) {
        const auto at = setting.factors.find(factor.name);
        if (at != setting.factors.end() && at->second != factor.value)
            out << text(factor.name) + QLatin1Char('=') + number(at->second);
    }
    for (const auto& expert : product.experts()) {
        const auto at = setting.expert_weights.find(expert.key);
        if (at == setting.expert_weights.end() || at->second == expert.weight) continue;
        out << text(expert.key) + (at->second == 0 ? QStringLiteral("=off") : QLatin1Char('=') + number(at->second));
    }
    const engine::Setting own = product.defaults();
    for (const auto& [name, on] : setting.projectors) {
        const auto recipe = own.projectors.find(name);
        if (recipe != own.projectors.end() && recipe->second != on)
            out << text(name) + (on ? QStringLiteral("=on") : QStringLiteral("=off"));
    }
    return out;
}

QString axisText(const engine::FactorAxis& axis) {
    QString out = text(axis.factor) + QLatin1Char('=') + number(axis.first) + QLatin1Char(':') + number(axis.last);
    if (axis.steps > 1)
        out += QLatin1Char(':') + number((axis.last - axis.first) / static_cast<double>(axis.steps - 1));
    return out;
}

QString evaluateCommand(const engine::LiveProduct& product, const engine::Setting& setting, const QStringList& sets,
                        bool json) {
    QStringList words = program() << QStringLiteral("evaluate") << subjectWords(product) << setWords(product, setting);
    if (!sets.isEmpty()) words << QStringLiteral("--sets") << sets.join(QLatin1Char(','));
    words << protocolWords(product);
    if (json) words << QStringLiteral("--json");
    return shellLine(words);
}

QString evaluateSpaceCommand(const engine::LiveProduct& product, const std::string& space, bool json) {
    QStringList words = program() << QStringLiteral("evaluate") << QStringLiteral("--workspace")
                                  << pathText(product.workspaceFolder()) << QStringLiteral("--space") << text(space)
                                  << protocolWords(product);
    if (json) words << QStringLiteral("--json");
    return shellLine(words);
}

QString sweepCommand(const engine::LiveProduct& product, const engine::Setting& setting,
                     const std::vector<engine::FactorAxis>& axes, const engine::Subject& baseline,
                     const QString& output) {
    engine::Setting others = setting;
    for (const auto& axis : axes) others.factors.erase(axis.factor);
    QStringList words = program() << QStringLiteral("sweep") << subjectWords(product);
    for (const auto& axis : axes) words << QStringLiteral("--axis") << axisText(axis);
    words << setWords(product, others) << baselineWords(product, baseline);
    if (!output.isEmpty()) words << QStringLiteral("--output") << output;
    return shellLine(words << protocolWords(product));
}

QString tuneCommand(const engine::LiveProduct& product, const engine::Setting& from,
                    const engine::TuneRequestText& request) {
    QStringList words = program() << QStringLiteral("tune") << subjectWords(product);
    const auto list = [&words](const QString& flag, const std::vector<std::string>& items) {
        QStringList joined;
        for (const auto& item : items) joined << text(item);
        if (!joined.isEmpty()) words << flag << joined.join(QLatin1Char(','));
    };
    list(QStringLiteral("--maximize"), request.maximize);
    list(QStringLiteral("--at-least"), request.at_least);
    list(QStringLiteral("--factors"), request.factors);
    list(QStringLiteral("--sets"), request.sets);
    words << setWords(product, from);
    if (request.step != engine::TuneRequestText{}.step) words << QStringLiteral("--step") << number(request.step);
    words << baselineWords(product, request.baseline);
    if (!request.output.empty()) words << QStringLiteral("--output") << pathText(request.output);
    return shellLine(words << protocolWords(product));
}

QString whyCommand(const engine::LiveProduct& product, const engine::Setting& from, const engine::Setting& to) {
    if (settingWords(product, from) == settingWords(product, to)) return {};
    QStringList words = program() << QStringLiteral("why") << subjectWords(product)
                                  << setWords(product, from, QStringLiteral("--from-set"));
    const QStringList after = setWords(product, to, QStringLiteral("--to-set"));
    // The recipe's own setting is named by one of its values: without --to-set nothing is compared.
    if (after.isEmpty() && !product.plan().factors.empty()) {
        const auto& factor = product.plan().factors.front();
        words << QStringLiteral("--to-set") << text(factor.name) + QLatin1Char('=') + number(factor.value);
    }
    return shellLine(words << after << tieWords(product));
}

QString alongCommand(const engine::LiveProduct& product, const engine::Setting& setting, const std::string& factor) {
    engine::Setting others = setting;
    others.factors.erase(factor);
    return shellLine(program() << QStringLiteral("why") << subjectWords(product)
                               << setWords(product, others, QStringLiteral("--from-set")) << QStringLiteral("--along")
                               << text(factor) << tieWords(product));
}

QString routerCommand(const engine::LiveProduct& product, const engine::Setting& setting) {
    if (!product.model().isLive(setting) || setting.projectors != product.defaults().projectors) return {};
    return shellLine(program() << QStringLiteral("router") << subjectWords(product) << setWords(product, setting)
                               << protocolWords(product));
}

QString headroomCommand(const engine::LiveProduct& product, const engine::Setting& from,
                        const engine::TuneRequestText& request) {
    return tuneCommand(product, from, request) + QStringLiteral(" --headroom");
}

QString exportCommand(const engine::LiveProduct& product, const engine::Setting& setting, const QString& package,
                      bool freebind, bool metrics) {
    QStringList words = program() << QStringLiteral("export") << pathText(product.folder()) << package;
    words << workspaceWords(product) << setWords(product, setting);
    if (freebind) words << QStringLiteral("--freebind");
    if (!metrics) words << QStringLiteral("--no-metrics");
    return shellLine(words);
}

QString applyCommand(const engine::LiveProduct& product, const engine::EmbeddingsRequest& request) {
    QStringList words = program() << QStringLiteral("apply") << pathText(product.folder());
    if (!request.pool.empty()) words << QStringLiteral("--pool") << text(request.pool);
    if (!request.set.empty()) {
        words << QStringLiteral("--evaluation-set") << text(request.set) << QStringLiteral("--side")
              << (request.first_side ? QStringLiteral("first") : QStringLiteral("second"));
    } else if (!request.modality.empty()) {
        words << QStringLiteral("--modality") << text(request.modality);
    }
    for (const auto& input : request.inputs) words << QStringLiteral("--input") << text(input);
    if (request.inputs.empty()) words << workspaceWords(product);
    words << setWords(product, request.setting) << QStringLiteral("--output") << pathText(request.output);
    if (request.ids_file) words << QStringLiteral("--ids");
    return shellLine(words);
}

QString trainCommand(const engine::ReactRequest& request) {
    QStringList words = program() << QStringLiteral("train") << pathText(request.workspace)
                                  << QStringLiteral("--recipe") << text(request.recipe);
    if (!request.product.empty()) words << QStringLiteral("--product") << pathText(request.product);
    if (request.more_epochs > 0) words << QStringLiteral("--more-epochs") << QString::number(request.more_epochs);
    words << optionWords(engine::reactionOptionTable().entries(), request.reaction_options)
          << optionWords(engine::runOptionTable().entries(), request.run_options);
    return shellLine(words);
}

}  // namespace ui
