/* SPDX-License-Identifier: ISC */
/*
 * puppet.h: how a test drives a hijacked role.  puppet.c stands in place of
 * a role's program, with the role's own sandbox and channels, and does what
 * it is told over a Unix socket that it opened before the sandbox.
 */
#ifndef TESTS_PUPPET_H
#define TESTS_PUPPET_H

#include <stdint.h>

/* Where the test listens, beside the programs. */
#define PUPPET_SOCK	"/puppet.sock"

struct puppet_hello {			/* puppet -> test, once */
	char	 role[16];		/* "listener", "toold", "pwhash" */
	int32_t	 pid;
	int32_t	 zero;
};
/* Answered by one byte: 'p' stay a puppet, 'h' run the honest program. */

enum puppet_chan {
	PC_MASTER, PC_AUTHD, PC_TOOLD, PC_SIGND, PC_LISTEN, PC_CTL,
	PC_WORKER,			/* and the seven behind it: toold's */
	PC_MAX = PC_WORKER + 8
};

enum puppet_op {
	PO_SEND = 1,	/* data as it is; arg[0] copies of a descriptor */
	PO_RECV,	/* what is there: rv bytes; -1 EAGAIN: nothing */
	PO_CALL,	/* system call arg[0] with arg[1] ... arg[6] */
	PO_CLOSE,
	PO_INFO,	/* rv: descriptor or -1; arg[0]: generation */
	PO_AUTO,	/* arg[0]: answer as an honest role would, or not */
	PO_LAST,	/* body of the last message of type arg[0], taken */
	PO_HASH		/* pwhash: arg[0] is the byte that hashes consist of */
};

/* A pointer to the data of the command, at an offset. */
#define PUPPET_DATA	0x7000000000000000LL

struct puppet_cmd {
	uint32_t	op;
	uint32_t	ch;		/* enum puppet_chan */
	uint32_t	len;		/* of the data that follows */
	uint32_t	zero;
	int64_t		arg[7];
};
struct puppet_reply {
	int64_t		rv;
	int64_t		arg;
	int32_t		err;		/* errno, 0 if rv is not -1 */
	uint32_t	len;		/* of the data that follows */
};
#define PUPPET_DATA_MAX	(1U << 20)

#endif
