import Bytes
import Telemetry
import Testing

@testable import Supervisor

struct CensusTests {
  private typealias Worker = Census.Worker
  private static let well = Census.Worker(isRunning: true)
  private static let dead = Census.Worker(isRunning: false)
  private static let silent = Census.Worker(isRunning: true, isSilent: true)
  private static let keyless = Census.Worker(isRunning: true, obstacles: ["no keys of a", "no keys of b"])

  @Test func halfOfThemAreEnough() {
    let table: [([Census.Worker], obstacles: [String], fault: String?)] = [
      ([Self.well, Self.well], [], nil),
      ([Self.well, Self.dead], [], nil),
      ([Self.silent, Self.well], [], nil),
      ([Self.dead, Self.dead], ["worker 1: does not run", "worker 2: does not run"], "no worker runs"),
      ([Self.well, Self.silent, Self.dead], ["worker 2: does not answer", "worker 3: does not run"], nil),
      (
        [Self.keyless, Self.dead],
        ["worker 1: no keys of a", "worker 1: no keys of b", "worker 2: does not run"], nil
      ),
      ([Self.well, Self.well, Self.keyless], [], nil),
    ]
    for (workers, obstacles, fault) in table {
      #expect(Census(workers: workers).obstacles == obstacles)
      #expect(Census(workers: workers).fault == fault)
    }
    #expect(Census(workers: [Self.well, Self.well], isDraining: true).obstacles == ["draining"])
  }

  @Test func numbersAreAddedAndToldApart() {
    func text(_ requests: Int, _ open: Int) -> String {
      "# HELP portcullis_r_total R.\n# TYPE portcullis_r_total counter\nportcullis_r_total{a=\"b c\"} \(requests)\n"
        + "# HELP portcullis_o O.\n# TYPE portcullis_o gauge\nportcullis_o \(open)\n"
    }
    var census = Census(workers: [
      Worker(isRunning: true, metrics: text(3, 2), connections: 2, restarts: 1),
      Worker(isRunning: false), Worker(isRunning: true, isSilent: true, metrics: text(4, 1), connections: 1),
    ])
    census.departed.add(text(10, 50), countersOnly: true)
    let page = ByteBuffer()
    census.render(to: page)
    #expect(
      page.view.text == """
        # HELP portcullis_r_total R.
        # TYPE portcullis_r_total counter
        portcullis_r_total{a="b c"} 17
        # HELP portcullis_o O.
        # TYPE portcullis_o gauge
        portcullis_o 3
        # HELP portcullis_worker_up Whether the worker runs and answers.
        # TYPE portcullis_worker_up gauge
        portcullis_worker_up{worker="1"} 1
        portcullis_worker_up{worker="2"} 0
        portcullis_worker_up{worker="3"} 0
        # HELP portcullis_worker_restarts_total How often the worker was started again.
        # TYPE portcullis_worker_restarts_total counter
        portcullis_worker_restarts_total{worker="1"} 1
        portcullis_worker_restarts_total{worker="2"} 0
        portcullis_worker_restarts_total{worker="3"} 0
        # HELP portcullis_worker_connections_open Connections of clients that the worker has.
        # TYPE portcullis_worker_connections_open gauge
        portcullis_worker_connections_open{worker="1"} 2
        portcullis_worker_connections_open{worker="2"} 0
        portcullis_worker_connections_open{worker="3"} 1

        """)
  }
}
