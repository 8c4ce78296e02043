/* SPDX-License-Identifier: ISC */
/*
 * tlsfile.c: the files of the certificates that keepd.conf names.
 * Runs in master as root.  Opens them and hands the descriptors on; never
 * reads a byte of one.  Looks at what was opened, not at the name: a link
 * may lead there, but the file must be one that only its owner can change.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "keepd.h"
#include "text.h"

#define WARN_DAYS	7
#define PARTS	3			/* certificate, key, OCSP response */

/* Who a file was when it was last handed out. */
struct stamp {
	dev_t	dev;
	ino_t	ino;
	off_t	size;
	time_t	changed;
};

static struct stamp		stamps[TLS_CERTS][PARTS];
static struct msg_tls_info	infos[TLS_SLOTS];

static const struct part {
	size_t		 off;		/* of its path in struct conf_cert */
	uint32_t	 type;
	mode_t		 forbidden;	/* bits that nobody may have */
	const char	*advice;
	unsigned int	 roles;		/* who gets it */
} parts[PARTS] = {
	{ offsetof(struct conf_cert, cert), MSG_TLS_CERT, S_IWGRP | S_IWOTH,
	    "chmod go-w", 1U << CR_SIGND | 1U << CR_LISTENER },
	{ offsetof(struct conf_cert, key), MSG_TLS_KEY,
	    S_IWGRP | S_IRWXO, "chmod g-w,o-rwx", 1U << CR_SIGND },
	{ offsetof(struct conf_cert, ocsp), MSG_TLS_OCSP, S_IWGRP | S_IWOTH,
	    "chmod go-w", 1U << CR_LISTENER }
};

static const char *
part_path(const struct conf *c, uint32_t i, int part)
{
	return ((const char *)&c->cert[i] + parts[part].off);
}

static const char *
file_bad(const struct stat *st, const struct part *part)
{
	if (!S_ISREG(st->st_mode))
		return ("not a regular file");
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return ("must belong to root or to the user that runs keepd");
	if (st->st_mode & part->forbidden)
		return (part->advice);
	return (NULL);
}

/* A descriptor of its own: one that was read is at its end.  Or -1, why. */
static int
part_open(const struct conf *c, uint32_t i, int part, struct stat *st,
    char *why, size_t size)
{
	const char	*path = part_path(c, i, part), *bad;
	int		 fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1 && errno == EACCES && master.ready)
		bad = "cannot be opened; a new directory needs a restart";
	else if (fd == -1 || fstat(fd, st) == -1)
		bad = strerror(errno);
	else
		bad = file_bad(st, &parts[part]);
	if (bad == NULL)
		return (fd);
	snprintf(why, size, "%s: %s", path, bad);
	if (fd != -1)
		close(fd);
	return (-1);
}

static int
stamp_same(const struct stamp *s, const struct stat *st)
{
	return (s->dev == st->st_dev && s->ino == st->st_ino &&
	    s->size == st->st_size && s->changed == st->st_mtime);
}

int
tls_files_look(const struct conf *c, int keep, char *why, size_t size)
{
	struct stat	st;
	struct stamp	*s;
	uint32_t	 i;
	int		 k, fd, changed = 0;

	for (i = 0; conf_tls(c) && i < c->ncert; i++)
		for (k = 0; k < PARTS; k++) {
			if (*part_path(c, i, k) == '\0')
				continue;
			fd = part_open(c, i, k, &st, why, size);
			if (fd == -1)
				return (-1);
			close(fd);
			s = &stamps[i][k];
			changed |= !stamp_same(s, &st);
			if (!keep)
				continue;
			s->dev = st.st_dev;
			s->ino = st.st_ino;
			s->size = st.st_size;
			s->changed = st.st_mtime;
		}
	return (changed);
}

int
tls_files_send(struct proc *p, const struct conf *c, char *why, size_t size)
{
	struct msg_tls_file	m;
	struct stat		st;
	uint32_t		i;
	int			k, fd;

	for (i = 0; conf_tls(c) && i < c->ncert; i++)
		for (k = 0; k < PARTS; k++) {
			if (!(parts[k].roles & (1U << p->role)) ||
			    *part_path(c, i, k) == '\0')
				continue;
			fd = part_open(c, i, k, &st, why, size);
			if (fd == -1)
				return (-1);
			memset(&m, 0, sizeof(m));
			m.slot = c->signd.base + i;
			(void)text_set(m.path, sizeof(m.path),
			    part_path(c, i, k));
			chan_send_fd(p->ch, parts[k].type, 0, &m, fd);
			(void)chan_flush(p->ch);
		}
	return (0);
}

/* ---- keepctl tls show ---- */

/* Of a certificate in force; one that ends soon is worth a line each time. */
void
tls_info(const struct msg_tls_info *m)
{
	const struct conf	*c = master.conf;
	int64_t			 left = m->not_after - wall_s();
	uint32_t		 i = m->slot - c->signd.base;

	memcpy(&infos[m->slot], m, sizeof(*m));
	if (m->slot < c->signd.base || i >= c->ncert)
		return;
	if (left <= 0)
		log_warnx("%s: the certificate is over", c->cert[i].cert);
	else if (m->not_before > wall_s())
		log_warnx("%s: the certificate is not good yet",
		    c->cert[i].cert);
	else if (left < WARN_DAYS * 86400)
		log_warnx("%s: the certificate ends in %" PRId64 " days",
		    c->cert[i].cert, left / 86400);
}

const struct msg_tls_info *
tls_info_at(uint32_t slot)
{
	return (&infos[slot]);
}
