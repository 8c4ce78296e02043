/* SPDX-License-Identifier: ISC */
/*
 * ctl_test.c: every command of authd's control socket.
 */
/* link: authd/rotate.o */
/* link: authd/ctl.o authd/ctl_user.o authd/ctl_grant.o authd/ctl_list.o */
/* link: authd/ctl_when.o authd/pwrules.o authd/user.o authd/limit.o */
/* link: authd/store.o authd/audit.o authd/audit_toold.o authd/audit_read.o */
/* link: authd/store_format.o authd/store_steps.o */
/* link: authd/audit_rec.o authd/backup.o -llmdb -lcrypto */
#include "t.h"

#include "ctl_stub.h"

static struct msg_ctl
cmd(uint32_t command, const char *name, const char *other)
{
	struct msg_ctl	m;

	memset(&m, 0, sizeof(m));
	m.command = command;
	text_set(m.name, sizeof(m.name), name);
	text_set(m.other, sizeof(m.other), other);
	return (m);
}

void
auth_toold_rest(void)
{
}

static int
run(uint32_t command, const char *name, const char *other)
{
	struct msg_ctl	m = cmd(command, name, other);

	return (stub_command(&m));
}

static int
run_text(uint32_t command, const char *name, const char *other,
    const char *text, uint32_t flags)
{
	struct msg_ctl	m = cmd(command, name, other);

	text_set(m.text, sizeof(m.text), text);
	m.flags = flags;
	return (stub_command(&m));
}

static int
run_password(uint32_t command, const char *name, const char *other,
    const char *password)
{
	struct msg_ctl	m = cmd(command, name, other);

	text_set(m.secret, sizeof(m.secret), password);
	return (stub_command(&m));
}

/* The last audit record, as a line. */
static const char *
last_record(void)
{
	struct msg_ctl	m = cmd(CTL_AUDIT, "", "");

	m.flags = CTLF_AUDIT_COUNT;
	m.number = 1;
	assert_int_equal(stub_command(&m), 0);
	assert_int_equal(ctl_nlines, 1);
	return (ctl_lines);
}

/* Let the loop run until it is so; not for ever. */
#define WAIT(cond) do {							\
	int	turn_;							\
									\
	for (turn_ = 0; turn_ < 4000 && !(cond); turn_++)		\
		stub_run(2);							\
	assert_true(cond);						\
} while (0)

#define SAYS(part)	assert_non_null(strstr(ctl_answer.text, part))
#define SHOWS(part)	assert_non_null(strstr(ctl_lines, part))
#define HIDES(part)	assert_null(strstr(ctl_lines, part))
#define ASKED(part)	assert_non_null(strstr(stub_asked, part))

static int
setup(void **state)
{
	stub_result = CLOSED_DONE;
	stub_start();
	assert_int_equal(run_password(CTL_USER_ADD, "anna", "designer",
	    "anna's password"), 0);
	return (0);
}

static int
teardown(void **state)
{
	stub_stop();
	return (0);
}

static void
users(void **state)
{
	assert_int_equal(run_password(CTL_USER_ADD, "ANNA", "",
	    "another password"), 1);
	SAYS("there is a user of that name");
	assert_int_equal(run_password(CTL_USER_ADD, "bert", "", "short"), 1);
	SAYS("at least 10 characters");
	assert_non_null(strstr(last_record(), "\tadmin\tinvalid\tuid "));
	HIDES("short");
	assert_int_equal(run_password(CTL_USER_ADD, "bert", "nosuch",
	    "bert's password"), 1);
	SAYS("there is no role nosuch");
	assert_int_equal(run_password(CTL_USER_ADD, "bert", "",
	    "bert's password"), 0);
	assert_int_equal(run(CTL_USER_LIST, "", ""), 0);
	assert_int_equal(ctl_nlines, 2);
	SHOWS("anna\tenabled\tdesigner\t");
	SHOWS("bert\tenabled\t-\t");
	HIDES("password");
	assert_int_equal(run(CTL_USER_DISABLE, "bert", ""), 0);
	ASKED("revoke user");
	SAYS("grants ended: 3");
	assert_int_equal(run(CTL_USER_LIST, "", ""), 0);
	SHOWS("bert\tdisabled\t");
	assert_int_equal(run(CTL_USER_ENABLE, "bert", ""), 0);
	ASKED("unrefuse");
	assert_int_equal(run(CTL_USER_PACKAGE, "bert", "no-uuid"), 1);
	assert_int_equal(run(CTL_USER_PACKAGE, "bert",
	    "6f1c5c10-93d6-4c6e-8a52-0f3f1e5f6a01"), 0);
	ASKED("change user");
	assert_int_equal(run_password(CTL_USER_PASSWD, "bert", "",
	    "bert's new password"), 0);
	ASKED("revoke user");
	assert_int_equal(run(CTL_USER_REMOVE, "bert", ""), 0);
	ASKED("revoke user");
	assert_int_equal(run(CTL_USER_LIST, "", ""), 0);
	assert_int_equal(ctl_nlines, 1);
	assert_int_equal(run(CTL_USER_REMOVE, "bert", ""), 1);
	SAYS("there is no user bert");
}

