/* SPDX-License-Identifier: ISC */
/*
 * audit_test.c: audit records in the real store, toold at the other end of a
 * real channel.
 */
/* link: authd/audit.o authd/audit_toold.o authd/audit_read.o */
/* link: authd/audit_rec.o authd/store.o authd/limit.o authd/user.o */
/* link: authd/store_format.o authd/store_steps.o */
/* link: -llmdb */
#include "t.h"

#include <sys/resource.h>

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "authd/audit_rec.h"
#include "authd/authd.h"
#include "common/text.h"
#include "log.h"

static char		 dir[64];
static struct chan	*authd_end, *toold_end;
static int		 authd_ended;
static struct msg_audit_ack last_ack;
static unsigned int	 acks, batches;
static uint8_t		 grant[GRANT_LEN];
static struct audit_item items[512];
static unsigned int	 nitems;
static int64_t		 now_ms = 1764000000000LL;

void
auth_toold_rest(void)
{
}

int64_t
auth_now(void)
{
	return (now_ms / 1000);
}

int64_t
auth_now_ms(void)
{
	return (now_ms);
}

void
user_conf(uint32_t ln)
{
}

const char *
user_name_bad(const char *s)
{
	return (NULL);
}

const char *
role_name_bad(const char *s)
{
	return (NULL);
}

/* ---- the loop, for a while ---- */

static void
tick(struct ev_timer *t)
{
	ev_stop(0);
}

static void
run(uint64_t ms)
{
	struct ev_timer	t;

	ev_timer_init(&t, tick, NULL);
	ev_timer_set(&t, ms);
	ev_run();
	ev_timer_del(&t);
}

/* Let the loop run until it is so; not for ever. */
#define WAIT(cond) do {							\
	int	turn_;							\
									\
	for (turn_ = 0; turn_ < 4000 && !(cond); turn_++)		\
		run(2);							\
	assert_true(cond);						\
} while (0)

/* ---- both ends ---- */

static void
ignore(struct chan *c, struct msg *m)
{
}

static void
on_batch(struct chan *c, struct msg *m)
{
	batches++;
	audit_on_batch(c, m);
}

static void
on_ack(struct chan *c, struct msg *m)
{
	memcpy(&last_ack, m->data, sizeof(last_ack));
	acks++;
}

static void
authd_on_end(struct chan *c, enum chan_end how, const char *why)
{
	authd_ended = 1 + (int)how;
	audit_peer_gone(c);
	authd_end = NULL;
}

static void
toold_on_end(struct chan *c, enum chan_end how, const char *why)
{
	toold_end = NULL;
}

static const struct chan_handler authd_handlers[] = {
	{ MSG_HELLO_ACK, ignore }, { MSG_CLOSE_ACK, ignore },
	{ MSG_AUDIT, on_batch }, { MSG_CREDIT, NULL }, { 0, NULL }
};
static const struct chan_handler toold_handlers[] = {
	{ MSG_HELLO, ignore }, { MSG_MACKEYS, ignore }, { MSG_ROLE, ignore },
	{ MSG_ROLES_END, ignore }, { MSG_OPEN, ignore }, { MSG_CLOSE, ignore },
	{ MSG_AUDIT_ACK, on_ack }, { MSG_CREDIT, NULL }, { 0, NULL }
};
/* CREDIT is the channel's own. */
static struct chan_handler authd_h[8], toold_h[8];
static const struct chan_ops authd_ops = { authd_h, authd_on_end };
static const struct chan_ops toold_ops = { toold_h, toold_on_end };

static void
handlers_copy(struct chan_handler *to, const struct chan_handler *from)
{
	for (; from->type != 0; from++)
		if (from->fn != NULL)
			*to++ = *from;
	memset(to, 0, sizeof(*to));
}

static void
pair_make(void)
{
	int	sv[2];

	handlers_copy(authd_h, authd_handlers);
	handlers_copy(toold_h, toold_handlers);
	assert_int_equal(chan_pair(sv), 0);
	authd_end = chan_new(sv[0], CK_AUTHD_TOOLD, SIDE_FIRST, &authd_ops,
	    NULL);
	toold_end = chan_new(sv[1], CK_AUTHD_TOOLD, SIDE_SECOND, &toold_ops,
	    NULL);
	chan_setstate(authd_end, CS_RUN);
	chan_setstate(toold_end, CS_RUN);
	authd_ended = 0;
	acks = batches = 0;
	memset(&last_ack, 0, sizeof(last_ack));
}

