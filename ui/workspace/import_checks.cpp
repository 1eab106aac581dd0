// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the engine would refuse, said before it is asked, each with what to do and, where there is one obvious answer, a
// button that does it.
#include <QLocale>
#include <QObject>

#include <algorithm>
#include <set>

#include "engine/space/modality.h"
#include "ui/workspace/import_plan.h"

namespace ui {
namespace {

QString q(const std::string& text) {
    return QString::fromStdString(text);
}

QString n(std::uint64_t number) {
    return QLocale().toString(static_cast<qulonglong>(number));
}

class Checker {
public:
    Checker(const ImportPlan& plan, const KnownWorkspace& target) : plan_(plan), target_(target) {}

    std::vector<PlanProblem> run() {
        for (int i = 0; i < static_cast<int>(plan_.rows.size()); ++i) row(i);
        tables();
        widths();
        for (const auto& s : plan_.sets) set(s);
        pools();
        if (plan_.empty()) {
            error({},
                  plan_.rows.empty() ? QObject::tr("There is nothing to import yet.")
                                     : QObject::tr("Every array is left out."),
                  plan_.rows.empty() ? QObject::tr("Add files, or drop them on this window.")
                                     : QObject::tr("Choose a role for those that should be imported."));
        }
        // Errors first, in the order of the table.
        std::stable_sort(out_.begin(), out_.end(),
                         [](const PlanProblem& a, const PlanProblem& b) { return a.error > b.error; });
        return std::move(out_);
    }

private:
    PlanProblem& error(std::vector<int> rows, const QString& text, const QString& remedy) {
        return out_.emplace_back(PlanProblem{true, std::move(rows), {}, text, remedy, {}, {}});
    }
    PlanProblem& warning(std::vector<int> rows, const QString& text, const QString& remedy) {
        auto& p = error(std::move(rows), text, remedy);
        p.error = false;
        return p;
    }
    static void leaveOut(PlanProblem& problem, int row) {
        problem.fix_text = QObject::tr("Leave it out");
        problem.fix = [row](ImportPlan& plan) { plan.rows[static_cast<std::size_t>(row)].role = ArrayRole::Ignored; };
    }
    const PlanRow& at(int i) const { return plan_.rows[static_cast<std::size_t>(i)]; }

    void row(int i) {
        const PlanRow& r = at(i);
        if (r.role == ArrayRole::Ignored) return;
        if (r.role == ArrayRole::Unset) {
            auto& p = error({i}, QObject::tr("%1 has no role yet.").arg(r.name()),
                            QObject::tr("Say what it is in the column Role, or leave it out."));
            leaveOut(p, i);
            return;
        }
        if (!r.unreadable.empty()) {
            auto& p = error({i}, QObject::tr("%1 cannot be read: %2").arg(r.name(), q(r.unreadable)),
                            QObject::tr("Put the file right, or leave it out."));
            leaveOut(p, i);
            return;
        }
        if (r.item.empty()) {
            error({i},
                  isOfPool(r.role) ? QObject::tr("%1 does not say to which pool it belongs.").arg(r.name())
                                   : QObject::tr("%1 does not say to which evaluation set it belongs.").arg(r.name()),
                  QObject::tr("Type a name in the column Pool or set."));
        } else {
            name(i, r.item, QObject::tr("Pool or set"));
        }
        if (isOfPool(r.role) || isRows(r.role)) {
            if (r.modality.empty())
                error({i}, QObject::tr("%1 has no modality.").arg(r.name()),
                      QObject::tr("Choose text, image, audio or another in the column Modality."));
            else name(i, r.modality, QObject::tr("Modality"));
        }
        if (isRows(r.role)) {
            if (r.space.empty())
                error({i}, QObject::tr("%1 has no space.").arg(r.name()),
                      QObject::tr("Type the name of the encoder that made it in the column Space."));
            else name(i, r.space, QObject::tr("Space"));
        }
        if (r.known()) shape(i, r);
    }

