"""/v2: the recorded requests of the Fn CLI 0.6.63, replayed, and the rules beside them."""

import json
import re
from pathlib import Path

import pytest

RECORDED = json.loads((Path(__file__).parent / "cases" / "fn-cli.json").read_text())
RECORDED_URL = "http://127.0.0.1:8081"
ID = re.compile(r"\b01M80[0-9A-Z]{21}\b")
TIME = re.compile(r"2026-11-22T05:\d\d:\d\d\.\d{3}Z|2026-11-22T04:59:43\.298Z")


class Translation:
    """Learns which of our ids and times stands for which recorded one: always the same."""

    def __init__(self, url):
        self._known = {}
        self._url = url

    def of_request(self, text):
        text = text.replace(RECORDED_URL, self._url)
        return ID.sub(lambda match: self._known[match[0]], text)

    def of_answer(self, recorded, ours):
        """Replaces the recorded ids and times by ours, where ours has the same shape."""
        recorded = json.dumps(recorded).replace(RECORDED_URL, self._url)
        for pattern, shape in ((ID, r"[0-9A-Z]{26}"), (TIME, r"20\d\d-\d\d-\d\dT[0-9:.]{12}Z")):
            found = re.findall(shape, json.dumps(ours))
            for position, name in enumerate(pattern.findall(recorded)):
                if position < len(found):
                    self._known.setdefault(name, found[position])
            recorded = pattern.sub(lambda match: self._known.get(match[0], match[0]), recorded)
        return json.loads(recorded)


def test_every_recorded_request_of_the_cli_is_answered_as_recorded(start):
    gateway = start(probes=False)
    gateway.http.delete(f"/v2/apps/{gateway.http.get('/v2/apps').json()['items'][0]['id']}")
    translation = Translation(gateway.url)
    for case in RECORDED:
        what = f"{case['command']}: {case['method']} {case['path']}"
        body = translation.of_request(json.dumps(case["body"])) if "body" in case else None
        path = translation.of_request(case["path"])
        answer = gateway.http.request(case["method"], path, content=body)
        assert answer.status_code == case["status"], f"{what}: {answer.text}"
        if "answer" in case:
            ours = answer.json()
            assert ours == translation.of_answer(case["answer"], ours), what
        else:
            assert answer.content == b"", what
            assert answer.headers["Content-Type"] == "text/plain; charset=utf-8", what


