/* SPDX-License-Identifier: ISC */
/*
 * ctl_list.c: control commands that show something.
 * Runs in authd only.  Called for root or our own user (ctl.c).  Touches:
 * the store, reading only.
 *
 * A list is walked a few records a turn, from the key it stopped at, and
 * waits while keepctl does not read: no list holds up a sign-in, however
 * long it is.  No line holds a secret, a digest or a verifier.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/ctl.h"
#include "../common/perm.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "audit_rec.h"
#include "ctlconn.h"

#define LINES_STEP	32		/* records of one step */
#define GRANTS_COUNTED	1000		/* of a client, for client list */
#define TAIL_LINES	20

/* One step of a walk: the connection, and how many records are left. */
struct step {
	struct ctl_conn	*c;
	unsigned int	 left;
};

static void
iso_of(int64_t s, char out[25])
{
	if (s == 0)
		snprintf(out, 25, "-");
	else
		wall_iso(s * 1000, out);
}

/* The walk goes on behind this key. */
static int
step_on(struct step *s, const void *key, size_t keylen)
{
	if (keylen + 1 > sizeof(s->c->key))
		return (0);
	memcpy(s->c->key, key, keylen);
	s->c->key[keylen] = 0;
	s->c->keylen = keylen + 1;
	return (--s->left == 0);
}

/* 1 when the walk came to its end. */
static int
step_walk(struct ctl_conn *c, enum store_db db, const void *prefix,
    size_t prefixlen, store_walk_fn *fn)
{
	struct step	 s = { c, LINES_STEP };

	return (store_walk(db, prefix, prefixlen,
	    c->keylen != 0 ? c->key : NULL, c->keylen, 0, fn, &s) == 0);
}

/* ---- users ---- */

static void
roles_text(const struct user *u, struct buf *b)
{
	struct role	 r;
	uint32_t	 i;
	size_t		 start = b->len;

	for (i = 0; i < u->nroles; i++) {
		if (role_get(u->role[i], &r) == -1)
			continue;
		if (b->len != start)
			buf_addc(b, ',');
		buf_adds(b, r.name);
	}
	if (b->len == start)
		buf_addc(b, '-');
}

static int
user_line(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	struct step	*s = arg;
	struct user	 u;
	struct buf	 b;
	char		 id[40], created[25], password[25];

	if (text_setn(id, sizeof(id), val, strnlen(val, vallen)) == -1 ||
	    user_get(id, &u) == -1)
		return (step_on(s, key, keylen));
	iso_of(u.created, created);
	iso_of(u.password_at, password);
	buf_init(&b, 0);
	buf_addf(&b, "%s\t%s\t", u.name,
	    u.flags & USER_DISABLED ? "disabled" : "enabled");
	roles_text(&u, &b);
	buf_addf(&b, "\t%s\t%s\t%s\t%u\t%s",
	    u.package[0] != '\0' ? u.package : "-", created, password,
	    u.failed, u.id);
	ctl_line_buf(s->c, &b);
	buf_free(&b);
	secret_wipe(&u, sizeof(u));
	return (step_on(s, key, keylen));
}

static int
users_step(struct ctl_conn *c)
{
	return (step_walk(c, DB_USER_NAMES, NULL, 0, user_line));
}

static void
cmd_user_list(struct ctl_conn *c)
{
	ctl_list(c, users_step);
}

/* ---- roles ---- */

static void
perms_text(uint32_t mask, struct buf *b)
{
	size_t	 start = b->len;
	int	 p;

	if (mask == PERM_ALL) {
		buf_adds(b, "all");
		return;
	}
	for (p = 0; p < PERM_MAX; p++) {
		if ((mask & PERM_BIT(p)) == 0)
			continue;
		if (b->len != start)
			buf_addc(b, ',');
		buf_adds(b, perm_row((enum perm)p)->name);
	}
	if (b->len == start)
		buf_addc(b, '-');
}

static int
role_line(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	struct step	*s = arg;
	struct role	 r;
	struct buf	 b;
	char		 id[40];

	if (text_setn(id, sizeof(id), val, strnlen(val, vallen)) == -1 ||
	    role_get(id, &r) == -1)
		return (step_on(s, key, keylen));
	buf_init(&b, 0);
	buf_addf(&b, "%s\t%s\t", r.name, r.flags & ROLE_GLOBAL ? "yes" : "-");
	perms_text(r.display, &b);
	buf_addc(&b, '\t');
	perms_text(r.edit, &b);
	buf_addf(&b, "\t%s\t%s", r.description[0] != '\0' ? r.description :
	    "-", r.id);
	ctl_line_buf(s->c, &b);
	buf_free(&b);
	return (step_on(s, key, keylen));
}