    void name(int i, const std::string& text, const QString& column) {
        if (const auto reason = engine::nameProblem(text); !reason.empty())
            error({i}, QObject::tr("“%1” cannot be a name: %2.").arg(q(text), q(reason)),
                  QObject::tr("Change it in the column %1.").arg(column));
    }

    void shape(int i, const PlanRow& r) {
        if (isList(r.role)) {
            if (!r.values.is_array() && !r.array.list) {
                error({i},
                      QObject::tr("%1 is %2, but the role needs a list of texts or whole numbers.")
                          .arg(r.name(), r.describe()),
                      QObject::tr("Choose another role, or another array."));
            } else if ((r.role == ArrayRole::PoolIds || r.role == ArrayRole::FirstIds ||
                        r.role == ArrayRole::SecondIds) &&
                       r.array.list && !r.array.distinct && r.rows.is_null() && !plan_.table_rows.count(tableKey(r)) &&
                       r.count().value_or(0) < 4'000'000) {
                auto& p = error(
                    {i}, QObject::tr("In %1 an id comes twice.").arg(r.name()),
                    QObject::tr("Ids must differ. Choose another column, or leave it out: rows are then numbered."));
                leaveOut(p, i);
            }
            return;
        }
        if (r.array.rows && r.array.shape.size() == 3 && r.index < 0) {
            auto& p = error({i}, QObject::tr("%1 has %2 planes of rows.").arg(r.name(), n(r.array.shape[0])),
                            QObject::tr("Choose one of them: put its number, from 0, in the column Array as “#0”."));
            p.fix_text = QObject::tr("Take plane 0");
            p.fix = [i](ImportPlan& plan) { plan.rows[static_cast<std::size_t>(i)].index = 0; };
            return;
        }
        if (r.array.shape.size() == 3 && static_cast<std::uint64_t>(r.index) >= r.array.shape[0]) {
            error({i}, QObject::tr("%1 has no plane %2.").arg(r.name(), n(static_cast<std::uint64_t>(r.index))),
                  QObject::tr("It has %1, numbered from 0.").arg(n(r.array.shape[0])));
            return;
        }
        if (!r.array.rows) {
            auto& p = error(
                {i},
                QObject::tr("%1 is %2, but embeddings are rows of floating-point numbers.").arg(r.name(), r.describe()),
                QObject::tr("Choose another role, or leave it out."));
            leaveOut(p, i);
            return;
        }
        values(i, r);
    }

    // The import ends at the first NaN, Inf or row of zeros among the rows that it takes.
    void values(int i, const PlanRow& r) {
        if (!r.unseen.empty()) {
            auto& p =
                warning({i}, QObject::tr("The values of %1 could not be looked at: %2").arg(r.name(), q(r.unseen)),
                        QObject::tr("The import reads them itself, and stops if it cannot. Put the file right, or "
                                    "leave it out."));
            leaveOut(p, i);
        }
        if (!r.seen) return;
        const auto& v = *r.seen;
        if (v.not_finite > 0)
            badRows(i, r,
                    v.not_finite == 1
                        ? QObject::tr("Row %1 of %2 has a NaN or an Inf.").arg(n(v.first_not_finite), r.name())
                        : QObject::tr("%1 rows of %2 have a NaN or an Inf; the first is row %3.")
                              .arg(n(v.not_finite), r.name(), n(v.first_not_finite)));
        if (v.zeros > 0)
            badRows(
                i, r,
                v.zeros == 1
                    ? QObject::tr("Row %1 of %2 is all zeros, so it has no direction.").arg(n(v.first_zeros), r.name())
                    : QObject::tr("%1 rows of %2 are all zeros, so they have no direction; the first is row %3.")
                          .arg(n(v.zeros), r.name(), n(v.first_zeros)));
    }

