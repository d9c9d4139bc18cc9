package import Inbound
package import Net
package import Pipeline
package import Telemetry

/// The operator's own pages, apart from everything that clients reach.
package enum AdminService {
  package static func open(
    _ loop: Loop, _ address: SocketAddress, _ log: Log, metrics: any Stage, health: any Stage, readiness: any Stage
  ) throws(StartFailure) -> InboundService {
    let quiet = Log(minimum: .error, logsRequests: false) { _ in }
    let routes = RequestPaths.admin(metrics: metrics, health: health, readiness: readiness)
    let service = InboundService(loop, InboundSettings(), Router(routes), quiet)
    let listener = try StartFailure.listening(on: address) { () throws(NetFailure) in
      try service.listen(address, backlog: 128)
    }
    log.event(.info, "admin_listening") { $0.member("address", text: listener.address.description) }
    return service
  }
}
