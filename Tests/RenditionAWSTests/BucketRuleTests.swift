import Foundation
import RenditionTestKit
import Testing

@testable import RenditionAWS

/// Policies and rules for browsers that others wrote.
@Suite("Rules of buckets")
struct BucketRuleTests {
    // MARK: Origins

    @Test(arguments: [
        ("http://localhost:5173", "http://localhost:5173"), ("https://Galerly.com/app?x#y", "https://galerly.com"),
        ("https://galerly.com:443", "https://galerly.com"), ("http://galerly.com:80/", "http://galerly.com"),
        ("http://galerly.com:443", "http://galerly.com:443"), ("galerly.com", nil), ("", nil),
    ])
    func anAddressHasAnOrigin(_ url: String, _ origin: String?) { #expect(CrossOrigin.origin(of: url) == origin) }

    @Test(arguments: [
        (["http://a.example"], ["GET", "HEAD"], true), (["*"], ["GET", "HEAD"], true),
        (["http://*.example"], ["GET", "HEAD"], true), (["http://a.*"], ["HEAD", "GET", "PUT"], true),
        (["http://a.example"], ["GET"], false), (["https://a.example"], ["GET", "HEAD"], false),
        (["http://*.a.example"], ["GET", "HEAD"], false), (["http://a.example.org"], ["GET", "HEAD"], false),
        (["http://a.exa*example"], ["GET", "HEAD"], false), ([], ["GET", "HEAD"], false),
    ])
    func aRuleAllowsOrNot(_ origins: [String], _ methods: [String], _ isAllowed: Bool) {
        let rule = S3.CORSRule(origins: origins, methods: methods)
        #expect(CrossOrigin.reading(from: "http://a.example").isAllowed(by: [rule]) == isAllowed)
    }

    @Test func twoRulesMayAllowTogether() {
        let rules = ["GET", "HEAD"].map { S3.CORSRule(origins: ["http://a.example"], methods: [$0]) }
        #expect(CrossOrigin.reading(from: "http://a.example").isAllowed(by: rules))
        #expect(!CrossOrigin.uploading(from: "http://a.example").isAllowed(by: rules))
    }

    // MARK: Policies

    private func isOpen(_ statement: String) throws -> Bool {
        try BucketPolicy.letsEverybodyRead(
            "b", region: "us-east-1", Array(#"{"Version":"2012-10-17","Statement":\#(statement)}"#.utf8))
    }

    private func statement(
        effect: String = "Allow", principal: String = #""*""#, action: String = #""s3:GetObject""#,
        resource: String = #""arn:aws:s3:::b/renditions/*""#, more: String = ""
    ) -> String {
        #"{"Effect":"\#(effect)","Principal":\#(principal),"Action":\#(action),"Resource":\#(resource)\#(more)}"#
    }

    @Test func whatIsOpenAlreadyIsSeen() throws {
        #expect(try isOpen(statement()))
        #expect(try isOpen("[\(statement(effect: "Deny")),\(statement())]"))
        #expect(try isOpen(statement(principal: #"{"AWS":["1","*"]}"#, action: #"["s3:PutObject","s3:*"]"#)))
        #expect(try isOpen(statement(resource: #"["arn:aws:s3:::other/*","arn:aws:s3:::b/*"]"#)))
    }

    @Test func whatIsNotOpenIsNotTakenForIt() throws {
        #expect(try !BucketPolicy.letsEverybodyRead("b", region: "us-east-1", nil))
        for closed in [
            statement(effect: "Deny"), statement(principal: #"{"AWS":"arn:aws:iam::1:root"}"#),
            statement(principal: #"{"Service":"cloudfront.amazonaws.com"}"#), statement(action: #""s3:PutObject""#),
            statement(resource: #""arn:aws:s3:::b/thumbs/*""#), statement(resource: #""arn:aws:s3:::c/renditions/*""#),
            statement(more: #","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#),
        ] { #expect(try !isOpen(closed), "\(closed)") }
    }

    @Test func aPolicyThatCannotBeReadIsLeftAlone() {
        #expect(throws: (any Error).self) {
            try BucketPolicy.lettingEverybodyRead("b", region: "us-east-1", Array("no JSON".utf8))
        }
    }

    @Test(arguments: [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws")])
    func aPartitionHasItsOwnARNs(_ region: String, _ partition: String) throws {
        let policy = try BucketPolicy.lettingEverybodyRead("b", region: region, nil)
        #expect(String(decoding: policy, as: UTF8.self).contains(#"arn:\#(partition):s3:::b"#))
        #expect(try BucketPolicy.letsEverybodyRead("b", region: region, policy))
    }
}
