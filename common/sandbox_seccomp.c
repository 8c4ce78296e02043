/* SPDX-License-Identifier: ISC */
/*
 * sandbox_seccomp.c: the system call list of a role, by libseccomp.  Runs in
 * every process at its start.  What is not in the list kills the process;
 * with SBO_TRAP (tests) it is named on standard error first.
 */
#ifdef __linux__
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "msg.h"
#include "sandbox_linux.h"

static int	stage_loaded;

/* Only async-signal-safe calls, and only write(2) is sure to be allowed. */
static void
trap_report(int sig, siginfo_t *si, void *ctx)
{
	char	text[] = "sandbox: forbidden system call 0000\n";
	int	n = si->si_syscall, i;

	for (i = (int)sizeof(text) - 3; n > 0 && text[i] == '0'; i--) {
		text[i] = (char)('0' + n % 10);
		n /= 10;
	}
	if (write(STDERR_FILENO, text, sizeof(text) - 1) == -1)
		_exit(1);
	_exit(1);
}

static void
trap_install(void)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = trap_report;
	sa.sa_flags = SA_SIGINFO;
	if (sigaction(SIGSYS, &sa, NULL) == -1)
		fatal("SIGSYS");
}

struct arg_rule {			/* one allowed combination */
	enum sc_arg	arg;
	unsigned int	n;
	struct scmp_arg_cmp cmp[2];
};
#define EQ(a, v)	{ (a), SCMP_CMP_EQ, (v), 0 }
#define MASK(a, m, v)	{ (a), SCMP_CMP_MASKED_EQ, (m), (v) }

static const struct arg_rule arg_rules[] = {
	{ SA_NO_EXEC, 1, { MASK(2, PROT_EXEC, 0) } },
	{ SA_TCP_NODELAY, 2, { EQ(1, IPPROTO_TCP), EQ(2, TCP_NODELAY) } },
	{ SA_GETERR, 2, { EQ(1, SOL_SOCKET), EQ(2, SO_ERROR) } },
	{ SA_GETERR, 2, { EQ(1, SOL_SOCKET), EQ(2, SO_PEERCRED) } },
	{ SA_FCNTL_FL, 1, { EQ(1, F_GETFL) } },
	{ SA_FCNTL_FL, 1, { EQ(1, F_SETFL) } },
	{ SA_FCNTL_FL, 1, { EQ(1, F_GETFD) } },
	{ SA_FCNTL_FL, 1, { EQ(1, F_SETFD) } },
	{ SA_FCNTL_FL, 1, { EQ(1, F_GETLK) } },
	{ SA_FCNTL_FL, 1, { EQ(1, F_SETLK) } },
	{ SA_FCNTL_FL, 1, { EQ(1, F_SETLKW) } },
	{ SA_MADV_FREE, 1, { EQ(2, MADV_DONTNEED) } },
	{ SA_MADV_FREE, 1, { EQ(2, MADV_FREE) } },
	{ SA_MADV_FREE, 1, { EQ(2, MADV_DONTDUMP) } },
	{ SA_UNIX, 1, { EQ(0, AF_UNIX) } },
};

/* Flags that open for reading and nothing else; O_NOFOLLOW must be there. */
#define OPEN_TO_READ	(O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_DIRECTORY | \
			    O_LARGEFILE)

/*
 * The directory is a number of this run, so the rule is made here.  A filter
 * cannot see the path, which may be absolute or climb: that nothing else can
 * be opened is Landlock's part, and without it there must be no directory.
 */
static int
rule_below(scmp_filter_ctx ctx, int nr, const struct sandbox_policy *p)
{
	int	fd = p->dirfd != NULL ? p->dirfd() : -1;

	if (fd == -1)
		return (0);
	return (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 2,
	    SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffffU, (scmp_datum_t)fd),
	    SCMP_A2(SCMP_CMP_MASKED_EQ,
	    0xffffffffU & ~(scmp_datum_t)OPEN_TO_READ, O_NOFOLLOW)) == 0 ?
	    1 : -1);
}

