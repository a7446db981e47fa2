#include "live/user-windows.h"

#include "base/wide-windows.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include <ntsecapi.h>
#include <sddl.h>

/* A user and the room that his SID takes. */
union token_user {
	TOKEN_USER user;
	char room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
};

static bool read_user(HANDLE process, union token_user *out)
{
	HANDLE token = NULL;
	DWORD n = 0;
	bool is_read;

	if (!OpenProcessToken(process, TOKEN_QUERY, &token))
		return false;
	is_read = GetTokenInformation(token, TokenUser, out, sizeof(*out), &n) != 0;
	CloseHandle(token);
	return is_read;
}

/* NT AUTHORITY's own accounts have one part, services and the like begin with 32 or 80 to 111; 21
 * is an account of a machine or a domain. */
static bool is_built_in(PSID sid)
{
	static const SID_IDENTIFIER_AUTHORITY nt = {SECURITY_NT_AUTHORITY};

	return memcmp(GetSidIdentifierAuthority(sid), &nt, sizeof(nt)) == 0 &&
	       *GetSidSubAuthority(sid, 0) != SECURITY_NT_NON_UNIQUE;
}

/* Whether it is an account of this machine's own list. */
static bool is_of_this_machine(PSID sid)
{
	LSA_OBJECT_ATTRIBUTES nothing = {.Length = sizeof(nothing)};
	POLICY_ACCOUNT_DOMAIN_INFO *info = NULL;
	LSA_HANDLE policy = NULL;
	void *buffer = NULL;
	BOOL is_equal = FALSE;
	bool is_own = false;

	if (LsaOpenPolicy(NULL, &nothing, POLICY_VIEW_LOCAL_INFORMATION, &policy) != 0)
		return false;
	if (LsaQueryInformationPolicy(policy, PolicyAccountDomainInformation, &buffer) == 0) {
		info = buffer;
		is_own = info->DomainSid && EqualDomainSid(sid, info->DomainSid, &is_equal) &&
			 is_equal;
		LsaFreeMemory(buffer);
	}
	LsaClose(policy);
	return is_own;
}

static bool is_caller(PSID sid)
{
	union token_user own;

	return read_user(GetCurrentProcess(), &own) && EqualSid(own.user.User.Sid, sid);
}

static const char *copy_wide(const wchar_t *wide, struct arena *arena)
{
	char *text = wide_to_utf8(wide);
	const char *copy = arena_strdup(arena, text);

	free(text);
	return copy;
}

static const char *look_up(PSID sid, struct arena *arena)
{
	wchar_t name[256], domain[256], both[520];
	DWORD n_name = N_ELEMENTS(name), n_domain = N_ELEMENTS(domain);
	SID_NAME_USE use;

	if (!LookupAccountSidW(NULL, sid, name, &n_name, domain, &n_domain, &use) || !*name)
		return NULL;
	_snwprintf(both, N_ELEMENTS(both), L"%ls%ls%ls", domain, *domain ? L"\\" : L"", name);
	both[N_ELEMENTS(both) - 1] = L'\0';
	return copy_wide(both, arena);
}

const char *user_of_process(void *process, struct arena *arena)
{
	union token_user token;
	const char *name = NULL;
	wchar_t *text = NULL;
	PSID sid;

	if (!read_user(process, &token))
		return NULL;
	sid = token.user.User.Sid;
	if (is_built_in(sid) || is_of_this_machine(sid) || is_caller(sid))
		name = look_up(sid, arena);
	if (!name && ConvertSidToStringSidW(sid, &text)) {
		name = copy_wide(text, arena);
		LocalFree(text);
	}
	return name;
}
