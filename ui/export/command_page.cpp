// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/export/command_page.h"

#include <QClipboard>
#include <QEvent>
#include <QFontDatabase>
#include <QGuiApplication>
#include <QLabel>
#include <QPlainTextEdit>
#include <QScrollArea>
#include <QStyle>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

#include "engine/factors/sweep.h"
#include "engine/recipe/reaction_options.h"
#include "ui/export/command_line.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

constexpr int kColumns = 76;  // of a command that are seen at once

QString text(const std::string& s) {
    return QString::fromStdString(s);
}

}  // namespace

std::optional<engine::ReactRequest> trainingOf(const engine::LiveProduct& product) {
    const auto names = engine::shippedRecipes();
    const engine::Recipe& recipe = product.recipe();
    if (std::find(names.begin(), names.end(), recipe.name) == names.end()) return std::nullopt;
    const engine::Recipe shipped = engine::findRecipe(recipe.name);
    if (shipped.route.size() != recipe.route.size()) return std::nullopt;
    engine::ReactRequest request;
    request.workspace = product.workspaceFolder();
    request.recipe = recipe.name;
    request.product = product.folder();
    const auto& table = engine::reactionOptionTable();
    for (const auto& entry : table.entries()) {
        // Flags hold for every step: an option that differs between steps cannot be said by one.
        bool differs = false, same = true;
        const engine::Json first = table.toJson(recipe.route.front().options)[entry.key];
        for (std::size_t s = 0; s < recipe.route.size(); ++s) {
            const engine::Json now = table.toJson(recipe.route[s].options)[entry.key];
            differs = differs || now != table.toJson(shipped.route[s].options)[entry.key];
            same = same && now == first;
        }
        if (!differs) continue;
        // Epochs that were the paper's are written into the product's recipe as numbers.
        if (!same) return std::nullopt;
        request.reaction_options[entry.key] = first;
    }
    for (const auto& entry : engine::runOptionTable().entries()) {
        if (product.record().options.contains(entry.key))
            request.run_options[entry.key] = product.record().options[entry.key];
    }
    request.run_options["seed"] = product.record().seed;
    return request;
}

CommandPage::CommandPage(std::shared_ptr<engine::LiveProduct> product, engine::Setting setting, QWidget* parent)
    : ExportPage(std::move(product), std::move(setting), parent), note_(new QLabel) {
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    auto* scroll = new QScrollArea;
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* body = new QWidget;
    body->setObjectName(QStringLiteral("command_body"));
    new QVBoxLayout(body);
    body->layout()->setContentsMargins(0, 0, 8, 0);
    scroll->setWidget(body);
    outer->addWidget(scroll);

    const auto& base = product_->recipe().base;
    add(QStringLiteral("evaluate"), tr("The figures at this setting"), evaluateCommand(*product_, setting_));
    add(QStringLiteral("sweep"), tr("The surface"), {});
    add(QStringLiteral("why"), tr("The queries gained and lost"), {});
    add(QStringLiteral("along"), tr("Where along a factor queries change"), {});
    add(QStringLiteral("compare"), tr("The comparison"), {});
    std::vector<engine::SetOutline> sets = product_->sets();
    const auto groups =
        product_->recipe().delta_groups.empty() ? engine::defaultGroups(sets) : product_->recipe().delta_groups;
    if (!groups.empty()) {
        engine::TuneRequestText tune;
        tune.maximize = {groups.front().name};
        for (std::size_t g = 1; g < groups.size(); ++g) tune.at_least.push_back(groups[g].name + "=0");
        add(QStringLiteral("tune"),
            groups.size() > 1 ? tr("The best setting for %1 while the other groups lose nothing against %2")
                                    .arg(text(groups.front().name), text(base))
                              : tr("The best setting for %1").arg(text(groups.front().name)),
            tuneCommand(*product_, setting_, tune));
        add(QStringLiteral("headroom"), tr("What per-query routing could gain over that"),
            headroomCommand(*product_, setting_, tune));
    }
    add(QStringLiteral("router"), tr("Learned routing beside this setting"), routerCommand(*product_, setting_));
    if (command(QStringLiteral("router")).isEmpty()) {
        say(QStringLiteral("router"), tr("Learned routing has no line here: a router weighs what the projectors gave "
                                         "at the recipe's own factors, "
                                         "so it stands beside settings of live factors alone."));
    }
    add(QStringLiteral("apply"), tr("The embeddings"), {});
    const std::filesystem::path at = product_->folder();
    add(QStringLiteral("export"), tr("The package with this setting in force"),
        exportCommand(*product_, setting_, text((at.parent_path() / (at.filename().string() + "-package")).string()),
                      false, true));
    const auto training = trainingOf(*product_);
    add(QStringLiteral("train"), tr("The training"), training ? trainCommand(*training) : QString());
    if (!training) {
        say(QStringLiteral("train"), tr("The training has no line: its recipe does not ship with the program. Save the "
                                        "recipe as a file on the page of reactions, then: molspace train WORKSPACE "
                                        "--recipe FILE."));
    }
    auto* none =
        new QLabel(tr("No line repeats the map of items and the pictures of items; they are for the eye. What "
                      "was imported repeats with the manifest that the import shows: molspace import "
                      "WORKSPACE --manifest FILE."));
    none->setObjectName(QStringLiteral("without_line"));
    none->setWordWrap(true);
    body->layout()->addWidget(none);
    if (product_->synthetic()) {
        note_->setText(tr("The product is of a synthetic world; what these lines print says so."));
        note_->setWordWrap(true);
        body->layout()->addWidget(note_);
    }
    qobject_cast<QVBoxLayout*>(body->layout())->addStretch(1);
    const auto axes = defaultAxes(*product_, 21);
    setSweep(axes, {base, std::nullopt, text(base)});
    if (sets.empty()) {
        say(QStringLiteral("apply"),
            tr("The line of embeddings stands here once their items are chosen on the page of embeddings."));
    } else {
        setEmbeddings({.set = sets.front().name, .setting = setting_, .output = "embeddings.npy"});
    }
    setReference(product_->defaults(), tr("the recipe"));
    setAlong(axes.empty() ? std::string() : axes.front().factor);
    setCompared({});
    dress();
}

