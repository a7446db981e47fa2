#include "base/trusted-file.h"

#include "base/lang.h"
#include "base/wide-windows.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <windows.h>

#include <aclapi.h>

/* What lets somebody change the contents, or give himself the right to. Deleting the file or
 * renaming another over it is the directory's business, as on POSIX systems. */
enum {
	CAN_CHANGE = FILE_WRITE_DATA | FILE_APPEND_DATA | WRITE_DAC | WRITE_OWNER |
		     GENERIC_WRITE | GENERIC_ALL,
};

static int refuse(const char **reason, const char *text, int error)
{
	*reason = text;
	return error;
}

/* NT SERVICE\TrustedInstaller, S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464. */
static bool is_trusted_installer(PSID sid)
{
	static const DWORD parts[] = {80,	  956008885,  3418522649,
				      1831038044, 1853292631, 2271478464};
	static const SID_IDENTIFIER_AUTHORITY nt = {SECURITY_NT_AUTHORITY};

	if (*GetSidSubAuthorityCount(sid) != N_ELEMENTS(parts) ||
	    memcmp(GetSidIdentifierAuthority(sid), &nt, sizeof(nt)) != 0)
		return false;
	for (DWORD i = 0; i < N_ELEMENTS(parts); i++) {
		if (*GetSidSubAuthority(sid, i) != parts[i])
			return false;
	}
	return true;
}

/* Whether it is the user who runs berth. */
static bool is_caller(PSID sid)
{
	union {
		TOKEN_USER user;
		char room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
	} token;
	HANDLE handle = NULL;
	DWORD n = 0;
	bool is_same;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &handle))
		return false;
	is_same = GetTokenInformation(handle, TokenUser, &token, sizeof(token), &n) &&
		  EqualSid(token.user.User.Sid, sid);
	CloseHandle(handle);
	return is_same;
}

/* Whether what it writes is to be believed: the caller, or who runs the machine. CREATOR OWNER in
 * an access list is whoever the owner is, and he is asked about on his own. */
static bool is_trusted(PSID sid)
{
	return IsWellKnownSid(sid, WinLocalSystemSid) ||
	       IsWellKnownSid(sid, WinBuiltinAdministratorsSid) ||
	       IsWellKnownSid(sid, WinCreatorOwnerSid) ||
	       IsWellKnownSid(sid, WinCreatorOwnerRightsSid) || is_trusted_installer(sid) ||
	       is_caller(sid);
}

/* Whether somebody who is not trusted may write. No list at all lets everybody. */
static bool is_open_to_others(PACL list)
{
	for (DWORD i = 0; list && i < list->AceCount; i++) {
		void *entry = NULL;
		const ACE_HEADER *head;
		ACCESS_ALLOWED_ACE *allowed;

		if (!GetAce(list, i, &entry))
			return true;
		head = entry;
		if (head->AceType == ACCESS_DENIED_ACE_TYPE || (head->AceFlags & INHERIT_ONLY_ACE))
			continue;
		if (head->AceType != ACCESS_ALLOWED_ACE_TYPE)
			return true; /* conditions that are not understood here */
		allowed = entry;
		if ((allowed->Mask & (DWORD)CAN_CHANGE) && !is_trusted(&allowed->SidStart))
			return true;
	}
	return list == NULL;
}

static int check_rights(HANDLE file, const char **reason)
{
	PSECURITY_DESCRIPTOR descriptor = NULL;
	PSID owner = NULL;
	PACL list = NULL;
	DWORD error = GetSecurityInfo(file, SE_FILE_OBJECT,
				      OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
				      &owner, NULL, &list, NULL, &descriptor);
	int r = 0;

	if (error != ERROR_SUCCESS)
		return refuse(reason, N_("cannot be examined"), -wide_errno(error));
	if (!owner || !is_trusted(owner))
		r = refuse(reason, N_("owned by somebody else"), -EPERM);
	else if (is_open_to_others(list))
		r = refuse(reason, N_("writable by others than its owner"), -EPERM);
	LocalFree(descriptor);
	return r;
}

static int read_all(HANDLE file, size_t size, const void **out)
{
	char *bytes = malloc(size);
	size_t have = 0;

	if (!bytes)
		return -ENOMEM;
	while (have < size) {
		DWORD part = (DWORD)MIN_OF(size - have, (size_t)1 << 30), n = 0;

		if (!ReadFile(file, bytes + have, part, &n, NULL) || n == 0) {
			free(bytes);
			return -EIO;
		}
		have += n;
	}
	*out = bytes;
	return 0;
}

static int read_checked(HANDLE file, struct trusted_file *out, uint64_t limit, const char **reason)
{
	LARGE_INTEGER size;
	int r;

	if (GetFileType(file) != FILE_TYPE_DISK || !GetFileSizeEx(file, &size))
		return refuse(reason, N_("not a regular file"), -EINVAL);
	r = check_rights(file, reason);
	if (r < 0)
		return r;
	if ((uint64_t)size.QuadPart > limit)
		return refuse(reason, N_("too large"), -EFBIG);
	if (size.QuadPart == 0)
		return refuse(reason, "empty", -ENODATA);
	r = read_all(file, (size_t)size.QuadPart, &out->bytes);
	if (r < 0)
		return refuse(reason, N_("cannot be read"), r);
	out->size = (size_t)size.QuadPart;
	out->modified_ns = -1;
	return 0;
}

int trusted_file_open(struct trusted_file *out, const char *path, uint64_t limit,
		      const char **reason)
{
	wchar_t *wide = wide_from_utf8(path);
	struct trusted_file opened;
	HANDLE file;
	int r;

	if (!wide)
		return refuse(reason, "out of memory", -ENOMEM);
	file = CreateFileW(wide, GENERIC_READ,
			   FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
			   OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
	free(wide);
	if (file == INVALID_HANDLE_VALUE)
		return refuse(reason, N_("cannot be opened"), -wide_errno(GetLastError()));
	r = read_checked(file, &opened, limit, reason);
	CloseHandle(file);
	if (r == 0)
		*out = opened;
	return r;
}

void trusted_file_close(struct trusted_file *f)
{
	free((void *)(uintptr_t)f->bytes);
	*f = (struct trusted_file){0};
}
