// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reactions/encoder_dialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>

#include "engine/recipe/product.h"
#include "engine/session/session.h"
#include "ui/export/path_field.h"
#include "ui/reactions/option_form.h"
#include "ui/reactions/run_folder.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

bool has(const WorkspaceFacts::PairedPool& pool, const QString& modality) {
    return std::find(pool.modalities.begin(), pool.modalities.end(), modality.toStdString()) != pool.modalities.end();
}

}  // namespace

EncoderDialog::EncoderDialog(std::shared_ptr<const WorkspaceFacts> facts, const QString& product, QWidget* parent)
    : QDialog(parent), facts_(std::move(facts)) {
    setObjectName(QStringLiteral("encoderDialog"));
    setWindowTitle(tr("Tune an encoder"));
    resize(660, 680);
    auto* about =
        new QLabel(tr("Pairs of items bring the rows of your own encoder, through the product's projectors, to "
                      "their partners. The workspace gets a space more, of the tuned encoder's rows; a recipe "
                      "that trains what comes after on them is opened at the end."));
    about->setWordWrap(true);
    about->setForegroundRole(QPalette::PlaceholderText);
    const auto combo = [this](const char* name, const QString& text, const QString& tip) {
        auto* box = new QComboBox(this);
        box->setObjectName(QString::fromLatin1(name));
        box->setAccessibleName(text);
        box->setToolTip(tip);
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(12);
        return box;
    };
    products_ = combo("encoderProduct", tr("Product"), tr("Its projectors are passed, and stay as they are"));
    modality_ = combo("encoderModality", tr("Modality"), tr("What the encoder takes"));
    towards_ = combo("encoderTowards", tr("Partners"), tr("What its items are paired with"));
    pools_ = combo("encoderPool", tr("Paired pool"), tr("The pairs to tune on"));
    encoder_ = new PathField(PathField::Kind::OpenFile, tr("Encoder"),
                             tr("The encoder of the product's base space: torch.jit.script(module).save(file)"), this);
    encoder_->setObjectName(QStringLiteral("encoderFile"));
    encoder_->setFilter(tr("TorchScript (*.pt *.ts *.pth);;All files (*)"));
    inputs_ = new PathField(PathField::Kind::OpenFile, tr("Inputs"),
                            tr("What the encoder takes, HDF5: pools/POOL/MODALITY, sets/SET/first and sets/SET/second"),
                            this);
    inputs_->setObjectName(QStringLiteral("encoderInputs"));
    inputs_->setFilter(tr("HDF5 (*.h5 *.hdf5);;All files (*)"));
    space_ = new QLineEdit(this);
    space_->setObjectName(QStringLiteral("encoderSpace"));
    space_->setAccessibleName(tr("New space"));
    space_->setToolTip(tr("Name of the space that gets the tuned encoder's rows"));
    trust_ = new QCheckBox(tr("I trust this file: it is a program, and it is run"), this);
    trust_->setObjectName(QStringLiteral("encoderTrust"));
    trust_->setToolTip(tr("A TorchScript file does with your rights what its maker wrote"));

    auto* form = new QFormLayout;
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    form->setHorizontalSpacing(12);
    form->setVerticalSpacing(8);
    form->addRow(tr("Product"), products_);
    form->addRow(tr("Encoder (TorchScript)"), encoder_);
    form->addRow(QString(), trust_);
    form->addRow(tr("Its inputs (HDF5)"), inputs_);
    auto* pairs = new QHBoxLayout;
    pairs->setSpacing(8);
    pairs->addWidget(modality_, 1);
    auto* towards = new QLabel(tr("towards"), this);
    towards->setBuddy(towards_);
    pairs->addWidget(towards);
    pairs->addWidget(towards_, 1);
    auto* in = new QLabel(tr("in pool"), this);
    in->setBuddy(pools_);
    pairs->addWidget(in);
    pairs->addWidget(pools_, 1);
    form->addRow(tr("Pairs"), pairs);
    form->addRow(tr("New space"), space_);

    options_ = new OptionForm(engine::encoderOptions(), this);
    auto* scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(options_);
    auto* heading = new QLabel(tr("Options of the tuning"), this);
    heading->setFont(headingFont(1));
    why_ = new QLabel(this);
    why_->setObjectName(QStringLiteral("encoderWhy"));
    why_->setWordWrap(true);
    why_->setTextFormat(Qt::PlainText);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    start_ = buttons->addButton(tr("Tune"), QDialogButtonBox::AcceptRole);
    start_->setObjectName(QStringLiteral("encoderStart"));
    start_->setToolTip(tr("Runs in the background, in the queue of trainings; it can be stopped and goes on"));
    auto* column = new QVBoxLayout(this);
    column->setSpacing(10);
    column->addWidget(about);
    column->addLayout(form);
    column->addWidget(heading);
    column->addWidget(scroll, 1);
    column->addWidget(why_);
    column->addWidget(buttons);

    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(buttons, &QDialogButtonBox::accepted, this, [this] {
        if (!problem().isEmpty()) return;
        Q_EMIT wanted(run());
        accept();
    });
    connect(products_, &QComboBox::activated, this, &EncoderDialog::readProduct);
    connect(modality_, &QComboBox::currentIndexChanged, this, &EncoderDialog::fillPools);
    connect(towards_, &QComboBox::currentIndexChanged, this, &EncoderDialog::fillPools);
    connect(space_, &QLineEdit::textChanged, this, &EncoderDialog::tell);
    connect(trust_, &QCheckBox::toggled, this, &EncoderDialog::tell);
    connect(inputs_, &PathField::changed, this, &EncoderDialog::tell);
    connect(encoder_, &PathField::changed, this, [this] {
        trust_->setChecked(false);  // it was said of another file
        tell();
    });
    connect(options_, &OptionForm::edited, this, &EncoderDialog::tell);
    for (auto* runner : {&listing_, &reading_}) {
        connect(runner, &JobRunner::failed, this, [this](const JobFailure& failure) {
            failure_ = failure.text();
            tell();
        });
    }
    followTheme(this, [this] { tell(); });
    fillModalities();
    tell();
    listing_.start<std::vector<std::string>>(
        tr("Looking through the products"),
        [workspace = facts_->folder](const engine::JobContext&) { return finishedProducts(workspace); },
        [this, product](std::vector<std::string> folders) {
            for (const auto& folder : folders) {
                const QString path = QString::fromStdString(folder);
                products_->addItem(QFileInfo(path).fileName(), path);
            }
            products_->setCurrentIndex(std::max(0, products_->findData(product)));
            readProduct();
        });
}

