/* SPDX-License-Identifier: ISC */
/*
 * msg_test.c: the rows themselves: every listed message has a name, a size
 * and a channel; wrong sizes, text without an end and unknown bits are
 * refused for each row that has them.
 */
#include "t.h"

#include "msg.h"

static void
rows_are_whole(void **state)
{
	const struct msg_row	*r;
	size_t			 i, j;

	for (i = 0; (r = msg_row_at(i)) != NULL; i++) {
		assert_non_null(r->name);
		assert_ptr_equal(msg_row(r->type), r);
		assert_true(r->kinds != 0 && r->states != 0 && r->dir != 0);
		assert_int_equal(r->size % 4, 0);
		assert_true(r->tail_max != 0 || r->size <= 65536 * 2);
		for (j = 0; j < i; j++)
			assert_true(msg_row_at(j)->type != r->type);
	}
	assert_int_equal(i, msg_rows());
	assert_null(msg_row(0));
	assert_null(msg_row(MSG_MAX));
	assert_null(msg_row(0xffffffff));
}

/* A listener may name no user and no role: by shape, no row lets it. */
static void
listener_sends_toold_only_five(void **state)
{
	const struct msg_row	*r;
	size_t			 i, n = 0;

	for (i = 0; (r = msg_row_at(i)) != NULL; i++)
		if (msg_allowed(r, CK_LISTENER_TOOLD, SIDE_SECOND, CS_RUN)) {
			assert_true(r->type == MSG_CALL ||
			    r->type == MSG_CANCEL || r->type == MSG_HEALTH ||
			    r->type == MSG_CREDIT ||
			    r->type == MSG_HANDLE_NEW);
			n++;
		}
	assert_int_equal(n, 5);
}

static void
sizes_are_exact(void **state)
{
	const struct msg_row	*r;
	uint8_t			*body;
	size_t			 i;
	int			 fd;

	for (i = 0; (r = msg_row_at(i)) != NULL; i++) {
		body = calloc(1, r->size + 64);
		assert_non_null(body);
		fd = (r->flags & MSG_FD) != 0;
		if (r->size > 0)
			assert_string_equal(msg_check(r, r->size - 1, fd,
			    body), "size");
		assert_string_equal(msg_check(r, r->size + r->tail_max + 1,
		    fd, body), "size");
		assert_string_equal(msg_check(r, r->size, !fd, body),
		    "descriptor");
		free(body);
	}
}

/* All bits set: no row with a check takes text without an end. */
static void
garbage_is_refused(void **state)
{
	const struct msg_row	*r;
	uint8_t			*body;
	size_t			 i;

	for (i = 0; (r = msg_row_at(i)) != NULL; i++) {
		if (r->check == NULL)
			continue;
		body = malloc(r->size);
		assert_non_null(body);
		memset(body, 0xff, r->size);
		assert_string_equal(msg_check(r, r->size,
		    (r->flags & MSG_FD) != 0, body), "field");
		free(body);
	}
}

static void
open_counts_agree(void **state)
{
	struct msg_open	m;

	memset(&m, 0, sizeof(m));
	m.ttl_ms = 1000;
	assert_null(msg_check(msg_row(MSG_OPEN), sizeof(m), 0, &m));
	m.nroles = 1;
	assert_non_null(msg_check(msg_row(MSG_OPEN), sizeof(m), 0, &m));
	m.role[0][0] = 'r';
	assert_null(msg_check(msg_row(MSG_OPEN), sizeof(m), 0, &m));
	m.role[2][0] = 'r';
	assert_non_null(msg_check(msg_row(MSG_OPEN), sizeof(m), 0, &m));
	m.role[2][0] = 0;
	m.ttl_ms = 300001;
	assert_non_null(msg_check(msg_row(MSG_OPEN), sizeof(m), 0, &m));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_whole),
		cmocka_unit_test(listener_sends_toold_only_five),
		cmocka_unit_test(sizes_are_exact),
		cmocka_unit_test(garbage_is_refused),
		cmocka_unit_test(open_counts_agree),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
