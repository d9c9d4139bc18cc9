import Bytes
import HTTP
import Pipeline
import Telemetry
import Testing

struct ExchangeTests {
  private let exchange = Exchange()
  private let responder = FakeResponder()
  private let ok = Reply(200, [("X", "y")], body: Array("hi".utf8))

  private static let okEvents = ["begin 200 [X=y] known(2)"]

  @Test func aReplyIsSentWhole() {
    exchange.run(RequestPath(local: [FakeStage("a") { _ in .respond(ok) }]), for: responder)
    #expect(responder.events == ["begin 200 [X=y|Amended=a] known(2)"])
    #expect(responder.sink.events == ["write hi", "finish"])
    #expect(exchange.hasResponded)
    #expect(exchange.record.status == 200)
    #expect(exchange.record.reason == nil)
  }

  @Test func headGetsTheLengthAndNoBody() {
    exchange.run(RequestPath(local: [FakeStage { _ in .respond(ok) }]), for: responder, method: "HEAD")
    #expect(responder.events == ["begin 200 [X=y|Amended=stage] known(2)"])
    #expect(responder.sink.events == ["finish"])
  }

  @Test func anEmptyReplyHasALengthOfZero() {
    exchange.run(RequestPath(local: [FakeStage { _ in .respond(Reply(204)) }]), for: responder)
    #expect(responder.events == ["begin 204 [Amended=stage] known(0)"])
    #expect(responder.sink.events == ["finish"])
  }

