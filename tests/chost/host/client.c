#include "host.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { LINE_MAX_BYTES = 1 << 20 };

static int fd = -1;
static char buffer[LINE_MAX_BYTES];
static size_t filled, line_bytes; /* the line that was handed out last, with its line feed */

void client_open(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address.sun_path) die("%s is too long for a socket", path);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) die("%s: %s", path, strerror(errno));
	filled = line_bytes = 0;
}

void client_send(const char *line)
{
	size_t bytes = strlen(line);
	if (write(fd, line, bytes) != (ssize_t)bytes || write(fd, "\n", 1) != 1) die("send: %s", strerror(errno));
}

const char *client_line(void)
{
	memmove(buffer, buffer + line_bytes, filled - line_bytes);
	filled -= line_bytes;
	line_bytes = 0;
	for (char *end; !(end = memchr(buffer, '\n', filled));) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		if (filled == sizeof buffer) die("a line is too long");
		if (poll(&ready, 1, PATIENCE_MS) != 1) die("the engine is silent");
		ssize_t got = read(fd, buffer + filled, sizeof buffer - filled);
		if (got <= 0) return NULL;
		filled += (size_t)got;
	}
	line_bytes = (size_t)((char *)memchr(buffer, '\n', filled) - buffer) + 1;
	buffer[line_bytes - 1] = '\0';
	return buffer;
}

int client_fd(void)
{
	return fd;
}

void client_close(void)
{
	close(fd);
	fd = -1;
}
