import Testing

@testable import Configuration

struct WorkerCountTests {
  @Test(
    arguments: [
      (.fixed(1), 8, 1), (.fixed(256), 2, 256), (.auto, 1, 1), (.auto, 6, 6), (.auto, 0, 1), (.auto, 1_000, 256),
    ] as [(WorkerCount, Int, Int)])
  func manyProcessesForManyProcessors(count: WorkerCount, processors: Int, number: Int) {
    #expect(count.number(processors: processors) == number)
  }

  @Test(arguments: ["0", "257", "-1", "two", "Auto", "99999999999999999999", "1.5"])
  func reportsFaults(_ text: String) {
    let finding = "workers: expected auto or a whole number from 1 to 256, found \"\(text)\""
    #expect(
      Fixture.load(Fixture.minimal + "workers: \(text)").diagnostics.map(\.rendered).allSatisfy { $0.contains(finding) }
    )
    #expect(Fixture.load(Fixture.minimal + "workers: \(text)").configuration == nil)
  }
}
