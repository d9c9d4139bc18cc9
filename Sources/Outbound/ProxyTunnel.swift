import Bytes
import HTTP
import Wire

/// Asks a forward proxy for a tunnel to an origin (RFC 9110 §9.3.6). Does no I/O.
struct ProxyTunnel {
  enum Step {
    case needMore
    /// What is read and written from now on is the origin's; these bytes, lent for the call, are its first.
    case open(ByteView)
    case failed(UpstreamFailure)
  }

  private var decoder = ResponseDecoder(limits: HeadLimits(headSize: 8_192, targetSize: 1_024, fieldCount: 64))
  private let head = ResponseHead()

  init() { decoder.expectResponse(to: .connect) }

  /// The request for a tunnel.
  ///
  /// - Parameter authority: host and port of the origin.
  static func request(to authority: String) -> String {
    "CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\nUser-Agent: portcullis\r\n\r\n"
  }

  /// Takes what the proxy has sent, up to the end of its answer's head. The body of a refusal is of no interest.
  mutating func read(_ bytes: ByteView) -> Step {
    var input = bytes
    do throws(WireFault) {
      while true {
        switch try decoder.next(&input, head) {
        case .informational: continue
        case .head: return 200...299 ~= head.status ? .open(input) : .failed(.proxyRefused(status: head.status))
        case .needMore, .body, .end: return .needMore
        }
      }
    } catch {
      return .failed(.proxyMalformed(error))
    }
  }
}
