/* New connections, one request each, over TLS 1.3 but for the last kind.

     connections PORT REQUEST full SECONDS      full handshakes, one after the other in each of 16 slots, tickets ignored
     connections PORT REQUEST resumed SECONDS   the same; every slot offers the newest ticket it was given
     connections PORT REQUEST idle COUNT        opens COUNT connections and holds them until standard input ends
     connections PORT REQUEST idle-clear COUNT  the same without TLS

   REQUEST is a file that is sent as it is. With full and resumed it asks for `Connection: close`, so that the server
   closes, and waiting ends of closed connections do not use up the client's ports. Prints one line, "connections N
   resumed M". Anything that fails ends the program: the figures are those of a server that answered everything. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 16, ANSWER_LIMIT = 16 * 1024 };
enum stage { HANDSHAKE, REQUEST, ANSWER };

struct slot {
  int descriptor;
  SSL *tls; /* none without TLS */
  SSL_SESSION *ticket;
  enum stage stage;
  size_t received;
  char answer[ANSWER_LIMIT + 1];
};

static struct slot slots[SLOTS];
static SSL_CTX *context;
static struct sockaddr_in address = {.sin_family = AF_INET};
static char request[ANSWER_LIMIT];
static size_t request_length;
static bool resumes, holds, clear;
static long finished, resumed;
static int events;

static void fail(const char *what) {
  fprintf(stderr, "connections: connection %ld: %s\n", finished + 1, what);
  ERR_print_errors_fp(stderr);
  exit(1);
}

static int keep_ticket(SSL *tls, SSL_SESSION *ticket) {
  struct slot *slot = SSL_get_app_data(tls);
  if (!resumes) return 0;
  SSL_SESSION_free(slot->ticket);
  slot->ticket = ticket;
  return 1;
}

static void prepare(void) {
  context = SSL_CTX_new(TLS_client_method());
  if (!context || !SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) ||
      !SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") || !SSL_CTX_set1_groups_list(context, "X25519") ||
      !SSL_CTX_set1_sigalgs_list(context, "ECDSA+SHA256"))
    fail("no context for TLS");
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_quiet_shutdown(context, 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_ticket);
  events = epoll_create1(0);
}

/* The connection is made by the kernel at once, since both ends are here: only what follows must not block. */
static void open_connection(struct slot *slot) {
  int descriptor = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) fail("cannot connect");
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(descriptor, F_SETFL, O_NONBLOCK);
  slot->descriptor = descriptor;
  slot->stage = clear ? REQUEST : HANDSHAKE;
  slot->received = 0;
  if (!clear) {
    slot->tls = SSL_new(context);
    if (!slot->tls || !SSL_set_fd(slot->tls, descriptor)) fail("no connection of TLS");
    SSL_set_app_data(slot->tls, slot);
    SSL_set_connect_state(slot->tls);
    if (slot->ticket) SSL_set_session(slot->tls, slot->ticket);
  }
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = slot};
  if (epoll_ctl(events, EPOLL_CTL_ADD, descriptor, &event) != 0) fail("cannot wait for the socket");
}

/* An answer is a 200 with a Content-Length, and that many bytes after its header. */
static bool is_complete(struct slot *slot) {
  slot->answer[slot->received] = 0;
  char *body = strstr(slot->answer, "\r\n\r\n"), *length = strcasestr(slot->answer, "\r\ncontent-length:");
  if (!body) return false;
  if (strncmp(slot->answer, "HTTP/1.1 200 ", 13) != 0 || !length || length > body) fail(slot->answer);
  return slot->answer + slot->received >= body + 4 + atol(length + 17);
}

static void count(struct slot *slot) {
  finished++;
  if (!clear && SSL_session_reused(slot->tls)) resumed++;
}

static int step(struct slot *slot) {
  int result = 0;
  switch (slot->stage) {
  case HANDSHAKE:
    result = SSL_do_handshake(slot->tls);
    if (result > 0) slot->stage = REQUEST;
    break;
  case REQUEST:
    result = clear ? (int)send(slot->descriptor, request, request_length, MSG_NOSIGNAL)
                   : SSL_write(slot->tls, request, (int)request_length);
    if (result > 0) slot->stage = ANSWER;
    break;
  case ANSWER:
    result = clear ? (int)recv(slot->descriptor, slot->answer + slot->received, ANSWER_LIMIT - slot->received, 0)
                   : SSL_read(slot->tls, slot->answer + slot->received, ANSWER_LIMIT - (int)slot->received);
    if (result > 0) slot->received += (size_t)result;
    break;
  }
  return result;
}

/* Goes as far as the socket allows. True when the slot is free again: its connection is closed, or held and left alone. */
static bool advance(struct slot *slot) {
  int result, descriptor = slot->descriptor;
  while ((result = step(slot)) > 0) {
    if (holds && slot->stage == ANSWER && is_complete(slot)) {
      count(slot);
      epoll_ctl(events, EPOLL_CTL_DEL, descriptor, NULL);
      return true;
    }
  }
  if (clear) {
    if (result < 0 && errno == EAGAIN) return false;
    fail("closed too early");
  }
  int error = SSL_get_error(slot->tls, result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return false;
  if (error != SSL_ERROR_ZERO_RETURN || slot->stage != ANSWER || !is_complete(slot)) fail("closed too early");
  count(slot);
  SSL_shutdown(slot->tls); /* A connection that is freed without it takes its ticket with it. */
  SSL_free(slot->tls);
  close(descriptor);
  return true;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void read_request(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) fail("cannot read the request");
  request_length = fread(request, 1, sizeof request, file);
  fclose(file);
}

int main(int count_of_arguments, char **arguments) {
  if (count_of_arguments != 5) fail("usage: connections PORT REQUEST full|resumed|idle|idle-clear SECONDS|COUNT");
  address.sin_port = htons((uint16_t)atoi(arguments[1]));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  read_request(arguments[2]);
  resumes = strcmp(arguments[3], "resumed") == 0;
  clear = strcmp(arguments[3], "idle-clear") == 0;
  holds = clear || strcmp(arguments[3], "idle") == 0;
  long limit = atol(arguments[4]), begun = 0, underway = 0;
  double end = now() + (double)limit;
  prepare();
  long most = holds && limit < SLOTS ? limit : SLOTS;
  for (; begun < most; begun++, underway++) open_connection(&slots[begun]);
  while (underway > 0) {
    struct epoll_event ready[SLOTS];
    int number = epoll_wait(events, ready, SLOTS, 10000);
    if (number <= 0) fail("no answer for 10 seconds");
    for (int index = 0; index < number; index++) {
      struct slot *slot = ready[index].data.ptr;
      if (!advance(slot)) continue;
      underway--;
      if (holds ? begun < limit : now() < end) {
        open_connection(slot);
        begun++, underway++;
      }
    }
  }
  printf("connections %ld resumed %ld\n", finished, resumed);
  fflush(stdout);
  while (holds && getchar() != EOF) {
  }
  return 0;
}
