"""From a fresh export in HubSpot's form to the page with the leads: each step as its user would take it, and timed.

``python benchmarks/own_data.py --folder own-export`` writes 3,000 contacts and 20,000 activities, runs init, check and
run on them with no SQL written by hand, opens the page, and prints a table for docs/own-data.md. The export is
simulated with a seed: no person in it exists.
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import random
import secrets
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from datetime import datetime, timedelta
from pathlib import Path

CONTACTS, ACTIVITIES, SEED = 3_000, 20_000, 20_260
START, END = datetime(2024, 6, 1), datetime(2026, 1, 31)
SOURCES = {"Organic Search": 0.2, "Paid Search": -0.3, "Referrals": 0.8, "Email Marketing": 0.0, "Offline Sources": 0.3}
INDUSTRIES = {"Mechanical Engineering": 0.6, "Software": -0.2, "Retail": -0.6, "Medical Devices": 0.4}
TITLES = {"Head of Quality": 0.8, "Managing Director": 0.5, "Quality Engineer": 0.1, "Student": -2.5, "Buyer": -0.2}
SIZES = (12, 40, 85, 180, 450, 1_200)
ACTS = {
    "Email opened": 0.0,
    "Email clicked": 0.1,
    "Page viewed": 0.0,
    "Form submitted": 0.5,
    "Pricing page viewed": 0.7,
    "Call": 0.2,
}
RUNGS = ("Lead", "Marketing Qualified Lead", "Sales Qualified Lead", "Opportunity", "Customer")
OWNERS = ("Anna Example", "Bert Sample", "Cora Muster")


def write_export(
    folder: Path, *, contacts: int = CONTACTS, activities: int = ACTIVITIES, seed: int = SEED
) -> list[Path]:
    """Write contacts and activities as HubSpot exports them.

    Parameters
    ----------
    folder : Path
        Gets ``hubspot-crm-exports-all-contacts.csv`` and ``hubspot-activities.csv``.
    contacts, activities : int
        Rows of both.
    seed : int
        Equal seeds give equal files.

    Returns
    -------
    list of Path
        The two files.
    """
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    people = [_contact(rng, number) for number in range(contacts)]
    files = [folder / "hubspot-crm-exports-all-contacts.csv", folder / "hubspot-activities.csv"]
    with files[0].open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.DictWriter(handle, list(people[0][0]), quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(row for row, _, _ in people)
    acts = []
    weights = [1 + 2 * max(interest, 0) for _, _, interest in people]
    for row, created, interest in rng.choices(people, weights, k=activities):
        kinds = list(ACTS)
        kind = rng.choices(kinds, [max(0.1, 1 + interest * ACTS[one]) for one in kinds])[0]
        when = created + timedelta(days=min(rng.expovariate(1 / 30), max((END - created).days, 0)), hours=rng.random())
        acts.append((min(when, END), row["Record ID"], kind))
    with files[1].open("w", encoding="utf-8-sig", newline="") as handle:
        out = csv.writer(handle, quoting=csv.QUOTE_ALL)
        out.writerow(
            ["Activity ID", "Associated Contact IDs", "Activity type", "Activity date", "Activity assigned to"]
        )
        for number, (when, record, kind) in enumerate(sorted(acts)):
            out.writerow([70_000_000 + number, record, kind, f"{when:%Y-%m-%d %H:%M}", rng.choice(OWNERS)])
    return files


def _contact(rng: random.Random, number: int) -> tuple[dict[str, str], datetime, float]:
    """Return a contact as a row, when it came, and how interested it is."""
    source, industry, title = (rng.choice(list(one)) for one in (SOURCES, INDUSTRIES, TITLES))
    size = rng.choice(SIZES)
    created = START + timedelta(minutes=rng.randrange(int((END - START).total_seconds() // 60)))
    score = SOURCES[source] + INDUSTRIES[industry] + TITLES[title] + 0.3 * math.log(size / 100) + rng.gauss(0, 0.8)
    entered, when = [created], created
    for step in range(1, len(RUNGS)):
        if rng.random() > 1 / (1 + math.exp(-(score + 0.5 - 0.1 * step))):
            break
        when += timedelta(days=rng.expovariate(1 / 9), hours=rng.random() * 8)
        entered += [when]
    entered = [one for one in entered if one <= END]
    row = {
        "Record ID": str(501_000_000 + number),
        "First Name": f"First{number}",
        "Last Name": f"Last{number}",
        "Email": f"person{number}@company{number % 900}.example",
        "Phone Number": f"+49 30 {5_000_000 + number}",
        "Job Title": title,
        "Company Name": f"Company {number % 900}",
        "Industry": industry,
        "Number of Employees": str(size),
        "Original Source": source,
        "Contact owner": rng.choice(OWNERS),
        "Lifecycle Stage": RUNGS[len(entered) - 1],
        "Time First Seen": _minute(created - timedelta(days=rng.expovariate(1 / 20))),
        "Create Date": _minute(created),
        "Last Modified Date": _minute(END),
    }
    for step, rung in enumerate(RUNGS):
        article = "an" if rung[0] in "AEIOU" else "a"
        row[f"Became {article} {rung} Date"] = _minute(entered[step]) if step < len(entered) else ""
    return row, created, score


def _minute(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M}"


def main() -> None:
    """Take the steps and print how long each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="gets the export, the source folder and OUT")
    folder: Path = parser.parse_args().folder
    shutil.rmtree(folder, ignore_errors=True)
    files = write_export(folder / "export")
    source, data, out = folder / "sources" / "acme", folder / "export", folder / "out"
    froms = [part for file in files for part in ("--from", str(file))]
    steps = {
        "init": ["init", "acme", *froms, "--into", str(folder / "sources"), "--yes"],
        "check": ["check", str(source), "--data", str(data)],
        "run": ["run", "--source", str(source), "--data", str(data), "--out", str(out)],
    }
    print("| step | seconds | of the processor |\n|---|---:|---:|")
    for name, arguments in steps.items():
        began, used = time.perf_counter(), _processor_seconds()
        subprocess.run([sys.executable, "-m", "pipeline.cli", *arguments], check=True, stdout=subprocess.DEVNULL)
        print(f"| {name} | {time.perf_counter() - began:.0f} | {_processor_seconds() - used:.0f} |", flush=True)
    used = _processor_seconds()
    print(f"| page | {_page_seconds(out):.0f} | {_processor_seconds() - used:.0f} |")


def _processor_seconds() -> float:
    """Return what finished child processes have used so far."""
    times = os.times()
    return times.children_user + times.children_system


def _page_seconds(out: Path) -> float:
    """Return how long it takes from starting the server to the first page of leads."""
    began = time.perf_counter()
    address, key = "http://127.0.0.1:8766", secrets.token_urlsafe(24)
    settings = {**os.environ, "LEADSCORE_OUT": str(out), "LEADSCORE_PORT": "8766", "LEADSCORE_API_KEY": key}
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    login = urllib.parse.urlencode({"key": key, "next": "/leads"}).encode()
    server = subprocess.Popen([sys.executable, "-m", "serve"], env=settings, stdout=subprocess.DEVNULL)
    try:
        while time.perf_counter() - began < 120:
            try:
                with opener.open(f"{address}/login", data=login, timeout=30) as answer:
                    if answer.url.startswith(f"{address}/leads"):
                        return time.perf_counter() - began
            except OSError:
                time.sleep(0.2)
        raise RuntimeError(f"no page at {address}")
    finally:
        server.terminate()
        server.wait(timeout=20)


if __name__ == "__main__":
    main()
