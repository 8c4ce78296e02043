/* SPDX-License-Identifier: ISC */
/*
 * msg.c: the rows of every message, and the checks that come from them.
 * Runs in every program, on bytes of a process that may be hijacked: sizes
 * are compared for equality, text must end inside its array, unknown bits
 * and impossible counts are refused before any handler looks.  Pure.
 */
#include <string.h>

#include "msg.h"
#include "text.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/*
 * Field checks, one list a struct.  A struct without text, counts or flags
 * has none.  RANGE is inclusive; ZERO is explicit padding.
 */
enum field_kind { F_TEXT, F_FLAGS, F_RANGE, F_ZERO };
struct field {
	enum field_kind	kind;
	size_t		off, size;
	uint32_t	lo, hi;
};
#define OFF(s, m)	offsetof(struct s, m), sizeof(((struct s *)0)->m)
#define TEXT(s, m)	{ F_TEXT, OFF(s, m), 0, 0 }
#define FLAGS(s, m, k)	{ F_FLAGS, OFF(s, m), 0, (k) }
#define RANGE(s, m, l, h) { F_RANGE, OFF(s, m), (l), (h) }
#define ZERO(s, m)	{ F_ZERO, OFF(s, m), 0, 0 }
#define FROM(s)		RANGE(s, from.family, 0, 6), ZERO(s, from.zero)
#define PAGE(s)		TEXT(s, page.client_name), \
			TEXT(s, page.redirect_host), TEXT(s, page.scope), \
			FLAGS(s, page.flags, PG_FLAGS_ALL), ZERO(s, page.zero)

static int
field_ok(const struct field *f, const uint8_t *body)
{
	uint32_t	v;
	size_t		i;

	switch (f->kind) {
	case F_TEXT:
		return (text_field_ok((const char *)body + f->off, f->size));
	case F_ZERO:
		for (i = 0; i < f->size; i++)
			if (body[f->off + i] != 0)
				return (0);
		return (1);
	case F_FLAGS:
		memcpy(&v, body + f->off, sizeof(v));
		return ((v & ~f->hi) == 0);
	case F_RANGE:
		memcpy(&v, body + f->off, sizeof(v));
		return (v >= f->lo && v <= f->hi);
	}
	return (0);
}

static int
fields_ok(const struct field *f, size_t n, const void *body)
{
	size_t	i;

	for (i = 0; i < n; i++)
		if (!field_ok(&f[i], body))
			return (0);
	return (1);
}

/* A check function over a list of fields; more is appended by hand. */
#define CHECK(name, ...)						\
static int								\
name(const void *body, size_t tail_len)					\
{									\
	static const struct field f[] = { __VA_ARGS__ };		\
									\
	return (fields_ok(f, COUNT(f), body));				\
}

CHECK(credit_ok, RANGE(msg_credit, bytes, 1, 1U << 30),
    ZERO(msg_credit, zero))
CHECK(log_ok, RANGE(msg_log, cat, 0, 4), RANGE(msg_log, level, 0, 4),
    TEXT(msg_log, text))
CHECK(conf_common_ok, FLAGS(msg_conf_common, flags, CONF_FLAGS_ALL),
    RANGE(msg_conf_common, worker, 0, 1023),
    RANGE(msg_conf_common, log_level, 0, 4), ZERO(msg_conf_common, zero),
    TEXT(msg_conf_common, dir), TEXT(msg_conf_common, public_url),
    TEXT(msg_conf_common, resource))
CHECK(conf_listener_ok, RANGE(msg_conf_listener, max_conns, 1, 1U << 20),
    RANGE(msg_conf_listener, max_header, 1024, 1U << 20),
    RANGE(msg_conf_listener, max_body, 1024, 1U << 28),
    RANGE(msg_conf_listener, challenge_error, 0, 1),
    RANGE(msg_conf_listener, keepalive_ms, 0, 600000))
CHECK(conf_name_ok, RANGE(msg_conf_name, what, 1, CN_MAX - 1),
    ZERO(msg_conf_name, zero), TEXT(msg_conf_name, text))
CHECK(conf_authd_ok, RANGE(msg_conf_authd, access_s, 1, 1U << 30),
    RANGE(msg_conf_authd, refresh_s, 1, 1U << 30),
    RANGE(msg_conf_authd, code_s, 1, 3600),
    RANGE(msg_conf_authd, scrypt_ln, 15, 20),
    TEXT(msg_conf_authd, keys_dir))
