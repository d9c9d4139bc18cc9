package import Configuration
import Glibc
import Inbound
import Net
import Telemetry

/// The gateway as a process.
package enum Gateway {
  /// Runs the gateway until a signal ends it; SIGTERM and SIGINT drain first.
  ///
  /// - Returns: the exit status: 0 after a clean stop, 1 when it could not start.
  package static func serve(_ configuration: GatewayConfiguration) -> Int32 {
    do {
      let loop = try Loop()
      let output = OutputFile(loop, descriptor: STDOUT_FILENO)
      let log = Log(configuration.log) { output.append($0) }
      output.onDropped = { [unowned log] count in
        log.event(.warning, "log_lines_dropped") { $0.member("lines", count) }
      }
      let gateway = try GatewayBuilder(loop, configuration, log).start()
      let shutdown = Shutdown(
        loop, log, timeout: UInt64(configuration.timeouts.drain.milliseconds),
        reload: { gateway.readFiles() }
      ) { timeout, finished in
        gateway.drain(timeout: timeout) {
          log.event(.info, "stopped")
          output.drain(finished)
        }
      }
      shutdown.watchSignals()
      loop.run()
      return 0
    } catch {
      var message = "portcullis: \(error)\n"
      message.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
      return 1
    }
  }
}
