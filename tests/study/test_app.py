"""The pages of a study: what a rater can do, and that nobody can do anything else."""

import re
import time
from contextlib import ExitStack
from urllib.parse import quote, unquote

import pytest
from starlette.testclient import TestClient

from maskbench.study.app import LARGEST_BODY, make_app
from maskbench.study.secret import Signer
from maskbench.study.store import Store

from .studies import a_folder, a_plan

URL = "http://127.0.0.1:8000"


class Study:
    """A served study, and browsers of its raters."""

    def __init__(self, folder, url=URL, contact=""):
        self.plan = a_plan(groups=4, raters=3, catches=2, methods=("gan_stn", "wgan_stn"))
        self.folder = a_folder(folder, self.plan)
        self.store = Store(f"sqlite:///{folder}/votes.sqlite", self.plan)
        self.url = url
        self.open = ExitStack()
        self.app = make_app(folder, self.plan, self.store, url, contact)
        self.signer = Signer.of(folder, self.plan)

    def browser(self, rater=None):
        client = TestClient(self.app, base_url=self.url, follow_redirects=False)
        self.open.enter_context(client)  # one event loop for all of its requests
        if rater is not None:
            assert client.get(f"/r/{self.signer.link(rater)}").headers["location"] == "/study"
        return client

    def taking_part(self, rater, pages=0):
        """A browser whose rater has consented and answered some pages."""
        client = self.browser(rater)
        post(client, "/consent", form_of(client), agree="yes")
        for _ in range(pages):
            post(client, "/vote", form_of(client), left="real", right="not_real")
        return client

    def close(self):
        self.open.close()
        self.store.close()

    def votes(self):
        return self.store.export().votes


@pytest.fixture
def study(tmp_path):
    found = Study(tmp_path / "study")
    yield found
    found.close()


def form_of(client, at="/study"):
    return re.search(r'name="form" value="([^"]+)"', client.get(at).text)[1]


def post(client, path, form="", **fields):
    return client.post(path, data={"form": form, **fields} if form else fields)


def test_a_session_from_link_to_thanks(study):
    client = study.browser(1)
    assert "Which masks look real?" in client.get("/study").text
    assert post(client, "/consent", form_of(client), agree="yes").status_code == 303
    for number, (trial, swapped) in enumerate(study.plan.raters[1]):
        page = client.get("/study").text
        assert f"Page {number + 1} of 6" in page
        pictures = study.plan.trials[trial].pictures
        for side, one in zip(("left", "right"), pictures[:: -1 if swapped else 1], strict=True):
            shown = client.get(f"/pictures/{number}/{side}")
            assert shown.headers["content-type"] == "image/png"
            assert shown.content == (study.folder / "pictures" / one.file).read_bytes()
            assert one.file not in page and "gan" not in page
        assert post(client, "/vote", form_of(client), left="real", right="not_real").is_redirect
    assert "You have answered all pages" in client.get("/study").text
    votes = study.votes()
    assert {vote.trial for vote in votes} == set(range(6))
    for vote in votes:  # left was called real, which is the plan's second picture where swapped
        swapped = dict(study.plan.raters[1])[vote.trial]
        assert vote.real == ((False, True) if swapped else (True, False))


def test_a_closed_window_goes_on_where_it_was(study):
    study.taking_part(0, pages=2)
    assert "Page 3 of 6" in study.browser(0).get("/study").text


def test_a_vote_counts_once(study):
    client = study.taking_part(0)
    form = form_of(client)
    assert post(client, "/vote", form, left="real", right="real").status_code == 303
    again = post(client, "/vote", form, left="not_real", right="not_real")
    assert again.status_code == 409 and "Go on with the study" in again.text
    assert [vote.real for vote in study.votes()] == [(True, True)]
    assert not study.store.vote(0, 0, False, False)  # nor past the pages


def test_pages_come_in_their_order(study):
    client = study.taking_part(0, pages=1)
    for page in (0, 2, 5, 99):
        form = study.signer.form(0, "vote", page)
        assert post(client, "/vote", form, left="real", right="real").status_code == 409
        assert client.get(f"/pictures/{page}/left").status_code == 404
        assert not study.store.vote(0, page, True, True)
    assert len(study.votes()) == 1


def test_who_has_not_consented_sees_and_says_nothing(study):
    client = study.browser(0)
    form = study.signer.form(0, "vote", 0)
    assert post(client, "/vote", form, left="real", right="real").status_code == 409
    assert client.get("/pictures/0/left").status_code == 409
    assert post(client, "/consent", form_of(client)).status_code == 422  # the box is not ticked
    assert post(client, "/withdraw", form_of(client, "/withdraw")).status_code == 409
    assert study.votes() == () and not study.store.state(0).consented


