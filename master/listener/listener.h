/* SPDX-License-Identifier: ISC */
/*
 * listener.h: what the files of keepd-listener share.
 *
 * A connection (conn.c) carries one request at a time; further ones wait in
 * its input.  A request is found in the table of routes (route.c), which
 * checks Host, Origin, method and length before its body is read.  Handlers
 * end it with reply_send(), now or when authd or toold have answered.
 * A handler never frees a connection: what it wants done to one is marked
 * and happens at the end of the turn.
 */
#ifndef LISTENER_LISTENER_H
#define LISTENER_LISTENER_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "ev.h"
#include "msg.h"
#include "http.h"

#define SCOPE		"mcp:tools"
#define LINK_WAIT_MS	4000		/* for authd and toold to come back */
#define RETRY_MS	50		/* between tries while authd is busy */
#define HEALTH_MS	1000

struct conn;
struct req;
struct route;
struct addr;

/* ---- lconf.c: configuration, staged and current ---- */

#define HOST_LEN	264		/* host and port */
struct net {				/* a trusted proxy */
	uint8_t		addr[16];	/* IPv6 or mapped */
	unsigned int	bits;		/* of the 128 */
	int		is_unix;
};
struct lconf {
	struct msg_conf_listener l;
	struct http_limits limits;
	char		 public_url[URI_MAX];
	char		 host[HOST_LEN];	/* of public-url, as sent */
	char		 origin[URI_MAX];
	int		 https;
	int		 hsts;		/* https, on a name of the world */
	int		 rate_off, mcp_off;
	char		(*hosts)[HOST_LEN];	/* lower case */
	size_t		 nhosts;
	char		(*origins)[URI_MAX];
	size_t		 norigins;
	struct net	*proxies;
	size_t		 nproxies;
	/* Precomputed texts (meta.c). */
	struct buf	 resource_doc, server_doc;
	char		 challenge[URI_MAX + 128];	/* no token */
	char		 challenge_bad[URI_MAX + 256];
	char		 challenge_scope[URI_MAX + 256];
};
extern const struct lconf *lconf;	/* current; never NULL in service */

void	 lconf_begin(void);
void	 lconf_listener(const struct msg_conf_listener *);
void	 lconf_name(const struct msg_conf_name *);
/* Complete the staged one: NULL if good, else why not. */
const char *lconf_check(const struct msg_conf_common *);
void	 lconf_commit(void);
/* May a request carry this Host; may /mcp be called from this Origin. */
int	 host_allowed(struct http_str);
int	 origin_allowed(struct http_str);
/* The Origin of our own pages. */
int	 origin_own(struct http_str);
int	 proxy_trusted(const struct msg_from *);

/* ---- addr.c: client addresses and what they may do ---- */

/* From a socket address: family 0 for anything but IPv4 and IPv6. */
void	 from_sockaddr(struct msg_from *, const struct sockaddr *);
/* One address as text, with or without port: 0 or -1. */
int	 from_text(struct msg_from *, struct http_str);
void	 from_print(const struct msg_from *, char *, size_t);
/*
 * The record of a prefix (/32, /64), made if new.  NULL when the table is
 * full of addresses with connections.
 */
struct addr *addr_get(const struct msg_from *);
/* Count a connection in or out: -1 when the prefix has too many. */
int	 addr_enter(struct addr *, uint32_t max);
void	 addr_leave(struct addr *);
/* Take one request from the budget: 0, or seconds to wait. */
unsigned int addr_rate(struct addr *, uint32_t per_minute);

/* ---- accept.c: listening sockets ---- */

void	 lsock_init(void);
/* Take over a listening socket; l tells its kind. */
void	 lsock_stage(int fd, const struct msg_listen *l);
void	 lsock_forget(void);		/* staged ones */
/* The staged sockets replace the current ones; none staged: they stay. */
void	 lsock_commit(void);
void	 lsock_close(void);
uint64_t lsock_refused(void);		/* connections turned away */
int	 lsock_tls(void);		/* one of them, or staged, is TLS */

/* ---- conn.c ---- */

/* Make room for one more: 0, or -1 when all are busy. */
int	 conn_room(void);
/* Take a connected socket, counted in a (or NULL) already. */
void	 conn_new(int fd, uint32_t lflags, const struct msg_from *,
	    struct addr *a);
/* Accept no more; finish what is under way; then the process ends. */
void	 conn_drain(void);
void	 conn_init(void);
unsigned int conn_count(void);
void	 conn_stat(struct msg_stat *);

