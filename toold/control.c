/* SPDX-License-Identifier: ISC */
/*
 * control.c: see control.h.  Runs in toold.  The peer's user comes from the
 * kernel, never from a message.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../common/ctl.h"
#include "audit.h"
#include "authdchan.h"
#include "control.h"
#include "handle.h"
#include "reader.h"
#include "serve.h"
#include "store.h"
#include "tools.h"

static int
peer_uid(int fd, uid_t *uid)
{
#ifdef __linux__
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1 ||
	    len != sizeof(cred))
		return (-1);
	*uid = cred.uid;
	return (0);
#else
	gid_t gid;

	return (getpeereid(fd, uid, &gid));
#endif
}

int
control_peer_ok(int fd, int root_only)
{
	uid_t uid;

	if (peer_uid(fd, &uid) == -1)
		return (0);
	return (uid == 0 || (!root_only && uid == geteuid()));
}

void
control_line(struct chan *ch, uint32_t id, const char *fmt, ...)
{
	struct msg_ctl_line m;
	va_list ap;

	memset(&m, 0, sizeof(m));
	va_start(ap, fmt);
	vsnprintf(m.text, sizeof(m.text), fmt, ap);
	va_end(ap);
	chan_send(ch, MSG_CTL_LINE, id, &m);
}

void
control_done(struct chan *ch, uint32_t id, uint32_t status, const char *text)
{
	struct msg_ctl_done m;

	memset(&m, 0, sizeof(m));
	m.status = status;
	snprintf(m.text, sizeof(m.text), "%s", text);
	chan_send(ch, MSG_CTL_DONE, id, &m);
}

static void
show_status(struct chan *ch, uint32_t id)
{
	const struct serve_stat *s = serve_getstat();
	struct store_stat st;

	control_line(ch, id, "workers\t%llu", (unsigned long long)s->workers);
	control_line(ch, id, "handles\t%llu",
	    (unsigned long long)handles_count());
	control_line(ch, id, "calls\t%llu", (unsigned long long)s->calls);
	control_line(ch, id, "calls that waited\t%llu",
	    (unsigned long long)s->waited);
	control_line(ch, id, "handles not known\t%llu",
	    (unsigned long long)s->refused);
	control_line(ch, id, "tools\t%zu", tools_count());
	control_line(ch, id, "authd\t%s", authd_chan() != NULL ? "up" : "down");
	control_line(ch, id, "reads in slices\t%u", reader_count());
	control_line(ch, id, "audit bytes waiting\t%zu", audit_waiting());
	if (store_getstat(&st) == -1) {
		control_done(ch, id, 1, store_error());
		return;
	}
	control_line(ch, id, "artifacts\t%llu",
	    (unsigned long long)st.artifacts);
	control_line(ch, id, "tables\t%llu", (unsigned long long)st.tables);
	control_line(ch, id, "packages\t%llu", (unsigned long long)st.packages);
	control_line(ch, id, "outbox\t%llu", (unsigned long long)st.outbox);
	control_line(ch, id, "store KiB\t%llu",
	    (unsigned long long)st.pages * 4);
	control_done(ch, id, 0, "");
}

void
control_command(struct chan *ch, uint32_t id, const struct msg_ctl *m)
{
	if (m->command == CTL_TOOLD_STATUS)
		show_status(ch, id);
	else
		control_done(ch, id, 1, "toold has no such command");
}