CHECK(conf_toold_ok, RANGE(msg_conf_toold, read_ms, 1, 600000),
    RANGE(msg_conf_toold, ddl_ms, 1, 600000),
    RANGE(msg_conf_toold, require_package, 0, 1),
    RANGE(msg_conf_toold, revisions, 0, 1000000),
    RANGE(msg_conf_toold, confirm, 0, 1),
    RANGE(msg_conf_toold, max_streams, 0, 1U << 20),
    RANGE(msg_conf_toold, max_streams_grant, 0, 1U << 20),
    RANGE(msg_conf_toold, get_stream, 0, 1))
CHECK(conf_pwhash_ok, RANGE(msg_conf_pwhash, ln_max, 15, 20),
    ZERO(msg_conf_pwhash, zero))
CHECK(conf_refused_ok, TEXT(msg_conf_refused, why))
CHECK(layers_ok, FLAGS(msg_layers, have, LAYER_ALL),
    FLAGS(msg_layers, missing, LAYER_ALL), TEXT(msg_layers, text))
CHECK(listen_ok, FLAGS(msg_listen, flags, 7), TEXT(msg_listen, text))
CHECK(peer_ok, RANGE(msg_peer, role, 1, PR_MAX - 1),
    RANGE(msg_peer, broke, 0, 1))
CHECK(worker_ok, RANGE(msg_worker, slot, 0, 1023),
    RANGE(msg_worker, broke, 0, 1))
CHECK(broke_ok, TEXT(msg_broke, who), TEXT(msg_broke, why))
CHECK(token_ok_ok, RANGE(msg_token_ok, ttl_s, 1, 300),
    ZERO(msg_token_ok, zero))
CHECK(token_bad_ok, RANGE(msg_token_bad, why, 1, TB_MAX - 1),
    ZERO(msg_token_bad, zero))
CHECK(registered_ok, RANGE(msg_registered, status, 200, 599),
    RANGE(msg_registered, auth_method, 0, AM_MAX - 1),
    FLAGS(msg_registered, grant_types, 3),
    RANGE(msg_registered, nredirects, 0, REDIRECTS_MAX),
    ZERO(msg_registered, zero), TEXT(msg_registered, error),
    TEXT(msg_registered, error_text), TEXT(msg_registered, client_id),
    TEXT(msg_registered, secret), TEXT(msg_registered, client_name))
CHECK(authorize_ok, FROM(msg_authorize),
    FLAGS(msg_authorize, has, AZ_ALL), ZERO(msg_authorize, zero),
    TEXT(msg_authorize, client_id), TEXT(msg_authorize, redirect_uri),
    TEXT(msg_authorize, response_type), TEXT(msg_authorize, scope),
    TEXT(msg_authorize, state), TEXT(msg_authorize, challenge),
    TEXT(msg_authorize, method), TEXT(msg_authorize, resource),
    TEXT(msg_authorize, mode))
CHECK(authorize_answer_ok,
    RANGE(msg_authorize_answer, verdict, PV_PAGE, PV_ERROR),
    ZERO(msg_authorize_answer, zero), PAGE(msg_authorize_answer),
    TEXT(msg_authorize_answer, txn), TEXT(msg_authorize_answer, cookie),
    TEXT(msg_authorize_answer, csrf), TEXT(msg_authorize_answer, pending),
    TEXT(msg_authorize_answer, error),
    TEXT(msg_authorize_answer, error_text),
    TEXT(msg_authorize_answer, location))
CHECK(signin_ok, FROM(msg_signin), TEXT(msg_signin, cookie),
    TEXT(msg_signin, device), TEXT(msg_signin, csrf),
    TEXT(msg_signin, pending), TEXT(msg_signin, user),
    TEXT(msg_signin, password))
CHECK(signin_answer_ok, RANGE(msg_signin_answer, verdict, SI_OK, SI_BUSY),
    TEXT(msg_signin_answer, txn), TEXT(msg_signin_answer, session),
    TEXT(msg_signin_answer, device), TEXT(msg_signin_answer, text),
    PAGE(msg_signin_answer), TEXT(msg_signin_answer, csrf))
