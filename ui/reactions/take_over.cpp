// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reactions/take_over.h"

#include <QComboBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

#include "engine/base/error.h"
#include "ui/reactions/run_folder.h"
#include "ui/style/theme.h"
#include "ui/widgets/wrapped_text.h"

namespace ui {
namespace {

QString nameOf(const std::string& folder) {
    return QFileInfo(QString::fromStdString(folder)).fileName();
}

}  // namespace

TakeOver::TakeOver(QWidget* parent) : QWidget(parent) {
    list_ = new QComboBox(this);
    list_->setObjectName(QStringLiteral("takeFrom"));
    list_->setAccessibleName(tr("Product to take from"));
    list_->setToolTip(
        tr("Reactions that training would make again to the bit are taken from this product; the rest is trained"));
    list_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    list_->setMinimumContentsLength(14);
    browse_ = new QToolButton(this);
    browse_->setObjectName(QStringLiteral("takeFromOther"));
    browse_->setText(tr("Other…"));
    browse_->setToolTip(tr("A product that lies elsewhere"));
    auto* label = new QLabel(tr("Take from"), this);
    label->setBuddy(list_);
    said_ = new WrappedText(96, this);
    said_->setObjectName(QStringLiteral("taken"));
    said_->setAccessibleName(tr("What is taken and what is trained"));
    auto* row = new QHBoxLayout;
    row->setSpacing(6);
    row->addWidget(label);
    row->addWidget(list_, 1);
    row->addWidget(browse_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addLayout(row);
    column->addWidget(said_);

    look_.setSingleShot(true);
    look_.setInterval(150);
    connect(&look_, &QTimer::timeout, this, &TakeOver::look);
    connect(list_, &QComboBox::activated, this, &TakeOver::choose);
    connect(browse_, &QToolButton::clicked, this, [this] {
        const QString folder = QFileDialog::getExistingDirectory(
            this, tr("Folder of a finished product"), facts_ ? QString::fromStdString(facts_->folder) : QString());
        if (!folder.isEmpty()) setFrom(folder);
    });
    followTheme(this, [this] { refresh(); });
    refresh();
}

void TakeOver::setSource(std::shared_ptr<const WorkspaceFacts> facts, const engine::Recipe& recipe, bool sound,
                         std::uint64_t seed, const QString& target) {
    const engine::Json source{facts ? facts->folder : std::string(),
                              sound ? engine::recipeToJson(recipe) : engine::Json(), seed, target.toStdString()};
    const bool same_facts = facts == facts_;
    if (same_facts && source == source_) return;
    source_ = source;
    facts_ = std::move(facts);
    recipe_ = recipe;
    sound_ = sound;
    seed_ = seed;
    target_ = target;
    lookAgain();
}

void TakeOver::lookAgain() {
    if (facts_ && sound_) return look_.start();
    look_.stop();
    looking_.stop();
    offers_.clear();
    refresh();
}

void TakeOver::setFrom(const QString& folder) {
    if (from_ == folder) return;
    from_ = folder;
    refresh();
    if (!from_.isEmpty() && !chosen()) lookAgain();
    Q_EMIT changed();
}

const TakeOver::Offer* TakeOver::chosen() const {
    for (const auto& offer : offers_) {
        if (!from_.isEmpty() && offer.folder == from_.toStdString()) return &offer;
    }
    return nullptr;
}

std::set<std::string> TakeOver::taken() const {
    std::set<std::string> out;
    if (const auto* offer = chosen()) {
        for (const auto& t : offer->reuse.taken) out.insert(t.key);
    }
    return out;
}

void TakeOver::look() {
    if (!facts_ || !sound_) return;
    looking_.start<std::shared_ptr<Offers>>(
        tr("Looking through the products"),
        [facts = facts_, recipe = recipe_, seed = seed_, from = from_.toStdString(),
         target = target_.toStdString()](const engine::JobContext& job) {
            auto out = std::make_shared<Offers>();
            auto folders = finishedProducts(facts->folder);
            if (!from.empty() && std::find(folders.begin(), folders.end(), from) == folders.end())
                folders.push_back(from);
            const engine::Workspace opened{std::filesystem::path(facts->folder)};
            const auto plan = engine::planRoute(recipe, facts->spaces);
            for (const auto& folder : folders) {
                job.checkStop();
                if (folder == target) continue;
                Offer offer{folder, {}, {}};
                try {
                    offer.reuse = engine::planReuse(recipe, plan, opened, seed, engine::loadProduct(folder));
                } catch (const engine::Cancelled&) {
                    throw;
                } catch (const engine::Error& error) {  // a damaged product is no offer; a chosen one says why
                    offer.problem = error.message();
                } catch (const engine::Json::exception& error) {
                    offer.problem = error.what();
                }
                if (folder == from || !offer.reuse.taken.empty()) out->push_back(std::move(offer));
            }
            // Those that have the most come first.
            std::stable_sort(out->begin(), out->end(), [](const Offer& a, const Offer& b) {
                return a.reuse.taken.size() > b.reuse.taken.size();
            });
            return out;
        },
        [this](std::shared_ptr<Offers> offers) {
            offers_ = std::move(*offers);
            refresh();
            Q_EMIT changed();
        });
}

void TakeOver::choose(int index) {
    const QString folder = list_->itemData(index).toString();
    if (from_ == folder) return;
    from_ = folder;
    refresh();
    Q_EMIT changed();
}

void TakeOver::refresh() {
    const QSignalBlocker quiet(list_);
    list_->clear();
    list_->addItem(tr("nothing: train everything"), QString());
    for (const auto& offer : offers_) {
        const auto all = offer.reuse.taken.size() + offer.reuse.trained.size();
        list_->addItem(
            offer.problem.empty()
                ? tr("%1: %2 of %3 reactions").arg(nameOf(offer.folder)).arg(offer.reuse.taken.size()).arg(all)
                : nameOf(offer.folder),
            QString::fromStdString(offer.folder));
        list_->setItemData(list_->count() - 1, QString::fromStdString(offer.folder), Qt::ToolTipRole);
    }
    if (!from_.isEmpty() && !chosen()) list_->addItem(nameOf(from_.toStdString()), from_);
    list_->setCurrentIndex(std::max(0, list_->findData(from_)));
    QList<WrappedText::Paragraph> lines;
    if (const auto* offer = chosen()) {
        if (!offer->problem.empty())
            lines << WrappedText::Paragraph{QString::fromStdString(offer->problem), colours().bad};
        for (const auto& t : offer->reuse.taken)
            lines << WrappedText::Paragraph{tr("%1: taken as it is").arg(QString::fromStdString(t.key)),
                                            colours().good};
        for (const auto& t : offer->reuse.trained)
            lines << WrappedText::Paragraph{
                tr("%1: trained; %2").arg(QString::fromStdString(t.key), QString::fromStdString(t.why)),
                colours().muted};
    }
    said_->setParagraphs(lines);
    said_->setVisible(!lines.isEmpty());
    setVisible(facts_ && (!offers_.empty() || !from_.isEmpty()));
}

QString TakeOver::shown() const {
    return said_->isHidden() ? QString() : said_->toPlainText();
}

}  // namespace ui
