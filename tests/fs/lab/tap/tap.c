/*
 * Receives what comes on descriptor 3 and notes when each piece of it arrived. When it was sent SIGTERM and nothing has
 * come for QUIET_US, or at the end of the stream, it writes to descriptor 1, for each piece, when (ns of CLOCK_MONOTONIC)
 * and how many bytes, both int64, 0 bytes after the last, and then all bytes.
 * It looks at nothing while it receives, and no runtime stands between the kernel and the clock.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BYTES_MAX = 1 << 28, PIECES_MAX = 1 << 20, QUIET_US = 300000 };

static volatile sig_atomic_t ending;

static void end(int signal)
{
	(void)signal;
	ending = 1;
}

typedef struct piece {
	int64_t mono_ns, bytes;
} piece;

static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int put(const void *from, size_t bytes)
{
	for (const char *at = from; bytes;) {
		ssize_t n = write(1, at, bytes);
		if (n < 0 && errno == EINTR) continue;
		if (n <= 0) return 1;
		at += n;
		bytes -= (size_t)n;
	}
	return 0;
}

int main(void)
{
	char *data = malloc(BYTES_MAX);
	piece *pieces = malloc(PIECES_MAX * sizeof *pieces);
	size_t length = 0, count = 0;
	struct sched_param first = {.sched_priority = 1};
	struct timeval quiet = {.tv_usec = QUIET_US};
	struct sigaction on_term = {.sa_handler = end};
	if (!data || !pieces) return 2;
	if (sigaction(SIGTERM, &on_term, NULL) || setsockopt(3, SOL_SOCKET, SO_RCVTIMEO, &quiet, sizeof quiet)) return 2;
	/* What is measured is the way to the client, not what else runs here. */
	if (sched_setscheduler(0, SCHED_FIFO, &first)) setpriority(PRIO_PROCESS, 0, -10);
	if (put("", 1)) return 1; /* begun */
	for (;;) {
		ssize_t n = read(3, data + length, BYTES_MAX - length);
		int64_t mono = now();
		if (n < 0 && (errno == EINTR || (errno == EAGAIN && !ending))) continue;
		if (n <= 0) break;
		if (count == PIECES_MAX - 1) return 3;
		pieces[count++] = (piece){mono, n};
		length += (size_t)n;
	}
	if (length == BYTES_MAX) return 3;
	pieces[count++] = (piece){0, 0};
	return put(pieces, count * sizeof *pieces) || put(data, length);
}
