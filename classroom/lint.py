"""All that looks at the code without running it: `./course lint`."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("pooling_lab", "pooling_ref", "engine/src", "classroom", "benchmarks")
TYPED = ("pooling_lab", "nbgrader_sealed")  # what the two wheels export
COMPLETE = 96.0  # percent of their public symbols whose types are known; the bases of other libraries are not
STEPS = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "clean notebooks": ["nbgrader-sealed", "clean", "--check"],
    "pyright": ["pyright"],
}
IGNORE = re.compile(r"#\s*(?:(pyright): ignore\[([\w, ]+)\]|(noqa): ([A-Z0-9, ]+))")
BLANKET = re.compile(r"#\s*(?:type: ignore|pyright: (?:ignore(?!\[)|basic|strict|\w+=))|# noqa(?!:)")
SCORE = re.compile(r"Type completeness score: ([\d.]+)%")


def run(step: str, command: list[str]) -> bool:
    """Run one step, and return whether it found nothing; what it found is printed."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    print(f"{'✓' if not done.returncode else '✗'} {step}", flush=True)
    if done.returncode:
        print(done.stdout + done.stderr)
    return not done.returncode


def completeness(package: str) -> bool:
    """Print how many of a package's public symbols have known types, and return whether that is enough."""
    command = ["pyright", "--verifytypes", package, "--ignoreexternal"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    found = SCORE.search(said)
    score = float(found[1]) if found else 0.0
    print(f"{'✓' if score >= COMPLETE else '✗'} types of {package}: {score:g} % of its public symbols")
    if score < COMPLETE:
        print(said)
    return score >= COMPLETE


def sources() -> list[Path]:
    """Return the files whose types are checked."""
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def ignores() -> bool:
    """Print which findings are ignored, and how often, and return whether each names its rule."""
    texts = {path: path.read_text(encoding="utf-8") for path in sources()}
    rules = Counter(
        f"{found[1] or found[3]} {rule.strip()}"
        for text in texts.values()
        for found in IGNORE.finditer(text)
        for rule in (found[2] or found[4]).split(",")
    )
    blanket = [path for path, text in texts.items() if path.name != "lint.py" and BLANKET.search(text)]
    listed = ", ".join(f"{rule}: {count}" for rule, count in sorted(rules.items())) or "none"
    print(f"{'✗' if blanket else '✓'} ignored: {sum(rules.values())} ({listed})")
    for path in blanket:
        print(f"  {path.relative_to(ROOT)}: ignores without naming a rule")
    return not blanket


def main() -> int:
    """Run every step: 0 when none found anything, else 1."""
    notebooks = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "source").glob("*/*.ipynb"))
    steps = {**STEPS, "clean notebooks": [*STEPS["clean notebooks"], *notebooks]}
    right = [run(step, command) for step, command in steps.items()]
    right += [completeness(package) for package in TYPED]
    right.append(ignores())
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
