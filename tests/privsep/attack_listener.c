/* SPDX-License-Identifier: ISC */
/*
 * attack_listener.c: what a hijacked listener may try, and what comes of it.
 * The puppets are listeners with the real sandbox and channels; one worker
 * stays honest and shows that the service goes on.  Each attack takes a
 * worker whose both channels are new; what it broke must cost it both, and
 * its process, and be counted and recorded.
 */
#include <sys/mman.h>
#include <sys/syscall.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>

#include "flow.h"

#define BIG	70000
static uint8_t	zeroes[BIG], ones[BIG];
static long	expect_authd, expect_toold, expect_master;

static const struct side {
	uint32_t	 ch;
	enum chan_kind	 kind;
	enum chan_side	 receiver;	/* which side we attack */
	const char	*name;
	long		*expect;
} sides[] = {
	{ PC_AUTHD, CK_LISTENER_AUTHD, SIDE_SECOND, "authd", &expect_authd },
	{ PC_TOOLD, CK_LISTENER_TOOLD, SIDE_SECOND, "toold", &expect_toold },
	{ PC_MASTER, CK_MASTER_LISTENER, SIDE_FIRST, "master",
	    &expect_master }
};

/* Sent: the worker must lose its life.  Counted for the totals. */
static int
caught(struct puppet *p, const struct side *s)
{
	(*s->expect)++;
	return (puppet_dies(p));
}

/* ---- every message that is not listed for this channel ---- */

static void
unlisted(const struct side *s)
{
	const struct msg_row	*row;
	struct puppet		*p;
	uint32_t		 t;
	int			 tried = 0, good = 0;

	for (t = 0; t <= MSG_MAX; t++) {
		row = msg_row(t);
		/* One of the gaps between the numbers stands for all. */
		if (row == NULL && t != 0 && t != 15 && t != MSG_MAX)
			continue;
		if (row != NULL && msg_allowed(row, s->kind, s->receiver,
		    CS_ANY))
			continue;
		p = puppet_get();
		frame_raw(p, s->ch, t, 1, zeroes, row != NULL ? row->size :
		    8, 0, row != NULL && row->flags & MSG_FD);
		tried++;
		good += caught(p, s);
	}
	ok(tried > 40 && good == tried,
	    "to %s: each of %d messages that are not for it ends the worker",
	    s->name, tried);
}

/* ---- what is listed, with a wrong shape ---- */

struct shape {
	const char	*name;
	size_t		(*len)(const struct msg_row *);
	const uint8_t	*bytes;
	uint32_t	 flags;
	int		 nfds;
};

static size_t
len_short(const struct msg_row *r)
{
	return (r->size - 1);
}

static size_t
len_long(const struct msg_row *r)
{
	return (r->size + 1);
}

static size_t
len_right(const struct msg_row *r)
{
	return (r->size);
}

static const struct shape shapes[] = {
	{ "one byte too short", len_short, zeroes, 0, 0 },
	{ "one byte too long", len_long, zeroes, 0, 0 },
	{ "every bit set", len_right, ones, 0, 0 },
	{ "a descriptor where none belongs", len_right, zeroes, 1, 1 },
	{ "a descriptor that the header denies", len_right, zeroes, 0, 1 },
	{ "sixteen descriptors", len_right, zeroes, 1, 16 },
	{ "unknown flags", len_right, zeroes, 4, 0 },
	{ "a continuation that is too short", len_right, zeroes, 2, 0 }
};

/* Does the shape break a rule of that message at all? */
static int
shape_breaks(const struct shape *sh, const struct msg_row *r)
{
	size_t	len = r->size == 0 && sh->len == len_short ? 0 : sh->len(r);

	if (r->size == 0 && sh->len == len_short)
		return (0);
	if (sh->flags != 0 || sh->nfds > 0)
		return (1);
	return (msg_check(r, len, 0, sh->bytes) != NULL);
}

