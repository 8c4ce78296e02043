/* SPDX-License-Identifier: ISC */
/*
 * msg.h: every message that crosses a process boundary.  The rows in msg.c
 * say on which channel, in which direction, in which state each may travel.
 *
 * Shapes: each struct is sent whole and its size is compared for equality.
 * Text is a fixed array with a NUL inside and zeroes behind it, UTF-8.
 * Padding is explicit and zero.  Integers are host order.  A few rows carry
 * a tail behind the struct; its bound is in the row and its parts are
 * measured by lengths in the struct that must add up to it exactly.
 */
#ifndef COMMON_MSG_H
#define COMMON_MSG_H

#include <stddef.h>
#include <stdint.h>

#include "chan.h"
#include "perm.h"

enum msg_type {
	/* any channel with bulk rows */
	MSG_CREDIT = 1,

	/* master <-> children: start, reload, logs */
	MSG_LOG = 16,			/* child -> master */
	MSG_CONF_BEGIN, MSG_CONF_COMMON, MSG_CONF_LISTENER, MSG_CONF_NAME,
	MSG_CONF_AUTHD, MSG_CONF_TOOLD, MSG_CONF_PWHASH,
	MSG_CONF_END,			/* answered by READY or REFUSED */
	MSG_CONF_READY, MSG_CONF_REFUSED, MSG_CONF_COMMIT, MSG_CONF_ABORT,
	MSG_LAYERS,			/* child -> master: sandbox in force */
	MSG_LISTEN,			/* master -> listener, with socket */
	MSG_CTL_LISTEN,			/* master -> authd, toold: socket */
	MSG_PEER,			/* authd-toold, authd-pwhash */
	MSG_WORKER_NEW,			/* master -> toold, then authd */
	MSG_WORKER_ACK,
	MSG_WORKER_ENDS,		/* master -> listener: authd's end */
	MSG_WORKER_ENDT,		/* master -> listener: toold's end */
	MSG_WORKER_GONE,		/* child -> master: channel ended */
	MSG_WORKER_DRAIN,		/* master -> listener: finish, exit */
	MSG_LOG_DIR,			/* master -> toold: read-only dir fd */
	MSG_STAT_ASK, MSG_STAT,		/* for keepctl status */
	MSG_PEER_STUCK,			/* authd -> master: kill toold */
	MSG_READY,			/* child -> master: in service */
	MSG_TLS_KEY,			/* master -> signd, with the file */
	MSG_TLS_CERT,			/* master -> signd, listener */
	MSG_TLS_OCSP,			/* master -> listener */
	MSG_CONF_SIGND,
	MSG_BROKE,			/* master -> authd: for the audit */
	MSG_TLS_INFO,			/* signd -> master: of a slot */
	MSG_WORKER_ENDK,		/* master -> listener: signd's end */

	/* listener -> authd and back: id pairs question and answer */
	MSG_HEALTH = 64, MSG_HEALTH_OK,	/* also listener <-> toold */
	MSG_TOKEN_CHECK, MSG_TOKEN_OK, MSG_TOKEN_BAD,
	MSG_REGISTER, MSG_REGISTERED,
	MSG_AUTHORIZE, MSG_AUTHORIZE_ANSWER,
	MSG_SIGNIN, MSG_SIGNIN_ANSWER,
	MSG_CONSENT_VIEW, MSG_CONSENT_PAGE,
	MSG_CONSENT, MSG_CONSENT_ANSWER,
	MSG_TOKEN, MSG_TOKEN_ANSWER,
	MSG_REVOKE, MSG_REVOKE_ANSWER,
	MSG_JWKS,			/* authd -> listener, unasked */

	/* listener (or keepctl) <-> toold */
	MSG_CALL = 96, MSG_ANSWER, MSG_HANDLE_UNKNOWN, MSG_CANCEL,
	MSG_TEXT,			/* toold -> listener, unasked */
	MSG_EVENT,			/* toold -> listener: before ANSWER */
	MSG_HANDLE_NEW,			/* for a stream that goes on */

