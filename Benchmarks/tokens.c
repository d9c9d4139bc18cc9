/* Requests with one token after the other, closed loop, on 64 connections kept alive.

     tokens PORT REQUEST TOKENS SECONDS

   REQUEST is a file that is sent as it is, but for its one `@`, in whose place a line of the file TOKENS is put. First
   each token is sent once, then prints "begun", and for SECONDS they go on in turn; prints "requests N". */

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 64, LONGEST_REQUEST = 64 * 1024 };

static char request[LONGEST_REQUEST + 1], answer[LONGEST_REQUEST + 1];
static char *after, *tokens, *next;
static size_t size;
static long sent;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void send_request(int descriptor) {
  if (next == tokens + size) next = tokens;
  char *end = memchr(next, '\n', (size_t)(tokens + size - next));
  if (!end) fail("a token without an end");
  struct iovec parts[] = {{request, strlen(request)}, {next, (size_t)(end - next)}, {after, strlen(after)}};
  if (writev(descriptor, parts, 3) != (ssize_t)(parts[0].iov_len + parts[1].iov_len + parts[2].iov_len)) fail("send");
  next = end + 1;
  sent++;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void read_files(char **arguments) {
  FILE *file = fopen(arguments[2], "rb");
  if (!file || fread(request, 1, LONGEST_REQUEST, file) == 0 || !(after = strchr(request, '@'))) fail("the request");
  *after++ = 0;
  int descriptor = open(arguments[3], O_RDONLY);
  struct stat about;
  if (descriptor < 0 || fstat(descriptor, &about) != 0) fail("the tokens");
  size = (size_t)about.st_size;
  tokens = next = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (tokens == MAP_FAILED) fail("mmap");
}

int main(int count_of_arguments, char **arguments) {
  if (count_of_arguments != 5) fail("usage: tokens PORT REQUEST TOKENS SECONDS");
  read_files(arguments);
  long all = 0, begin = 0;
  for (char *line = tokens; line < tokens + size; line++) all += *line == '\n';
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  address.sin_port = htons((unsigned short)atoi(arguments[1]));
  int events = epoll_create1(0), on = 1;
  for (int index = 0; index < CONNECTIONS; index++) {
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) fail("cannot connect");
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    epoll_ctl(events, EPOLL_CTL_ADD, descriptor, &event);
    send_request(descriptor);
  }
  for (double end = 0; end == 0 || now() < end;) {
    struct epoll_event ready[CONNECTIONS];
    int number = epoll_wait(events, ready, CONNECTIONS, 10000);
    if (number <= 0) fail("no answer for 10 seconds");
    for (int index = 0; index < number; index++) {
      /* Answers of our backend come in one piece. */
      ssize_t length = recv(ready[index].data.fd, answer, LONGEST_REQUEST, 0);
      answer[length > 0 ? length : 0] = 0;
      if (strncmp(answer, "HTTP/1.1 200 ", 13) != 0) fail(answer);
      send_request(ready[index].data.fd);
    }
    if (end == 0 && sent >= all + CONNECTIONS) {
      puts("begun");
      fflush(stdout);
      begin = sent;
      end = now() + atof(arguments[4]);
    }
  }
  printf("requests %ld\n", sent - begin);
  return 0;
}
