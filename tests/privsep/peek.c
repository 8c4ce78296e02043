/* SPDX-License-Identifier: ISC */
/*
 * peek.c: what a debugger of the same user would do.
 *	peek PID	attach to it; open its memory; list its mappings:
 *			"attached" or "refused", "opened" or "closed",
 *			"listed" or "hidden"
 *	peek -t PROGRAM	start a role as its debugger, with a socket on
 *	peek -n PROGRAM	descriptor 3; -n: the same without tracing.
 *			"ended STATUS", or "runs" after two seconds
 */
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int
look(pid_t pid)
{
	char	path[64], c;
	int	fd;

	printf("%s", ptrace(PTRACE_ATTACH, pid, NULL, NULL) == 0 ?
	    "attached" : "refused");
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	printf(" %s", open(path, O_RDONLY) != -1 ? "opened" : "closed");
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	fd = open(path, O_RDONLY);
	printf(" %s\n", fd != -1 && read(fd, &c, 1) == 1 ? "listed" :
	    "hidden");
	return (0);
}

static int
start(char *program, int traced)
{
	char		*argv[2] = { program, NULL }, *envp[1] = { NULL };
	struct timespec	 t = { 0, 10000000 };
	int		 sv[2], st, i;
	pid_t		 pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1 ||
	    (pid = fork()) == -1)
		return (2);
	if (pid == 0) {
		if (dup2(sv[1], 3) == -1 || (traced &&
		    ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1))
			_exit(99);
		execve(program, argv, envp);
		_exit(98);
	}
	for (i = 0; i < 200; i++, nanosleep(&t, NULL)) {
		if (waitpid(pid, &st, WNOHANG) != pid)
			continue;
		if (WIFSTOPPED(st)) {
			ptrace(PTRACE_CONT, pid, NULL, NULL);
			continue;
		}
		printf("ended %d\n", WIFEXITED(st) ? WEXITSTATUS(st) : -1);
		return (0);
	}
	printf("runs\n");
	kill(pid, SIGKILL);
	return (0);
}

int
main(int argc, char **argv)
{
	if (argc == 2)
		return (look((pid_t)atoi(argv[1])));
	if (argc == 3)
		return (start(argv[2], strcmp(argv[1], "-t") == 0));
	fprintf(stderr, "usage: peek PID | peek -t|-n PROGRAM\n");
	return (2);
}
