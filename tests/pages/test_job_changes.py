"""Changing a job in its row and on its page: saved at once, never over somebody else's change, and taken back."""

import html
import json
import re

import pytest

HTMX = {"HX-Request": "true"}
UNASSIGNED = 3


def text_of(response) -> str:
    return response.content.decode()


def patches(upstream) -> list[str]:
    return [call.path for call in upstream.calls if call.method == "PATCH"]


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the form that saves."""
    form = page[page.index('method="post" action="/jobs/') :]
    form = form[: form.index("</form>")]
    fields = re.findall(r'<input type="hidden" name="(\w+)"(?: value="([^"]*)")?', form)
    return {name: html.unescape(value) for name, value in fields if name != "csrfmiddlewaretoken"}


def editor(portal, job_id: int, field: str) -> dict[str, str]:
    return hidden(text_of(portal.get(f"/jobs/{job_id}/edit/{field}", headers=HTMX)))


def save(portal, job_id: int, field: str, value, seen=None, **more):
    data = (editor(portal, job_id, field) if seen is None else seen) | {"value": value}
    return portal.post(f"/jobs/{job_id}/edit/{field}", data, **more)


def toast(response) -> dict[str, str]:
    return json.loads(response["HX-Trigger"])["toast"]


def job_of(upstream, portal, job_id: int):
    return portal.get(f"/jobs/{job_id}/").context["job"]


def test_assigning_in_the_row_answers_with_the_row_and_an_undo(portal, upstream):
    answer = save(portal, UNASSIGNED, "assignee", "3", headers=HTMX)
    assert answer.status_code == 200 and text_of(answer).lstrip().startswith(f'<tr id="job-{UNASSIGNED}"')
    assert "bob" in text_of(answer) and "just-saved" in text_of(answer)
    assert toast(answer)["words"] == f"Job {UNASSIGNED}: assigned to bob" and toast(answer)["undo"]
    assert job_of(upstream, portal, UNASSIGNED).assignee.username == "bob"


def test_only_the_changed_field_is_sent(portal, upstream):
    save(portal, UNASSIGNED, "state", "in progress", headers=HTMX)
    assert patches(upstream) == [f"/api/jobs/{UNASSIGNED}"]
    job = job_of(upstream, portal, UNASSIGNED)
    assert (job.assignee, job.stage, job.state) == (None, "annotation", "in progress")


def test_choosing_what_already_is_sends_nothing(portal, upstream):
    answer = save(portal, UNASSIGNED, "state", "new", headers=HTMX)
    assert answer.status_code == 200 and not patches(upstream)
    assert "HX-Trigger" not in answer and "just-saved" not in text_of(answer), "nothing is claimed to be saved"


def test_a_new_stage_begins_with_the_state_new_and_undo_restores_both(portal, upstream):
    save(portal, UNASSIGNED, "state", "completed", headers=HTMX)
    answer = save(portal, UNASSIGNED, "stage", "validation", headers=HTMX)
    job = job_of(upstream, portal, UNASSIGNED)
    assert (job.stage, job.state) == ("validation", "new")
    answer = portal.post("/jobs/undo", {"undo": toast(answer)["undo"]}, headers=HTMX)
    assert answer.status_code == 200 and toast(answer)["words"].startswith("Taken back")
    job = job_of(upstream, portal, UNASSIGNED)
    assert (job.stage, job.state) == ("annotation", "completed")


def test_undo_leaves_somebody_elses_later_change_alone(portal, sign_in, upstream):
    answer = save(portal, UNASSIGNED, "assignee", "3", headers=HTMX)
    save(sign_in("admin"), UNASSIGNED, "assignee", "4", headers=HTMX)
    undone = portal.post("/jobs/undo", {"undo": toast(answer)["undo"]}, headers=HTMX)
    assert "Not taken back" in toast(undone)["words"] and "carol" in toast(undone)["words"]
    assert job_of(upstream, portal, UNASSIGNED).assignee.username == "carol"


def test_undo_accepts_nothing_it_did_not_hand_out(portal, upstream):
    for token in ("", "x", "eyJpZCI6MX0:1abc:forged", "\0", "a" * 5000):
        answer = portal.post("/jobs/undo", {"undo": token})
        assert answer.status_code == 422
    assert not patches(upstream)


def test_two_people_at_once_are_shown_both_values_and_nothing_is_overwritten(portal, sign_in, upstream):
    seen = editor(portal, UNASSIGNED, "state")
    save(sign_in("admin"), UNASSIGNED, "state", "rejected", headers=HTMX)
    upstream.calls.clear()
    answer = save(portal, UNASSIGNED, "state", "completed", seen=seen, headers=HTMX)
    assert answer.status_code == 409 and not patches(upstream)
    assert "is now rejected, was new" in text_of(answer) and "Set completed all the same" in text_of(answer)
    form = hidden(text_of(answer))
    assert form["seen_state"] == "rejected"
    answer = save(portal, UNASSIGNED, "state", "completed", seen=form, headers=HTMX)
    assert answer.status_code == 200
    assert job_of(upstream, portal, UNASSIGNED).state == "completed"


def test_what_changed_since_the_list_was_shown_is_said_when_the_editor_opens(portal, sign_in):
    link = re.search(r'hx-get="(/jobs/3/edit/assignee[^"]*)"', text_of(portal.get("/jobs/?view=unassigned"))).group(1)
    save(sign_in("admin"), UNASSIGNED, "assignee", "5", headers=HTMX)
    editor = text_of(portal.get(html.unescape(link), headers=HTMX))
    assert "Changed since the list was shown" in editor and "Assignee is now dave" in editor
    assert "Changed since" not in text_of(portal.get(f"/jobs/{UNASSIGNED}/edit/assignee", headers=HTMX))


@pytest.mark.parametrize(("field", "other"), [("stage", "acceptance"), ("state", "rejected")])
def test_so_it_is_for_a_stage_and_a_state(portal, sign_in, field, other):
    link = re.search(rf'hx-get="(/jobs/3/edit/{field}[^"]*)"', text_of(portal.get("/jobs/?view=unassigned"))).group(1)
    save(sign_in("admin"), UNASSIGNED, field, other, headers=HTMX)
    editor = text_of(portal.get(html.unescape(link), headers=HTMX))
    assert f"{field.capitalize()} is now {other}, was" in editor


def test_people_come_from_the_jobs_own_organization_whichever_is_looked_at(sign_in, upstream):
    bob = sign_in("bob")
    job = bob.get("/jobs/?org=harbor").context["rows"][0].job
    bob.get("/jobs/?org=acme")
    bob.get(f"/jobs/{job.id}/edit/assignee", headers=HTMX)
    assert [call for call in upstream.calls if call.path == "/api/users"][-1].headers["x-organization"] == "harbor"


def test_a_stage_that_only_a_newer_server_knows_can_be_kept(portal, upstream):
    body = {"id": 1, "task_id": 1, "stage": "polishing", "state": "new"}
    upstream.fail(path=r"^/api/jobs/1$", status=200, body=json.dumps(body).encode())
    assert '<option value="polishing" selected>' in text_of(portal.get("/jobs/1/"))


def test_annotations_saved_meanwhile_are_no_conflict(portal, upstream):
    seen = editor(portal, UNASSIGNED, "state")
    seen["version"] = "2020-01-01T00:00:00+00:00"
    answer = save(portal, UNASSIGNED, "state", "completed", seen=seen, headers=HTMX)
    assert answer.status_code == 200


def test_a_double_click_changes_once_and_stays_calm(portal, upstream):
    seen = editor(portal, UNASSIGNED, "assignee")
    first = save(portal, UNASSIGNED, "assignee", "3", seen=seen, headers=HTMX)
    upstream.calls.clear()
    second = save(portal, UNASSIGNED, "assignee", "3", seen=seen, headers=HTMX)
    assert first.status_code == 200 and second.status_code == 200
    assert not patches(upstream)


def test_without_javascript_a_cell_leads_to_a_small_page_and_back(portal, upstream):
    place = "/jobs/?view=unassigned&org=acme"
    page = portal.get(f"/jobs/{UNASSIGNED}/edit/assignee", {"next": place})
    assert page.status_code == 200 and "<html" in text_of(page) and "carol" in text_of(page)
    answer = save(portal, UNASSIGNED, "assignee", "4", seen=hidden(text_of(page)))
    assert (answer.status_code, answer["Location"]) == (302, place)
    page = text_of(portal.get(place))
    assert f"Job {UNASSIGNED}: assigned to carol" in page and "Undo" in page
    token = re.search(r'name="undo" value="([^"]+)"', page).group(1)
    answer = portal.post("/jobs/undo", {"undo": token, "next": place})
    assert (answer.status_code, answer["Location"]) == (302, place)
    assert "Taken back" in text_of(portal.get(place))


@pytest.mark.parametrize("place", ["https://evil.example/", "//evil.example/x", "javascript:alert(1)"])
def test_saving_never_leads_elsewhere(portal, place):
    answer = save(portal, UNASSIGNED, "state", "completed", seen={"next": place})
    assert answer["Location"] == f"/jobs/{UNASSIGNED}/"


def test_finding_people_by_part_of_their_name(portal):
    part = portal.get(f"/jobs/{UNASSIGNED}/edit/assignee?q=ca", headers=HTMX | {"HX-Target": f"people-{UNASSIGNED}"})
    assert "carol" in text_of(part) and "dave" not in text_of(part) and "<form" not in text_of(part)


@pytest.mark.parametrize("value", ["99999", "8", "0", "-1", "abc", "1e3", "9" * 30, "<script>"])
def test_an_assignee_who_is_gone_or_foreign_is_refused_in_words(portal, upstream, value):
    answer = save(portal, UNASSIGNED, "assignee", value, headers=HTMX)
    assert answer.status_code == 422 and toast(answer)["kind"] == "problem"
    assert not patches(upstream)
    assert answer["HX-Reswap"] == "none", "the page stays as it is"


def test_looking_at_everything_one_still_assigns_among_the_people_of_the_jobs_organization(sign_in):
    alice = sign_in("alice", org="*")
    assert "carol" in text_of(alice.get(f"/jobs/{UNASSIGNED}/edit/assignee", headers=HTMX))
    answer = save(alice, UNASSIGNED, "assignee", "4", headers=HTMX)
    assert answer.status_code == 200 and "carol" in text_of(answer)


@pytest.mark.parametrize(("field", "value"), [("stage", "done"), ("state", ""), ("state", "new\0"), ("stage", "new")])
def test_values_that_do_not_exist_are_refused(portal, upstream, field, value):
    answer = save(portal, UNASSIGNED, field, value)
    assert answer.status_code == 422 and not patches(upstream)


@pytest.mark.parametrize("field", ["id", "type", "updated_date", "bogus"])
def test_other_fields_cannot_be_changed(portal, field):
    assert portal.get(f"/jobs/{UNASSIGNED}/edit/{field}").status_code == 404
    assert portal.post(f"/jobs/{UNASSIGNED}/edit/{field}", {"value": "x"}).status_code == 404


def test_a_worker_is_told_why_they_may_not(sign_in, upstream):
    carol = sign_in("carol")
    job = carol.get("/jobs/?view=mine").context["rows"][0].job
    answer = save(carol, job.id, "stage", "acceptance", headers=HTMX)
    assert answer.status_code == 403 and "Whoever leads the task or the organization can" in toast(answer)["words"]


@pytest.mark.parametrize("job_id", ["999999", "999999999999999999"])
def test_a_job_that_is_gone_is_a_plain_404(portal, job_id):
    for path in (f"/jobs/{job_id}/", f"/jobs/{job_id}/edit/state", f"/jobs/{job_id}/preview"):
        page = portal.get(path)
        assert page.status_code == 404 and f"Job {job_id} isn’t there" in text_of(page), path


@pytest.mark.parametrize("job_id", ["abc", "-1", "1" * 5000, "1%00"])
def test_what_is_no_id_is_no_page(portal, upstream, job_id):
    assert portal.get(f"/jobs/{job_id}/").status_code == 404
    assert not upstream.calls


def test_a_job_somebody_may_not_see_is_403(sign_in):
    other = sign_in("grace", org="harbor")
    assert other.get("/jobs/1/").status_code == 403


def test_a_failure_while_saving_is_told_and_nothing_is_claimed(portal, upstream):
    seen = editor(portal, UNASSIGNED, "state")
    upstream.fail(method="PATCH", reset=True)
    answer = save(portal, UNASSIGNED, "state", "completed", seen=seen, headers=HTMX)
    assert answer.status_code == 502 and toast(answer)["kind"] == "problem"
    assert len(patches(upstream)) == 1, "a change that may have been made is never sent twice"


# The page of one job


def test_the_page_of_a_job_shows_its_facts(portal, upstream):
    page = portal.get("/jobs/1/")
    for fact in ("Crossing, rain, 2026-11", "Street scenes", "carol", f'href="{upstream.url}/tasks/1/jobs/1"'):
        assert fact in text_of(page)


def edit_form(portal, job_id: int) -> dict[str, str]:
    form = portal.get(f"/jobs/{job_id}/").context["form"]
    values = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    return {name: "" if value is None else str(value) for name, value in values.items()}


def test_saving_the_form_changes_all_three_at_once(portal, upstream):
    data = edit_form(portal, UNASSIGNED) | {"assignee": "dave", "stage": "validation", "state": "in progress"}
    upstream.calls.clear()
    answer = portal.post(f"/jobs/{UNASSIGNED}/", data)
    assert (answer.status_code, answer["Location"]) == (302, f"/jobs/{UNASSIGNED}/")
    assert len(patches(upstream)) == 1
    job = job_of(upstream, portal, UNASSIGNED)
    assert (job.assignee.username, job.stage, job.state) == ("dave", "validation", "in progress")


def test_a_stage_alone_takes_its_state_along(portal, upstream):
    portal.post(f"/jobs/{UNASSIGNED}/", edit_form(portal, UNASSIGNED) | {"state": "completed"})
    portal.post(f"/jobs/{UNASSIGNED}/", edit_form(portal, UNASSIGNED) | {"stage": "validation"})
    job = job_of(upstream, portal, UNASSIGNED)
    assert (job.stage, job.state) == ("validation", "new")


def test_a_name_that_nobody_has_is_said_at_its_field_and_stays_typed(portal, upstream):
    data = edit_form(portal, UNASSIGNED) | {"assignee": "carrol", "state": "rejected"}
    answer = portal.post(f"/jobs/{UNASSIGNED}/", data)
    assert answer.status_code == 422 and "There is no person “carrol” here" in text_of(answer)
    assert 'value="carrol"' in text_of(answer) and '<option value="rejected" selected>' in text_of(answer)
    assert not patches(upstream)


def test_a_full_name_will_do_for_an_assignee(portal, upstream):
    portal.post(f"/jobs/{UNASSIGNED}/", edit_form(portal, UNASSIGNED) | {"assignee": "Bob Marsh"})
    assert job_of(upstream, portal, UNASSIGNED).assignee.username == "bob"


def test_the_form_tells_a_conflict_and_saves_on_the_second_word(portal, sign_in, upstream):
    data = edit_form(portal, UNASSIGNED) | {"state": "completed"}
    save(sign_in("admin"), UNASSIGNED, "assignee", "4", headers=HTMX)
    upstream.calls.clear()
    answer = portal.post(f"/jobs/{UNASSIGNED}/", data)
    assert answer.status_code == 409 and not patches(upstream)
    assert "is now carol" in text_of(answer) and '<option value="completed" selected>' in text_of(answer)
    form = answer.context["form"]
    again = {name: form[name].value() for name in form.fields}
    assert portal.post(f"/jobs/{UNASSIGNED}/", again).status_code == 302
    job = job_of(upstream, portal, UNASSIGNED)
    assert (job.assignee.username, job.state) == ("carol", "completed"), "what others set in untouched fields stays"


def test_bad_values_in_the_form_are_said_at_their_fields(portal, upstream):
    answer = portal.post(f"/jobs/{UNASSIGNED}/", {"assignee": "x" * 1000, "stage": "bogus", "state": ""})
    assert answer.status_code == 422 and text_of(answer).count("has-error") == 3
    assert not patches(upstream)


def test_a_worker_keeps_what_they_chose_when_upstream_says_no(sign_in):
    carol = sign_in("carol")
    job = carol.get("/jobs/?view=mine").context["rows"][0].job
    answer = carol.post(f"/jobs/{job.id}/", edit_form(carol, job.id) | {"stage": "acceptance"})
    assert answer.status_code == 403 and '<option value="acceptance" selected>' in text_of(answer)


def test_a_bug_tracker_that_is_no_web_address_is_not_linked(portal, upstream):
    job = portal.get("/jobs/1/").context["job"]
    body = {"id": job.id, "task_id": 1, "bug_tracker": "javascript:alert(1)"}
    upstream.fail(path=r"^/api/jobs/1$", status=200, body=json.dumps(body).encode())
    assert "javascript:" not in text_of(portal.get("/jobs/1/"))
