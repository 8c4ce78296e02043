/* SPDX-License-Identifier: ISC */
/*
 * ctl_stub.h: authd's control socket with a keepctl at the other end, for
 * ctl_test.c and ctl_fuzz.c.  Socket, channel, commands, users, audit records
 * and store are the real ones; handles, grants, clients and pwhash are stubs
 * that note what they were asked and answer behind the commit.
 */
#ifndef TESTS_UNIT_CTL_STUB_H
#define TESTS_UNIT_CTL_STUB_H

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "authd/authd.h"
#include "authd/worker.h"
#include "authd/authtime.h"
#include "authd/keys.h"
#include "common/ctl.h"
#include "common/text.h"
#include "log.h"

static char		 stub_dir[64];
static int64_t		 stub_now = 1764000000;
static char		 stub_asked[256];	/* of the stubs, last */
static enum close_result stub_result;
static struct chan	*ctl;
static int		 ctl_ended, ctl_finished;
static struct msg_ctl_done ctl_answer;
static char		 ctl_lines[65536];
static unsigned int	 ctl_nlines;
struct worker_list	 workers = TAILQ_HEAD_INITIALIZER(workers);

int64_t
auth_now(void)
{
	return (stub_now);
}

int64_t
auth_now_ms(void)
{
	return (stub_now * 1000);
}

uint32_t
auth_flags(void)
{
	return (0);
}

int
auth_ready(void)
{
	return (1);
}

void
auth_send_roles(void)
{
	strcat(stub_asked, "+roles");
}

void
user_conf(uint32_t ln)
{
}

static int	stub_keys_foreign;

int
keys_known(const char *name, size_t len, const void *mac, size_t maclen)
{
	return (stub_keys_foreign ? -1 : 0);
}

void
keys_bind_store(void)
{
}

void
time_start(void)
{
}

void
scope_text(uint32_t scope, char *out, size_t size)
{
	snprintf(out, size, "mcp:tools");
}

/* ---- what answers behind the commit ---- */

struct stub_close {
	close_fn	*done;
	void		*arg;
};

static void
stub_closed(void *arg, int ok)
{
	struct stub_close	*s = arg;

	if (s->done != NULL)
		s->done(s->arg, ok ? stub_result : CLOSED_NOT_DURABLE);
	free(s);
}

static int
stub_later(const char *what, const char *subject, close_fn *done, void *arg)
{
	struct stub_close	*s = calloc(1, sizeof(*s));

	if (s == NULL)
		abort();
	s->done = done;
	s->arg = arg;
	snprintf(stub_asked, sizeof(stub_asked), "%s %s", what, subject);
	store_after(stub_closed, s);
	return (3);
}

void
handle_close_user(const char *id, enum close_mode mode, close_fn *done,
    void *arg)
{
	stub_later(mode == HC_CHANGE ? "change user" : "close user", id, done,
	    arg);
}

void
handle_close_all(enum close_mode mode, close_fn *done, void *arg)
{
	stub_later("change all", "", done, arg);
}

void
handle_unrefuse_user(const char *id)
{
	snprintf(stub_asked, sizeof(stub_asked), "unrefuse %s", id);
}

int
revoke_grant(const uint8_t id[GRANT_LEN], const struct audit_own *by,
    close_fn *done, void *arg)
{
	char	hex[2 * GRANT_LEN + 1];

	hex_encode(id, GRANT_LEN, hex);
	if (id[0] != 0xaa)
		return (-1);
	return (stub_later("revoke grant", hex, done, arg));
}

int
revoke_user(const char *id, const struct audit_own *by, close_fn *done,
    void *arg)
{
	return (stub_later("revoke user", id, done, arg));
}

int
revoke_client(const char *id, const struct audit_own *by, close_fn *done,
    void *arg)
{
	return (stub_later("revoke client", id, done, arg));
}

int
revoke_worker(uint64_t g, const struct audit_own *by, close_fn *done,
    void *arg)
{
	char	n[24];

	snprintf(n, sizeof(n), "%llu", (unsigned long long)g);
	return (stub_later("revoke worker", n, done, arg));
}

int
revoke_since(int64_t s, const struct audit_own *by, close_fn *done, void *arg)
{
	char	n[24];

	snprintf(n, sizeof(n), "%lld", (long long)s);
	return (stub_later("revoke since", n, done, arg));
}

int
revoke_all(const struct audit_own *by, close_fn *done, void *arg)
{
	return (stub_later("revoke all", "", done, arg));
}

int
client_remove(const char *id, const struct audit_own *by, close_fn *done,
    void *arg)
{
	if (strcmp(id, "c1") != 0)
		return (-1);
	return (stub_later("remove client", id, done, arg));
}

int
client_get(const char *id, struct client *c)
{
	memset(c, 0, sizeof(*c));
	return (strcmp(id, "c1") == 0 ? 0 : -1);
}

const char *
client_add(const char *name, const char *const *redirect, unsigned int n,
    char *secret, size_t size, char id[40])
{
	if (strncmp(redirect[0], "http", 4) != 0)
		return ("redirect URI: not good");
	snprintf(id, 40, "c9");
	if (secret != NULL)
		snprintf(secret, size, "ks_secret");
	store_put(DB_META, "client", 6, name, strlen(name) + 1);
	return (NULL);
}

int
grant_get(const uint8_t id[GRANT_LEN], struct grant_rec *g,
    struct family_rec *f)
{
	return (-1);
}