	/* authd <-> toold */
	MSG_HELLO = 112, MSG_HELLO_ACK,
	MSG_MACKEYS, MSG_ROLE, MSG_ROLES_END,
	MSG_OPEN, MSG_CLOSE, MSG_CLOSE_ACK,
	MSG_AUDIT, MSG_AUDIT_ACK,

	/* authd <-> pwhash */
	MSG_HASH = 128, MSG_HASHED,

	/* listener <-> signd */
	MSG_SIGN = 136, MSG_SIGNATURE,

	/* keepctl <-> master, authd, toold */
	MSG_CTL = 144,			/* a command row of ctl.h */
	MSG_CTL_LINE,			/* one line of the answer */
	MSG_CTL_DONE,			/* the end, with a status */
	MSG_CTL_FILE,			/* a command on an open file */
	MSG_MAX
};

#define HANDLE_LEN	16
#define GRANT_LEN	16
#define DIGEST_LEN	32
#define USER_MAX	64
#define NAME_MAX_LEN	128
#define URI_MAX		512
#define STATE_MAX	2048
#define SCOPE_MAX	256
#define BLOB_MAX	6144		/* sealed pending authorization */
#define TOKEN_MAX	2048		/* an access token, with its NUL */
#define SECRET_MAX	256
#define ROLES_MAX	64		/* roles of one user */
#define REDIRECTS_MAX	8

struct msg_credit {
	uint32_t	bytes;
	uint32_t	zero;
};

struct msg_log {
	uint32_t	cat;		/* enum log_cat */
	uint32_t	level;		/* enum log_level */
	char		text[1024];
};

/* ---- configuration, master -> child ---- */

#define CONF_FIRST_START	1	/* this is a start, not a reload */
#define CONF_PRIVILEGED		2	/* child starts as root and must drop */
#define CONF_DEGRADED		4	/* a missing layer is not fatal */
#define CONF_DEBUG		8
#define CONF_RATE_OFF		16	/* rate limits off */
#define CONF_MCP_OFF		32
#define CONF_REG_PUBLIC		64	/* registration public-only */
#define CONF_REPLAY_REJECT	128	/* replay reject-only */
#define CONF_SYSCALL_TRAP	256	/* TRAP instead of KILL (tests) */
#define CONF_FLAGS_ALL		511

struct msg_conf_common {
	uint32_t	flags;
	uint32_t	uid, gid;	/* the child's, if privileged */
	uint32_t	worker;		/* listener: its slot; else 0 */
	uint32_t	log_level;
	uint32_t	zero;
	char		dir[256];	/* own directory: chroot, or prefix */
	char		public_url[URI_MAX];	/* https://host, no slash */
	char		resource[URI_MAX];	/* public_url + "/mcp" */
};

struct msg_conf_listener {
	uint32_t	max_conns;		/* connections of this worker */
	uint32_t	max_conns_addr;		/* of one address prefix */
	uint32_t	max_header;		/* bytes of all headers */
	uint32_t	max_body;		/* bytes of one request body */
	uint32_t	max_memory;		/* of bodies in one worker */
	uint32_t	header_timeout_ms;
	uint32_t	body_timeout_ms;
	uint32_t	idle_timeout_ms;
	uint32_t	write_timeout_ms;
	uint32_t	answer_timeout_ms;	/* toold or authd must answer */
	uint32_t	rate_addr;		/* requests a minute, 0: none */
	uint32_t	challenge_error;	/* challenge-style with error */
	uint32_t	keepalive_ms;	/* between comments of a stream */
};

enum conf_name { CN_HOST = 1, CN_ORIGIN, CN_PROXY, CN_SCHEME, CN_MAX };
struct msg_conf_name {
	uint32_t	what;		/* enum conf_name */
	uint32_t	zero;
	char		text[URI_MAX];
};

