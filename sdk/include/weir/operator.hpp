// weir/operator.hpp: all that most plugins include: record operators and sinks, their records, options and
// configuration, and WEIR_PLUGIN. For columns see weir/batch_operator.hpp, for sources weir/source.hpp, for formats
// weir/codec.hpp.
#ifndef WEIR_OPERATOR_HPP
#define WEIR_OPERATOR_HPP

#include "weir/config.hpp"
#include "weir/keyed_operator.hpp"
#include "weir/options.hpp"
#include "weir/plugin.hpp"
#include "weir/record.hpp"
#include "weir/record_operator.hpp"

#endif  // WEIR_OPERATOR_HPP
