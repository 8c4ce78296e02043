/* SPDX-License-Identifier: ISC */
/*
 * memscan.c: look for secrets in the memory of running processes.
 *	memscan FILE PID...
 * FILE holds one secret a line in hex.  Each is searched raw, reversed (as
 * bignum limbs lie in memory), and as base64 text at its three offsets.
 * Prints "PID hits N" for each process.  Needs root.
 */
#include <sys/types.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

#define NEEDLES_MAX	512
#define CHUNK		(1U << 20)

struct needle {
	uint8_t	b[256];
	size_t	len;
};

static struct needle	needles[NEEDLES_MAX];
static size_t		nneedles, longest;

static void
needle_add(const uint8_t *p, size_t len)
{
	if (nneedles == NEEDLES_MAX || len < 8 || len > 256)
		return;
	memcpy(needles[nneedles].b, p, len);
	needles[nneedles++].len = len;
	if (len > longest)
		longest = len;
}

/*
 * Base64 of the secret as it stands at the three places of a longer text:
 * the letters that depend on neighbours are left out.
 */
static void
needle_add_base64(const uint8_t *p, size_t len)
{
	uint8_t	shifted[256 + 2];
	char	text[400];
	size_t	i, off, n, skip;

	for (off = 0; off < 3; off++) {
		memset(shifted, 0, sizeof(shifted));
		memcpy(shifted + off, p, len);
		b64url_encode(shifted, off + len, text);
		skip = off == 0 ? 0 : off + 1;
		n = strlen(text) - 1;
		needle_add((uint8_t *)text + skip, n - skip);
		for (i = 0; i < n; i++)
			text[i] = text[i] == '-' ? '+' :
			    text[i] == '_' ? '/' : text[i];
		needle_add((uint8_t *)text + skip, n - skip);
	}
}

static void
needles_read(const char *file)
{
	char	 line[600];
	uint8_t	 raw[256], back[256];
	size_t	 len, i;
	FILE	*f;

	if ((f = fopen(file, "r")) == NULL) {
		perror(file);
		exit(2);
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		len = strlen(line) / 2;
		if (len < 8 || len > 190 ||
		    hex_decode(line, strlen(line), raw, len) == -1)
			continue;
		for (i = 0; i < len; i++)
			back[i] = raw[len - 1 - i];
		needle_add(raw, len);
		needle_add(back, len);
		needle_add_base64(raw, len);
	}
	fclose(f);
}

static unsigned long
chunk_scan(const uint8_t *p, size_t len)
{
	unsigned long	hits = 0;
	size_t		i;
	const uint8_t	*at, *end = p + len;

	for (i = 0; i < nneedles; i++) {
		at = p;
		while ((at = memmem(at, (size_t)(end - at), needles[i].b,
		    needles[i].len)) != NULL) {
			hits++;
			at++;
		}
	}
	return (hits);
}

static unsigned long
range_scan(int mem, unsigned long from, unsigned long to)
{
	static uint8_t	buf[CHUNK + 256];
	unsigned long	hits = 0;
	ssize_t		n;

	while (from < to) {
		n = pread(mem, buf, CHUNK, (off_t)from);
		if (n <= 0) {
			from += 4096;
			continue;
		}
		hits += chunk_scan(buf, (size_t)n);
		if ((size_t)n < CHUNK)
			from += (unsigned long)n;
		else
			from += (unsigned long)n - longest;
	}
	return (hits);
}

static int
process_scan(const char *pid)
{
	char		 path[64], line[512], perms[8];
	unsigned long	 from, to, hits = 0, ranges = 0;
	FILE		*maps;
	int		 mem;

	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "r");
	snprintf(path, sizeof(path), "/proc/%s/mem", pid);
	mem = open(path, O_RDONLY);
	if (maps == NULL || mem == -1) {
		perror(path);
		return (-1);
	}
	while (fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%lx-%lx %7s", &from, &to, perms) != 3 ||
		    perms[0] != 'r' || strstr(line, "[v") != NULL)
			continue;
		hits += range_scan(mem, from, to);
		ranges++;
	}
	fclose(maps);
	close(mem);
	printf("%s hits %lu ranges %lu\n", pid, hits, ranges);
	return (0);
}

int
main(int argc, char **argv)
{
	int	i, rv = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: memscan FILE PID...\n");
		return (2);
	}
	needles_read(argv[1]);
	if (nneedles == 0) {
		fprintf(stderr, "no secrets to look for\n");
		return (2);
	}
	for (i = 2; i < argc; i++)
		if (process_scan(argv[i]) == -1)
			rv = 1;
	return (rv);
}
