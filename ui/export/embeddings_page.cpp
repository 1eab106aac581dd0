// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/export/embeddings_page.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFileInfo>
#include <QFormLayout>
#include <QLabel>
#include <QLocale>
#include <QStandardItemModel>

#include "ui/export/path_field.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

QString textOf(const engine::EmbeddingsChoice& choice) {
    const QString rows = QLocale().toString(static_cast<qulonglong>(choice.rows));
    const QString modality = QString::fromStdString(choice.modality);
    return choice.pool.empty()
               ? QObject::tr("Set %1, %2 side: %3 items").arg(QString::fromStdString(choice.set), modality, rows)
               : QObject::tr("Pool %1: %2 items of %3").arg(QString::fromStdString(choice.pool), rows, modality);
}

QString listed(const std::vector<std::string>& names) {
    QStringList out;
    for (const auto& name : names) out << QString::fromStdString(name);
    return out.join(QStringLiteral(", "));
}

}  // namespace

EmbeddingsPage::EmbeddingsPage(std::shared_ptr<engine::LiveProduct> product, engine::Setting setting, QWidget* parent)
    : ExportPage(std::move(product), std::move(setting), parent),
      source_(new QComboBox),
      modality_(new QComboBox),
      format_(new QComboBox),
      form_(new QFormLayout(this)),
      files_(new QWidget),
      output_(new PathField(PathField::Kind::SaveFile, tr("File of embeddings"),
                            tr("The file to write; one that is there is replaced once the new one is whole"))),
      ids_(new QCheckBox(tr("Ids beside it, one a line"))),
      size_(new QLabel) {
    source_->setObjectName(QStringLiteral("embeddings_source"));
    modality_->setObjectName(QStringLiteral("embeddings_modality"));
    format_->setObjectName(QStringLiteral("embeddings_format"));
    output_->setObjectName(QStringLiteral("embeddings_output"));
    source_->setAccessibleName(tr("Items"));
    source_->setToolTip(
        tr("Which items: a pool, one side of an evaluation set, or new files that hold embeddings of "
           "the spaces the product is made of"));
    source_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    source_->setMinimumContentsLength(24);
    modality_->setAccessibleName(tr("Modality"));
    modality_->setToolTip(tr("What the items of the new files are"));
    format_->setAccessibleName(tr("Format"));
    format_->setToolTip(
        tr("NumPy array; safetensors with the tensor \"embeddings\"; HDF5 with datasets \"embeddings\" "
           "and \"ids\". All float32 rows of unit length"));
    format_->addItem(tr("NumPy (.npy)"), QStringLiteral(".npy"));
    format_->addItem(tr("safetensors"), QStringLiteral(".safetensors"));
    format_->addItem(tr("HDF5 (.h5)"), QStringLiteral(".h5"));
    ids_->setToolTip(tr("A text file <name>.ids.txt with the id of each row; HDF5 files hold them anyway"));
    for (const auto& modality : product_->plan().modalities) modality_->addItem(QString::fromStdString(modality));
    files_form_ = new QFormLayout(files_);
    files_form_->setContentsMargins(0, 0, 0, 0);

    form_->setContentsMargins(0, 0, 0, 0);
    form_->setVerticalSpacing(10);
    form_->addRow(tr("&Items"), source_);
    form_->addRow(tr("&Modality"), modality_);
    form_->addRow(QString(), files_);
    form_->addRow(tr("F&ormat"), format_);
    form_->addRow(tr("&File"), output_);
    form_->addRow(QString(), ids_);
    form_->addRow(QString(), size_);
    fillSources({});
    modalityChanged();

    connect(source_, &QComboBox::currentIndexChanged, this, &EmbeddingsPage::sourceChanged);
    connect(modality_, &QComboBox::currentIndexChanged, this, &EmbeddingsPage::modalityChanged);
    connect(format_, &QComboBox::currentIndexChanged, this, [this] {
        output_->setEnding(format_->currentData().toString());
        ids_->setEnabled(format_->currentData().toString() != QLatin1String(".h5") && !newFiles());
        Q_EMIT changed();
    });
    connect(output_, &PathField::changed, this, &ExportPage::changed);
    connect(&reading_, &JobRunner::failed, this, [this](const JobFailure& failure) {
        trouble_ = failure.text();
        Q_EMIT changed();
    });
    sourceChanged();
}

QString EmbeddingsPage::heading() const {
    return tr("Embeddings");
}

QString EmbeddingsPage::explanation() const {
    return tr("Items in the product's space at the setting above: one row of %1 numbers for each, of unit length, so "
              "that inner products are the scores.")
        .arg(product_->plan().width);
}

QString EmbeddingsPage::action() const {
    return tr("Write embeddings");
}

void EmbeddingsPage::shown() {
    if (asked_) return;
    asked_ = true;
    using Choices = std::vector<engine::EmbeddingsChoice>;
    reading_.start<Choices>(
        tr("reading the workspace"),
        [product = product_](const engine::JobContext& job) {
            return engine::embeddingsChoices(product->folder(), product->workspaceFolder(), job);
        },
        [this](const Choices& choices) { fillSources(choices); });
}

