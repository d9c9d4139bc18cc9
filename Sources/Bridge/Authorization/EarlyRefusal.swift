import JSON
import Web

/// An authorization request is refused before the user has been asked (RFC 6749 §4.1.2.1).
///
/// Nobody has decided yet whether the client may have the user. Anybody can register his own `https` address: if users
/// were sent there without a word, a link to the gateway would be a link to anywhere (RFC 9700 §4.11.2). So the user sees
/// where it leads, and goes there himself. Clients that the operator has entered, and those on the user's device, are
/// told at once.
struct EarlyRefusal {
  let client: BridgeClient
  let answer: ClientAnswer
  let error: OAuthError
  /// For the log.
  let reason: StaticString

  func reply(_ settings: BridgeSettings) -> LocalReply {
    let told = answer.error(error, reason: reason, detail: "client \(client.shownID)")
    guard !isTrusted else { return told }
    var reply = page(settings).reply([("cache-control", "no-store")])
    reply.reason = reason
    reply.detail = told.detail
    return reply
  }

  private var isTrusted: Bool { client.kind == .configured || answer.redirect.scheme != "https" }

  private func page(_ settings: BridgeSettings) -> Page {
    Page(
      title: "This request cannot be granted",
      body: """
        <p role="alert"><bdi>\(client.name ?? "An application without a name")</bdi> asks for what it cannot get here: \
        \(error.description).</p>
        <p>Nothing has been allowed. If you came from <strong>\(answer.redirect.authority)</strong>, you can \
        <a href="\(answer.location(of: error))">go back there</a>, and it is told why. Otherwise close this page.</p>
        """, brand: settings.brand, status: 400)
  }
}
