import JOSE
import Testing

struct ProofNoncesTests {
  @Test func areGoodForTheirPeriodAndTheNext() throws {
    let nonces = try ProofNonces()
    let start: Int64 = 1_700_000_040  // a multiple of 60
    let nonce = nonces.current(now: start)
    #expect(nonces.current(now: start + 59) == nonce)
    #expect(nonces.current(now: start + 60) != nonce)
    for time in [start, start + 59, start + 60, start + 119] { #expect(nonces.accepts(nonce, now: time)) }
    for time in [start - 1, start + 120] { #expect(!nonces.accepts(nonce, now: time)) }
  }

  @Test func cannotBeMadeByOthers() throws {
    let nonces = try ProofNonces()
    for guess in ["", "unavailable", try ProofNonces().current(now: 1_000)] {
      #expect(!nonces.accepts(guess, now: 1_000))
    }
  }
}
