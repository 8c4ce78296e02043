/* SPDX-License-Identifier: ISC */
/*
 * req.c: requests of the listener, and what they wait for.  A question to
 * authd or toold has a number; an answer to a number that is no longer open
 * is dropped, one of the wrong kind ends the channel (link.c).  No request
 * waits for ever: each wait has an end in its connection's timer.
 *
 * Numbers come again, and who is answered depends on them: the one that was
 * free longest is taken, and that of a call whose client went away is not
 * free before toold has answered.
 */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "secret.h"
#include "listener.h"

#define SLOT_BITS	17		/* questions open at once */
#define SLOTS_MAX	((1U << SLOT_BITS) - 1)
#define OWED_MAX	(SLOTS_MAX / 2)
#define SPARES		64		/* freed requests kept for reuse */

struct slot {
	struct req	*r;
	uint32_t	 turn;		/* upper bits of the number */
	uint32_t	 owed;		/* number of a call nobody waits for */
	uint32_t	 next;		/* free one, counted from 1; 0: none */
};

static struct slot	*slots;
static uint32_t		 free_first, free_last, nslots, nowed;
static struct req_list	 waiting = TAILQ_HEAD_INITIALIZER(waiting);
static struct req_list	 spare = TAILQ_HEAD_INITIALIZER(spare);
static unsigned int	 nspare;
static struct ev_timer	 retry_timer;
static size_t		 mem_used;

/* ---- numbers ---- */

static void
slot_free(uint32_t slot)
{
	slots[slot].r = NULL;
	slots[slot].next = 0;
	if (free_last != 0)
		slots[free_last - 1].next = slot + 1;
	else
		free_first = slot + 1;
	free_last = slot + 1;
}

static uint32_t
slot_take(void)
{
	uint32_t slot = free_first - 1;

	if ((free_first = slots[slot].next) == 0)
		free_last = 0;
	return (slot);
}

static void
slots_grow(void)
{
	struct slot *s;
	uint32_t n = nslots != 0 ? nslots * 2 : 64, i;

	if (n > SLOTS_MAX)
		n = SLOTS_MAX;
	if (n == nslots)
		fatalx("too many questions open");
	if ((s = realloc(slots, n * sizeof(*slots))) == NULL)
		fatal("questions");
	slots = s;
	memset(slots + nslots, 0, (n - nslots) * sizeof(*slots));
	for (i = nslots; i < n; i++)
		slot_free(i);
	nslots = n;
}

static void
id_drop(struct req *r)
{
	if (r->id != 0)
		slot_free((r->id & SLOTS_MAX) - 1);
	r->id = 0;
}

/* Nobody waits for the answer any more, but it will come. */
static void
id_owe(struct req *r)
{
	struct slot *s = &slots[(r->id & SLOTS_MAX) - 1];

	if (nowed >= OWED_MAX)
		return;
	nowed++;
	s->r = NULL;
	s->owed = r->id;
	r->id = 0;
}

void
req_settled(uint32_t id)
{
	uint32_t slot = (id & SLOTS_MAX) - 1;

	if ((id & SLOTS_MAX) == 0 || slot >= nslots || slots[slot].owed != id)
		return;
	nowed--;
	slots[slot].owed = 0;
	slot_free(slot);
}

struct req *
req_find(uint32_t id)
{
	uint32_t slot = (id & SLOTS_MAX) - 1;

	if ((id & SLOTS_MAX) == 0 || slot >= nslots || slots[slot].r == NULL)
		return (NULL);
	return (slots[slot].r->id == id ? slots[slot].r : NULL);
}

static void
waiting_leave(struct req *r)
{
	if (r->state == RS_WAIT)
		TAILQ_REMOVE(&waiting, r, link);
}

uint32_t
req_ask(struct req *r, enum req_state state, uint32_t type)
{
	uint32_t slot;

	waiting_leave(r);
	id_drop(r);
	if (free_first == 0)
		slots_grow();
	slot = slot_take();
	slots[slot].r = r;
	slots[slot].turn++;
	r->id = (slots[slot].turn << SLOT_BITS) | (slot + 1);
	r->state = state;
	r->asked = type;
	if (state != RS_HEALTH)
		conn_wait(r->c, lconf->l.answer_timeout_ms);
	return (r->id);
}

/* ---- life ---- */

struct req *
req_new(struct conn *c)
{
	struct req *r;

	if ((r = TAILQ_FIRST(&spare)) != NULL) {
		TAILQ_REMOVE(&spare, r, link);
		nspare--;
	} else if ((r = malloc(sizeof(*r))) == NULL)
		fatal("request");
	memset(r, 0, offsetof(struct req, origin));
	r->origin[0] = r->path_text[0] = '\0';
	r->path = "-";
	buf_init(&r->body, (8U << 20) + 65536);
	r->c = c;
	return (r);
}

