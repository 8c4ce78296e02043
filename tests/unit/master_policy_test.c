/* SPDX-License-Identifier: ISC */
/*
 * master_policy_test.c: master's filter is inherited by the children that
 * it starts later, so each of their calls must be in it; and what no child
 * needs must not be.  Also: what a missing layer costs.
 */
/* link: master/policy.o master/promise.o authd/policy.o authd/pwhash/policy.o authd/signd/policy.o toold/policy.o toold/logdir.o master/listener/policy.o master/conf.o master/conf_check.o master/conf_value.o */
#include "t.h"

#include "master/keepd.h"
#include "sandbox.h"

extern const struct sandbox_policy authd_policy, pwhash_policy, signd_policy,
    toold_policy;
const struct sandbox_policy *listener_policy(void);

struct master		 master;
static struct proc	 procs[2];

struct proc *
proc_at(unsigned int i)
{
	return (i < COUNT(procs) ? &procs[i] : NULL);
}

static const struct sc_rule *
rule_find(const struct sandbox_policy *p, const char *name)
{
	const struct sc_rule	*r;

	for (r = p->calls; r->name != NULL; r++)
		if (strcmp(r->name, name) == 0)
			return (r);
	return (NULL);
}

static void
covers(const struct sandbox_policy *child)
{
	const struct sc_rule	*r, *mine;

	assert_non_null(child->calls[0].name);
	for (r = child->calls; r->name != NULL; r++) {
		mine = rule_find(&master_policy, r->name);
		if (mine == NULL)
			fail_msg("%s: %s is not in master's list",
			    child->role, r->name);
		if (mine->arg != SA_ANY && mine->arg != r->arg)
			fail_msg("%s: %s is narrower in master's list",
			    child->role, r->name);
	}
}

static void
children_are_covered(void **state)
{
	covers(&authd_policy);
	covers(&pwhash_policy);
	covers(&signd_policy);
	covers(&toold_policy);
	covers(listener_policy());
}

static void
nothing_more_than_needed(void **state)
{
	static const char *const never[] = { "ptrace", "mount", "umount2",
	    "pivot_root", "setns", "bpf", "kexec_load", "init_module",
	    "finit_module", "delete_module", "process_vm_readv",
	    "process_vm_writev", "perf_event_open", "userfaultfd", "keyctl",
	    "add_key", "reboot", "swapon", "iopl", "ioperm", "mknod",
	    "mknodat", "personality", "bind", "listen", "io_uring_setup",
	    "open_by_handle_at", "settimeofday", "clock_settime" };
	const struct sc_rule *r;
	size_t	 i;

	for (i = 0; i < COUNT(never); i++)
		assert_null(rule_find(&master_policy, never[i]));
	/* No call twice: the narrower row would mean nothing. */
	for (r = master_policy.calls; r->name != NULL; r++)
		assert_ptr_equal(rule_find(&master_policy, r->name), r);
	assert_int_equal(rule_find(&master_policy, "socket")->arg, SA_UNIX);
}

#define ALL_LINUX	(LAYER_UID | LAYER_CHROOT | LAYER_NNP | \
			    LAYER_NODUMP | LAYER_RLIMIT | LAYER_LANDLOCK | \
			    LAYER_SECCOMP)

static const char *
lost(enum conf_role role, uint32_t have)
{
	static char	text[80];

	memset(procs, 0, sizeof(procs));
	procs[0].role = role;
	procs[0].have_layers = 1;
	procs[0].layers.have = have;
	return (promises_lost(NULL, text, sizeof(text)));
}

static void
promises_follow_layers(void **state)
{
	int	role;

	for (role = 0; role < CR_MAX; role++) {
		assert_string_equal(lost((enum conf_role)role, ALL_LINUX), "");
		/* All under one user, without a root of their own. */
		assert_string_equal(lost((enum conf_role)role, ALL_LINUX &
		    ~(uint32_t)(LAYER_UID | LAYER_CHROOT)), "");
	}
	assert_string_equal(lost(CR_LISTENER,
	    ALL_LINUX & ~(uint32_t)LAYER_SECCOMP), "P5");
	assert_string_equal(lost(CR_LISTENER, ALL_LINUX & ~(uint32_t)
	    (LAYER_LANDLOCK | LAYER_UID | LAYER_CHROOT)), "P1 P4 P5 P10");
	assert_string_equal(lost(CR_AUTHD, ALL_LINUX & ~(uint32_t)
	    (LAYER_NODUMP | LAYER_UID)), "P1 P14");
	assert_string_equal(lost(CR_PWHASH,
	    ALL_LINUX & ~(uint32_t)LAYER_RLIMIT), "P11");
	assert_string_equal(lost(CR_TOOLD, 0), "P1 P4 P7 P10 P11 P14");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(children_are_covered),
		cmocka_unit_test(nothing_more_than_needed),
		cmocka_unit_test(promises_follow_layers)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
