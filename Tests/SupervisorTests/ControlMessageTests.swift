import Bytes
import Configuration
import Testing

@testable import Supervisor

struct ControlMessageTests {
  static let messages = [
    ControlMessage(.ask),
    ControlMessage(.failed, [Array("why".utf8)]),
    ControlMessage(.report, [[], [UInt8](repeating: 7, count: 300), [0]]),
  ]

  private static func bytes(_ messages: [ControlMessage]) -> [UInt8] {
    let buffer = ByteBuffer()
    for message in messages { message.write(to: buffer) }
    return [UInt8](buffer.view)
  }

  private static func read(_ pieces: [[UInt8]]) throws -> [ControlMessage] {
    let decoder = ControlDecoder()
    var read: [ControlMessage] = []
    for piece in pieces {
      piece.withUnsafeBytes { decoder.append($0) }
      while let message = try decoder.next() { read.append(message) }
    }
    return read
  }

  @Test func arriveHoweverTheyAreCut() throws {
    let bytes = Self.bytes(Self.messages)
    #expect(try Self.read([bytes]) == Self.messages)
    #expect(try Self.read(bytes.map { [$0] }) == Self.messages)
    for place in bytes.indices {
      #expect(try Self.read([Array(bytes[..<place]), Array(bytes[place...])]) == Self.messages)
    }
  }

  @Test(
    arguments: [
      [0, 0, 0, 0, 0],  // no such kind
      [1, 0, 1, 0, 1],  // too many fields
      [1, 0, 0, 0, 1, 4, 0, 0, 0],  // too long a field
    ] as [[UInt8]])
  func nonsenseIsRefused(_ bytes: [UInt8]) {
    #expect(throws: ControlDecoder.Fault.malformed) { try Self.read([bytes]) }
  }

  @Test func aPlanIsWhatItWas() throws {
    let plan = WorkerPlan(
      source: ConfigurationSource(file: "a b.yaml", text: "public_url: é\n", files: ["/x": "1\n", "/y": ""]),
      number: 2, workers: 3, requests: .max, nonceKey: [9, 8],
      ticketKeys: TicketKeyRing.Keys(listeners: [[[UInt8](repeating: 1, count: 80)], []]), ports: [80, 0, 8443])
    let messages = try Self.read([Self.bytes([plan.message])])
    #expect(messages.count == 1)
    let sent = try #require(messages.first.flatMap { WorkerPlan($0) })
    #expect(sent.source.file == plan.source.file)
    #expect(sent.source.text == plan.source.text)
    #expect(sent.source.files == plan.source.files)
    #expect(sent.number == 2)
    #expect(sent.workers == 3)
    #expect(sent.requests == .max)
    #expect(sent.nonceKey == [9, 8])
    #expect(sent.ticketKeys == plan.ticketKeys)
    #expect(sent.ports == [80, 0, 8443])
  }

  @Test(arguments: [
    ControlMessage(.ask), ControlMessage(.begin), ControlMessage(.begin, [Array("1 2 3 2".utf8), [], [], []]),
    ControlMessage(.begin, [Array("1 2 3 1".utf8), [], [], [], []]),
  ])
  func whatIsNoPlanIsRefused(_ message: ControlMessage) { #expect(WorkerPlan(message) == nil) }

  /// A file that has changed or gone since does not matter to a worker that is started later.
  @Test func theConfigurationIsReadFromMemory() {
    let text = """
      public_url: ${file:/nowhere/url}
      routes:
        - path: /mcp
          upstream: {url: "http://127.0.0.1:8000/mcp"}
          authorization: none
      """
    let source = ConfigurationSource(
      file: "/a/b.yaml", text: text, files: ["/nowhere/url": "https://mcp.example.com\n"])
    #expect(source.load().configuration?.publicURL.description == "https://mcp.example.com")
    #expect(ConfigurationSource(file: "/a/b.yaml", text: text, files: [:]).load().configuration == nil)
  }
}