void CommandPage::add(const QString& verb, const QString& title, const QString& line) {
    auto* head = new QHBoxLayout;
    auto* label = new QLabel(title);
    label->setWordWrap(true);
    auto* copy = new QToolButton;
    copy->setText(tr("Copy"));
    copy->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    copy->setAutoRaise(true);
    copy->setObjectName(QStringLiteral("copy_") + verb);
    copy->setAccessibleName(tr("Copy the command line: %1").arg(title));
    copy->setToolTip(tr("Puts the line on the clipboard"));
    head->addWidget(label, 1);
    head->addWidget(copy, 0, Qt::AlignBottom);
    auto* view = new QPlainTextEdit;
    view->setObjectName(QStringLiteral("command_") + verb);
    view->setReadOnly(true);
    view->setTabChangesFocus(true);
    view->setLineWrapMode(QPlainTextEdit::NoWrap);
    view->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    view->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    view->setAccessibleName(title);
    view->setToolTip(tr("For a shell; a backslash at the end goes on in the next line"));
    connect(copy, &QToolButton::clicked, this, [this, verb] { QGuiApplication::clipboard()->setText(command(verb)); });
    auto* layout = qobject_cast<QVBoxLayout*>(findChild<QWidget*>(QStringLiteral("command_body"))->layout());
    auto* sentence = new QLabel;
    sentence->setObjectName(QStringLiteral("sentence_") + verb);
    sentence->setWordWrap(true);
    sentence->hide();
    layout->addLayout(head);
    layout->addWidget(view);
    layout->addWidget(sentence);
    layout->addSpacing(6);
    rows_.push_back({verb, {}, view, copy, label, sentence});
    showLine(rows_.back(), line);
}

CommandPage::Row* CommandPage::row(const QString& verb) {
    const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const Row& row) { return row.verb == verb; });
    return found == rows_.end() ? nullptr : &*found;
}

void CommandPage::say(const QString& verb, const QString& sentence) {
    Row* of = row(verb);
    of->line.clear();
    of->sentence->setText(sentence);
    of->sentence->show();
    of->text->hide();
    of->copy->hide();
}

void CommandPage::setReference(const engine::Setting& reference, const QString& name) {
    Row* of = row(QStringLiteral("why"));
    of->title->setText(tr("The queries gained and lost against %1").arg(name));
    const QString line = whyCommand(*product_, reference, setting_);
    if (line.isEmpty()) say(of->verb, tr("This setting is that of %1, so no query is gained or lost.").arg(name));
    else showLine(*of, line);
}

