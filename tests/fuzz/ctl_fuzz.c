/* SPDX-License-Identifier: ISC */
/*
 * ctl_fuzz.c: commands of authd's control socket, through the real socket.
 * Input: command (a byte, from 32), flags (a byte), number (a byte), then
 * name, other, secret and text, each ended by a NUL.  Whatever is typed, the
 * command ends with one answer, and at the end user anna can be read.
 */
/* link: authd/rotate.o */
/* link: authd/ctl.o authd/ctl_user.o authd/ctl_grant.o authd/ctl_list.o */
/* link: authd/ctl_when.o authd/pwrules.o authd/user.o authd/limit.o */
/* link: authd/store.o authd/audit.o authd/audit_toold.o authd/audit_read.o */
/* link: authd/store_format.o authd/store_steps.o */
/* link: authd/audit_rec.o authd/backup.o -llmdb -lcrypto */
#include "tests/unit/ctl_stub.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
once(void)
{
	static int	done;
	struct msg_ctl	m;

	if (done)
		return;
	done = 1;
	log_init("ctl_fuzz", LL_CRIT);
	ev_init();
	limit_init(0, 0);
	stub_start();
	atexit(stub_stop);
	memset(&m, 0, sizeof(m));
	m.command = CTL_USER_ADD;
	strcpy(m.name, "anna");
	strcpy(m.secret, "anna's password");
	if (stub_command(&m) != 0)
		abort();
}

/* The text up to a NUL, cut to fit. */
static size_t
text_of(char *out, size_t size, const uint8_t *p, size_t len)
{
	size_t	n;

	for (n = 0; n < len && p[n] != '\0'; n++)
		;
	if (n < size && utf8_valid(p, n) && n != 0)
		memcpy(out, p, n);
	return (n < len ? n + 1 : n);
}

void
auth_toold_rest(void)
{
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct msg_ctl	m;
	size_t		off = 3;

	once();
	if (len < 3)
		return (0);
	memset(&m, 0, sizeof(m));
	m.command = CTL_USER_ADD + data[0] % 32U;
	if (m.command == CTL_AUDIT_FOLLOW)
		return (0);
	m.flags = data[1];
	m.number = (int8_t)data[2];
	off += text_of(m.name, sizeof(m.name), data + off, len - off);
	off += text_of(m.other, sizeof(m.other), data + off, len - off);
	off += text_of(m.secret, sizeof(m.secret), data + off, len - off);
	off += text_of(m.text, sizeof(m.text), data + off, len - off);
	if (stub_command(&m) == -1 || ctl_ended)
		abort();
	return (0);
}
