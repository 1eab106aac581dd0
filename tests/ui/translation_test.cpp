// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Every visible text of the main pages can be translated: under a translator that puts brackets around whatever it is
// asked for, a text without brackets is one that nobody asked it for. What is data (names of sets, spaces, factors and
// recipes, figures, paths) and what the engine says (help of options, formulas, protocols) is none of the interface's.
#include <QAbstractButton>
#include <QApplication>
#include <QComboBox>
#include <QDockWidget>
#include <QGroupBox>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QRegularExpression>
#include <QTabWidget>
#include <QTableView>
#include <QTest>
#include <QTranslator>
#include <QTreeView>

#include <filesystem>
#include <set>

#include "engine/store/workspace.h"
#include "tests/ui/tiny_product.h"
#include "ui/export/export_dialog.h"
#include "ui/main_window.h"
#include "ui/style/theme.h"
#include "ui/workspace/import_dialog.h"

using ui::MainWindow;

namespace {

class Brackets : public QTranslator {
public:
    bool isEmpty() const override { return false; }
    QString translate(const char* context, const char* source, const char*, int) const override {
        // Texts of Qt's own are its translations' business.
        if (!QByteArrayView(context).startsWith("ui") && QByteArrayView(context) != "QObject" &&
            QByteArrayView(context) != "ImportPlan")
            return {};
        const QString text = QString::fromUtf8(source);
        if (text.isEmpty()) return text;
        // A menu's key stays a key; rich text keeps its tags, of which Qt tells by the beginning.
        if (text.startsWith(QLatin1Char('<'))) return text;
        return QStringLiteral("⟦") + text + QStringLiteral("⟧");
    }
};

}  // namespace

class TranslationTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        QCoreApplication::installTranslator(&brackets_);
        ui::applyTheme(ui::ThemeChoice::Light);
        window_ = std::make_unique<MainWindow>(false);
        window_->resize(1280, 800);
        window_->show();
        window_->open(QString::fromStdString(tiny_.world()));
        window_->open(QString::fromStdString(tiny_.product()));
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().product() && window_->session().surface(), 60000);
        QTRY_VERIFY_WITH_TIMEOUT(!window_->busy(), 60000);
        nameData();
        nameEngineTexts();
    }
    void cleanupTestCase() { window_.reset(); }

    void menusAndDocks() {
        QStringList bare;
        for (const auto* action : window_->findChildren<QAction*>()) {
            look(action->text(), "menu", bare);
            look(action->toolTip(), "menu's tooltip", bare);
        }
        for (const auto* dock : window_->findChildren<QDockWidget*>()) look(dock->windowTitle(), "dock", bare);
        QVERIFY2(bare.isEmpty(), qPrintable(bare.join('\n')));
    }

    void pages_data() {
        QTest::addColumn<int>("page");
        const char* names[] = {"Start", "Workspace", "Reactions", "Tune", "Compare", "Explore", "Help", "Report"};
        for (int i = 0; i < 8; ++i) QTest::newRow(names[i]) << i;
    }

    void pages() {
        QFETCH(int, page);
        window_->showPage(static_cast<MainWindow::Page>(page));
        QTRY_VERIFY_WITH_TIMEOUT(!window_->busy(), 60000);
        QTest::qWait(100);
        QStringList bare;
        collect(window_.get(), bare);
        // Pages of tabs: each in turn.
        for (auto* tabs : window_->findChildren<QTabWidget*>()) {
            if (!tabs->isVisible()) continue;
            const int at = tabs->currentIndex();
            for (int i = 0; i < tabs->count(); ++i) {
                tabs->setCurrentIndex(i);
                QTest::qWait(50);
                collect(tabs, bare);
            }
            tabs->setCurrentIndex(at);
        }
        QVERIFY2(bare.isEmpty(), qPrintable(bare.join('\n')));
    }

    void headroomAndComparison() {
        window_->showPage(MainWindow::Page::Tune);
        auto& headroom = window_->tune().headroom();
        window_->tune().findChild<QTabWidget*>("tune_side")->setCurrentWidget(&headroom);
        headroom.findChild<QPushButton*>("measure_headroom")->click();
        QTRY_VERIFY_WITH_TIMEOUT(headroom.result(), 60000);
        QStringList bare;
        collect(&headroom, bare);
        ui::Comparison comparison;
        for (const auto& [name, setting] : window_->session().product()->presets())
            comparison.columns.push_back({window_->project().product(), {}, setting, QString::fromStdString(name)});
        window_->project().setCompared(comparison, {});
        window_->showPage(MainWindow::Page::Compare);
        QTRY_VERIFY_WITH_TIMEOUT(window_->compare().settled(), 60000);
        collect(window_.get(), bare);
        QVERIFY2(bare.isEmpty(), qPrintable(bare.join('\n')));
    }

    void dialogs() {
        QStringList bare;
        ui::ImportDialog import;
        import.show();
        collect(&import, bare);
        ui::ExportDialog out(window_->session().product(), window_->project().setting());
        out.show();
        for (int page = 0; page < 4; ++page) {
            out.showPage(static_cast<ui::ExportDialog::Page>(page));
            QTest::qWait(50);
            collect(&out, bare);
        }
        QVERIFY2(bare.isEmpty(), qPrintable(bare.join('\n')));
    }

    // What the test would say if a text were not asked for.
    void aBareTextIsFound() {
        QStringList bare;
        QWidget box;
        QLabel label(QStringLiteral("Nobody translates this"), &box);
        box.show();
        collect(&box, bare);
        QCOMPARE(bare.size(), 1);
    }

