import Bytes
import HTTP
import JOSE
package import Telemetry

extension Exchange {
  /// Writes the log line of this exchange.
  ///
  /// - Parameters:
  ///   - listener: the address of the listener the request came through.
  ///   - endedAt: nanoseconds of the loop's clock.
  package func writeLine(to log: Log, listener: [UInt8], endedAt: UInt64) {
    guard log.logsRequests else { return }
    let token = admission?.token
    requestID.withText { requestID in
      listener.withUnsafeBytes { listener in
        clientAddress.withUnsafeBytes { client in
          Self.lend(route?.name[...]) { route in
            Self.lend(token?.subjectBytes) { subject in
              Self.lend(token?.clientBytes) { clientID in
                Self.lend(clientCertificate?.subject[...]) { certificate in
                  let texts = AccessTexts(
                    requestID: requestID, listener: listener, client: client, route: route,
                    method: request.methodName,
                    path: request.originalPath, subject: subject, clientID: clientID, certificate: certificate)
                  log.request(record, texts, endedAt: endedAt)
                }
              }
            }
          }
        }
      }
    }
  }

  private static func lend(_ bytes: ArraySlice<UInt8>?, _ body: (ByteView?) -> Void) {
    guard let bytes else { return body(nil) }
    bytes.withUnsafeBytes { body($0) }
  }
}