static void
shape_try(const struct side *s, const struct shape *sh)
{
	const struct msg_row	*row;
	struct puppet		*p;
	size_t			 i;
	int			 tried = 0, good = 0;

	for (i = 0; (row = msg_row_at(i)) != NULL; i++) {
		if (!msg_allowed(row, s->kind, s->receiver, CS_RUN) ||
		    row->tail_max > 65536 || !shape_breaks(sh, row))
			continue;
		p = puppet_get();
		frame_raw(p, s->ch, row->type, 1, sh->bytes, sh->len(row),
		    sh->flags, sh->nfds);
		tried++;
		good += caught(p, s);
	}
	ok(tried > 0 && good == tried, "to %s: %s: %d messages, each ends "
	    "the worker", s->name, sh->name, tried);
}

/* A call's parts must add up, and no part may wrap around. */
static void
calls_malformed(void)
{
	struct puppet	*p;
	struct msg_call	 m;
	int		 i, good = 0;

	for (i = 0; i < 4; i++) {
		memset(&m, 0, sizeof(m));
		m.method = i == 0 ? 99 : HM_POST;
		m.flags = i == 1 ? 0x80000000U : 0;
		m.body_len = i == 2 ? 1 : 0;
		m.version_len = i == 3 ? 0xffffffffU : 0;
		m.mcp_method_len = i == 3 ? 1 : 0;
		p = puppet_get();
		frame_send(p, PC_TOOLD, MSG_CALL, 1, &m, sizeof(m));
		good += caught(p, &sides[1]);
	}
	ok(good == 4, "to toold: calls with impossible parts end the worker");
}

/* ---- master's own order of things ---- */

static void
master_order(void)
{
	static const struct {
		uint32_t	 type;
		const char	*name;
	} turns[] = {
		{ MSG_READY, "READY a second time" },
		{ MSG_CONF_READY, "CONF_READY that nobody asked for" },
		{ MSG_CONF_REFUSED, "CONF_REFUSED that nobody asked for" },
		{ MSG_LAYERS, "LAYERS a second time, with nicer layers" }
	};
	struct msg_worker	 w;
	struct puppet		*p, *q;
	size_t			 i;

	for (i = 0; i < COUNT(turns); i++) {
		p = puppet_get();
		frame_send(p, PC_MASTER, turns[i].type, 0, zeroes,
		    msg_row(turns[i].type)->size);
		ok(caught(p, &sides[2]), "to master: %s ends the worker",
		    turns[i].name);
	}
	p = puppet_get();
	q = puppet_get();
	memset(&w, 0, sizeof(w));
	w.generation = (uint64_t)puppet_generation(q, PC_AUTHD);
	frame_send(p, PC_MASTER, MSG_WORKER_GONE, 0, &w, sizeof(w));
	ok(caught(p, &sides[2]),
	    "to master: another worker's end, reported, ends the reporter");
	ok(frame_ask(q, PC_AUTHD, MSG_HEALTH, NULL, 0, NULL, 0) ==
	    MSG_HEALTH_OK, "and that other worker lives on");
	w.generation = 12345;
	frame_send(q, PC_MASTER, MSG_WORKER_GONE, 0, &w, sizeof(w));
	ok(frame_ask(q, PC_AUTHD, MSG_HEALTH, NULL, 0, NULL, 0) ==
	    MSG_HEALTH_OK, "the end of a worker that never was changes "
	    "nothing");
	puppet_put(q);
}

/* ---- handles ---- */

#define LIST	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}"
#define ECHO	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\","	\
		"\"params\":{\"name\":\"list_tables\",\"arguments\":{}}}"