    void badRows(int i, const PlanRow& r, QString text) {
        const auto& v = *r.seen;
        if (v.sampled())
            text += QLatin1Char(' ') +
                    QObject::tr("There may be more: %1 of its %2 rows were looked at.").arg(n(v.rows), n(v.of));
        const PlanSet* in = isOfSet(r.role) ? plan_.set(r.item) : nullptr;
        const bool one_for_each_label =
            in && !in->retrieval() && in->classes_from_items && r.role == ArrayRole::SecondRows;
        const bool some = !r.rows.is_null() || plan_.table_rows.count(tableKey(r)) || one_for_each_label;
        auto& p =
            some ? warning({i}, text,
                           QObject::tr("Only some of its rows are taken: the import stops if these are among them. "
                                       "Choose others in the manifest, or leave it out."))
                 : error({i}, text,
                         QObject::tr("Take such rows out of the file or compute them again, then add the file "
                                     "anew; or leave it out."));
        leaveOut(p, i);
    }

    // Rows of one item in all spaces, ids and files: as many of each, each once.
    void tables() {
        std::map<std::string, std::vector<int>> rows, lists;
        for (int i = 0; i < static_cast<int>(plan_.rows.size()); ++i) {
            const PlanRow& r = at(i);
            if (r.item.empty() || tableKey(r).empty()) continue;
            (isRows(r.role) ? rows : lists)[tableKey(r)].push_back(i);
        }
        for (const auto& [key, members] : rows) {
            std::map<std::string, int> spaces;
            int first_counted = -1;
            for (const int i : members) {
                const PlanRow& r = at(i);
                if (const auto [it, fresh] = spaces.emplace(r.space, i); !fresh && !r.space.empty()) {
                    auto& p = error({it->second, i},
                                    QObject::tr("%1 and %2 are both the %3 rows of %4 in %5.")
                                        .arg(at(it->second).name(), r.name(), q(r.modality), q(r.item), q(r.space)),
                                    QObject::tr("Give one of them another space, pool or set, or leave it out."));
                    p.fix_text = QObject::tr("Leave %1 out").arg(r.name());
                    p.fix = [i](ImportPlan& plan) { plan.rows[static_cast<std::size_t>(i)].role = ArrayRole::Ignored; };
                }
                if (r.role != ArrayRole::PoolRows && r.modality != at(members[0]).modality && !r.modality.empty() &&
                    !at(members[0]).modality.empty()) {
                    error({members[0], i},
                          QObject::tr("One side of %1 has two modalities: %2 and %3.")
                              .arg(q(r.item), q(at(members[0]).modality), q(r.modality)),
                          QObject::tr("A side has one modality. Move one of the arrays to the other side."));
                }
                if (!r.count()) continue;
                if (first_counted < 0) {
                    first_counted = i;
                } else if (r.count() != at(first_counted).count()) {
                    error(
                        {first_counted, i},
                        QObject::tr(
                            "%1 has %2 rows, %3 has %4: in one table row i must be the same item in every space.")
                            .arg(at(first_counted).name(), n(*at(first_counted).count()), r.name(), n(*r.count())),
                        QObject::tr("Make both from the same list of items, or give one of them another pool or set."));
                }
            }
        }
        for (const auto& [key, members] : lists) {
            std::map<ArrayRole, int> seen;
            const auto table = rows.find(key);
            for (const int i : members) {
                const PlanRow& r = at(i);
                if (const auto [it, fresh] = seen.emplace(r.role, i); !fresh) {
                    auto& p = error({it->second, i},
                                    QObject::tr("%1 and %2 have the same role for %3.")
                                        .arg(at(it->second).name(), r.name(), q(r.item)),
                                    QObject::tr("Leave one of them out."));
                    p.fix_text = QObject::tr("Leave %1 out").arg(r.name());
                    p.fix = [i](ImportPlan& plan) { plan.rows[static_cast<std::size_t>(i)].role = ArrayRole::Ignored; };
                }
                if (table == rows.end()) {
                    if (r.role == ArrayRole::Labels) continue;  // said of the set
                    error({i},
                          QObject::tr("%1 has no embeddings to go with: nothing has the rows of %2.")
                              .arg(r.name(), q(r.item)),
                          QObject::tr("Add the embeddings, or leave the list out."));
                    continue;
                }
                const PlanRow& first = at(table->second.front());
                const auto all = plan_.table_rows.count(key) ? std::nullopt : r.count();
                if (all && first.count() && *all != *first.count()) {
                    error({table->second.front(), i},
                          QObject::tr("%1 has %2 entries, but %3 has %4 rows.")
                              .arg(r.name(), n(*all), first.name(), n(*first.count())),
                          QObject::tr("There must be one entry for each row, in the same order."));
                }
            }
        }
    }

