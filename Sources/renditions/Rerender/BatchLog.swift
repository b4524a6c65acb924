import Logging

/// Log lines beside a progress line: of single photos only where somebody asked for them, since the run's end lists what
/// failed, and never into the line.
struct BatchLog: LogHandler {
    private var base: any LogHandler
    private let screen: Screen?

    /// - Parameter logger: Where the lines go in the end.
    static func logger(_ logger: Logger) -> Logger {
        var batch = logger
        batch.handler = BatchLog(base: logger.handler, screen: Screen())
        return batch
    }

    private init(base: any LogHandler, screen: Screen?) {
        self.base = base
        self.screen = screen
    }

    func log(event: LogEvent) {
        if event.metadata?["photo"] != nil, logLevel > .notice { return }
        screen?.clear()
        base.log(event: event)
    }

    var metadata: Logger.Metadata {
        get { base.metadata }
        set { base.metadata = newValue }
    }

    var logLevel: Logger.Level {
        get { base.logLevel }
        set { base.logLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { base[metadataKey: key] }
        set { base[metadataKey: key] = newValue }
    }
}
