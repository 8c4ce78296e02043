/* SPDX-License-Identifier: ISC */
/*
 * log.c: log lines of every program.  Before a channel is set they go to
 * standard error; then to master as fixed structs.  Text may hold anything
 * a client sent, so it is encoded before it leaves the process.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "clock.h"
#include "log.h"
#include "msg.h"
#include "utf8.h"

static const char *const level_names[LL_MAX] = {
	"debug", "info", "warn", "error", "crit"
};
static const char *const cat_names[LC_MAX] = {
	"server", "exceptions", "scripts", "requests", "vault"
};

static char		 log_name[32] = "keepd";
static enum log_level	 log_least = LL_INFO;
static struct chan	*log_chan;
static void		(*log_func)(enum log_cat, enum log_level, const char *);

void
log_init(const char *name, enum log_level least)
{
	snprintf(log_name, sizeof(log_name), "%s", name);
	log_least = least;
}

void
log_setlevel(enum log_level least)
{
	log_least = least;
}

enum log_level
log_getlevel(void)
{
	return (log_least);
}

void
log_to_chan(struct chan *ch)
{
	log_chan = ch;
}

void
log_to_func(void (*fn)(enum log_cat, enum log_level, const char *))
{
	log_func = fn;
}

const char *
log_level_name(enum log_level l)
{
	return ((unsigned int)l < LL_MAX ? level_names[l] : "?");
}

const char *
log_cat_name(enum log_cat c)
{
	return ((unsigned int)c < LC_MAX ? cat_names[c] : "?");
}

/* Encodes the character at p into out (at least 5 bytes): bytes written. */
static size_t
vis_one(char *out, const uint8_t *p, size_t len, size_t *used)
{
	uint32_t	cp;
	size_t		n;

	*used = 1;
	if (*p == '\\') {
		memcpy(out, "\\\\", 2);
		return (2);
	}
	if (*p == '\n') {
		memcpy(out, "\\n", 2);
		return (2);
	}
	n = utf8_next(p, len, &cp);
	if (n == 1 ? (*p >= 0x20 && *p < 0x7f) : (n > 1 && cp >= 0xa0 &&
	    !(cp >= 0x2028 && cp <= 0x202e) && cp != 0x200e && cp != 0x200f &&
	    !(cp >= 0x2066 && cp <= 0x2069))) {
		memcpy(out, p, n);
		*used = n;
		return (n);
	}
	out[0] = '\\';
	out[1] = (char)('0' + (*p >> 6));
	out[2] = (char)('0' + (*p >> 3 & 7));
	out[3] = (char)('0' + (*p & 7));
	return (4);
}

void
log_vis(char *out, size_t size, const char *src)
{
	const uint8_t	*p = (const uint8_t *)src;
	size_t		 len = strlen(src), o = 0, n, used;
	char		 one[8];

	while (len > 0) {
		n = vis_one(one, p, len, &used);
		if (o + n >= size)
			break;
		memcpy(out + o, one, n);
		o += n;
		p += used;
		len -= used;
	}
	out[o] = '\0';
}

static void
log_stderr(enum log_cat cat, enum log_level level, const char *text)
{
	char	line[LOG_TEXT_MAX + 128], when[25];
	int	n;

	wall_iso(wall_ms(), when);
	n = snprintf(line, sizeof(line), "%s %s %s: %s\n", when,
	    log_level_name(level), log_name, text);
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) == -1)
		return;
}

static void
log_emit(enum log_cat cat, enum log_level level, const char *text)
{
	struct msg_log	m;

	if (log_func != NULL) {
		log_func(cat, level, text);
		return;
	}
	if (log_chan == NULL) {
		log_stderr(cat, level, text);
		return;
	}
	memset(&m, 0, sizeof(m));
	m.cat = cat;
	m.level = level;
	snprintf(m.text, sizeof(m.text), "%s", text);
	chan_send(log_chan, MSG_LOG, 0, &m);
}

static void
log_v(enum log_cat cat, enum log_level level, int err, const char *fmt,
    va_list ap)
{
	char	raw[LOG_TEXT_MAX], text[LOG_TEXT_MAX];
	size_t	n;

	if (level < log_least)
		return;
	vsnprintf(raw, sizeof(raw), fmt, ap);
	n = strlen(raw);
	if (err != 0)
		snprintf(raw + n, sizeof(raw) - n, ": %s", strerror(err));
	log_vis(text, sizeof(text), raw);
	log_emit(cat, level, text);
}

void
log_line(enum log_cat cat, enum log_level level, const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	log_v(cat, level, 0, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	log_v(LC_SERVER, LL_DEBUG, 0, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	log_v(LC_SERVER, LL_INFO, 0, fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list	ap;
	int	err = errno;

	va_start(ap, fmt);
	log_v(LC_SERVER, LL_WARN, err, fmt, ap);
	va_end(ap);
}

void
log_warnx(const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	log_v(LC_SERVER, LL_WARN, 0, fmt, ap);
	va_end(ap);
}

static void log_die(void) __attribute__((__noreturn__));

static void
log_die(void)
{
	if (log_chan != NULL)
		chan_flush(log_chan);
	_exit(1);
}

void
fatal(const char *fmt, ...)
{
	va_list	ap;
	int	err = errno;

	va_start(ap, fmt);
	log_v(LC_EXCEPTIONS, LL_CRIT, err, fmt, ap);
	va_end(ap);
	log_die();
}

void
fatalx(const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	log_v(LC_EXCEPTIONS, LL_CRIT, 0, fmt, ap);
	va_end(ap);
	log_die();
}
