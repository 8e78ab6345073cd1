/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* A worker's sessions. */

#include <stddef.h>

#include "registry.h"

/* --- lists
 * -------------------------------------------------------------------- */

static void
append(struct registry_list *list, struct session *s)
{
	struct session_links *links = session_links(s);

	links->previous = list->last;
	links->next = NULL;
	if (list->last != NULL)
		session_links(list->last)->next = s;
	else
		list->first = s;
	list->last = s;
}

static void
unlink_from(struct registry_list *list, struct session *s)
{
	struct session_links *links = session_links(s);

	if (links->previous != NULL)
		session_links(links->previous)->next = links->next;
	else
		list->first = links->next;
	if (links->next != NULL)
		session_links(links->next)->previous = links->previous;
	else
		list->last = links->previous;
	links->previous = links->next = NULL;
}

/* --- the registry
 * -------------------------------------------------------------------- */

/* Ids count up, so their low bits spread by themselves. */
static struct session **
bucket_of(struct registry *r, uint64_t id)
{
	return &r->by_id[id % REGISTRY_BUCKETS];
}

void
registry_add(struct registry *r, struct session *s)
{
	struct session **bucket = bucket_of(r, session_id(s));
	struct session_links *links = session_links(s);

	links->next_of_id = *bucket;
	*bucket = s;
	links->half_open = true;
	append(&r->half_open, s);
}

void
registry_set_connected(struct registry *r, struct session *s)
{
	struct session_links *links = session_links(s);

	unlink_from(&r->half_open, s);
	links->half_open = false;
	append(&r->connected, s);
}

bool
registry_remove(struct registry *r, struct session *s)
{
	struct session **p = bucket_of(r, session_id(s));
	bool half_open = session_links(s)->half_open;

	while (*p != s)
		p = &session_links(*p)->next_of_id;
	*p = session_links(s)->next_of_id;
	unlink_from(half_open ? &r->half_open : &r->connected, s);
	return half_open;
}

struct session *
registry_find(const struct registry *r, uint64_t id)
{
	struct session *s = r->by_id[id % REGISTRY_BUCKETS];

	while (s != NULL && session_id(s) != id)
		s = session_links(s)->next_of_id;
	return s;
}

struct session *
registry_oldest_cheap(const struct registry *r)
{
	struct session *s = r->half_open.first;

	while (s != NULL && !session_is_cheap(s))
		s = session_links(s)->next;
	return s;
}

bool
registry_is_empty(const struct registry *r)
{
	return r->half_open.first == NULL && r->connected.first == NULL;
}

static void
each(struct registry_list *list, void (*f)(struct session *s, void *context),
    void *context)
{
	struct session *next;

	for (struct session *s = list->first; s != NULL; s = next) {
		next = session_links(s)->next;
		f(s, context);
	}
}

void
registry_each(struct registry *r, void (*f)(struct session *s, void *context),
    void *context)
{
	each(&r->half_open, f, context);
	each(&r->connected, f, context);
}