/* For reply.c and req.c. */
/* Write an answer, now or at the end of the turn; the bytes are copied. */
void	 conn_send(struct conn *, const struct iovec *, int n);
void	 conn_put(struct conn *, const void *, size_t);
/* What c still has to write is to be wiped when it is written. */
void	 conn_secret(struct conn *);
/* The request of c is answered (and gone); last: close behind it. */
void	 conn_answered(struct conn *, int last);
/* The request waits: for at most ms, then req_timeout(). */
void	 conn_wait(struct conn *, uint64_t ms);
/* Read the body of the request now; then its route's run(). */
void	 conn_body(struct conn *);
/*
 * From now on the answer of c is a stream, whose time is up only when its
 * client does not read: -1 when too much of it waits (c is then cut off).
 */
int	 conn_stream(struct conn *);
/* Cut c off, at the end of the turn: what a client takes for a failure. */
void	 conn_cut(struct conn *);
/* Does an unread body follow the head of the request under way. */
int	 conn_unread(const struct conn *);
/* TLS has something to do on it beside the events of its socket. */
void	 conn_wake(struct conn *);
int	 conn_tls(const struct conn *);
int	 conn_draining(void);
const struct msg_from *conn_peer(const struct conn *);
int	 conn_over_proxy(const struct conn *);

/* ---- req.c: requests and what they wait for ---- */

enum req_state {
	RS_NEW,				/* in its head or body */
	RS_WAIT,			/* for authd and toold to come back */
	RS_AUTHD,
	RS_TOOLD,
	RS_STREAM,			/* RS_TOOLD, the answer has begun */
	RS_HEALTH
};
#define RQ_CLOSE	1		/* last of its connection */
#define RQ_HTML		2		/* the client wants HTML */
#define RQ_BASIC	4		/* Authorization: Basic was used */
#define RQ_EXPECT	8		/* 100-continue is owed */
#define RQ_BODY		16		/* the body is here */
#define RQ_LENGTH	32		/* Content-Length or chunked */
#define RQ_ORIGIN	64		/* origin is to be allowed */
#define RQ_SECRET	128		/* its bytes are wiped behind it */
#define RQ_ASKED	256		/* RQ_CLOSE is the client's wish */
#define RQ_STREAM	512		/* the head of a stream is written */
#define RQ_LONG		1024		/* ... that has no end of its own */
#define RQ_RESUME	2048		/* ... that can go on on another */
#define RQ_HANDLE	4096		/* ... that takes another handle */

struct mcp_state {
	uint8_t		handle[HANDLE_LEN];
	uint8_t		digest[DIGEST_LEN];	/* of the token */
	uint64_t	generation;	/* handle is of this worker */
	enum call_method method;
	uint32_t	flags;		/* CF_ bits */
	uint32_t	version_len, method_len, name_len, session_len;
	uint32_t	params_len;
	int		modern;		/* protocol 2026-07-28 and later */
	int		fresh;		/* ask authd, whatever the cache says */
	int		retried;	/* after HANDLE_UNKNOWN */
	int		recheck;	/* of a stream: authd was busy */
	int		repeatable;	/* asking twice does no harm */
	int		refuse;		/* status, once the token is good */
	const char	*refuse_why;
	size_t		token_len;
	char		token[TOKEN_MAX];
};
struct oauth_state {
	char		basic_id[SECRET_MAX];
	char		basic_secret[SECRET_MAX];
};

struct req {
	/* Zeroed for each request down to origin. */
	struct conn	*c;
	const struct route *route;
	enum http_method method;
	enum req_state	 state;
	unsigned int	 flags;		/* RQ_ bits */
	uint32_t	 id;		/* of the question under way */
	uint32_t	 asked;		/* its message type */
	struct mono	 until;		/* when waiting has to end */
	void		(*go)(struct req *);	/* the step to try again */
	struct msg_from	 from;
	size_t		 taken;		/* of the memory budget */
	size_t		 skip;		/* header texts before the body */
	unsigned int	 health;	/* who answered */
	const char	*path;		/* for the log: route's, or text */
	TAILQ_ENTRY(req) link;		/* in the queue of waiting ones */
	char		 origin[URI_MAX];
	char		 path_text[64];
	struct buf	 body;		/* header texts, body */
	union {
		struct mcp_state	mcp;
		struct oauth_state	oauth;
	} u;
};
TAILQ_HEAD(req_list, req);

