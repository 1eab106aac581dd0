// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One side of an evaluation set as functions of the factors. Every product vector is
//   z(s) = Σ_j b_j(s) · atom_j,   atoms: the base, and one row for each layer (its experts' weighted sum),
// where the weights b_j depend on the item only through a few inner products of its atoms: with unit atoms â,
//   ẑ_0 = â_0;  n_k = 1 − 2 s_k (1 − s_k)(1 − <ê_k, ẑ_{k−1}>);  ẑ_k = (s_k ê_k + (1 − s_k) ẑ_{k−1}) / √n_k
// (Components in recipe/product.h), where ê_k = â_k. A layer in which one expert's weight w is a factor has two atoms,
// that expert's row x and the mean y of the others', and ê_k is along w x + (1 − w) c y, c the others' weights to its
// own. Immutable once made; safe to use from many threads. Internal to engine/factors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/job.h"
#include "engine/factors/array.h"
#include "engine/recipe/product.h"

namespace engine {

inline constexpr std::size_t kMostAtoms = 5;  // of one side; beyond it there is no landscape

// Which factors a layer depends on: indices into a point, or -1.
struct LayerDims {
    LayerDims(int share_dim = -1, int weight_dim = -1, std::size_t its_part = 0)
        : share(share_dim), weight(weight_dim), part(its_part) {}
    int share;   // its σ or λ; -1: that of the weights, as where the layer brings the modality
    int weight;  // w of parts[part]: the layer's weights are those at w = 1/2, its own times 2w, others times 2(1−w)
    std::size_t part;  // in force, and not the only one
};

// The weights with the factors of a point put in. The share is 0 where no expert is in force.
BlendWeights weightsAtPoint(const BlendWeights& base, const std::vector<LayerDims>& dims, const double* point);

class BlendSide {
public:
    // `weights` fixes what is no factor. `dims`: for each layer of the components. Keeps views of `components`, which
    // must outlive it. Memory: 4 bytes a value of each atom that is a sum of experts. Throws as blend() does where one
    // vanishes.
    BlendSide(const Components& components, const BlendWeights& weights, const std::vector<LayerDims>& dims,
              const JobContext& job);
    // What the above found, to be kept in a file. A side made from it has no rows of atoms that are sums.
    struct Stored {
        Array<double> inverse, cosine;
        Array<std::uint32_t> classes;
    };
    BlendSide(const Components& components, const BlendWeights& weights, const std::vector<LayerDims>& dims,
              Stored stored);
    const Stored& stored() const { return stored_; }

    std::size_t items() const { return items_; }
    std::size_t width() const { return width_; }
    std::size_t atoms() const { return atoms_.size(); }
    MatrixView atom(std::size_t j) const { return atoms_[j]; }  // [items, width], not normalised
    // The factors that it depends on, ascending.
    const std::vector<std::size_t>& dims() const { return own_dims_; }
    bool hasWeights() const { return layers_.size() + 1 < atoms_.size(); }  // among the factors
    // 1 / |atom_j| of an item.
    double inverseLength(std::size_t item, std::size_t j) const { return stored_.inverse[item * atoms() + j]; }
    // What atom j >= 1 is: Σ weights[p] · parts[p] of a layer of the components; weights of sum 1.
    struct Sum {
        std::size_t layer;
        std::vector<double> weights;
    };
    const Sum& sumOf(std::size_t j) const { return atom_sums_[j - 1]; }
    // Items of equal class have equal components, bit by bit, so they score alike at any factors.
    std::uint32_t rowClass(std::size_t item) const { return stored_.classes[item]; }

    // b_j at a point; `factors` are indexed by the dims. False if the vector vanishes there (blend() throws then).
    bool weights(std::size_t item, const double* factors, double* b) const;
    // The same without the last normalisation: of the right direction. For queries, whose length changes no order.
    void direction(std::size_t item, const double* factors, double* a) const;

    // What the weights of an item follow from: inverse [atoms], cosine [atoms - 1][atoms] as in Stored.
    struct Shape {
        const double* inverse;
        const double* cosine;
    };
    Shape shape(std::size_t item) const {
        return {stored_.inverse.data() + item * atoms(), stored_.cosine.data() + item * (atoms() - 1) * atoms()};
    }
    // weights() and direction() of an item of another shape, say one in higher precision.
    bool weights(const Shape& shape, const double* factors, double* b) const;
    void direction(const Shape& shape, const double* factors, double* a) const;

    // What cutting interpolates: both of the above times a positive function of the factors that is one for all items,
    //   G = Π_k √n̄_k(s_k),  n̄_k = n_k at the mean cosine of all items (without the last k for directions).
    // It changes no order, and leaves weights that are nearly linear in every share: those of an item whose cosines are
    // the mean ones have √n̄/√n = 1.
    enum class Part { Direction, Weights };
    bool levelled(std::size_t item, const double* factors, Part part, double* b) const;
    double level(const double* factors, Part part) const;  // G

    // How far levelled() (or, without `level`, weights() and direction()) can be from its multilinear interpolation
    // between the corners of the box [low, high] (indexed as factors), and a bound of its slopes: |f_j(s) −
    // interpolation| <= error[j] anywhere in the box;
    // slope[l * atoms + j] >= |∂f_j/∂(own dim l)|. Infinite where the vector may vanish. The interpolation's error in
    // one variable is at most h²/8 max|f''|, and the errors of several add up.
    void bound(std::size_t item, const double* low, const double* high, Part part, bool level, double* error,
               double* slope) const;

    // The error of bound(), levelled, for all items at once: of item i it is error[j] * inverseLength(i, j) at most.
    // Wider than an item's own, and as cheap as that of one. Not where a weight is a factor: experts differ too much
    // from item to item for a bound of all to be of use.
    void boundAll(const double* low, const double* high, Part part, double* error) const;

private:
    struct Layer {
        int share_dim, weight_dim;
        double share;
        std::size_t first;       // atom; the next one is its too where there is a weight_dim
        double others = 1;       // c
        double mean_cosine = 0;  // of ê with what it is blended into, all inner shares and weights at a half
        std::size_t end() const { return first + (weight_dim < 0 ? 1 : 2); }
    };
    void takeLayers(const Components& components, const BlendWeights& weights, const std::vector<LayerDims>& dims,
                    const JobContext* job);
    void takeMeanCosines();
    // Σ over factors of h²/8 max|f''|, and slopes if given, of the weights of unit atoms. `cosine(k, j)` is a number,
    // or an interval that holds those of many items; `within(layer, w, e)` as the function of that name.
    template <class CosineOf, class Within>
    void boundUnit(const CosineOf& cosine, const Within& within, const double* low, const double* high, Part part,
                   bool level, double* error, double* slope) const;
    // The weights of a layer's unit atoms in ê. False, and nothing written, where it vanishes.
    bool within(const Layer& layer, const Shape& shape, double w, double* e) const;
    template <bool Normalised>
    bool combine(const Shape& shape, const double* factors, double* b) const;

    std::size_t items_ = 0, width_ = 0;
    std::vector<MatrixView> atoms_;
    std::vector<Sum> atom_sums_;
    std::vector<Matrix> sums_;  // rows of atoms with several experts
    std::vector<Layer> layers_;
    std::vector<std::size_t> own_dims_;
    std::vector<double> least_cosine_, most_cosine_;  // [atoms - 1][atoms], of all items
    Stored stored_;  // inverse [items][atoms]; cosine [items][atoms - 1][atoms]: <â_{k+1}, â_j> for j <= k
};

}  // namespace engine
