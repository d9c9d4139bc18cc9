import Bytes
import Configuration
import Identity
import Inbound
import JOSE
import Net
import Outbound
import Telemetry
import Wire

// The configuration's values in the terms of the modules that use them.

extension Duration {
  var asMilliseconds: UInt64 { UInt64(max(0, milliseconds)) }
}

extension InboundSettings {
  /// - Parameter descriptors: how many file descriptors the process may have.
  init(_ configuration: GatewayConfiguration, descriptors: Int) {
    self.init()
    limits = HeadLimits(
      headSize: configuration.limits.headSize, targetSize: configuration.limits.targetSize,
      fieldCount: configuration.limits.headerCount)
    // Each client connection may need a second descriptor towards a backend; some are for everything else.
    maxConnections = max(1, min(configuration.limits.connections, (descriptors - 32) / 2))
    maxStreams = configuration.limits.streams
    maxHandshakes = configuration.limits.handshakes
    handshake = configuration.timeouts.handshake.asMilliseconds
    requestHead = configuration.timeouts.requestHead.asMilliseconds
    requestBody = configuration.timeouts.requestBody.asMilliseconds
    keepAlive = configuration.timeouts.keepAlive.asMilliseconds
    streamIdle = configuration.timeouts.streamIdle.asMilliseconds
    streamMax = configuration.timeouts.streamMax.asMilliseconds
  }
}

extension UpstreamEndpoint {
  init(_ configuration: UpstreamConfiguration) {
    if let socket = configuration.socket {
      self.init(.socket(socket))
    } else {
      self.init(.host(configuration.url.host, port: configuration.url.port))
    }
    http2 = HTTP2Use(configuration.http2)
    maxConnections = configuration.maxConnections
    maxWaiting = configuration.maxWaiting
    idleTimeout = configuration.idleTimeout.asMilliseconds
    connectTimeout = configuration.connectTimeout.asMilliseconds
    responseTimeout = configuration.responseTimeout.asMilliseconds
  }
}

extension TokenPolicy {
  init(_ configuration: AuthorizationConfiguration) {
    self.init(
      issuer: configuration.issuer, audiences: configuration.allowedAudience,
      clients: configuration.allowedClients,
      scopes: configuration.allowedScopes,
      customClaims: configuration.customClaims.map { JOSE.ClaimRule($0) },
      clockSkew: Int64(configuration.clockSkew.milliseconds / 1000))
  }
}

extension JOSE.ClaimRule {
  init(_ rule: Configuration.ClaimRule) {
    switch rule {
    case .claim(let name, .equals(let value)): self.init(name: name, match: .equals(value))
    case .claim(let name, .contains(let value)): self.init(name: name, match: .contains(value))
    case .claim(let name, .containsAny(let values)): self.init(name: name, match: .containsAny(values))
    // Nothing that the verifier knows: no token meets it.
    case .claim(let name, .equalsAny): self.init(name: name, match: .containsAny([]))
    case .anyOf: self.init(name: "", match: .containsAny([]))
    }
  }
}

extension KeyStore.Provider.Source {
  init(_ configuration: AuthorizationConfiguration) {
    if let url = configuration.jwksURI {
      self = .keySet(url.description)
    } else if let path = configuration.jwksFile {
      self = .file(path)
    } else {
      self = .discovery(configuration.discoveryURLs.map(\.description))
    }
  }
}

extension SocketAddress {
  init(_ address: ListenerConfiguration.Address) {
    switch address {
    case .ipv4(let host, let port): self = .ip(host, port: port)
    case .ipv6(let host, let port): self = .ip(host, port: port)
    case .unix(let path): self = .unix(path: path)
    }
  }
}

extension Log {
  convenience init(_ configuration: LogConfiguration, sink: @escaping (ByteView) -> Void) {
    let level: LogLevel =
      switch configuration.level {
      case .debug: .debug
      case .info: .info
      case .warning: .warning
      case .error: .error
      }
    self.init(minimum: level, logsRequests: configuration.access, sink: sink)
  }
}