private:
    // Words that stand for themselves in any language.
    void nameData() {
        const auto live = window_->session().product();
        const auto add = [this](const std::string& word) {
            if (!word.empty()) data_.insert(QString::fromStdString(word));
        };
        for (const auto& set : live->sets()) {
            add(set.name);
            add(set.first);
            add(set.second);
        }
        for (const auto& space : live->plan().spaces) {
            add(space.name);
            for (const auto& modality : space.modalities) add(modality);
        }
        for (const auto& factor : live->plan().factors) {
            add(factor.name);
            add(factor.symbol);
        }
        for (const auto& reaction : live->plan().reactions) {
            add(reaction.key);
            for (const auto& subset : reaction.subsets) add(subset);
        }
        for (const auto& space : engine::spacesOf(engine::Workspace(tiny_.world()))) add(space.name);
        for (const auto& path : {tiny_.world(), tiny_.product()}) {
            add(path);
            add(std::filesystem::path(path).filename().string());
        }
        for (const auto& recipe : engine::shippedRecipes()) add(recipe);
        for (const auto& expert : live->experts()) add(expert.key);
        for (const auto& [name, setting] : live->presets()) add(name);
        for (const auto& group : live->groups(*window_->session().baseline())) add(group.name);
        for (const auto* word : {"Molecule-Space Studio",
                                 "R@1",
                                 "R@5",
                                 "R@10",
                                 "mAP",
                                 "top-1",
                                 "top-5",
                                 "depth",
                                 "thermal",
                                 "Cr",
                                 "Dr",
                                 "float32",
                                 "float16",
                                 "MiB",
                                 "KiB",
                                 "GiB",
                                 "GFLOP/s",
                                 "npy",
                                 "HDF5",
                                 "CSV",
                                 "PNG",
                                 "SVG",
                                 "PDF",
                                 "JSON",
                                 "safetensors",
                                 "GPL-3.0-or-later"})
            data_.insert(QString::fromLatin1(word));
    }

    // What the engine says in its own words.
    void nameEngineTexts() {
        const auto live = window_->session().product();
        const auto add = [this](const std::string& words) {
            if (!words.empty()) engine_ << QString::fromStdString(words);
        };
        for (const auto* table :
             {&engine::runOptionTable().entries(), &engine::reactionOptionTable().entries(), &engine::evaluateOptions(),
              &engine::landscapeOptions(), &engine::reportOptions(), &engine::routerOptions()}) {
            for (const auto& option : *table) {
                add(option.info.help);
                for (const auto& choice : option.info.choices) data_.insert(QString::fromStdString(choice));
                data_.insert(QString::fromStdString(option.key));
            }
        }
        for (const auto& recipe : engine::shippedRecipes()) add(engine::findRecipe(recipe).description);
        for (const auto& modality : live->plan().modalities) add(live->formula(modality, live->defaults()));
        for (const auto& set : live->measure(live->defaults(), {}).sets) add(engine::protocolText(set.protocol));
        for (const auto& space : live->plan().spaces)
            for (const auto& set : live->measureSpace(space.name, {}).sets) add(engine::protocolText(set.protocol));
    }

    // True for a text that has words, none of which went through tr() or stands for itself.
    bool isBare(QString text) const {
        if (text.contains(QStringLiteral("⟦"))) return false;
        for (const auto& said : engine_) text.remove(said);
        text.remove(QRegularExpression(QStringLiteral("<[^>]*>|&[a-z]+;")));
        std::vector<QString> words(data_.begin(), data_.end());
        std::sort(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
        for (const auto& word : words) text.remove(word);
        text.remove(QRegularExpression(QStringLiteral("(/[^\\s/]+)+/?")));  // paths
        static const QRegularExpression letters(QStringLiteral("\\p{L}{3,}"));
        return letters.match(text).hasMatch();
    }

    void look(const QString& text, const QString& where, QStringList& bare) const {
        if (!isBare(text)) return;
        const QString line = QStringLiteral("%1: %2").arg(where, text.left(120));
        if (!bare.contains(line)) bare << line;
    }

    void lookAtHeader(const QAbstractItemView* view, const QString& where, QStringList& bare) const {
        const auto* model = view->model();
        if (!model) return;
        for (const auto orientation : {Qt::Horizontal, Qt::Vertical}) {
            const int count = orientation == Qt::Horizontal ? model->columnCount() : model->rowCount();
            for (int i = 0; i < count; ++i) {
                for (const int role : {static_cast<int>(Qt::DisplayRole), static_cast<int>(Qt::ToolTipRole)})
                    look(model->headerData(i, orientation, role).toString(), where + " header", bare);
            }
        }
    }

    void collect(QWidget* root, QStringList& bare) const {
        QList<QWidget*> all = root->findChildren<QWidget*>();
        all << root;
        for (auto* widget : all) {
            if (!widget->isVisible()) continue;
            // What Qt makes itself, and what shows texts of files.
            if (qobject_cast<QPlainTextEdit*>(widget) || widget->inherits("QTextBrowser")) continue;
            const QString where = QStringLiteral("%1 %2").arg(QString::fromLatin1(widget->metaObject()->className()),
                                                              widget->objectName());
            if (const auto* label = qobject_cast<QLabel*>(widget)) look(label->text(), where, bare);
            if (const auto* button = qobject_cast<QAbstractButton*>(widget)) look(button->text(), where, bare);
            if (const auto* box = qobject_cast<QGroupBox*>(widget)) look(box->title(), where, bare);
            if (const auto* edit = qobject_cast<QLineEdit*>(widget)) look(edit->placeholderText(), where, bare);
            if (const auto* tabs = qobject_cast<QTabWidget*>(widget)) {
                for (int i = 0; i < tabs->count(); ++i) look(tabs->tabText(i), where, bare);
            }
            if (const auto* box = qobject_cast<QComboBox*>(widget)) {
                for (int i = 0; i < box->count(); ++i) look(box->itemText(i), where, bare);
            }
            if (const auto* view = qobject_cast<QTableView*>(widget)) lookAtHeader(view, where, bare);
            if (const auto* view = qobject_cast<QTreeView*>(widget)) lookAtHeader(view, where, bare);
            look(widget->toolTip(), where + " tooltip", bare);
            look(widget->accessibleName(), where + " accessible name", bare);
        }
    }

    TinyProduct tiny_;
    Brackets brackets_;
    std::set<QString> data_;
    QStringList engine_;  // its texts
    std::unique_ptr<MainWindow> window_;
};

QTEST_MAIN(TranslationTest)
#include "translation_test.moc"
