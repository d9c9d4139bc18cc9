package import Pipeline

/// Answers the requests of a route by itself. It owns no sockets.
package protocol LocalService: AnyObject {
  /// - Parameter now: seconds since 1970, UTC.
  func respond(to request: LocalRequest, now: Int64) -> LocalAnswer
}

package enum LocalAnswer {
  case reply(LocalReply)
  /// To be given later; what it resumes with is the reply.
  case suspended(Suspension<LocalReply>)
}
