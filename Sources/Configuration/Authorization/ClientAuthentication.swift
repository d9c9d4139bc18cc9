/// How the gateway proves to the provider which client it is (OpenID Connect Core §9).
package enum ClientAuthentication: Equatable, Sendable {
  /// RFC 6749 §2.3.1, in the Authorization field.
  case secretBasic(Secret)
  /// RFC 6749 §2.3.1, in the form.
  case secretPost(Secret)
  /// RFC 7523 §2.2. `keyFile` is the path of a PEM file; `keyID` becomes `kid`.
  case privateKeyJWT(keyFile: String, keyID: String?)

  private enum Method: String, CaseIterable {
    case secretBasic = "client_secret_basic"
    case secretPost = "client_secret_post"
    case privateKeyJWT = "private_key_jwt"
  }

  /// - Parameter isRequired: false where a public client will do, which proves nothing; nil then, too.
  init?(_ mapping: MappingReader, isRequired: Bool = true) {
    let secret = mapping.secret("client_secret")
    let keyFile = mapping.value("private_key", .filePath(example: "/etc/portcullis/client.key"))
    let keyID = mapping.value("key_id", .text(maximum: 255))
    let method: Method? = mapping.value("auth_method", .word)
    let remedy = "Give exactly one of client_secret and private_key."
    switch (mapping.contains("client_secret"), mapping.contains("private_key")) {
    case (false, false):
      if isRequired { mapping.failMissing("client_secret", remedy: remedy) } else { Self.refuseRest(mapping) }
      return nil
    case (true, true):
      mapping.report(Fault("two ways to authenticate are given", remedy: remedy), at: "private_key")
      return nil
    case (true, false):
      Self.refuseKeyID(mapping)
      if method == .privateKeyJWT {
        Self.refuseMethod(mapping, "private_key_jwt needs a private_key", "Give it in place of client_secret.")
      }
      guard let secret else { return nil }
      self = method == .secretPost ? .secretPost(secret) : .secretBasic(secret)
    case (false, true):
      if let method, method != .privateKeyJWT {
        Self.refuseMethod(mapping, "\(method.rawValue) needs a client_secret", "Give it in place of private_key.")
      }
      guard let keyFile else { return nil }
      self = .privateKeyJWT(keyFile: keyFile, keyID: keyID)
    }
  }

  private static func refuseMethod(_ mapping: MappingReader, _ message: String, _ remedy: String) {
    mapping.report(Fault(message, remedy: remedy + " Or leave auth_method out."), at: "auth_method")
  }

  /// What says how a public client authenticates.
  private static func refuseRest(_ mapping: MappingReader) {
    for key in ["key_id", "auth_method"] where mapping.contains(key) {
      mapping.report(
        Fault(
          "\(key) has no effect without client_secret and private_key",
          remedy: "Give one of the two, or leave it out for a public client."),
        at: key)
    }
  }

  private static func refuseKeyID(_ mapping: MappingReader) {
    guard mapping.contains("key_id") else { return }
    mapping.report(Fault("key_id goes with private_key only", remedy: "Leave it out."), at: "key_id")
  }

  func write(to yaml: inout YAMLWriter) {
    let method: Method
    switch self {
    case .secretBasic(let secret):
      yaml.secret("client_secret", secret)
      method = .secretBasic
    case .secretPost(let secret):
      yaml.secret("client_secret", secret)
      method = .secretPost
    case .privateKeyJWT(let keyFile, let keyID):
      yaml.string("private_key", keyFile)
      yaml.string("key_id", ifPresent: keyID)
      method = .privateKeyJWT
    }
    yaml.plain("auth_method", method.rawValue)
  }
}
