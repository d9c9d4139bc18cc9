/// A client's connection, whatever it speaks; the service keeps them all.
protocol ServerConnection: AnyObject {
  /// The position in the service's list.
  var index: Int { get set }
  var visitor: Visitor { get }
  /// Closes as soon as no exchange is under way.
  func drain()
  /// Closes now; running exchanges are lost.
  func cut()
}
