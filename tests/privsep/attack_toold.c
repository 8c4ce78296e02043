/* SPDX-License-Identifier: ISC */
/*
 * attack_toold.c: what a hijacked toold may try.  It owns the artifacts and
 * can spoil them; it must not get a token, sign, speak for a grant that it
 * was never shown, keep a revocation from taking effect, or touch another
 * process.  What breaks a rule costs it its life; master starts it anew.
 */
#include <sys/syscall.h>

#include <fcntl.h>
#include <signal.h>

#include "rig.h"

static uint8_t	zeroes[8192];
static long	expect_authd, expect_master, expect_records;

/* A toold that has taken authd's channel. */
static struct puppet *
ready_get(void)
{
	struct puppet	*p = puppet_get();

	if (!puppet_last(p, MSG_ROLES_END, NULL, NULL, 0))
		die("toold did not get its roles");
	return (p);
}

static void
ends(struct puppet *p, const char *what)
{
	expect_authd++;
	ok(puppet_dies(p), "to authd: %s ends it", what);
}

static void
frames(void)
{
	static const struct {
		uint32_t	 type;
		const char	*what;
		int		 nfds;
	} t[] = {
		{ MSG_TOKEN, "asking for a token as a listener would", 0 },
		{ MSG_CTL, "asking for an operator's handle", 0 },
		{ MSG_OPEN, "an OPEN of its own making", 0 },
		{ MSG_CLOSE_ACK, "acknowledging what was not closed", 0 },
		{ MSG_HELLO_ACK, "HELLO_ACK a second time", 0 }
	};
	struct puppet	*p;
	size_t		 i;

	for (i = 0; i < COUNT(t); i++) {
		p = ready_get();
		frame_send(p, PC_AUTHD, t[i].type, 0xffff, zeroes,
		    msg_row(t[i].type)->size);
		ends(p, t[i].what);
	}
	p = ready_get();
	frame_raw(p, PC_AUTHD, MSG_CLOSE_ACK, 1, zeroes,
	    sizeof(struct msg_close_ack), 0, 1);
	ends(p, "a descriptor");
}

/* authd starts anew: its first message has not been answered. */
static void
before_hello(void)
{
	struct puppet		*p = ready_get();
	struct msg_close_ack	 a = { 0, 0 };
	int64_t			 old, g;
	int			 i;

	puppet_op(p, PO_AUTO, PC_AUTHD, 0, NULL);
	old = puppet_generation(p, PC_AUTHD);
	kill(atoi(getenv("K_AUTHD")), SIGKILL);
	for (i = 0; i < 500; i++) {
		g = puppet_generation(p, PC_AUTHD);
		if (g != old && puppet_op(p, PO_INFO, PC_AUTHD, 0, NULL) > 0)
			break;
		nap(10);
	}
	frame_send(p, PC_AUTHD, MSG_CLOSE_ACK, 1, &a, sizeof(a));
	ends(p, "an acknowledgement before it took the channel");
}

/* ---- audit records ---- */

struct batch {
	struct msg_audit	 head;
	struct audit_event	 e;
	char			 text[16];
};

static void
batch_fill(struct batch *b, uint64_t number, uint16_t event)
{
	memset(b, 0, sizeof(*b));
	b->head.nevents = 1;
	b->head.batch = number;
	b->head.bytes = sizeof(b->e) + sizeof(b->text);
	b->e.num = number;
	b->e.time_ms = 1764000000000LL;
	b->e.event = event;
	b->e.outcome = AO_OK;
	b->e.tool_len = 8;
	b->e.target_len = 8;
	memcpy(b->text, "get_roleforged!!", 16);
}

static void
audit_forgery(void)
{
	static const uint16_t kinds[] = { AK_SIGNIN, AK_ADMIN, AK_VIOLATION };
	struct puppet	*p = ready_get();
	struct batch	 b;
	size_t		 i;
	long		 before = audits("violation");

	/* A grant that there is not: kept, as toold's own violation. */
	batch_fill(&b, 7, AK_CHANGE);
	memset(b.e.grant, 0x12, sizeof(b.e.grant));
	frame_send(p, PC_AUTHD, MSG_AUDIT, 0, &b, sizeof(b));
	ok(puppet_last(p, MSG_AUDIT_ACK, NULL, NULL, 0),
	    "control: a record that it may send is acknowledged");
	expect_records++;
	ok(shell_number("$K_CTL -j audit tail -n 1000 | grep forged | "
	    "grep -c '\"user\"'") == 0 && audits("violation") == before + 1,
	    "a call of a grant it was never shown is recorded as its own "
	    "violation, with nobody's name");
	frame_send(p, PC_AUTHD, MSG_AUDIT, 0, &b, sizeof(b));
	ends(p, "the same batch once more");
	for (i = 0; i < COUNT(kinds); i++) {
		p = ready_get();
		batch_fill(&b, 9 + i, kinds[i]);
		frame_send(p, PC_AUTHD, MSG_AUDIT, 0, &b, sizeof(b));
		ends(p, kinds[i] == AK_SIGNIN ? "a sign-in, reported" :
		    kinds[i] == AK_ADMIN ? "a command of the admin, reported" :
		    "a violation of others, reported");
	}
	p = ready_get();
	batch_fill(&b, 20, AK_TOOL_CALL);
	b.e.detail_len = 500;
	frame_send(p, PC_AUTHD, MSG_AUDIT, 0, &b, sizeof(b));
	ends(p, "a record that is longer than its batch");
}

