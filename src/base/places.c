#include "base/places.h"

int places_own(const char *name, char *path)
{
	return places_has_only_system() ? places_system(name, path) : places_user(name, path);
}
