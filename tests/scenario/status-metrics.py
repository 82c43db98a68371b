#!/usr/bin/env python3
"""/metrics says what OpenMetrics allows and no more, agrees with what was read, and names no account."""
# needs: python3
import os
import re
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, os.environ["TOP"] + "/tests/servers")
from watching import ACCOUNT, Watching, await_that, day

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
ENDS = {
    "counter": ["_total"],
    "gauge": [""],
    "info": ["_info"],
    "histogram": ["_bucket", "_sum", "_count"],
}


def labels_of(text):
    labels, at = {}, 0
    while text and at < len(text):
        found = LABEL.match(text, at)
        assert found, f"no label: {text[at:]}"
        assert found[1] not in labels, f"twice: {found[1]}"
        labels[found[1]] = found[2]
        at = found.end()
    return labels


def parse(text):
    """Strictly, as the OpenMetrics specification says: families in one piece, heads first, an end."""
    lines = text.split("\n")
    assert lines[-2:] == ["# EOF", ""], "does not end as it must"
    families, samples, now = {}, {}, None
    for line in lines[:-2]:
        assert line == line.rstrip() and line, f"a line that is none: {line!r}"
        if line.startswith("# "):
            _, what, name, rest = line.split(" ", 3)
            assert NAME.fullmatch(name), name
            if what == "TYPE":
                assert name not in families, f"family in two pieces: {name}"
                assert rest in ENDS, line
                now = families[name] = {"type": rest, "samples": 0}
                now["name"] = name
            assert now is not None and now["name"] == name and not now["samples"], f"head of another: {line}"
            if what == "UNIT":
                assert name.endswith("_" + rest), f"a unit that the name does not say: {line}"
            assert what in ("TYPE", "UNIT", "HELP") and (what == "TYPE" or what not in now), line
            now[what] = rest
            continue
        found = SAMPLE.match(line)
        assert found, f"no sample: {line}"
        name, labels, value = found[1], labels_of(found[2]), float(found[3])
        end = [e for e in ENDS[now["type"]] if name == now["name"] + e]
        assert end, f"{name} is no sample of {now['name']} ({now['type']})"
        key = (name, tuple(sorted(labels.items())))
        assert key not in samples, f"twice: {key}"
        assert value >= 0, line
        samples[key] = value
        now["samples"] += 1
        if end[0] == "_bucket":
            now.setdefault("buckets", []).append((float(labels["le"].replace("+Inf", "inf")), value))
        if end[0] == "_count":
            assert value == now["buckets"][-1][1], f"{name} is not its last bucket"
    for family in families.values():
        assert "HELP" in family, f"no help: {family}"
        buckets = family.get("buckets", [])
        assert buckets == sorted(buckets) and [b[1] for b in buckets] == sorted(b[1] for b in buckets), family
        assert not buckets or buckets[-1][0] == float("inf")
    return families, samples


def main():
    table = os.environ["TMP"] + "/table"
    more = f"[webhook ops]\nurl = http://127.0.0.1:9/hook\n[policy]\nsocketmap = {table}\n"
    with Watching(more=more, log=day()) as watch:
        await_that(watch.ready)
        with socket.socket(socket.AF_UNIX) as postfix:
            postfix.settimeout(10)
            postfix.connect(table)
            postfix.sendall(b"23:disabled anna@shop.test,")
            assert postfix.recv(100) == b"9:NOTFOUND ,"
        await_that(
            lambda: "sendwatch_socketmap_requests_total 1\n" in watch.get("/metrics").text,
            words="what the socketmap was asked is not counted",
        )
        answer = watch.get("/metrics", heads={"Accept": "application/openmetrics-text; version=1.0.0"})
        assert answer.heads["Content-Type"].startswith("application/openmetrics-text; version=1.0.0"), answer.heads
        families, samples = parse(answer.text)
        assert ACCOUNT not in answer.text and "notary" not in answer.text, "an account is named"

        def value(name, **labels):
            return samples[("sendwatch_" + name, tuple(sorted(labels.items())))]

        size = watch.log.stat().st_size
        lines = watch.log.read_bytes().count(b"\n")
        assert value("lines_total") == lines and value("read_bytes_total") == size
        events = sum(v for (name, _), v in samples.items() if name == "sendwatch_events_total")
        assert events + value("lines_skipped_total", reason="unframed") == lines
        assert value("accounts", state="disabled") == 1 and value("verdicts_total", state="flagged") == 1
        assert value("attempts_total", **{"class": "content_spam"}) == 76
        source = [labels for (name, labels) in samples if name == "sendwatch_source_lag_bytes"]
        assert len(source) == 1 and source[0][0][1].endswith("/mail.log"), source
        assert value("source_lag_bytes", source=source[0][0][1]) == 0
        await_that(
            lambda: re.search(
                r'^sendwatch_responses_total{target="webhook ops",result="failed"} [1-9]', watch.get("/metrics").text, re.M
            ),
            words="failed tries are not counted",
        )
        assert value("groups") > 0 and value("groups_evicted_total") == 0
        for needed in ("store_batch_seconds", "policy_answer_seconds", "deputy_acts", "address_refused", "loop_age_seconds"):
            assert "sendwatch_" + needed in families, needed

        older = watch.get("/metrics")
        assert older.heads["Content-Type"].startswith("text/plain; version=0.0.4"), older.heads
        assert "# EOF" not in older.text and "# UNIT" not in older.text
        promtool = shutil.which("promtool") or shutil.which(os.environ["BUILD"] + "/peers/usr/bin/promtool")
        if promtool:
            said = subprocess.run([promtool, "check", "metrics"], input=older.bytes, capture_output=True)
            assert said.returncode == 0, (said.stdout + said.stderr).decode()
        else:
            print("note: promtool is not here: its look at the metrics is left out")
        watch.stop()


main()
