-- The first form of a ledger. A step is never changed once it was released: the next form is a step
-- of its own, and PRAGMA user_version tells which steps a file has seen.

-- One row: which ledger this is, and how many commits changed it.
CREATE TABLE ledger (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	identity INTEGER NOT NULL CHECK (identity <> 0),
	generation INTEGER NOT NULL CHECK (generation >= 0)
) STRICT;

CREATE TABLE claim (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL CHECK (name <> ''),
	first INTEGER NOT NULL CHECK (first BETWEEN 0 AND 65535),
	last INTEGER NOT NULL CHECK (last BETWEEN first AND 65535),
	address TEXT CHECK (address <> ''),
	owner TEXT CHECK (owner <> ''),
	scope TEXT CHECK (scope <> ''),
	since TEXT NOT NULL CHECK (since GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
	until TEXT CHECK (until GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
	program TEXT CHECK (program <> ''),
	reason TEXT CHECK (reason <> ''),
	is_retired INTEGER NOT NULL DEFAULT 0 CHECK (is_retired IN (0, 1))
) STRICT;

CREATE TABLE claim_protocol (
	claim INTEGER NOT NULL REFERENCES claim (id) ON DELETE CASCADE,
	protocol TEXT NOT NULL CHECK (protocol IN ('tcp', 'udp', 'sctp', 'dccp')),
	PRIMARY KEY (claim, protocol)
) STRICT, WITHOUT ROWID;

-- Who did what, and when; the claim itself may be gone by now.
CREATE TABLE audit (
	number INTEGER PRIMARY KEY AUTOINCREMENT,
	at_ns INTEGER NOT NULL,
	uid INTEGER NOT NULL,
	user TEXT NOT NULL,
	action TEXT NOT NULL CHECK (action IN ('claim', 'renew', 'unclaim', 'expire')),
	name TEXT NOT NULL,
	ports TEXT NOT NULL,
	detail TEXT
) STRICT;

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
	SELECT RAISE(ABORT, 'the audit trail is never changed');
END;

CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit
BEGIN
	SELECT RAISE(ABORT, 'the audit trail is never shortened');
END;
