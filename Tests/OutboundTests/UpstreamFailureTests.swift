import Net
import Outbound
import Testing
import Wire

struct UpstreamFailureTests {
  @Test(arguments: [
    (UpstreamFailure.nameNotResolved(.notFound), "upstream_name_not_resolved", true),
    (.connectFailed(.connectionRefused), "upstream_connect_failed", true),
    (.connectTimedOut, "upstream_connect_timeout", false), (.closedEarly(.endOfFile), "upstream_closed_early", true),
    (.malformed(WireFault(400, "bad_status_line")), "upstream_malformed", true),
    (.responseTimedOut, "upstream_response_timeout", false), (.queueFull, "upstream_queue_full", false),
    (.queueTimedOut, "upstream_queue_timeout", false), (.proxyRefused(status: 403), "upstream_proxy_refused", true),
    (.proxyMalformed(WireFault(400, "bad_status_line")), "upstream_proxy_malformed", true),
  ])
  func wordsForTheLog(_ failure: UpstreamFailure, _ reason: String, _ hasDetail: Bool) {
    #expect(failure.reason.description == reason)
    #expect((failure.detail != nil) == hasDetail)
  }

  @Test func detailsAreThoseOfTheCause() {
    #expect(UpstreamFailure.malformed(WireFault(400, "bad_status_line")).detail == "bad_status_line")
    #expect(UpstreamFailure.proxyRefused(status: 403).detail == "403 Forbidden")
    #expect(UpstreamFailure.proxyRefused(status: 407).detail?.contains("credentials") == true)
    #expect(UpstreamFailure.connectFailed(.connectionRefused).detail?.contains("ECONNREFUSED") == true)
  }
}
