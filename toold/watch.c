/* SPDX-License-Identifier: ISC */
/*
 * watch.c: see watch.h.  Runs in toold.  Filters and URIs come from the
 * network: bounded in number and length, and a URI is kept only if the
 * caller may read what it names.
 */
#include <stdlib.h>
#include <string.h>

#include "../common/ev.h"
#include "../common/log.h"
#include "../common/text.h"
#include "resource.h"
#include "rpc.h"
#include "store.h"
#include "stream.h"
#include "watch.h"

#define RETRY_MS	100		/* too much waits for the worker */

/* Lists that change; the names are those of the filter and the message. */
#define WL_TOOLS	1
#define WL_PROMPTS	2
#define WL_RESOURCES	4
#define WL_ALL		7
static const struct list_row {
	unsigned int	 bit;
	const char	*member;
	const char	*method;
} lists[] = {
	{ WL_TOOLS, "toolsListChanged",
	    "notifications/tools/list_changed" },
	{ WL_PROMPTS, "promptsListChanged",
	    "notifications/prompts/list_changed" },
	{ WL_RESOURCES, "resourcesListChanged",
	    "notifications/resources/list_changed" },
};
#define NLISTS	(sizeof(lists) / sizeof(lists[0]))

struct watch_uri {
	SLIST_ENTRY(watch_uri) next;
	enum art_type	 type;		/* 0: no artifact */
	char		 id[ID_SIZE];
	int		 due;
	int		 deleted;	/* then package says who is told */
	char		 package[ID_SIZE];
	char		 uri[];
};

struct watch {
	TAILQ_ENTRY(watch) all;
	TAILQ_ENTRY(watch) waiting;	/* something is due */
	struct stream	*s;		/* NULL: the session has none now */
	unsigned int	 lists;		/* WL_ bits that are wanted */
	unsigned int	 due;		/* ... and to be told */
	int		 is_due;	/* on the list */
	unsigned int	 nuris;
	SLIST_HEAD(, watch_uri) uris;
	char		 session[SESSION_LEN + 1];	/* "": the grant's */
	uint8_t		 grant[GRANT_LEN];
	int		 listen;	/* subscriptions/listen */
};
TAILQ_HEAD(watch_list, watch);

struct change {
	enum art_type	 type;
	char		 id[ID_SIZE];
	int		 listed;	/* came, went, or has another name */
	int		 deleted;
	char		 was[ID_SIZE];	/* packages */
	char		 is[ID_SIZE];
};

static struct watch_list watches = TAILQ_HEAD_INITIALIZER(watches);
static struct watch_list due = TAILQ_HEAD_INITIALIZER(due);
static unsigned int nidle;		/* watches without a stream */
static struct change changes[WATCH_CHANGES_MAX];
static unsigned int nchanges, ncommitted;
static int too_many;			/* changes: tell all of all */
static struct ev_hook tell_hook;
static struct ev_timer retry_timer;
static int get_stream;

static void	wake(struct stream *, enum stream_why);

/* ---- subscriptions ---- */

static void
watch_due(struct watch *w)
{
	if (w->is_due)
		return;
	w->is_due = 1;
	TAILQ_INSERT_TAIL(&due, w, waiting);
	ev_hook_arm(&tell_hook);
}

static void
watch_rest(struct watch *w)
{
	if (w->is_due)
		TAILQ_REMOVE(&due, w, waiting);
	w->is_due = 0;
}

static void
watch_free(struct watch *w)
{
	struct watch_uri *u;

	while ((u = SLIST_FIRST(&w->uris)) != NULL) {
		SLIST_REMOVE_HEAD(&w->uris, next);
		free(u);
	}
	watch_rest(w);
	TAILQ_REMOVE(&watches, w, all);
	nidle -= w->s == NULL;
	free(w);
}

static struct watch *
watch_new(const struct caller *who)
{
	struct watch *w;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		fatal("subscription");
	SLIST_INIT(&w->uris);
	memcpy(w->grant, who->grant, sizeof(w->grant));
	TAILQ_INSERT_TAIL(&watches, w, all);
	nidle++;
	return (w);
}

/* It has a stream now, or, with NULL, none any more. */
static void
watch_stream(struct watch *w, struct stream *s)
{
	nidle += (s == NULL) - (w->s == NULL);
	w->s = s;
	if (s == NULL && (w->listen || w->nuris == 0))
		watch_free(w);
}