    void widths() {
        std::map<std::string, int> first;
        for (int i = 0; i < static_cast<int>(plan_.rows.size()); ++i) {
            const PlanRow& r = at(i);
            if (!isRows(r.role) || !r.width() || r.space.empty()) continue;
            if (const auto known = target_.widths.find(r.space); known != target_.widths.end()) {
                if (known->second != *r.width()) {
                    error({i},
                          QObject::tr("%1 is %2 wide, but %3 is %4 wide in the workspace.")
                              .arg(r.name(), n(*r.width()), q(r.space), n(known->second)),
                          QObject::tr("A space has one width. Give this encoder another name in the column Space."));
                }
                continue;
            }
            const auto [it, fresh] = first.emplace(r.space, i);
            if (!fresh && at(it->second).width() != r.width()) {
                error({it->second, i},
                      QObject::tr("%1 has two widths: %2 is %3 wide, %4 is %5 wide.")
                          .arg(q(r.space), at(it->second).name(), n(*at(it->second).width()), r.name(), n(*r.width())),
                      QObject::tr(
                          "They come from different encoders. Give one of them another name in the column Space."));
            }
        }
    }

    void set(const PlanSet& s) {
        std::vector<int> first, second, labels, pairs_first, pairs_second;
        for (int i = 0; i < static_cast<int>(plan_.rows.size()); ++i) {
            if (at(i).item != s.name) continue;
            switch (at(i).role) {
                case ArrayRole::FirstRows:
                    first.push_back(i);
                    break;
                case ArrayRole::SecondRows:
                    second.push_back(i);
                    break;
                case ArrayRole::Labels:
                    labels.push_back(i);
                    break;
                case ArrayRole::PairsFirst:
                    pairs_first.push_back(i);
                    break;
                case ArrayRole::PairsSecond:
                    pairs_second.push_back(i);
                    break;
                default:
                    break;
            }
        }
        const std::size_t before = out_.size();
        const QString name = q(s.name);
        if (first.empty() || second.empty()) {
            const bool no_first = first.empty();
            auto& p = error(no_first ? second : first,
                            no_first ? QObject::tr("The evaluation set %1 has no first side.").arg(name)
                                     : QObject::tr("The evaluation set %1 has no second side.").arg(name),
                            s.retrieval()
                                ? QObject::tr("Give the embeddings of the other modality the role for that side.")
                                : QObject::tr("The items are the first side, the prompts of the classes the second."));
            // What stands on one side, but is of two modalities, is plain.
            const auto& there = no_first ? second : first;
            std::set<std::string> modalities;
            for (const int i : there) modalities.insert(at(i).modality);
            if (modalities.size() == 2) {
                const std::string moved = *modalities.rbegin();
                p.fix_text = QObject::tr("Make %1 the other side").arg(q(moved));
                p.fix = [there, moved, no_first](ImportPlan& plan) {
                    for (const int i : there) {
                        auto& r = plan.rows[static_cast<std::size_t>(i)];
                        if (r.modality == moved) r.role = no_first ? ArrayRole::FirstRows : ArrayRole::SecondRows;
                    }
                };
            }
        } else if (s.retrieval()) {
            retrieval(s, first, second, pairs_first, pairs_second, labels);
        } else {
            classes(s, first, labels);
        }
        for (std::size_t i = before; i < out_.size(); ++i) out_[i].set = s.name;
    }

