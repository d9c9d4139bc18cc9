import JSON
import Web

/// A client metadata document (draft-ietf-oauth-client-id-metadata-document §4).
package enum ClientDocument {
  /// Bytes at the most.
  static let sizeLimit = 65_536

  /// The client that a document describes.
  ///
  /// - Parameter url: where it was, which must be its `client_id` byte by byte.
  package static func client(_ body: [UInt8], at url: ClientDocumentURL) throws(ClientDocumentFault) -> BridgeClient {
    guard case .object(let members) = try parse(body) else { throw .unusable("it is no JSON object") }
    let id = members["client_id"]?.stringValue
    guard let id, id.hasSameBytes(as: url.text) else {
      throw .unusable("its client_id is not the URL it was found at", found: id)
    }
    guard members["client_secret"]?.isNull ?? true else { throw .unusable("it has a client_secret") }
    try judge(members["token_endpoint_auth_method"])
    do throws(OAuthError) {
      let metadata = try ClientMetadata(members)
      return BridgeClient(
        id: url.text, shownID: url.text, name: metadata.name, redirectURIs: metadata.redirectURIs,
        kind: .document(host: url.host))
    } catch {
      throw .unusable(error.description)
    }
  }

  private static func parse(_ body: [UInt8]) throws(ClientDocumentFault) -> JSONValue {
    do throws(JSONError) {
      return try JSONValue.parse(body)
    } catch {
      throw .unusable("it is not JSON", found: error.description)
    }
  }

  /// Only public clients are served; to take one that has a key for public would take its protection away.
  private static func judge(_ method: JSONValue?) throws(ClientDocumentFault) {
    switch method {
    case nil, .null, .string("none"): return
    case .string("private_key_jwt"):
      throw .unusable("its client authenticates with a key (private_key_jwt), and only public clients are admitted")
    case .string(let method): throw .unusable("its token_endpoint_auth_method is not none", found: method)
    default: throw .unusable("its token_endpoint_auth_method is no string")
    }
  }
}
