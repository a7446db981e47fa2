#include "helpers/print-published.h"

#include "base/str.h"

#include <stdio.h>

static void print_address(const struct address *a)
{
	char text[ADDRESS_TEXT_SIZE];

	printf(a->family == ADDRESS_IPV6 ? "[%s]" : "%s", address_format(a, text));
}

static void print_ports(const struct live_span *ports)
{
	if (ports->first == 0)
		printf(":?");
	else if (ports->first == ports->last)
		printf(":%u", ports->first);
	else
		printf(":%u-%u", ports->first, ports->last);
}

static void print_text(const char *key, const char *value)
{
	struct str text = {0};

	if (!value)
		return;
	str_append_escaped(&text, value, true);
	printf("%s%s", key, str_text(&text));
	str_fini(&text);
}

void print_published(const struct live_published *p)
{
	printf("%s ", transport_name(p->transport));
	if (p->has_address)
		print_address(&p->address);
	else
		putchar('*');
	print_ports(&p->ports);
	printf(" -> ");
	if (p->has_to)
		print_address(&p->to);
	else if (p->to_name)
		print_text("", p->to_name);
	else
		printf(p->is_to_here ? "here" : "?");
	print_ports(&p->to_ports);
	print_text(" by ", p->by);
	print_text(", ", p->note);
	print_text(" container=", p->container);
	printf("%s%s\n", p->via ? " via" : "", p->listener ? " behind" : "");
}
