import Configuration

/// One thing to know about a configuration that was made from something else, with its place there and the way out.
package struct Remark: Equatable, Sendable {
  package enum Weight: String, Sendable, CaseIterable {
    /// It decides about access, and could not be carried over.
    case access = "ACCESS"
    /// It was carried over, and is dangerous.
    case warning = "WARNING"
    /// It was not carried over, and does not widen access.
    case left = "left out"
    /// It was carried over; there is something to look at.
    case note
  }

  package let weight: Weight
  /// The file, and the path of the member in it. Printable.
  package let place: String
  package let message: String
  package let remedy: String

  init(_ weight: Weight, at place: String, _ message: String, remedy: String) {
    self.weight = weight
    self.place = visible(place.hasSuffix(":") ? String(place.dropLast()) : place)
    self.message = message
    self.remedy = remedy
  }

  /// Like a diagnostic of `check`: the remedy stands on a line of its own. No final newline.
  package var rendered: String {
    """
    \(place): \(weight.rawValue): \(message)
        remedy: \(remedy)
    """
  }
}

/// The remarks of one run, in the order in which they were made.
final class RemarkLog {
  private(set) var remarks: [Remark] = []

  func add(_ weight: Remark.Weight, at place: String, _ message: String, remedy: String) {
    remarks.append(Remark(weight, at: place, message, remedy: remedy))
  }
}
