/* Searches its libraries beside itself ($ORIGIN), but what is loaded is a private copy elsewhere. Loads, with a warning. */
#include "zoo.h"
