#include "registry/registry.h"

/* In builtin-elf.c and the like: the assembler copies the file as it is. */
extern const unsigned char builtin_registry_begin[] BERTH_HIDDEN;
extern const unsigned char builtin_registry_end[] BERTH_HIDDEN;

int registry_open_builtin(struct registry *out, const char **reason)
{
	/* As numbers: to the language the two are different objects. */
	size_t size = (uintptr_t)builtin_registry_end - (uintptr_t)builtin_registry_begin;
	int error = registry_open_memory(out, builtin_registry_begin, size, false, reason);

	if (error == 0)
		out->is_built_in = true;
	return error;
}
