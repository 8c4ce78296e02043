/* SPDX-License-Identifier: ISC */
/*
 * conf.c: the table of settings and how a value is stored and printed.
 * Runs in master, as root until it starts the children.  Trusts the owner
 * of keepd.conf; touches no file and no socket.
 */
#include <stddef.h>
#include <string.h>

#include "conf.h"
#include "text.h"

#ifndef STATEDIR
#define STATEDIR	"/var/lib/keepd"
#endif
#ifndef LOGDIR
#define LOGDIR		"/var/log/keepd"
#endif
#ifndef RUNDIR
#define RUNDIR		"/run/keepd"
#endif

static const struct conf_word yes_no[] = {
	{ "yes", 1 }, { "no", 0 }, { "on", 1 }, { "off", 0 }, { NULL, 0 }
};
static const struct conf_word on_off[] = {
	{ "on", 1 }, { "off", 0 }, { "yes", 1 }, { "no", 0 }, { NULL, 0 }
};
static const struct conf_word registrations[] = {
	{ "open", RG_OPEN }, { "public-only", RG_PUBLIC }, { NULL, 0 }
};
static const struct conf_word replays[] = {
	{ "revoke", RP_REVOKE }, { "reject-only", RP_REJECT }, { NULL, 0 }
};
static const struct conf_word sandboxes[] = {
	{ "strict", SB_STRICT }, { "degraded", SB_DEGRADED }, { NULL, 0 }
};
static const struct conf_word challenges[] = {
	{ "bare", CH_BARE }, { "error", CH_ERROR }, { NULL, 0 }
};
static const struct conf_word levels[] = {
	{ "debug", LL_DEBUG }, { "info", LL_INFO }, { "warn", LL_WARN },
	{ "error", LL_ERROR }, { NULL, 0 }
};

#define AT(field)	offsetof(struct conf, field)

