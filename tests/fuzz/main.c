/* SPDX-License-Identifier: ISC */
/*
 * main.c: runs a fuzz body over its corpus without a fuzzer, so that every
 * `make test` replays what was ever found.  Each file is given whole, then
 * cut at every length (up to 512 cuts), then with single bits flipped (up to
 * 2,048 flips, spread over the file).  With -DLIBFUZZER this file is empty.
 */
#ifndef LIBFUZZER
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static unsigned long runs;

/* An exact-size copy, so that the sanitizers see one byte too many. */
static void
body_run(const uint8_t *data, size_t len)
{
	uint8_t *copy;

	if ((copy = malloc(len != 0 ? len : 1)) == NULL)
		abort();
	memcpy(copy, data, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
	runs++;
}

static void
entry_run(uint8_t *data, size_t len)
{
	size_t	i, step;

	body_run(data, len);
	step = len / 512 + 1;
	for (i = 0; i < len; i += step)
		body_run(data, i);
	step = len * 8 / 2048 + 1;
	for (i = 0; i < len * 8; i += step) {
		data[i / 8] ^= (uint8_t)(1U << (i % 8));
		body_run(data, len);
		data[i / 8] ^= (uint8_t)(1U << (i % 8));
	}
}

static int
file_run(const char *path)
{
	static uint8_t	data[1 << 20];
	FILE		*f;
	size_t		 n;

	if ((f = fopen(path, "rb")) == NULL) {
		perror(path);
		return (-1);
	}
	n = fread(data, 1, sizeof(data), f);
	fclose(f);
	entry_run(data, n);
	return (0);
}

int
main(int argc, char **argv)
{
	char		 path[1024];
	struct dirent	*de;
	DIR		*d;
	int		 files = 0;

	if (argc != 2 || (d = opendir(argv[1])) == NULL) {
		fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
		return (2);
	}
	while ((de = readdir(d)) != NULL) {
		if (de->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], de->d_name);
		if (file_run(path) == -1)
			return (1);
		files++;
	}
	closedir(d);
	printf("%d files, %lu inputs\n", files, runs);
	return (files == 0);
}
#endif
