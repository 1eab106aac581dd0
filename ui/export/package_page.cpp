// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/export/package_page.h"

#include <QCheckBox>
#include <QEvent>
#include <QFileInfo>
#include <QFormLayout>
#include <QLabel>
#include <QLocale>

#include "engine/session/session.h"
#include "ui/export/command_line.h"
#include "ui/export/path_field.h"
#include "ui/style/theme.h"

namespace ui {
namespace {

QString whatWasVerified(const engine::Json& verified) {
    double worst = 0;
    std::uint64_t probes = 0;
    QStringList modalities;
    for (const auto& [name, of] : verified["modalities"].items()) {
        worst = std::max(worst, of["worst_difference"].get<double>());
        probes += of["probes"].get<std::uint64_t>();
        modalities << QString::fromStdString(name);
    }
    const QLocale locale = QLocale::c();
    QString out = QObject::tr(
                      "Verified: %1 files with size and hash; %2 probe vectors (%3) computed again, largest "
                      "difference %4 (allowed: %5).")
                      .arg(verified["files"].get<std::uint64_t>())
                      .arg(probes)
                      .arg(modalities.join(QStringLiteral(", ")), locale.toString(worst, 'g', 2),
                           locale.toString(verified["tolerance"].get<double>(), 'g', 2));
    for (const auto& warning : verified["warnings"])
        out += QStringLiteral("\n") +
               QString::fromStdString(warning.is_string() ? warning.get<std::string>() : warning.dump());
    return out;
}

}  // namespace

PackagePage::PackagePage(std::shared_ptr<engine::LiveProduct> product, engine::Setting setting, QWidget* parent)
    : ExportPage(std::move(product), std::move(setting), parent),
      folder_(new PathField(PathField::Kind::Folder, tr("Folder of the package"),
                            tr("A folder to write. A package that is there is replaced, anything else is left alone"))),
      metrics_(new QCheckBox(tr("Figures of every evaluation set"))),
      freebind_(new QCheckBox(tr("FreeBind's own checkpoint folders"))),
      contents_(new QLabel) {
    folder_->setObjectName(QStringLiteral("package_folder"));
    metrics_->setObjectName(QStringLiteral("package_metrics"));
    freebind_->setObjectName(QStringLiteral("package_freebind"));
    metrics_->setChecked(true);
    metrics_->setToolTip(
        tr("Measures the product at this setting and puts the figures with their protocols into the "
           "package's card. Takes as long as one evaluation"));
    freebind_->setToolTip(tr("Also best.pt files in the layout that FreeBind's code reads; doubles the size"));
    auto* form = new QFormLayout(this);
    form->setContentsMargins(0, 0, 0, 0);
    form->setVerticalSpacing(10);
    form->addRow(tr("&Folder"), folder_);
    form->addRow(tr("With"), metrics_);
    form->addRow(QString(), freebind_);
    contents_->setTextFormat(Qt::RichText);
    contents_->setWordWrap(true);
    contents_->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    form->addRow(tr("Contents"), contents_);
    fillContents();
    for (auto* box : {metrics_, freebind_}) connect(box, &QCheckBox::toggled, this, &PackagePage::fillContents);
    const std::filesystem::path at = product_->folder();
    folder_->suggest(QString::fromStdString((at.parent_path() / (at.filename().string() + "-package")).string()));
    connect(folder_, &PathField::changed, this, &ExportPage::changed);
}

void PackagePage::fillContents() {
    QString rows;
    const auto add = [&](const QString& file, const QString& what) {
        rows += QStringLiteral(
                    "<tr><td style=\"padding:1px 18px 1px 0; color:%1\"><code>%2</code></td>"
                    "<td style=\"padding:1px 0; color:%3\">%4</td></tr>")
                    .arg(colours().text.name(), file, colours().muted.name(), what);
    };
    std::size_t projectors = 0;
    for (const auto& reaction : product_->plan().reactions) projectors += reaction.subsets.size();
    add(QStringLiteral("reactions/"),
        projectors == 1 ? tr("one projector as safetensors") : tr("%1 projectors as safetensors").arg(projectors));
    add(QStringLiteral("recipe.json, product.json"), tr("the route with the factors in force, and how it was trained"));
    add(QStringLiteral("card.md"), tr("what it is, for people"));
    if (metrics_->isChecked()) add(QStringLiteral("metrics.json"), tr("figures with their protocols"));
    add(QStringLiteral("probes.safetensors"), tr("inputs with the vectors that must come out"));
    add(QStringLiteral("apply.py"), tr("reads and checks the package with NumPy alone"));
    if (freebind_->isChecked()) add(QStringLiteral("freebind/"), tr("checkpoints for FreeBind's own code"));
    add(QStringLiteral("manifest.json"), tr("every file with its size and hash"));
    contents_->setText(QStringLiteral("<table cellspacing=\"0\">%1</table>").arg(rows));
}

void PackagePage::changeEvent(QEvent* event) {
    ExportPage::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) fillContents();
}

QString PackagePage::heading() const {
    return tr("Package");
}

QString PackagePage::explanation() const {
    return tr(
        "A folder that needs none of this program: projectors, recipe, a card, a short Python reader, and probe "
        "vectors by which anyone can check it. The setting above is in force in it.");
}

QString PackagePage::action() const {
    return tr("Write and verify");
}

QString PackagePage::problem() const {
    if (folder_->path().isEmpty()) return tr("Name a folder to write the package to.");
    const QFileInfo at(folder_->path());
    if (at.exists() && !at.isDir()) return tr("%1 is a file; name a folder.").arg(at.fileName());
    return {};
}

ExportPage::Work PackagePage::work() {
    engine::ExportRequest request;
    request.product = product_->folder();
    request.package = folder_->path().toStdString();
    request.workspace = product_->workspaceFolder();
    for (const auto& word : settingWords(*product_, setting_)) request.set.push_back(word.toStdString());
    request.freebind = freebind_->isChecked();
    request.metrics = metrics_->isChecked();
    return [request](const engine::JobContext& job) {
        const engine::Json written = engine::exportPackage(request, job).json;
        const engine::Json verified = engine::verify(request.package, job).json;
        QStringList lines{QObject::tr("%1 files, %2")
                              .arg(written["files"].get<std::uint64_t>())
                              .arg(QLocale().formattedDataSize(written["bytes"].get<std::int64_t>())),
                          whatWasVerified(verified)};
        for (const auto& note : written["notes"]) lines << QString::fromStdString(note.get<std::string>());
        if (verified.value("synthetic", false)) lines << QObject::tr("Of a synthetic world; the card says so.");
        return Exported{QObject::tr("Package written and verified"), lines.join(QLatin1Char('\n')),
                        QString::fromStdString(request.package.string())};
    };
}

}  // namespace ui