struct msg_conf_authd {
	uint32_t	access_s;	/* lifetimes, seconds */
	uint32_t	refresh_s;
	uint32_t	secret_s;
	uint32_t	family_s;
	uint32_t	code_s;
	uint32_t	grace_s;	/* refresh grace */
	uint32_t	scrypt_ln;	/* log2 N, 15 to 20 */
	uint32_t	max_clients;
	uint32_t	max_grants;
	uint32_t	approvals_worker;	/* an hour */
	uint32_t	audit_keep_days;
	uint32_t	map_mb;		/* LMDB map size */
	uint32_t	sign_key_s;	/* a signing key signs; 0: for ever */
	uint32_t	approvals_life;	/* of one worker; 0: any number */
	char		keys_dir[256];	/* relative to dir */
};

struct msg_conf_toold {
	uint32_t	read_ms;	/* longest read */
	uint32_t	ddl_ms;		/* longest change of a table */
	uint32_t	max_calls_grant;	/* a minute of one grant */
	uint32_t	require_package;	/* every artifact needs one */
	uint32_t	lock_s;		/* an edit lock lasts */
	uint32_t	revisions;	/* kept of an artifact; 0: all */
	uint32_t	confirm;	/* ask users before destroying */
	uint32_t	max_streams;	/* waiting answers, in all */
	uint32_t	max_streams_grant;	/* of one grant */
	uint32_t	get_stream;	/* GET opens one, before 2026 */
};

struct msg_conf_pwhash {
	uint32_t	ln_max;		/* largest log2 N it will take */
	uint32_t	zero;
};

struct msg_conf_refused {
	char		why[512];
};

#define LAYER_UID	1		/* own uid, dropped from root */
#define LAYER_CHROOT	2
#define LAYER_USERNS	4
#define LAYER_NNP	8
#define LAYER_NODUMP	16
#define LAYER_RLIMIT	32
#define LAYER_LANDLOCK	64
#define LAYER_SECCOMP	128
#define LAYER_PLEDGE	256
#define LAYER_CAPSICUM	512
#define LAYER_ALL	1023
struct msg_layers {
	uint32_t	have;		/* LAYER_ bits in force */
	uint32_t	missing;	/* wanted by the policy, not had */
	uint32_t	landlock_abi;
	uint32_t	syscalls;	/* rows of the list in force */
	char		text[256];	/* the log line */
};

#define LISTEN_UNIX	1
#define LISTEN_LOOPBACK	2
#define LISTEN_TLS	4
struct msg_listen {
	uint32_t	flags;
	uint32_t	index;		/* listen line of the configuration */
	char		text[128];	/* for logs: 127.0.0.1:8080 */
};

enum peer_role { PR_AUTHD = 1, PR_TOOLD, PR_PWHASH, PR_MAX };
struct msg_peer {
	uint32_t	role;		/* who is at the other end */
	uint32_t	broke;		/* PEER_STUCK: 1 if it broke a rule */
	uint64_t	generation;	/* of that peer; never reused */
};

struct msg_worker {		/* NEW, ACK, ENDS, ENDT, ENDK, GONE */
	uint64_t	generation;	/* never reused, not over restarts */
	uint32_t	slot;		/* 0 .. prefork - 1, for logs */
	uint32_t	broke;		/* GONE: 1 if it broke a rule */
	uint64_t	life;		/* NEW: of the process, never reused */
};

struct msg_broke {			/* a process broke a rule */
	uint64_t	generation;	/* of a worker; 0: does not apply */
	char		who[32];	/* "listener[3]" */
	char		why[96];
};

struct msg_stat {			/* counters of one process */
	uint64_t	violations;
	uint64_t	conns, requests, refused;	/* listener */
	uint64_t	handles, calls, writes;		/* toold */
	uint64_t	tokens, grants, clients, users;	/* authd */
	uint64_t	commits, audits;		/* authd */
	uint64_t	handshakes, handshakes_bad;	/* listener */
	uint64_t	descriptors;	/* open ones */
};

