// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reactions/recipe_editor.h"

#include <QComboBox>
#include <QEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPointer>
#include <QPushButton>
#include <QRegularExpression>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QToolButton>
#include <QUndoStack>
#include <QVBoxLayout>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/session/session.h"
#include "ui/export/view_menu.h"
#include "ui/reactions/option_form.h"
#include "ui/reactions/route_view.h"
#include "ui/reactions/step_card.h"
#include "ui/style/theme.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/wrapped_text.h"

namespace ui {

namespace {

// "batch_size: expected ..." by the name that the form has for the option.
QString optionWords(const QString& problem) {
    for (const auto& e : engine::reactionOptionTable().entries()) {
        const QString key = QString::fromStdString(e.key);
        if (problem.startsWith(key + QLatin1Char(':'))) return optionLabel(e.key) + problem.mid(key.size());
    }
    return problem;
}

// Where two recipes differ, if it is one value; empty: in more.
std::string changedField(const engine::Json& before, const engine::Json& after) {
    const auto steps = engine::Json::diff(before, after);
    return steps.size() == 1 && steps[0].at("op") == "replace" ? steps[0].at("path").get<std::string>() : std::string();
}

}  // namespace

// From one recipe to another. Values of one field that follow each other are one step.
class RecipeChange : public QUndoCommand {
public:
    RecipeChange(RecipeEditor* editor, RecipeEditor::State before, RecipeEditor::State after)
        : editor_(editor), before_(std::move(before)), after_(std::move(after)) {
        const QString name = QString::fromStdString(after_.recipe.name);
        if (before_.source != after_.source) {
            setText(QObject::tr("Recipe %1").arg(name));
            return;
        }
        field_ = changedField(before_.json, after_.json);
        const std::string leaf = field_.substr(field_.rfind('/') + 1);
        setText(field_.empty() ? QObject::tr("Route of %1").arg(name)
                               : QObject::tr("%1 of recipe %2").arg(optionLabel(leaf), name));
    }

    void undo() override { go(before_); }
    void redo() override {
        if (done_) go(after_);
        done_ = true;
    }
    int id() const override { return 7001; }
    bool mergeWith(const QUndoCommand* other) override {
        const auto* next = static_cast<const RecipeChange*>(other);
        if (field_.empty() || next->field_ != field_ || next->editor_ != editor_) return false;
        after_ = next->after_;
        setText(next->text());
        setObsolete(before_ == after_);
        return true;
    }

private:
    void go(const RecipeEditor::State& state) {
        if (!editor_) return;
        editor_->put(state);
        Q_EMIT editor_->wentBack();
    }

