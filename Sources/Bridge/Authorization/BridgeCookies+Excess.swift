import Web

extension BridgeCookies {
  /// Sign-ins that may be under way in one browser: each is a cookie that all requests carry, and a request's head has
  /// a limit.
  private static let mostSignIns = 5

  /// Deletes what is not wanted any more before another sign-in begins: what cannot be opened, and the oldest.
  func excess(
    in request: LocalRequest, _ context: BridgeContext, now: Int64
  ) -> [(name: String, value: String)] {
    var open: [(id: String, startedAt: Int64)] = []
    var excess: [String] = []
    for (id, value) in signIns(in: request) {
      if case .pending(let pending) = PendingAuthorization.open(value, as: .signIn, context.sealer, now: now) {
        open.append((id, pending.startedAt))
      } else {
        excess.append(id)
      }
    }
    open.sort { $0.startedAt < $1.startedAt }
    excess += open.prefix(max(0, open.count + 1 - Self.mostSignIns)).map(\.id)
    return excess.map { delete(signIn($0)) }
  }
}
