/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * In place of libFuzzer's main(): gives the files named, and those in the
 * directories named, to the target, each in memory of its exact size so that
 * sanitizers see a read past its end. Without arguments: the target's seeds.
 * One TAP point; a target that aborts leaves it out.
 */

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

enum { INPUT_MAX = 1 << 20 };

static unsigned int replayed;

static _Noreturn void
fail(const char *path)
{
	printf("Bail out! %s: %s\n", path, strerror(errno));
	exit(1);
}

static void
replay_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "re");
	uint8_t *data = malloc(size > 0 ? size : 1);

	if (file == NULL || data == NULL)
		fail(path);
	if (fread(data, 1, size, file) != size) {
		errno = EIO;
		fail(path);
	}
	fclose(file);
	/* the last line of these names the input that has failed */
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	replayed++;
}

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
replay(const char *path)
{
	struct dirent **names;
	char name[PATH_MAX];
	struct stat st;
	int n;

	if (stat(path, &st) != 0)
		fail(path);
	if (!S_ISDIR(st.st_mode)) {
		if (st.st_size > INPUT_MAX) {
			errno = EFBIG;
			fail(path);
		}
		replay_file(path, (size_t)st.st_size);
		return;
	}
	n = scandir(path, &names, is_visible, alphasort);
	if (n < 0)
		fail(path);
	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, names[i]->d_name);
		free(names[i]);
		replay(name);
	}
	free(names);
}

/* Those of fuzz_NAME are in the directory NAME. */
static void
replay_seeds(void)
{
	static const char prefix[] = "fuzz_";
	const char *name = program_invocation_short_name;
	char path[PATH_MAX];

	if (strncmp(name, prefix, strlen(prefix)) == 0)
		name += strlen(prefix);
	snprintf(path, sizeof(path), "%s/%s", SEED_DIR, name);
	replay(path);
}

int
main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..1\n");
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	if (argc < 2)
		replay_seeds();
	/* none at all would be a seed directory that is lost */
	printf("%sok 1 - %u inputs\n", replayed > 0 ? "" : "not ", replayed);
	return replayed > 0 ? 0 : 1;
}
