#include "ledger/store-sqlite.h"

#include "base/fd.h"
#include "store-schema.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

struct sqlite {
	struct store store; /* first */
	sqlite3 *db;
	bool is_open, is_changed; /* of the transaction */
};

static int error_of(sqlite3 *db, int code)
{
	int system = db ? sqlite3_system_errno(db) : 0;

	switch (code & 0xff) { /* SQLite's primary codes: not our enum */
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return system > 0 ? -system : -EACCES;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
	case SQLITE_SCHEMA:
		return -EBADMSG;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
		return -EINVAL;
	default:
		return system == ENOSPC || system == EDQUOT ? -ENOSPC : -EIO;
	}
}

static int run(sqlite3 *db, const char *sql)
{
	return error_of(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

static void finalize(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

#define STATEMENT BERTH_CLEANUP(finalize) sqlite3_stmt *

static int prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out)
{
	return error_of(db, sqlite3_prepare_v2(db, sql, -1, out, NULL));
}

/* NULL stays NULL. */
static void bind_text(sqlite3_stmt *s, int i, const char *text)
{
	sqlite3_bind_text(s, i, text, -1, SQLITE_TRANSIENT);
}

static const char *column_text(sqlite3_stmt *s, int i)
{
	return (const char *)sqlite3_column_text(s, i);
}

/* Run a statement that gives no rows. */
static int finish(struct sqlite *q, sqlite3_stmt *s)
{
	int code = sqlite3_step(s);

	if (code != SQLITE_DONE)
		return error_of(q->db, code == SQLITE_ROW ? SQLITE_CORRUPT : code);
	q->is_changed = true;
	return 0;
}

static int read_number(sqlite3 *db, const char *sql, int64_t *out)
{
	STATEMENT s = NULL;
	int r = prepare(db, sql, &s), code;

	if (r < 0)
		return r;
	code = sqlite3_step(s);
	if (code != SQLITE_ROW)
		return code == SQLITE_DONE ? -EBADMSG : error_of(db, code);
	*out = sqlite3_column_int64(s, 0);
	return 0;
}

static int begin(struct store *store)
{
	struct sqlite *q = (struct sqlite *)store;
	int r = q->is_open ? -EINVAL : run(q->db, "BEGIN IMMEDIATE");

	q->is_open = q->is_open || r == 0;
	q->is_changed = false;
	return r;
}

static void rollback(struct store *store)
{
	struct sqlite *q = (struct sqlite *)store;

	/* Some errors have rolled it back already; then this one says so, and is right. */
	if (q->is_open && run(q->db, "ROLLBACK") < 0)
		q->is_changed = false;
	q->is_open = false;
}

static int commit(struct store *store)
{
	struct sqlite *q = (struct sqlite *)store;
	int r = q->is_open ? 0 : -EINVAL;

	if (r == 0 && q->is_changed)
		r = run(q->db, "UPDATE ledger SET generation = generation + 1");
	if (r == 0)
		r = run(q->db, "COMMIT");
	if (r == 0)
		q->is_open = false;
	else
		rollback(store);
	return r;
}

static int state(struct store *store, struct store_state *out)
{
	struct sqlite *q = (struct sqlite *)store;
	int64_t identity = 0, generation = 0;
	int r = q->is_open ? 0 : -EINVAL;

	if (r == 0)
		r = read_number(q->db, "SELECT identity FROM ledger", &identity);
	if (r == 0)
		r = read_number(q->db, "SELECT generation FROM ledger", &generation);
	if (r < 0)
		return r;
	out->identity = (uint64_t)identity;
	out->generation = (uint64_t)generation + q->is_changed;
	return 0;
}

/* "tcp,udp" */
static int parse_protocols(const char *text, transport_set *out)
{
	transport_set set = 0;

	while (text && *text) {
		size_t n = strcspn(text, ",");
		enum transport t;
		char name[16];

		snprintf(name, sizeof(name), "%.*s", (int)MIN_OF(n, 15), text);
		if (transport_parse(name, &t) < 0)
			return -EBADMSG;
		set |= TRANSPORT_BIT(t);
		text += n;
		text += *text == ',';
	}
	*out = set;
	return set ? 0 : -EBADMSG;
}

/* What the constraints of the schema say again: another program may have written here. */
static int read_claim(sqlite3_stmt *s, struct claim *out)
{
	const char *address = column_text(s, 4);
	int64_t first = sqlite3_column_int64(s, 2), last = sqlite3_column_int64(s, 3);

	*out = (struct claim){
		.name = column_text(s, 1),
		.has_address = address != NULL,
		.owner = column_text(s, 5),
		.scope = column_text(s, 6),
		.since = column_text(s, 7),
		.until = column_text(s, 8),
		.program = column_text(s, 9),
		.reason = column_text(s, 10),
		.is_retired = sqlite3_column_int(s, 11) != 0,
		.source = "ledger",
		.level = CLAIM_LEVEL_LEDGER,
	};
	if (!out->name || !out->since || first < 0 || last < first || last > UINT16_MAX ||
	    !claim_date_is_good(out->since) || (out->until && !claim_date_is_good(out->until)) ||
	    (address && address_parse(address, &out->address) < 0))
		return -EBADMSG;
	out->first = (uint16_t)first;
	out->last = (uint16_t)last;
	return parse_protocols(column_text(s, 12), &out->protocols);
}

static int each(struct store *store, store_visit *visit, void *context)
{
	struct sqlite *q = (struct sqlite *)store;
	STATEMENT s = NULL;
	int r = q->is_open ? 0 : -EINVAL, code = SQLITE_DONE;

	if (r == 0)
		r = prepare(q->db, "SELECT id, name, first, last, address, owner, scope, since, "
				   "until, program, reason, is_retired, (SELECT "
				   "group_concat(protocol) FROM claim_protocol WHERE claim = id) "
				   "FROM claim ORDER BY id", &s);
	while (r == 0 && (code = sqlite3_step(s)) == SQLITE_ROW) {
		struct claim claim;

		r = read_claim(s, &claim);
		if (r == 0)
			r = visit(context, sqlite3_column_int64(s, 0), &claim);
	}
	return r ? r : error_of(q->db, code);
}

static int insert_protocols(struct sqlite *q, int64_t id, transport_set protocols)
{
	int r = 0;

	for (unsigned int t = 0; r == 0 && t < N_TRANSPORTS; t++) {
		STATEMENT s = NULL;

		if (!(protocols & TRANSPORT_BIT(t)))
			continue;
		r = prepare(q->db, "INSERT INTO claim_protocol VALUES (?, ?)", &s);
		if (r < 0)
			return r;
		sqlite3_bind_int64(s, 1, id);
		bind_text(s, 2, transport_name((enum transport)t));
		r = finish(q, s);
	}
	return r;
}

static int insert(struct store *store, const struct claim *c, int64_t *id)
{
	struct sqlite *q = (struct sqlite *)store;
	char address[ADDRESS_TEXT_SIZE];
	STATEMENT s = NULL;
	int r = q->is_open && c->protocols ? 0 : -EINVAL;

	if (r == 0 && (!c->since || !claim_date_is_good(c->since) ||
		       (c->until && !claim_date_is_good(c->until))))
		r = -EINVAL;
	if (r == 0)
		r = prepare(q->db, "INSERT INTO claim (name, first, last, address, owner, scope, "
				   "since, until, program, reason, is_retired) VALUES "
				   "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &s);
	if (r < 0)
		return r;
	bind_text(s, 1, c->name);
	sqlite3_bind_int(s, 2, c->first);
	sqlite3_bind_int(s, 3, c->last);
	bind_text(s, 4, c->has_address ? address_format(&c->address, address) : NULL);
	bind_text(s, 5, c->owner);
	bind_text(s, 6, c->scope);
	bind_text(s, 7, c->since);
	bind_text(s, 8, c->until);
	bind_text(s, 9, c->program);
	bind_text(s, 10, c->reason);
	sqlite3_bind_int(s, 11, c->is_retired);
	r = finish(q, s);
	if (r < 0)
		return r;
	*id = sqlite3_last_insert_rowid(q->db);
	return insert_protocols(q, *id, c->protocols);
}

static int drop(struct store *store, int64_t id)
{
	struct sqlite *q = (struct sqlite *)store;
	STATEMENT s = NULL;
	bool was_changed = q->is_changed;
	int r = q->is_open ? prepare(q->db, "DELETE FROM claim WHERE id = ?", &s) : -EINVAL;

	if (r < 0)
		return r;
	sqlite3_bind_int64(s, 1, id);
	r = finish(q, s);
	if (r == 0 && sqlite3_changes(q->db) == 0) {
		q->is_changed = was_changed;
		return -ENOENT;
	}
	return r;
}

static int log_entry(struct store *store, const struct ledger_entry *entry)
{
	struct sqlite *q = (struct sqlite *)store;
	STATEMENT s = NULL;
	int r = q->is_open ? prepare(q->db, "INSERT INTO audit (at_ns, uid, user, action, name, "
					    "ports, detail) VALUES (?, ?, ?, ?, ?, ?, ?)", &s)
			   : -EINVAL;

	if (r < 0)
		return r;
	sqlite3_bind_int64(s, 1, entry->at_ns);
	sqlite3_bind_int64(s, 2, entry->uid);
	bind_text(s, 3, entry->user);
	bind_text(s, 4, entry->action);
	bind_text(s, 5, entry->name);
	bind_text(s, 6, entry->ports);
	bind_text(s, 7, entry->detail);
	return finish(q, s);
}

static int each_entry(struct store *store, int64_t most, store_visit_entry *visit, void *context)
{
	struct sqlite *q = (struct sqlite *)store;
	STATEMENT s = NULL;
	int r = q->is_open && most >= 0 ? 0 : -EINVAL, code = SQLITE_DONE;

	if (r == 0)
		r = prepare(q->db, "SELECT * FROM (SELECT number, at_ns, uid, user, action, name, "
				   "ports, detail FROM audit ORDER BY number DESC LIMIT ?) "
				   "ORDER BY number", &s);
	if (r == 0)
		sqlite3_bind_int64(s, 1, most);
	while (r == 0 && (code = sqlite3_step(s)) == SQLITE_ROW) {
		const struct ledger_entry entry = {
			.number = sqlite3_column_int64(s, 0),
			.at_ns = sqlite3_column_int64(s, 1),
			.uid = sqlite3_column_int64(s, 2),
			.user = column_text(s, 3),
			.action = column_text(s, 4),
			.name = column_text(s, 5),
			.ports = column_text(s, 6),
			.detail = column_text(s, 7),
		};

		r = entry.user && entry.action && entry.name && entry.ports
			    ? visit(context, &entry)
			    : -EBADMSG;
	}
	return r ? r : error_of(q->db, code);
}

static void close_sqlite(struct store *store)
{
	struct sqlite *q = (struct sqlite *)store;

	rollback(store);
	sqlite3_close(q->db);
	free(q);
}

static uint32_t read_be32(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

/*
 * What the first bytes of the file say, read before SQLite touches it (it would roll back a journal
 * that a newer version left). Offsets: SQLite's file format, section 1.3.
 */
static int check_header(int fd, unsigned int n_steps)
{
	unsigned char header[100];
	ssize_t n = pread(fd, header, sizeof(header), 0);
	uint32_t version, application;

	if (n <= 0)
		return n < 0 ? -errno : 0; /* new: still empty */
	if (n < (ssize_t)sizeof(header) || memcmp(header, "SQLite format 3", 16) != 0)
		return -EBADMSG;
	version = read_be32(header + 60);
	application = read_be32(header + 68);
	/* All zero: made by somebody who died before the first step was done. */
	if (application != STORE_APPLICATION_ID && (application != 0 || version != 0))
		return -EBADMSG;
	return version > n_steps ? -EPROTONOSUPPORT : 0;
}

static int check_file(const char *path, unsigned int n_steps)
{
	BERTH_CLEANUP(fd_closep) int fd =
		open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return -EPERM;
	return check_header(fd, n_steps);
}

static int draw_identity(sqlite3 *db)
{
	uint64_t identity = 0;
	char sql[160];

	if (getrandom(&identity, sizeof(identity), 0) != (ssize_t)sizeof(identity))
		return -EIO;
	identity = (identity & INT64_MAX) | 1;
	snprintf(sql, sizeof(sql), "INSERT INTO ledger VALUES (1, %" PRIu64 ", 0)", identity);
	return run(db, sql);
}

/* From the form that the file has to that of `n` steps, all or nothing. */
static int migrate(struct sqlite *q, const char *const *steps, unsigned int n)
{
	int64_t version = 0;
	int r = begin(&q->store);
	char sql[80];

	if (r < 0)
		return r;
	r = read_number(q->db, "PRAGMA user_version", &version);
	if (r == 0 && (version < 0 || version > n))
		r = -EPROTONOSUPPORT;
	if (r < 0 || version == n) {
		rollback(&q->store);
		return r;
	}
	for (unsigned int i = (unsigned int)version; r == 0 && i < n; i++)
		r = run(q->db, steps[i]);
	if (r == 0 && version == 0)
		r = draw_identity(q->db);
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %u; PRAGMA application_id = %d", n,
		 (int)STORE_APPLICATION_ID);
	if (r == 0)
		r = run(q->db, sql);
	if (r == 0)
		return commit(&q->store);
	rollback(&q->store);
	return r;
}

static int configure(sqlite3 *db, unsigned int wait_ms)
{
	sqlite3_busy_timeout(db, wait_ms > INT_MAX ? INT_MAX : (int)wait_ms);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	return run(db, "PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; "
		       "PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON; "
		       "PRAGMA temp_store = MEMORY");
}

int store_open_sqlite_as(const char *path, unsigned int wait_ms, const char *const *steps,
			 unsigned int n, struct store **out)
{
	static const struct store_ops ops = {
		.begin = begin,   .commit = commit, .rollback = rollback,
		.state = state,   .each = each,     .insert = insert,
		.remove = drop,   .log = log_entry, .each_entry = each_entry,
		.close = close_sqlite,
	};
	int r = check_file(path, n);
	struct sqlite *q;

	if (r < 0)
		return r;
	q = calloc(1, sizeof(*q));
	if (!q)
		return -ENOMEM;
	q->store.ops = &ops;
	r = error_of(NULL, sqlite3_open_v2(path, &q->db, SQLITE_OPEN_READWRITE, NULL));
	if (r == 0)
		r = configure(q->db, wait_ms);
	if (r == 0)
		r = migrate(q, steps, n);
	if (r < 0) {
		close_sqlite(&q->store);
		return r;
	}
	*out = &q->store;
	return 0;
}

const char *const *store_sqlite_steps(unsigned int *n)
{
	*n = N_ELEMENTS(store_schema);
	return store_schema;
}

int store_open_sqlite(const char *path, unsigned int wait_ms, struct store **out)
{
	return store_open_sqlite_as(path, wait_ms, store_schema, N_ELEMENTS(store_schema), out);
}
