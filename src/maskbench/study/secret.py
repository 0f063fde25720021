"""Signed texts: personal links, and what the forms of a page may ask for.

A link is signed with the study's secret, its plan and its time; it holds a rater's number and
nothing else. A form is signed for one rater, one action and one page.
"""

from __future__ import annotations

from pathlib import Path

from itsdangerous import BadSignature, SignatureExpired, URLSafeSerializer, URLSafeTimedSerializer

from maskbench.errors import MaskbenchError, read_text
from maskbench.study.plan import Plan

SECRET = "secret.key"
_LONGEST = 300
"""Characters of a signed text; ours have about 60."""


class Forged(Exception):
    """A text that this study did not sign."""


class Expired(Exception):
    """A link that is too old."""


class Signer:
    """Signs and checks for one plan.

    Args:
        secret: of the study.
        plan: what is signed for another plan is forged here.
    """

    def __init__(self, secret: str, plan: Plan) -> None:
        self._raters = len(plan.raters)
        self._seconds = plan.days * 86400
        self._links = URLSafeTimedSerializer(secret, salt=f"link {plan.key}")
        self._forms = URLSafeSerializer(secret, salt=f"form {plan.key}")

    @classmethod
    def of(cls, folder: Path, plan: Plan) -> Signer:
        """The signer of a study's folder.

        Raises:
            MaskbenchError: its secret is missing.
        """
        path = Path(folder) / SECRET
        secret = read_text(path).strip()
        if len(secret) < 32:
            raise MaskbenchError(path, "is no secret", "restore it, or make the study again")
        return cls(secret, plan)

    def link(self, rater: int) -> str:
        """The token of a personal link; it works from now on for the plan's days."""
        return str(self._links.dumps(rater))

    def rater_of(self, token: str) -> int:
        """Whose link a token is of.

        Raises:
            Forged: it was not signed here.
            Expired: it is too old.
        """
        try:
            rater = self._links.loads(token[:_LONGEST], max_age=self._seconds)
        except SignatureExpired as error:
            raise Expired from error
        except BadSignature as error:
            raise Forged from error
        if not isinstance(rater, int) or not 0 <= rater < self._raters:
            raise Forged
        return rater

    def form(self, rater: int, action: str, page: int) -> str:
        """What a form of a page carries."""
        return str(self._forms.dumps([rater, action, page]))

    def check_form(self, token: str, rater: int, action: str, page: int) -> None:
        """Check what came back.

        Raises:
            Forged: it is not of this rater, action and page.
        """
        try:
            signed = self._forms.loads(token[:_LONGEST])
        except BadSignature as error:
            raise Forged from error
        if signed != [rater, action, page]:
            raise Forged