static int
roles_step(struct ctl_conn *c)
{
	return (step_walk(c, DB_ROLE_NAMES, NULL, 0, role_line));
}

static void
cmd_role_list(struct ctl_conn *c)
{
	ctl_list(c, roles_step);
}

/* ---- clients ---- */

static int
count_grant(void *arg, const struct grant_rec *g, const struct family_rec *f)
{
	unsigned int	*n = arg;

	return (++*n >= GRANTS_COUNTED);
}

static const char *
method_name(uint32_t m)
{
	switch (m) {
	case AM_POST:
		return ("secret-post");
	case AM_BASIC:
		return ("secret-basic");
	default:
		return ("public");
	}
}

static int
client_line(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	struct step	*s = arg;
	struct client	 cl;
	struct buf	 b;
	char		 id[40], created[25], used[25];
	unsigned int	 grants = 0;
	uint32_t	 i;

	if (text_setn(id, sizeof(id), key, keylen) == -1 ||
	    client_get(id, &cl) == -1)
		return (step_on(s, key, keylen));
	(void)grant_walk(GI_CLIENT, id, count_grant, &grants);
	iso_of(cl.rec.created_s, created);
	iso_of(cl.rec.used_s, used);
	buf_init(&b, 0);
	buf_addf(&b, "%s\t%s\t%s\t%s\t%s\t%u%s\t", id, cl.rec.name,
	    method_name(cl.rec.auth_method), created, used, grants,
	    grants >= GRANTS_COUNTED ? "+" : "");
	for (i = 0; i < cl.rec.nredirects; i++)
		buf_addf(&b, "%s%s", i != 0 ? "," : "", cl.redirect[i]);
	ctl_line_buf(s->c, &b);
	buf_free(&b);
	return (step_on(s, key, keylen));
}

static int
clients_step(struct ctl_conn *c)
{
	return (step_walk(c, DB_CLIENTS, NULL, 0, client_line));
}

static void
cmd_client_list(struct ctl_conn *c)
{
	ctl_list(c, clients_step);
}

/* ---- grants ---- */

static void
grant_text(const struct grant_rec *g, const struct family_rec *f,
    struct buf *b)
{
	struct user	 u;
	char		 id[2 * GRANT_LEN + 1], scope[SCOPE_MAX];
	char		 created[25], used[25], ends[25];

	hex_encode(g->id, GRANT_LEN, id);
	scope_text(g->scope, scope, sizeof(scope));
	iso_of(g->created_s, created);
	iso_of(f->used_s, used);
	iso_of(g->end_s, ends);
	buf_addf(b, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%llu\t%s%s", id,
	    user_get(g->user_id, &u) == 0 ? u.name : g->user_id,
	    g->client_id, scope, created, used, ends,
	    (unsigned long long)(f->worker != 0 ? f->worker : g->worker),
	    g->kind == GK_OPERATOR ? "operator" : "oauth",
	    g->flags & GF_READ_ONLY ? ",read-only" : "");
	secret_wipe(&u, sizeof(u));
}

/* A key of the index ends with the grant's id. */
static int
grant_line(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	struct step		*s = arg;
	struct grant_rec	 g;
	struct family_rec	 f;
	struct buf		 b;

	if (keylen <= GRANT_LEN || grant_get((const uint8_t *)key + keylen -
	    GRANT_LEN, &g, &f) == -1 || g.state != GS_LIVE)
		return (step_on(s, key, keylen));
	buf_init(&b, 0);
	grant_text(&g, &f, &b);
	ctl_line_buf(s->c, &b);
	buf_free(&b);
	return (step_on(s, key, keylen));
}

static int
grants_step(struct ctl_conn *c)
{
	uint8_t	 prefix[1 + UUID_LEN];

	memset(prefix, 0, sizeof(prefix));
	prefix[0] = c->subject[0] != '\0' ? GI_USER : GI_ALL;
	memcpy(prefix + 1, c->subject, strnlen(c->subject, UUID_LEN));
	return (step_walk(c, DB_GRANT_INDEX, prefix, sizeof(prefix),
	    grant_line));
}

static void
cmd_grant_list(struct ctl_conn *c)
{
	struct user	 u;

	if (c->cmd.name[0] != '\0') {
		if (user_lookup(c->cmd.name, &u) == -1) {
			ctl_refuse(c, "there is no user %s", c->cmd.name);
			return;
		}
		memcpy(c->subject, u.id, sizeof(c->subject));
		secret_wipe(&u, sizeof(u));
	}
	ctl_list(c, grants_step);
}