static const struct conf_setting settings[] = {
	{ "", "public-url", "mcpPublicUrl", CT_URL, AT(public_url), 0, 0,
	    NULL, NULL, CF_RESTART | CF_OPTIONAL },
	{ "", "prefork", NULL, CT_COUNT, AT(prefork), 1, CONF_PREFORK_MAX,
	    NULL, NULL, CF_RESTART | CF_AUTO },
	{ "", "mcp", NULL, CT_WORD, AT(mcp), 0, 0, "on", on_off, 0 },
	{ "", "registration", NULL, CT_WORD, AT(registration), 0, 0,
	    "open", registrations, 0 },
	{ "", "replay", NULL, CT_WORD, AT(replay), 0, 0,
	    "revoke", replays, 0 },
	{ "", "sandbox", NULL, CT_WORD, AT(sandbox), 0, 0,
	    "strict", sandboxes, CF_RESTART },
	{ "", "rate-limits", NULL, CT_WORD, AT(rate_limits), 0, 0,
	    "on", on_off, 0 },
	{ "", "challenge-style", NULL, CT_WORD, AT(listener.challenge_error),
	    0, 0, "bare", challenges, 0 },
	{ "", "require-package", NULL, CT_WORD, AT(toold.require_package),
	    0, 0, "no", yes_no, 0 },
	{ "", "confirm-destructive", NULL, CT_WORD, AT(toold.confirm),
	    0, 0, "yes", yes_no, 0 },
	{ "", "get-stream", NULL, CT_WORD, AT(toold.get_stream),
	    0, 0, "no", yes_no, 0 },
	{ "", "scrypt-cost", NULL, CT_COST, AT(authd.scrypt_ln), 15, 20,
	    "2^16", NULL, 0 },
	{ "", "development", NULL, CT_WORD, AT(development), 0, 0,
	    "no", yes_no, CF_RESTART },
	{ "", "dangerously-allow-insecure-issuer-url", NULL, CT_WORD,
	    AT(insecure_issuer), 0, 0, "no", yes_no, CF_RESTART },
	{ "", "state", NULL, CT_PATH, AT(state), 0, 0,
	    STATEDIR, NULL, CF_RESTART },
	{ "", "logs", NULL, CT_PATH, AT(logs), 0, 0,
	    LOGDIR, NULL, CF_RESTART },
	{ "", "run", NULL, CT_PATH, AT(run), 0, 0,
	    RUNDIR, NULL, CF_RESTART },
	{ "", "programs", NULL, CT_PATH, AT(programs), 0, 0,
	    NULL, NULL, CF_RESTART | CF_OPTIONAL },
	{ "", "pid-file", NULL, CT_PATH, AT(pid_file), 0, 0,
	    NULL, NULL, CF_RESTART | CF_OPTIONAL },

	{ "user", "listener", NULL, CT_USER, AT(user[CR_LISTENER]), 0, 0,
	    "_keepd", NULL, CF_RESTART },
	{ "user", "authd", NULL, CT_USER, AT(user[CR_AUTHD]), 0, 0,
	    "_keepauth", NULL, CF_RESTART },
	{ "user", "pwhash", NULL, CT_USER, AT(user[CR_PWHASH]), 0, 0,
	    "_keephash", NULL, CF_RESTART },
	{ "user", "toold", NULL, CT_USER, AT(user[CR_TOOLD]), 0, 0,
	    "_keeptool", NULL, CF_RESTART },
	{ "user", "signd", NULL, CT_USER, AT(user[CR_SIGND]), 0, 0,
	    "_keepsign", NULL, CF_RESTART },

	{ "log", "level", NULL, CT_WORD, AT(log_level), 0, 0,
	    "info", levels, 0 },
	{ "log", "syslog", NULL, CT_WORD, AT(log_syslog), 0, 0,
	    "yes", yes_no, 0 },
	{ "log", "files", NULL, CT_WORD, AT(log_files), 0, 0,
	    "yes", yes_no, 0 },

	{ "lifetimes", "access", NULL, CT_SECONDS, AT(authd.access_s),
	    10, 86400, "1h", NULL, 0 },
	{ "lifetimes", "refresh", NULL, CT_SECONDS, AT(authd.refresh_s),
	    60, 31536000, "7d", NULL, 0 },
	{ "lifetimes", "client-secret", NULL, CT_SECONDS, AT(authd.secret_s),
	    60, 315360000, "30d", NULL, 0 },
	{ "lifetimes", "family", NULL, CT_SECONDS, AT(authd.family_s),
	    60, 315360000, "30d", NULL, 0 },
	{ "lifetimes", "code", NULL, CT_SECONDS, AT(authd.code_s),
	    5, 600, "60s", NULL, 0 },
	{ "lifetimes", "grace", NULL, CT_SECONDS, AT(authd.grace_s),
	    0, 3600, "120s", NULL, 0 },
	{ "lifetimes", "edit-lock", NULL, CT_SECONDS, AT(toold.lock_s),
	    60, 31536000, "1d", NULL, 0 },
	{ "lifetimes", "worker", NULL, CT_SECONDS, AT(worker_s),
	    0, 31536000, "1h", NULL, 0 },
	{ "lifetimes", "signing-key", NULL, CT_SECONDS,
	    AT(authd.sign_key_s), 0, 315360000, "0", NULL, 0 },
	{ "lifetimes", "audit", NULL, CT_DAYS, AT(authd.audit_keep_days),
	    1, 3650, "90d", NULL, 0 },

	{ "limits", "connections", NULL, CT_COUNT, AT(listener.max_conns),
	    1, 100000, "1000", NULL, 0 },
	{ "limits", "connections-per-address", NULL, CT_COUNT,
	    AT(listener.max_conns_addr), 1, 100000, "256", NULL, 0 },
	{ "limits", "header-size", NULL, CT_BYTES, AT(listener.max_header),
	    1024, 65536, "16k", NULL, 0 },
	{ "limits", "body-size", NULL, CT_BYTES, AT(listener.max_body),
	    1024, 4194304, "2M", NULL, 0 },
	{ "limits", "memory", NULL, CT_BYTES, AT(listener.max_memory),
	    1048576, 4294967295, "64M", NULL, 0 },
	{ "limits", "header-timeout", NULL, CT_MSECS,
	    AT(listener.header_timeout_ms), 100, 600000, "10s", NULL, 0 },
	{ "limits", "body-timeout", NULL, CT_MSECS,
	    AT(listener.body_timeout_ms), 100, 600000, "30s", NULL, 0 },
	{ "limits", "idle-timeout", NULL, CT_MSECS,
	    AT(listener.idle_timeout_ms), 100, 3600000, "75s", NULL, 0 },
	{ "limits", "write-timeout", NULL, CT_MSECS,
	    AT(listener.write_timeout_ms), 100, 600000, "30s", NULL, 0 },
	{ "limits", "answer-timeout", NULL, CT_MSECS,
	    AT(listener.answer_timeout_ms), 100, 600000, "50s", NULL, 0 },
	{ "limits", "requests-per-address", NULL, CT_COUNT,
	    AT(listener.rate_addr), 1, 100000000, "12000", NULL, 0 },
	{ "limits", "clients", NULL, CT_COUNT, AT(authd.max_clients),
	    1, 1000000, "10000", NULL, 0 },
	{ "limits", "grants", NULL, CT_COUNT, AT(authd.max_grants),
	    1, 10000000, "100000", NULL, 0 },
	{ "limits", "approvals-per-worker", NULL, CT_COUNT,
	    AT(authd.approvals_worker), 1, 1000000, "600", NULL, 0 },
	{ "limits", "approvals-of-life", NULL, CT_COUNT,
	    AT(authd.approvals_life), 0, 4294967295, "0", NULL, 0 },
	{ "limits", "signatures-per-worker", NULL, CT_COUNT, AT(signd.rate),
	    1, 1048576, "5000", NULL, 0 },
	{ "limits", "signatures-of-life", NULL, CT_COUNT, AT(signd.most),
	    0, 4294967295, "0", NULL, 0 },
	{ "limits", "auth-store", NULL, CT_MBYTES, AT(authd.map_mb),
	    16, 65536, "256M", NULL, CF_RESTART },
	{ "limits", "scrypt-max", NULL, CT_COST, AT(pwhash.ln_max),
	    15, 20, "2^17", NULL, CF_RESTART },
	{ "limits", "read-time", NULL, CT_MSECS, AT(toold.read_ms),
	    10, 600000, "2s", NULL, 0 },
	{ "limits", "change-time", NULL, CT_MSECS, AT(toold.ddl_ms),
	    10, 600000, "30s", NULL, 0 },
	{ "limits", "calls-per-grant", NULL, CT_COUNT,
	    AT(toold.max_calls_grant), 1, 100000000, "6000", NULL, 0 },
	{ "limits", "streams", NULL, CT_COUNT, AT(toold.max_streams),
	    1, 100000, "4096", NULL, 0 },
	{ "limits", "streams-per-grant", NULL, CT_COUNT,
	    AT(toold.max_streams_grant), 1, 100000, "32", NULL, 0 },
	{ "limits", "stream-keepalive", NULL, CT_MSECS,
	    AT(listener.keepalive_ms), 100, 600000, "25s", NULL, 0 },
	{ "limits", "revisions", NULL, CT_COUNT, AT(toold.revisions),
	    0, 1000000, "200", NULL, 0 }
};
#define NSETTINGS	(sizeof(settings) / sizeof(settings[0]))

