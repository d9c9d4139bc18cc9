/// What is wrong with one value and how to put it right, before it is known where the value stands.
struct Fault: Error, Equatable {
  let message: String
  let remedy: String

  init(_ message: String, remedy: String) {
    self.message = message
    self.remedy = remedy
  }
}
