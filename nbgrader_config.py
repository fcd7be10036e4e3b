"""The course as nbgrader sees it: folders, language, preprocessors, how grading runs."""

import os
import sys
from pathlib import Path

from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    IncludeHeaderFooter,
    LockCells,
    SaveCells,
)

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))  # the hidden tests' own modules, and the preprocessors of ours
os.environ["PYTHONPATH"] = str(ROOT)  # the same for the kernels that nbgrader starts
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # its `alembic`

from grading_engine.keep_language import KeepLanguage  # noqa: E402

c = get_config()  # noqa: F821 - traitlets defines it

c.CourseDirectory.course_id = "pooling"
c.CourseDirectory.root = str(ROOT)

# One source, two languages: the plain command writes the default one; `./course release` writes all.
c.KeepLanguage.language = "es"
c.CourseDirectory.release_directory = "release/es"

c.GenerateAssignment.preprocessors = [
    KeepLanguage,
    IncludeHeaderFooter,
    LockCells,
    ClearSolutions,
    ClearMarkScheme,  # before the first checksum, so that an untouched answer is recognised as no answer
    ClearOutput,
    CheckCellMetadata,
    ComputeChecksums,
    SaveCells,
    ClearHiddenTests,
    ComputeChecksums,
    CheckCellMetadata,
]

# release/ is committed and never edited by hand: generating writes it, and the gradebook, again.
c.GenerateAssignment.force = True

# What stands in the place of a solution is the same in every language.
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError  # TODO"}
c.ClearSolutions.text_stub = "✎ ..."
c.ClearMarkScheme.enforce_metadata = False  # marking schemes stand in the answer's own cell

c.OverwriteCells.add_missing_cells = True
c.Execute.timeout = 20
