import Foundation
import NIOHTTP1
import RenditionAWS

/// What every request to S3 and DynamoDB pays.
enum SigningCases {
    static var all: [Case] {
        let credentials = Credentials(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI", sessionToken: "token")
        let date = Date(timeIntervalSince1970: 1_750_000_000)
        let s3 = WireRequest(
            .PUT, Endpoint(host: "s3.eu-west-3.amazonaws.com"),
            path: "/galerly-renditions/renditions/wedding/%C3%89t%C3%A9_large.jpg",
            headers: [
                "content-type": "image/jpeg", "cache-control": "public, max-age=31536000, immutable",
                "x-amz-meta-photo-id": "0b5f7c1e-3f52-4d0f-9f51-6f1f3a4c2d10", "if-none-match": "*",
            ])
        let signer = SigV4Signer(region: "eu-west-3", service: "s3")
        return [
            Case("request signed") { _ = signer.sign(s3, payload: .unsigned, with: credentials, at: date) }
        ]
    }
}
