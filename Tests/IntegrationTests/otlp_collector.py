"""Takes traces as a collector does and prints a line a span, once OpenTelemetry's own messages have read the request.

    otlp_collector.py PORT
"""

import base64
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def hexadecimal(value):
    # OTLP writes ids in hexadecimal, which the reader of protocol buffers took for Base64.
    return base64.b64encode(value).decode()


class Collector(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        request = json_format.Parse(body, ExportTraceServiceRequest())
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    attributes = {a.key: a.value.string_value or a.value.int_value for a in span.attributes}
                    print(json.dumps({
                        "path": self.path, "name": span.name, "kind": span.kind, "trace": hexadecimal(span.trace_id),
                        "span": hexadecimal(span.span_id), "parent": hexadecimal(span.parent_span_id),
                        "lasted": span.end_time_unix_nano - span.start_time_unix_nano, "attributes": attributes,
                        "error": span.status.code == 2, "events": [event.name for event in span.events],
                    }), flush=True)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


print("ready", flush=True)
HTTPServer(("127.0.0.1", int(sys.argv[1])), Collector).serve_forever()
