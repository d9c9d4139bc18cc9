import Net
import Testing

@testable import Diagnosis

struct ErrandsTests {
  @Test func anAnswerThatIsThereAtOnce() throws {
    let errands = try Errands(limit: 60_000)
    #expect(errands.wait(limit: 60_000, late: 0) { $0(1) } == 1)
    #expect(errands.wait(limit: 60_000, late: 0) { $0(2) } == 2)
  }

  @Test func anAnswerThatTheLoopBrings() throws {
    let errands = try Errands(limit: 60_000)
    let addresses = errands.wait(limit: 60_000, late: nil) { done in
      Resolver.resolve(errands.loop, host: "localhost", port: 1) { done(try? $0.get()) }
    }
    #expect(addresses?.isEmpty == false)
  }

  @Test func whatNobodyCanAnswerIsLateAtOnce() throws {
    let errands = try Errands(limit: 60_000)
    #expect(errands.wait(limit: 60_000, late: 7) { _ in } == 7)
  }

  @Test func whenTheTimeIsOverNothingBegins() throws {
    let errands = try Errands(limit: 0)
    var hasBegun = false
    #expect(errands.wait(limit: 60_000, late: 7) { _ in hasBegun = true } == 7)
    #expect(!hasBegun)
  }
}