/* ---- audit records ---- */

/* A JSON object that does not fit a line loses its longest texts. */
static void
item_json(const struct audit_item *it, struct buf *b)
{
	struct audit_item	 less;

	audit_json(it, b);
	if (b->len < sizeof(((struct msg_ctl_line *)0)->text))
		return;
	less = *it;
	text_clean(less.target, 128, it->target, strlen(it->target));
	text_clean(less.detail, 128, it->detail, strlen(it->detail));
	buf_reset(b);
	audit_json(&less, b);
}

static void
audit_show(const struct audit_item *it, void *arg)
{
	struct ctl_conn	*c = arg;
	struct buf	 b;

	buf_init(&b, 0);
	if (c->cmd.flags & CTLF_AUDIT_JSON)
		item_json(it, &b);
	else
		audit_line(it, &b);
	ctl_line_buf(c, &b);
	buf_free(&b);
}

static int
audit_step(struct ctl_conn *c)
{
	unsigned int	 max, n;

	max = c->left < LINES_STEP ? (unsigned int)c->left : LINES_STEP;
	n = audit_read(&c->place, max, audit_show, c);
	if (c->follow)
		return (n == 0);
	c->left -= n;
	return (n == 0 || c->left == 0);
}

static void
cmd_audit_tail(struct ctl_conn *c)
{
	c->left = TAIL_LINES;
	if (c->cmd.flags & CTLF_AUDIT_COUNT) {
		if (c->cmd.number <= 0) {
			ctl_refuse(c, "-n takes a number from 1");
			return;
		}
		c->left = (uint64_t)c->cmd.number;
	}
	audit_sync();
	audit_tail(c->left, &c->place);
	ctl_list(c, audit_step);
}

static void
cmd_audit_follow(struct ctl_conn *c)
{
	c->follow = 1;
	c->left = LINES_STEP;
	audit_tail(0, &c->place);
	ctl_list(c, audit_step);
}

static void
pump_follower(struct ctl_conn *c)
{
	if (c->follow && c->timer.pos == 0)
		ctl_pump(c);
}

void
ctl_pump_followers(void)
{
	ctl_each(pump_follower);
}

/* ---- itself ---- */

static void
line_number(struct ctl_conn *c, const char *what, uint64_t n)
{
	ctl_line(c, "%s\t%llu", what, (unsigned long long)n);
}

static void
cmd_status(struct ctl_conn *c)
{
	struct store_stat	 st;
	struct worker		*w;
	uint64_t		 nworkers = 0, handles = 0;

	TAILQ_FOREACH(w, &workers, entry) {
		nworkers++;
		handles += w->nhandles;
	}
	store_stat(&st);
	ctl_line(c, "toold\t%s", auth_ready() ? "ready" : "away");
	ctl_line(c, "store\t%s", store_writable() == 0 ? "writable" :
	    "nearly full: only revocations and removals");
	line_number(c, "workers", nworkers);
	line_number(c, "handles", handles);
	line_number(c, "users", user_count());
	line_number(c, "roles", store_count(DB_ROLES));
	line_number(c, "clients", store_count(DB_CLIENTS));
	line_number(c, "grants, ended ones too", store_count(DB_GRANTS));
	line_number(c, "access tokens", store_count(DB_ACCESS));
	line_number(c, "audit records since start", audit_count());
	line_number(c, "commits", st.commits);
	line_number(c, "failed commits", st.failed);
	line_number(c, "store bytes used", st.used_bytes);
	line_number(c, "store bytes mapped", st.map_bytes);
	line_number(c, "violations", chan_violations());
	ctl_done(c, CTL_OK, "%s", "");
}

static void
cmd_key_list(struct ctl_conn *c)
{
	char		 line[512];
	unsigned int	 i;

	for (i = 0; keys_line(i, line, sizeof(line)) == 0; i++)
		ctl_line(c, "%s", line);
	ctl_done(c, CTL_OK, "%s", "");
}

const struct ctl_handler ctl_list_handlers[] = {
	{ CTL_USER_LIST, cmd_user_list, 0 },
	{ CTL_ROLE_LIST, cmd_role_list, 0 },
	{ CTL_CLIENT_LIST, cmd_client_list, 0 },
	{ CTL_GRANT_LIST, cmd_grant_list, 0 },
	{ CTL_AUDIT, cmd_audit_tail, 0 },
	{ CTL_AUDIT_FOLLOW, cmd_audit_follow, 0 },
	{ CTL_AUTHD_STATUS, cmd_status, 0 },
	{ CTL_KEY_LIST, cmd_key_list, 0 },
	{ 0, NULL, 0 }
};
