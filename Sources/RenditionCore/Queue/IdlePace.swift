/// How often to look for work while there is none: a twentieth of the silence so far, between two bounds.
///
/// Uploads come in bursts. A photo that follows another after some time then waits for a small share of that time, while
/// a store that has been silent for long costs little.
package struct IdlePace: Sendable, Hashable {
    /// The shortest wait.
    package var floor: Duration
    /// The longest wait, after a silence of twenty times as much.
    package var ceiling: Duration

    package init(floor: Duration, ceiling: Duration) {
        self.floor = floor
        self.ceiling = ceiling
    }

    /// What is assumed of the time before a worker's start, in which something may have happened or not.
    package static let silenceAtStart = Duration.seconds(20)

    /// The wait until the next look, ± 10 %, so that workers that were woken together don't go on asking together.
    package func wait(afterSilence silence: Duration, using random: inout some RandomNumberGenerator) -> Duration {
        min(ceiling, max(floor, silence / 20)) * Double.random(in: 0.9...1.1, using: &random)
    }

    package func wait(afterSilence silence: Duration) -> Duration {
        var random = SystemRandomNumberGenerator()
        return wait(afterSilence: silence, using: &random)
    }
}
