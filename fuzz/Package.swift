// swift-tools-version:6.2
import PackageDescription

// A package of its own, whose targets are the worker's own folders, linked here and compiled so that the fuzzer sees which
// branches an input takes. Of RenditionAWS only what reads what others wrote, so that no HTTP client has to be built.
// scripts/fuzz builds and runs it, and links the fuzzer itself, which lies with the compiler.

/// `-sanitize=fuzzer` counts branches; testing makes what is internal visible to the targets.
let watched: [SwiftSetting] = [.unsafeFlags(["-sanitize=fuzzer", "-enable-testing"])]
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "fuzz",
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.8.0"),
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
        .target(name: "CFuzzer"),
        .target(
            name: "RenditionCore",
            dependencies: [
                .product(name: "Crypto", package: "swift-crypto"), .product(name: "Logging", package: "swift-log"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: strict + watched),
        .target(name: "RenditionXML", dependencies: ["CExpat"], swiftSettings: strict + watched),
        .target(
            name: "RenditionVips",
            dependencies: [
                "RenditionCore", "RenditionXML", "COnePass", "CVips", "CExif", "CHeif", "CLcms", "CRaw", "CSpawn",
                "CZlib",
            ],
            swiftSettings: strict + watched),
        .target(
            name: "RenditionAWS", dependencies: ["RenditionCore", "RenditionXML"], swiftSettings: strict + watched),
        .executableTarget(
            name: "Fuzz", dependencies: ["CFuzzer", "RenditionCore", "RenditionVips", "RenditionAWS"],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
