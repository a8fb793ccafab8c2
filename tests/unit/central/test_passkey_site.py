"""Where there can be passkeys: our own address, as browsers know it."""

from __future__ import annotations

import pytest

from central.auth import passkeys
from central.settings import Settings


@pytest.mark.parametrize(
    ("public_url", "host", "site"),
    [
        ("https://songlam.nghean.vn", "x", ("songlam.nghean.vn", "https://songlam.nghean.vn")),
        ("https://Songlam.vn:443", "x", ("songlam.vn", "https://songlam.vn")),
        ("https://songlam.vn:8443", "x", ("songlam.vn", "https://songlam.vn:8443")),
        ("https://10.0.0.5", "x", None),
        ("https://[fd00::1]", "x", None),
        ("http://songlam.vn", "localhost", None),
        ("", "songlam.vn", None),
        ("", "127.0.0.1:8080", None),
        ("", "", None),
        ("", "localhost:8080", ("localhost", "http://localhost:8080")),
        ("http://localhost", "x", ("localhost", "http://localhost")),
    ],
)
def test_passkeys_belong_to_a_named_host_under_https(
    public_url: str, host: str, site: tuple[str, str] | None
) -> None:
    found = passkeys.site_of(Settings(public_url=public_url), host)

    assert (found and (found.rp_id, found.origin)) == site
