#include "web/assets.h"

#include <string.h>

#include "assets-table.h"

const struct asset *assets_all(size_t *n)
{
	*n = sizeof(assets_table) / sizeof(*assets_table);
	return assets_table;
}

const struct asset *assets_find(const char *name)
{
	size_t n;
	const struct asset *all = assets_all(&n);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	}
	return NULL;
}