static const struct conf_word list_names[] = {
	{ "hosts", CN_HOST }, { "allow-origin", CN_ORIGIN },
	{ "trusted-proxy", CN_PROXY }, { "redirect-scheme", CN_SCHEME },
	{ NULL, 0 }
};

const struct conf_setting *
conf_setting_at(size_t i)
{
	return (i < NSETTINGS ? &settings[i] : NULL);
}

const struct conf_setting *
conf_setting(const char *section, const char *name)
{
	const struct conf_setting *s;
	size_t	 i;

	for (i = 0; i < NSETTINGS; i++) {
		s = &settings[i];
		if (strcmp(s->section, section) != 0)
			continue;
		if (strcmp(s->name, name) == 0 ||
		    (s->alias != NULL && strcmp(s->alias, name) == 0))
			return (s);
	}
	return (NULL);
}

const struct conf_word *
conf_lists(void)
{
	return (list_names);
}

/* Letters to change, add or drop to come from a to b; 99 is "many". */
static unsigned int
edit_distance(const char *a, const char *b)
{
	unsigned int	row[40], up, diag, best;
	size_t		la = strlen(a), lb = strlen(b), i, j;

	if (lb >= sizeof(row) / sizeof(row[0]))
		return (99);
	for (j = 0; j <= lb; j++)
		row[j] = (unsigned int)j;
	for (i = 1; i <= la; i++) {
		diag = row[0];
		row[0] = (unsigned int)i;
		for (j = 1; j <= lb; j++) {
			up = row[j];
			best = diag + (a[i - 1] != b[j - 1]);
			if (up + 1 < best)
				best = up + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			diag = up;
		}
	}
	return (row[lb]);
}

static void
nearer(const char *name, const char *candidate, const char **best,
    unsigned int *least)
{
	unsigned int	d;

	if ((d = edit_distance(name, candidate)) < *least) {
		*least = d;
		*best = candidate;
	}
}

