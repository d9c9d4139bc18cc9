/// Hosts that one setting lists: exact ones, and `*.suffix` for all below one.
package struct HostNames: Equatable, Sendable {
  private let exact: Set<String>
  /// With the dot in front.
  private let suffixes: [String]

  package init(_ names: [String]) {
    let names = names.map { $0.lowercased() }
    exact = Set(names.filter { !$0.hasPrefix("*.") }.map { String($0.drop { $0 == "[" }.prefix { $0 != "]" }) })
    suffixes = names.filter { $0.hasPrefix("*.") }.map { String($0.dropFirst()) }
  }

  /// - Parameter host: in lower case, an IPv6 address without brackets.
  package func contains(_ host: String) -> Bool {
    exact.contains(host) || suffixes.contains { host.utf8.count > $0.utf8.count && host.hasSuffix($0) }
  }
}
