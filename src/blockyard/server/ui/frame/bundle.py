"""Where the bundled CSS, JavaScript and icons are. `make ui` writes them; every name carries a hash of its content."""

import json
from pathlib import Path

PREFIX = "/static/dist"
"""Where the server answers for the bundle. A name's content never changes, so browsers may keep it for ever."""

FOLDER = Path(__file__).parents[1] / "static" / "dist"


class Bundle:
    """The files of one build by the names that pages know: `app.css`, `app.js`, `icons.svg`, and one per page script."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files

    @classmethod
    def load(cls, folder: Path = FOLDER) -> "Bundle":
        """Read the manifest of the build in `folder`.

        Raises:
            FileNotFoundError: the bundle was not built.
        """
        try:
            manifest = (folder / "manifest.json").read_bytes()
        except FileNotFoundError as error:
            raise FileNotFoundError("the pages' CSS and JavaScript are not built; run `make ui`") from error
        files = json.loads(manifest)
        if not isinstance(files, dict):
            raise TypeError("the bundle's manifest is not an object; run `make ui`")
        return cls({str(name): str(file) for name, file in files.items()})

    def url(self, name: str) -> str:
        """Return the path of `name` on this server. Raises KeyError when the build has no such file."""
        return f"{PREFIX}/{self._files[name]}"
