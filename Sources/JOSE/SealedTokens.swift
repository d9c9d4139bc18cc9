package import Bytes
package import JSON

/// Access tokens that the gateway has made itself, for one route.
package protocol SealedTokens: AnyObject {
  /// What an opaque token stands for.
  ///
  /// - Parameters:
  ///   - token: whatever somebody has sent.
  ///   - now: seconds since 1970.
  func claims(of token: ByteView, now: Int64) -> SealedTokenContent

  /// What is called when other keys seal and open: what is remembered of the tokens is forgotten.
  var onChange: [() -> Void] { get set }
}

package enum SealedTokenContent: Equatable, Sendable {
  /// The claims that the provider's word was taken for, with an `iss` and an `exp` that is not behind the end of the seal.
  case claims(JSONObject)
  /// Made here for this route, and too old.
  case expired
  /// Not made here, or for another route.
  case foreign
}