    void retrieval(const PlanSet& s, const std::vector<int>& first, const std::vector<int>& second,
                   const std::vector<int>& pairs_first, const std::vector<int>& pairs_second,
                   const std::vector<int>& labels) {
        const QString name = q(s.name);
        const auto a = at(first[0]).count(), b = at(second[0]).count();
        const std::string set_name = s.name;
        const auto captions = [&](PlanProblem& p) {
            if (!a || !b || *a == 0 || *b % *a != 0 || *b <= *a) return;
            const auto each = static_cast<std::int64_t>(*b / *a);
            p.fix_text = QObject::tr("%1 captions for each").arg(each);
            p.fix = [set_name, each](ImportPlan& plan) {
                plan.set(set_name)->pairing = Pairing::Captions;
                plan.set(set_name)->captions = each;
            };
        };
        std::vector<int> both = first;
        both.insert(both.end(), second.begin(), second.end());
        if (s.pairing == Pairing::Identity) {
            if (a && b && *a != *b) {
                auto& p = error(
                    both,
                    QObject::tr("%1 pairs row i with row i, but its sides have %2 and %3 rows.")
                        .arg(name, n(*a), n(*b)),
                    QObject::tr("Say in the table of sets how they belong together: captions for each item, or lists "
                                "of pairs."));
                captions(p);
            }
        } else if (s.pairing == Pairing::Captions) {
            if (a && b && *a * static_cast<std::uint64_t>(s.captions) != *b) {
                auto& p =
                    error(both,
                          QObject::tr(
                              "%1 has %2 items with %3 captions each, so %4 rows were expected on the second side, not "
                              "%5.")
                              .arg(name, n(*a), n(static_cast<std::uint64_t>(s.captions)),
                                   n(*a * static_cast<std::uint64_t>(s.captions)), n(*b)),
                          QObject::tr("Set the number of captions, or give lists of pairs."));
                captions(p);
            }
        } else if (pairs_first.size() != 1 || pairs_second.size() != 1) {
            std::vector<int> rows = pairs_first;
            rows.insert(rows.end(), pairs_second.begin(), pairs_second.end());
            error(rows,
                  s.pairing == Pairing::Pairs
                      ? QObject::tr("%1 takes its pairs from two lists, and these are not both there.").arg(name)
                      : QObject::tr("%1 pairs by equal keys, and the keys of both sides are not there.").arg(name),
                  QObject::tr("Give two columns the roles “set: pairs, first side” and “set: pairs, second side”."));
        } else {
            const auto x = at(pairs_first[0]).count(), y = at(pairs_second[0]).count();
            if (s.pairing == Pairing::Pairs && x && y && *x != *y)
                error({pairs_first[0], pairs_second[0]},
                      QObject::tr("The lists of pairs of %1 have %2 and %3 entries.").arg(name, n(*x), n(*y)),
                      QObject::tr("Entry i of both is one pair, so they must be equally long."));
            if (s.pairing == Pairing::Match && x && y && a && b && (*x != *a || *y != *b))
                error({pairs_first[0], pairs_second[0]},
                      QObject::tr("The keys of %1 are not as many as its rows.").arg(name),
                      QObject::tr("There must be one key for each row of its side."));
        }
        if (!labels.empty())
            warning(labels, QObject::tr("%1 is a retrieval set, so its labels are not used.").arg(name),
                    QObject::tr("Choose the kind classification, or leave the labels out."));
        const bool shared = std::any_of(first.begin(), first.end(), [&](int i) {
            return std::any_of(second.begin(), second.end(), [&](int k) { return at(i).space == at(k).space; });
        });
        if (!shared)
            warning(both, QObject::tr("No space has both sides of %1.").arg(name),
                    QObject::tr("It can be measured only with a product that joins their spaces."));
    }

