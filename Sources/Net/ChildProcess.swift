import CLibuv
import Glibc

/// A process that this one has started, and the channel to it.
package final class ChildProcess {
  /// How a process has ended: with a status, or by a signal.
  package enum Ending: Equatable, Sendable {
    case exited(Int)
    case killed(Int)
  }

  /// Where the child finds its end of the channel.
  package static let channelDescriptor: Int32 = 3
  /// Where the child finds the first of the descriptors that it inherits; the others follow.
  package static let firstDescriptor: Int32 = 4

  /// The process id.
  package let id: Int32
  package let channel: Transport
  private let process: UnsafeMutablePointer<uv_process_t>
  private var ended: ((Ending) -> Void)?

  /// Starts a program. It inherits standard input, output and error, the environment and `descriptors`.
  ///
  /// - Parameters:
  ///   - arguments: begin with the program's name.
  ///   - ended: called once, from the loop; what the child has written to the channel before may still be unread.
  package init(
    _ loop: Loop, _ program: String, _ arguments: [String], _ descriptors: [Int32], ended: @escaping (Ending) -> Void
  ) throws(NetFailure) {
    let pipe = UnsafeMutablePointer<uv_pipe_t>.allocate(capacity: 1)
    uv_pipe_init(loop.raw, pipe, 0)
    let channel = Transport(loop, pc_pipe_stream(pipe), isTCP: false)
    let process = UnsafeMutablePointer<uv_process_t>.allocate(capacity: 1)
    let status = Self.spawn(loop, process, program, arguments, pc_pipe_stream(pipe), descriptors)
    self.channel = channel
    self.process = process
    id = process.pointee.pid
    guard status == 0 else {
      channel.close()
      // The loop knows the handle, whether or not there is a process.
      uv_close(pc_process_handle(process)) { free($0) }
      throw NetFailure(status)
    }
    self.ended = ended
    process.pointee.data = Unmanaged.passRetained(self).toOpaque()
  }

  private static func spawn(
    _ loop: Loop, _ process: UnsafeMutablePointer<uv_process_t>, _ program: String, _ arguments: [String],
    _ channel: UnsafeMutablePointer<uv_stream_t>, _ descriptors: [Int32]
  ) -> Int32 {
    var texts = arguments.map { strdup($0) } + [nil]
    defer { for text in texts { free(text) } }
    var places = [uv_stdio_container_t](repeating: uv_stdio_container_t(), count: 4 + descriptors.count)
    for standard in 0..<3 { pc_inherit_descriptor(&places[standard], Int32(standard)) }
    pc_inherit_stream(&places[3], channel)
    for (index, descriptor) in descriptors.enumerated() { pc_inherit_descriptor(&places[4 + index], descriptor) }
    return program.withCString { file in
      texts.withUnsafeMutableBufferPointer { arguments in
        places.withUnsafeMutableBufferPointer { places in
          var options = uv_process_options_t()
          options.file = file
          options.args = arguments.baseAddress
          options.stdio = places.baseAddress
          options.stdio_count = Int32(places.count)
          options.exit_cb = { process, status, signal in
            guard let process, let data = process.pointee.data else { return }
            Unmanaged<ChildProcess>.fromOpaque(data)._withUnsafeGuaranteedRef {
              $0.didEnd(signal == 0 ? .exited(Int(status)) : .killed(Int(signal)))
            }
          }
          return uv_spawn(loop.raw, process, &options)
        }
      }
    }
  }

  private func didEnd(_ ending: Ending) {
    let ended = ended
    self.ended = nil
    uv_close(pc_process_handle(process)) { process in
      guard let process, let data = process.pointee.data else { return }
      free(process)
      Unmanaged<ChildProcess>.fromOpaque(data).release()
    }
    ended?(ending)
  }

  package func send(signal: Int32) {
    if ended != nil { uv_process_kill(process, signal) }
  }
}

extension Transport {
  /// The parent's end is the other one of this channel.
  package static func toParent(_ loop: Loop) throws(NetFailure) -> Transport {
    let pipe = UnsafeMutablePointer<uv_pipe_t>.allocate(capacity: 1)
    uv_pipe_init(loop.raw, pipe, 0)
    let transport = Transport(loop, pc_pipe_stream(pipe), isTCP: false)
    let status = uv_pipe_open(pipe, ChildProcess.channelDescriptor)
    guard status == 0 else {
      transport.close()
      throw NetFailure(status)
    }
    // Nothing that this process may start has a use for what it was given.
    _ = fcntl(ChildProcess.channelDescriptor, F_SETFD, FD_CLOEXEC)
    return transport
  }
}

/// The processors of the machine.
package enum Processors {
  /// How many this process may run on (`sched_getaffinity`).
  package static var available: Int { Int(clamping: uv_available_parallelism()) }
}
