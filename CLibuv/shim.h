/* libuv for Swift: handle casts and the calls the Clang importer cannot see, as static inline functions. Nothing else. */
#ifndef PORTCULLIS_CLIBUV_H
#define PORTCULLIS_CLIBUV_H

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

/* C's struct "inheritance" does not exist in Swift. */
static inline uv_stream_t *pc_tcp_stream(uv_tcp_t *tcp) { return (uv_stream_t *)tcp; }
static inline uv_stream_t *pc_pipe_stream(uv_pipe_t *pipe) { return (uv_stream_t *)pipe; }
static inline uv_handle_t *pc_stream_handle(uv_stream_t *stream) { return (uv_handle_t *)stream; }
static inline uv_tcp_t *pc_stream_tcp(uv_stream_t *stream) { return (uv_tcp_t *)stream; }
static inline uv_pipe_t *pc_stream_pipe(uv_stream_t *stream) { return (uv_pipe_t *)stream; }
static inline uv_handle_t *pc_timer_handle(uv_timer_t *timer) { return (uv_handle_t *)timer; }
static inline uv_handle_t *pc_prepare_handle(uv_prepare_t *prepare) { return (uv_handle_t *)prepare; }
static inline uv_handle_t *pc_signal_handle(uv_signal_t *signal) { return (uv_handle_t *)signal; }
static inline uv_handle_t *pc_process_handle(uv_process_t *process) { return (uv_handle_t *)process; }
static inline uv_handle_t *pc_fs_poll_handle(uv_fs_poll_t *poll) { return (uv_handle_t *)poll; }

/* Unions and function-like macros. */
static inline void pc_inherit_stream(uv_stdio_container_t *place, uv_stream_t *stream) {
  place->flags = (uv_stdio_flags)(UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE);
  place->data.stream = stream;
}
static inline void pc_inherit_descriptor(uv_stdio_container_t *place, int descriptor) {
  place->flags = UV_INHERIT_FD;
  place->data.fd = descriptor;
}

/* memfd_create with MFD_CLOEXEC; the header declares it for _GNU_SOURCE only. */
static inline int pc_anonymous_file(const char *name) { return (int)syscall(SYS_memfd_create, name, 1u); }

#endif
