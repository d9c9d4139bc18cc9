import JOSE
import JSON
import Web

/// What a user is told when there is nobody to send him to, or no reason to trust who sent him (RFC 6749 §4.1.2.1).
struct DeadEnd {
  let title: String
  let explanation: String
  /// What the user can do about it.
  var advice = "Go back to the application and connect again."
  var status = 400
  /// For the log.
  let reason: StaticString
  var detail: String?

  func reply(_ settings: BridgeSettings, _ fields: [(name: String, value: String)] = []) -> LocalReply {
    let page = Page(
      title: title, body: "<p role=\"alert\">\(explanation)</p>\n<p class=\"advice\">\(advice)</p>",
      brand: settings.brand, status: status)
    var reply = page.reply([("cache-control", "no-store")] + fields)
    reply.reason = reason
    reply.detail = detail
    return reply
  }

  static func failure(_ failure: CryptoFailure) -> DeadEnd {
    DeadEnd(
      title: "Something went wrong here", explanation: "The gateway could not carry on with this sign-in.",
      advice: "Try again in a moment. If it happens again, tell whoever runs this gateway.", status: 500,
      reason: "bridge_sealing_failed", detail: "\(failure)")
  }
}

extension BridgeSettings {
  /// Who speaks on our pages: the gateway's host, as the address bar shows it.
  var brand: String { WebURL(issuer)?.authority ?? name }
}
