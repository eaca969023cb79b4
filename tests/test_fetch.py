"""Links become clips and VODs, each downloaded once, whatever the connection and the server do."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import av
import pytest
from yt_dlp import YoutubeDL
from yt_dlp.extractor.twitch import TwitchVodIE
from yt_dlp.utils import ExtractorError

from autotosis.annotations import configuration, sources
from autotosis.fetch import downloading
from autotosis.project import command_line
from autotosis.project.errors import UserError
from tests import videos, web
from tests.helpers import (
    ENVIRONMENT,
    REAL_ENVIRONMENT,
    Project,
    assert_user_error,
    copy_repository,
    limit_file_size,
    load_params,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder of videos: three files, a stream in parts (HLS), and a feed that lists two of the files."""
    folder = tmp_path_factory.mktemp("site")
    videos.flash_and_beep(folder / "a.mp4", 4)
    for name in ("b.mp4", "c.mp4"):
        shutil.copy(folder / "a.mp4", folder / name)
    (folder / "live").mkdir()
    form = ["-f", "hls", "-hls_time", 1, "-hls_playlist_type", "vod"]
    videos.ffmpeg("-i", folder / "a.mp4", "-c", "copy", *form, folder / "live/stream.m3u8")
    return folder


@pytest.fixture
def server(site):
    with web.serving(site) as server:
        yield server


@pytest.fixture
def streamer(tmp_path) -> Project:
    """A project with an empty streamer's folder, data/linked."""
    project = copy_repository(tmp_path / "project")
    shutil.copytree(project.folder / "data/template", project.folder / "data/linked")
    project.set_params(data="data/linked", vods={}, fetch={"pause": 0.01, "retries": 2})
    return project


def list_links(project: Project, *rows: str, header: str = "url,kind,name") -> None:
    project.write("data/linked/sources.csv", "\n".join([header, *rows]) + "\n")


def fetched(project: Project) -> list[str]:
    places = [path for kind in ("clips", "vods") for path in (project.folder / "data/linked" / kind).iterdir()]
    return sorted(path.name for path in places if path.name[0] != ".")