    void classes(const PlanSet& s, const std::vector<int>& first, const std::vector<int>& labels) {
        const QString name = q(s.name);
        if (labels.empty()) {
            auto& p = error(first, QObject::tr("%1 has no labels.").arg(name),
                            QObject::tr("Add a list with the class of each item and give it the role “set: labels”."));
            p.fix_text = QObject::tr("It is retrieval");
            p.fix = [set_name = s.name](ImportPlan& plan) { plan.set(set_name)->kind = "retrieval"; };
            return;
        }
        const auto a = at(first[0]).count(), b = at(labels[0]).count();
        if (a && b && *a != *b && !plan_.table_rows.count(tableKey(at(first[0]))))
            error({first[0], labels[0]},
                  QObject::tr("%1 has %2 items, but %3 has %4 labels.").arg(name, n(*a), at(labels[0]).name(), n(*b)),
                  QObject::tr("There must be one label for each item, in the same order."));
    }

    void pools() {
        std::map<std::string, std::set<std::string>> by_pool, by_modality;
        for (const auto& [pool, modalities] : target_.pools) {
            for (const auto& m : modalities) by_modality[m].insert(pool);
        }
        std::set<std::string> replaced;
        for (const auto& r : plan_.rows) {
            if (r.role == ArrayRole::PoolRows && !r.item.empty()) by_pool[r.item].insert(r.modality);
        }
        for (const auto& [pool, modalities] : by_pool) {
            const bool there = target_.pools.count(pool) ||
                               std::find(target_.paired.begin(), target_.paired.end(), pool) != target_.paired.end();
            if (there) {
                replaced.insert(pool);
                for (auto& [m, names] : by_modality) names.erase(pool);
            }
            if (modalities.size() == 1) by_modality[*modalities.begin()].insert(pool);
        }
        std::set<std::string> sets;
        for (const auto& s : plan_.sets) {
            if (std::find(target_.sets.begin(), target_.sets.end(), s.name) != target_.sets.end()) sets.insert(s.name);
        }
        for (const auto& pool : replaced)
            warning(rowsOf(pool, true),
                    QObject::tr("The workspace has a pool %1 already; it will be replaced.").arg(q(pool)),
                    QObject::tr("Type another name to keep both."));
        for (const auto& s : sets)
            warning(rowsOf(s, false),
                    QObject::tr("The workspace has an evaluation set %1 already; it will be replaced.").arg(q(s)),
                    QObject::tr("Type another name to keep both."));
        for (const auto& [modality, names] : by_modality) {
            if (names.size() < 2 || modality.empty()) continue;
            std::vector<int> rows;
            for (const auto& pool : names) {
                const auto more = rowsOf(pool, true);
                rows.insert(rows.end(), more.begin(), more.end());
            }
            if (rows.empty()) continue;  // it was so before
            QStringList list;
            for (const auto& pool : names) list << q(pool);
            warning(rows,
                    QObject::tr("There would be %1 pools of %2: %3.")
                        .arg(QString::number(names.size()), q(modality), list.join(QObject::tr(", "))),
                    QObject::tr("Training needs one. Give the arrays of the same items the same pool."));
        }
    }

    std::vector<int> rowsOf(const std::string& item, bool pool) const {
        std::vector<int> out;
        for (int i = 0; i < static_cast<int>(plan_.rows.size()); ++i) {
            if (at(i).item == item && (pool ? isOfPool(at(i).role) : isOfSet(at(i).role))) out.push_back(i);
        }
        return out;
    }

    const ImportPlan& plan_;
    const KnownWorkspace& target_;
    std::vector<PlanProblem> out_;
};

}  // namespace

std::vector<PlanProblem> checkPlan(const ImportPlan& plan, const KnownWorkspace& target) {
    return Checker(plan, target).run();
}

}  // namespace ui
