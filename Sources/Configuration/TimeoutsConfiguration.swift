/// `timeouts`: the longest waits on the client's side, and the end of streams (GW-92).
package struct TimeoutsConfiguration: Equatable, Sendable {
  /// From accepting a connection to the end of its TLS handshake, PROXY header included.
  package let handshake: Duration
  /// From the first byte of a request head to its last.
  package let requestHead: Duration
  /// Between two reads of a request body.
  package let requestBody: Duration
  /// How long an idle client connection stays open.
  package let keepAlive: Duration
  /// How long a response stream may pass no byte in either direction.
  package let streamIdle: Duration
  /// How long a response stream may live.
  package let streamMax: Duration
  /// How long a stopping gateway waits for running requests.
  package let drain: Duration

  init(_ mapping: MappingReader) {
    handshake = mapping.value("handshake", .timeout, default: .seconds(10))
    requestHead = mapping.value("request_head", .timeout, default: .seconds(10))
    requestBody = mapping.value("request_body", .timeout, default: .seconds(30))
    keepAlive = mapping.value("keep_alive", .timeout, default: .seconds(75))
    streamIdle = mapping.value("stream_idle", .timeout, default: .minutes(5))
    streamMax = mapping.value("stream_max", .timeout, default: .hours(1))
    drain = mapping.value("drain", .timeout, default: .seconds(30))
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.plain("handshake", handshake.configurationText)
    yaml.plain("request_head", requestHead.configurationText)
    yaml.plain("request_body", requestBody.configurationText)
    yaml.plain("keep_alive", keepAlive.configurationText)
    yaml.plain("stream_idle", streamIdle.configurationText)
    yaml.plain("stream_max", streamMax.configurationText)
    yaml.plain("drain", drain.configurationText)
  }
}
