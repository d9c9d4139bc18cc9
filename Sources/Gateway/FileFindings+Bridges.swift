import Configuration
import JOSE
import Net

extension FileFindings {
  static func of(_ bridge: BridgeConfiguration, at path: String, _ sources: SourceMap) -> [Diagnostic] {
    var findings = sealingKeyFindings(bridge.sealingKeys, at: path, sources)
    findings += signingKeyFindings(bridge.clientAuthentication, at: path, sources)
    if let ca = bridge.clientMetadataDocuments.ca {
      findings += finding(sources, "\(path).client_metadata_documents", [("ca", ca)]) { () throws(TLSFault) in
        _ = try TLSClientContext(TLSClientSettings(ca: ca))
      }
    }
    return findings
  }

  /// Nothing of the file is repeated: what stands in the wrong place may be a secret.
  private static func sealingKeyFindings(
    _ configuration: SealingKeysConfiguration, at path: String, _ sources: SourceMap
  ) -> [Diagnostic] {
    guard case .file(let file) = configuration else { return [] }
    func unusable(_ message: String, _ remedy: String) -> [Diagnostic] {
      [sources.diagnostic(.error, at: "\(path).sealing_keys_file", "\(file): \(message)", remedy: remedy)]
    }
    let text: String
    do throws(TextFileError) { text = try TextFile.read(file) } catch {
      return unusable(
        "cannot be read: \(error.reason)", "Write a file that this user can read, with keys for this bridge.")
    }
    do throws(SealingKeyFault) {
      _ = try SealingKeys.parse(text)
      return []
    } catch {
      return unusable(error.description, "In the file, \(error.remedy)")
    }
  }
}
