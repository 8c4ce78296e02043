/* SPDX-License-Identifier: ISC */
/*
 * session.c: see session.h.  Runs in toold.  The id comes from the network:
 * nothing in it is believed before its MAC is right.
 */
#include <string.h>

#include "../common/secret.h"
#include "../common/text.h"
#include "session.h"

#define NONCE_LEN	15
#define SHORT_MAC	20
#define CAN_SHIFT	4		/* over the bits of enum era */
#define RAW_LEN		(1 + NONCE_LEN + SHORT_MAC)	/* 36: no padding */

static uint8_t session_key[MAC_LEN];
static int have_key;
/* Each nonce has one place; a later one pushes an earlier one out. */
static uint8_t ended[SESSION_ENDED_MAX][NONCE_LEN];

_Static_assert(B64URL_LEN(RAW_LEN) == SESSION_LEN, "length of session ids");

void
session_setkey(const uint8_t *key)
{
	have_key = key != NULL;
	if (have_key)
		memcpy(session_key, key, sizeof(session_key));
	else
		secret_wipe(session_key, sizeof(session_key));
}

static void
session_mac(const uint8_t *raw, const char *user_id, const char *client_id,
    uint8_t out[MAC_LEN])
{
	const struct mac_part parts[] = {
		{ raw, 1 + NONCE_LEN },
		{ user_id, strlen(user_id) },
		{ client_id, strlen(client_id) },
	};

	mac_make(session_key, parts, sizeof(parts) / sizeof(parts[0]), out);
}

int
session_make(const char *user_id, const char *client_id, enum era era,
    unsigned int can, char *out)
{
	uint8_t raw[RAW_LEN], mac[MAC_LEN];

	if (!have_key)
		return (-1);
	raw[0] = (uint8_t)((unsigned int)era | can << CAN_SHIFT);
	random_bytes(raw + 1, NONCE_LEN);
	session_mac(raw, user_id, client_id, mac);
	memcpy(raw + 1 + NONCE_LEN, mac, SHORT_MAC);
	b64url_encode(raw, sizeof(raw), out);
	return (0);
}

enum era
session_check(const char *user_id, const char *client_id, const char *id,
    size_t len)
{
	uint8_t raw[RAW_LEN], mac[MAC_LEN];

	if (!have_key || len != SESSION_LEN ||
	    b64url_decode(id, len, raw, sizeof(raw)) != RAW_LEN)
		return (0);
	session_mac(raw, user_id, client_id, mac);
	if (!secret_eq(raw + 1 + NONCE_LEN, mac, SHORT_MAC))
		return (0);
	return ((enum era)(raw[0] & ERA_ALL));
}

unsigned int
session_can(const char *id)
{
	uint8_t raw[RAW_LEN];

	if (b64url_decode(id, SESSION_LEN, raw, sizeof(raw)) != RAW_LEN)
		return (0);
	return (raw[0] >> CAN_SHIFT);
}

static uint8_t *
ended_place(const uint8_t *raw)
{
	size_t n = (size_t)raw[1] << 8 | raw[2];

	return (ended[n % SESSION_ENDED_MAX]);
}

void
session_end(const char *id)
{
	uint8_t raw[RAW_LEN];

	if (b64url_decode(id, SESSION_LEN, raw, sizeof(raw)) == RAW_LEN)
		memcpy(ended_place(raw), raw + 1, NONCE_LEN);
}

int
session_ended(const char *id)
{
	uint8_t raw[RAW_LEN];

	if (b64url_decode(id, SESSION_LEN, raw, sizeof(raw)) != RAW_LEN)
		return (1);
	return (memcmp(ended_place(raw), raw + 1, NONCE_LEN) == 0);
}
