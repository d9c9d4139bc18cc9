import Bytes
import Testing

@testable import HTTP

struct FieldsTests {
  @Test func keepsOrderSpellingAndValues() {
    let fields = Fields([("Host", "a"), ("X-One", "1"), ("hOST", ""), ("x-one", "2")])
    #expect(fields.line == "Host=a|X-One=1|hOST=|x-one=2")
    #expect(fields.name(0) == .host)
    #expect(fields.name(1) == .other)
    #expect(fields.first(.host)?.text == "a")
    #expect(fields.first(.cookie) == nil)
    #expect(fields.first(other: "x-one")?.text == "1")
    #expect(fields.first(other: "x-two") == nil)
    #expect(fields.firstIndex(of: .host, from: 1) == 2)
    #expect(fields.firstIndex(of: .host, from: 3) == nil)
    #expect(fields.occurrences(of: .host) == 2)
  }

  /// A field with a `FieldName` is not found by its text: whoever looks for it would miss what others removed.
  @Test func knownNamesAreNotFoundByText() {
    #expect(Fields([("Host", "a")]).first(other: "host") == nil)
  }

  @Test func removing() {
    let fields = Fields([("Cookie", "1"), ("A", "2"), ("Cookie", "3")])
    #expect(!fields.isEmpty)
    fields.removeAll(.cookie)
    #expect(fields.line == "A=2")
    #expect(fields.first(.cookie) == nil)
    fields.remove(1)
    #expect(fields.isEmpty)
    #expect(fields.count == 3)
    fields.clear()
    #expect(fields.count == 0)
  }

  /// Names are looked for in sets of bits first: every name has one of its own.
  @Test func everyNameIsFoundAndFoundAgain() {
    for (text, name) in FieldNameTests.names {
      let fields = Fields(FieldNameTests.names.map { ($0.0, $0.0) } + [(text, "again")])
      let first = fields.firstIndex(of: name)
      #expect(first.map { fields.value($0).text } == text)
      #expect(first.flatMap { fields.firstIndex(of: name, from: $0 + 1) } == FieldNameTests.names.count)
      let others = Fields(FieldNameTests.names.filter { $0.1 != name }.map { ($0.0, $0.0) })
      #expect(others.firstIndex(of: name) == nil)
    }
    #expect(FieldNameTests.names.map(\.1.rawValue).max().map { $0 < 64 } == true)
  }

  /// What is kept stays readable, and the object serves again as if nothing had happened.
  @Test(arguments: [0, 5, 8, 1000])
  func sheddingKeepsTheBeginning(_ length: Int) {
    let fields = Fields(capacity: 64)
    for round in 0..<3 {
      fields.clear()
      for index in 0..<40 { fields.append("Name", text: "\(round) \(index)") }
      fields.shed(keeping: length)
      #expect(fields.count == 0 && fields.isEmpty)
      #expect(fields.firstIndex(of: .host) == nil)
      #expect(fields.text(0, min(length, 9)).text == "Name: \(round) 0".prefix(min(length, 9)))
    }
    fields.append("Host", "a")
    fields.append("A", "1")
    #expect(fields.line == "Host=a|A=1")
    #expect(fields.first(.host)?.text == "a")
    fields.shed(keeping: 0)
    fields.shed(keeping: 0)
    #expect(fields.isEmpty)
  }

  /// A block of lines stands behind what is there already, in a text that has to grow for it.
  @Test func blocksOfLines() {
    let fields = Fields(capacity: 16)
    fields.append("A", "1")
    fields.append(FieldLineBlock([("Host", [UInt8](repeating: 0x68, count: 40)), ("Via", [])]))
    #expect(fields.line == "A=1|Host=\(String(repeating: "h", count: 40))|Via=")
    #expect(fields.name(1) == .host && fields.name(2) == .via)
    #expect(fields.line(1).map { fields.text($0.lowerBound, $0.count).text.hasSuffix("h\r\n") } == true)
  }

  @Test func growsBeyondItsFirstSize() {
    let fields = Fields(capacity: 16)
    for number in 0..<200 { "Name-\(number)".lend { name in "value \(number)".lend { fields.append(name, $0) } } }
    #expect(fields.count == 200)
    for number in 0..<200 {
      #expect(fields.spelling(number).text == "Name-\(number)")
      #expect(fields.value(number).text == "value \(number)")
    }
  }

  /// The source of a copy may be the text itself, which moves when it grows.
  @Test func storesAStretchOfItsOwnText() {
    for size in 1...64 {
      let fields = Fields(capacity: size)
      let text = String(repeating: "ab", count: size).prefix(size)
      String(text).lend { _ = fields.store($0) }
      let offset = fields.store(fields.text(0, size))
      #expect(fields.text(offset, size).text == text)
    }
  }

  @Test func appendingLiterals() {
    let fields = Fields()
    fields.append("Host", "a")
    fields.append("X", text: "ü")
    #expect(fields.line == "Host=a|X=ü")
    #expect(fields.name(0) == .host)
  }
}
