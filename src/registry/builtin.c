#include "registry/registry.h"

/* Made by mkregistry beside the image: REGISTRY_IMAGE_PATH, REGISTRY_IMAGE_CHECKSUM. It changes
 * whenever the image does, so that this file is compiled again. */
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

extern const unsigned char builtin_registry_begin[] __attribute__((visibility("hidden")));
extern const unsigned char builtin_registry_end[] __attribute__((visibility("hidden")));

int registry_open_builtin(struct registry *out, const char **reason)
{
	/* As numbers: to the language the two are different objects. */
	size_t size = (uintptr_t)builtin_registry_end - (uintptr_t)builtin_registry_begin;
	int error = registry_open_memory(out, builtin_registry_begin, size, false, reason);

	if (error == 0)
		out->is_built_in = true;
	return error;
}
