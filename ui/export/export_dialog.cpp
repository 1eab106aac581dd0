// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/export/export_dialog.h"

#include <QCloseEvent>
#include <QDesktopServices>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QStackedWidget>
#include <QTimer>
#include <QUrl>
#include <QVBoxLayout>

#include "ui/bridge/setting_text.h"
#include "ui/export/command_line.h"
#include "ui/export/command_page.h"
#include "ui/export/embeddings_page.h"
#include "ui/export/package_page.h"
#include "ui/export/surface_page.h"
#include "ui/style/theme.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/progress_strip.h"
#include "ui/widgets/wrapped_text.h"

namespace ui {
namespace {

constexpr int kTallestResult = 130;

// "ImageBind++ at σ_a 0.8, σ_t 0.5, without CLAP_m".
QString subjectText(const engine::LiveProduct& product, const engine::Setting& setting) {
    QStringList parts;
    for (const auto& factor : product.plan().factors) {
        const auto at = setting.factors.find(factor.name);
        const double value = at == setting.factors.end() ? factor.value : at->second;
        if (factor.live)
            parts << QString::fromStdString(factor.symbol) + QLatin1Char(' ') + QLocale::c().toString(value, 'g', 4);
    }
    for (const auto& expert : product.experts()) {
        const auto at = setting.expert_weights.find(expert.key);
        if (at == setting.expert_weights.end() || at->second == expert.weight) continue;
        parts
            << (at->second == 0
                    ? QObject::tr("without %1").arg(QString::fromStdString(expert.key))
                    : QObject::tr("%1 weighs %2").arg(QString::fromStdString(expert.key), QString::number(at->second)));
    }
    parts += projectorParts(product, setting);
    QString out = QString::fromStdString(product.recipe().name);
    if (!parts.isEmpty()) out = QObject::tr("%1 at %2").arg(out, parts.join(QStringLiteral(", ")));
    if (product.synthetic()) out += QObject::tr("  ·  synthetic world");
    return out;
}

}  // namespace

ExportDialog::ExportDialog(std::shared_ptr<engine::LiveProduct> product, engine::Setting setting, QWidget* parent)
    : QDialog(parent),
      product_(std::move(product)),
      list_(new QListWidget),
      stack_(new QStackedWidget),
      heading_(new QLabel),
      explanation_(new QLabel),
      subject_(new QLabel),
      hint_(new QLabel),
      embeddings_(new EmbeddingsPage(product_, setting)),
      surface_(new SurfacePage(product_, setting)),
      commands_(new CommandPage(product_, setting)),
      result_(new WrappedText(kTallestResult)),
      result_frame_(new QWidget),
      message_(new MessageBar),
      progress_(new ProgressStrip),
      action_(new QPushButton),
      open_(new QPushButton(tr("Open folder"))),
      close_(new QPushButton(tr("Close"))) {
    setWindowTitle(tr("Export"));
    setObjectName(QStringLiteral("export"));
    setModal(false);
    resize(860, 600);
    setMinimumSize(640, 440);

    list_->setObjectName(QStringLiteral("export_list"));
    list_->setAccessibleName(tr("What to export"));
    list_->setToolTip(tr("What to export"));
    list_->setFrameShape(QFrame::NoFrame);
    list_->setFixedWidth(190);
    list_->setIconSize(QSize(20, 20));
    list_->setSpacing(2);
    stack_->addWidget(new PackagePage(product_, setting));
    stack_->addWidget(embeddings_);
    stack_->addWidget(surface_);
    stack_->addWidget(commands_);
    for (int i = 0; i < stack_->count(); ++i) {
        auto* page = static_cast<ExportPage*>(stack_->widget(i));
        auto* item = new QListWidgetItem(page->heading(), list_);
        item->setSizeHint(QSize(0, 38));
        connect(page, &ExportPage::changed, this, &ExportDialog::refresh);
    }
    explanation_->setWordWrap(true);
    subject_->setText(subjectText(*product_, setting));
    subject_->setObjectName(QStringLiteral("export_subject"));
    subject_->setWordWrap(true);
    hint_->setWordWrap(true);
    hint_->setObjectName(QStringLiteral("export_hint"));
    result_->setObjectName(QStringLiteral("export_result"));
    result_->setAccessibleName(tr("Result"));
    result_frame_->hide();
    action_->setObjectName(QStringLiteral("export_action"));
    action_->setDefault(true);
    action_->setToolTip(tr("Begins in the background; it can be stopped and then leaves nothing behind"));
    open_->setObjectName(QStringLiteral("export_open"));
    open_->setToolTip(tr("Shows what was written in the file manager"));
    open_->setAutoDefault(false);
    close_->setAutoDefault(false);
    close_->setToolTip(tr("Closes; a job that runs is stopped"));

    auto* result_row = new QHBoxLayout(result_frame_);
    result_row->setContentsMargins(12, 10, 12, 10);
    result_row->addWidget(result_, 1);
    result_row->addWidget(open_, 0, Qt::AlignTop);
    open_->setMinimumWidth(open_->fontMetrics().horizontalAdvance(open_->text()) + 28);
    result_frame_->setAutoFillBackground(true);

    auto* buttons = new QHBoxLayout;
    buttons->addWidget(hint_, 1);
    buttons->addWidget(close_);
    buttons->addWidget(action_);

    auto* right = new QVBoxLayout;
    right->setContentsMargins(20, 16, 20, 16);
    right->setSpacing(10);
    right->addWidget(heading_);
    right->addWidget(subject_);
    right->addWidget(explanation_);
    right->addSpacing(6);
    right->addWidget(stack_, 1);
    right->addWidget(message_);
    right->addWidget(result_frame_);
    right->addWidget(progress_);
    right->addLayout(buttons);

    auto* all = new QHBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(0);
    all->addWidget(list_);
    all->addLayout(right, 1);

    progress_->follow(runner_);
    connect(list_, &QListWidget::currentRowChanged, this, &ExportDialog::pageChosen);
    connect(action_, &QPushButton::clicked, this, &ExportDialog::run);
    connect(close_, &QPushButton::clicked, this, &ExportDialog::close);
    connect(open_, &QPushButton::clicked, this, [this] {
        const QFileInfo at(made_path_);
        QDesktopServices::openUrl(QUrl::fromLocalFile(at.isDir() ? at.filePath() : at.absolutePath()));
    });
    connect(surface_, &ExportPage::changed, this,
            [this] { commands_->setSweep(surface_->axes(), surface_->baseline()); });
    connect(embeddings_, &ExportPage::changed, this, [this] {
        if (embeddings_->problem().isEmpty()) commands_->setEmbeddings(embeddings_->request());
    });
    connect(&runner_, &JobRunner::failed, this, [this](const JobFailure& failure) {
        result_text_ = failure.text();
        message_->showError(failure);
    });
    connect(&runner_, &JobRunner::cancelled, this, [this] {
        result_text_ = tr("Stopped; nothing was written.");
        message_->showNote(result_text_);
    });
    connect(&runner_, &JobRunner::started, this, &ExportDialog::refresh);
    connect(&runner_, &JobRunner::ended, this, [this] {
        refresh();
        if (closing_) close();
    });
    dress();
    list_->setCurrentRow(0);
}

ExportDialog::~ExportDialog() = default;

ExportPage* ExportDialog::page() const {
    return static_cast<ExportPage*>(stack_->currentWidget());
}

void ExportDialog::showPage(Page page) {
    list_->setCurrentRow(static_cast<int>(page));
}

void ExportDialog::setAxes(const std::vector<engine::FactorAxis>& axes) {
    surface_->setAxes(axes);
}

void ExportDialog::setBaseline(const BaselineChoice& baseline) {
    surface_->setBaseline(baseline);
}

QString ExportDialog::resultText() const {
    return result_text_;
}

void ExportDialog::pageChosen(int row) {
    if (row < 0) return;
    stack_->setCurrentIndex(row);
    message_->clear();
    result_frame_->hide();
    heading_->setText(page()->heading());
    explanation_->setText(page()->explanation());
    page()->shown();
    refresh();
}

void ExportDialog::refresh() {
    const QString problem = page()->problem();
    action_->setVisible(!page()->action().isEmpty());
    action_->setText(page()->action());
    action_->setMinimumWidth(action_->fontMetrics().horizontalAdvance(action_->text()) + 36);
    action_->setEnabled(problem.isEmpty() && !runner_.running());
    stack_->setEnabled(!runner_.running());
    list_->setEnabled(!runner_.running());
    hint_->setText(runner_.running() ? QString() : problem);
}

void ExportDialog::run() {
    message_->clear();
    result_frame_->hide();
    result_text_.clear();
    runner_.start<Exported>(page()->heading(), page()->work(),
                            [this](const Exported& exported) { showResult(exported); });
}

void ExportDialog::showResult(const Exported& exported) {
    made_path_ = exported.path;
    result_text_ = exported.title + QLatin1Char('\n') + exported.path + QLatin1Char('\n') + exported.details;
    result_->setParagraphs({{QStringLiteral("✓ ") + exported.title, colours().good, true},
                            {exported.path, colours().text},
                            {exported.details, colours().muted}});
    result_frame_->show();
    Q_EMIT written(exported.path);
}

void ExportDialog::closeEvent(QCloseEvent* event) {
    if (!runner_.running()) return QDialog::closeEvent(event);
    // Out of sight at once; it goes when its job has heard the stop, so that nobody waits for that.
    closing_ = true;
    runner_.stop();
    event->ignore();
    hide();
}

void ExportDialog::reject() {
    close();
}

void ExportDialog::changeEvent(QEvent* event) {
    QDialog::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) {
        dress();
        // A style sheet may take palettes back while the event goes round.
        QTimer::singleShot(0, this, [this] { dress(); });
    }
}

