import Bytes
import JOSE
import JSON
import Web

/// An authorization request on its way: in the form of the consent page first, then, approved, in a cookie until the
/// provider has answered. Sealed both times; nothing of it is kept here.
///
/// The id that the provider gets as `state`, verifier and nonce are made with it, so that a form that is sent twice
/// means the same sign-in.
struct PendingAuthorization: Equatable {
  var id: String
  /// The gateway's own PKCE verifier, for the provider.
  var verifier: String
  /// Nil when the provider is not asked for an ID token.
  var nonce: String?
  /// SHA-256 of the browser's cookie: nobody else can send the form.
  var browserDigest: [UInt8]
  var clientDigest: [UInt8]
  var shownClientID: String
  var redirectURI: String
  /// Whether the client named it.
  var namesRedirectURI: Bool
  var state: String?
  var challenge: String
  var resource: String
  var scopes: [String]
  /// For the provider.
  var prompts: [String]
  var loginHint: String?
  /// Seconds since 1970.
  var startedAt: Int64

  /// Seconds to answer the page, and then to sign in at the provider.
  static let lifetime: Int64 = 600
  /// Bytes of the sealed text: a cookie has 4096 together with its name.
  static let longest = 3900

  /// What it is sealed for.
  enum Stage {
    /// The user has not answered yet.
    case form
    /// The user has approved it.
    case signIn

    fileprivate var purpose: SealPurpose {
      switch self {
      case .form: SealPurpose("request")
      case .signIn: SealPurpose("sign-in")
      }
    }
  }

  enum Opened: Equatable {
    case pending(PendingAuthorization)
    case expired
    case foreign
  }

  init(
    _ request: AuthorizationRequest, browser: String, _ context: BridgeContext, now: Int64
  ) throws(CryptoFailure) {
    id = try RandomText.id()
    verifier = try RandomText.verifier()
    let wanted = context.translation(for: request.route).toProvider(request.scopes)
    nonce = wanted.contains("openid") ? try RandomText.id() : nil
    browserDigest = Digest.sha256([UInt8](browser.utf8))
    clientDigest = Digest.sha256([UInt8](request.client.id.utf8))
    shownClientID = request.client.shownID
    redirectURI = request.redirect.text
    namesRedirectURI = request.namesRedirectURI
    state = request.state
    challenge = request.challenge
    resource = request.route.resource
    scopes = request.scopes
    prompts = request.prompt.forProvider
    loginHint = request.loginHint
    startedAt = now
  }

  static func open(_ text: String, as stage: Stage, _ sealer: Sealer, now: Int64) -> Opened {
    switch sealer.open(text, for: stage.purpose, now: now) {
    case .expired: return .expired
    case .foreign: return .foreign
    case .payload(let bytes):
      guard let document = try? JSONValue.parse(bytes), let pending = Self(document) else { return .foreign }
      return .pending(pending)
    }
  }

  func sealed(as stage: Stage, _ sealer: Sealer, now: Int64) throws(CryptoFailure) -> String {
    try sealer.seal(document.serialized(), for: stage.purpose, expiry: now + Self.lifetime)
  }

  /// Whether this browser was shown the page. A digest that could not be made is nobody's.
  func belongs(to browser: String) -> Bool {
    let digest = Digest.sha256([UInt8](browser.utf8))
    return digest.count == 32 && ConstantTime.equals(digest, browserDigest)
  }
}

extension PendingAuthorization {
  private init?(_ document: JSONValue) {
    guard let id = document["id"]?.stringValue, let verifier = document["verifier"]?.stringValue,
      let browserDigest = document["browser"]?.stringValue.flatMap({ Base64URL.decode(text: $0) }),
      let clientDigest = document["client"]?.stringValue.flatMap({ Base64URL.decode(text: $0) }),
      let shownClientID = document["client_id"]?.stringValue,
      let redirectURI = document["redirect_uri"]?.stringValue,
      let challenge = document["code_challenge"]?.stringValue, let resource = document["resource"]?.stringValue,
      let scopes = document["scopes"]?.stringsValue, let prompts = document["prompts"]?.stringsValue,
      let startedAt = document["iat"]?.integerValue
    else { return nil }
    self.id = id
    self.verifier = verifier
    nonce = document["nonce"]?.stringValue
    self.browserDigest = browserDigest
    self.clientDigest = clientDigest
    self.shownClientID = shownClientID
    self.redirectURI = redirectURI
    namesRedirectURI = document["names_redirect_uri"]?.boolValue ?? true
    state = document["state"]?.stringValue
    self.challenge = challenge
    self.resource = resource
    self.scopes = scopes
    self.prompts = prompts
    loginHint = document["login_hint"]?.stringValue
    self.startedAt = startedAt
  }

  private var document: JSONValue {
    var members: JSONObject = [
      "id": .string(id), "verifier": .string(verifier), "browser": .string(Base64URL.encode(browserDigest)),
      "client": .string(Base64URL.encode(clientDigest)), "client_id": .string(shownClientID),
      "redirect_uri": .string(redirectURI), "code_challenge": .string(challenge), "resource": .string(resource),
      "scopes": JSONValue(scopes), "prompts": JSONValue(prompts), "iat": .integer(startedAt),
    ]
    if !namesRedirectURI { members["names_redirect_uri"] = false }
    members["nonce"] = nonce.map { .string($0) }
    members["state"] = state.map { .string($0) }
    members["login_hint"] = loginHint.map { .string($0) }
    return .object(members)
  }
}
