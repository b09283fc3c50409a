"""The policy users hold: loading, checking, writing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Self

from pydantic import ModelWrapValidatorHandler, PrivateAttr, ValidationError, ValidationInfo, model_validator

from consentkit.errors import Mistake, PolicyError
from consentkit.policy.advice import hints
from consentkit.policy.checks import complaints
from consentkit.policy.content import Content
from consentkit.policy.reading import Document, PathLike, files_of, read
from consentkit.policy.rows import VersionRow
from consentkit.policy.values import moment_text
from consentkit.policy.wording import reworded
from consentkit.policy.writing import yaml_text

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNNAMED = Document("<policy>")


class Policy(Content):
    """Which consent each destination needs: one version of the policy, or the newest of several.

    Made by :meth:`load` from files, :meth:`parse` or ``model_validate`` from a mapping. Every way in raises
    :class:`PolicyError` with all mistakes at once. The content is frozen; two policies are equal when they
    say the same, wherever they came from.
    """

    _origin: Document = PrivateAttr(default=_UNNAMED)
    _older: tuple[Policy, ...] = PrivateAttr(default=())

    @model_validator(mode="wrap")
    @classmethod
    def _all_mistakes_at_once(cls, data: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        """Collect the mistakes of form and of meaning, and raise them together."""
        if isinstance(data, cls):
            return data
        origin = info.context if isinstance(info.context, Document) else _UNNAMED
        found = complaints(data)
        try:
            policy = handler(data)
        except ValidationError as error:
            found = reworded(error, cls) + found
        told = {each.path for each in origin.mistakes if each.path}
        placed = (origin.mistake(path, message) for path, message in found)
        mistakes = [*origin.mistakes, *(each for each in placed if each.path not in told)]
        if mistakes:
            raise PolicyError(sorted(dict.fromkeys(mistakes), key=_place))
        policy._origin = replace(origin, data=None)
        return policy

    @classmethod
    def load(cls, path: PathLike | Sequence[PathLike]) -> Policy:
        """Read the policy from a YAML file, a folder of them, or a list of paths.

        Several files are several versions; each begins at its ``effective_from``, and one may have none: it
        was always in force. Returns the newest version, which knows the others (:attr:`versions`). Raises
        :class:`PolicyError` with every mistake of every file.
        """
        policies: list[Policy] = []
        mistakes: list[Mistake] = []
        for document in map(read, files_of(path)):
            if document.data is None and document.mistakes:
                mistakes.extend(document.mistakes)
                continue
            try:
                policies.append(cls.model_validate(document.data, context=document))
            except PolicyError as error:
                mistakes.extend(error.mistakes)
        mistakes.extend(_same_beginnings(policies))
        if mistakes:
            raise PolicyError(mistakes)
        *older, newest = sorted(policies, key=_beginning)
        newest._older = tuple(older)
        return newest

    @classmethod
    def parse(cls, mapping: Mapping[str, Any], file: str = "<policy>") -> Policy:
        """Check one version given as a mapping, shaped like the file; ``file`` names it in messages.

        Raises :class:`PolicyError` with every mistake.
        """
        return cls.model_validate(mapping, context=Document(file))

    @classmethod
    def of(cls, said: Policy | PathLike | Mapping[str, Any]) -> Policy:
        """Take a policy as it is given: one already read, a path to read, or a mapping shaped like the file."""
        if isinstance(said, Policy):
            return said
        return cls.parse(said) if isinstance(said, Mapping) else cls.load(said)

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Give the JSON Schema of a policy file, with a description of every key."""
        schema = cls.model_json_schema()
        for part in (schema, *schema["$defs"].values()):
            part["description"] = part["description"].splitlines()[0]
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}

    @property
    def versions(self) -> tuple[Policy, ...]:
        """All versions in the order they came into force; this one, the newest, is the last."""
        return (*self._older, self)

    @property
    def digest(self) -> str:
        """The SHA-256, in hex, of the canonical JSON of all versions: equal content, equal digest."""
        content = [each.model_dump(mode="json") for each in self.versions]
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return sha256(text.encode()).hexdigest()

    def version_rows(self) -> list[VersionRow]:
        """Give one row per version, numbered from 1, oldest first, see :class:`VersionRow`."""
        versions = self.versions
        ends = [each.effective_from for each in versions[1:]]
        return [
            VersionRow(number, each.effective_from, end, each.latency, each.platform, each.regime)
            for number, (each, end) in enumerate(zip(versions, [*ends, None], strict=True), start=1)
        ]

    def warnings(self) -> tuple[Mistake, ...]:
        """List what is allowed but probably not meant, in all versions, with lines where known.

        Names that almost match, categories and mappings without effect, destinations nothing maps
        (RULES.md 2.1 and 4).
        """
        found = [each._origin.mistake(path, text) for each in self.versions for path, text in hints(each)]
        return tuple(dict.fromkeys(found))

    def as_yaml(self) -> str:
        """Write this version as canonical YAML, which loads again to an equal policy.

        Text that some YAML reader takes for another type (``no``, ``0123``, ``1e3``) is quoted.
        """
        data = self.model_dump(mode="json", exclude_defaults=True)
        if self.platform == "segment":
            data["categories"] = data.get("categories", [])
        order = [key for key in type(self).model_fields if key in data]
        return yaml_text({key: data[key] for key in order})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Policy) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash(tuple(self.__dict__.values()))


def _place(mistake: Mistake) -> tuple[int, str]:
    return mistake.line or 0, mistake.path


def _beginning(policy: Policy) -> tuple[bool, str]:
    begin = policy.effective_from
    return begin is not None, begin.isoformat(timespec="microseconds") if begin else ""


def _same_beginnings(policies: list[Policy]) -> list[Mistake]:
    """Two versions cannot begin at the same time: nobody could tell which one is in force."""
    first: dict[Any, str] = {}
    mistakes = []
    for policy in policies:
        begin = policy.effective_from
        if begin in first:
            said = f"the same effective_from {moment_text(begin)}" if begin else "no effective_from"
            message = f"this version has {said}, like {first[begin]}; each version begins at a time of its own"
            mistakes.append(policy._origin.mistake(("effective_from",), message))
        first.setdefault(begin, policy._origin.file)
    return mistakes
