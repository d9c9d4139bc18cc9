import ArgumentParser
import Configuration
import Diagnosis

extension RouteChoice {
  /// Ends the command with status 2 when there is no such route.
  static func orUsage(_ configuration: GatewayConfiguration, _ sources: SourceMap, _ name: String?) throws
    -> RouteChoice
  {
    do throws(RouteChoice.Fault) {
      return try RouteChoice(configuration, sources, name: name)
    } catch {
      throw ValidationError("--route: \(error.description).")
    }
  }
}
