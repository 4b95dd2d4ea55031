/* An absolute address inside code: the loader must write into code pages. */
__asm__(
    ".text\n.globl text_relocations_target\n.hidden text_relocations_target\ntext_relocations_target:\n.quad "
    "text_relocations_target\n");
#include "zoo.h"
