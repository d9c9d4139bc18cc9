/// What a peer sent that HTTP/1.1 does not allow: the status it earns and the reason for the log.
package struct WireFault: Error, Equatable {
  /// 400, 414, 431, 501 or 505.
  package let status: Int
  /// snake_case, for logs and metrics.
  package let reason: StaticString

  package init(_ status: Int, _ reason: StaticString) {
    self.status = status
    self.reason = reason
  }

  package static func == (left: WireFault, right: WireFault) -> Bool {
    left.status == right.status && left.reason.description == right.reason.description
  }
}
