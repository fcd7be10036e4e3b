"""Print the versions that repo2docker's own image fixes, as pip constraints: `python binder/pins.py`.

What Binder starts is repo2docker's environment with `requirements.txt` on top. A requirement that asked for
another version of JupyterLab or of one of its parts would tear the two apart, so the requirements are chosen
under these constraints (`./course lock`).
"""

import re
from pathlib import Path

import repo2docker

PYTHON = (Path(__file__).parent / "runtime.txt").read_text().strip().removeprefix("python-")
PYPI_NAMES = {"nbconvert-core": "nbconvert"}  # where conda-forge calls a package otherwise
PACKAGE = re.compile(r"/(?P<name>[^/]+)-(?P<version>[^-/]+)-(?P<build>[^-/]+)\.(?:conda|tar\.bz2)")


def pins() -> list[str]:
    """Return `name==version` for every Python package in repo2docker's lock for our Python."""
    lock = f"buildpacks/conda/environment.py-{PYTHON}-linux-64.lock"
    packages = PACKAGE.finditer((Path(repo2docker.__file__).parent / lock).read_text())
    return sorted(
        f"{PYPI_NAMES.get(package['name'], package['name'])}=={package['version']}"
        for package in packages
        if "py" in package["build"]
    )


if __name__ == "__main__":
    print("\n".join(pins()))
