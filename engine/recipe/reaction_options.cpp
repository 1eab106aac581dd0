// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/reaction_options.h"

namespace engine {

const OptionTable<ReactionOptions>& reactionOptionTable() {
    using O = ReactionOptions;
    static const OptionTable<O> table = [] {
        OptionTable<O> t;
        t.add("retrieval_temperature", &O::retrieval_temperature,
              {.help = "Temperature tau_d of the softmax that retrieves pseudo pairs.",
               .min = 1e-3,
               .max = 10,
               .scale = OptionScale::Log});
        t.add("normalise_pseudo", &O::normalise_pseudo,
              {.help = "Bring every pseudo embedding to unit length after the weighted average.", .advanced = true});
        t.add(
            "centred", &O::centred,
            {.help = "Retrieve by rows as seen from the mean of their modality in their space, brought to unit length "
                     "again; the rows that are averaged stay as they are.",
             .advanced = true});
        t.add(
            "guidance", &O::guidance,
            {.help = "Whose similarities retrieve for the unified space: its own, the expert's, or auto (own where the "
                     "expert shares the hub modality, else the expert's).",
             .choices = {"auto", "own", "expert"},
             .advanced = true});
        t.add("hub", &O::hub,
              {.help = "Modality through which the unified space binds the others; auto takes image, else the first.",
               .advanced = true});
        t.add("pair_storage", &O::pair_storage,
              {.help = "How pseudo pairs are kept: float32, float16 (half the disk), none (made anew for each batch).",
               .choices = {"float32", "float16", "none"},
               .advanced = true});
        t.add("head", &O::head,
              {.help = "Layers of a projector: those of FreeBind, C-MCR or Ex-MCR; auto takes the objective's.",
               .choices = {"auto", "freebind", "c-mcr", "ex-mcr"},
               .advanced = true});
        t.add("hidden_width", &O::hidden_width,
              {.help = "Hidden width of FreeBind's head; the others have widths of their own.",
               .min = 1,
               .max = 65536,
               .scale = OptionScale::Log,
               .unit = "units"});
        t.add("projectors", &O::projectors,
              {.help = "Unions of pools that get a projector (T, V, TV, ...); empty: all.", .advanced = true});
        t.add("batch_norm", &O::batch_norm,
              {.help = "Batch statistics of each modality on its own, or of all modalities of a batch together.",
               .choices = {"per_modality", "joint"},
               .advanced = true});
        t.add("objective", &O::objective,
              {.help = "Losses that are summed: FreeBind's, C-MCR's or Ex-MCR's (method.md).",
               .choices = {"freebind", "c-mcr", "ex-mcr"},
               .advanced = true});
        t.add("noise_variance", &O::noise_variance,
              {.help = "Variance of the noise that c-mcr adds to each number of an embedding; others add none.",
               .min = 0,
               .max = 1,
               .advanced = true});
        t.add("intra_weight", &O::intra_weight,
              {.help = "Weight lambda of the loss within the source space, of c-mcr and ex-mcr.",
               .min = 0,
               .max = 100,
               .advanced = true});
        t.add("union_order", &O::union_order,
              {.help = "Order of a union's rows in an epoch: shuffled, or its pools one after the other as they lie.",
               .choices = {"shuffled", "concatenated"},
               .advanced = true});
        t.add("temperature", &O::temperature,
              {.help = "Temperature tau of the InfoNCE loss.", .min = 5e-3, .max = 10, .scale = OptionScale::Log});
        t.add("info_direction", &O::info_direction,
              {.help = "Direction of the InfoNCE terms.",
               .choices = {"symmetric", "source_to_target", "target_to_source"},
               .advanced = true});
        t.add("batch_size", &O::batch_size,
              {.help = "Pseudo pairs in a batch; the rows there are, where those are fewer.",
               .min = 8,
               .max = 1 << 20,
               .scale = OptionScale::Log,
               .unit = "rows"});
        t.add("epochs", &O::epochs,
              {.help = "Passes over the pseudo pairs; 0 takes the paper's: 5 for displacement, 20 for combination.",
               .min = 0,
               .max = 100000,
               .unit = "epochs"});
        t.add("optimiser", &O::optimiser,
              {.help = "Adam, or AdamW, where weight decay stands apart from the gradient.",
               .choices = {"adam", "adamw"},
               .advanced = true});
        t.add("learning_rate", &O::learning_rate,
              {.help = "Learning rate of Adam.", .min = 0, .max = 10, .scale = OptionScale::Log, .min_open = true});
        t.add("beta1", &O::beta1, {.help = "Adam's beta1.", .min = 0, .max = 0.999999, .advanced = true});
        t.add("beta2", &O::beta2, {.help = "Adam's beta2.", .min = 0, .max = 0.999999999, .advanced = true});
        t.add("epsilon", &O::epsilon,
              {.help = "Adam's epsilon.", .min = 0, .max = 1, .advanced = true, .min_open = true});
        t.add("weight_decay", &O::weight_decay,
              {.help = "Weight decay: added to the gradient by adam, to the step by adamw.",
               .min = 0,
               .max = 10,
               .advanced = true});
        t.add("schedule", &O::schedule,
              {.help = "Learning rate over the run: constant, or a cosine down to 0 at the target.",
               .choices = {"constant", "cosine"}});
        t.add("checkpoint_minutes", &O::checkpoint_minutes,
              {.help = "Minutes between checkpoints.", .min = 1, .max = 1440, .unit = "minutes", .advanced = true});
        t.add("select", &O::select,
              {.help = "Which weights are kept: the last, or the best by validation R@1.",
               .choices = {"last", "best"},
               .advanced = true});
        t.add("validation_set", &O::validation_set,
              {.help = "Retrieval set whose R@1 is logged while training; empty: none."});
        t.add("validation_steps", &O::validation_steps,
              {.help = "Steps between validations; 0: once an epoch.",
               .min = 0,
               .max = 1 << 30,
               .unit = "steps",
               .advanced = true});
        return t;
    }();
    return table;
}

const OptionTable<RunOptions>& runOptionTable() {
    using O = RunOptions;
    static const OptionTable<O> table = [] {
        OptionTable<O> t;
        t.add("seed", &O::seed,
              {.help = "Seed of initialisation and shuffles; the same seed gives the same result on CPU."});
        t.add("device", &O::device, {.help = "Where to compute: auto, cpu, cuda, or one GPU by number (cuda:1)."});
        t.add("memory_gib", &O::memory_gib,
              {.help = "Memory the run may use; 0: half of what is available.", .min = 0, .max = 65536, .unit = "GiB"});
        t.add("threads", &O::threads,
              {.help = "Threads of the processor to use; 0: all.", .min = 0, .max = 4096, .unit = "threads"});
        t.add("stages", &O::stages,
              {.help = "States of every projector to keep from the way of its training, in equal parts from its "
                       "beginning on: checkpoints to look back at. Weights alone; 0: none but the end.",
               .min = 0,
               .max = 100,
               .unit = "states"});
        return t;
    }();
    return table;
}

}  // namespace engine