void
req_free(struct req *r)
{
	waiting_leave(r);
	id_drop(r);
	mem_give(r->taken);
	if (r->flags & RQ_SECRET) {
		buf_wipe(&r->body);
		secret_wipe(&r->u, sizeof(r->u));
	} else
		buf_free(&r->body);
	if (nspare >= SPARES) {
		free(r);
		return;
	}
	TAILQ_INSERT_HEAD(&spare, r, link);
	nspare++;
}

/*
 * Up to 2025-11-25 a connection that ends says nothing about its requests;
 * from 2026-07-28 on that is how they are cancelled.
 */
int
req_ends(const struct req *r)
{
	return (r->flags & (RQ_LONG | RQ_RESUME) || ((r->state == RS_TOOLD ||
	    r->state == RS_STREAM) && (r->u.mcp.modern ||
	    r->u.mcp.method == HM_GET)));
}

void
req_cancel(struct req *r)
{
	if (req_ends(r))
		link_cancel(r->id);
	else if (r->state == RS_TOOLD || r->state == RS_STREAM)
		id_owe(r);
	req_free(r);
}

const char *
req_body(const struct req *r, size_t *len)
{
	*len = r->body.len - r->skip;
	return (r->body.data == NULL ? "" :
	    (const char *)r->body.data + r->skip);
}

/* ---- waiting ---- */

static void
unavailable(struct req *r)
{
	reply_error_more(r, 503, "temporarily_unavailable",
	    "The server is not ready for this request. Try again.", 1, NULL);
}

void
req_timeout(struct req *r)
{
	uint32_t id = r->id;

	switch (r->state) {
	case RS_HEALTH:
		meta_health_failed(r);
		break;
	case RS_TOOLD:
		log_warnx("toold did not answer request %u in time", id);
		link_cancel(id);
		mcp_lost(r);
		break;
	case RS_STREAM:
		stream_quiet(r);
		break;
	case RS_AUTHD:
		log_warnx("authd did not answer %s in time",
		    msg_name(r->asked));
		unavailable(r);
		break;
	case RS_NEW:
	case RS_WAIT:
		unavailable(r);
		break;
	}
}

static void
wait_enter(struct req *r, void (*go)(struct req *))
{
	uint64_t left;

	waiting_leave(r);
	id_drop(r);
	if (r->until.ms == 0)
		r->until = mono_add(ev_now(), LINK_WAIT_MS);
	r->state = RS_WAIT;
	r->go = go;
	TAILQ_INSERT_TAIL(&waiting, r, link);
	left = mono_before(ev_now(), r->until) ?
	    r->until.ms - ev_now().ms : 0;
	conn_wait(r->c, left);
}

void
req_step(struct req *r, void (*go)(struct req *))
{
	if (!link_up()) {
		wait_enter(r, go);
		return;
	}
	waiting_leave(r);
	r->state = RS_NEW;
	r->go = go;
	go(r);
}

void
req_retry(struct req *r, void (*go)(struct req *))
{
	wait_enter(r, go);
	if (retry_timer.pos == 0)
		ev_timer_set(&retry_timer, RETRY_MS);
}

/* Everyone who waits tries again; those who wait again come later. */
static void
waiting_run(void)
{
	struct req *r;
	unsigned int n = 0;

	TAILQ_FOREACH(r, &waiting, link)
		n++;
	while (n-- > 0 && link_up() && (r = TAILQ_FIRST(&waiting)) != NULL)
		req_step(r, r->go);
}

static void
retry_run(struct ev_timer *t)
{
	waiting_run();
}

void
req_link_up(void)
{
	waiting_run();
}

/* May the question be asked again without harm. */
static int
repeatable(const struct req *r)
{
	if (r->state == RS_TOOLD)
		return (r->u.mcp.repeatable);
	return (r->asked == MSG_TOKEN_CHECK || r->asked == MSG_AUTHORIZE ||
	    r->asked == MSG_CONSENT_VIEW);
}

void
req_link_lost(void)
{
	struct req *r;
	uint32_t i;

	for (i = 0; i < nslots; i++) {
		if (slots[i].owed != 0)
			req_settled(slots[i].owed);
		if ((r = slots[i].r) == NULL)
			continue;
		if (r->state == RS_HEALTH)
			meta_health_failed(r);
		else if (r->flags & RQ_STREAM)
			mcp_lost(r);
		else if (repeatable(r) && r->go != NULL)
			wait_enter(r, r->go);
		else if (r->state == RS_TOOLD)
			mcp_lost(r);
		else
			unavailable(r);
	}
}

void
req_init(void)
{
	ev_timer_init(&retry_timer, retry_run, NULL);
}

/* ---- the memory budget ---- */

int
mem_take(struct req *r, size_t n)
{
	if (n > lconf->l.max_memory || mem_used > lconf->l.max_memory - n)
		return (-1);
	mem_used += n;
	r->taken += n;
	return (0);
}

int
mem_full(void)
{
	return (mem_used >= lconf->l.max_memory);
}

void
mem_force(size_t n)
{
	mem_used += n;
}

void
mem_give(size_t n)
{
	mem_used = n < mem_used ? mem_used - n : 0;
}
