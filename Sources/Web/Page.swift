/// A page for people: one column, no scripts, no outside resources.
package struct Page {
  package let title: String
  package let body: HTML
  /// Who speaks: above the title, and in the window's.
  package let brand: String
  package var status: Int
  /// Whether sending a form of this page may end in the client's application. Chromium applies `form-action`
  /// to every redirect that follows, also to those of the application, so there is no list of targets that
  /// would be right.
  package var formsMayLeave: Bool

  package init(title: String, body: HTML, brand: String, status: Int = 200, formsMayLeave: Bool = false) {
    self.title = title
    self.body = body
    self.brand = brand
    self.status = status
    self.formsMayLeave = formsMayLeave
  }

  package func reply(_ fields: [(name: String, value: String)] = []) -> LocalReply {
    let document: HTML = """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(title) – \(brand)</title>
      <style>\(Self.style)</style>
      </head>
      <body>
      <main>
      <p class="brand">\(brand)</p>
      <h1>\(title)</h1>
      \(body)
      </main>
      </body>
      </html>

      """
    let policy =
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
      + (formsMayLeave ? "" : "; form-action 'self'")
    return LocalReply(
      status: status,
      fields: [
        ("content-type", "text/html; charset=utf-8"), ("content-security-policy", policy),
        ("x-frame-options", "DENY"), ("x-content-type-options", "nosniff"),
        // Under `no-referrer` a form's `Origin` is null, and nobody could tell our form from another's.
        ("referrer-policy", formsMayLeave ? "same-origin" : "no-referrer"),
      ] + fields,
      content: .bytes(Array(document.text.utf8)))
  }

  /// The page for a request that cannot go on.
  package static func refusal(_ explanation: String, brand: String, status: Int = 400) -> Page {
    Page(title: "This does not work", body: "<p role=\"alert\">\(explanation)</p>", brand: brand, status: status)
  }

  private static let style: HTML = """
    :root { color-scheme: light dark; --ground: #eef1f5; --card: #fff; --inset: #f5f7fa; --ink: #18212d;
      --soft: #566274; --line: #d5dbe3; --field: #8a94a3; --accent: #1d5fbf; --pressed: #174c99; --on-accent: #fff;
      --plain: #e6ebf2; --notice: #fdf3dc; --notice-ink: #6b4a00; --good: #e3f3e8; --good-ink: #1b5e34;
      --alert: #b3261e; --shadow: 0 1px 2px rgb(16 24 40 / .06), 0 12px 32px rgb(16 24 40 / .08); }
    @media (prefers-color-scheme: dark) { :root { --ground: #0f1318; --card: #1a2028; --inset: #212933;
      --ink: #e8ecf2; --soft: #a9b4c2; --line: #343e4b; --field: #6b7786; --accent: #8ab8ff; --pressed: #b3d1ff;
      --on-accent: #0d1a2b; --plain: #2c3643; --notice: #3a2f14; --notice-ink: #f5d990; --good: #173524;
      --good-ink: #a5dcb9; --alert: #ffb4ab; --shadow: 0 0 0 1px #262e39; } }
    * { box-sizing: border-box; }
    body { margin: 0; padding: 1rem; background: var(--ground); color: var(--ink);
      font: 1rem/1.5 system-ui, sans-serif; }
    main { max-width: 28rem; margin: 6vh auto 2rem; padding: 1.75rem; background: var(--card);
      border-radius: 1rem; box-shadow: var(--shadow); }
    @media (max-width: 30rem) { body { padding: .5rem; } main { margin-top: .5rem; padding: 1.25rem; } }
    .brand { display: flex; align-items: center; gap: .5rem; margin: 0 0 1.25rem; }
    .brand::before { content: ""; flex: none; width: .75rem; height: .875rem; color: var(--accent);
      border: 2px solid; border-bottom: 0; border-radius: .4rem .4rem 0 0;
      background: linear-gradient(90deg, transparent 42%, currentcolor 42% 58%, transparent 58%); }
    h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; letter-spacing: -.01em; text-wrap: balance; }
    p, ul, dl { margin: 0 0 1rem; text-wrap: pretty; }
    main > :last-child { margin-bottom: 0; }
    ul { padding-left: 1.25rem; }
    dd ul { margin: 0; }
    dl { padding: .25rem 1rem; background: var(--inset); border: 1px solid var(--line); border-radius: .625rem; }
    dt { padding-top: .625rem; }
    dd { margin: 0; padding-bottom: .625rem; }
    dd:not(:last-child) { border-bottom: 1px solid var(--line); }
    dt, .brand, .hint { color: var(--soft); font-size: .875rem; }
    p.hint:last-child, .hint p:last-child, .hint ul:last-child { margin-bottom: 0; }
    strong, dd, code, .name { overflow-wrap: anywhere; }
    code { font: .9375em/1.4 ui-monospace, monospace; }
    .who { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem .625rem; margin-bottom: .75rem; }
    .who p { margin: 0; }
    .name { overflow: clip; font-size: 1.125rem; font-weight: 700; text-wrap: balance; }
    .badge { padding: .125rem .625rem; border-radius: .75rem; background: var(--plain); font-size: .8125rem;
      overflow-wrap: anywhere; }
    .badge.good { background: var(--good); color: var(--good-ink); }
    .advice { padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); }
    .notice { padding: .75rem 1rem; border-radius: .625rem; font-size: .9375rem; }
    .badge.warn, .notice { background: var(--notice); color: var(--notice-ink); }
    label { display: block; margin-bottom: .25rem; font-weight: 600; }
    input { width: 100%; margin-bottom: 1rem; padding: .625rem; border: 1px solid var(--field);
      border-radius: .5rem; background: var(--card); color: inherit; font: inherit; }
    .actions { display: flex; flex-wrap: wrap; gap: .75rem; margin-bottom: 1rem; }
    button { flex: 1 1 8rem; min-height: 2.75rem; padding: .625rem 1rem; border: 1px solid var(--accent);
      border-radius: .5rem; background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600;
      cursor: pointer; }
    button:hover { background: var(--pressed); border-color: var(--pressed); }
    button.plain, button.plain:hover { background: transparent; color: var(--accent); border-color: var(--field); }
    button.plain:hover { border-color: var(--accent); }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
    .alert { color: var(--alert); font-weight: 600; }
    @media (forced-colors: active) { .badge, .notice { border: 1px solid; } }
    """
}
