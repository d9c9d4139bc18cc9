/// An entry of `listeners`: one socket that accepts clients.
package struct ListenerConfiguration: Equatable, Sendable {
  package enum Address: Hashable, Sendable, CustomStringConvertible {
    /// Dotted decimal; port 0 lets the system choose.
    case ipv4(String, port: Int)
    /// Without brackets; port 0 lets the system choose.
    case ipv6(String, port: Int)
    /// The absolute path of a UNIX-domain socket.
    case unix(path: String)

    /// As the configuration spells it.
    package var description: String {
      switch self {
      case .ipv4(let host, let port): "\(host):\(port)"
      case .ipv6(let host, let port): "[\(host)]:\(port)"
      case .unix(let path): "unix:\(path)"
      }
    }

    var hasChosenPort: Bool {
      switch self {
      case .ipv4(_, let port), .ipv6(_, let port): port != 0
      case .unix: true
      }
    }
  }

  package let address: Address
  /// Connections that the system queues until they are accepted.
  package let backlog: Int

  /// Loopback only, so that nothing is exposed by leaving a key out (GW-73).
  static let standard = ListenerConfiguration(address: .ipv4("127.0.0.1", port: 8080), backlog: 1024)

  private init(address: Address, backlog: Int) {
    self.address = address
    self.backlog = backlog
  }

  init?(_ mapping: MappingReader) {
    let address = mapping.required("address", .listenerAddress)
    backlog = mapping.value("backlog", .integer(1...65535), default: Self.standard.backlog)
    guard let address else { return nil }
    self.address = address
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.string("address", address.description)
    yaml.plain("backlog", backlog)
  }
}

extension ScalarFormat where Value == ListenerConfiguration.Address {
  static var listenerAddress: Self {
    Self(
      expected: "IPv4:port, [IPv6]:port or unix:/path",
      example: "127.0.0.1:8080, [::1]:8080 or unix:/run/mcp.sock"
    ) { text in
      if text.hasPrefix("unix:") {
        return SocketPath.isValid(String(text.dropFirst(5))) ? .unix(path: String(text.dropFirst(5))) : nil
      }
      guard let colon = text.lastIndex(of: ":"), let port = Int(text[colon...].dropFirst()),
        (0...65535).contains(port), text.hasSuffix(":\(port)")
      else { return nil }
      let host = String(text[..<colon])
      if IPAddress.isV4(host) { return .ipv4(host, port: port) }
      let inner = String(host.dropFirst().dropLast())
      return host == "[\(inner)]" && IPAddress.isV6(inner) ? .ipv6(inner, port: port) : nil
    }
  }
}
