/* SPDX-License-Identifier: ISC */
/*
 * attack_pwhash.c: what a hijacked pwhash may try.  It sees the passwords
 * that are tried while it is hijacked, and can answer wrongly; it must not
 * sign anybody in whose right bytes it never saw, get anything else from
 * authd, hold up those who are signed in, or touch another process.
 */
#include <sys/syscall.h>

#include <fcntl.h>
#include <signal.h>

#include "rig.h"

static uint8_t	zeroes[4096];
static long	expect_authd, expect_master;

static int
signs_in(const char *user, const char *password)
{
	return (strncmp(shell("$K_NODE $K_TESTS/privsep/signin.mjs %s %s",
	    user, password), "no", 2) != 0);
}

static void
frames(void)
{
	static const struct {
		uint32_t	 type;
		const char	*what;
		int		 nfds;
	} t[] = {
		{ MSG_HASHED, "a hash that nobody asked for", 0 },
		{ MSG_TOKEN, "asking for a token", 0 },
		{ MSG_HASHED, "a descriptor", 1 },
		{ MSG_AUDIT, "an audit record", 0 }
	};
	struct puppet	*p;
	size_t		 i;

	for (i = 0; i < COUNT(t); i++) {
		p = puppet_get();
		frame_raw(p, PC_AUTHD, t[i].type, 77, zeroes,
		    msg_row(t[i].type)->size, 0, t[i].nfds);
		expect_authd++;
		ok(puppet_dies(p), "to authd: %s ends it", t[i].what);
	}
	p = puppet_get();
	frame_send(p, PC_MASTER, MSG_WORKER_GONE, 0, zeroes,
	    sizeof(struct msg_worker));
	expect_master++;
	ok(puppet_dies(p), "to master: what is not its message ends it");
}

static void
wrong_hashes(void)
{
	struct puppet	*p = puppet_get();
	int		 b, n = 0;

	for (b = 0; b < 4; b++) {
		puppet_op(p, PO_HASH, PC_AUTHD, b * 85, NULL);
		n += signs_in("designer", getenv("K_PW_DESIGNER"));
	}
	ok(n == 0, "bytes of its choice sign nobody in, not even with the "
	    "right password");
	/* Who sets a password while it is hijacked has it from pwhash. */
	puppet_op(p, PO_HASH, PC_AUTHD, 0x5a, NULL);
	shell("printf '%%s\\n' a-new-password-1 | $K_CTL user add late "
	    "designer - 2>&1");
	ok(signs_in("late", "a-new-password-1"), "control: as long as its "
	    "answers are the same, sign-ins go on");
	puppet_put(p);
}

static void
silent(void)
{
	struct puppet	*p = puppet_get();

	puppet_op(p, PO_AUTO, PC_AUTHD, 0, NULL);
	shell("(timeout 3 $K_NODE $K_TESTS/privsep/signin.mjs designer x "
	    ">/dev/null 2>&1 &)");
	nap(500);
	ok(shell_number("curl -s -m 2 -o /dev/null -w '%%{http_code}' "
	    "$K_URL/healthz") == 200,
	    "one that does not answer holds up no other service");
	puppet_put(p);
}

#define D	PUPPET_DATA
static const struct sysrow calls[] = {
	{ "socket", { SYS_socket, AF_INET, SOCK_STREAM, 0 }, "" },
	{ "openat", { SYS_openat, AT_FDCWD, D, O_RDONLY }, "/etc/passwd" },
	{ "kill of authd", { SYS_kill, -1001, 9 }, "" }
};

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	rig_listen("pwhash", 0);
	ok(signs_in("designer", getenv("K_PW_DESIGNER")),
	    "control: the honest one lets the right password in");
	shell("kill -9 $K_VICTIMS");
	frames();
	wrong_hashes();
	silent();
	expect_master += calls_kill(calls, COUNT(calls));
	nap(300);
	equal("authd counted each", violations("authd"), expect_authd);
	equal("master counted its own, and the killed",
	    violations("keepd"), expect_master);
	equal("and each left one audit record", audits("violation"),
	    expect_authd + expect_master);
	return (done());
}