static void
pair_end(void)
{
	if (toold_end != NULL)
		chan_close(toold_end);
	if (authd_end != NULL) {
		audit_peer_gone(authd_end);
		chan_close(authd_end);
	}
	authd_end = toold_end = NULL;
}

static void
grant_make(void)
{
	struct grant_rec	g;

	memset(&g, 0, sizeof(g));
	memset(grant, 0x77, sizeof(grant));
	g.v = GRANT_REC_V;
	g.kind = GK_OAUTH;
	g.state = GS_LIVE;
	memcpy(g.id, grant, sizeof(grant));
	strcpy(g.user_id, "6f1c5c10-93d6-4c6e-8a52-0f3f1e5f6a01");
	strcpy(g.client_id, "11111111-93d6-4c6e-8a52-0f3f1e5f6a01");
	store_put(DB_GRANTS, grant, sizeof(grant), &g, sizeof(g));
	assert_int_equal(store_commit(), 0);
}

static int
setup(void **state)
{
	strcpy(dir, "/tmp/keepd-unit.XXXXXX");
	assert_non_null(mkdtemp(dir));
	store_open(dir, 16);
	audit_start(30);
	grant_make();
	pair_make();
	return (0);
}

static int
teardown(void **state)
{
	char	cmd[128];

	pair_end();
	audit_stop();
	store_close();
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	return (system(cmd));
}

/* ---- what is sent and what is read ---- */

struct sent {
	uint64_t	 num;
	const char	*tool, *target;
	const uint8_t	*grant;
};

static void
batch_send(uint64_t batch, const struct sent *s, unsigned int n)
{
	static uint8_t		tail[256 * 1024];
	struct msg_audit	m;
	struct audit_event	e;
	size_t			len = 0;
	unsigned int		i;

	for (i = 0; i < n; i++) {
		memset(&e, 0, sizeof(e));
		e.num = s[i].num;
		e.time_ms = now_ms;
		memcpy(e.grant, s[i].grant, GRANT_LEN);
		e.event = s[i].num != 0 ? AK_CHANGE : AK_TOOL_CALL;
		e.outcome = AO_OK;
		e.tool_len = (uint16_t)strlen(s[i].tool);
		e.target_len = (uint16_t)strlen(s[i].target);
		memcpy(tail + len, &e, sizeof(e));
		len += sizeof(e);
		memcpy(tail + len, s[i].tool, e.tool_len);
		len += e.tool_len;
		memcpy(tail + len, s[i].target, e.target_len);
		len += e.target_len;
	}
	memset(&m, 0, sizeof(m));
	m.nevents = n;
	m.bytes = (uint32_t)len;
	m.batch = batch;
	chan_send_tail(toold_end, MSG_AUDIT, 0, &m, tail, len);
}

static void
item_keep(const struct audit_item *it, void *arg)
{
	if (nitems < COUNT(items))
		items[nitems] = *it;
	nitems++;
}

static unsigned int
read_all(void)
{
	struct audit_place	p;

	nitems = 0;
	audit_tail(1000000, &p);
	while (audit_read(&p, 7, item_keep, NULL) != 0)
		;
	return (nitems);
}

/* ---- tests ---- */

static void
reads_are_gathered_and_attributed(void **state)
{
	struct sent	s = { 0, "get_table", "orders", grant };

	batch_send(1, &s, 1);
	batch_send(2, &s, 1);
	WAIT(last_ack.batch == 2);
	assert_int_equal(read_all(), 2);
	assert_string_equal(items[0].user_id,
	    "6f1c5c10-93d6-4c6e-8a52-0f3f1e5f6a01");
	assert_string_equal(items[0].client_id,
	    "11111111-93d6-4c6e-8a52-0f3f1e5f6a01");
	assert_string_equal(items[1].target, "orders");
	assert_int_equal(items[1].number, items[0].number + 1);
}

