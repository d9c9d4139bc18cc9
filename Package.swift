// swift-tools-version: 6.2
import PackageDescription

/// Every target speaks Swift 6, imports privately unless it says otherwise, and treats warnings as errors.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
  // The hot path crosses targets. Only public declarations are inlined into other ones, so `Bytes` and `HTTP` are public.
  // Overlapping accesses are found by the tests, which run with the checks of a debug build; in release they would be a
  // fifth of our instructions.
  .unsafeFlags(
    ["-cross-module-optimization", "-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// A target of the gateway: `Sources/<name>`, tested by `Tests/<name>Tests`.
func layer(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies,
    swiftSettings: strict)
}

let package = Package(
  name: "portcullis",
  products: [
    .executable(name: "portcullis", targets: ["portcullis"]),
    .executable(name: "token-checks", targets: ["TokenChecks"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // Bindings: a module map and a header of static inline helpers each.
    .systemLibrary(
      name: "CLibuv", path: "CLibuv", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
    .systemLibrary(
      name: "COpenSSL", path: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
      name: "CNghttp2", path: "CNghttp2", pkgConfig: "libnghttp2",
      providers: [.apt(["libnghttp2-dev"])]),

    // Foundations: no project dependencies.
    layer("Bytes"),
    layer("JSON"),
    layer("Configuration", [.product(name: "Yams", package: "Yams")]),

    // From nothing to a configuration.
    layer("Onboarding", ["Configuration", "JSON"]),

    // Vocabulary and mechanisms.
    layer("Telemetry", ["Bytes"]),
    layer("HTTP", ["Bytes"]),
    layer("Net", ["CLibuv", "COpenSSL", "Bytes"]),
    layer("Wire", ["CNghttp2", "HTTP", "Bytes"]),
    layer("JOSE", ["COpenSSL", "Bytes", "JSON"]),
    layer("MCP", ["Bytes", "JSON"]),

    // The path of a request.
    layer("Pipeline", ["Bytes", "HTTP", "JOSE", "JSON", "Telemetry"]),
    layer("Inbound", ["Bytes", "HTTP", "Net", "Wire", "Pipeline", "Telemetry"]),
    layer("Outbound", ["Bytes", "HTTP", "Net", "Wire"]),
    layer("Identity", ["Bytes", "HTTP", "JSON", "JOSE", "Net", "Outbound"]),
    layer(
      "Stages",
      ["Bytes", "HTTP", "JSON", "JOSE", "Net", "Outbound", "Identity", "Pipeline", "Telemetry"]),

    // What the gateway answers by itself.
    layer("Web", ["Bytes", "HTTP", "JSON", "Net", "Pipeline", "Telemetry"]),
    layer(
      "Bridge",
      ["Bytes", "HTTP", "Identity", "JOSE", "JSON", "Net", "Outbound", "Pipeline", "Telemetry", "Web"]),

    // Assembly.
    layer(
      "Gateway",
      [
        "Bridge", "Bytes", "Configuration", "HTTP", "Identity", "Inbound", "JOSE", "JSON", "Net", "Outbound",
        "Pipeline", "Stages", "Telemetry", "Web", "Wire",
      ]),
    layer(
      "Supervisor",
      ["Bytes", "Configuration", "Gateway", "Inbound", "JOSE", "Net", "Pipeline", "Stages", "Telemetry"]),
    layer(
      "Diagnosis",
      [
        "Bytes", "Configuration", "Gateway", "HTTP", "Identity", "JOSE", "JSON", "Net", "Onboarding", "Outbound",
        "Stages",
      ]),
    layer(
      "Demo",
      [
        "Bytes", "Configuration", "Gateway", "HTTP", "Inbound", "JOSE", "JSON", "MCP", "Net",
        "Onboarding", "Pipeline", "Telemetry", "Web",
      ]),
    .executableTarget(
      name: "portcullis",
      dependencies: [
        "Configuration", "Demo", "Diagnosis", "Gateway", "Onboarding", "Supervisor",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    // Only for `make bench`.
    .executableTarget(
      name: "TokenChecks", dependencies: ["Bytes", "COpenSSL", "JOSE", "JSON", "Stages"],
      path: "Benchmarks/TokenChecks",
      swiftSettings: strict),

    tests("Bytes"),
    tests("JSON"),
    tests("Configuration"),
    tests("Onboarding", ["Configuration", "JSON"]),
    tests("Telemetry", ["Bytes"]),
    tests("HTTP", ["Bytes"]),
    tests("Net", ["Bytes", "COpenSSL"]),
    tests("Wire", ["Bytes", "HTTP"]),
    tests("JOSE", ["Bytes", "COpenSSL", "JSON"]),
    tests("MCP", ["JSON"]),
    tests("Pipeline", ["Bytes", "HTTP", "JOSE", "JSON", "Telemetry"]),
    tests("Inbound", ["Bytes", "COpenSSL", "HTTP", "JSON", "Net", "Pipeline", "Telemetry", "Wire"]),
    tests("Outbound", ["Bytes", "COpenSSL", "HTTP", "Net", "Wire"]),
    tests("Identity", ["Bytes", "HTTP", "JOSE", "JSON", "Net", "Outbound"]),
    tests(
      "Stages", ["Bytes", "HTTP", "Identity", "JOSE", "JSON", "Net", "Outbound", "Pipeline", "Telemetry"]),
    tests("Web", ["Bytes", "JSON", "Net", "Pipeline"]),
    tests(
      "Bridge",
      ["Bytes", "COpenSSL", "HTTP", "Identity", "JOSE", "JSON", "Net", "Outbound", "Pipeline", "Telemetry", "Web"]),
    tests(
      "Gateway",
      [
        "Bytes", "COpenSSL", "Configuration", "Identity", "Inbound", "JOSE", "JSON", "Net", "Outbound", "Pipeline",
        "Stages",
        "Telemetry", "Wire",
      ]),
    tests("Supervisor", ["Bytes", "Configuration", "Net", "Telemetry"]),
    tests("Diagnosis", ["Bytes", "Configuration", "Gateway", "JOSE", "JSON", "Net", "Onboarding"]),
    tests("Demo", ["Bytes", "JOSE", "JSON", "MCP", "Web"]),
  ]
)