CHECK(consent_view_ok, TEXT(msg_consent_view, txn),
    TEXT(msg_consent_view, session))
CHECK(consent_page_ok, RANGE(msg_consent_page, verdict, PV_PAGE, PV_ERROR),
    PAGE(msg_consent_page), TEXT(msg_consent_page, user),
    TEXT(msg_consent_page, csrf), TEXT(msg_consent_page, error_text))
CHECK(consent_ok, FROM(msg_consent),
    RANGE(msg_consent, decision, CD_APPROVE, CD_DENY),
    FLAGS(msg_consent, options, CO_READ_ONLY), TEXT(msg_consent, txn),
    TEXT(msg_consent, session), TEXT(msg_consent, csrf))
CHECK(consent_answer_ok,
    RANGE(msg_consent_answer, verdict, PV_REDIRECT, PV_ERROR),
    ZERO(msg_consent_answer, zero), TEXT(msg_consent_answer, error_text),
    TEXT(msg_consent_answer, location))
CHECK(token_ok, FROM(msg_token), FLAGS(msg_token, has, TR_ALL),
    ZERO(msg_token, zero), TEXT(msg_token, grant_type),
    TEXT(msg_token, client_id), TEXT(msg_token, secret),
    TEXT(msg_token, basic_id), TEXT(msg_token, basic_secret),
    TEXT(msg_token, code), TEXT(msg_token, redirect_uri),
    TEXT(msg_token, verifier), TEXT(msg_token, refresh),
    TEXT(msg_token, scope), TEXT(msg_token, resource))
CHECK(token_answer_ok, RANGE(msg_token_answer, status, 200, 599),
    ZERO(msg_token_answer, zero), TEXT(msg_token_answer, error),
    TEXT(msg_token_answer, error_text), TEXT(msg_token_answer, access),
    TEXT(msg_token_answer, refresh), TEXT(msg_token_answer, scope))
CHECK(revoke_ok, FROM(msg_revoke), FLAGS(msg_revoke, has, RV_ALL),
    ZERO(msg_revoke, zero), TEXT(msg_revoke, client_id),
    TEXT(msg_revoke, secret), TEXT(msg_revoke, basic_id),
    TEXT(msg_revoke, basic_secret), TEXT(msg_revoke, token),
    TEXT(msg_revoke, hint))
CHECK(revoke_answer_ok, RANGE(msg_revoke_answer, status, 200, 599),
    TEXT(msg_revoke_answer, error), TEXT(msg_revoke_answer, error_text))
CHECK(role_ok, TEXT(msg_role, role.id), TEXT(msg_role, role.name))
CHECK(close_ok, RANGE(msg_close, what, 1, CL_MAX - 1),
    ZERO(msg_close, zero), TEXT(msg_close, subject))
CHECK(close_ack_ok, ZERO(msg_close_ack, zero))
CHECK(hash_ok, RANGE(msg_hash, ln, 15, 20), RANGE(msg_hash, r, 1, 16),
    RANGE(msg_hash, p, 1, 4), RANGE(msg_hash, len, 0, SECRET_MAX - 1),
    TEXT(msg_hash, password))
CHECK(hashed_ok, RANGE(msg_hashed, ok, 0, 1), ZERO(msg_hashed, zero))
CHECK(tls_file_ok, RANGE(msg_tls_file, slot, 0, TLS_SLOTS - 1),
    ZERO(msg_tls_file, zero), TEXT(msg_tls_file, path))
CHECK(tls_info_ok, RANGE(msg_tls_info, slot, 0, TLS_SLOTS - 1),
    ZERO(msg_tls_info, zero), TEXT(msg_tls_info, type),
    TEXT(msg_tls_info, names))
CHECK(ctl_ok, TEXT(msg_ctl, name), TEXT(msg_ctl, other),
    TEXT(msg_ctl, secret), TEXT(msg_ctl, text))
CHECK(ctl_line_ok, TEXT(msg_ctl_line, text))
CHECK(ctl_done_ok, ZERO(msg_ctl_done, zero), TEXT(msg_ctl_done, text))

static int
token_check_ok(const void *body, size_t tail_len)
{
	const struct msg_token_check *m = body;

	return (m->len < sizeof(m->token) &&
	    text_field_ok(m->token, sizeof(m->token)) &&
	    strlen(m->token) == m->len);
}

