/* SPDX-License-Identifier: ISC */
/*
 * authd_store_test.c: the LMDB store: turns, failure, growth, space, locks.
 */
/* link: authd/store.o authd/store_format.o -llmdb */
#include "t.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "authd/store.h"
#include "ev.h"
#include "log.h"

static char	dir[64], order[256];
static int	last_ok, step_fails;

/* Formats of our own: 1, 2 and 3. */
static int
step_1(void)
{
	if (!step_fails)
		store_put(DB_META, "second", 6, "2", 2);
	else
		store_put(DB_META, "half", 4, "", 1);
	return (0);
}

static int
step_2(void)
{
	char	v[2];

	/* A step sees what the one before it did. */
	if (step_fails || store_get_any(DB_META, "second", 6, v,
	    sizeof(v)) != 2)
		return (-1);
	store_put(DB_META, "third", 5, "3", 2);
	return (0);
}

const uint32_t			store_format = 3;
const struct store_step		store_steps[] = {
	{ 1, step_1 }, { 2, step_2 }, { 0, NULL }
};

static void
note(void *arg, int ok)
{
	last_ok = ok;
	strncat(order, arg, 1);
}

/* Append that letter to order behind the commit. */
static void
after(char c)
{
	static char	letters[128][2];

	letters[(int)c][0] = c;
	store_after(note, letters[(int)c]);
}

static void
put_text(const char *key, const char *val)
{
	store_put(DB_META, key, strlen(key), val, strlen(val) + 1);
}

static const char *
get_text(const char *key)
{
	static char	val[256];

	if (store_get_any(DB_META, key, strlen(key), val, sizeof(val)) == -1)
		return (NULL);
	return (val);
}

static int
setup(void **state)
{
	strcpy(dir, "/tmp/keepd-unit.XXXXXX");
	assert_non_null(mkdtemp(dir));
	order[0] = '\0';
	store_open(dir, 16);
	return (0);
}

static int
teardown(void **state)
{
	char	cmd[128];

	store_close();
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	return (system(cmd));
}

static void
test_turn_sees_itself(void **state)
{
	assert_null(get_text("a"));
	assert_false(store_dirty());
	put_text("a", "1");
	assert_true(store_dirty());
	assert_string_equal(get_text("a"), "1");
	store_del(DB_META, "a", 1);
	assert_null(get_text("a"));
	store_del(DB_META, "a", 1);
	put_text("a", "2");
	assert_int_equal(store_commit(), 0);
	assert_false(store_dirty());
	assert_string_equal(get_text("a"), "2");
}

static void
test_after_in_order(void **state)
{
	after('1');
	put_text("a", "1");
	after('2');
	assert_string_equal(order, "");
	store_commit();
	assert_string_equal(order, "12");
	assert_int_equal(last_ok, 1);
	after('3');
	store_commit();
	assert_string_equal(order, "123");
}

/* A callback that writes belongs to the next commit. */
static void
again(void *arg, int ok)
{
	put_text("b", "from after");
	after('n');
}

static void
test_after_may_write(void **state)
{
	put_text("a", "1");
	store_after(again, NULL);
	store_commit();
	assert_true(store_dirty());
	assert_string_equal(order, "");
	store_commit();
	assert_string_equal(order, "n");
	assert_string_equal(get_text("b"), "from after");
}

static void
test_reopen(void **state)
{
	put_text("a", "kept");
	store_commit();
	store_close();
	store_open(dir, 16);
	assert_string_equal(get_text("a"), "kept");
}

static void
test_shape_is_checked(void **state)
{
	struct access_rec	a;

	memset(&a, 0, sizeof(a));
	a.v = ACCESS_REC_V;
	store_put(DB_ACCESS, "k", 1, &a, sizeof(a));
	assert_int_equal(store_get(DB_ACCESS, "k", 1, &a, sizeof(a)), 0);
	assert_int_equal(store_get(DB_ACCESS, "k", 1, &a, sizeof(a) - 1), -1);
	a.v = ACCESS_REC_V + 1;
	store_put(DB_ACCESS, "k", 1, &a, sizeof(a));
	assert_int_equal(store_get(DB_ACCESS, "k", 1, &a, sizeof(a)), -1);
}

/* ---- walking ---- */

static int
collect(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	strncat(arg, key, keylen);
	strcat(arg, " ");
	return (strlen(arg) > 100);
}

static int
collect_and_cut(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	strncat(arg, key, keylen);
	strcat(arg, " ");
	store_del(DB_META, key, keylen);
	put_text("p9", "later");
	return (0);
}

