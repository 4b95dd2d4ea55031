#include <weir/plugin.hpp>

#include "filter.hpp"
#include "flow.hpp"
#include "project.hpp"
#include "route.hpp"

using namespace weir::standard;

WEIR_PLUGIN("std", "0.1.0",
            weir::operators<filter, project, route, union_all, throttle>("filter", "project", "route", "union", "throttle"))
