/* Text of leases: names, arguments, environment files, requests. The first byte says which. */
#include "act/lease-text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const struct lease_wish wishes[] = {{.name = "web"}, {.name = "a-b.c"}, {.name = "PORTx"}};
static const uint16_t ports[] = {1, 65535, 12346};
enum { N = 3 };

static void check_line(const char *error)
{
	if (!error[0])
		abort();
	for (const char *c = error; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			abort();
	}
}

static void check_wish(const char *text)
{
	char error[LEASE_ERROR_SIZE] = "", variable[LEASE_VARIABLE_SIZE];
	struct lease_wish wish = {.n_spans = 0};

	if (lease_wish_parse(text, &wish, error) < 0) {
		check_line(error);
		return;
	}
	if (!wish.name[0] || wish.n_spans > LEASE_MOST_SPANS ||
	    strlen(lease_variable(wish.name, variable)) != strlen(wish.name) + 5)
		abort();
	for (size_t i = 0; i < wish.n_spans; i++) {
		if (wish.spans[i].first == 0 || wish.spans[i].first > wish.spans[i].last)
			abort();
	}
}

static void check_fill(const char *text)
{
	struct str out = {0};
	int r = lease_fill(text, wishes, ports, N, &out);

	if (r == 0 && strcmp(str_text(&out), text) != 0)
		abort(); /* nothing was to be filled in */
	if (r < 0 && strlen(text) < LEASE_ARGUMENT_MOST / 2)
		abort();
	str_fini(&out);
}

/* What is merged once is not changed by another merge. */
static void check_env(const char *bytes, size_t n)
{
	struct str once = {0}, twice = {0};

	if (lease_env_merge(bytes, n, wishes, ports, N, &once) == 0) {
		if (lease_env_merge(once.bytes, once.length, wishes, ports, N, &twice) < 0 ||
		    once.length != twice.length ||
		    memcmp(once.bytes, twice.bytes, once.length) != 0 ||
		    !strstr(once.bytes, "PORT=1") || once.bytes[once.length - 1] != '\n')
			abort();
	}
	str_fini(&once);
	str_fini(&twice);
}

/* What is understood is written again as it was. */
static void check_name(const char *text)
{
	char again[LEASE_ADDRESS_MOST + 1];
	struct lease_name name;

	if (lease_name_parse(text, &name) < 0)
		return;
	if (name.is_record)
		lease_record_format(&name.record, again);
	else
		lease_lock_format(name.transport, name.port, again);
	if (strcmp(again, text) != 0)
		abort();
}

static void check_request(const char *bytes, size_t n)
{
	uint32_t pid = 0;

	if (lease_request_parse(bytes, n, &pid) == 0 ? pid < 2 || pid > INT32_MAX : pid != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *text;

	if (n == 0)
		return 0;
	text = malloc(n);
	if (!text)
		return 0;
	memcpy(text, bytes + 1, n - 1);
	text[n - 1] = '\0';
	switch (bytes[0]) {
	case 'w':
		check_wish(text);
		break;
	case 'f':
		check_fill(text);
		break;
	case 'e':
		check_env(text, n - 1);
		break;
	case 'n':
		check_name(text);
		break;
	default:
		check_request(text, n - 1);
	}
	free(text);
	return 0;
}
