/* SPDX-License-Identifier: ISC */
/*
 * authd_stub.h: the surroundings of authd's files for unit tests: a
 * configuration, users, limits and audit records that are only counted.
 * The store, the keys and all that is tested are the real ones.
 */
#ifndef TESTS_UNIT_AUTHD_STUB_H
#define TESTS_UNIT_AUTHD_STUB_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "authd/authd.h"
#include "common/text.h"

#define STUB_USER	"6f1c5c10-93d6-4c6e-8a52-0f3f1e5f6a01"
#define STUB_OTHER	"6f1c5c10-93d6-4c6e-8a52-0f3f1e5f6a02"

static struct msg_conf_authd stub_conf = {
	.access_s = 3600, .refresh_s = 7 * 86400, .secret_s = 30 * 86400,
	.family_s = 30 * 86400, .code_s = 60, .grace_s = 120,
	.scrypt_ln = 15, .max_clients = 1000, .max_grants = 100000,
	.approvals_worker = 1000, .audit_keep_days = 30, .map_mb = 16
};
static uint32_t stub_flags;
static unsigned int stub_audits[AK_MAX], stub_refused;
static int stub_user_disabled;
static char stub_dir[64];

const struct msg_conf_authd *
auth_conf(void)
{
	return (&stub_conf);
}

uint32_t
auth_flags(void)
{
	return (stub_flags);
}

const char *
auth_issuer(void)
{
	return ("http://127.0.0.1:8080");
}

const char *
auth_resource(void)
{
	return ("http://127.0.0.1:8080/mcp");
}

const char *const *
auth_schemes(size_t *n)
{
	static const char *const s[] = { "cursor" };

	*n = 1;
	return (s);
}

uint32_t
resource_tag(void)
{
	return (7);
}

void
audit_add(const struct audit_own *a)
{
	uint8_t	key[8];
	static uint64_t n;

	stub_audits[a->kind]++;
	be64_put(key, ++n);
	store_append(DB_AUDIT, key, sizeof(key), a, sizeof(a->kind));
}

void
audit_refused(enum audit_kind k, enum audit_outcome o,
    const struct msg_from *from, const char *why)
{
	stub_refused++;
}

void
audit_forget_grant(const uint8_t grant[GRANT_LEN])
{
}

int
user_get(const char *id, struct user *u)
{
	memset(u, 0, sizeof(*u));
	if (strcmp(id, STUB_USER) != 0 && strcmp(id, STUB_OTHER) != 0)
		return (-1);
	text_set(u->id, sizeof(u->id), id);
	text_set(u->name, sizeof(u->name), "anna");
	if (stub_user_disabled)
		u->flags |= USER_DISABLED;
	return (0);
}

int
user_lookup(const char *name, struct user *u)
{
	return (strcmp(name, "anna") == 0 ? user_get(STUB_USER, u) : -1);
}

int
user_perms(const char *id, struct msg_open *m)
{
	struct user	u;

	if (user_get(id, &u) == -1 || u.flags & USER_DISABLED)
		return (-1);
	memcpy(m->user_id, u.id, sizeof(m->user_id));
	memcpy(m->user, u.name, sizeof(m->user));
	m->display = PERM_ALL;
	m->edit = PERM_ALL;
	return (0);
}

/* A fresh directory for store and keys; removed by stub_clean(). */
static void
stub_tmp(void)
{
	strcpy(stub_dir, "/tmp/keepd-unit.XXXXXX");
	if (mkdtemp(stub_dir) == NULL)
		abort();
}

static void
stub_clean(void)
{
	char	cmd[128];

	if (stub_dir[0] == '\0')
		return;
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", stub_dir);
	if (system(cmd) != 0)
		abort();
	stub_dir[0] = '\0';
}

#endif
