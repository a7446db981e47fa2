/*
 * The built-in registry in the program, for systems whose programs are ELF files: all but Windows
 * and macOS.
 *
 * Made by mkregistry beside the image: REGISTRY_IMAGE_PATH, REGISTRY_IMAGE_CHECKSUM. It changes
 * whenever the image does, so that this file is compiled again.
 */
#include "registry-image.h"

/* The assembler copies the file as it is: no megabyte of C to compile. */
__asm__(".pushsection .rodata.berth_registry, \"a\", %progbits\n"
	".balign 64\n"
	".globl builtin_registry_begin\n"
	".hidden builtin_registry_begin\n"
	"builtin_registry_begin:\n"
	".incbin \"" REGISTRY_IMAGE_PATH "\"\n"
	".globl builtin_registry_end\n"
	".hidden builtin_registry_end\n"
	"builtin_registry_end:\n"
	".popsection\n");
