from pathlib import Path

import pytest

from cnnlib.support.files import whole_file, write_whole


def test_text_and_bytes_are_written_as_they_are(tmp_path):
    write_whole(tmp_path / "new" / "a.txt", "Größe\n")
    assert (tmp_path / "new" / "a.txt").read_bytes() == "Größe\n".encode()
    write_whole(tmp_path / "new" / "a.txt", b"\r\n\x00")
    assert (tmp_path / "new" / "a.txt").read_bytes() == b"\r\n\x00"
    write_whole(tmp_path / "half.txt", "\ud800")
    assert (tmp_path / "half.txt").read_text("utf-8") == "?"


@pytest.mark.parametrize("failing", ["write_bytes", "replace"])
def test_an_error_leaves_the_old_content_and_nothing_else(tmp_path, monkeypatch, failing):
    target = tmp_path / "a.txt"
    target.write_text("old")

    def fails(*what):
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Path, failing, fails)
        with pytest.raises(OSError, match="full"):
            write_whole(target, "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"] and target.read_text() == "old"


def test_a_block_that_stops_leaves_the_old_content(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(KeyboardInterrupt), whole_file(target) as made:
        made.write_text("half")
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"] and target.read_text() == "old"
