import ArgumentParser
import Foundation
import RenditionAWS
import RenditionCore

struct StackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stack",
        abstract: "Brings the platform's whole stack up on this machine, for development only.",
        discussion: """
            An AWS emulator, setup, a worker, the upload API and the gallery page, each once the one before is ready. All \
            their lines come in one stream with the part's name before each. Ctrl-C ends all of it; the data are kept.

            The emulator is MiniStack, a Python package; `make stack` installs it.
            """)

    @Option(help: ArgumentHelp("Where the data are kept.", valueName: "dir"))
    var data = ".stack"

    @Option(help: ArgumentHelp("A Python that MiniStack is installed for.", valueName: "program"))
    var python = ".build-emulators/venv/bin/python"

    @Option(help: "The emulator's port.")
    var awsPort = StackPlan.Ports().aws

    @Option(help: "The upload API's port.")
    var apiPort = StackPlan.Ports().api

    @Option(help: "The gallery page's port.")
    var pagePort = StackPlan.Ports().page

    @Option(help: "The port of the worker's status page.")
    var statusPort = StackPlan.Ports().status

    @Flag(help: "Remove the data and end.")
    var forget = false

    func validate() throws {
        let chosen = ports.all
        for (flag, port) in chosen where !(1...65535).contains(port) {
            throw ValidationError("\(flag) takes a number from 1 to 65535.")
        }
        if Set(chosen.map(\.port)).count < chosen.count { throw ValidationError("Every part needs a port of its own.") }
    }

    private var ports: StackPlan.Ports {
        StackPlan.Ports(aws: awsPort, api: apiPort, page: pagePort, status: statusPort)
    }

    func run() async throws {
        try await Terminal.guarded {
            let folder = try StackFolder.taking(data)
            if forget {
                try folder.forget()
                return Terminal.print("The stack's data in \(data) are gone.")
            }
            try checkPorts()
            try folder.keep(port: awsPort)
            // Made absolute without following links: a virtual environment's Python is one.
            let python = URL(fileURLWithPath: python).standardizedFileURL.path
            guard FileManager.default.isExecutableFile(atPath: python) else {
                throw SettingError(
                    "\(self.python) can't be run. `make stack` installs the emulator; or name a Python with --python.")
            }
            guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
                throw SettingError("This program doesn't find itself in /proc, which must be mounted.")
            }
            let plan = StackPlan(
                ports: ports, folder: folder, python: python, program: program,
                surroundings: ProcessInfo.processInfo.environment)
            try await run(plan)
        }
    }

    /// Names every port that is taken, and by whom.
    private func checkPorts() throws {
        var taken = false
        for (flag, port) in ports.all {
            guard let problem = problem(with: port) else { continue }
            taken = true
            Terminal.complain(
                "Port \(port) can't be used: \(problem). End that process, or choose another with \(flag).")
        }
        if taken { throw Terminal.Status.incomplete }
    }

    /// Who listens on the other family's loopback is in the way too: browsers take `localhost` for either.
    private func problem(with port: Int) -> String? {
        let found = PortLook.findings(HTTPAddress(host: "127.0.0.1", port: port)).first { $0.verdict != .good }
        if let found { return found.text }
        guard Listeners.isTaken(port) else { return nil }
        return "is taken by \(Listeners.names(of: port))"
    }

    private func run(_ plan: StackPlan) async throws {
        let terminal = ControllingTerminal()
        let transport = HTTPTransport(connectTimeout: .seconds(1), readTimeout: .seconds(5))
        let lines = StackLines()
        let leash = PartProcess.Leash(program: plan.python, lock: plan.folder.partsLock)
        let stack = StackRun(leash, over: transport) { lines.tell($0, $1) }
        let service = StoppableService {
            var fault: (any Error)?
            do {
                try await stack.start(plan.emulator(mark: UUID().uuidString))
                for part in plan.others(try await key(plan, transport)) { try await stack.start(part) }
                lines.tell("stack", "all parts are ready. Ctrl-C ends them; the data stay in \(data).")
                lines.tell("stack", "the tables are written there as the emulator ends, so let it.")
                lines.tell(
                    "stack", "status of the worker: \(plan.status)   upload API: \(plan.api)   AWS: \(plan.endpoint)")
                lines.tell("stack", "mail, which goes nowhere: \(plan.mail)")
                lines.tell("stack", "open \(plan.page)")
                try await stack.watch()
            } catch {
                fault = error
            }
            await stack.finish()
            await transport.close()
            if let fault, !(fault is CancellationError) { throw fault }
        } onStop: {
            stack.stop()
        }
        do {
            try await SignalledGroup.run(service, logger: lines.logger, terminal: terminal)
        } catch let fault as StackRun.Fault {
            Terminal.complain(fault.message)
            throw Terminal.Status.incomplete
        }
    }

    /// The kept key, where the emulator knows it; else a new user's.
    private func key(_ plan: StackPlan, _ transport: HTTPTransport) async throws -> Credentials {
        guard let endpoint = Endpoint(plan.endpoint) else { throw SettingError("\(plan.endpoint) is no address.") }
        if let kept = plan.folder.key, await isKnown(kept, endpoint, transport) { return kept }
        do {
            let made = try await MiniStack.makeUser(
                named: "stack-\(UUID().uuidString.prefix(8).lowercased())", at: endpoint, over: transport)
            try plan.folder.keep(made)
            return made
        } catch let error as AWSFailure {
            throw StackRun.Fault(message: "The emulator makes no user: \(error)")
        }
    }

    private func isKnown(_ key: Credentials, _ endpoint: Endpoint, _ transport: HTTPTransport) async -> Bool {
        let context = AWSContext(
            transport: transport, credentials: CredentialCache(CredentialChain([KeptCredentials(key: key)])),
            region: "us-east-1", maxAttempts: 1)
        return (try? await STS(endpoint: endpoint, context: context).callerIdentity()) != nil
    }
}

/// The key that a stack keeps.
private struct KeptCredentials: CredentialProvider {
    let key: Credentials

    var source: String { "the stack's folder" }
    func credentials() async throws -> Credentials? { key }
}
