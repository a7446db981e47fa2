#include "base/replace-parts.h"

#include "base/fd.h"
#include "base/wide-windows.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static bool is_directory(const wchar_t *path)
{
	DWORD attributes = GetFileAttributesW(path);

	return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY);
}

/* Make every directory of `path`, which is written to and back again. */
static int make_each(wchar_t *path)
{
	for (wchar_t *c = path; *c; c++) {
		wchar_t kept = *c;
		DWORD error = 0;

		/* "C:" and the two backslashes of a share are there, or nothing helps. */
		if ((kept != L'/' && kept != L'\\') || c == path || c[-1] == L':' ||
		    c[-1] == L'/' || c[-1] == L'\\')
			continue;
		*c = L'\0';
		if (!is_directory(path) && !CreateDirectoryW(path, NULL))
			error = GetLastError();
		if (error == ERROR_ALREADY_EXISTS && is_directory(path))
			error = 0; /* somebody else was faster */
		*c = kept;
		if (error != 0 && path[0] != L'\\')
			return -wide_errno(error);
	}
	return 0;
}

int replace_make_directories(const char *path)
{
	wchar_t *wide = wide_from_utf8(path);
	int r = wide ? make_each(wide) : -ENOMEM;

	free(wide);
	return r;
}

static HANDLE open_wide(const char *path, DWORD access, DWORD share, DWORD how)
{
	wchar_t *wide = wide_from_utf8(path);
	HANDLE file = INVALID_HANDLE_VALUE;

	if (wide)
		file = CreateFileW(wide, access, share, NULL, how, FILE_ATTRIBUTE_NORMAL, NULL);
	else
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
	free(wide);
	return file;
}

/* Somebody who holds a lock wakes nobody who may give up: ask again, every few milliseconds. */
static int lock_within(HANDLE file, unsigned int most_ms)
{
	enum { STEP_MS = 5 };
	const DWORD how = LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY;

	for (unsigned int waited = 0; waited < most_ms; waited += STEP_MS) {
		OVERLAPPED at = {0};

		Sleep(STEP_MS);
		if (LockFileEx(file, how, 0, 1, 0, &at))
			return 0;
		if (GetLastError() != ERROR_LOCK_VIOLATION && GetLastError() != ERROR_IO_PENDING)
			return -wide_errno(GetLastError());
	}
	return -ETIMEDOUT;
}

int replace_lock(const char *path, struct replace *r, unsigned int most_ms,
		 void (*wait)(void *context), void *context)
{
	/* Never removed: a writer that waits holds the file that the next one must find. */
	HANDLE file = open_wide(path, GENERIC_READ | GENERIC_WRITE,
				FILE_SHARE_READ | FILE_SHARE_WRITE, OPEN_ALWAYS);
	OVERLAPPED at = {0};

	if (file == INVALID_HANDLE_VALUE)
		return -wide_errno(GetLastError());
	r->lock_fd = _open_osfhandle((intptr_t)file, _O_NOINHERIT);
	if (r->lock_fd < 0) {
		CloseHandle(file);
		return -EMFILE;
	}
	if (LockFileEx(file, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at))
		return 0;
	if (GetLastError() != ERROR_LOCK_VIOLATION && GetLastError() != ERROR_IO_PENDING)
		return -wide_errno(GetLastError());
	r->has_waited = true;
	if (wait)
		wait(context);
	if (most_ms != UINT_MAX)
		return lock_within(file, most_ms);
	if (!LockFileEx(file, LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0, &at))
		return -wide_errno(GetLastError());
	return 0;
}

static int write_new(const char *path, const void *bytes, size_t n)
{
	HANDLE file;
	int r = 0;

	fd_remove(path); /* a fresh file has no other readers or links */
	file = open_wide(path, GENERIC_WRITE, 0, CREATE_NEW);
	if (file == INVALID_HANDLE_VALUE)
		return -wide_errno(GetLastError());
	for (const char *at = bytes; r == 0 && n > 0;) {
		DWORD done = 0, part = (DWORD)MIN_OF(n, (size_t)1 << 30);

		if (!WriteFile(file, at, part, &done, NULL))
			r = -wide_errno(GetLastError());
		at += done;
		n -= done;
	}
	if (r == 0 && !FlushFileBuffers(file))
		r = -wide_errno(GetLastError());
	CloseHandle(file);
	return r;
}

/* Whoever has the old file open for reading keeps it from being replaced for that moment: readers
 * of berth read it whole and close it, others get a few tries. */
static int rename_over(const char *from, const char *to)
{
	enum { TRIES = 20, PAUSE_MS = 25 };
	wchar_t *wide_from = wide_from_utf8(from), *wide_to = wide_from_utf8(to);
	DWORD flags = MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH;
	DWORD error = wide_from && wide_to ? ERROR_SHARING_VIOLATION : ERROR_OUTOFMEMORY;

	for (unsigned int i = 0; i < TRIES; i++) {
		if (error != ERROR_SHARING_VIOLATION && error != ERROR_ACCESS_DENIED)
			break;
		if (i > 0)
			Sleep(PAUSE_MS);
		error = MoveFileExW(wide_from, wide_to, flags) ? 0 : GetLastError();
	}
	free(wide_from);
	free(wide_to);
	return error ? -wide_errno(error) : 0;
}

/* NTFS keeps times in steps of 100 ns, which is too coarse for a seal: `modified_ns` is not set. */
int replace_prepare(struct replace *r, const void *bytes, size_t n,
		    long modified_ns BERTH_UNUSED)
{
	int error = write_new(r->path_new, bytes, n);

	if (error < 0)
		fd_remove(r->path_new);
	r->is_prepared = error == 0;
	return error;
}

int replace_place(struct replace *r)
{
	int error = rename_over(r->path_new, r->path);

	if (error == 0)
		r->is_prepared = false;
	return error;
}

int replace_sync_directory(const char *path BERTH_UNUSED)
{
	return 0; /* its file systems keep the directory themselves */
}

/* A file that somebody has open is not removed: who waits goes on with it. */
void replace_leave(struct replace *r)
{
	char *path_lock = NULL;

	if (r->path && replace_append(r->path, ".lock", &path_lock) < 0)
		path_lock = NULL;
	replace_fini(r);
	if (path_lock)
		fd_remove(path_lock);
	free(path_lock);
}
