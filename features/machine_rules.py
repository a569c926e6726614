"""What ``machines:`` in ``source.yaml`` says: which events scanners cause, and what tells them from people."""

from __future__ import annotations

from pydantic import Field

from features.strict import Strict
from features.time_units import Duration, parse_duration


class MachineRules(Strict):
    """How acts of machines are told from those of people."""

    clicks: tuple[str, ...] = ()
    """Event types of links that were followed out of a mail; ``detail`` says which link."""
    opens: tuple[str, ...] = ()
    """Event types of mails that were opened."""
    sent: tuple[str, ...] = ()
    """Event types of mails that were delivered."""
    links: int = Field(default=3, ge=2)
    """So many different links (without ``detail``: clicks) within ``within`` are the work of a scanner."""
    within: Duration = parse_duration("10s")
    after_delivery: Duration = parse_duration("2s")
    """What is opened or clicked this soon after a delivery was not read by anybody."""
    acts_a_day: int = Field(default=300, ge=2)
    """A lead's further acts within 24 hours, after so many, are those of a crawler or a monitor."""
    own_domains: tuple[str, ...] = ()
    """Domains of the company itself: what its staff does is not what leads do."""
    agents: tuple[str, ...] = ()
    """Names of agents beside those in `AGENTS`, looked for in column ``user_agent``."""
    networks: tuple[str, ...] = ()
    """Beginnings of addresses in column ``ip``: ``66.102.``."""

    @property
    def settles(self) -> int:
        """Microseconds after which it is decided whether an open or a click was a machine's: nothing later matters."""
        return 2 * self.within

    @property
    def watched(self) -> tuple[str, ...]:
        """Event types that are known only when they have settled."""
        return (*self.clicks, *self.opens)


AGENTS = (
    "bot", "crawler", "spider", "scanner", "preview", "proofpoint", "mimecast", "barracuda", "safelinks", "monitor",
    "pingdom", "uptime", "headless", "phantomjs", "curl/", "wget/", "python-requests",
    "go-http-client", "java/", "okhttp", "linkcheck", "validator",
)  # fmt: skip
"""Parts of names of agents that are no browser of a person, in lower case."""

TEST_DOMAINS = ("example.com", "example.org", "example.net", "test.com", "localhost")
TEST_NAMES = ("test", "tester", "testing", "noreply", "no-reply", "donotreply")
"""What stands before the @ of an address nobody reads; a number or a + with anything may follow."""
