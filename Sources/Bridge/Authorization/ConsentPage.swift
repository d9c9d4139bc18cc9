import Web

/// Asks the user whether a client may act for him: who asks, where the answer goes, and what for.
struct ConsentPage {
  /// The request, for the form.
  let sealed: String
  let request: AuthorizationRequest
  let settings: BridgeSettings
  /// Whether a yes is remembered.
  let isRemembered: Bool

  var page: Page {
    Page(
      title: "Allow access?",
      body: """
        <div class="who">
        <p class="name"><bdi>\(request.client.name ?? "An application without a name")</bdi></p>
        <p class="badge\(isVouchedFor ? "" : " warn")">\(voucher)</p>
        </div>
        <p>wants to use <strong><bdi>\(request.route.title)</bdi></strong> on your behalf.</p>
        \(loopbackWarning)
        <dl>
        <dt>The answer goes to</dt>
        <dd>\(destination)</dd>
        <dt>Access to</dt>
        <dd><code>\(request.route.resource)</code></dd>
        \(scopes)<dt>You sign in at</dt>
        <dd>\(provider)</dd>
        </dl>
        <form method="post" action="\(settings.path)/consent">
        <input type="hidden" name="request" value="\(sealed)">
        <p class="actions"><button class="plain" name="action" value="deny">Deny</button>
        <button name="action" value="allow">Allow</button></p>
        </form>
        <p class="hint">\(memory)</p>
        """, brand: settings.brand, formsMayLeave: true)
  }

  private var isVouchedFor: Bool { request.client.kind != .registered }

  private var voucher: HTML {
    switch request.client.kind {
    case .document(let host): "published by <strong>\(host)</strong>"
    case .configured: "entered by whoever runs this gateway"
    case .registered:
      request.client.name == nil
        ? "<strong>Unverified</strong>: nobody has checked who this is"
        : "<strong>Unverified</strong>: it calls itself so, nobody has checked that"
    }
  }

  private var destination: HTML {
    let redirect = request.redirect
    if redirect.isLoopback { return "An application on this computer (<code>\(redirect.authority)</code>)" }
    if redirect.authority.isEmpty {
      return "An application on this device that opens <code>\(redirect.scheme):</code> links"
    }
    return "<strong>\(redirect.authority)</strong>"
  }

  /// Any program can listen there or claim the scheme (RFC 8252 §8.6).
  private var loopbackWarning: HTML {
    guard request.redirect.scheme != "https" else { return "" }
    return """
      <p class="notice"><strong>Did you just start this yourself?</strong> The answer goes to a program on this device, \
      and nobody can tell from here which one. If you did not just start a sign-in in an application here, deny.</p>

      """
  }

  private var scopes: HTML {
    guard !request.scopes.isEmpty else { return "" }
    let items: [HTML] = request.scopes.map { scope in
      if let words = Self.explanations[scope] { return "<li>\(words)</li>\n" }
      return "<li><code>\(scope)</code></li>\n"
    }
    return "<dt>Permissions</dt>\n<dd><ul>\n\(items)</ul></dd>\n"
  }

  private static let explanations = [
    "openid": "Know who you are", "profile": "See your name and profile", "email": "See your e-mail address",
    "address": "See your postal address", "phone": "See your telephone number",
    "offline_access": "Keep its access while you are away",
  ]

  private var provider: HTML {
    "<strong>\(WebURL(settings.provider.issuer)?.authority ?? settings.provider.issuer)</strong>, on the next page"
  }

  private var memory: HTML {
    guard isRemembered else { return "You are asked each time this application connects." }
    let days = settings.consentLifetime / 86_400
    let time = days > 1 ? "\(days) days" : "\(max(1, settings.consentLifetime / 3600)) hours"
    return "If you allow it, this browser remembers that for up to \(time)."
  }
}
