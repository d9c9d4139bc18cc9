import Net
import Testing

@testable import Bridge

struct NameLookupsTests {
  /// Lookups that are answered when the test says so.
  private final class Names {
    var asked: [String] = []
    private var answers: [NameLookups.Completion] = []

    func resolve(_ host: String, _ port: Int, _ completion: @escaping NameLookups.Completion) {
      asked.append("\(host):\(port)")
      answers.append(completion)
    }

    func answer(_ address: String) { answers.removeFirst()(.success([.ip(address, port: 1)])) }
  }

  @Test func oneAfterTheOther() {
    let names = Names()
    let lookups = NameLookups(names.resolve)
    var found: [String] = []
    let tickets = ["a", "b", "c", "d"].map { name in
      lookups.find(name, 443) { result in found.append("\(name)=\((try? result.get())?.first?.host ?? "")") }
    }
    #expect(names.asked == ["a:443"])
    #expect(tickets.map { lookups.isWaiting($0) } == [false, true, true, true])
    // Who leaves is not looked up for; whose turn has come keeps the line until it is over.
    lookups.cancel(tickets[2])
    lookups.cancel(tickets[0])
    #expect(names.asked == ["a:443"])
    names.answer("1.1.1.1")
    #expect(names.asked == ["a:443", "b:443"])
    names.answer("2.2.2.2")
    names.answer("4.4.4.4")
    #expect(names.asked == ["a:443", "b:443", "d:443"])
    #expect(found == ["b=2.2.2.2", "d=4.4.4.4"])
    #expect(!lookups.isBusy)
  }

  @Test func answersMayComeAtOnce() {
    let lookups = NameLookups { host, port, completion in completion(.success([.ip(host, port: port)])) }
    var found: [SocketAddress] = []
    for number in 1...3 { _ = lookups.find("192.0.2.\(number)", 1) { found += (try? $0.get()) ?? [] } }
    #expect(found == (1...3).map { .ip("192.0.2.\($0)", port: 1) })
  }
}
