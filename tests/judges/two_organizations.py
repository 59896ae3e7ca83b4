"""Hooks of schemathesis: what it makes up is asked by somebody of one organization, with ids of their own and of another
organization among the parameters, and no answer may hold anything of the other.

`RUSSET_TENANTS` names a file with `own` and `others` (ids by the name that addresses have for them) and `marks` (texts that
stand in the other organization and nowhere else). Which ids a request gets is decided by its number, so that a run can be
repeated. What is left as it was made up is one request in four.
"""

import json
import os
from collections import Counter

import schemathesis

with open(os.environ["RUSSET_TENANTS"], encoding="utf-8") as file:
    TENANTS = json.load(file)
OWN, OTHERS, MARKS = TENANTS["own"], TENANTS["others"], TENANTS["marks"]

asked = Counter()


def places(case):
    """Every place of a request that can hold an id: the container and its key, by the name of the id."""
    found = []
    for container in (case.path_parameters, case.query, case.body):
        if isinstance(container, dict):
            found += [(container, name, name) for name in container if name in OWN]
    if isinstance(case.query, dict):
        found += [(case.query, name, "activity") for name in ("before", "after") if name in case.query]
    return found


@schemathesis.hook
def before_call(context, case, kwargs):
    number = asked[case.operation.label]
    asked[case.operation.label] += 1
    held = places(case)
    turn, round = number % 4, number // 4
    if not held or turn == 3:
        return
    foreign = {0: [], 1: [round % len(held)], 2: range(len(held))}[turn]
    for index, (container, name, id) in enumerate(held):
        container[name] = (OTHERS if index in foreign else OWN)[id]


@schemathesis.check
def nothing_of_the_other_organization(ctx, response, case):
    request = response.request
    sent = " ".join([request.url or "", str(request.headers), decoded(request.body)])
    got = response.text + str(dict(response.headers))
    leaked = [mark for mark in MARKS if mark in got and mark not in sent]
    assert not leaked, f"the answer holds what belongs to another organization: {leaked}"


@schemathesis.check
def no_door_to_the_other_organization(ctx, response, case):
    # A body that cannot be read is told before anybody asks who sent it.
    if (case.path_parameters or {}).get("org") == OTHERS["org"]:
        assert response.status_code >= 400, f"asked in another organization, answered {response.status_code}"


def decoded(body):
    return body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")