int
grant_walk(enum gi gi, const char *subject, int (*fn)(void *,
    const struct grant_rec *, const struct family_rec *), void *arg)
{
	return (0);
}

int
keys_line(unsigned int i, char *out, size_t size)
{
	snprintf(out, size, "digest\tdigest-1\tused\t-");
	return (i < 2 ? 0 : -1);
}

static operator_fn	*stub_operator;
static void		*stub_operator_arg;

static void
stub_operator_after(void *arg, int ok)
{
	static const uint8_t	handle[HANDLE_LEN] = { 1, 2, 3 };

	stub_operator(stub_operator_arg, arg != NULL ? handle : NULL,
	    "no such user, or disabled");
}

void
handle_operator(const char *name, operator_fn *fn, void *arg)
{
	stub_operator = fn;
	stub_operator_arg = arg;
	store_after(stub_operator_after, strcmp(name, "anna") == 0 ?
	    stub_dir : NULL);
}

static user_hashed_fn	*stub_hashed;
static void		*stub_hashed_arg;

static void
stub_hash_after(void *arg, int ok)
{
	struct user_password	p;

	memset(&p, 0, sizeof(p));
	p.ln = 16;
	memset(p.verifier, 7, sizeof(p.verifier));
	stub_hashed(stub_hashed_arg, &p);
}

int
user_hash(const char *password, user_hashed_fn *fn, void *arg)
{
	stub_hashed = fn;
	stub_hashed_arg = arg;
	store_after(stub_hash_after, NULL);
	return (0);
}

void
user_set_password(struct user *u, const struct user_password *p)
{
	u->epoch++;
	u->password_at = stub_now;
	memcpy(u->verifier, p->verifier, sizeof(u->verifier));
}

/* ---- keys ---- */

const struct msg_conf_authd *
auth_conf(void)
{
	static const struct msg_conf_authd conf = { .access_s = 60 };

	return (&conf);
}

const char *
sign_rotate(int64_t now, char kid[48])
{
	snprintf(kid, 48, "a-new-key");
	return (NULL);
}

int
sign_retire(int64_t now, int64_t overlap, char kid[48])
{
	return (0);
}

int64_t
sign_made(void)
{
	return (0);
}

int
keys_archive(int fd)
{
	return (3);
}

void
workers_jwks(void)
{
}

/* ---- keepctl's end ---- */

static void
stub_line(struct chan *c, struct msg *m)
{
	const struct msg_ctl_line *l = m->data;

	ctl_nlines++;
	if (strlen(ctl_lines) + strlen(l->text) + 2 < sizeof(ctl_lines)) {
		strcat(ctl_lines, l->text);
		strcat(ctl_lines, "\n");
	}
}

static void
stub_done(struct chan *c, struct msg *m)
{
	memcpy(&ctl_answer, m->data, sizeof(ctl_answer));
	ctl_finished = 1;
	ev_stop(0);
}

static void
stub_end(struct chan *c, enum chan_end how, const char *why)
{
	ctl_ended = 1;
	ctl = NULL;
	ev_stop(0);
}

static const struct chan_handler stub_handlers[] = {
	{ MSG_CTL_LINE, stub_line }, { MSG_CTL_DONE, stub_done }, { 0, NULL }
};
static const struct chan_ops stub_ops = { stub_handlers, stub_end };

static void
stub_tick(struct ev_timer *t)
{
	ev_stop(1);
}

static void
stub_run(uint64_t ms)
{
	struct ev_timer	t;

	ev_timer_init(&t, stub_tick, NULL);
	ev_timer_set(&t, ms);
	ev_run();
	ev_timer_del(&t);
}

static void
stub_connect(void)
{
	struct sockaddr_un	sun;
	int			fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/sock", stub_dir);
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1 ||
	    connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    fd_nonblock(fd) == -1)
		abort();
	ctl = chan_new(fd, CK_CTL_AUTHD, SIDE_FIRST, &stub_ops, NULL);
	chan_setstate(ctl, CS_RUN);
	ctl_ended = 0;
}

/* Give a command and wait for its end: its status, or -1. */
static int
stub_command(const struct msg_ctl *m)
{
	ctl_lines[0] = '\0';
	ctl_nlines = 0;
	ctl_finished = 0;
	stub_asked[0] = '\0';
	memset(&ctl_answer, 0, sizeof(ctl_answer));
	if (ctl == NULL)
		stub_connect();
	chan_send(ctl, MSG_CTL, 0, m);
	stub_run(10000);
	return (ctl_finished ? (int)ctl_answer.status : -1);
}

static void
stub_start(void)
{
	struct sockaddr_un	sun;
	struct stat		st;
	int			fd;

	snprintf(stub_dir, sizeof(stub_dir), "%s/keepd-unit.XXXXXX",
	    stat("/dev/shm", &st) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(stub_dir) == NULL)
		abort();
	store_open(stub_dir, 16);
	user_start(15);
	audit_start(30);
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/sock", stub_dir);
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1 ||
	    bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    listen(fd, 16) == -1)
		abort();
	ctl_listen(fd);
}

static void
stub_stop(void)
{
	char	cmd[128];

	if (ctl != NULL)
		chan_close(ctl);
	ctl = NULL;
	stub_run(20);
	audit_stop();
	store_close();
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", stub_dir);
	if (system(cmd) != 0)
		abort();
}

#endif