struct req *req_new(struct conn *);
void	 req_free(struct req *);
/* Does it end with its connection: 1 or 0. */
int	 req_ends(const struct req *);
/* The client is gone: tell toold, free. */
void	 req_cancel(struct req *);
/* Its time is over: answer it. */
void	 req_timeout(struct req *);
struct req *req_find(uint32_t id);
/* toold answered a call that nobody waits for: its number is free again. */
void	 req_settled(uint32_t id);
/* Run go now, or when authd and toold are there. */
void	 req_step(struct req *, void (*go)(struct req *));
/* Try again a little later. */
void	 req_retry(struct req *, void (*go)(struct req *));
/* A fresh number for a question that waits in that state. */
uint32_t req_ask(struct req *, enum req_state, uint32_t type);
void	 req_init(void);
/* The worker's channels are there, or ended. */
void	 req_link_up(void);
void	 req_link_lost(void);
/* Bytes for bodies: 0, or -1 when the budget is used up. */
int	 mem_take(struct req *, size_t);
void	 mem_force(size_t);		/* answers: counted, not refused */
int	 mem_full(void);
void	 mem_give(size_t);

/* ---- link.c: the channels to authd and toold ---- */

void	 link_authd(int fd, const struct msg_worker *);
void	 link_toold(int fd, const struct msg_worker *);
int	 link_up(void);
uint64_t link_generation(void);
int	 link_ask_authd(struct req *, uint32_t type, const void *);
int	 link_call(struct req *, const struct msg_call *);
/* For a long stream, under the number it has: ask authd, tell toold. */
void	 link_recheck(struct req *, const struct msg_token_check *);
void	 link_handle_new(struct req *);
void	 link_cancel(uint32_t id);
void	 link_health(struct req *);
/* Toold takes no more for now. */
int	 link_crowded(void);

/* ---- reply.c ---- */

#define RP_STORE	1		/* may be cached for a while */
#define RP_PAGE		2		/* HTML with its policy headers */
#define RP_PRAGMA	4		/* Pragma: no-cache (RFC 6749 5.1) */
#define RP_QUIET	8		/* no log line for it */
struct reply {
	int		 status;
	const char	*type;		/* NULL: no body */
	const void	*body;
	size_t		 len;
	const struct buf *text;		/* belongs into body at text_at */
	size_t		 text_at;
	const char	*extra;		/* whole header lines, or NULL */
	unsigned int	 flags;		/* RP_ bits */
	unsigned int	 retry_after;	/* seconds, 0: none */
	const char	*why;		/* for the log, or NULL */
};
void	 reply_send(struct req *, const struct reply *);
/* {"error":code,"error_description":text}, or an HTML page where wanted. */
void	 reply_error(struct req *, int status, const char *code,
	    const char *text);
void	 reply_error_more(struct req *, int status, const char *code,
	    const char *text, unsigned int retry, const char *extra);
/* The head of a text/event-stream; its request goes on. */
void	 reply_stream(struct req *);
/* Its last chunk is written: the request is answered. */
void	 reply_stream_end(struct req *);
/* A JSON-RPC error without id, for /mcp behind the token check. */
void	 reply_rpc(struct req *, int status, int code, const char *text,
	    unsigned int retry);
/* An HTML error page. */
void	 reply_page(struct req *, int status, const char *heading,
	    const char *text, unsigned int retry);
/* A last word on a connection that cannot be taken: bytes, constant. */
const char *reply_full(int status, size_t *len);
uint64_t reply_refused(void);
uint64_t reply_count(void);

/* ---- route.c ---- */

enum cors { CORS_NONE, CORS_ANY, CORS_LIST };
enum authority { AUTH_NONE, AUTH_BEARER, AUTH_FORM, AUTH_CLIENT };
#define RT_ANY_HOST	1		/* answers under any Host */
#define RT_PEOPLE	2		/* errors are HTML pages */
#define RT_OAUTH	4		/* always logged */
#define RT_SECRET	8		/* carries secrets: wiped */
#define RT_SAME_SITE	16		/* only from our own pages */
struct route {
	const char	*path;
	unsigned int	 methods;	/* HTTP_BIT mask */
	enum authority	 authority;
	enum cors	 cors;
	unsigned int	 flags;		/* RT_ bits */
	size_t		 max_body;	/* 0: that of the configuration */
	/* Look at the head: 0 go on, -1 answered or waiting. */
	int		(*head)(struct req *, const struct http_head *);
	void		(*run)(struct req *);
};
void	 route_request(struct req *, const struct http_head *);
size_t	 route_max_body(const struct route *);
/* "GET, HEAD, OPTIONS" */
void	 route_allow(const struct route *, char *, size_t);
/* The route at an index, for tests; NULL behind the last. */
const struct route *route_at(size_t);
const struct route *route_find(const char *path);