/* ---- listener <-> authd ---- */

struct msg_from {			/* who asks, for limits and audit */
	uint8_t		addr[16];	/* IPv6 or mapped IPv4; zero: Unix */
	uint32_t	family;		/* 4, 6 or 0 */
	uint32_t	zero;
};

struct msg_token_check {
	uint32_t	len;
	char		token[TOKEN_MAX];
};

struct msg_token_ok {
	uint8_t		handle[HANDLE_LEN];
	uint32_t	ttl_s;		/* handle is good for, at most 300 */
	uint32_t	zero;
};

enum token_bad { TB_INVALID = 1, TB_SCOPE, TB_BUSY, TB_MAX };
struct msg_token_bad {
	uint32_t	why;		/* enum token_bad */
	uint32_t	zero;
};

enum auth_method { AM_ABSENT, AM_NONE, AM_POST, AM_BASIC, AM_MAX };
#define GT_CODE		1
#define GT_REFRESH	2
struct msg_register {
	struct msg_from	from;
	uint32_t	auth_method;
	uint32_t	grant_types;	/* GT_ bits, 0: not said */
	uint32_t	nredirects;
	uint32_t	zero;
	char		client_name[NAME_MAX_LEN];
	char		redirect[REDIRECTS_MAX][URI_MAX];
};

struct msg_registered {
	uint32_t	status;		/* HTTP */
	uint32_t	auth_method;
	uint32_t	grant_types;
	uint32_t	nredirects;	/* what was kept */
	int64_t		issued_at;
	int64_t		secret_expires;	/* 0: never or no secret */
	uint32_t	retry_after;
	uint32_t	zero;
	char		error[40];	/* RFC 7591 3.2.2, empty: success */
	char		error_text[200];
	char		client_id[40];
	char		secret[72];	/* empty: public client */
	char		client_name[NAME_MAX_LEN];
	char		redirect[REDIRECTS_MAX][URI_MAX];
};

/* Which members the request had (a repeated one is the listener's 400). */
#define AZ_CLIENT_ID	1
#define AZ_REDIRECT	2
#define AZ_TYPE		4
#define AZ_SCOPE	8
#define AZ_STATE	16
#define AZ_CHALLENGE	32
#define AZ_METHOD	64
#define AZ_RESOURCE	128
#define AZ_MODE		256		/* response_mode */
#define AZ_ALL		511
struct msg_authorize {
	struct msg_from	from;
	uint32_t	has;		/* AZ_ bits */
	uint32_t	zero;
	char		client_id[SECRET_MAX];
	char		redirect_uri[URI_MAX];
	char		response_type[32];
	char		scope[SCOPE_MAX * 4];
	char		state[STATE_MAX];
	char		challenge[136];
	char		method[16];
	char		resource[URI_MAX];
	char		mode[16];
};

enum page_verdict {
	PV_PAGE = 1,			/* show the page */
	PV_REDIRECT,			/* 302 to location */
	PV_ERROR			/* page with status and text */
};
#define PG_LOOPBACK	1		/* redirect goes to this computer */
#define PG_UNVERIFIED	2		/* the name is the client's own word */
#define PG_CUSTOM	4		/* custom scheme */
#define PG_FLAGS_ALL	7
struct page_info {			/* what sign-in and consent show */
	char		client_name[NAME_MAX_LEN];
	char		redirect_host[256];
	char		scope[SCOPE_MAX];
	uint32_t	flags;		/* PG_ bits */
	uint32_t	zero;
};