static void
roles(void **state)
{
	struct role	r;

	assert_int_equal(run_text(CTL_ROLE_ADD, "boss", "", "sees all",
	    CTLF_ROLE_GLOBAL), 0);
	ASKED("+roles");
	assert_int_equal(run_text(CTL_ROLE_ADD, "plain", "", "", 0), 0);
	assert_int_equal(run_text(CTL_ROLE_ADD, "PLAIN", "", "", 0), 1);
	assert_int_equal(run(CTL_ROLE_ALLOW, "plain", "tabledefinition"), 0);
	ASKED("change all");
	assert_int_equal(role_lookup("plain", &r), 0);
	assert_int_equal(r.edit, PERM_BIT(PERM_TABLEDEFINITION));
	assert_int_equal(r.display, PERM_BIT(PERM_TABLEDEFINITION));
	/* Down to Display, by the acl key. */
	assert_int_equal(run(CTL_ROLE_ALLOW, "plain", "toolsdbdefinition_D"),
	    0);
	assert_int_equal(role_lookup("plain", &r), 0);
	assert_int_equal(r.edit, 0);
	assert_int_equal(r.display, PERM_BIT(PERM_TABLEDEFINITION));
	assert_int_equal(run_text(CTL_ROLE_ALLOW, "plain",
	    "toolsdbdefinition_D", "edit", 0), 1);
	assert_int_equal(run_text(CTL_ROLE_ALLOW, "plain", "syslog", "maybe",
	    0), 1);
	assert_int_equal(run(CTL_ROLE_ALLOW, "plain", "flying"), 1);
	SAYS("flying");
	assert_int_equal(run(CTL_ROLE_ALLOW, "plain", "all"), 0);
	assert_int_equal(run(CTL_ROLE_DENY, "plain", "syslog"), 0);
	assert_int_equal(role_lookup("plain", &r), 0);
	assert_int_equal(r.edit, PERM_ALL & ~PERM_BIT(PERM_SYSTEMLOGS));
	assert_int_equal(r.display, r.edit);
	assert_int_equal(run(CTL_ROLE_GRANT, "plain", "anna"), 0);
	ASKED("change user");
	assert_int_equal(run(CTL_USER_LIST, "", ""), 0);
	SHOWS("\tdesigner,plain\t");
	assert_int_equal(run(CTL_ROLE_GRANT, "plain", "anna"), 0);
	SAYS("has it already");
	assert_int_equal(run(CTL_ROLE_GRANT, "plain", "nobody"), 1);
	assert_int_equal(run(CTL_ROLE_REVOKE, "designer", "anna"), 0);
	ASKED("change user");
	assert_int_equal(run(CTL_ROLE_REVOKE, "designer", "anna"), 0);
	ASKED("change user");
	SAYS("did not have it");
	assert_int_equal(run(CTL_ROLE_LIST, "", ""), 0);
	assert_int_equal(ctl_nlines, 5);
	SHOWS("boss\tyes\t-\t-\tsees all\t");
	assert_int_equal(run(CTL_ROLE_REMOVE, "plain", ""), 0);
	ASKED("change all");
	assert_int_equal(run(CTL_USER_LIST, "", ""), 0);
	HIDES("plain");
}

