#include "manifests/report.h"

#include <string.h>

static void put(struct report *r, const char *text)
{
	str_append_char(&r->out, '\t');
	for (; text && *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c <= ' ' || c >= 0x7f || c == '%')
			str_printf(&r->out, "%%%02X", c);
		else
			str_append_char(&r->out, (char)c);
	}
}

static void put_number(struct report *r, unsigned int n)
{
	str_printf(&r->out, "\t%u", n);
}

void report_begin(struct report *r)
{
	*r = (struct report){.n_ports = 0};
	str_append(&r->out, "berth-manifests 1\n");
}

void report_file(struct report *r, const char *path)
{
	str_append(&r->out, "file");
	put(r, path);
	str_append_char(&r->out, '\n');
}

void report_port(struct report *r, const struct report_port *port)
{
	if (r->is_full)
		return;
	if (r->n_ports++ == REPORT_PORTS_MOST || r->out.length > REPORT_MOST / 2) {
		r->is_full = true;
		report_gap(r, port->at, "more ports than are looked at");
		return;
	}
	str_append(&r->out, "port");
	put(r, port->kind);
	put(r, port->name);
	put_number(r, port->first);
	put_number(r, port->last);
	put(r, port->protocols);
	put(r, port->address);
	put_number(r, port->at.line);
	put_number(r, port->at.column);
	str_append_char(&r->out, '\n');
}

static void say(struct report *r, const char *what, struct report_at at, const char *words)
{
	if (r->out.length > REPORT_MOST - 4096)
		return;
	str_append(&r->out, what);
	put_number(r, at.line);
	put_number(r, at.column);
	put(r, words);
	str_append_char(&r->out, '\n');
}

void report_fault(struct report *r, struct report_at at, const char *words)
{
	say(r, "fault", at, words);
}

void report_gap(struct report *r, struct report_at at, const char *words)
{
	say(r, "gap", at, words);
}

void report_end(struct report *r)
{
	str_append(&r->out, "end\n");
}