static void
handles(void)
{
	static struct flow f, g;
	struct puppet	*a = puppet_get(), *b = puppet_get();
	uint8_t		 h[HANDLE_LEN], hb[HANDLE_LEN], x[HANDLE_LEN];
	static char	 out[65536];
	int		 i, unknown = 0;

	ok(flow_all(a, &f, "designer", getenv("K_PW_DESIGNER")) == 0,
	    "control: with a password that it was shown it gets a token");
	ok(flow_handle(a, f.access, h) == 0, "control: and a handle");
	ok(flow_call(a, h, ECHO, out, sizeof(out)) == MSG_ANSWER &&
	    strstr(out, "result") != NULL, "control: which calls a tool");
	ok(flow_call(b, h, ECHO, NULL, 0) == MSG_HANDLE_UNKNOWN,
	    "the handle of another worker is unknown");
	ok(flow_handle(b, f.access, hb) == 0 && memcmp(h, hb, sizeof(h)) != 0,
	    "each worker gets a handle of its own for the same token");
	for (i = 0; i < HANDLE_LEN * 8; i++) {
		memcpy(x, h, sizeof(x));
		x[i / 8] ^= (uint8_t)(1 << i % 8);
		unknown += flow_call(a, x, ECHO, NULL, 0) ==
		    MSG_HANDLE_UNKNOWN;
	}
	ok(unknown == HANDLE_LEN * 8,
	    "each of %d handles one bit away is unknown", unknown);
	ok(flow_call(a, h, ECHO, out, sizeof(out)) == MSG_ANSWER,
	    "control: the right one still works");
	/* Revoked: nobody accepts it any more. */
	shell("$K_CTL grant revoke -u designer");
	ok(flow_call(a, h, ECHO, NULL, 0) == MSG_HANDLE_UNKNOWN &&
	    flow_call(b, hb, ECHO, NULL, 0) == MSG_HANDLE_UNKNOWN,
	    "a revoked grant's handles are unknown on every worker");
	ok(flow_handle(a, f.access, x) == -1 && flow_handle(b, f.access, x)
	    == -1, "and its token gives no new one");
	/* What it carries dies with its channels. */
	ok(flow_all(a, &g, "designer", getenv("K_PW_DESIGNER")) == 0 &&
	    flow_handle(a, g.access, h) == 0 &&
	    flow_handle(b, g.access, hb) == 0, "control: another grant");
	frame_send(a, PC_AUTHD, MSG_OPEN, 0, zeroes, sizeof(struct msg_open));
	ok(caught(a, &sides[0]), "a forged OPEN costs the worker its life");
	a = puppet_get();
	ok(flow_call(a, h, ECHO, NULL, 0) == MSG_HANDLE_UNKNOWN &&
	    flow_call(b, h, ECHO, NULL, 0) == MSG_HANDLE_UNKNOWN,
	    "handles do not outlive the channel that they were given on");
	ok(flow_call(b, hb, ECHO, NULL, 0) == MSG_ANSWER,
	    "control: those of the other worker do");
	puppet_put(a);
	puppet_put(b);
}

/* Tokens that live for ten seconds, the least there is. */
static void
expired(void)
{
	static struct flow f;
	struct puppet	*p = puppet_get();
	uint8_t		 h[HANDLE_LEN], x[HANDLE_LEN];
	int		 i;

	ok(flow_all(p, &f, "viewer", getenv("K_PW_VIEWER")) == 0 &&
	    flow_handle(p, f.access, h) == 0 &&
	    flow_call(p, h, LIST, NULL, 0) == MSG_ANSWER,
	    "control: a short token works at first");
	for (i = 0; i < 150 && flow_call(p, h, LIST, NULL, 0) == MSG_ANSWER;
	    i++)
		nap(100);
	ok(flow_call(p, h, LIST, NULL, 0) == MSG_HANDLE_UNKNOWN,
	    "a handle ends with the token behind it");
	ok(flow_handle(p, f.access, x) == -1,
	    "and the expired token gives no new one");
	puppet_put(p);
}

/* ---- its time, where a life may carry three approvals ---- */

