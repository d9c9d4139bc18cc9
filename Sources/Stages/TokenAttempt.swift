import JOSE
import Pipeline

/// A request whose token is being checked: what stays of it while the check waits. The token itself does not: its bytes
/// are lent for the length of a call.
struct TokenAttempt {
  let exchange: Exchange
  let scheme: AccessTokenScheme
  /// Nil: nothing about this token is remembered.
  let digest: TokenDigest?
}