def test_withdrawing_deletes_every_answer_for_good(study):
    client, other = study.taking_part(0, pages=2), study.taking_part(1, pages=1)
    form = form_of(client)
    assert post(client, "/withdraw", form_of(client, "/withdraw")).status_code == 303
    assert "You have withdrawn" in client.get("/study").text
    assert post(client, "/vote", form, left="real", right="real").status_code == 409
    consent = study.signer.form(0, "consent", 0)
    assert post(client, "/consent", consent, agree="yes").status_code == 409
    assert [vote.rater for vote in study.votes()] == [1]
    assert study.store.export().withdrawn == (0,)
    assert other.get("/pictures/1/left").status_code == 200


def refused(study, client, *replies, status=(400, 403, 404, 405, 409, 410, 413, 415, 422)):
    """All replies are refusals that show nothing of a study, and nothing has changed."""
    for reply in replies:
        assert reply.status_code in status, reply.text
        assert "pictures/" not in reply.text and ".png" not in reply.text
        assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    assert study.votes() == ()


def test_links_that_are_forged_swapped_or_too_old(study, monkeypatch):
    client = study.browser()
    good = study.signer.link(0)
    swapped = study.signer.link(1).split(".", 1)[0] + "." + good.split(".", 1)[1]
    other = Signer("f" * 64, study.plan).link(0)
    beyond = study.signer._links.dumps(3)  # a rater whom the plan does not know
    text, form = study.signer._links.dumps("0"), study.signer.form(0, "vote", 0)
    for token in (
        good[:-1],
        good + "A",
        swapped,
        other,
        beyond,
        text,
        form,
        "x" * 5000,
        "é",
        "%00",
    ):
        reply = client.get(f"/r/{token}")
        refused(study, client, reply, status=(403,))
        assert "set-cookie" not in reply.headers
        client.cookies.set("rater", token if token.isascii() else "y")
        replies = [client.get(at) for at in ("/study", "/withdraw", "/pictures/0/left")]
        replies += [
            post(client, at, form, agree="yes") for at in ("/consent", "/vote", "/withdraw")
        ]
        refused(study, client, *replies, status=(403,))
        client.cookies.clear()
    later = time.time() + 61 * 86400
    monkeypatch.setattr(time, "time", lambda: later)
    refused(study, client, client.get(f"/r/{good}"), status=(410,))
    client.cookies.set("rater", good)
    refused(study, client, client.get("/study"), status=(410,))


def test_a_form_is_of_one_rater_one_action_and_one_page(study):
    one, other = study.taking_part(0), study.taking_part(1)
    for form in (
        form_of(other), form_of(one, "/withdraw"), study.signer.form(0, "vote", 1), "", "x",
        form_of(one)[:-1], study.signer.link(0),
    ):  # fmt: skip
        reply = post(one, "/vote", form, left="real", right="real")
        refused(study, one, reply, status=(409,))


SENT = ["<script>alert(1)</script>", "' OR 1=1 --", "'); DROP TABLE votes; --", "real\0", "REAL",
        "", "../../plan.json", "{{ 7 * 7 }}", "é" * 9]  # fmt: skip


@pytest.mark.parametrize("text", SENT)
def test_markup_sql_and_other_words_in_every_field(study, text):
    client = study.taking_part(0)
    form = form_of(client)
    replies = [
        post(client, "/vote", form, left=text, right="real"),
        post(client, "/vote", form, left="real", right=text),
        post(client, "/vote", text or "x", left="real", right="real"),
        client.post("/vote", data={"form": form, "left": "real", "right": "real", text: "x"}),
        client.post("/vote", data={"form": form, "left": ["real", text], "right": "real"}),
        post(client, "/withdraw", text or "x"),
        client.get("/r/" + quote(text or "x")),
        client.get("/pictures/0/" + quote(text or "x")),
        client.get("/" + quote(text or "x")),
    ]
    assert {reply.status_code for reply in replies} <= {400, 403, 404, 409, 422}
    for reply in replies:
        assert not text or len(text) < 5 or text not in reply.text
        assert "49" not in re.sub(r'value="[^"]*"', "", reply.text)
    assert study.votes() == () and study.store.state(0).consented


def test_paths_out_of_the_folder(study):
    client = study.taking_part(0)
    for path in ("..%2f..%2fplan.json", "%2e%2e/plan.json", "....//plan.json",
                 "left/../../plan.json", "%2fetc%2fpasswd", "left%00.png", "face.png",
                 "..\\plan.json"):  # fmt: skip
        for before in ("/pictures/0/", "/pictures/", "/", "/pictures/-1/", "/r/"):
            reply = client.get(before + path)
            assert reply.status_code in (400, 403, 404), before + path
            assert "gan" not in reply.text and unquote(path) not in reply.text