void ExportDialog::dress() {
    heading_->setFont(headingFont(2));
    QPalette muted = palette();
    muted.setColor(QPalette::WindowText, colours().muted);
    for (auto* label : {explanation_, hint_}) label->setPalette(muted);
    QFont strong = font();
    strong.setWeight(QFont::DemiBold);
    subject_->setFont(strong);
    QPalette card = palette();
    card.setColor(QPalette::Window, colours().panel);
    result_frame_->setPalette(card);
    // A quiet selection: icons and text keep their colour on it.
    QPalette quiet = palette();
    const auto mixed = [](const QColor& a, const QColor& b, double share) {
        return QColor::fromRgbF(a.redF() * share + b.redF() * (1 - share),
                                a.greenF() * share + b.greenF() * (1 - share),
                                a.blueF() * share + b.blueF() * (1 - share));
    };
    quiet.setColor(QPalette::Highlight, mixed(colours().accent, colours().panel, 0.2));
    quiet.setColor(QPalette::HighlightedText, colours().text);
    list_->setPalette(quiet);
    const QStringList icons{QStringLiteral("workspace"), QStringLiteral("explore"), QStringLiteral("compare"),
                            QStringLiteral("export")};
    for (int i = 0; i < list_->count(); ++i) list_->item(i)->setIcon(icon(icons[i]));
}

}  // namespace ui
