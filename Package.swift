// swift-tools-version:6.2
import PackageDescription

/// Warnings stop the build of this package's own targets, here and on every contributor's machine.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")

let package = Package(
    name: "galerly-renditions",
    products: [
        .executable(name: "renditions", targets: ["renditions"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: ["FullFoundation"]),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        .systemLibrary(name: "CVips", pkgConfig: "vips", providers: [.apt(["libvips-dev"])]),
        .systemLibrary(name: "CExif", pkgConfig: "libexif", providers: [.apt(["libexif-dev"])]),
        .systemLibrary(name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
        .systemLibrary(name: "CHeif", pkgConfig: "libheif", providers: [.apt(["libheif-dev"])]),
        .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg62-turbo-dev"])]),
        .systemLibrary(name: "CLcms", pkgConfig: "lcms2", providers: [.apt(["liblcms2-dev"])]),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CRaw", pkgConfig: "libraw", providers: [.apt(["libraw-dev"])]),
        .systemLibrary(name: "CSpawn"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        // Its loops are what a photo's time goes to; unoptimised they would take the tests' time too.
        .target(name: "COnePass", dependencies: ["CJPEG"], cSettings: [.unsafeFlags(["-O3"])]),
        .target(name: "RenditionCore", dependencies: [crypto, logging, tracing], swiftSettings: strict),
        .target(name: "RenditionXML", dependencies: ["CExpat"], swiftSettings: strict),
        .target(
            name: "RenditionVips",
            dependencies: [
                "RenditionCore", "RenditionXML", "COnePass", "CVips", "CExif", "CHeif", "CLcms", "CRaw", "CSpawn",
                "CZlib",
            ],
            swiftSettings: strict),
        .target(name: "CSandbox"),
        .target(name: "RenditionIsolation", dependencies: ["RenditionCore", "CSandbox"], swiftSettings: strict),
        .target(name: "RenditionLocal", dependencies: ["RenditionCore", crypto, grdb], swiftSettings: strict),
        .target(
            name: "RenditionAWS",
            dependencies: [
                "RenditionCore", "RenditionXML", crypto, logging, tracing, nio,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "renditions",
            dependencies: [
                "RenditionCore", "RenditionVips", "RenditionIsolation", "RenditionLocal", "RenditionAWS", "CMalloc",
                crypto, logging, tracing,
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                nio,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ],
            resources: [.embedInCode("Resources")],
            swiftSettings: strict),
        .target(
            name: "RenditionTestKit",
            dependencies: [
                "RenditionCore", "RenditionAWS", "CZlib", logging, nio,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),
        // Shuts itself in and tries what must not work any more.
        .executableTarget(name: "sandbox-probe", dependencies: ["CSandbox"], path: "Tests/SandboxProbe"),
        .testTarget(
            name: "RenditionCoreTests", dependencies: ["RenditionCore", "RenditionLocal", "RenditionTestKit", logging],
            swiftSettings: strict),
        .testTarget(
            name: "RenditionLocalTests",
            dependencies: [
                "RenditionLocal", "RenditionCore", "RenditionTestKit", grdb,
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RenditionAWSTests",
            dependencies: [
                "RenditionAWS", "RenditionCore", "RenditionLocal", "RenditionTestKit", "RenditionXML", crypto, logging,
                nio,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RenditionVipsTests",
            dependencies: ["RenditionVips", "RenditionTestKit", "COnePass", "CVips", "CZlib"],
            swiftSettings: strict),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "renditions", "RenditionCore", "RenditionAWS", "RenditionLocal", "RenditionVips", "RenditionIsolation",
                "RenditionTestKit", "sandbox-probe", crypto, logging, nio,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