def test_every_link_is_downloaded_once_whatever_happens(streamer, server, site):
    server.statuses["/a.mp4"] = [429, 503]
    server.drops["/b.mp4"] = 1
    server.statuses["/live/stream1.ts"] = [503]
    rows = [f"{server.url(path)},{kind}" for path, kind in (("/a.mp4", "clip,busy"), ("/b.mp4", "clip,dropped"))]
    rows += [f"{server.url('/live/stream.m3u8')},vod,live", f"{server.url('/gone.mp4')},clip,gone"]
    list_links(streamer, *rows)
    output = streamer.succeed("dvc", "repro", "data/linked/dvc.yaml")

    assert fetched(streamer) == ["busy.mp4", "dropped.mp4", "live.mp4"]
    for name in ("busy", "dropped"):
        assert (streamer.folder / f"data/linked/clips/{name}.mp4").read_bytes() == (site / "a.mp4").read_bytes()
    with av.open(str(streamer.folder / "data/linked/vods/live.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 120
    assert server.ranges, "a download that was interrupted was not continued"
    assert "busy: the server answered 429 (too many requests); trying again in 0.01 s" in output
    for name, seconds in (("busy", 0.02), ("live", 0.01)):
        assert f"{name}: the server answered 503; trying again in {seconds} s" in output
    assert "sources.csv row 5: not downloaded: the server answered 404, so the link is dead" in output
    (live,) = streamer.table("data/linked/vods/.fetched.csv")
    assert (live["file"], live["url"]) == ("live.mp4", server.url("/live/stream.m3u8"))

    # Another row asks for nothing but itself, and a link that dies costs nothing.
    server.asked.clear()
    server.statuses["/a.mp4"] = [404]
    list_links(streamer, *rows[:3], f"{server.url('/c.mp4')},clip,new")
    streamer.succeed("dvc", "repro", "data/linked/dvc.yaml")
    assert fetched(streamer) == ["busy.mp4", "dropped.mp4", "live.mp4", "new.mp4"]
    assert set(server.asked) == {"/c.mp4"}
    assert streamer.repro("data/linked/dvc.yaml") == []


def test_a_link_that_has_failed_for_good_is_tried_again_if_asked_to(streamer, server):
    server.statuses["/a.mp4"] = [404]
    list_links(streamer, f"{server.url('/a.mp4')},clip,a")
    command = "dvc repro -f data/linked/dvc.yaml"
    assert f"; correct or remove the row, or try again with `{command}`" in streamer.succeed(*command.split())
    assert fetched(streamer) == []
    streamer.succeed(*command.split())
    assert fetched(streamer) == ["a.mp4"]


def test_what_fails_for_now_is_an_error_and_costs_nothing(streamer, server):
    server.statuses["/a.mp4"] = [503] * 9
    # FFmpeg, which downloads stretches, asks after yt-dlp.
    server.statuses["/c.mp4"] = [200, 503] * 9
    rows = [f"{server.url('/a.mp4')},clip,busy,,", f"{server.url('/b.mp4')},clip,fine,,"]
    rows += [f"{server.url('/c.mp4')},clip,part,1,3", "http://127.0.0.1:1/a.mp4,clip,off,,"]
    list_links(streamer, *rows, header="url,kind,name,start,end")
    assert_user_error(
        streamer.stage("fetch", "data/linked"),
        "sources.csv: not downloaded yet: row 2, busy (the server answered 503), "
        "row 4, part (the connection failed), row 5, off (the connection failed (connection refused)); "
        "run `dvc repro` again later",
    )
    assert fetched(streamer) == ["fine.mp4"]
    server.statuses.clear()
    list_links(streamer, *rows[:3], header="url,kind,name,start,end")
    streamer.stages("fetch data/linked")
    assert fetched(streamer) == ["busy.mp4", "fine.mp4", "part.mp4"]


@pytest.mark.parametrize("path", ["/a.mp4", "/live/stream.m3u8"])
def test_a_full_disk_ends_the_stage_at_once_and_is_named(streamer, server, path):
    list_links(streamer, f"{server.url(path)},vod,large", f"{server.url('/b.mp4')},clip,next")
    done = streamer.stage("fetch", "data/linked", env=REAL_ENVIRONMENT, preexec_fn=limit_file_size(5000))
    assert_user_error(done, "error: .dvc/tmp/fetch/", ": file too large")
    assert "again" not in done.stdout and "/b.mp4" not in server.asked


def test_a_clip_may_be_a_stretch_of_a_vod_and_a_file_of_ones_own_is_safe(streamer, server):
    streamer.write("data/linked/clips/mine.mp4", "mine")
    streamer.write("data/linked/clips/part.2.mp4", "another one")
    header = "url,kind,name,start,end"
    rows = [f"{server.url('/a.mp4')},clip,part,1,3", f"{server.url('/b.mp4')},clip,mine,,"]
    list_links(streamer, *rows, f"{server.url('/b.mp4')},clip,late,90,95", header=header)
    output = streamer.succeed("python", "-m", "stages.fetch", "data/linked")
    assert "row 3: not downloaded: data/linked/clips/mine.mp4 already exists" in output
    assert "row 4: not downloaded: there is no picture in 90-95 s, so the VOD may end before that; " in output
    assert streamer.read("data/linked/clips/mine.mp4") == "mine"
    assert videos.beep_times(streamer.folder / "data/linked/clips/part.mp4") == pytest.approx([0, 1], abs=0.1)


def test_a_file_of_ones_own_is_safe_where_case_is_ignored(streamer):
    streamer.write("data/linked/vods/Monday.mp4", "mine")
    list_links(streamer, "http://127.0.0.1:1/a.mp4,vod,monday")
    output = streamer.succeed("python", "-m", "stages.fetch", "data/linked")
    assert "row 2: not downloaded: data/linked/vods/Monday.mp4 already exists" in output


DOWNLOADS = "file,url,stretch,page,title,date\n"


def test_a_table_of_downloads_that_names_another_folder_removes_nothing(streamer, server):
    streamer.write("mine/monday/a.mp4", "mine")
    list_links(streamer, f"{server.url('/a.mp4')},clip,monday")
    streamer.write("data/linked/clips/.fetched.csv", f"{DOWNLOADS}../../../mine/monday,https://a.org/b,,,,\n")
    words = ("file is '../../../mine/monday', not the name of a file in data/linked/clips", "remove the row")
    assert_user_error(streamer.stage("fetch", "data/linked"), "data/linked/clips/.fetched.csv row 2: ", *words)
    assert streamer.read("mine/monday/a.mp4") == "mine"


@pytest.mark.parametrize("file", ["/mine/monday", "..", "sub/monday.mp4", "./monday.mp4", "", "mon\x1bday.mp4"])
def test_a_table_of_downloads_names_files_beside_it_alone(tmp_path, file):
    (tmp_path / ".fetched.csv").write_text(f"{DOWNLOADS}{file},https://a.org/b,,,,\n")
    with pytest.raises(UserError, match=r"\.fetched\.csv row 2: file is"):
        sources.read_fetched(tmp_path)


@pytest.mark.parametrize(
    ("page", "url", "shown"),
    [
        ("https://a.org/1", "https://b.org/2", "https://a.org/1"),
        ("", "https://b.org/2", "https://b.org/2"),
        ("http://[::1", "https://b.org/2", "https://b.org/2"),
        ("https://a.org/1 0:30", "https://b.org/2", "https://b.org/2"),
        ("https://a.org/\x1b[2J", "https://b.org/2", "https://b.org/2"),
        ("a page", "a link", None),
    ],
)
def test_the_page_of_a_download_is_a_web_address(tmp_path, page, url, shown):
    (tmp_path / "vods").mkdir()
    (tmp_path / "vods/.fetched.csv").write_text(f"{DOWNLOADS}a.mp4,{url},,{page},,\n")
    assert sources.page_of(tmp_path, "vods/a.mp4") == shown


def test_a_folder_that_a_table_of_downloads_names_is_not_removed(streamer, server):
    streamer.write("data/linked/vods/monday/a.mp4", "mine")
    list_links(streamer, f"{server.url('/a.mp4')},vod,monday")
    streamer.write("data/linked/vods/.fetched.csv", f"{DOWNLOADS}monday,https://a.org/b,,,,\n")
    assert_user_error(streamer.stage("fetch", "data/linked"), "data/linked/vods/monday: is a directory")
    assert streamer.read("data/linked/vods/monday/a.mp4") == "mine"


def test_a_password_in_a_link_is_published_nowhere(streamer, server, monkeypatch):
    link = server.url("/a.mp4")
    list_links(streamer, f"{link.replace('//', '//me:secret@')},vod,monday")
    output = streamer.succeed("python", "-m", "stages.fetch", "data/linked")
    assert f"monday.mp4: downloaded from {link}\n" in output
    monkeypatch.chdir(streamer.folder)
    for urls, shown in (({}, link), ({"monday": "https://me:p@ss@a.org/b//c@d?e@f"}, "https://a.org/b//c@d?e@f")):
        streamer.set_params(vods={"monday": "vods/monday.mp4"}, urls=urls)
        assert configuration.for_render(load_params(streamer), "monday").url == shown


def test_a_picture_that_is_too_high_is_refused(streamer, server, site):
    videos.ffmpeg("-f", "lavfi", "-i", "color=size=64x160:rate=10:duration=1", site / "high.mp4")
    streamer.set_params(fetch={"height": 144})
    list_links(streamer, f"{server.url('/high.mp4')},clip,high")
    output = streamer.succeed("python", "-m", "stages.fetch", "data/linked")
    assert "row 2: not downloaded: the video is 160 pixels high, more than fetch.height allows (144); " in output
    assert fetched(streamer) == []


def test_a_list_becomes_rows(streamer, server, site):
    dates = [format_datetime(datetime(2026, month, 1, 12, tzinfo=UTC)) for month in (1, 3)]
    items = [
        f"<item><title>{title}</title><link>{server.url(path)}</link><pubDate>{date}</pubDate></item>"
        for title, path, date in zip(("Old", "Né = w!"), ("/a.mp4", "/b.mp4"), dates, strict=True)
    ]
    items.insert(1, f"<item><title>Gone</title><link>{server.url('/gone.mp4')}</link></item>")
    (site / "feed.rss").write_text(f'<rss version="2.0"><channel><title>x</title>{"".join(items)}</channel></rss>')
    list_links(streamer, header="# mine\nkind,name,url")
    add = ("python", "-m", "autotosis.fetch", server.url("/feed.rss"), "data/linked", "--kind", "clip")
    wrong = (*add[:3], "file:///etc/passwd", *add[4:])
    assert_user_error(streamer.run(*wrong), "file:///etc/passwd: not a web address")
    for options, added in ((("--since", "2026-02-01"), 1), ((), 2), ((), 0)):
        output = streamer.succeed(*add, *options)
        assert f"rows added: {added}\n" in output
        assert (f"{server.url('/gone.mp4')}: left out, because the server answered 404" in output) == bool(options)
    lines = streamer.read("data/linked/sources.csv").splitlines()
    added = (("2026-03-01-ne-w", "/b.mp4"), ("2026-01-01-old", "/a.mp4"), ("gone", "/gone.mp4"))
    assert lines == ["# mine", "kind,name,url", *(f"clip,{name},{server.url(path)}" for name, path in added)]


def test_a_site_that_asks_for_a_login_names_the_parameter_for_cookies():
    with pytest.raises(ExtractorError) as raised:
        TwitchVodIE(YoutubeDL({"quiet": True})).raise_login_required()
    assert "name the file as fetch.cookies in params.yaml" in str(downloading.problem(raised.value))


def test_a_vod_is_listed_although_a_clip_of_it_is(streamer, server):
    rows = [f"{server.url('/a.mp4')},clip,part,1,3", f"{server.url('/a.mp4')},clip,whole,,"]
    add = ("python", "-m", "autotosis.fetch", server.url("/a.mp4"), "data/linked", "--kind")
    for count, kind, added in ((1, "clip", 1), (2, "vod", 1), (2, "clip", 0)):
        list_links(streamer, *rows[:count], header="url,kind,name,start,end")
        assert f"rows added: {added}\n" in streamer.succeed(*add, kind)


def test_what_is_written_into_the_table_meanwhile_stays(streamer, server, monkeypatch):
    add = ("python", "-m", "autotosis.fetch", server.url("/a.mp4"), "data/linked", "--kind", "clip")
    monkeypatch.chdir(streamer.folder)
    with command_line.exclusively("adding to data/linked/sources.csv"):
        process = subprocess.Popen(add, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert "sources.csv: waiting for process" in process.stderr.readline()
        list_links(streamer, f"{server.url('/b.mp4')},clip,mine")
    process.communicate()
    assert process.returncode == 0
    assert [row["name"] for row in streamer.table("data/linked/sources.csv")] == ["mine", "a"]


@pytest.mark.parametrize("folder", ["data/linked/", "{}/data/linked"])
def test_a_folder_is_filled_once_at_a_time_however_it_is_written(streamer, monkeypatch, folder):
    fetch = ("python", "-m", "stages.fetch", folder.format(streamer.folder))
    monkeypatch.chdir(streamer.folder)
    with command_line.exclusively("fetch data/linked"):
        process = subprocess.Popen(fetch, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert "fetch data/linked: waiting for process" in process.stderr.readline()
    process.communicate()
    assert process.returncode == 0


# A plug-in of yt-dlp for a channel whose page has two tabs, as those of YouTube have: lists in a list. In each,
# there is a video that only yt-dlp knows by its name.
TABS = """
from yt_dlp.extractor.common import InfoExtractor

class TabsIE(InfoExtractor):
    _VALID_URL = r"(?P<site>http://127[.]0[.]0[.]1:[0-9]+)/channel"

    def _real_extract(self, url):
        site = self._match_valid_url(url)["site"]
        tabs = []
        for name in "ab":
            video = self.url_result(f"{site}/{name}.mp4", video_title=name)
            whence = {"extractor": "tabs", "extractor_key": "Tabs", "webpage_url": f"{url}/{name}"}
            tabs.append(self.playlist_result([self.url_result(f"wistia:{name}"), video], name, **whence))
        return self.playlist_result(tabs, "channel")
"""


def test_the_videos_in_all_tabs_of_a_channel_become_rows(streamer, server, tmp_path):
    plugin = tmp_path / "plugin/yt_dlp_plugins/extractor/tabs.py"
    plugin.parent.mkdir(parents=True)
    plugin.write_text(TABS)
    add = (sys.executable, "-m", "autotosis.fetch", server.url("/channel"), "data/linked", "--kind", "vod")
    done = streamer.run(*add, env=ENVIRONMENT | {"PYTHONPATH": str(tmp_path / "plugin")})
    assert "rows added: 2\n" in done.stdout, done.stderr
    assert "wistia:a: left out, because it is not a web address\n" in done.stdout
    rows = streamer.table("data/linked/sources.csv")
    assert [(row["url"], row["name"]) for row in rows] == [(server.url(f"/{name}.mp4"), name) for name in "ab"]


# The same for a page on which a stream is not over, or not yet complete.
LIVE = """
from yt_dlp.extractor.common import InfoExtractor

class LiveIE(InfoExtractor):
    _VALID_URL = r"(?P<site>http://127[.]0[.]0[.]1:[0-9]+)/(?P<status>is_upcoming|is_live|post_live|was_live)"

    def _real_extract(self, url):
        site, status = self._match_valid_url(url).groups()
        return {"id": status, "title": status, "url": f"{site}/a.mp4", "live_status": status}
"""


def test_a_stream_that_goes_on_is_downloaded_once_it_has_ended(streamer, server, tmp_path):
    plugin = tmp_path / "plugin/yt_dlp_plugins/extractor/live.py"
    plugin.parent.mkdir(parents=True)
    plugin.write_text(LIVE)
    names = ("is_live", "post_live", "was_live", "is_upcoming")
    list_links(streamer, *(f"{server.url(f'/{name}')},vod,{name}" for name in names))
    sentence = "the stream is not over, or not yet complete"
    fetch = (sys.executable, "-m", "stages.fetch", "data/linked")
    assert_user_error(
        streamer.run(*fetch, env=ENVIRONMENT | {"PYTHONPATH": str(tmp_path / "plugin")}),
        f"not downloaded yet: row 2, is_live ({sentence}), row 3, post_live ({sentence}), "
        f"row 5, is_upcoming ({sentence}); run `dvc repro` again later",
    )
    assert fetched(streamer) == ["was_live.mp4"]


# The same for a site whose words no terminal and no table can hold.
GARBLED = """
from yt_dlp.extractor.common import ExtractorError, InfoExtractor

class GarbledIE(InfoExtractor):
    _VALID_URL = r"(?P<site>http://127[.]0[.]0[.]1:[0-9]+)/(?P<word>title|error)"

    def _real_extract(self, url):
        site, word = self._match_valid_url(url).groups()
        if word == "error":
            raise ExtractorError("not\\x1b[2Jtoday", expected=True)
        return {"id": "a", "title": "Oh \\ud83d", "url": f"{site}/a.mp4"}
"""


def test_words_of_a_site_that_cannot_be_printed_cost_nothing(streamer, server, tmp_path):
    plugin = tmp_path / "plugin/yt_dlp_plugins/extractor/garbled.py"
    plugin.parent.mkdir(parents=True)
    plugin.write_text(GARBLED)
    list_links(streamer, *(f"{server.url(f'/{name}')},clip,{name}" for name in ("title", "error")))
    fetch = (sys.executable, "-m", "stages.fetch", "data/linked")
    done = streamer.run(*fetch, env=ENVIRONMENT | {"PYTHONPATH": str(tmp_path / "plugin")})
    assert done.returncode == 0, done.stderr
    assert "row 3: not downloaded: [Garbled] not?[2Jtoday; " in done.stdout
    assert [row["title"] for row in streamer.table("data/linked/clips/.fetched.csv")] == ["Oh ?"]


def test_a_misspelt_folder_and_day_are_named(streamer, server):
    add = ("python", "-m", "autotosis.fetch", server.url("/feed.rss"), "data/typo", "--kind", "clip")
    assert_user_error(streamer.run(*add), "data/typo: there is no such folder")
    assert not (streamer.folder / "data/typo").exists()
    assert "yesterday is not a day such as 2026-01-31" in streamer.run(*add, "--since", "yesterday").stderr


def test_cookies_that_git_would_commit_are_refused(streamer):
    cookies = "# Netscape HTTP Cookie File\n"
    streamer.write("data/linked/cookies.txt", cookies)
    streamer.set_params(fetch={"cookies": "cookies.txt"})
    listing = ("python", "-m", "autotosis.fetch", "http://127.0.0.1:1", "data/linked", "--kind", "clip")
    for done in (streamer.stage("fetch", "data/linked"), streamer.run(*listing)):
        assert_user_error(done, "cookies.txt", ".gitignore")
    assert streamer.read("data/linked/cookies.txt") == cookies
    streamer.write("data/linked/.gitignore", "cookies.txt\n")
    streamer.stages("fetch data/linked")


@pytest.mark.parametrize("data", ["../elsewhere", "data/link"])
def test_cookies_outside_the_project_are_accepted_unless_git_keeps_them_there(streamer, monkeypatch, data, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "cookies.txt").write_text("# Netscape HTTP Cookie File\n")
    (streamer.folder / "data/link").symlink_to(elsewhere)
    streamer.set_params(fetch={"cookies": "cookies.txt"})
    limits = load_params(streamer).fetch
    monkeypatch.chdir(streamer.folder)
    assert downloading.find_cookies(Path(data), limits) == Path(data, "cookies.txt")
    Project(elsewhere).succeed("git", "init", "--quiet")
    with pytest.raises(UserError, match=r"cookies.txt: cookies are secret, and git would commit"):
        downloading.find_cookies(Path(data), limits)


def test_cookies_are_accepted_in_a_project_of_another_user(streamer, monkeypatch):
    streamer.write("data/linked/cookies.txt", "# Netscape HTTP Cookie File\n")
    streamer.write("data/linked/.gitignore", "cookies.txt\n")
    streamer.set_params(fetch={"cookies": "cookies.txt"})
    monkeypatch.chdir(streamer.folder)
    # As git's own tests do.
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    folder = Path("data/linked")
    assert downloading.find_cookies(folder, load_params(streamer).fetch) == folder / "cookies.txt"
    (folder / ".gitignore").unlink()
    with pytest.raises(UserError, match=r"cookies.txt: cookies are secret, and git would commit"):
        downloading.find_cookies(folder, load_params(streamer).fetch)


@pytest.mark.parametrize("folder", ["clips", "vods", "music"])
def test_cookies_that_dvc_would_push_are_refused(streamer, monkeypatch, folder):
    streamer.write(f"data/linked/{folder}/cookies.txt", "# Netscape HTTP Cookie File\n")
    streamer.write("data/linked/.gitignore", "cookies.txt\n")
    streamer.set_params(fetch={"cookies": f"./{folder}/cookies.txt"})
    monkeypatch.chdir(streamer.folder)
    with pytest.raises(UserError, match=f"^data/linked/{folder}/cookies.txt: cookies are secret, and DVC pushes"):
        downloading.find_cookies(Path("data/linked"), load_params(streamer).fetch)


def test_stretches_that_hardly_differ_are_two(streamer):
    rows = [f"https://example.org/a,clip,{name},{start},12350" for name, start in (("a", 12345.12), ("b", 12345.07))]
    list_links(streamer, *rows, header="url,kind,name,start,end")
    listed = sources.read_sources(streamer.folder / "data/linked")
    assert [row.stretch for row in listed] == ["12345.12-12350", "12345.07-12350"]


def test_cookies_in_another_format_are_refused_at_once(streamer):
    streamer.set_params(fetch={"cookies": "cookies.txt"})
    streamer.write("data/linked/.gitignore", "cookies.txt\n")
    list_links(streamer, "http://127.0.0.1:1/a.mp4,clip,a")
    for content in ('[{"domain": "example.org", "name": "a"}]', "\n"):
        streamer.write("data/linked/cookies.txt", content)
        assert_user_error(streamer.stage("fetch", "data/linked"), "data/linked/cookies.txt: not cookies in Netscape's")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("file:///etc/passwd,clip,a", "row 2: url is"),
        ("http://[::1,clip,a", "row 2: url is"),
        ("http://a..b/a.mp4,clip,a", "row 2: url is"),
        ("http://example.org:99999/a.mp4,clip,a", "row 2: url is"),
        ("https://example.org/a,film,a", "kind is 'film'"),
        ("https://example.org/a,clip,../a", "name is '../a'"),
        ("https://example.org/a,clip,a\nhttps://example.org/b,clip,A", "row 3: A is the name in row 2"),
    ],
)
def test_a_bad_row_is_named(tmp_path, row, words):
    (tmp_path / "sources.csv").write_text(f"url,kind,name\n{row}\n")
    with pytest.raises(UserError, match="sources.csv") as error:
        sources.read_sources(tmp_path)
    assert words in str(error.value)
