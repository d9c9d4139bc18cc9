import CLibuv

/// Calls back, from the loop, when the process receives a signal. Does not keep the loop running.
package final class SignalWatcher {
  private let handle: UnsafeMutablePointer<uv_signal_t>
  private let action: () -> Void

  package init(_ loop: Loop, _ number: Int32, _ action: @escaping () -> Void) {
    self.action = action
    handle = .allocate(capacity: 1)
    uv_signal_init(loop.raw, handle)
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    uv_signal_start(
      handle,
      { handle, _ in
        guard let data = handle?.pointee.data else { return }
        Unmanaged<SignalWatcher>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.action() }
      }, number)
    uv_unref(pc_signal_handle(handle))
  }

  package func stop() {
    uv_close(pc_signal_handle(handle)) { handle in
      guard let data = handle?.pointee.data else { return }
      Unmanaged<SignalWatcher>.fromOpaque(data).release()
    }
  }

  deinit { handle.deallocate() }
}
