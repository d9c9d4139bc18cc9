package import Bytes
package import Configuration
import Identity
import Inbound
import JOSE
package import Net
import Outbound
import Stages
package import Telemetry
import Wire

// The configuration's values in the terms of the modules that use them.

extension Duration {
  var asMilliseconds: UInt64 { UInt64(max(0, milliseconds)) }
  var asSeconds: Int64 { Int64(milliseconds / 1000) }
}

extension InboundSettings {
  /// - Parameters:
  ///   - descriptors: how many file descriptors the process may have.
  ///   - share: this process's part of what all clients together may take up.
  init(_ configuration: GatewayConfiguration, descriptors: Int, share: WorkerShare = .all) {
    self.init()
    limits = HeadLimits(
      headSize: configuration.limits.headSize, targetSize: configuration.limits.targetSize,
      fieldCount: configuration.limits.headerCount)
    // Each client connection may need a second descriptor towards a backend; some are for everything else.
    maxConnections = max(1, min(share.of(configuration.limits.connections), (descriptors - 32) / 2))
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
  /// - Parameter share: this process's part of what the MCP server is asked to bear.
  init(_ configuration: UpstreamConfiguration, share: WorkerShare = .all) {
    if let socket = configuration.socket {
      self.init(.socket(socket))
    } else {
      self.init(.host(configuration.url.host, port: configuration.url.port))
    }
    http2 = HTTP2Use(configuration.http2)
    maxConnections = share.of(configuration.maxConnections)
    maxWaiting = share.of(configuration.maxWaiting)
    idleTimeout = configuration.idleTimeout.asMilliseconds
    connectTimeout = configuration.connectTimeout.asMilliseconds
    responseTimeout = configuration.responseTimeout.asMilliseconds
  }
}

extension TokenPolicy {
  init(_ configuration: AuthorizationConfiguration) {
    self.init(
      issuer: configuration.issuer, audiences: configuration.allowedAudience,
      clients: configuration.allowedClients, clientClaims: configuration.clientIDClaims,
      scopes: configuration.allowedScopes, scopeMatch: configuration.scopeMatch == .all ? .all : .any,
      scopeClaims: configuration.scopeClaims, scopeHierarchy: configuration.scopeHierarchy,
      customClaims: configuration.customClaims.map { JOSE.ClaimRule($0) },
      type: configuration.tokenType == .accessTokenJWT ? .accessTokenJWT : .any,
      algorithms: configuration.allowedAlgorithms.compactMap(JWSAlgorithm.init(rawValue:)),
      clockSkew: configuration.clockSkew.asSeconds)
  }
}

extension JOSE.ClaimRule {
  init(_ rule: Configuration.ClaimRule) {
    switch rule {
    case .claim(let name, .equals(let value)): self = .claim(name, .equals(value))
    case .claim(let name, .equalsAny(let values)): self = .claim(name, .equalsAny(values))
    case .claim(let name, .contains(let value)): self = .claim(name, .contains(value))
    case .claim(let name, .containsAny(let values)): self = .claim(name, .containsAny(values))
    case .anyOf(let rules): self = .anyOf(rules.map { JOSE.ClaimRule($0) })
    }
  }
}

extension KeyStore.Provider {
  /// Without what is to be read from files.
  init(_ configuration: AuthorizationConfiguration) {
    let source: Source =
      if let url = configuration.jwksURI {
        .keySet(url.description)
      } else if let path = configuration.jwksFile {
        .file(path)
      } else {
        .discovery(configuration.discoveryURLs.map(\.description))
      }
    self.init(
      issuer: configuration.issuer, source: source, allowPlaintext: configuration.allowPlaintextProvider)
    refresh = configuration.keysRefresh.asMilliseconds
    proxy = configuration.providerProxy.map { ForwardProxy($0) }
  }
}

extension ForwardProxy {
  init(_ url: WebURL) { self.init(host: url.host, port: url.port) }
}

extension Identity.ClientAuthentication {
  /// Reads the private key, where there is one.
  ///
  /// - Parameters:
  ///   - id: the gateway's client at the provider.
  ///   - issuer: the provider's.
  init(_ method: Configuration.ClientAuthentication, id: String, issuer: String) throws(StartFailure) {
    switch method {
    case .secretBasic(let secret): self = .secretInField(id: id, secret: secret.value)
    case .secretPost(let secret): self = .secretInForm(id: id, secret: secret.value)
    case .privateKeyJWT(let file, let keyID):
      self = .privateKey(id: id, try SigningKey.read(file, kid: keyID), audience: issuer)
    }
  }
}

extension DPoPCheck.Settings {
  /// - Parameter publicOrigin: of the route.
  init(_ configuration: DPoPConfiguration, clockSkew: Duration, publicOrigin: String) {
    self.init(
      isRequired: configuration.mode == .required,
      algorithms: configuration.algorithms.compactMap(JWSAlgorithm.init(rawValue:)),
      maxAge: configuration.maxAge.asSeconds, clockSkew: clockSkew.asSeconds, publicOrigin: publicOrigin)
  }
}

extension SocketAddress {
  package init(_ address: ListenerConfiguration.Address) {
    switch address {
    case .ipv4(let host, let port): self = .ip(host, port: port)
    case .ipv6(let host, let port): self = .ip(host, port: port)
    case .unix(let path): self = .unix(path: path)
    }
  }
}

extension Log {
  /// - Parameter worker: the number of the process among several.
  package convenience init(
    _ configuration: LogConfiguration, worker: Int? = nil, sink: @escaping (ByteView) -> Void
  ) {
    let level: LogLevel =
      switch configuration.level {
      case .debug: .debug
      case .info: .info
      case .warning: .warning
      case .error: .error
      }
    self.init(minimum: level, logsRequests: configuration.access, worker: worker, sink: sink)
  }
}
