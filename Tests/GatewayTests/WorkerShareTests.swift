import Testing

@testable import Gateway

struct WorkerShareTests {
  @Test(arguments: [(1, 10, 10), (2, 10, 5), (3, 10, 4), (4, 1, 1), (4, 0, 0), (256, 1_000_000, 3_907)])
  func everybodyGetsAPart(workers: Int, limit: Int, part: Int) {
    #expect(WorkerShare(workers: workers).of(limit) == part)
  }
}