struct msg_authorize_answer {
	uint32_t	verdict;
	uint32_t	status;		/* HTTP for PV_ERROR */
	uint32_t	retry_after;
	uint32_t	zero;
	struct page_info page;
	char		txn[24];	/* names the cookie of this flow */
	char		cookie[48];	/* binds it to this browser */
	char		csrf[48];	/* for the sign-in form */
	char		pending[BLOB_MAX];	/* hidden field of the form */
	char		error[40];
	char		error_text[256];
	char		location[URI_MAX + STATE_MAX * 3 + 1024];
};

struct msg_signin {
	struct msg_from	from;
	char		cookie[48];	/* of this flow, as sent */
	char		device[96];	/* device cookie, may be empty */
	char		csrf[48];
	char		pending[BLOB_MAX];
	char		user[USER_MAX];
	char		password[SECRET_MAX];
};

enum signin_verdict {
	SI_OK = 1,			/* 303 to the consent page */
	SI_BAD,				/* same page again, with the text */
	SI_LIMITED,			/* too many tries: text, retry_after */
	SI_NONE,			/* No pending authorization */
	SI_BUSY
};
struct msg_signin_answer {
	uint32_t	verdict;
	uint32_t	retry_after;
	char		txn[24];
	char		session[48];	/* new cookie value, replaces cookie */
	char		device[96];	/* new device cookie, empty: keep */
	char		text[200];
	/* for SI_BAD and SI_LIMITED: the page again */
	struct page_info page;
	char		csrf[48];
};

struct msg_consent_view {
	char		txn[24];
	char		session[48];
};

struct msg_consent_page {
	uint32_t	verdict;	/* PV_PAGE or PV_ERROR */
	uint32_t	status;
	struct page_info page;
	char		user[USER_MAX];
	char		csrf[48];
	char		error_text[256];
};

#define CD_APPROVE	1
#define CD_DENY		2
#define CO_READ_ONLY	1
struct msg_consent {
	struct msg_from	from;
	uint32_t	decision;
	uint32_t	options;	/* CO_ bits */
	char		txn[24];
	char		session[48];
	char		csrf[48];
};

struct msg_consent_answer {
	uint32_t	verdict;	/* PV_REDIRECT or PV_ERROR */
	uint32_t	status;
	uint32_t	retry_after;
	uint32_t	zero;
	char		error_text[256];
	char		location[URI_MAX + STATE_MAX * 3 + 1024];
};

#define TR_CODE		1
#define TR_REDIRECT	2
#define TR_VERIFIER	4
#define TR_REFRESH	8
#define TR_SCOPE	16
#define TR_RESOURCE	32
#define TR_CLIENT_ID	64		/* in the body */
#define TR_SECRET	128		/* in the body */
#define TR_BASIC	256		/* Authorization: Basic */
#define TR_GRANT_TYPE	512
#define TR_ALL		1023
struct msg_token {
	struct msg_from	from;
	uint32_t	has;		/* TR_ bits */
	uint32_t	zero;
	char		grant_type[64];
	char		client_id[SECRET_MAX];
	char		secret[SECRET_MAX];
	char		basic_id[SECRET_MAX];
	char		basic_secret[SECRET_MAX];
	char		code[SECRET_MAX];
	char		redirect_uri[URI_MAX];
	char		verifier[136];
	char		refresh[SECRET_MAX];
	char		scope[SCOPE_MAX * 4];
	char		resource[URI_MAX];
};

struct msg_token_answer {
	uint32_t	status;		/* HTTP */
	uint32_t	expires_in;
	uint32_t	retry_after;
	uint32_t	zero;
	char		error[40];
	char		error_text[200];
	char		access[TOKEN_MAX];
	char		refresh[SECRET_MAX];	/* empty: none */
	char		scope[SCOPE_MAX];
};

#define RV_TOKEN	1
#define RV_HINT		2
#define RV_CLIENT_ID	4
#define RV_SECRET	8
#define RV_BASIC	16
#define RV_ALL		31
struct msg_revoke {
	struct msg_from	from;
	uint32_t	has;		/* RV_ bits */
	uint32_t	zero;
	char		client_id[SECRET_MAX];
	char		secret[SECRET_MAX];
	char		basic_id[SECRET_MAX];
	char		basic_secret[SECRET_MAX];
	char		token[TOKEN_MAX];
	char		hint[32];
};

