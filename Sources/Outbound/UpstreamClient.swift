package import HTTP

/// Who makes one request to a backend. Exactly one of `upstreamResponded` and `upstreamFailed` is called, unless the
/// stream is aborted or the wait cancelled before.
package protocol UpstreamClient: AnyObject {
  /// A connection is ready: send the request now.
  func upstreamReady(_ stream: any UpstreamStream)
  /// A 1xx response; the head is lent for the call.
  func upstreamInformed(_ head: ResponseHead)
  /// The final response; the head is lent for the call.
  ///
  /// - Returns: where the body goes; it flows at once. Nil when nobody wants it: the request is then aborted.
  func upstreamResponded(_ head: ResponseHead, _ length: BodyLength) -> (any BodySink)?
  func upstreamFailed(_ failure: UpstreamFailure)
}

/// One request and its response on a connection to a backend, whatever its protocol.
package protocol UpstreamStream: AnyObject {
  /// Sends the head and returns where the request's body goes; it is finished already when `length` is `.none`.
  ///
  /// - Parameter source: resumed when the backend, having been too slow for the body, reads on.
  func send(_ head: RequestHead, _ length: BodyLength, from source: (any BodySource)?) -> any BodySink
  /// The response's body.
  var responseBody: any BodySource { get }
  /// Ends the request at once so that the backend notices (GW-87).
  func abort()
}

/// A connection to a backend, whatever its protocol.
protocol UpstreamConnection: AnyObject {
  /// Gives the client a stream for its request, from inside this call.
  func serve(_ client: any UpstreamClient)
}
