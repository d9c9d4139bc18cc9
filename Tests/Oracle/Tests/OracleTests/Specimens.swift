import Bytes
import JOSE
import JSON

/// A token to be judged.
struct Specimen {
  let kind: String
  let algorithm: JWSAlgorithm
  let token: String
  /// Our reasons to refuse it though the other implementation may not: where the rules differ by design.
  var stricter: Set<String> = []
}

/// Makes tokens in order and in every disorder. What is random follows from the seed.
struct Specimens {
  let keys: OracleKeys
  var random: SeededGenerator

  static let kinds = [
    "in order", "bit flipped", "segments swapped", "parts of two tokens", "stranger's key", "algorithm changed",
    "key ID changed", "cut short", "padded", "times", "claims", "signature replaced",
  ]

  /// Base64 that is not canonical is one spelling too many: we take none but the canonical one.
  private static let spelling: Set<String> = ["malformed"]

  mutating func make(_ kind: String, _ index: Int) throws -> Specimen {
    let key = keys.ours[index]
    let genuine = try key.sign(.object(claims()), type: "JWT")
    let parts = genuine.split(separator: ".").map { String($0) }
    var stricter: Set<String> = []
    let token: String
    switch kind {
    case "in order": token = genuine
    case "bit flipped":
      stricter = Self.spelling
      token = flipped(genuine)
    case "segments swapped":
      let order =
        [[1, 0, 2], [0, 2, 1], [2, 1, 0], [1, 2, 0], [2, 0, 1]].randomElement(using: &random) ?? [0, 1, 2]
      token = order.map { parts[$0] }.joined(separator: ".")
    case "parts of two tokens":
      let other = try key.sign(.object(claims()), type: "JWT").split(separator: ".").map { String($0) }
      let place = Int.random(in: 1...2, using: &random)
      var mixed = parts
      mixed[place] = other[place]
      token = mixed.joined(separator: ".")
    case "stranger's key": token = try keys.strangers[index].sign(.object(claims()), type: "JWT")
    case "algorithm changed":
      // JWTKit takes the algorithm from the key alone and does not look at the name in the header.
      stricter = ["unsupported_algorithm", "key needed"]
      let names = JWSAlgorithm.allCases.map(\.rawValue) + ["none", "HS256", "ES256K", "", "rs256"]
      let name = names.randomElement(using: &random) ?? ""
      token = try key.sign(.object(claims()), type: "JWT", header: ["alg": .string(name)])
    case "key ID changed":
      let kid = (keys.ours.compactMap(\.kid) + ["unknown", "key-", "KEY-ES256"]).randomElement(using: &random) ?? ""
      token = try key.sign(.object(claims()), type: "JWT", header: ["kid": .string(kid)])
    case "cut short":
      stricter = Self.spelling
      let count = Int.random(in: 1...min(genuine.count, 80), using: &random)
      token = Bool.random(using: &random) ? String(genuine.dropLast(count)) : String(genuine.dropFirst(count))
    case "padded":
      stricter = Self.spelling
      var padded = parts
      padded[Int.random(in: 0...2, using: &random)] +=
        ["=", "==", "A", "\n", " ", ".", "%3D"].randomElement(using: &random) ?? "="
      token = padded.joined(separator: ".")
    case "times": token = try key.sign(.object(times()), type: "JWT")
    case "claims": token = try key.sign(.object(others()), type: "JWT")
    default: token = parts[0] + "." + parts[1] + "." + Base64URL.encode(try signature(of: key))
    }
    return Specimen(kind: kind, algorithm: key.algorithm, token: token, stricter: stricter)
  }

  private mutating func claims() -> JSONObject {
    [
      "iss": .string(OracleClaims.issuer), "aud": .string(OracleClaims.audience),
      "sub": .string("user-\(UInt32.random(in: 0...UInt32.max, using: &random))"),
      "exp": .integer(OracleClaims.now + Int64.random(in: 60...3600, using: &random)),
    ]
  }

  private mutating func flipped(_ token: String) -> String {
    var bytes = [UInt8](token.utf8)
    let index = Int.random(in: bytes.indices, using: &random)
    bytes[index] ^= 1 << UInt8.random(in: 0...6, using: &random)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Around the present. A token whose `nbf` is this very second is valid here (RFC 7519 §4.1.5) and not yet in JWTKit.
  private mutating func times() -> JSONObject {
    var times = claims()
    times["exp"] = .integer(OracleClaims.now + Int64.random(in: -2...2, using: &random))
    let start = ([-3_600, -2, -1, 1, 2, 3_600] as [Int64]).randomElement(using: &random)
    if Bool.random(using: &random) { times["nbf"] = start.map { .integer(OracleClaims.now + $0) } }
    return times
  }

  private mutating func others() -> JSONObject {
    var others = claims()
    let issuers = [OracleClaims.issuer, OracleClaims.issuer + "/", "https://IDP.example", "", "https://other.example"]
    if Bool.random(using: &random) { others["iss"] = .string(issuers.randomElement(using: &random) ?? "") }
    switch Int.random(in: 0...5, using: &random) {
    case 0: others["aud"] = JSONValue([OracleClaims.audience])
    case 1: others["aud"] = JSONValue(["https://other.example", OracleClaims.audience])
    case 2: others["aud"] = JSONValue(["https://other.example"])
    // JWTKit's type for audiences traps on an empty array; ours refuses the token, see TokenClaimsTests.
    case 3: others["aud"] = JSONValue(["", "https://GATEWAY.example/mcp"])
    case 4: others["aud"] = .string(OracleClaims.audience + "/")
    default: break
    }
    switch Int.random(in: 0...7, using: &random) {
    case 0: others["exp"] = nil
    case 1: others["exp"] = "1900000000"
    case 2: others["iss"] = 7
    case 3: others["extra"] = value(depth: 0)
    case 4: others["\u{1F511} \"\\\n"] = value(depth: 0)
    default: break
    }
    return others
  }

  private mutating func value(depth: Int) -> JSONValue {
    switch Int.random(in: 0...(depth < 4 ? 6 : 4), using: &random) {
    case 0: .null
    case 1: .bool(.random(using: &random))
    case 2: .integer(.random(in: -1_000_000...1_000_000, using: &random))
    case 3:
      .string(["", "text", "\u{0}\u{1F}", "\u{10FFFF}", "a\u{301}", "</script>"].randomElement(using: &random) ?? "")
    case 4: .number(0.5)
    case 5: .array((0..<3).map { _ in value(depth: depth + 1) })
    default: .object(["a": value(depth: depth + 1), "b": value(depth: depth + 1)])
    }
  }

  private mutating func signature(of key: SigningKey) throws -> [UInt8] {
    let right = try key.signature(of: [])
    switch Int.random(in: 0...5, using: &random) {
    case 0: return right.map { _ in 0 }
    case 1: return right.map { _ in 0xFF }
    case 2: return right.map { _ in .random(in: 0...255, using: &random) }
    case 3: return right
    case 4: return [0] + right
    default: return [UInt8](right.dropLast())
    }
  }
}