struct msg_revoke_answer {
	uint32_t	status;
	uint32_t	retry_after;
	char		error[40];
	char		error_text[200];
};

struct msg_jwks {			/* tail: the JSON document */
	uint32_t	len;
	uint32_t	zero;
};

/* ---- listener (keepctl) <-> toold ---- */

enum call_method { HM_POST = 1, HM_GET, HM_DELETE, HM_MAX };
#define CF_VERSION	1		/* MCP-Protocol-Version was sent */
#define CF_METHOD	2		/* Mcp-Method */
#define CF_NAME		4		/* Mcp-Name */
#define CF_SESSION	8		/* Mcp-Session-Id */
#define CF_SSE		16		/* Accept lists text/event-stream */
#define CF_READ_ONLY	32		/* ?mode=ro on the URL */
#define CF_ALL		63
/* tail: version, mcp_method, mcp_name, session, params, body */
struct msg_call {
	uint8_t		handle[HANDLE_LEN];
	uint32_t	method;		/* enum call_method */
	uint32_t	flags;		/* CF_ bits */
	uint32_t	version_len;
	uint32_t	mcp_method_len;
	uint32_t	mcp_name_len;
	uint32_t	session_len;
	uint32_t	body_len;	/* of a GET: its Last-Event-ID */
	/* Mcp-Param- fields, each NAME:VALUE and a newline. */
	uint32_t	params_len;
};

#define AF_JSON		1		/* body is JSON; else there is none */
#define AF_SESSION	2		/* a session id begins the tail */
#define AF_ALL		3
struct msg_answer {			/* tail: session id, body */
	uint32_t	status;		/* HTTP */
	uint32_t	flags;		/* AF_ bits */
	uint32_t	session_len;
	uint32_t	body_len;
	uint32_t	retry_after;	/* seconds, 0: none */
	uint32_t	text;		/* slot + 1 of a TEXT, or 0: none, */
	uint32_t	text_at;	/* which belongs here in the body */
	uint32_t	zero;
};

/*
 * A text that many answers share crosses the channel once: the listener
 * keeps it in its slot until another comes for it.
 */
#define TEXT_SLOTS	16
struct msg_text {			/* tail: the text */
	uint32_t	slot;
	uint32_t	zero;
};

/*
 * One event of a streamed answer, before the ANSWER of the same id, and only
 * where the CALL had CF_SSE.  tail: a JSON-RPC message on one line; none: the
 * stream is opened and nothing is said yet.
 */
#define EVENT_MAX	(256U << 10)
#define EVF_LONG	1		/* has no end of its own: see below */
#define EVF_HANDLE	2		/* takes another handle, as those do */
#define EVF_ALL		3
struct msg_event {
	uint32_t	len;		/* of the tail */
	uint32_t	flags;		/* EVF_ bits */
	uint64_t	id;		/* of the event, for clients; or 0 */
};

/*
 * A stream of those kinds outlives its handle: at HANDLE_UNKNOWN it stands
 * still, the listener asks authd again and gives it a new handle of the same
 * grant by HANDLE_NEW, or takes it back by CANCEL, which is answered by
 * ANSWER if the stream is long.
 */
struct msg_handle {			/* HANDLE_UNKNOWN, HANDLE_NEW */
	uint8_t		handle[HANDLE_LEN];
};

/* ---- authd <-> toold ---- */

struct msg_hello {			/* HELLO, HELLO_ACK, ROLES_END */
	uint64_t	generation;	/* authd's */
};

struct msg_mackeys {
	uint8_t		cursor[DIGEST_LEN];
	uint8_t		session[DIGEST_LEN];
	uint8_t		state[DIGEST_LEN];
};

