/* SPDX-License-Identifier: ISC */
/*
 * handle.c: see handle.h.  Runs in toold.  Believes authd's channel (its
 * messages were checked by msg.c); of a listener it takes only the number
 * of its channel and sixteen bytes to look for.
 */
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "../common/ev.h"
#include "../common/log.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "authdchan.h"
#include "handle.h"
#include "session.h"

#define SWEEP_MS	30000
#define RATE_WINDOW_MS	60000
#define GRANT_BUCKETS	1024

struct grant {
	LIST_ENTRY(grant) all;
	uint8_t		 id[GRANT_LEN];
	unsigned int	 refs;		/* handles */
	struct mono	 window;	/* calls counted since */
	unsigned int	 calls;
	unsigned int	 streams;
};

struct handle {
	TAILQ_ENTRY(handle) of_worker;	/* oldest first */
	uint8_t		 id[HANDLE_LEN];
	struct worker	*worker;
	struct grant	*grant;
	struct mono	 until;
	int64_t		 expires_ms;	/* wall */
	unsigned int	 holds;
	struct stream_list streams;
	int		 closed;
	enum era	 session_era;	/* of the id that was seen last */
	char		 session[SESSION_LEN + 1];
	struct caller	 who;
	void		*view;
	void		(*view_free)(void *);
	char		 user_id[40], user[USER_MAX], client_id[40];
	char		 default_package[40];
	char		 (*role)[40];
	char		 (*package)[40];
};

struct worker {
	LIST_ENTRY(worker) all;
	uint64_t	 generation;
	unsigned int	 count;
	TAILQ_HEAD(, handle) handles;
};

static LIST_HEAD(, worker) workers = LIST_HEAD_INITIALIZER(workers);
static LIST_HEAD(, grant) grants[GRANT_BUCKETS];
static struct handle **table;		/* open addressing, NULL: free */
static size_t table_size, table_used;
static unsigned int max_calls;		/* a minute of one grant; 0: any */
static struct ev_timer sweep_timer;
static void (*onclose)(struct handle *);

/* ---- the table ---- */

/* Handles are random: their first bytes are the hash. */
static size_t
table_start(const uint8_t *id)
{
	uint64_t h;

	memcpy(&h, id, sizeof(h));
	return ((size_t)h & (table_size - 1));
}

static void
table_put(struct handle *h)
{
	size_t i = table_start(h->id);

	while (table[i] != NULL)
		i = (i + 1) & (table_size - 1);
	table[i] = h;
}

static void
table_grow(void)
{
	struct handle **old = table;
	size_t n = table_size, i;

	table_size = n == 0 ? 256 : n * 2;
	if ((table = calloc(table_size, sizeof(*table))) == NULL)
		fatal("handles");
	for (i = 0; i < n; i++)
		if (old[i] != NULL)
			table_put(old[i]);
	free(old);
}

static struct handle *
table_find(const struct worker *w, const uint8_t *id)
{
	size_t i;

	if (table_size == 0)
		return (NULL);
	for (i = table_start(id); table[i] != NULL;
	    i = (i + 1) & (table_size - 1))
		if (table[i]->worker == w &&
		    secret_eq(table[i]->id, id, HANDLE_LEN))
			return (table[i]);
	return (NULL);
}

/* Take out, and move those behind it that now stand too far from home. */
static void
table_remove(const struct handle *h)
{
	size_t i = table_start(h->id), j, home;

	while (table[i] != h)
		i = (i + 1) & (table_size - 1);
	table[i] = NULL;
	for (j = (i + 1) & (table_size - 1); table[j] != NULL;
	    j = (j + 1) & (table_size - 1)) {
		home = table_start(table[j]->id);
		if (((j - home) & (table_size - 1)) >=
		    ((j - i) & (table_size - 1))) {
			table[i] = table[j];
			table[j] = NULL;
			i = j;
		}
	}
}

/* ---- grants ---- */

static struct grant *
grant_get(const uint8_t *id)
{
	size_t n = ((size_t)id[0] << 8 | id[1]) % GRANT_BUCKETS;
	struct grant *g;

	LIST_FOREACH(g, &grants[n], all)
		if (memcmp(g->id, id, GRANT_LEN) == 0)
			break;
	if (g == NULL) {
		if ((g = calloc(1, sizeof(*g))) == NULL)
			fatal("grant");
		memcpy(g->id, id, GRANT_LEN);
		LIST_INSERT_HEAD(&grants[n], g, all);
	}
	g->refs++;
	return (g);
}

static void
grant_put(struct grant *g)
{
	if (--g->refs > 0)
		return;
	LIST_REMOVE(g, all);
	free(g);
}

