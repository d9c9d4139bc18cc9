import Pipeline

/// A page of the operator's that is shown once all workers have been asked.
final class GatheredPage: Stage {
  let label: StaticString
  private let page: any Stage
  private let gather: (@escaping () -> Void) -> Void

  init(_ page: any Stage, after gather: @escaping (@escaping () -> Void) -> Void) {
    self.page = page
    label = page.label
    self.gather = gather
  }

  func handle(_ exchange: Exchange) -> Verdict {
    let suspension = Suspension<Verdict>()
    var isWanted = true
    suspension.onCancel { isWanted = false }
    gather { [page] in
      if isWanted { suspension.resume(page.handle(exchange)) }
    }
    return .suspended(suspension)
  }
}