const char *
conf_nearest(const char *section, const char *name)
{
	static const char *const others[] = { "listen", "include",
	    "certificate",
	    "lifetimes", "limits", "log", "user", NULL };
	const char	*best = NULL;
	unsigned int	 least = 3;
	size_t		 i;

	for (i = 0; i < NSETTINGS; i++)
		if (strcmp(settings[i].section, section) == 0)
			nearer(name, settings[i].name, &best, &least);
	if (section[0] != '\0')
		return (best);
	for (i = 0; list_names[i].word != NULL; i++)
		nearer(name, list_names[i].word, &best, &least);
	for (i = 0; others[i] != NULL; i++)
		nearer(name, others[i], &best, &least);
	return (best);
}

/* ---- storing ---- */

static uint32_t *
num_at(struct conf *c, const struct conf_setting *s)
{
	return ((uint32_t *)(void *)((char *)c + s->off));
}

static const char *
set_word(struct conf *c, const struct conf_setting *s, const char *value)
{
	const struct conf_word *w;
	size_t	 n = 0;

	for (w = s->words; w->word != NULL; w++)
		if (strcmp(w->word, value) == 0) {
			*num_at(c, s) = w->value;
			return (NULL);
		}
	for (w = s->words; w->word != NULL && n < sizeof(c->why); w++)
		n += (size_t)snprintf(c->why + n, sizeof(c->why) - n,
		    "%s%s", n == 0 ? "write " : " or ", w->word);
	return (c->why);
}

static const char *
set_number(struct conf *c, const struct conf_setting *s, const char *value)
{
	char		lo[32], hi[32];
	uint64_t	n;

	if (value_number(s->kind, value, &n) == -1) {
		snprintf(c->why, sizeof(c->why), "write %s",
		    value_shape(s->kind));
		return (c->why);
	}
	if (n < s->min || n > s->max) {
		snprintf(c->why, sizeof(c->why), "must be from %s to %s",
		    value_text(s->kind, s->min, lo, sizeof(lo)),
		    value_text(s->kind, s->max, hi, sizeof(hi)));
		return (c->why);
	}
	*num_at(c, s) = (uint32_t)n;
	return (NULL);
}

static const char *
set_path(struct conf *c, const struct conf_setting *s, const char *value)
{
	if (value[0] != '/' || strstr(value, "/../") != NULL)
		return ("write an absolute path without ..");
	if (text_set((char *)c + s->off, CONF_PATH_MAX, value) == -1)
		return ("the path is too long");
	return (NULL);
}

static const char *
set_text(struct conf *c, const struct conf_setting *s, const char *value)
{
	struct conf_user *u;

	if (s->kind == CT_PATH)
		return (set_path(c, s, value));
	if (s->kind == CT_URL) {
		if (text_set((char *)c + s->off, URI_MAX - 8, value) == -1)
			return ("the URL is too long");
		return (NULL);
	}
	u = (struct conf_user *)(void *)((char *)c + s->off);
	if (value[0] == '\0' || text_set(u->name, sizeof(u->name), value) != 0)
		return ("write a user name, a uid or uid:gid");
	return (NULL);
}

const char *
conf_set(struct conf *c, const struct conf_setting *s, const char *value)
{
	switch (s->kind) {
	case CT_WORD:
		return (set_word(c, s, value));
	case CT_PATH:
	case CT_URL:
	case CT_USER:
		return (set_text(c, s, value));
	default:
		return (set_number(c, s, value));
	}
}

void
conf_init(struct conf *c)
{
	size_t	i;

	memset(c, 0, sizeof(*c));
	for (i = 0; i < NSETTINGS; i++)
		if (settings[i].preset != NULL)
			(void)conf_set(c, &settings[i], settings[i].preset);
	(void)conf_add_name(c, CN_SCHEME, "cursor");
	(void)conf_add_name(c, CN_SCHEME, "vscode");
	(void)text_set(c->authd.keys_dir, sizeof(c->authd.keys_dir), "keys");
}

/* ---- comparing ---- */

static int
setting_same(const struct conf *a, const struct conf *b,
    const struct conf_setting *s)
{
	const char	*x = (const char *)a + s->off;
	const char	*y = (const char *)b + s->off;

	if (s->kind == CT_PATH || s->kind == CT_URL || s->kind == CT_USER)
		return (strcmp(x, y) == 0);	/* a user's name comes first */
	return (memcmp(x, y, sizeof(uint32_t)) == 0);
}

static int
listens_same(const struct conf *a, const struct conf *b)
{
	uint32_t	i;

	if (a->nlisten != b->nlisten)
		return (0);
	for (i = 0; i < a->nlisten; i++)
		if (strcmp(a->listen[i].text, b->listen[i].text) != 0 ||
		    a->listen[i].flags != b->listen[i].flags)
			return (0);
	return (1);
}

