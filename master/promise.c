/* SPDX-License-Identifier: ISC */
/*
 * promise.c: which of the promises of keepd-privsep(7) need which layer.
 * Runs in master.  Pure but for what the children reported: a table from
 * layers to promises, so that a start with a layer less says what it costs.
 */
#include <stdio.h>
#include <string.h>

#include "keepd.h"

#define R(role)		(1U << (role))
#define R_ALL		((1U << CR_MAX) - 1)
#define R_NOT_AUTHD	(R_ALL & ~R(CR_AUTHD))
#define R_KEYS		(R(CR_AUTHD) | R(CR_SIGND))

/* Kept for a role if all layers of any alternative are in force. */
#define ALT_MAX		3
static const struct need {
	unsigned int	promise;
	unsigned int	roles;
	uint32_t	alt[ALT_MAX];	/* 0 ends the list */
} needs[] = {
	/* Key bytes stay there: no debugger, no way to the key files. */
	{ 1, R_KEYS, { LAYER_NODUMP } },
	{ 1, R_NOT_AUTHD, { LAYER_UID, LAYER_CHROOT, LAYER_LANDLOCK } },
	/* Roles come from authd only: no way to its store. */
	{ 4, R(CR_TOOLD) | R(CR_LISTENER),
	    { LAYER_UID, LAYER_CHROOT, LAYER_LANDLOCK } },
	/* No file, socket, exec or signal from a listener. */
	{ 5, R(CR_LISTENER), { LAYER_SECCOMP | LAYER_LANDLOCK | LAYER_NNP,
	    LAYER_PLEDGE, LAYER_CAPSICUM } },
	/* Nothing that could be won back by exec. */
	{ 7, R_ALL, { LAYER_NNP, LAYER_PLEDGE, LAYER_CAPSICUM } },
	/* A copy of the store without the keys: nobody else reads keys/. */
	{ 10, R_NOT_AUTHD, { LAYER_UID, LAYER_CHROOT, LAYER_LANDLOCK } },
	{ 11, R_ALL, { LAYER_RLIMIT } },
	{ 14, R_ALL, { LAYER_NODUMP, LAYER_UID } }
};

static const struct {
	uint32_t	 bit;
	const char	*name;
} layer_names[] = {
	{ LAYER_UID, "uid" }, { LAYER_CHROOT, "chroot" },
	{ LAYER_USERNS, "namespaces" }, { LAYER_NNP, "no-new-privs" },
	{ LAYER_NODUMP, "no-dump" }, { LAYER_RLIMIT, "rlimits" },
	{ LAYER_LANDLOCK, "landlock" }, { LAYER_SECCOMP, "seccomp" },
	{ LAYER_PLEDGE, "pledge" }, { LAYER_CAPSICUM, "capsicum" }
};

static int
need_met(const struct need *n, uint32_t have)
{
	int	i;

	for (i = 0; i < ALT_MAX && n->alt[i] != 0; i++)
		if ((have & n->alt[i]) == n->alt[i])
			return (1);
	return (0);
}

/* Bits 1 << number of the promises that one process breaks. */
static unsigned int
lost_by(const struct proc *p)
{
	unsigned int	lost = 0;
	size_t		i;

	if (!p->have_layers)
		return (0);
	for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if ((needs[i].roles & R(p->role)) &&
		    !need_met(&needs[i], p->layers.have))
			lost |= 1U << needs[i].promise;
	return (lost);
}

const char *
promises_lost(const struct proc *p, char *out, size_t size)
{
	unsigned int	lost = 0, i;
	size_t		n = 0;

	if (p != NULL)
		lost = lost_by(p);
	for (i = 0; p == NULL && proc_at(i) != NULL; i++)
		lost |= lost_by(proc_at(i));
	out[0] = '\0';
	for (i = 1; i < 32 && n < size; i++)
		if (lost & (1U << i))
			n += (size_t)snprintf(out + n, size - n, "%sP%u",
			    n > 0 ? " " : "", i);
	return (out);
}

const char *
layers_text(uint32_t layers, char *out, size_t size)
{
	size_t	i, n = 0;

	snprintf(out, size, "-");
	for (i = 0; i < sizeof(layer_names) / sizeof(layer_names[0]); i++)
		if ((layers & layer_names[i].bit) && n < size)
			n += (size_t)snprintf(out + n, size - n, "%s%s",
			    n > 0 ? "," : "", layer_names[i].name);
	return (out);
}
