/* SPDX-License-Identifier: ISC */
/*
 * opaque.c: see opaque.h.  Runs in toold.  The text comes from the network:
 * nothing in it is believed before its MAC is right.
 */
#include <string.h>

#include "../common/secret.h"
#include "mac.h"
#include "opaque.h"

static uint8_t opaque_key[MAC_LEN];
static int have_key;

void
opaque_setkey(const uint8_t *key)
{
	have_key = key != NULL;
	if (have_key)
		memcpy(opaque_key, key, sizeof(opaque_key));
	else
		secret_wipe(opaque_key, sizeof(opaque_key));
}

static void
opaque_mac(const char *purpose, const struct caller *who, const void *data,
    size_t len, uint8_t out[MAC_LEN])
{
	static const char label[] = "handed to a client";
	const struct mac_part parts[] = {
		{ label, sizeof(label) },
		{ purpose, strlen(purpose) },
		{ who->user_id, strlen(who->user_id) },
		{ who->client_id, strlen(who->client_id) },
		{ who->grant, sizeof(who->grant) },
		{ data, len },
	};

	mac_make(opaque_key, parts, sizeof(parts) / sizeof(parts[0]), out);
}

int
opaque_make(const char *purpose, const struct caller *who, const void *data,
    size_t len, char *out)
{
	uint8_t raw[OPAQUE_DATA_MAX + OPAQUE_MAC], mac[MAC_LEN];

	if (!have_key || len > OPAQUE_DATA_MAX)
		return (-1);
	memcpy(raw, data, len);
	opaque_mac(purpose, who, data, len, mac);
	memcpy(raw + len, mac, OPAQUE_MAC);
	b64url_encode(raw, len + OPAQUE_MAC, out);
	return (0);
}

long
opaque_open(const char *purpose, const struct caller *who, const char *text,
    size_t text_len, void *data, size_t cap)
{
	uint8_t raw[OPAQUE_DATA_MAX + OPAQUE_MAC], mac[MAC_LEN];
	long n;

	n = b64url_decode(text, text_len, raw, sizeof(raw));
	if (!have_key || n < OPAQUE_MAC || (size_t)n - OPAQUE_MAC > cap)
		return (-1);
	n -= OPAQUE_MAC;
	opaque_mac(purpose, who, raw, (size_t)n, mac);
	if (!secret_eq(raw + n, mac, OPAQUE_MAC))
		return (-1);
	memcpy(data, raw, (size_t)n);
	return (n);
}
