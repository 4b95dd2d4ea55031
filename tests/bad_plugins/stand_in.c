/* Not a plugin: the library that needs_libprotobuf and missing_library are linked against. */
int STAND_IN(void);
int STAND_IN(void) { return 7; }
