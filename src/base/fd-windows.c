#include "base/fd.h"

#include "base/wide-windows.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <share.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <windows.h>

enum { ALWAYS = _O_BINARY | _O_NOINHERIT };

static int open_wide(const char *path, int flags)
{
	wchar_t *wide = wide_from_utf8(path);
	int fd = wide ? _wopen(wide, flags | ALWAYS, _S_IREAD | _S_IWRITE) : -1;
	int error = wide ? errno : ENOMEM;

	free(wide);
	return fd < 0 ? -error : fd;
}

int fd_open(const char *path)
{
	return open_wide(path, _O_RDONLY);
}

int fd_open_file(const char *path, uint64_t *size)
{
	int fd = fd_open(path);
	HANDLE file;
	LARGE_INTEGER length;

	if (fd < 0)
		return fd;
	file = (HANDLE)_get_osfhandle(fd);
	if (GetFileType(file) != FILE_TYPE_DISK || !GetFileSizeEx(file, &length)) {
		fd_close(fd);
		return -EINVAL;
	}
	*size = (uint64_t)length.QuadPart;
	return fd;
}

int fd_create(const char *path)
{
	return open_wide(path, _O_WRONLY | _O_CREAT | _O_EXCL);
}

int fd_sync(int fd)
{
	HANDLE file = (HANDLE)_get_osfhandle(fd);

	if (GetFileType(file) != FILE_TYPE_DISK || FlushFileBuffers(file))
		return 0;
	return -wide_errno(GetLastError());
}

void fd_remove(const char *path)
{
	wchar_t *wide = wide_from_utf8(path);

	if (wide)
		DeleteFileW(wide);
	free(wide);
}