/* ---- revocation ---- */

static int
accepted(const char *token)
{
	return (shell_number("curl -s -m 3 -o /dev/null -w '%%{http_code}' "
	    "-H 'Authorization: Bearer %s' -H 'Content-Type: application/"
	    "json' -H 'Accept: application/json, text/event-stream' "
	    "-d '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}' "
	    "$K_URL/mcp", token) != 401);
}

static void
deaf_to_close(void)
{
	struct puppet	*p = ready_get();
	struct msg_open	 o;
	char		 token[4096];

	snprintf(token, sizeof(token), "%s", shell("$K_NODE $K_TESTS/privsep/"
	    "signin.mjs designer $K_PW_DESIGNER"));
	token[strcspn(token, "\n")] = '\0';
	ok(strlen(token) > 100, "control: a sign-in through honest listeners");
	ok(accepted(token), "control: its token is accepted");
	ok(puppet_last(p, MSG_OPEN, NULL, &o, sizeof(o)) &&
	    strcmp(o.user, "designer") == 0,
	    "control: toold is told who it is, in OPEN");
	puppet_op(p, PO_AUTO, PC_AUTHD, 0, NULL);
	ok(shell_number("$K_CTL grant revoke -u designer >/dev/null 2>&1; "
	    "echo $?") == 0,
	    "a toold that acknowledges nothing does not hold up a revocation");
	ok(puppet_dies(p), "but ends by it");
	p = ready_get();
	ok(!accepted(token), "and the token is not accepted any more");
	puppet_put(p);
}

/* ---- the listeners ---- */

static void
to_listeners(void)
{
	struct puppet	*p = ready_get();
	struct msg_answer a;
	int64_t		 g;
	int		 i;

	for (i = 0; i < 300 && puppet_op(p, PO_INFO, PC_WORKER, 0, NULL) ==
	    -1; i++)
		nap(10);
	memset(&a, 0, sizeof(a));
	a.status = 200;
	g = puppet_generation(p, PC_WORKER);
	frame_send(p, PC_WORKER, MSG_JWKS, 0, zeroes,
	    sizeof(struct msg_jwks));
	for (i = 0; i < 300 && puppet_generation(p, PC_WORKER) == g; i++)
		nap(10);
	ok(puppet_generation(p, PC_WORKER) != g,
	    "keys of its own for a listener end that channel, both ways");
	nap(200);
	ok(shell_number("curl -s -m 5 $K_URL/jwks.json | grep -c ES256") == 1,
	    "and the listeners show authd's keys as before");
	puppet_put(p);
}

static void
to_master(void)
{
	struct puppet		*p = puppet_get();
	struct msg_worker	 w;

	memset(&w, 0, sizeof(w));
	w.generation = (uint64_t)puppet_generation(p, PC_WORKER);
	frame_send(p, PC_MASTER, MSG_WORKER_ACK, 0, &w, sizeof(w));
	expect_master++;
	ok(puppet_dies(p), "to master: an acknowledgement out of turn ends it");
	p = puppet_get();
	frame_send(p, PC_MASTER, MSG_PEER_STUCK, 0, zeroes,
	    sizeof(struct msg_peer));
	expect_master++;
	ok(puppet_dies(p), "to master: asking for another's end ends it");
}

#define D	PUPPET_DATA
static const struct sysrow calls[] = {
	{ "socket", { SYS_socket, AF_INET, SOCK_STREAM, 0 }, "" },
	{ "openat for writing", { SYS_openat, AT_FDCWD, D, O_RDWR },
	    "/etc/passwd" },
	{ "execve", { SYS_execve, D, 0, 0 }, "/bin/sh" },
	{ "kill of authd", { SYS_kill, -1001, 9 }, "" },
	{ "ptrace of authd", { SYS_ptrace, 16, -1001, 0, 0 }, "" }
};

/* Each in an instance of its own, for master lets the dying wait. */
static void
part_system(void)
{
	to_listeners();
	to_master();
	expect_master += calls_kill(calls, COUNT(calls));
}

static const struct {
	const char	*name;
	void		(*fn)(void);
} parts[] = {
	{ "frames", frames }, { "audit", audit_forgery },
	{ "revocation", deaf_to_close }, { "system", part_system },
	{ "before", before_hello }
};

int
main(int argc, char **argv)
{
	size_t	i;

	signal(SIGPIPE, SIG_IGN);
	rig_listen("toold", 0);
	shell("kill -9 $K_VICTIMS");
	for (i = 0; argc > 1 && i < COUNT(parts); i++)
		if (strcmp(parts[i].name, argv[1]) == 0)
			parts[i].fn();
	nap(200);
	equal("authd counted each", violations("authd"), expect_authd);
	equal("master counted its own, and the killed",
	    violations("keepd"), expect_master);
	equal("and each left one audit record", audits("violation"),
	    expect_authd + expect_master + expect_records);
	return (done());
}
