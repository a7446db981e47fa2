#include "base/wide-windows.h"

#include "base/utf16.h"

#include <errno.h>
#include <windows.h>

_Static_assert(sizeof(wchar_t) == sizeof(uint16_t), "Windows' wide characters are UTF-16");

wchar_t *wide_from_utf8(const char *text)
{
	return (wchar_t *)utf16_from_utf8(text);
}

char *wide_to_utf8(const wchar_t *text)
{
	return utf16_to_utf8((const uint16_t *)text, wcslen(text));
}

int wide_errno(uint32_t error)
{
	static const struct {
		uint32_t error;
		int number;
	} known[] = {
		{ERROR_FILE_NOT_FOUND, ENOENT},	      {ERROR_PATH_NOT_FOUND, ENOENT},
		{ERROR_INVALID_NAME, ENOENT},	      {ERROR_BAD_NETPATH, ENOENT},
		{ERROR_INVALID_DRIVE, ENOENT},	      {ERROR_BAD_PATHNAME, ENOENT},
		{ERROR_ACCESS_DENIED, EACCES},	      {ERROR_SHARING_VIOLATION, EBUSY},
		{ERROR_LOCK_VIOLATION, EBUSY},	      {ERROR_PRIVILEGE_NOT_HELD, EPERM},
		{ERROR_FILE_EXISTS, EEXIST},	      {ERROR_ALREADY_EXISTS, EEXIST},
		{ERROR_NOT_ENOUGH_MEMORY, ENOMEM},    {ERROR_OUTOFMEMORY, ENOMEM},
		{ERROR_DISK_FULL, ENOSPC},	      {ERROR_HANDLE_DISK_FULL, ENOSPC},
		{ERROR_BROKEN_PIPE, EPIPE},	      {ERROR_NO_DATA, EPIPE},
		{ERROR_INVALID_HANDLE, EBADF},	      {ERROR_TOO_MANY_OPEN_FILES, EMFILE},
		{ERROR_WRITE_PROTECT, EROFS},	      {ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG},
		{ERROR_INVALID_PARAMETER, EINVAL},    {ERROR_DIRECTORY, ENOTDIR},
		{ERROR_NOT_SUPPORTED, ENOTSUP},	      {ERROR_CALL_NOT_IMPLEMENTED, ENOSYS},
	};

	for (size_t i = 0; i < N_ELEMENTS(known); i++) {
		if (known[i].error == error)
			return known[i].number;
	}
	return EIO;
}