static int
rule_add(scmp_filter_ctx ctx, const struct sc_rule *r,
    const struct sandbox_policy *p)
{
	size_t	i;
	int	nr, rv = 0;

	nr = seccomp_syscall_resolve_name(r->name);
	if (nr == __NR_SCMP_ERROR || nr < 0)
		return (0);		/* not on this architecture */
	if (r->arg == SA_BELOW)
		return (rule_below(ctx, nr, p));
	if (r->arg == SA_ANY || r->arg == SA_CLOCK)
		return (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0) == 0 ?
		    1 : -1);
	for (i = 0; i < sizeof(arg_rules) / sizeof(arg_rules[0]); i++) {
		if (arg_rules[i].arg != r->arg)
			continue;
		rv = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, nr,
		    arg_rules[i].n, arg_rules[i].cmp);
		if (rv != 0)
			return (-1);
	}
	return (1);
}

/* The second filter is loaded through these, so the first allows them. */
static const struct sc_rule loader_rules[] = {
	{ "seccomp", SC_ENTER, SA_ANY }, { "prctl", SC_ENTER, SA_ANY },
	{ "brk", SC_ENTER, SA_ANY }, { "mmap", SC_ENTER, SA_NO_EXEC },
	{ "munmap", SC_ENTER, SA_ANY }, { NULL, 0, SA_ANY }
};

static int
rules_add(scmp_filter_ctx ctx, const struct sc_rule *r, int stage,
    const struct sandbox_policy *p)
{
	int	n = 0, one;

	for (; r->name != NULL; r++) {
		if (stage == SC_RUN && r->when != SC_RUN)
			continue;
		/* Until then the call itself is open. */
		if (stage == SC_ENTER && r->arg == SA_BELOW)
			continue;
		if ((one = rule_add(ctx, r, p)) == -1)
			fatalx("sandbox: rule for %s", r->name);
		n += one;
	}
	return (n);
}

/* A list without rows of the first stage is final at once. */
static int
stage_needed(const struct sandbox_policy *p, int stage)
{
	const struct sc_rule	*r;
	int			 enter_rows = 0;

	for (r = p->calls; r->name != NULL; r++)
		enter_rows |= r->when == SC_ENTER;
	if (!enter_rows)
		return (stage == SC_ENTER ? SC_RUN : 0);
	return (stage);
}

static int
filter_load(const struct sandbox_policy *p, int stage, uint32_t bad)
{
	scmp_filter_ctx	ctx;
	int		n = 0, rv = -1;

	if ((ctx = seccomp_init(bad)) == NULL)
		return (-1);
#ifdef SCMP_FLTATR_CTL_OPTIMIZE
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
#endif
#ifdef SANDBOX_EMPTY_FILTER
	/* For the test that shows the other tests can fail. */
	seccomp_release(ctx);
	return (1);
#endif
	if (stage == SC_ENTER)
		rules_add(ctx, loader_rules, stage, p);
	n = rules_add(ctx, p->calls, stage, p);
	if (seccomp_load(ctx) == 0)
		rv = n;
	seccomp_release(ctx);
	return (rv);
}

void
seccomp_apply(const struct sandbox_policy *p, const struct sandbox_opts *o,
    int stage, struct sandbox_got *got)
{
	uint32_t	bad = SCMP_ACT_KILL_PROCESS;
	int		n;

#ifdef KEEPD_SANITIZED
	/* The sanitizers' runtime makes calls of its own. */
	got->missing |= LAYER_SECCOMP;
	return;
#endif
	if ((stage = stage_needed(p, stage)) == 0)
		return;
	if (o->flags & SBO_ERRNO)
		bad = SCMP_ACT_ERRNO(EPERM);
	if (o->flags & SBO_TRAP) {
		bad = SCMP_ACT_TRAP;
		if (!stage_loaded)
			trap_install();
	}
	errno = ENOSYS;
	if (o->flags & SBO_NO_SECCOMP ||
	    (n = filter_load(p, stage, bad)) == -1) {
		sandbox_missing(got, LAYER_SECCOMP, "seccomp", 1);
		return;
	}
	stage_loaded = 1;
	got->syscalls = (uint32_t)n;
	got->have |= LAYER_SECCOMP;
}
#else
typedef int sandbox_seccomp_unused;
#endif
