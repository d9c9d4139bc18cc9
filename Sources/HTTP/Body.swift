public import Bytes

/// Whether a producer may go on.
public enum Flow: Sendable { case more, wait }

/// How much body a message has.
public enum BodyLength: Equatable, Sendable {
  case none
  /// Exactly so many bytes.
  case known(Int)
  /// As many as come before the end is signalled.
  case unknown
}

/// Why a body ended before its end.
public enum BodyFailure: Error, Equatable, Sendable {
  /// The peer that sends it closed or reset the connection.
  case aborted
  /// The bytes broke the framing of the protocol.
  case malformed
  /// Nothing moved for too long, or the stream reached its longest life.
  case timedOut
  /// It grew over the configured limit.
  case tooLarge
  /// Nobody wants it any longer.
  case cancelled
}

/// Where body bytes go. After `.wait` the producer stops until its `BodySource.resume()` is called.
public protocol BodySink: AnyObject {
  /// Takes the bytes (lent for the call).
  func write(_ bytes: ByteView) -> Flow
  /// The body is complete.
  func finish(_ trailers: Fields?)
  /// The body will never be complete; a receiver must be able to tell (GW-88).
  func fail(_ failure: BodyFailure)
}

/// Where body bytes come from; stopped at first.
public protocol BodySource: AnyObject {
  /// Delivers to the sink from now on, until the sink says `.wait`.
  func resume()
  /// Stops for good: what has not been delivered is dropped.
  func cancel(_ failure: BodyFailure)
}
