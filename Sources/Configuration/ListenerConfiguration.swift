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

    var isSocket: Bool {
      if case .unix = self { return true }
      return false
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
  /// Whether clients may speak HTTP/2: offered by ALPN over TLS, recognised by its preface in the clear.
  package let http2: Bool
  /// Nil: clear.
  package let tls: TLSListenerConfiguration?
  /// Load balancers, each of whose connections begins with a PROXY header; nobody else may connect. Addresses, ranges
  /// in CIDR notation, or `unix`. Empty: no connection has one.
  package let proxyProtocol: [String]
  /// Proxies whose word about the client (`Forwarded`, `X-Forwarded-For`) counts, in the same form.
  package let trustedProxies: [String]

  /// Loopback only, so that nothing is exposed by leaving a key out (GW-73).
  static let standard = ListenerConfiguration(standard: .ipv4("127.0.0.1", port: 8080))

  private init(standard address: Address) {
    self.address = address
    backlog = 1024
    http2 = true
    tls = nil
    proxyProtocol = []
    trustedProxies = []
  }

  init?(_ mapping: MappingReader) {
    let address = mapping.required("address", .listenerAddress)
    backlog = mapping.value("backlog", .integer(1...65535), default: Self.standard.backlog)
    http2 = mapping.value("http2", .bool, default: Self.standard.http2)
    tls = mapping.optionalSection("tls", TLSListenerConfiguration.init)
    let proxyProtocol = mapping.sound { mapping.list("proxy_protocol", .addressRange, mayBeEmpty: true) ?? [] }
    let trustedProxies = mapping.sound { mapping.list("trusted_proxies", .addressRange, mayBeEmpty: true) ?? [] }
    guard let address, let proxyProtocol, let trustedProxies else { return nil }
    self.address = address
    self.proxyProtocol = proxyProtocol
    self.trustedProxies = trustedProxies
    checkPeers(mapping)
  }

  private func checkPeers(_ mapping: MappingReader) {
    // The addresses that trusted_proxies is about are those of the PROXY headers, where there are any.
    let (key, peers) =
      proxyProtocol.isEmpty ? ("trusted_proxies", trustedProxies) : ("proxy_protocol", proxyProtocol)
    if address.isSocket && !peers.isEmpty && !peers.contains(AddressRangeFormat.unix) {
      mapping.report(
        Fault(
          "whoever connects to a UNIX-domain socket has no address, so nobody is in this list",
          remedy: "Write unix for them."),
        at: key, severity: proxyProtocol.isEmpty ? .warning : .error)
    }
    for (key, ranges) in [("proxy_protocol", proxyProtocol), ("trusted_proxies", trustedProxies)] {
      for (index, range) in ranges.enumerated() {
        if range == AddressRangeFormat.unix && !address.isSocket {
          mapping.report(
            Fault("nobody reaches \(address) through a UNIX-domain socket", remedy: "Remove it."),
            at: key, index: index, severity: .warning)
        } else if AddressRangeFormat.isEverything(range) {
          mapping.report(
            Fault(
              "\(range) is everybody: any client could claim to be somebody else",
              remedy: "Name the addresses of your proxies."),
            at: key, index: index, severity: .warning)
        }
      }
    }
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.string("address", address.description)
    yaml.plain("backlog", backlog)
    yaml.plain("http2", http2)
    if let tls { yaml.section("tls", tls.write) }
    yaml.strings("proxy_protocol", proxyProtocol)
    yaml.strings("trusted_proxies", trustedProxies)
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
