import Foundation
import Logging
import NIOHTTP1
import RenditionAWS
import RenditionCore

/// Takes hooks from AWS Lambda, as the program that a custom runtime starts.
///
/// Source: AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes". An invocation that can't be done
/// whole is answered with an error, so that Lambda delivers it again; what of it was done is done once.
struct LambdaRuntime: Sendable {
    let endpoint: Endpoint
    let bucket: String
    let run: HookRun
    let logger: Logger

    /// Where the runtime API is; nil outside of Lambda.
    static var endpoint: Endpoint? {
        ProcessInfo.processInfo.environment["AWS_LAMBDA_RUNTIME_API"].flatMap { Endpoint("http://\($0)") }
    }

    /// Whether the program was started by Lambda, which calls it `bootstrap` and says nothing more.
    static var isCalling: Bool { endpoint != nil && CommandLine.arguments.count == 1 }

    private struct Failure: Encodable {
        var errorMessage: String
        var errorType: String
        var uploads: [HookRun.Answer]?
    }

    private struct Done: Encodable { var uploads: [HookRun.Answer] }

    /// Answers one invocation after the other, until cancelled.
    ///
    /// - Throws: A ``RenditionError`` where the runtime API can't be spoken to.
    func serve() async throws {
        // A frozen sandbox may wait for the next invocation for hours.
        let transport = HTTPTransport(readTimeout: .seconds(86_400))
        do {
            while !Task.isCancelled { try await answerNext(transport) }
        } catch {
            await transport.close()
            if Task.isCancelled { return }
            throw error
        }
        await transport.close()
    }

    private func answerNext(_ transport: HTTPTransport) async throws {
        let next = try await send(transport, .GET, "next", [], deadline: .seconds(86_400))
        guard let id = next["lambda-runtime-aws-request-id"] else {
            throw unspeakable("an invocation without an id")
        }
        do {
            let answers = try await run.answers(to: try HookInput(next.body, bucket: bucket))
            if answers.contains(where: \.isOpen) {
                let missing = answers.filter(\.isOpen).map(\.key).joined(separator: ", ")
                try await fail(
                    transport, id,
                    Failure(errorMessage: "Not done yet: \(missing)", errorType: "Open", uploads: answers))
            } else {
                _ = try await send(transport, .POST, "\(id)/response", try encode(Done(uploads: answers)))
            }
        } catch let error as S3Event.Unreadable {
            try await fail(transport, id, Failure(errorMessage: error.description, errorType: "Unreadable"))
        } catch let error as RenditionError where error.code != Self.code {
            logger.error("An invocation failed: \(error)", metadata: ["invocation": "\(id)"])
            try await fail(transport, id, Failure(errorMessage: error.message, errorType: error.code))
        }
    }

    private func fail(_ transport: HTTPTransport, _ id: String, _ failure: Failure) async throws {
        _ = try await send(transport, .POST, "\(id)/error", try encode(failure))
    }

    private func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(value))
    }

    private func send(
        _ transport: HTTPTransport, _ method: HTTPMethod, _ path: String, _ body: [UInt8],
        deadline: Duration = .seconds(30)
    ) async throws -> WireResponse {
        let request = WireRequest(
            method, endpoint, path: "/2018-06-01/runtime/invocation/\(path)",
            headers: body.isEmpty ? [:] : ["content-type": "application/json"], body: .bytes(body))
        do {
            let response = try await transport.send(request, limit: S3Event.longest + 1, deadline: deadline)
            guard (200..<300).contains(response.status) else { throw unspeakable("\(response.status) to \(path)") }
            return response
        } catch let error as TransportError {
            throw unspeakable("\(error)")
        }
    }

    private static let code = "lambda"

    private func unspeakable(_ reason: String) -> RenditionError {
        RenditionError(
            code: Self.code, stage: .store, retriable: true,
            message: "Lambda's runtime API on \(endpoint.text) doesn't answer as it should.", detail: reason)
    }
}
