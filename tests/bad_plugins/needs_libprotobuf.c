/* Needs a shared libprotobuf (a library of that soname with one function): two versions of one .proto would end the process. */
int stand_in_for_protobuf(void);
__attribute__((used, visibility("hidden"))) int needs_libprotobuf_user(void) { return stand_in_for_protobuf(); }
#include "zoo.h"
