/*
 * The built-in registry in the program, for systems whose programs are COFF files (Windows).
 *
 * Made by mkregistry beside the image: REGISTRY_IMAGE_PATH, REGISTRY_IMAGE_CHECKSUM. It changes
 * whenever the image does, so that this file is compiled again.
 */
#include "registry-image.h"

/* The assembler copies the file as it is: no megabyte of C to compile. */
__asm__(".section .rdata$berth_registry, \"dr\"\n"
	".balign 64\n"
	".globl builtin_registry_begin\n"
	"builtin_registry_begin:\n"
	".incbin \"" REGISTRY_IMAGE_PATH "\"\n"
	".globl builtin_registry_end\n"
	"builtin_registry_end:\n"
	".text\n");
