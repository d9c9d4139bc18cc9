// swift-tools-version: 6.2
import PackageDescription

// The gateway's own JOSE, judged beside an independent implementation. A package of its own, so that everyday builds do
// not pay for that implementation and its cryptography. The targets are the gateway's, by symbolic links.

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "oracle",
  dependencies: [
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1")
  ],
  targets: [
    .systemLibrary(
      name: "COpenSSL", path: "Sources/COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .target(name: "Bytes", path: "Sources/Bytes", swiftSettings: strict),
    .target(name: "JSON", path: "Sources/JSON", swiftSettings: strict),
    .target(name: "JOSE", dependencies: ["COpenSSL", "Bytes", "JSON"], path: "Sources/JOSE", swiftSettings: strict),
    .testTarget(
      name: "OracleTests",
      dependencies: ["COpenSSL", "Bytes", "JSON", "JOSE", .product(name: "JWTKit", package: "jwt-kit")],
      swiftSettings: strict),
  ]
)
