package import Bytes

/// Adds up the numbers of several processes, in the text format that they show them in.
///
/// Counters, gauges and the buckets of histograms are sums. Of moments (`…_timestamp_seconds`) the earliest one is shown.
package struct MetricsSum {
  private struct Family {
    /// Its lines of HELP and TYPE.
    var head: [String] = []
    var isCounter = false
    /// Name and labels of each series, in the order in which they first came.
    var order: [String] = []
    var values: [String: Int] = [:]
  }

  private var names: [String] = []
  private var families: [String: Family] = [:]

  package init() {}

  /// - Parameters:
  ///   - text: what `Metrics.render` has written; what it cannot have written is left out.
  ///   - countersOnly: of a process that is gone: what it has done counts on, what it had open does not.
  package mutating func add(_ text: String, countersOnly: Bool = false) {
    var name = ""
    for line in text.split(separator: "\n") {
      if line.hasPrefix("# ") {
        let words = line.split(separator: " ", maxSplits: 3)
        guard words.count == 4 else { continue }
        name = String(words[2])
        begin(name, String(line), isType: words[1] == "TYPE", type: words[3])
      } else if let space = line.lastIndex(of: " "), let value = Int(line[line.index(after: space)...]) {
        guard !countersOnly || families[name]?.isCounter == true else { continue }
        add(value, to: String(line[..<space]), of: name)
      }
    }
  }

  private mutating func begin(_ name: String, _ line: String, isType: Bool, type: Substring) {
    if families[name] == nil { names.append(name) }
    var family = families[name] ?? Family()
    if isType { family.isCounter = type == "counter" || type == "histogram" }
    if !family.head.contains(line) { family.head.append(line) }
    families[name] = family
  }

  private mutating func add(_ value: Int, to series: String, of name: String) {
    guard let known = families[name]?.values[series] else {
      families[name]?.order.append(series)
      families[name]?.values[series] = value
      return
    }
    families[name]?.values[series] = name.hasSuffix("_timestamp_seconds") ? min(known, value) : known &+ value
  }

  /// The sum of all series of a family.
  package func total(of name: String) -> Int { families[name]?.values.values.reduce(0, &+) ?? 0 }

  /// Appends the sums in the same format.
  package func render(to buffer: ByteBuffer) {
    for name in names {
      guard let family = families[name] else { continue }
      for line in family.head { buffer.append(text: "\(line)\n") }
      for series in family.order { buffer.append(text: "\(series) \(family.values[series] ?? 0)\n") }
    }
  }
}
