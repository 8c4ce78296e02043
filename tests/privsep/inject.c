/* SPDX-License-Identifier: ISC */
/*
 * inject.c: make a running process do one system call of the tester's
 * choice, as an attacker who runs code in it would, and tell what came of
 * it.  The process and its sandbox are the installed ones; no test build.
 * Needs root (the roles are not dumpable) and x86-64.
 *
 *	inject PID CALL [ARG...]
 * ARG is a number, or a string in memory of the process when it begins
 * with a letter or '/', or follows a '+'; "@" is writable memory.
 * Prints: "killed" (SIGSYS), "trapped" (the same where it is reported),
 * "errno NAME-NUMBER", "ok VALUE".
 */
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <ctype.h>
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __x86_64__
static pid_t	target;

static void
die(const char *what)
{
	perror(what);
	exit(2);
}

/* Memory far below the stack pointer: nobody uses it now. */
static unsigned long
string_put(unsigned long at, const char *text)
{
	struct iovec	mine, theirs;
	char		copy[256];

	memset(copy, 0, sizeof(copy));
	snprintf(copy, sizeof(copy), "%s", text);
	mine.iov_base = copy;
	mine.iov_len = sizeof(copy);
	theirs.iov_base = (void *)at;
	theirs.iov_len = sizeof(copy);
	if (process_vm_writev(target, &mine, 1, &theirs, 1, 0) == -1)
		die("process_vm_writev");
	return (at);
}

static unsigned long
argument(unsigned long sp, int i, const char *text)
{
	unsigned long	at = sp - 8192 + (unsigned long)i * 256;

	if (strcmp(text, "@") == 0)
		return (string_put(at, ""));
	if (isdigit((unsigned char)text[0]) || text[0] == '-')
		return (strtoul(text, NULL, 0));
	return (string_put(at, text[0] == '+' ? text + 1 : text));
}

/* Wait for the stop; exits with the verdict when the process dies. */
static void
wait_stop(void)
{
	int	st;

	if (waitpid(target, &st, __WALL) == -1)
		die("waitpid");
	/* The mode that reports: let it come to its handler. */
	if (WIFSTOPPED(st) && WSTOPSIG(st) == SIGSYS) {
		ptrace(PTRACE_CONT, target, NULL, (void *)(uintptr_t)SIGSYS);
		while (waitpid(target, &st, __WALL) != -1 && WIFSTOPPED(st))
			ptrace(PTRACE_CONT, target, NULL, NULL);
		printf("trapped\n");
		exit(0);
	}
	if (WIFSTOPPED(st))
		return;
	if (WIFSIGNALED(st) && WTERMSIG(st) == SIGSYS) {
		printf("killed\n");
		exit(0);
	}
	printf("ended %d\n", st);
	exit(0);
}

static void
verdict(long rv)
{
	if (rv < 0 && rv > -4096)
		printf("errno %ld %s\n", -rv, strerror((int)-rv));
	else
		printf("ok %ld\n", rv);
}

/* -1: it ended, and that was told. */
static int
step(struct user_regs_struct *r)
{
	if (ptrace(PTRACE_SINGLESTEP, target, NULL, NULL) == -1)
		die("SINGLESTEP");
	wait_stop();
	if (ptrace(PTRACE_GETREGS, target, NULL, r) == 0)
		return (0);
	if (errno != ESRCH)
		die("GETREGS");
	wait_stop();
	return (-1);
}

static void
call(long nr, int argc, char **argv)
{
	struct user_regs_struct	saved, r;
	unsigned long		a[6] = { 0 };
	int			i;

	if (ptrace(PTRACE_GETREGS, target, NULL, &saved) == -1)
		die("GETREGS");
	for (i = 0; i < argc && i < 6; i++)
		a[i] = argument(saved.rsp, i, argv[i]);
	r = saved;
	/* It waits in a system call: the instruction lies just before. */
	r.rip = saved.rip - 2;
	r.rax = (unsigned long)nr;
	r.orig_rax = (unsigned long)-1;
	r.rdi = a[0], r.rsi = a[1], r.rdx = a[2];
	r.r10 = a[3], r.r8 = a[4], r.r9 = a[5];
	if (ptrace(PTRACE_SETREGS, target, NULL, &r) == -1)
		die("SETREGS");
	/* Another stop may be reported before the step was done. */
	for (i = 0; r.rip != saved.rip && i < 100; i++)
		if (step(&r) == -1)
			return;
	if (r.rip != saved.rip)
		die("no step");
	verdict((long)r.rax);
	/* Back into the interrupted wait. */
	if ((long)saved.orig_rax >= 0 && (long)saved.rax < 0) {
		saved.rip -= 2;
		saved.rax = saved.orig_rax;
	}
	saved.orig_rax = (unsigned long)-1;
	ptrace(PTRACE_SETREGS, target, NULL, &saved);
	ptrace(PTRACE_DETACH, target, NULL, NULL);
}

/* Stop it where it waits in a system call; elsewhere it goes on a little. */
static void
stop_waiting(void)
{
	struct user_regs_struct	r;
	int			tries;

	for (tries = 0; tries < 500; tries++) {
		if (ptrace(PTRACE_INTERRUPT, target, NULL, NULL) == -1)
			die("INTERRUPT");
		wait_stop();
		if (ptrace(PTRACE_GETREGS, target, NULL, &r) == -1)
			die("GETREGS");
		if ((long)r.orig_rax >= 0)
			return;
		if (ptrace(PTRACE_CONT, target, NULL, NULL) == -1)
			die("CONT");
		usleep(10000);
	}
	errno = ETIMEDOUT;
	die("a system call it waits in");
}

int
main(int argc, char **argv)
{
	int	nr;

	if (argc < 3) {
		fprintf(stderr, "usage: inject PID CALL [ARG...]\n");
		return (2);
	}
	target = (pid_t)atoi(argv[1]);
	nr = seccomp_syscall_resolve_name(argv[2]);
	if (nr == __NR_SCMP_ERROR) {
		fprintf(stderr, "no system call %s\n", argv[2]);
		return (2);
	}
	if (ptrace(PTRACE_SEIZE, target, NULL, NULL) == -1)
		die("ptrace");
	stop_waiting();
	call(nr, argc - 3, argv + 3);
	return (0);
}
#else
int
main(void)
{
	printf("skip: x86-64 only\n");
	return (0);
}
#endif