REFUSALS = [
    ("POST", "/v2/apps", "{", 400, "Invalid JSON"),
    ("POST", "/v2/apps", "[]", 400, "Invalid JSON"),
    ("POST", "/v2/apps", '{"name":1}', 400, "Invalid JSON"),
    ("POST", "/v2/apps", '{"name":"a","config":{"A":1}}', 400, "Invalid JSON"),
    ("POST", "/v2/apps", "{}", 400, "Missing Name"),
    ("POST", "/v2/apps", '{"name":"a b"}', 400, "Invalid app name"),
    ("POST", "/v2/apps", '{"name":"states"}', 409, "App already exists"),
    ("POST", "/v2/apps", '{"name":"n","id":"x"}', 400, "App ID cannot be supplied on create"),
    ("GET", "/v2/apps/nobody", "", 404, "App not found"),
    ("PUT", "/v2/apps/nobody", "{}", 404, "App not found"),
    ("DELETE", "/v2/apps/nobody", "", 404, "App not found"),
    ("PUT", "/v2/apps/APP", '{"name":"other"}', 409, "Could not update - name is immutable"),
    ("GET", "/v2/fns", "", 400, "Missing AppID on Fn"),
    ("GET", "/v2/fns/nobody", "", 404, "Fn not found"),
    ("POST", "/v2/fns", '{"name":"f","image":"i"}', 400, "Missing AppID on Fn"),
    ("POST", "/v2/fns", '{"app_id":"APP","image":"i"}', 400, "Missing Fn name"),
    ("POST", "/v2/fns", '{"app_id":"APP","name":"f"}', 400, "Missing image on Fn"),
    (
        "POST",
        "/v2/fns",
        '{"app_id":"APP","name":"a/b","image":"i"}',
        400,
        "name must be a valid string",
    ),
    ("POST", "/v2/fns", '{"app_id":"nobody","name":"f","image":"i"}', 404, "App not found"),
    (
        "PUT",
        "/v2/fns/FN",
        '{"timeout":301}',
        400,
        "timeout value is out of range, must be between 0 and 300",
    ),
    (
        "PUT",
        "/v2/fns/FN",
        '{"idle_timeout":3601}',
        400,
        "idle_timeout value is out of range, must be between 0 and 3600",
    ),
    (
        "PUT",
        "/v2/fns/FN",
        '{"memory":8193}',
        400,
        "memory value is out of range. It should be between 0 and 8192",
    ),
    ("PUT", "/v2/fns/FN", '{"id":"x"}', 400, "Fn ID in path does not match that in body"),
    ("GET", "/v2/triggers", "", 400, "Missing App ID on Trigger"),
    ("GET", "/v2/triggers/nobody", "", 404, "Trigger not found"),
    (
        "POST",
        "/v2/triggers",
        '{"app_id":"APP","fn_id":"FN","name":"t","type":"http","source":"x"}',
        400,
        "Missing Trigger Source Prefix '/'",
    ),
    (
        "POST",
        "/v2/triggers",
        '{"app_id":"APP","fn_id":"FN","name":"t","type":"ftp","source":"/x"}',
        400,
        "Trigger Type Not Supported",
    ),
    (
        "POST",
        "/v2/triggers",
        '{"app_id":"APP","fn_id":"no","name":"t","type":"http","source":"/x"}',
        404,
        "Fn not found",
    ),
    ("GET", "/v2/nothing", "", 404, "Path not found: GET /v2/nothing"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "message"), REFUSALS)
def test_a_refusal_has_the_words_of_fn(gateway, method, path, body, status, message):
    fn_id = gateway.ids("states")["hello"]
    app_id = gateway.http.get(f"/v2/fns/{fn_id}").json()["app_id"]
    path, body = (t.replace("APP", app_id).replace("FN", fn_id) for t in (path, body))
    answer = gateway.http.request(method, path, content=body)
    assert (answer.status_code, answer.json()) == (status, {"message": message})


def test_lists_come_in_pages_sorted_by_name(start):
    gateway = start(probes=False)
    for name in ("c", "a", "b", "d"):
        gateway.http.post("/v2/apps", json={"name": name})
    pages, query = [], {"per_page": "2"}
    while True:
        page = gateway.http.get("/v2/apps", params=query).json()
        pages.append([app["name"] for app in page["items"]])
        if "next_cursor" not in page:
            break
        query["cursor"] = page["next_cursor"]
    assert pages == [["a", "b"], ["c", "d"], ["states"]]


def test_a_full_last_page_has_a_cursor_that_leads_to_an_empty_one(gateway):
    page = gateway.http.get("/v2/apps", params={"per_page": "2"}).json()
    assert [app["name"] for app in page["items"]] == ["probes", "states"]
    following = {"per_page": "2", "cursor": page["next_cursor"]}
    assert gateway.http.get("/v2/apps", params=following).json() == {"items": []}


def test_functions_of_an_unknown_app_are_an_empty_list(gateway):
    assert gateway.http.get("/v2/fns", params={"app_id": "x"}).json() == {"items": []}


def test_endpoints_follow_the_host_the_client_used(gateway):
    fn_id = gateway.ids()["probe"]
    fn = gateway.http.get(f"/v2/fns/{fn_id}", headers={"Host": "fn.test:99"}).json()
    endpoint = fn["annotations"]["fnproject.io/fn/invokeEndpoint"]
    assert endpoint == f"http://fn.test:99/invoke/{fn_id}"
    assert fn["annotations"]["probe/kind"] == "test"


def test_calls_are_gone_as_on_fn(gateway):
    assert gateway.http.get(f"/v2/fns/{gateway.ids()['probe']}/calls").status_code == 410