/* Ids of sessions are their own; without one, the grant's is the place. */
static struct watch *
watch_of(const struct mcp *m)
{
	char session[SESSION_LEN + 1] = "";
	struct watch *w;

	if (m->req->flags & CF_SESSION)
		text_setn(session, sizeof(session), m->req->session.p,
		    m->req->session.len);
	TAILQ_FOREACH(w, &watches, all)
		if (!w->listen && strcmp(w->session, session) == 0 &&
		    (session[0] != '\0' || memcmp(w->grant, m->who.grant,
		    GRANT_LEN) == 0))
			return (w);
	return (NULL);
}

/*
 * The one without a stream that is there longest makes room: of the same
 * grant, if that has many, so that none can push out all others.
 */
static void
make_room(const struct caller *who)
{
	struct watch *w, *oldest = NULL, *own = NULL;
	unsigned int n = 0;

	TAILQ_FOREACH(w, &watches, all) {
		if (w->s != NULL)
			continue;
		if (oldest == NULL)
			oldest = w;
		if (memcmp(w->grant, who->grant, GRANT_LEN) != 0)
			continue;
		if (n++ == 0)
			own = w;
	}
	if (n >= WATCH_SESSIONS_GRANT)
		watch_free(own);
	else if (nidle >= WATCH_SESSIONS_MAX)
		watch_free(oldest);
}

static struct watch *
watch_get_or_make(const struct mcp *m)
{
	struct watch *w = watch_of(m);

	if (w != NULL)
		return (w);
	make_room(&m->who);
	w = watch_new(&m->who);
	if (m->req->flags & CF_SESSION)
		text_setn(w->session, sizeof(w->session), m->req->session.p,
		    m->req->session.len);
	w->lists = WL_ALL;
	return (w);
}

static struct watch_uri *
uri_find(const struct watch *w, const char *uri)
{
	struct watch_uri *u;

	SLIST_FOREACH(u, &w->uris, next)
		if (strcmp(u->uri, uri) == 0)
			return (u);
	return (NULL);
}

/* 0; 1: there is none that the caller may see; -1: too many. */
static int
uri_add(struct watch *w, const struct caller *who, const char *uri)
{
	struct watch_uri *u;
	enum art_type type;
	char id[ID_SIZE];

	if (uri_find(w, uri) != NULL)
		return (0);
	if (strlen(uri) >= RESOURCE_URI_MAX ||
	    resource_watch(who, uri, &type, id) != 1)
		return (1);
	if (w->nuris >= WATCH_URIS_MAX)
		return (-1);
	if ((u = calloc(1, sizeof(*u) + strlen(uri) + 1)) == NULL)
		fatal("subscription");
	u->type = type;
	text_set(u->id, sizeof(u->id), id);
	memcpy(u->uri, uri, strlen(uri) + 1);
	SLIST_INSERT_HEAD(&w->uris, u, next);
	w->nuris++;
	return (0);
}

/* ---- changes ---- */

/* Inside a transaction: from what, to what; NULL: it was, or is, not. */
static void
on_change(const struct art *was, const struct art *is)
{
	const struct art *a = is != NULL ? is : was;
	struct change *ch;

	if (nchanges == WATCH_CHANGES_MAX) {
		too_many = 1;
		return;
	}
	ch = &changes[nchanges++];
	memset(ch, 0, sizeof(*ch));
	ch->type = a->type;
	text_set(ch->id, sizeof(ch->id), a->id);
	ch->deleted = is == NULL;
	ch->listed = was == NULL || is == NULL ||
	    strcmp(was->name, is->name) != 0 ||
	    strcmp(was->package, is->package) != 0;
	text_set(ch->was, sizeof(ch->was), was != NULL ? was->package :
	    is->package);
	text_set(ch->is, sizeof(ch->is), a->package);
}

static void
on_end(int committed)
{
	if (!committed) {
		nchanges = ncommitted;
		return;
	}
	if (nchanges == ncommitted && !too_many)
		return;
	ncommitted = nchanges;
	ev_hook_arm(&tell_hook);
}

/* The caller sees artifacts of the package, and so this one. */
static int
sees_package(const struct caller *who, const struct change *ch)
{
	return (resource_type_allowed(who, ch->type) &&
	    (pkg_allows(who, ch->is, PL_READ) ||
	    pkg_allows(who, ch->was, PL_READ)));
}

static void
apply(struct watch *w, const struct change *ch)
{
	struct watch_uri *u;

	SLIST_FOREACH(u, &w->uris, next) {
		if (u->type != ch->type || strcmp(u->id, ch->id) != 0)
			continue;
		u->due = 1;
		u->deleted = ch->deleted;
		text_set(u->package, sizeof(u->package), ch->is);
		watch_due(w);
	}
	/* Under the rights it had last; other ones are told of anyway. */
	if (ch->listed && w->lists & WL_RESOURCES && w->s != NULL &&
	    sees_package(handle_caller(w->s->handle), ch)) {
		w->due |= WL_RESOURCES;
		watch_due(w);
	}
}