static int
conf_signd_ok(const void *body, size_t tail_len)
{
	static const struct field f[] = {
		RANGE(msg_conf_signd, nslots, 1, TLS_CERTS),
		RANGE(msg_conf_signd, rate, 1, 1U << 20),
		RANGE(msg_conf_signd, grace_ms, 1, 600000),
		ZERO(msg_conf_signd, zero)
	};
	const struct msg_conf_signd *m = body;

	return (fields_ok(f, COUNT(f), body) &&
	    (m->base == 0 || m->base == TLS_CERTS));
}

static int
register_ok(const void *body, size_t tail_len)
{
	static const struct field f[] = {
		FROM(msg_register),
		RANGE(msg_register, auth_method, 0, AM_MAX - 1),
		FLAGS(msg_register, grant_types, 3),
		RANGE(msg_register, nredirects, 0, REDIRECTS_MAX),
		ZERO(msg_register, zero), TEXT(msg_register, client_name)
	};
	const struct msg_register *m = body;
	size_t			   i;

	if (!fields_ok(f, COUNT(f), body))
		return (0);
	for (i = 0; i < REDIRECTS_MAX; i++)
		if (!text_field_ok(m->redirect[i], sizeof(m->redirect[i])) ||
		    (m->redirect[i][0] != '\0') != (i < m->nredirects))
			return (0);
	return (1);
}

/* Shape only; what may be signed is signd's to say (certverify.c). */
static int
sign_ok(const void *body, size_t tail_len)
{
	const struct msg_sign	*m = body;
	size_t			 i;

	if (m->slot >= TLS_SLOTS ||
	    (m->tbs_len != TBS_SHA256 && m->tbs_len != TBS_SHA384))
		return (0);
	for (i = m->tbs_len; i < sizeof(m->tbs); i++)
		if (m->tbs[i] != 0)
			return (0);
	return (1);
}

static int
signature_ok(const void *body, size_t tail_len)
{
	const struct msg_signature	*m = body;
	size_t				 i;

	if (m->ok > 1 || m->zero != 0 || m->sig_len > sizeof(m->sig) ||
	    (m->ok != 0) != (m->sig_len != 0))
		return (0);
	for (i = m->sig_len; i < sizeof(m->sig); i++)
		if (m->sig[i] != 0)
			return (0);
	return (1);
}

static int
jwks_ok(const void *body, size_t tail_len)
{
	const struct msg_jwks *m = body;

	return (m->zero == 0 && m->len == tail_len);
}

static int
call_ok(const void *body, size_t tail_len)
{
	const struct msg_call	*m = body;
	uint64_t		 sum;

	sum = (uint64_t)m->version_len + m->mcp_method_len + m->mcp_name_len +
	    m->session_len + m->params_len + m->body_len;
	if (m->method < HM_POST || m->method >= HM_MAX ||
	    (m->flags & ~(uint32_t)CF_ALL) != 0 || sum != tail_len)
		return (0);
	return ((m->flags & CF_VERSION || m->version_len == 0) &&
	    (m->flags & CF_METHOD || m->mcp_method_len == 0) &&
	    (m->flags & CF_NAME || m->mcp_name_len == 0) &&
	    (m->flags & CF_SESSION || m->session_len == 0));
}

static int
answer_ok(const void *body, size_t tail_len)
{
	const struct msg_answer *m = body;

	return (m->status >= 200 && m->status <= 599 && m->zero == 0 &&
	    (m->flags & ~(uint32_t)AF_ALL) == 0 &&
	    (m->flags & AF_SESSION || m->session_len == 0) &&
	    (m->flags & AF_JSON || m->body_len == 0) &&
	    m->session_len <= 256 && m->text <= TEXT_SLOTS &&
	    (m->text == 0 ? m->text_at == 0 :
	    m->flags & AF_JSON && m->text_at <= m->body_len) &&
	    (uint64_t)m->session_len + m->body_len == tail_len);
}

/* A line of text/event-stream: no byte of it may end the line. */
static int
event_ok(const void *body, size_t tail_len)
{
	const struct msg_event	*m = body;
	const uint8_t		*p = (const uint8_t *)(m + 1);

	return ((m->flags & ~(uint32_t)EVF_ALL) == 0 && m->len == tail_len &&
	    memchr(p, '\n', tail_len) == NULL &&
	    memchr(p, '\r', tail_len) == NULL &&
	    memchr(p, '\0', tail_len) == NULL);
}