static void
test_walk(void **state)
{
	char	seen[256] = "";

	put_text("p1", "");
	put_text("p2", "");
	put_text("p3", "");
	put_text("q1", "");
	store_walk(DB_META, "p", 1, NULL, 0, 0, collect, seen);
	assert_string_equal(seen, "p1 p2 p3 ");
	seen[0] = '\0';
	store_walk(DB_META, "p", 1, NULL, 0, 1, collect, seen);
	assert_string_equal(seen, "p3 p2 p1 ");
	seen[0] = '\0';
	store_walk(DB_META, "p", 1, "p2", 2, 0, collect, seen);
	assert_string_equal(seen, "p2 p3 ");
	seen[0] = '\0';
	store_walk(DB_META, "q", 1, NULL, 0, 1, collect, seen);
	assert_string_equal(seen, "q1 ");
	seen[0] = '\0';
	store_walk(DB_META, "x", 1, NULL, 0, 0, collect, seen);
	store_walk(DB_META, "x", 1, NULL, 0, 1, collect, seen);
	assert_string_equal(seen, "");
	store_walk(DB_META, "p", 1, NULL, 0, 0, collect_and_cut, seen);
	assert_string_equal(seen, "p1 p2 p3 p9 ");
	assert_null(get_text("p1"));
}

static void
test_walk_ends_on_demand(void **state)
{
	char	seen[2048] = "", key[16];
	int	i;

	for (i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "w%04d", i);
		put_text(key, "");
	}
	assert_int_equal(store_walk(DB_META, "w", 1, NULL, 0, 0, collect,
	    seen), 1);
	assert_int_equal(strlen(seen), 102);
}

/* ---- growth ---- */

static void
big_put(int i)
{
	static uint8_t	val[12000];
	uint8_t		key[8];

	memset(val, i & 0xff, sizeof(val));
	be64_put(key, (uint64_t)i);
	store_append(DB_AUDIT, key, sizeof(key), val, sizeof(val));
}

static void
big_check(int i)
{
	static uint8_t	val[12000];
	uint8_t		key[8];

	be64_put(key, (uint64_t)i);
	assert_int_equal(store_get_any(DB_AUDIT, key, sizeof(key), val,
	    sizeof(val)), sizeof(val));
	assert_int_equal(val[0], i & 0xff);
	assert_int_equal(val[11999], i & 0xff);
}

static void
test_map_grows(void **state)
{
	struct store_stat	st;
	int			i;

	for (i = 0; i < 4000; i++) {
		big_put(i);
		if (i % 100 == 99)
			assert_int_equal(store_commit(), 0);
	}
	for (i = 0; i < 4000; i++)
		big_check(i);
	store_stat(&st);
	assert_true(st.grown >= 2);
	assert_int_equal(st.failed, 0);
}

/* All of it in one turn: the journal is done again, whole. */
static void
test_map_grows_in_one_turn(void **state)
{
	struct store_stat	st;
	int			i;

	put_text("a", "first of the turn");
	for (i = 0; i < 4000; i++)
		big_put(i);
	after('x');
	assert_int_equal(store_commit(), 0);
	assert_string_equal(order, "x");
	store_stat(&st);
	assert_true(st.grown >= 2);
	assert_string_equal(get_text("a"), "first of the turn");
	for (i = 0; i < 4000; i++)
		big_check(i);
}

/* ---- a disk that is full ---- */

