"""Has the emulator's Lambda run the program as a custom runtime: lambda_function.py PROGRAM EVENT... < variables

The variables are the function's environment, as JSON. Each event is a file; what the function answers is printed, a line each.
"""

import io
import json
import os
import sys
import uuid
import zipfile

import botocore.session

program, *events = sys.argv[1:]


def service(name):
    return botocore.session.get_session().create_client(
        name, region_name=os.environ["AWS_REGION"], endpoint_url=os.environ["AWS_ENDPOINT_URL"]
    )


client = service("lambda")
iam = service("iam")
name = f"renditions-{uuid.uuid4()}"
trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
rights = {"Effect": "Allow", "Action": "*", "Resource": "*"}
iam.put_role_policy(
    RoleName=name, PolicyName="all", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [rights]})
)
# Lambda sets these itself.
variables = {key: value for key, value in json.load(sys.stdin).items() if key not in (
    "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
# A function's package holds the program itself under this name; a few hundred megabytes of it needn't be copied for a test.
bootstrap = zipfile.ZipInfo("bootstrap")
bootstrap.external_attr = 0o755 << 16
package = io.BytesIO()
with zipfile.ZipFile(package, "w") as archive:
    archive.writestr(bootstrap, f"#!/bin/sh\nexec {program}\n")
client.create_function(
    FunctionName=name, Runtime="provided.al2023", Handler="bootstrap", Role=role["Role"]["Arn"],
    Code={"ZipFile": package.getvalue()}, Timeout=60, Environment={"Variables": variables},
)
try:
    for event in events:
        with open(event, "rb") as file:
            answer = client.invoke(FunctionName=name, Payload=file.read())
        payload = json.loads(answer["Payload"].read() or "null")
        print(json.dumps({"error": answer.get("FunctionError"), "payload": payload}))
finally:
    client.delete_function(FunctionName=name)
