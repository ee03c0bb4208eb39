#!/usr/bin/env python3
"""Draws how long breakers took to open against what theory says, from the events of a run.

A breaker that opens after K failures in a row meets them at instants that are the arrivals of its calls. Calls
that arrive as a Poisson process of r per second make the K-th failure come after an Erlang distributed time, and
each is known only when it ends, D later: P(open within t) = 1 - sum over i < K of exp(-r (t-D)) (r (t-D))^i / i!

    breaker-lab simulate fast-fail --instances 300 --set load.rate=9000 --events events.csv
    python3 docs/time_to_open.py events.csv --fault-at 5 --failures 5 --out time-to-open.svg

It needs Python 3.8 or later and nothing else. It takes r and D from the table: r from the calls before the fault
began, D as the median time of the calls that failed in the second after it. It prints the largest distance between
both curves (Kolmogorov and Smirnov) and the distance that chance exceeds in 1 of 100 cases, and writes the chart.
"""

import argparse
import csv
import math
import sys

FAILED = {"downstream_error", "timeout", "connect_refused", "reset", "truncated", "protocol"}
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 400, 60, 20, 40, 50


def read(path, fault_at):
    """The first opening after the fault of each instance and run, the calls before it, and the failures' times."""
    opened, runs, before, known_after = {}, set(), 0, []
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            who = (row["seed"], row["instance"])
            runs.add(who)
            if row["kind"] == "transition":
                at = float(row["at_s"]) - fault_at
                if at >= 0 and row["to"] == "open":
                    opened.setdefault(who, at)
                continue
            if not row["sent_s"]:
                continue
            sent, ended = float(row["sent_s"]), float(row["ended_s"])
            if sent < fault_at:
                before += 1
            elif sent < fault_at + 1 and row["outcome"] in FAILED:
                known_after.append(ended - sent)
    return opened, runs, before, sorted(known_after)


def erlang(t, failures, rate, delay):
    """The share of breakers that have opened t seconds after the fault began."""
    x = rate * (t - delay)
    if x <= 0:
        return 0.0
    return 1.0 - sum(math.exp(-x) * x**i / math.factorial(i) for i in range(failures))


def distance(times, number, theory):
    """The largest distance between the share that has opened and what theory says."""
    gaps = [max(abs((i + 1) / number - theory(t)), abs(i / number - theory(t))) for i, t in enumerate(times)]
    return max(gaps)


def path(points, longest):
    """The curve through points of seconds and shares."""
    x = lambda t: LEFT + t / longest * (WIDTH - LEFT - RIGHT)
    y = lambda share: HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    return " ".join(f"{'M' if i == 0 else 'L'}{x(t):.1f},{y(share):.1f}" for i, (t, share) in enumerate(points))


def chart(times, number, theory, title):
    """Both curves as SVG."""
    longest = max(times) * 1.05
    seen, share = [(0.0, 0.0)], 0.0
    for i, t in enumerate(times):
        seen += [(t, share), (t, (i + 1) / number)]
        share = (i + 1) / number
    seen.append((longest, share))
    steps = [longest * i / 300 for i in range(301)]
    expected = [(t, theory(t)) for t in steps]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="24">{title}</text>',
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        lines.append(f'<path d="{path([(0, share), (longest, share)], longest)}" stroke="#ddd"/>')
        height = HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
        lines.append(f'<text x="{LEFT - 8}" y="{height + 4:.1f}" text-anchor="end">{share:.0%}</text>')
    for i in range(6):
        x = LEFT + i / 5 * (WIDTH - LEFT - RIGHT)
        lines.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{longest * i / 5:.2f} s</text>')
    lines += [
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 10}" text-anchor="middle">time since the fault began</text>',
        f'<path d="{path(seen, longest)}" fill="none" stroke="#2563eb" stroke-width="2"/>',
        f'<path d="{path(expected, longest)}" fill="none" stroke="#dc2626" stroke-width="2" stroke-dasharray="6 4"/>',
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - BOTTOM - 34}" text-anchor="end" fill="#2563eb">share that has opened</text>',
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - BOTTOM - 14}" text-anchor="end" fill="#dc2626">theory (Erlang)</text>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("events", help="the table that --events has written")
    parser.add_argument("--fault-at", type=float, required=True, help="when everything began to fail, in seconds")
    parser.add_argument("--failures", type=int, required=True, help="failures in a row that open a breaker")
    parser.add_argument("--out", default="time-to-open.svg", help="the chart")
    asked = parser.parse_args()
    opened, runs, before, known_after = read(asked.events, asked.fault_at)
    if not opened or not before or not known_after:
        sys.exit(f"{asked.events}: no breaker opened after {asked.fault_at} s, or no call came before or failed after it")
    number = len(runs)
    rate = before / asked.fault_at / number
    delay = known_after[len(known_after) // 2]
    theory = lambda t: erlang(t, asked.failures, rate, delay)
    times = sorted(opened.values())
    gap, limit = distance(times, number, theory), 1.63 / math.sqrt(number)
    title = f"{number} breakers, {rate:.2f} calls/s each, failures known after {delay * 1000:.0f} ms"
    with open(asked.out, "w", encoding="utf-8") as file:
        file.write(chart(times, number, theory, title))
    print(title)
    print(f"mean time to open {sum(times) / len(times):.3f} s, theory {asked.failures / rate + delay:.3f} s")
    print(f"largest distance {gap:.4f}, chance exceeds {limit:.4f} in 1 of 100 cases")
    print(f"chart in {asked.out}")


if __name__ == "__main__":
    main()