static void
life(void)
{
	static struct flow f[5];
	struct puppet	*p = puppet_get();
	uint8_t		 h[HANDLE_LEN];
	int64_t		 before, after;
	int		 i, n = 0;

	for (i = 0; i < 3; i++)
		n += flow_all(p, &f[i], "designer",
		    getenv("K_PW_DESIGNER")) == 0;
	ok(n == 3, "control: it carries three approvals");
	ok(flow_all(p, &f[3], "designer", getenv("K_PW_DESIGNER")) == -1,
	    "and no fourth");
	/* New channels, without breaking a rule: the same life. */
	before = puppet_generation(p, PC_AUTHD);
	frame_send(p, PC_MASTER, MSG_WORKER_GONE, 0, &(struct msg_worker){
	    .generation = (uint64_t)before }, sizeof(struct msg_worker));
	puppet_op(p, PO_CLOSE, PC_AUTHD, 0, NULL);
	puppet_op(p, PO_CLOSE, PC_TOOLD, 0, NULL);
	puppet_put(p);
	p = puppet_get();
	p->ended[PC_AUTHD] = p->ended[PC_TOOLD] = 0;
	p->inlen[PC_AUTHD] = p->inlen[PC_TOOLD] = 0;
	after = puppet_generation(p, PC_AUTHD);
	ok(after != before, "control: it has itself introduced anew");
	ok(flow_all(p, &f[4], "designer", getenv("K_PW_DESIGNER")) == -1,
	    "which brings it no approval more");
	ok(flow_handle(p, f[0].access, h) == 0, "control: what it saw works");
	shell("$K_CTL revoke --worker %lld", (long long)before);
	ok(flow_handle(p, f[0].access, h) == -1 &&
	    flow_handle(p, f[2].access, h) == -1,
	    "until what that worker carried is revoked");
	/* Started anew, as it is every hour, the count begins again. */
	shell("kill -9 %d", (int)p->hello.pid);
	ok(puppet_dies(p), "control: the process ends");
	p = puppet_get();
	ok(flow_all(p, &f[4], "designer", getenv("K_PW_DESIGNER")) == 0,
	    "a new life may carry approvals again");
	puppet_put(p);
}

/* ---- forms: what was not shown cannot be used ---- */

