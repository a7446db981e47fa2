/*
 * IANA XML: reads service-names-port-numbers.xml, IANA's own form of the registry. Only the helper
 * program berth-update is linked with it, since it needs expat.
 *
 * A record gives the twelve cells that IANA's CSV of the same day has: Contact is every person that
 * is referred to directly, Assignee those inside <assignee> or else the same; Reference is every
 * other direct reference. A reference is written [RFC6335], [draft-...], [the text of it, or else
 * its target], also inside a note. <br/> is white space, and white space is folded (iana.h).
 *
 * Only the XML resolves people. Assignees and contacts are given by name (or organization); of an
 * address nothing but the domain is kept, as the organization where the person has none. All else
 * that it says of people is dropped.
 *
 * Refused: what is not well-formed, what is cut short, a document type declaration and with it
 * every entity that is not one of XML's five, another root than IANA's registry, elements deeper
 * than 32, and the limits of iana.h. Processing instructions and what else is unknown is passed
 * over.
 */
#pragma once

#include "registry/iana.h"

enum { IANA_XML_DATE_SIZE = 16 };

/*
 * Read the whole file in `bytes` and give each record, with berth's own columns, to the sink, in
 * order. `updated` (IANA_XML_DATE_SIZE bytes) becomes the date that the file bears, or "". Returns
 * 0; -EBADMSG with `*error` filled when the file is refused; -ENOMEM; or what the sink returned.
 */
int iana_xml_read(const char *bytes, size_t n, const struct iana_sink *sink, char *updated,
		  struct iana_error *error) BERTH_MUST_CHECK;