static int
text_ok(const void *body, size_t tail_len)
{
	const struct msg_text *m = body;

	return (m->slot < TEXT_SLOTS && m->zero == 0 && tail_len > 0);
}

static int
open_ok(const void *body, size_t tail_len)
{
	static const struct field f[] = {
		FLAGS(msg_open, flags, OF_ALL),
		FLAGS(msg_open, display, PERM_ALL),
		FLAGS(msg_open, edit, PERM_ALL),
		RANGE(msg_open, nroles, 0, ROLES_MAX),
		RANGE(msg_open, npackages, 0, 16),
		RANGE(msg_open, ttl_ms, 1, 300000),
		TEXT(msg_open, user_id), TEXT(msg_open, user),
		TEXT(msg_open, client_id), TEXT(msg_open, default_package)
	};
	const struct msg_open	*m = body;
	size_t			 i;

	if (!fields_ok(f, COUNT(f), body))
		return (0);
	for (i = 0; i < ROLES_MAX; i++)
		if (!text_field_ok(m->role[i], sizeof(m->role[i])) ||
		    (m->role[i][0] != '\0') != (i < m->nroles))
			return (0);
	for (i = 0; i < COUNT(m->package); i++)
		if (!text_field_ok(m->package[i], sizeof(m->package[i])) ||
		    (m->package[i][0] != '\0') != (i < m->npackages))
			return (0);
	return (1);
}

/* The events must fill the tail exactly; their texts are authd's to check. */
static int
audit_ok(const void *body, size_t tail_len)
{
	const struct msg_audit	*m = body;

	return (m->nevents > 0 && m->nevents <= 4096 && m->bytes == tail_len &&
	    tail_len >= m->nevents * sizeof(struct audit_event));
}

#define S(s)	sizeof(struct s)
#define M_ALL	CK_MASTER_ANY
#define L_A	CK_LISTENER_AUTHD
#define L_T	CK_LISTENER_TOOLD
#define A_T	CK_AUTHD_TOOLD
#define A_P	CK_AUTHD_PWHASH
#define CALLS	(CK_LISTENER_TOOLD | CK_CTL_TOOLD)
#define ROW(t)	MSG_##t, #t

