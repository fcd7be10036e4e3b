"""How a notebook is run and judged: a plugin of nbgrader that knows nothing about pooling."""

import sys

# jsonschema, which nbformat brings, would build a grammar of international addresses with this for a whole
# second whenever grading starts; no schema of ours has such an address.
sys.modules.setdefault("rfc3987_syntax", None)
