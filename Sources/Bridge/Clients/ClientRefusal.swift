/// Why a client id stands for no client. Such a user is not sent on: nobody knows to whom.
package enum ClientRefusal: Error, Equatable {
  /// Nobody's, or sealed by keys that are gone.
  case unknown
  /// Registered, and too long ago.
  case expired
  case document(ClientDocumentFault)

  /// For the log.
  package var reason: StaticString {
    switch self {
    case .unknown: "bridge_client_unknown"
    case .expired: "bridge_client_expired"
    case .document(.busy): "bridge_client_documents_busy"
    case .document: "bridge_client_document_refused"
    }
  }

  /// For the log, when there is more to know.
  package var detail: String? {
    if case .document(let fault) = self { fault.detail } else { nil }
  }

  /// For the user's page.
  package var explanation: String {
    switch self {
    case .unknown:
      "This client is not known here. It may have to register again: remove the server from it and add it anew."
    case .expired: "The client's registration has expired. Remove the server from the client and add it anew."
    case .document(let fault): fault.explanation
    }
  }

  /// Whether it may work in a moment.
  package var isTemporary: Bool {
    if case .document(let fault) = self { fault.isTemporary } else { false }
  }
}