struct role_ref {
	char		id[40];		/* UUID */
	char		name[NAME_MAX_LEN];
};

struct msg_role {
	struct role_ref	role;
};

#define OF_GLOBAL_ADMIN	1
#define OF_READ_ONLY	2
#define OF_ALL		3
struct msg_open {
	uint8_t		handle[HANDLE_LEN];
	uint8_t		grant[GRANT_LEN];
	uint64_t	worker;		/* generation; 0: control socket */
	int64_t		expires_ms;	/* wall, at most 5 minutes ahead */
	uint32_t	ttl_ms;		/* the same, from now, monotonic */
	uint32_t	flags;		/* OF_ bits */
	uint32_t	display;	/* PERM_ bits (perm.h) */
	uint32_t	edit;
	uint32_t	nroles;
	uint32_t	npackages;	/* package subset, 0: all */
	char		user_id[40];
	char		user[USER_MAX];
	char		client_id[40];
	char		default_package[40];
	char		role[ROLES_MAX][40];	/* ids */
	char		package[16][40];
};

enum close_what { CL_HANDLE = 1, CL_GRANT, CL_USER, CL_CLIENT, CL_WORKER,
	CL_ALL, CL_MAX };
struct msg_close {			/* id is the CLOSE's number */
	uint32_t	what;
	uint32_t	zero;
	uint64_t	worker;
	uint8_t		handle[HANDLE_LEN];
	uint8_t		grant[GRANT_LEN];
	char		subject[40];	/* user id or client id */
};

struct msg_close_ack {
	uint32_t	closed;		/* how many handles went */
	uint32_t	zero;
};

/*
 * One or more events (tail: nevents times struct audit_event, each followed
 * by tool_len bytes of tool, target_len of target, detail_len of detail).
 */
#define AUDIT_TARGET_MAX	256
#define AUDIT_DETAIL_MAX	512
struct audit_event {
	uint64_t	num;		/* outbox number; 0: a read */
	int64_t		time_ms;	/* wall */
	uint8_t		grant[GRANT_LEN];
	uint32_t	dur_us;
	uint16_t	event;		/* enum audit_kind */
	uint16_t	outcome;	/* enum audit_outcome */
	uint16_t	tool_len;
	uint16_t	target_len;
	uint16_t	detail_len;
	uint16_t	zero[5];
};
enum audit_kind { AK_TOOL_CALL = 1, AK_CHANGE, AK_REFUSED, AK_SIGNIN,
	AK_SIGNIN_BAD, AK_CONSENT, AK_DENY, AK_REGISTER, AK_ISSUE, AK_REFRESH,
	AK_REPLAY, AK_REVOKE, AK_ADMIN, AK_LIMITED, AK_START, AK_STOP,
	AK_VIOLATION, AK_MAX };
enum audit_outcome { AO_OK = 1, AO_DENIED, AO_INVALID, AO_FAILED, AO_MAX };
struct msg_audit {
	uint32_t	nevents;
	uint32_t	bytes;		/* of the tail */
	uint64_t	batch;		/* ever increasing, for the ACK */
};
struct msg_audit_ack {
	uint64_t	batch;		/* this and all before are stored */
	uint64_t	num;		/* highest outbox number stored */
};

/* ---- authd <-> pwhash ---- */

struct msg_hash {
	uint32_t	ln, r, p;	/* N = 1 << ln */
	uint32_t	len;		/* of password */
	uint8_t		salt[16];
	char		password[SECRET_MAX];
};
struct msg_hashed {
	uint32_t	ok;
	uint32_t	zero;
	uint8_t		hash[DIGEST_LEN];
};

/* ---- TLS keys: master -> signd, listener <-> signd ---- */

/*
 * Two halves that reloads use in turn: a handshake that began with the keys
 * of before still finds them in the other half.
 */