const char *
conf_reload_ok(struct conf *fresh, const struct conf *old)
{
	const struct conf_setting *s;
	size_t	 i;

	for (i = 0; i < NSETTINGS; i++) {
		s = &settings[i];
		if ((s->flags & CF_RESTART) == 0 || setting_same(fresh, old, s))
			continue;
		snprintf(fresh->why, sizeof(fresh->why),
		    "a change of %s%s%s needs a restart", s->section,
		    s->section[0] != '\0' ? " " : "", s->name);
		return (fresh->why);
	}
	if (!listens_same(fresh, old))
		return ("a change of listen needs a restart");
	memcpy(fresh->user, old->user, sizeof(fresh->user));
	return (NULL);
}

/* ---- printing ---- */

/* A word that the lexer takes as one, or a quoted string. */
static void
print_string(const char *s, FILE *fp)
{
	if (s[0] != '\0' && strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:/^@") == strlen(s)) {
		fputs(s, fp);
		return;
	}
	fputc('"', fp);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', fp);
		fputc(*s, fp);
	}
	fputc('"', fp);
}

static void
print_value(const struct conf *c, const struct conf_setting *s, FILE *fp)
{
	const struct conf_word *w;
	uint32_t	 n;
	char		 buf[32];

	if (s->kind == CT_PATH || s->kind == CT_URL || s->kind == CT_USER) {
		print_string((const char *)c + s->off, fp);
		return;
	}
	memcpy(&n, (const char *)c + s->off, sizeof(n));
	if (s->kind != CT_WORD) {
		fputs(value_text(s->kind, n, buf, sizeof(buf)), fp);
		return;
	}
	for (w = s->words; w->word != NULL; w++)
		if (w->value == n) {
			fputs(w->word, fp);
			return;
		}
}

static int
setting_unset(const struct conf *c, const struct conf_setting *s)
{
	uint32_t	n;

	if (s->flags & CF_OPTIONAL)
		return (*((const char *)c + s->off) == '\0');
	if ((s->flags & CF_AUTO) == 0)
		return (0);
	memcpy(&n, (const char *)c + s->off, sizeof(n));
	return (n == 0);
}

static void
print_listen(const struct conf_listen *l, FILE *fp)
{
	const char	*end;
	int		 v6 = l->text[0] == '[';

	if (l->flags & LISTEN_UNIX) {
		fputs("listen on unix ", fp);
		print_string(l->text, fp);
		fputc('\n', fp);
		return;
	}
	end = strrchr(l->text, ':') - v6;
	fprintf(fp, "listen on %.*s port %u%s\n", (int)(end - l->text - v6),
	    l->text + v6, l->port, l->flags & LISTEN_TLS ? " tls" : "");
}

static void
print_cert(const struct conf_cert *c, FILE *fp)
{
	fputs("certificate ", fp);
	print_string(c->cert, fp);
	fputs(" key ", fp);
	print_string(c->key, fp);
	if (c->ocsp[0] != '\0') {
		fputs(" ocsp ", fp);
		print_string(c->ocsp, fp);
	}
	fputc('\n', fp);
}

static void
print_names(const struct conf *c, const struct conf_word *list, FILE *fp)
{
	const struct conf_names *names = &c->names[list->value];
	uint32_t	 i;

	fprintf(fp, "%s {\n", list->word);
	for (i = 0; i < names->n; i++) {
		fputc('\t', fp);
		print_string(names->text[i], fp);
		fputc('\n', fp);
	}
	fputs("}\n", fp);
}

void
conf_print(const struct conf *c, FILE *fp)
{
	const struct conf_setting *s;
	const struct conf_word *l;
	const char	*section = "";
	uint32_t	 i;

	for (i = 0; i < c->nlisten; i++)
		print_listen(&c->listen[i], fp);
	for (i = 0; i < c->ncert; i++)
		print_cert(&c->cert[i], fp);
	for (l = list_names; l->word != NULL; l++)
		print_names(c, l, fp);
	for (i = 0; i < NSETTINGS; i++) {
		s = &settings[i];
		if (strcmp(s->section, section) != 0) {
			fprintf(fp, "%s%s {\n", *section ? "}\n" : "",
			    s->section);
			section = s->section;
		}
		if (setting_unset(c, s))
			continue;
		fprintf(fp, "%s%s ", *section ? "\t" : "", s->name);
		print_value(c, s, fp);
		fputc('\n', fp);
	}
	fputs(*section ? "}\n" : "", fp);
}
