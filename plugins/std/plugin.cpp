#include <weir/plugin.hpp>

#include "filter.hpp"
#include "project.hpp"
#include "route.hpp"
#include "throttle.hpp"
#include "union.hpp"

WEIR_PLUGIN("std", "0.1.0",
            weir::operators<weir::standard::filter, weir::standard::project, weir::standard::route,
                            weir::standard::merge, weir::standard::throttle>("filter", "project", "route", "union",
                                                                             "throttle"))