unsigned int
handle_count_call(struct handle *h)
{
	struct grant *g = h->grant;
	struct mono now = ev_now();

	if (now.ms - g->window.ms >= RATE_WINDOW_MS) {
		g->window = now;
		g->calls = 0;
	}
	if (max_calls != 0 && g->calls >= max_calls)
		return ((unsigned int)((RATE_WINDOW_MS -
		    (now.ms - g->window.ms) + 999) / 1000));
	g->calls++;
	return (0);
}

/* ---- handles ---- */

static void
handle_free(struct handle *h)
{
	if (h->view != NULL && h->view_free != NULL)
		h->view_free(h->view);
	grant_put(h->grant);
	free(h->role);
	free(h->package);
	explicit_bzero(h, sizeof(*h));
	free(h);
}

void
handle_hold(struct handle *h)
{
	h->holds++;
}

void
handle_release(struct handle *h)
{
	if (--h->holds == 0 && h->closed)
		handle_free(h);
}

struct stream_list *
handle_streams(struct handle *h)
{
	return (&h->streams);
}

unsigned int *
handle_nstreams(struct handle *h)
{
	return (&h->grant->streams);
}

void
handles_onclose(void (*fn)(struct handle *))
{
	onclose = fn;
}

/*
 * From here on nobody finds it, no call under it commits, and no stream goes
 * on.
 */
static void
handle_close(struct handle *h)
{
	table_remove(h);
	table_used--;
	TAILQ_REMOVE(&h->worker->handles, h, of_worker);
	h->worker->count--;
	h->worker = NULL;
	h->closed = 1;
	h->holds++;
	if (onclose != NULL && !LIST_EMPTY(&h->streams))
		onclose(h);
	handle_release(h);
}

static int
handle_expired(const struct handle *h)
{
	/* Either clock ends it: one may have stood still, one been set. */
	return (!mono_before(mono_now(), h->until) ||
	    wall_ms() >= h->expires_ms);
}

int
handle_ended(const struct handle *h)
{
	return (h->closed || handle_expired(h));
}

int
handle_check(struct handle *h)
{
	if (h->closed)
		return (1);
	if (!handle_expired(h))
		return (0);
	handle_close(h);		/* frees one that nobody holds */
	return (1);
}

int
handle_live(struct handle *h)
{
	authd_drain();
	return (!handle_ended(h));
}

struct handle *
handle_find(struct worker *w, const uint8_t id[HANDLE_LEN])
{
	struct handle *h;

	if ((h = table_find(w, id)) == NULL) {
		authd_drain();
		h = table_find(w, id);
	}
	if (h != NULL && handle_expired(h)) {
		handle_close(h);
		h = NULL;
	}
	return (h);
}

const struct caller *
handle_caller(const struct handle *h)
{
	return (&h->who);
}

enum era
handle_session(struct handle *h, const char *id, size_t len)
{
	enum era era;

	if (len != SESSION_LEN)
		return (0);
	if (h->session_era == 0 || memcmp(h->session, id, len) != 0) {
		era = session_check(h->user_id, h->client_id, id, len);
		if (era == 0)
			return (0);
		memcpy(h->session, id, len);
		h->session_era = era;
	}
	return (session_ended(id) ? 0 : h->session_era);
}

unsigned int
handle_session_can(struct handle *h, const char *id, size_t len)
{
	return (handle_session(h, id, len) != 0 ? session_can(id) : 0);
}

uint64_t
handles_count(void)
{
	return (table_used);
}

/* ---- workers ---- */

struct worker *
worker_new(uint64_t generation)
{
	struct worker *w;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		fatal("worker");
	w->generation = generation;
	TAILQ_INIT(&w->handles);
	LIST_INSERT_HEAD(&workers, w, all);
	return (w);
}

static void
worker_close(struct worker *w)
{
	struct handle *h, *next;

	for (h = TAILQ_FIRST(&w->handles); h != NULL; h = next) {
		next = TAILQ_NEXT(h, of_worker);
		handle_close(h);
	}
}

void
worker_free(struct worker *w)
{
	worker_close(w);
	LIST_REMOVE(w, all);
	free(w);
}

uint64_t
worker_generation(const struct worker *w)
{
	return (w->generation);
}

static struct worker *
worker_find(uint64_t generation)
{
	struct worker *w;

	LIST_FOREACH(w, &workers, all)
		if (w->generation == generation)
			return (w);
	return (NULL);
}

/* ---- OPEN ---- */

static int
by_text(const void *a, const void *b)
{
	return (strcmp(a, b));
}

/* A sorted lower-case copy of a list of ids. */
static char (*
ids_copy(const char (*from)[40], uint32_t n))[40]
{
	char (*ids)[40];
	uint32_t i;

	if ((ids = calloc(n > 0 ? n : 1, sizeof(*ids))) == NULL)
		fatal("handle");
	for (i = 0; i < n; i++) {
		memcpy(ids[i], from[i], sizeof(ids[i]));
		ascii_lower(ids[i]);
	}
	qsort(ids, n, sizeof(*ids), by_text);
	return (ids);
}