static void
grants_and_clients(void **state)
{
	assert_int_equal(run(CTL_GRANT_REVOKE, "zz", ""), 1);
	SAYS("32 hex digits");
	assert_int_equal(run(CTL_GRANT_REVOKE,
	    "bb000000000000000000000000000000", ""), 1);
	SAYS("there is no grant");
	assert_int_equal(run(CTL_GRANT_REVOKE,
	    "aa000000000000000000000000000000", ""), 0);
	ASKED("revoke grant aa");
	assert_int_equal(run_text(CTL_GRANT_REVOKE, "anna", "", "",
	    CTLF_GRANT_USER), 0);
	ASKED("revoke user");
	assert_int_equal(run_text(CTL_GRANT_REVOKE, "nobody", "", "",
	    CTLF_GRANT_USER), 1);
	assert_int_equal(run_text(CTL_GRANT_REVOKE, "c1", "", "",
	    CTLF_GRANT_CLIENT), 0);
	assert_int_equal(run_text(CTL_GRANT_REVOKE, "c2", "", "",
	    CTLF_GRANT_CLIENT), 1);
	assert_int_equal(run_text(CTL_GRANT_REVOKE, "", "", "",
	    CTLF_GRANT_ALL), 0);
	ASKED("revoke all");
	assert_int_equal(run_text(CTL_GRANT_REVOKE, "anna", "", "",
	    CTLF_GRANT_ALL), 1);
	assert_int_equal(run_text(CTL_GRANT_REVOKE, "anna", "", "",
	    CTLF_GRANT_ALL | CTLF_GRANT_USER), 1);
	assert_int_equal(run(CTL_GRANT_LIST, "", ""), 0);
	assert_int_equal(run(CTL_GRANT_LIST, "nobody", ""), 1);
	assert_int_equal(run(CTL_CLIENT_LIST, "", ""), 0);
	assert_int_equal(run(CTL_CLIENT_REMOVE, "c1", ""), 0);
	ASKED("remove client");
	assert_int_equal(run(CTL_CLIENT_REMOVE, "c2", ""), 1);
	assert_int_equal(run_text(CTL_CLIENT_ADD, "mine", "", "", 0), 1);
	assert_int_equal(run_text(CTL_CLIENT_ADD, "mine", "", "ftp://x", 0),
	    1);
	assert_int_equal(run_text(CTL_CLIENT_ADD, "mine", "",
	    "http://a http://b", 0), 0);
	SHOWS("client id\tc9\n");
	SHOWS("client secret\tks_secret\n");
	assert_null(strstr(last_record(), "ks_secret"));
	assert_int_equal(run_text(CTL_CLIENT_ADD, "mine", "", "http://a",
	    CTLF_CLIENT_PUBLIC), 0);
	HIDES("secret");
	assert_int_equal(run_text(CTL_CLIENT_ADD, "mine", "",
	    "h h h h h h h h h", 0), 1);
}

static void
workers_and_times(void **state)
{
	struct msg_ctl	m = cmd(CTL_REVOKE_WORKER, "", "");

	assert_int_equal(stub_command(&m), 1);
	m.number = 77;
	assert_int_equal(stub_command(&m), 0);
	ASKED("revoke worker 77");
	assert_int_equal(run(CTL_REVOKE_SINCE, "2h", ""), 0);
	ASKED("revoke since 1763992800");
	assert_int_equal(run(CTL_REVOKE_SINCE, "soon", ""), 1);
	assert_non_null(strstr(last_record(), "\tadmin\tinvalid\t"));
}

static void
answers_of_a_revocation(void **state)
{
	stub_result = CLOSED_NOT_DURABLE;
	assert_int_equal(run_text(CTL_GRANT_REVOKE, "", "", "",
	    CTLF_GRANT_ALL), 4);
	SAYS("not durable");
	stub_result = CLOSED_NO_TOOLD;
	assert_int_equal(run_text(CTL_GRANT_REVOKE, "", "", "",
	    CTLF_GRANT_ALL), 5);
	SAYS("keepd-toold");
}

static void
records(void **state)
{
	struct msg_ctl	m = cmd(CTL_AUDIT, "", "");
	char		want[64];

	snprintf(want, sizeof(want), "\tadmin\tok\tuid %u\tkeepctl\t",
	    (unsigned int)geteuid());
	assert_int_equal(run(CTL_USER_DISABLE, "anna", ""), 0);
	assert_non_null(strstr(last_record(), want));
	SHOWS("\tanna\t");
	SHOWS("user disable");
	m.flags = CTLF_AUDIT_COUNT | CTLF_AUDIT_JSON;
	m.number = 1;
	assert_int_equal(stub_command(&m), 0);
	SHOWS("\"event\":\"admin\"");
	m.number = 0;
	assert_int_equal(stub_command(&m), 1);
	m.number = INT64_MAX;
	assert_int_equal(stub_command(&m), 0);
	assert_int_equal(ctl_nlines, 2);
}

