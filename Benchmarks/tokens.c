/* Requests with one token after the other, closed loop, on 64 connections kept alive.

     tokens PORT REQUEST TOKENS

   REQUEST is a file that is sent as it is, but for its one `@`, in whose place a token of the file TOKENS is put: one a
   line, all of the same length. Reads lines "COUNT SECONDS": sends those of the first COUNT tokens that were never sent,
   prints "begun", sends the first COUNT in turn for SECONDS, and prints "requests N". */

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

static int connections[CONNECTIONS], events;
static char request[LONGEST_REQUEST + 1], answer[LONGEST_REQUEST + 1];
static char *after, *tokens;
static size_t token_length; /* without the end of the line */
static long available;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void send_request(int descriptor, long number) {
  char *token = tokens + (size_t)number * (token_length + 1);
  struct iovec parts[] = {{request, strlen(request)}, {token, token_length}, {after, strlen(after)}};
  if (writev(descriptor, parts, 3) != (ssize_t)(parts[0].iov_len + token_length + parts[2].iov_len)) fail("send");
}

static void take_answer(int descriptor) {
  /* Answers of our backend come in one piece. */
  ssize_t length = recv(descriptor, answer, LONGEST_REQUEST, 0);
  answer[length > 0 ? length : 0] = 0;
  if (strncmp(answer, "HTTP/1.1 200 ", 13) != 0) fail(answer);
}

/* Sends tokens from `first` up to `end`, all of them once, or again and again until the time is up. Returns how many
   requests were answered: all that were sent. */
static long send_tokens(long first, long end, double seconds) {
  long next = first, sent = 0, answered = 0;
  double until = seconds > 0 ? now() + seconds : 0;
  bool ending = first == end;
  for (int index = 0; index < CONNECTIONS && !ending; index++) {
    send_request(connections[index], next++);
    sent++;
    if (next == end) next = first, ending = until == 0;
  }
  while (answered < sent) {
    struct epoll_event ready[CONNECTIONS];
    int number = epoll_wait(events, ready, CONNECTIONS, 10000);
    if (number <= 0) fail("no answer for 10 seconds");
    if (until > 0 && now() >= until) ending = true;
    for (int index = 0; index < number; index++) {
      take_answer(ready[index].data.fd);
      answered++;
      if (ending) continue;
      send_request(ready[index].data.fd, next++);
      sent++;
      if (next == end) next = first, ending = until == 0;
    }
  }
  return answered;
}

static void read_files(char **arguments) {
  FILE *file = fopen(arguments[2], "rb");
  if (!file || fread(request, 1, LONGEST_REQUEST, file) == 0 || !(after = strchr(request, '@'))) fail("the request");
  *after++ = 0;
  int descriptor = open(arguments[3], O_RDONLY);
  struct stat about;
  if (descriptor < 0 || fstat(descriptor, &about) != 0) fail("the tokens");
  tokens = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_SHARED, descriptor, 0);
  if (tokens == MAP_FAILED) fail("mmap");
  char *end = memchr(tokens, '\n', (size_t)about.st_size);
  if (!end) fail("a token without an end");
  token_length = (size_t)(end - tokens);
  available = about.st_size / (long)(token_length + 1);
}

static void connect_all(const char *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  address.sin_port = htons((unsigned short)atoi(port));
  events = epoll_create1(0);
  for (int index = 0, on = 1; index < CONNECTIONS; index++) {
    int descriptor = connections[index] = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) fail("cannot connect");
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    if (epoll_ctl(events, EPOLL_CTL_ADD, descriptor, &event) != 0) fail("cannot wait for the socket");
  }
}

int main(int count_of_arguments, char **arguments) {
  if (count_of_arguments != 4) fail("usage: tokens PORT REQUEST TOKENS");
  read_files(arguments);
  connect_all(arguments[1]);
  long known = 0, count;
  for (double seconds; scanf("%ld %lf", &count, &seconds) == 2;) {
    if (count < 1 || count > available || seconds <= 0) fail("what is asked for");
    if (count > known) send_tokens(known, count, 0);
    known = count > known ? count : known;
    puts("begun");
    fflush(stdout);
    printf("requests %ld\n", send_tokens(0, count, seconds));
    fflush(stdout);
  }
  return 0;
}
