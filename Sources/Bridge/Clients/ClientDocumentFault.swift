/// Why a client that is described by a document cannot be let in.
package enum ClientDocumentFault: Error, Equatable {
  /// The client's id cannot be the URL of a document. With what is wrong about it.
  case badURL(String)
  /// The operator lists hosts, and not this one.
  case hostNotAllowed(String)
  /// Its host has no address. With the system's words.
  case notResolved(String)
  /// Its host has addresses that are not public. With those.
  case notPublic(String)
  /// With what went wrong.
  case notFetched(String)
  /// With what is wrong about it, and what was found instead: foreign text.
  case unusable(String, found: String? = nil)
  /// Too many documents are being fetched.
  case busy

  /// For the user's page: says nothing of what the gateway's network looks like.
  package var explanation: String {
    switch self {
    case .badURL(let why): "The client's identifier cannot be the URL of a client metadata document: \(why)."
    case .hostNotAllowed(let host): "Clients described at \(host) are not admitted here."
    case .notResolved, .notPublic: "The host of the client's metadata document was not found on the internet."
    case .notFetched: "The client's metadata document could not be fetched."
    case .unusable(let why, _): "The client's metadata document cannot be used: \(why)."
    case .busy: "Too many client metadata documents are being fetched. Try again in a moment."
    }
  }

  /// For the log.
  package var detail: String {
    switch self {
    case .badURL(let why): "the URL: \(why)"
    case .hostNotAllowed(let host): "\(host) is none of the allowed hosts"
    case .notResolved(let words): "its host: \(words)"
    case .notPublic(let addresses): "its host has addresses that are not public: \(addresses)"
    case .notFetched(let words): words
    case .unusable(let why, let found?): "\(why); found: \(found.prefix(100))"
    case .unusable(let why, nil): why
    case .busy: "too many documents are being fetched"
    }
  }

  /// Whether it may be different in a moment, so that it is not worth remembering.
  var isTemporary: Bool { self == .busy }
}
