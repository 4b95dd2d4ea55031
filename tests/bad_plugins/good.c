/* Has no defect: passes its rows through. The tests take it apart in their own ways (truncated, patched, world-writable ...). */
#include "weir/abi.h"
static const weir_option inner[] = {{"name", "string", 0, "Who.", 0, 0, WEIR_OPTION_REQUIRED, 0}, {0}};
static const weir_option options[] = {{"limit", "int", "100", "The most.", 0, 0, 0, 0},
                                      {"mode", "enum", "\"fast\"", "How.", "fast|safe", 0, 0, 0},
                                      {"window", "duration", "\"10m\"", "How long.", 0, 0, 0, 0},
                                      {"password", "string", 0, "Not shown.", 0, 0, WEIR_OPTION_SECRET, 0},
                                      {"people", "list:table", 0, "Who takes part.", 0, inner, 0, 0},
                                      {0}};
#define ZOO_OPTIONS options
#include "zoo.h"
