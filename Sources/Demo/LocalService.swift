/// A part of the demonstration that answers requests without doing any I/O: whoever owns the sockets calls
/// it.
package protocol LocalService: AnyObject {
  /// - Parameter now: seconds since 1970, UTC.
  func answer(_ request: LocalRequest, now: Int64) -> LocalReply
}