    QPointer<RecipeEditor> editor_;
    RecipeEditor::State before_, after_;
    std::string field_;
    bool done_ = false;
};

QString recipeWords(const QString& line) {
    static const QRegularExpression place(
        QStringLiteral("^(?:route\\[(\\d+)\\]|step (\\d+)(?: \\((\\w+)\\))?)"
                       "(?:\\.experts\\[(\\d+)\\])?(?:\\.(\\w+))?(?:\\.(\\w+))?(?=[:,])"));
    static const QRegularExpression factor(QStringLiteral("\\b(sigma|lambda)(\\d*_\\w+)"));
    QString rest = line, where;
    if (const auto found = place.match(line); found.hasMatch()) {
        rest = line.mid(found.capturedEnd());
        const int step = found.captured(1).isEmpty() ? found.captured(2).toInt() : found.captured(1).toInt() + 1;
        where = QObject::tr("Step %1").arg(step);
        if (!found.captured(4).isEmpty()) where += QObject::tr(", expert %1").arg(found.captured(4).toInt() + 1);
        const QString field = found.captured(5), of = found.captured(6);
        if (field == QLatin1String("options")) where += QStringLiteral(", ") + optionLabel(of.toStdString());
        else if (field == QLatin1String("factors")) where += QObject::tr(", share for %1").arg(of);
        else if (field == QLatin1String("against")) where += QObject::tr(", trained against");
        else if (field == QLatin1String("reaction")) where += QObject::tr(", kind");
        else if (!field.isEmpty()) where += QStringLiteral(", ") + field;
    } else if (line.startsWith(QLatin1String("recipe"))) {
        const auto colon = line.indexOf(QLatin1Char(':'));
        const QString field = line.mid(0, colon).section(QLatin1Char('.'), 1);
        if (colon > 0) {
            where = field.isEmpty() ? QObject::tr("Recipe") : field.left(1).toUpper() + field.mid(1);
            rest = line.mid(colon);
        }
    }
    const auto symbol = [](const QString& name) {
        return name == QLatin1String("sigma") ? QStringLiteral("σ") : QStringLiteral("λ");
    };
    for (auto found = factor.match(rest); found.hasMatch(); found = factor.match(rest))
        rest.replace(found.capturedStart(1), found.capturedLength(1), symbol(found.captured(1)));
    return where + rest;
}

RecipeEditor::RecipeEditor(QWidget* parent) : QWidget(parent) {
    list_ = new QComboBox(this);
    list_->setObjectName(QStringLiteral("recipes"));
    list_->setAccessibleName(tr("Recipe"));
    list_->setToolTip(tr("A recipe that ships with the program, or one that was opened"));
    list_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    list_->setMinimumContentsLength(14);
    for (const auto& name : engine::shippedRecipes()) list_->addItem(QString::fromStdString(name));
    list_->setCurrentIndex(-1);
    const auto tool = [this](const char* name, const QString& text, const QString& tip) {
        auto* b = new QToolButton(this);
        b->setObjectName(QString::fromLatin1(name));
        b->setText(text);
        b->setToolTip(tip);
        b->setAccessibleName(tip);
        return b;
    };
    open_ = tool("openRecipe", tr("Open…"), tr("Open a recipe from a file"));
    save_ = tool("saveRecipe", tr("Save as…"), tr("Save this recipe as a file, for the command line and for others"));
    revert_ = tool("revertRecipe", tr("Undo edits"), tr("Back to the recipe as it was opened"));
    state_ = new QLabel(this);
    state_->setForegroundRole(QPalette::PlaceholderText);  // the theme's muted colour
    auto* head = new QHBoxLayout;
    head->setSpacing(6);
    auto* title = new QLabel(tr("Recipe"), this);
    title->setFont(headingFont(1));
    head->addWidget(title);
    head->addSpacing(6);
    head->addWidget(list_, 1);
    head->addWidget(state_);
    head->addWidget(revert_);
    head->addWidget(open_);
    head->addWidget(save_);
    message_ = new MessageBar(this);
    route_ = new RouteView(this);
    route_->setMinimumHeight(210);
    route_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    notes_ = new WrappedText(110, this);
    notes_->setObjectName(QStringLiteral("problems"));
    notes_->setAccessibleName(tr("What is to be said about this recipe"));
    notes_->setVisible(false);

    auto* inner = new QWidget;
    auto* column = new QVBoxLayout(inner);
    column->setContentsMargins(0, 0, 8, 0);
    column->setSpacing(10);
    description_ = new QLabel(inner);
    description_->setForegroundRole(QPalette::PlaceholderText);
    description_->setWordWrap(true);
    description_->setTextFormat(Qt::PlainText);
    column->addWidget(description_);
    auto* names = new QHBoxLayout;
    names->setSpacing(8);
    name_ = new QLineEdit(inner);
    name_->setObjectName(QStringLiteral("name"));
    name_->setAccessibleName(tr("Name of the product"));
    name_->setToolTip(tr("The product's name; the folder is called after it"));
    base_ = new QComboBox(inner);
    base_->setObjectName(QStringLiteral("base"));
    base_->setAccessibleName(tr("Base space"));
    base_->setToolTip(tr("The unified space that the route begins with"));
    base_->setMinimumContentsLength(8);
    auto* name_label = new QLabel(tr("Name"), inner);
    name_label->setBuddy(name_);
    auto* base_label = new QLabel(tr("Base"), inner);
    base_label->setBuddy(base_);
    names->addWidget(name_label);
    names->addWidget(name_, 1);
    names->addSpacing(4);
    names->addWidget(base_label);
    names->addWidget(base_, 1);
    column->addLayout(names);
    steps_ = new QVBoxLayout;
    steps_->setSpacing(8);
    column->addLayout(steps_);
    add_ = new QPushButton(tr("Add step"), inner);
    add_->setObjectName(QStringLiteral("addStep"));
    add_->setToolTip(tr("One more reaction at the end of the route"));
    column->addWidget(add_, 0, Qt::AlignLeft);
    column->addStretch(1);
    auto* scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(inner);
    scroll->setMinimumHeight(120);

    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(8);
    all->addLayout(head);
    all->addWidget(message_);
    all->addWidget(route_, 2);
    all->addWidget(notes_);
    all->addWidget(scroll, 3);

    rebuild_.setSingleShot(true);
    rebuild_.setInterval(0);
    connect(&rebuild_, &QTimer::timeout, this, &RecipeEditor::rebuildSteps);
    connect(list_, &QComboBox::activated, this, &RecipeEditor::choose);
    connect(open_, &QToolButton::clicked, this, [this] {
        const QString file = QFileDialog::getOpenFileName(this, tr("Open a recipe"), {}, tr("Recipes (*.json)"));
        if (!file.isEmpty()) openRecipe(file);
    });
    connect(save_, &QToolButton::clicked, this, [this] {
        const QString file = QFileDialog::getSaveFileName(
            this, tr("Save the recipe"), QString::fromStdString(recipe_.name) + QStringLiteral(".json"),
            tr("Recipes (*.json)"));
        if (!file.isEmpty()) save(file);
    });
    connect(revert_, &QToolButton::clicked, this,
            [this] { setRecipe(engine::recipeFromJson(original_, source_.toStdString()), source_); });
    connect(route_, &RouteView::expertClicked, this, &RecipeEditor::toggleExpert);
    addFigureMenu(
        route_, [this](QPainter& p, const QRectF& area) { route_->paintTo(p, area); },
        [this] { return tr("%1 route").arg(QString::fromStdString(recipe_.name)); },
        [this](const JobFailure& failure) { message_->showError(failure); });
    connect(name_, &QLineEdit::textEdited, this, [this](const QString& text) {
        recipe_.name = text.trimmed().toStdString();
        replan();
    });
    connect(base_, &QComboBox::activated, this, [this] {
        recipe_.base = base_->currentText().toStdString();
        rebuild_.start();
        replan();
    });
    connect(add_, &QPushButton::clicked, this, &RecipeEditor::addStep);
    paintColours();
    replan();
    followTheme(this, [this] { paintColours(); });
}

void RecipeEditor::setUndoStack(QUndoStack* stack) {
    stack_ = stack;
    last_ = state();
}

RecipeEditor::State RecipeEditor::state() const {
    return {recipe_, engine::recipeToJson(recipe_), original_, source_};
}

void RecipeEditor::put(const State& state) {
    last_ = state;
    original_ = state.original;
    source_ = state.source;
    setRecipe(engine::Recipe(state.recipe), state.source);
}

void RecipeEditor::record() {
    const State now = state();
    if (now == last_) return;
    const State before = std::exchange(last_, now);
    // The first recipe is nothing that was changed.
    if (stack_ && !before.source.isEmpty()) stack_->push(new RecipeChange(this, before, now));
}

bool RecipeEditor::edited() const {
    return !original_.is_null() && engine::recipeToJson(recipe_) != original_;
}

void RecipeEditor::setFacts(std::shared_ptr<const WorkspaceFacts> facts) {
    facts_ = std::move(facts);
    rebuildHead();
    rebuild_.start();
    replan();
}

void RecipeEditor::setRecipe(const engine::Recipe& recipe, const QString& source) {
    recipe_ = recipe;
    if (source_ != source || original_.is_null()) original_ = engine::recipeToJson(recipe);
    source_ = source;
    const QString shown = QFileInfo(source).suffix() == QLatin1String("json") ? QFileInfo(source).fileName() : source;
    if (list_->findText(shown) < 0) list_->addItem(shown, source);
    list_->setCurrentIndex(list_->findText(shown));
    rebuildHead();
    rebuildSteps();
    replan();
}

bool RecipeEditor::openRecipe(const QString& nameOrFile) {
    try {
        const auto recipe = engine::findRecipe(nameOrFile.toStdString());
        original_ = engine::Json();
        setRecipe(recipe, nameOrFile);
        message_->clear();
        return true;
    } catch (...) {
        if (const auto failure = currentFailure()) message_->showError(*failure);
        return false;
    }
}

bool RecipeEditor::save(const QString& file) {
    try {
        engine::writeJsonFile(file.toStdString(), engine::recipeToJson(recipe_));
        original_ = engine::recipeToJson(recipe_);
        source_ = file;
        last_ = state();  // a file that was written is no step to go back
        setRecipe(engine::Recipe(recipe_), file);
        message_->showNote(tr("Saved as %1").arg(file));
        return true;
    } catch (...) {
        if (const auto failure = currentFailure()) message_->showError(*failure);
        return false;
    }
}

void RecipeEditor::choose(int index) {
    const QVariant file = list_->itemData(index);
    const QString text = file.isValid() ? file.toString() : list_->itemText(index);
    if (!openRecipe(text)) {
        const QSignalBlocker quiet(list_);
        const int at = list_->findText(source_);
        if (at >= 0) list_->setCurrentIndex(at);
    }
}

void RecipeEditor::toggleExpert(const QString& key) {
    for (std::size_t s = 0; s < recipe_.route.size(); ++s) {
        for (std::size_t e = 0; e < recipe_.route[s].experts.size(); ++e) {
            if (engine::expertKey(recipe_, s, e) != key.toStdString()) continue;
            auto& use = recipe_.route[s].experts[e];
            const bool on = use.enabled && use.weight > 0;
            use.enabled = !on;
            if (!on && use.weight <= 0) use.weight = 1;
        }
    }
    rebuild_.start();
    replan();
}

void RecipeEditor::addStep() {
    engine::ReactionStep step;
    // A space that is not used yet, if there is one.
    std::string space = recipe_.base;
    if (facts_) {
        for (const auto& s : facts_->spaces) {
            bool used = s.name == recipe_.base;
            for (const auto& r : recipe_.route) {
                for (const auto& e : r.experts) used = used || e.space == s.name;
            }
            if (!used) {
                space = s.name;
                break;
            }
        }
    }
    step.experts.push_back({space});
    recipe_.route.push_back(std::move(step));
    rebuild_.start();
    replan();
}

void RecipeEditor::setCentred(std::size_t step, bool centred) {
    if (step >= recipe_.route.size()) return;
    recipe_.route[step].options.centred = centred;
    rebuild_.start();
    replan();
}

void RecipeEditor::rebuildHead() {
    const QSignalBlocker quiet(base_);
    base_->clear();
    if (facts_) {
        for (const auto& s : facts_->spaces) base_->addItem(QString::fromStdString(s.name));
    }
    const QString base = QString::fromStdString(recipe_.base);
    if (!base.isEmpty() && base_->findText(base) < 0) base_->addItem(base);
    base_->setCurrentText(base);
    if (name_->text().trimmed().toStdString() != recipe_.name) {
        name_->setText(QString::fromStdString(recipe_.name));
        name_->setCursorPosition(0);  // the beginning of a long one is seen
    }
    description_->setText(QString::fromStdString(recipe_.description));
    description_->setVisible(!recipe_.description.empty());
}

void RecipeEditor::rebuildSteps() {
    rebuild_.stop();
    // Who works with the keyboard goes on where he was.
    QString focus_card, focus_field;
    for (auto* card : cards_) {
        if (auto* widget = focusWidget(); widget && card->isAncestorOf(widget) && !widget->objectName().isEmpty()) {
            focus_card = card->objectName();
            focus_field = widget->objectName();
        }
    }
    std::vector<bool> open;
    for (auto* card : cards_) {
        open.push_back(card->optionsOpen());
        steps_->removeWidget(card);
        // It may be what calls: it goes when it has returned, and is not heard any more.
        card->disconnect(this);
        card->hide();
        card->deleteLater();
    }
    cards_.clear();
    std::vector<engine::Modality> unified;
    const auto modalities = [&](const std::string& name) {
        if (facts_) {
            for (const auto& s : facts_->spaces) {
                if (s.name == name) return s.modalities;
            }
        }
        return std::vector<engine::Modality>{};
    };
    unified = modalities(recipe_.base);
    QStringList sets, paired;
    if (facts_) {
        for (const auto& s : facts_->retrieval_sets) sets << QString::fromStdString(s);
        for (const auto& p : facts_->paired) paired << QString::fromStdString(p.name);
    }
    for (std::size_t i = 0; i < recipe_.route.size(); ++i) {
        StepCard::Place place;
        place.index = i;
        place.count = recipe_.route.size();
        if (facts_) place.spaces = facts_->spaces;
        place.unified = unified;
        place.retrieval_sets = sets;
        place.paired_pools = paired;
        place.options_open = i < open.size() && open[i];
        auto* card = new StepCard(recipe_.route[i], std::move(place), add_->parentWidget());
        card->setObjectName(QStringLiteral("step%1").arg(i));
        // Until the cards are made anew, what is said to one of them is of a route that is no more.
        const auto stale = [this, i] { return i >= recipe_.route.size() || cards_.size() != recipe_.route.size(); };
        connect(card, &StepCard::edited, this, [this, card, i, stale] {
            if (stale()) return;
            recipe_.route[i] = card->step();
            replan();
        });
        connect(card, &StepCard::restructured, this, [this, card, i, stale] {
            if (stale()) return;
            recipe_.route[i] = card->step();
            rebuild_.start();
            replan();
        });
        connect(card, &StepCard::moveWanted, this, [this, i, stale](int by) {
            const auto to = static_cast<std::ptrdiff_t>(i) + by;
            if (stale() || to < 0 || to >= static_cast<std::ptrdiff_t>(recipe_.route.size())) return;
            std::swap(recipe_.route[i], recipe_.route[static_cast<std::size_t>(to)]);
            rebuild_.start();
            replan();
        });
        connect(card, &StepCard::removeWanted, this, [this, i, stale] {
            if (stale()) return;
            recipe_.route.erase(recipe_.route.begin() + static_cast<std::ptrdiff_t>(i));
            rebuild_.start();
            replan();
        });
        connect(card, &StepCard::poolsWanted, this, [this, i, stale] {
            if (!stale()) Q_EMIT poolsWanted(i);
        });
        steps_->addWidget(card);
        card->show();  // at once: without it they appear a moment later
        cards_.push_back(card);
        if (card->objectName() == focus_card) {
            if (auto* field = card->findChild<QWidget*>(focus_field)) field->setFocus();
        }
        for (const auto& e : recipe_.route[i].experts) {
            for (const auto& m : modalities(e.space)) {
                if (std::find(unified.begin(), unified.end(), m) == unified.end()) unified.push_back(m);
            }
        }
    }
}

void RecipeEditor::replan() {
    problems_.clear();
    warnings_.clear();
    hint_.clear();
    plan_.reset();
    if (source_.isEmpty()) {
        route_->clear();
    } else if (!facts_) {
        route_->setRoute(recipe_, {});
        warnings_ << tr("Open a workspace to see whether this recipe fits its spaces");
    } else {
        try {
            // The file that a run reads must be sound too.
            engine::recipeFromJson(engine::recipeToJson(recipe_), "recipe " + recipe_.name);
            plan_ = engine::planRoute(recipe_, facts_->spaces);
            for (const auto& w : plan_->warnings) warnings_ << recipeWords(QString::fromStdString(w));
        } catch (const engine::Error& error) {
            for (const auto& line :
                 QString::fromStdString(error.message()).split(QLatin1Char('\n'), Qt::SkipEmptyParts))
                problems_ << recipeWords(line.trimmed());
            // "2 problems:" is seen without being said.
            static const QRegularExpression count(QStringLiteral("^\\d+ problems:$"));
            if (!problems_.isEmpty() && count.match(problems_.front()).hasMatch()) problems_.removeFirst();
            hint_ = QString::fromStdString(error.hint());
        }
        for (std::size_t i = 0; i < cards_.size(); ++i) {
            for (const auto& p : cards_[i]->problems())
                problems_ << tr("Step %1: %2").arg(i + 1).arg(optionWords(QString::fromStdString(p.message)));
        }
        engine::RoutePlan spaces_only;
        spaces_only.spaces = facts_->spaces;
        route_->setRoute(recipe_, plan_ ? *plan_ : spaces_only);
    }
    const bool any = !source_.isEmpty();
    save_->setEnabled(any);
    revert_->setVisible(edited());
    state_->setText(edited() ? tr("edited") : QString());
    state_->setVisible(edited());
    showProblems();
    record();
    Q_EMIT changed();
}

void RecipeEditor::showProblems() {
    QList<WrappedText::Paragraph> lines;
    for (const auto& p : problems_) lines << WrappedText::Paragraph{QStringLiteral("✗ ") + p, colours().bad, false};
    if (!hint_.isEmpty()) lines << WrappedText::Paragraph{hint_, colours().muted, false};
    for (const auto& w : warnings_) lines << WrappedText::Paragraph{QStringLiteral("! ") + w, colours().warning, false};
    notes_->setParagraphs(lines);
    notes_->setVisible(!lines.isEmpty());
}

QString RecipeEditor::shownProblems() const {
    return notes_->isHidden() ? QString() : notes_->toPlainText();
}

void RecipeEditor::paintColours() {
    add_->setIcon(icon(QStringLiteral("add")));
    showProblems();
}

}  // namespace ui
