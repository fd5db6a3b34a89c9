def test_the_list_shows_jobs_with_the_names_of_their_tasks_and_projects(portal):
    page = portal.get("/jobs/")
    assert page.status_code == 200
    assert b"Roundabout north" in page.content and b"Street scenes" in page.content


def test_the_list_asks_three_times_when_cold_and_once_when_warm(portal, upstream):
    portal.get("/jobs/")
    assert sorted(call.path for call in upstream.calls) == ["/api/jobs", "/api/projects", "/api/tasks"]
    upstream.calls.clear()
    portal.get("/jobs/")
    assert [call.path for call in upstream.calls] == ["/api/jobs"]
