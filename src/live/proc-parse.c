/* The pure half of proc-linux.h: text of /proc in, values out. */
#include "live/proc-linux.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>

/* The kernel writes a newline of the name as "\n" and a backslash as "\\". */
static void copy_comm(const char *from, size_t n, char *to, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < n && used + 1 < size; i++) {
		char c = from[i];

		if (c == '\\' && i + 1 < n && (from[i + 1] == 'n' || from[i + 1] == '\\'))
			c = from[++i] == 'n' ? '\n' : '\\';
		to[used++] = c;
	}
	to[used] = '\0';
}

/* The next field of digits, maybe with a sign that is skipped. */
static bool take_field(const char **at, const char *end, uint64_t *out)
{
	const char *start;

	while (*at < end && **at == ' ')
		++*at;
	if (*at < end && **at == '-')
		++*at;
	start = *at;
	while (*at < end && **at >= '0' && **at <= '9')
		++*at;
	return str_parse_u64(start, (size_t)(*at - start), UINT64_MAX, out) == 0;
}

int proc_parse_stat(const char *text, size_t n, struct proc_stat *out)
{
	enum { FIELD_PARENT = 4, FIELD_STARTED = 22 };
	const char *open = memchr(text, '(', n), *close = memrchr(text, ')', n), *end = text + n;
	struct proc_stat stat = {0};
	const char *at;

	if (!open || !close || close < open || end - close < 4 || close[1] != ' ')
		return -EBADMSG;
	copy_comm(open + 1, (size_t)(close - open - 1), stat.comm, sizeof(stat.comm));
	stat.state = close[2];
	at = close + 3;
	for (int field = FIELD_PARENT; field <= FIELD_STARTED; field++) {
		uint64_t value;

		if (!take_field(&at, end, &value))
			return -EBADMSG;
		if (field == FIELD_PARENT && value > UINT32_MAX)
			return -EBADMSG;
		if (field == FIELD_PARENT)
			stat.parent = (uint32_t)value;
		stat.started = value;
	}
	*out = stat;
	return 0;
}

const char *const *proc_split_command(struct arena *arena, const char *bytes, size_t n)
{
	const char **arguments;
	size_t count = 0;
	char *copy;

	/* The last argument's end, and what a process that set its own title left behind it. */
	while (n > 0 && bytes[n - 1] == '\0' && (n == 1 || bytes[n - 2] == '\0'))
		n--;
	if (n == 0)
		return NULL;
	if (bytes[n - 1] == '\0')
		n--;
	for (size_t i = 0; i <= n; i++)
		count += i == n || bytes[i] == '\0';
	arguments = arena_calloc(arena, count + 1, sizeof(*arguments));
	copy = arena_alloc(arena, n + 1);
	if (!arguments || !copy)
		return NULL;
	memcpy(copy, bytes, n);
	count = 0;
	for (size_t i = 0, start = 0; i <= n; i++) {
		if (i < n && bytes[i] != '\0')
			continue;
		arguments[count++] = copy + start;
		start = i + 1;
	}
	return arguments;
}

uint32_t proc_link_inode(const char *link, size_t n)
{
	static const char prefix[] = "socket:[";
	const size_t length = sizeof(prefix) - 1;
	uint64_t inode;

	if (n < length + 2 || memcmp(link, prefix, length) != 0 || link[n - 1] != ']')
		return 0;
	if (str_parse_u64(link + length, n - length - 1, UINT32_MAX, &inode) < 0)
		return 0;
	return (uint32_t)inode;
}
