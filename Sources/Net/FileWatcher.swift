import CLibuv

/// Calls back, from the loop, when a file changes: also when a symbolic link on the way to it comes to point elsewhere,
/// as Kubernetes replaces mounted secrets. Looks now and then, off the loop. Does not keep the loop running.
package final class FileWatcher {
  private let handle: UnsafeMutablePointer<uv_fs_poll_t>
  private let action: () -> Void

  /// - Parameter interval: milliseconds between two looks.
  package init(_ loop: Loop, _ path: String, every interval: UInt32 = 2_000, _ action: @escaping () -> Void) {
    self.action = action
    handle = .allocate(capacity: 1)
    uv_fs_poll_init(loop.raw, handle)
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    uv_fs_poll_start(
      handle,
      { handle, _, _, _ in
        guard let data = handle?.pointee.data else { return }
        Unmanaged<FileWatcher>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.action() }
      }, path, interval)
    uv_unref(pc_fs_poll_handle(handle))
  }

  package func stop() {
    uv_close(pc_fs_poll_handle(handle)) { handle in
      guard let data = handle?.pointee.data else { return }
      Unmanaged<FileWatcher>.fromOpaque(data).release()
    }
  }

  deinit { handle.deallocate() }
}