static const struct msg_row rows[] = {
{ ROW(CREDIT), S(msg_credit), 0, 0, CALLS | A_T | M_ALL, DIR_BOTH, CS_ANY,
    credit_ok },

{ ROW(LOG), S(msg_log), 0, 0, M_ALL, DIR_UP, CS_ANY, log_ok },
{ ROW(CONF_BEGIN), 0, 0, 0, M_ALL, DIR_DOWN, CS_ANY, NULL },
{ ROW(CONF_COMMON), S(msg_conf_common), 0, 0, M_ALL, DIR_DOWN, CS_ANY,
    conf_common_ok },
{ ROW(CONF_LISTENER), S(msg_conf_listener), 0, 0, CK_MASTER_LISTENER,
    DIR_DOWN, CS_ANY, conf_listener_ok },
{ ROW(CONF_NAME), S(msg_conf_name), 0, 0,
    CK_MASTER_LISTENER | CK_MASTER_AUTHD, DIR_DOWN, CS_ANY, conf_name_ok },
{ ROW(CONF_AUTHD), S(msg_conf_authd), 0, 0, CK_MASTER_AUTHD, DIR_DOWN,
    CS_ANY, conf_authd_ok },
{ ROW(CONF_TOOLD), S(msg_conf_toold), 0, 0, CK_MASTER_TOOLD, DIR_DOWN,
    CS_ANY, conf_toold_ok },
{ ROW(CONF_PWHASH), S(msg_conf_pwhash), 0, 0, CK_MASTER_PWHASH, DIR_DOWN,
    CS_ANY, conf_pwhash_ok },
{ ROW(CONF_END), 0, 0, 0, M_ALL, DIR_DOWN, CS_ANY, NULL },
{ ROW(CONF_READY), 0, 0, 0, M_ALL, DIR_UP, CS_ANY, NULL },
{ ROW(CONF_REFUSED), S(msg_conf_refused), 0, 0, M_ALL, DIR_UP, CS_ANY,
    conf_refused_ok },
{ ROW(CONF_COMMIT), 0, 0, 0, M_ALL, DIR_DOWN, CS_ANY, NULL },
{ ROW(CONF_ABORT), 0, 0, 0, M_ALL, DIR_DOWN, CS_ANY, NULL },
{ ROW(LAYERS), S(msg_layers), 0, 0, M_ALL, DIR_UP, CS_ANY, layers_ok },
{ ROW(LISTEN), S(msg_listen), 0, MSG_FD, CK_MASTER_LISTENER, DIR_DOWN,
    CS_ANY, listen_ok },
{ ROW(CTL_LISTEN), 0, 0, MSG_FD, CK_MASTER_AUTHD | CK_MASTER_TOOLD, DIR_DOWN,
    CS_ANY, NULL },
{ ROW(PEER), S(msg_peer), 0, MSG_FD,
    CK_MASTER_AUTHD | CK_MASTER_TOOLD | CK_MASTER_PWHASH, DIR_DOWN, CS_RUN,
    peer_ok },
{ ROW(WORKER_NEW), S(msg_worker), 0, MSG_FD,
    CK_MASTER_AUTHD | CK_MASTER_TOOLD | CK_MASTER_SIGND, DIR_DOWN, CS_RUN,
    worker_ok },
{ ROW(WORKER_ACK), S(msg_worker), 0, 0,
    CK_MASTER_AUTHD | CK_MASTER_TOOLD | CK_MASTER_SIGND,
    DIR_UP, CS_RUN, worker_ok },
{ ROW(WORKER_ENDS), S(msg_worker), 0, MSG_FD, CK_MASTER_LISTENER, DIR_DOWN,
    CS_RUN, worker_ok },
{ ROW(WORKER_ENDT), S(msg_worker), 0, MSG_FD, CK_MASTER_LISTENER, DIR_DOWN,
    CS_RUN, worker_ok },
{ ROW(WORKER_GONE), S(msg_worker), 0, 0,
    CK_MASTER_LISTENER | CK_MASTER_AUTHD | CK_MASTER_TOOLD |
    CK_MASTER_SIGND, DIR_UP, CS_RUN,
    worker_ok },
{ ROW(WORKER_DRAIN), 0, 0, 0, CK_MASTER_LISTENER, DIR_DOWN, CS_ANY, NULL },
{ ROW(LOG_DIR), 0, 0, MSG_FD, CK_MASTER_TOOLD, DIR_DOWN, CS_ANY, NULL },
{ ROW(STAT_ASK), 0, 0, 0, M_ALL, DIR_DOWN, CS_RUN, NULL },
{ ROW(STAT), S(msg_stat), 0, 0, M_ALL, DIR_UP, CS_RUN, NULL },
{ ROW(PEER_STUCK), S(msg_peer), 0, 0, CK_MASTER_AUTHD, DIR_UP, CS_RUN,
    peer_ok },
{ ROW(BROKE), S(msg_broke), 0, 0, CK_MASTER_AUTHD, DIR_DOWN, CS_RUN,
    broke_ok },
{ ROW(READY), 0, 0, 0, M_ALL, DIR_UP, CS_ANY, NULL },
{ ROW(CONF_SIGND), S(msg_conf_signd), 0, 0, CK_MASTER_SIGND, DIR_DOWN,
    CS_ANY, conf_signd_ok },
{ ROW(TLS_KEY), S(msg_tls_file), 0, MSG_FD, CK_MASTER_SIGND, DIR_DOWN,
    CS_ANY, tls_file_ok },
{ ROW(TLS_CERT), S(msg_tls_file), 0, MSG_FD,
    CK_MASTER_SIGND | CK_MASTER_LISTENER, DIR_DOWN, CS_ANY, tls_file_ok },
{ ROW(TLS_OCSP), S(msg_tls_file), 0, MSG_FD, CK_MASTER_LISTENER, DIR_DOWN,
    CS_ANY, tls_file_ok },
{ ROW(TLS_INFO), S(msg_tls_info), 0, 0, CK_MASTER_SIGND, DIR_UP, CS_ANY,
    tls_info_ok },
{ ROW(WORKER_ENDK), S(msg_worker), 0, MSG_FD, CK_MASTER_LISTENER, DIR_DOWN,
    CS_RUN, worker_ok },

{ ROW(HEALTH), 0, 0, 0, L_A | L_T, DIR_DOWN, CS_RUN, NULL },
{ ROW(HEALTH_OK), 0, 0, 0, L_A | L_T, DIR_UP, CS_RUN, NULL },
{ ROW(TOKEN_CHECK), S(msg_token_check), 0, MSG_SECRET, L_A, DIR_DOWN, CS_RUN,
    token_check_ok },
{ ROW(TOKEN_OK), S(msg_token_ok), 0, 0, L_A, DIR_UP, CS_RUN, token_ok_ok },
{ ROW(TOKEN_BAD), S(msg_token_bad), 0, 0, L_A, DIR_UP, CS_RUN, token_bad_ok },
{ ROW(REGISTER), S(msg_register), 0, 0, L_A, DIR_DOWN, CS_RUN, register_ok },
{ ROW(REGISTERED), S(msg_registered), 0, MSG_SECRET, L_A, DIR_UP, CS_RUN,
    registered_ok },
{ ROW(AUTHORIZE), S(msg_authorize), 0, 0, L_A, DIR_DOWN, CS_RUN,
    authorize_ok },
{ ROW(AUTHORIZE_ANSWER), S(msg_authorize_answer), 0, MSG_SECRET, L_A, DIR_UP,
    CS_RUN, authorize_answer_ok },
{ ROW(SIGNIN), S(msg_signin), 0, MSG_SECRET, L_A, DIR_DOWN, CS_RUN,
    signin_ok },
{ ROW(SIGNIN_ANSWER), S(msg_signin_answer), 0, MSG_SECRET, L_A, DIR_UP,
    CS_RUN, signin_answer_ok },
{ ROW(CONSENT_VIEW), S(msg_consent_view), 0, MSG_SECRET, L_A, DIR_DOWN,
    CS_RUN, consent_view_ok },
{ ROW(CONSENT_PAGE), S(msg_consent_page), 0, MSG_SECRET, L_A, DIR_UP, CS_RUN,
    consent_page_ok },
{ ROW(CONSENT), S(msg_consent), 0, MSG_SECRET, L_A, DIR_DOWN, CS_RUN,
    consent_ok },
{ ROW(CONSENT_ANSWER), S(msg_consent_answer), 0, MSG_SECRET, L_A, DIR_UP,
    CS_RUN, consent_answer_ok },
{ ROW(TOKEN), S(msg_token), 0, MSG_SECRET, L_A, DIR_DOWN, CS_RUN, token_ok },
{ ROW(TOKEN_ANSWER), S(msg_token_answer), 0, MSG_SECRET, L_A, DIR_UP, CS_RUN,
    token_answer_ok },
{ ROW(REVOKE), S(msg_revoke), 0, MSG_SECRET, L_A, DIR_DOWN, CS_RUN,
    revoke_ok },
{ ROW(REVOKE_ANSWER), S(msg_revoke_answer), 0, 0, L_A, DIR_UP, CS_RUN,
    revoke_answer_ok },
{ ROW(JWKS), S(msg_jwks), 16384, 0, L_A, DIR_UP, CS_RUN, jwks_ok },

{ ROW(CALL), S(msg_call), (4U << 20) + 4096, MSG_BULK, CALLS, DIR_DOWN,
    CS_RUN, call_ok },
{ ROW(ANSWER), S(msg_answer), 16U << 20, MSG_BULK, CALLS, DIR_UP, CS_RUN,
    answer_ok },
{ ROW(HANDLE_UNKNOWN), S(msg_handle), 0, 0, CALLS, DIR_UP, CS_RUN, NULL },
{ ROW(CANCEL), 0, 0, 0, CALLS, DIR_DOWN, CS_RUN, NULL },
{ ROW(TEXT), S(msg_text), 1U << 20, MSG_BULK, L_T, DIR_UP, CS_RUN, text_ok },
{ ROW(EVENT), S(msg_event), EVENT_MAX, MSG_BULK, L_T, DIR_UP, CS_RUN,
    event_ok },
{ ROW(HANDLE_NEW), S(msg_handle), 0, 0, L_T, DIR_DOWN, CS_RUN, NULL },

{ ROW(HELLO), S(msg_hello), 0, 0, A_T, DIR_DOWN, CS_ANY, NULL },
{ ROW(HELLO_ACK), S(msg_hello), 0, 0, A_T, DIR_UP, CS_ANY, NULL },
{ ROW(MACKEYS), S(msg_mackeys), 0, MSG_SECRET, A_T, DIR_DOWN, CS_RUN, NULL },
{ ROW(ROLE), S(msg_role), 0, 0, A_T, DIR_DOWN, CS_RUN, role_ok },
{ ROW(ROLES_END), S(msg_hello), 0, 0, A_T, DIR_DOWN, CS_RUN, NULL },
{ ROW(OPEN), S(msg_open), 0, 0, A_T, DIR_DOWN, CS_RUN, open_ok },
{ ROW(CLOSE), S(msg_close), 0, 0, A_T, DIR_DOWN, CS_RUN, close_ok },
{ ROW(CLOSE_ACK), S(msg_close_ack), 0, 0, A_T, DIR_UP, CS_RUN, close_ack_ok },
{ ROW(AUDIT), S(msg_audit), 256U << 10, MSG_BULK, A_T, DIR_UP, CS_RUN,
    audit_ok },
{ ROW(AUDIT_ACK), S(msg_audit_ack), 0, 0, A_T, DIR_DOWN, CS_RUN, NULL },

{ ROW(HASH), S(msg_hash), 0, MSG_SECRET, A_P, DIR_DOWN, CS_RUN, hash_ok },
{ ROW(HASHED), S(msg_hashed), 0, MSG_SECRET, A_P, DIR_UP, CS_RUN, hashed_ok },

{ ROW(SIGN), S(msg_sign), 0, 0, CK_LISTENER_SIGND, DIR_DOWN, CS_RUN,
    sign_ok },
{ ROW(SIGNATURE), S(msg_signature), 0, 0, CK_LISTENER_SIGND, DIR_UP, CS_RUN,
    signature_ok },

{ ROW(CTL), S(msg_ctl), 0, MSG_SECRET, CK_CTL_ANY, DIR_DOWN, CS_RUN, ctl_ok },
{ ROW(CTL_FILE), S(msg_ctl), 0, MSG_FD | MSG_SECRET,
    CK_CTL_AUTHD | CK_CTL_TOOLD, DIR_DOWN, CS_RUN, ctl_ok },
{ ROW(CTL_LINE), S(msg_ctl_line), 0, 0, CK_CTL_ANY, DIR_UP, CS_RUN,
    ctl_line_ok },
{ ROW(CTL_DONE), S(msg_ctl_done), 0, MSG_SECRET, CK_CTL_ANY, DIR_UP, CS_RUN,
    ctl_done_ok },
};

