#!/usr/bin/env python3
"""Decides in Python whether a staged rollout includes a subject, with the same result as phaselock.

For services that assign their users to buckets themselves.

    python3 examples/bucketing.py                                  checks this program against vectors/rollout-buckets.json
    python3 examples/bucketing.py single_session_guard 1 ada 5     prints whether a share of 5 % includes ada: in or out
"""

import json
import pathlib
import sys

BUCKETS = 10_000
WORD = 0xFFFFFFFF


def rotate(word: int, bits: int) -> int:
    return ((word << bits) | (word >> (32 - bits))) & WORD


def mixed(block: int) -> int:
    return rotate(block * 0xCC9E2D51 & WORD, 15) * 0x1B873593 & WORD


def murmur3(text: str) -> int:
    """MurmurHash3 of the UTF-8 bytes: x86 variant, 32 bits, seed 0."""
    data = text.encode()
    whole = len(data) // 4 * 4
    value = 0
    for at in range(0, whole, 4):
        value = (rotate(value ^ mixed(int.from_bytes(data[at : at + 4], "little")), 13) * 5 + 0xE6546B64) & WORD
    value ^= mixed(int.from_bytes(data[whole:], "little")) ^ len(data)
    value = (value ^ value >> 16) * 0x85EBCA6B & WORD
    value = (value ^ value >> 13) * 0xC2B2AE35 & WORD
    return value ^ value >> 16


def bucket_of(flag: str, salt: str, subject: str) -> int:
    return murmur3(f"{flag}:{salt}:{subject}") % BUCKETS


def is_in_share(flag: str, salt: str, subject: str | None, percent: float) -> bool:
    """Whether a share of this percentage includes the subject. False without a subject, as in phaselock."""
    return bool(subject) and bucket_of(flag, salt, subject) < round(percent * BUCKETS / 100)


def check(path: pathlib.Path) -> list[str]:
    vectors = json.loads(path.read_text(encoding="utf-8"))
    wrong = []
    for row in vectors["valid"]:
        flag, salt, subject = row["flag"], row["salt"], row["subject"]
        found = (
            murmur3(f"{flag}:{salt}:{subject}"),
            bucket_of(flag, salt, subject),
            is_in_share(flag, salt, subject, row["outAt"]),
            is_in_share(flag, salt, subject, row["inAt"]),
        )
        if found != (row["hash"], row["bucket"], False, True):
            wrong.append(f"{row['because']} {found}")
    for row in vectors["invalid"]:
        if is_in_share(row["flag"], row["salt"], row["subject"], 100):
            wrong.append(row["because"])
    print(f"{len(vectors['valid']) + len(vectors['invalid'])} rows, {len(wrong)} wrong")
    return wrong


if __name__ == "__main__":
    if len(sys.argv) == 5:
        _, a_flag, a_salt, a_subject, a_percent = sys.argv
        print("in" if is_in_share(a_flag, a_salt, a_subject, float(a_percent)) else "out")
        sys.exit(0)
    if len(sys.argv) != 1:
        sys.exit(__doc__)
    failures = check(pathlib.Path(__file__).parent.parent / "vectors" / "rollout-buckets.json")
    for failure in failures:
        print(failure, file=sys.stderr)
    sys.exit(1 if failures else 0)
