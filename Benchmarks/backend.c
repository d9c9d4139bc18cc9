/* An MCP server that costs little: the same answer to every request, or a stream of events.

     backend PORT

   A request whose target has `events=SIZE` is answered with server-sent events of SIZE bytes without end: with
   `every=MS` one in that many milliseconds, streams spread evenly over the time; without it, as fast as they are taken,
   many at a time. An event carries the time at which it was written, without `every` that of an earlier one: `@` and the
   nanoseconds of the monotonic clock, in hexadecimal. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST_REQUEST = 128 * 1024, LARGEST_EVENT = 1024 * 1024, WHEEL = 16 * 1024, READY = 256, BATCH = 64 * 1024 };

struct connection {
  int descriptor;
  size_t held;              /* bytes of a request that is not complete, in `request` */
  char *request;
  long size, every;         /* of a stream's events; size is 0 while there is none */
  size_t written;           /* of the event under way */
  struct connection **previous, *next; /* in the wheel */
};

#define RESULT                                                            \
  "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"content\":[{\"type\":\"text\",\"text\":" \
  "\"0123456789012345678901234567890123456789012345678901234567890123456789\"}],\"isError\":false}}"
static const char answer[] =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 159\r\n\r\n" RESULT;
/* With a byte more than it says every proxy would close the connection behind each answer. */
_Static_assert(sizeof RESULT - 1 == 159, "content-length");
static const char stream_head[] =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
static struct connection *wheel[WHEEL], listener, timer;
static unsigned long ticks, streams;
static char event[LARGEST_EVENT + BATCH], input[LONGEST_REQUEST + 1];
static size_t event_length, event_stamp, batch_length;
static long event_size;
static int events;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void watch(struct connection *connection, uint32_t what, int how) {
  struct epoll_event event = {.events = what, .data.ptr = connection};
  if (epoll_ctl(events, how, connection->descriptor, &event) != 0) fail("epoll_ctl");
}

/* All streams of a run have events of the same size. */
static void prepare_event(long size) {
  if (size == event_size) return;
  event_size = size;
  int head = sprintf(event, "%lx\r\ndata: @", size);
  event_stamp = (size_t)head;
  size_t body = strlen("data: @") + strlen("\n\n"), filler = (size_t)size - body;
  memset(event + head, '0', filler);
  strcpy(event + head + filler, "\n\n\r\n");
  event_length = batch_length = (size_t)head + filler + strlen("\n\n\r\n");
  for (; batch_length + event_length <= BATCH; batch_length += event_length)
    memcpy(event + batch_length, event, event_length);
}

static void stamp(void) {
  struct timespec now;
  char text[17];
  clock_gettime(CLOCK_MONOTONIC, &now);
  sprintf(text, "%016lx", now.tv_sec * 1000000000L + now.tv_nsec);
  memcpy(event + event_stamp, text, 16);
}

static void schedule(struct connection *connection, unsigned long after) {
  struct connection **slot = &wheel[(ticks + after) % WHEEL];
  connection->next = *slot;
  connection->previous = slot;
  if (connection->next) connection->next->previous = &connection->next;
  *slot = connection;
}

static void unschedule(struct connection *connection) {
  if (!connection->previous) return;
  *connection->previous = connection->next;
  if (connection->next) connection->next->previous = connection->previous;
  connection->previous = NULL;
}

static void end(struct connection *connection) {
  unschedule(connection);
  close(connection->descriptor);
  free(connection->request);
  free(connection);
}

/* False when the connection has ended. */
static bool write_events(struct connection *connection) {
  do {
    prepare_event(connection->size);
    if (connection->written == 0) stamp();
    size_t length = connection->every == 0 ? batch_length : event_length, rest = length - connection->written;
    ssize_t result = send(connection->descriptor, event + connection->written, rest, MSG_NOSIGNAL);
    if (result < 0 && errno == EAGAIN) return true;
    if (result < 0) return end(connection), false;
    connection->written = (connection->written + (size_t)result) % length;
  } while (connection->every == 0 || connection->written != 0);
  return true;
}

