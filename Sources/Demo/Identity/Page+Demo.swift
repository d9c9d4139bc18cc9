internal import Web

extension Page {
  /// A page of the demonstration's provider.
  init(title: String, body: HTML, formsMayLeave: Bool = false) {
    self.init(title: title, body: body, brand: Self.demoBrand, formsMayLeave: formsMayLeave)
  }

  /// The page for a request that cannot go on.
  static func refusal(_ explanation: String, status: Int = 400) -> Page {
    refusal(explanation, brand: demoBrand, status: status)
  }

  private static var demoBrand: String { "Portcullis demo" }
}
