#include "ledger/store.h"

struct store *store_close(struct store *s)
{
	if (s)
		s->ops->close(s);
	return NULL;
}

int store_begin(struct store *s)
{
	return s->ops->begin(s);
}

int store_commit(struct store *s)
{
	return s->ops->commit(s);
}

void store_rollback(struct store *s)
{
	s->ops->rollback(s);
}

int store_state(struct store *s, struct store_state *out)
{
	return s->ops->state(s, out);
}

int store_each(struct store *s, store_visit *visit, void *context)
{
	return s->ops->each(s, visit, context);
}

int store_insert(struct store *s, const struct claim *claim, int64_t *id)
{
	return s->ops->insert(s, claim, id);
}

int store_remove(struct store *s, int64_t id)
{
	return s->ops->remove(s, id);
}

int store_log(struct store *s, const struct ledger_entry *entry)
{
	return s->ops->log(s, entry);
}

int store_each_entry(struct store *s, int64_t most, store_visit_entry *visit, void *context)
{
	return s->ops->each_entry(s, most, visit, context);
}