  /// The order of the stages, and the way back through all of them in reverse.
  @Test func theWayThereAndBack() {
    var order: [String] = []
    func stage(_ name: String) -> FakeStage {
      FakeStage(name) { _ in
        order.append(name)
        return .proceed
      }
    }
    let path = RequestPath(
      [stage("one"), stage("two")],
      gate: FakeGate { _ in
        order.append("gate")
        return .admit(.anonymous(.asConfigured()))
      },
      admitted: [
        FakeAdmitted("three") { _, admission in
          order.append("three")
          #expect(admission.token == nil)
          return .proceed
        },
        FakeAdmitted("four") { _, _ in
          order.append("four")
          return .respond(Reply(200))
        },
        FakeAdmitted("five") { _, _ in
          Issue.record("behind the answer")
          return .proceed
        },
      ])
    exchange.run(path, for: responder)
    #expect(order == ["one", "two", "gate", "three", "four"])
    #expect(
      responder.events == [
        "begin 200 [Amended=five|Amended=four|Amended=three|Amended=gate|Amended=two|Amended=one] known(0)"
      ])
    #expect(exchange.admission != nil)
  }

  @Test func aRefusalEndsTheWay() {
    let path = RequestPath(
      [FakeStage { _ in .reject(.originNotAllowed) }],
      gate: FakeGate { _ in
        Issue.record("the gate was asked")
        return .reject(.notFound)
      }, admitted: [])
    exchange.run(path, for: responder)
    #expect(exchange.record.status == 403)
    #expect(exchange.record.reason?.description == "origin_not_allowed")
    #expect(exchange.admission == nil)
    #expect(!exchange.closesConnection)
  }

  @Test func theGateKeepsOut() {
    let challenge = Challenge(metadataURL: "https://h/m", scope: [])
    let path = RequestPath(
      [], gate: FakeGate { _ in .reject(challenge.unauthenticated) },
      admitted: [
        FakeAdmitted { _, _ in
          Issue.record("behind the gate")
          return .proceed
        }
      ])
    exchange.run(path, for: responder)
    #expect(exchange.record.status == 401)
    #expect(exchange.record.auth == .challenged)
    #expect(exchange.admission == nil)
  }

  @Test func aRouteThatAnswersNothingIsNotFound() {
    exchange.run(RequestPath(local: [FakeStage()]), for: responder)
    #expect(exchange.record.status == 404)
    let second = Exchange()
    second.run(RequestPath([], gate: FakeGate(), admitted: []), for: FakeResponder())
    #expect(second.record.status == 404)
  }

  @Test func someRefusalsCloseTheConnection() {
    exchange.run(RequestPath(local: [FakeStage { _ in .reject(.bodyTooLarge) }]), for: responder)
    #expect(exchange.closesConnection)
  }

  @Test func onlyTheFirstAnswerCounts() {
    exchange.run(RequestPath(local: [FakeStage { _ in .respond(ok) }]), for: responder)
    exchange.send(Reply(500))
    exchange.reject(.notFound)
    let head = ResponseHead()
    #expect(exchange.begin(head, .none, from: nil) == nil)
    exchange.inform(head)
    #expect(responder.events.count == 1)
    #expect(exchange.record.status == 200)
  }

  @Test func aStageMayAnswerByItself() {
    let path = RequestPath([], gate: FakeGate(), admitted: [FakeAdmitted { _, _ in .taken }])
    exchange.run(path, for: responder, length: .known(3))
    #expect(responder.events.isEmpty)
    let early = ResponseHead()
    early.status = 103
    early.fields.append("Link", "</a>")
    exchange.inform(early)
    let head = ResponseHead()
    head.status = 201
    let sink = exchange.begin(head, .unknown, from: nil)
    #expect(sink === responder.sink)
    #expect(responder.events == ["inform 103 [Link=</a>]", "begin 201 [Amended=admitted|Amended=gate] unknown"])
    let body = RecordingSink()
    #expect(exchange.deliverBody(to: body) === responder.source)
    #expect(responder.bodySink === body)
  }

  // MARK: Waiting

  @Test func anAnswerInsideTheStage() {
    var nested = false
    let path = RequestPath(local: [
      FakeStage { _ in
        let parked = Suspension<Verdict>()
        parked.resume(.proceed)
        nested = true
        parked.resume(.reject(.notFound))
        return .suspended(parked)
      },
      FakeStage { _ in
        #expect(nested, "the next stage must wait until the first has returned")
        return .respond(ok)
      },
    ])
    exchange.run(path, for: responder)
    #expect(exchange.record.status == 200)
  }

  @Test func aLaterAnswer() {
    let parked = Suspension<Verdict>()
    var reached = 0
    let path = RequestPath(local: [
      FakeStage { _ in .suspended(parked) },
      FakeStage { _ in
        reached += 1
        return .respond(ok)
      },
    ])
    exchange.run(path, for: responder)
    #expect(reached == 0)
    #expect(responder.events.isEmpty)
    parked.resume(.proceed)
    #expect(reached == 1)
    parked.resume(.proceed)
    parked.resume(.reject(.notFound))
    #expect(reached == 1)
    #expect(responder.events.count == 1)
    #expect(exchange.record.status == 200)
  }

  @Test func aLaterRefusalAndAnotherWait() {
    let first = Suspension<Verdict>()
    let second = Suspension<Verdict>()
    exchange.run(RequestPath(local: [FakeStage { _ in .suspended(first) }]), for: responder)
    first.resume(.suspended(second))
    #expect(responder.events.isEmpty)
    second.resume(.reject(.misdirected))
    #expect(exchange.record.status == 421)
  }

  @Test func theGateMayWait() {
    let parked = Suspension<GateVerdict>()
    let again = Suspension<GateVerdict>()
    let path = RequestPath(
      [FakeStage()], gate: FakeGate { _ in .suspended(parked) },
      admitted: [FakeAdmitted { _, _ in .respond(ok) }])
    exchange.run(path, for: responder)
    #expect(exchange.admission == nil)
    // The answer is to wait for something else, which is there already.
    again.resume(.admit(.anonymous(.asConfigured())))
    parked.resume(.suspended(again))
    #expect(exchange.admission != nil)
    #expect(exchange.record.status == 200)
  }

  @Test func behindTheGateOneMayWaitToo() {
    let parked = Suspension<Verdict>()
    let path = RequestPath(
      [], gate: FakeGate(),
      admitted: [FakeAdmitted { _, _ in .suspended(parked) }, FakeAdmitted { _, _ in .respond(ok) }])
    exchange.run(path, for: responder)
    parked.resume(.proceed)
    #expect(exchange.record.status == 200)
  }

  // MARK: Ending early

  @Test func cancellingAWaitDropsTheWaiter() {
    let parked = Suspension<Verdict>()
    var dropped = 0
    parked.onCancel { dropped += 1 }
    exchange.run(RequestPath(local: [FakeStage { _ in .suspended(parked) }]), for: responder)
    exchange.cancel(.clientGone)
    exchange.cancel(.timedOut)
    parked.resume(.respond(ok))
    #expect(dropped == 1)
    #expect(responder.events.isEmpty)
    #expect(exchange.record.reason?.description == "client_gone")
  }

  @Test func cancellingAGateThatWaits() {
    let parked = Suspension<GateVerdict>()
    var dropped = 0
    parked.onCancel { dropped += 1 }
    exchange.run(RequestPath([], gate: FakeGate { _ in .suspended(parked) }, admitted: []), for: responder)
    exchange.cancel(.shutdown)
    parked.resume(.admit(.anonymous(.asConfigured())))
    #expect(dropped == 1)
    #expect(exchange.admission == nil)
    #expect(responder.events.isEmpty)
  }

  @Test func whatIsUnderWayIsCancelledOnce() {
    let work = FakeWork()
    let path = RequestPath(
      [], gate: FakeGate(),
      admitted: [
        FakeAdmitted { exchange, _ in
          exchange.undertake(work)
          return .taken
        }
      ])
    exchange.run(path, for: responder)
    exchange.cancel(.timedOut)
    exchange.cancel(.clientGone)
    #expect(work.reasons == [.timedOut])
    #expect(exchange.record.reason?.description == "timed_out")
  }

  /// What a stage took on while it waited is not forgotten when the wait is over.
  @Test func workTakenOnBehindAWaitIsCancelled() {
    let parked = Suspension<GateVerdict>()
    let work = FakeWork()
    let path = RequestPath(
      [], gate: FakeGate { _ in .suspended(parked) },
      admitted: [
        FakeAdmitted { exchange, _ in
          exchange.undertake(work)
          return .taken
        }
      ])
    exchange.run(path, for: responder)
    parked.resume(.admit(.anonymous(.asConfigured())))
    exchange.cancel(.clientGone)
    #expect(work.reasons == [.clientGone])
  }

  @Test(arguments: [
    (CancelReason.clientGone, "client_gone"), (.clientFault, "malformed_body"), (.timedOut, "timed_out"),
    (.shutdown, "shutdown"),
  ])
  func reasonsForTheLog(_ reason: CancelReason, _ name: String) {
    exchange.cancel(reason)
    #expect(exchange.record.reason?.description == name)
  }

  // MARK: Recycling

  @Test func aRecycledExchangeKnowsNothingOfTheLast() {
    let path = RequestPath(
      [
        FakeStage { exchange in
          exchange.allowedOrigin = Array("https://a".utf8)
          return .proceed
        }
      ], gate: FakeGate(), admitted: [FakeAdmitted { _, _ in .reject(.bodyTooLarge) }])
    exchange.run(path, for: responder)
    let firstID = exchange.requestID
    exchange.end()
    #expect(exchange.route == nil)
    #expect(exchange.admission == nil)
    #expect(exchange.allowedOrigin == nil)
    #expect(!exchange.hasResponded)
    #expect(!exchange.closesConnection)
    #expect(exchange.request.path.count == 0)

    let second = FakeResponder()
    var gateAsked = 0
    let other = RequestPath(
      [],
      gate: FakeGate { _ in
        gateAsked += 1
        return .admit(.anonymous(.asConfigured()))
      }, admitted: [FakeAdmitted { _, _ in .respond(ok) }])
    exchange.run(other, for: second)
    #expect(gateAsked == 1)
    #expect(second.events == ["begin 200 [X=y|Amended=admitted|Amended=gate] known(2)"])
    #expect(responder.events.count == 1)
    #expect(exchange.record.reason == nil)
    #expect(exchange.requestID != firstID)
  }

  /// The client left, the object serves somebody else, and then the late answer comes.
  @Test func aLateAnswerNeverReachesTheNextRequest() {
    let parked = Suspension<Verdict>()
    exchange.run(RequestPath(local: [FakeStage { _ in .suspended(parked) }]), for: responder)
    exchange.cancel(.clientGone)
    exchange.end()
    let next = FakeResponder()
    let waiting = Suspension<Verdict>()
    exchange.run(RequestPath(local: [FakeStage { _ in .suspended(waiting) }]), for: next)
    parked.resume(.respond(ok))
    #expect(next.events.isEmpty)
    waiting.resume(.respond(Reply(204)))
    #expect(exchange.record.status == 204)
  }

  @Test func withoutAClientNothingIsSent() {
    exchange.run(RequestPath(local: [FakeStage { _ in .taken }]), for: responder)
    exchange.end()
    #expect(exchange.begin(ResponseHead(), .none, from: nil) == nil)
    #expect(exchange.deliverBody(to: RecordingSink()) == nil)
    exchange.send(ok)
    #expect(responder.events.isEmpty)
  }
}
