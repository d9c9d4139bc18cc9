import Web

/// OpenID Connect's `prompt` (Core 1.0 §3.1.2.1). What is unknown is ignored.
struct Prompt: Equatable {
  /// `none`: the user must not see a page.
  let isSilent: Bool
  /// `consent`: the user must see ours.
  let asksForConsent: Bool
  /// What the provider has to know.
  let forProvider: [String]

  init(_ text: String) throws(OAuthError) {
    let words = text.split(separator: " ")
    isSilent = words.contains("none")
    asksForConsent = words.contains("consent")
    guard !isSilent || words.count == 1 else { throw .invalidRequest("prompt none stands alone") }
    forProvider = ["none", "login", "select_account"].filter { words.contains($0[...]) }
  }
}
