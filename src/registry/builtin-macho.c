/*
 * The built-in registry in the program, for systems whose programs are Mach-O files (macOS).
 *
 * Made by mkregistry beside the image: REGISTRY_IMAGE_PATH, REGISTRY_IMAGE_CHECKSUM. It changes
 * whenever the image does, so that this file is compiled again.
 */
#include "registry-image.h"

/* The assembler copies the file as it is: no megabyte of C to compile. The end is an entry of the
 * same atom: linkers may move atoms. */
__asm__(".pushsection __TEXT,__const\n"
	".p2align 6\n"
	".private_extern _builtin_registry_begin\n"
	".globl _builtin_registry_begin\n"
	"_builtin_registry_begin:\n"
	".incbin \"" REGISTRY_IMAGE_PATH "\"\n"
	".private_extern _builtin_registry_end\n"
	".globl _builtin_registry_end\n"
	".alt_entry _builtin_registry_end\n"
	"_builtin_registry_end:\n"
	".byte 0\n" /* an entry needs something to stand at */
	".popsection\n");