static void
forms(void)
{
	static struct flow f, g;
	struct puppet	*p = puppet_get();

	ok(flow_register(p, &f) == 0 && flow_authorize(p, &f) == 0,
	    "control: a registration and a sign-in page");
	g = f;
	ok(flow_signin(p, &g, "designer", "a guess") == SI_BAD,
	    "a guessed password is refused");
	ok(flow_view(p, &g) == -1 && flow_consent(p, &g) > 0,
	    "no consent without a password in the same authorization");
	g = f;
	g.page.cookie[5] ^= 1;
	ok(flow_signin(p, &g, "designer", getenv("K_PW_DESIGNER")) != SI_OK,
	    "a cookie of another browser does not fit");
	g = f;
	g.page.csrf[5] ^= 1;
	ok(flow_signin(p, &g, "designer", getenv("K_PW_DESIGNER")) != SI_OK,
	    "a form value of its own making does not fit");
	g = f;
	g.page.pending[40] ^= 1;
	ok(flow_signin(p, &g, "designer", getenv("K_PW_DESIGNER")) != SI_OK,
	    "nor does an authorization of its own making");
	ok(flow_signin(p, &f, "designer", getenv("K_PW_DESIGNER")) == SI_OK,
	    "control: the real ones do");
	g = f;
	ok(flow_signin(p, &g, "designer", getenv("K_PW_DESIGNER")) != SI_OK,
	    "and only once");
	memcpy(g.session, f.session, sizeof(g.session));
	g.session[5] ^= 1;
	ok(flow_view(p, &f) == 0, "control: the consent page");
	memcpy(g.csrf, f.csrf, sizeof(g.csrf));
	ok(flow_consent(p, &g) > 0, "a guessed session approves nothing");
	ok(flow_consent(p, &f) == 0, "control: the real one does");
	text_set(g.code, sizeof(g.code),
	    "kc_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	ok(flow_token(p, &g) == -1, "a guessed code gives no token");
	ok(flow_token(p, &f) == 0, "control: the real one does");
	puppet_put(p);
}

/* ---- floods, and not listening ---- */

static void
floods(void)
{
	static struct msg_token_check	 q;
	static struct msg_call		 c;
	struct puppet			*p = puppet_get(), *b = puppet_get();
	struct msg_log			 l;
	int				 i, sent = 0;

	memset(&q, 0, sizeof(q));
	text_set(q.token, sizeof(q.token), "eyJ.guess.guess");
	q.len = (uint32_t)strlen(q.token);
	/* It never reads an answer: theirs pile up until they stop. */
	for (i = 0; i < 60000; i++)
		if (frame_send(p, PC_AUTHD, MSG_TOKEN_CHECK, 1, &q,
		    sizeof(q)) > 0)
			sent++;
		else if (i - sent > 2000)
			break;
	ok(sent > 100 && sent < 60000,
	    "a worker that reads no answer is not read from any more "
	    "(after %d)", sent);
	ok(frame_ask(b, PC_AUTHD, MSG_HEALTH, NULL, 0, NULL, 0) ==
	    MSG_HEALTH_OK && serves(), "and the others are still served");
	c.method = HM_POST;
	for (i = 0, sent = 0; i < 60000; i++)
		if (frame_send(p, PC_TOOLD, MSG_CALL, 1, &c, sizeof(c)) > 0)
			sent++;
		else if (i - sent > 2000)
			break;
	ok(frame_ask(b, PC_TOOLD, MSG_HEALTH, NULL, 0, NULL, 0) ==
	    MSG_HEALTH_OK && serves(),
	    "the same with toold: the others are still served");
	memset(&l, 0, sizeof(l));
	l.level = 1;
	text_set(l.text, sizeof(l.text), "flood");
	for (i = 0; i < 20000; i++)
		frame_send(p, PC_MASTER, MSG_LOG, 0, &l, sizeof(l));
	nap(300);
	ok(shell_number("cat $K_DIR/logs/* | grep -c flood") < 3000,
	    "log lines are counted, not written, beyond the allowance");
	ok(serves(), "and master still serves");
	puppet_put(b);
}

/* ---- the log: nobody writes another's lines ---- */

static void
log_forgery(void)
{
	struct puppet	*p = puppet_get();
	struct msg_log	 l;

	memset(&l, 0, sizeof(l));
	l.level = 1;
	text_set(l.text, sizeof(l.text), "x\n2026-01-01T00:00:00Z info "
	    "authd: forged line\033[2J");
	frame_send(p, PC_MASTER, MSG_LOG, 0, &l, sizeof(l));
	nap(200);
	ok(shell_number("cat $K_DIR/logs/* | grep -c 'forged line'") >= 1,
	    "control: its log line is written");
	ok(shell_number("cat $K_DIR/logs/* | grep -c '^2026-01-01'") == 0 &&
	    shell_number("cat $K_DIR/logs/* | grep -c '\033'") == 0,
	    "under its own name, on one line, without control characters");
	puppet_put(p);
}

/* ---- system calls ---- */

static const struct sysrow calls[] = {
#define D	PUPPET_DATA
	{ "openat", { SYS_openat, AT_FDCWD, D, O_RDONLY }, "/etc/passwd" },
	{ "socket", { SYS_socket, AF_INET, SOCK_STREAM, 0 }, "" },
	{ "socket, Unix", { SYS_socket, AF_UNIX, SOCK_STREAM, 0 }, "" },
	{ "socketpair", { SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, D }, "" },
	{ "bind", { SYS_bind, -4, D, 16 }, "" },
	{ "connect", { SYS_connect, -4, D, 16 }, "" },
	{ "execve", { SYS_execve, D, 0, 0 }, "/bin/sh" },
	{ "clone", { SYS_clone, 17, 0, 0, 0, 0 }, "" },
	{ "kill of master", { SYS_kill, -1000, 9 }, "" },
	{ "kill of authd", { SYS_kill, -1001, 9 }, "" },
	{ "ptrace of authd", { SYS_ptrace, 16, -1001, 0, 0 }, "" },
	{ "process_vm_readv of authd", { SYS_process_vm_readv, -1001, D, 1,
	    D, 1, 0 }, "" },
	{ "pidfd_open of authd", { SYS_pidfd_open, -1001, 0 }, "" },
	{ "mmap of executable memory", { SYS_mmap, 0, 4096,
	    PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 },
	    "" },
	{ "mprotect", { SYS_mprotect, 0, 4096, PROT_EXEC }, "" },
	{ "memfd_create", { SYS_memfd_create, D, 0 }, "x" },
	{ "setuid", { SYS_setuid, 0 }, "" },
	{ "unshare", { SYS_unshare, 0x10000000 }, "" },
	{ "fcntl", { SYS_fcntl, -4, F_SETFL, 0 }, "" },
	{ "dup", { SYS_dup, -4 }, "" },
	{ "prctl", { SYS_prctl, 4, 1, 0, 0, 0 }, "" },
	{ "shutdown of the listening socket", { SYS_shutdown, -4, 2 }, "" },
	{ "listen on the listening socket", { SYS_listen, -4, 0 }, "" },
	{ "SO_RCVBUF of the listening socket", { SYS_setsockopt, -4,
	    SOL_SOCKET, SO_RCVBUF, D, 4 }, "" },
	{ "SO_ATTACH_FILTER on the listening socket", { SYS_setsockopt, -4,
	    SOL_SOCKET, SO_ATTACH_FILTER, D, 16 }, "" },
	{ "TCP_DEFER_ACCEPT of the listening socket", { SYS_setsockopt, -4,
	    IPPROTO_TCP, TCP_DEFER_ACCEPT, D, 4 }, "" },
	{ "ioctl of the listening socket", { SYS_ioctl, -4, 0x5421, D }, "" }
};

static void
system_calls(void)
{
	struct puppet	*p = puppet_get();
	int64_t		 rv;
	int		 err;
	int64_t		 brk[7] = { SYS_brk, 0 };
	int64_t		 opt[7] = { SYS_setsockopt, 0, IPPROTO_TCP,
			    TCP_NODELAY, D, 4, 0 };

	ok(puppet_call(p, brk, "", 1, &rv, &err) == 0 && rv > 0,
	    "control: a call of the list goes through");
	opt[1] = puppet_op(p, PO_INFO, PC_LISTEN, 0, NULL);
	ok(opt[1] > 2 && puppet_call(p, opt, "\1\0\0\0", 4, &rv, &err) == 0,
	    "control: so does TCP_NODELAY");
	puppet_put(p);
	expect_master += calls_kill(calls, COUNT(calls));
	ok(serves(), "the socket that all share still serves");
	ok(kill(atoi(getenv("K_AUTHD")), 0) == 0 &&
	    kill(atoi(getenv("K_MASTER")), 0) == 0,
	    "authd and master run on as the processes they were");
}

/* ---- good shapes with bad contents, to the real handlers ---- */

static uint64_t	seed = 88172645463325252ULL;

static uint32_t
rnd(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return ((uint32_t)(seed >> 16) % below);
}

/* Zeroes, some bytes and words of chance: until the row takes it. */
static int
content_make(const struct msg_row *row, uint8_t *body)
{
	size_t		i, n;
	uint32_t	w;
	int		tries;

	for (tries = 0; tries < 400; tries++) {
		memset(body, 0, row->size);
		for (n = rnd(12); n > 0 && row->size >= 4; n--) {
			i = rnd((uint32_t)(row->size / 4)) * 4;
			w = rnd(3) == 0 ? rnd(4) : rnd(3) != 0 ?
			    0x20 + rnd(95) : rnd(0xffffffffU);
			memcpy(body + i, &w, sizeof(w));
		}
		/* The head of a struct is where its counts are. */
		for (i = 0; i + 4 <= row->size && i < 64; i += 4)
			if (rnd(4) == 0) {
				w = rnd(8);
				memcpy(body + i, &w, sizeof(w));
			}
		if (msg_check(row, row->size, 0, body) == NULL)
			return (0);
	}
	return (-1);
}

static void
contents(const struct side *s, long rounds)
{
	static uint8_t		 body[70000];
	const struct msg_row	*row;
	struct puppet		*p = puppet_get();
	long			 i, sent = 0, ends = 0;

	for (i = 0; sent < rounds && i < 4 * rounds; i++) {
		do
			row = msg_row_at(rnd((uint32_t)msg_rows()));
		while (!msg_allowed(row, s->kind, s->receiver, CS_RUN) ||
		    row->flags & MSG_FD || row->size > sizeof(body) ||
		    row->type == MSG_CREDIT || row->type == MSG_READY ||
		    row->type == MSG_LAYERS ||
		    row->type == MSG_CONF_READY ||
		    row->type == MSG_CONF_REFUSED ||
		    row->type == MSG_WORKER_GONE);
		if (content_make(row, body) == -1)
			continue;
		if (frame_send(p, s->ch, row->type, rnd(100) + 1, body,
		    row->size) > 0)
			sent++;
		chan_fill(p, s->ch);
		p->inlen[s->ch] = 0;
		if (p->ended[s->ch] || puppet_op(p, PO_INFO, s->ch, 0,
		    NULL) < 0) {
			/* Beyond its shape: it may still break a rule. */
			ends++;
			(void)puppet_dies(p);
			p = puppet_get();
		}
	}
	ok(sent == rounds && ends < 50, "to %s: %ld messages of good shape "
	    "and bad content: %ld ended a worker", s->name, sent, ends);
	puppet_put(p);
	ok(serves(), "and the honest worker serves");
	ok(kill(atoi(getenv("K_AUTHD")), 0) == 0 &&
	    kill(atoi(getenv("K_TOOLD")), 0) == 0 &&
	    kill(atoi(getenv("K_MASTER")), 0) == 0,
	    "authd, toold and master are the processes that they were");
}

static void
mutate(void)
{
	size_t	i;

	for (i = 0; i < COUNT(sides); i++)
		contents(&sides[i], 10000);
}

/* ---- the sums ---- */

static void
sums(void)
{
	int	i;

	for (i = 0; i < 100 && audits("violation") < expect_authd +
	    expect_toold + expect_master; i++)
		nap(50);
	equal("authd counted each", violations("authd"), expect_authd);
	equal("toold counted each", violations("toold"), expect_toold);
	equal("master counted its own, what toold saw, and the killed",
	    violations("keepd"), expect_master + expect_toold);
	equal("and each left one audit record", audits("violation"),
	    expect_authd + expect_toold + expect_master);
	ok(serves(), "control: after all that the honest worker serves");
}

static void
all(void)
{
	size_t	i, j;

	handles();
	forms();
	for (i = 0; i < COUNT(sides); i++) {
		unlisted(&sides[i]);
		for (j = 0; j < COUNT(shapes); j++)
			shape_try(&sides[i], &shapes[j]);
		ok(serves(), "control: the honest worker serves");
	}
	calls_malformed();
	master_order();
	log_forgery();
	system_calls();
	sums();
	floods();
}

int
main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	memset(ones, 0xff, sizeof(ones));
	rig_listen("listener", 1);
	/* One is left as it is; the others come back as puppets. */
	rig_honest = 0;
	shell("kill -9 $K_VICTIMS");
	if (argc > 1 && strcmp(argv[1], "expired") == 0)
		expired();
	else if (argc > 1 && strcmp(argv[1], "life") == 0)
		life();
	else if (argc > 1 && strcmp(argv[1], "mutate") == 0)
		mutate();
	else
		all();
	return (done());
}
