/* SPDX-License-Identifier: ISC */
/*
 * conf.h: what keepd.conf says, as master holds it.
 *
 * Settings that are a word and a value are rows of one table in conf.c:
 * name, section, kind of value, place in struct conf, bounds, default.  The
 * grammar (parse.y) looks the word up there, conf_print() walks it, and the
 * rows marked CF_RESTART are those a reload may not change.
 */
#ifndef MASTER_CONF_H
#define MASTER_CONF_H

#include <sys/types.h>
#include <sys/socket.h>

#include <stdint.h>
#include <stdio.h>

#include "log.h"
#include "msg.h"

#define CONF_LISTEN_MAX	16
#define CONF_NAMES_MAX	64
#define CONF_PREFORK_MAX 64
#define CONF_FILES_MAX	32		/* keepd.conf and what it includes */
#define CONF_PATH_MAX	240

enum conf_role { CR_LISTENER, CR_AUTHD, CR_PWHASH, CR_TOOLD, CR_SIGND,
	CR_MAX };

struct conf_listen {
	struct sockaddr_storage	ss;	/* AF_INET, AF_INET6 or AF_UNIX */
	socklen_t	ss_len;
	uint32_t	flags;		/* LISTEN_ bits */
	uint32_t	line;
	uint16_t	port;		/* 0 for a Unix socket */
	char		text[128];	/* for logs: 127.0.0.1:8080 */
};

struct conf_cert {			/* paths, "" where there is none */
	char		cert[CONF_PATH_MAX];
	char		key[CONF_PATH_MAX];
	char		ocsp[CONF_PATH_MAX];
};

struct conf_names {
	uint32_t	n;
	char		text[CONF_NAMES_MAX][URI_MAX];
};

struct conf_user {
	char		name[64];	/* as written, "" while unset */
	uid_t		uid;		/* set by conf_users() */
	gid_t		gid;
};

/* Values of the settings that take one of a few words. */
enum { RG_OPEN, RG_PUBLIC };
enum { RP_REVOKE, RP_REJECT };
enum { SB_STRICT, SB_DEGRADED };
enum { CH_BARE, CH_ERROR };

struct conf {
	struct conf_listen listen[CONF_LISTEN_MAX];
	uint32_t	nlisten;
	struct conf_cert cert[TLS_CERTS];
	uint32_t	ncert;
	struct conf_names names[CN_MAX];	/* by enum conf_name */
	struct conf_user user[CR_MAX];

	char		public_url[URI_MAX];	/* as it is sent out */
	char		state[CONF_PATH_MAX];
	char		logs[CONF_PATH_MAX];
	char		run[CONF_PATH_MAX];
	char		pid_file[CONF_PATH_MAX];
	char		programs[CONF_PATH_MAX];
	uint32_t	public_url_line;

	uint32_t	prefork;
	uint32_t	worker_s;	/* a listener lives; 0: for ever */
	uint32_t	mcp;
	uint32_t	registration;
	uint32_t	replay;
	uint32_t	sandbox;
	uint32_t	rate_limits;
	uint32_t	development;
	uint32_t	insecure_issuer;
	uint32_t	log_level;
	uint32_t	log_syslog;
	uint32_t	log_files;

	struct msg_conf_listener listener;
	struct msg_conf_authd	 authd;
	struct msg_conf_toold	 toold;
	struct msg_conf_pwhash	 pwhash;
	struct msg_conf_signd	 signd;	/* base is set by a reload */

	/* Files that were read, for master's own sandbox. */
	char		file[CONF_FILES_MAX][CONF_PATH_MAX];
	uint32_t	nfiles;
	char		why[256];	/* of the last conf_ call that failed */
};

enum conf_kind {
	CT_WORD,		/* one of words */
	CT_COUNT,
	CT_SECONDS,		/* 90, 90s, 15m, 1h, 7d */
	CT_MSECS,		/* 500ms and all of the above */
	CT_BYTES,		/* 65536, 64k, 4M, 1G */
	CT_MBYTES,		/* the same, kept in MiB */
	CT_DAYS,		/* seconds and the like, kept in days */
	CT_COST,		/* 16, 65536 or 2^16, kept as the exponent */
	CT_PATH,		/* absolute */
	CT_URL,
	CT_USER
};