static void
handle_describe(struct handle *h, const struct msg_open *m)
{
	struct caller *who = &h->who;

	memcpy(h->user_id, m->user_id, sizeof(h->user_id));
	memcpy(h->user, m->user, sizeof(h->user));
	memcpy(h->client_id, m->client_id, sizeof(h->client_id));
	memcpy(h->default_package, m->default_package,
	    sizeof(h->default_package));
	ascii_lower(h->user_id);
	ascii_lower(h->default_package);
	h->role = ids_copy(m->role, m->nroles);
	h->package = ids_copy(m->package, m->npackages);
	who->user_id = h->user_id;
	who->user = h->user;
	who->client_id = h->client_id;
	who->default_package = h->default_package;
	memcpy(who->grant, m->grant, sizeof(who->grant));
	who->global_admin = (m->flags & OF_GLOBAL_ADMIN) != 0;
	who->read_only = (m->flags & OF_READ_ONLY) != 0;
	who->edit = m->edit;
	who->display = m->display | m->edit;
	who->operator = m->worker == 0;
	who->nroles = m->nroles;
	who->role = (const char (*)[40])h->role;
	who->npackages = m->npackages;
	who->package = (const char (*)[40])h->package;
	who->view = &h->view;
	who->view_free = &h->view_free;
}

void
handle_on_open(struct chan *ch, struct msg *msg)
{
	const struct msg_open *m = msg->data;
	struct worker *w = worker_find(m->worker);
	struct handle *h;

	/* A worker that ended meanwhile: its handles would end at once. */
	if (w == NULL)
		return;
	if (table_find(w, m->handle) != NULL) {
		chan_violation(ch, "the same handle twice");
		return;
	}
	if (w->count >= HANDLES_WORKER_MAX)
		handle_close(TAILQ_FIRST(&w->handles));
	if ((h = calloc(1, sizeof(*h))) == NULL)
		fatal("handle");
	memcpy(h->id, m->handle, sizeof(h->id));
	h->worker = w;
	h->grant = grant_get(m->grant);
	LIST_INIT(&h->streams);
	h->until = mono_add(mono_now(), m->ttl_ms);
	h->expires_ms = m->expires_ms;
	handle_describe(h, m);
	if (2 * (table_used + 1) > table_size)
		table_grow();
	table_put(h);
	table_used++;
	TAILQ_INSERT_TAIL(&w->handles, h, of_worker);
	w->count++;
}

/* ---- CLOSE ---- */

static int
close_matches(const struct handle *h, const struct msg_close *m)
{
	switch (m->what) {
	case CL_HANDLE:
		return (h->worker->generation == m->worker &&
		    secret_eq(h->id, m->handle, sizeof(h->id)));
	case CL_GRANT:
		return (memcmp(h->grant->id, m->grant, GRANT_LEN) == 0);
	case CL_USER:
		return (ascii_casecmp(h->user_id, m->subject) == 0);
	case CL_CLIENT:
		return (ascii_casecmp(h->client_id, m->subject) == 0);
	case CL_WORKER:
		return (h->worker->generation == m->worker);
	default:
		return (1);
	}
}

void
handle_on_close(struct chan *ch, struct msg *msg)
{
	const struct msg_close *m = msg->data;
	struct msg_close_ack ack = { 0, 0 };
	struct handle *h, *next;
	struct worker *w;

	LIST_FOREACH(w, &workers, all)
		for (h = TAILQ_FIRST(&w->handles); h != NULL; h = next) {
			next = TAILQ_NEXT(h, of_worker);
			if (close_matches(h, m)) {
				handle_close(h);
				ack.closed++;
			}
		}
	chan_send(ch, MSG_CLOSE_ACK, msg->id, &ack);
}

void
handles_drop(void)
{
	struct worker *w;

	LIST_FOREACH(w, &workers, all)
		worker_close(w);
}

static void
on_sweep(struct ev_timer *t)
{
	struct handle *h, *next;
	struct worker *w;

	LIST_FOREACH(w, &workers, all)
		for (h = TAILQ_FIRST(&w->handles); h != NULL; h = next) {
			next = TAILQ_NEXT(h, of_worker);
			if (handle_expired(h))
				handle_close(h);
		}
	ev_timer_set(t, SWEEP_MS);
}

void
handles_setconf(const struct msg_conf_toold *conf)
{
	max_calls = conf->max_calls_grant;
	if (sweep_timer.cb == NULL) {
		ev_timer_init(&sweep_timer, on_sweep, NULL);
		ev_timer_set(&sweep_timer, SWEEP_MS);
	}
}

void
handles_clear(void)
{
	handles_drop();
	free(table);
	table = NULL;
	table_size = 0;
}
