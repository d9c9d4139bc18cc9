import Configuration

/// How a provider's issuer follows from shorter facts.
struct IssuerRule: Sendable {
  let needed: [InitOption]
  let optional: [InitOption]
  /// Gets a value for each needed option. Nil: the issuer itself must be given.
  let make: @Sendable ([InitOption: String]) -> String?

  init(
    _ needed: [InitOption], optional: [InitOption] = [],
    make: @escaping @Sendable ([InitOption: String]) -> String?
  ) {
    self.needed = needed
    self.optional = optional
    self.make = make
  }

  func issuer(_ request: InitRequest, title: String) throws(InitFault) -> String {
    for option in InitOption.allCases {
      guard let value = request.shortcuts[option] else { continue }
      guard (needed + optional).contains(option) else {
        throw InitFault(option, "it says nothing about \(title)", remedy: usage)
      }
      try check(option, value)
    }
    if let issuer = request.issuer { return issuer }
    for option in needed where request.shortcuts[option] == nil {
      throw InitFault(option, "it is missing", remedy: usage)
    }
    guard let issuer = make(request.shortcuts) else {
      throw InitFault("--issuer", "it is missing", remedy: "Give the issuer as the provider's tokens have it in `iss`.")
    }
    return issuer
  }

  private var usage: String {
    let shortcuts = needed.map { "\($0.rawValue) …" } + optional.map { "[\($0.rawValue) …]" }
    return shortcuts.isEmpty
      ? "Leave it out; there is only --issuer."
      : "Give \(shortcuts.joined(separator: " ")), or --issuer with the whole issuer."
  }

  /// What goes into a URL must not change its shape.
  private func check(_ option: InitOption, _ value: String) throws(InitFault) {
    if option == .baseURL {
      guard WebURL(value) != nil else {
        throw InitFault(
          option, "\(quoted(value)) is not an absolute http or https URL",
          remedy: "For example: https://sso.example.com")
      }
      return
    }
    guard value.isPlain(and: "-._~"), ![".", ".."].contains(value) else {
      throw InitFault(
        option, "\(quoted(value)) has characters that do not belong there",
        remedy: option == .domain
          ? "Give the host name alone, without https:// and path."
          : "Give the bare value, or --issuer with the whole issuer.")
    }
  }
}
