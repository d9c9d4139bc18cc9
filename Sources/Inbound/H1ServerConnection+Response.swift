import Bytes
import HTTP
import Net
import Pipeline
import Telemetry
import Wire

extension H1ServerConnection: Responder {
  var requestBody: any BodySource { self }

  func deliverBody(to sink: any BodySink) { bodySink = sink }

  func inform(_ status: Int, _ fields: Fields?) {
    guard requestVersion >= .http11 else { return }
    HeadEncoder.write(informational: status, fields, to: transport.outputBuffer)
    transport.wrote()
  }

  func begin(_ head: ResponseHead, _ length: BodyLength, from source: (any BodySource)?) -> any BodySink {
    responseSource = source
    clock.moved(service.loop.now)
    framing = frame(head, length)
    if !bodyCanBeDiscarded || exchange?.closesConnection == true || service.isDraining
      || framing == .untilClose
    {
      mayPersist = false
    }
    let persistence: HeadEncoder.Persistence =
      !mayPersist ? .close : requestVersion >= .http11 ? .keepAlive : .keepAliveForHTTP10
    service.withDate { clock in
      clock.withDate { date in
        HeadEncoder.write(
          status: head.status, head.fields, framing, persistence, date: date, to: transport.outputBuffer)
      }
    }
    transport.wrote()
    return self
  }

  private func frame(_ head: ResponseHead, _ length: BodyLength) -> HeadEncoder.ResponseFraming {
    if head.status == 204 || head.status == 304 || exchange?.request.method == .head {
      guard head.status != 204 else { return .bodiless(announcing: nil) }
      if case .known(let length) = length { return .bodiless(announcing: length) }
      return .bodiless(announcing: head.fields.first(.contentLength).flatMap { Int($0.text) })
    }
    switch length {
    case .none: return .length(0)
    case .known(let length): return .length(length)
    case .unknown: return requestVersion >= .http11 ? .chunked : .untilClose
    }
  }

  /// Whether the connection can be saved although the request's body has not been read.
  private var bodyCanBeDiscarded: Bool {
    guard phase == .body else { return true }
    // A client that awaits `100 Continue` may or may not send the body now: nobody could tell what comes next.
    if awaitsContinue { return false }
    if case .known(let length) = exchange?.bodyLength { return length <= Self.discardLimit }
    return true
  }
}

extension H1ServerConnection: BodySink {
  func write(_ bytes: ByteView) -> Flow {
    guard let exchange, exchange.hasResponded else { return .wait }
    clock.moved(service.loop.now)
    if case .bodiless = framing { return .more }
    exchange.record.bytesOut += bytes.count
    if framing == .chunked {
      ChunkEncoder.writeSize(bytes.count, to: transport.outputBuffer)
      transport.write(bytes)
      transport.outputBuffer.append("\r\n")
      transport.wrote()
    } else {
      transport.write(bytes)
    }
    return transport.isCongested ? .wait : .more
  }

  func finish(_ trailers: Fields?) {
    guard exchange != nil else { return }
    if framing == .chunked {
      ChunkEncoder.writeEnd(trailers, to: transport.outputBuffer)
      transport.wrote()
    }
    responseEnded()
  }

  func fail(_ failure: BodyFailure) {
    switch failure {
    case .malformed: truncate("upstream_malformed")
    case .timedOut: truncate("exchange_timeout")
    case .aborted, .tooLarge, .cancelled: truncate("upstream_aborted")
    }
  }
}
