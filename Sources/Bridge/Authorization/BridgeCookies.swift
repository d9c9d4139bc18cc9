import Bytes
import Web

/// The cookies of one bridge. They hold nothing that anybody but the gateway can read or make.
struct BridgeCookies {
  private let prefix: String
  private let isSecure: Bool

  init(_ settings: BridgeSettings) {
    // With this prefix no neighbouring host can plant them (RFC 6265bis §4.1.3.2); it needs `Secure`.
    prefix = (settings.isSecure ? "__Host-" : "") + "portcullis-\(settings.name)-"
    isSecure = settings.isSecure
  }

  /// Tells browsers apart until they are closed.
  var browser: String { prefix + "browser" }
  /// What the user has approved in this browser.
  var consent: String { prefix + "consent" }

  /// A sign-in under way.
  ///
  /// - Parameter id: the `state` that the provider has.
  func signIn(_ id: String) -> String { signInPrefix + id }

  private var signInPrefix: String { prefix + "request-" }

  /// The ids and values of all sign-ins under way.
  func signIns(in request: LocalRequest) -> [(id: String, value: String)] {
    request.cookies.compactMap { cookie in
      guard cookie.name.hasPrefix(signInPrefix) else { return nil }
      let id = String(cookie.name.dropFirst(signInPrefix.count))
      return RandomText.isID(id) ? (id, cookie.value) : nil
    }
  }

  /// - Parameter lifetime: seconds; nil: until the browser is closed.
  func set(_ name: String, _ value: String, lifetime: Int64?) -> (name: String, value: String) {
    let age = lifetime.map { "; Max-Age=\($0)" } ?? ""
    return ("set-cookie", "\(name)=\(value)\(age); Path=/; HttpOnly; SameSite=Lax" + (isSecure ? "; Secure" : ""))
  }

  func delete(_ name: String) -> (name: String, value: String) { set(name, "", lifetime: 0) }
}
