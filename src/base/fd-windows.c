#include "base/fd.h"

#include "base/wide-windows.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdlib.h>
#include <windows.h>

/* Shared in every way, as on POSIX systems: who reads keeps nobody from replacing the file. */
static int open_wide(const char *path, DWORD access, DWORD how)
{
	const DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
	wchar_t *wide = wide_from_utf8(path);
	HANDLE file = INVALID_HANDLE_VALUE;
	DWORD error = ERROR_OUTOFMEMORY, attributes = INVALID_FILE_ATTRIBUTES;
	int fd;

	if (wide) {
		file = CreateFileW(wide, access, share, NULL, how, FILE_ATTRIBUTE_NORMAL, NULL);
		error = GetLastError();
		if (file == INVALID_HANDLE_VALUE && error == ERROR_ACCESS_DENIED)
			attributes = GetFileAttributesW(wide);
	}
	free(wide);
	if (file == INVALID_HANDLE_VALUE && attributes != INVALID_FILE_ATTRIBUTES &&
	    (attributes & FILE_ATTRIBUTE_DIRECTORY))
		return how == CREATE_NEW ? -EEXIST : -EISDIR;
	if (file == INVALID_HANDLE_VALUE)
		return -wide_errno(error);
	fd = _open_osfhandle((intptr_t)file, _O_BINARY | _O_NOINHERIT);
	if (fd >= 0)
		return fd;
	CloseHandle(file);
	return -EMFILE;
}

int fd_open(const char *path)
{
	return open_wide(path, GENERIC_READ, OPEN_EXISTING);
}

int fd_open_file(const char *path, uint64_t *size)
{
	int fd = fd_open(path);
	HANDLE file;
	LARGE_INTEGER length;

	if (fd < 0)
		return fd == -EISDIR ? -EINVAL : fd;
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
	return open_wide(path, GENERIC_WRITE, CREATE_NEW);
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
