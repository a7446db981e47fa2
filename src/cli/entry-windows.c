#include "cli/entry.h"

#include "base/lang.h"
#include "base/wide-windows.h"

#include <fcntl.h>
#include <io.h>
#include <stdlib.h>
#include <windows.h>

#include <shellapi.h>

/* A missing standard descriptor would be given to the next file that is opened. Output to what
 * cannot be written fails, as it should. */
static void hold_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		int opened;

		if (_get_osfhandle(fd) >= 0)
			continue;
		opened = _wopen(L"NUL", (fd == 1 ? _O_RDONLY : _O_RDWR) | _O_BINARY);
		if (opened >= 0 && opened != fd) {
			_dup2(opened, fd);
			_close(opened);
		}
	}
}

/* Never freed: arguments live as long as the program. */
static char **utf8_arguments(int *n)
{
	wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), n);
	char **utf8 = wide ? calloc((size_t)*n + 1, sizeof(*utf8)) : NULL;

	for (int i = 0; utf8 && i < *n; i++) {
		utf8[i] = wide_to_utf8(wide[i]);
		if (!utf8[i])
			utf8 = NULL; /* the program ends now */
	}
	LocalFree(wide);
	return utf8;
}

const char *entry_prepare(int *argc, char ***argv)
{
	char **utf8;
	int n = 0;

	hold_standard_descriptors();
	for (int fd = 0; fd <= 2; fd++)
		_setmode(fd, _O_BINARY); /* bytes as they are: line feeds stay line feeds */
	utf8 = utf8_arguments(&n);
	if (!utf8)
		return _("cannot read its arguments: out of memory");
	*argc = n;
	*argv = utf8;
	return NULL;
}
