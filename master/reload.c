/* SPDX-License-Identifier: ISC */
/*
 * reload.c: a new configuration, prepared everywhere before it counts
 * anywhere.  Runs in master.  One refusal, one death or five seconds of
 * silence keep the old configuration in every process.
 */
#include <stdlib.h>
#include <string.h>

#include "keepd.h"

#define RELOAD_MS	5000

static struct conf	*fresh;		/* under way, or NULL */
static void		(*finish)(const char *);
static struct ev_timer	 deadline;

int
reload_active(void)
{
	return (fresh != NULL);
}

static void
reload_end(const char *why)
{
	void	(*done)(const char *) = finish;

	if (why != NULL)
		log_warnx("reload refused, the old configuration stays: %s",
		    why);
	else
		log_info("configuration reloaded from %s", master.conf_path);
	notify_ready();
	finish = NULL;
	if (done != NULL)
		done(why);
}

static void
reload_commit(void)
{
	struct proc	*p;
	unsigned int	 i;
	char		 why[CONF_PATH_MAX + 128];

	for (i = 0; (p = proc_at(i)) != NULL; i++)
		if (p->ch != NULL && !p->draining)
			chan_send(p->ch, MSG_CONF_COMMIT, 0, NULL);
	free(master.conf);
	master.conf = fresh;
	fresh = NULL;
	(void)tls_files_look(master.conf, 1, why, sizeof(why));
	log_setlevel((enum log_level)master.conf->log_level);
	logfile_open(master.conf, master.debug ? LOG_STDERR : LOG_QUIET,
	    master.conf->user[CR_TOOLD].gid);
	conf_warn(master.conf, &master.host);
	reload_end(NULL);
}

/* Everybody forgets what was prepared. */
static void
reload_withdraw(void)
{
	struct proc	*p;
	unsigned int	 i;

	for (i = 0; (p = proc_at(i)) != NULL; i++) {
		p->conf_stale += (unsigned int)p->conf_due;
		p->conf_due = 0;
		if (p->state == PS_RUN && p->ch != NULL)
			chan_send(p->ch, MSG_CONF_ABORT, 0, NULL);
	}
}

static void
reload_abort(const char *why)
{
	ev_timer_del(&deadline);
	reload_withdraw();
	free(fresh);
	fresh = NULL;
	reload_end(why);
}

static void
on_deadline(struct ev_timer *t)
{
	struct proc	*p;
	unsigned int	 i;

	for (i = 0; (p = proc_at(i)) != NULL; i++)
		/* It may only be busy; a late answer is counted as stale. */
		if (p->conf_due)
			log_warnx("%s did not answer to the new "
			    "configuration", p->name);
	reload_abort("a process did not answer in 5 seconds");
}

void
reload_answer(struct proc *p, const char *why)
{
	struct proc	*q;
	unsigned int	 i;
	char		 text[600];

	if (why != NULL) {
		p->conf_due = 0;
		snprintf(text, sizeof(text), "%s: %s", p->name, why);
		reload_abort(text);
		return;
	}
	p->conf_due = 0;
	for (i = 0; (q = proc_at(i)) != NULL; i++)
		if (q->conf_due)
			return;
	ev_timer_del(&deadline);
	reload_commit();
}

/* Parse and check: NULL, or why not, in text. */
static const char *
reload_read(char *text, size_t size)
{
	const char	*why = NULL;
	uint32_t	 line = 0;
	char		*msg = NULL, *nl;
	size_t		 len = 0;
	FILE		*fp;

	if ((fp = open_memstream(&msg, &len)) == NULL)
		return ("no memory");
	conf_init(fresh);
	if (conf_parse(fresh, master.conf_path, fp) == -1)
		why = "";
	fclose(fp);
	if (why != NULL) {
		if ((nl = strchr(msg, '\n')) != NULL)
			*nl = '\0';
		snprintf(text, size, "%s", msg);
		why = text;
	} else if ((why = conf_check(fresh, &master.host, &line)) != NULL ||
	    (why = conf_reload_ok(fresh, master.conf)) != NULL) {
		snprintf(text, size, "%s:%u: %s", master.conf_path, line,
		    why);
		why = text;
	}
	free(msg);
	return (why);
}

static const char *
reload_prepare(char *text, size_t size)
{
	const char	*why;
	struct proc	*p;
	unsigned int	 i;

	for (i = 0; (p = proc_at(i)) != NULL; i++) {
		if (p->parked || p->draining ||
		    (p->state == PS_RUN && p->ch != NULL))
			continue;
		snprintf(text, size, "%s is %s: try again", p->name,
		    proc_state_name(p->state));
		return (text);
	}
	if ((fresh = calloc(1, sizeof(*fresh))) == NULL)
		return ("no memory");
	if ((why = reload_read(text, size)) != NULL)
		return (why);
	/* The keys of now stay for the handshakes under way. */
	fresh->signd.base = master.conf->signd.base == 0 ? TLS_CERTS : 0;
	if (tls_files_look(fresh, 0, text, size) == -1)
		return (text);
	for (i = 0; (p = proc_at(i)) != NULL; i++) {
		/* One that finishes ends before it could matter. */
		if (p->parked || p->draining)
			continue;
		if (conf_send(p, fresh, 0, text, size) == -1) {
			reload_withdraw();
			return (text);
		}
		p->conf_due = 1;
	}
	return (NULL);
}

void
reload_start(void (*done)(const char *))
{
	const char	*why;
	char		 text[600];

	if (fresh != NULL || master.stopping) {
		if (done != NULL)
			done(master.stopping ? "keepd is stopping" :
			    "a reload is under way");
		return;
	}
	finish = done;
	notify_reloading();
	if (deadline.cb == NULL)
		ev_timer_init(&deadline, on_deadline, NULL);
	if ((why = reload_prepare(text, sizeof(text))) == NULL) {
		ev_timer_set(&deadline, RELOAD_MS);
		return;
	}
	free(fresh);
	fresh = NULL;
	reload_end(why);
}
