/* SPDX-License-Identifier: ISC */
/*
 * audit.h: the events of calls on their way to authd.  Reads and refusals
 * are gathered and sent before the answers of the same turn; changes come
 * out of the store's outbox, where they were committed with the change.
 * A batch is kept until authd acknowledged it and is sent again, unchanged
 * and under its old number, to an authd that comes after.
 */
#ifndef TOOLD_AUDIT_H
#define TOOLD_AUDIT_H

#include "../common/chan.h"
#include "toold.h"

/* Bytes of events that may wait for authd before calls are put off. */
#define AUDIT_WAIT_MAX		(8U << 20)

/* At start, once the store is open: takes over what the outbox holds. */
void	audit_init(void);
/* Copy an event into the current batch (num 0: a read or refusal). */
void	audit_add(const struct event *);
/* More waits than should: put calls off. */
int	audit_full(void);
/* authd greeted: send everything that it has not acknowledged. */
void	audit_connect(struct chan *);
void	audit_disconnect(void);
/* MSG_AUDIT_ACK */
void	audit_ack(const struct msg_audit_ack *);
/* Queue the current batch. */
void	audit_flush(void);
/* Write what is queued; the end of each turn does it, before answers go. */
void	audit_send(void);
void	audit_clear(void);
/* Bytes that wait, for status. */
size_t	audit_waiting(void);

#endif