size_t
msg_rows(void)
{
	return (COUNT(rows));
}

const struct msg_row *
msg_row_at(size_t i)
{
	return (i < COUNT(rows) ? &rows[i] : NULL);
}

const struct msg_row *
msg_row(uint32_t type)
{
	static const struct msg_row	*by_type[MSG_MAX];
	static int			 filled;
	size_t				 i;

	if (!filled) {
		for (i = 0; i < COUNT(rows); i++)
			by_type[rows[i].type] = &rows[i];
		filled = 1;
	}
	return (type < MSG_MAX ? by_type[type] : NULL);
}

const char *
msg_name(uint32_t type)
{
	const struct msg_row *row = msg_row(type);

	return (row != NULL ? row->name : "unlisted");
}

int
msg_allowed(const struct msg_row *row, enum chan_kind kind,
    enum chan_side receiver, int state)
{
	enum msg_dir	dir;

	dir = receiver == SIDE_SECOND ? DIR_DOWN : DIR_UP;
	return ((row->kinds & kind) != 0 && (row->dir & dir) != 0 &&
	    (row->states & (uint32_t)state) != 0);
}

const char *
msg_check(const struct msg_row *row, size_t len, int has_fd, const void *body)
{
	if (len < row->size || len - row->size > row->tail_max)
		return ("size");
	if (has_fd != ((row->flags & MSG_FD) != 0))
		return ("descriptor");
	if (row->check != NULL && !row->check(body, len - row->size))
		return ("field");
	return (NULL);
}