void EncoderDialog::fillModalities() {
    QStringList names;
    for (const auto& pool : facts_->paired) {
        for (const auto& m : pool.modalities) {
            if (!names.contains(QString::fromStdString(m))) names << QString::fromStdString(m);
        }
    }
    const QSignalBlocker quiet(modality_), silent(towards_);
    modality_->addItems(names);
    towards_->addItems(names);
    // As the paper tunes: audio towards images.
    modality_->setCurrentIndex(std::max(0, static_cast<int>(names.indexOf(QStringLiteral("audio")))));
    const auto image = names.indexOf(QStringLiteral("image"));
    towards_->setCurrentIndex(image >= 0 ? static_cast<int>(image) : modality_->currentIndex() == 0 ? 1 : 0);
    fillPools();
}

void EncoderDialog::fillPools() {
    const QSignalBlocker quiet(pools_);
    pools_->clear();
    for (const auto& pool : facts_->paired) {
        if (has(pool, modality_->currentText()) && has(pool, towards_->currentText()))
            pools_->addItem(QString::fromStdString(pool.name));
    }
    pools_->setEnabled(pools_->count() > 1);
    tell();
}

void EncoderDialog::readProduct() {
    base_.clear();
    failure_.clear();
    tell();
    if (product().isEmpty()) return;
    reading_.start<std::string>(
        tr("Reading the product"),
        [folder = product().toStdString()](const engine::JobContext&) {
            return engine::loadProduct(folder).model->recipe().base;
        },
        [this](std::string base) {
            base_ = QString::fromStdString(base);
            space_->setPlaceholderText(base_ + QStringLiteral("_tuned"));
            tell();
        });
}

QString EncoderDialog::product() const {
    return products_->currentData().toString();
}

QString EncoderDialog::space() const {
    const QString typed = space_->text().trimmed();
    return typed.isEmpty() ? base_ + QStringLiteral("_tuned") : typed;
}

QString EncoderDialog::problem() const {
    if (!failure_.isEmpty()) return failure_;
    if (facts_->paired.empty()) return tr("The workspace has no pool of pairs; tuning needs one.");
    if (product().isEmpty()) return tr("The workspace has no finished product; train one first.");
    if (encoder_->path().isEmpty()) return tr("Choose the encoder's file.");
    if (!QFileInfo(encoder_->path()).isFile()) return tr("There is no file %1.").arg(encoder_->path());
    if (!trust_->isChecked()) return tr("Say that the encoder's file is trusted: tuning runs it.");
    if (inputs_->path().isEmpty()) return tr("Choose the file of the encoder's inputs.");
    if (!QFileInfo(inputs_->path()).isFile()) return tr("There is no file %1.").arg(inputs_->path());
    if (modality_->currentText() == towards_->currentText())
        return tr("The partners have to be of another modality than the encoder's.");
    if (pools_->count() == 0)
        return tr("No paired pool has both %1 and %2.").arg(modality_->currentText(), towards_->currentText());
    if (base_.isEmpty()) return tr("Reading the product…");
    for (const auto& s : facts_->spaces) {
        if (s.name == space().toStdString()) return tr("A space %1 is there already; name another.").arg(space());
    }
    if (!options_->problems().empty()) return tr("Some options do not fit: see the marked fields.");
    return {};
}

void EncoderDialog::tell() {
    const QString why = problem();
    QPalette quiet = palette();
    quiet.setColor(QPalette::WindowText, colours().muted);
    why_->setPalette(quiet);
    why_->setText(why);
    start_->setEnabled(why.isEmpty());
}

TrainingRun EncoderDialog::run() const {
    TrainingRun out;
    out.workspace = QString::fromStdString(facts_->folder);
    out.from = product();
    out.product = product() + QStringLiteral("/encoders/") + space();
    out.encoder = {{"encoder", encoder_->path().toStdString()},
                   {"inputs", inputs_->path().toStdString()},
                   {"modality", modality_->currentText().toStdString()},
                   {"towards", towards_->currentText().toStdString()},
                   {"pool", pools_->currentText().toStdString()},
                   {"space", space().toStdString()},
                   {"options", options_->changed()}};
    return out;
}

}  // namespace ui