static void
changes_are_stored_once(void **state)
{
	struct sent	s[3] = {
		{ 5, "save_table", "a", grant },
		{ 6, "save_table", "b", grant },
		{ 6, "save_table", "c", grant } };	/* put back in time */

	batch_send(1, s, 2);
	WAIT(acks == 1);
	assert_int_equal(last_ack.num, 6);
	assert_int_equal(read_all(), 2);
	/* Sent again: acknowledged again, stored once. */
	acks = 0;
	batch_send(2, s, 2);
	WAIT(acks == 1);
	assert_int_equal(last_ack.batch, 2);
	assert_int_equal(last_ack.num, 6);
	assert_int_equal(read_all(), 2);
	/* Over a new channel, with a new toold, too. */
	pair_end();
	pair_make();
	batch_send(1, s, 3);
	WAIT(acks == 1);
	assert_int_equal(read_all(), 3);
	assert_string_equal(items[2].target, "c");
}

/* authd ended between its commit and its acknowledgement. */
static void
reads_sent_again_are_stored_once(void **state)
{
	struct sent	s = { 0, "get_table", "orders", grant };

	batch_send(7, &s, 1);
	WAIT(last_ack.batch == 7);
	pair_end();
	audit_stop();
	audit_start(1);
	pair_make();
	batch_send(7, &s, 1);
	WAIT(acks == 1);
	assert_int_equal(read_all(), 1);
	batch_send(8, &s, 1);
	WAIT(last_ack.batch == 8);
	assert_int_equal(read_all(), 2);
	/* Another start of toold begins to count elsewhere. */
	pair_end();
	pair_make();
	batch_send((uint64_t)1 << 40 | 1, &s, 1);
	WAIT(acks == 1);
	assert_int_equal(read_all(), 3);
}

static void
batches_go_upwards(void **state)
{
	struct sent	s = { 0, "get_table", "orders", grant };

	batch_send(UINT64_MAX, &s, 1);
	WAIT(acks == 1);
	batch_send(UINT64_MAX, &s, 1);
	WAIT(authd_ended);
	assert_int_equal(read_all(), 1);
}

static void
unknown_grant_is_toolds_violation(void **state)
{
	uint8_t		other[GRANT_LEN];
	struct sent	s[2] = {
		{ 9, "delete_table", "a", other },
		{ 0, "get_table", "a", other } };

	memset(other, 0x12, sizeof(other));
	batch_send(1, s, 2);
	WAIT(acks == 1);
	assert_int_equal(read_all(), 1);
	assert_int_equal(items[0].kind, AK_VIOLATION);
	assert_string_equal(items[0].user_id, "");
	assert_memory_equal(items[0].grant, other, sizeof(other));
	audit_stop();			/* the counted one */
	assert_int_equal(read_all(), 2);
	assert_int_equal(items[1].kind, AK_VIOLATION);
	assert_string_equal(items[1].user_id, "");
}

static void
malformed_batch_ends_the_channel(void **state)
{
	struct msg_audit	m;
	struct audit_event	e;

	memset(&m, 0, sizeof(m));
	memset(&e, 0, sizeof(e));
	m.nevents = 1;
	m.bytes = sizeof(e);
	e.event = AK_SIGNIN;
	e.outcome = AO_OK;
	e.time_ms = now_ms;
	memcpy(e.grant, grant, sizeof(grant));
	chan_send_tail(toold_end, MSG_AUDIT, 0, &m, &e, sizeof(e));
	WAIT(authd_ended != 0);
	assert_int_equal(authd_ended, 1 + CE_VIOLATION);
	assert_int_equal(read_all(), 0);
}

static void
many_events_in_one_batch(void **state)
{
	static struct sent	s[3000];
	unsigned int		i;

	for (i = 0; i < COUNT(s); i++) {
		s[i].tool = "query_entity_table";
		s[i].target = "orders";
		s[i].grant = grant;
	}
	batch_send(1, s, COUNT(s));
	WAIT(last_ack.batch == 1);
	assert_int_equal(read_all(), COUNT(s));
	assert_int_equal(items[COUNT(items) - 1].number,
	    items[0].number + COUNT(items) - 1);
}

static void
tail_stands_before_the_last(void **state)
{
	struct sent		s[40];
	struct audit_place	p;
	char			names[40][8];
	unsigned int		i;

	for (i = 0; i < COUNT(s); i++) {
		snprintf(names[i], sizeof(names[i]), "t%u", i);
		s[i] = (struct sent){ 0, "get_table", names[i], grant };
	}
	batch_send(1, s, 25);
	WAIT(last_ack.batch == 1);
	batch_send(2, s + 25, 15);
	WAIT(last_ack.batch == 2);
	nitems = 0;
	audit_tail(20, &p);
	assert_int_equal(audit_read(&p, 100, item_keep, NULL), 20);
	assert_string_equal(items[0].target, "t20");
	assert_string_equal(items[19].target, "t39");
	assert_int_equal(audit_read(&p, 100, item_keep, NULL), 0);
	/* From the end, only what comes. */
	nitems = 0;
	audit_tail(0, &p);
	assert_int_equal(audit_read(&p, 100, item_keep, NULL), 0);
	batch_send(3, s, 1);
	WAIT(last_ack.batch == 3);
	assert_int_equal(audit_read(&p, 100, item_keep, NULL), 1);
	assert_string_equal(items[0].target, "t0");
}