/* ---- meta.c ---- */

int	 meta_build(struct lconf *);
void	 meta_resource(struct req *);
void	 meta_server(struct req *);
void	 meta_jwks(struct req *);
int	 meta_set_jwks(const uint8_t *, size_t);
void	 meta_health(struct req *);
void	 meta_health_answer(struct req *, unsigned int who);
void	 meta_health_failed(struct req *);
void	 meta_icon(struct req *);
void	 meta_robots(struct req *);
void	 meta_style(struct req *);

/* ---- cache.c: digest of a token -> handle ---- */

void	 cache_init(void);
void	 cache_digest(const char *token, size_t len, uint8_t *digest);
int	 cache_get(const uint8_t *digest, uint8_t *handle);
void	 cache_put(const uint8_t *digest, const uint8_t *handle,
	    uint32_t ttl_s);
void	 cache_drop(const uint8_t *digest);
void	 cache_flush(void);
unsigned int cache_count(void);

/* ---- mcp.c ---- */

int	 mcp_head(struct req *, const struct http_head *);
void	 mcp_run(struct req *);
void	 mcp_token_ok(struct req *, const struct msg_token_ok *);
void	 mcp_token_bad(struct req *, const struct msg_token_bad *);
void	 mcp_answer(struct req *, const struct msg_answer *,
	    const uint8_t *tail, const struct buf *text);
void	 mcp_unknown(struct req *);
/* A long stream waited for authd: ask again. */
void	 mcp_recheck(struct req *);
/* Handed to toold and no answer: what to tell the client. */
void	 mcp_lost(struct req *);

/* ---- stream.c ---- */

#define STREAM_OUT_MAX	(256U << 10)	/* a client may be behind by this */
/* Another event of the answer of r (len 0: begin it). */
void	 stream_event(struct req *, const struct msg_event *,
	    const uint8_t *);
/* The last one, or none, and the end. */
void	 stream_end(struct req *, const uint8_t *, size_t len);
/*
 * It ends here but could go on elsewhere: without the last word of toold,
 * which would tell its client that it is over for good.
 */
void	 stream_drop(struct req *);
/* Nothing was said for a while. */
void	 stream_quiet(struct req *);

/* ---- oauth.c, signin.c, register.c ---- */

int	 oauth_head(struct req *, const struct http_head *);
void	 oauth_token(struct req *);
void	 oauth_token_answer(struct req *, const struct msg_token_answer *);
void	 oauth_revoke(struct req *);
void	 oauth_revoke_answer(struct req *, const struct msg_revoke_answer *);
int	 register_head(struct req *, const struct http_head *);
void	 register_run(struct req *);
void	 register_answer(struct req *, const struct msg_registered *);
/*
 * Parse a registration: NULL and *m filled, or the RFC 7591 error code and
 * *why.  Pure but for jansson's memory.
 */
const char *register_parse(const char *, size_t, struct msg_register *,
	    const char **why);

int	 signin_head(struct req *, const struct http_head *);
void	 signin_authorize(struct req *);
void	 signin_authorize_answer(struct req *,
	    const struct msg_authorize_answer *);
void	 signin_post(struct req *);
void	 signin_answer(struct req *, const struct msg_signin_answer *);
void	 signin_consent(struct req *);
void	 signin_consent_page(struct req *, const struct msg_consent_page *);
void	 signin_consent_answer(struct req *,
	    const struct msg_consent_answer *);

/*
 * form.c: fill a struct from a form, by a table.  A row with bit 0 ends it.
 * 0, or -1 and *why (which names the parameter).
 */
struct form_field {
	const char	*name;
	uint32_t	 bit;
	size_t		 off, size;	/* of the array in the struct */
};
#define FORM_FIELD(n, b, s, m) { (n), (b), offsetof(struct s, m), \
	    sizeof(((struct s *)0)->m) }
int	 form_fill(const struct form_field *, const char *, size_t, void *out,
	    uint32_t *has, const char **why);
/* The same over the request's body or query: 1, and answered, if it fails. */
int	 form_refused(struct req *, const struct form_field *, void *out,
	    uint32_t *has);
/* Body of the request behind the header texts. */
const char *req_body(const struct req *, size_t *len);

/* ---- listener.c ---- */
const struct sandbox_policy *listener_policy(void);

#endif