void EmbeddingsPage::fillSources(const std::vector<engine::EmbeddingsChoice>& choices) {
    choices_ = choices;
    {
        const QSignalBlocker quiet(source_);
        source_->clear();
        for (std::size_t i = 0; i < choices_.size(); ++i) {
            source_->addItem(textOf(choices_[i]), static_cast<int>(i));
            if (choices_[i].lacking.empty()) continue;
            auto* item = qobject_cast<QStandardItemModel*>(source_->model())->item(source_->count() - 1);
            item->setEnabled(false);
            item->setToolTip(tr("It has no rows of %1").arg(listed(choices_[i].lacking)));
            item->setText(item->text() + tr(" (lacks %1)").arg(listed(choices_[i].lacking)));
        }
        source_->addItem(tr("New files…"), -1);
        for (int i = 0; i < source_->count(); ++i) {
            if (qobject_cast<QStandardItemModel*>(source_->model())->item(i)->isEnabled()) {
                source_->setCurrentIndex(i);
                break;
            }
        }
    }
    sourceChanged();
}

bool EmbeddingsPage::newFiles() const {
    return source_->currentData().toInt() < 0;
}

const engine::EmbeddingsChoice* EmbeddingsPage::choice() const {
    const int at = source_->currentData().toInt();
    return at < 0 || at >= static_cast<int>(choices_.size()) ? nullptr : &choices_[static_cast<std::size_t>(at)];
}

void EmbeddingsPage::sourceChanged() {
    const bool files = newFiles();
    form_->labelForField(modality_)->setVisible(files);
    modality_->setVisible(files);
    files_->setVisible(files);
    ids_->setEnabled(!files && format_->currentData().toString() != QLatin1String(".h5"));
    size_->clear();
    if (const auto* of = choice()) {
        const auto width = product_->plan().width;
        size_->setText(tr("%1 rows of %2 float32: %3")
                           .arg(QLocale().toString(static_cast<qulonglong>(of->rows)))
                           .arg(width)
                           .arg(QLocale().formattedDataSize(static_cast<qint64>(of->rows * width * sizeof(float)))));
    }
    suggestOutput();
    Q_EMIT changed();
}

void EmbeddingsPage::modalityChanged() {
    while (files_form_->rowCount() > 0) files_form_->removeRow(0);
    inputs_.clear();
    const std::string modality = modality_->currentText().toStdString();
    if (!modality.empty()) {
        for (const auto& space : product_->model().spacesNeeded(modality)) {
            const QString name = QString::fromStdString(space);
            auto* field = new PathField(
                PathField::Kind::OpenFile, tr("Embeddings of %1").arg(name),
                tr("Rows of width %1 in %2: .npy, .npz#name, .safetensors#name or .h5#path; the same items in the same "
                   "order in every file")
                    .arg(product_->plan().space(space)->width)
                    .arg(name));
            field->setObjectName(QStringLiteral("embeddings_input_") + name);
            field->setFilter(tr("Embeddings (*.npy *.npz *.safetensors *.h5 *.hdf5);;All files (*)"));
            connect(field, &PathField::changed, this, &ExportPage::changed);
            files_form_->addRow(name, field);
            inputs_[space] = field;
        }
    }
    suggestOutput();
    Q_EMIT changed();
}

void EmbeddingsPage::suggestOutput() {
    QString name = QString::fromStdString(product_->recipe().name) + QLatin1Char('-');
    if (const auto* of = choice()) {
        name +=
            of->pool.empty() ? QString::fromStdString(of->set + "-" + of->modality) : QString::fromStdString(of->pool);
    } else {
        name += modality_->currentText();
    }
    const std::filesystem::path at = product_->folder().parent_path() / (name.toStdString());
    output_->suggest(QString::fromStdString(at.string()) + format_->currentData().toString());
}

QString EmbeddingsPage::problem() const {
    if (!trouble_.isEmpty() && !newFiles()) return trouble_;
    if (reading_.running()) return tr("The workspace is being read…");
    if (newFiles()) {
        for (const auto& [space, field] : inputs_) {
            const QString file = field->path().section(QLatin1Char('#'), 0, 0);
            if (file.isEmpty()) return tr("Name the file with embeddings of %1.").arg(QString::fromStdString(space));
            if (!QFileInfo::exists(file)) return tr("%1 is not there.").arg(file);
        }
    }
    if (output_->path().isEmpty()) return tr("Name a file to write.");
    if (!output_->path().endsWith(format_->currentData().toString()))
        return tr("The file's name must end in %1.").arg(format_->currentData().toString());
    return {};
}

engine::EmbeddingsRequest EmbeddingsPage::request() const {
    engine::EmbeddingsRequest request;
    request.product = product_->folder();
    request.setting = setting_;
    request.output = output_->path().toStdString();
    request.ids_file = ids_->isEnabled() && ids_->isChecked();
    if (const auto* of = choice()) {
        request.workspace = product_->workspaceFolder();
        request.pool = of->pool;
        request.set = of->set;
        request.first_side = of->first_side;
        request.modality = of->modality;
    } else {
        request.modality = modality_->currentText().toStdString();
        for (const auto& [space, field] : inputs_) request.inputs.push_back(space + "=" + field->path().toStdString());
    }
    return request;
}

ExportPage::Work EmbeddingsPage::work() {
    return [request = request()](const engine::JobContext& job) {
        const engine::Json made = engine::writeEmbeddings(request, job).json;
        QStringList lines{QObject::tr("%1 rows of width %2: %3")
                              .arg(made["rows"].get<std::uint64_t>())
                              .arg(made["width"].get<std::uint64_t>())
                              .arg(QString::fromStdString(made["source"].get<std::string>()))};
        if (made["synthetic"].get<bool>()) lines << QObject::tr("Of a synthetic world.");
        return Exported{QObject::tr("Embeddings written"), lines.join(QLatin1Char('\n')),
                        QString::fromStdString(request.output.string())};
    };
}

}  // namespace ui