void CommandPage::setAlong(const std::string& factor) {
    Row* of = row(QStringLiteral("along"));
    const auto* info = product_->plan().factor(factor);
    if (!info || !info->live)
        return say(of->verb, tr("No factor of this product is live, so there is no line to follow."));
    of->title->setText(tr("Where along %1 queries change").arg(text(info->symbol)));
    showLine(*of, alongCommand(*product_, setting_, factor));
}

void CommandPage::setCompared(const std::vector<Column>& columns) {
    Row* of = row(QStringLiteral("compare"));
    QStringList names, lines;
    for (const auto& column : columns) {
        names << column.name;
        lines << (column.space.empty() ? evaluateCommand(*column.product, column.setting)
                                       : evaluateSpaceCommand(*column.product, column.space));
    }
    if (lines.isEmpty()) return say(of->verb, tr("Nothing is compared, so there is no line."));
    of->title->setText(tr("The figures of each column of the comparison: %1. Which queries differ between two products "
                          "has no line.")
                           .arg(names.join(QStringLiteral(", "))));
    showLine(*of, lines.join(QLatin1Char('\n')));
}

void CommandPage::setSweep(const std::vector<engine::FactorAxis>& axes, const BaselineChoice& baseline) {
    Row* of = row(QStringLiteral("sweep"));
    of->title->setText(tr("The surface, against %1").arg(baseline.name));
    showLine(*of, axes.empty() ? QString()
                               : sweepCommand(*product_, setting_, axes, baselineOf(*product_, baseline),
                                              QStringLiteral("surface.csv")));
}

void CommandPage::setEmbeddings(const engine::EmbeddingsRequest& request) {
    Row* of = row(QStringLiteral("apply"));
    of->title->setText(!request.pool.empty() ? tr("The embeddings of the pool %1").arg(text(request.pool))
                       : request.set.empty() ? tr("The embeddings of new files")
                       : request.first_side  ? tr("The embeddings of the first side of %1").arg(text(request.set))
                                             : tr("The embeddings of the second side of %1").arg(text(request.set)));
    showLine(*of, applyCommand(*product_, request));
}

void CommandPage::setTune(const engine::TuneRequestText& request) {
    if (auto* search = row(QStringLiteral("tune"))) {
        search->title->setText(tr("The search that is set under Goal"));
        showLine(*search, tuneCommand(*product_, setting_, request));
    }
    if (auto* headroom = row(QStringLiteral("headroom")))
        showLine(*headroom, headroomCommand(*product_, setting_, request));
}

void CommandPage::showLine(Row& row, const QString& line) {
    row.line = line;
    row.sentence->hide();
    row.text->show();
    row.copy->show();
    QStringList wrapped;
    for (const auto& one : line.split(QLatin1Char('\n'))) wrapped << wrappedLine(one, kColumns);
    const QString shown = wrapped.join(QLatin1Char('\n'));
    row.text->setPlainText(shown);
    const int lines = static_cast<int>(shown.count(QLatin1Char('\n'))) + 1;
    int longest = 0;
    for (const auto& part : shown.split(QLatin1Char('\n')))
        longest = std::max(longest, row.text->fontMetrics().horizontalAdvance(part));
    // A long path needs a scroll bar below.
    const bool scrolls = longest > kColumns * row.text->fontMetrics().averageCharWidth();
    row.text->setFixedHeight(row.text->fontMetrics().lineSpacing() * lines + 14 +
                             (scrolls ? row.text->style()->pixelMetric(QStyle::PM_ScrollBarExtent) : 0));
}

QString CommandPage::command(const QString& verb) const {
    for (const auto& row : rows_) {
        if (row.verb == verb) return row.line;
    }
    return {};
}

QString CommandPage::sentence(const QString& verb) const {
    for (const auto& row : rows_) {
        if (row.verb == verb && row.line.isEmpty()) return row.sentence->text();
    }
    return {};
}

QString CommandPage::heading() const {
    return tr("Command line");
}

QString CommandPage::explanation() const {
    return tr("The same without a window: what these lines print is what this window shows.");
}

void CommandPage::changeEvent(QEvent* event) {
    ExportPage::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) {
        dress();
        // A style sheet may take palettes back while the event goes round.
        QTimer::singleShot(0, this, [this] { dress(); });
    }
}

void CommandPage::dress() {
    for (const auto& row : rows_) row.copy->setIcon(icon(QStringLiteral("copy")));
    QPalette muted = palette();
    muted.setColor(QPalette::WindowText, colours().muted);
    note_->setPalette(muted);
}

}  // namespace ui
