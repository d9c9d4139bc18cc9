import Bytes
import HTTP
import Testing

@testable import Wire

/// Two sessions that talk to each other.
struct HTTP2SessionTests {
  @Test func aRequestAndItsResponse() {
    let (client, server) = HTTP2Endpoint.pair()
    let mine = client.request("GET", "/mcp", query: "x=1", fields: [("Accept", "text/plain"), ("X-A", "é")])
    HTTP2Endpoint.pump(client, server)
    let theirs = server.streams[0]
    #expect(theirs.lines == ["head GET /mcp?x=1 @a [accept=text/plain|x-a=é] none"])
    #expect(server.session.openStreams == 1)
    theirs.stream?.respond(200, [("X-B", "c")], length: 5, hasBody: true)
    #expect(theirs.stream?.write("hello") == .more)
    theirs.stream?.finish(nil)
    HTTP2Endpoint.pump(client, server)
    #expect(
      mine.lines == ["head 200 [content-length=5|x-b=c] 5", "body hello", "end", "closed NO_ERROR"])
    #expect(theirs.lines.last == "closed NO_ERROR")
    #expect(client.session.openStreams + server.session.openStreams == 0)
    #expect(!client.session.wantsToSend && !server.session.isOver)
  }

  @Test func bodiesAndTrailersBothWays() {
    let (client, server) = HTTP2Endpoint.pair()
    let mine = client.request("POST", "/", contentLength: 4, hasBody: true)
    _ = mine.stream?.write("ping")
    mine.stream?.finish(.of([("Digest", "x"), ("Content-Length", "9")]))
    HTTP2Endpoint.pump(client, server)
    let theirs = server.streams[0]
    #expect(theirs.lines == ["head POST / @a [] 4", "body ping", "end digest=x"])
    theirs.stream?.respond(hasBody: true)
    _ = theirs.stream?.write("pong")
    theirs.stream?.finish(.of([("Status", "ok"), ("Set-Cookie", "a=1")]))
    HTTP2Endpoint.pump(client, server)
    // What is more than a note on the body is dropped behind it.
    #expect(mine.lines == ["head 200 [] unknown", "body pong", "end status=ok", "closed NO_ERROR"])
  }

  @Test func trailersWithoutABody() {
    let (client, server) = HTTP2Endpoint.pair()
    let mine = client.request("POST", "/", hasBody: true)
    mine.stream?.finish(.of([("A", "1")]))
    let frames = HTTP2Endpoint.pump(client, server)
    #expect(!frames.contains { $0.type == HTTP2Frame.Kind.data })
    #expect(server.streams[0].lines == ["head POST / @a [] unknown", "end a=1"])
  }

  @Test func emptyTrailersAreNone() {
    let (client, server) = HTTP2Endpoint.pair()
    let mine = client.request("POST", "/", hasBody: true)
    mine.stream?.finish(Fields())
    HTTP2Endpoint.pump(client, server)
    #expect(server.streams[0].lines == ["head POST / @a [] unknown", "end"])
  }

  @Test func anEmptyBodyEndsWithItsHead() {
    let (client, server) = HTTP2Endpoint.pair()
    let mine = client.request("POST", "/", contentLength: 0)
    HTTP2Endpoint.pump(client, server)
    #expect(server.streams[0].lines == ["head POST / @a [] none"])
    server.streams[0].stream?.respond(204)
    HTTP2Endpoint.pump(client, server)
    #expect(mine.lines == ["head 204 [] none", "end", "closed NO_ERROR"])
  }

  @Test func informationalResponsesComeBeforeTheFinalOne() {
    let (client, server) = HTTP2Endpoint.pair()
    let mine = client.request("POST", "/", hasBody: true)
    HTTP2Endpoint.pump(client, server)
    let theirs = server.streams[0]
    theirs.stream?.inform(100, nil)
    theirs.stream?.inform(103, .of([("Link", "</s>")]))
    HTTP2Endpoint.pump(client, server)
    theirs.stream?.respond(200, hasBody: true)
    _ = theirs.stream?.write("x")
    theirs.stream?.finish(nil)
    HTTP2Endpoint.pump(client, server)
    #expect(
      mine.lines == [
        "informational 100 []", "informational 103 [link=</s>]", "head 200 [] unknown", "body x", "end",
      ])
    mine.stream?.finish(nil)
    HTTP2Endpoint.pump(client, server)
    #expect(mine.lines.last == "closed NO_ERROR" && theirs.lines.last == "closed NO_ERROR")
  }

  @Test func aDateIsAddedUnlessThereIsOne() {
    let (client, server) = HTTP2Endpoint.pair()
    let mine = [client.request(), client.request()]
    HTTP2Endpoint.pump(client, server)
    for (theirs, fields) in zip(server.streams, [Fields(), .of([("Date", "old")])]) {
      [UInt8]("now".utf8).lend { date in
        theirs.stream?.respond(200, fields, contentLength: nil, date: date, hasBody: false)
      }
    }
    HTTP2Endpoint.pump(client, server)
    #expect(mine.map(\.lines[0]) == ["head 200 [date=now] none", "head 200 [date=old] none"])
  }

  @Test func manyStreamsAtOnce() {
    let (client, server) = HTTP2Endpoint.pair()
    server.prepare = { theirs in
      theirs.onLine = { recorder, line in
        guard line.hasPrefix("head") else { return }
        recorder.stream?.respond(hasBody: true)
        _ = recorder.stream?.write(String(recorder.request.path.text))
        recorder.stream?.finish(nil)
      }
    }
    let mine = (0..<300).map { client.request("GET", "/\($0)") }
    #expect(client.session.openStreams == 300)
    HTTP2Endpoint.pump(client, server)
    // The peer allows 128 at once; the others have waited.
    for (index, recorder) in mine.enumerated() {
      #expect(recorder.lines == ["head 200 [] unknown", "body /\(index)", "end", "closed NO_ERROR"])
    }
    #expect(client.session.openStreams + server.session.openStreams == 0)
  }

  @Test func theCutMakesNoDifference() {
    let client = HTTP2Endpoint(.client)
    let mine = client.request("POST", "/a", fields: [("x", "1")], hasBody: true)
    _ = mine.stream?.write("one")
    mine.stream?.finish(.of([("t", "2")]))
    _ = client.request("GET", "/b")
    // The client's own settings and its requests.
    let bytes = client.output()
    for cut in 0...bytes.count {
      let server = HTTP2Endpoint(.server)
      server.receive(Array(bytes[..<cut]))
      server.receive(Array(bytes[cut...]))
      #expect(
        server.streams.map(\.lines) == [
          ["head POST /a @a [x=1] unknown", "body one", "end t=2"], ["head GET /b @a [] none"],
        ], "cut after \(cut)")
      server.close()
    }
    client.close()
  }

  // MARK: Resets

  @Test func eitherEndResets() {
    let (client, server) = HTTP2Endpoint.pair()
    let (first, second) = (client.request("POST", "/", hasBody: true), client.request())
    HTTP2Endpoint.pump(client, server)
    first.stream?.reset(.cancel)
    server.streams[1].stream?.reset(.refusedStream)
    HTTP2Endpoint.pump(client, server)
    #expect(first.lines == ["closed CANCEL"])
    #expect(server.streams[0].lines.last == "closed CANCEL")
    #expect(second.lines == ["closed REFUSED_STREAM"])
    #expect(server.streams[1].lines.last == "closed REFUSED_STREAM")
    #expect(client.session.openStreams + server.session.openStreams == 0)
  }

  @Test func aResetBehindAResponseEndsTheRestOfTheRequest() {
    let (client, server) = HTTP2Endpoint.pair()
    let mine = client.request("POST", "/", hasBody: true)
    HTTP2Endpoint.pump(client, server)
    server.streams[0].stream?.respond(413)
    HTTP2Endpoint.pump(client, server)
    #expect(mine.lines == ["head 413 [] none", "end"])
    server.streams[0].stream?.reset(.noError)
    HTTP2Endpoint.pump(client, server)
    #expect(mine.lines.last == "closed NO_ERROR")
    #expect(mine.stream?.write("late") == .wait)
  }

  // MARK: Ending

  @Test func aGracefulEnd() {
    let (client, server) = HTTP2Endpoint.pair()
    let first = client.request()
    HTTP2Endpoint.pump(client, server)
    server.session.announceShutdown()
    HTTP2Endpoint.pump(client, server)
    #expect(client.session.hasReceivedGoAway)
    #expect(client.goAways == ["2147483647 NO_ERROR"])
    server.session.refuseNewStreams()
    HTTP2Endpoint.pump(client, server)
    #expect(client.goAways.last == "1 NO_ERROR")
    #expect(!server.session.isOver)
    let late = client.request()
    HTTP2Endpoint.pump(client, server)
    #expect(late.lines == ["closed REFUSED_STREAM"])
    #expect(first.lines.isEmpty)
    server.streams[0].stream?.respond()
    HTTP2Endpoint.pump(client, server)
    #expect(first.lines == ["head 200 [] none", "end", "closed NO_ERROR"])
    #expect(server.session.isOver && client.session.isOver)
  }

  @Test func terminateSaysWhyAndEndsEverything() {
    let (client, server) = HTTP2Endpoint.pair()
    let mine = client.request()
    HTTP2Endpoint.pump(client, server)
    server.session.terminate(.internalError)
    server.session.terminate(.noError)
    HTTP2Endpoint.pump(client, server)
    #expect(client.goAways == ["1 INTERNAL_ERROR"])
    #expect(server.session.isTerminated && server.session.isOver)
    #expect(mine.lines.isEmpty)
    server.session.abandonStreams()
    #expect(server.streams[0].lines.last == "closed CANCEL")
  }

  @Test func pingsAreAnswered() {
    let (client, server) = HTTP2Endpoint.pair()
    client.session.ping()
    #expect(HTTP2Endpoint.pump(client, server).map(\.line) == ["PING", "PING ack"])
  }

  // MARK: After the end

  /// Everything that can be called on a stream.
  private static func useEverything(_ stream: HTTP2Stream?) {
    stream?.inform(103, nil)
    stream?.respond(hasBody: true)
    #expect(stream?.write("x") == .wait)
    stream?.consumed(10)
    stream?.finish(.of([("t", "1")]))
    stream?.reset(.cancel)
    stream?.reset(.internalError)
  }

  @Test func aStreamCanBeUsedAfterItsEnd() {
    let (client, server) = HTTP2Endpoint.pair()
    let mine = client.request()
    HTTP2Endpoint.pump(client, server)
    server.streams[0].stream?.respond()
    HTTP2Endpoint.pump(client, server)
    for recorder in [mine, server.streams[0]] {
      let lines = recorder.lines
      Self.useEverything(recorder.stream)
      #expect(recorder.lines == lines && recorder.strays == 0)
    }
    #expect(HTTP2Endpoint.pump(client, server).isEmpty)
  }

  @Test func streamsOutliveTheirSession() {
    weak var gone: HTTP2Session?
    var recorders: [StreamRecorder] = []
    do {
      let (client, server) = HTTP2Endpoint.pair()
      let mine = client.request("POST", "/", hasBody: true)
      HTTP2Endpoint.pump(client, server)
      server.streams[0].stream?.respond(hasBody: true)
      _ = server.streams[0].stream?.write("never sent")
      // One that has never left.
      recorders = [mine, client.request("POST", "/", hasBody: true), server.streams[0]]
      for recorder in recorders { recorder.stream?.handler = nil }
      client.session.delegate = nil
      server.session.delegate = nil
      gone = server.session
    }
    #expect(gone == nil)
    for recorder in recorders { Self.useEverything(recorder.stream) }
  }

  @Test func abandonedStreamsAreToldOnce() {
    let (client, server) = HTTP2Endpoint.pair()
    let mine = (0..<5).map { _ in client.request("POST", "/", hasBody: true) }
    HTTP2Endpoint.pump(client, server)
    for recorder in mine + server.streams { _ = recorder.stream?.write("waits") }
    let unsent = client.request()
    client.session.abandonStreams()
    server.session.abandonStreams()
    client.session.abandonStreams()
    for recorder in mine + [unsent] + server.streams {
      #expect(recorder.lines.last == "closed CANCEL")
      #expect(recorder.closures == 1 && recorder.strays == 0)
      Self.useEverything(recorder.stream)
    }
    #expect(client.session.openStreams == 0)
    #expect(client.session.isTerminated && client.session.isOver)
    // Nothing of what was queued leaves any more, and nothing new is taken.
    #expect(client.output().isEmpty && server.output().isEmpty)
    #expect(client.request().stream == nil)
    server.receive(Send.request(101))
    #expect(server.streams.count == 5)
  }

  @Test(arguments: [false, true])
  func abandoningFromInsideACall(ofSend: Bool) {
    let (client, server) = HTTP2Endpoint.pair()
    let mine = (0..<5).map { _ in client.request("POST", "/", hasBody: true) }
    HTTP2Endpoint.pump(client, server)
    for theirs in server.streams {
      theirs.stream?.respond(hasBody: true)
      _ = theirs.stream?.write(String(repeating: "x", count: 100_000))
    }
    server.streams[2].onLine = { _, line in if line.hasPrefix("closed") { server.session.abandonStreams() } }
    if ofSend {
      server.streams[2].stream?.reset(.cancel)
      _ = server.output()
    } else {
      mine[2].stream?.reset(.cancel)
      server.receive(client.output() + Send.request(1_001))
    }
    for theirs in server.streams { #expect(theirs.closures == 1 && theirs.strays == 0) }
    #expect(server.output().isEmpty)
  }
}