static void
refusals_are_counted(void **state)
{
	struct msg_from	f;
	unsigned int	i;

	memset(&f, 0, sizeof(f));
	f.family = 6;
	for (i = 0; i < 500; i++) {
		f.addr[15] = (uint8_t)i;	/* one /64 */
		audit_refused(AK_SIGNIN_BAD, AO_DENIED, &f, "unknown user");
	}
	f.addr[0] = 1;
	audit_refused(AK_SIGNIN_BAD, AO_DENIED, &f, "unknown user");
	audit_stop();
	assert_int_equal(store_commit(), 0);
	assert_int_equal(read_all(), 2);
	assert_string_equal(items[0].detail,
	    "unknown user, 500 times within a minute, /64");
	/* A flood from everywhere stays bounded. */
	for (i = 0; i < 100000; i++) {
		memcpy(f.addr, &i, sizeof(i));
		audit_refused(AK_SIGNIN_BAD, AO_DENIED, &f, "unknown user");
	}
	audit_stop();
	assert_int_equal(store_commit(), 0);
	assert_true(read_all() < 300);
}

/* A turn that fails leaves neither record nor gap; what waits comes later. */
static void
failed_commit(void **state)
{
	struct audit_own	o;
	struct sent		s = { 8, "save_table", "a", grant };
	struct rlimit		old, none = { 0, 0 };
	unsigned int		before;

	memset(&o, 0, sizeof(o));
	o.kind = AK_ADMIN;
	o.outcome = AO_OK;
	o.target = "first";
	audit_add(&o);
	run(20);
	assert_int_equal(before = read_all(), 1);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	none.rlim_max = old.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	o.target = "lost with its decision";
	audit_add(&o);
	batch_send(1, &s, 1);
	WAIT(batches == 1);
	run(20);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(acks, 0);
	assert_int_equal(read_all(), before);
	WAIT(acks == 1);
	assert_int_equal(last_ack.num, 8);
	assert_int_equal(read_all(), before + 1);
	assert_int_equal(items[before].number, items[before - 1].number + 1);
	assert_string_equal(items[before].tool, "save_table");
}

static void
old_records_go(void **state)
{
	struct audit_own	o;
	unsigned int		i;

	memset(&o, 0, sizeof(o));
	o.kind = AK_ADMIN;
	o.outcome = AO_OK;
	o.target = "old";
	for (i = 0; i < 100; i++)
		audit_add(&o);
	run(20);
	now_ms += 31 * 86400000LL;
	o.target = "new";
	audit_add(&o);
	run(20);
	assert_int_equal(read_all(), 101);
	WAIT(read_all() == 1);	/* the first bite, and those behind */
	assert_string_equal(items[0].target, "new");
}

static void
restart_goes_on_numbering(void **state)
{
	struct audit_own	o;
	uint64_t		last;

	memset(&o, 0, sizeof(o));
	o.kind = AK_START;
	o.outcome = AO_OK;
	audit_add(&o);
	run(20);
	read_all();
	last = items[0].number;
	audit_stop();
	store_close();
	store_open(dir, 16);
	audit_start(30);
	audit_add(&o);
	run(20);
	assert_int_equal(read_all(), 2);
	assert_int_equal(items[1].number, last + 1);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(reads_are_gathered_and_attributed),
		T(changes_are_stored_once),
		T(reads_sent_again_are_stored_once), T(batches_go_upwards),
		T(unknown_grant_is_toolds_violation),
		T(malformed_batch_ends_the_channel),
		T(many_events_in_one_batch),
		T(tail_stands_before_the_last),
		T(refusals_are_counted),
		T(failed_commit),
		T(old_records_go),
		T(restart_goes_on_numbering),
	};

	log_init("audit_test", LL_CRIT);
	ev_init();
	limit_init(0, 0);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
