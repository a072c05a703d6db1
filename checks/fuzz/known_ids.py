"""Hooks for schemathesis: replace invented ids with existing ones, so that generated calls get past "not found"."""

import json
import os
import random

import schemathesis

KNOWN = json.loads(os.environ["PHASELOCK_FUZZ_IDS"])
SHARE = 0.7
# A separate generator, because schemathesis seeds the global one again for each call.
CHANCE = random.Random(1)


def known(name):
    ids = KNOWN.get(name)
    return CHANCE.choice(ids) if ids and CHANCE.random() < SHARE else None


@schemathesis.serializer("application/x-ndjson")
def as_lines(ctx, value):
    return value.encode("utf-8", "replace") if isinstance(value, str) else json.dumps(value).encode()


@schemathesis.hook
def map_body(context, body):
    # The OpenAPI document cannot describe the lines of an NDJSON body.
    if isinstance(body, str) and context.operation.path.endswith("/logs") and CHANCE.random() < SHARE:
        return json.dumps({"kind": "stdout", "line": body}) + "\n"
    if isinstance(body, dict):
        for name in body:
            # A value of the wrong type was generated to be refused, so it stays.
            if isinstance(body[name], str):
                body[name] = known(name) or body[name]
            if isinstance(body[name], (dict, int)) and not isinstance(body[name], bool):
                body[name] = known(name) or body[name]
        # The API refuses most of these invented fields, because they answer a question that was not asked.
        if CHANCE.random() < SHARE:
            for name in ("confirm", "preRetryId", "lostId"):
                body.pop(name, None)
    return body


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    # Deletes keep their invented ids, because other calls need the known objects.
    if isinstance(path_parameters, dict) and context.operation.method.lower() != "delete":
        # Few known processes are finished, because later calls need running ones.
        share = 0.1 if context.operation.path.endswith("/finish") else SHARE
        if "processId" in path_parameters and CHANCE.random() < share:
            return {**path_parameters, **CHANCE.choice(KNOWN["atWork"])}
        archived = "/archives/" in context.operation.path
        for name in path_parameters:
            given = known("archivedSessionId" if archived and name == "sessionId" else name)
            path_parameters[name] = given or path_parameters[name]
    return path_parameters