#define CF_RESTART	1	/* a reload may not change it */
#define CF_OPTIONAL	2	/* has no default: not printed while unset */
#define CF_AUTO		4	/* 0 stands for "worked out at start" */

struct conf_word {
	const char	*word;
	uint32_t	 value;
};

struct conf_setting {
	const char	*section;	/* "" is the top level */
	const char	*name;
	const char	*alias;		/* accepted too, or NULL */
	enum conf_kind	 kind;
	size_t		 off;		/* in struct conf */
	uint64_t	 min, max;	/* of the kept value */
	const char	*preset;	/* default, in the file's own words */
	const struct conf_word *words;	/* CT_WORD, ended by { NULL } */
	unsigned int	 flags;		/* CF_ */
};

/* What the machine and the start say, beside the file. */
struct conf_host {
	int		 privileged;	/* started as root */
	uint32_t	 cores;
	int		 env_development;	/* NODE_ENV=development */
	int		 env_insecure;	/* MCP_DANGEROUSLY_ALLOW_... */
};

/* The table: row i, or NULL behind the last. */
const struct conf_setting *conf_setting_at(size_t);
/* The words that open a list of names, with their enum conf_name. */
const struct conf_word *conf_lists(void);
/* By section and name (or alias): the row, or NULL. */
const struct conf_setting *conf_setting(const char *section, const char *);
/* The name nearest to a mistyped one, or NULL when none is near. */
const char *conf_nearest(const char *section, const char *);

/* All defaults. */
void	 conf_init(struct conf *);
/* Set a row from its text: NULL, or what is wrong and what to write. */
const char *conf_set(struct conf *, const struct conf_setting *,
	    const char *value);
/* One more name of a list: NULL, or what is wrong. */
const char *conf_add_name(struct conf *, enum conf_name, const char *);
/* One more listening address: NULL, or what is wrong. */
const char *conf_add_listen(struct conf *, const char *addr,
	    const char *port, int tls, uint32_t line);
/* One more certificate; ocsp may be NULL: NULL, or what is wrong. */
const char *conf_add_cert(struct conf *, const char *cert,
	    const char *key, const char *ocsp);
const char *conf_add_unix(struct conf *, const char *path, uint32_t line);

/*
 * Rules that need the whole file: the public URL (worked out if unset), what
 * may be listened on, what a degraded or unprivileged run refuses.  NULL if
 * good; else what is wrong and what to write, and *line the line it is
 * about, 0 if about none.  Warnings are logged by conf_warn().
 */
const char *conf_check(struct conf *, const struct conf_host *,
	    uint32_t *line);
void	 conf_warn(const struct conf *, const struct conf_host *);
/* Resolve user names, once at start as root: NULL, or what is wrong. */
const char *conf_users(struct conf *);
/* A reload from old to new: NULL, or the setting that needs a restart. */
const char *conf_reload_ok(struct conf *fresh, const struct conf *old);

/* Print it in the grammar of the file. */
void	 conf_print(const struct conf *, FILE *);

/* A listen line says tls: signd runs. */
int	 conf_tls(const struct conf *);
/* master's view of conf_check: plain http, only on this machine. */
int	 conf_all_loopback(const struct conf *);

/* parse.y: read a file; messages go to err as file:line: text.  0 or -1. */
int	 conf_parse(struct conf *, const char *path, FILE *err);
/* A macro from the command line, name=value: 0 or -1. */
int	 conf_macro(const char *);

/* conf_value.c: one value of a kind, pure: 0 and *out, or -1. */
int	 value_number(enum conf_kind, const char *, uint64_t *out);
/* The other way; buf is at least 32 bytes.  Returns buf. */
char	*value_text(enum conf_kind, uint64_t, char *buf, size_t);
/* What values of that kind look like, for messages. */
const char *value_shape(enum conf_kind);

#endif
