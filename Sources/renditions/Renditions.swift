import ArgumentParser
import Foundation
import RenditionIsolation
import RenditionVips

/// Where the process begins.
@main
enum Start {
    static func main() async {
        let isChild = CommandLine.arguments.dropFirst().elementsEqual([RenderChild.verb])
        Allocator.prepare(rendersAlone: isChild)
        if isChild {
            exit(RenderChild.run { try CascadeRenderer() })
        }
        await Renditions.main(LambdaRuntime.isCalling ? ["hook", "--lambda"] : nil)
    }
}

/// The command `renditions`.
struct Renditions: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "renditions",
        abstract: "Makes the web renditions of photographers' galleries.",
        discussion: """
            An original goes in; four upright, colour-managed JPEGs (thumbnail, small, medium, large) and a complete \
            record come out.

            Try it on a folder of photos, without any store:
              renditions render ~/Pictures/wedding --out /tmp/renditions

            Or as the gallery does, with a queue:
              renditions import ~/Pictures/wedding --gallery wedding
              renditions worker --drain
              renditions gallery wedding

            Beside the platform's backend, on S3 and DynamoDB:
              renditions setup --store aws
              renditions worker --store aws

            Settings come from flags, the environment, .env.local, .env and renditions.yaml; `renditions settings` \
            lists them all.
            """,
        version: version,
        subcommands: [
            SetupCommand.self, PolicyCommand.self, WorkerCommand.self, HookCommand.self, ImportCommand.self,
            RenderCommand.self,
            BenchCommand.self,
            DoctorCommand.self, RerenderCommand.self, VerifyCommand.self, ShowCommand.self, FailedCommand.self,
            TopCommand.self, HealthCommand.self, GalleryCommand.self, DevServerCommand.self, StackCommand.self,
            SettingsCommand.self,
        ])
}
