/* SPDX-License-Identifier: ISC */
/*
 * isolation.c: show isolation: what each process is and may do, and who may
 * say what to whom.  Runs in master as root.  The second part comes from the
 * rows that are checked at run time (msg.c), the first from what the
 * processes reported when their sandbox was complete, and now.
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "keepd.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static const struct kind {
	uint32_t	 kind;
	const char	*first, *second;
} kinds[] = {
	{ CK_MASTER_LISTENER, "keepd", "listener" },
	{ CK_MASTER_AUTHD, "keepd", "authd" },
	{ CK_MASTER_PWHASH, "keepd", "pwhash" },
	{ CK_MASTER_TOOLD, "keepd", "toold" },
	{ CK_MASTER_SIGND, "keepd", "signd" },
	{ CK_LISTENER_AUTHD, "listener", "authd" },
	{ CK_LISTENER_TOOLD, "listener", "toold" },
	{ CK_LISTENER_SIGND, "listener", "signd" },
	{ CK_AUTHD_TOOLD, "authd", "toold" },
	{ CK_AUTHD_PWHASH, "authd", "pwhash" },
	{ CK_CTL_MASTER, "keepctl", "keepd" },
	{ CK_CTL_AUTHD, "keepctl", "authd" },
	{ CK_CTL_TOOLD, "keepctl", "toold" }
};

/* The name of a process without its slot: "listener[3]" is a listener. */
static int
is_end(const char *end, const char *name)
{
	size_t	n = strlen(end);

	return (strncmp(end, name, n) == 0 &&
	    (name[n] == '\0' || name[n] == '['));
}

/* Message types that it may send, and take. */
static void
types_count(const char *name, unsigned int *in, unsigned int *out)
{
	const struct msg_row *r;
	unsigned int	 to, from;
	size_t		 i, k;

	*in = *out = 0;
	for (i = 0; (r = msg_row_at(i)) != NULL; i++) {
		to = from = 0;
		for (k = 0; k < COUNT(kinds); k++) {
			if ((r->kinds & kinds[k].kind) == 0)
				continue;
			if (is_end(kinds[k].first, name)) {
				from |= r->dir & DIR_DOWN;
				to |= r->dir & DIR_UP;
			} else if (is_end(kinds[k].second, name)) {
				from |= r->dir & DIR_UP;
				to |= r->dir & DIR_DOWN;
			}
		}
		*in += to != 0;
		*out += from != 0;
	}
}

static const char *
filter_text(const struct msg_layers *l, const char *how, char *out,
    size_t size)
{
	if (l->have & LAYER_SECCOMP)
		snprintf(out, size, "seccomp: %u calls, %s", l->syscalls,
		    how);
	else
		snprintf(out, size, "%s", l->have & LAYER_PLEDGE ? "pledge" :
		    l->have & LAYER_CAPSICUM ? "capsicum" : "none");
	return (out);
}

static const char *
files_text(const struct msg_layers *l, char *out, size_t size)
{
	if (l->have & LAYER_LANDLOCK)
		snprintf(out, size, "landlock abi %u", l->landlock_abi);
	else
		snprintf(out, size, "%s", l->have & LAYER_PLEDGE ? "unveil" :
		    l->have & LAYER_CAPSICUM ? "capsicum" : "none");
	return (out);
}

struct shown {
	const char	*name;
	pid_t		 pid;
	uid_t		 uid;
	const char	*root;
	uint64_t	 descriptors;
	const struct msg_layers *layers;
	const char	*how;		/* what a call outside the list does */
	uint64_t	 seen, broke;	/* violations */
	const char	*lost;
};

static void
row_write(struct chan *ch, const struct shown *s)
{
	unsigned int	 in, out;
	char		 filter[48], files[48], fds[24];

	types_count(s->name, &in, &out);
	snprintf(fds, sizeof(fds), "%" PRIu64, s->descriptors);
	control_line(ch, "%s\t%d\t%u\t%s\t%s\t%s\t%s\t%u\t%u\t%" PRIu64
	    "\t%" PRIu64 "\t%s", s->name, (int)s->pid, (unsigned int)s->uid,
	    s->root, s->descriptors != 0 ? fds : "-",
	    filter_text(s->layers, s->how, filter, sizeof(filter)),
	    files_text(s->layers, files, sizeof(files)), in, out, s->seen,
	    s->broke, s->lost[0] != '\0' ? s->lost : "-");
}

static void
proc_write(struct chan *ch, const struct proc *p)
{
	static const struct msg_layers none;
	struct shown	s;
	char		dir[256], lost[80];

	dir_role(master.conf, p->role, dir, sizeof(dir));
	memset(&s, 0, sizeof(s));
	s.name = p->name;
	s.pid = p->pid;
	s.uid = master.host.privileged ? master.conf->user[p->role].uid :
	    geteuid();
	s.layers = p->have_layers ? &p->layers : &none;
	s.root = s.layers->have & LAYER_CHROOT ? dir : "/";
	s.descriptors = p->stat.descriptors;
	s.how = master.trap ? "trap" : "kill";
	s.seen = p->stat.violations;
	s.broke = p->broke;
	s.lost = promises_lost(p, lost, sizeof(lost));
	row_write(ch, &s);
}

static void
messages_write(struct chan *ch, const struct kind *k, const struct msg_row *r,
    enum msg_dir dir)
{
	if ((r->dir & dir) == 0)
		return;
	control_line(ch, "%s\t%s\t%s\t%zu\t%zu\t%s\t%s",
	    dir == DIR_DOWN ? k->first : k->second,
	    dir == DIR_DOWN ? k->second : k->first,
	    r->name, r->size, r->tail_max, r->flags & MSG_FD ? "yes" : "no",
	    r->states == CS_RUN ? "running" : "any");
}

void
isolation_write(struct chan *ch)
{
	const struct msg_row *r;
	const struct proc *p;
	struct shown	 own;
	size_t		 k, i;

	control_line(ch, "#PROCESS\tPID\tUID\tROOT\tDESCRIPTORS\tFILTER\t"
	    "FILES\tTAKES\tSENDS\tVIOLATIONS SEEN\tDONE\t"
	    "PROMISES NOT KEPT");
	memset(&own, 0, sizeof(own));
	own.name = "keepd";
	own.pid = getpid();
	own.uid = geteuid();
	own.root = "/";
	own.descriptors = child_descriptors();
	own.layers = master_layers();
	own.how = "refuse";
	own.seen = chan_violations();
	own.lost = "";
	row_write(ch, &own);
	for (i = 0; (p = proc_at((unsigned int)i)) != NULL; i++)
		if (!p->parked)
			proc_write(ch, p);
	control_line(ch, "#FROM\tTO\tMESSAGE\tBYTES\tTAIL AT MOST\t"
	    "DESCRIPTOR\tSTATE");
	for (k = 0; k < COUNT(kinds); k++)
		for (i = 0; (r = msg_row_at(i)) != NULL; i++) {
			if ((r->kinds & kinds[k].kind) == 0)
				continue;
			messages_write(ch, &kinds[k], r, DIR_DOWN);
			messages_write(ch, &kinds[k], r, DIR_UP);
		}
}