static void
apply_all(struct watch *w)
{
	struct watch_uri *u;

	SLIST_FOREACH(u, &w->uris, next)
		u->due = 1;
	w->due |= w->lists & WL_RESOURCES;
	watch_due(w);
}

/* ---- telling ---- */

/* Members that say which subscription it is; legacy messages have none. */
static void
add_subscription(struct buf *b, const struct watch *w)
{
	if (!w->listen)
		return;
	buf_adds(b, "\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":");
	buf_add(b, w->s->rpc_id.p, w->s->rpc_id.len);
	buf_addc(b, '}');
}

/* What tells of a subscription begins with which one it is. */
static void
event_begin(struct buf *b, const struct watch *w)
{
	buf_init(b, 0);
	buf_addc(b, '{');
	add_subscription(b, w);
}

static void
event_send(struct buf *b, const struct watch *w, const char *method)
{
	buf_addc(b, '}');
	buf_addc(b, '\0');
	if (b->failed)
		fatalx("no memory for an event");
	stream_event(w->s, method, (const char *)b->data);
	buf_free(b);
}

static void
tell_list(struct watch *w, const struct list_row *row)
{
	struct buf b;

	if (!w->listen) {
		stream_event(w->s, row->method, NULL);
		return;
	}
	event_begin(&b, w);
	event_send(&b, w, row->method);
}

static void
tell_uri(struct watch *w, const struct watch_uri *u)
{
	struct buf b;

	event_begin(&b, w);
	buf_adds(&b, w->listen ? ",\"uri\":" : "\"uri\":");
	buf_add_json(&b, u->uri, strlen(u->uri));
	event_send(&b, w, "notifications/resources/updated");
}

/* Asked now, under the handle of now. */
static int
may_know(const struct caller *who, const struct watch_uri *u)
{
	if (!resource_type_allowed(who, u->type))
		return (0);
	if (u->deleted)
		return (pkg_allows(who, u->package, PL_READ));
	return (resource_visible(who, u->type, u->id));
}

static void
tell(struct watch *w)
{
	const struct caller *who = handle_caller(w->s->handle);
	struct watch_uri *u;
	size_t i;

	for (i = 0; i < NLISTS; i++)
		if (w->due & lists[i].bit)
			tell_list(w, &lists[i]);
	w->due = 0;
	SLIST_FOREACH(u, &w->uris, next) {
		if (u->due && may_know(who, u))
			tell_uri(w, u);
		u->due = 0;
	}
}

static void
on_tell(struct ev_hook *hook)
{
	struct watch *w, *next;
	unsigned int i;

	TAILQ_FOREACH(w, &watches, all) {
		for (i = 0; i < ncommitted; i++)
			apply(w, &changes[i]);
		if (too_many)
			apply_all(w);
	}
	nchanges = ncommitted = 0;
	too_many = 0;
	store_read_begin();
	for (w = TAILQ_FIRST(&due); w != NULL; w = next) {
		next = TAILQ_NEXT(w, waiting);
		if (w->s != NULL && stream_ready(w->s)) {
			watch_rest(w);
			tell(w);
		} else if (w->s == NULL || w->s->flags & SF_GONE) {
			/* Told when there is somebody to tell. */
			watch_rest(w);
		} else if (retry_timer.pos == 0)
			ev_timer_set(&retry_timer, RETRY_MS);
	}
}

static void
on_retry(struct ev_timer *t)
{
	ev_hook_arm(&tell_hook);
}

/* ---- the life of a stream ---- */

/* The result of a subscriptions/listen that ends in good order. */
static void
end_stream(struct stream *s, const struct watch *w)
{
	struct buf b;

	if (!w->listen) {
		stream_answer(s, 200, NULL, 0);
		return;
	}
	buf_init(&b, 0);
	buf_adds(&b, "{\"jsonrpc\":\"2.0\",\"id\":");
	buf_add(&b, s->rpc_id.p, s->rpc_id.len);
	buf_adds(&b, ",\"result\":{\"resultType\":\"complete\",");
	add_subscription(&b, w);
	buf_adds(&b, "}}");
	if (b.failed)
		fatalx("no memory for an answer");
	stream_answer(s, 200, b.data, b.len);
	buf_free(&b);
}

static void
wake(struct stream *s, enum stream_why why)
{
	struct watch *w = s->arg;

	switch (why) {
	case SW_RIGHTS:
		/* What may be called, asked and read may be other things. */
		w->due |= w->lists;
		/* FALLTHROUGH */
	case SW_HANDLE:
		watch_due(w);
		break;
	case SW_END:
		end_stream(s, w);
		watch_stream(w, NULL);
		break;
	case SW_GONE:
		watch_stream(w, NULL);
		break;
	case SW_TIMER:
	case SW_REPLY:
	case SW_LATE:
		break;
	}
}

static struct stream *
open_stream(struct mcp *m, struct watch *w)
{
	struct stream *s;

	if ((s = stream_later(m->stream, 0, wake, w)) == NULL) {
		m->reply->status = 429;
		m->reply->retry_after = 30;
		mcp_error(m, RPC_INTERNAL, NULL, "Too many streams are open "
		    "(settings: streams, streams-per-grant)");
		return (NULL);
	}
	m->reply->later = 1;
	watch_stream(w, s);
	stream_long(s);
	return (s);
}

/* ---- subscriptions/listen ---- */

static int
bad_filter(struct mcp *m, const char *what)
{
	m->reply->status = 400;
	mcp_error(m, RPC_INVALID_PARAMS, NULL,
	    "Invalid params: notifications%s", what);
	return (-1);
}

static int
take_uris(struct mcp *m, struct watch *w, const json_t *list)
{
	const json_t *v;
	size_t i;

	if (list != NULL && !json_is_array(list))
		return (bad_filter(m, ".resourceSubscriptions must be an "
		    "array of URIs"));
	/* Each is looked up, also those that come to nothing. */
	if (json_array_size(list) > WATCH_URIS_MAX)
		return (bad_filter(m, ".resourceSubscriptions may have 64 "
		    "entries"));
	json_array_foreach(list, i, v) {
		if (!json_is_string(v))
			return (bad_filter(m, ".resourceSubscriptions must "
			    "be an array of URIs"));
		(void)uri_add(w, &m->who, json_string_value(v));
	}
	return (0);
}

static int
take_filter(struct mcp *m, struct watch *w, const json_t *filter)
{
	const json_t *v;
	size_t i;

	for (i = 0; i < NLISTS; i++) {
		v = json_object_get(filter, lists[i].member);
		if (v != NULL && !json_is_boolean(v))
			return (bad_filter(m, "' members of lists must be "
			    "booleans"));
		if (json_is_true(v))
			w->lists |= lists[i].bit;
	}
	return (take_uris(m, w, json_object_get(filter,
	    "resourceSubscriptions")));
}

static void
acknowledge(struct watch *w)
{
	struct watch_uri *u;
	struct buf b;
	size_t i;
	int n = 0;

	event_begin(&b, w);
	buf_adds(&b, ",\"notifications\":{");
	for (i = 0; i < NLISTS; i++)
		if (w->lists & lists[i].bit)
			buf_addf(&b, "%s\"%s\":true", n++ > 0 ? "," : "",
			    lists[i].member);
	if (w->nuris > 0)
		buf_addf(&b, "%s\"resourceSubscriptions\":[",
		    n > 0 ? "," : "");
	SLIST_FOREACH(u, &w->uris, next) {
		buf_add_json(&b, u->uri, strlen(u->uri));
		buf_adds(&b, SLIST_NEXT(u, next) != NULL ? "," : "]");
	}
	buf_addc(&b, '}');
	event_send(&b, w, "notifications/subscriptions/acknowledged");
}

static void
method_listen(struct mcp *m)
{
	const struct span *sp = &m->scan.notifications;
	struct watch *w;
	json_t *filter;

	if (m->stream == NULL || (m->stream->flags & SF_SSE) == 0) {
		m->reply->status = 400;
		mcp_error(m, RPC_INVALID_REQUEST, NULL, "subscriptions/listen "
		    "is answered by a stream: Accept must list "
		    "text/event-stream");
		return;
	}
	if (mcp_count_call(m) == -1)
		return;
	filter = span_type(sp) == '{' ? json_loadb(sp->p, sp->len,
	    JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (filter == NULL) {
		bad_filter(m, " is required, an object");
		return;
	}
	store_read_begin();
	w = watch_new(&m->who);
	w->listen = 1;
	if (take_filter(m, w, filter) == 0 && open_stream(m, w) != NULL)
		acknowledge(w);
	else
		watch_free(w);
	json_decref(filter);
}

/* ---- before 2026-07-28 ---- */

int
watch_offered(const struct era_row *era)
{
	return (era->flags & EF_STATELESS || get_stream);
}

static int
take_uri(struct mcp *m, char *uri, size_t cap)
{
	if (!watch_offered(m->era)) {
		mcp_error(m, RPC_NO_METHOD, NULL, "Method not found: "
		    "subscriptions are off (setting: get-stream)");
		return (-1);
	}
	if (span_string(&m->scan.uri, uri, cap) > 0)
		return (0);
	mcp_error(m, RPC_INVALID_PARAMS, NULL,
	    "Invalid params: uri is required, a string");
	return (-1);
}

static void
empty_result(struct mcp *m)
{
	rpc_open(m->reply->body, m->era, &m->scan.id);
	rpc_close(m->reply->body);
}

static void
method_subscribe(struct mcp *m)
{
	char uri[RESOURCE_URI_MAX];
	struct watch *w;
	int r;

	if (take_uri(m, uri, sizeof(uri)) == -1 || mcp_count_call(m) == -1)
		return;
	store_read_begin();
	w = watch_get_or_make(m);
	r = uri_add(w, &m->who, uri);
	if (r == 0)
		empty_result(m);
	else if (r == 1)
		resource_refuse(m, RES_NONE, uri, "");
	else
		mcp_error(m, RPC_INVALID_PARAMS, NULL, "Invalid params: "
		    "%d resources are watched already", WATCH_URIS_MAX);
	if (w->s == NULL && w->nuris == 0)
		watch_free(w);
}

static void
method_unsubscribe(struct mcp *m)
{
	char uri[RESOURCE_URI_MAX];
	struct watch_uri *u;
	struct watch *w;

	if (take_uri(m, uri, sizeof(uri)) == -1)
		return;
	if ((w = watch_of(m)) != NULL && (u = uri_find(w, uri)) != NULL) {
		SLIST_REMOVE(&w->uris, u, watch_uri, next);
		w->nuris--;
		free(u);
		if (w->s == NULL && w->nuris == 0)
			watch_free(w);
	}
	empty_result(m);
}

/* A second stream of a session takes the place of the first. */
static void
session_get(struct mcp *m)
{
	uint8_t key[MCP_KEY_LEN];
	struct stream *old;
	struct watch *w;

	if (!watch_offered(m->era) || m->era->flags & EF_STATELESS ||
	    m->stream == NULL || (m->stream->flags & SF_SSE) == 0)
		return;
	m->reply->status = 200;
	mcp_session_key(m, key);
	if (m->req->body.len > 0 && stream_resume(m->stream, key,
	    &m->req->body)) {
		m->reply->later = 1;
		return;
	}
	stream_about(m->stream, m->era, &m->scan, SL_OFF, key);
	w = watch_get_or_make(m);
	if ((old = w->s) != NULL) {
		old->arg = NULL;
		nidle++;
		w->s = NULL;
		stream_answer(old, 200, NULL, 0);
	}
	if (open_stream(m, w) == NULL) {
		if (w->nuris == 0)
			watch_free(w);
		return;
	}
	watch_due(w);
}

static void
session_over(struct mcp *m)
{
	struct watch *w = watch_of(m);

	if (w == NULL)
		return;
	if (w->s != NULL)
		stream_answer(w->s, 200, NULL, 0);
	watch_free(w);
}

/* ---- the feature ---- */

static const struct mcp_watch watching = { watch_offered, session_get,
	session_over };

void
watch_init(void)
{
	mcp_watches(&watching);
	ev_hook_add(&tell_hook, EV_ORDER_COMMIT + 5, on_tell, NULL);
	ev_timer_init(&retry_timer, on_retry, NULL);
	art_onchange(on_change);
	store_onend(on_end);
}

void
watch_setconf(const struct msg_conf_toold *conf)
{
	get_stream = (int)conf->get_stream;
}

void
watch_lists(unsigned int which)
{
	struct watch *w;

	TAILQ_FOREACH(w, &watches, all) {
		w->due |= w->lists & which;
		if (w->due != 0)
			watch_due(w);
	}
}

static int
offered(const struct caller *who)
{
	return (0);
}

static const struct method methods[] = {
	{ "subscriptions/listen", ERA_MODERN, MF_REQUEST, method_listen },
	{ "resources/subscribe", ERA_LEGACY, MF_REQUEST, method_subscribe },
	{ "resources/unsubscribe", ERA_LEGACY, MF_REQUEST,
	    method_unsubscribe },
	{ NULL, 0, 0, NULL }
};

/* It shows in the capabilities of what it watches. */
const struct feature watch_feature = { methods, offered, NULL };
