/* Holds streams of events and measures what comes.

     streams PORT REQUEST COUNT SECONDS [tls]

   REQUEST is a file that is sent as it is, on each of COUNT connections. When each is answered with 200, prints
   "ready"; from the next line of standard input on, counts for SECONDS. Prints "events N bytes N median N p99 N worst N":
   how late events came, in nanoseconds, measured from the time that they carry (see backend.c). */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READY = 256, STAMP = 16, BUCKET = 10000, BUCKETS = 500000, UNDERWAY = 64 };

struct stream {
  int descriptor;
  SSL *tls;
  bool sent, answered;
  int stamp_length; /* of the stamp under way; -1 outside of one */
  char stamp[STAMP + 1];
};

static const long PATIENCE = 10000000000;
static struct sockaddr_in address = {.sin_family = AF_INET};
static char request[64 * 1024], input[256 * 1024];
static size_t request_length;
static SSL_CTX *context;
static int events;
static long answered, counted, bytes, worst;
static uint32_t late[BUCKETS]; /* in steps of BUCKET nanoseconds */

static void fail(const char *what) {
  fprintf(stderr, "streams: %s (%s), %ld answered\n", what, strerror(errno), answered);
  ERR_print_errors_fp(stderr);
  exit(1);
}

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

static void prepare_tls(void) {
  context = SSL_CTX_new(TLS_client_method());
  if (!context || !SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) ||
      !SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") || !SSL_CTX_set1_groups_list(context, "X25519"))
    fail("no context for TLS");
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}

static void open_stream(struct stream *stream) {
  int on = 1;
  stream->stamp_length = -1;
  stream->descriptor = socket(AF_INET, SOCK_STREAM, 0);
  if (stream->descriptor < 0 || connect(stream->descriptor, (struct sockaddr *)&address, sizeof address) != 0)
    fail("cannot connect");
  setsockopt(stream->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(stream->descriptor, F_SETFL, O_NONBLOCK);
  if (context) {
    stream->tls = SSL_new(context);
    if (!stream->tls || !SSL_set_fd(stream->tls, stream->descriptor)) fail("no connection of TLS");
    SSL_set_connect_state(stream->tls);
  }
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = stream};
  if (epoll_ctl(events, EPOLL_CTL_ADD, stream->descriptor, &event) != 0) fail("cannot wait for the socket");
}

static bool must_wait(struct stream *stream, int result) {
  if (!stream->tls) return result < 0 && errno == EAGAIN;
  int error = SSL_get_error(stream->tls, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static void count_event(struct stream *stream) {
  long time = now() - (long)strtoul(stream->stamp, NULL, 16);
  if (time > worst) worst = time;
  long bucket = time / BUCKET;
  late[bucket < 0 ? 0 : bucket < BUCKETS ? bucket : BUCKETS - 1]++;
  counted++;
}

/* Looks for stamps. Nothing else of a stream has an `@`; where a chunk ends inside of a stamp, its time says nothing. */
static void scan(struct stream *stream, const char *next, const char *limit) {
  bytes += limit - next;
  while (next < limit) {
    if (stream->stamp_length < 0) {
      next = memchr(next, '@', (size_t)(limit - next));
      if (!next) return;
      next++;
      stream->stamp_length = 0;
    }
    while (next < limit && stream->stamp_length < STAMP) stream->stamp[stream->stamp_length++] = *next++;
    if (stream->stamp_length < STAMP) return;
    stream->stamp_length = -1;
    count_event(stream);
  }
}

static void advance(struct stream *stream) {
  int result;
  if (!stream->sent) {
    result = stream->tls ? SSL_write(stream->tls, request, (int)request_length)
                         : (int)send(stream->descriptor, request, request_length, 0);
    if (result <= 0 && must_wait(stream, result)) return;
    if (result != (int)request_length) fail("cannot send the request");
    stream->sent = true;
  }
  for (;;) {
    result = stream->tls ? SSL_read(stream->tls, input, sizeof input)
                         : (int)recv(stream->descriptor, input, sizeof input, 0);
    if (result <= 0 && must_wait(stream, result)) return;
    if (result <= 0) fail("a stream was closed");
    if (!stream->answered) {
      if (result < 13 || strncmp(input, "HTTP/1.1 200 ", 13) != 0) {
        fprintf(stderr, "%.*s\n", result, input);
        fail("a stream was refused");
      }
      stream->answered = true;
      answered++;
    }
    scan(stream, input, input + result);
    if (!stream->tls && result < (int)sizeof input) return; /* The next edge tells of more. */
  }
}

static void serve(int milliseconds) {
  struct epoll_event ready[READY];
  int number = epoll_wait(events, ready, READY, milliseconds);
  if (number < 0) fail("epoll_wait");
  for (int index = 0; index < number; index++)
    if (ready[index].data.ptr) advance(ready[index].data.ptr);
}

static double quantile(double share) {
  long rest = (long)((double)counted * share);
  for (long bucket = 0; bucket < BUCKETS; bucket++) {
    if (rest < late[bucket]) return (double)(bucket * BUCKET + BUCKET / 2);
    rest -= late[bucket];
  }
  return 0;
}

static void read_request(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) fail("cannot read the request");
  request_length = fread(request, 1, sizeof request, file);
  fclose(file);
}

int main(int count_of_arguments, char **arguments) {
  if (count_of_arguments < 5) fail("usage: streams PORT REQUEST COUNT SECONDS [tls]");
  address.sin_port = htons((uint16_t)atoi(arguments[1]));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  read_request(arguments[2]);
  long count = atol(arguments[3]), length = (long)(atof(arguments[4]) * 1e9);
  if (count_of_arguments > 5) prepare_tls();
  events = epoll_create1(0);
  struct stream *all = calloc((size_t)count, sizeof *all);
  long begun = 0, seen = 0, progress = now();
  while (answered < count) {
    while (begun < count && begun < answered + UNDERWAY) open_stream(&all[begun++]);
    serve(100);
    if (answered > seen) seen = answered, progress = now();
    if (now() - progress > PATIENCE) fail("no answer for 10 seconds");
  }
  puts("ready");
  fflush(stdout);
  struct epoll_event begin = {.events = EPOLLIN, .data.ptr = NULL};
  if (epoll_ctl(events, EPOLL_CTL_ADD, 0, &begin) != 0) fail("cannot wait for standard input");
  fcntl(0, F_SETFL, O_NONBLOCK);
  for (char line[8]; read(0, line, sizeof line) <= 0;) serve(100);
  memset(late, 0, sizeof late);
  counted = bytes = worst = 0;
  puts("begun");
  fflush(stdout);
  for (long end = now() + length; now() < end;) serve(10);
  printf("events %ld bytes %ld median %.0f p99 %.0f worst %ld\n", counted, bytes, quantile(0.5), quantile(0.99), worst);
  return 0;
}
