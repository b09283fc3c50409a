"""Great Expectations behind one door: suites in, an honest result out.

``suites`` loads the files strictly, ``expectations`` holds our own expectation classes, ``running`` runs both
where the data is, ``results`` is what came of it, and one module each writes it for a reader.
"""

import consentkit.late_parser  # noqa: F401
