"""The course as nbgrader sees it: folders, language, preprocessors, how grading runs."""

import os
import sys
from pathlib import Path

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    IncludeHeaderFooter,
    LimitOutput,
    LockCells,
    OverwriteKernelspec,
    SaveAutoGrades,
    SaveCells,
)

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))  # the hidden tests' own modules, and the preprocessors of ours
# The same for the kernels that nbgrader starts.
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # its `alembic`

from nbgrader_sealed.authoring.languages import KeepLanguage  # noqa: E402
from nbgrader_sealed.authoring.warn_unsealable import ReportUnsealed  # noqa: E402
from nbgrader_sealed.execution.preprocessor import SealedExecute  # noqa: E402
from nbgrader_sealed.feedback.exporter import FeedbackExporter  # noqa: E402
from nbgrader_sealed.feedback.template import GetGradesAndWhatIsPending  # noqa: E402
from nbgrader_sealed.sandbox.provisioner import register  # noqa: E402
from nbgrader_sealed.submission.links import disarm_links  # noqa: E402
from nbgrader_sealed.submission.normalise import Normalise  # noqa: E402
from nbgrader_sealed.submission.reading import SafeNotebookExporter  # noqa: E402

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
    ReportUnsealed,
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

# Grading: the submission is read whatever it holds, brought back to the assignment's form, run with the
# hidden tests outside of the student's kernel, and shown without its scripts (docs/security.md).
c.Autograde.exporter_class = SafeNotebookExporter
c.Exporter.optimistic_validation = True  # once, after the last preprocessor, and not after each of them
# nbgrader's metadata need no check: Normalise writes them anew, from the gradebook.
c.Autograde.sanitize_preprocessors = [ClearOutput, OverwriteKernelspec, Normalise]
c.Autograde.autograde_preprocessors = [SealedExecute, LimitOutput, SaveAutoGrades, AssignLatePenalties]
c.SafeNotebookExporter.language = "es"
c.Execute.timeout = 20

# Where it runs: behind walls, forked from a process that has loaded what notebooks need (docs/isolation.md).
# On a system without such walls grading refuses, unless c.Sandbox.kind = "none" says to do without.
c.SealedExecute.kernel_name = register()
c.SealedExecute.language_variable = "POOLING_LANGUAGE"  # the report speaks as the notebook does
c.GradeApp.seed_variable = "POOLING_SEED"  # `./course grade` asks the whole class the same
c.Autograde.pre_convert_hook = disarm_links
c.Sandbox.packages = ["pooling_lab"]
c.Sandbox.preload = [
    "numpy",
    "matplotlib.pyplot",
    "ipywidgets",
    "pooling_lab.charts",
    "pooling_lab.checking",
    "pooling_lab.explorer",
    "pooling_lab.photos",
    "pooling_lab.pictures",
]

c.GenerateFeedback.exporter_class = FeedbackExporter
c.GenerateFeedback.preprocessors = [GetGradesAndWhatIsPending, CSSHTMLHeaderPreprocessor]
c.GenerateFeedback.force = True  # points given by hand, or anew, reach the page without asking for it
c.HTMLExporter.preprocessors = ["nbgrader_sealed.feedback.exporter.SanitiseOutputs"]
c.HTMLExporter.filters = {"markdown2html": "nbgrader_sealed.feedback.exporter.safe_markdown"}
