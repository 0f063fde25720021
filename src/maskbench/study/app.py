"""The pages of a study: one trial at a time, made on the server, without scripts.

A personal link sets a cookie that only this server can sign; all later requests hang on it. A
rater's pages come in the order that the plan drew, each is answered once, and only the pictures of
the page that is due are handed out. Whatever else is asked for is answered 4xx and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from maskbench.study.plan import PICTURES, Plan, Trial
from maskbench.study.secret import Expired, Forged, Signer
from maskbench.study.store import State, Store

LARGEST_BODY = 2048
"""Bytes of a request's body; our forms have about 200."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
ANSWERS = {"real": True, "not_real": False}
SIDES = ("left", "right")
_TEMPLATES = Environment(
    loader=PackageLoader("maskbench.study"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
_STYLE = _TEMPLATES.get_template("style.css").render()


def make_app(folder: Path, plan: Plan, store: Store, url: str, contact: str) -> ASGIApp:
    """The application that serves a study.

    Args:
        folder: of the study.
        plan, store: its plan and votes.
        url: where people reach it; with https cookies travel by TLS alone.
        contact: whom people ask about the study, as pages show it.
    """
    pages = _Pages(folder, plan, store, url, contact)
    host = urlsplit(url).hostname or "127.0.0.1"
    app = Starlette(
        routes=[
            Route("/", pages.welcome),
            Route("/r/{token}", pages.enter),
            Route("/study", pages.study),
            Route("/consent", pages.consent, methods=["POST"]),
            Route("/vote", pages.vote, methods=["POST"]),
            Route("/withdraw", pages.ask_withdraw),
            Route("/withdraw", pages.withdraw, methods=["POST"]),
            Route("/pictures/{page:int}/{name}", pages.picture),
            Route("/style.css", pages.style),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=[host, "127.0.0.1", "localhost"]),
            Middleware(RequestBodyLimitMiddleware, max_body_size=LARGEST_BODY),
        ],
        exception_handlers={HTTPException: pages.refused},
    )
    return _Headers(app, pages.secure)


class _Headers:
    """Adds the headers of :data:`HEADERS` to whatever the application answers."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        more = {"Strict-Transport-Security": "max-age=31536000"} if secure else {}
        self.app = app
        self.added = [(k.lower().encode(), v.encode()) for k, v in {**HEADERS, **more}.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self.added]
            await send(message)

        await self.app(scope, receive, with_headers)


class _Pages:
    def __init__(self, folder: Path, plan: Plan, store: Store, url: str, contact: str) -> None:
        self.folder, self.plan, self.store, self.contact = folder, plan, store, contact
        self.signer = Signer.of(folder, plan)
        self.secure = urlsplit(url).scheme == "https"
        self.cookie = "__Host-rater" if self.secure else "rater"

    async def welcome(self, _: Request) -> Response:
        return self.render("message", title="A study of pictures", text="Open your personal link.")

    async def style(self, _: Request) -> Response:
        return Response(_STYLE, media_type="text/css")

    async def enter(self, request: Request) -> Response:
        token = request.path_params["token"]
        self.rater_of(token)
        answer = RedirectResponse("/study", HTTPStatus.SEE_OTHER)
        answer.set_cookie(
            self.cookie, token, max_age=self.plan.days * 86400, path="/", secure=self.secure,
            httponly=True, samesite="lax",
        )  # fmt: skip
        return answer

    async def study(self, request: Request) -> Response:
        rater, state = await self.known(request)
        return self.page(rater, state)

    async def consent(self, request: Request) -> Response:
        rater, state = await self.known(request)
        fields = await self.form(request, rater, "consent", 0, ("agree",))
        if state.withdrawn:
            raise HTTPException(HTTPStatus.CONFLICT, "You have withdrawn from the study.")
        if fields["agree"] != "yes":
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "Tick the box to take part.")
        await run_in_threadpool(self.store.consent, rater)
        return RedirectResponse("/study", HTTPStatus.SEE_OTHER)

    async def vote(self, request: Request) -> Response:
        rater, state = await self.known(request)
        page = self.due(rater, state)
        fields = await self.form(request, rater, "vote", page, SIDES)
        if not set(fields.values()) <= set(ANSWERS):
            return self.page(rater, state, HTTPStatus.UNPROCESSABLE_ENTITY)
        sides = [ANSWERS[fields[side]] for side in SIDES]
        first, second = sides[::-1] if self.plan.raters[rater][page][1] else sides
        if not await run_in_threadpool(self.store.vote, rater, page, first, second):
            raise HTTPException(HTTPStatus.CONFLICT, "This page was answered before.")
        return RedirectResponse("/study", HTTPStatus.SEE_OTHER)

    async def ask_withdraw(self, request: Request) -> Response:
        rater, _ = await self.known(request)
        return self.render("withdraw", form=self.signer.form(rater, "withdraw", 0))

    async def withdraw(self, request: Request) -> Response:
        rater, state = await self.known(request)
        await self.form(request, rater, "withdraw", 0, ())
        if not state.consented:
            raise HTTPException(HTTPStatus.CONFLICT, "You have not taken part in the study.")
        await run_in_threadpool(self.store.withdraw, rater)
        return RedirectResponse("/study", HTTPStatus.SEE_OTHER)

    async def picture(self, request: Request) -> Response:
        rater, state = await self.known(request)
        page, name = request.path_params["page"], request.path_params["name"]
        file = self.files(rater, page).get(name) if page == self.due(rater, state) else None
        if file is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        pixels = await run_in_threadpool((self.folder / PICTURES / file).read_bytes)
        return Response(pixels, media_type="image/png")

    async def refused(self, request: Request, error: Exception) -> Response:
        """The page of an error, which shows nothing that was sent."""
        assert isinstance(error, HTTPException)
        status = HTTPStatus(error.status_code)
        ours = status in _OURS
        text = error.detail if ours else "This page does not exist."
        back = status in (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
        page = self.render("message", status, title="This did not work", text=text, back=back)
        page.headers.update(error.headers or {})
        return page

    def rater_of(self, token: str) -> int:
        try:
            return self.signer.rater_of(token)
        except Expired:
            raise HTTPException(
                HTTPStatus.GONE, "Your link is too old. Ask for a new one."
            ) from None
        except Forged:
            text = "This is not a link of this study. Open your personal link again."
            raise HTTPException(HTTPStatus.FORBIDDEN, text) from None

    async def known(self, request: Request) -> tuple[int, State]:
        """Whose request it is, and how far that rater is."""
        rater = self.rater_of(request.cookies.get(self.cookie, ""))
        return rater, await run_in_threadpool(self.store.state, rater)

    def due(self, rater: int, state: State) -> int:
        """The page that a rater is to answer now."""
        if not state.consented or state.withdrawn or state.answered == len(self.plan.trials):
            raise HTTPException(HTTPStatus.CONFLICT, "There is no page for you to answer.")
        return state.answered

    async def form(
        self, request: Request, rater: int, action: str, page: int, names: Iterable[str]
    ) -> dict[str, str]:
        """The fields of a form that this server made for a rater, an action and a page; an absent
        one is "", one that is not asked for is refused."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        if kind != "application/x-www-form-urlencoded":
            raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "This is not a form.")
        try:
            text = (await request.body()).decode("ascii")
            sent = parse_qs(text, keep_blank_values=True, strict_parsing=bool(text),
                            errors="strict", max_num_fields=8)  # fmt: skip
        except ValueError:
            raise HTTPException(HTTPStatus.BAD_REQUEST, "This is not a form.") from None
        known = {"form", *names}
        if not set(sent) <= known or any(len(values) > 1 for values in sent.values()):
            raise HTTPException(HTTPStatus.BAD_REQUEST, "This is not our form.")
        fields = {name: sent.get(name, [""])[0] for name in known}
        try:
            self.signer.check_form(fields.pop("form"), rater, action, page)
        except Forged:
            text = "This form is of another page, or was sent before."
            raise HTTPException(HTTPStatus.CONFLICT, text) from None
        return fields

    def files(self, rater: int, page: int) -> dict[str, str]:
        """The files of a rater's page by what they are called there."""
        number, swapped = self.plan.raters[rater][page]
        trial = self.plan.trials[number]
        left, right = trial.pictures[::-1] if swapped else trial.pictures
        beside = {"face": trial.face, "mask": trial.mask}
        found = {name: file for name, file in beside.items() if file}
        return {**found, "left": left.file, "right": right.file}

    def page(self, rater: int, state: State, status: HTTPStatus = HTTPStatus.OK) -> Response:
        """What a rater sees now: consent, a trial, thanks."""
        if state.withdrawn:
            text = "You have withdrawn. Your answers were deleted."
            return self.render("message", title="You have withdrawn", text=text)
        if not state.consented:
            form = self.signer.form(rater, "consent", 0)
            return self.render("consent", form=form, pages=len(self.plan.trials))
        if state.answered == len(self.plan.trials):
            return self.render("done")
        page = state.answered
        trial: Trial = self.plan.trials[self.plan.raters[rater][page][0]]
        return self.render(
            "trial", status, page=page, pages=len(self.plan.trials), beside=trial.face is not None,
            sides=SIDES, form=self.signer.form(rater, "vote", page),
            failed=status != HTTPStatus.OK,
        )  # fmt: skip

    def render(self, name: str, status: HTTPStatus = HTTPStatus.OK, **values: object) -> Response:
        template = _TEMPLATES.get_template(f"{name}.html.j2")
        values = {"back": False, "contact": self.contact, **values}
        return HTMLResponse(template.render(values), status)


_OURS = frozenset(
    {
        HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.CONFLICT, HTTPStatus.GONE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)  # fmt: skip
"""The statuses that this module gives a text of its own."""