static void
file_limit(rlim_t n)
{
	struct rlimit	r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = n == 0 ? r.rlim_max : n;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static rlim_t
file_size(void)
{
	struct stat	st;
	char		path[128];

	snprintf(path, sizeof(path), "%s/store.mdb", dir);
	assert_int_equal(stat(path, &st), 0);
	return ((rlim_t)st.st_size);
}

static void
test_full_disk(void **state)
{
	struct store_stat	st;
	int			i, n;

	assert_int_equal(store_writable(), 0);
	file_limit(file_size());
	for (i = 0; i < 4000 && store_writable() == 0; i++) {
		big_put(i);
		assert_int_equal(store_commit(), 0);
	}
	assert_true(i < 4000);
	assert_int_equal(store_writable(), -1);
	/* The reserve takes what must be taken: many small commits. */
	for (n = 0; n < 500; n++) {
		put_text("revoked", n % 2 == 0 ? "yes" : "no");
		assert_int_equal(store_commit(), 0);
	}
	store_stat(&st);
	assert_int_equal(st.failed, 0);
	assert_true(st.low);
	/* There is room again. */
	file_limit(0);
	usleep(1100000);
	assert_int_equal(store_writable(), 0);
}

/* Past the reserve a commit fails: whole, told, and nothing is half there. */
static void
test_failed_commit(void **state)
{
	int	i;

	put_text("a", "before");
	assert_int_equal(store_commit(), 0);
	file_limit(65536);
	last_ok = 1;
	for (i = 0; i < 2000; i++)
		big_put(i);
	put_text("a", "lost");
	after('f');
	assert_int_equal(store_commit(), -1);
	assert_int_equal(last_ok, 0);
	assert_string_equal(order, "f");
	assert_string_equal(get_text("a"), "before");
	assert_int_equal(store_count(DB_AUDIT), 0);
	file_limit(0);
	put_text("a", "after");
	after('g');
	assert_int_equal(store_commit(), 0);
	assert_int_equal(last_ok, 1);
	assert_string_equal(get_text("a"), "after");
	store_close();
	store_open(dir, 16);
	assert_string_equal(get_text("a"), "after");
}

/* ---- one owner, one format: the refusal ends the process ---- */

static int
open_in_child(void)
{
	int	status;
	pid_t	pid;

	if ((pid = fork()) == 0) {
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(9);
		store_open(dir, 16);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return (WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void
test_one_owner(void **state)
{
	store_close();
	assert_int_equal(open_in_child(), 0);
	store_open(dir, 16);
	assert_int_equal(open_in_child(), 1);
}

static void
test_newer_format(void **state)
{
	uint32_t	v = store_format + 1;

	store_put(DB_META, "format", 6, &v, sizeof(v));
	assert_int_equal(store_commit(), 0);
	store_close();
	assert_int_equal(open_in_child(), 1);
	v = 0;
	/* Not opened by anyone: left for the teardown to remove. */
}

/* Put the store back to format 1, and close it. */
static void
make_old(void)
{
	uint32_t	v = 1;

	put_text("a", "1");
	store_put(DB_META, "format", 6, &v, sizeof(v));
	assert_int_equal(store_commit(), 0);
	store_close();
}

static uint32_t
format_now(void)
{
	uint32_t	v = 0;

	assert_int_equal(store_get_any(DB_META, "format", 6, &v, sizeof(v)),
	    sizeof(v));
	return (v);
}

static void
test_upgrade(void **state)
{
	char		cmd[512];
	struct stat	st;

	make_old();
	snprintf(cmd, sizeof(cmd), "%s/store.mdb.format-1.part", dir);
	assert_int_not_equal(close(open(cmd, O_CREAT | O_WRONLY, 0600)), -1);
	store_open(dir, 16);
	assert_string_equal(get_text("second"), "2");
	assert_string_equal(get_text("third"), "3");
	assert_string_equal(get_text("a"), "1");
	assert_int_equal(format_now(), 3);
	assert_int_equal(access(cmd, F_OK), -1);
	store_close();
	/* The copy is the store as it was. */
	snprintf(cmd, sizeof(cmd), "%s/store.mdb.format-1", dir);
	assert_int_equal(stat(cmd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(cmd, sizeof(cmd), "mkdir %s/c && mv %s/store.mdb.format-1 "
	    "%s/c/store.mdb", dir, dir, dir);
	assert_int_equal(system(cmd), 0);
	snprintf(cmd, sizeof(cmd), "%s/c", dir);
	store_open(cmd, 16);
	assert_string_equal(get_text("a"), "1");
	assert_int_equal(format_now(), 3);
	store_close();
	/* Once done there is nothing to do. */
	store_open(dir, 16);
	snprintf(cmd, sizeof(cmd), "%s/store.mdb.format-1", dir);
	assert_int_equal(access(cmd, F_OK), -1);
}

static void
test_failed_upgrade(void **state)
{
	make_old();
	step_fails = 1;
	assert_int_equal(open_in_child(), 1);
	step_fails = 0;
	store_open(dir, 16);
	assert_null(get_text("half"));
	assert_string_equal(get_text("third"), "3");
}

static void
test_mode_is_checked(void **state)
{
	char	path[128];

	store_close();
	snprintf(path, sizeof(path), "%s/store.mdb", dir);
	assert_int_equal(open_in_child(), 0);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(open_in_child(), 1);
	assert_int_equal(chmod(path, 0600), 0);
	store_open(dir, 16);
}

static void
test_close_on_exec(void **state)
{
	char	path[64], link[256];
	int	fd, seen = 0;
	ssize_t	n;

	for (fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if ((n = readlink(path, link, sizeof(link) - 1)) == -1)
			continue;
		link[n] = '\0';
		if (strstr(link, "store.mdb") == NULL)
			continue;
		seen++;
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	}
	assert_true(seen >= 2);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_turn_sees_itself), T(test_after_in_order),
		T(test_after_may_write), T(test_reopen),
		T(test_shape_is_checked), T(test_walk),
		T(test_walk_ends_on_demand), T(test_map_grows),
		T(test_map_grows_in_one_turn), T(test_full_disk),
		T(test_failed_commit), T(test_one_owner),
		T(test_newer_format), T(test_upgrade),
		T(test_failed_upgrade), T(test_mode_is_checked),
		T(test_close_on_exec)
	};

	signal(SIGXFSZ, SIG_IGN);
	log_init("test", LL_CRIT);
	ev_init();
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
