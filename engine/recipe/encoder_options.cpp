// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/recipe/encoder_options.h"

namespace engine {

const OptionTable<EncoderOptions>& encoderOptionTable() {
    using O = EncoderOptions;
    static const OptionTable<O> table = [] {
        OptionTable<O> t;
        t.add("heads", &O::heads,
              {.help = "The projectors that the encoder's rows pass: as they are, or a copy of them trained with it.",
               .choices = {"frozen", "trained"}});
        t.add("temperature", &O::temperature,
              {.help = "Temperature tau of the InfoNCE loss.", .min = 5e-3, .max = 10, .scale = OptionScale::Log});
        t.add("info_direction", &O::info_direction,
              {.help = "Direction of InfoNCE: both, or one.",
               .choices = {"symmetric", "source_to_target", "target_to_source"},
               .advanced = true});
        t.add("batch_size", &O::batch_size,
              {.help = "Pairs in a batch; those there are, where they are fewer.",
               .min = 2,
               .max = 1 << 20,
               .scale = OptionScale::Log,
               .unit = "pairs"});
        t.add("epochs", &O::epochs, {.help = "Passes over the pairs.", .min = 1, .max = 100000, .unit = "epochs"});
        t.add("learning_rate", &O::learning_rate,
              {.help = "Learning rate of Adam.", .min = 1e-9, .max = 1, .scale = OptionScale::Log});
        t.add("weight_decay", &O::weight_decay,
              {.help = "Weight decay, added to the gradient.", .min = 0, .max = 1, .advanced = true});
        return t;
    }();
    return table;
}

}  // namespace engine
