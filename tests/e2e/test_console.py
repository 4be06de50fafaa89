"""The console as a browser gets it from the root function."""

import pytest

PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


@pytest.mark.parametrize("path", ["/t/states", "/t/states/"])
def test_a_browser_gets_a_page_that_runs_no_script(states, path):
    answer = states.http.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"


def test_an_execution_is_shown_with_its_steps(states):
    run = states.start_run(PASS, {"who": "Ada"}, wait=10)

    page = states.http.get("/t/states", params={"execution": run["execution"]}).text

    assert run["execution"] in page
    assert "Succeeded" in page
    assert "&quot;who&quot;: &quot;Ada&quot;" in page


def test_what_is_not_there_is_a_page_with_its_status(states):
    answer = states.http.get("/t/states", params={"execution": "none"})

    assert answer.status_code == 404
    assert "there is no execution" in answer.text


def test_head_answers_without_a_body(states):
    answer = states.http.head("/t/states")

    assert (answer.status_code, answer.content) == (200, b"")
