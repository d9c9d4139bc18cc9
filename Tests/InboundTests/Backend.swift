import Bytes
import HTTP
import Pipeline

/// Takes a request's body and notes what comes.
final class BodyRecorder: BodySink {
  private(set) var bytes: [UInt8] = []
  private(set) var pieces = 0
  private(set) var trailers: [String] = []
  private(set) var isFinished = false
  private(set) var failure: BodyFailure?
  /// Whether each piece is answered with `.wait`.
  var waits = false
  var onFinish: () -> Void = {}

  var text: String { String(decoding: bytes, as: UTF8.self) }

  func write(_ piece: ByteView) -> Flow {
    bytes += piece
    pieces += 1
    return waits ? .wait : .more
  }

  func finish(_ trailers: Fields?) {
    if let trailers {
      self.trailers = (0..<trailers.count).map { "\(trailers.spelling($0).text): \(trailers.value($0).text)" }
    }
    isFinished = true
    onFinish()
  }

  func fail(_ failure: BodyFailure) { self.failure = failure }
}

/// Stands for whatever makes a response body.
final class Producer: BodySource {
  private(set) var resumes = 0
  var onResume: () -> Void = {}

  func resume() {
    resumes += 1
    onResume()
  }

  func cancel(_ failure: BodyFailure) {}
}

/// Work that is under way for an exchange.
final class Work: Cancellable {
  private(set) var cancelled: [CancelReason] = []

  func cancel(_ reason: CancelReason) { cancelled.append(reason) }
}

extension BodySink {
  @discardableResult
  func write(_ text: String) -> Flow { write([UInt8](text.utf8)) }

  @discardableResult
  func write(_ bytes: [UInt8]) -> Flow { bytes.withUnsafeBytes { write($0) } }
}

extension ResponseHead {
  convenience init(_ status: Int) {
    self.init()
    self.status = status
  }
}