def test_bodies_that_are_too_large_or_no_forms(study):
    client = study.taking_part(0)
    form = form_of(client)
    large = {"form": form, "left": "real", "right": "real", "more": "x" * LARGEST_BODY}
    sent = f"form={form}&left=real&right=real".encode()
    pieces = iter([b"form=", b"x" * LARGEST_BODY, b"&left=real"])  # says no length beforehand
    kind = {"content-type": "application/x-www-form-urlencoded"}
    refused(
        study, client,
        client.post("/vote", data=large),
        client.post("/vote", content=pieces, headers=kind),
        status=(413,),
    )  # fmt: skip
    refused(
        study, client,
        client.post("/vote", json={"form": form, "left": "real", "right": "real"}),
        client.post("/vote", content=sent),
        client.post("/vote", content=sent, headers={"content-type": "text/plain"}),
        client.post("/vote", data={"form": form}, files={"left": b"real"}),
        status=(415,),
    )  # fmt: skip
    refused(
        study, client,
        client.post("/vote", content=b"\xff\xfe", headers=kind),
        client.post("/vote", content=b"form=%ff&left=real&right=real", headers=kind),
        client.post("/vote", content=b"a&b&c", headers=kind),
        client.post("/vote", content=b"&".join([b"a=1"] * 50), headers=kind),
        status=(400,),
    )  # fmt: skip


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "FOO"])
def test_methods_that_no_page_has(study, method):
    client = study.taking_part(0)
    for path in ("/", "/study", "/vote", "/consent", "/withdraw", "/pictures/0/left", "/style.css"):
        refused(study, client, client.request(method, path), status=(405,))
    refused(study, client, client.get("/vote"), client.get("/consent"), status=(405,))
    refused(study, client, client.post("/study"), client.post("/pictures/0/left"), status=(405,))


def test_a_host_that_is_not_ours(study):
    reply = study.browser().get("/", headers={"host": "evil.example"})
    assert reply.status_code == 400


def test_headers_and_cookies(tmp_path):
    plain = Study(tmp_path / "plain")
    policy = {
        part.split()[0]: part.split()[1:]
        for part in plain.browser().get("/").headers["content-security-policy"].split(";")
    }
    assert policy == {
        "default-src": ["'none'"], "img-src": ["'self'"], "style-src": ["'self'"],
        "form-action": ["'self'"], "base-uri": ["'none'"], "frame-ancestors": ["'none'"],
    }  # fmt: skip
    for path in ("/", "/study", "/nothing", "/style.css"):
        headers = plain.browser().get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert "strict-transport-security" not in headers
    link = f"/r/{plain.signer.link(2)}"
    cookie = plain.browser().get(link).headers["set-cookie"]
    assert re.fullmatch(r"rater=[\w.-]+; HttpOnly; Max-Age=5184000; Path=/; SameSite=lax", cookie)
    behind_tls = Study(tmp_path / "tls", "https://study.example.org", "ask@example.org")
    reply = behind_tls.browser().get(link.replace(link[3:], behind_tls.signer.link(2)))
    assert reply.headers["set-cookie"].startswith("__Host-rater=")
    assert "; Secure" in reply.headers["set-cookie"]
    assert "max-age" in reply.headers["strict-transport-security"]
    assert "ask@example.org" in behind_tls.browser(1).get("/study").text
    for study in (plain, behind_tls):
        study.close()


def test_pages_ask_nobody_else_and_run_nothing(study):
    client = study.taking_part(0)
    for path in ("/", "/study", "/withdraw", "/nothing"):
        text = client.get(path).text
        assert "<script" not in text and "style=" not in text and "http" not in text
        assert not re.search(r"\son\w+=", text)
    assert not re.search(r"@import|url\(|http", client.get("/style.css").text)


def test_every_control_has_a_label_and_every_picture_words(study):
    client = study.browser(0)
    for _ in range(2):
        text = client.get("/study").text
        ids = set(re.findall(r'<input type="(?:radio|checkbox)" id="(\w+)"', text))
        assert ids and ids == set(re.findall(r'<label for="(\w+)"', text))
        assert len(re.findall("<img", text)) == len(re.findall(r'alt="[^"]{8,}"', text))
        assert '<html lang="en">' in text and len(re.findall("<h1", text)) == 1
        assert "tabindex" not in text  # the focus goes as the text does
        post(client, "/consent", form_of(client), agree="yes")
