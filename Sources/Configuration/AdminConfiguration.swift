/// `admin`: where the operator's own documents are served, apart from everything that clients reach.
package struct AdminConfiguration: Equatable, Sendable {
  package let address: ListenerConfiguration.Address

  init?(_ mapping: MappingReader) {
    guard let address = mapping.required("address", .listenerAddress) else { return nil }
    self.address = address
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.string("address", address.description)
  }
}