static void
follow_shows_what_comes(void **state)
{
	struct audit_own	o;
	struct msg_ctl		m = cmd(CTL_AUDIT_FOLLOW, "", "");
	int			i;

	ctl_finished = 0;
	ctl_nlines = 0;
	ctl_lines[0] = '\0';
	if (ctl == NULL)
		stub_connect();
	chan_send(ctl, MSG_CTL, 0, &m);
	for (i = 0; i < 20; i++)	/* turns, not time */
		stub_run(2);
	assert_int_equal(ctl_nlines, 0);
	memset(&o, 0, sizeof(o));
	o.kind = AK_REGISTER;
	o.outcome = AO_OK;
	o.target = "newcomer";
	audit_add(&o);
	audit_add(&o);
	WAIT(ctl_nlines == 2);
	SHOWS("newcomer");
	audit_add(&o);
	WAIT(ctl_nlines == 3);
	assert_false(ctl_finished);
}

static void
long_lists_come_whole(void **state)
{
	struct role	r;
	struct user	u;
	char		name[16];
	unsigned int	i;

	for (i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "u%u", i);
		assert_null(user_init(&u, name));
		user_put(&u);
	}
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		assert_null(role_init(&r, name, "", 0));
		role_put(&r);
	}
	assert_int_equal(run(CTL_USER_LIST, "", ""), 0);
	assert_int_equal(ctl_nlines, 3001);
	assert_int_equal(run(CTL_ROLE_LIST, "", ""), 0);
	assert_int_equal(ctl_nlines, 103);
}

static void
keepctl_goes_away(void **state)
{
	struct msg_ctl	m = cmd(CTL_USER_DISABLE, "anna", "");
	struct user	u;

	if (ctl == NULL)
		stub_connect();
	chan_send(ctl, MSG_CTL, 0, &m);
	chan_flush(ctl);
	chan_close(ctl);
	ctl = NULL;
	WAIT(user_lookup("anna", &u) == 0 && u.flags == USER_DISABLED);
	assert_int_equal(run(CTL_USER_LIST, "", ""), 0);
}

static void
one_command_at_a_time(void **state)
{
	struct msg_ctl	m = cmd(CTL_USER_DISABLE, "anna", "");

	if (ctl == NULL)
		stub_connect();
	chan_send(ctl, MSG_CTL, 0, &m);
	chan_send(ctl, MSG_CTL, 0, &m);
	ctl_finished = 0;
	WAIT(ctl_ended);
}

static void
unknown_and_foreign_commands(void **state)
{
	assert_int_equal(run(CTL_STATUS, "", ""), 2);
	assert_int_equal(run(CTL_MAX, "", ""), 2);
	assert_int_equal(run(UINT32_MAX, "", ""), 2);
	assert_int_equal(run(0, "", ""), 2);
}

static void
the_rest(void **state)
{
	assert_int_equal(run(CTL_AUTHD_STATUS, "", ""), 0);
	SHOWS("users\t1\n");
	assert_int_equal(run(CTL_KEY_LIST, "", ""), 0);
	assert_int_equal(ctl_nlines, 2);
	assert_int_equal(run(CTL_OPERATOR, "anna", ""), 0);
	assert_int_equal(ctl_answer.handle[0], 1);
	assert_int_equal(run(CTL_OPERATOR, "nobody", ""), 1);
	assert_int_equal(ctl_answer.handle[0], 0);
	SAYS("no such user");
}

#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(users), T(roles), T(grants_and_clients),
		T(workers_and_times), T(answers_of_a_revocation), T(records),
		T(follow_shows_what_comes), T(long_lists_come_whole),
		T(keepctl_goes_away), T(one_command_at_a_time),
		T(unknown_and_foreign_commands), T(the_rest),
	};

	log_init("ctl_test", LL_CRIT);
	ev_init();
	limit_init(0, 0);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