static void turn(unsigned long count) {
  while (count-- > 0) {
    struct connection *due = wheel[++ticks % WHEEL];
    while (due) {
      struct connection *next = due->next;
      unschedule(due);
      schedule(due, (unsigned long)due->every);
      write_events(due);
      due = next;
    }
  }
}

static void begin_stream(struct connection *connection, const char *size) {
  const char *every = strstr(input, "every=");
  connection->size = strtol(size, NULL, 10);
  connection->every = every ? strtol(every + 6, NULL, 10) : 0;
  if (connection->size < 32 || connection->size > LARGEST_EVENT || connection->every >= WHEEL) fail("a stream");
  if (send(connection->descriptor, stream_head, strlen(stream_head), MSG_NOSIGNAL) < 0) return;
  /* Multiples of the golden ratio are spread evenly, however many there are. */
  if (connection->every > 0) schedule(connection, 1 + (streams++ * 10125 % WHEEL) * (unsigned long)connection->every / WHEEL);
  else watch(connection, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

/* The length of the request at the beginning of `input`; 0 when it is not complete. */
static size_t length_of_request(size_t available) {
  input[available] = 0;
  char *body = strstr(input, "\r\n\r\n");
  if (!body) return 0;
  *body = 0;
  char *length = strcasestr(input, "\r\ncontent-length:");
  *body = '\r';
  size_t whole = (size_t)(body + 4 - input) + (length ? strtoul(length + 17, NULL, 10) : 0);
  return whole <= available ? whole : 0;
}

/* Requests come one at a time. False when the connection has ended. */
static bool read_requests(struct connection *connection) {
  memcpy(input, connection->request ? connection->request : "", connection->held);
  ssize_t result = recv(connection->descriptor, input + connection->held, LONGEST_REQUEST - connection->held, 0);
  if (result < 0 && errno == EAGAIN) return true;
  if (result <= 0) return end(connection), false;
  size_t available = connection->held + (size_t)result, length = length_of_request(available);
  if (length == 0) {
    if (!connection->request && !(connection->request = malloc(LONGEST_REQUEST))) fail("malloc");
    memcpy(connection->request, input, available);
    connection->held = available;
    return true;
  }
  connection->held = 0;
  *strchr(input, '\r') = 0;
  char *size = strstr(input, "events=");
  if (size) begin_stream(connection, size + 7);
  else if (send(connection->descriptor, answer, strlen(answer), MSG_NOSIGNAL) < 0) return end(connection), false;
  return true;
}

static void accept_connections(void) {
  int descriptor, on = 1;
  while ((descriptor = accept4(listener.descriptor, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) fail("calloc");
    connection->descriptor = descriptor;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(connection, EPOLLIN, EPOLL_CTL_ADD);
  }
}

static void listen_on(const char *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  address.sin_port = htons((uint16_t)atoi(port));
  int on = 1;
  listener.descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener.descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener.descriptor, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener.descriptor, 4096) != 0)
    fail("cannot listen");
  watch(&listener, EPOLLIN, EPOLL_CTL_ADD);
}

int main(int count_of_arguments, char **arguments) {
  if (count_of_arguments != 2) {
    fprintf(stderr, "usage: backend PORT\n");
    return 2;
  }
  struct itimerspec millisecond = {{0, 1000000}, {0, 1000000}};
  events = epoll_create1(0);
  timer.descriptor = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  timerfd_settime(timer.descriptor, 0, &millisecond, NULL);
  watch(&timer, EPOLLIN, EPOLL_CTL_ADD);
  listen_on(arguments[1]);
  for (;;) {
    struct epoll_event ready[READY];
    int number = epoll_wait(events, ready, READY, -1);
    uint64_t expired = 0;
    for (int index = 0; index < number; index++) {
      struct connection *connection = ready[index].data.ptr;
      if (connection == &listener) accept_connections();
      else if (connection == &timer) expired = read(timer.descriptor, &expired, sizeof expired) > 0 ? expired : 0;
      else if (!(ready[index].events & ~(uint32_t)EPOLLOUT) || read_requests(connection))
        if (ready[index].events & EPOLLOUT) write_events(connection);
    }
    /* Only now: it may end connections, and they may be among those that were ready. */
    turn(expired);
  }
}