#define TLS_CERTS	8		/* certificates in force at once */
#define TLS_SLOTS	(2 * TLS_CERTS)
struct msg_tls_file {			/* TLS_KEY, TLS_CERT, TLS_OCSP */
	uint32_t	slot;		/* below TLS_SLOTS */
	uint32_t	zero;
	char		path[256];	/* for messages to people */
};

struct msg_conf_signd {
	uint32_t	base;		/* first slot: 0 or TLS_CERTS */
	uint32_t	nslots;
	uint32_t	rate;		/* signatures a second of one worker */
	uint32_t	most;		/* of one worker in its life; 0: any */
	uint32_t	grace_ms;	/* the other half is kept so long */
	uint32_t	zero;
};

/* What people want to know of a certificate; no byte of a key. */
struct msg_tls_info {
	uint32_t	slot;
	uint32_t	zero;
	int64_t		not_before;	/* wall, seconds */
	int64_t		not_after;
	uint8_t		digest[DIGEST_LEN];	/* SHA-256 of the DER */
	char		type[16];	/* P-256 ... */
	char		names[256];	/* separated by blanks */
};

/* RFC 8446, 4.4.3: 64 blanks, the context, a zero byte, the hash. */
#define TBS_SHA256	130
#define TBS_SHA384	146
struct msg_sign {
	uint32_t	slot;
	uint16_t	scheme;		/* TLS SignatureScheme */
	uint16_t	tbs_len;	/* 130 or 146, nothing else */
	uint8_t		tbs[152];	/* zero behind tbs_len */
};

struct msg_signature {
	uint16_t	ok;
	uint16_t	sig_len;
	uint32_t	zero;
	uint8_t		sig[512];	/* zero behind sig_len */
};

/* ---- keepctl ---- */

struct msg_ctl {
	uint32_t	command;	/* enum ctl_command (ctl.h) */
	uint32_t	flags;		/* CTLF_ bits of the command */
	int64_t		number;		/* generation, time, count */
	char		name[NAME_MAX_LEN];	/* user, client, grant, role */
	char		other[NAME_MAX_LEN];
	char		secret[SECRET_MAX];
	char		text[1024];
};
struct msg_ctl_line {
	char		text[2048];	/* fields separated by TABs */
};
struct msg_ctl_done {
	uint32_t	status;		/* 0: done; else exit status */
	uint32_t	zero;
	uint8_t		handle[HANDLE_LEN];	/* CTL_OPERATOR */
	char		text[512];	/* what went wrong, or a remark */
};

/* ---- rows ---- */

#define MSG_BULK	1		/* under byte credit */
#define MSG_FD		2		/* exactly one descriptor */
#define MSG_SECRET	4		/* wiped behind the handler */

enum msg_dir { DIR_DOWN = 1, DIR_UP = 2, DIR_BOTH = 3 };
/* DOWN: first-named side to second; UP: the other way. */

struct msg_row {
	uint32_t	 type;
	const char	*name;
	size_t		 size;		/* of the struct, compared exactly */
	size_t		 tail_max;	/* 0: no tail */
	uint32_t	 flags;		/* MSG_ bits */
	uint32_t	 kinds;		/* CK_ bits */
	enum msg_dir	 dir;
	uint32_t	 states;	/* CS_ bits */
	/* field checks beyond size; NULL: only bytes */
	int		(*check)(const void *, size_t tail_len);
};

const struct msg_row *msg_row(uint32_t type);	/* NULL: no such message */
const char	*msg_name(uint32_t type);
/* Number of rows and the row at an index, for listings. */
size_t		 msg_rows(void);
const struct msg_row *msg_row_at(size_t);
/* May side receive this on that kind in that state: 1 or 0. */
int		 msg_allowed(const struct msg_row *, enum chan_kind,
		    enum chan_side receiver, int state);
/* Size, tail, flags and fields: NULL if good, else what is wrong. */
const char	*msg_check(const struct msg_row *, size_t len, int has_fd,
		    const void *body);

#endif
