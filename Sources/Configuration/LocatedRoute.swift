/// A route with the mapping that it was read from, for findings that show once all sections have been read.
struct LocatedRoute {
  let route: RouteConfiguration
  let mapping: MappingReader
}
