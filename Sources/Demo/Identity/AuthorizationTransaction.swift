/// One authorization request on its way through the pages.
struct AuthorizationTransaction {
  let request: AuthorizationRequest
  /// The cookie of the browser that started it: nobody else can carry it on.
  let browser: String
  let csrfToken: String
  /// Who decides; nil until the user has signed in.
  var user: DemoUser?
  var failures = 0
}
