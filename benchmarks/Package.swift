// swift-tools-version:6.2
import PackageDescription

// A package of its own, so that the worker's package knows nothing of its benchmarks. The targets under test are the
// worker's own folders, linked here, since `package` access ends at a package's border; of RenditionAWS only what signs, so
// that neither an HTTP client nor TLS has to be built.

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")

let package = Package(
    name: "benchmarks",
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", exact: "1.7.3"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        .systemLibrary(name: "CVips", pkgConfig: "vips"),
        .systemLibrary(name: "CExif", pkgConfig: "libexif"),
        .systemLibrary(name: "CExpat", pkgConfig: "expat"),
        .systemLibrary(name: "CHeif", pkgConfig: "libheif"),
        .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg"),
        .systemLibrary(name: "CLcms", pkgConfig: "lcms2"),
        .systemLibrary(name: "CRaw", pkgConfig: "libraw"),
        .systemLibrary(name: "CSpawn"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
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
        .target(
            name: "RenditionLocal",
            dependencies: ["RenditionCore", crypto, .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: strict),
        .target(
            name: "RenditionAWS",
            dependencies: ["RenditionCore", crypto, .product(name: "NIOHTTP1", package: "swift-nio")],
            swiftSettings: strict),
        .target(name: "CCounters"),
        .executableTarget(
            name: "Counts",
            dependencies: [
                "CCounters", "RenditionCore", "RenditionVips", "RenditionLocal", "RenditionAWS", logging,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
