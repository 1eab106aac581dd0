// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The page to explore: an evaluation set as a map whose points follow the sliders, and beside it the inspector of the
// queries that a change gained and lost. Everything slow runs in jobs of its own. While it is not active it does
// nothing and remembers what it missed. Window's thread.
#pragma once

#include <QTimer>
#include <QWidget>

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "engine/session/live_product.h"
#include "engine/session/space_map.h"
#include "ui/bridge/job_runner.h"
#include "ui/explore/map_view.h"
#include "ui/explore/query_panel.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QPushButton;

namespace ui {

class ExplorePage : public QWidget {
    Q_OBJECT
public:
    explicit ExplorePage(QWidget* parent = nullptr);
    ~ExplorePage() override;

    void setProduct(std::shared_ptr<engine::LiveProduct> product);  // may be empty
    // `inspected`: what engine::inspect says of it; an empty folder closes it. Its sets are mapped in single spaces
    // while there is no product, and a product's too.
    void setWorkspace(const QString& folder, const engine::Json& inspected);
    // Many times a second while sliders move: the map follows at once, the inspector when it rests.
    void setSetting(const engine::Setting& setting);
    void setReference(const engine::Setting& setting, const QString& name);
    void setAxes();                     // other factors of the product are live
    void setPrepared(std::size_t set);  // as LiveSession::setPrepared
    void setActive(bool active);

    void showSet(const QString& set);  // by name; nothing where there is none
    // A query in the inspector, along a factor, as soon as its set is there.
    void showQuery(const QString& set, bool forward, quint32 query, const std::string& factor);
    // What is mapped and how; restore() may come before the product.
    engine::Json state() const;
    void restore(const engine::Json& state);
    bool busy() const;
    MapView& map() { return *map_; }
    QueryPanel& inspector() { return *panel_; }

Q_SIGNALS:
    void failed(const ui::JobFailure& failure);
    void queryChosen(const QString& set, bool forward, quint32 query);
    void factorPicked(const std::string& factor, double value, bool dragging);

protected:
    void changeEvent(QEvent*) override;

private:
    struct Made;
    struct Weights {
        engine::BlendWeights first, second;
    };
    // An evaluation set of the workspace.
    struct SetOfSpaces {
        std::string name;
        engine::Modality first, second;
        std::vector<std::string> spaces;  // that have rows of both sides
    };
    QWidget* makeMapSide();
    void subjectChanged();  // another product or workspace
    bool any() const { return product_ || !workspace_sets_.empty(); }
    std::filesystem::path folder() const { return product_ ? product_->workspaceFolder() : workspace_; }
    const SetOfSpaces* setOfSpaces() const;  // the chosen one's, if the workspace is the product's
    std::pair<engine::Modality, engine::Modality> modalities() const;
    bool synthetic() const { return product_ ? product_->synthetic() : synthetic_; }
    void listSpaces();
    void listDirections();
    void setChanged();
    void showWanted();
    void makeMap(bool keep_view);
    void mapMade(const std::shared_ptr<const Made>& made, bool keep_view);
    void follow();  // puts the points where the setting has them
    void measureGap();
    void sayFigures();
    void inspect();  // asks the inspector to compare
    void setSubjectOfInspector();
    void chooseSpace(const QString& space);  // empty: the product
    void chooseWanted();
    void mapItemChosen(const MapItem& item);
    void mapSelectionChanged();
    bool ofProduct() const;  // the map is of the product, not of a raw space
    bool forward() const;
    std::size_t set() const;
    std::string mappedSpace() const;  // empty: the product
    // Nothing where the map's items were computed with other projectors.
    std::optional<Weights> weightsAt(const engine::Setting& setting) const;
    void recolour();

    std::shared_ptr<engine::LiveProduct> product_;
    std::filesystem::path workspace_;
    std::vector<SetOfSpaces> workspace_sets_;
    bool synthetic_ = false;  // the workspace
    engine::Setting setting_, reference_;
    QString reference_name_;
    bool active_ = false, missed_ = true, filling_ = false;
    engine::Json wanted_;   // of restore(), until there is a product
    QString wanted_space_;  // of it, until the workspace is known

    std::shared_ptr<const engine::SpaceMap> made_;
    std::string made_of_;        // the space that it is of, as mappedSpace()
    engine::SetComponents raw_;  // of a raw space's map
    // Of a product's map: at the projectors of the setting, and of the reference unless these are apart.
    std::shared_ptr<const engine::SetComponents> components_;
    bool apart_ = false;
    engine::Setting making_for_, making_against_;  // of the map that is being made: live factors do not count
    engine::Setting fitted_at_;
    SetItems items_;
    std::optional<std::size_t> items_of_;
    struct WantedQuery {
        std::size_t set;
        bool forward;
        std::uint32_t query;
        std::string factor;  // empty: as the inspector stands
    };
    std::optional<WantedQuery> wanted_query_;  // of the set that is coming
    std::optional<double> gap_, reference_gap_;
    double reference_cosine_ = 0;
    bool gap_missed_ = false;

    QComboBox *sets_, *directions_, *spaces_, *axes_, *plane_;
    QCheckBox* pairs_;
    QPushButton *fit_, *all_;
    QLabel *figures_, *note_;
    MapView* map_;
    QueryPanel* panel_;
    QTimer follow_timer_, rest_timer_;
    JobRunner map_job_, gap_job_;
};

}  // namespace ui
